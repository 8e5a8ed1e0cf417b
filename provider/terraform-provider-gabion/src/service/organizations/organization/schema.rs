//! What the user may write.

use gabion_framework::prelude::*;

use crate::shared::{acknowledge, exception, live, location};

/// Policy types that AWS knows.
const POLICY_TYPES: &[&str] = &[
    "AISERVICES_OPT_OUT_POLICY",
    "BACKUP_POLICY",
    "CHATBOT_POLICY",
    "DECLARATIVE_POLICY_EC2",
    "RESOURCE_CONTROL_POLICY",
    "SECURITYHUB_POLICY",
    "SERVICE_CONTROL_POLICY",
    "TAG_POLICY",
];

/// Names from the root down, at most five levels.
fn is_path(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    (1..=5).contains(&parts.len())
        && parts
            .iter()
            .all(|part| (1..=128).contains(&part.chars().count()) && part.trim() == *part)
}

fn is_service(text: &str) -> bool {
    text.contains('.')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
}

const SERVICE: &str = "a service principal, such as `cloudtrail.amazonaws.com`";

pub(super) fn schema() -> Schema {
    Schema::new(
        "The AWS organization, created or adopted as it is: its units, the policy types and services it trusts, and who \
         administers them.",
    )
    .attributes([
        Attribute::set("units", Type::String)
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::each(validate::matches(
                is_path,
                "a unit: names from the root down, at most five, such as `prod` or `workloads/prod`",
            )))
            .describe(
                "Units by environment, as names from the root down: `prod`, or `workloads/prod` (a unit above one that is \
                 listed is made as well). Units that are there are taken as they are, and others are left alone.",
            ),
        Attribute::map("unit_ids", Type::String)
            .computed()
            .use_state_for_unknown()
            .describe("Ids of `units`, by path."),
        Attribute::set("aws_service_access_principals", Type::String)
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::each(validate::matches(is_service, SERVICE)))
            .describe("Services with trusted access to the organization. Unset: as it is."),
        Attribute::set("enabled_policy_types", Type::String)
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::each(validate::one_of(POLICY_TYPES)))
            .describe(
                "Policy types that are enabled. Default: those that are, and `SERVICE_CONTROL_POLICY`.",
            ),
        Attribute::nested_set(
            "delegated_administrators",
            vec![
                Attribute::string("account_id")
                    .required()
                    .validate(validate::account_id())
                    .describe("The account."),
                Attribute::string("service_principal")
                    .required()
                    .validate(validate::matches(is_service, SERVICE))
                    .describe("The service."),
            ],
        )
        .optional_computed()
        .use_state_for_unknown()
        .describe("Accounts that administer a service for the organization. Unset: as it is."),
        Attribute::bool("adopt_control_tower").default(false).describe(
            "Whether an organization that AWS Control Tower manages is adopted, without any change. Default `false`: such \
             an organization is an error.",
        ),
        Attribute::bool("adopted")
            .computed()
            .use_state_for_unknown()
            .describe("Whether the organization was there before this resource."),
        live::attribute(),
        acknowledge::attribute(
            "the organization's id",
            "that destroying deletes the organization that this resource made, which must be empty",
        ),
    ])
    .attributes(location::attributes())
    .attributes([
        Attribute::string("id").computed().use_state_for_unknown().describe("The organization's id."),
        Attribute::string("arn").computed().use_state_for_unknown().describe("Its ARN."),
        Attribute::string("root_id").computed().use_state_for_unknown().describe("Id of its root."),
    ])
    .block(exception::block())
    .block(timeouts::block(&["create", "update", "delete"]))
}

#[cfg(test)]
mod tests {
    use super::super::model::OrganizationModel;
    use super::*;

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
        let mut model = OrganizationModel::ATTRIBUTES.to_vec();
        model.sort_unstable();
        assert_eq!(names, model);
    }

    #[test]
    fn paths() {
        assert!(is_path("prod") && is_path("workloads/prod") && is_path("Team A/prod"));
        assert!(!is_path("") && !is_path("/a") && !is_path("a/b/c/d/e/f") && !is_path(" a"));
    }
}
