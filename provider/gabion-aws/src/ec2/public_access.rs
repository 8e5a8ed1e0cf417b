//! What a VPC needs where the account blocks public access: an exclusion of its own.

use aws_sdk_ec2::types::{
    InternetGatewayExclusionMode, ResourceType, VpcBlockPublicAccessExclusion as SdkExclusion,
};

use super::confirm::once;
use super::tags::specification;
use super::{Ec2, pages};
use crate::error::{Absent, AwsError, Kind, Result};
use crate::{Tags, operations};

/// What an exclusion lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicAccessMode {
    /// Out of the VPC.
    AllowEgress,
    /// Both ways.
    AllowBidirectional,
}

impl PublicAccessMode {
    /// As EC2 spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllowEgress => "allow-egress",
            Self::AllowBidirectional => "allow-bidirectional",
        }
    }

    fn sdk(self) -> InternetGatewayExclusionMode {
        InternetGatewayExclusionMode::from(self.as_str())
    }
}

/// An exclusion as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicAccessExclusion {
    /// Its id.
    pub id: String,
    /// What it is for: the ARN of a VPC or of a subnet.
    pub resource_arn: String,
    /// `allow-egress` or `allow-bidirectional`.
    pub mode: String,
}

impl Ec2 {
    /// Whether the account blocks public access of its VPCs in this region (`off`, `block-bidirectional`,
    /// `block-ingress`). None where the endpoint does not have that feature.
    pub async fn public_access_block(&self) -> Result<Option<String>> {
        let read = async {
            let sdk = self.clients.sdk();
            let answer = self
                .clients
                .call(
                    &operations::ec2::DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS,
                    sdk.ec2().describe_vpc_block_public_access_options().send(),
                )
                .await;
            match answer {
                Err(error) if error.is_unsupported() => Ok(Vec::new()),
                other => Ok(other?
                    .vpc_block_public_access_options
                    .and_then(|options| options.internet_gateway_block_mode)
                    .map(|mode| mode.as_str().to_owned())
                    .into_iter()
                    .collect()),
            }
        };
        if self.shares {
            let kept = &self.clients.listings().blocks;
            let found = kept.get(self.clients.writes(), read).await?;
            return Ok(found.first().cloned());
        }
        let found: Vec<String> = read.await?;
        Ok(found.into_iter().next())
    }

    /// The exclusion of a VPC, if it has one.
    pub async fn public_access_exclusion(
        &self,
        vpc: &str,
    ) -> Result<Option<PublicAccessExclusion>> {
        let list = || async {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS,
                sdk.ec2().describe_vpc_block_public_access_exclusions(),
                vpc_block_public_access_exclusions
            );
            let lives = |one: &SdkExclusion| {
                let state = one.state.as_ref().map_or("", |state| state.as_str());
                !state.starts_with("delete") && !state.ends_with("failed")
            };
            Ok(found.into_iter().filter(lives).map(exclusion_of).collect())
        };
        let suffix = format!("vpc/{vpc}");
        let of = |one: &&PublicAccessExclusion| one.resource_arn.ends_with(&suffix);
        if self.shares {
            let kept = &self.clients.listings().exclusions;
            let all = kept.get(self.clients.writes(), list()).await?;
            return Ok(all.iter().find(of).cloned());
        }
        let all: Vec<PublicAccessExclusion> = list().await?;
        Ok(all.iter().find(of).cloned())
    }

    /// Excludes a VPC from the account's block. A VPC has at most one exclusion: one that is there is what a lost
    /// reply made.
    pub async fn create_public_access_exclusion(
        &self,
        vpc: &str,
        mode: PublicAccessMode,
        tags: &Tags,
    ) -> Result<String> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_vpc_block_public_access_exclusion()
            .vpc_id(vpc)
            .internet_gateway_exclusion_mode(mode.sdk())
            .set_tag_specifications(specification(
                ResourceType::VpcBlockPublicAccessExclusion,
                tags,
            ));
        let create = || async {
            let call = call.clone().customize().config_override(once());
            let answer = self
                .clients
                .call(
                    &operations::ec2::CREATE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSION,
                    call.send(),
                )
                .await?;
            answer
                .vpc_block_public_access_exclusion
                .and_then(|one| one.exclusion_id)
                .ok_or_else(|| {
                    let op = &operations::ec2::CREATE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSION;
                    AwsError::of(op, Kind::Other, "the answer holds no exclusion")
                })
        };
        let look = |ec2: Self| async move {
            Ok(ec2.public_access_exclusion(vpc).await?.map(|one| one.id))
        };
        self.confirmed(create, look).await
    }

    /// Changes what an exclusion lets through.
    pub async fn modify_public_access_exclusion(
        &self,
        id: &str,
        mode: PublicAccessMode,
    ) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .modify_vpc_block_public_access_exclusion()
            .exclusion_id(id)
            .internet_gateway_exclusion_mode(mode.sdk());
        self.clients
            .call(
                &operations::ec2::MODIFY_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSION,
                call.send(),
            )
            .await
            .map(drop)
    }

    /// Deletes an exclusion. One that is gone already is success.
    pub async fn delete_public_access_exclusion(&self, id: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_vpc_block_public_access_exclusion()
            .exclusion_id(id);
        self.clients
            .call(
                &operations::ec2::DELETE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSION,
                call.send(),
            )
            .await
            .or_absent()
            .map(drop)
    }
}

fn exclusion_of(one: SdkExclusion) -> PublicAccessExclusion {
    PublicAccessExclusion {
        id: one.exclusion_id.unwrap_or_default(),
        resource_arn: one.resource_arn.unwrap_or_default(),
        mode: one
            .internet_gateway_exclusion_mode
            .map(|mode| mode.as_str().to_owned())
            .unwrap_or_default(),
    }
}
