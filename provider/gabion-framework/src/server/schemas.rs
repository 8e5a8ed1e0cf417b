//! GetMetadata, GetProviderSchema, and the identity schemas.

use std::collections::{BTreeSet, HashMap};

use gabion_plugin::proto::tfplugin6 as pb;

use super::Inner;
use crate::diag::Diagnostics;
use crate::object::Conform;
use crate::path::Path;
use crate::provider::Provider;
use crate::schema::{Attribute, AttributeKind, Body, Nesting, Schema};
use crate::wire;

const CAPABILITIES: pb::ServerCapabilities = pb::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
};

impl<P: Provider> Inner<P> {
    pub(super) fn metadata(&self) -> pb::get_metadata::Response {
        use pb::get_metadata::{
            DataSourceMetadata, EphemeralResourceMetadata, FunctionMetadata, ResourceMetadata,
        };
        pb::get_metadata::Response {
            server_capabilities: Some(CAPABILITIES),
            diagnostics: Vec::new(),
            data_sources: self
                .data_sources
                .keys()
                .map(|name| DataSourceMetadata {
                    type_name: name.clone(),
                })
                .collect(),
            resources: self
                .resources
                .keys()
                .map(|name| ResourceMetadata {
                    type_name: name.clone(),
                })
                .collect(),
            functions: self
                .functions
                .keys()
                .map(|name| FunctionMetadata { name: name.clone() })
                .collect(),
            ephemeral_resources: self
                .ephemerals
                .keys()
                .map(|name| EphemeralResourceMetadata {
                    type_name: name.clone(),
                })
                .collect(),
        }
    }

    pub(super) fn schemas(&self) -> pb::get_provider_schema::Response {
        self.answer.get_or_init(|| self.make_schemas()).clone()
    }

    fn make_schemas(&self) -> pb::get_provider_schema::Response {
        let mut diags = Diagnostics::new();
        for fault in self.schema_faults() {
            diags.error(
                "Invalid provider schema",
                format!("{fault}. This is a fault of the provider: please report it."),
            );
        }
        pb::get_provider_schema::Response {
            provider: Some(wire::schema(&self.schema)),
            resource_schemas: all(self.resources.iter().map(|(name, e)| (name, &e.schema))),
            data_source_schemas: all(self.data_sources.iter().map(|(name, e)| (name, &e.schema))),
            ephemeral_resource_schemas: all(self
                .ephemerals
                .iter()
                .map(|(name, e)| (name, &e.schema))),
            functions: self.function_list().functions,
            server_capabilities: Some(CAPABILITIES),
            diagnostics: wire::diagnostics(diags, None),
            ..Default::default()
        }
    }

    pub(super) fn identity_schemas(&self) -> pb::get_resource_identity_schemas::Response {
        pb::get_resource_identity_schemas::Response {
            identity_schemas: self
                .resources
                .iter()
                .filter_map(|(name, entry)| {
                    let schema = entry.served.raw_identity_schema()?;
                    Some((name.clone(), wire::identity_schema(&schema)))
                })
                .collect(),
            diagnostics: Vec::new(),
        }
    }

    fn schema_faults(&self) -> Vec<String> {
        let mut faults = self.duplicates.clone();
        check(self.provider.type_prefix(), self.schema.body(), &mut faults);
        for (name, entry) in &self.resources {
            check(name, entry.body(), &mut faults);
            self.check_prefix(name, &mut faults);
        }
        for (name, entry) in &self.data_sources {
            check(name, entry.body(), &mut faults);
            self.check_prefix(name, &mut faults);
        }
        for (name, entry) in &self.ephemerals {
            check(name, entry.body(), &mut faults);
            self.check_prefix(name, &mut faults);
        }
        faults
    }

    fn check_prefix(&self, name: &str, faults: &mut Vec<String>) {
        let prefix = self.provider.type_prefix();
        if !name
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('_'))
        {
            faults.push(format!("`{name}` does not begin with `{prefix}_`"));
        }
    }

    pub(super) fn all_faults(&self) -> Vec<String> {
        let mut faults = self.schema_faults();
        let mut of_model = |name: &str, found: Vec<String>| {
            faults.extend(found.into_iter().map(|fault| format!("`{name}`: {fault}")));
        };
        for (name, entry) in &self.resources {
            of_model(name, entry.served.raw_model_faults());
        }
        for (name, entry) in &self.data_sources {
            of_model(name, entry.served.raw_model_faults());
        }
        for (name, entry) in &self.ephemerals {
            of_model(name, entry.served.raw_model_faults());
        }
        let config = crate::object::sample(self.schema.body());
        if let Err(error) =
            <P::Config as crate::convert::Convert>::from_dynamic(config, &Path::empty())
        {
            of_model("provider", vec![error.to_string()]);
        }
        faults
    }
}

fn all<'a>(schemas: impl Iterator<Item = (&'a String, &'a Schema)>) -> HashMap<String, pb::Schema> {
    schemas
        .map(|(name, schema)| (name.clone(), wire::schema(schema)))
        .collect()
}

/// What core would refuse with a message that helps nobody.
fn check(owner: &str, body: Body<'_>, faults: &mut Vec<String>) {
    const RESERVED: [&str; 7] = [
        "connection",
        "count",
        "depends_on",
        "for_each",
        "lifecycle",
        "provider",
        "provisioner",
    ];
    let names = body.attributes.iter().map(|attribute| &attribute.name);
    let names = names.chain(body.blocks.iter().map(|block| &block.name));
    for name in names {
        if RESERVED.contains(&name.as_str()) {
            faults.push(format!(
                "`{owner}`: Terraform keeps the name `{name}` for itself"
            ));
        }
    }
    check_body(owner, body, &Path::empty(), faults);
}

fn check_body(owner: &str, body: Body<'_>, path: &Path, faults: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    let names = body.attributes.iter().map(|attribute| &attribute.name);
    let names = names.chain(body.blocks.iter().map(|block| &block.name));
    for name in names {
        let path = path.attribute(name.clone());
        let good = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !good {
            faults.push(format!("`{owner}`: `{path}` is not a good attribute name"));
        }
        if !seen.insert(name) {
            faults.push(format!("`{owner}`: `{path}` is there twice"));
        }
    }
    for attribute in body.attributes {
        check_attribute(
            owner,
            attribute,
            &path.attribute(attribute.name.clone()),
            faults,
        );
    }
    for block in body.blocks {
        let path = path.attribute(block.name.clone());
        if block.max.is_some_and(|max| max < block.min) {
            faults.push(format!(
                "`{owner}`: `{path}` needs more blocks than it allows"
            ));
        }
        check_body(owner, block.body(), &path, faults);
    }
}

fn check_attribute(owner: &str, attribute: &Attribute, path: &Path, faults: &mut Vec<String>) {
    let mut fault = |what: &str| faults.push(format!("`{owner}`: `{path}` {what}"));
    if attribute.required && (attribute.optional || attribute.computed) {
        fault("is required and something else");
    }
    if attribute.write_only && (attribute.computed || attribute.default.is_some()) {
        fault("is write-only and computed");
    }
    if attribute.write_only && attribute.requires_replace {
        fault("is write-only, so no change of it can be seen");
    }
    if attribute.default.is_some() && !attribute.computed {
        fault("has a default, but is not computed");
    }
    if attribute.use_state_for_unknown && !attribute.computed {
        fault("keeps its value from the state, but is not computed");
    }
    if let Some(default) = &attribute.default {
        let mut conform = Conform::output();
        let value = default.clone();
        match &attribute.kind {
            AttributeKind::Plain(plain) => conform.plain(plain, value, path),
            AttributeKind::Nested(nesting, attributes) => {
                conform.nested(*nesting, Body::nested(attributes), value, path)
            }
        };
        for error in conform.faults {
            faults.push(format!("`{owner}`: the default of {error}"));
        }
    }
    if let AttributeKind::Nested(nesting, attributes) = &attribute.kind {
        let path = match nesting {
            Nesting::Single => path.clone(),
            Nesting::List | Nesting::Set => path.index(0),
            Nesting::Map => path.key("key"),
        };
        check_body(owner, Body::nested(attributes), &path, faults);
    }
}
