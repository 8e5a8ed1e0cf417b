//! `additional_policy_statements`: statements that the user adds to a generated policy, typed.

use std::collections::{BTreeMap, BTreeSet};

use gabion_framework::prelude::*;

use super::policy::{Effect, Matcher, Principals, Statement, root_arn};
use super::strings::{self, Strings};

/// Its name.
pub(crate) const ATTRIBUTE: &str = "additional_policy_statements";

object! {
    /// One condition of a statement.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct PolicyCondition {
        /// The operator, such as `StringEquals`.
        pub(crate) test: Value<String>,
        /// The condition key.
        pub(crate) variable: Value<String>,
        /// The values; one of them must match.
        pub(crate) values: Strings,
    }
}

object! {
    /// One statement.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct PolicyStatement {
        /// Its label.
        pub(crate) sid: Value<String>,
        /// `Allow` (also when null) or `Deny`.
        pub(crate) effect: Value<String>,
        /// Principals by type.
        pub(crate) principals: Value<BTreeMap<String, Strings>>,
        /// All principals but these, by type.
        pub(crate) not_principals: Value<BTreeMap<String, Strings>>,
        /// Actions.
        pub(crate) actions: Strings,
        /// All actions but these.
        pub(crate) not_actions: Strings,
        /// Resources; null is `*`.
        pub(crate) resources: Strings,
        /// When.
        pub(crate) conditions: Value<Vec<PolicyCondition>>,
    }
}

/// The attribute. `prefix` is the service of the actions, such as `kms`.
pub(crate) fn attribute(prefix: &'static str) -> Attribute {
    let action = move || {
        validate::each(validate::matches(
            move |text| {
                text == "*"
                    || text.split_once(':').is_some_and(|(service, name)| {
                        service.eq_ignore_ascii_case(prefix) && is_pattern(name)
                    })
            },
            "an action of the service, such as `kms:Decrypt` for a key or `s3:GetObject` for a bucket",
        ))
    };
    let principals = |name: &str| {
        Attribute::map(name, Type::list(Type::String))
            .optional()
            .validate(validate::keys(validate::one_of(&[
                "AWS",
                "Service",
                "Federated",
                "CanonicalUser",
            ])))
    };
    Attribute::nested_list(
        ATTRIBUTE,
        vec![
            Attribute::string("sid")
                .optional()
                .validate(validate::length(1, 128))
                .describe("A label, distinct within the policy."),
            Attribute::string("effect")
                .optional()
                .validate(validate::one_of(&["Allow", "Deny"]))
                .describe("`Allow` or `Deny`. Default `Allow`."),
            principals("principals")
                .describe("Principals by type: `{ AWS = [\"arn:...\"], Service = [\"...\"] }`."),
            principals("not_principals")
                .describe("Every principal but these, by type. For `Deny` statements."),
            Attribute::set("actions", Type::String)
                .optional()
                .validate(action())
                .describe("Actions."),
            Attribute::set("not_actions", Type::String)
                .optional()
                .validate(action())
                .describe("Every action but these."),
            Attribute::set("resources", Type::String)
                .optional()
                .describe("Resources. Default `*`."),
            Attribute::nested_list(
                "conditions",
                vec![
                    Attribute::string("test")
                        .required()
                        .validate(validate::matches(
                            is_operator,
                            "a condition operator, such as `StringEquals`",
                        ))
                        .describe("The operator, such as `StringEquals`."),
                    Attribute::string("variable")
                        .required()
                        .validate(validate::length(1, 256))
                        .describe("The condition key, such as `aws:PrincipalOrgID`."),
                    Attribute::set("values", Type::String)
                        .required()
                        .describe("The values; one of them must match."),
                ],
            )
            .optional()
            .describe("Conditions; all must hold."),
        ],
    )
    .optional()
    .describe("Statements to add to the generated policy.")
}

fn is_pattern(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"*?".contains(&b))
}

fn is_operator(text: &str) -> bool {
    let text = text
        .strip_prefix("ForAnyValue:")
        .or_else(|| text.strip_prefix("ForAllValues:"))
        .unwrap_or(text);
    let text = text.strip_suffix("IfExists").unwrap_or(text);
    const OPERATORS: &[&str] = &[
        "ArnEquals",
        "ArnLike",
        "ArnNotEquals",
        "ArnNotLike",
        "BinaryEquals",
        "Bool",
        "DateEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateNotEquals",
        "IpAddress",
        "NotIpAddress",
        "Null",
        "NumericEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericNotEquals",
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "StringNotEquals",
        "StringNotEqualsIgnoreCase",
        "StringNotLike",
    ];
    OPERATORS.contains(&text)
}

/// Checks what single attributes cannot. `reserved` says whether the generated policy uses a label.
pub(crate) fn validate_all(
    statements: &Value<Vec<PolicyStatement>>,
    reserved: impl Fn(&str) -> bool,
    diags: &mut Diagnostics,
) {
    let mut seen = BTreeSet::new();
    for (index, statement) in statements.known().into_iter().flatten().enumerate() {
        let path = Path::root(ATTRIBUTE).index(index);
        let mut one_of = |one: bool, other: bool, names: (&str, &str)| {
            if one == other {
                diags.error_at(
                    path.clone(),
                    "Invalid statement",
                    format!(
                        "A statement needs exactly one of `{}` and `{}`.",
                        names.0, names.1
                    ),
                );
            }
        };
        one_of(
            !statement.principals.is_null(),
            !statement.not_principals.is_null(),
            ("principals", "not_principals"),
        );
        one_of(
            !statement.actions.is_null(),
            !statement.not_actions.is_null(),
            ("actions", "not_actions"),
        );
        if let Some(sid) = statement.sid.as_str() {
            let fault = if reserved(sid) {
                Some("is a label of the generated policy")
            } else if !seen.insert(sid.to_owned()) {
                Some("is the label of another statement")
            } else {
                None
            };
            if let Some(fault) = fault {
                diags.error_at(
                    path.attribute("sid"),
                    "Invalid statement",
                    format!("`{sid}` {fault}. Use another one."),
                );
            }
        }
    }
}

/// All statements in the policy's form; none while something in them is unknown.
pub(crate) fn to_statements(
    statements: &Value<Vec<PolicyStatement>>,
    partition: &str,
) -> Option<Vec<Statement>> {
    match statements {
        Value::Null => Some(Vec::new()),
        Value::Unknown => None,
        Value::Known(list) => list
            .iter()
            .map(|statement| to_statement(statement, partition))
            .collect(),
    }
}

fn to_statement(statement: &PolicyStatement, partition: &str) -> Option<Statement> {
    let effect = match &statement.effect {
        Value::Unknown => return None,
        Value::Known(text) if text == "Deny" => Effect::Deny,
        _ => Effect::Allow,
    };
    let principals = match (&statement.principals, &statement.not_principals) {
        (Value::Unknown, _) | (_, Value::Unknown) => return None,
        (Value::Known(map), _) => Principals::Only(principals(map, partition)?),
        (Value::Null, Value::Known(map)) => Principals::Except(principals(map, partition)?),
        (Value::Null, Value::Null) => Principals::Only(BTreeMap::new()),
    };
    let actions = match (&statement.actions, &statement.not_actions) {
        (Value::Unknown, _) | (_, Value::Unknown) => return None,
        (some @ Value::Known(_), _) => Matcher::Only(strings::known(some)?),
        (Value::Null, other) => Matcher::Except(strings::known(other)?),
    };
    let resources = match &statement.resources {
        Value::Null => BTreeSet::from(["*".to_owned()]),
        other => strings::known(other)?,
    };
    let mut result = Statement {
        sid: match &statement.sid {
            Value::Unknown => return None,
            other => other.known().cloned(),
        },
        effect,
        principals,
        actions,
        resources: Matcher::Only(resources),
        conditions: BTreeMap::new(),
    };
    let conditions = match &statement.conditions {
        Value::Unknown => return None,
        other => other.known().into_iter().flatten(),
    };
    for condition in conditions {
        let values = strings::known(&condition.values)?;
        result = result.when(
            condition.test.as_str()?,
            condition.variable.as_str()?,
            values,
        );
    }
    Some(result)
}

fn principals(
    map: &BTreeMap<String, Strings>,
    partition: &str,
) -> Option<BTreeMap<String, BTreeSet<String>>> {
    map.iter()
        .map(|(kind, names)| {
            let names = strings::known(names)?;
            let normal = |name: String| match kind.as_str() {
                "AWS" if validate::is_account_id(&name) => root_arn(partition, &name),
                _ => name,
            };
            Some((kind.clone(), names.into_iter().map(normal).collect()))
        })
        .collect()
}

/// A live statement as a configuration would write it; for import.
pub(crate) fn from_statement(statement: &Statement) -> PolicyStatement {
    let write = |map: &BTreeMap<String, BTreeSet<String>>| {
        Value::Known(
            map.iter()
                .map(|(kind, names)| (kind.clone(), strings::of(names.clone())))
                .collect(),
        )
    };
    let (principals, not_principals) = match &statement.principals {
        Principals::Only(map) => (write(map), Value::Null),
        Principals::Except(map) => (Value::Null, write(map)),
    };
    let (actions, not_actions) = match &statement.actions {
        Matcher::Only(set) => (strings::of(set.clone()), Value::Null),
        Matcher::Except(set) => (Value::Null, strings::of(set.clone())),
    };
    let resources = match &statement.resources {
        Matcher::Only(set) if set.len() == 1 && set.contains("*") => Value::Null,
        Matcher::Only(set) | Matcher::Except(set) => strings::of(set.clone()),
    };
    let conditions: Vec<PolicyCondition> = statement
        .conditions
        .iter()
        .flat_map(|(operator, keys)| {
            keys.iter()
                .map(move |(key, values)| (operator, key, values))
        })
        .map(|(operator, key, values)| PolicyCondition {
            test: operator.clone().into(),
            variable: key.clone().into(),
            values: strings::of(values.clone()),
        })
        .collect();
    PolicyStatement {
        sid: statement.sid.clone().into(),
        effect: match statement.effect {
            Effect::Allow => Value::Null,
            Effect::Deny => "Deny".into(),
        },
        principals,
        not_principals,
        actions,
        not_actions,
        resources,
        conditions: if conditions.is_empty() {
            Value::Null
        } else {
            Value::Known(conditions)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::policy::{allow, deny};

    #[test]
    fn there_and_back() {
        let statements = [
            allow("A")
                .to("AWS", ["arn:aws:iam::111122223333:root"])
                .actions(["kms:Decrypt"]),
            deny("B").to_everybody().actions(["kms:*"]).when(
                "Bool",
                "aws:SecureTransport",
                ["false"],
            ),
        ];
        let models: Vec<PolicyStatement> = statements.iter().map(from_statement).collect();
        assert_eq!(
            to_statements(&Value::Known(models), "aws"),
            Some(statements.to_vec())
        );
    }

    #[test]
    fn unknown_anywhere_is_none() {
        let mut model = from_statement(&allow("A").to_everybody().actions(["kms:Decrypt"]));
        model.actions = Value::Known(vec![Value::Unknown]);
        assert_eq!(to_statements(&Value::Known(vec![model]), "aws"), None);
        assert_eq!(to_statements(&Value::Unknown, "aws"), None);
        assert_eq!(to_statements(&Value::Null, "aws"), Some(Vec::new()));
    }

    #[test]
    fn faults() {
        let both = PolicyStatement {
            sid: "AccountRecovery".into(),
            principals: Value::Known(BTreeMap::new()),
            ..PolicyStatement::default()
        };
        let mut diags = Diagnostics::new();
        validate_all(
            &Value::Known(vec![both]),
            |sid| sid == "AccountRecovery",
            &mut diags,
        );
        let texts: Vec<&str> = diags.iter().map(|diag| diag.detail.as_str()).collect();
        assert_eq!(
            texts,
            [
                "A statement needs exactly one of `actions` and `not_actions`.",
                "`AccountRecovery` is a label of the generated policy. Use another one."
            ]
        );
    }
}
