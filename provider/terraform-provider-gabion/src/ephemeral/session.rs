//! `gabion_session`: short-lived credentials of a role, which never touch plan or state.

use gabion_aws::SessionRequest;
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::provider::{SESSION_NAME, SessionDuration, is_session_name};
use crate::shared::fault;

/// The ephemeral resource.
pub(crate) struct Session;

object! {
    /// Configuration and answer. Holds secrets: no `Debug`.
    #[derive(Clone, Default, PartialEq)]
    pub(crate) struct SessionModel {
        pub(crate) role_arn: Value<String>,
        pub(crate) account_id: Value<String>,
        pub(crate) session_name: Value<String>,
        pub(crate) external_id: Value<String>,
        pub(crate) duration: Value<String>,
        pub(crate) policy: Value<String>,
        pub(crate) region: Value<String>,
        pub(crate) access_key_id: Value<String>,
        pub(crate) secret_access_key: Value<String>,
        pub(crate) session_token: Value<String>,
        pub(crate) expiration: Value<String>,
        pub(crate) assumed_role_arn: Value<String>,
    }
}

#[async_trait]
impl Ephemeral for Session {
    type Model = SessionModel;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        "gabion_session"
    }

    fn schema(&self) -> Schema {
        let text = |name: &str, text: &str| Attribute::string(name).computed().describe(text);
        Schema::new(
            "Short-lived credentials of a role, from STS AssumeRole. They are in no plan and in no state.",
        )
        .attributes([
            Attribute::string("role_arn")
                .optional()
                .validate(validate::arn_of("iam"))
                .describe("The role. One of `role_arn` and `account_id` is needed."),
            Attribute::string("account_id")
                .optional()
                .validate(validate::account_id())
                .describe("The account whose vending role (the provider's `vending_role_name`) to assume."),
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
                .describe("How long the session lasts, `15m` to `12h`. Default `1h`."),
            Attribute::string("policy")
                .optional()
                .validate(validate::matches(is_json_object, "a policy as JSON"))
                .describe("A session policy (JSON) that narrows the role."),
            Attribute::string("region")
                .optional()
                .validate(validate::region())
                .describe("The region whose STS is asked. Default: the provider's."),
            text("access_key_id", "The access key id."),
            text("secret_access_key", "The secret access key.").sensitive(),
            text("session_token", "The session token.").sensitive(),
            text("expiration", "When the session ends, RFC 3339."),
            text("assumed_role_arn", "ARN of the session."),
        ])
    }

    fn validate(&self, config: &SessionModel, diags: &mut Diagnostics) {
        if config.role_arn.is_null() == config.account_id.is_null() {
            diags.error(
                "Invalid session",
                "Set exactly one of `role_arn` and `account_id`: the role itself, or the account whose vending role to \
                 assume.",
            );
        }
    }

    async fn open(
        &self,
        ctx: &Ctx<Gabion>,
        config: SessionModel,
    ) -> Result<Opened<SessionModel>, Diagnostics> {
        let pool = ctx.provider()?.pool()?;
        let known = |value: &Value<String>| value.known().cloned();
        let role_arn = match (config.role_arn.as_str(), config.account_id.as_str()) {
            (Some(arn), _) => arn.to_owned(),
            (None, Some(account)) => {
                let own = pool
                    .get(None, config.region.as_str())
                    .await
                    .map_err(fault::while_doing("finding out the provider's own account"))?;
                let name = pool.settings().vending_role_name.trim_start_matches('/');
                format!("arn:{}:iam::{account}:role/{name}", own.partition())
            }
            (None, None) => {
                return Err(Diagnostics::from_error(
                    "Invalid session",
                    "Set `role_arn` or `account_id`.",
                ));
            }
        };
        let duration = match config.duration.as_str() {
            None => None,
            Some(text) => Some(timeouts::parse(text).map_err(|fault| {
                fault::error_at(
                    Path::root("duration"),
                    "Invalid session",
                    format!("{fault}."),
                )
            })?),
        };
        let request = SessionRequest {
            session_name: known(&config.session_name),
            external_id: known(&config.external_id),
            duration,
            policy: known(&config.policy),
            region: known(&config.region),
            ..SessionRequest::new(role_arn.as_str())
        };
        let session = pool
            .assume_role_session(request)
            .await
            .map_err(fault::while_setting(
                Path::root("role_arn"),
                format!("assuming the role `{role_arn}`"),
            ))?;
        let result = SessionModel {
            access_key_id: session.access_key_id.into(),
            secret_access_key: session.secret_access_key.expose().into(),
            session_token: session.session_token.expose().into(),
            expiration: session.expiration.to_string().into(),
            assumed_role_arn: session.assumed_role_arn.into(),
            ..config
        };
        Ok(Opened::new(result))
    }
}

fn is_json_object(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value.is_object())
}
