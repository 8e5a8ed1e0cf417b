//! Values against their schema: filling up, comparing, and looking for unknowns.

use std::collections::BTreeMap;

use gabion_plugin::dynamic::{Decimal, Dynamic};

use crate::convert::{ConvertError, kind};
use crate::path::Path;
use crate::schema::{Attribute, AttributeKind, Block, Body, Nesting, Type};

/// What to do with attributes that the schema does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extras {
    /// A fault, unless they are null.
    Fault,
    /// They vanish: the state of another version.
    Drop,
}

/// Brings values into the exact shape of a schema: every attribute there, sets sorted and without
/// duplicates, so that equal values are equal. Faulty parts become null and are reported.
pub(crate) struct Conform {
    extras: Extras,
    strip_write_only: bool,
    pub(crate) faults: Vec<ConvertError>,
}

impl Conform {
    /// For what Terraform sends.
    pub(crate) const fn input() -> Self {
        Self {
            extras: Extras::Drop,
            strip_write_only: false,
            faults: Vec::new(),
        }
    }

    /// For what a resource answers: write-only values become null.
    pub(crate) const fn output() -> Self {
        Self {
            extras: Extras::Fault,
            strip_write_only: true,
            faults: Vec::new(),
        }
    }

    /// For a state of another version, or from another resource.
    pub(crate) const fn state() -> Self {
        Self {
            extras: Extras::Drop,
            strip_write_only: true,
            faults: Vec::new(),
        }
    }

    /// An object, or null or unknown as they are.
    pub(crate) fn body(&mut self, body: Body<'_>, value: Dynamic, path: &Path) -> Dynamic {
        let mut fields = match value {
            Dynamic::Map(fields) => fields,
            Dynamic::Null | Dynamic::Unknown => return value,
            other => return self.fault(path, "an object", &other),
        };
        let mut filled = BTreeMap::new();
        for attribute in body.attributes {
            let value = fields.remove(&attribute.name).unwrap_or(Dynamic::Null);
            let path = path.attribute(attribute.name.clone());
            filled.insert(
                attribute.name.clone(),
                self.attribute(attribute, value, &path),
            );
        }
        for block in body.blocks {
            let value = fields.remove(&block.name).unwrap_or(Dynamic::Null);
            let path = path.attribute(block.name.clone());
            filled.insert(block.name.clone(), self.block(block, value, &path));
        }
        for (name, value) in fields {
            let path = path.attribute(name);
            match self.extras {
                Extras::Fault if !value.is_null() => self.faults.push(ConvertError {
                    path,
                    message: "the schema does not have this attribute".to_owned(),
                }),
                Extras::Fault => {}
                Extras::Drop => {
                    tracing::debug!(attribute = %path, "dropped an attribute that the schema does not have");
                }
            }
        }
        Dynamic::Map(filled)
    }

    fn attribute(&mut self, attribute: &Attribute, value: Dynamic, path: &Path) -> Dynamic {
        if attribute.write_only && self.strip_write_only {
            return Dynamic::Null;
        }
        match &attribute.kind {
            AttributeKind::Plain(plain) => self.plain(plain, value, path),
            AttributeKind::Nested(nesting, attributes) => {
                self.nested(*nesting, Body::nested(attributes), value, path)
            }
        }
    }

    fn block(&mut self, block: &Block, value: Dynamic, path: &Path) -> Dynamic {
        match (block.nesting, value) {
            (Nesting::List | Nesting::Set, Dynamic::Null) => Dynamic::List(Vec::new()),
            (nesting, value) => self.nested(nesting, block.body(), value, path),
        }
    }

    pub(crate) fn nested(
        &mut self,
        nesting: Nesting,
        body: Body<'_>,
        value: Dynamic,
        path: &Path,
    ) -> Dynamic {
        match (nesting, value) {
            (_, value @ (Dynamic::Null | Dynamic::Unknown)) => value,
            (Nesting::Single, value) => self.body(body, value, path),
            (Nesting::List, Dynamic::List(items)) => Dynamic::List(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| self.body(body, item, &path.index(index)))
                    .collect(),
            ),
            (Nesting::Set, Dynamic::List(items)) => Dynamic::List(sorted(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| self.body(body, item, &path.index(index)))
                    .collect(),
            )),
            (Nesting::Map, Dynamic::Map(items)) => Dynamic::Map(
                items
                    .into_iter()
                    .map(|(key, item)| {
                        let path = path.key(key.clone());
                        (key, self.body(body, item, &path))
                    })
                    .collect(),
            ),
            (Nesting::List | Nesting::Set, other) => self.fault(path, "a list of objects", &other),
            (Nesting::Map, other) => self.fault(path, "a map of objects", &other),
        }
    }

    pub(crate) fn plain(&mut self, plain: &Type, value: Dynamic, path: &Path) -> Dynamic {
        match (plain, value) {
            (_, value @ (Dynamic::Null | Dynamic::Unknown))
            | (Type::String, value @ Dynamic::String(_))
            | (Type::Bool, value @ Dynamic::Bool(_))
            | (Type::Number, value @ Dynamic::Number(_)) => value,
            (Type::Int64, Dynamic::Number(number)) => {
                if number.to_i64().is_some() {
                    return Dynamic::Number(number);
                }
                self.faults.push(ConvertError {
                    path: path.clone(),
                    message: "expected a whole number of 64 bits".to_owned(),
                });
                Dynamic::Null
            }
            (Type::List(element), Dynamic::List(items)) => Dynamic::List(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| self.plain(element, item, &path.index(index)))
                    .collect(),
            ),
            (Type::Set(element), Dynamic::List(items)) => Dynamic::List(sorted(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| self.plain(element, item, &path.index(index)))
                    .collect(),
            )),
            (Type::Map(element), Dynamic::Map(items)) => Dynamic::Map(
                items
                    .into_iter()
                    .map(|(key, item)| {
                        let path = path.key(key.clone());
                        (key, self.plain(element, item, &path))
                    })
                    .collect(),
            ),
            (Type::Object(attributes), Dynamic::Map(mut items)) => {
                let filled = attributes
                    .iter()
                    .map(|(name, element)| {
                        let item = items.remove(name).unwrap_or(Dynamic::Null);
                        let path = path.attribute(name.clone());
                        (name.clone(), self.plain(element, item, &path))
                    })
                    .collect();
                if self.extras == Extras::Fault
                    && let Some((name, _)) = items.into_iter().find(|(_, item)| !item.is_null())
                {
                    self.faults.push(ConvertError {
                        path: path.attribute(name),
                        message: "the type does not have this attribute".to_owned(),
                    });
                }
                Dynamic::Map(filled)
            }
            (expected, other) => self.fault(path, type_name(expected), &other),
        }
    }

    fn fault(&mut self, path: &Path, expected: &str, got: &Dynamic) -> Dynamic {
        self.faults
            .push(ConvertError::mismatch(path, expected, got));
        Dynamic::Null
    }
}

/// What a type is called in messages.
pub(crate) const fn type_name(plain: &Type) -> &'static str {
    match plain {
        Type::String => "a string",
        Type::Bool => "a bool",
        Type::Int64 => "a whole number",
        Type::Number => "a number",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Object(_) => "an object",
    }
}

/// A set in one order. Unknown elements are not merged: each may turn out to be something else.
fn sorted(mut items: Vec<Dynamic>) -> Vec<Dynamic> {
    items.sort_by_cached_key(Dynamic::to_msgpack);
    items.dedup_by(|a, b| a == b && a.is_wholly_known());
    items
}

/// Where unknown values are. An unknown inside a set is at its position in the sorted set.
pub(crate) fn unknown_paths(value: &Dynamic, path: &Path, found: &mut Vec<Path>) {
    match value {
        Dynamic::Unknown => found.push(path.clone()),
        Dynamic::List(items) => {
            for (index, item) in items.iter().enumerate() {
                unknown_paths(item, &path.index(index), found);
            }
        }
        Dynamic::Map(items) => {
            for (name, item) in items {
                unknown_paths(item, &path.attribute(name.clone()), found);
            }
        }
        Dynamic::Null | Dynamic::Bool(_) | Dynamic::Number(_) | Dynamic::String(_) => {}
    }
}

/// Makes unknown values null: a state holds none.
pub(crate) fn nullify_unknown(value: Dynamic) -> Dynamic {
    match value {
        Dynamic::Unknown => Dynamic::Null,
        Dynamic::List(items) => Dynamic::List(items.into_iter().map(nullify_unknown).collect()),
        Dynamic::Map(items) => Dynamic::Map(
            items
                .into_iter()
                .map(|(name, item)| (name, nullify_unknown(item)))
                .collect(),
        ),
        known => known,
    }
}

/// An object in which everything is set once, to compare a model with its schema.
pub(crate) fn sample(body: Body<'_>) -> Dynamic {
    let attributes = body.attributes.iter().map(|attribute| {
        let value = match &attribute.kind {
            AttributeKind::Plain(plain) => sample_plain(plain),
            AttributeKind::Nested(nesting, attributes) => {
                sample_nested(*nesting, Body::nested(attributes))
            }
        };
        (attribute.name.clone(), value)
    });
    let blocks = body.blocks.iter().map(|block| {
        (
            block.name.clone(),
            sample_nested(block.nesting, block.body()),
        )
    });
    Dynamic::Map(attributes.chain(blocks).collect())
}

fn sample_nested(nesting: Nesting, body: Body<'_>) -> Dynamic {
    match nesting {
        Nesting::Single => sample(body),
        Nesting::List | Nesting::Set => Dynamic::List(vec![sample(body)]),
        Nesting::Map => Dynamic::Map(BTreeMap::from([("key".to_owned(), sample(body))])),
    }
}

fn sample_plain(plain: &Type) -> Dynamic {
    match plain {
        Type::String => Dynamic::String("text".to_owned()),
        Type::Bool => Dynamic::Bool(true),
        Type::Int64 | Type::Number => Dynamic::Number(Decimal::from(1_i64)),
        Type::List(element) | Type::Set(element) => Dynamic::List(vec![sample_plain(element)]),
        Type::Map(element) => {
            Dynamic::Map(BTreeMap::from([("key".to_owned(), sample_plain(element))]))
        }
        Type::Object(attributes) => Dynamic::Map(
            attributes
                .iter()
                .map(|(name, element)| (name.clone(), sample_plain(element)))
                .collect(),
        ),
    }
}

/// Says where `back` has lost something of `sample` or has something more.
pub(crate) fn compare_shape(
    sample: &Dynamic,
    back: &Dynamic,
    path: &Path,
    faults: &mut Vec<String>,
) {
    match (sample, back) {
        (Dynamic::Map(want), Dynamic::Map(got)) => {
            for (name, item) in want {
                match got.get(name) {
                    Some(other) => {
                        compare_shape(item, other, &path.attribute(name.clone()), faults)
                    }
                    None => faults.push(format!(
                        "`{}`: the schema has it, the model has not",
                        path.attribute(name.clone())
                    )),
                }
            }
            for (name, item) in got {
                if !want.contains_key(name) && !item.is_null() {
                    faults.push(format!(
                        "`{}`: the model has it, the schema has not",
                        path.attribute(name.clone())
                    ));
                }
            }
        }
        (Dynamic::List(want), Dynamic::List(got)) if want.len() == got.len() => {
            for (index, (item, other)) in want.iter().zip(got).enumerate() {
                compare_shape(item, other, &path.index(index), faults);
            }
        }
        (want, got) if want == got => {}
        (want, got) => faults.push(format!(
            "`{path}`: the model turns {} into {}",
            kind(want),
            kind(got)
        )),
    }
}
