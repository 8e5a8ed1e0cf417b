//! Create, read, update, replace, destroy, import.

use serde_json::json;

use super::{applied, harness, sample};
use crate::Dynamic;
use crate::resource::Private;
use crate::testing::render;

#[tokio::test]
async fn create_then_nothing_to_do() {
    let harness = harness().await;
    let config = json!({ "name": "a" });
    let planned = harness.plan("sample_thing", None, &config).await;
    assert!(planned.diags.is_empty(), "{}", render(&planned.diags));
    assert_eq!(planned.get("size"), Dynamic::from(10));
    assert_eq!(planned.get("id"), Dynamic::Unknown);
    assert_eq!(planned.get("tags"), Dynamic::Null);
    assert_eq!(planned.get("exception"), Dynamic::List(Vec::new()));
    assert!(planned.replace.is_empty());
    let stored = applied(&harness, None, &config).await;
    assert_eq!(stored.get("id"), "id-a".into());
    assert_eq!(stored.get("version"), Dynamic::from(1));
}

#[tokio::test]
async fn everything_at_once() {
    let harness = harness().await;
    let config = json!({
        "name": "all",
        "size": 20,
        "password": "hidden",
        "token": "good",
        "ratio": 0.1,
        "tags": { "a": "b" },
        "zones": ["z", "y", "z"],
        "settings": { "key": "k" },
        "rules": [{ "port": 1 }, { "port": 2, "protocol": "udp" }],
        "labels": [{ "key": "b" }, { "key": "a", "value": "v" }],
        "named": { "one": {}, "two": { "color": "blue" } },
        "exception": [{ "code": "X1" }, { "code": "X2", "expires": "2030-01-01T00:00:00Z" }],
        "limit": [{ "name": "l" }],
        "origin": { "type": "t" },
        "timeouts": { "create": "3m" },
    });
    let stored = applied(&harness, None, &config).await;
    assert_eq!(stored.get("password"), Dynamic::Null);
    assert_eq!(stored.get("ratio"), Dynamic::Number("0.1".parse().unwrap()));
    assert_eq!(stored.get("settings.mode"), "fast".into());
    assert_eq!(stored.get("rules.0.protocol"), "tcp".into());
    assert_eq!(stored.get("rules.1.protocol"), "udp".into());
    assert_eq!(stored.get("named.one.color"), "red".into());
    assert_eq!(stored.get("exception.1.active"), true.into());
    assert_eq!(stored.get("limit.0.max"), Dynamic::from(5));
    assert_eq!(stored.get("origin.type"), "t".into());
    let private = Private::from_bytes(&stored.private);
    assert_eq!(private.get::<bool>("planned"), Some(true));
    assert_eq!(private.get::<usize>("password_length"), Some(6));
    assert_eq!(private.get::<u64>("limit"), Some(3));
}

#[tokio::test]
async fn update_keeps_and_marks() {
    let harness = harness().await;
    let stored = applied(&harness, None, &json!({ "name": "a", "settings": {} })).await;
    let config = json!({ "name": "a", "size": 11, "settings": {} });
    let planned = harness.plan("sample_thing", Some(&stored), &config).await;
    assert_eq!(planned.get("size"), Dynamic::from(11));
    assert_eq!(planned.get("id"), "id-a".into());
    assert_eq!(planned.get("version"), Dynamic::Unknown);
    assert_eq!(planned.get("settings.level"), Dynamic::from(1));
    assert_eq!(planned.get("settings.digest"), Dynamic::Unknown);
    assert!(planned.replace.is_empty());
    let stored = applied(&harness, Some(&stored), &config).await;
    assert_eq!(stored.get("version"), Dynamic::from(2));
    // A setting that is taken out goes back to its default.
    let stored = applied(&harness, Some(&stored), &json!({ "name": "a" })).await;
    assert_eq!(stored.get("size"), Dynamic::from(10));
    assert_eq!(stored.get("settings"), Dynamic::Null);
}

#[tokio::test]
async fn drift_is_seen_and_repaired() {
    let harness = harness().await;
    let config = json!({ "name": "a" });
    let stored = applied(&harness, None, &config).await;
    let ctx = harness.server().test_ctx();
    sample::tamper(
        "id-a",
        |thing| thing.size = 77.into(),
        ctx.provider().unwrap(),
    );
    let read = harness.read("sample_thing", &stored).await.stored.unwrap();
    let planned = harness.plan("sample_thing", Some(&read), &config).await;
    assert!(!planned.is_no_op());
    assert_eq!(planned.get("size"), Dynamic::from(10));
    let stored = applied(&harness, Some(&read), &config).await;
    assert_eq!(stored.get("size"), Dynamic::from(10));
}

#[tokio::test]
async fn replacement() {
    let harness = harness().await;
    let stored = applied(&harness, None, &json!({ "name": "a" })).await;
    let config = json!({ "name": "b" });
    let planned = harness.plan("sample_thing", Some(&stored), &config).await;
    assert_eq!(planned.replace, ["name"]);
    let stored = applied(&harness, Some(&stored), &config).await;
    assert_eq!(stored.get("id"), "id-b".into());
    assert_eq!(stored.get("version"), Dynamic::from(1));

    let unknown = harness
        .plan(
            "sample_thing",
            Some(&stored),
            &json!({ "name": "<unknown>" }),
        )
        .await;
    assert!(unknown.diags.is_empty(), "{}", render(&unknown.diags));
    assert_eq!(unknown.replace, ["name"]);
}

#[tokio::test]
async fn nested_and_asked_replacement() {
    let harness = harness().await;
    let first = json!({ "name": "no-shrink", "size": 20, "settings": { "key": "a" } });
    let stored = applied(&harness, None, &first).await;
    let grown = json!({ "name": "no-shrink", "size": 21, "settings": { "key": "a" } });
    let planned = harness.plan("sample_thing", Some(&stored), &grown).await;
    assert!(planned.replace.is_empty());
    // The resource asks for `size` and `tags`; only what differs counts.
    let shrunk = json!({ "name": "no-shrink", "size": 19, "settings": { "key": "b" } });
    let planned = harness.plan("sample_thing", Some(&stored), &shrunk).await;
    assert_eq!(planned.replace, ["settings.key", "size"]);
}

#[tokio::test]
async fn destroy_and_protection() {
    let harness = harness().await;
    let stored = applied(&harness, None, &json!({ "name": "a" })).await;
    let outcome = harness.destroy("sample_thing", &stored).await;
    assert!(outcome.diags.is_empty(), "{}", render(&outcome.diags));
    assert_eq!(outcome.stored, None);

    let stored = applied(&harness, None, &json!({ "name": "protected" })).await;
    let planned = harness.plan_destroy("sample_thing", &stored).await;
    assert_eq!(
        render(&planned.diags),
        "error: Deletion protection: It is protected."
    );

    let stored = applied(&harness, None, &json!({ "name": "undeletable" })).await;
    let outcome = harness.destroy("sample_thing", &stored).await;
    assert!(outcome.diags.has_errors());
    assert_eq!(outcome.stored.unwrap().state, stored.state);
}

#[tokio::test]
async fn a_delete_knows_whether_a_create_follows() {
    let harness = harness().await;
    let ctx = harness.server().test_ctx();
    let cloud = ctx.provider().unwrap();
    let deletes = || std::mem::take(&mut *cloud.deletes.lock().unwrap());

    let stored = applied(&harness, None, &json!({ "name": "a" })).await;
    harness.destroy("sample_thing", &stored).await;
    assert_eq!(deletes(), [false]);
    let stored = applied(&harness, None, &json!({ "name": "a" })).await;
    let stored = applied(&harness, Some(&stored), &json!({ "name": "b" })).await;
    assert_eq!(deletes(), [true]);
    let config = json!({ "name": "b" });
    let outcome = harness
        .apply_tainted("sample_thing", &stored, &config)
        .await;
    assert!(outcome.diags.is_empty(), "{}", render(&outcome.diags));
    assert_eq!(deletes(), [true]);

    // A destroy that was refused leaves its mark behind, which must say nothing about the next change.
    let mut stored = outcome.stored.unwrap();
    stored.private = harness.plan_destroy("sample_thing", &stored).await.private;
    let read = harness.read("sample_thing", &stored).await.stored.unwrap();
    assert!(Private::from_bytes(&read.private) == Private::from_bytes(&outcome_private(&stored)));
    applied(&harness, Some(&stored), &json!({ "name": "c" })).await;
    assert_eq!(deletes(), [true]);
}

/// The private values without the framework's own.
fn outcome_private(stored: &crate::testing::Stored) -> Vec<u8> {
    let mut private = Private::from_bytes(&stored.private);
    assert!(private.take_destroy());
    private.to_bytes()
}

#[tokio::test]
async fn gone_and_import() {
    let harness = harness().await;
    let config = json!({ "name": "a", "zones": ["q"] });
    let stored = applied(&harness, None, &config).await;
    let imported = harness.import("sample_thing", "id-a").await;
    assert!(imported.diags.is_empty(), "{}", render(&imported.diags));
    let imported = imported.stored.unwrap();
    assert_eq!(imported.state, stored.state);
    let planned = harness.plan("sample_thing", Some(&imported), &config).await;
    assert!(planned.is_no_op(), "{planned:#?}");

    let nothing = harness.import("sample_thing", "nothing").await;
    assert_eq!(
        render(&nothing.diags),
        "error: Nothing to import: There is no `sample_thing` with the id `nothing`."
    );
    harness.destroy("sample_thing", &stored).await;
    assert_eq!(harness.read("sample_thing", &stored).await.stored, None);
}
