//! What a read of a value answers, and the trace of the reads.
//!
//! The sandbox host and native runs both read through [`View`], so that a verdict cannot depend on which of
//! them ran the rule.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::change::Graph;
use crate::detect::{self, Secret};
use crate::path::{Path, Step};
use crate::tree::{Data, Kind, NodeId, Shape, Tree};
use crate::verdict::Undetermined;

/// Why a value could not be read. The order is that of the WIT enum `unreadable`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Unreadable {
    /// It is not known yet.
    Unknown,
    /// The provider decides it during the apply, and nobody configured it.
    Computed,
    /// It is a secret: only set or not, its length and equality can be asked.
    Sensitive,
    /// It is of another kind than the rule asked for.
    WrongKind,
    /// The resource's schema has no such path.
    NoSuchPath,
    /// There is no schema here that tells whether the name exists.
    NoSchema,
    /// A text that should hold JSON and does not.
    NotJson,
}

/// Which tree a value belongs to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The prior state.
    Before,
    /// The planned state.
    After,
    /// The provider's configuration.
    ProviderConfiguration,
    /// The pack's settings.
    Settings,
    /// The resource's configuration: whether it sets the attribute, never what it says.
    Configuration,
}

/// One read that a rule made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Read {
    /// Of which resource, for whole-plan rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Of which side.
    pub side: Side,
    /// Which attribute.
    pub path: Path,
    /// Why it had no answer; `None` for one that had.
    pub unreadable: Option<Unreadable>,
}

/// The reads of one evaluation, in order, each once; what was asked of the configuration at the end.
pub type ReadSet = Vec<Read>;

/// Where a view points.
#[derive(Clone, Debug)]
enum At {
    /// A node of the tree.
    Node(NodeId),
    /// Beside the tree, below `NodeId`: what the rest of the path answers.
    Beside(NodeId, Arc<[Step]>, Nothing),
}

/// What stands at a path that the tree has no node for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nothing {
    Null,
    Unknown,
    Computed,
    NoSuchPath,
    NoSchema,
}

/// A value as a rule holds it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct View {
    tree: Arc<Tree>,
    at: At,
    side: Side,
    /// For a value inside a JSON document: the attribute that holds the document.
    document: Option<Arc<Holder>>,
}

/// The attribute that holds a JSON document.
#[derive(Debug)]
struct Holder {
    tree: Arc<Tree>,
    path: Path,
}

/// A read as it is noted: where, inside which document, and why it had no answer.
type Noted = (Arc<Tree>, Side, At, Option<Arc<Holder>>, Option<Unreadable>);

/// What a rule read so far.
#[derive(Debug, Default)]
pub struct Trace {
    reads: Vec<Noted>,
    paths: Vec<(Path, bool)>,
    /// What is in `reads` beyond the first [`FEW`]: a guest that reads one value in a loop must not fill the
    /// host's memory. The trees stay alive in `reads`, so an address names one tree.
    many: HashSet<(usize, NodeId, Option<Unreadable>)>,
    /// The plan, where a whole one is judged: it tells of which resource a value is.
    plan: Option<Arc<Graph>>,
}

/// So many reads are compared one by one, which is faster than any set.
const FEW: usize = 32;

impl Trace {
    /// Nothing read.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all reads, keeps the memory.
    pub fn clear(&mut self) {
        self.reads.clear();
        self.paths.clear();
        self.many.clear();
        self.plan = None;
    }

    /// Says that the values are those of a whole plan: its reads are told with the resource's address.
    pub fn of_plan(&mut self, plan: Arc<Graph>) {
        self.plan = Some(plan);
    }

    /// How many reads it holds: a measure of its size in memory.
    pub fn len(&self) -> usize {
        self.reads.len() + self.paths.len()
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn note(&mut self, view: &View, unreadable: Option<Unreadable>) {
        if self.reads.len() >= FEW
            && let At::Node(id) = view.at
            && !self
                .many
                .insert((Arc::as_ptr(&view.tree).addr(), id, unreadable))
        {
            return;
        }
        self.reads.push((
            view.tree.clone(),
            view.side,
            view.at.clone(),
            view.document.clone(),
            unreadable,
        ));
    }

    /// Notes that a rule asked whether an attribute is configured; `told` is false where that is not known.
    pub fn note_configured(&mut self, path: Path, told: bool) {
        self.paths.push((path, told));
    }

    /// The reads, each once, in order; then what was asked of the configuration.
    pub fn reads(&self) -> ReadSet {
        let mut reads: ReadSet = Vec::new();
        let mut seen = HashSet::new();
        let addresses = self.addresses(self.reads.iter());
        for noted in &self.reads {
            let read = Read {
                address: address_of(&addresses, noted),
                side: noted.1,
                path: attribute_of(noted),
                unreadable: noted.4,
            };
            let new = if self.reads.len() <= FEW {
                !reads.contains(&read)
            } else {
                seen.insert(read.clone())
            };
            if new {
                reads.push(read);
            }
        }
        let mut asked = HashSet::new();
        for (path, told) in &self.paths {
            if asked.insert(path) {
                reads.push(Read {
                    address: None,
                    side: Side::Configuration,
                    path: path.clone(),
                    unreadable: (!told).then_some(Unreadable::NoSchema),
                });
            }
        }
        reads
    }

    /// The addresses of the resources that reads are of, by their trees; none outside of whole plans.
    fn addresses<'t>(&'t self, reads: impl Iterator<Item = &'t Noted>) -> HashMap<usize, &'t str> {
        let Some(plan) = &self.plan else {
            return HashMap::new();
        };
        let read: HashSet<usize> = reads.map(tree_of).collect();
        let mut addresses = HashMap::with_capacity(read.len());
        if read.is_empty() {
            return addresses;
        }
        for change in &plan.changes {
            let Some(address) = change.address.as_deref() else {
                continue;
            };
            for tree in [&change.before, &change.after] {
                let tree = Arc::as_ptr(tree).addr();
                if read.contains(&tree) {
                    addresses.insert(tree, address);
                }
            }
        }
        addresses
    }

    /// The first path read that the schema does not have.
    pub fn missing(&self) -> Option<Path> {
        self.reads
            .iter()
            .find(|read| read.4 == Some(Unreadable::NoSuchPath))
            .map(|(tree, _, at, _, _)| path_of(tree, at))
    }

    /// What kept the rule from deciding, each path (of each resource) once.
    pub fn blocked(&self) -> Vec<Undetermined> {
        let blocks = |noted: &&Noted| {
            matches!(
                noted.4,
                Some(Unreadable::Unknown | Unreadable::Sensitive | Unreadable::NoSchema)
            )
        };
        let addresses = self.addresses(self.reads.iter().filter(blocks));
        let mut blocked: Vec<Undetermined> = Vec::new();
        let mut seen = HashSet::new();
        for noted in self.reads.iter().filter(blocks) {
            let (address, path) = (address_of(&addresses, noted), attribute_of(noted));
            if let Some(why) = noted.4
                && seen.insert((address.clone(), path.clone()))
            {
                blocked.push(Undetermined { address, path, why });
            }
        }
        for (path, told) in &self.paths {
            if !told && seen.insert((None, path.clone())) {
                blocked.push(Undetermined {
                    address: None,
                    path: path.clone(),
                    why: Unreadable::NoSchema,
                });
            }
        }
        blocked
    }
}

/// The resource that a read is of, where it is known.
fn address_of(addresses: &HashMap<usize, &str>, noted: &Noted) -> Option<String> {
    addresses
        .get(&tree_of(noted))
        .map(|address| (*address).to_owned())
}

/// The resource's tree that a read is of: that of the attribute, for a value inside a document.
fn tree_of((tree, _, _, document, _): &Noted) -> usize {
    let tree = document.as_ref().map_or(tree, |holder| &holder.tree);
    Arc::as_ptr(tree).addr()
}

/// The attribute that a read is of: the one that holds the document, for a value inside one.
fn attribute_of((tree, _, at, document, _): &Noted) -> Path {
    document
        .as_ref()
        .map_or_else(|| path_of(tree, at), |holder| holder.path.clone())
}

fn path_of(tree: &Tree, at: &At) -> Path {
    match at {
        At::Node(id) => tree.path(*id),
        At::Beside(base, rest, _) => {
            let mut steps = tree.path(*base).steps().to_vec();
            steps.extend(rest.iter().cloned());
            Path::new(steps)
        }
    }
}

impl View {
    /// The root of one side of a change.
    pub fn root(tree: Arc<Tree>, side: Side) -> Self {
        let root = tree.root();
        Self {
            tree,
            at: At::Node(root),
            side,
            document: None,
        }
    }

    fn moved(&self, at: At) -> Self {
        Self {
            tree: self.tree.clone(),
            at,
            side: self.side,
            document: self.document.clone(),
        }
    }

    fn beside(&self, step: Step, nothing: Nothing) -> Self {
        let at = match &self.at {
            At::Node(id) => At::Beside(*id, Arc::from([step]), nothing),
            At::Beside(base, rest, _) => {
                At::Beside(*base, rest.iter().cloned().chain([step]).collect(), nothing)
            }
        };
        self.moved(at)
    }

    /// The value at a name of a mapping. Never fails and is no read yet: the answer comes with the read of what
    /// it returns. Below null stands null; below unknown, unknown; below computed, computed.
    #[must_use]
    pub fn get(&self, name: &str) -> Self {
        let step = || Step::Name(name.into());
        match &self.at {
            At::Beside(_, _, nothing) => self.beside(step(), *nothing),
            At::Node(id) => match self.tree.shape(*id) {
                Some(shape) => match (self.tree.child(*id, name), shape) {
                    (Some(child), _) => self.moved(At::Node(child)),
                    (None, Shape::Map) => self.beside(step(), Nothing::Null),
                    (None, Shape::Object) => self.beside(step(), Nothing::NoSuchPath),
                    (None, Shape::Unsure) => self.beside(step(), Nothing::NoSchema),
                },
                None => match self.tree.kind(*id) {
                    Kind::Null => self.beside(step(), Nothing::Null),
                    Kind::Unknown => self.beside(step(), Nothing::Unknown),
                    Kind::Computed => self.beside(step(), Nothing::Computed),
                    _ => self.beside(step(), Nothing::NoSuchPath),
                },
            },
        }
    }

    /// The element of a sequence; past its end stands null.
    #[must_use]
    pub fn at(&self, index: u32) -> Self {
        match &self.at {
            At::Beside(_, _, nothing) => self.beside(Step::Index(index), *nothing),
            At::Node(id) => match self.tree.data(*id) {
                Data::Sequence(_) => match self.tree.element(*id, index) {
                    Some(child) => self.moved(At::Node(child)),
                    None => self.beside(Step::Index(index), Nothing::Null),
                },
                Data::Null => self.beside(Step::Index(index), Nothing::Null),
                Data::Unknown => self.beside(Step::Index(index), Nothing::Unknown),
                Data::Computed => self.beside(Step::Index(index), Nothing::Computed),
                _ => self.beside(Step::Index(index), Nothing::NoSuchPath),
            },
        }
    }

    /// The value at a whole path below this one.
    #[must_use]
    pub fn find(&self, path: &Path) -> Self {
        path.steps()
            .iter()
            .fold(self.clone(), |view, step| match step {
                Step::Name(name) => view.get(name),
                Step::Index(index) => view.at(*index),
            })
    }

    /// The attribute path of this value. Inside a JSON document, the path of the attribute that holds it.
    pub fn path(&self) -> Path {
        self.document.as_ref().map_or_else(
            || path_of(&self.tree, &self.at),
            |holder| holder.path.clone(),
        )
    }

    /// What it costs, in bytes, to keep and spell out the part of the path that the tree does not hold. A guest
    /// makes up that part, so the host charges it for each read.
    pub fn weight(&self) -> usize {
        match &self.at {
            At::Node(_) => 0,
            At::Beside(_, rest, _) => rest
                .iter()
                .map(|step| match step {
                    Step::Name(name) => 32 + name.len(),
                    Step::Index(_) => 32,
                })
                .sum(),
        }
    }

    /// Whether the value is marked sensitive. Not a read.
    pub fn is_sensitive(&self) -> bool {
        match &self.at {
            At::Node(id) | At::Beside(id, _, _) => self.tree.is_sensitive(*id),
        }
    }

    /// The kind. Seeing unknown is a read of something unknown; seeing computed is not. A sensitive value shows
    /// its kind.
    pub fn kind(&self, trace: &mut Trace) -> Kind {
        let kind = match &self.at {
            At::Node(id) => self.tree.kind(*id),
            At::Beside(_, _, Nothing::Null) => Kind::Null,
            At::Beside(_, _, Nothing::Computed) => Kind::Computed,
            At::Beside(_, _, Nothing::Unknown) => Kind::Unknown,
            At::Beside(_, _, Nothing::NoSuchPath) => {
                trace.note(self, Some(Unreadable::NoSuchPath));
                return Kind::Null;
            }
            At::Beside(_, _, Nothing::NoSchema) => {
                trace.note(self, Some(Unreadable::NoSchema));
                return Kind::Unknown;
            }
        };
        trace.note(self, (kind == Kind::Unknown).then_some(Unreadable::Unknown));
        kind
    }

    /// The data behind the view, with the read noted; `open` lets a sensitive value through.
    fn read(&self, trace: &mut Trace, open: bool) -> Result<&Data, Unreadable> {
        let answer = match &self.at {
            At::Node(id) => match self.tree.data(*id) {
                Data::Unknown => Err(Unreadable::Unknown),
                Data::Computed => Err(Unreadable::Computed),
                Data::Null => Ok(&Data::Null),
                _ if !open && self.tree.is_sensitive(*id) => Err(Unreadable::Sensitive),
                data => Ok(data),
            },
            At::Beside(_, _, nothing) => match nothing {
                Nothing::Null => Ok(&Data::Null),
                Nothing::Unknown => Err(Unreadable::Unknown),
                Nothing::Computed => Err(Unreadable::Computed),
                Nothing::NoSuchPath => Err(Unreadable::NoSuchPath),
                Nothing::NoSchema => Err(Unreadable::NoSchema),
            },
        };
        trace.note(self, answer.as_ref().err().copied());
        answer
    }

    /// The boolean; `None` for null.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn boolean(&self, trace: &mut Trace) -> Result<Option<bool>, Unreadable> {
        match self.read(trace, false)? {
            Data::Boolean(value) => Ok(Some(*value)),
            Data::Null => Ok(None),
            _ => Err(Unreadable::WrongKind),
        }
    }

    /// The number as decimal text; `None` for null.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn number(&self, trace: &mut Trace) -> Result<Option<&str>, Unreadable> {
        match self.read(trace, false)? {
            Data::Number(text) => Ok(Some(text)),
            Data::Null => Ok(None),
            _ => Err(Unreadable::WrongKind),
        }
    }

    /// The text; `None` for null.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn text(&self, trace: &mut Trace) -> Result<Option<&str>, Unreadable> {
        match self.read(trace, false)? {
            Data::Text(text) => Ok(Some(text)),
            Data::Null => Ok(None),
            _ => Err(Unreadable::WrongKind),
        }
    }

    /// The names of a mapping, sorted; none for null.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn keys(&self, trace: &mut Trace) -> Result<Vec<Arc<str>>, Unreadable> {
        match self.read(trace, false)? {
            Data::Mapping(_, children) => {
                Ok(children.iter().map(|(name, _)| name.clone()).collect())
            }
            Data::Null => Ok(Vec::new()),
            _ => Err(Unreadable::WrongKind),
        }
    }

    /// The elements of a sequence; none for null. Noted as one read of the sequence.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn elements(&self, trace: &mut Trace) -> Result<Vec<Self>, Unreadable> {
        match self.read(trace, false)? {
            Data::Sequence(children) => Ok(children
                .iter()
                .map(|child| self.moved(At::Node(*child)))
                .collect()),
            Data::Null => Ok(Vec::new()),
            _ => Err(Unreadable::WrongKind),
        }
    }

    /// How many elements, or entries, or characters (Unicode scalar values) it has; 0 for null. A sensitive text
    /// answers; a sensitive container does not.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn size(&self, trace: &mut Trace) -> Result<u32, Unreadable> {
        let sensitive = self.is_sensitive();
        let size = match self.read(trace, true)? {
            Data::Text(text) => text.chars().count(),
            Data::Null => 0,
            Data::Sequence(_) | Data::Mapping(..) if sensitive => {
                trace.note(self, Some(Unreadable::Sensitive));
                return Err(Unreadable::Sensitive);
            }
            Data::Sequence(children) => children.len(),
            Data::Mapping(_, children) => children.len(),
            _ => return Err(Unreadable::WrongKind),
        };
        Ok(u32::try_from(size).unwrap_or(u32::MAX))
    }

    /// Whether two values are equal, sensitive or not.
    ///
    /// # Errors
    /// Why one of them cannot be compared: it, or a part of it, is unknown or computed.
    pub fn equal_to(&self, other: &Self, trace: &mut Trace) -> Result<bool, Unreadable> {
        self.comparable(trace)?;
        other.comparable(trace)?;
        match (&self.at, &other.at) {
            (At::Node(left), At::Node(right)) => Ok(self.tree.same(*left, &other.tree, *right)),
            (At::Node(id), At::Beside(..)) => Ok(matches!(self.tree.data(*id), Data::Null)),
            (At::Beside(..), At::Node(id)) => Ok(matches!(other.tree.data(*id), Data::Null)),
            (At::Beside(..), At::Beside(..)) => Ok(true),
        }
    }

    fn comparable(&self, trace: &mut Trace) -> Result<(), Unreadable> {
        match self.read(trace, true)? {
            Data::Sequence(children) => children
                .iter()
                .try_for_each(|child| self.moved(At::Node(*child)).comparable(trace)),
            Data::Mapping(_, children) => children
                .iter()
                .try_for_each(|(_, child)| self.moved(At::Node(*child)).comparable(trace)),
            _ => Ok(()),
        }
    }

    /// The JSON that a text holds, such as an IAM policy; its mappings answer null for what they do not have.
    /// Null for null.
    ///
    /// # Errors
    /// Why it cannot be read, or [`Unreadable::NotJson`].
    pub fn document(&self, trace: &mut Trace) -> Result<Self, Unreadable> {
        let parsed = match self.text(trace)? {
            None => serde_json::Value::Null,
            Some(text) => serde_json::from_str(text).map_err(|_| Unreadable::NotJson)?,
        };
        let tree = Arc::new(Tree::from_json(&parsed, Shape::Map));
        let root = tree.root();
        Ok(Self {
            tree,
            at: At::Node(root),
            side: self.side,
            document: Some(self.document.clone().unwrap_or_else(|| {
                Arc::new(Holder {
                    tree: self.tree.clone(),
                    path: self.path(),
                })
            })),
        })
    }

    /// The bytes of all texts in this value and below it: what [`Self::secrets`] searches. Not a read.
    pub fn text_length(&self) -> usize {
        let At::Node(id) = self.at else {
            return 0;
        };
        let (mut length, mut left) = (0, vec![id]);
        while let Some(id) = left.pop() {
            match self.tree.data(id) {
                Data::Text(text) => length += text.len(),
                Data::Sequence(children) => left.extend(children),
                Data::Mapping(_, children) => left.extend(children.iter().map(|(_, child)| child)),
                _ => {}
            }
        }
        length
    }

    /// What looks like a secret in this value and below it, sensitive or not: kind and path, never the text. A
    /// part that is unknown counts as a read of something unknown.
    pub fn secrets(&self, trace: &mut Trace) -> Vec<Secret> {
        let mut found = Vec::new();
        let mut left = vec![self.clone()];
        while let Some(view) = left.pop() {
            let Ok(data) = view.read(trace, true) else {
                continue;
            };
            let below = |children: &mut dyn DoubleEndedIterator<Item = NodeId>,
                         left: &mut Vec<Self>| {
                left.extend(children.rev().map(|child| view.moved(At::Node(child))));
            };
            match data {
                Data::Text(text) => {
                    let path = path_of(&view.tree, &view.at);
                    for kind in detect::kinds_in(detect::name_of(&path), text) {
                        found.push(Secret {
                            kind: kind.to_owned(),
                            path: view.path(),
                        });
                    }
                }
                Data::Sequence(children) => below(&mut children.iter().copied(), &mut left),
                Data::Mapping(_, children) => {
                    below(&mut children.iter().map(|(_, child)| *child), &mut left)
                }
                _ => {}
            }
        }
        found
    }

    /// The value as JSON for a reader, redacted.
    pub fn display(&self) -> serde_json::Value {
        match &self.at {
            At::Node(id) => self.tree.to_display_json(*id),
            At::Beside(..) => serde_json::Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TreeBuilder;

    fn sample() -> View {
        let mut builder = TreeBuilder::new();
        let secret = builder.push(Data::Text("hunter2hunter2".into()), true);
        let unknown = builder.push(Data::Unknown, false);
        let computed = builder.push(Data::Computed, false);
        let rotation = builder.push(Data::Boolean(false), false);
        let tag = builder.push(Data::Text("x".into()), false);
        let tags = builder.push(Data::Mapping(Shape::Map, vec![("a".into(), tag)]), false);
        let policy = builder.push(
            Data::Text(r#"{"Statement":[{"Effect":"Allow"}]}"#.into()),
            false,
        );
        let root = builder.push(
            Data::Mapping(
                Shape::Object,
                vec![
                    ("secret".into(), secret),
                    ("unknown".into(), unknown),
                    ("computed".into(), computed),
                    ("rotation".into(), rotation),
                    ("tags".into(), tags),
                    ("policy".into(), policy),
                ],
            ),
            false,
        );
        View::root(Arc::new(builder.finish(root)), Side::After)
    }

    #[test]
    fn known_values_answer() {
        let (view, mut trace) = (sample(), Trace::new());
        assert_eq!(view.get("rotation").boolean(&mut trace), Ok(Some(false)));
        assert_eq!(view.get("tags").get("b").text(&mut trace), Ok(None));
        let document = view.get("policy").document(&mut trace).unwrap();
        let effect = document.get("Statement").at(0).get("Effect");
        assert_eq!(effect.text(&mut trace), Ok(Some("Allow")));
        assert_eq!(effect.path().to_string(), "policy");
        assert!(trace.blocked().is_empty() && trace.missing().is_none());
    }

    #[test]
    fn unknown_blocks_and_computed_does_not() {
        let (view, mut trace) = (sample(), Trace::new());
        assert_eq!(
            view.get("computed").get("deep").text(&mut trace),
            Err(Unreadable::Computed)
        );
        assert!(trace.blocked().is_empty());
        assert_eq!(
            view.get("unknown").at(3).get("deep").text(&mut trace),
            Err(Unreadable::Unknown)
        );
        let blocked = trace.blocked();
        assert_eq!(blocked.len(), 1);
        assert_eq!(blocked[0].path.to_string(), "unknown[3].deep");
        trace.note_configured(Path::parse("computed").unwrap(), true);
        let reads = trace.reads();
        let asked = reads.last().unwrap();
        assert_eq!(
            (
                asked.side,
                asked.path.to_string().as_str(),
                asked.unreadable
            ),
            (Side::Configuration, "computed", None)
        );
    }

    #[test]
    fn reads_of_a_plan_name_their_resource() {
        use crate::change::{Change, Mode, Operation, Stage};
        let root = sample();
        let change = |address: &str, after: Arc<Tree>| {
            Arc::new(Change {
                resource_type: "thing".into(),
                mode: Mode::Managed,
                provider: String::new(),
                provider_version: None,
                operation: Operation::Create,
                stage: Stage::Check,
                before: Arc::new(Tree::null()),
                after,
                config: None,
                provider_configuration: Arc::new(Tree::null()),
                address: Some(address.into()),
                module_address: None,
            })
        };
        let one = change("thing.a", root.tree.clone());
        let two = change("thing.b", Arc::new(Tree::clone(&root.tree)));
        let graph = Arc::new(Graph {
            changes: vec![one, two.clone()],
            ..Graph::default()
        });
        let mut trace = Trace::new();
        trace.of_plan(graph);
        let other = View::root(two.after.clone(), Side::After);
        // The same path of two resources is two reads; inside a document it is that of the attribute.
        let _ = root.get("unknown").text(&mut trace);
        let _ = other.get("unknown").text(&mut trace);
        let document = other.get("policy").document(&mut trace).unwrap();
        let _ = document
            .get("Statement")
            .at(0)
            .get("Effect")
            .text(&mut trace);
        let named = |address: &Option<String>, path: &Path| {
            format!("{}.{path}", address.as_deref().unwrap_or_default())
        };
        let blocked: Vec<String> = (trace.blocked().iter())
            .map(|one| named(&one.address, &one.path))
            .collect();
        assert_eq!(blocked, ["thing.a.unknown", "thing.b.unknown"]);
        let reads: Vec<String> = (trace.reads().iter())
            .map(|one| named(&one.address, &one.path))
            .collect();
        assert_eq!(
            reads,
            ["thing.a.unknown", "thing.b.unknown", "thing.b.policy"]
        );
        trace.clear();
        let _ = root.get("unknown").text(&mut trace);
        assert_eq!(trace.blocked()[0].address, None);
    }

    #[test]
    fn a_secret_tells_its_length_and_equality_only() {
        let (view, mut trace) = (sample(), Trace::new());
        let secret = view.get("secret");
        assert_eq!(secret.kind(&mut trace), Kind::Text);
        assert_eq!(secret.size(&mut trace), Ok(14));
        assert_eq!(secret.equal_to(&secret.clone(), &mut trace), Ok(true));
        assert!(trace.blocked().is_empty());
        assert_eq!(secret.text(&mut trace), Err(Unreadable::Sensitive));
        assert_eq!(trace.blocked()[0].why, Unreadable::Sensitive);
        assert_eq!(secret.display(), "(sensitive)");
    }

    #[test]
    fn a_path_outside_the_schema_is_told() {
        let (view, mut trace) = (sample(), Trace::new());
        assert_eq!(
            view.get("rotated").boolean(&mut trace),
            Err(Unreadable::NoSuchPath)
        );
        assert_eq!(trace.missing().unwrap().to_string(), "rotated");
    }
}
