//! `service`: an AWS service that assumes the role, bound to the account for which it acts.

use gabion_framework::prelude::*;

use crate::shared::policy::{Matcher, Principals, Statement, allow};
use crate::shared::strings::{self, Strings};

use super::trust::{SID, Scene};

object! {
    /// A service.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct ServicePrincipal {
        /// The service principal, `ecs-tasks.amazonaws.com`.
        pub(crate) principal: Value<String>,
        /// Whether the trust policy says for whom the service must act.
        pub(crate) bind_source: Value<bool>,
        /// The account for which it acts.
        pub(crate) source_account: Value<String>,
        /// The resources for which it acts, patterns.
        pub(crate) source_arns: Strings,
    }
}

/// Services that do not say for whom they act when they assume a role: a condition on it would shut them
/// out. They only assume roles of the account in which they run.
const SILENT: &[&str] = &[
    "cloudtrail.amazonaws.com",
    "ec2.amazonaws.com",
    "ec2.amazonaws.com.cn",
    "elastictranscoder.amazonaws.com",
];

/// Services that say for which resource they act, as their documentation has it, and how the ARN of that begins: the name
/// of the service. All of its resources in the account is the default; one of them the caller names.
const NAMING: &[(&str, &str)] = &[
    ("bedrock", "bedrock"),
    ("codebuild", "codebuild"),
    ("ecs-tasks", "ecs"),
    ("pipes", "pipes"),
    ("sagemaker", "sagemaker"),
    ("scheduler", "scheduler"),
    ("states", "states"),
    ("vpc-flow-logs", "ec2"),
];

/// The resources for which a service acts where nothing is said; none for services that may not tell.
fn default_source(principal: &str, partition: &str, account: &str) -> Option<String> {
    let name = principal.split(".amazonaws.com").next()?;
    let (_, service) = NAMING.iter().find(|(known, _)| *known == name)?;
    Some(format!("arn:{partition}:{service}:*:{account}:*"))
}

/// Whether the service names the resource for which it acts.
pub(super) fn names_source(principal: &str) -> bool {
    default_source(principal, "aws", "").is_some()
}

/// Services that tag the sessions that they begin.
const TAGGING: &[&str] = &["pods.eks.amazonaws.com"];

/// The attribute.
pub(super) fn attribute() -> Attribute {
    Attribute::object(
        "service",
        vec![
            Attribute::string("principal")
                .required()
                .validate(validate::matches(
                    is_service,
                    "a service principal, such as `ecs-tasks.amazonaws.com`",
                ))
                .describe("The service principal, such as `ecs-tasks.amazonaws.com`."),
            Attribute::bool("bind_source").optional().describe(
                "Whether the service must act for `source_account` and `source_arns`. Default `true`, and `false` for \
                 services that do not say for whom they act (`ec2.amazonaws.com`, `cloudtrail.amazonaws.com`, \
                 `elastictranscoder.amazonaws.com`).",
            ),
            Attribute::string("source_account")
                .optional()
                .validate(validate::account_id())
                .describe("The account for which it acts (`aws:SourceAccount`). Default: the role's own."),
            Attribute::set("source_arns", Type::String)
                .optional()
                .validate(validate::each(validate::arn()))
                .describe(
                    "The resources for which it acts (`aws:SourceArn`), one of which must match; `*` is allowed. Default: \
                     the account's resources of that service (`arn:aws:ecs:*:ACCOUNT:*`), for services that are documented \
                     to name theirs: Bedrock, CodeBuild, ECS tasks, EventBridge Pipes and Scheduler, SageMaker, Step \
                     Functions and VPC flow logs. An empty list asks for the account alone, which needs an exception for \
                     those.",
                ),
        ],
    )
    .optional()
    .describe("With `principal_kind = \"service\"`: the AWS service that assumes the role.")
}

fn is_service(text: &str) -> bool {
    let name = text
        .strip_suffix(".amazonaws.com")
        .or_else(|| text.strip_suffix(".amazonaws.com.cn"));
    name.is_some_and(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
    })
}

/// Whether the service can be bound at all.
pub(super) fn can_bind(principal: &str) -> bool {
    !SILENT.contains(&principal)
}

impl ServicePrincipal {
    /// Whether the trust policy binds it; none while that is unknown.
    pub(super) fn binds(&self) -> Option<bool> {
        match &self.bind_source {
            Value::Known(on) => Some(*on),
            Value::Unknown => None,
            Value::Null => self.principal.as_str().map(can_bind),
        }
    }

    /// What one attribute cannot tell.
    pub(super) fn validate(&self, diags: &mut Diagnostics) {
        let path = Path::root("service");
        let Some(principal) = self.principal.as_str() else {
            return;
        };
        let listed = self
            .source_arns
            .known()
            .is_some_and(|arns| !arns.is_empty())
            || self.source_arns.is_unknown();
        let bound = !self.source_account.is_null() || listed;
        if self.bind_source == Value::Known(true) && !can_bind(principal) {
            diags.error_at(
                path.attribute("bind_source"),
                "The service does not say for whom it acts",
                format!(
                    "`{principal}` does not send `aws:SourceAccount` or `aws:SourceArn` when it assumes a role, so a \
                     role that asks for them could never be assumed. Leave `bind_source` out."
                ),
            );
        } else if bound && self.binds() == Some(false) {
            diags.error_at(
                path.attribute("bind_source"),
                "The service is not bound",
                "`source_account` and `source_arns` have no effect while `bind_source` is `false` (the default for \
                 services that do not say for whom they act). Take them out.",
            );
        }
    }

    /// Its statement of the trust policy; none while something is unknown.
    pub(super) fn statement(&self, scene: &Scene<'_>) -> Option<Statement> {
        let principal = self.principal.as_str()?;
        let tags = TAGGING.contains(&principal);
        let mut statement = allow(SID)
            .to("Service", [principal])
            .actions(std::iter::once("sts:AssumeRole").chain(tags.then_some("sts:TagSession")));
        if self.binds()? {
            let account = match &self.source_account {
                Value::Null => scene.account,
                other => other.as_str()?,
            };
            statement = statement.when("StringEquals", "aws:SourceAccount", [account]);
            let arns = match &self.source_arns {
                Value::Null => default_source(principal, scene.partition, account)
                    .into_iter()
                    .collect(),
                given => strings::known(given)?,
            };
            if !arns.is_empty() {
                statement = statement.when("ArnLike", "aws:SourceArn", arns);
            }
        }
        Some(statement)
    }

    /// The service of a live statement that this module could have made.
    pub(super) fn read(statement: &Statement, scene: &Scene<'_>) -> Option<Self> {
        let Principals::Only(map) = &statement.principals else {
            return None;
        };
        let name = map
            .get("Service")
            .filter(|names| names.len() == 1)?
            .first()?;
        let Matcher::Only(_) = &statement.actions else {
            return None;
        };
        let values = |operator: &str, key: &str| {
            statement
                .conditions
                .get(operator)
                .and_then(|keys| keys.get(key))
        };
        let account = values("StringEquals", "aws:SourceAccount").and_then(|set| set.first());
        let arns = values("ArnLike", "aws:SourceArn");
        let bound = account.is_some();
        Some(Self {
            principal: name.as_str().into(),
            bind_source: if bound == can_bind(name) {
                Value::Null
            } else {
                bound.into()
            },
            source_account: account
                .filter(|account| account.as_str() != scene.account)
                .cloned()
                .into(),
            source_arns: match arns {
                None if bound && names_source(name) => strings::of::<String>([]),
                None => Value::Null,
                Some(arns) => {
                    let owner = account.map_or(scene.account, String::as_str);
                    let by_default = default_source(name, scene.partition, owner);
                    if arns.iter().eq(by_default.iter()) {
                        Value::Null
                    } else {
                        strings::of(arns.clone())
                    }
                }
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::iam::role::trust::tests::SCENE;

    fn service(principal: &str) -> ServicePrincipal {
        ServicePrincipal {
            principal: principal.into(),
            ..ServicePrincipal::default()
        }
    }

    #[test]
    fn bound_by_default_where_that_works() {
        for (name, bound) in [
            ("ecs-tasks.amazonaws.com", true),
            ("delivery.logs.amazonaws.com", true),
            ("ec2.amazonaws.com", false),
        ] {
            assert!(is_service(name), "{name}");
            let statement = service(name).statement(&SCENE).unwrap();
            assert_eq!(!statement.conditions.is_empty(), bound, "{name}");
            assert_eq!(
                ServicePrincipal::read(&statement, &SCENE),
                Some(service(name))
            );
        }
        for wrong in [
            "ecs-tasks",
            "*",
            "*.amazonaws.com",
            ".amazonaws.com",
            "ec2.example.com",
        ] {
            assert!(!is_service(wrong), "{wrong}");
        }
    }

    #[test]
    fn other_accounts_and_resources() {
        let one = ServicePrincipal {
            source_account: "444455556666".into(),
            source_arns: strings::of(["arn:aws:ecs:*:444455556666:cluster/orders"]),
            ..service("ecs-tasks.amazonaws.com")
        };
        let statement = one.statement(&SCENE).unwrap();
        assert_eq!(ServicePrincipal::read(&statement, &SCENE), Some(one));
        let arns = |one: &ServicePrincipal| {
            let statement = one.statement(&SCENE).unwrap();
            let live = statement.conditions.get("ArnLike").cloned();
            assert_eq!(
                ServicePrincipal::read(&statement, &SCENE).as_ref(),
                Some(one)
            );
            live.map(|keys| keys["aws:SourceArn"].iter().cloned().collect::<Vec<_>>())
        };
        assert_eq!(
            arns(&service("states.amazonaws.com")),
            Some(vec!["arn:aws:states:*:111122223333:*".to_owned()])
        );
        assert_eq!(arns(&service("config.amazonaws.com")), None);
        let account_alone = ServicePrincipal {
            source_arns: strings::of::<String>([]),
            ..service("states.amazonaws.com")
        };
        assert_eq!(arns(&account_alone), None);
        let unknown = ServicePrincipal {
            source_arns: Value::Known(vec![Value::Unknown]),
            ..service("ecs-tasks.amazonaws.com")
        };
        assert_eq!(unknown.statement(&SCENE), None);
    }
}
