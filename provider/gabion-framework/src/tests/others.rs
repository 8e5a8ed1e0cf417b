//! Schemas, upgrades, moves, identities, data sources, functions, ephemeral resources.

use gabion_plugin::proto::tfplugin6 as pb;
use pb::provider_server::Provider as _;
use serde_json::{Value, json};
use tonic::Request;

use super::{applied, harness, sample};
use crate::Dynamic;
use crate::prelude::*;
use crate::testing::{Harness, get, render, value};
use crate::wire;

#[tokio::test]
async fn schema_on_the_wire() {
    let harness = harness().await;
    assert_eq!(harness.server().faults(), Vec::<String>::new());
    let answer = harness
        .server()
        .get_provider_schema(Request::new(pb::get_provider_schema::Request {}))
        .await
        .unwrap()
        .into_inner();
    assert!(answer.diagnostics.is_empty());
    let capabilities = answer.server_capabilities.unwrap();
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
    let thing = &answer.resource_schemas["sample_thing"];
    assert_eq!(thing.version, 2);
    let block = thing.block.as_ref().unwrap();
    let attribute = |name: &str| block.attributes.iter().find(|a| a.name == name).unwrap();
    assert_eq!(attribute("zones").r#type, br#"["set","string"]"#);
    assert!(attribute("size").optional && attribute("size").computed);
    assert!(attribute("password").write_only && attribute("password").sensitive);
    let rules = attribute("rules");
    assert!(rules.r#type.is_empty());
    assert_eq!(rules.nested_type.as_ref().unwrap().attributes.len(), 3);
    let exception = block
        .block_types
        .iter()
        .find(|b| b.type_name == "exception")
        .unwrap();
    assert_eq!(exception.max_items, 2);
    let returns = answer.functions["repeat"].r#return.clone().unwrap();
    let returns: Value = serde_json::from_slice(&returns.r#type).unwrap();
    assert_eq!(
        returns,
        json!(["object", { "text": "string", "length": "number" }])
    );
    let metadata = harness
        .server()
        .get_metadata(Request::new(pb::get_metadata::Request {}))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(metadata.resources[0].type_name, "sample_thing");
    assert_eq!(metadata.ephemeral_resources[0].type_name, "sample_ticket");
}

async fn upgrade(version: i64, raw: Value) -> (Dynamic, String) {
    let request = pb::upgrade_resource_state::Request {
        type_name: "sample_thing".to_owned(),
        version,
        raw_state: Some(pb::RawState {
            json: raw.to_string().into_bytes(),
            ..Default::default()
        }),
    };
    let harness = harness().await;
    let answer = harness
        .server()
        .upgrade_resource_state(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    let text: Vec<String> = answer
        .diagnostics
        .iter()
        .map(|d| format!("{}: {}", d.summary, d.detail))
        .collect();
    let state = wire::decode(answer.upgraded_state.as_ref(), "a state").unwrap();
    (state, text.join("\n"))
}

#[tokio::test]
async fn upgrades() {
    let (state, diags) = upgrade(2, json!({ "name": "a", "size": 5, "from_the_future": 1 })).await;
    assert_eq!(diags, "");
    assert_eq!(get(&state, "size"), Dynamic::from(5));
    assert_eq!(get(&state, "exception"), Dynamic::List(Vec::new()));
    assert_eq!(state.get("from_the_future"), None);
    assert_eq!(state.get("tags"), Some(&Dynamic::Null));

    let (state, diags) = upgrade(1, json!({ "title": "a" })).await;
    assert_eq!((get(&state, "name"), diags.as_str()), ("a".into(), ""));

    let (_, diags) = upgrade(0, json!({})).await;
    assert_eq!(diags, "Too old: Version 0 was never released.");
    let (_, diags) = upgrade(3, json!({})).await;
    assert!(diags.starts_with(
        "State of a newer provider: The state of this `sample_thing` has schema version 3"
    ));
    let (_, diags) = upgrade(2, json!({ "name": ["a"] })).await;
    assert!(
        diags.contains("`name`: expected a string, got a list"),
        "{diags}"
    );
}

#[tokio::test]
async fn moves() {
    let harness = harness().await;
    let move_from = async |type_name: &str, state: Value| {
        let request = pb::move_resource_state::Request {
            source_provider_address: "registry.terraform.io/other/other".to_owned(),
            source_type_name: type_name.to_owned(),
            source_state: Some(pb::RawState {
                json: state.to_string().into_bytes(),
                ..Default::default()
            }),
            target_type_name: "sample_thing".to_owned(),
            ..Default::default()
        };
        let answer = harness
            .server()
            .move_resource_state(Request::new(request))
            .await;
        answer.unwrap().into_inner()
    };
    let answer = move_from("other_thing", json!({ "label": "a" })).await;
    assert!(answer.diagnostics.is_empty());
    let state = wire::decode(answer.target_state.as_ref(), "a state").unwrap();
    assert_eq!(get(&state, "id"), "id-a".into());
    assert!(answer.target_identity.is_some());
    let answer = move_from("other_thing", json!({})).await;
    assert_eq!(answer.diagnostics[0].summary, "No label");
    let answer = move_from("strange_thing", json!({})).await;
    assert_eq!(answer.diagnostics[0].summary, "Move is not supported");
}

#[tokio::test]
async fn identities() {
    let harness = harness().await;
    applied(&harness, None, &json!({ "name": "a" })).await;
    let schemas = harness
        .server()
        .get_resource_identity_schemas(Request::new(pb::get_resource_identity_schemas::Request {}))
        .await
        .unwrap()
        .into_inner();
    assert!(schemas.diagnostics.is_empty());
    assert!(schemas.identity_schemas["sample_thing"].identity_attributes[0].required_for_import);
    let identity = pb::ResourceIdentityData {
        identity_data: wire::encode(&value(&json!({ "id": "id-a" }))),
    };
    let request = pb::import_resource_state::Request {
        type_name: "sample_thing".to_owned(),
        identity: Some(identity.clone()),
        ..Default::default()
    };
    let answer = harness
        .server()
        .import_resource_state(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    assert!(answer.diagnostics.is_empty());
    let request = pb::read_resource::Request {
        type_name: "sample_thing".to_owned(),
        current_state: answer.imported_resources[0].state.clone(),
        ..Default::default()
    };
    let answer = harness
        .server()
        .read_resource(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.new_identity, Some(identity));
    let request = pb::upgrade_resource_identity::Request {
        type_name: "sample_thing".to_owned(),
        version: 0,
        raw_identity: Some(pb::RawState {
            json: br#"{"id":"id-a"}"#.to_vec(),
            ..Default::default()
        }),
    };
    let answer = harness
        .server()
        .upgrade_resource_identity(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    assert!(answer.upgraded_identity.is_some());
}

#[tokio::test]
async fn data_sources() {
    let harness = harness().await;
    applied(&harness, None, &json!({ "name": "a" })).await;
    let outcome = harness
        .data("sample_count", &json!({ "prefix": "id-" }))
        .await;
    assert_eq!(
        render(&outcome.diags),
        "warning: Slow: Counting takes long."
    );
    let stored = outcome.stored.unwrap();
    assert_eq!(stored.get("count_of"), Dynamic::from(1));
    assert_eq!(stored.get("endpoint"), "local".into());
    let outcome = harness.data("sample_count", &json!({})).await;
    assert!(render(&outcome.diags).contains("`prefix` is required"));
    let outcome = harness
        .data("sample_count", &json!({ "prefix": "panic" }))
        .await;
    assert!(render(&outcome.diags).contains("Internal error in sample_count"));
    let outcome = harness.data("sample_nothing", &json!({})).await;
    assert!(render(&outcome.diags).contains("has no data source `sample_nothing`"));
}

#[tokio::test]
async fn functions() {
    let harness = harness().await;
    let answer = harness
        .call("repeat", &[json!(2), json!("a"), json!("b")])
        .await
        .unwrap();
    assert_eq!(answer, value(&json!({ "text": "abab", "length": 4 })));
    let error = |argument: Option<i64>, text: &str| Err((argument, text.to_owned()));
    assert_eq!(
        harness.call("repeat", &[json!(-1)]).await,
        error(Some(0), "`times` must not be negative")
    );
    assert_eq!(
        harness
            .call("repeat", &[json!(1), json!("a"), json!(["b"])])
            .await,
        error(Some(2), "`parts`: expected a string, got a list")
    );
    assert_eq!(
        harness.call("repeat", &[json!(1), json!(null)]).await,
        error(Some(1), "`parts` must not be null")
    );
    assert_eq!(
        harness.call("repeat", &[]).await,
        error(None, "expected 1 arguments, got 0")
    );
    assert_eq!(
        harness.call("repeat", &[json!(5000)]).await,
        error(
            None,
            "`repeat` broke off; this is a fault of the provider: please report it"
        )
    );
    assert_eq!(
        harness.call("nothing", &[]).await,
        error(None, "this provider has no function `nothing`")
    );
    assert_eq!(
        harness.call("repeat", &[json!("<unknown>")]).await,
        Ok(Dynamic::Unknown)
    );
}

#[tokio::test]
async fn ephemeral_resources() {
    let harness = harness().await;
    let server = harness.server();
    let validate = pb::validate_ephemeral_resource_config::Request {
        type_name: "sample_ticket".to_owned(),
        config: wire::encode(&value(&json!({ "role": "far too long" }))),
    };
    let answer = server
        .validate_ephemeral_resource_config(Request::new(validate))
        .await
        .unwrap()
        .into_inner();
    assert!(answer.diagnostics[0].detail.contains("has 12 characters"));

    let open = pb::open_ephemeral_resource::Request {
        type_name: "sample_ticket".to_owned(),
        config: wire::encode(&value(&json!({ "role": "reader", "ticket": null }))),
        client_capabilities: None,
    };
    let opened = server
        .open_ephemeral_resource(Request::new(open.clone()))
        .await
        .unwrap()
        .into_inner();
    assert!(opened.diagnostics.is_empty());
    let result = wire::decode(opened.result.as_ref(), "a result").unwrap();
    assert_eq!(
        result,
        value(&json!({ "role": "reader", "ticket": "1234" }))
    );
    assert_eq!(opened.renew_at.unwrap().seconds, 1000);

    let renew = |private| pb::renew_ephemeral_resource::Request {
        type_name: "sample_ticket".to_owned(),
        private,
    };
    let renewed = server
        .renew_ephemeral_resource(Request::new(renew(opened.private)))
        .await
        .unwrap()
        .into_inner();
    assert!(renewed.diagnostics.is_empty());
    let again = server
        .renew_ephemeral_resource(Request::new(renew(renewed.private.clone())))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.diagnostics[0].summary, "Enough");
    let close = pb::close_ephemeral_resource::Request {
        type_name: "sample_ticket".to_owned(),
        private: again.private,
    };
    let closed = server
        .close_ephemeral_resource(Request::new(close))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(closed.diagnostics[0].detail, "Renewed 1 times.");

    let fresh = Harness::new(sample::Sample);
    let opened = fresh
        .server()
        .open_ephemeral_resource(Request::new(open))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        opened.diagnostics[0].summary,
        "The provider is not configured"
    );
}

crate::object! {
    #[derive(Clone, Default)]
    struct WrongModel {
        pub name: String,
        pub extra: Value2,
    }
}
type Value2 = crate::value::Value<i64>;

struct Wrong;

#[async_trait]
impl DataSource for Wrong {
    type Model = WrongModel;
    type Provider = ();
    fn type_name(&self) -> &'static str {
        "wrong_source"
    }
    fn schema(&self) -> Schema {
        Schema::new("Wrong.")
            .attribute(Attribute::string("name").required())
            .attribute(Attribute::string("count").default(5))
            .attribute(Attribute::string("Bad").write_only().computed())
    }
    async fn read(
        &self,
        _ctx: &Ctx<()>,
        config: WrongModel,
    ) -> Result<(WrongModel, Diagnostics), Diagnostics> {
        Ok((config, Diagnostics::new()))
    }
}

struct WrongProvider;

#[async_trait]
impl Provider for WrongProvider {
    type Config = ();
    type Configured = ();
    fn type_prefix(&self) -> &'static str {
        "sample"
    }
    fn schema(&self) -> Schema {
        Schema::default()
    }
    async fn configure(&self, _config: (), _version: &str) -> Result<(), Diagnostics> {
        Ok(())
    }
    fn data_sources(&self) -> Vec<Box<dyn crate::erased::DynDataSource<()>>> {
        vec![Box::new(Wrong), Box::new(Wrong)]
    }
}

#[test]
fn faults_of_a_provider_are_found() {
    let faults = Harness::new(WrongProvider).server().faults();
    for expected in [
        "the data source `wrong_source` is served twice",
        "`wrong_source`: Terraform keeps the name `count` for itself",
        "`wrong_source`: the default of `count`: expected a string, got a number",
        "`wrong_source`: `Bad` is not a good attribute name",
        "`wrong_source`: `Bad` is write-only and computed",
        "`wrong_source` does not begin with `sample_`",
        "`wrong_source`: `Bad`: the schema has this attribute, but the model has not",
        "`wrong_source`: where nothing is set: `name`: expected a string, got null",
        "`wrong_source`: where nothing is known: `name`: expected a string, got a value known only after apply",
    ] {
        assert!(
            faults.iter().any(|fault| fault == expected),
            "{expected}\n{faults:#?}"
        );
    }
}
