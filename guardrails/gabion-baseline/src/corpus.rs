//! The corpus: one file of cases a rule, `cases/DT08.md`, in prose that a reader enjoys.
//!
//! A case is a heading, some prose, what is planned (a `json` block) and what the rule makes of it (a `verdict`
//! block). The same corpus runs natively here and through the component in the tests of the workspace.
//!
//! What is planned: `resource`, the type; `operation`, `create` unless said; `stage`, `plan` unless said; `set`, what
//! the configuration sets; `read`, what is known without being configured; `before`, the prior state; `sensitive`,
//! attributes that the schema marks; `settings`, those of the pack. The text `(known after apply)` is an unknown value; an object where a text
//! belongs is its JSON. Everything else is as the provider plans it when nothing is said (`corpus/schemas.json`, `corpus/schemas/`).

mod plans;
mod schema;

use std::sync::Arc;

use gabion_model::{Change, Mode, Operation, Stage, Tree, Unreadable, Verdict};
use serde_json::Value as Json;

pub use plans::{PlanCase, plans};

/// The case files, by rule.
const FILES: [(&str, &str); 40] = [
    ("CK01", include_str!("../cases/CK01.md")),
    ("DT01", include_str!("../cases/DT01.md")),
    ("DT02", include_str!("../cases/DT02.md")),
    ("DT03", include_str!("../cases/DT03.md")),
    ("DT05", include_str!("../cases/DT05.md")),
    ("DT08", include_str!("../cases/DT08.md")),
    ("DT09", include_str!("../cases/DT09.md")),
    ("DT10", include_str!("../cases/DT10.md")),
    ("DT11", include_str!("../cases/DT11.md")),
    ("DT12", include_str!("../cases/DT12.md")),
    ("DT13", include_str!("../cases/DT13.md")),
    ("DT14", include_str!("../cases/DT14.md")),
    ("DT15", include_str!("../cases/DT15.md")),
    ("DT16", include_str!("../cases/DT16.md")),
    ("DT17", include_str!("../cases/DT17.md")),
    ("DT18", include_str!("../cases/DT18.md")),
    ("ID01", include_str!("../cases/ID01.md")),
    ("ID02", include_str!("../cases/ID02.md")),
    ("ID05", include_str!("../cases/ID05.md")),
    ("ID15", include_str!("../cases/ID15.md")),
    ("ID16", include_str!("../cases/ID16.md")),
    ("ID17", include_str!("../cases/ID17.md")),
    ("ID18", include_str!("../cases/ID18.md")),
    ("ID19", include_str!("../cases/ID19.md")),
    ("LG01", include_str!("../cases/LG01.md")),
    ("LG02", include_str!("../cases/LG02.md")),
    ("LG03", include_str!("../cases/LG03.md")),
    ("LG10", include_str!("../cases/LG10.md")),
    ("LG11", include_str!("../cases/LG11.md")),
    ("LG12", include_str!("../cases/LG12.md")),
    ("NW01", include_str!("../cases/NW01.md")),
    ("NW02", include_str!("../cases/NW02.md")),
    ("NW03", include_str!("../cases/NW03.md")),
    ("NW04", include_str!("../cases/NW04.md")),
    ("NW05", include_str!("../cases/NW05.md")),
    ("NW06", include_str!("../cases/NW06.md")),
    ("NW07", include_str!("../cases/NW07.md")),
    ("NW08", include_str!("../cases/NW08.md")),
    ("NW09", include_str!("../cases/NW09.md")),
    ("NW15", include_str!("../cases/NW15.md")),
];

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The rule's code.
    pub rule: &'static str,
    /// The heading.
    pub name: &'static str,
    /// The settings of the pack.
    pub settings: Json,
    /// What is planned.
    pub change: Arc<Change>,
    /// What the rule makes of it, as [`describe`] writes it.
    pub verdict: &'static str,
}

/// All cases of all rules.
///
/// # Errors
/// A sentence that names file and case, and what is wrong with it.
pub fn corpus() -> Result<Vec<Case>, String> {
    let schemas = schema::Schemas::load()?;
    let mut cases = Vec::new();
    for (rule, text) in FILES {
        for written in read(text).map_err(|why| format!("cases/{rule}.md: {why}"))? {
            let mut settings = Json::Object(serde_json::Map::new());
            let change = serde_json::from_str(written.plan)
                .map_err(|error| format!("the plan is no JSON: {error}"))
                .and_then(|mut plan: Json| {
                    let given = plan
                        .as_object_mut()
                        .and_then(|plan| plan.remove("settings"));
                    settings = given.unwrap_or_else(|| settings.clone());
                    change(&schemas, &plan)
                })
                .map_err(|why| format!("cases/{rule}.md, `{}`: {why}", written.name))?;
            cases.push(Case {
                rule,
                name: written.name,
                settings,
                change: Arc::new(change),
                verdict: written.verdict,
            });
        }
    }
    Ok(cases)
}

/// A verdict as the case files write it.
pub fn describe(verdict: &Verdict) -> String {
    match verdict {
        Verdict::NotApplicable => "not applicable\n".to_owned(),
        Verdict::Pass => "pass\n".to_owned(),
        Verdict::Error(reason) => format!("error: {reason}\n"),
        Verdict::Undetermined(why) => {
            let mut text = String::new();
            for one in &why.blocked {
                let why = match one.why {
                    Unreadable::Unknown => "unknown",
                    Unreadable::Sensitive => "sensitive",
                    Unreadable::NoSchema => "not told by a schema",
                    _ => "not readable",
                };
                let line = format!("undetermined at `{}`: {why}\n", one.path);
                // One line, of however many resources of a plan it is true.
                if !text.contains(&line) {
                    text.push_str(&line);
                }
            }
            if text.is_empty() {
                "undetermined\n".to_owned()
            } else {
                text
            }
        }
        Verdict::Violation(findings) => {
            let mut text = String::new();
            for finding in findings {
                let observed = finding.observed.as_deref().unwrap_or_default();
                if finding.path.is_root() {
                    let on = finding
                        .address
                        .as_ref()
                        .map(|address| format!(" of `{address}`"));
                    text.push_str(&format!(
                        "violation{}: {}\n",
                        on.unwrap_or_default(),
                        finding.message
                    ));
                    continue;
                }
                text.push_str(&format!(
                    "violation at `{}`, observed `{observed}`: {}\n",
                    finding.path, finding.message
                ));
                for fix in &finding.fix {
                    text.push_str(&format!("  fix `{}` = {}\n", fix.path, fix.value));
                }
            }
            text
        }
    }
}

/// A case as it stands in the file.
#[derive(Clone, Copy, Debug)]
struct Written {
    name: &'static str,
    plan: &'static str,
    verdict: &'static str,
}

fn read(text: &'static str) -> Result<Vec<Written>, String> {
    let mut cases = Vec::new();
    for section in text.split("\n## ").skip(1) {
        let name = section.lines().next().unwrap_or_default();
        let block = |kind: &str| -> Result<&'static str, String> {
            let open = format!("```{kind}\n");
            let missing = || format!("`{name}` has no `{kind}` block");
            let (_, after) = section.split_once(open.as_str()).ok_or_else(missing)?;
            if let Some(empty) = after.starts_with("```").then_some("") {
                return Ok(empty);
            }
            let end = after.find("\n```").ok_or_else(missing)?;
            after.get(..=end).ok_or_else(missing)
        };
        cases.push(Written {
            name,
            plan: block("json")?,
            verdict: block("verdict")?,
        });
    }
    Ok(cases)
}

fn change(schemas: &schema::Schemas, plan: &Json) -> Result<Change, String> {
    const KEYS: [&str; 7] = [
        "resource",
        "operation",
        "stage",
        "set",
        "read",
        "before",
        "sensitive",
    ];
    if let Some(key) = plan
        .as_object()
        .and_then(|plan| plan.keys().find(|key| !KEYS.contains(&key.as_str())))
    {
        return Err(format!(
            "`{key}` is no part of a case: those are {}",
            KEYS.join(", ")
        ));
    }
    let text = |name: &str| plan.get(name).and_then(Json::as_str);
    let part = |name: &str| {
        plan.get(name)
            .cloned()
            .unwrap_or_else(|| Json::Object(serde_json::Map::new()))
    };
    let resource_type = text("resource").ok_or("`resource` is missing")?;
    let schema = schemas.of(resource_type)?;
    let operation: Operation = serde_json::from_value(text("operation").unwrap_or("create").into())
        .map_err(|error| format!("`operation`: {error}"))?;
    let stage: Stage = serde_json::from_value(text("stage").unwrap_or("plan").into())
        .map_err(|error| format!("`stage`: {error}"))?;
    let sensitive: Vec<String> = plan
        .get("sensitive")
        .and_then(Json::as_array)
        .map(|names| {
            names
                .iter()
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();

    let gone = matches!(operation, Operation::Delete | Operation::Forget);
    let is_new = operation == Operation::Create;
    let before = match plan.get("before") {
        Some(before) => schema.state(before, &sensitive)?,
        None if is_new => Tree::null(),
        None => schema.state(&part("set"), &sensitive)?,
    };
    let after = if gone {
        Tree::null()
    } else {
        schema.planned(&part("set"), &part("read"), &sensitive)?
    };
    Ok(Change {
        resource_type: resource_type.to_owned(),
        mode: Mode::Managed,
        provider: schema.provider.clone(),
        provider_version: Some(schema.version.clone()),
        operation,
        stage,
        before: Arc::new(before),
        after: Arc::new(after),
        config: Some(Arc::new(if gone {
            Tree::null()
        } else {
            schema.configured(&part("set"))?
        })),
        provider_configuration: Arc::new(Tree::null()),
        address: None,
        module_address: None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use gabion_guardrail::{NativePack, Scope};
    use gabion_model::Runner;

    use super::*;

    fn pack() -> NativePack {
        pack_with(&serde_json::json!({}))
    }

    fn pack_with(settings: &Json) -> NativePack {
        NativePack::new(&crate::PACK, settings).unwrap()
    }

    /// With `GABION_UPDATE=1` the verdicts in the files are rewritten: read the difference before it is committed.
    #[test]
    fn every_case_has_the_verdict_that_its_file_says() {
        let mut wrong = Vec::new();
        let mut files: BTreeMap<&str, String> = BTreeMap::new();
        for case in corpus().unwrap() {
            let mut pack = pack_with(&case.settings);
            let got = describe(&pack.check(case.rule, &case.change).verdict);
            if got != case.verdict {
                wrong.push(format!(
                    "{} `{}`\n  wants {}  gives {got}",
                    case.rule, case.name, case.verdict
                ));
                let file = files.entry(case.rule).or_insert_with(|| {
                    FILES
                        .iter()
                        .find(|(rule, _)| *rule == case.rule)
                        .map(|(_, text)| (*text).to_owned())
                        .unwrap()
                });
                let heading = file.find(&format!("\n## {}\n", case.name)).unwrap();
                let start =
                    heading + file[heading..].find("```verdict\n").unwrap() + "```verdict\n".len();
                let end = start + file[start..].find("```").unwrap();
                file.replace_range(start..end, &got);
            }
        }
        if std::env::var_os("GABION_UPDATE").is_some() {
            for (rule, text) in files {
                std::fs::write(
                    format!("{}/cases/{rule}.md", env!("CARGO_MANIFEST_DIR")),
                    text,
                )
                .unwrap();
            }
        } else {
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        }
    }

    #[test]
    fn every_rule_shows_all_that_it_can_say() {
        let cases = corpus().unwrap();
        let rules = crate::PACK.rules.iter();
        for entry in rules.filter(|entry| entry.metadata.scope == Scope::Change) {
            let code = entry.metadata.code;
            let of_rule = |wanted: &str| {
                cases
                    .iter()
                    .any(|case| case.rule == code && case.verdict.starts_with(wanted))
            };
            for wanted in ["pass", "violation", "undetermined", "not applicable"] {
                assert!(of_rule(wanted), "{code} has no case that is {wanted}");
            }
            let said = |case: &Case| case.rule == code && case.name.starts_with("Known miss:");
            assert!(cases.iter().any(said), "{code} does not say what it misses");
            for target in entry.metadata.targets {
                let judged = |case: &Case| {
                    case.rule == code && case.change.resource_type == target.resource_type
                };
                assert!(
                    cases.iter().any(judged),
                    "{code} has no case of {}",
                    target.resource_type
                );
            }
        }
    }

    #[test]
    fn nothing_is_said_of_what_goes_away() {
        let mut pack = pack();
        for case in corpus().unwrap() {
            for operation in [Operation::Delete, Operation::Forget] {
                let gone = Change {
                    operation,
                    before: case.change.after.clone(),
                    after: Arc::new(Tree::null()),
                    ..case.change.as_ref().clone()
                };
                let verdict = pack.check(case.rule, &Arc::new(gone)).verdict;
                assert_eq!(
                    verdict,
                    Verdict::NotApplicable,
                    "{} `{}`",
                    case.rule,
                    case.name
                );
            }
        }
    }

    #[test]
    fn no_rule_reads_a_path_that_a_schema_lacks() {
        let mut pack = pack();
        let schemas = schema::Schemas::load().unwrap();
        for entry in crate::PACK.rules {
            for target in entry.metadata.targets {
                for stage in ["plan", "apply"] {
                    let plan = format!(
                        r#"{{"resource":"{}","stage":"{stage}"}}"#,
                        target.resource_type
                    );
                    let plan = serde_json::from_str(&plan).unwrap();
                    let change = Arc::new(change(&schemas, &plan).unwrap());
                    let verdict = pack.check(entry.metadata.code, &change).verdict;
                    assert!(
                        !matches!(verdict, Verdict::Error(_)),
                        "{} {verdict:?}",
                        entry.metadata.code
                    );
                    // The same object, later, as if nothing had changed.
                    let still = Change {
                        before: change.after.clone(),
                        ..change.as_ref().clone()
                    }
                    .prior_alone();
                    let verdict = pack.check(entry.metadata.code, &Arc::new(still)).verdict;
                    assert!(
                        !matches!(verdict, Verdict::Error(_)),
                        "{} {verdict:?}",
                        entry.metadata.code
                    );
                }
            }
        }
    }

    #[test]
    fn an_old_violation_is_the_same_in_the_prior_state_alone() {
        for case in corpus().unwrap() {
            let mut pack = pack_with(&case.settings);
            let before = case.change.after.clone();
            let still = Change {
                operation: Operation::Update,
                before,
                ..case.change.as_ref().clone()
            };
            let now = pack.check(case.rule, &Arc::new(still.clone())).verdict;
            let old = pack
                .check(case.rule, &Arc::new(still.prior_alone()))
                .verdict;
            if let Verdict::Violation(now) = now {
                let Verdict::Violation(old) = old else {
                    panic!("{} `{}`: {old:?}", case.rule, case.name)
                };
                for finding in now {
                    let same = |old: &gabion_model::Finding| *old == finding;
                    assert!(old.iter().any(same), "{} `{}`", case.rule, case.name);
                }
            }
        }
    }
}
