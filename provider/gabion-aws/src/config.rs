//! Provider settings, and how they become an SDK configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder as HttpBuilder, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::service_config::ServiceConfigKey;

use crate::error::{AwsError, Kind, Result};
use crate::secret::Secret;

/// Keys that `endpoints` takes.
pub const ENDPOINT_SERVICES: &[&str] = &[
    "accessanalyzer",
    "account",
    "cloudtrail",
    "ec2",
    "iam",
    "kms",
    "logs",
    "networkfirewall",
    "organizations",
    "route53resolver",
    "s3",
    "s3control",
    "sts",
];

/// The role that AWS Organizations makes in each account it creates.
pub const DEFAULT_VENDING_ROLE: &str = "OrganizationAccountAccessRole";

/// Retries where neither the provider block nor the environment says how many.
const DEFAULT_RETRIES: u32 = 5;
/// Attempts of the SDK's own default: taken for "nobody said anything".
const SDK_DEFAULT_ATTEMPTS: u32 = 3;

/// What the provider block says about AWS. Everything unset falls back to the standard AWS
/// environment, profiles, SSO, container and instance credentials.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// Region of resources that name none.
    pub region: Option<String>,
    /// Profile of the shared configuration files.
    pub profile: Option<String>,
    /// Static access key id; prefer profiles or the environment.
    pub access_key: Option<Secret>,
    /// Static secret key, together with `access_key`.
    pub secret_key: Option<Secret>,
    /// Session token of the static keys.
    pub token: Option<Secret>,
    /// Role to assume before anything else.
    pub assume_role: Option<AssumeRole>,
    /// Name (or path and name) of the role to assume in other accounts.
    pub vending_role_name: String,
    /// Endpoint URL by service (see [`ENDPOINT_SERVICES`]).
    pub endpoints: BTreeMap<String, String>,
    /// Accounts whose credentials the provider may use; empty allows all.
    pub allowed_account_ids: Vec<String>,
    /// Retries of one call. Unset: `AWS_MAX_ATTEMPTS` or the profile, else 5.
    pub max_retries: Option<u32>,
    /// S3 path style. Unset: on for loopback endpoints only.
    pub s3_use_path_style: Option<bool>,
    /// Longest time of one attempt.
    pub attempt_timeout: Duration,
    /// Longest time of one call, retries included.
    pub operation_timeout: Duration,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            region: None,
            profile: None,
            access_key: None,
            secret_key: None,
            token: None,
            assume_role: None,
            vending_role_name: DEFAULT_VENDING_ROLE.to_owned(),
            endpoints: BTreeMap::new(),
            allowed_account_ids: Vec::new(),
            max_retries: None,
            s3_use_path_style: None,
            attempt_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(300),
        }
    }
}

/// The `assume_role` block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssumeRole {
    /// ARN of the role.
    pub role_arn: String,
    /// Session name, shown in CloudTrail. Default `gabion`.
    pub session_name: Option<String>,
    /// External id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// Length of a session; renewed as needed. Default one hour.
    pub duration: Option<Duration>,
    /// Session policy (JSON) that narrows the role.
    pub policy: Option<String>,
}

impl ProviderSettings {
    /// Checks everything that needs no call. Each text is one fault, ready for a diagnostic.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        let mut faults = Vec::new();
        for (service, url) in &self.endpoints {
            if !ENDPOINT_SERVICES.contains(&service.as_str()) {
                faults.push(format!(
                    "unknown service `{service}` in `endpoints`; known are {}",
                    ENDPOINT_SERVICES.join(", ")
                ));
            }
            if !is_endpoint(url) {
                faults.push(format!(
                    "endpoint `{url}` of `{service}` is not a URL; write `http://host:port` or `https://host`"
                ));
            }
        }
        for id in &self.allowed_account_ids {
            if !is_account_id(id) {
                faults.push(format!(
                    "`{id}` in `allowed_account_ids` is not an account id; write its 12 digits"
                ));
            }
        }
        if let Some(region) = self.region.as_deref().filter(|region| !is_region(region)) {
            faults.push(format!(
                "`{region}` is not a region name; write for example `eu-central-1`"
            ));
        }
        if self.access_key.is_some() != self.secret_key.is_some() {
            faults.push("`access_key` and `secret_key` go together; set both or none".to_owned());
        }
        if self.vending_role_name.is_empty() || self.vending_role_name.contains(':') {
            faults.push(format!(
                "`{}` is not a role name for `vending_role_name`; write the name, not the ARN",
                self.vending_role_name
            ));
        }
        if let Some(role) = &self.assume_role {
            if !is_role_arn(&role.role_arn) {
                faults.push(format!(
                    "`{}` in `assume_role` is not a role ARN; write `arn:aws:iam::ACCOUNT:role/NAME`",
                    role.role_arn
                ));
            }
            if let Some(fault) = role.duration.and_then(duration_fault) {
                faults.push(fault);
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }
}

/// What is wrong with a session length, if anything: STS takes 15 minutes to 12 hours.
pub(crate) fn duration_fault(duration: Duration) -> Option<String> {
    let seconds = duration.as_secs();
    (!(900..=43_200).contains(&seconds)).then(|| {
        format!(
            "a session of {seconds} seconds is not possible; write between 15 minutes and 12 hours"
        )
    })
}

/// Whether a text is a 12-digit account id.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text looks like a region name. New regions must pass, so only the form is checked.
pub(crate) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() >= 3
        && parts.iter().all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
        && parts
            .last()
            .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
}

fn is_role_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    parts.next() == Some("arn")
        && parts
            .next()
            .is_some_and(|partition| partition.starts_with("aws"))
        && parts.next() == Some("iam")
        && parts.next() == Some("")
        && parts.next().is_some_and(is_account_id)
        && parts
            .next()
            .and_then(|resource| resource.strip_prefix("role/"))
            .is_some_and(|name| !name.is_empty())
}

fn is_endpoint(url: &str) -> bool {
    host_of(url).is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace))
}

/// The host of an http or https URL, without port and brackets.
fn host_of(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    if let Some(bracketed) = authority.strip_prefix('[') {
        return bracketed.split(']').next();
    }
    authority.split(':').next()
}

/// Whether a URL points to this machine: bucket names cannot stand before an address.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Some(host) = host_of(url) else {
        return false;
    };
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The partition of a region.
pub fn partition_of(region: &str) -> &'static str {
    const PREFIXES: &[(&str, &str)] = &[
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("aws", |(_, partition)| partition)
}

/// A service as `endpoints` and the SDK's own configuration know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServiceName {
    /// Key in `endpoints`.
    pub(crate) key: &'static str,
    /// The SDK's service id, from which `AWS_ENDPOINT_URL_...` is made.
    pub(crate) id: &'static str,
}

pub(crate) const ACCESSANALYZER: ServiceName = ServiceName {
    key: "accessanalyzer",
    id: "AccessAnalyzer",
};
pub(crate) const ACCOUNT: ServiceName = ServiceName {
    key: "account",
    id: "Account",
};
pub(crate) const CLOUDTRAIL: ServiceName = ServiceName {
    key: "cloudtrail",
    id: "CloudTrail",
};
pub(crate) const EC2: ServiceName = ServiceName {
    key: "ec2",
    id: "EC2",
};
pub(crate) const IAM: ServiceName = ServiceName {
    key: "iam",
    id: "IAM",
};
pub(crate) const KMS: ServiceName = ServiceName {
    key: "kms",
    id: "KMS",
};
pub(crate) const LOGS: ServiceName = ServiceName {
    key: "logs",
    id: "CloudWatch Logs",
};
pub(crate) const NETWORKFIREWALL: ServiceName = ServiceName {
    key: "networkfirewall",
    id: "Network Firewall",
};
pub(crate) const ORGANIZATIONS: ServiceName = ServiceName {
    key: "organizations",
    id: "Organizations",
};
pub(crate) const ROUTE53RESOLVER: ServiceName = ServiceName {
    key: "route53resolver",
    id: "Route53Resolver",
};
pub(crate) const S3: ServiceName = ServiceName {
    key: "s3",
    id: "S3",
};
pub(crate) const S3CONTROL: ServiceName = ServiceName {
    key: "s3control",
    id: "S3 Control",
};
pub(crate) const STS: ServiceName = ServiceName {
    key: "sts",
    id: "STS",
};

impl ProviderSettings {
    /// The SDK configuration with the credentials of profile, keys or environment; no role assumed yet.
    pub(crate) async fn load(&self) -> Result<SdkConfig> {
        if let Err(faults) = self.validate() {
            return Err(configuration(faults.join("; ")));
        }
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(self.attempt_timeout)
            .operation_timeout(self.operation_timeout)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(shared_http_client())
            .timeout_config(timeouts);
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let (Some(id), Some(secret)) = (&self.access_key, &self.secret_key) {
            loader = loader.credentials_provider(Credentials::new(
                id.expose(),
                secret.expose(),
                self.token.as_ref().map(|token| token.expose().to_owned()),
                None,
                "provider block",
            ));
        }
        if let Some(retries) = self.max_retries {
            loader = loader.retry_config(retry_config(retries));
        }
        let config = loader.load().await;
        let untouched = config
            .retry_config()
            .is_none_or(|retry| retry.max_attempts() == SDK_DEFAULT_ATTEMPTS);
        if self.max_retries.is_none() && untouched {
            return Ok(config
                .into_builder()
                .retry_config(retry_config(DEFAULT_RETRIES))
                .build());
        }
        Ok(config)
    }

    /// The endpoint override of a service: from the provider block, else from the environment or profile.
    pub(crate) fn endpoint(&self, config: &SdkConfig, service: ServiceName) -> Option<String> {
        if let Some(url) = self.endpoints.get(service.key) {
            return Some(url.clone());
        }
        let key = ServiceConfigKey::builder()
            .service_id(service.id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()?;
        config
            .service_config()
            .and_then(|source| source.load_config(key))
            .or_else(|| config.endpoint_url().map(str::to_owned))
    }

    /// Whether S3 requests put the bucket into the path.
    pub(crate) fn path_style(&self, s3_endpoint: Option<&str>) -> bool {
        self.s3_use_path_style
            .unwrap_or_else(|| s3_endpoint.is_some_and(is_loopback))
    }
}

/// An error of the provider's own settings.
pub(crate) fn configuration(message: impl Into<String>) -> AwsError {
    AwsError::without_call(Kind::Configuration, "configuring the provider", message)
}

fn retry_config(retries: u32) -> RetryConfig {
    RetryConfig::standard().with_max_attempts(retries.saturating_add(1))
}

/// One HTTP client for all services: the SDK's default makes one per service, and each reads the
/// trust store again.
fn shared_http_client() -> SharedHttpClient {
    HttpBuilder::new().build_with_connector_fn(|settings, components| {
        let mut connector =
            ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named() {
        let settings = ProviderSettings {
            endpoints: [
                ("kms".to_owned(), "127.0.0.1:1".to_owned()),
                ("ec9".to_owned(), "http://x".to_owned()),
            ]
            .into(),
            allowed_account_ids: vec!["12".to_owned()],
            region: Some("Frankfurt".to_owned()),
            access_key: Some(Secret::new("AKIAIOSFODNN7EXAMPLE")),
            assume_role: Some(AssumeRole {
                role_arn: "arn:aws:iam::1:role/x".to_owned(),
                duration: Some(Duration::from_secs(60)),
                ..AssumeRole::default()
            }),
            ..ProviderSettings::default()
        };
        let faults = settings.validate().unwrap_err();
        assert_eq!(faults.len(), 7, "{faults:#?}");
        assert!(!format!("{settings:?}").contains("AKIA"));
        assert!(ProviderSettings::default().validate().is_ok());
    }

    #[test]
    fn loopback_hosts() {
        for url in [
            "http://127.0.0.1:4566",
            "http://localhost:5000/",
            "http://[::1]:5000",
            "http://127.3.2.1",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://s3.example.com",
            "http://10.0.0.1:80",
            "http://localhost.example.com",
            "127.0.0.1",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn partitions_and_regions() {
        assert_eq!(partition_of("eu-central-1"), "aws");
        assert_eq!(partition_of("cn-north-1"), "aws-cn");
        assert_eq!(partition_of("us-gov-west-1"), "aws-us-gov");
        assert_eq!(partition_of("us-isob-east-1"), "aws-iso-b");
        assert!(is_region("ap-southeast-7") && is_region("us-gov-west-1"));
        assert!(!is_region("eu-central") && !is_region("eu_central_1") && !is_region(""));
    }

    #[test]
    fn path_style_follows_the_endpoint() {
        let settings = ProviderSettings::default();
        assert!(settings.path_style(Some("http://127.0.0.1:1")));
        assert!(!settings.path_style(Some("https://s3.example.com")));
        assert!(!settings.path_style(None));
        let forced = ProviderSettings {
            s3_use_path_style: Some(false),
            ..ProviderSettings::default()
        };
        assert!(!forced.path_style(Some("http://127.0.0.1:1")));
    }
}
