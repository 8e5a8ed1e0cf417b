//! What the tests of the guard layer share: a schema with one of each, values from JSON, a provider.

use std::sync::Mutex;

use tonic::{Request, Response, Status};

use crate::dynamic::Dynamic;
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::provider_server::Provider;
use crate::schema::Block;

/// A value from JSON, `"?"` being unknown.
pub(crate) fn value(json: &str) -> Dynamic {
    fn mend(value: &mut Dynamic) {
        match value {
            Dynamic::String(text) if text == "?" => *value = Dynamic::Unknown,
            Dynamic::List(items) => items.iter_mut().for_each(mend),
            Dynamic::Map(items) => items.values_mut().for_each(mend),
            _ => {}
        }
    }
    let mut value = Dynamic::from_json(json.as_bytes()).unwrap();
    mend(&mut value);
    value
}

fn attribute(name: &str, ty: &str) -> pb::schema::Attribute {
    pb::schema::Attribute {
        name: name.to_owned(),
        r#type: ty.as_bytes().to_vec(),
        optional: true,
        computed: true,
        ..Default::default()
    }
}

/// The schema in its wire form.
pub(crate) fn proto_schema() -> pb::Schema {
    use pb::schema::nested_block::NestingMode;
    let mut id = attribute("id", "\"string\"");
    id.optional = false;
    let mut password = attribute("password", "\"string\"");
    password.sensitive = true;
    let mut write_only = attribute("write_only", "\"string\"");
    write_only.write_only = true;
    let mut token = attribute("token", "\"string\"");
    token.sensitive = true;
    let mut since = attribute("since", "\"string\"");
    since.optional = false;
    let user = pb::schema::Attribute {
        name: "user".to_owned(),
        optional: true,
        nested_type: Some(pb::schema::Object {
            attributes: vec![attribute("arn", "\"string\""), token, since],
            nesting: pb::schema::object::NestingMode::List.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let grant = pb::schema::NestedBlock {
        type_name: "grant".to_owned(),
        block: Some(pb::schema::Block {
            attributes: vec![
                attribute("who", "\"string\""),
                attribute("how", "\"string\""),
            ],
            ..Default::default()
        }),
        nesting: NestingMode::Set.into(),
        ..Default::default()
    };
    let attributes = vec![
        id,
        attribute("name", "\"string\""),
        attribute("policy", "\"string\""),
        attribute("tags", r#"["map","string"]"#),
        attribute(
            "rules",
            r#"["list",["object",{"port":"number","note":"string"}]]"#,
        ),
        password,
        write_only,
        user,
    ];
    let block = pb::schema::Block {
        attributes,
        block_types: vec![grant],
        ..Default::default()
    };
    pb::Schema {
        version: 0,
        block: Some(block),
    }
}

/// The schema as the layer reads it.
pub(crate) fn schema() -> Block {
    Block::from_proto(proto_schema().block.as_ref().unwrap()).unwrap()
}

/// A value on the wire.
pub(crate) fn wire(json: &str) -> Option<pb::DynamicValue> {
    Some(pb::DynamicValue {
        msgpack: value(json).to_msgpack(),
        json: Vec::new(),
    })
}

/// A provider that plans what is proposed, makes what is planned, and counts what it made.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) applied: Mutex<Vec<String>>,
    pub(crate) requires_replace: Vec<pb::AttributePath>,
    /// What the next apply makes, in place of what is planned.
    pub(crate) makes: Mutex<Option<pb::DynamicValue>>,
}

macro_rules! rest {
    ($($method:ident),* $(,)?) => {
        #[tonic::async_trait]
        impl Provider for Fake {
            async fn get_provider_schema(
                &self,
                _: Request<pb::get_provider_schema::Request>,
            ) -> Result<Response<pb::get_provider_schema::Response>, Status> {
                Ok(Response::new(pb::get_provider_schema::Response {
                    provider: Some(proto_schema()),
                    resource_schemas: [("fake_thing".to_owned(), proto_schema())].into(),
                    ..Default::default()
                }))
            }

            async fn plan_resource_change(
                &self,
                request: Request<pb::plan_resource_change::Request>,
            ) -> Result<Response<pb::plan_resource_change::Response>, Status> {
                Ok(Response::new(pb::plan_resource_change::Response {
                    planned_state: request.into_inner().proposed_new_state,
                    requires_replace: self.requires_replace.clone(),
                    ..Default::default()
                }))
            }

            async fn apply_resource_change(
                &self,
                request: Request<pb::apply_resource_change::Request>,
            ) -> Result<Response<pb::apply_resource_change::Response>, Status> {
                let request = request.into_inner();
                self.applied.lock().unwrap().push(request.type_name);
                Ok(Response::new(pb::apply_resource_change::Response {
                    new_state: self.makes.lock().unwrap().take().or(request.planned_state),
                    private: b"made".to_vec(),
                    ..Default::default()
                }))
            }

            $(async fn $method(
                &self,
                _: Request<pb::$method::Request>,
            ) -> Result<Response<pb::$method::Response>, Status> {
                Ok(Response::new(Default::default()))
            })*
        }
    };
}

rest! {
    get_metadata, get_resource_identity_schemas, validate_provider_config, validate_resource_config,
    validate_data_resource_config, upgrade_resource_state, upgrade_resource_identity, configure_provider,
    read_resource, import_resource_state, move_resource_state, read_data_source,
    validate_ephemeral_resource_config, open_ephemeral_resource, renew_ephemeral_resource,
    close_ephemeral_resource, get_functions, call_function, stop_provider,
}
