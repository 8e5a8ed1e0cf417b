//! The configuration part of a plan: which expressions set what, which provider block holds, where modules come from.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use gabion_model::{Data, NodeId, Shape, Tree, TreeBuilder};

use super::scan::{Fault, Json, Scan, Slice};

/// What the plan says of the configuration.
#[derive(Debug, Default)]
pub struct Configuration<'a> {
    /// By module path (without instance keys) and resource: `module.a.aws_kms_key.k`.
    resources: HashMap<String, Resource<'a>>,
    providers: HashMap<Cow<'a, str>, Provider>,
    /// By module path: the source of its call.
    sources: HashMap<String, Cow<'a, str>>,
    present: bool,
}

#[derive(Debug)]
struct Resource<'a> {
    provider: Cow<'a, str>,
    expressions: Slice<'a>,
}

#[derive(Debug)]
struct Provider {
    version: Option<String>,
    tree: Arc<Tree>,
}

/// Settings of a provider that are no secret; all others are shown to no rule.
const OPEN_SETTINGS: [&str; 13] = [
    "region",
    "profile",
    "alias",
    "account_id",
    "account",
    "allowed_account_ids",
    "forbidden_account_ids",
    "assume_role",
    "default_tags",
    "endpoints",
    "project",
    "subscription_id",
    "tenant_id",
];

impl<'a> Configuration<'a> {
    /// Reads the value of `configuration`.
    pub(super) fn read(slice: Slice<'a>) -> Result<Self, Fault> {
        let mut configuration = Self {
            present: !slice.is_null(),
            ..Self::default()
        };
        let mut scan = slice.scan();
        each(&mut scan, |scan, key| match key.as_ref() {
            "provider_config" => each(scan, |scan, key| {
                let value = Json::read(scan)?;
                configuration.providers.insert(key, Provider::new(&value));
                Ok(())
            }),
            "root_module" => configuration.module(scan, ""),
            _ => scan.skip().map(|_| ()),
        })?;
        Ok(configuration)
    }

    fn module(&mut self, scan: &mut Scan<'a>, path: &str) -> Result<(), Fault> {
        each(scan, |scan, key| match key.as_ref() {
            "resources" => {
                if scan.peek()? != b'[' {
                    return scan.skip().map(|_| ());
                }
                scan.token()?;
                let mut first = true;
                while scan.item(&mut first)? {
                    self.resource(scan, path)?;
                }
                Ok(())
            }
            "module_calls" => each(scan, |scan, name| {
                let path = join(path, &format!("module.{name}"));
                each(scan, |scan, key| match key.as_ref() {
                    "source" => {
                        if let Some(source) = scan.text_or_skip()? {
                            self.sources.insert(path.clone(), source);
                        }
                        Ok(())
                    }
                    "module" => self.module(scan, &path),
                    _ => scan.skip().map(|_| ()),
                })
            }),
            _ => scan.skip().map(|_| ()),
        })
    }

    fn resource(&mut self, scan: &mut Scan<'a>, path: &str) -> Result<(), Fault> {
        let (mut address, mut provider, mut expressions) = (None, None, Slice::NULL);
        each(scan, |scan, key| {
            match key.as_ref() {
                "address" => address = scan.text_or_skip()?,
                "provider_config_key" => provider = scan.text_or_skip()?,
                "expressions" => expressions = scan.skip()?,
                _ => {
                    scan.skip()?;
                }
            }
            Ok(())
        })?;
        if let Some(address) = address {
            self.resources.insert(
                join(path, &address),
                Resource {
                    provider: provider.unwrap_or_default(),
                    expressions,
                },
            );
        }
        Ok(())
    }

    /// What the expressions of a resource say, by its address without instance keys.
    pub(super) fn expressions(&self, key: &str) -> Result<Option<Json<'a>>, Fault> {
        match self.resources.get(key) {
            Some(resource) if !resource.expressions.is_null() => {
                Json::read(&mut resource.expressions.scan()).map(Some)
            }
            // A resource without any expression has none written down.
            Some(_) => Ok(Some(Json::Object(Vec::new()))),
            None => Ok(None),
        }
    }

    /// The version of the resource's provider where the configuration pins one, and the provider's configuration.
    pub(super) fn provider(&self, key: &str) -> (Option<String>, Option<Arc<Tree>>) {
        let provider = self
            .resources
            .get(key)
            .and_then(|resource| self.providers.get(&resource.provider));
        provider.map_or((None, None), |provider| {
            (provider.version.clone(), Some(provider.tree.clone()))
        })
    }

    /// Where a module (by its path without instance keys) comes from, if that is no local folder.
    pub fn remote_source(&self, module_address: &str) -> Option<&str> {
        let mut path = without_keys(module_address);
        loop {
            if let Some(source) = self.sources.get(&path) {
                let local = ["./", "../", "/"]
                    .iter()
                    .any(|start| source.starts_with(start))
                    || source == "."
                    || source == "..";
                if !local {
                    return Some(source);
                }
            }
            path.truncate(path.rfind(".module.")?);
        }
    }

    /// Whether the plan has a configuration at all.
    pub(super) fn is_present(&self) -> bool {
        self.present
    }
}

/// Every field of the object that comes next; anything else is skipped.
fn each<'a>(
    scan: &mut Scan<'a>,
    mut field: impl FnMut(&mut Scan<'a>, Cow<'a, str>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if scan.peek()? != b'{' {
        return scan.skip().map(|_| ());
    }
    scan.token()?;
    let mut first = true;
    while let Some(key) = scan.key(&mut first)? {
        field(scan, key)?;
    }
    Ok(())
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// An address without instance keys: `module.a["x.y"].aws_kms_key.k[0]` is `module.a.aws_kms_key.k`.
pub(crate) fn without_keys(address: &str) -> String {
    let mut kept = String::with_capacity(address.len());
    let (mut inside, mut quoted, mut escaped) = (false, false, false);
    for character in address.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if inside => quoted = !quoted,
            '[' if !quoted => inside = true,
            ']' if inside && !quoted => inside = false,
            _ if inside => {}
            _ => kept.push(character),
        }
    }
    kept
}

impl Provider {
    fn new(value: &Json<'_>) -> Self {
        let constraint = value
            .get("version_constraint")
            .and_then(Json::as_text)
            .unwrap_or_default();
        let version = gabion_engine::policy::Constraint::parse(constraint)
            .ok()
            .and_then(|constraint| constraint.exact().map(ToString::to_string));
        let mut builder = TreeBuilder::new();
        let mut fields = Vec::new();
        if let Some(Json::Object(items)) = value.get("expressions") {
            for (name, expression) in items {
                let node = expression_node(&mut builder, expression);
                if !OPEN_SETTINGS.contains(&name.as_ref()) {
                    builder.mark_sensitive(node);
                }
                fields.push((Arc::from(name.as_ref()), node));
            }
        }
        // What no block says may come from the environment: a plan file does not tell.
        let root = builder.push(Data::Mapping(Shape::Unsure, fields), false);
        Self {
            version,
            tree: Arc::new(builder.finish(root)),
        }
    }
}

/// Whether an expression is an attribute's: a constant or references, and nothing else.
pub(super) fn is_leaf(expression: &Json<'_>) -> bool {
    match expression {
        Json::Object(items) => items.iter().all(|(key, value)| match key.as_ref() {
            "constant_value" => true,
            "references" => matches!(value, Json::List(names) if names.iter().all(|name| name.as_text().is_some())),
            _ => false,
        }),
        _ => false,
    }
}

/// An expression as a value: constants as they are, references as unknown.
pub(super) fn expression_node(builder: &mut TreeBuilder, expression: &Json<'_>) -> NodeId {
    match expression {
        leaf if is_leaf(leaf) => match leaf.get("constant_value") {
            Some(value) => json_node(builder, value),
            None => builder.push(Data::Unknown, false),
        },
        Json::Object(items) => {
            let fields = items
                .iter()
                .map(|(name, item)| (Arc::from(name.as_ref()), expression_node(builder, item)))
                .collect();
            builder.push(Data::Mapping(Shape::Unsure, fields), false)
        }
        Json::List(items) => {
            let items = items
                .iter()
                .map(|item| expression_node(builder, item))
                .collect();
            builder.push(Data::Sequence(items), false)
        }
        other => json_node(builder, other),
    }
}

pub(super) fn json_node(builder: &mut TreeBuilder, value: &Json<'_>) -> NodeId {
    let data = match value {
        Json::Null => Data::Null,
        Json::Boolean(value) => Data::Boolean(*value),
        Json::Number(text) => Data::Number((*text).into()),
        Json::Text(text) => Data::Text(text.as_ref().into()),
        Json::List(items) => {
            Data::Sequence(items.iter().map(|item| json_node(builder, item)).collect())
        }
        Json::Object(items) => {
            let fields = items
                .iter()
                .map(|(name, item)| (Arc::from(name.as_ref()), json_node(builder, item)))
                .collect();
            Data::Mapping(Shape::Unsure, fields)
        }
    };
    builder.push(data, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_keys_are_left_out() {
        assert_eq!(
            without_keys("module.a[\"x.]\\\"y\"].module.b[0].aws_kms_key.k[\"[\"]"),
            "module.a.module.b.aws_kms_key.k"
        );
        assert_eq!(without_keys("aws_kms_key.k"), "aws_kms_key.k");
    }

    #[test]
    fn secrets_of_a_provider_are_marked() {
        let text = r#"{"provider_config": {"aws": {"version_constraint": "5.100.0", "expressions":
            {"region": {"constant_value": "eu-central-1"}, "secret_key": {"constant_value": "hunter2"}, "token": {"references": ["var.t"]}}}},
            "root_module": {"resources": [{"address": "aws_kms_key.k", "provider_config_key": "aws", "expressions": {}}],
            "module_calls": {"m": {"source": "terraform-aws-modules/kms/aws", "module": {"module_calls": {"n": {"source": "./n", "module": {}}}}}}}}"#;
        let configuration = Configuration::read(Scan::new(text).skip().unwrap()).unwrap();
        let (version, tree) = configuration.provider("aws_kms_key.k");
        assert_eq!(version.as_deref(), Some("5.100.0"));
        let tree = tree.unwrap();
        assert_eq!(
            tree.to_display_json(tree.root()).to_string(),
            r#"{"region":"eu-central-1","secret_key":"(sensitive)","token":"(known after apply)"}"#
        );
        assert_eq!(
            configuration.remote_source("module.m[0].module.n"),
            Some("terraform-aws-modules/kms/aws")
        );
        assert_eq!(configuration.remote_source("module.x"), None);
    }
}
