//! A real registry: with and without a login and TLS, and what is pushed comes back.

use gabion_tests::registry::{PASSWORD, Registry, Setup, USER};
use insta::assert_snapshot;

use super::{desk, last, login, run, run_with};

fn pem() -> (String, String) {
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

#[test]
fn what_is_pushed_comes_back() {
    let Some(registry) = Registry::start(&Setup::default()).unwrap() else {
        return;
    };
    let desk = desk();
    let place = format!("oci://{}/acme/guardrails", registry.host());
    let pushed = last(&run(&desk, &["push", "pack.wasm", &place]));
    assert!(pushed.starts_with(&format!("{place}@sha256:")), "{pushed}");
    // Equal bytes: nothing to do, and the same digest in another repository.
    let again = run(&desk, &["push", "pack.wasm", &format!("{place}:1.0.0")]);
    assert!(again.out.contains("was there already"), "{}", again.out);
    assert_eq!(last(&again), pushed);
    let json = |args: &[&str]| -> serde_json::Value {
        let ended = run(&desk, args);
        assert_eq!(ended.code, 0, "{ended:?}");
        serde_json::from_str(&ended.out).unwrap()
    };
    let told = json(&["push", "pack.wasm", &place, "-o", "json"]);
    assert_eq!(
        (&told["pack"], &told["was_there"]),
        (&pushed.as_str().into(), &true.into())
    );
    let told = json(&["pull", &pushed, "-o", "json"]);
    assert_eq!(
        told["packs"][0]["component"],
        gabion_registry::sha256(gabion_engine::baseline::COMPONENT)
    );
    let other = last(&run(
        &desk,
        &["push", "pack.wasm", &format!("{place}-copy")],
    ));
    assert_eq!(other.split('@').nth(1), pushed.split('@').nth(1));

    let digest = gabion_registry::sha256(gabion_engine::baseline::COMPONENT);
    for pack in [&pushed, &format!("{place}:1.0.0")] {
        let ended = run(&desk, &["pull", pack, "--file", "back.wasm"]);
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert_eq!(ended.out, format!("{pack} {digest}\n"));
        let back = std::fs::read(desk.folder.path().join("back.wasm")).unwrap();
        assert_eq!(back, gabion_engine::baseline::COMPONENT);
    }
    let told = |args: &[&str]| {
        let ended = run(&desk, args);
        let err = ended.err.lines().filter(|line| line.starts_with("error"));
        (
            ended.code,
            err.collect::<String>().replace(registry.host(), "HOST"),
        )
    };
    assert_snapshot!(format!("{:?}", told(&["push", "pack.wasm", &format!("{place}:9.9.9")])), @r#"(4, "error: the component says that it is version 1.0.0, and the tag is `9.9.9`: push it as `oci://HOST/acme/guardrails:1.0.0`, or build it with that version")"#);
    assert_snapshot!(format!("{:?}", told(&["pull", &format!("{place}:9.9.9")])), @r#"(3, "error: there is no `oci://HOST/acme/guardrails:9.9.9`; check the name and the tag, and whether it was pushed")"#);
    assert_snapshot!(format!("{:?}", told(&["pull", &place])), @r#"(4, "error: `oci://HOST/acme/guardrails` names no tag and no digest; which version is meant?")"#);
    assert_eq!(told(&["push", "missing.wasm", &place]).0, 3);
    // What no engine would load is not published.
    std::fs::write(desk.folder.path().join("text.wasm"), "hello").unwrap();
    assert!(
        told(&["push", "text.wasm", &place])
            .1
            .contains("is not WebAssembly")
    );

    // The same version with other bytes: an empty custom section at the end.
    let mut bytes = gabion_engine::baseline::COMPONENT.to_vec();
    bytes.extend([0, 2, 1, b'x']);
    std::fs::write(desk.folder.path().join("pack.wasm"), bytes).unwrap();
    let taken = told(&["push", "pack.wasm", &place]);
    assert!(
        taken.0 == 4 && taken.1.contains("is there already, with other bytes"),
        "{taken:?}"
    );
    let forced = last(&run(&desk, &["push", "pack.wasm", &place, "--force"]));
    assert_ne!(forced, pushed);
}

#[test]
fn a_registry_that_asks_for_a_login() {
    let setup = Setup {
        login: true,
        ..Setup::default()
    };
    let Some(registry) = Registry::start(&setup).unwrap() else {
        return;
    };
    let desk = desk();
    let place = format!("oci://{}/acme/guardrails", registry.host());
    let refused = run(&desk, &["push", "pack.wasm", &place]);
    assert_eq!(refused.code, 4);
    assert!(
        refused
            .err
            .contains("does not let you in without credentials; log in with `docker login`"),
        "{}",
        refused.err
    );
    login(&desk, registry.host(), USER, "wrong");
    let refused = run(&desk, &["push", "pack.wasm", &place]);
    assert!(
        refused
            .err
            .contains("refuses the credentials that were found"),
        "{}",
        refused.err
    );
    login(&desk, registry.host(), USER, PASSWORD);
    let pushed = last(&run(&desk, &["push", "pack.wasm", &place]));
    assert_eq!(run(&desk, &["pull", &pushed]).code, 0);

    // The same from a credential helper.
    use std::os::unix::fs::PermissionsExt as _;
    let folder = desk.folder.path();
    let helper = folder.join("docker-credential-test");
    let answer = format!(
        "#!/bin/sh\ncat >/dev/null\necho '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n"
    );
    std::fs::write(&helper, answer).unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(
        folder.join("docker/config.json"),
        r#"{"credsStore":"test"}"#,
    )
    .unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let ended = run_with(&desk, &["pull", &pushed], |command| {
        command.env("PATH", path);
    });
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn a_registry_with_tls() {
    let setup = Setup {
        tls: Some(pem()),
        ..Setup::default()
    };
    let Some(registry) = Registry::start(&setup).unwrap() else {
        return;
    };
    let desk = desk();
    let place = format!("oci://{}/acme/guardrails", registry.host());
    let refused = run(&desk, &["push", "pack.wasm", &place]);
    assert_eq!(refused.code, 4);
    let err = refused.err.replace(registry.host(), "HOST");
    let error: String = err
        .lines()
        .filter(|line| line.starts_with("error"))
        .collect();
    assert_snapshot!(error, @"error: no safe connection to the registry `HOST`: its certificate comes from an authority that is not known here; name the authority that signed its certificate with `--ca FILE`, or with SSL_CERT_FILE");
    let ca = registry.certificate();
    let pushed = last(&run(
        &desk,
        &["push", "pack.wasm", &place, "--ca", ca.to_str().unwrap()],
    ));
    let by_variable = run_with(&desk, &["pull", &pushed], |command| {
        command.env("SSL_CERT_FILE", &ca);
    });
    assert_eq!(by_variable.code, 0, "{}", by_variable.err);
    std::fs::write(desk.folder.path().join("no.pem"), "hello").unwrap();
    let wrong = run(&desk, &["pull", &pushed, "--ca", "no.pem"]);
    assert!(
        wrong
            .err
            .contains("cannot use the certificates in `no.pem`"),
        "{}",
        wrong.err
    );
}
