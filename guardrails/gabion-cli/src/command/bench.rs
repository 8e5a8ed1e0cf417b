//! `gabion bench`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use gabion_engine::Session;
use gabion_model::{Runner as _, Scope};
use serde_json::json;

use crate::command::asked::{self, Subjects};
use crate::command::engine;
use crate::exit::{Exit, Failure};
use crate::output::{self, Form};

const LONG: &str = "\
Measure what each rule of a pack costs on saved plans.

Time is what one call took on this machine, the sandbox and the reads of the rule included; fuel is the number of \
instructions, the same everywhere; memory is what the instance has after the call. With --compare the rules of two \
packs are run in turn, and the ratio of the medians is shown: absolute times differ from machine to machine.";

/// Measure what each rule of a pack costs
#[derive(Debug, clap::Args)]
#[command(
    long_about = LONG,
    after_help = "Examples:\n  gabion bench dist/acme.wasm --plan plan.json\n  gabion bench baseline --plan plan.json\n  \
                  gabion bench dist/acme.wasm --compare acme-1.0.0.wasm --plan plan.json"
)]
pub(crate) struct Bench {
    /// The component, or `baseline` for the one inside the binary
    #[arg(value_name = "PACK")]
    pack: PathBuf,
    /// A plan as JSON; repeatable
    #[arg(long, value_name = "PLAN.json", required = true)]
    plan: Vec<PathBuf>,
    /// Another pack to compare with
    #[arg(long, value_name = "PACK")]
    compare: Option<PathBuf>,
    /// Settings of the pack: JSON, or a file that holds it
    #[arg(long, value_name = "JSON|FILE")]
    settings: Option<String>,
    /// How often every change is asked about
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// How to write the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Form,
    /// The same as `-o json`
    #[arg(long, hide = true, conflicts_with = "output")]
    json: bool,
}

/// What one rule cost.
#[derive(Clone, Debug, Default)]
struct Row {
    code: String,
    /// Nanoseconds of each call, sorted.
    times: Vec<u128>,
    /// The most of any call.
    fuel: u64,
    memory: usize,
}

impl Row {
    fn at(&self, hundredths: usize) -> u128 {
        let last = self.times.len().saturating_sub(1);
        self.times
            .get(last * hundredths / 100)
            .copied()
            .unwrap_or(0)
    }
}

impl Bench {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let engine = engine()?;
        let settings = asked::settings(self.settings.as_deref())?;
        let names: Vec<&PathBuf> = std::iter::once(&self.pack).chain(&self.compare).collect();
        let mut sessions = Vec::new();
        for name in &names {
            let pack = asked::pack(&engine, name)?;
            let session = pack
                .session(&settings)
                .map_err(|error| Failure::failed(error.to_string()))?;
            sessions.push(session);
        }
        let plans = self
            .plan
            .iter()
            .map(|path| Subjects::read(path))
            .collect::<Result<Vec<_>, _>>()?;
        let mut rows: Vec<Vec<Row>> = sessions.iter().map(rows_of).collect();
        for _ in 0..self.runs {
            // In turn, so that a slow moment of the machine hits both.
            for (session, rows) in sessions.iter_mut().zip(&mut rows) {
                for plan in &plans {
                    round(session, rows, plan);
                }
            }
        }
        for rows in &mut rows {
            rows.retain(|row| !row.times.is_empty());
            rows.iter_mut().for_each(|row| row.times.sort_unstable());
        }
        if rows.iter().all(Vec::is_empty) {
            return Err(Failure::nothing(
                "no rule of the pack speaks of anything in these plans, so nothing was measured",
            ));
        }
        let text = if self.json || self.output == Form::Json {
            as_json(&rows)
        } else {
            as_text(&rows)
        };
        output::stdout(&text)?;
        Ok(Exit::Clean)
    }
}

fn rows_of(session: &Session) -> Vec<Row> {
    let rules = &session.info().rules;
    rules
        .iter()
        .map(|rule| Row {
            code: rule.code.clone(),
            ..Row::default()
        })
        .collect()
}

/// Asks every rule once about all it speaks of.
fn round(session: &mut Session, rows: &mut [Row], plan: &Subjects) {
    let rules = session.info().rules.clone();
    for (rule, row) in rules.iter().zip(rows) {
        let mut note = |begin: Instant, session: &Session| {
            row.times.push(begin.elapsed().as_nanos());
            let cost = session.last_cost();
            row.fuel = row.fuel.max(cost.fuel);
            row.memory = row.memory.max(cost.memory);
        };
        if rule.scope == Scope::Plan {
            let begin = Instant::now();
            session.check_plan(&rule.code, &plan.graph);
            note(begin, session);
            continue;
        }
        for change in plan
            .changes
            .iter()
            .filter(|change| asked::applies(rule, change))
        {
            let begin = Instant::now();
            session.check(&rule.code, change);
            note(begin, session);
        }
    }
}

fn as_text(packs: &[Vec<Row>]) -> String {
    let mut text = String::new();
    let other = packs.get(1);
    let _ = write!(
        text,
        "{:<12} {:>8} {:>10} {:>10} {:>12} {:>10}",
        "rule", "calls", "p50", "p99", "fuel, most", "memory"
    );
    text.push_str(if other.is_some() {
        "    ratio of p50\n"
    } else {
        "\n"
    });
    for row in packs.iter().take(1).flatten() {
        let _ = write!(
            text,
            "{:<12} {:>8} {:>10} {:>10} {:>12} {:>10}",
            row.code,
            row.times.len(),
            micros(row.at(50)),
            micros(row.at(99)),
            row.fuel,
            format!("{} KiB", row.memory / 1024),
        );
        if let Some(same) = other.and_then(|rows| rows.iter().find(|other| other.code == row.code))
        {
            let _ = write!(
                text,
                "    {:.2}",
                row.at(50) as f64 / same.at(50).max(1) as f64
            );
        }
        text.push('\n');
    }
    text
}

fn as_json(packs: &[Vec<Row>]) -> String {
    let rows = |rows: &Vec<Row>| -> serde_json::Value {
        rows.iter()
            .map(|row| {
                json!({
                    "rule": row.code,
                    "calls": row.times.len(),
                    "p50_ns": row.at(50),
                    "p99_ns": row.at(99),
                    "fuel": row.fuel,
                    "memory_bytes": row.memory,
                })
            })
            .collect()
    };
    let mut answer = json!({"schema_version": 1, "rules": packs.first().map(rows)});
    if let (Some(object), Some(other)) = (answer.as_object_mut(), packs.get(1)) {
        object.insert("compared".to_owned(), rows(other));
    }
    format!("{answer:#}\n")
}

fn micros(nanoseconds: u128) -> String {
    format!("{:.1} µs", nanoseconds as f64 / 1000.0)
}
