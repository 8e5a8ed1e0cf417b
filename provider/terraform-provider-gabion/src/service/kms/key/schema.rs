//! What the user may write.

use gabion_framework::prelude::*;

use crate::shared::{acknowledge, deletion, exception, live, location, policy_statement, tags};

use super::defaults::{DELETION_WINDOW, ROTATION_PERIOD};
use super::{alias, service_user};

const DESCRIPTION: &str = "A KMS key with everything on: rotation, an alias, a generated key policy that keeps \
administration and use apart, and protection from deletion.";

fn principals(name: &str, text: &str) -> Attribute {
    Attribute::set(name, Type::String)
        .default(Vec::<String>::new())
        .validate(validate::each(validate::principal()))
        .describe(text)
}

pub(super) fn schema() -> Schema {
    Schema::new(DESCRIPTION)
        .attributes([
            Attribute::string("alias")
                .required()
                .validate(validate::matches(
                    alias::is_valid,
                    "an alias: letters, digits, `/`, `_` and `-`, at most 256 with `alias/`, not beginning with `alias/aws/`",
                ))
                .describe("The key's alias. `alias/` in front of it may be left out."),
            Attribute::string("description")
                .optional()
                .validate(validate::length(0, 8192))
                .describe("What the key is for."),
            Attribute::bool("enable_key_rotation")
                .default(true)
                .describe("Whether KMS rotates the key material. Default `true` (C5 3.6, KMS.4)."),
            Attribute::int64("rotation_period_in_days")
                .default(ROTATION_PERIOD)
                .validate(validate::between(90, 2560))
                .describe("Days between rotations, 90 to 2560. Default 365 (C5 3.6)."),
            Attribute::int64("deletion_window_in_days")
                .default(DELETION_WINDOW)
                .validate(validate::between(7, 30))
                .describe("Days that KMS waits before it deletes the key, 7 to 30. Default 30 (KMS.3)."),
            deletion::attribute(),
            Attribute::bool("is_enabled")
                .default(true)
                .describe("Whether the key can be used. Default `true`."),
            Attribute::bool("multi_region")
                .default(false)
                .requires_replace()
                .describe("Whether it is a multi-region primary key. Default `false` (own). Changing it replaces the key."),
            principals(
                "administrators",
                "Principals that administer the key. They cannot use it, nor give themselves its use by a grant.",
            ),
            principals(
                "users",
                "Principals that encrypt and decrypt with the key, and let AWS services do so for them. They cannot \
                 administer it. The account's own root stands for whomever IAM policies permit.",
            ),
            service_user::attribute(),
            policy_statement::attribute("kms"),
            live::attribute(),
            acknowledge::attribute(
                "the alias",
                "that a key which was used in the last 30 days is destroyed",
            ),
            Attribute::string("policy")
                .computed()
                .describe("The key policy, generated from the lists above, as it is in KMS."),
        ])
        .attributes(location::attributes())
        .attributes([
            Attribute::string("id").computed().use_state_for_unknown().describe("The key id."),
            Attribute::string("key_id").computed().use_state_for_unknown().describe("The key id."),
            Attribute::string("arn").computed().use_state_for_unknown().describe("The key's ARN."),
            Attribute::string("alias_arn").computed().describe("The alias's ARN."),
        ])
        .attributes(tags::attributes())
        .block(exception::block())
        .block(timeouts::block(&["create", "update", "delete"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::kms::key::KmsKeyModel;

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
        let mut model = KmsKeyModel::ATTRIBUTES.to_vec();
        model.sort_unstable();
        assert_eq!(names, model);
    }
}
