//! `gabion inspect`.

mod diff;

use std::fmt::Write as _;
use std::path::PathBuf;

use gabion_engine::{Budgets, Pack};
use gabion_model::{Control, RuleInfo, Scope};
use serde_json::{Value, json};

use crate::command::{asked, engine};
use crate::exit::{Exit, Failure};
use crate::output::{self, Form};

const LONG: &str = "\
Show what a pack offers and what it would run as.

The pack is loaded as `gabion check` loads it: a component that imports anything but the guardrail interfaces is \
refused, and the import is named. With --diff, two versions of a pack are compared.";

/// Show what a pack offers and what it would run as.
#[derive(Debug, clap::Args)]
#[command(
    long_about = LONG,
    after_help = "Examples:\n  gabion inspect ./acme.wasm\n  gabion inspect baseline -o json\n  gabion inspect --diff acme-1.0.0.wasm dist/acme.wasm"
)]
pub(crate) struct Inspect {
    /// The component, or `baseline` for the one inside the binary
    #[arg(
        value_name = "PACK.wasm",
        required_unless_present = "diff",
        conflicts_with = "diff"
    )]
    pack: Option<PathBuf>,
    /// Compare two components
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    diff: Option<Vec<PathBuf>>,
    /// How to write the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Form,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let engine = engine()?;
        if let Some([old, new]) = self.diff.as_deref() {
            let (old, new) = (asked::pack(&engine, old)?, asked::pack(&engine, new)?);
            let changes = diff::diff(&old, &new);
            output::stdout(&match self.output {
                Form::Text => diff::text(&old, &new, &changes),
                Form::Json => diff::json(&old, &new, &changes),
            })?;
            return Ok(Exit::Clean);
        }
        let name = self.pack.unwrap_or_default();
        let pack = asked::pack(&engine, &name)?;
        // The one inside the binary has no file.
        let size = match std::fs::metadata(&name) {
            Ok(facts) => facts.len(),
            Err(_) => gabion_engine::baseline::COMPONENT.len() as u64,
        };
        output::stdout(&match self.output {
            Form::Text => text(&pack, size, engine.budgets()),
            Form::Json => as_json(&pack, size, engine.budgets()),
        })?;
        Ok(Exit::Clean)
    }
}

fn text(pack: &Pack, size: u64, budgets: &Budgets) -> String {
    let info = pack.info();
    let mut text = format!(
        "{} {}\n{}\n{} bytes, made for gabion:guardrail {}\nimports {}\nmay use per call: {}\n\n",
        info.name,
        info.version,
        pack.digest(),
        output::grouped(size),
        pack.wit(),
        if pack.imports().is_empty() {
            "nothing".to_owned()
        } else {
            pack.imports().join(", ")
        },
        super::build::budgets(budgets),
    );
    for rule in &info.rules {
        let _ = writeln!(
            text,
            "{}  {}  {}",
            rule.code,
            output::level(rule.level),
            rule.title
        );
        let _ = writeln!(text, "      {}", judges(rule));
        if !rule.controls.is_empty() {
            let controls: Vec<String> = rule.controls.iter().map(control).collect();
            let _ = writeln!(text, "      {}", controls.join(", "));
        }
    }
    text.push_str(&settings(&info.settings_schema));
    text
}

/// What a rule looks at, in one line.
fn judges(rule: &RuleInfo) -> String {
    let types: Vec<String> = rule
        .applies_to
        .iter()
        .map(|target| {
            format!(
                "{} ({} {})",
                target.resource_type, target.provider, target.versions
            )
        })
        .collect();
    match (rule.scope, types.is_empty()) {
        (Scope::Plan, true) => "the whole plan".to_owned(),
        (Scope::Plan, false) => format!("the whole plan, for {}", types.join(", ")),
        (Scope::Change, true) => "every change".to_owned(),
        (Scope::Change, false) => types.join(", "),
    }
}

fn control(control: &Control) -> String {
    let star = if control.confirmed || control.framework != "security-hub" {
        ""
    } else {
        "*"
    };
    format!("{} {}{star}", control.framework, control.id)
}

/// The settings of a pack as a table.
fn settings(schema: &str) -> String {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let Some(properties) = schema
        .get("properties")
        .and_then(Value::as_object)
        .filter(|all| !all.is_empty())
    else {
        return "\ntakes no settings\n".to_owned();
    };
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let mut text = "\nsettings:\n".to_owned();
    for (name, property) in properties {
        let kind = kind(property);
        let default = property
            .get("default")
            .map(|value| format!(", default {value}"));
        let needed = if required(name) { ", required" } else { "" };
        let about = property
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let line = format!(
            "  {name} ({kind}{needed}{})  {about}",
            default.unwrap_or_default()
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// `list of string`.
fn kind(property: &Value) -> String {
    let plain = property
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("any");
    match plain {
        "array" => format!(
            "list of {}",
            property.get("items").map_or_else(|| "any".to_owned(), kind)
        ),
        "object" => "map".to_owned(),
        "integer" => "whole number".to_owned(),
        other => other.to_owned(),
    }
}

fn as_json(pack: &Pack, size: u64, budgets: &Budgets) -> String {
    let info = pack.info();
    let schema: Value = serde_json::from_str(&info.settings_schema).unwrap_or_default();
    let answer = json!({
        "schema_version": 1,
        "name": info.name,
        "version": info.version,
        "digest": pack.digest(),
        "size": size,
        "wit": pack.wit(),
        "imports": pack.imports(),
        "budgets": {
            "fuel": budgets.fuel,
            "wall_seconds": budgets.wall.as_secs(),
            "memory_bytes": budgets.memory,
            "findings": budgets.findings,
        },
        "settings_schema": schema,
        "rules": info.rules,
    });
    format!("{answer:#}\n")
}
