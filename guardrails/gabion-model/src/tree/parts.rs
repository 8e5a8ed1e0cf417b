//! An object whose attributes are made one at a time: of a large plan, a rule looks at one or two attributes of each
//! resource.
//!
//! What belongs here: which attributes are there, and how their nodes are numbered. What does not: where they come from.

use std::sync::{Arc, OnceLock};

use super::{Data, Node, NodeId, Tree};

/// Where the attributes of an object come from.
pub trait Attributes: Send + Sync {
    /// The attribute of this name, which will stand below the root; `None` where the object has none.
    fn attribute(&self, name: &str) -> Option<Tree>;

    /// The whole object, its root a mapping with [`super::Shape::Object`] and no mark.
    fn whole(&self) -> Arc<Tree>;
}

/// So many attributes are made on their own; whoever wants more gets the whole object.
const MOST: usize = 6;
/// The root, as long as nobody asks for all of it.
pub(super) const ROOT: NodeId = NodeId(u32::MAX);
/// Numbers from here on are of attributes made on their own, those below of the whole object.
const OWN: u32 = 1 << 31;
/// How many numbers each of them has.
const EACH: u32 = 1 << 27;

type Made = [OnceLock<Part>; MOST];

/// See the module. Small: a large plan has three for each resource.
#[derive(Clone)]
pub(super) struct Parts {
    made: OnceLock<Box<Made>>,
    whole: OnceLock<Arc<Tree>>,
    source: Arc<dyn Attributes>,
}

#[derive(Clone)]
struct Part {
    name: Arc<str>,
    nodes: Vec<Node>,
    top: NodeId,
}

impl Parts {
    pub(super) fn new(source: Arc<dyn Attributes>) -> Self {
        Self {
            made: OnceLock::new(),
            whole: OnceLock::new(),
            source,
        }
    }

    pub(super) fn whole(&self) -> &Tree {
        self.whole.get_or_init(|| self.source.whole())
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        if id == ROOT {
            let whole = self.whole();
            return whole.node(whole.root());
        }
        match id.0.checked_sub(OWN) {
            Some(own) => self.part(own)?.nodes.get((own % EACH) as usize),
            None => self.whole().node(id),
        }
    }

    fn part(&self, own: u32) -> Option<&Part> {
        self.made.get()?.get((own / EACH) as usize)?.get()
    }

    /// The name of an attribute that was made on its own.
    pub(super) fn name(&self, id: NodeId) -> Option<Arc<str>> {
        let part = self.part(id.0.checked_sub(OWN)?)?;
        (part.top == id).then(|| part.name.clone())
    }

    /// The attribute of this name.
    pub(super) fn child(&self, name: &str) -> Option<NodeId> {
        let mut new = None;
        let made = (self.made).get_or_init(|| Box::new([const { OnceLock::new() }; MOST]));
        for (number, place) in made.iter().enumerate() {
            if let Some(part) = place.get() {
                if *part.name == *name {
                    return Some(part.top);
                }
                continue;
            }
            if self.whole.get().is_some() {
                break;
            }
            let part = match new.take() {
                Some(part) => part,
                None => self.source.attribute(name)?,
            };
            // Another thread may have been first, with this attribute or with another one.
            let mut left = Some(part);
            let made = place.get_or_init(|| Part::new(name, number, left.take()));
            if left.is_none() || *made.name == *name {
                return Some(made.top);
            }
            new = left;
        }
        let whole = self.whole();
        whole.child(whole.root(), name)
    }
}

impl Part {
    /// Gives the nodes of an attribute their numbers.
    fn new(name: &str, number: usize, tree: Option<Tree>) -> Self {
        let base = OWN + EACH * u32::try_from(number).unwrap_or_default();
        let moved = |id: &mut NodeId| id.0 = base + id.0 % EACH;
        let (mut nodes, mut top) = tree.map_or_else(|| Tree::null().into_nodes(), Tree::into_nodes);
        for node in &mut nodes {
            match &mut node.parent {
                Some(parent) => moved(parent),
                None => node.parent = Some(ROOT),
            }
            match &mut node.data {
                Data::Sequence(children) => children.iter_mut().for_each(moved),
                Data::Mapping(_, children) => {
                    (children.iter_mut()).for_each(|(_, child)| moved(child));
                }
                _ => {}
            }
        }
        moved(&mut top);
        Self {
            name: name.into(),
            nodes,
            top,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::path::Path;
    use crate::tree::{Shape, TreeBuilder};

    struct Source {
        whole: Arc<Tree>,
        asked: AtomicUsize,
    }

    impl Attributes for Source {
        fn attribute(&self, name: &str) -> Option<Tree> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let id = self.whole.child(self.whole.root(), name)?;
            let mut builder = TreeBuilder::new();
            let top = copy(&mut builder, &self.whole, id);
            Some(builder.finish(top))
        }

        fn whole(&self) -> Arc<Tree> {
            self.asked.fetch_add(100, Ordering::Relaxed);
            self.whole.clone()
        }
    }

    fn copy(builder: &mut TreeBuilder, tree: &Tree, id: NodeId) -> NodeId {
        let data = match tree.data(id) {
            Data::Sequence(items) => Data::Sequence(
                items
                    .iter()
                    .map(|item| copy(builder, tree, *item))
                    .collect(),
            ),
            Data::Mapping(shape, fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, item)| (name.clone(), copy(builder, tree, *item)));
                Data::Mapping(*shape, fields.collect())
            }
            data => data.clone(),
        };
        builder.push(data, tree.node(id).is_some_and(|node| node.sensitive))
    }

    fn sample() -> (Arc<Source>, Tree, Arc<Tree>) {
        let mut values = serde_json::json!({"a": [{"b": "x"}, 2], "t": {"k.v": true}});
        for number in 0..20 {
            values[format!("n{number}")] = number.into();
        }
        let whole = Arc::new(Tree::from_json(&values, Shape::Object));
        let source = Arc::new(Source {
            whole: whole.clone(),
            asked: AtomicUsize::new(0),
        });
        let tree = Tree::by_attribute(source.clone());
        (source, tree, whole)
    }

    #[test]
    fn only_what_is_asked_for_is_made_and_paths_are_right() {
        let (source, tree, _) = sample();
        assert!(!tree.is_null());
        assert_eq!(tree.shape(tree.root()), Some(Shape::Object));
        for _ in 0..2 {
            for text in ["a[0].b", "a[1]", "t[\"k.v\"]"] {
                let path = Path::parse(text).unwrap();
                let id = tree.lookup(&path).unwrap();
                assert_eq!(tree.path(id), path);
                assert!(!tree.is_sensitive(id));
            }
        }
        assert_eq!(source.asked.load(Ordering::Relaxed), 2);
        assert!(tree.child(tree.root(), "none").is_none());
        assert_eq!(source.asked.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn whoever_wants_much_gets_the_whole() {
        let (source, tree, whole) = sample();
        let first = tree.child(tree.root(), "a").unwrap();
        for number in 0..20 {
            let path = Path::parse(&format!("n{number}")).unwrap();
            let id = tree.lookup(&path).unwrap();
            assert_eq!(tree.data(id), &Data::Number(number.to_string().into()));
            assert_eq!(tree.path(id), path);
        }
        assert_eq!(source.asked.load(Ordering::Relaxed), 100 + MOST);
        assert_eq!(tree.child(tree.root(), "a"), Some(first));
        assert_eq!(tree, *whole);
        let shown = tree.to_display_json(tree.root());
        assert_eq!(shown, whole.to_display_json(whole.root()));
        assert!(tree.same(tree.root(), &whole, whole.root()));
        // What was made on its own and what is of the whole are the same values at the same paths.
        let Data::Mapping(_, fields) = tree.data(tree.root()) else {
            panic!("no object");
        };
        let (_, again) = fields.iter().find(|(name, _)| **name == *"a").unwrap();
        assert!(tree.same(first, &tree, *again));
        assert_eq!(tree.path(first), tree.path(*again));
    }

    #[test]
    fn marks_hold_below_an_attribute() {
        struct Secret;
        impl Attributes for Secret {
            fn attribute(&self, _: &str) -> Option<Tree> {
                let mut builder = TreeBuilder::new();
                let leaf = builder.push(Data::Text("hunter2".into()), false);
                let top = builder.push(Data::Sequence(vec![leaf]), true);
                Some(builder.finish(top))
            }

            fn whole(&self) -> Arc<Tree> {
                panic!("nobody asked for it")
            }
        }
        let tree = Tree::by_attribute(Arc::new(Secret));
        let id = tree.lookup(&Path::parse("password[0]").unwrap()).unwrap();
        assert!(tree.is_sensitive(id) && !tree.is_sensitive(tree.root()));
        assert_eq!(tree.to_display_json(id), "(sensitive)");
    }
}
