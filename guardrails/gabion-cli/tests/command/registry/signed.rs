//! Signatures: ours and cosign's, each read by the other; the lock, the store and bundles with them.

use std::path::Path;
use std::process::Command;

use gabion_registry::PrivateKey;
use gabion_tests::registry::{Registry, Setup};
use gabion_tests::skip;
use gabion_tests::tools::cosign;
use insta::assert_snapshot;

use super::{desk, last, run, run_with};
use crate::support::{Desk, Ended};

/// Writes NAME.key and NAME.pub without a password.
fn key(desk: &Desk, name: &str) {
    let key = PrivateKey::generate().unwrap();
    let folder = desk.folder.path();
    std::fs::write(folder.join(format!("{name}.key")), key.to_pem().unwrap()).unwrap();
    std::fs::write(folder.join(format!("{name}.pub")), key.public_pem()).unwrap();
}

fn errors(ended: &Ended, registry: &Registry) -> String {
    let digits = |text: &str| {
        // Digests differ with the toolchain that built the component.
        let mut parts = text.split("sha256:");
        let mut told = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
            told.push_str("sha256:DIGEST");
            told.push_str(rest);
        }
        told
    };
    let at = ended.err.find("error: ").map_or("", |at| &ended.err[at..]);
    digits(&at.replace(registry.host(), "HOST"))
}

#[test]
fn signed_locked_carried_and_spoiled() {
    let Some(registry) = Registry::start(&Setup::default()).unwrap() else {
        return;
    };
    let desk = desk();
    let folder = desk.folder.path().to_path_buf();
    for name in ["acme", "audit", "other"] {
        key(&desk, name);
    }
    let place = format!("oci://{}/acme/guardrails", registry.host());
    let pushed = last(&run(&desk, &["push", "pack.wasm", &place]));

    // The pack inside the binary, now from a registry.
    let desk = desk.write(
        "gabion.hcl",
        format!("pack \"baseline\" {{\n  source  = \"{place}\"\n  version = \"~> 1.0\"\n  signers = {{ keys = [\"acme.pub\", \"audit.pub\"], threshold = 2 }}\n}}\n"),
    );
    let refused = run(&desk, &["lock"]);
    assert_eq!(refused.code, 4);
    assert_snapshot!(errors(&refused, &registry), @"error: gabion.hcl:2:13: `oci://HOST/acme/guardrails` is not signed, and `signers` asks for 2 signature(s); ask its publisher to sign it with `gabion sign`, then run `gabion pull`");
    assert!(
        !folder.join("packs").exists(),
        "nothing is kept before it is trusted"
    );

    let sign =
        |desk: &Desk, name: &str| run(desk, &["sign", &pushed, "--key", &format!("{name}.key")]);
    assert_eq!(sign(&desk, "other").code, 0);
    assert_snapshot!(errors(&run(&desk, &["lock"]), &registry), @"error: gabion.hcl:2:13: none of the 1 signature(s) of `oci://HOST/acme/guardrails` was made by a key in `signers`, or they were altered; ask its publisher for the right key");
    assert_eq!(sign(&desk, "acme").code, 0);
    assert!(sign(&desk, "acme").out.contains("was signed already"));
    assert_snapshot!(errors(&run(&desk, &["lock"]), &registry), @"error: gabion.hcl:2:13: `oci://HOST/acme/guardrails` is signed by 1 of the keys in `signers` (`acme.pub`), and `threshold` asks for 2");
    assert_eq!(sign(&desk, "audit").code, 0);
    let verified = run(
        &desk,
        &[
            "verify",
            &pushed,
            "--key",
            "acme.pub",
            "--key",
            "audit.pub",
            "--threshold",
            "2",
        ],
    );
    assert_eq!(verified.code, 0, "{}", verified.err);
    assert!(
        verified.out.contains("signed by acme.pub (sha256:")
            && verified.out.contains("signed by audit.pub")
    );
    let by_tag = run(
        &desk,
        &["sign", &format!("{place}:1.0.0"), "--key", "acme.key"],
    );
    assert!(
        by_tag.code == 4 && by_tag.err.contains("names no digest"),
        "{}",
        by_tag.err
    );

    let locked = run(&desk, &["lock"]);
    assert_eq!(locked.code, 0, "{}", locked.err);
    let lock = std::fs::read_to_string(folder.join(".gabion.lock.hcl")).unwrap();
    assert_eq!(
        lock.matches("    \"sha256:").count(),
        2,
        "two signers: {lock}"
    );
    let check = |desk: &Desk| run(desk, &["check", "plan.json"]);
    let desk = desk.write("plan.json", crate::support::fixture_text("clean.json"));
    assert_eq!(check(&desk).code, 0, "{}", check(&desk).err);

    // A lock that is older than the signers: refused, then renewed by what the registry has; nothing is chosen anew.
    let unsigned: String = lock
        .lines()
        .filter(|line| !line.starts_with("    \"sha256:"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(folder.join(".gabion.lock.hcl"), unsigned).unwrap();
    let older = check(&desk);
    assert!(
        older.code == 4 && older.err.contains("the lock is older than `signers`"),
        "{}",
        older.err
    );
    std::fs::remove_dir_all(folder.join("packs")).unwrap();
    assert_eq!(run(&desk, &["lock", "--check"]).code, 1);
    let renewed = run(&desk, &["lock"]);
    assert_eq!(renewed.code, 0, "{}", renewed.err);
    assert!(renewed.out.contains("signed by sha256:"), "{}", renewed.out);
    let again = std::fs::read_to_string(folder.join(".gabion.lock.hcl")).unwrap();
    assert_eq!(again, lock);
    assert_eq!(check(&desk).code, 0, "{}", check(&desk).err);

    // Into a bundle, and from it into an empty store, with the registry gone.
    let bundled = run(&desk, &["pull", "--to", "bundle"]);
    assert_eq!(bundled.code, 0, "{}", bundled.err);
    drop(registry);
    std::fs::remove_dir_all(folder.join("packs")).unwrap();
    let without = check(&desk);
    assert!(
        without.code == 4 && without.err.contains("run `gabion pull`"),
        "{}",
        without.err
    );
    assert_eq!(run(&desk, &["pull", "--timeout", "2"]).code, 4);
    let carried = run(&desk, &["pull", "--from", "bundle"]);
    assert_eq!(carried.code, 0, "{}", carried.err);
    assert_eq!(check(&desk).code, 0);
    assert!(run(&desk, &["pull"]).out.contains("is there already"));

    // Spoiled: the component, then its signatures.
    let one = |end: &str| {
        std::fs::read_dir(folder.join("packs"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_str().unwrap().ends_with(end))
            .unwrap()
    };
    let whole = std::fs::read(one(".wasm")).unwrap();
    std::fs::write(one(".wasm"), b"\0asm").unwrap();
    let spoiled = check(&desk);
    assert!(
        spoiled.code == 4 && spoiled.err.contains("is not what the lock"),
        "{}",
        spoiled.err
    );
    std::fs::write(one(".wasm"), whole).unwrap();
    std::fs::remove_file(one(".signatures.json")).unwrap();
    let unsigned = check(&desk);
    assert!(
        unsigned.code == 4 && unsigned.err.contains("is not signed"),
        "{}",
        unsigned.err
    );
    assert_eq!(run(&desk, &["pull", "--from", "bundle"]).code, 0);
    assert_eq!(check(&desk).code, 0);
}

#[test]
fn a_signature_is_not_replayed_for_another_repository() {
    let Some(registry) = Registry::start(&Setup::default()).unwrap() else {
        return;
    };
    let desk = desk();
    key(&desk, "acme");
    let place = |name: &str| format!("oci://{}/{name}", registry.host());
    let pushed = last(&run(&desk, &["push", "pack.wasm", &place("acme/old")]));
    last(&run(&desk, &["push", "pack.wasm", &place("acme/new")]));
    assert_eq!(run(&desk, &["sign", &pushed, "--key", "acme.key"]).code, 0);
    // Whoever writes the registry's files copies the signature along.
    let repositories = registry
        .storage()
        .join("docker/registry/v2/repositories/acme");
    for part in ["_manifests", "_layers"] {
        let (from, to) = (
            repositories.join("old").join(part),
            repositories.join("new"),
        );
        let copied = Command::new("cp")
            .arg("-r")
            .arg(&from)
            .arg(&to)
            .status()
            .unwrap();
        assert!(copied.success());
    }
    let ended = run(
        &desk,
        &[
            "verify",
            &pushed.replace("acme/old", "acme/new"),
            "--key",
            "acme.pub",
        ],
    );
    assert_eq!(ended.code, 1);
    assert_snapshot!(errors(&ended, &registry), @"error: the signature of `oci://HOST/acme/new@sha256:DIGEST` by `acme.pub` was made for `HOST/acme/old`: a signature holds for its own repository, so that one pack cannot be passed off as another; ask its publisher to sign it there");
}

fn cosign(desk: &Desk, binary: &Path, args: &[&str]) -> Ended {
    let folder = desk.folder.path();
    let output = Command::new(binary)
        .args(args)
        .current_dir(folder)
        .env("COSIGN_PASSWORD", "open sesame")
        .env("HOME", folder)
        .env("DOCKER_CONFIG", folder.join("docker"))
        .output()
        .unwrap();
    desk.ended(output)
}

#[test]
fn cosign_and_gabion_verify_each_other() {
    let Some(registry) = Registry::start(&Setup::default()).unwrap() else {
        return;
    };
    let Some(binary) = cosign::locate() else {
        skip::missing("cosign", cosign::HOW, true).unwrap();
        return;
    };
    let desk = desk();
    let cosign = |args: &[&str]| {
        let ended = cosign(&desk, &binary, args);
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.err);
        ended
    };
    for name in ["ours", "theirs"] {
        cosign(&["generate-key-pair", "--output-key-prefix", name]);
    }
    let place = format!("oci://{}/acme/guardrails", registry.host());
    let pushed = last(&run(&desk, &["push", "pack.wasm", &place]));
    let image = pushed.trim_start_matches("oci://");

    // Ours, with cosign's own encrypted key, verified by cosign.
    let with = |password: Option<&'static str>| {
        run_with(&desk, &["sign", &pushed, "--key", "ours.key"], |command| {
            if let Some(password) = password {
                command.env("COSIGN_PASSWORD", password);
            }
        })
    };
    assert!(with(None).err.contains("is closed with a password"));
    assert!(with(Some("wrong")).err.contains("does not open the key"));
    assert_eq!(with(Some("open sesame")).code, 0);
    let plain = ["--allow-insecure-registry", "--allow-http-registry"];
    let verify = |key: &str| {
        let mut args = vec!["verify", "--key", key, "--insecure-ignore-tlog"];
        args.extend(plain);
        args.push(image);
        cosign(&args)
    };
    assert!(verify("ours.pub").out.contains("docker-manifest-digest"));

    // Theirs, beside ours, verified by us; and both still by cosign.
    let mut args = vec![
        "sign",
        "--key",
        "theirs.key",
        "--tlog-upload=false",
        "--yes",
    ];
    args.extend(plain);
    args.push(image);
    cosign(&args);
    let both = [
        "verify",
        &pushed,
        "--key",
        "ours.pub",
        "--key",
        "theirs.pub",
        "--threshold",
        "2",
    ];
    let ended = run(&desk, &both);
    assert_eq!(ended.code, 0, "{}", ended.err);
    verify("ours.pub");
    verify("theirs.pub");
}
