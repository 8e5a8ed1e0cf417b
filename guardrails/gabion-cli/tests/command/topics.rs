//! A small pack about SNS topics, for `gabion test`.

use std::sync::OnceLock;

use crate::topics::guest::{Guest, Rule, SCRATCH, rule};

#[path = "../../../gabion-engine/tests/engine/guest.rs"]
#[expect(
    dead_code,
    clippy::panic,
    reason = "shared with the tests of the engine, which use the rest of it"
)]
mod guest;

/// The component. Its rules look at `kms_master_key_id`:
/// - `S01` wants it set, `S02` wants it unset;
/// - `S03` is `S02` as it is written by somebody who forgets unknown values;
/// - `S04` remembers that it was called;
/// - `S05` wants something to refer to the first topic of a plan;
/// - `S06` crashes where it is not known.
pub(crate) fn component() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| guest().build())
}

fn guest() -> Guest {
    let mut guest = Guest {
        name: "topics",
        version: "0.3.0",
        schema: r#"{"properties": {"strict": {"type": "boolean"}}}"#,
        rules: vec![
            rule("S01", "topic-without-key"),
            rule("S02", "topic-with-key"),
            rule("S03", "topic-with-key-naive"),
            rule("S04", "forgetful"),
            Rule {
                whole_plan: true,
                ..rule("S05", "topic-without-policy")
            },
            rule("S06", "crash"),
        ],
        ..Guest::new()
    };
    let pass = guest.pass();
    let finding = |guest: &mut Guest, address: &str, path: &str, message: &str| {
        let some = usize::from(!address.is_empty());
        let (address, path, message) = (guest.text(address), guest.text(path), guest.text(message));
        let [a, b] = address;
        let at = guest.words(&[
            some, a, b, path[0], path[1], 0, 0, 0, message[0], message[1], 0, 0,
        ]);
        guest.violation(at, 1)
    };
    let unset = finding(
        &mut guest,
        "",
        "kms_master_key_id",
        "the topic is not encrypted",
    );
    let set = finding(
        &mut guest,
        "",
        "kms_master_key_id",
        "the topic has a key of its own",
    );
    let alone = finding(
        &mut guest,
        "aws_sns_topic.alarms",
        "",
        "nothing refers to the topic",
    );
    let [name, length] = guest.text("kms_master_key_id");
    let [said, said_length] = guest.text("looked at the key");
    let [kind, kind_length] = guest.text("aws_sns_topic");
    guest.check = format!(
        "(local.set $a (call $kind (call $get (call $after (local.get $change)) (i32.const {name}) (i32.const {length}))))
         (local.set $b (i32.load8_u (i32.add (local.get $rule) (i32.const 2))))
         (call $log (i32.const 1) (i32.const {said}) (i32.const {said_length}))
         (call $drop-change (local.get $change))
         (if (i32.eq (local.get $b) (i32.const 0x31)) (then
           (return (select (i32.const {unset}) (i32.const {pass})
             (i32.or (i32.eqz (local.get $a)) (i32.eq (local.get $a) (i32.const 7)))))))
         (if (i32.eq (local.get $b) (i32.const 0x32)) (then
           (return (select (i32.const {set}) (i32.const {pass})
             (i32.and (i32.gt_u (local.get $a) (i32.const 0)) (i32.lt_u (local.get $a) (i32.const 6)))))))
         (if (i32.eq (local.get $b) (i32.const 0x33)) (then
           (return (select (i32.const {set}) (i32.const {pass}) (local.get $a)))))
         (if (i32.eq (local.get $b) (i32.const 0x34)) (then
           (if (global.get $kept) (then (return (i32.const {set}))))
           (global.set $kept (i32.const 1))
           (return (i32.const {pass}))))
         (if (i32.and (i32.eq (local.get $b) (i32.const 0x36)) (i32.eq (local.get $a) (i32.const 6)))
           (then unreachable))
         (i32.const {pass})"
    );
    guest.check_plan = format!(
        "(call $changes (local.get $graph) (i32.const {kind}) (i32.const {kind_length}) (i32.const {SCRATCH}))
         (local.set $a (i32.load (i32.const {SCRATCH})))
         (call $referrers (local.get $graph) (i32.load (local.get $a)) (i32.const {SCRATCH}))
         (local.set $b (i32.load (i32.const {many})))
         (call $drop-graph (local.get $graph))
         (select (i32.const {pass}) (i32.const {alone}) (local.get $b))",
        many = SCRATCH + 4,
    );
    guest
}
