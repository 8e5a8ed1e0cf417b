//! A case file: its blocks as cases, whole plans and saved plans. Everything that is wrong with it is told at once.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use gabion_engine::policy::{Location, Problem, Source};
use gabion_model::{Change, Graph, PackInfo, RuleInfo, Scope, Stage};
use hcl_edit::structure::Block;
use serde_json::Value as Json;

use super::expect::{self, Expect};
use super::fields::{Fields, hint};
use super::resource::{self, Frame};
use super::schema::Schemas;
use super::value::{Node, Spanned};
use super::whole;

const STAGES: [(&str, Stage); 3] = [
    ("plan", Stage::Plan),
    ("apply", Stage::Apply),
    ("check", Stage::Check),
];

/// One file.
#[derive(Debug)]
pub(crate) struct CaseFile {
    pub(crate) cases: Vec<Case>,
    pub(crate) fixtures: Vec<Fixture>,
}

/// One `case` or `plan` block.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) at: Location,
    pub(crate) name: String,
    pub(crate) rule: String,
    pub(crate) settings: Settings,
    pub(crate) subject: Subject,
    pub(crate) expect: Vec<Expect>,
}

/// What a rule is asked about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Change(Arc<Change>),
    Plan(Arc<Graph>),
}

/// The settings of a pack, and where they are written.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) json: Json,
    /// `None` where none are.
    pub(crate) at: Option<Location>,
}

/// One `fixture` block.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) at: Location,
    pub(crate) name: String,
    pub(crate) plan: Spanned<PathBuf>,
    pub(crate) settings: Settings,
}

/// What holds for every block of a file.
#[derive(Clone)]
pub(super) struct Defaults<'a> {
    pub(super) source: &'a Source,
    pub(super) info: &'a PackInfo,
    pub(super) settings: Settings,
    pub(super) strict: bool,
    pub(super) schemas: Option<Arc<Schemas>>,
}

/// Reads a case file; `name` is what messages call it.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn read(path: &Path, name: &str, info: &PackInfo) -> Result<CaseFile, Vec<Problem>> {
    let text = std::fs::read(path)
        .map_err(|error| vec![Problem::general(format!("cannot read `{name}`: {error}"))])?;
    let text = String::from_utf8(text).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        vec![Problem::general(format!(
            "cannot read `{name}`: it is no UTF-8 text at byte {at}"
        ))]
    })?;
    parse(text, path, name, info)
}

/// Reads the text of a case file that stands, or will stand, at `path`.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn parse(
    text: String,
    path: &Path,
    name: &str,
    info: &PackInfo,
) -> Result<CaseFile, Vec<Problem>> {
    let source = Source::new(name, text);
    let body = source.parse().map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    let start = source.locate(0);
    let mut fields = Fields::new(&source, "a case file".to_owned(), start.clone(), &body);
    let none = Settings {
        json: Json::Object(serde_json::Map::new()),
        at: None,
    };
    let defaults = Defaults {
        source: &source,
        info,
        settings: settings(&mut fields, &mut problems).unwrap_or(none),
        strict: fields.boolean("strict", &mut problems).unwrap_or(false),
        schemas: schemas(&mut fields, path, &mut problems),
    };
    let (cases, plans, fixtures) = (
        fields.blocks("case"),
        fields.blocks("plan"),
        fields.blocks("fixture"),
    );
    fields.finish(&mut problems);
    let blocks = cases.iter().chain(&plans).chain(&fixtures);
    if blocks.clone().next().is_none() && problems.is_empty() {
        problems.push(Problem::at(
            &start,
            "the file has no case: write `case \"what it shows\" { ... }`",
        ));
    }
    let mut names: Vec<&str> = Vec::new();
    for block in blocks {
        let Some(name) = block.labels.first().map(|label| label.as_str()) else {
            continue;
        };
        if names.contains(&name) {
            problems.push(Problem::at(
                &source.at(&block.ident),
                format!("two cases are called `{name}`"),
            ));
        }
        names.push(name);
    }
    let mut file = CaseFile {
        cases: Vec::new(),
        fixtures: Vec::new(),
    };
    for block in cases {
        file.cases.extend(case(&defaults, block, &mut problems));
    }
    for block in plans {
        file.cases
            .extend(whole::plan(&defaults, block, &mut problems));
    }
    for block in fixtures {
        file.fixtures
            .extend(fixture(&defaults, block, path, &mut problems));
    }
    // In the order of the file, as a reader expects the results.
    file.cases.sort_by(|left, right| left.at.cmp(&right.at));
    if problems.is_empty() {
        Ok(file)
    } else {
        Err(problems)
    }
}

/// The settings that stand in a block.
pub(super) fn settings(fields: &mut Fields<'_>, problems: &mut Vec<Problem>) -> Option<Settings> {
    let node: Node = fields.object("settings", problems)?;
    match node.value.to_json() {
        Some(json) => Some(Settings {
            json,
            at: Some(node.at),
        }),
        None => {
            problems.push(Problem::at(
                &node.at,
                "settings are always known: they cannot hold unknown(), computed() or sensitive()",
            ));
            None
        }
    }
}

/// The schemas that a file names.
fn schemas(
    fields: &mut Fields<'_>,
    file: &Path,
    problems: &mut Vec<Problem>,
) -> Option<Arc<Schemas>> {
    let name = fields.text("schema", problems)?;
    let path = tidy(&file.parent().unwrap_or(Path::new("")).join(&name.value));
    match Schemas::read(&path) {
        Ok(schemas) => Some(Arc::new(schemas)),
        Err(why) => {
            let shown = path.display();
            problems.push(Problem::at(
                &name.at,
                format!("cannot read the schema `{shown}`: {why}"),
            ));
            None
        }
    }
}

/// The one label of a block.
pub(super) fn label(source: &Source, block: &Block, problems: &mut Vec<Problem>) -> Option<String> {
    let word = block.ident.as_str();
    match block.labels.as_slice() {
        [label] if !label.as_str().trim().is_empty() => Some(label.as_str().to_owned()),
        _ => {
            problems.push(Problem::at(
                &source.at(&block.ident),
                format!("a `{word}` has one label, which says what it shows: write `{word} \"what it shows\" {{ ... }}`"),
            ));
            None
        }
    }
}

/// The rule that a block names; it must be one of the pack, and of this scope.
pub(super) fn rule<'a>(
    fields: &mut Fields<'_>,
    info: &'a PackInfo,
    scope: Scope,
    problems: &mut Vec<Problem>,
) -> Option<&'a RuleInfo> {
    let code = fields.required("rule", "the code of the rule that is asked", problems)?;
    let Some(rule) = info.rules.iter().find(|rule| rule.code == code.value) else {
        let known: Vec<&str> = info.rules.iter().map(|rule| rule.code.as_str()).collect();
        problems.push(Problem::at(
            &code.at,
            format!(
                "the pack `{}` has no rule `{}`{}",
                info.name,
                code.value,
                hint(&code.value, &known)
            ),
        ));
        return None;
    };
    if rule.scope == scope {
        return Some(rule);
    }
    let (looks, write) = match rule.scope {
        Scope::Plan => ("whole plans", "plan"),
        Scope::Change => ("one change at a time", "case"),
    };
    problems.push(Problem::at(
        &code.at,
        format!(
            "`{}` looks at {looks}: write `{write} \"...\" {{ ... }}`",
            rule.code
        ),
    ));
    None
}

fn case(defaults: &Defaults<'_>, block: &Block, problems: &mut Vec<Problem>) -> Option<Case> {
    let source = defaults.source;
    let told = problems.len();
    let name = label(source, block, problems)?;
    let at = source.at(&block.ident);
    let mut fields = Fields::new(source, format!("case `{name}`"), at.clone(), &block.body);
    let rule = rule(&mut fields, defaults.info, Scope::Change, problems);
    let settings = settings(&mut fields, problems).unwrap_or_else(|| defaults.settings.clone());
    let strict = fields
        .boolean("strict", problems)
        .unwrap_or(defaults.strict);
    let stage = stage(&mut fields, Stage::Plan, problems);
    let resource_type = fields.required("type", "the resource type, `aws_s3_bucket`", problems);
    let address = fields.text("address", problems);
    let frame = Frame {
        info: defaults.info,
        stage,
        strict,
        schemas: defaults.schemas.as_deref(),
        mode: None,
    };
    let kind = resource_type
        .as_ref()
        .map_or("", |resource_type| resource_type.value.as_str());
    let change = resource::change(&mut fields, frame, kind, problems);
    let expect = expect::read(source, &mut fields, false, problems);
    fields.finish(problems);
    if problems.len() > told {
        return None;
    }
    let change = Change {
        address: address.map(|address| address.value),
        ..change?
    };
    Some(Case {
        at,
        name,
        rule: rule?.code.clone(),
        settings,
        subject: Subject::Change(Arc::new(change)),
        expect,
    })
}

fn fixture(
    defaults: &Defaults<'_>,
    block: &Block,
    file: &Path,
    problems: &mut Vec<Problem>,
) -> Option<Fixture> {
    let source = defaults.source;
    let told = problems.len();
    let name = label(source, block, problems)?;
    let at = source.at(&block.ident);
    let mut fields = Fields::new(source, format!("fixture `{name}`"), at.clone(), &block.body);
    let settings = settings(&mut fields, problems).unwrap_or_else(|| defaults.settings.clone());
    let plan = fields.required(
        "plan",
        "a saved plan, as `terraform show -json` writes it",
        problems,
    );
    fields.finish(problems);
    if problems.len() > told {
        return None;
    }
    let plan = plan?;
    let folder = file.parent().unwrap_or(Path::new(""));
    Some(Fixture {
        at,
        name,
        plan: Spanned {
            value: tidy(&folder.join(&plan.value)),
            at: plan.at,
        },
        settings,
    })
}

/// A path without `folder/..` in it.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        let named = matches!(tidied.components().next_back(), Some(Component::Normal(_)));
        if part == Component::ParentDir && named {
            tidied.pop();
        } else {
            tidied.push(part);
        }
    }
    tidied
}

/// The stages, for a whole plan too.
pub(super) fn stage(
    fields: &mut Fields<'_>,
    otherwise: Stage,
    problems: &mut Vec<Problem>,
) -> Stage {
    fields
        .word("stage", &STAGES, problems)
        .map_or(otherwise, |stage| stage.value)
}
