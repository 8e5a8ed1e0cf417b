//! Where a firewall logs to.

use std::collections::BTreeMap;

use aws_sdk_networkfirewall::types::{
    LogDestinationConfig, LogDestinationType, LogType, LoggingConfiguration,
};

use super::NetworkFirewall;
use crate::convert::build_error;
use crate::error::{Absent, Result};
use crate::operations;

/// A kind of log and its destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirewallLog {
    /// `ALERT`, `FLOW` or `TLS`.
    pub kind: String,
    /// `S3`, `CloudWatchLogs` or `KinesisDataFirehose`.
    pub target: String,
    /// What names it: `bucketName` and `prefix`, or `logGroup`.
    pub destination: BTreeMap<String, String>,
}

impl NetworkFirewall {
    /// What a firewall logs, sorted. None for a firewall that is not there.
    pub async fn firewall_logs(&self, name: &str) -> Result<Vec<FirewallLog>> {
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .describe_logging_configuration()
            .firewall_name(name);
        let answer = self
            .clients
            .call(
                &operations::networkfirewall::DESCRIBE_LOGGING_CONFIGURATION,
                call.send(),
            )
            .await
            .or_absent()?;
        let configs = answer
            .and_then(|answer| answer.logging_configuration)
            .map(|found| found.log_destination_configs)
            .unwrap_or_default();
        let mut logs: Vec<FirewallLog> = configs
            .into_iter()
            .map(|one| FirewallLog {
                kind: one.log_type.as_str().to_owned(),
                target: one.log_destination_type.as_str().to_owned(),
                destination: one.log_destination.into_iter().collect(),
            })
            .collect();
        logs.sort();
        Ok(logs)
    }

    /// Brings what a firewall logs from one list to another. AWS takes one change in a call: what goes or changes is
    /// taken away first, one by one, and what is new then added.
    pub async fn set_firewall_logs(
        &self,
        name: &str,
        before: &[FirewallLog],
        wanted: &[FirewallLog],
    ) -> Result<()> {
        let mut now = before.to_vec();
        for stale in before.iter().filter(|one| !wanted.contains(one)) {
            now.retain(|one| one != stale);
            self.put_firewall_logs(name, &now).await?;
        }
        for fresh in wanted {
            if !now.contains(fresh) {
                now.push(fresh.clone());
                self.put_firewall_logs(name, &now).await?;
            }
        }
        Ok(())
    }

    async fn put_firewall_logs(&self, name: &str, logs: &[FirewallLog]) -> Result<()> {
        let op = &operations::networkfirewall::UPDATE_LOGGING_CONFIGURATION;
        let mut configs = Vec::new();
        for log in logs {
            let config = LogDestinationConfig::builder()
                .log_type(LogType::from(log.kind.as_str()))
                .log_destination_type(LogDestinationType::from(log.target.as_str()))
                .set_log_destination(Some(log.destination.clone().into_iter().collect()))
                .build()
                .map_err(build_error(op))?;
            configs.push(config);
        }
        let configuration = LoggingConfiguration::builder()
            .set_log_destination_configs(Some(configs))
            .build()
            .map_err(build_error(op))?;
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .update_logging_configuration()
            .firewall_name(name)
            .logging_configuration(configuration);
        self.clients.call(op, call.send()).await.map(drop)
    }
}
