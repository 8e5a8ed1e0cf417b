//! Network ACLs.

use aws_sdk_ec2::types::{
    NetworkAcl as SdkAcl, NetworkAclEntry, PortRange, ResourceType, RuleAction,
};

use super::confirm::once;
use super::tags::specification;
use super::{Ec2, Filters, PAGE, filter, from_sdk, of_vpc, page, pages};
use crate::error::{Absent, AwsError, Kind, Result};
use crate::{Tags, operations};

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AclAction {
    /// Lets traffic through.
    Allow,
    /// Drops it.
    Deny,
}

/// A numbered entry for an IPv4 range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AclEntry {
    /// Whether it is about traffic that leaves the subnet.
    pub egress: bool,
    /// Its number; the lowest that fits decides.
    pub number: i32,
    /// What it does.
    pub action: AclAction,
    /// Protocol number, `-1` for all.
    pub protocol: String,
    /// The range.
    pub cidr_block: String,
    /// First and last port, for TCP and UDP.
    pub ports: Option<(i32, i32)>,
}

/// A network ACL as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkAcl {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Whether it is the VPC's default one.
    pub is_default: bool,
    /// Its entries for IPv4 ranges, without the last one that AWS keeps. Entries for IPv6 are left out.
    pub entries: Vec<AclEntry>,
    /// Numbers and directions (`egress`) of entries for IPv6 ranges.
    pub ipv6_entries: Vec<(i32, bool)>,
    /// Associations: id and subnet.
    pub associations: Vec<(String, String)>,
    /// Tags.
    pub tags: Tags,
}

/// The entry that AWS keeps at the end of every list.
const LAST: i32 = 32767;
/// The same for IPv6.
const LAST_IPV6: i32 = 32768;

impl Ec2 {
    /// All network ACLs of a VPC.
    pub async fn network_acls(&self, vpc: &str) -> Result<Vec<NetworkAcl>> {
        let list = |filters: Filters| async move {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_NETWORK_ACLS,
                sdk.ec2()
                    .describe_network_acls()
                    .set_max_results(page(&filters, PAGE))
                    .set_filters(filters.clone()),
                network_acls
            );
            Ok(found.into_iter().map(acl_of).collect())
        };
        self.picked(
            |kept| &kept.acls,
            of_vpc(vpc),
            list,
            |one| one.vpc_id == vpc,
        )
        .await
    }

    /// Creates a network ACL, which denies everything. `mark`, a tag among `tags`, tells it from the others of
    /// the VPC, so that a lost reply makes no second one.
    pub async fn create_network_acl(
        &self,
        vpc: &str,
        tags: &Tags,
        mark: (&str, &str),
    ) -> Result<NetworkAcl> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_network_acl()
            .vpc_id(vpc)
            .set_tag_specifications(specification(ResourceType::NetworkAcl, tags));
        let create = || async {
            let call = call.clone().customize().config_override(once());
            let answer = self
                .clients
                .call(&operations::ec2::CREATE_NETWORK_ACL, call.send())
                .await?;
            answer.network_acl.map(acl_of).ok_or_else(|| {
                let op = &operations::ec2::CREATE_NETWORK_ACL;
                AwsError::of(op, Kind::Other, "the answer holds no network ACL")
            })
        };
        let look = |ec2: Self| async move {
            let found = ec2.network_acls(vpc).await?;
            let ours = |acl: &NetworkAcl| acl.tags.get(mark.0).map(String::as_str) == Some(mark.1);
            Ok(found.into_iter().find(ours))
        };
        self.confirmed(create, look).await
    }

    /// Creates an entry, or replaces the one of that number and direction.
    pub async fn put_acl_entry(&self, acl: &str, entry: &AclEntry, exists: bool) -> Result<()> {
        let action = match entry.action {
            AclAction::Allow => RuleAction::Allow,
            AclAction::Deny => RuleAction::Deny,
        };
        let ports = entry
            .ports
            .map(|(from, to)| PortRange::builder().from(from).to(to).build());
        let sdk = self.clients.sdk();
        if exists {
            let call = sdk
                .ec2()
                .replace_network_acl_entry()
                .network_acl_id(acl)
                .rule_number(entry.number)
                .egress(entry.egress)
                .rule_action(action)
                .protocol(&entry.protocol)
                .cidr_block(&entry.cidr_block)
                .set_port_range(ports);
            return self
                .clients
                .call(&operations::ec2::REPLACE_NETWORK_ACL_ENTRY, call.send())
                .await
                .map(drop);
        }
        let call = sdk
            .ec2()
            .create_network_acl_entry()
            .network_acl_id(acl)
            .rule_number(entry.number)
            .egress(entry.egress)
            .rule_action(action)
            .protocol(&entry.protocol)
            .cidr_block(&entry.cidr_block)
            .set_port_range(ports);
        let made = self
            .clients
            .call(&operations::ec2::CREATE_NETWORK_ACL_ENTRY, call.send())
            .await;
        match made {
            // A reply was lost, and the SDK asked again: the entry is put as it should be.
            Err(error) if error.kind == Kind::AlreadyExists => {
                Box::pin(self.put_acl_entry(acl, entry, true)).await
            }
            other => other.map(drop),
        }
    }

    /// Deletes an entry. One that is gone already is success.
    pub async fn delete_acl_entry(&self, acl: &str, number: i32, egress: bool) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_network_acl_entry()
            .network_acl_id(acl)
            .rule_number(number)
            .egress(egress);
        self.clients
            .call(&operations::ec2::DELETE_NETWORK_ACL_ENTRY, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// Lets the subnet of an association use another network ACL. Each move gives the association another id: where
    /// that of before is gone, a reply was lost, and the subnet is looked at.
    pub async fn move_acl_association(
        &self,
        association: &str,
        subnet: &str,
        acl: &str,
    ) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .replace_network_acl_association()
            .association_id(association)
            .network_acl_id(acl);
        let moved = self
            .clients
            .call(
                &operations::ec2::REPLACE_NETWORK_ACL_ASSOCIATION,
                call.send(),
            )
            .await;
        match moved {
            Err(error) if !error.is_cancelled() => {
                let finder = Self::new(self.clients.unscoped());
                if finder.acl_of_subnet(subnet).await?.as_deref() == Some(acl) {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            other => other.map(drop),
        }
    }

    /// The network ACL that a subnet uses; none where there is no such subnet.
    async fn acl_of_subnet(&self, subnet: &str) -> Result<Option<String>> {
        let sdk = self.clients.sdk();
        let found = pages!(
            self,
            &operations::ec2::DESCRIBE_NETWORK_ACLS,
            sdk.ec2()
                .describe_network_acls()
                .filters(filter("association.subnet-id", subnet)),
            network_acls
        );
        Ok(found.into_iter().next().and_then(|acl| acl.network_acl_id))
    }

    /// Deletes a network ACL. One that is gone already is success.
    pub async fn delete_network_acl(&self, acl: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_network_acl()
            .network_acl_id(acl);
        self.clients
            .call(&operations::ec2::DELETE_NETWORK_ACL, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

fn acl_of(acl: SdkAcl) -> NetworkAcl {
    let all = acl.entries.unwrap_or_default();
    let number = |entry: &NetworkAclEntry| entry.rule_number.unwrap_or_default();
    let ipv6 = all
        .iter()
        .filter(|entry| entry.cidr_block.is_none() && number(entry) != LAST_IPV6)
        .map(|entry| (number(entry), entry.egress == Some(true)))
        .collect();
    let mut entries: Vec<AclEntry> = all
        .into_iter()
        .filter(|entry| number(entry) != LAST)
        .filter_map(|entry| {
            let allow = entry.rule_action == Some(RuleAction::Allow);
            Some(AclEntry {
                egress: entry.egress == Some(true),
                number: entry.rule_number?,
                action: if allow {
                    AclAction::Allow
                } else {
                    AclAction::Deny
                },
                protocol: entry.protocol.unwrap_or_default(),
                cidr_block: entry.cidr_block?,
                ports: entry
                    .port_range
                    .and_then(|range| Some((range.from?, range.to?))),
            })
        })
        .collect();
    entries.sort();
    NetworkAcl {
        id: acl.network_acl_id.unwrap_or_default(),
        vpc_id: acl.vpc_id.unwrap_or_default(),
        is_default: acl.is_default == Some(true),
        entries,
        ipv6_entries: ipv6,
        associations: acl
            .associations
            .unwrap_or_default()
            .into_iter()
            .filter_map(|one| Some((one.network_acl_association_id?, one.subnet_id?)))
            .collect(),
        tags: from_sdk(acl.tags),
    }
}
