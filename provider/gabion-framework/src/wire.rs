//! Between the protocol's messages and the types of this crate.

use std::time::SystemTime;

use gabion_plugin::dynamic::Dynamic;
use gabion_plugin::proto::tfplugin6 as pb;
use pb::attribute_path::step::Selector;

use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::function::{FunctionDefinition, Parameter};
use crate::path::{Path, Step};
use crate::resource::IdentitySchema;
use crate::schema::{Attribute, AttributeKind, Block, Body, Nesting, Schema, Type};

/// Reads a value; a message without one is null.
pub(crate) fn decode(value: Option<&pb::DynamicValue>, what: &str) -> Result<Dynamic, Diagnostics> {
    let Some(value) = value else {
        return Ok(Dynamic::Null);
    };
    let decoded = if !value.msgpack.is_empty() {
        Dynamic::from_msgpack(&value.msgpack)
    } else if !value.json.is_empty() {
        Dynamic::from_json(&value.json)
    } else {
        return Ok(Dynamic::Null);
    };
    decoded.map_err(|error| {
        Diagnostics::from_error(
            "Unreadable message",
            format!("Terraform sent {what} that cannot be read: {error}."),
        )
    })
}

/// Reads a value of a schema.
pub(crate) fn decode_body(
    value: Option<&pb::DynamicValue>,
    what: &str,
    body: Body<'_>,
) -> Result<Dynamic, Diagnostics> {
    decode(value, what).map(|value| crate::numbers::in_body(body, value))
}

/// Writes a value.
pub(crate) fn encode(value: &Dynamic) -> Option<pb::DynamicValue> {
    Some(pb::DynamicValue {
        msgpack: value.to_msgpack(),
        json: Vec::new(),
    })
}

/// Writes messages; paths end where Terraform could not follow them.
pub(crate) fn diagnostics(diags: Diagnostics, body: Option<Body<'_>>) -> Vec<pb::Diagnostic> {
    diags
        .into_iter()
        .map(|diagnostic| diagnostic_of(diagnostic, body))
        .collect()
}

fn diagnostic_of(diagnostic: Diagnostic, body: Option<Body<'_>>) -> pb::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => pb::diagnostic::Severity::Error,
        Severity::Warning => pb::diagnostic::Severity::Warning,
    };
    let attribute = match (diagnostic.path, body) {
        (Some(path), Some(body)) => Some(attribute_path(&path, body)),
        _ => None,
    };
    pb::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
        attribute: attribute.filter(|path| !path.steps.is_empty()),
    }
}

/// What lies below a step of a path.
#[derive(Clone, Copy)]
enum Below<'a> {
    Body(Body<'a>),
    Nested(Nesting, Body<'a>),
    Plain(&'a Type),
}

/// A path as Terraform takes it: down to a set, as the protocol has no name for a set's elements.
pub(crate) fn attribute_path(path: &Path, body: Body<'_>) -> pb::AttributePath {
    let mut steps = Vec::new();
    let mut below = Below::Body(body);
    for step in path.steps() {
        let Some((selector, next)) = follow(step, below) else {
            break;
        };
        steps.push(pb::attribute_path::Step {
            selector: Some(selector),
        });
        below = next;
    }
    pb::AttributePath { steps }
}

fn follow<'a>(step: &Step, below: Below<'a>) -> Option<(Selector, Below<'a>)> {
    match (step, below) {
        (Step::Attribute(name), Below::Body(body) | Below::Nested(Nesting::Single, body)) => {
            let next = match (body.attribute(name), body.block(name)) {
                (Some(attribute), _) => match &attribute.kind {
                    AttributeKind::Plain(plain) => Below::Plain(plain),
                    AttributeKind::Nested(nesting, attributes) => {
                        Below::Nested(*nesting, Body::nested(attributes))
                    }
                },
                (None, Some(block)) => Below::Nested(block.nesting, block.body()),
                (None, None) => return None,
            };
            Some((Selector::AttributeName(name.clone()), next))
        }
        (Step::Attribute(name), Below::Plain(Type::Object(attributes))) => {
            let (_, next) = attributes.iter().find(|(other, _)| other == name)?;
            Some((Selector::AttributeName(name.clone()), Below::Plain(next)))
        }
        (Step::Index(index), Below::Nested(Nesting::List, body)) => {
            Some((element(*index)?, Below::Body(body)))
        }
        (Step::Index(index), Below::Plain(Type::List(next))) => {
            Some((element(*index)?, Below::Plain(next)))
        }
        (Step::Key(key) | Step::Attribute(key), Below::Nested(Nesting::Map, body)) => {
            Some((Selector::ElementKeyString(key.clone()), Below::Body(body)))
        }
        (Step::Key(key) | Step::Attribute(key), Below::Plain(Type::Map(next))) => {
            Some((Selector::ElementKeyString(key.clone()), Below::Plain(next)))
        }
        _ => None,
    }
}

fn element(index: usize) -> Option<Selector> {
    i64::try_from(index).ok().map(Selector::ElementKeyInt)
}

/// A type as the protocol writes it, in JSON.
pub(crate) fn type_bytes(plain: &Type) -> Vec<u8> {
    type_json(plain).to_string().into_bytes()
}

fn type_json(plain: &Type) -> serde_json::Value {
    use serde_json::{Map, Value, json};
    match plain {
        Type::String => json!("string"),
        Type::Bool => json!("bool"),
        Type::Int64 | Type::Number => json!("number"),
        Type::List(element) => json!(["list", type_json(element)]),
        Type::Set(element) => json!(["set", type_json(element)]),
        Type::Map(element) => json!(["map", type_json(element)]),
        Type::Object(attributes) => {
            let attributes: Map<String, Value> = attributes
                .iter()
                .map(|(name, element)| (name.clone(), type_json(element)))
                .collect();
            json!(["object", attributes])
        }
    }
}

const MARKDOWN: pb::StringKind = pb::StringKind::Markdown;

/// A whole schema.
pub(crate) fn schema(schema: &Schema) -> pb::Schema {
    pb::Schema {
        version: schema.version,
        block: Some(pb::schema::Block {
            version: schema.version,
            attributes: schema.attributes.iter().map(attribute).collect(),
            block_types: schema.blocks.iter().map(block).collect(),
            description: schema.description.clone(),
            description_kind: MARKDOWN.into(),
            deprecated: schema.deprecated.is_some(),
            deprecation_message: schema.deprecated.clone().unwrap_or_default(),
        }),
    }
}

fn attribute(attribute: &Attribute) -> pb::schema::Attribute {
    let (plain, nested) = match &attribute.kind {
        AttributeKind::Plain(plain) => (type_bytes(plain), None),
        AttributeKind::Nested(nesting, attributes) => {
            use pb::schema::object::NestingMode;
            let nesting = match nesting {
                Nesting::Single => NestingMode::Single,
                Nesting::List => NestingMode::List,
                Nesting::Set => NestingMode::Set,
                Nesting::Map => NestingMode::Map,
            };
            let object = pb::schema::Object {
                attributes: attributes.iter().map(self::attribute).collect(),
                nesting: nesting.into(),
                ..Default::default()
            };
            (Vec::new(), Some(object))
        }
    };
    pb::schema::Attribute {
        name: attribute.name.clone(),
        r#type: plain,
        nested_type: nested,
        description: attribute.description.clone(),
        required: attribute.required,
        optional: attribute.optional,
        computed: attribute.computed,
        sensitive: attribute.sensitive,
        description_kind: MARKDOWN.into(),
        deprecated: attribute.deprecated.is_some(),
        write_only: attribute.write_only,
        deprecation_message: attribute.deprecated.clone().unwrap_or_default(),
    }
}

fn block(block: &Block) -> pb::schema::NestedBlock {
    use pb::schema::nested_block::NestingMode;
    let nesting = match block.nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    // Core wants no counts here for single blocks; and where a dynamic block's count is unknown it leaves
    // the rest to us, so the counts are checked in validation as well.
    let (min, max) = match block.nesting {
        Nesting::Single | Nesting::Map => (0, 0),
        Nesting::List | Nesting::Set => (count(block.min), block.max.map_or(0, count)),
    };
    pb::schema::NestedBlock {
        type_name: block.name.clone(),
        block: Some(pb::schema::Block {
            version: 0,
            attributes: block.attributes.iter().map(attribute).collect(),
            block_types: block.blocks.iter().map(self::block).collect(),
            description: block.description.clone(),
            description_kind: MARKDOWN.into(),
            deprecated: block.deprecated.is_some(),
            deprecation_message: block.deprecated.clone().unwrap_or_default(),
        }),
        nesting: nesting.into(),
        min_items: min,
        max_items: max,
    }
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The definition of a function.
pub(crate) fn function(definition: &FunctionDefinition) -> pb::Function {
    pb::Function {
        parameters: definition.parameters.iter().map(parameter).collect(),
        variadic_parameter: definition.variadic.as_ref().map(parameter),
        r#return: Some(pb::function::Return {
            r#type: type_bytes(&definition.returns),
        }),
        summary: definition.summary.clone(),
        description: definition.description.clone(),
        description_kind: MARKDOWN.into(),
        deprecation_message: definition.deprecated.clone().unwrap_or_default(),
    }
}

fn parameter(parameter: &Parameter) -> pb::function::Parameter {
    pb::function::Parameter {
        name: parameter.name.clone(),
        r#type: type_bytes(&parameter.kind),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: parameter.allow_unknown,
        description: parameter.description.clone(),
        description_kind: MARKDOWN.into(),
    }
}

/// The attributes of an identity.
pub(crate) fn identity_schema(schema: &IdentitySchema) -> pb::ResourceIdentitySchema {
    use pb::resource_identity_schema::IdentityAttribute;
    pb::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: schema
            .attributes
            .iter()
            .map(|attribute| IdentityAttribute {
                name: attribute.name.clone(),
                r#type: type_bytes(&attribute.kind),
                required_for_import: attribute.required_for_import,
                optional_for_import: !attribute.required_for_import,
                description: attribute.description.clone(),
            })
            .collect(),
    }
}

/// A time after 1970.
pub(crate) fn timestamp(time: SystemTime) -> Option<prost_types::Timestamp> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(prost_types::Timestamp {
        seconds: i64::try_from(since.as_secs()).ok()?,
        nanos: i32::try_from(since.subsec_nanos()).ok()?,
    })
}
