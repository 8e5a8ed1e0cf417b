//! The value tree: one resource, one side of a change, held as an arena so that a handle is two words.

mod parts;

use std::sync::{Arc, OnceLock};

use crate::path::{Path, Step};
pub use parts::Attributes;
use parts::Parts;

/// Where a node stands in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// What kind of a value a node is. The order is that of the WIT enum `kind`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Null: set to nothing, or absent where absence is allowed.
    Null,
    /// A boolean.
    Boolean,
    /// A number, as exact decimal text.
    Number,
    /// Text.
    Text,
    /// A list, set, tuple or repeated block.
    Sequence,
    /// A map, object or block.
    Mapping,
    /// Not known yet: it depends on something that the apply makes.
    Unknown,
    /// Unset in the configuration and unknown in the plan: the provider decides it.
    Computed,
}

/// Whether a mapping has a fixed set of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// An object or block: a name it does not have is not in the schema, and reading it is an error.
    Object,
    /// A map: a key it does not have is null.
    Map,
    /// No schema tells (a plan file): reading a name it does not have is undetermined.
    Unsure,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// See [`Kind::Null`].
    Null,
    /// See [`Kind::Unknown`].
    Unknown,
    /// See [`Kind::Computed`].
    Computed,
    /// See [`Kind::Boolean`].
    Boolean(bool),
    /// See [`Kind::Number`]; decimal text.
    Number(Box<str>),
    /// See [`Kind::Text`].
    Text(Box<str>),
    /// See [`Kind::Sequence`].
    Sequence(Vec<NodeId>),
    /// See [`Kind::Mapping`]; sorted by name.
    Mapping(Shape, Vec<(Arc<str>, NodeId)>),
}

#[derive(Clone, Debug, PartialEq)]
struct Node {
    parent: Option<NodeId>,
    data: Data,
    sensitive: bool,
}

/// An immutable tree of values. Made by a [`TreeBuilder`].
#[derive(Clone)]
pub struct Tree(Repr);

#[derive(Clone)]
enum Repr {
    Built {
        nodes: Vec<Node>,
        root: NodeId,
    },
    /// Made when it is first looked at: most resources of a large plan never are.
    Lazy {
        made: OnceLock<Arc<Tree>>,
        make: Arc<dyn Fn() -> Arc<Tree> + Send + Sync>,
        null: bool,
    },
    /// An object whose attributes are made when they are first looked at.
    Parts(Parts),
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.solid() == other.solid()
    }
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (nodes, root) = self.solid();
        f.debug_struct("Tree")
            .field("nodes", &nodes)
            .field("root", &root)
            .finish()
    }
}

/// Builds a [`Tree`] from the leaves upwards: make the children first, then the node that holds them.
#[derive(Debug, Default)]
pub struct TreeBuilder {
    nodes: Vec<Node>,
}

impl TreeBuilder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty builder with room for so many nodes.
    pub fn with_capacity(nodes: usize) -> Self {
        Self {
            nodes: Vec::with_capacity(nodes),
        }
    }

    /// Adds a leaf or a container whose children were added before; `sensitive` marks it and, for a reader,
    /// all below it.
    pub fn push(&mut self, mut data: Data, sensitive: bool) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let mut adopt = |child: NodeId| {
            if let Some(node) = self.nodes.get_mut(child.0 as usize) {
                node.parent = Some(id);
            }
        };
        match &mut data {
            Data::Sequence(children) => children.iter().copied().for_each(adopt),
            Data::Mapping(_, children) => {
                children.sort_by(|left, right| left.0.cmp(&right.0));
                children.iter().for_each(|(_, child)| adopt(*child));
            }
            _ => {}
        }
        self.nodes.push(Node {
            parent: None,
            data,
            sensitive,
        });
        id
    }

    /// Marks a node, and for a reader all below it, as sensitive.
    pub fn mark_sensitive(&mut self, id: NodeId) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            node.sensitive = true;
        }
    }

    /// The finished tree.
    pub fn finish(self, root: NodeId) -> Tree {
        Tree(Repr::Built {
            nodes: self.nodes,
            root,
        })
    }
}

const NULL: Data = Data::Null;

impl Tree {
    /// A tree that is null: the side of a change that does not exist.
    pub fn null() -> Self {
        let mut builder = TreeBuilder::new();
        let root = builder.push(Data::Null, false);
        builder.finish(root)
    }

    /// A tree from JSON, every mapping of the given shape. For documents in text, settings and tests.
    pub fn from_json(value: &serde_json::Value, shape: Shape) -> Self {
        let mut builder = TreeBuilder::new();
        let root = push_json(&mut builder, value, shape);
        builder.finish(root)
    }

    /// A tree that is made when it is first looked at; `null` says whether its root will be null.
    pub fn lazy(null: bool, make: impl Fn() -> Arc<Self> + Send + Sync + 'static) -> Self {
        Self(Repr::Lazy {
            made: OnceLock::new(),
            make: Arc::new(make),
            null,
        })
    }

    /// An object whose attributes are made when they are first looked at.
    pub fn by_attribute(source: Arc<dyn Attributes>) -> Self {
        Self(Repr::Parts(Parts::new(source)))
    }

    /// All nodes and the root, of a tree that is made for it where it is not yet.
    fn solid(&self) -> (&[Node], NodeId) {
        match &self.0 {
            Repr::Built { nodes, root } => (nodes, *root),
            Repr::Lazy { made, make, .. } => made.get_or_init(|| make()).solid(),
            Repr::Parts(parts) => parts.whole().solid(),
        }
    }

    fn into_nodes(self) -> (Vec<Node>, NodeId) {
        match self.0 {
            Repr::Built { nodes, root } => (nodes, root),
            _ => {
                let (nodes, root) = self.solid();
                (nodes.to_vec(), root)
            }
        }
    }

    fn nodes(&self) -> &[Node] {
        self.solid().0
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        match &self.0 {
            Repr::Parts(parts) => parts.node(id),
            _ => self.nodes().get(id.0 as usize),
        }
    }

    /// The object, where it is made by attribute and the node is its root.
    fn unmade(&self, id: NodeId) -> Option<&Parts> {
        match &self.0 {
            Repr::Parts(parts) if id == parts::ROOT => Some(parts),
            _ => None,
        }
    }

    /// The root.
    pub fn root(&self) -> NodeId {
        match &self.0 {
            Repr::Parts(_) => parts::ROOT,
            _ => self.solid().1,
        }
    }

    /// Whether the root is null: that side of a change does not exist. Does not make a lazy tree.
    pub fn is_null(&self) -> bool {
        match &self.0 {
            Repr::Built { .. } => matches!(self.data(self.root()), Data::Null),
            Repr::Lazy { null, .. } => *null,
            Repr::Parts(_) => false,
        }
    }

    /// How many nodes it has: a measure of its size in memory.
    pub fn len(&self) -> usize {
        self.nodes().len()
    }

    /// Whether it holds no node at all. A finished tree never does.
    pub fn is_empty(&self) -> bool {
        self.nodes().is_empty()
    }

    /// What a node holds. Raw: marks are not looked at.
    pub fn data(&self, id: NodeId) -> &Data {
        self.node(id).map_or(&NULL, |node| &node.data)
    }

    /// The shape of a mapping; `None` of anything else.
    pub fn shape(&self, id: NodeId) -> Option<Shape> {
        if self.unmade(id).is_some() {
            return Some(Shape::Object);
        }
        match self.data(id) {
            Data::Mapping(shape, _) => Some(*shape),
            _ => None,
        }
    }

    /// The node's kind.
    pub fn kind(&self, id: NodeId) -> Kind {
        if self.unmade(id).is_some() {
            return Kind::Mapping;
        }
        match self.data(id) {
            Data::Null => Kind::Null,
            Data::Unknown => Kind::Unknown,
            Data::Computed => Kind::Computed,
            Data::Boolean(_) => Kind::Boolean,
            Data::Number(_) => Kind::Number,
            Data::Text(_) => Kind::Text,
            Data::Sequence(_) => Kind::Sequence,
            Data::Mapping(..) => Kind::Mapping,
        }
    }

    /// Whether the node, or one above it, is marked sensitive.
    pub fn is_sensitive(&self, id: NodeId) -> bool {
        let mut at = Some(id).filter(|id| self.unmade(*id).is_none());
        while let Some(node) = at.and_then(|id| self.node(id)) {
            if node.sensitive {
                return true;
            }
            at = node.parent.filter(|id| self.unmade(*id).is_none());
        }
        false
    }

    /// Where the node stands.
    pub fn path(&self, id: NodeId) -> Path {
        let mut steps = Vec::new();
        let mut at = id;
        if self.unmade(id).is_some() {
            return Path::root();
        }
        while let Some(parent) = self.node(at).and_then(|node| node.parent) {
            if let Some(name) = self.unmade(parent).and_then(|parts| parts.name(at)) {
                steps.push(Step::Name(name));
                break;
            }
            steps.extend(self.step(parent, at));
            at = parent;
        }
        steps.reverse();
        Path::new(steps)
    }

    /// The step from a container to one of its children. Paths are asked for by the few values that a rule read, so
    /// the nodes do not keep it.
    fn step(&self, parent: NodeId, child: NodeId) -> Option<Step> {
        match self.data(parent) {
            Data::Sequence(children) => {
                // Children are made in their order by most builders.
                let index = (children.binary_search(&child).ok())
                    .or_else(|| children.iter().position(|known| *known == child))?;
                Some(Step::Index(u32::try_from(index).unwrap_or(u32::MAX)))
            }
            Data::Mapping(_, children) => {
                let (name, _) = children.iter().find(|(_, known)| *known == child)?;
                Some(Step::Name(name.clone()))
            }
            _ => None,
        }
    }

    /// The child of a mapping by name.
    pub fn child(&self, id: NodeId, name: &str) -> Option<NodeId> {
        if let Some(parts) = self.unmade(id) {
            return parts.child(name);
        }
        match self.data(id) {
            Data::Mapping(_, children) => children
                .binary_search_by(|(key, _)| key.as_ref().cmp(name))
                .ok()
                .and_then(|at| children.get(at))
                .map(|(_, child)| *child),
            _ => None,
        }
    }

    /// The element of a sequence.
    pub fn element(&self, id: NodeId, index: u32) -> Option<NodeId> {
        if self.unmade(id).is_some() {
            return None;
        }
        match self.data(id) {
            Data::Sequence(children) => children.get(index as usize).copied(),
            _ => None,
        }
    }

    /// The node at a path, without any trace of the read.
    pub fn lookup(&self, path: &Path) -> Option<NodeId> {
        path.steps()
            .iter()
            .try_fold(self.root(), |at, step| match step {
                Step::Name(name) => self.child(at, name),
                Step::Index(index) => self.element(at, *index),
            })
    }

    /// The node as JSON for a reader: sensitive values become `(sensitive)`, unknown ones `(known after apply)`.
    pub fn to_display_json(&self, id: NodeId) -> serde_json::Value {
        self.json(id, self.is_sensitive(id))
    }

    fn json(&self, id: NodeId, hidden: bool) -> serde_json::Value {
        use serde_json::Value as Json;
        let hidden = hidden || self.node(id).is_some_and(|node| node.sensitive);
        match self.data(id) {
            Data::Null => Json::Null,
            Data::Unknown | Data::Computed => Json::String("(known after apply)".to_owned()),
            _ if hidden => Json::String("(sensitive)".to_owned()),
            Data::Boolean(value) => Json::Bool(*value),
            Data::Number(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_string()))
            }
            Data::Text(text) => Json::String(text.to_string()),
            Data::Sequence(children) => Json::Array(
                children
                    .iter()
                    .map(|child| self.json(*child, hidden))
                    .collect(),
            ),
            Data::Mapping(_, children) => Json::Object(
                children
                    .iter()
                    .map(|(name, child)| (name.to_string(), self.json(*child, hidden)))
                    .collect(),
            ),
        }
    }

    /// Whether two nodes hold the same values, marks left aside. Unknown and computed equal nothing.
    pub fn same(&self, id: NodeId, other: &Self, other_id: NodeId) -> bool {
        match (self.data(id), other.data(other_id)) {
            (Data::Null, Data::Null) => true,
            (Data::Boolean(left), Data::Boolean(right)) => left == right,
            (Data::Number(left), Data::Number(right)) => same_number(left, right),
            (Data::Text(left), Data::Text(right)) => left == right,
            (Data::Sequence(left), Data::Sequence(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| self.same(*left, other, *right))
            }
            (Data::Mapping(_, left), Data::Mapping(_, right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| left.0 == right.0 && self.same(left.1, other, right.1))
            }
            _ => false,
        }
    }
}

/// Whether two decimal texts are the same number: `1`, `1.0` and `1e0` are.
pub fn same_number(left: &str, right: &str) -> bool {
    left == right
        || matches!((normal(left), normal(right)), (Some(left), Some(right)) if left == right)
}

/// Sign, digits without leading or trailing zeros, and the exponent of the last digit.
fn normal(text: &str) -> Option<(bool, String, i64)> {
    let (negative, rest) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent
                .strip_prefix('+')
                .unwrap_or(exponent)
                .parse::<i64>()
                .ok()?,
        ),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len() - kept.len()).ok()?;
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return Some((false, String::new(), 0));
    }
    let exponent = exponent - i64::try_from(fraction.len()).ok()? + dropped;
    Some((negative, kept.to_owned(), exponent))
}

fn push_json(builder: &mut TreeBuilder, value: &serde_json::Value, shape: Shape) -> NodeId {
    use serde_json::Value as Json;
    let data = match value {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Boolean(*value),
        Json::Number(number) => Data::Number(number.to_string().into()),
        Json::String(text) => Data::Text(text.as_str().into()),
        Json::Array(items) => Data::Sequence(
            items
                .iter()
                .map(|item| push_json(builder, item, shape))
                .collect(),
        ),
        Json::Object(items) => Data::Mapping(
            shape,
            items
                .iter()
                .map(|(name, item)| (name.as_str().into(), push_json(builder, item, shape)))
                .collect(),
        ),
    };
    builder.push(data, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_lookups_agree() {
        let tree = Tree::from_json(
            &serde_json::json!({"a": [{"b": "x"}, 2], "t": {"k.v": true}}),
            Shape::Object,
        );
        for text in ["a[0].b", "a[1]", "t[\"k.v\"]", ""] {
            let path = Path::parse(text).unwrap();
            let id = tree.lookup(&path).unwrap();
            assert_eq!(tree.path(id), path);
        }
        assert!(tree.lookup(&Path::parse("a[2]").unwrap()).is_none());
    }

    #[test]
    fn a_mark_covers_what_is_below() {
        let mut builder = TreeBuilder::new();
        let leaf = builder.push(Data::Text("hunter2".into()), false);
        let top = builder.push(
            Data::Mapping(Shape::Object, vec![("password".into(), leaf)]),
            true,
        );
        let tree = builder.finish(top);
        assert!(tree.is_sensitive(leaf));
        assert_eq!(tree.to_display_json(leaf), "(sensitive)");
    }

    #[test]
    fn numbers_compare_by_value() {
        for (left, right) in [
            ("1", "1.0"),
            ("1e2", "100"),
            ("0.50", "5e-1"),
            ("-0", "0"),
            ("1E+3", "1000"),
        ] {
            assert!(same_number(left, right), "{left} {right}");
        }
        assert!(!same_number("9007199254740993", "9007199254740992"));
        assert!(!same_number("1", "-1"));
    }
}
