//! The modelled fake: what AWS does and an emulator does not, as far as the provider relies on
//! it. It stands in front of the emulator, in the tests and in `cargo xtask emulator` only.
//!
//! What it covers is the last column of `tests/emulator-gaps.md`. A test that passes thanks to
//! the fake proves the provider's side of a call, never AWS's.

mod accessanalyzer;
mod cloudtrail;
mod ec2_defaults;
mod kms;
mod logs;
mod network;
mod networkfirewall;
mod organizations;
mod quarantine;
mod s3;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use serde_json::Value;

use crate::emulator::Kind;
use crate::proxy::{Reply, Request, Upstream};

/// The fake in front of one emulator.
#[derive(Debug)]
pub struct Fake {
    kind: Kind,
    state: Mutex<State>,
}

/// What the emulator would forget, by the object it belongs to.
#[derive(Debug, Default)]
struct State {
    /// KMS: key id to rotation period, in days.
    rotation_period: BTreeMap<String, i64>,
    /// KMS: keys that a test says were used (`GetKeyLastUsage`), as epoch seconds.
    last_used: BTreeMap<String, i64>,
    /// S3: bucket to the XML of its logging status.
    logging: BTreeMap<String, String>,
    /// S3: bucket to its `TransitionDefaultMinimumObjectSize`.
    minimum_size: BTreeMap<String, String>,
    /// CloudTrail: trail name to its log group settings.
    trail_logs: BTreeMap<String, Value>,
    /// CloudWatch Logs: group to its key, and null once it was taken away.
    group_key: BTreeMap<String, Value>,
    /// CloudWatch Logs: group to its deletion protection.
    group_protection: BTreeMap<String, bool>,
    /// STS: access keys of sessions, to the account and ARN of their role.
    sessions: BTreeMap<String, (String, String)>,
    /// EC2: settings by account and region.
    ec2_defaults: BTreeMap<(String, String), ec2_defaults::Defaults>,
    /// Access Analyzer: analyzers by account, region and name.
    analyzers: BTreeMap<(String, String, String), Value>,
    /// Organizations: creations that are still under way, and how often that is told.
    creations: BTreeMap<String, u32>,
    /// Organizations: creations that failed.
    failed_creations: BTreeMap<String, Value>,
    /// Organizations: who is exempt from a policy that forbids everything in an account, by account and policy.
    quarantines: BTreeMap<(String, String), Vec<String>>,
    /// EC2 and Route 53 Resolver: parts of networks.
    network: network::Network,
    /// Network Firewall.
    firewalls: networkfirewall::Firewalls,
}

impl Fake {
    /// The fake for one kind of emulator.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            state: Mutex::default(),
        }
    }

    /// The answer to a request that the emulator gets wrong, or `None`: send it on.
    ///
    /// # Errors
    /// When the emulator, asked on the way, does not answer.
    pub async fn answer(&self, request: &Request, upstream: &Upstream) -> Result<Option<Reply>> {
        if let Some(reply) = self.quarantined(request) {
            return Ok(Some(reply));
        }
        match request.operation.service.as_str() {
            "access-analyzer" => Ok(self.accessanalyzer(request)),
            "ec2" if request.operation.name == "DescribeRegions" => {
                Self::regions(request, upstream).await.map(Some)
            }
            "ec2" => match self
                .ec2_defaults(request)
                .or_else(|| self.ec2_network(request))
            {
                Some(reply) => Ok(Some(reply)),
                None => self.delete_nat(request, upstream).await,
            },
            "network-firewall" => self.networkfirewall(request, upstream).await,
            "organizations" => self.organizations(request, upstream).await,
            "sts" => self.sts(request, upstream).await,
            "kms" => self.kms(request, upstream).await,
            "s3" => self.s3(request, upstream).await,
            "cloudtrail" => self.cloudtrail(request, upstream).await,
            "logs" => self.logs(request, upstream).await,
            "route53resolver" => self.resolver(request, upstream).await,
            _ => Ok(None),
        }
    }

    fn is_moto(&self) -> bool {
        self.kind == Kind::Moto
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
