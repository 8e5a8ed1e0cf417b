//! Flow logs and DNS query logs.

use gabion_aws::ec2::{CreateFlowLog, FlowLog};
use gabion_aws::route53resolver::QueryLog;

use super::super::live::is_part;
use super::{Converge, Step, at};

/// The name of the configuration by which queries are logged to a destination: one for all segments of an account
/// and region, as AWS allows 20.
pub(in super::super) fn query_log_name(destination: &str) -> String {
    // FNV-1a: stable over versions and platforms.
    let sum = destination
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("gabion-{sum:016x}")
}

impl Converge<'_> {
    /// The flow log. It cannot be changed: another one is made first, and the old one goes then.
    pub(super) async fn flow_log(&self, live: &[FlowLog]) -> Step {
        let ec2 = self.clients.ec2();
        let doing = || at("flow_logs", "setting the flow log");
        let destination = self.plan.log_destination.as_str().unwrap_or_default();
        let kind = self.plan.flow_log_traffic_type.as_str().unwrap_or("ALL");
        let interval = self
            .plan
            .flow_log_max_aggregation_interval
            .known()
            .and_then(|seconds| i32::try_from(*seconds).ok())
            .unwrap_or(60);
        let role = self.plan.flow_log_iam_role_arn.as_str();
        let on = self.plan.flow_logs.known() == Some(&true);
        let right = |log: &&FlowLog| {
            on && log.destination == destination
                && log.traffic_type == kind
                && log.interval == interval
                && log.role_arn.as_deref() == role
        };
        let stays = live.iter().find(right).map(|log| log.id.clone());
        let stale: Vec<String> = live
            .iter()
            .filter(|log| Some(&log.id) != stays.as_ref() && is_part(&log.tags, "flow-log"))
            .map(|log| log.id.clone())
            .collect();
        // AWS takes one flow log for a VPC and a destination.
        let blocks = live
            .iter()
            .any(|log| stale.contains(&log.id) && log.destination == destination);
        if blocks {
            ec2.delete_flow_logs(&stale).await.map_err(doing())?;
        }
        if on && stays.is_none() {
            let request = CreateFlowLog {
                vpc_id: self.vpc.clone(),
                destination: destination.to_owned(),
                traffic_type: kind.to_owned(),
                interval,
                role_arn: role.map(str::to_owned),
                tags: self.part_tags("flow-log", Some("flow-log")),
                token: format!("{}-{}", self.vpc, jiff::Timestamp::now().as_millisecond()),
            };
            ec2.create_flow_log(&request).await.map_err(doing())?;
        }
        if blocks {
            return Ok(());
        }
        ec2.delete_flow_logs(&stale).await.map_err(doing())
    }

    /// Logs the queries of the VPC by the configuration that all segments with this destination share.
    pub(super) async fn query_log(&self, live: &mut Option<QueryLog>) -> Step {
        let on = self.plan.dns_query_logging.known() == Some(&true);
        let destination = self.plan.dns_log_destination.as_str().unwrap_or_default();
        if on
            && live
                .as_ref()
                .is_some_and(|config| config.destination == destination)
        {
            return Ok(());
        }
        let doing = || at("dns_query_logging", "setting the DNS query log");
        let resolver = self.clients.route53resolver();
        // Several segments of one apply share a configuration: one of them makes it.
        let gabion = self.ctx.provider()?;
        let _turn = gabion.network_turn.lock().await;
        if let Some(old) = live.take() {
            leave(self.clients, &self.vpc, &old)
                .await
                .map_err(doing())?;
        }
        if !on {
            return Ok(());
        }
        let name = query_log_name(destination);
        let found = resolver.query_logs(&name).await.map_err(doing())?;
        let config = match found
            .into_iter()
            .find(|config| config.destination == destination)
        {
            Some(config) => config,
            None => {
                let tags = [(super::super::live::PART.to_owned(), "query-log".to_owned())].into();
                let request = format!("{name}-{}", jiff::Timestamp::now().as_second());
                resolver
                    .create_query_log(&name, destination, &request, &tags)
                    .await
                    .map_err(doing())?
            }
        };
        resolver
            .associate_query_log(&config.id, &self.vpc)
            .await
            .map_err(doing())?;
        *live = Some(config);
        Ok(())
    }
}

/// Stops logging the queries of a VPC. The configuration goes with the last segment that used it; one that others
/// made, or use, stays.
///
/// # Errors
/// A call that failed.
pub(in super::super) async fn leave(
    clients: &gabion_aws::Clients,
    vpc: &str,
    config: &QueryLog,
) -> gabion_aws::Result<()> {
    let resolver = clients.route53resolver();
    resolver.disassociate_query_log(&config.id, vpc).await?;
    if config.name != query_log_name(&config.destination) {
        return Ok(());
    }
    let rest = resolver.query_log(&config.id).await?;
    if rest.is_none_or(|rest| rest.associations > 0) {
        return Ok(());
    }
    match resolver.delete_query_log(&config.id).await {
        // Somebody else uses it since a moment ago.
        Err(error)
            if matches!(
                error.code(),
                Some("InvalidRequestException" | "ResourceInUseException")
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}
