//! Unknowns, nested values, sets, and resources that plan nonsense.

use serde_json::json;

use super::{applied, harness};
use crate::Dynamic;
use crate::testing::{Harness, render};

async fn plan(
    harness: &Harness<super::sample::Sample>,
    config: &serde_json::Value,
) -> crate::testing::Planned {
    harness.plan("sample_thing", None, config).await
}

#[tokio::test]
async fn unknowns_everywhere() {
    let harness = harness().await;
    let config = json!({
        "name": "<unknown>",
        "size": "<unknown>",
        "tags": { "a": "<unknown>", "b": "known" },
        "zones": ["<unknown>", "known"],
        "settings": "<unknown>",
        "rules": ["<unknown>", { "port": "<unknown>" }],
        "labels": ["<unknown>", { "key": "a" }],
        "named": { "one": "<unknown>", "two": { "color": "<unknown>" } },
        "exception": "<unknown>",
        "limit": "<unknown>",
        "origin": { "type": "<unknown>" },
        "timeouts": { "create": "<unknown>" },
    });
    let planned = plan(&harness, &config).await;
    assert!(planned.diags.is_empty(), "{}", render(&planned.diags));
    assert_eq!(planned.get("zones").get("x"), None);
    let Dynamic::List(zones) = planned.get("zones") else {
        panic!("the known element is kept");
    };
    assert!(zones.contains(&"known".into()) && zones.contains(&Dynamic::Unknown));
    assert_eq!(planned.get("tags.b"), "known".into());
    assert_eq!(planned.get("settings"), Dynamic::Unknown);
    assert_eq!(planned.get("rules.0"), Dynamic::Unknown);
    assert_eq!(planned.get("rules.1.protocol"), "tcp".into());
    assert_eq!(planned.get("named.one"), Dynamic::Unknown);
    assert_eq!(planned.get("exception"), Dynamic::Unknown);
    assert_eq!(planned.get("limit"), Dynamic::Unknown);
}

#[tokio::test]
async fn whole_collections_unknown() {
    let harness = harness().await;
    let config = json!({
        "name": "a", "tags": "<unknown>", "zones": "<unknown>", "rules": "<unknown>",
        "labels": "<unknown>", "named": "<unknown>", "origin": "<unknown>",
        "exception": ["<unknown>", { "code": "<unknown>" }],
    });
    let planned = plan(&harness, &config).await;
    assert!(planned.diags.is_empty(), "{}", render(&planned.diags));
    for name in ["tags", "zones", "rules", "labels", "named", "origin"] {
        assert_eq!(planned.get(name), Dynamic::Unknown, "{name}");
    }
}

#[tokio::test]
async fn elements_of_a_set_that_become_equal_by_their_defaults() {
    let harness = harness().await;
    let config =
        json!({ "name": "a", "limit": ["<unknown>", { "name": "c" }, { "name": "c", "max": 5 }] });
    let planned = plan(&harness, &config).await;
    assert!(planned.diags.is_empty(), "{}", render(&planned.diags));
}

#[tokio::test]
async fn no_phantom_changes_in_nested_values() {
    let harness = harness().await;
    let config = |protocol: &str| {
        json!({
            "name": "a",
            "rules": [{ "port": 1 }, { "port": 2, "protocol": protocol }],
            "labels": [{ "key": "a" }, { "key": "b", "value": "v" }],
        })
    };
    let stored = applied(&harness, None, &config("udp")).await;
    let planned = harness
        .plan("sample_thing", Some(&stored), &config("sctp"))
        .await;
    assert!(planned.diags.is_empty(), "{}", render(&planned.diags));
    assert_eq!(planned.get("rules.0"), stored.get("rules.0"));
    assert_eq!(planned.get("rules.1.id"), "rule-1".into());
    assert_eq!(planned.get("labels"), stored.get("labels"));

    // Elements of a set are recognised wherever they stand; a changed one is a new one.
    let other = json!({
        "name": "a",
        "rules": [{ "port": 1 }, { "port": 2, "protocol": "udp" }],
        "labels": [{ "key": "b", "value": "w" }, { "key": "a" }],
    });
    let planned = harness.plan("sample_thing", Some(&stored), &other).await;
    assert!(planned.diags.is_empty(), "{}", render(&planned.diags));
    let Dynamic::List(labels) = planned.get("labels") else {
        panic!("a set");
    };
    let of = |key: &str| {
        labels
            .iter()
            .find(|label| label.get("key") == Some(&key.into()))
    };
    assert_eq!(of("a").unwrap().get("id"), Some(&"label-a".into()));
    assert_eq!(of("b").unwrap().get("id"), Some(&Dynamic::Unknown));
    applied(&harness, Some(&stored), &other).await;
}

#[tokio::test]
async fn the_order_of_a_set_is_no_change() {
    let harness = harness().await;
    let config =
        json!({ "name": "a", "zones": ["x", "y"], "limit": [{ "name": "p" }, { "name": "q" }] });
    let stored = applied(&harness, None, &config).await;
    let turned = json!({ "name": "a", "zones": ["y", "x"], "limit": [{ "name": "q" }, { "name": "p", "max": 5 }] });
    let planned = harness.plan("sample_thing", Some(&stored), &turned).await;
    assert!(planned.is_no_op(), "{planned:#?}");
}

#[tokio::test]
async fn blocks_come_and_go() {
    let harness = harness().await;
    let none = json!({ "name": "a" });
    let two = json!({ "name": "a", "exception": [{ "code": "X" }, { "code": "Y" }], "origin": { "type": "t" } });
    let stored = applied(&harness, None, &none).await;
    let stored = applied(&harness, Some(&stored), &two).await;
    let one = json!({ "name": "a", "exception": [{ "code": "Y" }] });
    let stored = applied(&harness, Some(&stored), &one).await;
    assert_eq!(stored.get("exception.0.code"), "Y".into());
    assert_eq!(stored.get("origin"), Dynamic::Null);
    applied(&harness, Some(&stored), &none).await;
}

#[tokio::test]
async fn write_only_changes_nothing_by_itself() {
    let harness = harness().await;
    let stored = applied(&harness, None, &json!({ "name": "a", "password": "one" })).await;
    let planned = harness
        .plan(
            "sample_thing",
            Some(&stored),
            &json!({ "name": "a", "password": "two" }),
        )
        .await;
    assert!(planned.is_no_op());
}

#[tokio::test]
async fn resources_that_plan_nonsense_are_named() {
    let harness = harness().await;
    let bad = plan(&harness, &json!({ "name": "bad-plan", "size": 5 })).await;
    assert_eq!(
        render(&bad.diags),
        "error at size: Invalid plan: `size` is planned as something else than configured. This is a \
         fault of the provider: please report it."
    );
    // The same attribute left null in the configuration may be planned freely.
    let fine = plan(&harness, &json!({ "name": "bad-plan" })).await;
    assert!(fine.diags.is_empty(), "{}", render(&fine.diags));
    assert_eq!(fine.get("size"), Dynamic::from(99));

    let bad = plan(
        &harness,
        &json!({ "name": "bad-count", "exception": [{ "code": "X" }] }),
    )
    .await;
    assert!(
        render(&bad.diags).contains("`exception` is planned with another number of elements"),
        "{}",
        render(&bad.diags)
    );
    let bad = plan(&harness, &json!({ "name": "wrong-model" })).await;
    assert!(
        render(&bad.diags)
            .contains("error at old: Invalid plan: `old` is not configured and not computed"),
        "{}",
        render(&bad.diags)
    );
    let bad = plan(&harness, &json!({ "name": "panic-plan" })).await;
    assert!(
        render(&bad.diags).starts_with("error: Internal error in sample_thing: The plan operation"),
        "{}",
        render(&bad.diags)
    );
}
