//! The configuration part of a plan: which expressions set what, which provider block holds, where modules come from.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use gabion_model::{Data, NodeId, Shape, Tree, TreeBuilder};

use super::scan::{Fault, Json, Scan, Slice};
use super::tree::Names;

/// What the plan says of the configuration.
#[derive(Debug, Default)]
pub struct Configuration<'a> {
    /// By module path (without instance keys) and resource: `module.a.aws_kms_key.k`.
    resources: HashMap<Cow<'a, str>, Resource<'a>>,
    providers: HashMap<Cow<'a, str>, Provider>,
    /// By module path: its call and what it gives.
    modules: HashMap<String, Module<'a>>,
    present: bool,
}

/// A resource block.
#[derive(Debug)]
pub(super) struct Resource<'a> {
    provider: Cow<'a, str>,
    /// Null where there is none.
    pub(super) expressions: Slice<'a>,
    for_each: Slice<'a>,
}

/// A module call, and the outputs of the module.
#[derive(Debug)]
struct Module<'a> {
    source: Cow<'a, str>,
    expressions: Slice<'a>,
    for_each: Slice<'a>,
    /// By name: an object with an `expression`.
    outputs: HashMap<Cow<'a, str>, Slice<'a>>,
    /// Whether the plan has what is in it.
    present: bool,
}

impl Default for Module<'_> {
    fn default() -> Self {
        Self {
            source: Cow::Borrowed(""),
            expressions: Slice::NULL,
            for_each: Slice::NULL,
            outputs: HashMap::new(),
            present: false,
        }
    }
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
    /// Reads the value of `configuration`, which comes next.
    pub(super) fn read(scan: &mut Scan<'a>) -> Result<Self, Fault> {
        let mut configuration = Self {
            present: scan.peek()? != b'n',
            ..Self::default()
        };
        each(scan, |scan, key| match key.as_ref() {
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
                    self.read_resource(scan, path)?;
                }
                Ok(())
            }
            "outputs" => each(scan, |scan, name| {
                let output = scan.skip()?;
                let module = self.modules.entry(path.to_owned()).or_default();
                module.outputs.insert(name, output);
                Ok(())
            }),
            "module_calls" => each(scan, |scan, name| {
                let path = join(path, &format!("module.{name}"));
                let (mut source, mut present) = (Cow::Borrowed(""), false);
                let (mut expressions, mut for_each) = (Slice::NULL, Slice::NULL);
                each(scan, |scan, key| {
                    match key.as_ref() {
                        "source" => source = scan.text_or_skip()?.unwrap_or_default(),
                        "expressions" => expressions = scan.skip()?,
                        "for_each_expression" => for_each = scan.skip()?,
                        "module" => {
                            present = scan.peek()? == b'{';
                            self.module(scan, &path)?;
                        }
                        _ => {
                            scan.skip()?;
                        }
                    }
                    Ok(())
                })?;
                let module = self.modules.entry(path).or_default();
                (module.source, module.present) = (source, present);
                (module.expressions, module.for_each) = (expressions, for_each);
                Ok(())
            }),
            _ => scan.skip().map(|_| ()),
        })
    }

    fn read_resource(&mut self, scan: &mut Scan<'a>, path: &str) -> Result<(), Fault> {
        let (mut address, mut provider) = (None, None);
        let (mut expressions, mut for_each) = (Slice::NULL, Slice::NULL);
        each(scan, |scan, key| {
            match key.as_ref() {
                "address" => address = scan.text_or_skip()?,
                "provider_config_key" => provider = scan.text_or_skip()?,
                "expressions" => expressions = scan.skip()?,
                "for_each_expression" => for_each = scan.skip()?,
                _ => {
                    scan.skip()?;
                }
            }
            Ok(())
        })?;
        if let Some(address) = address {
            let key = if path.is_empty() {
                address
            } else {
                join(path, &address).into()
            };
            self.resources.insert(
                key,
                Resource {
                    provider: provider.unwrap_or_default(),
                    expressions,
                    for_each,
                },
            );
        }
        Ok(())
    }

    /// A resource, by its address without instance keys.
    pub(super) fn resource(&self, key: &str) -> Option<&Resource<'a>> {
        self.resources.get(key)
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
    pub(super) fn provider(
        &self,
        resource: Option<&Resource<'_>>,
    ) -> (Option<String>, Option<&Arc<Tree>>) {
        let provider = resource.and_then(|resource| self.providers.get(resource.provider.as_ref()));
        provider.map_or((None, None), |provider| {
            (provider.version.clone(), Some(&provider.tree))
        })
    }

    /// Where a module (by its path without instance keys) comes from, if that is no local folder.
    pub fn remote_source(&self, module_address: &str) -> Option<&str> {
        let mut path = without_keys(module_address).into_owned();
        loop {
            if let Some(Module { source, .. }) = self.modules.get(&path) {
                let local = ["./", "../", "/"]
                    .iter()
                    .any(|start| source.starts_with(start))
                    || source == "."
                    || source == "..";
                if !local && !source.is_empty() {
                    return Some(source);
                }
            }
            path.truncate(path.rfind(".module.")?);
        }
    }

    /// Whether the plan has a configuration at all, with everything that its module calls bring in.
    pub(super) fn is_whole(&self) -> bool {
        let mut calls = self.modules.iter().filter(|(path, _)| !path.is_empty());
        self.present && calls.all(|(_, module)| module.present)
    }

    /// The `for_each` of a resource or module call, by its address without instance keys.
    pub(super) fn for_each(&self, key: &str) -> Result<Option<Json<'a>>, Fault> {
        let slice = (self.resources.get(key).map(|resource| resource.for_each))
            .or_else(|| self.modules.get(key).map(|module| module.for_each));
        read(slice)
    }

    /// What a module call passes for a variable; `None` where the variable's default holds.
    pub(super) fn argument(&self, module: &str, variable: &str) -> Result<Option<Json<'a>>, Fault> {
        let call = read(self.modules.get(module).map(|module| module.expressions))?;
        Ok(call.and_then(|call| call.get(variable).cloned()))
    }

    /// The expression of a module's output; `None` where the plan does not have the module, or the module not the output.
    pub(super) fn output(&self, module: &str, name: &str) -> Result<Option<Json<'a>>, Fault> {
        let output = self
            .modules
            .get(module)
            .and_then(|module| module.outputs.get(name));
        let output = read(output.copied())?;
        Ok(output.and_then(|output| output.get("expression").cloned()))
    }

    /// The names of a module's outputs, sorted.
    pub(super) fn outputs(&self, module: &str) -> Vec<&str> {
        let outputs = self
            .modules
            .get(module)
            .into_iter()
            .flat_map(|module| module.outputs.keys());
        let mut names: Vec<&str> = outputs.map(AsRef::as_ref).collect();
        names.sort_unstable();
        names
    }
}

fn read<'a>(slice: Option<Slice<'a>>) -> Result<Option<Json<'a>>, Fault> {
    slice
        .filter(|slice| !slice.is_null())
        .map(|slice| Json::read(&mut slice.scan()))
        .transpose()
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
pub(crate) fn without_keys(address: &str) -> Cow<'_, str> {
    if !address.contains('[') {
        return Cow::Borrowed(address);
    }
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
    Cow::Owned(kept)
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
        let mut names = Names::default();
        let mut fields = Vec::new();
        if let Some(Json::Object(items)) = value.get("expressions") {
            for (name, expression) in items {
                let node = expression_node(&mut builder, &mut names, expression);
                if !OPEN_SETTINGS.contains(&name.as_ref()) {
                    builder.mark_sensitive(node);
                }
                fields.push((names.get(name), node));
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
pub(super) fn expression_node(
    builder: &mut TreeBuilder,
    names: &mut Names,
    expression: &Json<'_>,
) -> NodeId {
    match expression {
        leaf if is_leaf(leaf) => match leaf.get("constant_value") {
            Some(value) => json_node(builder, names, value),
            None => builder.push(Data::Unknown, false),
        },
        Json::Object(items) => {
            let fields = items
                .iter()
                .map(|(name, item)| (names.get(name), expression_node(builder, names, item)))
                .collect();
            builder.push(Data::Mapping(Shape::Unsure, fields), false)
        }
        Json::List(items) => {
            let items = items
                .iter()
                .map(|item| expression_node(builder, names, item))
                .collect();
            builder.push(Data::Sequence(items), false)
        }
        other => json_node(builder, names, other),
    }
}

fn json_node(builder: &mut TreeBuilder, names: &mut Names, value: &Json<'_>) -> NodeId {
    let data = match value {
        Json::Null => Data::Null,
        Json::Boolean(value) => Data::Boolean(*value),
        Json::Number(text) => Data::Number((*text).into()),
        Json::Text(text) => Data::Text(text.as_ref().into()),
        Json::List(items) => {
            let items = items.iter().map(|item| json_node(builder, names, item));
            Data::Sequence(items.collect())
        }
        Json::Object(items) => {
            let fields = items
                .iter()
                .map(|(name, item)| (names.get(name), json_node(builder, names, item)))
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
        let configuration = Configuration::read(&mut Scan::new(text)).unwrap();
        let (version, tree) = configuration.provider(configuration.resource("aws_kms_key.k"));
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
