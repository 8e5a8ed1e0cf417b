//! Every attribute of the pages' tables of secure defaults, read back from the emulator by another client and compared
//! with the state. What no emulator can tell stands in `tests/src/unread.rs`, and so in `tests/emulator-gaps.md`.

mod accounts;
mod data;
mod keys;
mod network;
mod promised;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use gabion_tests::unread::UNREAD;
use gabion_tests::workspace;
use serde_json::Value;

pub(super) use keys::lists_of_a_key;

use super::{MANAGEMENT, Places};
use crate::support::World;
use promised::{BY_THE_CALL_SITE, PROMISED};

/// Reads what AWS holds of one resource at a time, and compares.
struct Reader<'a> {
    places: &'a mut Places,
    states: BTreeMap<String, Value>,
    /// The resource at hand: page, place, and state.
    page: &'static str,
    place: &'static str,
    state: Value,
    answers: BTreeMap<String, Value>,
    read: BTreeSet<(&'static str, &'static str)>,
    wrong: Vec<String>,
}

impl Reader<'_> {
    fn resource(&mut self, page: &'static str, place: &'static str, address: &str) -> Result<()> {
        let state = self.states.get(address).cloned();
        self.state = state.with_context(|| format!("no {address}"))?;
        (self.page, self.place) = (page, place);
        Ok(())
    }

    fn of(&self, attribute: &str) -> Value {
        self.state[attribute].clone()
    }

    /// An answer of AWS; asked once.
    fn ask(&mut self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        let key = format!("{} {service} {operation} {parameters}", self.place);
        if let Some(found) = self.answers.get(&key) {
            return Ok(found.clone());
        }
        let found = self
            .places
            .call(self.place, service, operation, parameters)?;
        self.answers.insert(key, found.clone());
        Ok(found)
    }

    /// The attribute is what AWS says.
    fn is(&mut self, attribute: &'static str, live: Value) {
        let state = self.of(attribute);
        if let Some(promised) = self.promised(attribute)
            && !same(&promised, &live)
        {
            self.wrong.push(format!(
                "{} {attribute}: {promised} is promised, AWS has {live}",
                self.page
            ));
        }
        self.holds(
            attribute,
            same(&state, &live),
            format!("{state} in the state, AWS has {live}"),
        );
    }

    /// What the project promises of the attribute.
    fn promised(&self, attribute: &str) -> Option<Value> {
        let row = PROMISED
            .iter()
            .find(|(page, name, _)| (*page, *name) == (self.page, attribute))?;
        serde_json::from_str(row.2).ok()
    }

    /// What AWS says agrees with the attribute.
    fn holds(&mut self, attribute: &'static str, right: bool, why: impl std::fmt::Display) {
        self.read.insert((self.page, attribute));
        if let Some(promised) = self.promised(attribute)
            && !same(&promised, &self.of(attribute))
        {
            self.wrong.push(format!(
                "{} {attribute}: {promised} is promised, the state has {}",
                self.page,
                self.of(attribute)
            ));
        }
        if !right {
            self.wrong.push(format!("{} {attribute}: {why}", self.page));
        }
    }
}

/// Equal values; texts that hold JSON by what they say, and lists as sets.
fn same(left: &Value, right: &Value) -> bool {
    plain(left) == plain(right)
}

fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => plain(&inner),
            _ => value.clone(),
        },
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(plain).collect();
            list.sort_by_key(Value::to_string);
            Value::Array(list)
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Of a list, those fields.
fn each(list: &Value, field: &str) -> Value {
    let list = list.as_array().into_iter().flatten();
    list.map(|one| one[field].clone()).collect()
}

/// Compares everything that the tables name.
pub(super) fn are_what_aws_has(world: &World, places: &mut Places) -> Result<()> {
    let states = world.terraform.states()?;
    let mut reader = Reader {
        places,
        states,
        page: "",
        place: MANAGEMENT,
        state: Value::Null,
        answers: BTreeMap::new(),
        read: BTreeSet::new(),
        wrong: Vec::new(),
    };
    accounts::organization(&mut reader)?;
    accounts::guardrail(&mut reader)?;
    keys::key(&mut reader)?;
    data::buckets(&mut reader)?;
    data::trail(&mut reader)?;
    accounts::account(&mut reader)?;
    accounts::ec2_defaults(&mut reader)?;
    network::segment(&mut reader)?;
    network::logs(&mut reader)?;
    accounts::role(&mut reader)?;
    let (read, wrong) = (reader.read, reader.wrong);
    ensure!(wrong.is_empty(), "{wrong:#?}");
    complete(&read)
}

/// What the call site leaves empty, and the test of the modules reads back where it is not.
const IN_MODULES: &[(&str, &str)] = &[("kms_key", "administrators")];

/// What the table of accounts calls `require_*`.
const REQUIRE: [&str; 4] = [
    "require_symbols",
    "require_numbers",
    "require_uppercase_characters",
    "require_lowercase_characters",
];

/// What the tables name is read here, or stands in the list of what cannot be.
fn complete(read: &BTreeSet<(&str, &str)>) -> Result<()> {
    let mut missing = Vec::new();
    let mut named = BTreeSet::new();
    for page in [
        "organization",
        "account",
        "kms_key",
        "log_sink",
        "network_segment",
        "workload_role",
        "org_guardrail",
    ] {
        for attribute in table_of(page)? {
            let unread = UNREAD
                .iter()
                .any(|(of, name, ..)| (*of, *name) == (page, attribute.as_str()));
            let done = read.contains(&(page, attribute.as_str()))
                || IN_MODULES.contains(&(page, attribute.as_str()));
            if done == unread {
                missing.push(format!(
                    "{page} {attribute}: read {done}, told as not read {unread}"
                ));
            }
            let key = (page, attribute.as_str());
            let literal = PROMISED.iter().any(|(of, name, _)| (*of, *name) == key);
            if done && literal == BY_THE_CALL_SITE.contains(&key) {
                missing.push(format!(
                    "{page} {attribute}: say in promised.rs what it is, or that the call site says it"
                ));
            }
            named.insert((page, attribute));
        }
    }
    for (page, attribute, promised) in PROMISED {
        ensure!(
            serde_json::from_str::<Value>(promised).is_ok() && read.contains(&(*page, *attribute)),
            "{page} {attribute} is promised as {promised}, and not read"
        );
    }
    for (page, attribute, ..) in UNREAD {
        if !named.contains(&(*page, (*attribute).to_owned())) {
            missing.push(format!(
                "{page} {attribute}: told as not read, and in no table"
            ));
        }
    }
    ensure!(
        missing.is_empty(),
        "read these back here, or say in tests/src/unread.rs what covers them: {missing:#?}"
    );
    println!(
        "{} attributes of secure defaults were read back, {} cannot be",
        read.len(),
        UNREAD.len()
    );
    Ok(())
}

/// The attributes in the first column of a page's table of secure defaults.
fn table_of(page: &str) -> Result<Vec<String>> {
    let path = workspace::root().join(format!("docs/resources/{page}.md"));
    let text = std::fs::read_to_string(path)?;
    let (_, rest) = text
        .split_once("## Secure defaults\n")
        .context("no table")?;
    let table = rest.split("\n## ").next().unwrap_or_default();
    let cells = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let found: Vec<String> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .flat_map(|name| match name {
            "require_*" => REQUIRE.map(str::to_owned).to_vec(),
            name => vec![name.to_owned()],
        })
        .collect();
    ensure!(
        found.iter().all(|name| !name.contains('*')),
        "{page}.md: {found:?}"
    );
    ensure!(
        !found.is_empty(),
        "{page}.md has no table of secure defaults"
    );
    Ok(found)
}
