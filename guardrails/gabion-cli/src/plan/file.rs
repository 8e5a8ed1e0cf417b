//! The plan file: what is in it, and each change as a rule sees it.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use gabion_model::{Change, Data, Mode, Operation, Shape, Stage, Tree, TreeBuilder};

use super::config::{Configuration, expression_node, without_keys};
use super::follow::Written;
use super::scan::{Fault, Json, Scan, Slice};
use super::tree::{self, Names};

/// The newest format that this binary knows: all of its minors only add.
const NEWEST_MAJOR: u64 = 1;

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
    pub(super) names: Mutex<Names>,
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
    provider: Cow<'a, str>,
    pub(super) before: Slice<'a>,
    after: Slice<'a>,
    after_unknown: Slice<'a>,
    before_sensitive: Slice<'a>,
    after_sensitive: Slice<'a>,
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
        scan.token()?;
        let mut plan = Self {
            format_version: String::new(),
            terraform_version: None,
            complete: false,
            says_complete: false,
            errored: false,
            deferred: false,
            changes: Vec::new(),
            configuration: Configuration::default(),
            written: None,
            names: Mutex::default(),
            fault: OnceLock::new(),
        };
        let (mut planned, mut state, mut log) = (false, false, false);
        let (mut listed, mut resources, mut redacted) = (false, false, false);
        let mut first = true;
        while let Some(key) = scan.key(&mut first)? {
            match key.as_ref() {
                "format_version" => {
                    plan.format_version = scan.text_or_skip()?.unwrap_or_default().into_owned();
                    check_format(&plan.format_version)?;
                }
                "terraform_version" => {
                    plan.terraform_version = scan.text_or_skip()?.map(Cow::into_owned)
                }
                "complete" => {
                    let said = scan.boolean_or_skip()?;
                    plan.says_complete = said.is_some();
                    plan.complete = said.unwrap_or(false);
                }
                "errored" => plan.errored = scan.boolean_or_skip()?.unwrap_or(false),
                "resource_changes" => {
                    planned = true;
                    listed = true;
                    plan.changes = changes(&mut scan)?;
                }
                "configuration" => {
                    planned = true;
                    plan.configuration = Configuration::read(&mut scan)?;
                }
                "planned_values" => {
                    planned = true;
                    // Terraform leaves the list of resources out where there are none.
                    resources = scan.skip()?.contains("\"resources\"");
                }
                "deferred_changes" => plan.deferred = scan.skip()?.contains("\"address\""),
                other => {
                    redacted |= other == "plan_format_version";
                    state |= other == "values";
                    log |= other == "@level";
                    scan.skip()?;
                }
            }
        }
        if log {
            return Err(PlanError::NoPlan(
                "it is the log of `terraform plan -json`, not a plan; save the plan with `-out=PLAN` and write `terraform show -json PLAN`",
            ));
        }
        scan.end()?;
        if redacted && plan.format_version.is_empty() {
            return Err(PlanError::NoPlan(
                "it is the redacted form of a plan, which is made for showing; get the plan's whole JSON (`json-output` of the run, or `terraform show -json PLAN`)",
            ));
        }
        if plan.format_version.is_empty() {
            return Err(PlanError::NoPlan(
                "it is no plan: it has no `format_version`; write one with `terraform show -json PLAN`",
            ));
        }
        if state && !planned {
            return Err(PlanError::NoPlan(
                "it is a state, not a plan; save a plan with `-out=PLAN` and write `terraform show -json PLAN`",
            ));
        }
        if resources && !listed {
            return Err(PlanError::NoPlan(
                "it plans resources and has no `resource_changes`: it was cut down, or made by another tool; write it with `terraform show -json PLAN`",
            ));
        }
        Ok(plan)
    }

    /// A change with its values.
    ///
    /// # Errors
    /// Where its part of the file is no JSON.
    pub fn change(&self, planned: &Planned<'a>, names: &mut Names) -> Result<Change, PlanError> {
        // What does not change may be nothing before and after: Terraform writes so of an object that had gone already.
        let makes = matches!(
            planned.operation,
            Operation::Create | Operation::Update | Operation::Replace
        );
        if planned.after.is_null() && makes {
            return Err(PlanError::Hollow {
                address: planned.address.clone().into_owned(),
            });
        }
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
        let dynamic = (self.written.as_ref()).and_then(|written| {
            let module = without_keys(&planned.module_address);
            let resource = key.strip_prefix(module.as_ref()).unwrap_or(&key);
            written.dynamic(&module, resource.trim_start_matches('.'))
        });
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
        Ok(self.outline(planned, Arc::new(before), Arc::new(after), config))
    }

    /// What was wrong with a change of [`Plan::lazy_graph`] that was looked at.
    pub fn fault(&self) -> Option<&PlanError> {
        self.fault.get()
    }

    /// A change around its values.
    pub(super) fn outline(
        &self,
        planned: &Planned<'_>,
        before: Arc<Tree>,
        after: Arc<Tree>,
        config: Option<Arc<Tree>>,
    ) -> Change {
        let (version, provider) = self.configuration.provider(&planned.config_key());
        Change {
            resource_type: planned.resource_type.clone().into_owned(),
            mode: planned.mode,
            provider: planned.provider.clone().into_owned(),
            provider_version: version,
            operation: planned.operation,
            stage: Stage::Check,
            before,
            after,
            config,
            provider_configuration: provider.unwrap_or_else(|| Arc::new(Tree::null())),
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
    let blocks = |node| match after.data(node) {
        Data::Sequence(items) => items
            .iter()
            .all(|item| matches!(after.data(*item), Data::Mapping(..)))
            .then_some(items.len())
            .filter(|count| *count > 0),
        _ => None,
    };
    let made = |name: &str| match dynamic {
        Some(dynamic) => dynamic.iter().any(|made| made == name),
        None => planned.operation == Operation::Create && expressions.get(name).is_none(),
    };
    (fields.iter())
        .filter(|(name, _)| made(name))
        .filter_map(|(name, node)| Some((name.clone(), blocks(*node)?)))
        .collect()
}

impl Planned<'_> {
    /// Where the configuration has the resource: its address without instance keys.
    pub(super) fn config_key(&self) -> Cow<'_, str> {
        without_keys(&self.address)
    }

    /// Whether there is no planned side: neither a value nor anything unknown.
    pub(super) fn has_no_after(&self) -> bool {
        self.after.is_null() && (self.after_unknown.is_null() || self.after_unknown.is_false())
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

/// 0.1 and up, 1.x: minors only add.
fn check_format(version: &str) -> Result<(), PlanError> {
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    match (major.parse::<u64>(), minor.parse::<u64>()) {
        (Ok(0), Ok(1..)) | (Ok(1..=NEWEST_MAJOR), Ok(_)) => Ok(()),
        (Ok(major), Ok(_)) if major > NEWEST_MAJOR => Err(PlanError::Newer(version.to_owned())),
        _ => Err(PlanError::NoPlan(
            "it is no plan: its `format_version` is no version; write one with `terraform show -json PLAN`",
        )),
    }
}

fn changes<'a>(scan: &mut Scan<'a>) -> Result<Vec<Planned<'a>>, PlanError> {
    let mut changes = Vec::new();
    if scan.peek()? != b'[' {
        if !scan.skip()?.is_null() {
            return Err(PlanError::NoPlan(
                "it is no plan: `resource_changes` is no list; write one with `terraform show -json PLAN`",
            ));
        }
        return Ok(changes);
    }
    scan.token()?;
    let mut first = true;
    while scan.item(&mut first)? {
        if scan.peek()? != b'{' {
            return Err(PlanError::NoPlan(
                "it is no plan: `resource_changes` holds something else than objects",
            ));
        }
        changes.push(change(scan)?);
    }
    Ok(changes)
}

fn change<'a>(scan: &mut Scan<'a>) -> Result<Planned<'a>, PlanError> {
    scan.token()?;
    let mut planned = Planned {
        address: Cow::Borrowed(""),
        module_address: Cow::Borrowed(""),
        resource_type: Cow::Borrowed(""),
        mode: Mode::Managed,
        operation: Operation::NoOp,
        deposed: None,
        provider: Cow::Borrowed(""),
        before: Slice::NULL,
        after: Slice::NULL,
        after_unknown: Slice::NULL,
        before_sensitive: Slice::NULL,
        after_sensitive: Slice::NULL,
    };
    let (mut actions, mut importing, mut moved) = (Vec::new(), false, false);
    let mut mode = Some(Mode::Managed);
    let mut first = true;
    while let Some(key) = scan.key(&mut first)? {
        match key.as_ref() {
            "address" => planned.address = scan.text_or_skip()?.unwrap_or_default(),
            "previous_address" => moved = scan.text_or_skip()?.is_some(),
            "module_address" => planned.module_address = scan.text_or_skip()?.unwrap_or_default(),
            "type" => planned.resource_type = scan.text_or_skip()?.unwrap_or_default(),
            "provider_name" => planned.provider = scan.text_or_skip()?.unwrap_or_default(),
            "deposed" => planned.deposed = scan.text_or_skip()?,
            "mode" => {
                mode = match scan.text_or_skip()?.as_deref() {
                    None | Some("managed") => Some(Mode::Managed),
                    Some("data") => Some(Mode::Data),
                    Some("ephemeral") => Some(Mode::Ephemeral),
                    Some(_) => None,
                }
            }
            "change" if scan.peek()? == b'{' => {
                scan.token()?;
                let mut first = true;
                while let Some(key) = scan.key(&mut first)? {
                    match key.as_ref() {
                        "actions" => actions = texts(scan)?,
                        "before" => planned.before = scan.skip()?,
                        "after" => planned.after = scan.skip()?,
                        "after_unknown" => planned.after_unknown = scan.skip()?,
                        "before_sensitive" => planned.before_sensitive = scan.skip()?,
                        "after_sensitive" => planned.after_sensitive = scan.skip()?,
                        "importing" => importing = !scan.skip()?.is_null(),
                        _ => {
                            scan.skip()?;
                        }
                    }
                }
            }
            _ => {
                scan.skip()?;
            }
        }
    }
    planned.operation = operation(&actions, importing, moved)?;
    // Rules are chosen by type and mode: a change without them would be judged by none.
    let odd = |what: &'static str| PlanError::Odd {
        address: planned.address.clone().into_owned(),
        what,
    };
    if planned.resource_type.is_empty() {
        return Err(odd(
            "has no `type`: it was cut down, or made by another tool; write it with `terraform show -json PLAN`",
        ));
    }
    planned.mode = mode.ok_or_else(|| {
        odd("has a `mode` that this gabion does not know; use a newer gabion, as what it does not know it cannot judge")
    })?;
    Ok(planned)
}

fn texts<'a>(scan: &mut Scan<'a>) -> Result<Vec<Cow<'a, str>>, Fault> {
    let mut found = Vec::new();
    if scan.peek()? != b'[' {
        scan.skip()?;
        return Ok(found);
    }
    scan.token()?;
    let mut first = true;
    while scan.item(&mut first)? {
        found.extend(scan.text_or_skip()?);
    }
    Ok(found)
}

fn operation(
    actions: &[Cow<'_, str>],
    importing: bool,
    moved: bool,
) -> Result<Operation, PlanError> {
    let actions: Vec<&str> = actions.iter().map(AsRef::as_ref).collect();
    Ok(match actions.as_slice() {
        ["no-op" | "update"] if importing => Operation::Import,
        ["no-op"] if moved => Operation::Move,
        ["no-op"] => Operation::NoOp,
        ["create"] => Operation::Create,
        ["update"] => Operation::Update,
        ["delete"] => Operation::Delete,
        ["read"] => Operation::Read,
        ["open" | "renew" | "close"] => Operation::Open,
        ["forget"] => Operation::Forget,
        // A forgotten object whose address is filled again is a new object.
        ["create", "forget"] | ["forget", "create"] => Operation::Create,
        ["delete", "create"] | ["create", "delete"] => Operation::Replace,
        _ => {
            return Err(PlanError::NoPlan(
                "it holds a change with actions that this gabion does not know; use a newer gabion, as what it does not know it cannot judge",
            ));
        }
    })
}
