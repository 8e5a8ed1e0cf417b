//! Subnets.

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Subnet as SdkSubnet};

use super::confirm::once;
use super::tags::specification;
use super::{Ec2, Filters, PAGE, from_sdk, of_vpc, page, pages};
use crate::error::{Absent, AwsError, Kind, Result};
use crate::{Tags, operations};

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreateSubnet {
    /// VPC it lies in.
    pub vpc_id: String,
    /// Its IPv4 range.
    pub cidr_block: String,
    /// Its zone, by name.
    pub zone: String,
    /// Tags.
    pub tags: Tags,
}

/// A subnet as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its IPv4 range.
    pub cidr_block: String,
    /// Its zone, by name.
    pub zone: String,
    /// Whether instances get a public address at launch.
    pub public_ip_on_launch: bool,
    /// Tags.
    pub tags: Tags,
}

impl Ec2 {
    /// Creates a subnet. EC2 takes no client token for it, but no two subnets of a VPC overlap: one of the same
    /// range and zone is what a lost reply made.
    pub async fn create_subnet(&self, request: &CreateSubnet) -> Result<Subnet> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_subnet()
            .vpc_id(&request.vpc_id)
            .cidr_block(&request.cidr_block)
            .availability_zone(&request.zone)
            .set_tag_specifications(specification(ResourceType::Subnet, &request.tags));
        let create = || async {
            let call = call.clone().customize().config_override(once());
            let answer = self
                .clients
                .call(&operations::ec2::CREATE_SUBNET, call.send())
                .await?;
            answer.subnet.map(subnet_of).ok_or_else(|| {
                let op = &operations::ec2::CREATE_SUBNET;
                AwsError::of(op, Kind::Other, "the answer holds no subnet")
            })
        };
        let look = |ec2: Self| async move {
            let found = ec2.subnets(&request.vpc_id).await?;
            Ok(found.into_iter().find(|subnet| {
                subnet.cidr_block == request.cidr_block && subnet.zone == request.zone
            }))
        };
        self.confirmed(create, look).await
    }

    /// All subnets of a VPC.
    pub async fn subnets(&self, vpc: &str) -> Result<Vec<Subnet>> {
        let list = |filters: Filters| async move {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_SUBNETS,
                sdk.ec2()
                    .describe_subnets()
                    .set_max_results(page(&filters, PAGE))
                    .set_filters(filters.clone()),
                subnets
            );
            Ok(found.into_iter().map(subnet_of).collect())
        };
        self.picked(
            |kept| &kept.subnets,
            of_vpc(vpc),
            list,
            |one| one.vpc_id == vpc,
        )
        .await
    }

    /// Turns public addresses at launch on or off.
    pub async fn set_public_ip_on_launch(&self, subnet: &str, on: bool) -> Result<()> {
        let value = AttributeBooleanValue::builder().value(on).build();
        let call = self
            .clients
            .sdk()
            .ec2()
            .modify_subnet_attribute()
            .subnet_id(subnet)
            .map_public_ip_on_launch(value);
        self.clients
            .call(&operations::ec2::MODIFY_SUBNET_ATTRIBUTE, call.send())
            .await
            .map(drop)
    }

    /// Deletes a subnet. One that is gone already is success.
    ///
    /// # Errors
    /// [`Kind::Conflict`] while an interface in it is left.
    pub async fn delete_subnet(&self, subnet: &str) -> Result<()> {
        let call = self.clients.sdk().ec2().delete_subnet().subnet_id(subnet);
        self.clients
            .call(&operations::ec2::DELETE_SUBNET, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

fn subnet_of(subnet: SdkSubnet) -> Subnet {
    Subnet {
        id: subnet.subnet_id.unwrap_or_default(),
        vpc_id: subnet.vpc_id.unwrap_or_default(),
        cidr_block: subnet.cidr_block.unwrap_or_default(),
        zone: subnet.availability_zone.unwrap_or_default(),
        public_ip_on_launch: subnet.map_public_ip_on_launch == Some(true),
        tags: from_sdk(subnet.tags),
    }
}
