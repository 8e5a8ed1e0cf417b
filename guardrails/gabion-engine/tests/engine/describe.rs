//! Packs that say odd things of themselves, and settings.

use gabion_engine::CacheOptions;
use insta::assert_snapshot;
use serde_json::json;

use crate::guest::{Guest, SCRATCH, rule};
use crate::support::{engine, pack};

fn refused(guest: Guest) -> String {
    engine(CacheOptions::off())
        .load(&guest.build(), "acme.wasm")
        .unwrap_err()
        .to_string()
}

#[test]
fn a_good_pack_is_described() {
    let rules = vec![rule("T02", "later"), rule("T01", "sooner")];
    let pack = pack(Guest {
        rules,
        ..Guest::new()
    });
    assert_eq!(
        (pack.info().name.as_str(), pack.info().version.as_str()),
        ("tiny", "1.2.3")
    );
    let codes: Vec<&str> = pack
        .info()
        .rules
        .iter()
        .map(|rule| rule.code.as_str())
        .collect();
    assert_eq!(codes, ["T01", "T02"], "sorted by code");
    assert_eq!(pack.origin(), "tiny.wasm");
}

#[test]
fn two_rules_of_one_code() {
    let rules = vec![rule("T01", "one"), rule("T01", "two")];
    assert_snapshot!(refused(Guest { rules, ..Guest::new() }), @"the pack `acme.wasm` describes itself wrongly: two rules have the code `T01`");
}

#[test]
fn no_semantic_version() {
    assert_snapshot!(refused(Guest { version: "v1", ..Guest::new() }), @"the pack `acme.wasm` describes itself wrongly: its version `v1` is no semantic version, as `1.2.3` is");
}

#[test]
fn many_things_at_once() {
    let rules = vec![
        rule("t 1", "one"),
        crate::guest::Rule {
            since: "soon",
            ..rule("T02", "")
        },
    ];
    assert_snapshot!(refused(Guest { name: "Acme\u{1b}[31m", schema: "[]", rules, ..Guest::new() }), @"the pack `acme.wasm` describes itself wrongly: its name `Acme�[31m` is not lower-case letters, digits and `-`; its settings schema is no JSON object; `{}` is one that takes no settings; the rule `T02` lacks a name or a title; the rule `T02` is there since `soon`, which is no semantic version; the rule code `t 1` is not upper-case letters and digits, as `DT08` is");
}

#[test]
fn no_rules_at_all() {
    assert_snapshot!(refused(Guest { rules: Vec::new(), ..Guest::new() }), @"the pack `acme.wasm` describes itself wrongly: it has no rules");
}

#[test]
fn a_panic_while_describing() {
    assert_snapshot!(refused(Guest { describe: Some("unreachable".into()), ..Guest::new() }), @"the pack `acme.wasm` does not say what it offers: it panicked");
}

#[test]
fn a_loop_while_describing() {
    let describe = Some("(loop $l (br $l)) unreachable".to_owned());
    assert_snapshot!(refused(Guest { describe, ..Guest::new() }), @"the pack `acme.wasm` does not say what it offers: it was stopped: it used up its budget of 1,000,000,000 instructions; does it loop for ever?");
}

#[test]
fn a_panic_while_starting() {
    let more = "(func $s unreachable) (start $s)".to_owned();
    assert_snapshot!(refused(Guest { more, ..Guest::new() }), @"the pack `acme.wasm` does not say what it offers: it panicked");
}

#[test]
fn a_memory_that_is_too_large_from_the_start() {
    assert_snapshot!(refused(Guest { pages: 5000, ..Guest::new() }), @"the pack `acme.wasm` does not say what it offers: it was stopped: it asked for more than 256 MiB of memory");
}

#[test]
fn settings_that_the_schema_does_not_have() {
    let schema = r#"{"properties":{"regions":{"type":"array"}}}"#;
    let pack = pack(Guest {
        schema,
        ..Guest::new()
    });
    pack.session(&json!({"regions": []})).unwrap();
    assert_snapshot!(pack.session(&json!({"region": "x"})).unwrap_err(), @"the pack `tiny` does not take these settings: `region`: there is no such setting; known are `regions`");
    assert_snapshot!(pack.session(&json!({"regions": "x"})).unwrap_err(), @"the pack `tiny` does not take these settings: `regions`: a string is given, and array is wanted");
}

#[test]
fn settings_that_the_pack_does_not_take() {
    let mut guest = Guest::new();
    let [path, path_length] = guest.text("regions[0]");
    let [said, said_length] = guest.text("`mars-1` is no region; take one such as `eu-central-1`");
    let problem = guest.words(&[path, path_length, said, said_length]);
    let answer = guest.words(&[1, problem, 1]);
    guest.configure = Some(format!("(i32.const {answer})"));
    assert_snapshot!(pack(guest).session(&json!({})).unwrap_err(), @"the pack `tiny` does not take these settings: `regions[0]`: `mars-1` is no region; take one such as `eu-central-1`");
}

#[test]
fn a_panic_while_configuring() {
    let pack = pack(Guest {
        configure: Some("unreachable".into()),
        ..Guest::new()
    });
    assert_snapshot!(pack.session(&json!({})).unwrap_err(), @"the pack `tiny` fails when it is given its settings: it panicked");
}

#[test]
fn a_description_outside_of_the_memory() {
    // The address lies beyond the two pages.
    let describe = Some("(i32.const 0x7ffffff0)".to_owned());
    assert_snapshot!(refused(Guest { describe, ..Guest::new() }), @"the pack `acme.wasm` does not say what it offers: it gave something that does not fit the contract");
    // The words at this place are no addresses of text.
    let describe = Some(format!(
        "(i32.store (i32.const {SCRATCH}) (i32.const -1)) (i32.const {SCRATCH})"
    ));
    assert_snapshot!(refused(Guest { describe, ..Guest::new() }), @"the pack `acme.wasm` does not say what it offers: it gave something that does not fit the contract");
}
