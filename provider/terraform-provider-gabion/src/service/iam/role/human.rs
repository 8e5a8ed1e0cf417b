//! `human`: people, by SAML, by an Identity Center permission set, or by a user or role of IAM.

use gabion_framework::prelude::*;

use crate::shared::policy::{Principals, Statement, allow, root_arn};

use super::trust::{SID, Scene};

object! {
    /// People.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Human {
        /// ARN of a user or role.
        pub(crate) principal: Value<String>,
        /// Whether that principal must have signed in with a second factor.
        pub(crate) require_mfa: Value<bool>,
        /// ARN of a SAML provider.
        pub(crate) saml_provider: Value<String>,
        /// Name of a permission set of Identity Center.
        pub(crate) permission_set: Value<String>,
        /// The account in which the permission set is assigned.
        pub(crate) permission_set_account: Value<String>,
    }
}

const MFA: &str = "aws:MultiFactorAuthPresent";
const RESERVED: &str = "AWSReservedSSO_";
/// The random end of a permission set's role: with `*` another set whose name goes on would match, too.
const RANDOM: &str = "_????????????????";

/// The attribute.
pub(super) fn attribute() -> Attribute {
    Attribute::object(
        "human",
        vec![
            Attribute::string("principal")
                .optional()
                .validate(validate::principal())
                .describe("ARN of the IAM user or role that assumes the role, with a second factor."),
            Attribute::bool("require_mfa").optional().describe(
                "With `principal`: whether it must have signed in with a second factor. Default `true`.",
            ),
            Attribute::string("saml_provider")
                .optional()
                .validate(validate::matches(
                    is_saml_provider,
                    "a SAML provider: expected `arn:aws:iam::ACCOUNT:saml-provider/NAME`",
                ))
                .describe("ARN of the SAML provider that vouches for them. It asks for the second factor."),
            Attribute::string("permission_set")
                .optional()
                .validate(validate::matches(
                    is_permission_set,
                    "the name of a permission set: 1 to 32 letters, digits and `_+=,.@-`",
                ))
                .describe("Name of the Identity Center permission set whose users assume the role. Identity Center asks \
                     for the second factor."),
            Attribute::string("permission_set_account")
                .optional()
                .validate(validate::account_id())
                .describe("The account in which the permission set is assigned. Default: the role's own."),
        ],
    )
    .optional()
    .describe(
        "With `principal_kind = \"human\"`: the people who assume the role, by exactly one of `principal`, \
         `saml_provider` and `permission_set`.",
    )
}

fn is_saml_provider(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", _, "iam", "", account, resource]
        if validate::is_account_id(account)
            && resource.strip_prefix("saml-provider/").is_some_and(is_name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

fn is_permission_set(text: &str) -> bool {
    text.len() <= 32 && is_name(text)
}

/// The audience of the sign-in page of a partition.
fn saml_audience(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "https://signin.amazonaws.cn/saml",
        "aws-us-gov" => "https://signin.amazonaws-us-gov.com/saml",
        _ => "https://signin.aws.amazon.com/saml",
    }
}

impl Human {
    /// What one attribute cannot tell.
    pub(super) fn validate(&self, diags: &mut Diagnostics) {
        let path = Path::root("human");
        let ways = [&self.principal, &self.saml_provider, &self.permission_set];
        if ways.iter().filter(|way| !way.is_null()).count() != 1 {
            diags.error_at(
                path.clone(),
                "Who assumes the role?",
                "`human` needs exactly one of `principal`, `saml_provider` and `permission_set`.",
            );
            return;
        }
        if !self.require_mfa.is_null() && self.principal.is_null() {
            diags.error_at(
                path.attribute("require_mfa"),
                "The role cannot ask for the second factor here",
                "Sessions that begin with SAML or Identity Center do not say whether a second factor was used: ask for \
                 it there, and leave `require_mfa` out.",
            );
        }
        if !self.permission_set_account.is_null() && self.permission_set.is_null() {
            diags.error_at(
                path.attribute("permission_set_account"),
                "There is no permission set",
                "`permission_set_account` goes with `permission_set`.",
            );
        }
        if let Some(name) = self.principal.as_str()
            && (validate::is_account_id(name) || name.ends_with(":root"))
        {
            diags.error_at(
                path.attribute("principal"),
                "A whole account is not one principal",
                format!("`{name}` stands for everybody in that account. Name the user or role."),
            );
        }
    }

    /// Its statement of the trust policy; none while something is unknown.
    pub(super) fn statement(&self, scene: &Scene<'_>) -> Option<Statement> {
        if self.principal.is_unknown()
            || self.saml_provider.is_unknown()
            || self.permission_set.is_unknown()
        {
            return None;
        }
        if let Some(principal) = self.principal.as_str() {
            let statement = allow(SID)
                .to("AWS", [principal])
                .actions(["sts:AssumeRole"]);
            return match &self.require_mfa {
                Value::Unknown => None,
                Value::Known(false) => Some(statement),
                _ => Some(statement.when("Bool", MFA, ["true"])),
            };
        }
        if let Some(provider) = self.saml_provider.as_str() {
            return Some(
                allow(SID)
                    .to("Federated", [provider])
                    .actions(["sts:AssumeRoleWithSAML"])
                    .when("StringEquals", "SAML:aud", [saml_audience(scene.partition)]),
            );
        }
        let name = self.permission_set.as_str()?;
        let account = match &self.permission_set_account {
            Value::Null => scene.account,
            other => other.as_str()?,
        };
        let partition = scene.partition;
        // Only Identity Center makes roles under this path. In some regions it puts the region's name between; a bare
        // `*` there would also take in the set `XAWSReservedSSO_NAME`.
        let path = format!("arn:{partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com");
        let roles = ["/", "/*/"].map(|between| format!("{path}{between}{RESERVED}{name}{RANDOM}"));
        Some(
            allow(SID)
                .to("AWS", [root_arn(partition, account)])
                .actions(["sts:AssumeRole"])
                .when("ArnLike", "aws:PrincipalArn", roles),
        )
    }

    /// The people of a live statement that this module could have made.
    pub(super) fn read(statement: &Statement, scene: &Scene<'_>) -> Option<Self> {
        let Principals::Only(map) = &statement.principals else {
            return None;
        };
        let single = |kind: &str| map.get(kind).filter(|names| names.len() == 1)?.first();
        if let Some(provider) = single("Federated") {
            return is_saml_provider(provider).then(|| Self {
                saml_provider: provider.as_str().into(),
                ..Self::default()
            });
        }
        let principal = single("AWS")?;
        let root = principal.strip_suffix(":root");
        let roles = statement
            .conditions
            .get("ArnLike")
            .and_then(|keys| keys.get("aws:PrincipalArn"))
            .and_then(|values| values.first());
        if let (Some(root), Some(roles)) = (root, roles) {
            let name = roles.rsplit_once(RESERVED)?.1.strip_suffix(RANDOM)?;
            let account = root.rsplit(':').next()?;
            return Some(Self {
                permission_set: name.into(),
                permission_set_account: if account == scene.account {
                    Value::Null
                } else {
                    account.into()
                },
                ..Self::default()
            });
        }
        let mfa = statement
            .conditions
            .get("Bool")
            .is_some_and(|keys| keys.contains_key(MFA));
        Some(Self {
            principal: principal.as_str().into(),
            require_mfa: if mfa { Value::Null } else { false.into() },
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::iam::role::trust::tests::SCENE;

    #[test]
    fn each_way_there_and_back() {
        let user = Human {
            principal: "arn:aws:iam::111122223333:user/ada".into(),
            ..Human::default()
        };
        let ways = [
            user.clone(),
            Human {
                require_mfa: false.into(),
                ..user
            },
            Human {
                saml_provider: "arn:aws:iam::111122223333:saml-provider/corp".into(),
                ..Human::default()
            },
            Human {
                permission_set: "Operators".into(),
                ..Human::default()
            },
            Human {
                permission_set: "Operators".into(),
                permission_set_account: "444455556666".into(),
                ..Human::default()
            },
        ];
        for way in ways {
            let statement = way.statement(&SCENE).unwrap();
            assert_eq!(Human::read(&statement, &SCENE), Some(way));
        }
    }

    #[test]
    fn faults() {
        let told = |human: Human| {
            let mut diags = Diagnostics::new();
            human.validate(&mut diags);
            diags
                .iter()
                .map(|diag| diag.summary.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(told(Human::default()), ["Who assumes the role?"]);
        assert_eq!(
            told(Human {
                saml_provider: Value::Unknown,
                require_mfa: true.into(),
                ..Human::default()
            }),
            ["The role cannot ask for the second factor here"]
        );
        assert_eq!(
            told(Human {
                principal: "111122223333".into(),
                ..Human::default()
            }),
            ["A whole account is not one principal"]
        );
    }
}
