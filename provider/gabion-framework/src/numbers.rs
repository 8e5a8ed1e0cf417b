//! Numbers that Terraform sends as text, because neither an integer nor a float is exactly them (`0.1`,
//! `1e30`). Only the schema tells them from text.

use gabion_plugin::dynamic::Dynamic;

use crate::schema::{AttributeKind, Body, Nesting, Type};

/// Turns text into numbers wherever the schema has numbers; text that is no number stays, for the checks.
pub(crate) fn in_body(body: Body<'_>, value: Dynamic) -> Dynamic {
    let Dynamic::Map(mut fields) = value else {
        return value;
    };
    for attribute in body.attributes {
        if let Some(field) = fields.get_mut(&attribute.name) {
            let value = std::mem::take(field);
            *field = match &attribute.kind {
                AttributeKind::Plain(plain) => in_plain(plain, value),
                AttributeKind::Nested(nesting, attributes) => {
                    in_nested(*nesting, Body::nested(attributes), value)
                }
            };
        }
    }
    for block in body.blocks {
        if let Some(field) = fields.get_mut(&block.name) {
            *field = in_nested(block.nesting, block.body(), std::mem::take(field));
        }
    }
    Dynamic::Map(fields)
}

fn in_nested(nesting: Nesting, body: Body<'_>, value: Dynamic) -> Dynamic {
    match (nesting, value) {
        (Nesting::Single, value) => in_body(body, value),
        (Nesting::List | Nesting::Set, Dynamic::List(items)) => {
            Dynamic::List(items.into_iter().map(|item| in_body(body, item)).collect())
        }
        (Nesting::Map, Dynamic::Map(items)) => Dynamic::Map(
            items
                .into_iter()
                .map(|(key, item)| (key, in_body(body, item)))
                .collect(),
        ),
        (_, other) => other,
    }
}

pub(crate) fn in_plain(plain: &Type, value: Dynamic) -> Dynamic {
    match (plain, value) {
        (Type::Number | Type::Int64, Dynamic::String(text)) => match text.parse() {
            Ok(number) => Dynamic::Number(number),
            Err(_) => Dynamic::String(text),
        },
        (Type::List(element) | Type::Set(element), Dynamic::List(items)) => Dynamic::List(
            items
                .into_iter()
                .map(|item| in_plain(element, item))
                .collect(),
        ),
        (Type::Map(element), Dynamic::Map(items)) => Dynamic::Map(
            items
                .into_iter()
                .map(|(key, item)| (key, in_plain(element, item)))
                .collect(),
        ),
        (Type::Object(attributes), Dynamic::Map(mut items)) => {
            for (name, element) in attributes {
                if let Some(item) = items.get_mut(name) {
                    *item = in_plain(element, std::mem::take(item));
                }
            }
            Dynamic::Map(items)
        }
        (_, other) => other,
    }
}
