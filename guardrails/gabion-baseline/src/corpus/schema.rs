//! What providers plan when nothing is said: attributes, blocks and defaults of the types in the corpus.

use std::collections::BTreeMap;

use gabion_model::{Data, NodeId, Shape, Tree, TreeBuilder};
use serde_json::Value as Json;

/// The text that stands for an unknown value.
const UNKNOWN: &str = "(known after apply)";

/// Types and what of them the rules and the cases name: whole ones in the first file, parts in the others.
const FILES: [(&str, &str); 5] = [
    ("schemas.json", include_str!("schemas.json")),
    (
        "schemas/composites.json",
        include_str!("schemas/composites.json"),
    ),
    ("schemas/compute.json", include_str!("schemas/compute.json")),
    (
        "schemas/identity.json",
        include_str!("schemas/identity.json"),
    ),
    ("schemas/network.json", include_str!("schemas/network.json")),
];

/// The types.
pub(super) struct Schemas(BTreeMap<String, Schema>);

/// One type.
#[derive(Clone)]
pub(super) struct Schema {
    /// The provider's source address.
    pub(super) provider: String,
    /// Its version.
    pub(super) version: String,
    block: Block,
}

#[derive(Clone, Default)]
struct Block {
    attributes: BTreeMap<String, Unset>,
    blocks: BTreeMap<String, (Nesting, Block)>,
}

/// What an attribute is when nothing is said.
#[derive(Clone)]
enum Unset {
    Null {
        map: bool,
    },
    Computed {
        map: bool,
    },
    Default(Json),
    /// A list of objects; null when nothing is said.
    Nested(Block),
}

#[derive(Clone, Copy, PartialEq)]
enum Nesting {
    /// No block is null.
    Single,
    /// No block is an empty list.
    List,
    /// No block is left to the provider.
    Computed,
}

/// What a tree is for.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Plan,
    State,
    Configuration,
}

impl Schemas {
    pub(super) fn load() -> Result<Self, String> {
        let mut all: BTreeMap<String, Json> = BTreeMap::new();
        for (file, text) in FILES {
            let types: BTreeMap<String, Json> =
                serde_json::from_str(text).map_err(|error| format!("corpus/{file}: {error}"))?;
            all.extend(types);
        }
        let mut schemas = BTreeMap::new();
        for (name, written) in all {
            let text = |key: &str| {
                written
                    .get(key)
                    .and_then(Json::as_str)
                    .map(str::to_owned)
                    .ok_or_else(|| format!("{name} has no `{key}`"))
            };
            let (provider, version) = (text("provider")?, text("version")?);
            let block =
                Block::read(&written).map_err(|why| format!("corpus/schemas: {name}: {why}"))?;
            schemas.insert(
                name,
                Schema {
                    provider,
                    version,
                    block,
                },
            );
        }
        Ok(Self(schemas))
    }

    pub(super) fn of(&self, resource_type: &str) -> Result<&Schema, String> {
        self.0
            .get(resource_type)
            .ok_or_else(|| format!("`{resource_type}` is in none of corpus/schemas"))
    }
}

impl Block {
    fn attributes(written: Option<&Json>) -> Result<Self, String> {
        let mut block = Self::default();
        for (name, unset) in written.and_then(Json::as_object).into_iter().flatten() {
            let unset = match unset.as_str() {
                Some("null") => Unset::Null { map: false },
                Some("map") => Unset::Null { map: true },
                Some("computed") => Unset::Computed { map: false },
                Some("computed map") => Unset::Computed { map: true },
                _ if unset.get("nested").is_some() => {
                    Unset::Nested(Self::attributes(unset.get("nested"))?)
                }
                _ => Unset::Default(
                    unset
                        .get("default")
                        .cloned()
                        .ok_or_else(|| format!("`{name}` says nothing"))?,
                ),
            };
            block.attributes.insert(name.clone(), unset);
        }
        Ok(block)
    }

    fn read(written: &Json) -> Result<Self, String> {
        let mut block = Self::attributes(written.get("attributes"))?;
        for (name, inner) in written
            .get("blocks")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
        {
            let computed = inner.get("computed").and_then(Json::as_bool) == Some(true);
            let nesting = match inner.get("nesting").and_then(Json::as_str) {
                Some("single") => Nesting::Single,
                _ if computed => Nesting::Computed,
                _ => Nesting::List,
            };
            block
                .blocks
                .insert(name.clone(), (nesting, Self::read(inner)?));
        }
        Ok(block)
    }

    fn build(
        &self,
        tree: &mut TreeBuilder,
        given: &Json,
        of: Of,
        sensitive: &[String],
    ) -> Result<NodeId, String> {
        let given = given.as_object().ok_or("a block is an object")?;
        if let Some(name) = given
            .keys()
            .find(|name| !self.attributes.contains_key(*name) && !self.blocks.contains_key(*name))
        {
            return Err(format!("the schema has no `{name}`"));
        }
        let mut children = Vec::new();
        for (name, unset) in &self.attributes {
            let id = match (given.get(name), unset) {
                (Some(value), Unset::Null { map } | Unset::Computed { map }) => {
                    attribute(tree, value, *map)
                }
                (Some(Json::Array(items)), Unset::Nested(block)) => {
                    let items: Result<Vec<_>, _> = items
                        .iter()
                        .map(|item| block.build(tree, item, of, &[]))
                        .collect();
                    tree.push(Data::Sequence(items?), false)
                }
                (Some(value), Unset::Default(_) | Unset::Nested(_)) => {
                    attribute(tree, value, false)
                }
                (None, Unset::Default(value)) if of != Of::Configuration => {
                    attribute(tree, value, false)
                }
                (None, Unset::Computed { .. }) if of == Of::Plan => {
                    tree.push(Data::Computed, false)
                }
                (None, _) => tree.push(Data::Null, false),
            };
            if sensitive.contains(name) {
                tree.mark_sensitive(id);
            }
            children.push((name.as_str().into(), id));
        }
        for (name, (nesting, block)) in &self.blocks {
            let id = match (given.get(name), nesting) {
                (Some(Json::String(text)), _) if text == UNKNOWN => tree.push(Data::Unknown, false),
                (Some(Json::Array(items)), _) => {
                    let items: Result<Vec<_>, _> = items
                        .iter()
                        .map(|item| block.build(tree, item, of, &[]))
                        .collect();
                    tree.push(Data::Sequence(items?), false)
                }
                (Some(value), Nesting::Single) => block.build(tree, value, of, &[])?,
                (Some(_), _) => return Err(format!("`{name}` is a list of blocks")),
                (None, Nesting::Single) => tree.push(Data::Null, false),
                (None, Nesting::Computed) if of == Of::Plan => tree.push(Data::Computed, false),
                (None, _) => tree.push(Data::Sequence(Vec::new()), false),
            };
            children.push((name.as_str().into(), id));
        }
        Ok(tree.push(Data::Mapping(Shape::Object, children), false))
    }
}

/// An attribute's value. An object is the JSON text of itself, unless the attribute is a map.
fn attribute(tree: &mut TreeBuilder, value: &Json, map: bool) -> NodeId {
    let data = match value {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Boolean(*value),
        Json::Number(value) => Data::Number(value.to_string().into()),
        Json::String(text) if text == UNKNOWN => Data::Unknown,
        Json::String(text) => Data::Text(text.as_str().into()),
        Json::Array(items) => Data::Sequence(
            items
                .iter()
                .map(|item| attribute(tree, item, false))
                .collect(),
        ),
        Json::Object(items) if map => {
            let items = items
                .iter()
                .map(|(name, item)| (name.as_str().into(), attribute(tree, item, false)))
                .collect();
            Data::Mapping(Shape::Map, items)
        }
        Json::Object(_) => Data::Text(value.to_string().into()),
    };
    tree.push(data, false)
}

impl Schema {
    /// The planned state: what is set, what is read back, and what the provider plans beside.
    pub(super) fn planned(
        &self,
        set: &Json,
        read: &Json,
        sensitive: &[String],
    ) -> Result<Tree, String> {
        let mut all = set.clone();
        if let (Some(all), Some(read)) = (all.as_object_mut(), read.as_object()) {
            all.extend(read.clone());
        }
        self.tree(&all, Of::Plan, sensitive)
    }

    /// A state: nothing is unknown in it.
    pub(super) fn state(&self, known: &Json, sensitive: &[String]) -> Result<Tree, String> {
        self.tree(known, Of::State, sensitive)
    }

    /// The configuration: null where nothing is set.
    pub(super) fn configured(&self, set: &Json) -> Result<Tree, String> {
        self.tree(set, Of::Configuration, &[])
    }

    fn tree(&self, given: &Json, of: Of, sensitive: &[String]) -> Result<Tree, String> {
        let mut tree = TreeBuilder::new();
        let root = self.block.build(&mut tree, given, of, sensitive)?;
        Ok(tree.finish(root))
    }
}
