//! `statement` blocks: what the role may do, checked for least privilege.

use std::collections::{BTreeMap, BTreeSet};

use gabion_framework::prelude::*;

use crate::shared::policy::{
    Document, Effect, Matcher, Principals, Statement, covers_action, matches,
};
use crate::shared::policy_statement::PolicyCondition;
use crate::shared::strings::{self, Strings};

object! {
    /// One `statement` block.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct RoleStatement {
        /// Its label.
        pub(crate) sid: Value<String>,
        /// `Allow` (also when null) or `Deny`.
        pub(crate) effect: Value<String>,
        /// Actions.
        pub(crate) actions: Strings,
        /// With `Deny`: all actions but these.
        pub(crate) not_actions: Strings,
        /// Resources.
        pub(crate) resources: Strings,
        /// With `Deny`: all resources but these.
        pub(crate) not_resources: Strings,
        /// When.
        pub(crate) conditions: Value<Vec<PolicyCondition>>,
    }
}

/// Its name.
pub(super) const BLOCK: &str = "statement";

/// Longest inline policies of a role together, in characters without white space.
pub(super) const LONGEST: usize = 10_240;

/// The block.
pub(super) fn block() -> Block {
    let actions = |name: &str| {
        Attribute::set(name, Type::String)
            .optional()
            .validate(validate::length(1, usize::MAX))
            .validate(validate::each(validate::matches(
                is_action,
                "an action: expected `service:Name`, such as `s3:GetObject` or `s3:Get*`",
            )))
    };
    let resources = |name: &str| {
        Attribute::set(name, Type::String)
            .optional()
            .validate(validate::length(1, usize::MAX))
            .validate(validate::each(validate::matches(
                is_resource,
                "a resource: expected an ARN, with `*` and `?` where needed, or `*`",
            )))
    };
    Block::list(
        BLOCK,
        vec![
            Attribute::string("sid")
                .optional()
                .validate(validate::matches(
                    |text| {
                        (1..=128).contains(&text.len())
                            && text.bytes().all(|b| b.is_ascii_alphanumeric())
                    },
                    "a label: expected letters and digits",
                ))
                .describe("A label of letters and digits, distinct within the policy."),
            Attribute::string("effect")
                .optional()
                .validate(validate::one_of(&["Allow", "Deny"]))
                .describe("`Allow` or `Deny`. Default `Allow`."),
            actions("actions").describe("Actions, such as `s3:GetObject`."),
            actions("not_actions").describe("With `Deny`: every action but these."),
            resources("resources").describe("Resources: ARNs, or `*` where an action knows none."),
            resources("not_resources").describe("With `Deny`: every resource but these."),
            Attribute::nested_list(
                "conditions",
                vec![
                    Attribute::string("test")
                        .required()
                        .validate(validate::length(1, 64))
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
    .describe(
        "What the role may do: the inline policy is generated from these. Without any, the role has no inline policy.",
    )
}

fn is_action(text: &str) -> bool {
    text == "*"
        || text.split_once(':').is_some_and(|(service, name)| {
            !service.is_empty()
                && (service == "*"
                    || service
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
                && !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"*?".contains(&b))
        })
}

fn is_resource(text: &str) -> bool {
    text == "*"
        || (text.starts_with("arn:") && text.matches(':').count() >= 2 && !text.contains(' '))
}

/// What single attributes cannot tell.
pub(super) fn validate(statements: &[RoleStatement], diags: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    for (index, statement) in statements.iter().enumerate() {
        let path = Path::root(BLOCK).index(index);
        let mut fault = |path: Path, text: String| diags.error_at(path, "Invalid statement", text);
        for (only, except, names) in [
            (
                &statement.actions,
                &statement.not_actions,
                ("actions", "not_actions"),
            ),
            (
                &statement.resources,
                &statement.not_resources,
                ("resources", "not_resources"),
            ),
        ] {
            // In a block that is not known yet, everything is unknown.
            if (only.is_null() && except.is_null()) || (only.is_known() && except.is_known()) {
                fault(
                    path.clone(),
                    format!(
                        "A statement needs exactly one of `{}` and `{}`.",
                        names.0, names.1
                    ),
                );
            }
            let allows = statement.effect.is_null() || statement.effect.as_str() == Some("Allow");
            if allows && !except.is_null() {
                fault(
                    path.attribute(names.1),
                    format!(
                        "`{}` in a statement that allows would permit everything else, what AWS adds tomorrow included. \
                         Name the {}, or use it with `effect = \"Deny\"`.",
                        names.1, names.0
                    ),
                );
            }
        }
        if let Some(sid) = statement.sid.as_str()
            && !seen.insert(sid.to_owned())
        {
            fault(
                path.attribute("sid"),
                format!("`{sid}` is the label of another statement. Use another one."),
            );
        }
    }
}

/// The inline policy; none while something in it is unknown, and an empty one without statements.
pub(super) fn document(statements: &[RoleStatement]) -> Option<Document> {
    statements
        .iter()
        .map(to_statement)
        .collect::<Option<_>>()
        .map(Document::new)
}

fn to_statement(statement: &RoleStatement) -> Option<Statement> {
    let matcher = |only: &Strings, except: &Strings| match (only, except) {
        (Value::Null, except) => strings::known(except).map(Matcher::Except),
        (only, _) => strings::known(only).map(Matcher::Only),
    };
    let effect = match &statement.effect {
        Value::Unknown => return None,
        Value::Known(text) if text == "Deny" => Effect::Deny,
        _ => Effect::Allow,
    };
    let mut result = Statement {
        sid: match &statement.sid {
            Value::Unknown => return None,
            other => other.known().cloned(),
        },
        effect,
        principals: Principals::Only(BTreeMap::new()),
        actions: matcher(&statement.actions, &statement.not_actions)?,
        resources: matcher(&statement.resources, &statement.not_resources)?,
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

/// A live inline policy as blocks, for import.
pub(super) fn read(document: &Document) -> Vec<RoleStatement> {
    let split = |matcher: &Matcher| match matcher {
        Matcher::Only(set) => (strings::of(set.clone()), Value::Null),
        Matcher::Except(set) => (Value::Null, strings::of(set.clone())),
    };
    document
        .statements
        .iter()
        .map(|statement| {
            let (actions, not_actions) = split(&statement.actions);
            let (resources, not_resources) = split(&statement.resources);
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
            RoleStatement {
                sid: statement.sid.clone().into(),
                effect: match statement.effect {
                    Effect::Allow => Value::Null,
                    Effect::Deny => "Deny".into(),
                },
                actions,
                not_actions,
                resources,
                not_resources,
                conditions: if conditions.is_empty() {
                    Value::Null
                } else {
                    Value::Known(conditions)
                },
            }
        })
        .collect()
}

/// ARNs of no particular role and key: a pattern that takes them in takes in all.
const SOME_ROLE: &str = "arn:aws:iam::000000000000:role/q7w1-no-such-role";
const SOME_KEY: &str =
    "arn:aws:kms:xx-none-1:000000000000:key/00000000-dead-beef-0000-000000000000";

/// Whether a resource pattern takes in every object of the kind of `some`, at least of one account and region.
fn is_all(pattern: &str, some: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    // Partition, region and account are made those of the example: `role/*` of one account is all roles.
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let wanted: Vec<&str> = some.splitn(6, ':').collect();
    match (parts.as_slice(), wanted.as_slice()) {
        ([_, _, service, _, _, resource], [_, _, wanted_service, _, _, wanted_resource]) => {
            matches(service, wanted_service) && matches(resource, wanted_resource)
        }
        // Fewer parts: a star stands for the rest.
        _ => matches(pattern, some),
    }
}

/// Why these statements are more than least privilege, one sentence each.
pub(super) fn weaknesses(statements: &[RoleStatement]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        if statement.effect.as_str() == Some("Deny") || statement.effect.is_unknown() {
            continue;
        }
        let label = statement.sid.as_str().map_or_else(
            || format!("statement {}", index + 1),
            |sid| format!("`{sid}`"),
        );
        let resources = strings::known_part(&statement.resources);
        let on_all = |some: &str| resources.iter().any(|pattern| is_all(pattern, some));
        for action in strings::known_part(&statement.actions) {
            let stars = |text: &str| text.bytes().all(|b| matches!(b, b'*' | b'?'));
            let (service, name) = action.split_once(':').unwrap_or((&action, "*"));
            if stars(service) {
                found.push(format!(
                    "{label} permits `{action}`, actions of every service"
                ));
            } else if stars(name) {
                found.push(format!(
                    "{label} permits `{action}`, every action of `{service}`"
                ));
            } else {
                let covers = |name: &str| covers_action(&action, name);
                if covers("iam:PassRole") && on_all(SOME_ROLE) {
                    found.push(format!(
                        "{label} permits `{action}` (`iam:PassRole`) for every role"
                    ));
                }
                if let Some(decrypts) = ["kms:Decrypt", "kms:ReEncryptFrom"]
                    .into_iter()
                    .find(|name| covers(name))
                    && on_all(SOME_KEY)
                {
                    found.push(format!(
                        "{label} permits `{action}` (`{decrypts}`) for every key"
                    ));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(actions: &[&str], resources: &[&str]) -> RoleStatement {
        RoleStatement {
            actions: strings::of(actions.iter().copied()),
            resources: strings::of(resources.iter().copied()),
            ..RoleStatement::default()
        }
    }

    #[test]
    fn least_privilege() {
        let role = "arn:aws:iam::111122223333:role/app-*";
        let key = "arn:aws:kms:eu-central-1:111122223333:key/1234";
        for (action, resource, weak) in [
            ("*", "*", true),
            ("*:*", "*", true),
            ("*:Get*", "*", true),
            ("s3:*", "arn:aws:s3:::bucket/*", true),
            ("s3:**", "*", true),
            ("s3:Get*", "*", false),
            ("iam:PassRole", "*", true),
            ("iam:passrole", "*", true),
            ("iam:Pass*", "*", true),
            ("iam:P*", "arn:aws:iam::111122223333:role/*", true),
            ("iam:PassRole", "arn:*", true),
            ("iam:PassRole", role, false),
            ("iam:GetRole", "*", false),
            ("kms:Decrypt", "*", true),
            ("kms:D*", "*", true),
            ("kms:ReEncrypt*", "*", true),
            ("kms:Decrypt", "arn:aws:kms:*:111122223333:key/*", true),
            ("kms:Decrypt", "arn:aws:kms:*:*:*", true),
            ("kms:Decrypt", key, false),
            ("kms:DescribeKey", "*", false),
        ] {
            let found = weaknesses(&[statement(&[action], &[resource])]);
            assert_eq!(!found.is_empty(), weak, "{action} {resource}: {found:?}");
        }
        let deny = RoleStatement {
            effect: "Deny".into(),
            ..statement(&["*"], &["*"])
        };
        assert!(weaknesses(&[deny]).is_empty());
        let unknown = RoleStatement {
            actions: Value::Known(vec![Value::Unknown, "s3:*".into()]),
            ..statement(&[], &["*"])
        };
        assert_eq!(
            weaknesses(&[unknown]),
            ["statement 1 permits `s3:*`, every action of `s3`"]
        );
    }

    #[test]
    fn shapes() {
        for right in [
            "*",
            "s3:GetObject",
            "s3:Get*",
            "sso-directory:Describe?ser",
            "*:Get*",
        ] {
            assert!(is_action(right), "{right}");
        }
        for wrong in ["", "s3", "s3:", ":x", "S3 :Get", "s3:Get Object", "s*:Get"] {
            assert!(!is_action(wrong), "{wrong}");
        }
        assert!(is_resource("*") && is_resource("arn:aws:s3:::b/*") && is_resource("arn:*:*"));
        assert!(!is_resource("bucket") && !is_resource("arn:aws") && !is_resource(""));
    }

    #[test]
    fn faults() {
        let told = |statements: &[RoleStatement]| {
            let mut diags = Diagnostics::new();
            validate(statements, &mut diags);
            diags
                .iter()
                .map(|diag| diag.detail.clone())
                .collect::<Vec<_>>()
        };
        assert!(told(&[statement(&["s3:GetObject"], &["*"])]).is_empty());
        assert_eq!(
            told(&[RoleStatement::default()]),
            [
                "A statement needs exactly one of `actions` and `not_actions`.",
                "A statement needs exactly one of `resources` and `not_resources`."
            ]
        );
        let except = RoleStatement {
            actions: Value::Null,
            not_actions: strings::of(["iam:*"]),
            ..statement(&[], &["*"])
        };
        assert!(told(std::slice::from_ref(&except))[0].contains("would permit everything else"));
        assert!(
            told(&[RoleStatement {
                effect: "Deny".into(),
                ..except
            }])
            .is_empty()
        );
        let one = RoleStatement {
            sid: "A".into(),
            ..statement(&["s3:GetObject"], &["*"])
        };
        assert!(told(&[one.clone(), one])[0].contains("is the label of another statement"));
    }

    #[test]
    fn there_and_back() {
        let blocks = vec![
            RoleStatement {
                sid: "Read".into(),
                conditions: Value::Known(vec![PolicyCondition {
                    test: "StringEquals".into(),
                    variable: "aws:ResourceAccount".into(),
                    values: strings::of(["111122223333"]),
                }]),
                ..statement(&["s3:GetObject"], &["arn:aws:s3:::b/*"])
            },
            RoleStatement {
                effect: "Deny".into(),
                not_actions: strings::of(["s3:GetObject"]),
                not_resources: strings::of(["arn:aws:s3:::b/*"]),
                ..RoleStatement::default()
            },
        ];
        let made = document(&blocks).unwrap();
        insta::assert_snapshot!(made.to_json(), @r#"{"Statement":[{"Action":"s3:GetObject","Condition":{"StringEquals":{"aws:ResourceAccount":"111122223333"}},"Effect":"Allow","Resource":"arn:aws:s3:::b/*","Sid":"Read"},{"Effect":"Deny","NotAction":"s3:GetObject","NotResource":"arn:aws:s3:::b/*"}],"Version":"2012-10-17"}"#);
        assert_eq!(
            read(&Document::parse(&made.to_json(), "aws").unwrap()),
            blocks
        );
        assert!(document(&[statement(&["s3:GetObject"], &["*"])]).is_some());
        let unknown = RoleStatement {
            resources: Value::Known(vec![Value::Unknown]),
            ..statement(&["s3:GetObject"], &[])
        };
        assert!(document(&[unknown]).is_none());
    }
}
