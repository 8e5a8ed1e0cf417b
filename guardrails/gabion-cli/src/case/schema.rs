//! Provider schemas, as `terraform providers schema -json` writes them: a case that names one has every attribute of
//! its resource, and no other.

use std::path::Path;
use std::sync::Arc;

use gabion_engine::policy::Problem;
use gabion_model::{Data, Mode, NodeId, Shape, Tree, TreeBuilder};
use serde_json::Value as Json;

use super::fields::hint;
use super::value::{Node, Spanned, Value};

/// All schemas of a file.
#[derive(Debug)]
pub(crate) struct Schemas(Json);

/// Which side of a change is built: it says what stands where nothing is given.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// What is there: null where nothing is given.
    State,
    /// What is planned for a new object: what the provider can decide is computed.
    Created,
    /// What is planned for an object that is there: what the provider can decide stays as it was.
    Changed(Option<&'a Node>),
}

type Items = [(Spanned<String>, Node)];

impl Schemas {
    /// Reads a file.
    ///
    /// # Errors
    /// A clause that says what is wrong with it.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                "there is no such file; write one with `terraform providers schema -json`"
                    .to_owned()
            }
            _ => error.to_string(),
        })?;
        let json: Json =
            serde_json::from_slice(&text).map_err(|error| format!("it is not JSON: {error}"))?;
        if json.get("provider_schemas").is_some_and(Json::is_object) {
            Ok(Self(json))
        } else {
            Err(
                "it holds no `provider_schemas`; write one with `terraform providers schema -json`"
                    .to_owned(),
            )
        }
    }

    /// The block of a type: of this provider, else of any that has it.
    ///
    /// # Errors
    /// A sentence that says that there is none.
    pub(super) fn block(
        &self,
        mode: Mode,
        resource_type: &str,
        provider: &str,
    ) -> Result<&Json, String> {
        let kind = match mode {
            Mode::Managed => "resource_schemas",
            Mode::Data => "data_source_schemas",
            Mode::Ephemeral => "ephemeral_resource_schemas",
        };
        let all = self.0.get("provider_schemas").and_then(Json::as_object);
        let own = all.and_then(|all| all.get(provider));
        let others = || all.into_iter().flat_map(|all| all.values());
        let of = |provider: &&Json| {
            provider
                .get(kind)
                .is_some_and(|types| types.get(resource_type).is_some())
        };
        let found = own.filter(of).or_else(|| others().find(of));
        let block = found.and_then(|provider| provider.get(kind)?.get(resource_type)?.get("block"));
        block.ok_or_else(|| {
            let known = others().filter_map(|provider| provider.get(kind)?.as_object());
            let known: Vec<&str> = known
                .flat_map(|types| types.keys().map(String::as_str))
                .collect();
            let near = gabion_engine::policy::did_you_mean(resource_type, known);
            format!("the schema has no `{resource_type}`{near}")
        })
    }
}

/// Builds one side of a change by its schema.
pub(super) fn build(node: &Node, block: &Json, of: Of<'_>, problems: &mut Vec<Problem>) -> Tree {
    let mut builder = Builder {
        tree: TreeBuilder::new(),
        problems,
    };
    let root = match &node.value {
        Value::Object(items) | Value::Map(items) => builder.block(items, block, of),
        _ => builder.tree.push(Data::Null, false),
    };
    builder.tree.finish(root)
}

struct Builder<'p> {
    tree: TreeBuilder,
    problems: &'p mut Vec<Problem>,
}

impl Builder<'_> {
    fn block(&mut self, items: &Items, block: &Json, of: Of<'_>) -> NodeId {
        let attributes = block.get("attributes").and_then(Json::as_object);
        let blocks = block.get("block_types").and_then(Json::as_object);
        let mut known: Vec<&str> = attributes
            .into_iter()
            .flat_map(|all| all.keys().map(String::as_str))
            .collect();
        known.extend(
            blocks
                .into_iter()
                .flat_map(|all| all.keys().map(String::as_str)),
        );
        self.names(items, &known);
        let mut children = Vec::new();
        for (name, schema) in attributes.into_iter().flatten() {
            let child = match given(items, name) {
                Some(node) => self.attribute(name, node, schema, of),
                None => self.left_out(name, schema, of),
            };
            if schema.get("sensitive").and_then(Json::as_bool) == Some(true) {
                self.tree.mark_sensitive(child);
            }
            children.push((Arc::from(name.as_str()), child));
        }
        for (name, schema) in blocks.into_iter().flatten() {
            let inner = schema.get("block").unwrap_or(&Json::Null);
            let nesting = schema
                .get("nesting_mode")
                .and_then(Json::as_str)
                .unwrap_or_default();
            let child = self.nested(
                name,
                given(items, name),
                nesting,
                "block",
                of,
                |builder, items, of| builder.block(items, inner, of),
            );
            children.push((Arc::from(name.as_str()), child));
        }
        self.tree
            .push(Data::Mapping(Shape::Object, children), false)
    }

    /// Complains of names that the schema does not have.
    fn names(&mut self, items: &Items, known: &[&str]) {
        for (name, _) in items {
            if !known.contains(&name.value.as_str()) {
                let hint = if known.len() > 20 {
                    gabion_engine::policy::did_you_mean(&name.value, known.iter().copied())
                } else {
                    hint(&name.value, known)
                };
                self.problems.push(Problem::at(
                    &name.at,
                    format!("the schema has no `{}` here{hint}", name.value),
                ));
            }
        }
    }

    fn left_out(&mut self, name: &str, schema: &Json, of: Of<'_>) -> NodeId {
        let computed = schema.get("computed").and_then(Json::as_bool) == Some(true);
        match of {
            Of::Created if computed => self.tree.push(Data::Computed, false),
            Of::Changed(Some(before)) if computed => match &before.value {
                Value::Object(items) | Value::Map(items) if given(items, name).is_some() => {
                    let node = given(items, name).unwrap_or(before);
                    self.attribute(name, node, schema, Of::State)
                }
                _ => self.tree.push(Data::Null, false),
            },
            _ => self.tree.push(Data::Null, false),
        }
    }

    fn attribute(&mut self, name: &str, node: &Node, schema: &Json, of: Of<'_>) -> NodeId {
        let Some(nested) = schema.get("nested_type") else {
            return self.typed(name, node, schema.get("type").unwrap_or(&Json::Null));
        };
        let nesting = nested
            .get("nesting_mode")
            .and_then(Json::as_str)
            .unwrap_or_default();
        self.nested(
            name,
            Some(node),
            nesting,
            "object",
            of,
            |builder, items, of| builder.block(items, nested, of),
        )
    }

    /// Blocks, and attributes that are made of attributes.
    fn nested(
        &mut self,
        name: &str,
        node: Option<&Node>,
        nesting: &str,
        what: &str,
        of: Of<'_>,
        one: impl Fn(&mut Self, &Items, Of<'_>) -> NodeId,
    ) -> NodeId {
        // What is inside has no counterpart in the prior state that could be told.
        let of = if matches!(of, Of::Changed(_)) {
            Of::Changed(None)
        } else {
            of
        };
        let many = matches!(nesting, "list" | "set");
        let Some(node) = node else {
            let empty = match nesting {
                "list" | "set" => Data::Sequence(Vec::new()),
                "map" => Data::Mapping(Shape::Map, Vec::new()),
                _ => Data::Null,
            };
            return self.tree.push(empty, false);
        };
        let single = |builder: &mut Self, node: &Node| match &node.value {
            Value::Object(items) | Value::Map(items) => one(builder, items, of),
            other => builder.leaf(
                name,
                node,
                other,
                if what == "block" {
                    "a block"
                } else {
                    "an object"
                },
            ),
        };
        match &node.value {
            Value::Sensitive(inner) => {
                let id = self.nested(name, Some(inner), nesting, what, of, one);
                self.tree.mark_sensitive(id);
                id
            }
            Value::List(items) if many => {
                let items = items.iter().map(|item| single(self, item)).collect();
                self.tree.push(Data::Sequence(items), false)
            }
            Value::Object(_) | Value::Map(_) if many => {
                self.problems.push(Problem::at(
                    &node.at,
                    format!(
                        "`{name}` is a list of {what}s in the schema: write `{name} = [{{ ... }}]`"
                    ),
                ));
                self.tree.push(Data::Null, false)
            }
            Value::Object(items) | Value::Map(items) if nesting == "map" => {
                let items = items
                    .iter()
                    .map(|(key, item)| (Arc::from(key.value.as_str()), single(self, item)))
                    .collect();
                self.tree.push(Data::Mapping(Shape::Map, items), false)
            }
            _ => single(self, node),
        }
    }

    /// A value by its type, as the schema writes types: `"string"`, `["list", "string"]`, `["object", {...}]`.
    fn typed(&mut self, name: &str, node: &Node, kind: &Json) -> NodeId {
        if let Value::Sensitive(inner) = &node.value {
            let id = self.typed(name, inner, kind);
            self.tree.mark_sensitive(id);
            return id;
        }
        let word = kind
            .get(0)
            .and_then(Json::as_str)
            .or(kind.as_str())
            .unwrap_or("dynamic");
        let inner = kind.get(1).unwrap_or(&Json::Null);
        let data = match (word, &node.value) {
            ("list" | "set" | "tuple", Value::List(items)) => {
                let at = |index: usize| {
                    if word == "tuple" {
                        inner.get(index).unwrap_or(&Json::Null)
                    } else {
                        inner
                    }
                };
                Data::Sequence(
                    items
                        .iter()
                        .enumerate()
                        .map(|(index, item)| self.typed(name, item, at(index)))
                        .collect(),
                )
            }
            ("map", Value::Object(items) | Value::Map(items)) => Data::Mapping(
                Shape::Map,
                items
                    .iter()
                    .map(|(key, item)| {
                        (
                            Arc::from(key.value.as_str()),
                            self.typed(&key.value, item, inner),
                        )
                    })
                    .collect(),
            ),
            ("object", Value::Object(items) | Value::Map(items)) => {
                let fields = inner.as_object();
                let known: Vec<&str> = fields
                    .into_iter()
                    .flat_map(|all| all.keys().map(String::as_str))
                    .collect();
                self.names(items, &known);
                let mut children = Vec::new();
                for (field, kind) in fields.into_iter().flatten() {
                    let child = match given(items, field) {
                        Some(node) => self.typed(field, node, kind),
                        None => self.tree.push(Data::Null, false),
                    };
                    children.push((Arc::from(field.as_str()), child));
                }
                Data::Mapping(Shape::Object, children)
            }
            ("dynamic", Value::List(items)) => Data::Sequence(
                items
                    .iter()
                    .map(|item| self.typed(name, item, &Json::Null))
                    .collect(),
            ),
            ("dynamic", Value::Object(items) | Value::Map(items)) => Data::Mapping(
                Shape::Map,
                items
                    .iter()
                    .map(|(key, item)| {
                        (
                            Arc::from(key.value.as_str()),
                            self.typed(&key.value, item, &Json::Null),
                        )
                    })
                    .collect(),
            ),
            ("list" | "set" | "tuple", other) => return self.leaf(name, node, other, "a list"),
            ("map" | "object", other) => return self.leaf(name, node, other, "an object"),
            (wanted, Value::List(_) | Value::Object(_) | Value::Map(_)) => {
                let wanted = match wanted {
                    "bool" => "a boolean",
                    "number" => "a number",
                    _ => "a text (`jsonencode({ ... })` makes one)",
                };
                self.problems.push(Problem::at(
                    &node.at,
                    format!(
                        "`{name}` is {wanted} in the schema, not {}",
                        node.value.kind()
                    ),
                ));
                Data::Null
            }
            (_, other) => return self.leaf(name, node, other, ""),
        };
        self.tree.push(data, false)
    }

    /// A value without parts; where the schema wants parts, only null and what is not known fit.
    fn leaf(&mut self, name: &str, node: &Node, value: &Value, wanted: &str) -> NodeId {
        let data = match value {
            Value::Null => Data::Null,
            Value::Unknown => Data::Unknown,
            Value::Computed => Data::Computed,
            Value::Boolean(value) if wanted.is_empty() => Data::Boolean(*value),
            Value::Number(text) if wanted.is_empty() => Data::Number(text.as_str().into()),
            Value::Text(text) if wanted.is_empty() => Data::Text(text.as_str().into()),
            other => {
                self.problems.push(Problem::at(
                    &node.at,
                    format!("`{name}` is {wanted} in the schema, not {}", other.kind()),
                ));
                Data::Null
            }
        };
        self.tree.push(data, false)
    }
}

fn given<'i>(items: &'i Items, name: &str) -> Option<&'i Node> {
    items
        .iter()
        .find(|(key, _)| key.value == name)
        .map(|(_, node)| node)
}
