//! The provider block.

use std::collections::BTreeMap;

use gabion_aws::{AssumeRole, ProviderSettings};
use gabion_framework::prelude::*;

use crate::shared::strings::{self, Strings};
use crate::shared::tags::TagMap;

object! {
    /// The `assume_role` block.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct AssumeRoleConfig {
        /// The role.
        pub role_arn: Value<String>,
        /// Session name.
        pub session_name: Value<String>,
        /// External id.
        pub external_id: Value<String>,
        /// How long a session lasts.
        pub duration: Value<String>,
    }
}

object! {
    /// The `default_tags` block.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct DefaultTagsConfig {
        /// The tags.
        pub tags: Value<BTreeMap<String, Value<String>>>,
    }
}

object! {
    /// The `endpoints` block.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct EndpointsConfig {
        /// Access Analyzer.
        pub accessanalyzer: Value<String>,
        /// Account management.
        pub account: Value<String>,
        /// CloudTrail.
        pub cloudtrail: Value<String>,
        /// EC2.
        pub ec2: Value<String>,
        /// IAM.
        pub iam: Value<String>,
        /// KMS.
        pub kms: Value<String>,
        /// CloudWatch Logs.
        pub logs: Value<String>,
        /// Network Firewall.
        pub networkfirewall: Value<String>,
        /// Organizations.
        pub organizations: Value<String>,
        /// Route 53 Resolver.
        pub route53resolver: Value<String>,
        /// S3.
        pub s3: Value<String>,
        /// S3 control.
        pub s3control: Value<String>,
        /// STS.
        pub sts: Value<String>,
    }
}

object! {
    /// The provider block.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Config {
        /// Region.
        pub region: Value<String>,
        /// Profile.
        pub profile: Value<String>,
        /// Name of the role to assume in other accounts.
        pub vending_role_name: Value<String>,
        /// Accounts that may be used.
        pub allowed_account_ids: Value<Vec<Value<String>>>,
        /// Retries.
        pub max_retries: Value<i64>,
        /// Role to assume first.
        pub assume_role: Value<AssumeRoleConfig>,
        /// Tags of everything.
        pub default_tags: Value<DefaultTagsConfig>,
        /// Endpoints by service.
        pub endpoints: Value<EndpointsConfig>,
    }
}

/// The schema of the provider block.
pub(super) fn schema() -> Schema {
    let endpoint = |name: &str| {
        Attribute::string(name)
            .optional()
            .describe("URL of the endpoint, such as `http://127.0.0.1:4566`.")
    };
    Schema::new(
        "Resources on AWS that are secure when nothing is said, and guardrails that judge every plan. Credentials come \
         from the standard AWS environment, profiles, SSO, container and instance roles.",
    )
    .attributes([
        Attribute::string("region")
            .optional()
            .validate(validate::region())
            .describe("Region of resources that name none. Default: `AWS_REGION`, or the profile's."),
        Attribute::string("profile")
            .optional()
            .validate(validate::length(1, 128))
            .describe("Profile of the shared AWS configuration files. Default: `AWS_PROFILE`."),
        Attribute::string("vending_role_name").optional().validate(validate::length(1, 512)).describe(
            "Name of the role to assume in other accounts (`account_id` of a resource). Default: \
             `OrganizationAccountAccessRole`.",
        ),
        Attribute::set("allowed_account_ids", Type::String)
            .optional()
            .validate(validate::each(validate::account_id()))
            .describe("Accounts whose credentials the provider may use. Default: any."),
        Attribute::int64("max_retries")
            .optional()
            .validate(validate::between(0, 100))
            .describe("Retries of one AWS call. Default: `AWS_MAX_ATTEMPTS` less one, or 5."),
    ])
    .block(
        Block::single(
            "assume_role",
            vec![
                Attribute::string("role_arn")
                    .required()
                    .validate(validate::arn_of("iam"))
                    .describe("ARN of the role."),
                Attribute::string("session_name")
                    .optional()
                    .validate(validate::matches(is_session_name, SESSION_NAME))
                    .describe("Session name, shown in CloudTrail. Default `gabion`."),
                Attribute::string("external_id")
                    .optional()
                    .validate(validate::length(2, 1224))
                    .describe("External id that the role's trust policy asks for."),
                Attribute::string("duration")
                    .optional()
                    .validate(SessionDuration)
                    .describe("How long a session lasts, `15m` to `12h`; it is renewed as needed. Default `1h`."),
            ],
        )
        .describe("A role to assume before anything else."),
    )
    .block(
        Block::single(
            "default_tags",
            vec![Attribute::map("tags", Type::String).optional().describe("The tags.")],
        )
        .describe("Tags of every resource; those of a resource win."),
    )
    .block(
        Block::single(
            "endpoints",
            gabion_aws::config::ENDPOINT_SERVICES.iter().map(|name| endpoint(name)).collect(),
        )
        .describe("Endpoints by service, in place of AWS's own and of `AWS_ENDPOINT_URL`."),
    )
}

/// What a session name must be.
pub(crate) const SESSION_NAME: &str = "a session name: 2 to 64 letters, digits and `_ = , . @ -`";

/// Whether STS takes this as a session name.
pub(crate) fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_=,.@-+".contains(&b))
}

/// Checks the length of a session: 15 minutes to 12 hours.
pub(crate) struct SessionDuration;

impl Validator for SessionDuration {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        if let Dynamic::String(text) = value {
            match timeouts::parse(text) {
                Err(fault) => validate::fail(path, diags, fault),
                Ok(duration) if !(900..=43_200).contains(&duration.as_secs()) => {
                    validate::fail(
                        path,
                        diags,
                        format!("`{text}` is not possible: write between `15m` and `12h`"),
                    );
                }
                Ok(_) => {}
            }
        }
    }
}

impl Config {
    /// The attributes that are not known yet and on which the clients depend.
    pub(super) fn unknown(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut note = |name: &str, unknown: bool| {
            if unknown {
                names.push(name.to_owned());
            }
        };
        note("region", self.region.is_unknown());
        note("profile", self.profile.is_unknown());
        note("vending_role_name", self.vending_role_name.is_unknown());
        note(
            "allowed_account_ids",
            strings::known(&self.allowed_account_ids).is_none(),
        );
        note("max_retries", self.max_retries.is_unknown());
        note("assume_role", self.assume_role.is_unknown());
        if let Some(role) = self.assume_role.known() {
            note("assume_role.role_arn", role.role_arn.is_unknown());
            note("assume_role.session_name", role.session_name.is_unknown());
            note("assume_role.external_id", role.external_id.is_unknown());
            note("assume_role.duration", role.duration.is_unknown());
        }
        note("endpoints", self.endpoints.is_unknown());
        for (service, url) in self.endpoints() {
            note(&format!("endpoints.{service}"), url.is_unknown());
        }
        names
    }

    fn endpoints(&self) -> Vec<(&'static str, &Value<String>)> {
        self.endpoints.known().map_or_else(Vec::new, |endpoints| {
            vec![
                ("accessanalyzer", &endpoints.accessanalyzer),
                ("account", &endpoints.account),
                ("cloudtrail", &endpoints.cloudtrail),
                ("ec2", &endpoints.ec2),
                ("iam", &endpoints.iam),
                ("kms", &endpoints.kms),
                ("logs", &endpoints.logs),
                ("networkfirewall", &endpoints.networkfirewall),
                ("organizations", &endpoints.organizations),
                ("route53resolver", &endpoints.route53resolver),
                ("s3", &endpoints.s3),
                ("s3control", &endpoints.s3control),
                ("sts", &endpoints.sts),
            ]
        })
    }

    /// The tags of everything; unknown while they are.
    pub(super) fn default_tags(&self) -> TagMap {
        match &self.default_tags {
            Value::Null => Value::Null,
            Value::Unknown => Value::Unknown,
            Value::Known(block) => block.tags.clone(),
        }
    }

    /// What the clients are made with.
    ///
    /// # Errors
    /// Sentences that say what is wrong.
    pub(super) fn settings(&self) -> Result<ProviderSettings, Vec<String>> {
        let text = |value: &Value<String>| value.known().cloned();
        let mut settings = ProviderSettings {
            region: text(&self.region),
            profile: text(&self.profile),
            allowed_account_ids: known_list(&self.allowed_account_ids),
            endpoints: self
                .endpoints()
                .into_iter()
                .filter_map(|(service, url)| Some((service.to_owned(), url.known()?.clone())))
                .collect(),
            ..ProviderSettings::default()
        };
        if let Some(name) = text(&self.vending_role_name) {
            settings.vending_role_name = name;
        }
        if let Some(retries) = self.max_retries.known() {
            settings.max_retries = Some(
                u32::try_from(*retries)
                    .map_err(|_| vec![format!("`{retries}` is not a number of retries")])?,
            );
        }
        if let Some(role) = self.assume_role.known() {
            let duration = match role.duration.as_str() {
                None => None,
                Some(text) => Some(timeouts::parse(text).map_err(|fault| vec![fault])?),
            };
            settings.assume_role = Some(AssumeRole {
                role_arn: text(&role.role_arn).unwrap_or_default(),
                session_name: text(&role.session_name),
                external_id: text(&role.external_id),
                duration,
                policy: None,
            });
        }
        Ok(settings)
    }
}

fn known_list(list: &Strings) -> Vec<String> {
    strings::known_part(list).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_a_block() {
        let config = Config {
            region: "eu-central-1".into(),
            vending_role_name: "vend".into(),
            allowed_account_ids: strings::of(["111122223333"]),
            max_retries: 3.into(),
            assume_role: Value::Known(AssumeRoleConfig {
                role_arn: "arn:aws:iam::111122223333:role/x".into(),
                duration: "30m".into(),
                ..AssumeRoleConfig::default()
            }),
            endpoints: Value::Known(EndpointsConfig {
                kms: "http://127.0.0.1:1".into(),
                ..EndpointsConfig::default()
            }),
            ..Config::default()
        };
        assert!(config.unknown().is_empty());
        let settings = config.settings().unwrap();
        assert_eq!(settings.validate(), Ok(()));
        assert_eq!(settings.max_retries, Some(3));
        assert_eq!(settings.vending_role_name, "vend");
        assert_eq!(
            settings.assume_role.unwrap().duration.unwrap().as_secs(),
            1800
        );
        assert_eq!(settings.endpoints["kms"], "http://127.0.0.1:1");
        assert_eq!(
            Config::default().settings().unwrap().vending_role_name,
            "OrganizationAccountAccessRole"
        );
    }

    #[test]
    fn unknowns_are_named() {
        let config = Config {
            region: Value::Unknown,
            endpoints: Value::Known(EndpointsConfig {
                s3: Value::Unknown,
                ..EndpointsConfig::default()
            }),
            default_tags: Value::Unknown,
            ..Config::default()
        };
        assert_eq!(config.unknown(), ["region", "endpoints.s3"]);
        assert!(config.default_tags().is_unknown());
    }

    #[test]
    fn every_endpoint_is_one_that_the_clients_know() {
        for name in EndpointsConfig::ATTRIBUTES {
            assert!(
                gabion_aws::config::ENDPOINT_SERVICES.contains(name),
                "{name}"
            );
        }
    }
}
