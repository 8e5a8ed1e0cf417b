//! What a guest can see, and what the host makes of what it could not.

use std::collections::BTreeMap;
use std::sync::Arc;

use gabion_model::{Change, Graph, Path, Reference, Runner, Shape, Tree, Unreadable, Verdict};
use insta::assert_snapshot;

use crate::guest::{Guest, Rule, SCRATCH, answer, rule};
use crate::support::{check, empty, error, session, sorts};

/// A guest with a rule for each attribute: text that can be read is a violation whose message is the text, and
/// whatever cannot be read passes, so that the host alone makes it more.
fn reader() -> Guest {
    let names = [
        "KNOWN", "NOTHING", "SECRET", "LATER", "COMPUTED", "NUMBER", "POLICY", "LEAK", "MISSING",
    ];
    let mut guest = Guest {
        rules: names.iter().map(|name| rule(name, name)).collect(),
        ..Guest::new()
    };
    let pass = guest.pass();
    let finding = guest.finding("KNOWN", None, "", None);
    let violation = guest.violation(finding, 1);
    guest.check = format!(
        "(local.set $a (call $get (call $after (local.get $change)) (local.get $rule) (local.get $length)))
         (call $text (local.get $a) (i32.const {SCRATCH}))
         (call $drop-change (local.get $change))
         (if (result i32)
           (i32.and
             (i32.eqz (i32.load8_u (i32.const {SCRATCH})))
             (i32.load8_u (i32.const {some})))
           (then
             (i64.store (i32.const {message}) (i64.load (i32.const {text})))
             (i32.const {violation}))
           (else (i32.const {pass})))",
        some = SCRATCH + 4,
        text = SCRATCH + 8,
        message = finding + 32,
    );
    guest
}

fn read(name: &str, change: &Arc<Change>) -> gabion_model::Evaluation {
    session(reader()).check(name, change)
}

#[test]
fn a_known_text_is_read() {
    let evaluation = read("KNOWN", &sorts(Shape::Object));
    let Verdict::Violation(findings) = &evaluation.verdict else {
        panic!("{evaluation:?}")
    };
    assert_eq!(findings[0].message, "plain to see");
    assert_eq!(
        findings[0].observed.as_deref(),
        Some("plain to see"),
        "the host shows what stands there"
    );
    assert_eq!(evaluation.reads.len(), 1);
    assert_eq!(evaluation.reads[0].path.to_string(), "KNOWN");
}

#[test]
fn null_computed_and_another_kind_pass() {
    for name in ["NOTHING", "COMPUTED", "NUMBER"] {
        assert_eq!(
            read(name, &sorts(Shape::Object)).verdict,
            Verdict::Pass,
            "{name}"
        );
    }
}

#[test]
fn unknown_makes_a_pass_undetermined() {
    let Verdict::Undetermined(why) = read("LATER", &sorts(Shape::Object)).verdict else {
        panic!()
    };
    assert_eq!(
        (why.blocked[0].path.to_string().as_str(), why.blocked[0].why),
        ("LATER", Unreadable::Unknown)
    );
}

#[test]
fn a_secret_cannot_be_read() {
    let evaluation = read("SECRET", &sorts(Shape::Object));
    let Verdict::Undetermined(why) = &evaluation.verdict else {
        panic!("{evaluation:?}")
    };
    assert_eq!(why.blocked[0].why, Unreadable::Sensitive);
    assert!(!format!("{evaluation:?}").contains("hunter2"));
}

#[test]
fn a_path_that_the_schema_does_not_have_is_an_error() {
    assert_snapshot!(error(&read("MISSING", &sorts(Shape::Object))), @"the rule reads `MISSING`, which the resource's schema does not have; the provider may be older than the versions that the rule was tested with, or newer: then look for a newer version of the pack");
}

#[test]
fn a_path_without_a_schema_is_undetermined() {
    let Verdict::Undetermined(why) = read("MISSING", &sorts(Shape::Unsure)).verdict else {
        panic!()
    };
    assert_eq!(why.blocked[0].why, Unreadable::NoSchema);
    assert_eq!(
        read("MISSING", &sorts(Shape::Map)).verdict,
        Verdict::Pass,
        "a map just has no such key"
    );
}

#[test]
fn a_secret_tells_its_size_and_equality() {
    let mut guest = Guest::new();
    let pass = guest.pass();
    let [at, length] = guest.text("SECRET");
    // It traps unless the size is 15 and the secret equals itself.
    guest.check = format!(
        "(local.set $a (call $get (call $after (local.get $change)) (i32.const {at}) (i32.const {length})))
         (call $size (local.get $a) (i32.const {SCRATCH}))
         (if (i32.ne (i32.load (i32.const {value})) (i32.const 15)) (then unreachable))
         (call $equal-to (local.get $a) (local.get $a) (i32.const {SCRATCH}))
         (if (i32.ne (i32.load16_u (i32.const {SCRATCH})) (i32.const 0x100)) (then unreachable))
         {}",
        answer(pass),
        value = SCRATCH + 4,
    );
    let evaluation = session(guest).check("T01", &sorts(Shape::Object));
    assert_eq!(evaluation.verdict, Verdict::Pass);
}

#[test]
fn a_detector_in_the_host_looks_into_secrets() {
    let mut guest = Guest::new();
    let pass = guest.pass();
    let finding = guest.finding("LEAK", None, "", None);
    let violation = guest.violation(finding, 1);
    // The message is the kind of the first secret found.
    guest.check = format!(
        "(local.set $a (call $after (local.get $change)))
         (call $secrets (local.get $a) (i32.const {SCRATCH}))
         (call $drop-change (local.get $change))
         (if (i32.eqz (i32.load (i32.const {count}))) (then (return (i32.const {pass}))))
         (i64.store (i32.const {message}) (i64.load (i32.load (i32.const {SCRATCH}))))
         (i32.const {violation})",
        count = SCRATCH + 4,
        message = finding + 32,
    );
    let evaluation = session(guest).check("T01", &sorts(Shape::Object));
    let Verdict::Violation(findings) = &evaluation.verdict else {
        panic!("{evaluation:?}")
    };
    assert_eq!(findings[0].message, "url-password");
    assert_eq!(findings[0].observed.as_deref(), Some("(sensitive)"));
    assert!(!format!("{evaluation:?}").contains("hunter2"));
}

#[test]
fn a_document_is_read_through() {
    let mut guest = Guest::new();
    let [policy, policy_length] = guest.text("POLICY");
    let [effect, effect_length] = guest.text("Effect");
    let finding = guest.finding("POLICY", None, "", None);
    let violation = guest.violation(finding, 1);
    guest.check = format!(
        "(local.set $a (call $get (call $after (local.get $change)) (i32.const {policy}) (i32.const {policy_length})))
         (call $document (local.get $a) (i32.const {SCRATCH}))
         (if (i32.load8_u (i32.const {SCRATCH})) (then unreachable))
         (local.set $b (call $get (i32.load (i32.const {value})) (i32.const {effect}) (i32.const {effect_length})))
         (call $text (local.get $b) (i32.const {SCRATCH}))
         (i64.store (i32.const {message}) (i64.load (i32.const {text})))
         {}",
        answer(violation),
        value = SCRATCH + 4,
        text = SCRATCH + 8,
        message = finding + 32,
    );
    let evaluation = session(guest).check("T01", &sorts(Shape::Object));
    let Verdict::Violation(findings) = &evaluation.verdict else {
        panic!("{evaluation:?}")
    };
    assert_eq!(findings[0].message, "Allow");
    assert!(
        evaluation
            .reads
            .iter()
            .all(|read| read.path.to_string() == "POLICY"),
        "{:?}",
        evaluation.reads
    );
}

#[test]
fn a_path_in_text_that_is_none_is_told_to_the_rule() {
    let mut guest = Guest::new();
    let pass = guest.pass();
    let [at, length] = guest.text("a..b");
    guest.check = format!(
        "(call $find (call $after (local.get $change)) (i32.const {at}) (i32.const {length}) (i32.const {SCRATCH}))
         (if (i32.ne (i32.load8_u (i32.const {SCRATCH})) (i32.const 1)) (then unreachable))
         {}",
        answer(pass)
    );
    assert_eq!(check(&mut session(guest)).verdict, Verdict::Pass);
}

#[test]
fn what_is_configured_is_undetermined_where_nobody_knows() {
    let mut guest = Guest::new();
    let pass = guest.pass();
    let [at, length] = guest.text("KNOWN");
    let [bad, bad_length] = guest.text("KNOWN[");
    guest.rules = vec![rule("T01", "good"), rule("T02", "bad")];
    guest.check = format!(
        "(if (i32.eq (i32.load8_u offset=2 (local.get $rule)) (i32.const 49))
           (then (call $configured (local.get $change) (i32.const {at}) (i32.const {length}) (i32.const {SCRATCH})))
           (else (call $configured (local.get $change) (i32.const {bad}) (i32.const {bad_length}) (i32.const {SCRATCH}))))
         {}",
        answer(pass)
    );
    let mut session = session(guest);
    let change = sorts(Shape::Object);
    let Verdict::Undetermined(why) = session.check("T01", &change).verdict else {
        panic!()
    };
    assert_eq!(why.blocked[0].why, Unreadable::NoSchema);
    let known = Arc::new(Change {
        config: Some(Arc::new(Tree::null())),
        ..(*change).clone()
    });
    assert_eq!(session.check("T01", &known).verdict, Verdict::Pass);
    assert_snapshot!(error(&session.check("T02", &change)), @"the rule was stopped: it asked whether something is configured that is no attribute path: `KNOWN[` is not an attribute path: an index without `]` at byte 5");
}

#[test]
fn a_violation_stands_beside_an_unknown() {
    let mut guest = Guest::new();
    let [at, length] = guest.text("LATER");
    let finding = guest.finding("KNOWN", Some("7"), "bad\u{7}", Some(("KNOWN", "\"good\"")));
    let violation = guest.violation(finding, 1);
    guest.check = format!(
        "(call $text (call $get (call $after (local.get $change)) (i32.const {at}) (i32.const {length})) (i32.const {SCRATCH}))
         {}",
        answer(violation)
    );
    let evaluation = session(guest).check("T01", &sorts(Shape::Object));
    let Verdict::Violation(findings) = &evaluation.verdict else {
        panic!("{evaluation:?}")
    };
    assert_eq!(findings[0].observed.as_deref(), Some("7"));
    assert_eq!(
        findings[0].message, "bad\u{fffd}",
        "no control character reaches a terminal"
    );
    assert_eq!(findings[0].fix[0].value, "\"good\"");
}

#[test]
fn answers_that_break_the_contract() {
    let answers: [fn(&mut Guest) -> usize; 8] = [
        |guest| guest.violation(0, 0),
        |guest| {
            let finding = guest.finding("a", None, " ", None);
            guest.violation(finding, 1)
        },
        |guest| {
            let finding = guest.finding("a[", None, "bad", None);
            guest.violation(finding, 1)
        },
        |guest| {
            let finding = guest.finding("a", None, "bad", Some(("a", "{")));
            guest.violation(finding, 1)
        },
        |guest| guest.failed("no such region\u{1b}[31m"),
        |guest| guest.words(&[0, 9, 0, 0]),
        |guest| guest.words(&[1, 0x7fff_0000, 10]),
        |guest| guest.words(&[1, 4000, 3]),
    ];
    let mut said = String::new();
    for make in answers {
        let mut guest = Guest::new();
        let at = make(&mut guest);
        // Bytes that are no UTF-8, for the last one.
        guest.check = format!("(i32.store (i32.const 4000) (i32.const -1)) {}", answer(at));
        said.push_str(error(&check(&mut session(guest))));
        said.push('\n');
    }
    assert_snapshot!(said, @r"
    the rule answered with a violation that has no finding
    the rule answered with a finding that has no message
    the rule answered with a finding at no attribute path: `a[` is not an attribute path: an index without `]` at byte 1
    the rule answered with a fix for `a` whose value is not JSON
    the rule failed: no such region�[31m
    the rule gave something that does not fit the contract
    the rule gave something that does not fit the contract
    the rule gave something that does not fit the contract
    ");
}

#[test]
fn undetermined_by_the_rule_itself() {
    let mut guest = Guest::new();
    let at = guest.undetermined("whether the account blocks public access");
    guest.check = answer(at);
    assert!(matches!(
        check(&mut session(guest)).verdict,
        Verdict::Undetermined(_)
    ));
}

#[test]
fn a_rule_that_the_pack_does_not_have() {
    assert_snapshot!(error(&session(Guest::new()).check("T09", &empty())), @"the pack has no rule `T09`");
}

#[test]
fn a_plan_is_asked_through_its_graph() {
    let mut guest = Guest {
        rules: vec![Rule {
            whole_plan: true,
            ..rule("T01", "whole")
        }],
        ..Guest::new()
    };
    let pass = guest.pass();
    let finding = guest.finding("", None, "a bucket that nothing refers to", None);
    let violation = guest.violation(finding, 1);
    let [at, length] = guest.text("aws_kms_key");
    // Of the first key of the plan: a violation unless somebody refers to it.
    guest.check_plan = format!(
        "(if (i32.eqz (call $complete (local.get $graph))) (then unreachable))
         (call $changes (local.get $graph) (i32.const {at}) (i32.const {length}) (i32.const {SCRATCH}))
         (if (i32.ne (i32.load (i32.const {count})) (i32.const 2)) (then unreachable))
         (call $referrers (local.get $graph) (i32.load (i32.load (i32.const {SCRATCH}))) (i32.const {SCRATCH}))
         (call $drop-graph (local.get $graph))
         (if (result i32) (i32.load (i32.const {count})) (then (i32.const {pass})) (else (i32.const {violation})))",
        count = SCRATCH + 4,
    );
    let mut session = session(guest);
    let key = |name: &str| {
        Arc::new(Change {
            address: Some(format!("aws_kms_key.{name}")),
            ..(*empty()).clone()
        })
    };
    let other = Arc::new(Change {
        resource_type: "aws_kms_alias".into(),
        address: Some("aws_kms_alias.a".into()),
        ..(*empty()).clone()
    });
    let mut graph = Graph {
        changes: vec![key("a"), key("b"), other],
        references: BTreeMap::new(),
        complete: true,
    };
    assert!(matches!(
        session.check_plan("T01", &Arc::new(graph.clone())).verdict,
        Verdict::Violation(_)
    ));
    let reference = Reference {
        path: Path::parse("target_key_id").unwrap(),
        address: "aws_kms_key.a".into(),
        attribute: "id".into(),
    };
    graph.references.insert(2, vec![reference]);
    assert_eq!(
        session.check_plan("T01", &Arc::new(graph)).verdict,
        Verdict::Pass
    );
    assert_eq!(
        session.check("T01", &empty()).verdict,
        Verdict::NotApplicable
    );
}
