//! What the user may write.

use gabion_framework::prelude::*;

use crate::shared::{exception, live, location, policy_statement, tags};

use super::defaults::{PATH, POLICY_NAME, SESSION};
use super::{human, oidc, service_principal, statement, trust};

const DESCRIPTION: &str = "An IAM role for one service, workload or group of people: generated trust policy, \
permissions boundary, statements checked for least privilege.";

fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

fn is_path(text: &str) -> bool {
    text.len() <= 512
        && text.starts_with('/')
        && text.ends_with('/')
        && text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_policy_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", _, "iam", "", account, resource]
        if (*account == "aws" || validate::is_account_id(account))
            && resource.strip_prefix("policy/").is_some_and(|name| !name.is_empty() && !name.contains(['*', '?', ' '])))
}

const POLICY_ARN: &str = "the ARN of a managed policy: expected `arn:aws:iam::ACCOUNT:policy/NAME`";

pub(super) fn schema() -> Schema {
    Schema::new(DESCRIPTION)
        .attributes([
            Attribute::string("name")
                .required()
                .requires_replace()
                .validate(validate::matches(
                    |text| is_name(text, 64),
                    "a role name: expected 1 to 64 letters, digits and `_+=,.@-`",
                ))
                .describe("The role's name. Changing it replaces the role."),
            Attribute::string("path")
                .default(PATH)
                .requires_replace()
                .validate(validate::matches(
                    is_path,
                    "a path: expected `/`, or a text that begins and ends with `/`",
                ))
                .describe("The role's path. Default `/`. Changing it replaces the role."),
            Attribute::string("description")
                .optional()
                .validate(validate::length(0, 1000))
                .describe("What the role is for."),
            Attribute::string("principal_kind")
                .required()
                .validate(validate::one_of(trust::KINDS))
                .describe("Who assumes the role: `service`, `workload` or `human`."),
            service_principal::attribute(),
            oidc::attribute(),
            human::attribute(),
            Attribute::int64("max_session_duration")
                .default(SESSION)
                .validate(validate::between(3600, 43_200))
                .describe("Longest session in seconds, 3600 to 43200. Default 3600 (own)."),
            Attribute::string("permissions_boundary")
                .required()
                .validate(validate::matches(is_policy_arn, POLICY_ARN))
                .describe(
                    "ARN of the managed policy that bounds what the role may ever do. It must exist (own).",
                ),
            Attribute::string("policy_name")
                .default(POLICY_NAME)
                .validate(validate::matches(
                    |text| is_name(text, 128),
                    "a policy name: expected 1 to 128 letters, digits and `_+=,.@-`",
                ))
                .describe("Name of the inline policy that the `statement` blocks make. Default `workload`."),
            Attribute::set("managed_policy_arns", Type::String)
                .default(Vec::<String>::new())
                .validate(validate::each(validate::matches(is_policy_arn, POLICY_ARN)))
                .describe(
                    "ARNs of the managed policies that are attached. Any other one shows as drift. Default none.",
                ),
            Attribute::set("other_inline_policies", Type::String)
                .default(Vec::<String>::new())
                .describe(
                    "Names of inline policies that others made and that stay. Any other one shows as drift. Default none.",
                ),
            policy_statement::attribute("sts"),
            live::attribute(),
            Attribute::string("assume_role_policy")
                .computed()
                .describe("The trust policy, generated from the principal, as it is in IAM."),
            Attribute::string("policy").computed().describe(
                "The inline policy, generated from the `statement` blocks, as it is in IAM; null without statements.",
            ),
        ])
        .attributes(location::attributes_without_region("IAM"))
        .attributes([
            Attribute::string("id")
                .computed()
                .use_state_for_unknown()
                .describe("The role's name."),
            Attribute::string("arn")
                .computed()
                .use_state_for_unknown()
                .describe("The role's ARN."),
            Attribute::string("unique_id")
                .computed()
                .use_state_for_unknown()
                .describe("The role's unique id (`AROA...`)."),
        ])
        .attributes(tags::attributes())
        .block(statement::block())
        .block(exception::block())
        .block(timeouts::block(&["create", "update", "delete"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::iam::role::WorkloadRoleModel;

    #[test]
    fn model_and_schema_have_the_same_names() {
        let schema = schema();
        let mut names: Vec<&str> = schema
            .all_attributes()
            .iter()
            .map(Attribute::name)
            .collect();
        names.extend(["statement", "exception", "timeouts"]);
        names.sort_unstable();
        let mut model = WorkloadRoleModel::ATTRIBUTES.to_vec();
        model.sort_unstable();
        assert_eq!(names, model);
    }

    #[test]
    fn names_paths_and_policies() {
        assert!(is_name("app_1+x=,.@-", 64) && !is_name("", 64) && !is_name("a b", 64));
        assert!(!is_name(&"a".repeat(65), 64));
        assert!(is_path("/") && is_path("/team/app/") && !is_path("team/") && !is_path("/team"));
        for right in [
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:aws-us-gov:iam::111122223333:policy/team/boundary",
        ] {
            assert!(is_policy_arn(right), "{right}");
        }
        for wrong in [
            "boundary",
            "arn:aws:iam::111122223333:role/boundary",
            "arn:aws:iam::111122223333:policy/",
            "arn:aws:iam::111122223333:policy/*",
        ] {
            assert!(!is_policy_arn(wrong), "{wrong}");
        }
    }
}
