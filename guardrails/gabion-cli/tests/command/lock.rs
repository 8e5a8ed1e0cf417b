//! `gabion lock`, with the real engine.

use insta::assert_snapshot;

use crate::support::{Desk, fixture_text};

/// The component of the baseline under another name: a pack from a file, whose rules nobody else may have.
fn pack() -> Vec<u8> {
    gabion_engine::baseline::COMPONENT.to_vec()
}

/// Digests and the versions of this build differ from one to the next.
fn plain(text: &str) -> String {
    let version = gabion_engine::baseline::VERSION;
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("sha256:") {
        let (before, after) = rest.split_at(at);
        plain.push_str(before);
        plain.push_str("DIGEST");
        rest = after
            .trim_start_matches("sha256:")
            .trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    plain.push_str(rest);
    plain.replace(version, "VERSION")
}

#[test]
fn a_program_is_told_the_same() {
    let desk = Desk::new().write("gabion.hcl", "pack \"baseline\" { version = \">= 0.1\" }\n");
    let told = |args: &[&str], code| {
        let ended = desk.run(args);
        assert_eq!(ended.code, code, "{args:?}: {ended:?}");
        let told: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(told["schema_version"], 1);
        told
    };
    let checked = told(&["lock", "--check", "-o", "json"], 1);
    assert_eq!(checked["fits"], false);
    assert_eq!(checked["packs"][0]["name"], "baseline");
    assert!(checked["packs"][0]["before"].is_null());
    let locked = told(&["lock", "-o", "json"], 0);
    assert_eq!(locked["wrote"], true);
    assert_eq!(locked["lock"], ".gabion.lock.hcl");
    let version = &locked["packs"][0]["after"]["version"];
    assert_eq!(version, gabion_engine::baseline::VERSION);
    assert_eq!(told(&["lock", "-o", "json"], 0)["wrote"], false);
    assert_eq!(told(&["lock", "--check", "-o", "json"], 0)["fits"], true);

    let made = told(&["new", "acme", "--lang", "rust", "-o", "json"], 0);
    assert_eq!(
        (&made["path"], &made["language"]),
        (&"acme".into(), &"rust".into())
    );
    for file in made["files"].as_array().unwrap() {
        assert!(
            desk.folder
                .path()
                .join("acme")
                .join(file.as_str().unwrap())
                .is_file()
        );
    }
    let path = told(&["cache", "path", "-o", "json"], 0);
    let warm = told(&["cache", "warm", "-o", "json"], 0);
    assert_eq!(warm["path"], path["path"]);
    assert_eq!(warm["packs"][0]["name"], "baseline");
}

#[test]
fn locks_checks_and_upgrades() {
    let desk = Desk::new().write("gabion.hcl", "pack \"baseline\" { version = \">= 0.1\" }\n");
    let ended = desk.run(&["lock", "--check"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert_snapshot!(plain(&ended.out), @r#"
    locked    baseline VERSION
    .gabion.lock.hcl would change; run `gabion lock`
    "#);
    let lock = desk.folder.path().join(".gabion.lock.hcl");
    assert!(!lock.exists());
    let ended = desk.run(&["lock"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_snapshot!(plain(&ended.out), @r#"
    locked    baseline VERSION
    wrote .gabion.lock.hcl
    "#);
    assert_snapshot!(plain(&std::fs::read_to_string(&lock).unwrap()), @r#"
    # Written by `gabion lock`: the packs that the policy file beside it may use, and which bytes of them.
    # Commit it; change it with `gabion lock --upgrade` only.

    pack "baseline" {
      version     = "VERSION"
      constraints = ">= 0.1"
      wit         = "VERSION"
      imports = [
        "gabion:guardrail/plan@VERSION",
        "gabion:guardrail/values@VERSION",
      ]
    }
    "#);
    for args in [&["lock", "--check"][..], &["lock"], &["lock", "--upgrade"]] {
        let ended = desk.run(args);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(
            ended.out.ends_with(".gabion.lock.hcl is up to date\n"),
            "{ended:?}"
        );
    }
    let desk = desk.write("plan.json", fixture_text("clean.json"));
    assert_eq!(desk.run(&["check", "plan.json"]).code, 0);
    assert_eq!(desk.run(&["lock", "--upgrade", "basline"]).code, 3);
    // A new constraint is recorded, as nothing of it is in the way.
    let desk = desk.write(
        "gabion.hcl",
        "pack \"baseline\" { version = \">= 0.0.9\" }\n",
    );
    let ended = desk.run(&["lock", "--check"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert_snapshot!(plain(&ended.out), @r#"
    changed   baseline VERSION; asked for `>= 0.0.9`, before `>= 0.1`
    .gabion.lock.hcl would change; run `gabion lock`
    "#);
    let desk = desk.write("gabion.hcl", "pack \"baseline\" { version = \"~> 7.0\" }\n");
    assert_eq!(desk.run(&["lock", "--check"]).code, 1);
    let ended = desk.run(&["lock"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_snapshot!(plain(&ended.err), @r#"error: gabion.hcl:1:29: pack `baseline` is locked in version VERSION, which does not meet `~> 7.0`; if that is wanted, run `gabion lock --upgrade baseline`"#);
}

#[test]
fn a_file_is_pinned_by_its_digest() {
    // The pack is a file here, and it replaces the one in the binary, whose codes it has.
    let desk = Desk::with_plan(fixture_text("clean.json"))
        .write("mine.wasm", pack())
        .write(
            "gabion.hcl",
            "pack \"baseline\" { source = \"./mine.wasm\" }\n",
        );
    let ended = desk.run(&["lock"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_snapshot!(plain(&ended.out), @r#"
    locked    baseline VERSION DIGEST
    wrote .gabion.lock.hcl
    "#);
    assert_snapshot!(plain(&std::fs::read_to_string(desk.folder.path().join(".gabion.lock.hcl")).unwrap()), @r#"
    # Written by `gabion lock`: the packs that the policy file beside it may use, and which bytes of them.
    # Commit it; change it with `gabion lock --upgrade` only.

    pack "baseline" {
      source  = "./mine.wasm"
      version = "VERSION"
      digest  = "DIGEST"
      wit     = "VERSION"
      imports = [
        "gabion:guardrail/plan@VERSION",
        "gabion:guardrail/values@VERSION",
      ]
    }
    "#);
    assert_eq!(desk.run(&["check", "plan.json"]).code, 0);
    // A component may carry anything behind a custom section; one more is other bytes and the same pack.
    let mut other = pack();
    other.extend_from_slice(&[0, 3, 1, b'x', 0]);
    let desk = desk.write("mine.wasm", &other);
    let ended = desk.run(&["check", "plan.json"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_snapshot!(plain(&ended.err), @r#"error: gabion.hcl:1:28: pack `baseline` is not what the lock at .gabion.lock.hcl:4:1 holds: it has the digest `DIGEST`, and `DIGEST` is locked; if the change is wanted, run `gabion lock --upgrade baseline`"#);
    let ended = desk.run(&["lock", "--check"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    let ended = desk.run(&["lock", "--upgrade", "baseline"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_snapshot!(plain(&ended.out), @r#"
    changed   baseline VERSION; bytes DIGEST
    wrote .gabion.lock.hcl
    "#);
    assert_eq!(desk.run(&["check", "plan.json"]).code, 0);
}

#[test]
fn there_must_be_something_to_lock() {
    let ended = Desk::new().run(&["lock"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_snapshot!(ended.err, @r#"error: there is no gabion.hcl from `DIR` upwards: a lock belongs to a policy file; write one, or name it with `--config`"#);
    let desk = Desk::new().write(
        "gabion.hcl",
        "pack \"acme\" { source = \"oci://registry.example.com/acme/guardrails\" }\n",
    );
    let ended = desk.run(&["lock", "--check"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_snapshot!(ended.err, @r#"error: gabion.hcl:1:24: pack `acme` is not locked yet, and registries are not asked here; run `gabion lock`"#);
}

#[test]
fn settings_are_checked_at_load_with_their_place() {
    let error = |settings: &str| {
        let desk = Desk::with_plan(fixture_text("clean.json")).write(
            "gabion.hcl",
            format!("pack \"baseline\" {{\n  settings = {{\n    {settings}\n  }}\n}}\n"),
        );
        let ended = desk.run(&["check", "plan.json"]);
        assert_eq!(ended.code, 4, "{ended:?}");
        ended.err
    };
    assert_snapshot!(error("account_public_access_block = \"yes\""), @r#"error: gabion.hcl:3:35: pack `baseline` does not take its setting `account_public_access_block`: a string is given, and boolean is wanted"#);
    assert_snapshot!(error("account_public_acess_block = true"), @r#"error: gabion.hcl:3:5: unknown setting `account_public_acess_block` of pack `baseline`; did you mean `account_public_access_block`?"#);
}
