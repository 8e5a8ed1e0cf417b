//! The cases of the rules on whole plans: one file a rule, `cases/DT01A.md`, as those of the other rules.
//!
//! What is planned: `resources`, each with its `address` and what a case of one change has besides (`stage` is
//! `check`); `references` says which expression names what, `{"bucket": "aws_s3_bucket.logs.id"}`. `complete` is true
//! unless said, `settings` are those of the pack.

use std::collections::BTreeMap;
use std::sync::Arc;

use gabion_model::{Graph, Path, Reference};
use serde_json::{Value as Json, json};

use super::schema::Schemas;
use super::{change, read};

/// The case files, by rule.
pub(super) const FILES: [(&str, &str); 11] = [
    ("DT01A", include_str!("../../cases/DT01A.md")),
    ("DT02A", include_str!("../../cases/DT02A.md")),
    ("DT03A", include_str!("../../cases/DT03A.md")),
    ("DT18A", include_str!("../../cases/DT18A.md")),
    ("ID19A", include_str!("../../cases/ID19A.md")),
    ("LG01A", include_str!("../../cases/LG01A.md")),
    ("LG11A", include_str!("../../cases/LG11A.md")),
    ("NW01A", include_str!("../../cases/NW01A.md")),
    ("NW07A", include_str!("../../cases/NW07A.md")),
    ("NW15A", include_str!("../../cases/NW15A.md")),
    ("NW16", include_str!("../../cases/NW16.md")),
];

/// One case of a rule on whole plans.
#[derive(Clone, Debug)]
pub struct PlanCase {
    /// The rule's code.
    pub rule: &'static str,
    /// The heading.
    pub name: &'static str,
    /// The settings of the pack.
    pub settings: Json,
    /// What is planned.
    pub graph: Arc<Graph>,
    /// What the rule makes of it, as [`super::describe`] writes it.
    pub verdict: &'static str,
}

/// All cases of all rules on whole plans.
///
/// # Errors
/// A sentence that names file and case, and what is wrong with it.
pub fn plans() -> Result<Vec<PlanCase>, String> {
    let schemas = Schemas::load()?;
    let mut cases = Vec::new();
    for (rule, text) in FILES {
        for written in read(text).map_err(|why| format!("cases/{rule}.md: {why}"))? {
            let plan: Json = serde_json::from_str(written.plan).map_err(|error| {
                format!("cases/{rule}.md, `{}`: no JSON: {error}", written.name)
            })?;
            let graph = graph(&schemas, &plan)
                .map_err(|why| format!("cases/{rule}.md, `{}`: {why}", written.name))?;
            cases.push(PlanCase {
                rule,
                name: written.name,
                settings: plan.get("settings").cloned().unwrap_or_else(|| json!({})),
                graph: Arc::new(graph),
                verdict: written.verdict,
            });
        }
    }
    Ok(cases)
}

fn graph(schemas: &Schemas, plan: &Json) -> Result<Graph, String> {
    const KEYS: [&str; 3] = ["resources", "complete", "settings"];
    if let Some(key) = plan
        .as_object()
        .and_then(|plan| plan.keys().find(|key| !KEYS.contains(&key.as_str())))
    {
        return Err(format!(
            "`{key}` is no part of a plan: those are {}",
            KEYS.join(", ")
        ));
    }
    let mut graph = Graph {
        complete: plan.get("complete").and_then(Json::as_bool) != Some(false),
        ..Graph::default()
    };
    let resources = plan.get("resources").and_then(Json::as_array);
    for resource in resources.into_iter().flatten() {
        let mut resource = resource
            .as_object()
            .cloned()
            .ok_or("a resource is an object")?;
        let address = match resource.remove("address") {
            Some(Json::String(address)) => address,
            _ => return Err("a resource has no `address`".to_owned()),
        };
        let (module, own) = split(&address);
        let resource_type = own.split('.').next().unwrap_or_default();
        resource.insert("resource".to_owned(), resource_type.into());
        resource.entry("stage").or_insert_with(|| "check".into());
        let references = references(resource.remove("references"))?;
        let mut change = change(schemas, &Json::Object(resource))
            .map_err(|why| format!("`{address}`: {why}"))?;
        change.module_address = Some(module.to_owned());
        change.address = Some(address);
        if !references.is_empty() {
            graph.references.insert(graph.changes.len(), references);
        }
        graph.changes.push(Arc::new(change));
    }
    Ok(graph)
}

fn references(written: Option<Json>) -> Result<Vec<Reference>, String> {
    let written: BTreeMap<String, String> = match written {
        Some(written) => {
            serde_json::from_value(written).map_err(|error| format!("`references`: {error}"))?
        }
        None => BTreeMap::new(),
    };
    let reference = |(path, named): (String, String)| {
        let (_, own) = split(&named);
        let start = named.len() - own.len();
        let parts = if own.starts_with("data.") { 3 } else { 2 };
        let end = own
            .match_indices('.')
            .nth(parts - 1)
            .map_or(named.len(), |(dot, _)| start + dot);
        Ok(Reference {
            path: Path::parse(&path)?,
            address: named.get(..end).unwrap_or_default().to_owned(),
            attribute: named.get(end + 1..).unwrap_or_default().to_owned(),
        })
    };
    written.into_iter().map(reference).collect()
}

/// An address as its module and the rest.
fn split(address: &str) -> (&str, &str) {
    let mut module = "";
    let mut own = address;
    while let Some((_, after)) = own
        .strip_prefix("module.")
        .and_then(|rest| rest.split_once('.'))
    {
        own = after;
        module = address
            .get(..address.len() - after.len() - 1)
            .unwrap_or_default();
    }
    (module, own)
}

#[cfg(test)]
mod tests {
    use gabion_guardrail::{NativePack, Scope};
    use gabion_model::Runner as _;

    use super::super::describe;
    use super::*;

    fn pack(settings: &Json) -> NativePack {
        NativePack::new(&crate::PACK, settings).unwrap()
    }

    /// With `GABION_UPDATE=1` the verdicts in the files are rewritten: read the difference before it is committed.
    #[test]
    fn every_plan_has_the_verdict_that_its_file_says() {
        let mut wrong = Vec::new();
        let mut files: BTreeMap<&str, String> = BTreeMap::new();
        for case in plans().unwrap() {
            let verdict = pack(&case.settings)
                .check_plan(case.rule, &case.graph)
                .verdict;
            let got = describe(&verdict);
            if got == case.verdict {
                continue;
            }
            wrong.push(format!(
                "{} `{}`\n  wants {}  gives {got}",
                case.rule, case.name, case.verdict
            ));
            let file = files.entry(case.rule).or_insert_with(|| {
                let known = FILES.iter().find(|(rule, _)| *rule == case.rule);
                known.unwrap().1.to_owned()
            });
            let heading = file.find(&format!("\n## {}\n", case.name)).unwrap();
            let start =
                heading + file[heading..].find("```verdict\n").unwrap() + "```verdict\n".len();
            let end = start + file[start..].find("```").unwrap();
            file.replace_range(start..end, &got);
        }
        if std::env::var_os("GABION_UPDATE").is_some() {
            for (rule, text) in files {
                let file = format!("{}/cases/{rule}.md", env!("CARGO_MANIFEST_DIR"));
                std::fs::write(file, text).unwrap();
            }
        } else {
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        }
    }

    #[test]
    fn every_rule_on_plans_shows_all_that_it_can_say() {
        let cases = plans().unwrap();
        let rules = crate::PACK.rules.iter().map(|entry| &entry.metadata);
        for rule in rules.filter(|rule| rule.scope == Scope::Plan) {
            let code = rule.code;
            for wanted in ["pass", "violation", "undetermined", "not applicable"] {
                let shown = cases
                    .iter()
                    .any(|case| case.rule == code && case.verdict.starts_with(wanted));
                assert!(shown, "{code} has no case that is {wanted}");
            }
            let said = |case: &PlanCase| case.rule == code && case.name.starts_with("Known miss:");
            assert!(cases.iter().any(said), "{code} does not say what it misses");
        }
    }

    #[test]
    fn addresses_are_split() {
        assert_eq!(split("a.b"), ("", "a.b"));
        assert_eq!(split("module.m[0].a.b"), ("module.m[0]", "a.b"));
        assert_eq!(split("module.m.module.n.a.b"), ("module.m.module.n", "a.b"));
    }
}
