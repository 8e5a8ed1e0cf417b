//! Guests that take more than they may: each is stopped, named, and the next call has a fresh instance.

use std::time::{Duration, Instant};

use gabion_model::{Runner, Verdict};
use insta::assert_snapshot;

use crate::guest::{Guest, SCRATCH, answer};
use crate::support::{check, empty, error, session, session_with};

#[test]
fn a_loop_for_ever() {
    let mut session = session_with(
        Guest::checking("(loop $l (br $l)) unreachable"),
        |budgets| budgets.fuel = 1_000_000,
    );
    assert_snapshot!(error(&check(&mut session)), @"the rule was stopped: it used up its budget of 1,000,000 instructions; does it loop for ever?");
}

#[test]
fn a_loop_for_ever_by_the_clock() {
    let mut session = session_with(
        Guest::checking("(loop $l (br $l)) unreachable"),
        |budgets| {
            budgets.fuel = u64::MAX;
            budgets.wall = Duration::from_millis(50);
        },
    );
    let start = Instant::now();
    assert_snapshot!(error(&check(&mut session)), @"the rule was stopped: it took longer than 50 ms");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_loop_is_not_run_again_and_again() {
    let mut session = session_with(
        Guest::checking("(loop $l (br $l)) unreachable"),
        |budgets| budgets.fuel = 100_000,
    );
    for _ in 0..3 {
        assert!(error(&check(&mut session)).contains("100,000 instructions"));
    }
    assert_snapshot!(error(&check(&mut session)), @"the rule was stopped or crashed 3 times in this run and is not run again; see its first failure");
}

#[test]
fn memory_without_end() {
    let mut session = session(Guest::checking(
        "(loop $l (drop (memory.grow (i32.const 100))) (br $l)) unreachable",
    ));
    assert_snapshot!(error(&check(&mut session)), @"the rule was stopped: it asked for more than 256 MiB of memory");
}

#[test]
fn a_panic() {
    assert_snapshot!(error(&check(&mut session(Guest::checking("unreachable")))), @"the rule panicked");
}

#[test]
fn a_panic_with_last_words() {
    let mut guest = Guest::new();
    let [at, length] = guest.text("panicked at src/rules/t01.rs:7: no element 3\u{1b}[2J");
    guest.check =
        format!("(call $log (i32.const 2) (i32.const {at}) (i32.const {length})) unreachable");
    assert_snapshot!(error(&check(&mut session(guest))), @"the rule panicked at src/rules/t01.rs:7: no element 3�[2J");
}

#[test]
fn other_crashes() {
    let outside = "(i32.load (i32.const 0x7ffffff0))";
    assert_snapshot!(error(&check(&mut session(Guest::checking(outside)))), @"the rule crashed: it used memory that is not its own");
    let zero = "(i32.div_u (i32.const 1) (i32.const 0))";
    assert_snapshot!(error(&check(&mut session(Guest::checking(zero)))), @"the rule crashed: it divided by zero");
}

#[test]
fn recursion_without_end() {
    let guest = Guest {
        more: "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))".into(),
        ..Guest::checking("(call $deep (i32.const 0))")
    };
    assert_snapshot!(error(&check(&mut session(guest))), @"the rule was stopped: it called itself too deeply");
}

#[test]
fn a_huge_message() {
    // The length is a hundred million; the memory is as large.
    let mut guest = Guest {
        pages: 2000,
        ..Guest::new()
    };
    let words = guest.words(&[1, 4096, 100_000_000]);
    guest.check = answer(words);
    assert_snapshot!(error(&check(&mut session(guest))), @"the rule was stopped: it handed over more than 1 MiB at once");
}

#[test]
fn one_long_text_many_times() {
    // Forty thousand findings could share one text: little for the guest, gigabytes for a careless host.
    let mut guest = Guest {
        pages: 40,
        ..Guest::new()
    };
    let violation = guest.violation(65536, 40_000);
    let body = format!(
        "(loop $l
           (i32.store offset=65568 (local.get $a) (i32.const 4096))
           (i32.store offset=65572 (local.get $a) (i32.const 60000))
           (local.set $a (i32.add (local.get $a) (i32.const 48)))
           (br_if $l (i32.lt_u (local.get $a) (i32.const 1920000))))
         {}",
        answer(violation)
    );
    guest.check = body;
    assert_snapshot!(error(&check(&mut session(guest))), @"the rule was stopped: it handed over more than 1 MiB at once");
}

#[test]
fn too_many_findings() {
    let mut guest = Guest::new();
    let finding = guest.finding("a", None, "bad", None);
    let list = guest.violation(finding, 3);
    // The other two findings are made of the first one's bytes.
    guest.check = format!(
        "(memory.copy (i32.const {}) (i32.const {finding}) (i32.const 48))
         (memory.copy (i32.const {}) (i32.const {finding}) (i32.const 48))
         {}",
        40_000,
        40_048,
        answer(list)
    );
    guest.check = guest
        .check
        .replace(&format!("(i32.const {list})"), "(i32.const 39000)");
    guest.check.insert_str(
        0,
        "(i32.store (i32.const 39000) (i32.const 0)) (i32.store (i32.const 39004) (i32.const 2))
         (i32.store (i32.const 39008) (i32.const 40000)) (i32.store (i32.const 39012) (i32.const 2))",
    );
    let mut session = session_with(guest, |budgets| budgets.findings = 1);
    assert_snapshot!(error(&check(&mut session)), @"the rule answered with 2 findings, more than the 1 that are allowed");
}

#[test]
fn handles_without_end() {
    let mut guest = Guest::new();
    let [at, length] = guest.text("a");
    guest.check = format!(
        "(local.set $a (call $after (local.get $change)))
         (loop $l (drop (call $get (local.get $a) (i32.const {at}) (i32.const {length}))) (br $l)) unreachable"
    );
    assert_snapshot!(error(&check(&mut session(guest))), @"the rule was stopped: it held more than 200000 values at once");
}

#[test]
fn depth_without_end() {
    let mut guest = Guest::new();
    let [at, length] = guest.text("a");
    guest.check = format!(
        "(local.set $a (call $after (local.get $change)))
         (loop $l
           (local.set $b (call $get (local.get $a) (i32.const {at}) (i32.const {length})))
           (call $drop-value (local.get $a)) (local.set $a (local.get $b)) (br $l)) unreachable"
    );
    assert_snapshot!(error(&check(&mut session(guest))), @"the rule was stopped: it asked for a value more than 256 steps deep");
}

#[test]
fn reads_without_end_do_not_fill_the_host() {
    // Each read is of another name that is not there.
    let guest = Guest::checking(format!(
        "(local.set $a (call $after (local.get $change)))
         (loop $l
           (i32.store (i32.const {SCRATCH}) (i32.add (i32.load (i32.const {SCRATCH})) (i32.const 1)))
           (i32.store8 (i32.const {at}) (i32.or (i32.const 65) (i32.and (i32.load8_u (i32.const {SCRATCH})) (i32.const 15))))
           (local.set $b (call $get (local.get $a) (i32.const {at}) (i32.const 1)))
           (drop (call $kind (local.get $b)))
           (call $drop-value (local.get $b)) (br $l)) unreachable",
        at = SCRATCH + 8,
    ));
    let mut session = session(guest);
    let evaluation = session.check("T01", &empty());
    // It read what the schema does not have, and that is said first.
    assert_snapshot!(error(&evaluation), @"the rule reads `A`, which the resource's schema does not have; the provider may be older than the versions that the rule was tested with, or newer: then look for a newer version of the pack");
    assert!(evaluation.reads.len() <= 20, "{}", evaluation.reads.len());
}

#[test]
fn leaks_do_not_pile_up() {
    let mut guest = Guest::new();
    let pass = guest.pass();
    let [at, length] = guest.text("a");
    // A thousand handles a call are never dropped.
    guest.check = format!(
        "(local.set $a (call $after (local.get $change)))
         (loop $l
           (drop (call $get (local.get $a) (i32.const {at}) (i32.const {length})))
           (local.set $b (i32.add (local.get $b) (i32.const 1)))
           (br_if $l (i32.lt_u (local.get $b) (i32.const 1000))))
         {}",
        answer(pass)
    );
    let mut session = session(guest);
    for _ in 0..300 {
        assert_eq!(check(&mut session).verdict, Verdict::Pass);
    }
}

#[test]
fn a_handle_of_an_earlier_call() {
    let mut guest = Guest::new();
    let pass = guest.pass();
    guest.check = format!(
        "(if (global.get $kept) (then (drop (call $kind (global.get $kept)))))
         (global.set $kept (call $after (local.get $change))) {}",
        answer(pass)
    );
    let mut session = session(guest);
    assert_eq!(check(&mut session).verdict, Verdict::Pass);
    assert_snapshot!(error(&check(&mut session)), @"the rule was stopped: it used a value that it kept from an earlier call");
    assert_eq!(
        check(&mut session).verdict,
        Verdict::Pass,
        "the instance is a fresh one"
    );
}

#[test]
fn a_borrowed_change_that_is_kept() {
    let mut guest = Guest::new();
    let pass = guest.pass();
    guest.check = format!("(i32.const {pass})");
    assert_snapshot!(error(&check(&mut session(guest))), @"the rule gave something that does not fit the contract");
}

#[test]
fn a_flood_in_the_log() {
    let mut guest = Guest {
        pages: 20,
        ..Guest::new()
    };
    let pass = guest.pass();
    guest.check = format!(
        "(memory.fill (i32.const 65536) (i32.const 65) (i32.const 900000))
         (loop $l
           (call $log (i32.const 1) (i32.const 65536) (i32.const 900000))
           (local.set $b (i32.add (local.get $b) (i32.const 1)))
           (br_if $l (i32.lt_u (local.get $b) (i32.const 500))))
         {}",
        answer(pass)
    );
    let mut session = session(guest);
    assert_eq!(check(&mut session).verdict, Verdict::Pass);
    let log = session.take_log();
    assert_eq!(log.len(), 101);
    assert!(log[0].message.len() < 5000 && log[0].message.ends_with('…'));
    assert_eq!(log[100].message, "400 more messages were left out");
}

#[test]
fn the_next_call_has_a_fresh_instance() {
    // The first call of an instance marks it and passes, the second crashes.
    let mut guest = Guest::new();
    let pass = guest.pass();
    guest.check = format!(
        "(if (global.get $kept) (then unreachable)) (global.set $kept (i32.const 1)) {}",
        answer(pass)
    );
    let mut session = session(guest);
    let passes = |session: &mut gabion_engine::Session| check(session).verdict == Verdict::Pass;
    assert!(passes(&mut session) && !passes(&mut session) && passes(&mut session));
    session.refresh();
    assert!(passes(&mut session));
}

#[test]
fn two_sessions_at_once() {
    // One waits for its budget of time while the other works on.
    let folder = tempfile::tempdir().unwrap();
    let mut budgets = gabion_engine::Budgets::default();
    budgets.fuel = u64::MAX;
    budgets.wall = Duration::from_millis(200);
    let engine =
        crate::support::engine_with(gabion_engine::CacheOptions::within(folder.path()), budgets);
    let start = |guest: Guest| {
        engine
            .load(&guest.build(), "tiny.wasm")
            .unwrap()
            .session(&serde_json::json!({}))
            .unwrap()
    };
    let mut slow = start(Guest::checking("(loop $l (br $l)) unreachable"));
    let mut fast = start(Guest::new());
    let waiting = std::thread::spawn(move || error(&check(&mut slow)).to_owned());
    for _ in 0..100 {
        assert_eq!(check(&mut fast).verdict, Verdict::Pass);
    }
    assert_eq!(
        waiting.join().unwrap(),
        "the rule was stopped: it took longer than 200 ms"
    );
}

#[test]
fn a_search_for_secrets_is_paid_by_the_byte() {
    let search = |length: usize| {
        let guest = Guest::checking(format!(
            "(local.set $a (call $after (local.get $change)))
             (call $secrets (local.get $a) (i32.const {SCRATCH}))
             unreachable"
        ));
        let mut session = session_with(guest, |budgets| budgets.work = 1 << 20);
        let mut builder = gabion_model::TreeBuilder::new();
        let text = gabion_model::Data::Text("lorem ipsum ".repeat(length / 12).into());
        let root = builder.push(text, false);
        error(&session.check("T01", &crate::support::change(builder.finish(root)))).to_owned()
    };
    assert_snapshot!(search(200_000), @"the rule was stopped: it made the host hold more than 1 MiB for it");
    let enough = search(100_000);
    assert!(!enough.contains("hold"), "{enough}");
}

#[test]
fn long_names_without_end_do_not_fill_the_host() {
    // Each call has the host keep a name of 16,000 bytes.
    let ask = |call: &str| {
        let guest = Guest {
            pages: 20,
            ..Guest::checking(format!(
                "(memory.fill (i32.const 65536) (i32.const 97) (i32.const 16000))
                 (local.set $a (call $after (local.get $change)))
                 (loop $l {call} (br $l)) unreachable"
            ))
        };
        let mut session = session_with(guest, |budgets| budgets.work = 1 << 20);
        error(&check(&mut session)).to_owned()
    };
    let configured = ask(&format!(
        "(call $configured (local.get $change) (i32.const 65536) (i32.const 16000) (i32.const {SCRATCH}))"
    ));
    assert_snapshot!(configured, @"the rule was stopped: it made the host hold more than 1 MiB for it");
    let find = ask(&format!(
        "(call $find (local.get $a) (i32.const 65536) (i32.const 16000) (i32.const {SCRATCH}))"
    ));
    assert_snapshot!(find, @"the rule was stopped: it made the host hold more than 1 MiB for it");
    // One handle with a long name, read again and again: each read spells it out.
    let kind = ask("(if (i32.eqz (local.get $b)) (then
           (local.set $b (call $get (local.get $a) (i32.const 65536) (i32.const 16000)))))
         (drop (call $kind (local.get $b)))");
    assert!(
        kind.contains("which the resource's schema does not have"),
        "{kind}"
    );
}

#[test]
fn many_memories_share_one_budget() {
    // Two of 40 MiB each.
    let guest = Guest {
        pages: 640,
        more: "(memory 640)".into(),
        ..Guest::new()
    };
    let mut budgets = gabion_engine::Budgets::default();
    budgets.memory = 64 << 20;
    let engine = crate::support::engine_with(gabion_engine::CacheOptions::off(), budgets);
    let error = engine.load(&guest.build(), "many.wasm").unwrap_err();
    assert_snapshot!(error.to_string(), @"the pack `many.wasm` does not say what it offers: it was stopped: it asked for more than 64 MiB of memory");
}
