//! The peer of (b): a plan file and a Rego rule, through regorus.

use anyhow::{Context as _, Result};

/// Evaluates `data.gabion.deny` of `rule` on `plan` and gives the number of findings.
pub(crate) fn check(plan: &str, rule: &str) -> Result<usize> {
    let mut engine = regorus::Engine::new();
    let text = std::fs::read_to_string(rule).with_context(|| format!("no `{rule}`"))?;
    engine.add_policy(rule.to_owned(), text)?;
    let plan = std::fs::read_to_string(plan).with_context(|| format!("no `{plan}`"))?;
    engine.set_input(regorus::Value::from_json_str(&plan)?);
    let found = engine.eval_rule("data.gabion.deny".to_owned())?;
    Ok(found.as_set().map_or(0, |set| set.len()))
}
