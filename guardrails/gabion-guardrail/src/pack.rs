//! A pack: its name, version, settings and rules.

use std::fmt;
use std::sync::Arc;

use crate::change::Change;
use crate::graph::Graph;
use crate::json::Json;
use crate::metadata::{RuleEntry, Target};
use crate::outcome::{NOT_APPLICABLE, Outcome, Stop};

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsProblem {
    /// Which setting; empty for all of them.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for SettingsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            f.write_str("`")?;
            f.write_str(&self.path)?;
            f.write_str("`: ")?;
        }
        f.write_str(&self.message)
    }
}

/// A pack of rules. Written by [`crate::pack!`].
#[derive(Clone, Copy, Debug)]
pub struct Pack {
    /// Its name.
    pub name: &'static str,
    /// Its semantic version.
    pub version: &'static str,
    /// Makes the JSON Schema of its settings, as text.
    pub settings_schema: fn() -> String,
    /// Reads the settings, and looks at them beyond what the schema says.
    pub configure: fn(&Json) -> Result<(), Vec<SettingsProblem>>,
    /// Its rules, one line each.
    pub rules: &'static [RuleEntry],
}

impl Pack {
    /// Takes the settings, JSON text; called once, before any check.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn configure(&self, settings: &str) -> Result<(), Vec<SettingsProblem>> {
        let settings = Json::parse(settings).map_err(|message| {
            vec![SettingsProblem {
                path: String::new(),
                message,
            }]
        })?;
        (self.configure)(&settings)?;
        crate::settings::share(Arc::new(settings));
        Ok(())
    }

    /// Asks one rule, by code, about one change. A rule that does not judge the type answers not applicable.
    ///
    /// # Errors
    /// Why it ended before a verdict.
    pub fn check(&self, rule: &str, change: &Change) -> Outcome {
        let entry = self.entry(rule)?;
        let targets = entry.metadata.targets;
        if !targets.is_empty() && !judges(targets, &change.resource_type()) {
            return NOT_APPLICABLE;
        }
        (entry.check)(change)
    }

    /// Asks one whole-plan rule, by code. A rule none of whose targets is in the plan answers not applicable.
    ///
    /// # Errors
    /// Why it ended before a verdict.
    pub fn check_plan(&self, rule: &str, graph: &Graph) -> Outcome {
        let entry = self.entry(rule)?;
        let targets = entry.metadata.targets;
        // Changes are listed by type alone; a rule is rather asked once too often than never.
        let held = |target: &Target| {
            let name = target.resource_type;
            let kind = name
                .strip_prefix("data.")
                .or_else(|| name.strip_prefix("ephemeral."));
            !graph.changes(kind.unwrap_or(name)).is_empty()
        };
        if !targets.is_empty() && !targets.iter().any(held) {
            return NOT_APPLICABLE;
        }
        (entry.check_plan)(graph)
    }

    fn entry(&self, rule: &str) -> Result<&RuleEntry, Stop> {
        self.rules
            .iter()
            .find(|entry| entry.metadata.code == rule)
            .ok_or_else(|| {
                Stop::Failed(["the pack `", self.name, "` has no rule `", rule, "`"].concat())
            })
    }
}

fn judges(targets: &[Target], resource_type: &str) -> bool {
    targets
        .iter()
        .any(|target| target.resource_type == resource_type)
}
