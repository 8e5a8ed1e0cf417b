//! What the user may write.

use gabion_framework::prelude::*;

use super::super::baseline;
use crate::shared::{acknowledge, deletion, tags};

/// Makes the account as AWS takes its e-mail address.
fn is_account_name(text: &str) -> bool {
    (1..=50).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

/// A unit: its id, the root's id, or a path of names.
pub(super) fn is_unit(text: &str) -> bool {
    !text.is_empty()
        && text
            .split('/')
            .all(|part| (1..=128).contains(&part.chars().count()))
}

pub(super) fn schema() -> Schema {
    let own = [
        Attribute::string("name")
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::matches(is_account_name, "an account name: 1 to 50 plain characters"))
            .describe("Name of the account. Required unless `account_id` names one that is there."),
        Attribute::string("email")
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::email())
            .describe(
                "E-mail address of its root user: one that no other AWS account has. Required unless `account_id` names \
                 one that is there.",
            ),
        Attribute::string("account_id")
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::account_id())
            .describe(
                "The account. Unset, one is made. Set, the account that is there is adopted: without quarantine, and \
                 never closed.",
            ),
        Attribute::string("organizational_unit")
            .required()
            .validate(validate::matches(
                is_unit,
                "a unit: its id (`ou-...`), that of the root (`r-...`), or names from the root down, such as `workloads/prod`",
            ))
            .describe(
                "The unit that the account is in, by environment: its id, or names from the root down, such as \
                 `workloads/prod` (C7 2.1.4).",
            ),
        Attribute::string("organizational_unit_id")
            .computed()
            .use_state_for_unknown()
            .describe("Id of the unit."),
        Attribute::string("iam_user_access_to_billing")
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::one_of(&["DENY", "ALLOW"]))
            .describe(
                "Whether IAM users may see the bills. It is set when the account is made, and no API reads it back. \
                 Default `DENY`.",
            ),
        Attribute::bool("quarantine")
            .optional_computed()
            .use_state_for_unknown()
            .describe(
                "Whether a service control policy forbids everything to everybody but the vending role, from the \
                 account's creation until its baseline stands. Default: `true` for accounts that are made; adopted ones \
                 are never put under it.",
            ),
        Attribute::bool("quarantined")
            .computed()
            .describe("Whether the account is under quarantine now."),
        Attribute::bool("adopted")
            .computed()
            .use_state_for_unknown()
            .describe("Whether the account was there before this resource."),
        deletion::attribute(),
        Attribute::string("deletion_policy")
            .default("retain")
            .validate(validate::one_of(&["retain", "close"]))
            .describe(
                "What destroy does: `retain` leaves the account as it is, `close` closes it, which needs \
                 `acknowledge_irreversible`. Default `retain`.",
            ),
        acknowledge::attribute("the account's name", "that the account is closed"),
        Attribute::string("id").computed().use_state_for_unknown().describe("The account."),
        Attribute::string("arn").computed().use_state_for_unknown().describe("Its ARN in the organization."),
    ];
    baseline::blocks(
        Schema::new(
            "An AWS account with its baseline: made through AWS Organizations, under quarantine until it is safe to use, \
             or adopted as it is.",
        )
        .attributes(own)
        .attributes(baseline::attributes())
        .attributes(tags::attributes()),
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::baseline::Baseline;
    use super::super::model::Own;
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
        let mut model: Vec<&str> = Own::ATTRIBUTES
            .iter()
            .chain(Baseline::ATTRIBUTES)
            .copied()
            .collect();
        model.sort_unstable();
        assert_eq!(names, model);
    }

    #[test]
    fn names_and_units() {
        assert!(is_account_name("Dev 1") && !is_account_name("") && !is_account_name("ä"));
        assert!(is_unit("ou-abcd-12345678") && is_unit("workloads/prod") && is_unit("r-abcd"));
        assert!(!is_unit("") && !is_unit("a//b") && !is_unit("/a"));
    }
}
