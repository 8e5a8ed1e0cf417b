//! Configurations that are wrong.

use serde_json::{Value, json};

use super::harness;
use crate::path::Path;
use crate::prelude::{Convert, Dynamic};
use crate::testing::{Harness, render, value};

async fn verdict(config: Value) -> String {
    render(&harness().await.validate("sample_thing", &config).await)
}

#[tokio::test]
async fn missing_and_unexpected() {
    assert_eq!(
        verdict(json!({})).await,
        "error at name: Missing required argument: The argument `name` is required, but it is not set."
    );
    assert_eq!(
        verdict(json!({ "name": "a", "nome": "b" })).await,
        "error: Unsupported argument: `nome` is not expected here: remove it, or look for a typing error."
    );
    assert_eq!(
        verdict(json!({ "name": "a", "id": "b" })).await,
        "error at id: Value for a read-only attribute: The provider itself sets `id`: remove it from the \
         configuration."
    );
    assert_eq!(
        verdict(json!({ "name": "a", "rules": [{}] })).await,
        "error at rules[0].port: Missing required argument: The argument `rules[0].port` is required, but \
         it is not set."
    );
    assert_eq!(
        verdict(json!({ "name": "a", "exception": [{ "code": "A" }, {}] })).await,
        "error at exception[1].code: Missing required argument: The argument `exception[1].code` is \
         required, but it is not set."
    );
}

#[tokio::test]
async fn wrong_types() {
    for (config, expected) in [
        (
            json!({ "name": 5 }),
            "error at name: Incorrect attribute value type: `name` expects a string, but this is a number.",
        ),
        (
            json!({ "name": "a", "size": "big" }),
            "error at size: Incorrect attribute value type: `size` expects a whole number, but this is a string.",
        ),
        (
            json!({ "name": "a", "size": 1.5 }),
            "error at size: Incorrect attribute value type: `size` expects a whole number of at most 64 bits.",
        ),
        (
            json!({ "name": "a", "size": 1e30 }),
            "error at size: Incorrect attribute value type: `size` expects a whole number of at most 64 bits.",
        ),
        (
            json!({ "name": "a", "tags": ["x"] }),
            "error at tags: Incorrect attribute value type: `tags` expects a map, but this is a list.",
        ),
        (
            json!({ "name": "a", "tags": { "k": true } }),
            "error at tags[\"k\"]: Incorrect attribute value type: `tags[\"k\"]` expects a string, but this is a bool.",
        ),
        (
            json!({ "name": "a", "zones": [true] }),
            "error at zones: Incorrect attribute value type: `zones[0]` expects a string, but this is a bool.",
        ),
        (
            json!({ "name": "a", "settings": "x" }),
            "error at settings: Incorrect attribute value type: `settings` expects an object, but this is a string.",
        ),
        (
            json!({ "name": "a", "rules": { "port": 1 } }),
            "error at rules: Incorrect attribute value type: `rules` expects a list of objects, but this is an object or map.",
        ),
        (
            json!({ "name": "a", "named": [] }),
            "error at named: Incorrect attribute value type: `named` expects a map of objects, but this is a list.",
        ),
        (
            json!({ "name": "a", "exception": "x" }),
            "error at exception: Incorrect attribute value type: `exception` expects a list of objects, but this is a string.",
        ),
    ] {
        assert_eq!(verdict(config.clone()).await, expected, "{config}");
    }
}

#[tokio::test]
async fn values_and_counts() {
    for (config, expected) in [
        (
            json!({ "name": "" }),
            "error at name: Invalid value for `name`: `` has 0 characters: expected 1 to 20",
        ),
        (
            json!({ "name": "a", "size": 101 }),
            "error at size: Invalid value for `size`: `101` is not a whole number from 1 to 100",
        ),
        (
            json!({ "name": "a", "rules": [{ "port": 1 }, { "port": 70000 }] }),
            "error at rules[1].port: Invalid value for `rules[1].port`: `70000` is not a whole number from 0 to 65535",
        ),
        (
            json!({ "name": "a", "labels": [{ "key": "too long" }] }),
            "error at labels: Invalid value for `labels[0].key`: `too long` has 8 characters: expected 1 to 5",
        ),
        (
            json!({ "name": "a", "exception": [{ "code": "A", "expires": "soon" }] }),
            "error at exception[0].expires: Invalid value for `exception[0].expires`: `soon` is not a time: expected RFC 3339, such as `2026-12-31T00:00:00Z`",
        ),
        (
            json!({ "name": "a", "exception": [{ "code": "A" }, { "code": "B" }, { "code": "C" }] }),
            "error at exception: Too many blocks: At most 2 `exception` blocks are allowed, but there are 3.",
        ),
        (
            json!({ "name": "a", "timeouts": { "create": "soon" } }),
            "error at timeouts.create: Invalid value for `timeouts.create`: `soon` is not a duration: expected numbers with units, such as `30m` or `1h30m`",
        ),
        (
            json!({ "name": "a", "old": true }),
            "warning at old: Deprecated argument: Use `size`.",
        ),
        (
            json!({ "name": "a", "size": 13 }),
            "error at size: Unlucky size: Size 13 needs a token.",
        ),
    ] {
        assert_eq!(verdict(config.clone()).await, expected, "{config}");
    }
    assert!(
        verdict(json!({ "name": "panic-validate" }))
            .await
            .contains("Internal error in sample_thing")
    );
}

#[tokio::test]
async fn a_sensitive_value_is_not_repeated() {
    let text = verdict(json!({ "name": "a", "token": "hunter2" })).await;
    assert_eq!(
        text,
        "error at token: Invalid value for `token`: the sensitive value is not one of `good`, `better`"
    );
}

#[tokio::test]
async fn all_faults_at_once() {
    let text = verdict(json!({ "size": 101, "token": "bad", "rules": [{ "port": -1 }] })).await;
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[tokio::test]
async fn unknown_is_never_an_error() {
    let config = json!({
        "name": "<unknown>", "size": "<unknown>", "token": "<unknown>", "zones": ["<unknown>"],
        "tags": { "a": "<unknown>" }, "rules": [{ "port": "<unknown>" }], "labels": ["<unknown>"],
        "exception": "<unknown>", "origin": "<unknown>", "timeouts": { "create": "<unknown>" },
    });
    assert_eq!(verdict(config).await, "");
}

#[tokio::test]
async fn write_only_needs_a_client_that_knows_it() {
    use crate::wire;
    use gabion_plugin::proto::tfplugin6::{
        provider_server::Provider as _, validate_resource_config,
    };
    let harness = harness().await;
    let request = validate_resource_config::Request {
        type_name: "sample_thing".to_owned(),
        config: wire::encode(&value(&json!({ "name": "a", "password": "x" }))),
        client_capabilities: None,
    };
    let answer = harness
        .server()
        .validate_resource_config(tonic::Request::new(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.diagnostics.len(), 1);
    assert_eq!(
        answer.diagnostics[0].summary,
        "Write-only argument not supported"
    );
}

#[tokio::test]
async fn provider_configuration() {
    let harness = Harness::new(super::sample::Sample);
    assert_eq!(
        render(&harness.configure(&json!({})).await),
        "error at endpoint: Missing required argument: The argument `endpoint` is required, but it is not set."
    );
    assert_eq!(
        render(&harness.configure(&json!({ "endpoint": "nowhere" })).await),
        "error at endpoint: No such endpoint: It is nowhere."
    );
    assert!(
        harness
            .configure(&json!({ "endpoint": "<unknown>" }))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn unknown_types_and_broken_bytes() {
    use gabion_plugin::proto::tfplugin6::{
        DynamicValue, provider_server::Provider as _, validate_resource_config,
    };
    let harness = harness().await;
    assert_eq!(
        render(&harness.validate("sample_nothing", &json!({})).await),
        "error: Unknown resource type: This provider has no resource type `sample_nothing`."
    );
    let request = validate_resource_config::Request {
        type_name: "sample_thing".to_owned(),
        config: Some(DynamicValue {
            msgpack: vec![0x81, 0xa1],
            json: Vec::new(),
        }),
        client_capabilities: None,
    };
    let answer = harness
        .server()
        .validate_resource_config(tonic::Request::new(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Unreadable message");
}

#[test]
fn conversion_errors_name_the_path() {
    use super::sample::ThingModel;
    let read = |json: Value| {
        ThingModel::from_dynamic(value(&json), &Path::empty())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        read(json!({ "size": "x" })),
        "`size`: expected a whole number, got a string"
    );
    assert_eq!(
        read(json!({ "rules": [{ "port": 1 }, { "port": true }] })),
        "`rules[1].port`: expected a whole number, got a bool"
    );
    assert_eq!(
        read(json!({ "tags": { "a": 1 } })),
        "`tags[\"a\"]`: expected a string, got a number"
    );
    assert_eq!(
        read(json!({ "more": 1 })),
        "`more`: the schema has this attribute, but the model has not"
    );
    assert_eq!(
        read(json!({ "origin": { "type": 1 } })),
        "`origin.type`: expected a string, got a number"
    );
    assert_eq!(read(json!([])), "expected an object, got a list");
    let model = ThingModel::from_dynamic(Dynamic::Unknown, &Path::empty()).unwrap();
    assert!(model.name.is_unknown() && model.exception[0].code.is_unknown());
    assert!(ThingModel::ATTRIBUTES.contains(&"timeouts"));
    assert_eq!(super::sample::Origin::ATTRIBUTES, ["type"]);
}
