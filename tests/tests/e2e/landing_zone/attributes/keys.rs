//! Keys.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::super::MANAGEMENT;
use super::Reader;

pub(super) fn key(r: &mut Reader<'_>) -> Result<()> {
    for (place, address) in [
        (MANAGEMENT, "module.log_archive.gabion_kms_key.this"),
        (
            "prod",
            "module.environment[\"prod\"].gabion_kms_key.this[\"confidential\"]",
        ),
    ] {
        r.resource("kms_key", place, address)?;
        let id = json!({"KeyId": r.of("id")});
        let rotation = r.ask("kms", "get_key_rotation_status", id.clone())?;
        r.is(
            "enable_key_rotation",
            rotation["KeyRotationEnabled"].clone(),
        );
        r.is(
            "rotation_period_in_days",
            rotation["RotationPeriodInDays"].clone(),
        );
        let about = r.ask("kms", "describe_key", id)?["KeyMetadata"].clone();
        // moto leaves it out of keys of one region.
        r.is("multi_region", json!(about["MultiRegion"] == true));
        r.is("is_enabled", about["Enabled"].clone());
        r.is("description", about["Description"].clone());
        let policy = r.ask(
            "kms",
            "get_key_policy",
            json!({"KeyId": r.of("id"), "PolicyName": "default"}),
        )?["Policy"]
            .clone();
        r.is("policy", policy.clone());
        let named = lists_of_a_key(&r.state, &policy)?;
        for list in LISTS {
            // An empty list says nothing: it is read where it names somebody.
            if named.contains(list) {
                r.holds(list, true, "");
            }
        }
    }
    Ok(())
}

/// The lists from which the policy of a key is generated.
const LISTS: [&str; 3] = ["administrators", "users", "service_users"];

/// Those of a key's lists that name somebody. All of them stand in the live policy, each with the rights of its list and no
/// others.
pub(in super::super) fn lists_of_a_key(
    state: &Value,
    policy: &Value,
) -> Result<BTreeSet<&'static str>> {
    let document: Value = serde_json::from_str(policy.as_str().unwrap_or_default())?;
    let mut named = BTreeSet::new();
    for list in LISTS {
        for one in state[list].as_array().into_iter().flatten() {
            let mine: Vec<&Value> = document["Statement"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|statement| statement["Effect"] == "Allow" && is_for(statement, list, one))
                .collect();
            let may = |action: &str| {
                mine.iter()
                    .any(|statement| has(&statement["Action"], action))
            };
            let bound = mine
                .iter()
                .all(|statement| statement["Condition"].as_object().is_some());
            let right = match list {
                "administrators" => may("kms:PutKeyPolicy") && !may("kms:Decrypt"),
                // The account's root administers by the statement for recovery.
                "users" if one.as_str().is_some_and(|one| one.len() == 12) => may("kms:Decrypt"),
                "users" => may("kms:Decrypt") && !may("kms:PutKeyPolicy"),
                _ => !mine.is_empty() && bound,
            };
            ensure!(right, "{list} {one}: {document}");
            named.insert(list);
        }
    }
    Ok(named)
}

/// Whether the statement is about that member of the list.
fn is_for(statement: &Value, list: &str, one: &Value) -> bool {
    if list != "service_users" {
        let name = one.as_str().unwrap_or_default();
        let root = format!("arn:aws:iam::{name}:root");
        let principals = &statement["Principal"]["AWS"];
        return has(principals, name) || has(principals, &root);
    }
    let service = one["service"].as_str().unwrap_or_default();
    if one["via_service"] == true {
        let (service, rest) = service.split_once('.').unwrap_or_default();
        return statement["Condition"]
            .as_object()
            .into_iter()
            .flat_map(|tests| tests.values())
            .any(|test| {
                let via = test["kms:ViaService"].to_string();
                via.contains(&format!("\"{service}.")) && via.contains(rest)
            });
    }
    // The region's own principal stands in the policy.
    let services = &statement["Principal"]["Service"];
    match service {
        "logs.amazonaws.com" => ["eu-central-1", "eu-west-1"]
            .iter()
            .any(|region| has(services, &format!("logs.{region}.amazonaws.com"))),
        other => has(services, other),
    }
}

/// Whether a text, or a list of texts, has that one.
fn has(value: &Value, text: &str) -> bool {
    value == text
        || value
            .as_array()
            .is_some_and(|list| list.contains(&json!(text)))
}
