//! The outline of a plan: what is in it and where each change stands, the values only skipped over.
//!
//! What belongs here: the fields of the format. What does not: what a change's values become.

use std::borrow::Cow;
use std::sync::OnceLock;

use gabion_model::{Mode, Operation};

use super::config::Configuration;
use super::file::{NEWEST_MAJOR, Plan, PlanError, Planned};
use super::scan::{Fault, Scan, Slice};

/// Bytes from which on two threads read.
const LARGE: usize = 1 << 20;
/// How Terraform begins a change.
const START: &[u8] = b"{\"address\":";

/// What was read so far.
#[derive(Default)]
pub(super) struct Outline<'a> {
    format_version: String,
    terraform_version: Option<String>,
    complete: Option<bool>,
    errored: bool,
    deferred: bool,
    changes: Vec<Planned<'a>>,
    configuration: Option<Configuration<'a>>,
    /// Whether there is a part that only plans have.
    planned: bool,
    /// Whether there is the list of changes.
    listed: bool,
    /// Whether the planned values have resources.
    resources: bool,
    state: bool,
    log: bool,
    redacted: bool,
}

impl<'a> Outline<'a> {
    /// Reads a whole text; `scan` stands at its beginning, an object.
    ///
    /// # Errors
    /// Where it is cut off, no JSON, no plan, or of a newer format.
    pub(super) fn read(text: &'a str, scan: Scan<'a>) -> Result<Self, PlanError> {
        let threads = || std::thread::available_parallelism().map_or(1, usize::from);
        let halves = guess(text).filter(|_| text.len() > LARGE && threads() > 1);
        match halves.map(|mark| Self::halves(text, scan.clone(), mark)) {
            Some(Ok(Some(outline))) => Ok(outline),
            Some(Err(error)) => Err(error),
            _ => {
                let mut outline = Self::default();
                outline.whole(scan, None)?;
                Ok(outline)
            }
        }
    }

    /// Reads two halves at once. `mark` is only a guess of where a change begins: it holds if the reader of the first
    /// half comes to begin a change just there; then both halves were read as one reader would have. `None` where it
    /// cannot be put together.
    fn halves(text: &'a str, scan: Scan<'a>, mark: usize) -> Result<Option<Self>, PlanError> {
        std::thread::scope(|scope| {
            let second = scope.spawn(move || Self::from(text, mark));
            let mut outline = Self::default();
            if !outline.whole(scan, Some(mark))? {
                return Ok(Some(outline));
            }
            match second.join() {
                Ok(second) => Ok(second?.map(|second| outline.with(second))),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// Reads from a change on to the end; `None` where a second list of changes follows.
    fn from(text: &'a str, mark: usize) -> Result<Option<Self>, PlanError> {
        // Inside of the plan, and of its list.
        let mut scan = Scan::within(text, mark, 2);
        let mut outline = Self::default();
        outline.changes.push(change(&mut scan)?);
        outline.listing(&mut scan, false, None)?;
        outline.fields(&mut scan, false, None)?;
        let again = std::mem::replace(&mut outline.listed, true);
        Ok((!again).then_some(outline))
    }

    /// What two halves of a text tell together.
    fn with(mut self, second: Self) -> Self {
        if !second.format_version.is_empty() {
            self.format_version = second.format_version;
        }
        self.changes.extend(second.changes);
        Self {
            format_version: self.format_version,
            terraform_version: second.terraform_version.or(self.terraform_version),
            complete: second.complete.or(self.complete),
            errored: self.errored | second.errored,
            deferred: self.deferred | second.deferred,
            changes: self.changes,
            configuration: second.configuration.or(self.configuration),
            planned: self.planned | second.planned,
            listed: self.listed | second.listed,
            resources: self.resources | second.resources,
            state: self.state | second.state,
            log: self.log | second.log,
            redacted: self.redacted | second.redacted,
        }
    }

    /// Reads from the beginning; whether it stopped at the mark.
    fn whole(&mut self, mut scan: Scan<'a>, mark: Option<usize>) -> Result<bool, PlanError> {
        scan.token()?;
        self.fields(&mut scan, true, mark)
    }

    /// Reads the fields of the plan from here on; whether it stopped at the mark.
    fn fields(
        &mut self,
        scan: &mut Scan<'a>,
        mut first: bool,
        mark: Option<usize>,
    ) -> Result<bool, PlanError> {
        while let Some(key) = scan.key(&mut first)? {
            match key.as_ref() {
                "format_version" => {
                    self.format_version = scan.text_or_skip()?.unwrap_or_default().into_owned();
                    check_format(&self.format_version)?;
                }
                "terraform_version" => {
                    self.terraform_version = scan.text_or_skip()?.map(Cow::into_owned);
                }
                "complete" => self.complete = scan.boolean_or_skip()?,
                "errored" => self.errored = scan.boolean_or_skip()?.unwrap_or(false),
                "resource_changes" => {
                    self.planned = true;
                    self.listed = true;
                    self.changes.clear();
                    if scan.peek()? == b'[' {
                        scan.token()?;
                        if self.listing(scan, true, mark)? {
                            return Ok(true);
                        }
                    } else if !scan.skip()?.is_null() {
                        return Err(PlanError::NoPlan(
                            "it is no plan: `resource_changes` is no list; write one with `terraform show -json PLAN`",
                        ));
                    }
                }
                "configuration" => {
                    self.planned = true;
                    self.configuration = Some(Configuration::read(scan)?);
                }
                "planned_values" => {
                    self.planned = true;
                    // Terraform leaves the list of resources out where there are none.
                    self.resources = scan.skip()?.contains("\"resources\"");
                }
                "deferred_changes" => self.deferred = scan.skip()?.contains("\"address\""),
                other => {
                    self.redacted |= other == "plan_format_version";
                    self.state |= other == "values";
                    self.log |= other == "@level";
                    scan.skip()?;
                }
            }
        }
        if self.log {
            return Err(PlanError::NoPlan(
                "it is the log of `terraform plan -json`, not a plan; save the plan with `-out=PLAN` and write `terraform show -json PLAN`",
            ));
        }
        scan.end()?;
        Ok(false)
    }

    /// Reads the changes of the list that was begun; whether it stopped at the mark.
    fn listing(
        &mut self,
        scan: &mut Scan<'a>,
        mut first: bool,
        mark: Option<usize>,
    ) -> Result<bool, PlanError> {
        while scan.item(&mut first)? {
            if scan.peek()? != b'{' {
                return Err(PlanError::NoPlan(
                    "it is no plan: `resource_changes` holds something else than objects",
                ));
            }
            if mark == Some(scan.place()) {
                return Ok(true);
            }
            self.changes.push(change(scan)?);
        }
        Ok(false)
    }

    /// The plan, if it is one.
    ///
    /// # Errors
    /// What it is instead.
    pub(super) fn plan(self) -> Result<Plan<'a>, PlanError> {
        if self.redacted && self.format_version.is_empty() {
            return Err(PlanError::NoPlan(
                "it is the redacted form of a plan, which is made for showing; get the plan's whole JSON (`json-output` of the run, or `terraform show -json PLAN`)",
            ));
        }
        if self.format_version.is_empty() {
            return Err(PlanError::NoPlan(
                "it is no plan: it has no `format_version`; write one with `terraform show -json PLAN`",
            ));
        }
        if self.state && !self.planned {
            return Err(PlanError::NoPlan(
                "it is a state, not a plan; save a plan with `-out=PLAN` and write `terraform show -json PLAN`",
            ));
        }
        if self.resources && !self.listed {
            return Err(PlanError::NoPlan(
                "it plans resources and has no `resource_changes`: it was cut down, or made by another tool; write it with `terraform show -json PLAN`",
            ));
        }
        Ok(Plan {
            format_version: self.format_version,
            terraform_version: self.terraform_version,
            complete: self.complete.unwrap_or(false),
            says_complete: self.complete.is_some(),
            errored: self.errored,
            deferred: self.deferred,
            changes: self.changes,
            configuration: self.configuration.unwrap_or_default(),
            written: None,
            fault: OnceLock::new(),
        })
    }
}

/// A place in the middle where a change may begin.
fn guess(text: &str) -> Option<usize> {
    let middle = text.len() / 2;
    let rest = text.as_bytes().get(middle..)?;
    Some(middle + memchr::memmem::find(rest, START)?)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(changes: usize, before: &str, after: &str) -> String {
        let change = |number| {
            format!(
                r#"{{"address":"a.b[{number}]","type":"a","change":{{"actions":["create"],"after":{{"x":{{"address":"no change"}}}}}}}}"#
            )
        };
        let changes: Vec<String> = (0..changes).map(change).collect();
        format!(
            r#"{{"format_version":"1.2",{before}"resource_changes":[{}]{after}}}"#,
            changes.join(",")
        )
    }

    fn seen(outline: Outline<'_>) -> String {
        let plan = outline.plan().unwrap();
        format!(
            "{plan:?} {:?} {:?} {} {} {:?}",
            plan.changes,
            plan.terraform_version,
            plan.complete,
            plan.errored,
            plan.configuration.is_whole()
        )
    }

    #[test]
    fn two_halves_are_read_as_one() {
        let (before, after) = (
            r#""complete":true,"prior_state":{"values":[{"address":"x"}]},"#,
            r#","errored":false,"terraform_version":"1.11.4","configuration":{"root_module":{}}"#,
        );
        for text in [
            plan(9, before, after),
            plan(9, "", ""),
            plan(1, before, ""),
            plan(9, "", before.trim_end_matches(',')).replace("]\"", "],\""),
        ] {
            let one = || {
                let mut outline = Outline::default();
                assert_eq!(outline.whole(Scan::new(&text), None), Ok(false));
                seen(outline)
            };
            let mut met = 0;
            for (mark, _) in text.match_indices("{\"address\":") {
                let halves = Outline::halves(&text, Scan::new(&text), mark).unwrap();
                assert_eq!(seen(halves.unwrap()), one(), "{mark} of {text}");
                met +=
                    usize::from(Outline::default().whole(Scan::new(&text), Some(mark)) == Ok(true));
            }
            assert_eq!(met, text.matches("a.b[").count());
        }
    }

    #[test]
    fn what_is_wrong_in_either_half_is_told() {
        let text = plan(9, "", "");
        let mark = text.find("{\"address\":\"a.b[5]").unwrap();
        assert!(guess(&text) > Some(text.len() / 2));
        for cut in [10, mark - 3, mark + 3, text.len() - 1] {
            let cut = text.get(..cut).unwrap();
            assert!(Outline::halves(cut, Scan::new(cut), mark).is_err(), "{cut}");
        }
        // A second list counts alone, wherever the first one was split.
        let twice = plan(9, "", r#","resource_changes":[]"#);
        assert!(
            Outline::halves(&twice, Scan::new(&twice), mark)
                .unwrap()
                .is_none()
        );
    }
}
