//! The plan file: what is in it, and each change as a rule sees it.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use gabion_model::{Change, Data, Mode, NodeId, Operation, Shape, Stage, Tree, TreeBuilder};

use super::config::{Configuration, expression_node, without_keys};
use super::follow::Written;
use super::outline::Outline;
use super::scan::{Fault, Json, Scan, Slice};
use super::tree::{self, Names};

/// The newest format that this binary knows: all of its minors only add.
pub(super) const NEWEST_MAJOR: u64 = 1;

/// A plan as `terraform show -json` writes it, borrowing from the text.
pub struct Plan<'a> {
    /// `1.2`.
    pub format_version: String,
    /// The Terraform or OpenTofu that wrote it.
    pub terraform_version: Option<String>,
    /// Whether it holds everything: false with `-target`, and where Terraform does not say.
    pub complete: bool,
    /// Whether it says so, one way or the other: Terraform before 1.8 does not.
    pub says_complete: bool,
    /// Whether the planning failed on the way.
    pub errored: bool,
    /// Whether changes were put off to a later plan, so that they are not in this one.
    pub deferred: bool,
    /// The changes, in the plan's order, not yet read into trees.
    pub changes: Vec<Planned<'a>>,
    /// What the plan says of the configuration.
    pub configuration: Configuration<'a>,
    /// The files of the configuration, where they are there: they tell what a plan does not.
    pub written: Option<Arc<dyn Written>>,
    pub(super) fault: OnceLock<PlanError>,
}

/// One change, as text.
#[derive(Debug)]
pub struct Planned<'a> {
    /// `module.a.aws_kms_key.k["x"]`.
    pub address: Cow<'a, str>,
    /// `module.a`; empty for the root module.
    pub module_address: Cow<'a, str>,
    /// `aws_kms_key`.
    pub resource_type: Cow<'a, str>,
    /// Managed or data.
    pub mode: Mode,
    /// What happens.
    pub operation: Operation,
    /// The key of an object that was left behind when its successor was made: it is to be destroyed, beside what is
    /// planned for the address.
    pub deposed: Option<Cow<'a, str>>,
    pub(super) provider: Cow<'a, str>,
    pub(super) before: Slice<'a>,
    pub(super) after: Slice<'a>,
    pub(super) after_unknown: Slice<'a>,
    pub(super) before_sensitive: Slice<'a>,
    pub(super) after_sensitive: Slice<'a>,
}

/// Why a plan cannot be read. Each text goes on a sentence that names the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// A saved plan, not its JSON.
    Binary,
    /// Not text.
    NotText {
        /// The first byte that is none.
        offset: usize,
    },
    /// Not whole, or not JSON.
    Json(Fault),
    /// JSON, and something else than a plan; the text says what and what to do.
    NoPlan(&'static str),
    /// A format that is newer.
    Newer(String),
    /// A change that cannot be told for what it is.
    Odd {
        /// The resource.
        address: String,
        /// What is wrong with it and what to do, a clause.
        what: &'static str,
    },
    /// A change that makes an object and does not say what it will be: no Terraform writes that.
    Hollow {
        /// The resource.
        address: String,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binary => f.write_str(
                "it is a saved plan; write its JSON with `terraform show -json PLAN > plan.json`",
            ),
            Self::NotText { offset } => write!(f, "it is no text at byte {offset}"),
            Self::Json(fault) => fault.fmt(f),
            Self::NoPlan(what) => f.write_str(what),
            Self::Odd { address, what } => write!(f, "its change of `{address}` {what}"),
            Self::Hollow { address } => write!(
                f,
                "its change of `{address}` does not say what the resource will be (`after` is missing): it was cut down; write it with `terraform show -json PLAN`"
            ),
            Self::Newer(version) => write!(
                f,
                "its format is version `{version}`, and this gabion ({}) knows 0.1 to {NEWEST_MAJOR}.x; use a newer gabion",
                env!("CARGO_PKG_VERSION")
            ),
        }
    }
}

impl std::error::Error for PlanError {}

impl From<Fault> for PlanError {
    fn from(fault: Fault) -> Self {
        Self::Json(fault)
    }
}

impl fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("format_version", &self.format_version)
            .field("changes", &self.changes.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Plan<'a> {
    /// The change of an address as it is shown; of an address that deposed objects alone have, those.
    pub fn at(&self, address: &str) -> Vec<&Planned<'a>> {
        let shown = self.changes.iter();
        let shown: Vec<_> = shown.filter(|one| one.shown() == address).collect();
        if !shown.is_empty() {
            return shown;
        }
        let all = self.changes.iter();
        all.filter(|one| one.address == address).collect()
    }

    /// Reads the outline of a plan; the values of resources are only skipped over.
    ///
    /// # Errors
    /// Where it is cut off, no JSON, no plan, or of a newer format.
    pub fn read(text: &'a str) -> Result<Self, PlanError> {
        if text.trim_start().is_empty() {
            return Err(PlanError::NoPlan(
                "it is empty; write a plan with `terraform show -json PLAN`",
            ));
        }
        let mut scan = Scan::new(text);
        if scan.peek()? != b'{' {
            return Err(PlanError::NoPlan(
                "it is no plan: a plan is a JSON object; write one with `terraform show -json PLAN`",
            ));
        }
        Outline::read(text, scan)?.plan()
    }

    /// A change with its values.
    ///
    /// # Errors
    /// Where its part of the file is no JSON.
    pub fn change(&self, planned: &Planned<'a>, names: &mut Names) -> Result<Change, PlanError> {
        planned.says_what_it_makes()?;
        let key = planned.config_key();
        let expressions = self.configuration.expressions(&key)?;
        let before = tree::build(
            names,
            planned.before,
            Slice::NULL,
            planned.before_sensitive,
            None,
            None,
            None,
        )?;
        let dynamic = self.dynamic(planned);
        let after = tree::build(
            names,
            planned.after,
            planned.after_unknown,
            planned.after_sensitive,
            expressions.as_ref(),
            Some(&before),
            dynamic.as_deref(),
        )?;
        let config = expressions.as_ref().map(|expressions| {
            let made = made_by_dynamic(planned, &after, expressions, dynamic.as_deref());
            Arc::new(configured(names, expressions, &made))
        });
        let resource = self.configuration.resource(&key);
        let (version, provider) = self.configuration.provider(resource);
        let provider = provider.map_or_else(|| Arc::new(Tree::null()), Arc::clone);
        let (before, after) = (Arc::new(before), Arc::new(after));
        Ok(Self::outline(
            planned, version, provider, before, after, config,
        ))
    }

    /// The block types that `dynamic` blocks make in the resource; `None` where the files do not tell.
    pub(super) fn dynamic(&self, planned: &Planned<'_>) -> Option<Vec<String>> {
        let written = self.written.as_ref()?;
        let key = planned.config_key();
        let module = without_keys(&planned.module_address);
        let resource = key.strip_prefix(module.as_ref()).unwrap_or(&key);
        written.dynamic(&module, resource.trim_start_matches('.'))
    }

    /// What was wrong with a change that was looked at, of [`Plan::lazy_change`] or [`Plan::lazy_graph`].
    pub fn fault(&self) -> Option<&PlanError> {
        self.fault.get()
    }

    /// A change around its values.
    pub(super) fn outline(
        planned: &Planned<'_>,
        provider_version: Option<String>,
        provider_configuration: Arc<Tree>,
        before: Arc<Tree>,
        after: Arc<Tree>,
        config: Option<Arc<Tree>>,
    ) -> Change {
        Change {
            resource_type: planned.resource_type.clone().into_owned(),
            mode: planned.mode,
            provider: planned.provider.clone().into_owned(),
            provider_version,
            operation: planned.operation,
            stage: Stage::Check,
            before,
            after,
            config,
            provider_configuration,
            address: Some(planned.shown().into_owned()),
            module_address: Some(planned.module_address.clone().into_owned()),
        }
    }
}

/// The configuration of a resource. `made` are blocks that the plan does not show, and how many there are of each.
fn configured(names: &mut Names, expressions: &Json<'_>, made: &[(Arc<str>, usize)]) -> Tree {
    let mut builder = TreeBuilder::new();
    let mut fields = Vec::new();
    if let Json::Object(items) = expressions {
        for (name, item) in items {
            if !made.iter().any(|(made, _)| **made == **name) {
                let node = expression_node(&mut builder, names, item);
                fields.push((names.get(name), node));
            }
        }
    }
    for (name, count) in made {
        let blocks = (0..*count).map(|_| builder.push(Data::Unknown, false));
        let blocks = blocks.collect();
        fields.push((name.clone(), builder.push(Data::Sequence(blocks), false)));
    }
    let root = builder.push(Data::Mapping(Shape::Object, fields), false);
    builder.finish(root)
}

/// The block types of the planned side that `dynamic` blocks made, and how many blocks of each: a plan leaves those
/// out of its configuration. Where the files do not tell, blocks of a new object that no configuration has are such.
fn made_by_dynamic(
    planned: &Planned<'_>,
    after: &Tree,
    expressions: &Json<'_>,
    dynamic: Option<&[String]>,
) -> Vec<(Arc<str>, usize)> {
    let Data::Mapping(_, fields) = after.data(after.root()) else {
        return Vec::new();
    };
    let made = |name: &str| match dynamic {
        Some(dynamic) => dynamic.iter().any(|made| made == name),
        None => planned.operation == Operation::Create && expressions.get(name).is_none(),
    };
    (fields.iter())
        .filter(|(name, _)| made(name))
        .filter_map(|(name, node)| Some((name.clone(), blocks(after, *node)?)))
        .collect()
}

/// How many blocks a value has; `None` where it has none, or is something else.
pub(super) fn blocks(tree: &Tree, node: NodeId) -> Option<usize> {
    match tree.data(node) {
        Data::Sequence(items) => items
            .iter()
            .all(|item| matches!(tree.data(*item), Data::Mapping(..)))
            .then_some(items.len())
            .filter(|count| *count > 0),
        _ => None,
    }
}

impl Planned<'_> {
    /// Complains of a change that makes an object and does not say what it will be.
    pub(super) fn says_what_it_makes(&self) -> Result<(), PlanError> {
        // What does not change may be nothing before and after: Terraform writes so of an object that had gone already.
        let makes = matches!(
            self.operation,
            Operation::Create | Operation::Update | Operation::Replace
        );
        if self.after.is_null() && makes {
            return Err(PlanError::Hollow {
                address: self.address.clone().into_owned(),
            });
        }
        Ok(())
    }

    /// Whether a side has values and the plan does not say which of them are sensitive, as in format 0.1.
    pub fn lacks_marks(&self) -> bool {
        !self.after.is_null() && self.after_sensitive.is_null()
            || !self.before.is_null() && self.before_sensitive.is_null()
    }

    /// Where the configuration has the resource: its address without instance keys.
    pub(super) fn config_key(&self) -> Cow<'_, str> {
        without_keys(&self.address)
    }

    /// Whether there is no planned side: it will neither be a value nor unknown as a whole.
    pub(super) fn has_no_after(&self) -> bool {
        self.after.is_null() && !self.after_unknown.is_true()
    }

    /// The address; that of a deposed object says so, as Terraform shows it.
    pub fn shown(&self) -> Cow<'_, str> {
        match &self.deposed {
            Some(key) => Cow::Owned(format!("{} (deposed object {key})", self.address)),
            None => Cow::Borrowed(&self.address),
        }
    }

    /// The type as the guard's index has it: `data.TYPE` for a data source, `ephemeral.TYPE` for an ephemeral resource.
    pub fn index_type(&self) -> Cow<'_, str> {
        self.mode.target(&self.resource_type)
    }
}
