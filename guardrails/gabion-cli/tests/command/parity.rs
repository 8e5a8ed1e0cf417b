//! Every case of the baseline's corpus, written as the plan file that Terraform would make of it: `check` says what
//! the guard says inside the plan. Where a plan file cannot tell, it says undetermined, and the case is listed here.

use std::sync::Arc;

use gabion_baseline::corpus::{Case, corpus, describe};
use gabion_cli::plan::{Names, Plan};
use gabion_guardrail::NativePack;
use gabion_model::{Change, Data, Mode, NodeId, Operation, Runner as _, Tree, Verdict};
use serde_json::{Map, Value as Json, json};

/// What the plan file has of a value: the value, what of it is unknown, what of it is sensitive.
struct Written {
    value: Option<Json>,
    unknown: Json,
    sensitive: Json,
}

/// One side of a change, as `terraform show -json` writes it.
fn written(tree: &Tree, at: NodeId) -> Written {
    let known = |value: Json| Written {
        value: Some(value),
        unknown: json!(false),
        sensitive: json!(false),
    };
    let mut out = match tree.data(at) {
        Data::Unknown | Data::Computed => Written {
            value: None,
            unknown: json!(true),
            sensitive: json!(false),
        },
        Data::Sequence(items) => {
            let items: Vec<Written> = items.iter().map(|item| written(tree, *item)).collect();
            Written {
                unknown: items.iter().map(|item| item.unknown.clone()).collect(),
                sensitive: items.iter().map(|item| item.sensitive.clone()).collect(),
                // An element keeps its place.
                value: Some(
                    items
                        .into_iter()
                        .map(|item| item.value.unwrap_or(Json::Null))
                        .collect(),
                ),
            }
        }
        Data::Mapping(_, items) => {
            let (mut value, mut unknown, mut sensitive) = (Map::new(), Map::new(), Map::new());
            for (name, item) in items {
                let item = written(tree, *item);
                if let Some(known) = item.value {
                    value.insert(name.to_string(), known);
                }
                for (marks, mark) in [
                    (&mut unknown, item.unknown),
                    (&mut sensitive, item.sensitive),
                ] {
                    if mark != json!(false) {
                        marks.insert(name.to_string(), mark);
                    }
                }
            }
            Written {
                value: Some(Json::Object(value)),
                unknown: Json::Object(unknown),
                sensitive: Json::Object(sensitive),
            }
        }
        Data::Null => known(Json::Null),
        Data::Boolean(value) => known(json!(value)),
        Data::Number(text) => known(serde_json::from_str(text).unwrap()),
        Data::Text(text) => known(json!(text)),
    };
    if tree.is_sensitive(at) {
        out.sensitive = json!(true);
    }
    out
}

/// The expressions of a configuration. A list of objects is a block, unless it is an attribute by that name.
fn expression(tree: &Tree, at: NodeId, name: &str) -> Option<Json> {
    const NESTED_ATTRIBUTES: [&str; 1] = ["additional_policy_statements"];
    Some(match tree.data(at) {
        Data::Null => return None,
        Data::Unknown | Data::Computed => json!({"references": ["var.given"]}),
        // No block: a configuration without it.
        Data::Sequence(items) if items.is_empty() => return None,
        Data::Sequence(items)
            if !NESTED_ATTRIBUTES.contains(&name)
                && items
                    .iter()
                    .any(|item| matches!(tree.data(*item), Data::Mapping(..))) =>
        {
            items.iter().map(|item| expressions(tree, *item)).collect()
        }
        _ => {
            let written = written(tree, at);
            if written.unknown.to_string().contains("true") {
                json!({"references": ["var.given"]})
            } else {
                json!({"constant_value": written.value})
            }
        }
    })
}

fn expressions(tree: &Tree, at: NodeId) -> Json {
    let Data::Mapping(_, items) = tree.data(at) else {
        return json!({});
    };
    let set = items
        .iter()
        .filter_map(|(name, item)| Some((name.to_string(), expression(tree, *item, name)?)));
    Json::Object(set.collect())
}

fn actions(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::Create => &["create"],
        Operation::Update => &["update"],
        Operation::Replace => &["delete", "create"],
        Operation::Delete => &["delete"],
        Operation::Read => &["read"],
        Operation::Forget => &["forget"],
        _ => &["no-op"],
    }
}

fn plan_file(change: &Change) -> String {
    let kind = &change.resource_type;
    let (before, after) = (
        written(&change.before, change.before.root()),
        written(&change.after, change.after.root()),
    );
    let config = change
        .config
        .as_ref()
        .map(|tree| expressions(tree, tree.root()));
    let mut plan = json!({
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "complete": true,
        "resource_changes": [{
            "address": format!("{kind}.this"),
            "mode": "managed",
            "type": kind,
            "name": "this",
            "provider_name": change.provider,
            "change": {
                "actions": actions(change.operation),
                "before": before.value,
                "after": after.value,
                "after_unknown": after.unknown,
                "before_sensitive": before.sensitive,
                "after_sensitive": after.sensitive,
            },
        }],
    });
    if let Some(expressions) = config {
        let configuration = json!({"root_module": {"resources": [{
            "address": format!("{kind}.this"),
            "mode": "managed",
            "type": kind,
            "name": "this",
            "provider_config_key": "this",
            "expressions": expressions,
        }]}});
        let plan = plan.as_object_mut().unwrap();
        plan.insert("configuration".to_owned(), configuration);
    }
    plan.to_string()
}

#[test]
fn check_says_of_every_case_what_the_guard_says() -> Result<(), Box<dyn std::error::Error>> {
    let cases: Vec<Case> = corpus()?
        .into_iter()
        .filter(|case| case.change.mode == Mode::Managed)
        .collect();
    let mut cannot_tell = Vec::new();
    let (mut composites, mut violations) = (std::collections::BTreeSet::new(), 0);
    for case in &cases {
        let mut pack = NativePack::new(&gabion_baseline::PACK, &case.settings)
            .map_err(|problems| format!("{problems:?}"))?;
        let text = plan_file(&case.change);
        let plan = Plan::read(&text)?;
        let change = plan.change(&plan.changes[0], &mut Names::default())?;
        let verdict = pack.check(case.rule, &Arc::new(change)).verdict;
        let said = describe(&verdict);
        if case.change.resource_type.starts_with("gabion_") {
            composites.insert(case.rule);
        }
        violations += usize::from(case.verdict.starts_with("violation"));
        if said == case.verdict {
            continue;
        }
        let what = format!(
            "{} `{}` ({})",
            case.rule, case.name, case.change.resource_type
        );
        // A plan file may know less, and then it says so. It never says something else.
        assert!(
            matches!(verdict, Verdict::Undetermined(_)),
            "{what}: {said} instead of {}\n{text}",
            case.verdict
        );
        cannot_tell.push(format!(
            "{what}: {} in the plan, {}",
            case.verdict.trim_end(),
            said.trim_end()
        ));
    }
    assert_eq!(
        composites.len(),
        30,
        "a rule has no case on a composite: {composites:?}"
    );
    assert!(violations > 200, "{violations}");
    insta::assert_snapshot!(cannot_tell.join("\n"), @"");
    Ok(())
}
