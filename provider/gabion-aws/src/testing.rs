//! Clients without a network, for the unit tests of this crate.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_mocks::{MockResponseInterceptor, Rule, RuleMode, create_mock_http_client};

use crate::clients::{Clients, Common, Sdk};
use crate::config::ProviderSettings;
use crate::limiter::Limiter;
use crate::observe::RecordingObserver;
use crate::sts::CallerIdentity;

/// Mocked services: each holds the rules of its answers.
pub(crate) struct Fake {
    pub(crate) observer: Arc<RecordingObserver>,
    sdk: Option<Sdk>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            observer: Arc::default(),
            sdk: Some(Sdk::default()),
        }
    }
}

macro_rules! fake_service {
    ($name:ident, $sdk:ident) => {
        #[allow(dead_code, reason = "one for each service, used as tests need them")]
        pub(crate) fn $name(self, rules: &[&Rule]) -> Self {
            let mut answers = MockResponseInterceptor::new().rule_mode(RuleMode::MatchAny);
            for rule in rules {
                answers = answers.with_rule(rule);
            }
            let config = $sdk::config::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region($sdk::config::Region::new("eu-central-1"))
                .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
                .retry_config(aws_config::retry::RetryConfig::disabled())
                .http_client(create_mock_http_client())
                .interceptor(answers)
                .build();
            if let Some(sdk) = &self.sdk {
                assert!(sdk.$name.set($sdk::Client::from_conf(config)).is_ok());
            }
            self
        }
    };
}

impl Fake {
    fake_service!(accessanalyzer, aws_sdk_accessanalyzer);
    fake_service!(account, aws_sdk_account);
    fake_service!(cloudtrail, aws_sdk_cloudtrail);
    fake_service!(ec2, aws_sdk_ec2);
    fake_service!(iam, aws_sdk_iam);
    fake_service!(kms, aws_sdk_kms);
    fake_service!(logs, aws_sdk_cloudwatchlogs);
    fake_service!(networkfirewall, aws_sdk_networkfirewall);
    fake_service!(organizations, aws_sdk_organizations);
    fake_service!(route53resolver, aws_sdk_route53resolver);
    fake_service!(s3, aws_sdk_s3);
    fake_service!(s3control, aws_sdk_s3control);
    fake_service!(sts, aws_sdk_sts);

    /// Clients of account 111122223333 in eu-central-1. Once.
    pub(crate) fn clients(&mut self) -> Clients {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .build();
        let common = Common {
            settings: Arc::new(ProviderSettings::default()),
            limiter: Arc::new(Limiter::default()),
            observer: Some(self.observer.clone()),
        };
        let caller = CallerIdentity {
            account_id: "111122223333".to_owned(),
            arn: "arn:aws:iam::111122223333:user/test".to_owned(),
            user_id: "AIDATEST".to_owned(),
        };
        let sdk = self.sdk.take().unwrap_or_default();
        Clients::with_sdk(config, common, caller, "eu-central-1", sdk)
    }
}
