//! `gabion inspect` and `gabion doctor`.

use std::os::unix::fs::PermissionsExt as _;

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
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).unwrap();
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
