//! `gabion explain`.

use crate::command::Policy;
use crate::exit::{Exit, Failure};
use crate::output;

/// Show what a rule finds, why it matters, and how to mend it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gabion explain DT08")]
pub(crate) struct Explain {
    /// The rule's code
    #[arg(value_name = "CODE")]
    code: String,
    #[command(flatten)]
    policy: Policy,
}

impl Explain {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let guard = self.policy.load(std::slice::from_ref(&self.code))?;
        let Some(rule) = guard.rules().into_iter().next() else {
            return Err(Failure::nothing(format!(
                "no pack in force has a rule `{}`",
                self.code
            )));
        };
        let level = output::level(rule.level);
        let types = if rule.resource_types.is_empty() {
            "all resource types".to_owned()
        } else {
            rule.resource_types.join(", ")
        };
        let text = format!(
            "{} {}: {}\nLevel {level} ({}), pack {} {}\nJudges {types}\n\n{}\n",
            rule.code,
            rule.name,
            rule.title,
            rule.why,
            rule.pack,
            rule.pack_version,
            rule.page.trim()
        );
        output::stdout(&text)?;
        Ok(Exit::Clean)
    }
}
