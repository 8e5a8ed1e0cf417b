//! VPC endpoints.

use aws_sdk_ec2::types::{ResourceType, VpcEndpoint, VpcEndpointType};

use super::tags::specification;
use super::{Ec2, Filters, PAGE, failed, from_sdk, has, of_vpc, page, pages};
use crate::error::{AwsError, Kind, Result};
use crate::{Tags, operations};

/// What to create. A gateway endpoint has route tables, an interface endpoint subnets and groups.
#[derive(Clone, Debug, Default)]
pub struct CreateEndpoint {
    /// VPC it lies in.
    pub vpc_id: String,
    /// Whole service name (`com.amazonaws.eu-central-1.s3`).
    pub service: String,
    /// Endpoint policy (JSON).
    pub policy: String,
    /// Route tables of a gateway endpoint.
    pub route_tables: Vec<String>,
    /// Subnets of an interface endpoint; empty makes a gateway endpoint.
    pub subnets: Vec<String>,
    /// Groups of an interface endpoint.
    pub security_groups: Vec<String>,
    /// Tags.
    pub tags: Tags,
    /// Makes a second, equal call give the same endpoint; at most 64 characters.
    pub token: String,
}

/// Changes of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModifyEndpoint {
    /// New policy (JSON).
    pub policy: Option<String>,
    /// Route tables to add and to take away.
    pub route_tables: (Vec<String>, Vec<String>),
    /// Subnets to add and to take away.
    pub subnets: (Vec<String>, Vec<String>),
    /// Groups to add and to take away.
    pub security_groups: (Vec<String>, Vec<String>),
    /// Private names, switched on or off.
    pub private_dns: Option<bool>,
}

/// The tag of endpoints that belong to a Network Firewall.
const OF_FIREWALL: &str = "AWSNetworkFirewallManaged";

/// An endpoint as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Whole service name.
    pub service: String,
    /// Whether it is a gateway endpoint.
    pub gateway: bool,
    /// State in lower case (`pending`, `available`, `deleting`, ...).
    pub state: String,
    /// Endpoint policy (JSON).
    pub policy: String,
    /// Route tables.
    pub route_tables: Vec<String>,
    /// Subnets.
    pub subnets: Vec<String>,
    /// Groups.
    pub security_groups: Vec<String>,
    /// Whether private names lead to it.
    pub private_dns: bool,
    /// Network interfaces that it made.
    pub interfaces: Vec<String>,
    /// Tags.
    pub tags: Tags,
}

impl Endpoint {
    fn of_firewall(&self) -> bool {
        has(&self.tags, OF_FIREWALL, "true")
    }
}

impl Ec2 {
    /// The endpoints of a VPC that are not on their way out.
    pub async fn endpoints(&self, vpc: &str) -> Result<Vec<Endpoint>> {
        let all = self.all_endpoints(vpc).await?;
        let stays = |one: &Endpoint| !matches!(one.state.as_str(), "deleting" | "deleted");
        Ok(all.into_iter().filter(stays).collect())
    }

    /// All endpoints of a VPC, those included that are being deleted. Those that AWS makes for a Network Firewall, and
    /// takes away with it, are left out.
    pub async fn all_endpoints(&self, vpc: &str) -> Result<Vec<Endpoint>> {
        let list = |filters: Filters| async move {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_VPC_ENDPOINTS,
                sdk.ec2()
                    .describe_vpc_endpoints()
                    .set_max_results(page(&filters, PAGE))
                    .set_filters(filters.clone()),
                vpc_endpoints
            );
            Ok(found
                .into_iter()
                .map(endpoint_of)
                .filter(|one| one.state != "deleted" && !one.of_firewall())
                .collect())
        };
        self.picked(
            |kept| &kept.endpoints,
            of_vpc(vpc),
            list,
            |one| one.vpc_id == vpc,
        )
        .await
    }

    /// Creates an endpoint. Where the VPC has one for that service already, a reply was lost, and it is given:
    /// the client token does that in AWS, the look before it everywhere.
    pub async fn create_endpoint(&self, request: &CreateEndpoint) -> Result<Endpoint> {
        let gateway = request.subnets.is_empty();
        let kind = if gateway {
            VpcEndpointType::Gateway
        } else {
            VpcEndpointType::Interface
        };
        let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_vpc_endpoint()
            .vpc_id(&request.vpc_id)
            .service_name(&request.service)
            .vpc_endpoint_type(kind)
            .policy_document(&request.policy)
            .set_route_table_ids(some(&request.route_tables))
            .set_subnet_ids(some(&request.subnets))
            .set_security_group_ids(some(&request.security_groups))
            .set_private_dns_enabled((!gateway).then_some(true))
            .client_token(&request.token)
            .set_tag_specifications(specification(ResourceType::VpcEndpoint, &request.tags));
        let create = || async {
            let call = call
                .clone()
                .customize()
                .config_override(super::confirm::once());
            let answer = self
                .clients
                .call(&operations::ec2::CREATE_VPC_ENDPOINT, call.send())
                .await?;
            answer.vpc_endpoint.map(endpoint_of).ok_or_else(|| {
                let op = &operations::ec2::CREATE_VPC_ENDPOINT;
                AwsError::of(op, Kind::Other, "the answer holds no endpoint")
            })
        };
        let look = |ec2: Self| async move {
            let found = ec2.endpoints(&request.vpc_id).await?;
            Ok(found.into_iter().find(|one| one.service == request.service))
        };
        self.confirmed(create, look).await
    }

    /// Changes an endpoint. Nothing is called for an empty change.
    pub async fn modify_endpoint(&self, endpoint: &str, change: &ModifyEndpoint) -> Result<()> {
        if *change == ModifyEndpoint::default() {
            return Ok(());
        }
        let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
        let call = self
            .clients
            .sdk()
            .ec2()
            .modify_vpc_endpoint()
            .vpc_endpoint_id(endpoint)
            .set_policy_document(change.policy.clone())
            .set_add_route_table_ids(some(&change.route_tables.0))
            .set_remove_route_table_ids(some(&change.route_tables.1))
            .set_add_subnet_ids(some(&change.subnets.0))
            .set_remove_subnet_ids(some(&change.subnets.1))
            .set_add_security_group_ids(some(&change.security_groups.0))
            .set_remove_security_group_ids(some(&change.security_groups.1))
            .set_private_dns_enabled(change.private_dns);
        self.clients
            .call(&operations::ec2::MODIFY_VPC_ENDPOINT, call.send())
            .await
            .map(drop)
    }

    /// Deletes endpoints. Those that are gone already are success.
    pub async fn delete_endpoints(&self, ids: &[String]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let op = &operations::ec2::DELETE_VPC_ENDPOINTS;
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_vpc_endpoints()
            .set_vpc_endpoint_ids(Some(ids.to_vec()));
        let answer = match self.clients.call(op, call.send()).await {
            // Something that one of them led to is gone: the others go one by one.
            Err(error) if error.kind == Kind::NotFound => {
                if let [_, _, ..] = ids {
                    for id in ids {
                        Box::pin(self.delete_endpoints(std::slice::from_ref(id))).await?;
                    }
                }
                return Ok(());
            }
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

fn endpoint_of(one: VpcEndpoint) -> Endpoint {
    let mut groups: Vec<String> = one
        .groups
        .unwrap_or_default()
        .into_iter()
        .filter_map(|group| group.group_id)
        .collect();
    groups.sort();
    let sorted = |list: Option<Vec<String>>| {
        let mut list = list.unwrap_or_default();
        list.sort();
        list
    };
    Endpoint {
        id: one.vpc_endpoint_id.unwrap_or_default(),
        vpc_id: one.vpc_id.unwrap_or_default(),
        service: one.service_name.unwrap_or_default(),
        gateway: one.vpc_endpoint_type == Some(VpcEndpointType::Gateway),
        state: one
            .state
            .map(|state| state.as_str().to_lowercase())
            .unwrap_or_default(),
        policy: one.policy_document.unwrap_or_default(),
        route_tables: sorted(one.route_table_ids),
        subnets: sorted(one.subnet_ids),
        security_groups: groups,
        private_dns: one.private_dns_enabled == Some(true),
        interfaces: sorted(one.network_interface_ids),
        tags: from_sdk(one.tags),
    }
}
