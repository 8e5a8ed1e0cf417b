//! Security groups.

use aws_sdk_ec2::types::{IpPermission, IpRange, ResourceType, SecurityGroup as SdkGroup};

use super::confirm::once;
use super::tags::specification;
use super::{Ec2, Filters, PAGE, from_sdk, of_vpc, page, pages};
use crate::error::{Absent, AwsError, Kind, Result};
use crate::{Tags, operations};

/// A rule for IPv4 ranges, as far as this crate makes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecurityRule {
    /// Protocol (`tcp`, `-1`).
    pub protocol: String,
    /// First and last port.
    pub ports: Option<(i32, i32)>,
    /// IPv4 ranges that it lets in or out.
    pub cidr_blocks: Vec<String>,
    /// How many other peers it names: groups, prefix lists, IPv6 ranges.
    pub others: usize,
}

/// A security group as it stands.
#[derive(Clone, Debug, Default)]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its name.
    pub name: String,
    /// What it lets in.
    pub ingress: Vec<SecurityRule>,
    /// What it lets out.
    pub egress: Vec<SecurityRule>,
    /// Tags.
    pub tags: Tags,
    raw: (Vec<IpPermission>, Vec<IpPermission>),
}

impl SecurityGroup {
    /// How many rules it has.
    pub const fn rules(&self) -> usize {
        self.ingress.len() + self.egress.len()
    }
}

impl Ec2 {
    /// All security groups of a VPC.
    pub async fn security_groups(&self, vpc: &str) -> Result<Vec<SecurityGroup>> {
        let list = |filters: Filters| async move {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_SECURITY_GROUPS,
                sdk.ec2()
                    .describe_security_groups()
                    .set_max_results(page(&filters, PAGE))
                    .set_filters(filters.clone()),
                security_groups
            );
            Ok(found.into_iter().map(group_of).collect())
        };
        self.picked(
            |kept| &kept.groups,
            of_vpc(vpc),
            list,
            |one| one.vpc_id == vpc,
        )
        .await
    }

    /// Creates a security group. No two of a VPC have one name: one of that name is what a lost reply made.
    pub async fn create_security_group(
        &self,
        vpc: &str,
        name: &str,
        description: &str,
        tags: &Tags,
    ) -> Result<String> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_security_group()
            .vpc_id(vpc)
            .group_name(name)
            .description(description)
            .set_tag_specifications(specification(ResourceType::SecurityGroup, tags));
        let create = || async {
            let call = call.clone().customize().config_override(once());
            let answer = self
                .clients
                .call(&operations::ec2::CREATE_SECURITY_GROUP, call.send())
                .await?;
            answer.group_id.ok_or_else(|| {
                let op = &operations::ec2::CREATE_SECURITY_GROUP;
                AwsError::of(op, Kind::Other, "the answer holds no security group")
            })
        };
        let look = |ec2: Self| async move {
            let found = ec2.security_groups(vpc).await?;
            Ok(found
                .into_iter()
                .find(|group| group.name == name)
                .map(|group| group.id))
        };
        self.confirmed(create, look).await
    }

    /// Removes every rule of a group.
    pub async fn empty_security_group(&self, group: &SecurityGroup) -> Result<()> {
        self.revoke_ingress(group).await?;
        self.revoke_egress(group).await
    }

    /// Removes every rule by which a group lets in.
    pub async fn revoke_ingress(&self, group: &SecurityGroup) -> Result<()> {
        if group.raw.0.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .ec2()
            .revoke_security_group_ingress()
            .group_id(&group.id)
            .set_ip_permissions(Some(group.raw.0.clone()));
        self.clients
            .call(&operations::ec2::REVOKE_SECURITY_GROUP_INGRESS, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// Removes every rule by which a group lets out.
    pub async fn revoke_egress(&self, group: &SecurityGroup) -> Result<()> {
        if group.raw.1.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .ec2()
            .revoke_security_group_egress()
            .group_id(&group.id)
            .set_ip_permissions(Some(group.raw.1.clone()));
        self.clients
            .call(&operations::ec2::REVOKE_SECURITY_GROUP_EGRESS, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// Lets TCP from one IPv4 range in, at one port. A rule that is there already is success.
    pub async fn allow_ingress(&self, group: &str, port: i32, cidr: &str) -> Result<()> {
        let rule = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(port)
            .to_port(port)
            .ip_ranges(IpRange::builder().cidr_ip(cidr).build())
            .build();
        let call = self
            .clients
            .sdk()
            .ec2()
            .authorize_security_group_ingress()
            .group_id(group)
            .ip_permissions(rule);
        let made = self
            .clients
            .call(
                &operations::ec2::AUTHORIZE_SECURITY_GROUP_INGRESS,
                call.send(),
            )
            .await;
        match made {
            Err(error) if error.kind == Kind::AlreadyExists => Ok(()),
            other => other.map(drop),
        }
    }

    /// Deletes a security group. One that is gone already is success.
    ///
    /// # Errors
    /// [`Kind::Conflict`] while an interface uses it.
    pub async fn delete_security_group(&self, group: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_security_group()
            .group_id(group);
        self.clients
            .call(&operations::ec2::DELETE_SECURITY_GROUP, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

fn group_of(group: SdkGroup) -> SecurityGroup {
    let rules = |list: &[IpPermission]| list.iter().map(rule_of).collect();
    let (ingress, egress) = (
        group.ip_permissions.unwrap_or_default(),
        group.ip_permissions_egress.unwrap_or_default(),
    );
    SecurityGroup {
        id: group.group_id.unwrap_or_default(),
        vpc_id: group.vpc_id.unwrap_or_default(),
        name: group.group_name.unwrap_or_default(),
        ingress: rules(&ingress),
        egress: rules(&egress),
        tags: from_sdk(group.tags),
        raw: (ingress, egress),
    }
}

fn rule_of(rule: &IpPermission) -> SecurityRule {
    SecurityRule {
        protocol: rule.ip_protocol.clone().unwrap_or_default(),
        ports: rule.from_port.zip(rule.to_port),
        cidr_blocks: rule
            .ip_ranges()
            .iter()
            .filter_map(|range| range.cidr_ip.clone())
            .collect(),
        others: rule.user_id_group_pairs().len()
            + rule.ipv6_ranges().len()
            + rule.prefix_list_ids().len(),
    }
}
