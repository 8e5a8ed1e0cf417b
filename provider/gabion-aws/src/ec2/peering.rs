//! Peering connections.

use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, VpcPeeringConnection, VpcPeeringConnectionVpcInfo};

use super::tags::specification;
use super::{Ec2, PAGE, filter, from_sdk, pages};
use crate::error::{Absent, AwsError, Kind, Result};
use crate::wait::{WaitOptions, until};
use crate::{Tags, operations};

/// One side of a peering connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The VPC.
    pub vpc_id: String,
    /// Account that owns it.
    pub account_id: String,
    /// Its region.
    pub region: String,
    /// Its first IPv4 range, where it is told.
    pub cidr_block: String,
}

/// A peering connection as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peering {
    /// Its id.
    pub id: String,
    /// Who asked for it.
    pub requester: Peer,
    /// Who was asked.
    pub accepter: Peer,
    /// State (`pending-acceptance`, `provisioning`, `active`, ...).
    pub state: String,
    /// Tags.
    pub tags: Tags,
}

impl Peering {
    /// Whether it connects, or will once it is accepted.
    pub fn is_alive(&self) -> bool {
        matches!(
            self.state.as_str(),
            "initiating-request" | "pending-acceptance" | "provisioning" | "active"
        )
    }

    fn has_end(&self, vpc: &str) -> bool {
        self.requester.vpc_id == vpc || self.accepter.vpc_id == vpc
    }

    /// Whether it connects these two.
    pub fn connects(&self, one: &str, other: &str) -> bool {
        let (a, b) = (&self.requester.vpc_id, &self.accepter.vpc_id);
        (a == one && b == other) || (a == other && b == one)
    }
}

impl Ec2 {
    /// The peering connections of a VPC, on either side, that are not gone.
    pub async fn peerings(&self, vpc: &str) -> Result<Vec<Peering>> {
        if self.shares {
            let list = async {
                let sdk = self.clients.sdk();
                let found = pages!(
                    self,
                    &operations::ec2::DESCRIBE_VPC_PEERING_CONNECTIONS,
                    sdk.ec2()
                        .describe_vpc_peering_connections()
                        .max_results(PAGE),
                    vpc_peering_connections
                );
                Ok(found.into_iter().map(peering_of).collect())
            };
            let kept = &self.clients.listings().peerings;
            let all = kept.get(self.clients.writes(), list).await?;
            let of = |one: &&Peering| one.is_alive() && one.has_end(vpc);
            return Ok(all.iter().filter(of).cloned().collect());
        }
        let side = |name: &'static str| async move {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_VPC_PEERING_CONNECTIONS,
                sdk.ec2()
                    .describe_vpc_peering_connections()
                    .filters(filter(name, vpc)),
                vpc_peering_connections
            );
            Ok::<_, AwsError>(found)
        };
        let (asked, was_asked) = futures::try_join!(
            side("requester-vpc-info.vpc-id"),
            side("accepter-vpc-info.vpc-id")
        )?;
        let mut all: Vec<Peering> = asked.into_iter().chain(was_asked).map(peering_of).collect();
        all.retain(|one| one.is_alive() && one.has_end(vpc));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all.dedup_by(|a, b| a.id == b.id);
        Ok(all)
    }

    /// Asks for a peering connection from `vpc`. One that lives between the two already is given.
    pub async fn create_peering(&self, vpc: &str, peer: &Peer, tags: &Tags) -> Result<Peering> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_vpc_peering_connection()
            .vpc_id(vpc)
            .peer_vpc_id(&peer.vpc_id)
            .peer_owner_id(&peer.account_id)
            .set_peer_region((peer.region != self.clients.region()).then(|| peer.region.clone()))
            .set_tag_specifications(specification(ResourceType::VpcPeeringConnection, tags));
        let create = || async {
            let call = call
                .clone()
                .customize()
                .config_override(super::confirm::once());
            let answer = self
                .clients
                .call(&operations::ec2::CREATE_VPC_PEERING_CONNECTION, call.send())
                .await?;
            answer
                .vpc_peering_connection
                .map(peering_of)
                .ok_or_else(|| {
                    let op = &operations::ec2::CREATE_VPC_PEERING_CONNECTION;
                    AwsError::of(op, Kind::Other, "the answer holds no peering connection")
                })
        };
        let look = |ec2: Self| async move {
            let found = ec2.peerings(vpc).await?;
            Ok(found
                .into_iter()
                .find(|one| one.connects(vpc, &peer.vpc_id)))
        };
        match self.confirmed(create, look).await {
            Err(error) if error.kind == Kind::AlreadyExists => {
                look(self.clone()).await?.ok_or(error)
            }
            other => other,
        }
    }

    /// Accepts a peering connection, with clients of the side that was asked, and waits until it is active.
    pub async fn accept_peering(&self, id: &str) -> Result<()> {
        let what = format!("waiting for the peering connection `{id}`");
        let options = WaitOptions::up_to(Duration::from_secs(180));
        until(&self.clients, &what, options, || async {
            let call = self
                .clients
                .sdk()
                .ec2()
                .describe_vpc_peering_connections()
                .filters(filter("vpc-peering-connection-id", id));
            let answer = self
                .clients
                .call(
                    &operations::ec2::DESCRIBE_VPC_PEERING_CONNECTIONS,
                    call.send(),
                )
                .await?;
            let found = answer.vpc_peering_connections.unwrap_or_default();
            let mut found = found.into_iter().map(peering_of);
            let Some(found) = found.find(|one| one.id == id) else {
                return Ok(None);
            };
            match found.state.as_str() {
                "active" => Ok(Some(())),
                "pending-acceptance" => {
                    let call = self
                        .clients
                        .sdk()
                        .ec2()
                        .accept_vpc_peering_connection()
                        .vpc_peering_connection_id(id);
                    let accepted = self
                        .clients
                        .call(&operations::ec2::ACCEPT_VPC_PEERING_CONNECTION, call.send())
                        .await;
                    match accepted {
                        // A reply was lost, and the SDK asked again: the next look tells.
                        Err(error) if error.code() == Some("InvalidStateTransition") => Ok(None),
                        other => other.map(|_| None),
                    }
                }
                "failed" | "rejected" | "expired" | "deleted" | "deleting" => {
                    Err(AwsError::without_call(
                        Kind::InvalidState,
                        what.clone(),
                        format!("it is {}", found.state),
                    ))
                }
                _ => Ok(None),
            }
        })
        .await
    }

    /// Deletes a peering connection. One that is gone already is success.
    pub async fn delete_peering(&self, id: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_vpc_peering_connection()
            .vpc_peering_connection_id(id);
        self.clients
            .call(&operations::ec2::DELETE_VPC_PEERING_CONNECTION, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

fn peering_of(one: VpcPeeringConnection) -> Peering {
    let side = |info: Option<VpcPeeringConnectionVpcInfo>| {
        info.map(|info| Peer {
            vpc_id: info.vpc_id.unwrap_or_default(),
            account_id: info.owner_id.unwrap_or_default(),
            region: info.region.unwrap_or_default(),
            cidr_block: info.cidr_block.unwrap_or_default(),
        })
        .unwrap_or_default()
    };
    Peering {
        id: one.vpc_peering_connection_id.unwrap_or_default(),
        requester: side(one.requester_vpc_info),
        accepter: side(one.accepter_vpc_info),
        state: one
            .status
            .and_then(|status| status.code)
            .map(|code| code.as_str().to_owned())
            .unwrap_or_default(),
        tags: from_sdk(one.tags),
    }
}
