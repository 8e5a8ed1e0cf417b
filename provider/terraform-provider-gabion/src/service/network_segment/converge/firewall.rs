//! The firewall: rule groups and policy, the firewall itself with its logs, and the routes that lead through it.

use std::collections::BTreeSet;

use gabion_aws::ec2::RouteTarget;
use gabion_aws::networkfirewall::{CreateFirewall, Firewall, FirewallProtection, RuleGroup};
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use super::super::firewall::{
    CAPACITY, FIREWALL, OwnGroup, POLICY, group_name, logs, name, zone_part,
};
use super::super::live::{FirewallParts, Live, PART, SEGMENT};
use super::remove::retried;
use super::{Converge, Step, all, at};

impl Converge<'_> {
    fn firewall_key(&self) -> Option<&str> {
        self.plan.firewall_kms_key_id.as_str()
    }

    /// Rule groups and policy, which need nothing of the VPC.
    pub(super) async fn firewall_policy(&self, parts: &mut FirewallParts) -> Step {
        let Some(filter) = &self.design.filter else {
            return Ok(());
        };
        let mut own = Vec::new();
        for group in filter.own_groups() {
            own.push(self.rule_group(&group, parts).await?);
        }
        let doing = || at("firewall_policy_arn", "setting the policy of the firewall");
        let service = self.clients.networkfirewall();
        let rules = filter.policy(own);
        match &parts.policy {
            Some(found) => {
                if found.rules != rules || found.kms_key.as_deref() != self.firewall_key() {
                    service
                        .update_firewall_policy(found, &rules, self.firewall_key())
                        .await
                        .map_err(doing())?;
                }
            }
            None => {
                let tags = self.part_tags(POLICY, Some(POLICY));
                let name = name(&self.vpc);
                let made = service
                    .create_firewall_policy(&name, &rules, self.firewall_key(), &tags)
                    .await
                    .map_err(doing())?;
                parts.policy = Some(made);
            }
        }
        Ok(())
    }

    /// Gives the ARN of the group.
    async fn rule_group(
        &self,
        group: &OwnGroup,
        parts: &mut FirewallParts,
    ) -> Result<String, Diagnostics> {
        let name = group_name(&self.vpc, group.part);
        let doing = || {
            at(
                "firewall_rule_group_arns",
                format!("setting the rule group `{name}`"),
            )
        };
        let service = self.clients.networkfirewall();
        let key = self.firewall_key();
        if let Some(found) = parts.groups.iter().find(|one| one.name == name) {
            if found.rules != group.rules || found.kms_key.as_deref() != key {
                service
                    .update_rule_group(found, &group.rules, key)
                    .await
                    .map_err(doing())?;
            }
            return Ok(found.arn.clone());
        }
        let tags = self.part_tags(group.part, Some(group.part));
        let made = service
            .create_rule_group(&name, &group.rules, CAPACITY, key, &tags)
            .await
            .map_err(doing())?;
        let arn = made.arn.clone();
        parts.groups.push(made);
        Ok(arn)
    }

    /// The firewall, filtering in every zone and logging.
    pub(super) async fn firewall(&self, live: &Live, parts: &mut FirewallParts) -> Step {
        let (Some(_), Some(policy)) = (&self.design.filter, &parts.policy) else {
            return Ok(());
        };
        let name = name(&self.vpc);
        let doing = || at("firewall_arn", format!("setting the firewall `{name}`"));
        let service = self.clients.networkfirewall();
        let subnets: Vec<String> = self
            .design
            .firewall
            .iter()
            .filter_map(|net| live.subnet(net))
            .map(|subnet| subnet.id.clone())
            .collect();
        let protected = self.plan.firewall_protection.known() != Some(&false);
        let found = match parts.firewall.take() {
            Some(found) => {
                self.mend(&found, &policy.arn, &subnets).await?;
                found
            }
            None => {
                let request = CreateFirewall {
                    name: name.clone(),
                    policy_arn: policy.arn.clone(),
                    vpc_id: self.vpc.clone(),
                    subnets: subnets.clone(),
                    protected,
                    kms_key: self.firewall_key().map(str::to_owned),
                    tags: self.part_tags(FIREWALL, Some(FIREWALL)),
                };
                service.create_firewall(&request).await.map_err(doing())?
            }
        };
        parts.firewall = Some(found);
        let ready = service
            .wait_for_firewall(&name, &subnets)
            .await
            .map_err(doing())?;
        parts.firewall = Some(ready.clone());
        let wanted = if self.plan.firewall_logs.known() == Some(&true) {
            logs(self.plan.log_destination.as_str().unwrap_or_default())
        } else {
            Vec::new()
        };
        service
            .set_firewall_logs(&name, &parts.logs, &wanted)
            .await
            .map_err(at(
                "firewall_log_destinations",
                "setting the logs of the firewall",
            ))?;
        parts.logs = wanted;
        self.protect(&ready, protected).await
    }

    /// Brings a firewall that stands to what is planned, beside its protection: what is protected is let go for that.
    async fn mend(&self, found: &Firewall, policy: &str, subnets: &[String]) -> Step {
        let service = self.clients.networkfirewall();
        let doing = || {
            at(
                "firewall_arn",
                format!("changing the firewall `{}`", found.name),
            )
        };
        if found.policy_arn != policy {
            let kind = FirewallProtection::Policy;
            if found.policy_protection {
                let off = service.set_firewall_protection(&found.name, kind, false);
                off.await.map_err(doing())?;
            }
            let set = service.set_firewall_policy(&found.name, policy);
            set.await.map_err(doing())?;
        }
        let missing: Vec<String> = subnets
            .iter()
            .filter(|subnet| !found.subnets.contains(subnet))
            .cloned()
            .collect();
        if !missing.is_empty() {
            let kind = FirewallProtection::Subnets;
            if found.subnet_protection {
                let off = service.set_firewall_protection(&found.name, kind, false);
                off.await.map_err(doing())?;
            }
            let add = service.add_firewall_subnets(&found.name, &missing);
            add.await.map_err(doing())?;
        }
        if found.kms_key.as_deref() != self.firewall_key() {
            let set = service.set_firewall_key(&found.name, self.firewall_key());
            set.await
                .map_err(at("firewall_kms_key_id", "setting the key of the firewall"))?;
        }
        Ok(())
    }

    async fn protect(&self, found: &Firewall, on: bool) -> Step {
        let kinds = [
            (FirewallProtection::Delete, found.delete_protection),
            (FirewallProtection::Subnets, found.subnet_protection),
            (FirewallProtection::Policy, found.policy_protection),
        ];
        for (kind, now) in kinds {
            if now != on {
                self.clients
                    .networkfirewall()
                    .set_firewall_protection(&found.name, kind, on)
                    .await
                    .map_err(at("firewall_protection", "protecting the firewall"))?;
            }
        }
        Ok(())
    }

    /// What the subnets of the firewall reach: the NAT gateway of their zone. What public subnets reach: the internet,
    /// and the private subnets through the firewall, so that it sees both directions.
    pub(super) async fn inspected_routes(&self, live: &Live) -> Step {
        let outward = self.design.firewall.iter().filter_map(|net| {
            let table = live.table(&zone_part(&net.zone))?;
            let nat = live.nat(self.design.nat_zone(&net.zone)?)?;
            let target = RouteTarget::Nat(nat.id.clone());
            let wanted: Vec<_> = self
                .design
                .out
                .iter()
                .map(|range| (range.clone(), target.clone()))
                .collect();
            Some((table, wanted))
        });
        let steps = outward.map(|(table, wanted)| async move {
            self.lead(table, &wanted, "firewall_route_table_ids").await
        });
        let (outward, public) =
            futures::join!(Box::pin(all(steps)), Box::pin(self.public_routes(live)));
        super::merged([outward, public])
    }

    /// Tags of the firewall and of what belongs to it.
    pub(super) async fn firewall_tags(&self, parts: &FirewallParts) -> Step {
        let mut live: Vec<(&str, &Tags, &str)> = Vec::new();
        live.extend(
            parts
                .firewall
                .iter()
                .map(|one| (one.arn.as_str(), &one.tags, FIREWALL)),
        );
        live.extend(
            parts
                .policy
                .iter()
                .map(|one| (one.arn.as_str(), &one.tags, POLICY)),
        );
        live.extend(parts.groups.iter().filter_map(|one| {
            let part = one.tags.get(PART)?;
            Some((one.arn.as_str(), &one.tags, part.as_str()))
        }));
        all(live.into_iter().map(|(arn, tags, part)| async move {
            let wanted = self.part_tags(part, Some(part));
            let (set, unset) = super::tags::change(tags, &wanted);
            let service = self.clients.networkfirewall();
            let doing = || at("tags", "tagging the firewall");
            service.tag(arn, &set).await.map_err(doing())?;
            service.untag(arn, &unset).await.map_err(doing())
        }))
        .await
    }
}

/// Takes the firewall away: the routes that lead to it, its logs and protection, itself, its policy and rule groups.
///
/// # Errors
/// A call that failed.
pub(in super::super) async fn take_away(clients: &Clients, live: &mut Live) -> Step {
    let service = clients.networkfirewall();
    if let Some(found) = live.firewall.firewall.take() {
        routes_to(clients, live, &found).await?;
        let doing = || {
            at(
                "firewall_arn",
                format!("deleting the firewall `{}`", found.name),
            )
        };
        let logs = std::mem::take(&mut live.firewall.logs);
        service
            .set_firewall_logs(&found.name, &logs, &[])
            .await
            .map_err(doing())?;
        let kinds = [
            (FirewallProtection::Delete, found.delete_protection),
            (FirewallProtection::Subnets, found.subnet_protection),
        ];
        for (kind, _) in kinds.into_iter().filter(|(_, on)| *on) {
            service
                .set_firewall_protection(&found.name, kind, false)
                .await
                .map_err(doing())?;
        }
        service
            .delete_firewall(&found.name)
            .await
            .map_err(doing())?;
    }
    let ours = |tags: &Tags| tags.get(SEGMENT) == Some(&live.vpc.id);
    if let Some(policy) = live.firewall.policy.take().filter(|one| ours(&one.tags)) {
        let what = format!("deleting the firewall policy `{}`", policy.name);
        retried(clients, &what, || async {
            clients
                .networkfirewall()
                .delete_firewall_policy(&policy.name)
                .await
        })
        .await
        .map_err(at("firewall_policy_arn", what.clone()))?;
    }
    let groups = std::mem::take(&mut live.firewall.groups);
    groups_away(clients, &live.vpc.id, groups).await
}

/// Deletes rule groups of a segment that no policy uses any more.
///
/// # Errors
/// A call that failed.
pub(super) async fn groups_away(clients: &Clients, vpc: &str, groups: Vec<RuleGroup>) -> Step {
    let ours = groups
        .into_iter()
        .filter(|one| one.tags.get(SEGMENT).map(String::as_str) == Some(vpc));
    all(ours.map(|group| async move {
        let what = format!("deleting the rule group `{}`", group.name);
        retried(clients, &what, || async {
            clients
                .networkfirewall()
                .delete_rule_group(&group.name)
                .await
        })
        .await
        .map_err(at("firewall_rule_group_arns", what.clone()))
    }))
    .await
}

/// No route leads to a firewall that goes.
async fn routes_to(clients: &Clients, live: &mut Live, found: &Firewall) -> Step {
    let endpoints: BTreeSet<&str> = found
        .endpoints
        .values()
        .map(|one| one.id.as_str())
        .collect();
    let leads = |target: &RouteTarget| matches!(target, RouteTarget::Endpoint(id) if endpoints.contains(id.as_str()));
    let steps = live.tables.iter().flat_map(|table| {
        let routes = table.routes.iter().filter(|route| leads(&route.target));
        routes.map(|route| (table.id.clone(), route.destination.clone()))
    });
    let steps: Vec<(String, String)> = steps.collect();
    all(steps.iter().map(|(table, range)| async move {
        let doing = format!("taking the route to `{range}` out of `{table}`");
        let ec2 = clients.ec2();
        ec2.delete_route(table, range)
            .await
            .map_err(at("private_routes", doing))
    }))
    .await?;
    for table in &mut live.tables {
        table.routes.retain(|route| !leads(&route.target));
    }
    Ok(())
}
