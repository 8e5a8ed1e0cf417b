//! Flow logs of VPCs.

use aws_sdk_ec2::types::{
    FlowLog as SdkFlowLog, FlowLogsResourceType, LogDestinationType, ResourceType, TrafficType,
};

use super::tags::specification;
use super::{Ec2, Filters, PAGE, failed, filter, from_sdk, page, pages};
use crate::error::{AwsError, Kind, Result};
use crate::{Tags, operations};

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreateFlowLog {
    /// VPC whose traffic is logged.
    pub vpc_id: String,
    /// ARN of a bucket (with a prefix, maybe) or of a log group.
    pub destination: String,
    /// `ALL`, `ACCEPT` or `REJECT`.
    pub traffic_type: String,
    /// Seconds over which traffic is summed up: 60 or 600.
    pub interval: i32,
    /// Role by which logs are delivered to a log group.
    pub role_arn: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Makes a second, equal call give the same flow log; at most 64 characters.
    pub token: String,
}

/// A flow log as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowLog {
    /// Its id.
    pub id: String,
    /// What it logs the traffic of: a VPC, a subnet, an interface.
    pub resource_id: String,
    /// ARN of the destination.
    pub destination: String,
    /// `ALL`, `ACCEPT` or `REJECT`.
    pub traffic_type: String,
    /// Seconds over which traffic is summed up.
    pub interval: i32,
    /// Role by which logs are delivered.
    pub role_arn: Option<String>,
    /// Why the last delivery failed, where it did.
    pub failure: Option<String>,
    /// Tags.
    pub tags: Tags,
}

impl Ec2 {
    /// The flow logs of a VPC.
    pub async fn flow_logs(&self, vpc: &str) -> Result<Vec<FlowLog>> {
        let list = |filters: Filters| async move {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_FLOW_LOGS,
                sdk.ec2()
                    .describe_flow_logs()
                    .set_max_results(page(&filters, PAGE))
                    .set_filter(filters.clone()),
                flow_logs
            );
            Ok(found.into_iter().map(flow_log_of).collect())
        };
        let filter = filter("resource-id", vpc);
        self.picked(
            |kept| &kept.flow_logs,
            filter,
            list,
            |one| one.resource_id == vpc,
        )
        .await
    }

    /// Creates a flow log. The client token makes a lost reply harmless; where EC2 says that the VPC logs to that
    /// destination already, that flow log is meant. Gives its id.
    pub async fn create_flow_log(&self, request: &CreateFlowLog) -> Result<String> {
        let op = &operations::ec2::CREATE_FLOW_LOGS;
        let kind = if request.destination.contains(":s3:::") {
            LogDestinationType::S3
        } else {
            LogDestinationType::CloudWatchLogs
        };
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_flow_logs()
            .resource_type(FlowLogsResourceType::Vpc)
            .resource_ids(&request.vpc_id)
            .traffic_type(TrafficType::from(request.traffic_type.as_str()))
            .log_destination_type(kind)
            .log_destination(&request.destination)
            .max_aggregation_interval(request.interval)
            .set_deliver_logs_permission_arn(request.role_arn.clone())
            .client_token(&request.token)
            .set_tag_specifications(specification(ResourceType::VpcFlowLog, &request.tags));
        let made = match self.clients.call(op, call.send()).await {
            Err(error) if error.kind == Kind::AlreadyExists => None,
            Err(error) => return Err(error),
            Ok(answer) => {
                if let Some(item) = answer.unsuccessful.unwrap_or_default().into_iter().next() {
                    return Err(failed(op, item));
                }
                answer.flow_log_ids.unwrap_or_default().into_iter().next()
            }
        };
        if let Some(id) = made {
            return Ok(id);
        }
        let found = Self::new(self.clients.unscoped())
            .flow_logs(&request.vpc_id)
            .await?;
        found
            .into_iter()
            .find(|log| log.destination == request.destination)
            .map(|log| log.id)
            .ok_or_else(|| AwsError::of(op, Kind::Other, "the answer holds no flow log"))
    }

    /// Deletes flow logs. Those that are gone already are success.
    pub async fn delete_flow_logs(&self, ids: &[String]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let op = &operations::ec2::DELETE_FLOW_LOGS;
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_flow_logs()
            .set_flow_log_ids(Some(ids.to_vec()));
        let answer = match self.clients.call(op, call.send()).await {
            Err(error) if error.kind == Kind::NotFound => return Ok(()),
            other => other?,
        };
        for item in answer.unsuccessful.unwrap_or_default() {
            let error = failed(op, item);
            if error.kind != Kind::NotFound {
                return Err(error);
            }
        }
        Ok(())
    }
}

fn flow_log_of(log: SdkFlowLog) -> FlowLog {
    FlowLog {
        id: log.flow_log_id.unwrap_or_default(),
        resource_id: log.resource_id.unwrap_or_default(),
        destination: log
            .log_destination
            .or(log.log_group_name)
            .unwrap_or_default(),
        traffic_type: log
            .traffic_type
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_default(),
        interval: log.max_aggregation_interval.unwrap_or(600),
        role_arn: log
            .deliver_logs_permission_arn
            .filter(|arn| !arn.is_empty()),
        failure: log.deliver_logs_error_message,
        tags: from_sdk(log.tags),
    }
}
