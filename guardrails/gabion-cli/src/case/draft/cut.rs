//! A tree as a value of a case: what a rule read of it, or all of it without what says nothing.

use gabion_model::{Data, NodeId, Path, Read, Side, Step, Tree, Unreadable};

use super::hide::Hide;
use super::lit::Lit;

/// How much of a tree a case keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// What the rule read.
    Read,
    /// All but null, what the provider decides, and empty containers.
    Telling,
    /// All but null and what the provider decides.
    Set,
    /// All.
    All,
}

/// What to keep, and what was read of this side.
pub(super) struct Cut<'a> {
    tree: &'a Tree,
    keep: Keep,
    reads: Vec<&'a Read>,
    hide: &'a mut Hide,
}

impl<'a> Cut<'a> {
    pub(super) fn new(
        tree: &'a Tree,
        keep: Keep,
        side: Side,
        reads: &'a [Read],
        address: Option<&str>,
        hide: &'a mut Hide,
    ) -> Self {
        // A read of a whole-plan rule says of which resource it is.
        let own = |read: &&Read| read.address.is_none() || read.address.as_deref() == address;
        let reads = reads
            .iter()
            .filter(|read| read.side == side)
            .filter(own)
            .collect();
        Self {
            tree,
            keep,
            reads,
            hide,
        }
    }

    /// The whole side; `None` where it does not exist.
    pub(super) fn side(mut self) -> Option<Lit> {
        if self.tree.is_null() {
            return None;
        }
        let root = self.tree.root();
        Some(
            self.value(root, &Path::root())
                .unwrap_or_else(|| Lit::Object(Vec::new())),
        )
    }

    /// Whether the rule read this very value, and whether it read something below.
    fn read(&self, path: &Path) -> (bool, bool) {
        let on = self.reads.iter().any(|read| read.path == *path);
        let below = self.reads.iter().any(|read| {
            read.path.steps().len() > path.steps().len()
                && read.path.steps().starts_with(path.steps())
        });
        (on, below)
    }

    fn value(&mut self, id: NodeId, path: &Path) -> Option<Lit> {
        let (on, below) = self.read(path);
        if self.keep == Keep::Read && !on && !below && !path.is_root() {
            return None;
        }
        let marked = self.tree.is_sensitive(id);
        let kept = match self.tree.data(id) {
            Data::Null if matches!(self.keep, Keep::Telling | Keep::Set) => return None,
            Data::Computed if matches!(self.keep, Keep::Telling | Keep::Set) => return None,
            Data::Sequence(items) => {
                if self.keep == Keep::Telling && items.is_empty() && !path.is_root() {
                    return None;
                }
                self.sequence(items, path, marked)
            }
            Data::Mapping(_, items) => {
                if self.keep == Keep::Telling && items.is_empty() && !path.is_root() {
                    return None;
                }
                self.mapping(items, path, on, marked)
            }
            leaf => self.leaf(leaf, path, on, marked),
        };
        Some(sealed(kept, marked && !self.above_is_marked(path)))
    }

    /// One mark covers all that is below it.
    fn above_is_marked(&self, path: &Path) -> bool {
        let Some((_, above)) = path.steps().split_last() else {
            return false;
        };
        self.tree
            .lookup(&Path::new(above.to_vec()))
            .is_some_and(|id| self.tree.is_sensitive(id))
    }

    fn leaf(&mut self, data: &Data, path: &Path, on: bool, marked: bool) -> Lit {
        match data {
            Data::Null => Lit::Raw("null".to_owned()),
            Data::Unknown => Lit::unknown(),
            Data::Computed => Lit::Raw("computed()".to_owned()),
            Data::Text(text) if marked => self.hide.placeholder(path, text, on),
            Data::Boolean(_) if marked => {
                self.hide.tell(path);
                Lit::Raw("false".to_owned())
            }
            Data::Number(_) if marked => {
                self.hide.tell(path);
                Lit::Raw("0".to_owned())
            }
            Data::Boolean(value) => Lit::Raw(value.to_string()),
            Data::Number(text) => Lit::Raw(text.to_string()),
            Data::Text(text) => document(self.hide.text(path, text), self.keep == Keep::All),
            Data::Sequence(_) => Lit::List(Vec::new()),
            Data::Mapping(..) => Lit::Object(Vec::new()),
        }
    }

    /// All elements stay, as their number and places count.
    fn sequence(&mut self, items: &[NodeId], path: &Path, marked: bool) -> Lit {
        // How many there are is a part of the secret, unless the rule went into them.
        let elements = (0..).zip(items).filter_map(|(index, item)| {
            let path = path.child(Step::Index(index));
            let (on, below) = self.read(&path);
            if marked && !on && !below {
                return None;
            }
            let kept = self.value(*item, &path);
            Some(kept.unwrap_or_else(|| self.shallow(*item, &path)))
        });
        Lit::List(elements.collect())
    }

    fn mapping(
        &mut self,
        items: &[(std::sync::Arc<str>, NodeId)],
        path: &Path,
        on: bool,
        marked: bool,
    ) -> Lit {
        let mut fields = Vec::new();
        for (name, item) in items {
            let path = path.child(Step::Name(name.clone()));
            if marked && self.read(&path) == (false, false) {
                continue;
            }
            match self.value(*item, &path) {
                Some(kept) => fields.push((self.name(name, &path), kept)),
                // The rule asked for the names; those of the whole resource are no answer to anything.
                None if self.keep == Keep::Read && on && path.steps().len() > 1 => {
                    let kept = self.shallow(*item, &path);
                    fields.push((self.name(name, &path), kept));
                }
                None => {}
            }
        }
        // What the plan file does not tell is not known in the case either.
        let depth = path.steps().len();
        let untold: Vec<Path> = self
            .reads
            .iter()
            .filter(|read| read.unreadable == Some(Unreadable::NoSchema))
            .filter(|read| read.path.steps().starts_with(path.steps()))
            .filter_map(|read| Some(path.child(read.path.steps().get(depth)?.clone())))
            .collect();
        for path in untold {
            if let Some(Step::Name(name)) = path.steps().last()
                && !items.iter().any(|(known, _)| known == name)
                && !fields.iter().any(|(known, _)| **known == **name)
            {
                fields.push((name.to_string(), Lit::unknown()));
            }
        }
        Lit::Object(fields)
    }

    fn name(&mut self, name: &str, path: &Path) -> String {
        // Under its own name every text would be a secret's.
        let parent = path.steps().split_last().map_or(&[][..], |(_, rest)| rest);
        self.hide.text(&Path::new(parent.to_vec()), name)
    }

    /// A value that was not read, where only its place counts.
    fn shallow(&mut self, id: NodeId, path: &Path) -> Lit {
        let marked = self.tree.is_sensitive(id);
        let kept = match self.tree.data(id) {
            Data::Sequence(_) => Lit::List(Vec::new()),
            Data::Mapping(..) => Lit::Object(Vec::new()),
            leaf => self.leaf(leaf, path, false, marked),
        };
        sealed(kept, marked && !self.above_is_marked(path))
    }
}

fn sealed(lit: Lit, marked: bool) -> Lit {
    if marked {
        Lit::Call("sensitive", Box::new(lit))
    } else {
        lit
    }
}

/// A text; one that holds JSON as `jsonencode`, which may write it with other spaces: not where it must be `exact`.
fn document(text: String, exact: bool) -> Lit {
    if text.starts_with(['{', '['])
        && let Ok(json) = serde_json::from_str::<serde_json::Value>(&text)
    {
        let written = json.to_string();
        if !exact || written == text {
            return Lit::Call("jsonencode", Box::new(Lit::of_json(&json)));
        }
    }
    Lit::Text(text)
}
