//! Registries that are down, slow, lie, redirect, ask for a login, or hold something else.

use std::sync::Arc;

use gabion_registry::{Artifact, Description, sha256};
use insta::assert_snapshot;

use super::fake::{Answer, Fake};
use super::{desk, login, run, run_with};
use crate::support::{Desk, Ended};

fn artifact() -> Artifact {
    let description = Description {
        name: "acme".into(),
        version: "1.0.0".into(),
        ..Description::default()
    };
    Artifact::new(gabion_engine::baseline::COMPONENT.to_vec(), &description)
}

/// What an honest registry answers for version 1.0.0 of `acme`.
fn honest(artifact: &Artifact, path: &str) -> Answer {
    let blob = |bytes: &[u8]| format!("/v2/acme/blobs/{}", sha256(bytes));
    match path {
        "/v2/" => Answer::ok("{}"),
        "/v2/acme/manifests/1.0.0" => Answer::ok(artifact.manifest.clone()),
        path if path == blob(&artifact.config) => Answer::ok(artifact.config.clone()),
        path if path == blob(&artifact.component) => Answer::ok(artifact.component.clone()),
        _ => Answer::status(404),
    }
}

/// A registry that is honest but for what `lie` answers.
fn faulty(lie: impl Fn(&Artifact, &str) -> Option<Answer> + Send + Sync + 'static) -> Fake {
    let artifact = artifact();
    Fake::start(move |_, path| lie(&artifact, path).unwrap_or_else(|| honest(&artifact, path)))
}

fn pull(desk: &Desk, host: &str) -> Ended {
    let pack = format!("oci://{host}/acme:1.0.0");
    let mut ended = run(desk, &["pull", &pack, "--timeout", "2"]);
    ended.err = ended.err.replace(host, "HOST");
    ended
}

/// What is told, after the line of progress.
fn told(ended: &Ended) -> &str {
    assert_eq!(ended.out, "");
    let at = ended.err.find("error: ").unwrap();
    ended.err[at..].trim_end()
}

fn nothing_is_kept(desk: &Desk) {
    assert!(!desk.folder.path().join("packs").exists());
}

#[test]
fn an_honest_one_serves() {
    let fake = faulty(|_, _| None);
    let desk = desk();
    let ended = pull(&desk, &fake.host);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let digest = sha256(gabion_engine::baseline::COMPONENT).replace(':', "-");
    assert!(
        desk.folder
            .path()
            .join(format!("packs/{digest}.wasm"))
            .is_file()
    );
    // Nobody asked who we are.
    assert!(fake.seen().iter().all(|seen| seen.proof.is_none()));
}

#[test]
fn down_and_slow() {
    let desk = desk();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = free.local_addr().unwrap().to_string();
    drop(free);
    let ended = pull(&desk, &host);
    assert_eq!(ended.code, 4);
    assert_snapshot!(told(&ended), @"error: the registry `HOST` cannot be reached: connection refused; check its name, the network, and HTTPS_PROXY and NO_PROXY");

    let fake = faulty(|_, path| path.contains("/blobs/").then_some(Answer::Silence));
    let ended = pull(&desk, &fake.host);
    assert_eq!(ended.code, 4);
    assert_snapshot!(told(&ended), @"error: the registry `HOST` does not answer in time (2 s); try again, or ask who runs it");
    nothing_is_kept(&desk);
}

#[test]
fn bytes_that_are_not_what_was_asked_for() {
    let desk = desk();
    let other = faulty(|artifact, path| {
        path.ends_with(&artifact.component_digest())
            .then(|| Answer::ok("something else"))
    });
    let ended = pull(&desk, &other.host);
    assert_eq!(ended.code, 4);
    let text = told(&ended).replace(&artifact().component_digest(), "DIGEST");
    assert_snapshot!(text, @"error: the registry sent something else than it was asked for: `oci://HOST/acme@DIGEST` should be DIGEST and is sha256:f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8; nothing of it was kept; tell who runs the registry");

    let header = faulty(|artifact, path| {
        path.contains("/manifests/").then(|| {
            let headers = vec![("Docker-Content-Digest", sha256(b"other"))];
            Answer::Whole(200, headers, artifact.manifest.clone())
        })
    });
    let ended = pull(&desk, &header.host);
    assert!(
        told(&ended).contains("sent something else than it was asked for: `oci://HOST/acme:1.0.0`"),
        "{}",
        ended.err
    );

    let pack = format!("oci://{}/acme@{}", other.host, sha256(b"another manifest"));
    let lying = faulty(|artifact, path| {
        path.contains("/manifests/sha256:")
            .then(|| Answer::ok(artifact.manifest.clone()))
    });
    let ended = run(&desk, &["pull", &pack.replace(&other.host, &lying.host)]);
    assert!(told(&ended).contains("should be sha256:"), "{}", ended.err);
    nothing_is_kept(&desk);
}

#[test]
fn more_than_was_announced() {
    let desk = desk();
    for part in ["/manifests/", "/blobs/"] {
        let fake = faulty(move |_, path| {
            path.contains(part)
                .then_some(Answer::Endless(&[b' '; 65536]))
        });
        let ended = pull(&desk, &fake.host);
        assert_eq!(ended.code, 4);
        assert!(
            told(&ended).contains("is larger than the "),
            "{}",
            ended.err
        );
    }
    nothing_is_kept(&desk);
}

#[test]
fn credentials_stay_with_the_host_they_are_for() {
    let desk = desk();
    let artifact = Arc::new(artifact());
    let there = {
        let artifact = artifact.clone();
        Fake::start(move |_, path| honest(&artifact, path))
    };
    let target = there.host.clone();
    let here = Fake::start(move |seen, path| {
        if seen.proof.is_none() {
            let headers = vec![("WWW-Authenticate", "Basic realm=\"packs\"".to_owned())];
            return Answer::Whole(401, headers, Vec::new());
        }
        match honest(&artifact, path) {
            Answer::Whole(200, ..) if path != "/v2/" => {
                let location = format!("http://{target}{path}");
                Answer::Whole(307, vec![("Location", location)], Vec::new())
            }
            other => other,
        }
    });
    // Without a login, with a wrong host's, and with the right one.
    let ended = pull(&desk, &here.host);
    assert_eq!(ended.code, 4);
    assert_snapshot!(told(&ended), @"error: the registry `HOST` does not let you in without credentials; log in with `docker login`, or name the folder of a config.json in DOCKER_CONFIG");
    login(&desk, &here.host, "ada", "lovelace");
    let ended = pull(&desk, &here.host);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(!ended.err.contains("lovelace"));
    let seen = there.seen();
    assert!(seen.len() >= 3, "{seen:?}");
    assert!(seen.iter().all(|seen| seen.proof.is_none()), "{seen:?}");
}

#[test]
fn a_token_is_fetched_with_the_login_and_used() {
    let desk = desk();
    let artifact = artifact();
    let fake = Fake::start(move |seen, path| match (&seen.proof, path) {
        (_, path) if path.starts_with("/token?") => Answer::ok(r#"{"token":"a-token"}"#),
        (Some(proof), path) if proof == "Bearer a-token" => honest(&artifact, path),
        _ => Answer::Whole(
            401,
            vec![(
                "WWW-Authenticate",
                format!(
                    "Bearer realm=\"http://{}/token\",service=\"packs\"",
                    HOST.get().unwrap()
                ),
            )],
            Vec::new(),
        ),
    });
    HOST.set(fake.host.clone()).unwrap();
    login(&desk, &fake.host, "ada", "lovelace");
    let ended = pull(&desk, &fake.host);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let token = fake
        .seen()
        .into_iter()
        .find(|seen| seen.target.starts_with("/token"))
        .unwrap();
    assert!(
        token.target.contains("scope=repository%3Aacme%3Apull"),
        "{token:?}"
    );
    assert!(token.proof.unwrap().starts_with("Basic "));
}

static HOST: std::sync::OnceLock<String> = std::sync::OnceLock::new();

#[test]
fn a_login_that_changes_its_place_gets_nothing() {
    let desk = desk();
    let elsewhere = Fake::start(|_, _| Answer::ok(r#"{"token":"stolen"}"#));
    let other = elsewhere.host.clone();
    let asked: Arc<std::sync::atomic::AtomicUsize> = Arc::default();
    let count = asked.clone();
    let own: Arc<std::sync::OnceLock<String>> = Arc::default();
    let host = own.clone();
    // What it says at first is what counts, and there is one reading of it.
    let fake = Fake::start(move |_, path| {
        if path.starts_with("/token?") {
            return Answer::ok(r#"{"token":"a-token"}"#);
        }
        let first = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        let host = host.get().unwrap();
        let realm = if first {
            format!("service=\"realm=http://{other}/\", Realm=\"http://{host}/token\"")
        } else {
            format!("realm=\"http://{other}/token\"")
        };
        Answer::Whole(
            401,
            vec![("WWW-Authenticate", format!("Bearer {realm}"))],
            Vec::new(),
        )
    });
    own.set(fake.host.clone()).unwrap();
    login(&desk, &fake.host, "ada", "lovelace");
    let place = format!("oci://{}/acme", fake.host);
    for args in [
        &["pull", &format!("{place}:1.0.0")][..],
        &["push", "pack.wasm", &place],
    ] {
        asked.store(0, std::sync::atomic::Ordering::SeqCst);
        let ended = run(&desk, args);
        assert_eq!(ended.code, 4, "{ended:?}");
    }
    assert!(elsewhere.seen().is_empty(), "{:?}", elsewhere.seen());
    let token = fake
        .seen()
        .into_iter()
        .find(|seen| seen.target.starts_with("/token?"));
    assert!(token.unwrap().proof.unwrap().starts_with("Basic "));
}

#[test]
fn this_machine_is_asked_without_a_proxy() {
    let fake = faulty(|_, _| None);
    let desk = desk();
    let pack = format!("oci://{}/acme:1.0.0", fake.host);
    let ended = run_with(&desk, &["pull", &pack, "--timeout", "2"], |command| {
        command
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("HTTPS_PROXY", "http://127.0.0.1:9");
    });
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn a_list_of_tags_that_is_cut_is_an_error() {
    let page = std::sync::atomic::AtomicUsize::new(0);
    let fake = Fake::start(move |_, path| {
        if !path.starts_with("/v2/acme/tags/list") {
            return Answer::ok("{}");
        }
        let page = page.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let body = format!("{{\"tags\":[\"0.0.{page}\"]}}");
        Answer::Whole(
            200,
            vec![("Link", "</next>; rel=\"next\"".to_owned())],
            body.into(),
        )
    });
    let source = format!("oci://{}/acme", fake.host);
    let desk = desk().write(
        "gabion.hcl",
        format!("pack \"acme\" {{ source = \"{source}\" }}\n"),
    );
    let ended = run(&desk, &["lock"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_snapshot!(ended.err.replace(&fake.host, "HOST"), @r#"error: gabion.hcl:1:24: `oci://HOST/acme` has more than 200 tags, and the version that is wanted may be among those that were not read; take old tags out, or keep the packs in a repository of their own"#);
}

#[test]
fn what_lies_there_is_something_else() {
    let desk = desk();
    let image = r#"{"schemaVersion":2,"config":{},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip"}]}"#;
    let fake = faulty(move |_, path| path.contains("/manifests/").then(|| Answer::ok(image)));
    let ended = pull(&desk, &fake.host);
    assert_eq!(ended.code, 4);
    assert_snapshot!(told(&ended), @"error: `oci://HOST/acme:1.0.0` is no guardrail pack: its layer is `application/vnd.oci.image.layer.v1.tar+gzip`, not `application/wasm`; push it with `gabion push`");
    let fake = faulty(|_, _| Some(Answer::status(503)));
    assert_snapshot!(told(&pull(&desk, &fake.host)), @"error: the registry `HOST` answers with 503");
    let fake = faulty(|_, path| path.contains("/acme/").then(|| Answer::status(403)));
    assert_snapshot!(told(&pull(&desk, &fake.host)), @"error: the registry does not allow reading `oci://HOST/acme:1.0.0`: ask for the right to");
    let missing = run(
        &desk,
        &[
            "pull",
            &format!("oci://{}/acme:9.9.9", faulty(|_, _| None).host),
        ],
    );
    assert_eq!(missing.code, 3, "{}", missing.err);
}

#[test]
fn plain_http_is_for_this_machine_or_by_request_and_by_way_of_a_proxy() {
    let desk = desk();
    let fake = faulty(|_, _| None);
    let pack = "oci://registry.invalid/acme:1.0.0";
    let proxied = |args: &[&str], exempt: &str| {
        run_with(&desk, args, |command| {
            command
                .env("HTTP_PROXY", format!("http://{}", fake.host))
                .env("NO_PROXY", exempt);
        })
    };
    let refused = proxied(&["pull", pack, "--timeout", "2"], "");
    assert_eq!(refused.code, 4);
    assert!(
        told(&refused).contains("the registry `registry.invalid` cannot be reached"),
        "{}",
        refused.err
    );
    assert!(fake.seen().is_empty());
    let exempt = proxied(
        &["pull", pack, "--timeout", "2", "--insecure"],
        "registry.invalid",
    );
    assert_eq!(exempt.code, 4);
    assert!(fake.seen().is_empty());
    let ended = proxied(&["pull", pack, "--timeout", "2", "--insecure"], "");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(
        fake.seen()
            .iter()
            .all(|seen| seen.target.starts_with("http://registry.invalid/v2/")),
        "{:?}",
        fake.seen()
    );
}

#[test]
fn credentials_that_cannot_be_used() {
    let desk = desk();
    let fake = Fake::start(|_, _| {
        let headers = vec![("WWW-Authenticate", "Basic realm=\"packs\"".to_owned())];
        Answer::Whole(401, headers, Vec::new())
    });
    let folder = desk.folder.path().join("docker");
    std::fs::create_dir_all(&folder).unwrap();
    let with = |config: &str| {
        std::fs::write(folder.join("config.json"), config).unwrap();
        let ended = pull(&desk, &fake.host);
        assert_eq!(ended.code, 4);
        told(&ended).replace(&desk.folder.path().display().to_string(), "DIR")
    };
    assert_snapshot!(with("{"), @"error: cannot use the credentials for the registry `HOST`: `DIR/docker/config.json` cannot be read or is not JSON");
    assert_snapshot!(with(r#"{"credsStore":"no-such-helper"}"#), @"error: cannot use the credentials for the registry `HOST`: config.json names a credential helper that cannot be started; is it on PATH?");
    login(&desk, &fake.host, "ada", "wrong");
    assert_snapshot!(told(&pull(&desk, &fake.host)), @"error: the registry `HOST` does not let you in: it refuses the credentials that were found; log in again with `docker login`");
}
