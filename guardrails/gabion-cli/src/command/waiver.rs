//! `gabion waiver`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gabion_engine::policy::{Guard, WaiverInForce, WaiverState};

use crate::command::Policy;
use crate::exit::{Exit, Failure};
use crate::input::{self, Input};
use crate::judging;
use crate::output::{self, Form};

const LONG: &str = "\
List the waivers of the policy, those that end first at the top.

With plans, each waiver also says whether a finding in one of them met it: what matched nothing may be taken out, once \
the plans of every folder that the policy file holds for were given.";

const EXAMPLES: &str = "\
Examples:
  gabion waiver list
  gabion waiver list --check
  gabion waiver list --plan network.json --plan data.json
  gabion waiver list -o json

Exit codes:
  0  the list is written
  1  with --check: a waiver is over
  3  a plan that was named is not there
  4  the tool failed, or was used wrongly";

/// Look after the waivers of the policy.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Waiver {
    /// List the waivers: unused, over, soon to end
    #[command(long_about = LONG, after_help = EXAMPLES)]
    List(List),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// A saved plan, or its JSON, to see which waivers are used; repeatable
    #[arg(long, value_name = "PLAN")]
    plan: Vec<PathBuf>,
    /// How to write the list
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Form,
    /// End with exit code 1 when a waiver is over
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    policy: Policy,
}

impl Waiver {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let Self::List(list) = self;
        list.run()
    }
}

impl List {
    fn run(self) -> Result<Exit, Failure> {
        let guard = self.policy.load(&[])?;
        for path in &self.plan {
            judge(&guard, path)?;
        }
        let waivers = guard.waivers();
        let text = match self.output {
            Form::Text => text(&waivers, self.plan.len()),
            Form::Json => json(&waivers, self.plan.len()),
        };
        output::stdout(&text)?;
        let over = waivers
            .iter()
            .any(|waiver| waiver.state == WaiverState::Expired);
        Ok(if self.check && over {
            Exit::Violations
        } else {
            Exit::Clean
        })
    }
}

/// Asks the guard about all of a plan, which notes the waivers that are met.
fn judge(guard: &Guard, path: &Path) -> Result<(), Failure> {
    let input = Input::read(path, &input::Options::default())?;
    let mut plan = input.plan()?;
    plan.written = input::written(path);
    judging::everything(guard, &plan).map_err(|error| input.unreadable(&error))?;
    Ok(())
}

fn text(waivers: &[WaiverInForce], plans: usize) -> String {
    if waivers.is_empty() {
        return "no waivers\n".to_owned();
    }
    let mut text = String::new();
    for waiver in waivers {
        let state = match waiver.state {
            WaiverState::Holds => "holds",
            WaiverState::EndsSoon => "ends soon",
            WaiverState::Expired => "is over",
        };
        let days = output::count_of(waiver.days.unsigned_abs() as usize, "day");
        let left = if waiver.state == WaiverState::Expired {
            format!("ended {}", waiver.expires)
        } else {
            format!("until {}, {days}", waiver.expires)
        };
        let used = match (plans, waiver.used) {
            (0, _) => "",
            (_, true) => ", used",
            (_, false) => ", matched nothing",
        };
        let _ = writeln!(
            text,
            "{state:<9}  {}: {} of {}, {left}{used}",
            waiver.name, waiver.rule, waiver.resource
        );
        let more: String = [("ticket", &waiver.ticket), ("approver", &waiver.approver)]
            .iter()
            .filter_map(|(what, value)| value.as_ref().map(|value| format!(", {what} {value}")))
            .collect();
        let _ = writeln!(text, "           {}{more} ({})", waiver.reason, waiver.at);
    }
    let count = |state| {
        waivers
            .iter()
            .filter(|waiver| waiver.state == state)
            .count()
    };
    let _ = write!(
        text,
        "\n{}: {} over, {} within 14 days of the end",
        output::count_of(waivers.len(), "waiver"),
        count(WaiverState::Expired),
        count(WaiverState::EndsSoon)
    );
    if plans > 0 {
        let unused = waivers.iter().filter(|waiver| !waiver.used).count();
        let _ = write!(
            text,
            ", {unused} matched nothing in {}",
            output::count_of(plans, "plan")
        );
    }
    text.push('\n');
    text
}

fn json(waivers: &[WaiverInForce], plans: usize) -> String {
    let list: Vec<serde_json::Value> = waivers
        .iter()
        .filter_map(|waiver| {
            let mut value = serde_json::to_value(waiver).ok()?;
            if plans == 0
                && let Some(used) = value.get_mut("used")
            {
                *used = serde_json::Value::Null;
            }
            Some(value)
        })
        .collect();
    let document = serde_json::json!({
        "schema_version": 1,
        "plans": plans,
        "waivers": list,
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
