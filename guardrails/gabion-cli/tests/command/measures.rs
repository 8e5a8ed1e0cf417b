//! `gabion bench`, `gabion impact`, `gabion completions`, `gabion man`.

use crate::support::{Desk, fixture_text};

#[test]
fn bench_tells_time_fuel_and_memory_of_each_rule() {
    let desk = Desk::with_plan(fixture_text("keys.json"));
    let ended = desk.run(&[
        "bench",
        "baseline",
        "--plan",
        "plan.json",
        "--runs",
        "3",
        "--json",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let answer: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let rules = answer["rules"].as_array().unwrap();
    let rotation = rules.iter().find(|row| row["rule"] == "DT08").unwrap();
    assert!(rotation["fuel"].as_u64().unwrap() > 1000, "{rotation}");
    assert!(
        rotation["memory_bytes"].as_u64().unwrap() >= 65536,
        "{rotation}"
    );
    assert_eq!(rotation["calls"].as_u64().unwrap() % 3, 0, "{rotation}");
    assert!(
        rules
            .iter()
            .all(|row| row["p50_ns"].as_u64() <= row["p99_ns"].as_u64()),
        "{answer}"
    );

    let ended = desk.run(&[
        "bench",
        "baseline",
        "--compare",
        "baseline",
        "--plan",
        "plan.json",
        "--runs",
        "3",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(
        ended.out.lines().next().unwrap().ends_with("ratio of p50"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.lines().any(|line| line.starts_with("DT08 ")),
        "{}",
        ended.out
    );
}

#[test]
fn bench_of_nothing_is_told() {
    let desk = Desk::with_plan(fixture_text("empty.json"));
    let ended = desk.run(&["bench", "acme.wasm", "--plan", "plan.json"]);
    assert_eq!(ended.code, 3);
    assert!(
        ended.err.contains("there is no pack `acme.wasm`"),
        "{}",
        ended.err
    );
    let ended = desk.run(&["bench", "baseline", "--plan", "other.json"]);
    assert_eq!(ended.code, 3);
    assert!(
        ended.err.contains("there is no plan `other.json`"),
        "{}",
        ended.err
    );
    let ended = desk.run(&[
        "bench",
        "baseline",
        "--plan",
        "plan.json",
        "--settings",
        "{\"x\":",
    ]);
    assert_eq!(ended.code, 4);
    assert!(
        ended.err.contains("the settings `{\"x\":` are no JSON"),
        "{}",
        ended.err
    );
}

#[test]
fn impact_of_the_same_pack_is_none() {
    let desk = Desk::new();
    let plans = desk.folder.path().join("plans");
    std::fs::create_dir(&plans).unwrap();
    let ended = desk.run(&["impact", "baseline", "baseline", "--plans", "plans"]);
    assert_eq!(ended.code, 3);
    assert!(
        ended.err.contains("there is no plan in `plans`"),
        "{}",
        ended.err
    );
    std::fs::write(plans.join("keys.json"), fixture_text("keys.json")).unwrap();
    let ended = desk.run(&["impact", "baseline", "baseline", "--plans", "plans"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(
        ended
            .out
            .ends_with("1 plan: 0 verdicts differ, 0 would be refused\n"),
        "{}",
        ended.out
    );
}

#[test]
fn completions_and_pages_name_every_command() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = desk.run(&["completions", shell]);
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(
            ended.out.contains("impact")
                && (ended.out.contains("--floor") || ended.out.contains("-l floor")),
            "{shell}"
        );
    }
    let ended = desk.run(&["man", "--to", "pages"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let page =
        |name: &str| std::fs::read_to_string(desk.folder.path().join("pages").join(name)).unwrap();
    assert!(
        page("gabion.1").contains(".TH gabion 1"),
        "{}",
        page("gabion.1")
    );
    assert!(
        page("gabion-check.1").contains("exit code 2")
            || page("gabion-check.1").contains("Exit codes")
    );
    assert!(page("gabion-cache-warm.1").contains(".TH"));
    assert!(desk.run(&["man"]).out.contains(".TH gabion 1"));
}
