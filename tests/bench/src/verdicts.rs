//! (c): plan bytes to verdicts, all rules of the baseline, through the component or natively.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use gabion_cli::plan::{Names, Plan, decode};
use gabion_engine::{Engine, EngineOptions};
use gabion_guardrail::NativePack;
use gabion_model::{Runner, Scope, Verdict};

/// Seconds, and how many verdicts of which kind.
#[derive(Debug)]
pub(crate) struct Verdicts {
    pub(crate) seconds: f64,
    pub(crate) verdicts: usize,
    pub(crate) violations: usize,
}

/// Both start from the bytes of the plan in memory; making the runner is not counted: a process
/// does that once, and figure (d) counts it.
pub(crate) fn measure(component: bool, plan: &str) -> Result<Verdicts> {
    let mut runner = runner(component)?;
    let bytes = std::fs::read(plan).with_context(|| format!("no `{plan}`"))?;
    let rules: Vec<(String, Vec<String>)> = runner
        .info()
        .rules
        .iter()
        .filter(|rule| rule.scope == Scope::Change)
        .map(|rule| {
            let types = rule.applies_to.iter().map(|on| on.resource_type.clone()).collect();
            (rule.code.clone(), types)
        })
        .collect();
    let begin = Instant::now();
    let text = decode(bytes).map_err(|error| anyhow!("{error}"))?;
    let plan = Plan::read(&text).map_err(|error| anyhow!("{error}"))?;
    let mut names = Names::default();
    let (mut verdicts, mut violations) = (0, 0);
    for planned in &plan.changes {
        let change = Arc::new(plan.change(planned, &mut names).map_err(|error| anyhow!("{error}"))?);
        for (code, types) in &rules {
            if types.is_empty() || types.iter().any(|on| *on == change.resource_type) {
                let found = runner.check(code, &change);
                verdicts += 1;
                violations += usize::from(matches!(found.verdict, Verdict::Violation(_)));
            }
        }
    }
    Ok(Verdicts { seconds: begin.elapsed().as_secs_f64(), verdicts, violations })
}

fn runner(component: bool) -> Result<Box<dyn Runner>> {
    let settings = serde_json::json!({});
    if component {
        let engine = Engine::new(EngineOptions::default())?;
        let pack = engine.load_baseline()?;
        return Ok(Box::new(pack.session(&settings)?));
    }
    let native = NativePack::new(&gabion_baseline::PACK, &settings)
        .map_err(|problems| anyhow!("the baseline takes no empty settings: {problems:?}"))?;
    Ok(Box::new(native))
}
