//! What the user may write.

use gabion_framework::prelude::*;

use crate::shared::{deletion, exception, live, location, tags};

use super::intents;

const DESCRIPTION: &str = "A service control policy generated from named intents, attached to units and accounts, and \
refused at plan where it would shut out those who administer.";

fn is_target(text: &str) -> bool {
    let word = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if let Some(root) = text.strip_prefix("r-") {
        return word(root, 4, 32);
    }
    if let Some((root, unit)) = text
        .strip_prefix("ou-")
        .and_then(|rest| rest.split_once('-'))
    {
        return word(root, 4, 32) && word(unit, 8, 32);
    }
    validate::is_account_id(text)
}

/// A role, a user or an account's root; account and name may hold wildcards.
fn is_principal(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else {
        return false;
    };
    let name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"/_+=,.@-*?".contains(&b))
    };
    (*partition == "aws" || partition.starts_with("aws-"))
        && (*account == "*" || validate::is_account_id(account))
        && (*resource == "root"
            || ["role/", "user/"]
                .iter()
                .any(|kind| resource.strip_prefix(kind).is_some_and(name)))
}

fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty()
            && service
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"*?".contains(&b))
    })
}

fn intent(name: &str, text: &str) -> Attribute {
    Attribute::bool(name).default(false).describe(text)
}

fn principals(name: &str, text: &str) -> Attribute {
    Attribute::set(name, Type::String)
        .default(Vec::<String>::new())
        .validate(validate::each(validate::matches(
            is_principal,
            "a principal: expected the ARN of a role, a user or a root, such as `arn:aws:iam::*:role/break-glass`",
        )))
        .describe(text)
}

pub(super) fn schema() -> Schema {
    Schema::new(DESCRIPTION)
        .attributes([
            Attribute::string("name")
                .required()
                .validate(validate::length(1, 128))
                .describe("The policy's name, unique in the organization."),
            Attribute::string("description")
                .optional()
                .validate(validate::length(0, 512))
                .describe("What the guardrail is for."),
            Attribute::set("targets", Type::String)
                .required()
                .validate(validate::each(validate::matches(
                    is_target,
                    "a target: expected the id of a root (`r-...`), of a unit (`ou-...-...`) or of an account",
                )))
                .describe("Ids of the root, units and accounts that the guardrail is attached to."),
            intent(
                "deny_leaving_organization",
                "Whether accounts are kept from leaving the organization. Default `false`.",
            ),
            intent(
                "deny_disabling_trails",
                "Whether trails and event data stores are kept from being stopped, changed or deleted. Default `false`.",
            ),
            intent(
                "deny_disabling_detectors",
                "Whether GuardDuty, Security Hub, Config, Access Analyzer, Inspector and Macie are kept from being \
                 disabled. Default `false`.",
            ),
            intent(
                "deny_root",
                "Whether the root users of accounts may do nothing. Default `false`.",
            ),
            intent(
                "require_encryption",
                "Whether volumes, file systems and databases that are not encrypted are refused, and turning off \
                 encryption by default. Default `false`.",
            ),
            Attribute::set("allowed_regions", Type::String)
                .optional()
                .validate(validate::length(1, 40))
                .validate(validate::each(validate::region()))
                .describe("The regions that may be used, `global_services` aside. Unset: all."),
            Attribute::set("global_services", Type::String)
                .default(intents::default_services())
                .validate(validate::each(validate::matches(
                    is_action,
                    "actions of a service: expected `service:*` or `service:Name`",
                )))
                .describe(
                    "Actions that `allowed_regions` does not bind. Default: services that act in no region, such as \
                     `iam:*`, `sts:*`, `organizations:*`, `cloudfront:*`, `route53:*`.",
                ),
            principals(
                "exempt_principals",
                "Principals that the guardrail does not bind, by ARN; `*` is allowed for the account, and in names. \
                 Default none.",
            ),
            Attribute::set("vending_regions", Type::String)
                .optional()
                .validate(validate::length(1, 40))
                .validate(validate::each(validate::region()))
                .describe(
                    "The regions that the vending role sets up in accounts, the `regions` of their baselines: it must be \
                     able to work there. Unset: in all regions, so that `allowed_regions` must exempt it.",
                ),
            principals(
                "break_glass_roles",
                "Principals that must be able to administer whatever happens: a plan that would shut one of them out is \
                 refused. Default none.",
            ),
            deletion::attribute(),
            live::attribute(),
            Attribute::string("policy")
                .computed()
                .describe("The policy, generated from the intents, as it is in Organizations."),
        ])
        .attributes(location::attributes_without_region("Organizations"))
        .attributes([
            Attribute::string("id")
                .computed()
                .use_state_for_unknown()
                .describe("The policy's id (`p-...`)."),
            Attribute::string("arn")
                .computed()
                .use_state_for_unknown()
                .describe("The policy's ARN."),
        ])
        .attributes(tags::attributes())
        .block(exception::block())
        .block(timeouts::block(&["create", "update", "delete"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::org_guardrail::OrgGuardrailModel;

    #[test]
    fn model_and_schema_have_the_same_names() {
        let schema = schema();
        let mut names: Vec<&str> = schema
            .all_attributes()
            .iter()
            .map(Attribute::name)
            .collect();
        names.extend(["exception", "timeouts"]);
        names.sort_unstable();
        let mut model = OrgGuardrailModel::ATTRIBUTES.to_vec();
        model.sort_unstable();
        assert_eq!(names, model);
    }

    #[test]
    fn targets_and_principals() {
        for right in ["r-abcd", "ou-abcd-12345678", "111122223333"] {
            assert!(is_target(right), "{right}");
        }
        for wrong in [
            "",
            "r-",
            "ou-abcd",
            "ou-abcd-1",
            "11112222333",
            "o-abcdefghij",
        ] {
            assert!(!is_target(wrong), "{wrong}");
        }
        for right in [
            "arn:aws:iam::*:role/break-glass",
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Admin_*",
        ] {
            assert!(is_principal(right), "{right}");
        }
        for wrong in [
            "*",
            "arn:aws:iam::*:*",
            "arn:aws:iam::1:role/x",
            "arn:*:iam::*:role/x",
            "111122223333",
        ] {
            assert!(!is_principal(wrong), "{wrong}");
        }
        assert!(intents::GLOBAL_SERVICES.iter().all(|one| is_action(one)));
    }
}
