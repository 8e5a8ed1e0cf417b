//! Network ACLs and security groups.

use gabion_aws::ec2::{AclEntry, NetworkAcl, SecurityGroup};

use super::super::acl::CONNECTIONS;
use super::super::live::{ENDPOINT_GROUP, Live, PART, is_part};
use super::{Converge, Step, all, at, merged};

impl Converge<'_> {
    /// The VPC's default network ACL, and the one of the public subnets.
    pub(super) async fn acls(&self, live: &mut Vec<NetworkAcl>) -> Step {
        if self.design.has_gateway() && !live.iter().any(|acl| is_part(&acl.tags, "public")) {
            let tags = self.part_tags("public", Some("public"));
            let made = self
                .clients
                .ec2()
                .create_network_acl(&self.vpc, &tags, (PART, "public"))
                .await
                .map_err(at(
                    "public_network_acl_id",
                    "creating the network ACL of the public subnets",
                ))?;
            live.push(made);
        }
        let steps = live.iter().filter_map(|acl| {
            if acl.is_default {
                Some(self.entries(acl, &self.design.private_entries, "network_acl_entries"))
            } else if self.design.has_gateway() && is_part(&acl.tags, "public") {
                Some(self.entries(
                    acl,
                    &self.design.public_entries,
                    "public_network_acl_entries",
                ))
            } else {
                None
            }
        });
        all(steps).await
    }

    async fn entries(
        &self,
        acl: &NetworkAcl,
        wanted: &[AclEntry],
        attribute: &'static str,
    ) -> Step {
        let same = |one: &AclEntry, other: &AclEntry| {
            one.number == other.number && one.egress == other.egress
        };
        let puts = wanted
            .iter()
            .filter(|entry| !acl.entries.contains(entry))
            .map(|entry| async move {
                let exists = acl.entries.iter().any(|live| same(live, entry));
                let doing = format!("setting entry {} of `{}`", entry.number, acl.id);
                self.clients
                    .ec2()
                    .put_acl_entry(&acl.id, entry, exists)
                    .await
                    .map_err(at(attribute, doing))
            });
        all(puts).await?;
        let stale = acl
            .entries
            .iter()
            .filter(|live| {
                !CONNECTIONS.contains(&live.number) && !wanted.iter().any(|entry| same(live, entry))
            })
            .map(|live| (live.number, live.egress))
            .chain(acl.ipv6_entries.iter().copied());
        all(stale.map(|(number, egress)| async move {
            let doing = format!("taking entry {number} out of `{}`", acl.id);
            self.clients
                .ec2()
                .delete_acl_entry(&acl.id, number, egress)
                .await
                .map_err(at(attribute, doing))
        }))
        .await
    }

    /// Public subnets use their own network ACL, private ones the default one.
    pub(super) async fn public_acl_associations(&self, live: &Live) -> Step {
        let subnets = |nets: &[super::super::design::Net]| -> Vec<String> {
            nets.iter()
                .filter_map(|net| live.subnet(net))
                .map(|subnet| subnet.id.clone())
                .collect()
        };
        let private = live
            .acl()
            .map(|acl| (acl.id.clone(), subnets(&self.design.private)));
        let public = live
            .public_acl()
            .map(|acl| (acl.id.clone(), subnets(&self.design.beyond())));
        let mut moves = Vec::new();
        let mut unplaced = false;
        for (acl, subnets) in private.into_iter().chain(public) {
            for subnet in subnets {
                let now = live.acls.iter().find_map(|one| {
                    Some((
                        one.id.clone(),
                        one.associations
                            .iter()
                            .find(|(_, of)| *of == subnet)?
                            .0
                            .clone(),
                    ))
                });
                match now {
                    Some((now, association)) if now != acl => {
                        moves.push((acl.clone(), association, subnet));
                    }
                    Some(_) => {}
                    // A new subnet is associated with the default one, which was read before it was made.
                    None => unplaced |= live.acl().is_none_or(|default| default.id != acl),
                }
            }
        }
        self.moved(moves).await?;
        if unplaced {
            self.place_new_subnets(live).await?;
        }
        Ok(())
    }

    async fn place_new_subnets(&self, live: &Live) -> Step {
        let Some(public) = live.public_acl() else {
            return Ok(());
        };
        let fresh = self
            .clients
            .ec2()
            .network_acls(&self.vpc)
            .await
            .map_err(at("public_network_acl_id", "reading the network ACLs"))?;
        let wanted: Vec<String> = self
            .design
            .beyond()
            .iter()
            .filter_map(|net| live.subnet(net))
            .map(|subnet| subnet.id.clone())
            .collect();
        let moves = fresh
            .iter()
            .filter(|acl| acl.id != public.id)
            .flat_map(|acl| {
                acl.associations
                    .iter()
                    .filter(|(_, subnet)| wanted.contains(subnet))
                    .map(|(association, subnet)| {
                        (public.id.clone(), association.clone(), subnet.clone())
                    })
            });
        self.moved(moves.collect()).await
    }

    async fn moved(&self, moves: Vec<(String, String, String)>) -> Step {
        all(moves
            .into_iter()
            .map(|(acl, association, subnet)| async move {
                self.clients
                    .ec2()
                    .move_acl_association(&association, &subnet, &acl)
                    .await
                    .map_err(at(
                        "public_network_acl_id",
                        "giving a subnet its network ACL",
                    ))
            }))
        .await
    }

    /// The default security group without rules, and the group of the interface endpoints.
    pub(super) async fn groups(&self, live: &mut Vec<SecurityGroup>) -> Step {
        let default = async {
            for group in live.iter().filter(|group| group.name == "default") {
                self.clients
                    .ec2()
                    .empty_security_group(group)
                    .await
                    .map_err(at(
                        "default_security_group_rules",
                        "emptying the default security group",
                    ))?;
            }
            Ok(())
        };
        let (emptied, made) = futures::join!(default, self.endpoint_group(live));
        let done = match made {
            Ok(Some(group)) => {
                live.push(group);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(errors) => Err(errors),
        };
        merged([emptied, done])
    }

    async fn endpoint_group(
        &self,
        live: &[SecurityGroup],
    ) -> Result<Option<SecurityGroup>, gabion_framework::prelude::Diagnostics> {
        if self
            .plan
            .services()
            .is_none_or(|services| services.is_empty())
        {
            return Ok(None);
        }
        let ec2 = self.clients.ec2();
        let doing = || {
            at(
                "endpoint_security_group_id",
                "setting the security group of the endpoints",
            )
        };
        let cidr = self.plan.cidr_block.as_str().unwrap_or_default();
        let found = live.iter().find(|group| group.name == ENDPOINT_GROUP);
        let mut made = None;
        let (id, right) = match found {
            Some(found) => {
                let right = matches!(found.ingress.as_slice(), [rule]
                    if rule.protocol == "tcp" && rule.ports == Some((443, 443)) && rule.others == 0 && rule.cidr_blocks == [cidr]);
                if !right {
                    ec2.revoke_ingress(found).await.map_err(doing())?;
                }
                ec2.revoke_egress(found).await.map_err(doing())?;
                (found.id.clone(), right)
            }
            None => {
                let tags = self.part_tags("endpoints", Some("endpoints"));
                let text = "HTTPS from the segment to its endpoints";
                let id = ec2
                    .create_security_group(&self.vpc, ENDPOINT_GROUP, text, &tags)
                    .await
                    .map_err(doing())?;
                // A new group lets everything out.
                let groups = ec2.security_groups(&self.vpc).await.map_err(doing())?;
                if let Some(group) = groups.into_iter().find(|group| group.id == id) {
                    ec2.revoke_egress(&group).await.map_err(doing())?;
                    made = Some(group);
                }
                (id, false)
            }
        };
        if !right {
            ec2.allow_ingress(&id, 443, cidr).await.map_err(doing())?;
        }
        Ok(made)
    }
}
