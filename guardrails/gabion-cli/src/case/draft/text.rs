//! The text of a `case` or `plan` block.

use std::fmt::Write as _;

use gabion_model::{Change, Graph, Mode, Operation, Path, Read, RuleInfo, Side, Step, Tree};
use serde_json::Value as Json;

use super::cut::{Cut, Keep};
use super::hide::Hide;
use super::lit::{Lit, quote};
use super::{Essence, Form};
use crate::case::expect::Sort;
use crate::case::resource;

/// What a block is written from.
pub(super) struct Case<'a> {
    pub(super) name: &'a str,
    pub(super) rule: &'a RuleInfo,
    /// All rules of the pack: they tell the provider of a type.
    pub(super) rules: &'a [RuleInfo],
    pub(super) settings: &'a Json,
    /// Whether the file says of itself how strict it is: then the case says it, too.
    pub(super) strict: bool,
    pub(super) wanted: &'a Essence,
    pub(super) form: Form,
    pub(super) reads: &'a [Read],
}

/// The lines of attributes of one block, with their signs in one column.
#[derive(Default)]
struct Lines(Vec<(String, Lit)>);

impl Lines {
    fn text(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), Lit::Text(value.to_owned())));
    }

    fn put(&mut self, name: &str, value: Lit) {
        self.0.push((name.to_owned(), value));
    }

    fn write(&self, indent: usize) -> String {
        let pad = " ".repeat(indent);
        let width = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines = self.0.iter();
        lines
            .map(|(name, value)| format!("{pad}{name:width$} = {}\n", value.hcl(indent)))
            .collect()
    }
}

impl Case<'_> {
    /// A `case` block.
    pub(super) fn change(&self, change: &Change, hide: &mut Hide) -> String {
        let mut lines = Lines::default();
        lines.text("rule", &self.rule.code);
        lines.text("type", &change.resource_type);
        if self.form.frame {
            lines.text("stage", stage(change));
            if let Some(address) = &change.address {
                lines.text("address", &hide.text(&Path::root(), address));
            }
        }
        self.common(&mut lines);
        self.resource(change, true, &mut lines, hide);
        format!(
            "case {} {{\n{}\n{}}}\n",
            quote(self.name),
            lines.write(2),
            self.expect(hide)
        )
    }

    /// A `plan` block with the changes that are named.
    pub(super) fn plan(&self, graph: &Graph, named: &[String], hide: &mut Hide) -> String {
        let mut lines = Lines::default();
        lines.text("rule", &self.rule.code);
        if !graph.complete {
            lines.put("complete", Lit::Raw("false".to_owned()));
        }
        self.common(&mut lines);
        let mut text = format!("plan {} {{\n{}", quote(self.name), lines.write(2));
        for (position, change) in graph.changes.iter().enumerate() {
            let Some(address) = change
                .address
                .as_ref()
                .filter(|address| named.contains(address))
            else {
                continue;
            };
            let mut lines = Lines::default();
            let module = change.module_address.clone().unwrap_or_default();
            if !module.is_empty() {
                lines.text("module", &module);
            }
            self.resource(change, false, &mut lines, hide);
            let mut references: Vec<(String, Lit)> = Vec::new();
            for reference in graph.references_of(position) {
                if !stands(&reference.address, named) {
                    continue;
                }
                let written = if reference.attribute.is_empty() {
                    reference.address.clone()
                } else {
                    format!("{}.{}", reference.address, reference.attribute)
                };
                let path = reference.path.to_string();
                let known = references.iter_mut().find(|(known, _)| *known == path);
                match known {
                    Some((_, Lit::List(all))) => all.push(Lit::Text(written)),
                    _ => references.push((path, Lit::List(vec![Lit::Text(written)]))),
                }
            }
            if !references.is_empty() {
                lines.put("references", Lit::Object(references));
            }
            let word = if change.mode == Mode::Data {
                "data"
            } else {
                "resource"
            };
            let _ = write!(
                text,
                "\n  {word} {} {} {{\n{}  }}\n",
                quote(&change.resource_type),
                quote(&own_name(address, &module, change)),
                lines.write(4)
            );
        }
        let _ = write!(text, "\n{}}}\n", self.expect(hide));
        text
    }

    fn common(&self, lines: &mut Lines) {
        if self.strict || self.form.strict {
            lines.put("strict", Lit::Raw(self.form.strict.to_string()));
        }
        if self.settings.as_object().is_some_and(|all| !all.is_empty()) {
            lines.put("settings", Lit::of_json(self.settings));
        }
    }

    /// What a change is made of.
    fn resource(&self, change: &Change, single: bool, lines: &mut Lines, hide: &mut Hide) {
        let provider = resource::provider_of(&change.resource_type, self.rules);
        if change.provider != provider && !change.provider.is_empty() {
            lines.text("provider", &change.provider);
        }
        if let Some(version) = &change.provider_version {
            lines.text("provider_version", version);
        }
        let mut side = |tree: &Tree, side: Side, keep: Keep| {
            Cut::new(
                tree,
                keep,
                side,
                self.reads,
                change.address.as_deref(),
                hide,
            )
            .side()
        };
        let before = side(&change.before, Side::Before, self.form.keep);
        let after = side(&change.after, Side::After, self.form.keep);
        let around = if self.form.frame && self.form.keep == Keep::Read {
            Keep::Telling
        } else if self.form.frame {
            self.form.keep
        } else {
            Keep::Read
        };
        let provider = side(
            &change.provider_configuration,
            Side::ProviderConfiguration,
            around,
        );
        let told = match (&before, &after) {
            (None, Some(_)) => Some(Operation::Create),
            (Some(_), Some(_)) => Some(Operation::Update),
            (Some(_), None) => Some(Operation::Delete),
            (None, None) => None,
        };
        let mode_is_told = !single || change.mode == Mode::Managed;
        if told != Some(change.operation) || !mode_is_told {
            lines.text("operation", word(change.operation));
        }
        if let Some(Lit::Object(items)) = provider
            && !items.is_empty()
        {
            lines.put("provider_configuration", Lit::Object(items));
        }
        if let Some(before) = before {
            lines.put("before", before);
        }
        if let Some(after) = after {
            let configured = configured(change, &after);
            lines.put("after", after);
            if let Some(paths) = configured {
                let paths = paths.into_iter().map(|path| Lit::Text(path.to_string()));
                lines.put("configured", Lit::List(paths.collect()));
            }
        }
    }

    /// What is expected: the verdict, and every place of it.
    fn expect(&self, hide: &mut Hide) -> String {
        let (sort, places) = self.wanted;
        let mut text = String::new();
        let mut one = |address: Option<&str>, path: &str| {
            let mut lines = Lines::default();
            lines.text("verdict", sort.word());
            if !path.is_empty() && matches!(sort, Sort::Violation | Sort::Undetermined) {
                lines.text("path", path);
            }
            let of_whole_plan = self.rule.scope == gabion_model::Scope::Plan;
            if let Some(address) = address.filter(|_| of_whole_plan && *sort == Sort::Violation) {
                lines.text("address", &hide.text(&Path::root(), address));
            }
            let _ = write!(text, "  expect {{\n{}  }}\n", lines.write(4));
        };
        if places.is_empty() {
            one(None, "");
        }
        for (address, path) in places {
            one(address.as_deref(), path);
        }
        text
    }
}

/// The paths that are configured, the outermost that hold for all below; `None` where that is all that stands there.
fn configured(change: &Change, after: &Lit) -> Option<Vec<Path>> {
    let mut paths = Vec::new();
    change.config.as_ref()?;
    let all = collect(change, after, &Path::root(), &mut paths)?;
    (!all).then_some(paths)
}

/// Whether all below a path is configured; adds the paths of what is, where not all is. `None` where nothing tells.
fn collect(change: &Change, lit: &Lit, path: &Path, paths: &mut Vec<Path>) -> Option<bool> {
    let children: Vec<(Path, &Lit)> = match lit {
        Lit::Object(items) => items
            .iter()
            .map(|(name, item)| (path.child(Step::Name(name.as_str().into())), item))
            .collect(),
        Lit::List(items) => (0..)
            .zip(items)
            .map(|(index, item)| (path.child(Step::Index(index)), item))
            .collect(),
        Lit::Raw(text) if text == "computed()" || text == "null" => return None,
        _ => Vec::new(),
    };
    if children.is_empty() {
        return Some(change.configured(path) != Some(false));
    }
    let mut inner = Vec::new();
    let mut told: Vec<(Path, bool)> = Vec::new();
    for (path, item) in children {
        if let Some(all) = collect(change, item, &path, &mut inner) {
            told.push((path, all));
        }
    }
    if told.is_empty() {
        return None;
    }
    let all = told.iter().all(|(_, all)| *all);
    if !all {
        paths.append(&mut inner);
        paths.extend(
            told.into_iter()
                .filter(|(_, all)| *all)
                .map(|(path, _)| path),
        );
        paths.sort();
    }
    Some(all)
}

/// Whether a reference names one of the resources of the case, or data that was read before.
fn stands(address: &str, named: &[String]) -> bool {
    address.starts_with("data.")
        || named.iter().any(|known| {
            known == address
                || known
                    .split_once('[')
                    .is_some_and(|(bare, _)| bare == address)
        })
}

/// The second label: the address without the module and the type.
fn own_name(address: &str, module: &str, change: &Change) -> String {
    let rest = address
        .strip_prefix(module)
        .unwrap_or(address)
        .trim_start_matches('.');
    let rest = rest.strip_prefix("data.").unwrap_or(rest);
    let kind = format!("{}.", change.resource_type);
    rest.strip_prefix(&kind).unwrap_or(rest).to_owned()
}

fn stage(change: &Change) -> &'static str {
    match change.stage {
        gabion_model::Stage::Plan => "plan",
        gabion_model::Stage::Apply => "apply",
        gabion_model::Stage::Check => "check",
    }
}

fn word(operation: Operation) -> &'static str {
    resource::OPERATIONS
        .iter()
        .find(|(_, known)| *known == operation)
        .map_or("", |(word, _)| word)
}
