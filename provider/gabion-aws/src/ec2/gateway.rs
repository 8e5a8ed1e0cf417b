//! The ways out of a VPC: internet gateways, NAT gateways and their addresses.

use std::time::Duration;

use aws_sdk_ec2::types::{
    DomainType, InternetGateway as SdkInternet, NatGateway as SdkNat, ResourceType,
};

use super::confirm::once;
use super::tags::specification;
use super::{Ec2, Filters, PAGE, filter, from_sdk, has, of_vpc, page, pages};
use crate::error::{Absent, AwsError, Kind, Result};
use crate::wait::{WaitOptions, until};
use crate::{Tags, operations};

/// How long a NAT gateway may take to come up or to go.
const NAT: WaitOptions = WaitOptions {
    first: Duration::from_secs(1),
    max: Duration::from_secs(10),
    limit: Duration::from_secs(600),
};

/// An internet gateway as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InternetGateway {
    /// Its id.
    pub id: String,
    /// The VPC it is attached to.
    pub vpc_id: Option<String>,
    /// Tags.
    pub tags: Tags,
}

/// A NAT gateway as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatGateway {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its subnet.
    pub subnet_id: String,
    /// State in lower case (`pending`, `available`, `failed`, `deleting`, `deleted`).
    pub state: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// Allocations of its addresses.
    pub allocations: Vec<String>,
    /// Its network interfaces.
    pub interfaces: Vec<String>,
    /// Tags.
    pub tags: Tags,
}

/// An elastic address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Its allocation.
    pub id: String,
    /// The address.
    pub public_ip: String,
    /// Whether something uses it.
    pub in_use: bool,
    /// Tags.
    pub tags: Tags,
}

impl Ec2 {
    /// Internet gateways by a tag, attached or not.
    pub async fn internet_gateways(&self, key: &str, value: &str) -> Result<Vec<InternetGateway>> {
        let list = |filters: Filters| async move {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_INTERNET_GATEWAYS,
                sdk.ec2()
                    .describe_internet_gateways()
                    .set_max_results(page(&filters, PAGE))
                    .set_filters(filters.clone()),
                internet_gateways
            );
            Ok(found.into_iter().map(internet_of).collect())
        };
        let filter = filter(&format!("tag:{key}"), value);
        self.picked(
            |kept| &kept.gateways,
            filter,
            list,
            |one| has(&one.tags, key, value),
        )
        .await
    }

    /// Creates an internet gateway. `mark`, a tag among `tags`, tells it from all others.
    pub async fn create_internet_gateway(
        &self,
        tags: &Tags,
        mark: (&str, &str),
    ) -> Result<InternetGateway> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_internet_gateway()
            .set_tag_specifications(specification(ResourceType::InternetGateway, tags));
        let create = || async {
            let call = call.clone().customize().config_override(once());
            let answer = self
                .clients
                .call(&operations::ec2::CREATE_INTERNET_GATEWAY, call.send())
                .await?;
            answer.internet_gateway.map(internet_of).ok_or_else(|| {
                let op = &operations::ec2::CREATE_INTERNET_GATEWAY;
                AwsError::of(op, Kind::Other, "the answer holds no internet gateway")
            })
        };
        let look = |ec2: Self| async move {
            Ok(ec2
                .internet_gateways(mark.0, mark.1)
                .await?
                .into_iter()
                .next())
        };
        self.confirmed(create, look).await
    }

    /// Attaches an internet gateway to a VPC. One that is attached already is success.
    pub async fn attach_internet_gateway(&self, gateway: &str, vpc: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .attach_internet_gateway()
            .internet_gateway_id(gateway)
            .vpc_id(vpc);
        let made = self
            .clients
            .call(&operations::ec2::ATTACH_INTERNET_GATEWAY, call.send())
            .await;
        match made {
            Err(error) if error.code() == Some("Resource.AlreadyAssociated") => Ok(()),
            other => other.map(drop),
        }
    }

    /// Detaches an internet gateway from a VPC.
    ///
    /// # Errors
    /// [`Kind::Conflict`] while an address of the VPC is public.
    pub async fn detach_internet_gateway(&self, gateway: &str, vpc: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .detach_internet_gateway()
            .internet_gateway_id(gateway)
            .vpc_id(vpc);
        let done = self
            .clients
            .call(&operations::ec2::DETACH_INTERNET_GATEWAY, call.send())
            .await;
        match done {
            Err(error) if error.code() == Some("Gateway.NotAttached") => Ok(()),
            other => other.or_absent().map(drop),
        }
    }

    /// Deletes an internet gateway. One that is gone already is success.
    pub async fn delete_internet_gateway(&self, gateway: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_internet_gateway()
            .internet_gateway_id(gateway);
        self.clients
            .call(&operations::ec2::DELETE_INTERNET_GATEWAY, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// The NAT gateways of a VPC that are not gone.
    pub async fn nat_gateways(&self, vpc: &str) -> Result<Vec<NatGateway>> {
        let list = |filters: Filters| async move {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_NAT_GATEWAYS,
                sdk.ec2()
                    .describe_nat_gateways()
                    .set_max_results(page(&filters, PAGE))
                    .set_filter(filters.clone()),
                nat_gateways
            );
            Ok(found
                .into_iter()
                .map(nat_of)
                .filter(|one| one.state != "deleted")
                .collect())
        };
        self.picked(
            |kept| &kept.nats,
            of_vpc(vpc),
            list,
            |one| one.vpc_id == vpc,
        )
        .await
    }

    /// Creates a NAT gateway; it comes up over minutes, see [`Ec2::wait_for_nat`]. The client token makes a lost
    /// reply harmless in AWS, and `mark`, a tag among `tags`, everywhere.
    pub async fn create_nat_gateway(
        &self,
        (vpc, subnet): (&str, &str),
        allocation: &str,
        tags: &Tags,
        mark: (&str, &str),
        token: &str,
    ) -> Result<NatGateway> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_nat_gateway()
            .subnet_id(subnet)
            .allocation_id(allocation)
            .client_token(token)
            .set_tag_specifications(specification(ResourceType::Natgateway, tags));
        let create = || async {
            let call = call.clone().customize().config_override(once());
            let answer = self
                .clients
                .call(&operations::ec2::CREATE_NAT_GATEWAY, call.send())
                .await?;
            answer.nat_gateway.map(nat_of).ok_or_else(|| {
                let op = &operations::ec2::CREATE_NAT_GATEWAY;
                AwsError::of(op, Kind::Other, "the answer holds no NAT gateway")
            })
        };
        let look = |ec2: Self| async move {
            let found = ec2.nat_gateways(vpc).await?;
            let ours = |nat: &NatGateway| nat.tags.get(mark.0).map(String::as_str) == Some(mark.1);
            Ok(found
                .into_iter()
                .filter(ours)
                .find(|nat| matches!(nat.state.as_str(), "pending" | "available")))
        };
        self.confirmed(create, look).await
    }

    /// Waits until a NAT gateway is available.
    ///
    /// # Errors
    /// [`Kind::InvalidState`] with AWS's own words when it failed.
    pub async fn wait_for_nat(&self, vpc: &str, nat: &str) -> Result<()> {
        let what = format!("waiting for the NAT gateway `{nat}`");
        until(&self.clients, &what, NAT, || async {
            let found = self.nat_gateways(vpc).await?;
            match found.into_iter().find(|one| one.id == nat) {
                Some(one) if one.state == "available" => Ok(Some(())),
                Some(one) if one.state == "failed" => Err(AwsError::without_call(
                    Kind::InvalidState,
                    what.clone(),
                    one.failure.unwrap_or_else(|| "it failed".to_owned()),
                )),
                _ => Ok(None),
            }
        })
        .await
    }

    /// Waits until NAT gateways of a VPC are gone.
    pub async fn wait_for_nats_gone(&self, vpc: &str, ids: &[String]) -> Result<()> {
        let what = "waiting for NAT gateways to be deleted";
        until(&self.clients, what, NAT, || async {
            let found = self.nat_gateways(vpc).await?;
            Ok((!found.iter().any(|one| ids.contains(&one.id))).then_some(()))
        })
        .await
    }

    /// Begins to delete a NAT gateway. One that is gone already is success.
    pub async fn delete_nat_gateway(&self, nat: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_nat_gateway()
            .nat_gateway_id(nat);
        self.clients
            .call(&operations::ec2::DELETE_NAT_GATEWAY, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// Elastic addresses by a tag.
    pub async fn addresses(&self, key: &str, value: &str) -> Result<Vec<Address>> {
        let list = |filters: Filters| async move {
            let call = self
                .clients
                .sdk()
                .ec2()
                .describe_addresses()
                .set_filters(filters);
            let answer = self
                .clients
                .call(&operations::ec2::DESCRIBE_ADDRESSES, call.send())
                .await?;
            Ok(answer
                .addresses
                .unwrap_or_default()
                .into_iter()
                .map(|one| Address {
                    id: one.allocation_id.unwrap_or_default(),
                    public_ip: one.public_ip.unwrap_or_default(),
                    in_use: one.association_id.is_some(),
                    tags: from_sdk(one.tags),
                })
                .collect())
        };
        let filter = filter(&format!("tag:{key}"), value);
        self.picked(
            |kept| &kept.addresses,
            filter,
            list,
            |one| has(&one.tags, key, value),
        )
        .await
    }

    /// Allocates an elastic address. `part`, a tag among `tags`, tells it from the others that carry `owner`,
    /// another of them, so that a lost reply makes no second one. Gives its allocation.
    pub async fn allocate_address(
        &self,
        tags: &Tags,
        owner: (&str, &str),
        part: (&str, &str),
    ) -> Result<String> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .allocate_address()
            .domain(DomainType::Vpc)
            .set_tag_specifications(specification(ResourceType::ElasticIp, tags));
        let create = || async {
            let call = call.clone().customize().config_override(once());
            let answer = self
                .clients
                .call(&operations::ec2::ALLOCATE_ADDRESS, call.send())
                .await?;
            answer.allocation_id.ok_or_else(|| {
                let op = &operations::ec2::ALLOCATE_ADDRESS;
                AwsError::of(op, Kind::Other, "the answer holds no address")
            })
        };
        let look = |ec2: Self| async move {
            let found = ec2.addresses(owner.0, owner.1).await?;
            let ours = |one: &Address| one.tags.get(part.0).map(String::as_str) == Some(part.1);
            Ok(found.into_iter().find(ours).map(|one| one.id))
        };
        self.confirmed(create, look).await
    }

    /// Gives an elastic address back. One that is gone already is success.
    pub async fn release_address(&self, allocation: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .release_address()
            .allocation_id(allocation);
        self.clients
            .call(&operations::ec2::RELEASE_ADDRESS, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

fn internet_of(gateway: SdkInternet) -> InternetGateway {
    InternetGateway {
        id: gateway.internet_gateway_id.unwrap_or_default(),
        vpc_id: gateway
            .attachments
            .unwrap_or_default()
            .into_iter()
            .find_map(|one| one.vpc_id),
        tags: from_sdk(gateway.tags),
    }
}

fn nat_of(nat: SdkNat) -> NatGateway {
    let addresses = nat.nat_gateway_addresses.unwrap_or_default();
    NatGateway {
        id: nat.nat_gateway_id.unwrap_or_default(),
        vpc_id: nat.vpc_id.unwrap_or_default(),
        subnet_id: nat.subnet_id.unwrap_or_default(),
        state: nat
            .state
            .map(|state| state.as_str().to_lowercase())
            .unwrap_or_default(),
        failure: nat.failure_message,
        allocations: addresses
            .iter()
            .filter_map(|one| one.allocation_id.clone())
            .collect(),
        interfaces: addresses
            .into_iter()
            .filter_map(|one| one.network_interface_id)
            .collect(),
        tags: from_sdk(nat.tags),
    }
}
