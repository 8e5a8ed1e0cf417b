//! `gabion inspect` and `gabion doctor`.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;

use crate::support::Desk;

#[test]
fn inspect_shows_all_that_a_pack_is() {
    let desk = Desk::new();
    let ended = desk.run(&["inspect", "baseline"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let head: Vec<&str> = ended.out.lines().collect();
    assert!(
        head[0].starts_with("baseline 1.") && head[1].starts_with("sha256:"),
        "{}",
        ended.out
    );
    assert!(
        head[2].ends_with("bytes, made for gabion:guardrail 1.0.0"),
        "{}",
        head[2]
    );
    assert!(
        head[3].starts_with("imports gabion:guardrail/"),
        "{}",
        head[3]
    );
    assert!(
        ended.out.contains(
            "\nDT08  mandatory  a key without rotation\n      aws_kms_key (hashicorp/aws "
        ),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("cis-aws-v5 3.6"), "{}", ended.out);
    assert!(ended.out.contains("\nsettings:\n"), "{}", ended.out);

    let ended = desk.run(&["inspect", "baseline", "-o", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(answer["wit"], "1.0.0");
    assert!(answer["rules"].as_array().unwrap().len() >= 17, "{answer}");
    assert!(
        answer["settings_schema"]["properties"].is_object(),
        "{answer}"
    );
}

#[test]
fn inspect_of_nothing_and_a_diff_of_the_same() {
    let desk = Desk::new();
    let ended = desk.run(&["inspect", "acme.wasm"]);
    assert_eq!(ended.code, 3);
    assert!(
        ended.err.contains("there is no pack `acme.wasm`"),
        "{}",
        ended.err
    );
    let ended = desk.run(&["inspect", "--diff", "baseline", "baseline"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.ends_with("\nthe same bytes\n"), "{}", ended.out);
    assert_eq!(desk.run(&["inspect", "--diff", "baseline"]).code, 4);
}

#[test]
fn doctor_says_what_is_broken_and_what_to_do() {
    let desk = Desk::new();
    let run = |desk: &Desk| {
        let home = desk.folder.path();
        let output = desk
            .command(&["doctor"])
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_DATA_HOME", home.join("data"))
            .output()
            .unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let line = |text: &str, what: &str| {
        text.lines()
            .find(|line| line.get(6..).is_some_and(|rest| rest.starts_with(what)))
            .unwrap()
            .to_owned()
    };
    let (_, text) = run(&desk);
    assert!(
        line(&text, "policy").starts_with("ok  ")
            && line(&text, "policy").contains("rules of baseline 1."),
        "{text}"
    );
    assert!(line(&text, "cache").starts_with("ok  "), "{text}");

    let cache = desk.folder.path().join("cache/gabion/packs");
    std::fs::create_dir_all(&cache).unwrap();
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // Above it, where others could put another in its place: the engine does without it.
    let above = desk.folder.path().join("cache");
    mode(&cache, 0o700);
    mode(&above, 0o777);
    let (_, text) = run(&desk);
    assert!(
        line(&text, "cache").starts_with("FAIL")
            && line(&text, "cache").contains("above the cache can be written by others"),
        "{text}"
    );
    let warm = desk
        .command(&["cache", "warm"])
        .env("XDG_CACHE_HOME", &above)
        .env("XDG_DATA_HOME", desk.folder.path().join("data"))
        .output()
        .unwrap();
    let warned = String::from_utf8(warm.stderr).unwrap();
    assert_eq!(warm.status.code(), Some(4), "{warned}");
    assert!(
        warned.contains("nothing was kept in ")
            && warned.contains("above the cache can be written by others"),
        "{warned}"
    );
    mode(&above, 0o755);
    mode(&cache, 0o777);
    let desk = desk.write("gabion.hcl", "rule \"DT99\" { level = \"off\" }\n");
    let (code, text) = run(&desk);
    assert_eq!(code, 1, "{text}");
    assert!(
        line(&text, "policy").starts_with("FAIL") && text.contains("DT99"),
        "{text}"
    );
    assert!(
        line(&text, "cache").starts_with("FAIL") && text.contains("chmod 700"),
        "{text}"
    );
}

/// A program that says this of its version, in a folder for the path.
fn program(desk: &Desk, name: &str, says: &str) {
    let path = desk.folder.path().join("bin").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn doctor_fails_what_the_folder_needs_and_notes_the_rest() {
    let desk = Desk::new();
    program(&desk, "node", "v20.18.1");
    program(&desk, "npm", "10.8.2");
    program(&desk, "python3", "Python 3.9.2");
    let state = |desk: &Desk, what: &str| {
        let home = desk.folder.path();
        let output = desk
            .command(&["doctor", "-o", "json"])
            .env("PATH", home.join("bin"))
            .env("HOME", home)
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_DATA_HOME", home.join("data"))
            .output()
            .unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let broken = findings.iter().any(|one| one["state"] == "broken");
        assert_eq!(output.status.code(), Some(i32::from(broken)), "{report:#}");
        let one = findings.iter().find(|one| one["what"] == what).unwrap();
        format!(
            "{}: {}",
            one["state"].as_str().unwrap(),
            one["text"].as_str().unwrap()
        )
    };
    // An empty folder needs nothing.
    assert_snapshot!(state(&desk, "terraform"), @r#"
    note: neither `terraform` nor `tofu` is on the PATH: install Terraform 1.11 or OpenTofu 1.12 or newer
    (there is no configuration in this folder: packs are built and tested without it)
    "#);
    assert_snapshot!(state(&desk, "javascript"), @"note: packs cannot be built: `node` is v20.18.1, which cannot be used here: install Node.js 20.19 or a later 20, 22.12 or a later 22, or 23 and newer");
    assert_snapshot!(state(&desk, "python"), @"note: packs cannot be built: `python3` is 3.9.2, which cannot be used here: install Python 3.11 or newer");
    // A configuration needs Terraform, or OpenTofu.
    let desk = desk.write("main.tf", "");
    assert!(state(&desk, "terraform").starts_with("broken: neither"));
    program(&desk, "tofu", r#"{"terraform_version": "1.12.6"}"#);
    assert_snapshot!(state(&desk, "terraform"), @"good: tofu 1.12.6");
    program(&desk, "terraform", r#"{"terraform_version": "1.5.7"}"#);
    assert_snapshot!(state(&desk, "terraform"), @r#"
    note: terraform 1.5.7 is older than 1.11, which the provider needs: upgrade it
    tofu 1.12.6
    "#);
    // A pack needs what its language is built with.
    let desk = desk.write(
        "package.json",
        r#"{"dependencies": {"@gabion/guardrail": "*"}}"#,
    );
    assert!(
        state(&desk, "javascript").starts_with("broken: packs cannot be built: `node` is v20.18.1")
    );
    assert!(state(&desk, "python").starts_with("note: "));
    program(&desk, "node", "v22.12.0");
    assert_snapshot!(state(&desk, "javascript"), @"good: packs can be built (node 22.12.0, npm 10.8.2); the first build fetches its engine");
}
