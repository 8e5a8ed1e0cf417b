//! Joins in whole-plan rules: which resource carries the settings of which other.
//!
//! On a first create the bucket's id is not known, so that values cannot join it to its public access block; the
//! expression `bucket = aws_s3_bucket.logs.id` can. A join goes by reference first, then by equal values, and says
//! when neither can tell. A value that is known to be another says more than a reference:
//! `bucket = "${aws_s3_bucket.logs.id}-copy"` refers to a bucket that it does not mean.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::address::Address;
use crate::change::{Change, Operation};
use crate::graph::{Graph, Reference};
use crate::outcome::Stop;

/// So many steps of `a.x = b.x`, `b.x = c.x` are followed.
const DEPTH: usize = 4;

/// What a join found.
#[derive(Debug)]
pub enum Join<'a> {
    /// These companions, at least one.
    Found(Vec<&'a Change>),
    /// None, for sure.
    Absent,
    /// It cannot be told, and why.
    Undetermined(String),
}

impl<'a> Join<'a> {
    /// The companions, none where it is sure that there are none; for `?` in a rule.
    ///
    /// # Errors
    /// Undetermined, where it cannot be told.
    pub fn settled(self) -> Result<Vec<&'a Change>, Stop> {
        match self {
            Self::Found(found) => Ok(found),
            Self::Absent => Ok(Vec::new()),
            Self::Undetermined(why) => Err(Stop::Undetermined(why)),
        }
    }
}

/// The resources of one type that will exist, ready to be joined by one attribute to what they belong to.
///
/// ```
/// use gabion_guardrail::prelude::*;
///
/// /// ## What it does
/// /// Finds buckets without versioning.
/// #[rule(
///     code = "AC02",
///     title = "a bucket that nothing versions",
///     level = mandatory,
///     since = "1.0.0",
///     targets(aws_s3_bucket(provider = "hashicorp/aws", versions = ">= 5.0, < 7.0"))
/// )]
/// fn unversioned_bucket(graph: &Graph) -> Outcome {
///     let versionings = graph.companions("aws_s3_bucket_versioning", "bucket");
///     let mut review = Review::new();
///     for bucket in graph.of("aws_s3_bucket") {
///         review.look(|| {
///             let found = versionings.of(&bucket, &["bucket"]).settled()?;
///             Ok(found.is_empty().then(|| {
///                 Finding::new("", "nothing versions the bucket").on(bucket.address())
///             }))
///         });
///     }
///     review.outcome()
/// }
/// ```
#[derive(Debug)]
pub struct Companions<'g> {
    graph: &'g Graph,
    attribute: String,
    candidates: Vec<Candidate>,
    /// By address without keys: where in `references` stands who refers to it.
    by_reference: Index,
    /// Which candidate refers, and how it writes what it refers to.
    references: Vec<(usize, Address)>,
    by_value: OnceCell<Values>,
    leaving: Vec<Change>,
}

#[derive(Debug)]
struct Candidate {
    change: Change,
    address: Option<Address>,
    /// What its attribute refers to, directly or through others.
    ends: Vec<End>,
    /// Whether nothing of that is yet to be made, so that its value can be read: to read one that is not known would
    /// make the verdict of every other undetermined.
    readable: bool,
}

/// What an attribute refers to, and through how many others.
#[derive(Debug)]
struct End {
    address: Address,
    through: usize,
}

impl Candidate {
    /// Whether it means this one of all the resources of one type that it refers to: the nearest, if that is one.
    fn chooses(&self, end: &Address) -> Means {
        let same = || {
            let of_type = |known: &&End| known.address.resource_type() == end.resource_type();
            self.ends.iter().filter(of_type)
        };
        let nearest = same().map(|known| known.through).min();
        let near = || same().filter(|known| Some(known.through) == nearest);
        if !near().any(|known| known.address == *end) {
            Means::No
        } else if near().any(|known| known.address.is_other_than(end)) {
            Means::Maybe
        } else {
            Means::Yes
        }
    }
}

#[derive(Debug, Default)]
struct Values {
    known: Index,
    unknown: Vec<usize>,
}

/// Whether a reference means an instance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    Yes,
    No,
    Maybe,
}

impl<'g> Companions<'g> {
    pub(crate) fn new(graph: &'g Graph, resource_type: &str, attribute: &str) -> Self {
        let mut candidates = Vec::new();
        let (mut by_reference, mut references) = (Index::default(), Vec::new());
        let mut leaving = Vec::new();
        let mut others = Others::new(graph);
        for change in graph.changes(resource_type) {
            if !change.stays() {
                if change.operation() == Operation::Delete {
                    leaving.push(change);
                }
                continue;
            }
            let mut ends = Vec::new();
            others.follow(&change, attribute, 0, &mut ends);
            for end in &ends {
                by_reference.add(end.address.bare(), references.len());
                references.push((candidates.len(), end.address.clone()));
            }
            candidates.push(Candidate {
                readable: !ends.iter().any(|end| others.creates(&end.address)),
                address: change.address().as_deref().map(Address::parse),
                change,
                ends,
            });
        }
        by_reference.sort();
        Self {
            graph,
            attribute: attribute.to_owned(),
            candidates,
            by_reference,
            references,
            by_value: OnceCell::new(),
            leaving,
        }
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Whether the plan destroys one that belonged to `subject`: then what its prior state says is about to end.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub fn leaves(&self, subject: &Change, names: &[&str]) -> Result<bool, Stop> {
        let before = subject.before();
        for change in &self.leaving {
            let value = change.before().get(&self.attribute).filled()?;
            for name in names {
                if value.is_some() && before.get(name).filled()? == value {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Those that belong to `subject`: whose attribute refers to it and is not known to be something else, else whose
    /// attribute equals one of its attributes `names`. Where an attribute that is not known refers to several of one
    /// type, it cannot be told which it means.
    pub fn of(&self, subject: &Change, names: &[&str]) -> Join<'_> {
        let address = subject.address().as_deref().map(Address::parse);
        let (mut found, mut unsure) = (Vec::new(), Vec::new());
        if let Some(address) = &address {
            for reference in self.by_reference.get(&address.bare()) {
                let Some((position, written)) = self.references.get(reference) else {
                    continue;
                };
                match self.means(written, *position, address) {
                    Means::Yes if self.is_other(*position, subject, names) => {}
                    Means::Yes => found.push(*position),
                    Means::Maybe => unsure.push(*position),
                    Means::No => {}
                }
            }
        }
        if found.is_empty() {
            self.by_value(subject, names, unsure, &mut found)
        } else {
            found.dedup();
            self.found(&found)
        }
    }

    fn found(&self, positions: &[usize]) -> Join<'_> {
        let change = |position: &usize| Some(&self.candidates.get(*position)?.change);
        Join::Found(positions.iter().filter_map(change).collect())
    }

    /// Whether the value of a candidate is known and is none of the subject's.
    fn is_other(&self, position: usize, subject: &Change, names: &[&str]) -> bool {
        let readable = |candidate: &Candidate| candidate.readable;
        if !self.candidates.get(position).is_some_and(readable) {
            return false;
        }
        let Some(value) = self.value(position) else {
            return false;
        };
        let after = subject.after();
        let mut own = names.iter().map(|name| after.get(name).filled());
        let mut told = false;
        let other = own.all(|own| match own {
            Ok(Some(own)) => {
                told = true;
                own != value
            }
            Ok(None) => true,
            Err(_) => false,
        });
        other && told
    }

    /// Whether a reference, as a candidate writes it, means this instance of the subject.
    fn means(&self, written: &Address, position: usize, subject: &Address) -> Means {
        let Some(candidate) = self.candidates.get(position) else {
            return Means::No;
        };
        let own = candidate.address.as_ref();
        let mut means = candidate.chooses(written);
        if means == Means::No {
            return Means::No;
        }
        let mut inside = true;
        let mut around = own.into_iter().flat_map(Address::modules);
        for ((_, wanted), (name, key)) in written.modules().zip(subject.modules()) {
            let at = around.next();
            inside &= at.is_some_and(|(around, _)| around == name);
            match (wanted, key) {
                (Some(wanted), Some(key)) if wanted != key => return Means::No,
                // An expression inside a module means the module's own instance.
                (None, Some(key)) if inside => {
                    let around = at.and_then(|(_, key)| key);
                    if around != Some(key) {
                        return Means::No;
                    }
                }
                (None, Some(_)) => means = Means::Maybe,
                _ => {}
            }
        }
        match (written.key(), subject.key()) {
            (Some(wanted), Some(key)) if wanted != key => Means::No,
            (None, Some(key)) => match own.and_then(Address::key) {
                Some(own) if own == key => means,
                Some(_) if self.sibling(candidate, key) => Means::No,
                Some(_) => Means::Maybe,
                None if self.only_instance(subject) => means,
                None => Means::Maybe,
            },
            _ => means,
        }
    }

    /// Whether another instance of the same companion has this key.
    fn sibling(&self, of: &Candidate, key: &str) -> bool {
        let bare = of.address.as_ref().map(Address::bare);
        self.candidates.iter().any(|other| {
            other
                .address
                .as_ref()
                .is_some_and(|address| address.key() == Some(key) && Some(address.bare()) == bare)
        })
    }

    fn only_instance(&self, subject: &Address) -> bool {
        let bare = subject.bare();
        let same = |change: &Change| {
            change
                .address()
                .is_some_and(|address| Address::parse(&address).bare() == bare)
        };
        let all = self.graph.of(subject.resource_type());
        all.iter().filter(|change| same(change)).count() == 1
    }

    fn by_value(
        &self,
        subject: &Change,
        names: &[&str],
        unsure: Vec<usize>,
        found: &mut Vec<usize>,
    ) -> Join<'_> {
        if self.candidates.is_empty() {
            return self.absent();
        }
        let (mut known, mut hidden) = (Vec::new(), false);
        let after = subject.after();
        for name in names {
            match after.get(name).filled() {
                Ok(value) => known.extend(value),
                Err(_) => hidden = true,
            }
        }
        let values = self.by_value.get_or_init(|| self.values());
        for value in &known {
            found.extend(values.known.get(value));
        }
        let mut open = None;
        for position in unsure {
            match self.value(position) {
                Some(value) if known.contains(&value) => {
                    if !found.contains(&position) {
                        found.push(position);
                    }
                }
                Some(_) if !hidden && !known.is_empty() => {}
                _ => open = Some(position),
            }
        }
        if !found.is_empty() {
            return self.found(found);
        }
        // One that belongs to another of the same type does not belong to this one.
        let same_type = subject.resource_type();
        let elsewhere = |position: usize| {
            self.candidates.get(position).is_some_and(|candidate| {
                candidate
                    .ends
                    .iter()
                    .map(|end| &end.address)
                    .any(|end| !end.is_data() && end.resource_type() == same_type)
            })
        };
        let mut unknown = values.unknown.iter().copied();
        let open = open.or_else(|| unknown.find(|position| !elsewhere(*position)));
        if let Some(position) = open {
            return Join::Undetermined(self.unclear(position, subject));
        }
        if hidden && values.known.all().any(|position| !elsewhere(position)) {
            let all = names.join("` or `");
            let whose = subject.address().unwrap_or_default();
            return Join::Undetermined(
                ["`", &all, "` of `", &whose, "` is not known yet"].concat(),
            );
        }
        self.absent()
    }

    fn absent(&self) -> Join<'_> {
        if self.graph.complete() {
            Join::Absent
        } else {
            Join::Undetermined("the plan does not hold everything".to_owned())
        }
    }

    fn unclear(&self, position: usize, subject: &Change) -> String {
        let of = self
            .candidates
            .get(position)
            .and_then(|candidate| candidate.change.address());
        let whose = subject.address().unwrap_or_default();
        [
            "whether `",
            &self.attribute,
            "` of `",
            &of.unwrap_or_default(),
            "` means `",
            &whose,
            "` is not known yet",
        ]
        .concat()
    }

    fn value(&self, position: usize) -> Option<String> {
        let candidate = self.candidates.get(position)?;
        let at = candidate.change.after().get(&self.attribute);
        at.filled().ok().flatten()
    }

    /// The values of all candidates. One that refers to a resource is not read where that would only say that its
    /// id is not known: it would make the verdict of every other undetermined.
    fn values(&self) -> Values {
        let mut values = Values::default();
        for (position, candidate) in self.candidates.iter().enumerate() {
            if !candidate.readable {
                values.unknown.push(position);
                continue;
            }
            match candidate.change.after().get(&self.attribute).filled() {
                Ok(Some(value)) => values.known.add(value, position),
                Ok(None) => {}
                Err(_) => values.unknown.push(position),
            }
        }
        values.known.sort();
        values
    }
}

/// Texts and the positions that each stands for. Sorted once and then asked: a map of the standard library would
/// cost a guest more than all of this file.
#[derive(Debug, Default)]
struct Index(Vec<(String, usize)>);

impl Index {
    fn add(&mut self, text: String, position: usize) {
        self.0.push((text, position));
    }

    fn sort(&mut self) {
        self.0.sort_unstable();
    }

    /// The positions of a text, in order.
    fn get(&self, text: &str) -> impl Iterator<Item = usize> {
        let start = self.0.partition_point(|(known, _)| known.as_str() < text);
        let rest = self.0.get(start..).unwrap_or_default().iter();
        rest.take_while(move |(known, _)| known == text)
            .map(|(_, position)| *position)
    }

    fn all(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|(_, position)| *position)
    }
}

/// The resources that references lead to, each type asked for once.
struct Others<'g> {
    graph: &'g Graph,
    by_type: Vec<Rc<Instances>>,
}

/// The resources of one type.
struct Instances {
    resource_type: String,
    changes: Vec<Change>,
    /// By address without keys.
    by_address: Index,
}

impl Instances {
    fn at(&self, address: &Address) -> impl Iterator<Item = &Change> {
        let positions = self.by_address.get(&address.bare()).collect::<Vec<_>>();
        positions
            .into_iter()
            .filter_map(|position| self.changes.get(position))
    }
}

impl<'g> Others<'g> {
    fn new(graph: &'g Graph) -> Self {
        Self {
            graph,
            by_type: Vec::new(),
        }
    }

    fn of_type(&mut self, resource_type: &str) -> Rc<Instances> {
        let known = |all: &&Rc<Instances>| all.resource_type == resource_type;
        if let Some(known) = self.by_type.iter().find(known) {
            return known.clone();
        }
        let changes = self.graph.of(resource_type);
        let mut by_address = Index::default();
        for (position, change) in changes.iter().enumerate() {
            if let Some(address) = change.address() {
                by_address.add(Address::parse(&address).bare(), position);
            }
        }
        by_address.sort();
        let all = Rc::new(Instances {
            resource_type: resource_type.to_owned(),
            changes,
            by_address,
        });
        self.by_type.push(all.clone());
        all
    }

    /// Whether the plan makes an object there, so that its id is not known.
    fn creates(&mut self, address: &Address) -> bool {
        self.of_type(address.resource_type())
            .at(address)
            .any(|change| matches!(change.operation(), Operation::Create | Operation::Replace))
    }

    /// What an attribute refers to: directly, and through attributes of others.
    fn follow(&mut self, change: &Change, attribute: &str, through: usize, ends: &mut Vec<End>) {
        for reference in self.graph.references(change) {
            if !is_at(&reference, attribute) {
                continue;
            }
            let end = Address::parse(&reference.address);
            if through < DEPTH && !reference.attribute.is_empty() {
                let all = self.of_type(end.resource_type());
                if let Some(next) = all.at(&end).next() {
                    self.follow(next, &reference.attribute, through + 1, ends);
                }
            }
            match ends.iter_mut().find(|known| known.address == end) {
                Some(known) => known.through = known.through.min(through),
                None => ends.push(End {
                    address: end,
                    through,
                }),
            }
        }
    }
}

/// Whether a reference stands in the expression of an attribute, or below it.
fn is_at(reference: &Reference, attribute: &str) -> bool {
    reference
        .path
        .strip_prefix(attribute)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
