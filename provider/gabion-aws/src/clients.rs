//! Clients of one account and region.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use tokio_util::sync::CancellationToken;

use crate::accessanalyzer::AccessAnalyzer;
use crate::account::Account;
use crate::cloudtrail::CloudTrail;
use crate::config::{self, ProviderSettings, ServiceName, partition_of};
use crate::ec2::{Ec2, Listings};
use crate::iam::Iam;
use crate::kms::Kms;
use crate::limiter::Limiter;
use crate::logs::Logs;
use crate::networkfirewall::NetworkFirewall;
use crate::observe::Observer;
use crate::organizations::{OrganizationLookup, Organizations};
use crate::route53resolver::{QueryLogs, Route53Resolver};
use crate::s3::S3;
use crate::s3control::{PlainEndpoint, S3Control};
use crate::shared::{Shared, Writes};
use crate::sts::{CallerIdentity, Sts};

/// What all clients of a pool share.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) settings: Arc<ProviderSettings>,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

#[derive(Default)]
pub(crate) struct Sdk {
    pub(crate) accessanalyzer: OnceLock<aws_sdk_accessanalyzer::Client>,
    pub(crate) account: OnceLock<aws_sdk_account::Client>,
    pub(crate) cloudtrail: OnceLock<aws_sdk_cloudtrail::Client>,
    pub(crate) ec2: OnceLock<aws_sdk_ec2::Client>,
    pub(crate) iam: OnceLock<aws_sdk_iam::Client>,
    pub(crate) kms: OnceLock<aws_sdk_kms::Client>,
    pub(crate) logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    pub(crate) networkfirewall: OnceLock<aws_sdk_networkfirewall::Client>,
    pub(crate) organizations: OnceLock<aws_sdk_organizations::Client>,
    pub(crate) route53resolver: OnceLock<aws_sdk_route53resolver::Client>,
    pub(crate) s3: OnceLock<aws_sdk_s3::Client>,
    pub(crate) s3control: OnceLock<aws_sdk_s3control::Client>,
    pub(crate) sts: OnceLock<aws_sdk_sts::Client>,
}

struct Inner {
    config: SdkConfig,
    common: Common,
    caller: CallerIdentity,
    region: String,
    sdk: Sdk,
    writes: Writes,
    listings: Listings,
    query_logs: QueryLogs,
    organization: Shared<OrganizationLookup>,
}

/// A handle on one account and region. Cloning is cheap and shares connections.
#[derive(Clone)]
pub struct Clients {
    inner: Arc<Inner>,
    read_only: bool,
    cancel: Option<CancellationToken>,
    deadline: Option<Instant>,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clients")
            .field("account", &self.account_id())
            .field("region", &self.region())
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

macro_rules! service_client {
    ($name:ident, $sdk:ident, $service:expr) => {
        pub(crate) fn $name(&self) -> &'a $sdk::Client {
            self.inner.sdk.$name.get_or_init(|| {
                let builder = $sdk::config::Builder::from(&self.inner.config);
                let builder = match self.endpoint($service) {
                    Some(url) => builder.endpoint_url(url),
                    None => builder,
                };
                $sdk::Client::from_conf(builder.build())
            })
        }
    };
}

/// The SDK clients, made on first use. Only the service modules of this crate see them.
pub(crate) struct SdkClients<'a> {
    inner: &'a Inner,
}

impl<'a> SdkClients<'a> {
    fn endpoint(&self, service: ServiceName) -> Option<String> {
        self.inner
            .common
            .settings
            .endpoint(&self.inner.config, service)
    }

    service_client!(
        accessanalyzer,
        aws_sdk_accessanalyzer,
        config::ACCESSANALYZER
    );
    service_client!(account, aws_sdk_account, config::ACCOUNT);
    service_client!(cloudtrail, aws_sdk_cloudtrail, config::CLOUDTRAIL);
    service_client!(ec2, aws_sdk_ec2, config::EC2);
    service_client!(iam, aws_sdk_iam, config::IAM);
    service_client!(kms, aws_sdk_kms, config::KMS);
    service_client!(logs, aws_sdk_cloudwatchlogs, config::LOGS);
    service_client!(
        networkfirewall,
        aws_sdk_networkfirewall,
        config::NETWORKFIREWALL
    );
    service_client!(organizations, aws_sdk_organizations, config::ORGANIZATIONS);
    service_client!(
        route53resolver,
        aws_sdk_route53resolver,
        config::ROUTE53RESOLVER
    );
    service_client!(sts, aws_sdk_sts, config::STS);

    pub(crate) fn s3(&self) -> &'a aws_sdk_s3::Client {
        self.inner.sdk.s3.get_or_init(|| {
            let endpoint = self.endpoint(config::S3);
            let path_style = self.inner.common.settings.path_style(endpoint.as_deref());
            let mut builder =
                aws_sdk_s3::config::Builder::from(&self.inner.config).force_path_style(path_style);
            builder.set_endpoint_url(endpoint);
            aws_sdk_s3::Client::from_conf(builder.build())
        })
    }

    pub(crate) fn s3control(&self) -> &'a aws_sdk_s3control::Client {
        self.inner.sdk.s3control.get_or_init(|| {
            let mut builder = aws_sdk_s3control::config::Builder::from(&self.inner.config);
            match self.endpoint(config::S3CONTROL) {
                Some(url) if config::is_loopback(&url) => {
                    builder = builder.endpoint_resolver(PlainEndpoint { url });
                }
                url => {
                    builder.set_endpoint_url(url);
                }
            }
            aws_sdk_s3control::Client::from_conf(builder.build())
        })
    }
}

impl Clients {
    /// Clients for a region, with the given credentials (or those of the configuration).
    pub(crate) fn new(
        config: &SdkConfig,
        common: Common,
        caller: CallerIdentity,
        region: &str,
        credentials: Option<SharedCredentialsProvider>,
    ) -> Self {
        let mut builder = config.to_builder().region(Region::new(region.to_owned()));
        if let Some(credentials) = credentials {
            builder.set_credentials_provider(Some(credentials));
        }
        Self::with_sdk(builder.build(), common, caller, region, Sdk::default())
    }

    pub(crate) fn with_sdk(
        config: SdkConfig,
        common: Common,
        caller: CallerIdentity,
        region: &str,
        sdk: Sdk,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                config,
                common,
                caller,
                region: region.to_owned(),
                sdk,
                writes: Writes::default(),
                listings: Listings::default(),
                query_logs: QueryLogs::default(),
                organization: Shared::default(),
            }),
            read_only: false,
            cancel: None,
            deadline: None,
        }
    }

    pub(crate) fn sdk(&self) -> SdkClients<'_> {
        SdkClients { inner: &self.inner }
    }

    /// What was written through these clients.
    pub(crate) fn writes(&self) -> &Writes {
        &self.inner.writes
    }

    /// EC2's listings of this account and region, as readers share them.
    pub(crate) fn listings(&self) -> &Listings {
        &self.inner.listings
    }

    /// The resolver's.
    pub(crate) fn query_logs(&self) -> &QueryLogs {
        &self.inner.query_logs
    }

    /// The organization's.
    pub(crate) fn organization(&self) -> &Shared<OrganizationLookup> {
        &self.inner.organization
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.inner.common.limiter
    }

    pub(crate) fn observer(&self) -> Option<&Arc<dyn Observer>> {
        self.inner.common.observer.as_ref()
    }

    pub(crate) fn settings(&self) -> &ProviderSettings {
        &self.inner.common.settings
    }

    /// The account whose resources these clients see.
    pub fn account_id(&self) -> &str {
        &self.inner.caller.account_id
    }

    /// The region they talk to.
    pub fn region(&self) -> &str {
        &self.inner.region
    }

    /// The partition of that region (`aws`, `aws-cn`, `aws-us-gov`, ...).
    pub fn partition(&self) -> &'static str {
        partition_of(&self.inner.region)
    }

    /// Who signs the calls: the principal that a lock-out check must find in a policy.
    pub fn caller(&self) -> &CallerIdentity {
        &self.inner.caller
    }

    /// An ARN in this account and region: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            self.partition(),
            self.region(),
            self.account_id()
        )
    }

    /// The same handle, but writes answer [`crate::Kind::ReadOnly`] and are never sent. For plan and read.
    pub fn read_only(&self) -> Self {
        Self {
            read_only: true,
            ..self.clone()
        }
    }

    /// Whether writes are refused.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// The same handle, bound to a stop signal and a deadline: no call starts after either, waiters
    /// end, and a call that is under way is let finish, as its effect belongs into the state.
    pub fn scoped(&self, cancel: CancellationToken, deadline: Option<Instant>) -> Self {
        Self {
            cancel: Some(cancel),
            deadline,
            ..self.clone()
        }
    }

    /// The same clients, which go on when Terraform asks to stop, until their deadline: for the few steps between which
    /// nothing may be left standing.
    pub fn uninterrupted(&self) -> Self {
        Self {
            cancel: None,
            ..self.clone()
        }
    }

    /// The same handle without stop signal and deadline: to find out what a lost reply did.
    pub(crate) fn unscoped(&self) -> Self {
        Self {
            cancel: None,
            deadline: None,
            ..self.clone()
        }
    }

    /// Whether the stop signal was given.
    pub fn is_cancelled(&self) -> bool {
        self.cancel
            .as_ref()
            .is_some_and(CancellationToken::is_cancelled)
    }

    /// Whether no further call may start: the stop signal was given, or the deadline has passed.
    pub(crate) fn is_over(&self) -> bool {
        self.is_cancelled() || self.deadline.is_some_and(|end| Instant::now() >= end)
    }

    /// When no further call may start.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Sleeps, but not beyond the stop signal or the deadline.
    pub(crate) async fn sleep(&self, time: Duration) {
        let left = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let time = left.map_or(time, |left| left.min(time));
        match &self.cancel {
            Some(token) => {
                tokio::select! {
                    () = tokio::time::sleep(time) => {}
                    () = token.cancelled() => {}
                }
            }
            None => tokio::time::sleep(time).await,
        }
    }

    /// Analyzers of what is shared with others.
    pub fn accessanalyzer(&self) -> AccessAnalyzer {
        AccessAnalyzer::new(self.clone())
    }

    /// The account itself.
    pub fn account(&self) -> Account {
        Account::new(self.clone())
    }

    /// EC2 and its networks.
    pub fn ec2(&self) -> Ec2 {
        Ec2::new(self.clone())
    }

    /// Identity and access management.
    pub fn iam(&self) -> Iam {
        Iam::new(self.clone())
    }

    /// S3 settings of the whole account.
    pub fn s3control(&self) -> S3Control {
        S3Control::new(self.clone())
    }

    /// Key management.
    pub fn kms(&self) -> Kms {
        Kms::new(self.clone())
    }

    /// Firewalls of networks.
    pub fn networkfirewall(&self) -> NetworkFirewall {
        NetworkFirewall::new(self.clone())
    }

    /// The resolver of VPCs.
    pub fn route53resolver(&self) -> Route53Resolver {
        Route53Resolver::new(self.clone())
    }

    /// Buckets.
    pub fn s3(&self) -> S3 {
        S3::new(self.clone())
    }

    /// Trails.
    pub fn cloudtrail(&self) -> CloudTrail {
        CloudTrail::new(self.clone())
    }

    /// Log groups.
    pub fn logs(&self) -> Logs {
        Logs::new(self.clone())
    }

    /// Security tokens.
    pub fn sts(&self) -> Sts {
        Sts::new(self.clone())
    }

    /// The organization.
    pub fn organizations(&self) -> Organizations {
        Organizations::new(self.clone())
    }
}
