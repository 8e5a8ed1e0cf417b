//! Where key policies stand, and what a user adds to the generated policy of a composite.

use gabion_guardrail::policy::{Condition, Principal, PrincipalKind, Set};
use gabion_guardrail::prelude::*;

/// A policy and the attribute that holds it.
pub(super) struct KeyPolicy {
    /// The attribute.
    pub(super) at: Value,
    /// What it holds.
    pub(super) document: PolicyDocument,
}

/// The policy of a key; `None` where the provider or AWS writes it.
pub(super) fn whole(key: &Value) -> Result<Option<KeyPolicy>, Stop> {
    let at = key.get("policy");
    Ok(PolicyDocument::read(&at)?.map(|document| KeyPolicy { at, document }))
}

/// The statements that a user adds to the generated policy of a composite, `additional_policy_statements`, each
/// with its attribute.
pub(crate) fn additional(composite: &Value) -> Result<Vec<(Value, Statement)>, Stop> {
    let mut found = Vec::new();
    for at in composite.get("additional_policy_statements").elements()? {
        let principals = set(&at, "principals", "not_principals", principals)?;
        let statement = read(&at, principals, "")?;
        found.push((at, statement));
    }
    Ok(found)
}

/// The `statement` blocks of a workload role, which its inline policy is made of, each with its place.
pub(crate) fn blocks(role: &Value) -> Result<Vec<(Value, Statement)>, Stop> {
    let mut found = Vec::new();
    for at in role.get("statement").elements()? {
        let statement = read(&at, Set::Absent, "not_resources")?;
        found.push((at, statement));
    }
    Ok(found)
}

fn read(at: &Value, principals: Set<Principal>, but: &str) -> Result<Statement, Stop> {
    let effect = match at.get("effect").text()?.as_deref() {
        Some("Deny") => Effect::Deny,
        _ => Effect::Allow,
    };
    Ok(Statement {
        sid: at.get("sid").text()?,
        effect,
        principals,
        actions: set(at, "actions", "not_actions", texts)?,
        resources: set(at, "resources", but, texts)?,
        conditions: conditions(&at.get("conditions"))?,
    })
}

fn set<T>(
    at: &Value,
    only: &str,
    but: &str,
    read: fn(&Value) -> Result<Vec<T>, Stop>,
) -> Result<Set<T>, Stop> {
    let named = at.get(only);
    if named.is_set()? {
        return Ok(Set::Only(read(&named)?));
    }
    if but.is_empty() {
        return Ok(Set::Absent);
    }
    let spared = at.get(but);
    Ok(if spared.is_set()? {
        Set::AllBut(read(&spared)?)
    } else {
        Set::Absent
    })
}

fn texts(value: &Value) -> Result<Vec<String>, Stop> {
    let mut texts = Vec::new();
    for one in value.elements()? {
        texts.extend(one.text()?);
    }
    Ok(texts)
}

/// `{ AWS = ["arn:..."], Service = ["..."] }`.
fn principals(value: &Value) -> Result<Vec<Principal>, Stop> {
    let mut principals = Vec::new();
    for kind in value.keys()? {
        for id in texts(&value.get(&kind))? {
            principals.push(Principal {
                kind: PrincipalKind::of(&kind),
                id,
            });
        }
    }
    Ok(principals)
}

fn conditions(value: &Value) -> Result<Vec<Condition>, Stop> {
    let mut conditions = Vec::new();
    for one in value.elements()? {
        conditions.push(Condition {
            operator: one.get("test").text()?.unwrap_or_default(),
            key: one.get("variable").text()?.unwrap_or_default(),
            values: texts(&one.get("values"))?,
        });
    }
    Ok(conditions)
}
