//! Checks of a configuration against its schema.

use std::collections::BTreeMap;

use gabion_plugin::dynamic::Dynamic;

use crate::convert::kind;
use crate::diag::{Diagnostic, Diagnostics};
use crate::object::type_name;
use crate::path::Path;
use crate::schema::{Attribute, AttributeKind, Block, Body, Nesting, Type};

/// Checks types, required attributes, block counts and validators.
pub(crate) struct Check {
    write_only_allowed: bool,
    /// Whether all types fit, so that a typed model can be made.
    pub(crate) well_typed: bool,
    pub(crate) diags: Diagnostics,
}

impl Check {
    pub(crate) const fn new(write_only_allowed: bool) -> Self {
        Self {
            write_only_allowed,
            well_typed: true,
            diags: Diagnostics::new(),
        }
    }

    /// An object; unknown is fine, null is not.
    pub(crate) fn body(&mut self, body: Body<'_>, value: &Dynamic, path: &Path) {
        let fields = match value {
            Dynamic::Map(fields) => fields,
            Dynamic::Unknown => return,
            other => return self.mismatch(path, "an object", other),
        };
        let empty = Dynamic::Null;
        for attribute in body.attributes {
            let value = fields.get(&attribute.name).unwrap_or(&empty);
            self.attribute(attribute, value, &path.attribute(attribute.name.clone()));
        }
        for block in body.blocks {
            let value = fields.get(&block.name).unwrap_or(&empty);
            self.block(block, value, &path.attribute(block.name.clone()));
        }
        self.unknown_names(body, fields, path);
    }

    /// Core refuses these itself; other callers may not.
    fn unknown_names(&mut self, body: Body<'_>, fields: &BTreeMap<String, Dynamic>, path: &Path) {
        for (name, value) in fields {
            if value.is_null() || body.attribute(name).is_some() || body.block(name).is_some() {
                continue;
            }
            self.well_typed = false;
            let path = path.attribute(name.clone());
            let detail =
                format!("`{path}` is not expected here: remove it, or look for a typing error.");
            self.diags.error_at(path, "Unsupported argument", detail);
        }
    }

    fn attribute(&mut self, attribute: &Attribute, value: &Dynamic, path: &Path) {
        if value.is_null() {
            if attribute.required {
                self.diags.error_at(
                    path.clone(),
                    "Missing required argument",
                    format!("The argument `{path}` is required, but it is not set."),
                );
            }
            return;
        }
        if attribute.computed && !attribute.optional {
            self.diags.error_at(
                path.clone(),
                "Value for a read-only attribute",
                format!("The provider itself sets `{path}`: remove it from the configuration."),
            );
            return;
        }
        if attribute.write_only && !self.write_only_allowed {
            self.diags.error_at(
                path.clone(),
                "Write-only argument not supported",
                format!(
                    "`{path}` is never stored, which this version of Terraform cannot do: \
                     use Terraform 1.11 or newer."
                ),
            );
        }
        if let Some(message) = &attribute.deprecated {
            self.diags
                .warning_at(path.clone(), "Deprecated argument", message.clone());
        }
        let faults_before = self.diags.len();
        match &attribute.kind {
            AttributeKind::Plain(plain) => self.plain(plain, value, path),
            AttributeKind::Nested(nesting, attributes) => {
                self.nested(*nesting, Body::nested(attributes), value, path);
            }
        }
        if self.diags.len() > faults_before {
            return;
        }
        let mut found = Diagnostics::new();
        for validator in &attribute.validators {
            validator.validate(value, path, &mut found);
        }
        if attribute.sensitive || attribute.write_only {
            let found = found
                .into_iter()
                .map(|diagnostic| without_value(diagnostic, value));
            self.diags.extend(found);
        } else {
            self.diags.extend(found);
        }
    }

    fn block(&mut self, block: &Block, value: &Dynamic, path: &Path) {
        let count = match (block.nesting, value) {
            (_, Dynamic::Unknown) => return,
            (_, Dynamic::Null) => 0,
            (Nesting::List | Nesting::Set, Dynamic::List(items)) => items.len(),
            _ => 1,
        };
        let blocks = |count: usize| if count == 1 { "block" } else { "blocks" };
        if count < block.min {
            self.diags.error_at(
                path.clone(),
                "Missing block",
                format!(
                    "At least {} `{path}` {} required, but there {} {count}.",
                    block.min,
                    if block.min == 1 {
                        "block is"
                    } else {
                        "blocks are"
                    },
                    if count == 1 { "is" } else { "are" },
                ),
            );
        }
        if let Some(max) = block.max
            && count > max
        {
            self.diags.error_at(
                path.clone(),
                "Too many blocks",
                format!(
                    "At most {max} `{path}` {} allowed, but there are {count}.",
                    if max == 1 { "block is" } else { "blocks are" }
                ),
            );
        }
        if count == 0 {
            return;
        }
        if let Some(message) = &block.deprecated {
            self.diags.warning_at(
                path.clone(),
                format!("Deprecated {}", blocks(count)),
                message.clone(),
            );
        }
        self.nested(block.nesting, block.body(), value, path);
    }

    fn nested(&mut self, nesting: Nesting, body: Body<'_>, value: &Dynamic, path: &Path) {
        match (nesting, value) {
            (_, Dynamic::Unknown) => {}
            (Nesting::Single, value) => self.body(body, value, path),
            (Nesting::List | Nesting::Set, Dynamic::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.body(body, item, &path.index(index));
                }
            }
            (Nesting::Map, Dynamic::Map(items)) => {
                for (key, item) in items {
                    self.body(body, item, &path.key(key.clone()));
                }
            }
            (Nesting::List | Nesting::Set, other) => {
                self.mismatch(path, "a list of objects", other)
            }
            (Nesting::Map, other) => self.mismatch(path, "a map of objects", other),
        }
    }

    fn plain(&mut self, plain: &Type, value: &Dynamic, path: &Path) {
        match (plain, value) {
            (_, Dynamic::Null | Dynamic::Unknown)
            | (Type::String, Dynamic::String(_))
            | (Type::Bool, Dynamic::Bool(_))
            | (Type::Number, Dynamic::Number(_)) => {}
            (Type::Int64, Dynamic::Number(number)) => {
                if number.to_i64().is_none() {
                    self.well_typed = false;
                    self.diags.error_at(
                        path.clone(),
                        "Incorrect attribute value type",
                        format!("`{path}` expects a whole number of at most 64 bits."),
                    );
                }
            }
            (Type::List(element) | Type::Set(element), Dynamic::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.plain(element, item, &path.index(index));
                }
            }
            (Type::Map(element), Dynamic::Map(items)) => {
                for (key, item) in items {
                    self.plain(element, item, &path.key(key.clone()));
                }
            }
            (Type::Object(attributes), Dynamic::Map(items)) => {
                for (name, element) in attributes {
                    let item = items.get(name).unwrap_or(&Dynamic::Null);
                    self.plain(element, item, &path.attribute(name.clone()));
                }
            }
            (expected, other) => self.mismatch(path, type_name(expected), other),
        }
    }

    fn mismatch(&mut self, path: &Path, expected: &str, got: &Dynamic) {
        self.well_typed = false;
        let subject = if path.is_empty() {
            "The configuration".to_owned()
        } else {
            format!("`{path}`")
        };
        let detail = format!("{subject} expects {expected}, but this is {}.", kind(got));
        if path.is_empty() {
            self.diags.error("Incorrect attribute value type", detail);
        } else {
            self.diags
                .error_at(path.clone(), "Incorrect attribute value type", detail);
        }
    }
}

/// A message without the sensitive value that it is about. Where the value stands in it in another way than
/// in backticks, nothing of the message is safe to show.
fn without_value(mut diagnostic: Diagnostic, value: &Dynamic) -> Diagnostic {
    let mut texts = Vec::new();
    leaves(value, &mut texts);
    for text in &texts {
        diagnostic.detail = diagnostic
            .detail
            .replace(&format!("`{text}`"), "the sensitive value");
    }
    let shows = |message: &str| {
        texts
            .iter()
            .any(|text| text.chars().count() >= 4 && message.contains(text.as_str()))
    };
    if shows(&diagnostic.detail) {
        diagnostic.detail = "the value does not fit; it is sensitive and not shown".to_owned();
    }
    if shows(&diagnostic.summary) {
        diagnostic.summary = "Invalid value".to_owned();
    }
    diagnostic
}

fn leaves(value: &Dynamic, texts: &mut Vec<String>) {
    match value {
        Dynamic::String(text) => texts.push(text.clone()),
        Dynamic::Number(number) => texts.push(number.as_str().to_owned()),
        Dynamic::List(items) => items.iter().for_each(|item| leaves(item, texts)),
        Dynamic::Map(items) => {
            for (key, item) in items {
                texts.push(key.clone());
                leaves(item, texts);
            }
        }
        Dynamic::Null | Dynamic::Unknown | Dynamic::Bool(_) => {}
    }
}
