//! From a decoded value and its schema to the tree that rules read.

use std::collections::BTreeMap;
use std::sync::Arc;

use gabion_model::{Data, NodeId, Shape, Tree, TreeBuilder};

use super::secrets::Secrets;
use crate::dynamic::Dynamic;
use crate::schema::{Attribute, Block, Content, Nesting, Type};

static NULL: Dynamic = Dynamic::Null;
static UNKNOWN: Dynamic = Dynamic::Unknown;

/// The tree of one side of a change. Where `config` is given, an unknown value that the configuration leaves
/// null is [`Data::Computed`]: the provider decides it. Everything else that is not known is [`Data::Unknown`].
pub(crate) fn tree(
    block: &Block,
    value: &Dynamic,
    config: Option<&Dynamic>,
    secrets: &Secrets,
) -> Tree {
    side(block, value, config, secrets, false)
}

/// The tree of the configuration: null where nothing is set. Terraform sends a block that nobody wrote as an empty
/// list or map, which is null here; an attribute that somebody set to an empty list is not.
pub(crate) fn configuration(block: &Block, value: &Dynamic, secrets: &Secrets) -> Tree {
    side(block, value, None, secrets, true)
}

fn side(
    block: &Block,
    value: &Dynamic,
    config: Option<&Dynamic>,
    secrets: &Secrets,
    written: bool,
) -> Tree {
    if value.is_null() {
        return Tree::null();
    }
    let mut build = Build {
        builder: TreeBuilder::new(),
        secrets,
        written,
    };
    let root = build.block(block, value, &config.into_iter().collect::<Vec<_>>());
    build.builder.finish(root)
}

/// The values of the configuration that may stand behind a planned value: one, or several behind an element of
/// a set, which has no index to find it by; none where that cannot be told.
type Configs<'v> = [&'v Dynamic];

struct Build<'s> {
    builder: TreeBuilder,
    secrets: &'s Secrets,
    /// Whether this is the configuration: what was written.
    written: bool,
}

impl Build<'_> {
    fn block(&mut self, block: &Block, value: &Dynamic, configs: &Configs<'_>) -> NodeId {
        let Dynamic::Map(values) = value else {
            return self.bare(value, configs, false);
        };
        let mut children = Vec::with_capacity(block.attributes.len() + block.blocks.len());
        self.attributes(&block.attributes, values, configs, &mut children);
        for (name, (nesting, inner)) in &block.blocks {
            let below = below(configs, name);
            let value = match values.get(name.as_ref()).unwrap_or(&NULL) {
                Dynamic::List(items) if self.written && items.is_empty() => &NULL,
                Dynamic::Map(items)
                    if self.written && *nesting == Nesting::Map && items.is_empty() =>
                {
                    &NULL
                }
                value => value,
            };
            let node = self.nested(
                *nesting,
                value,
                &below,
                false,
                &mut |build, object, configs| build.block(inner, object, configs),
            );
            children.push((name.clone(), node));
        }
        self.builder
            .push(Data::Mapping(Shape::Object, children), false)
    }

    fn attributes(
        &mut self,
        attributes: &BTreeMap<Arc<str>, Attribute>,
        values: &BTreeMap<String, Dynamic>,
        configs: &Configs<'_>,
        children: &mut Vec<(Arc<str>, NodeId)>,
    ) {
        for (name, attribute) in attributes {
            let value = values.get(name.as_ref()).unwrap_or(&NULL);
            let below = below(configs, name);
            let provider_only = attribute.computed && !attribute.configurable;
            let node = match &attribute.content {
                Content::Value(ty) => self.typed(ty, value, &below, provider_only),
                Content::Nested(nesting, nested) => self.nested(
                    *nesting,
                    value,
                    &below,
                    provider_only,
                    &mut |build, object, configs| {
                        let Dynamic::Map(values) = object else {
                            return build.bare(object, configs, provider_only);
                        };
                        let mut children = Vec::with_capacity(nested.len());
                        build.attributes(nested, values, configs, &mut children);
                        build
                            .builder
                            .push(Data::Mapping(Shape::Object, children), false)
                    },
                ),
            };
            if attribute.sensitive || attribute.write_only {
                self.builder.mark_sensitive(node);
            }
            children.push((name.clone(), node));
        }
    }

    fn nested(
        &mut self,
        nesting: Nesting,
        value: &Dynamic,
        configs: &Configs<'_>,
        provider_only: bool,
        object: &mut dyn FnMut(&mut Self, &Dynamic, &Configs<'_>) -> NodeId,
    ) -> NodeId {
        match (nesting, value) {
            (Nesting::Single, value) => object(self, value, configs),
            (Nesting::List | Nesting::Set, Dynamic::List(items)) => {
                let set = nesting == Nesting::Set;
                let nodes = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| object(self, item, &element(configs, set, at, item)))
                    .collect();
                self.builder.push(Data::Sequence(nodes), false)
            }
            (Nesting::Map, Dynamic::Map(items)) => {
                let nodes = items.iter().map(|(key, item)| {
                    (
                        key.as_str().into(),
                        object(self, item, &below(configs, key)),
                    )
                });
                let nodes = nodes.collect();
                self.map(items, nodes)
            }
            (_, value) => self.bare(value, configs, provider_only),
        }
    }

    fn typed(
        &mut self,
        ty: &Type,
        value: &Dynamic,
        configs: &Configs<'_>,
        provider_only: bool,
    ) -> NodeId {
        match (ty, value) {
            (Type::List(item) | Type::Set(item), Dynamic::List(items)) => {
                let set = matches!(ty, Type::Set(_));
                let nodes = items.iter().enumerate();
                let nodes = nodes.map(|(at, value)| {
                    self.typed(
                        item,
                        value,
                        &element(configs, set, at, value),
                        provider_only,
                    )
                });
                let nodes = nodes.collect();
                self.builder.push(Data::Sequence(nodes), false)
            }
            (Type::Tuple(types), Dynamic::List(items)) => {
                let nodes = types.iter().zip(items).enumerate();
                let nodes = nodes.map(|(at, (ty, value))| {
                    self.typed(
                        ty,
                        value,
                        &element(configs, false, at, value),
                        provider_only,
                    )
                });
                let nodes = nodes.collect();
                self.builder.push(Data::Sequence(nodes), false)
            }
            (Type::Map(item), Dynamic::Map(items)) => {
                let nodes = items.iter().map(|(key, value)| {
                    (
                        key.as_str().into(),
                        self.typed(item, value, &below(configs, key), provider_only),
                    )
                });
                let nodes = nodes.collect();
                self.map(items, nodes)
            }
            (Type::Object(types), Dynamic::Map(items)) => {
                let nodes = types.iter().map(|(name, ty)| {
                    let value = items.get(name.as_ref()).unwrap_or(&NULL);
                    (
                        name.clone(),
                        self.typed(ty, value, &below(configs, name), provider_only),
                    )
                });
                let nodes = nodes.collect();
                self.builder
                    .push(Data::Mapping(Shape::Object, nodes), false)
            }
            // The value of a dynamic attribute is its own schema: what it does not have is not set.
            (Type::Dynamic, Dynamic::List(items)) => {
                let nodes = items.iter().enumerate();
                let nodes = nodes.map(|(at, value)| {
                    self.typed(
                        ty,
                        value,
                        &element(configs, false, at, value),
                        provider_only,
                    )
                });
                let nodes = nodes.collect();
                self.builder.push(Data::Sequence(nodes), false)
            }
            (Type::Dynamic, Dynamic::Map(items)) => {
                let nodes = items.iter().map(|(key, value)| {
                    (
                        key.as_str().into(),
                        self.typed(ty, value, &below(configs, key), provider_only),
                    )
                });
                let nodes = nodes.collect();
                self.map(items, nodes)
            }
            (_, value) => self.bare(value, configs, provider_only),
        }
    }

    /// A map. Keys have no mark of their own: one that is a secret hides the map.
    fn map(&mut self, items: &BTreeMap<String, Dynamic>, nodes: Vec<(Arc<str>, NodeId)>) -> NodeId {
        let secret = items.keys().any(|key| self.secrets.knows(key));
        self.builder.push(Data::Mapping(Shape::Map, nodes), secret)
    }

    /// A leaf, or a whole that is null or unknown.
    fn bare(&mut self, value: &Dynamic, configs: &Configs<'_>, provider_only: bool) -> NodeId {
        let data = match value {
            Dynamic::Null => Data::Null,
            Dynamic::Unknown => {
                let unset = if configs.is_empty() {
                    provider_only
                } else {
                    configs.iter().all(|c| c.is_null())
                };
                if unset { Data::Computed } else { Data::Unknown }
            }
            Dynamic::Bool(value) => Data::Boolean(*value),
            Dynamic::Number(number) => Data::Number(number.to_display().into()),
            Dynamic::String(text) => {
                let secret = self.secrets.knows(text);
                return self.builder.push(Data::Text(text.as_str().into()), secret);
            }
            // Typed decoding lets no container through where a leaf belongs.
            Dynamic::List(_) | Dynamic::Map(_) => Data::Unknown,
        };
        self.builder.push(data, false)
    }
}

/// What stands behind an attribute or a key.
fn below<'v>(configs: &Configs<'v>, name: &str) -> Vec<&'v Dynamic> {
    let step = |config: &&'v Dynamic| match config {
        Dynamic::Unknown => &UNKNOWN,
        config => config.get(name).unwrap_or(&NULL),
    };
    configs.iter().map(step).collect()
}

/// What stands behind an element: by its index in a list, by its likeness in a set.
fn element<'v>(
    configs: &Configs<'v>,
    set: bool,
    index: usize,
    planned: &Dynamic,
) -> Vec<&'v Dynamic> {
    // Only unknown values ask, and looking for likeness is the dear part.
    if planned.is_wholly_known() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for config in configs {
        match config {
            Dynamic::Unknown => found.push(&UNKNOWN),
            Dynamic::List(items) if set => {
                found.extend(items.iter().filter(|item| like(planned, item)))
            }
            Dynamic::List(items) => found.push(items.get(index).unwrap_or(&NULL)),
            _ => found.push(&NULL),
        }
    }
    found
}

/// Whether a planned value can have come from a configured one.
fn like(planned: &Dynamic, config: &Dynamic) -> bool {
    match (planned, config) {
        (_, Dynamic::Null | Dynamic::Unknown) | (Dynamic::Unknown, _) => true,
        (Dynamic::List(planned), Dynamic::List(config)) => {
            planned.len() == config.len()
                && config
                    .iter()
                    .all(|item| planned.iter().any(|other| like(other, item)))
        }
        (Dynamic::Map(planned), Dynamic::Map(config)) => config
            .iter()
            .all(|(key, item)| planned.get(key).is_some_and(|other| like(other, item))),
        (planned, config) => planned == config,
    }
}

#[cfg(test)]
mod tests {
    use gabion_model::{Kind, Path};

    use super::*;
    use crate::guard::testing::{schema, value};

    fn kind(tree: &Tree, path: &str) -> Option<Kind> {
        tree.lookup(&Path::parse(path).unwrap())
            .map(|id| tree.kind(id))
    }

    #[test]
    fn unknown_and_computed_are_told_apart() {
        let planned = value(
            r#"{"name": "?", "id": "?", "policy": "?", "rules": [{"port": "?", "note": "x"}, {"port": 1, "note": "?"}],
                "grant": [{"who": "a", "how": "?"}, {"who": "b", "how": "?"}], "user": [{"arn": "?", "since": "?"}]}"#,
        );
        let config = value(
            r#"{"name": "?", "id": null, "policy": null, "rules": [{"port": "?", "note": "x"}, {"port": 1}],
                "grant": [{"who": "b", "how": "?"}, {"who": "a", "how": null}], "user": [{"arn": "?"}]}"#,
        );
        let tree = tree(&schema(), &planned, Some(&config), &Secrets::default());
        for (path, expected) in [
            ("name", Kind::Unknown),
            ("id", Kind::Computed),
            ("policy", Kind::Computed),
            ("rules[0].port", Kind::Unknown),
            ("rules[1].note", Kind::Computed),
            ("grant[0].how", Kind::Computed),
            ("grant[1].how", Kind::Unknown),
            ("user[0].arn", Kind::Unknown),
            ("user[0].since", Kind::Computed),
            ("tags", Kind::Null),
        ] {
            assert_eq!(kind(&tree, path), Some(expected), "{path}");
        }
    }

    #[test]
    fn a_block_that_nobody_wrote_is_null_in_the_configuration() {
        let told = |config: &str| {
            let tree = configuration(&schema(), &value(config), &Secrets::default());
            ["grant", "user", "tags"].map(|path| kind(&tree, path))
        };
        let (null, list, map) = (Some(Kind::Null), Some(Kind::Sequence), Some(Kind::Mapping));
        assert_eq!(told(r#"{"grant": [], "user": null}"#), [null, null, null]);
        // Attributes can be set to nothing; blocks cannot.
        assert_eq!(
            told(r#"{"grant": [], "user": [], "tags": {}}"#),
            [null, list, map]
        );
        assert_eq!(
            told(r#"{"grant": [{"who": "?"}], "user": null}"#),
            [list, null, null]
        );
        assert_eq!(told(r#"{"grant": "?"}"#), [Some(Kind::Unknown), null, null]);
    }

    #[test]
    fn a_list_that_is_unknown_in_the_configuration_is_unknown_below() {
        let planned = value(r#"{"grant": [{"who": "?", "how": "?"}]}"#);
        let tree = tree(
            &schema(),
            &planned,
            Some(&value(r#"{"grant": "?"}"#)),
            &Secrets::default(),
        );
        assert_eq!(kind(&tree, "grant[0].who"), Some(Kind::Unknown));
    }

    #[test]
    fn objects_and_maps_keep_their_shapes() {
        let tree = tree(
            &schema(),
            &value(r#"{"name": "x", "tags": {"a": "b"}, "user": [{"arn": "y"}]}"#),
            None,
            &Secrets::default(),
        );
        let shape = |path: &str| match tree.data(tree.lookup(&Path::parse(path).unwrap()).unwrap())
        {
            Data::Mapping(shape, _) => Some(*shape),
            _ => None,
        };
        assert_eq!(shape(""), Some(Shape::Object));
        assert_eq!(shape("tags"), Some(Shape::Map));
        assert_eq!(shape("user[0]"), Some(Shape::Object));
        // What the value leaves out is there as null, what the schema leaves out is not there.
        assert_eq!(kind(&tree, "user[0].since"), Some(Kind::Null));
        assert_eq!(kind(&tree, "user[0].other"), None);
        assert_eq!(kind(&tree, "tags.other"), None);
    }

    #[test]
    fn secrets_are_marked_wherever_they_stand() {
        let secrets = Secrets::default();
        let state = value(
            r#"{"name": "correct horse", "password": "correct horse", "tags": {"a": "correct horse", "b": "plain text"},
                "user": [{"arn": "battery staple", "token": "battery staple"}], "policy": "battery staple"}"#,
        );
        secrets.learn(&schema(), &state);
        let tree = tree(&schema(), &state, None, &secrets);
        for (path, hidden) in [
            ("password", true),
            ("name", true),
            ("tags.a", true),
            ("tags.b", false),
            ("user[0].token", true),
            ("user[0].arn", true),
            ("policy", true),
            ("write_only", true),
        ] {
            assert_eq!(
                tree.is_sensitive(tree.lookup(&Path::parse(path).unwrap()).unwrap()),
                hidden,
                "{path}"
            );
        }
        let shown = tree.to_display_json(tree.root()).to_string();
        assert!(
            !shown.contains("horse") && !shown.contains("staple"),
            "{shown}"
        );
    }

    #[test]
    fn a_secret_key_hides_its_map() {
        let secrets = Secrets::default();
        let state = value(r#"{"password": "correct horse", "tags": {"correct horse": "a"}}"#);
        secrets.learn(&schema(), &state);
        let tree = tree(&schema(), &state, None, &secrets);
        let shown = tree.to_display_json(tree.root()).to_string();
        assert!(!shown.contains("horse"), "{shown}");
        assert!(tree.is_sensitive(tree.lookup(&Path::parse("tags").unwrap()).unwrap()));
    }

    #[test]
    fn a_null_side_is_null() {
        let tree = tree(&schema(), &Dynamic::Null, None, &Secrets::default());
        assert_eq!(tree.kind(tree.root()), Kind::Null);
    }
}
