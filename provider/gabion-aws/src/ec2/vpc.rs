//! A VPC and its DNS attributes.

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Vpc as SdkVpc, VpcAttributeName};

use super::confirm::once;
use super::tags::specification;
use super::{Ec2, Filters, PAGE, filter, from_sdk, page, pages};
use crate::error::{Absent, AwsError, Kind, Result};
use crate::wait::{WaitOptions, until};
use crate::{Tags, operations};

/// A VPC as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vpc {
    /// Its id.
    pub id: String,
    /// Its first IPv4 range.
    pub cidr_block: String,
    /// Further IPv4 ranges that are associated with it.
    pub more_cidr_blocks: Vec<String>,
    /// Account that owns it.
    pub owner_id: String,
    /// Whether AWS made it as the default one.
    pub is_default: bool,
    /// Tags.
    pub tags: Tags,
}

impl Ec2 {
    /// Creates a VPC, and waits until it is available or the time is up: it is made then, and belongs into the
    /// state. CreateVpc takes no client token: `mark`, a tag among `tags`, tells this VPC from all others, so
    /// that a lost reply makes no second one.
    pub async fn create_vpc(&self, cidr: &str, tags: &Tags, mark: (&str, &str)) -> Result<Vpc> {
        let (key, value) = (format!("tag:{}", mark.0), mark.1.to_owned());
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_vpc()
            .cidr_block(cidr)
            .set_tag_specifications(specification(ResourceType::Vpc, tags));
        let create = || async {
            let call = call.clone().customize().config_override(once());
            let answer = self
                .clients
                .call(&operations::ec2::CREATE_VPC, call.send())
                .await?;
            answer.vpc.map(vpc_of).ok_or_else(|| {
                let op = &operations::ec2::CREATE_VPC;
                AwsError::of(op, Kind::Other, "the answer holds no VPC")
            })
        };
        let look = |ec2: Self| {
            let filters = vec![filter(&key, &value), filter("cidr", cidr)];
            async move { Ok(ec2.vpcs(Some(filters)).await?.into_iter().next()) }
        };
        let made = self.confirmed(create, look).await?;
        let what = format!("waiting for the VPC `{}` to exist", made.id);
        let shown = until(&self.clients, &what, WaitOptions::default(), || {
            self.find_vpc(&made.id)
        })
        .await;
        match shown {
            Ok(vpc) => Ok(vpc),
            Err(_) if self.clients.is_over() => Ok(made),
            Err(error) => Err(error),
        }
    }

    /// A VPC, if it is there.
    pub async fn find_vpc(&self, id: &str) -> Result<Option<Vpc>> {
        let list = |filters: Filters| self.vpcs(filters);
        let found = self
            .picked(
                |kept| &kept.vpcs,
                filter("vpc-id", id),
                list,
                |one| one.id == id,
            )
            .await?;
        Ok(found.into_iter().next())
    }

    /// The VPCs that carry a tag.
    pub async fn vpcs_by_tag(&self, key: &str, value: &str) -> Result<Vec<Vpc>> {
        self.vpcs(Some(vec![filter(&format!("tag:{key}"), value)]))
            .await
    }

    async fn vpcs(&self, filters: Filters) -> Result<Vec<Vpc>> {
        let sdk = self.clients.sdk();
        let found = pages!(
            self,
            &operations::ec2::DESCRIBE_VPCS,
            sdk.ec2()
                .describe_vpcs()
                .set_max_results(page(&filters, PAGE))
                .set_filters(filters.clone()),
            vpcs
        );
        Ok(found.into_iter().map(vpc_of).collect())
    }

    /// Whether instances of the VPC get host names, and whether its resolver answers: (`hostnames`, `support`).
    pub async fn dns(&self, vpc: &str) -> Result<(bool, bool)> {
        let on = |value: Option<AttributeBooleanValue>| {
            value.and_then(|value| value.value) == Some(true)
        };
        let ask = |name: VpcAttributeName| async {
            let call = self
                .clients
                .sdk()
                .ec2()
                .describe_vpc_attribute()
                .vpc_id(vpc)
                .attribute(name);
            self.clients
                .call(&operations::ec2::DESCRIBE_VPC_ATTRIBUTE, call.send())
                .await
        };
        let (hostnames, support) = futures::try_join!(
            ask(VpcAttributeName::EnableDnsHostnames),
            ask(VpcAttributeName::EnableDnsSupport)
        )?;
        Ok((
            on(hostnames.enable_dns_hostnames),
            on(support.enable_dns_support),
        ))
    }

    /// Turns host names of a VPC's instances on or off.
    pub async fn set_dns_hostnames(&self, vpc: &str, on: bool) -> Result<()> {
        let value = AttributeBooleanValue::builder().value(on).build();
        let call = self
            .clients
            .sdk()
            .ec2()
            .modify_vpc_attribute()
            .vpc_id(vpc)
            .enable_dns_hostnames(value);
        self.clients
            .call(&operations::ec2::MODIFY_VPC_ATTRIBUTE, call.send())
            .await
            .map(drop)
    }

    /// Turns a VPC's resolver on or off.
    pub async fn set_dns_support(&self, vpc: &str, on: bool) -> Result<()> {
        let value = AttributeBooleanValue::builder().value(on).build();
        let call = self
            .clients
            .sdk()
            .ec2()
            .modify_vpc_attribute()
            .vpc_id(vpc)
            .enable_dns_support(value);
        self.clients
            .call(&operations::ec2::MODIFY_VPC_ATTRIBUTE, call.send())
            .await
            .map(drop)
    }

    /// Deletes a VPC. One that is gone already is success.
    ///
    /// # Errors
    /// [`Kind::Conflict`] while something in it is left.
    pub async fn delete_vpc(&self, vpc: &str) -> Result<()> {
        let call = self.clients.sdk().ec2().delete_vpc().vpc_id(vpc);
        self.clients
            .call(&operations::ec2::DELETE_VPC, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

fn vpc_of(vpc: SdkVpc) -> Vpc {
    let cidr_block = vpc.cidr_block.unwrap_or_default();
    let more = vpc.cidr_block_association_set.unwrap_or_default();
    Vpc {
        id: vpc.vpc_id.unwrap_or_default(),
        more_cidr_blocks: more
            .into_iter()
            .filter_map(|more| more.cidr_block)
            .filter(|more| *more != cidr_block)
            .collect(),
        cidr_block,
        owner_id: vpc.owner_id.unwrap_or_default(),
        is_default: vpc.is_default == Some(true),
        tags: from_sdk(vpc.tags),
    }
}
