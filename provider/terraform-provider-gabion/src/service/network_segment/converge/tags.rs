//! Tags of everything in the segment, and the mark that it stands.

use std::collections::BTreeMap;

use gabion_aws::Tags;

use super::super::TYPE;
use super::super::live::{Live, OWN, PART, SEGMENT, short};
use super::{Converge, Step, all, at, vpc_tags};
use crate::shared::creation;

impl Converge<'_> {
    /// Brings all tags to what is planned; the VPC comes last, as its creation tag says that the segment stands.
    pub(super) async fn all_tags(&self, live: &Live) -> Step {
        let mut changes: BTreeMap<(Tags, Vec<String>), Vec<String>> = BTreeMap::new();
        for (id, tags, service) in parts(live) {
            let wanted = match tags.get(PART) {
                // What AWS makes with the VPC has no name of its own.
                None => self.tags.clone(),
                Some(part) => self.part_tags(part, Some(service.unwrap_or(part))),
            };
            let change = change(tags, &wanted);
            if !change.0.is_empty() || !change.1.is_empty() {
                changes.entry(change).or_default().push(id.to_owned());
            }
        }
        let ec2 = self.clients.ec2();
        all(changes.into_iter().map(|((set, unset), ids)| {
            let ec2 = ec2.clone();
            async move {
                ec2.tag(&ids, &set)
                    .await
                    .map_err(at("tags", "tagging the parts of the segment"))?;
                ec2.untag(&ids, &unset)
                    .await
                    .map_err(at("tags", "tagging the parts of the segment"))
            }
        }))
        .await?;
        self.firewall_tags(&live.firewall).await?;
        let mut wanted = vpc_tags(self.plan, &self.tags);
        let (key, value) = creation::created(TYPE);
        wanted.insert(key, value);
        let (set, unset) = change(&live.vpc.tags, &wanted);
        let id = [self.vpc.clone()];
        ec2.tag(&id, &set)
            .await
            .map_err(at("tags", "tagging the VPC"))?;
        ec2.untag(&id, &unset)
            .await
            .map_err(at("tags", "tagging the VPC"))
    }
}

/// A part: its id, its tags, and the service where it is an endpoint, by which it is named.
type Part<'a> = (&'a str, &'a Tags, Option<&'a str>);

/// Everything that carries the segment's tags, but the VPC.
fn parts(live: &Live) -> Vec<Part<'_>> {
    let mut all: Vec<Part<'_>> = Vec::new();
    let mut add = |id, tags, own: bool| {
        if own {
            all.push((id, tags, None));
        }
    };
    let is_part = |tags: &Tags| tags.contains_key(PART);
    for one in &live.subnets {
        add(&one.id, &one.tags, is_part(&one.tags));
    }
    for one in &live.tables {
        add(&one.id, &one.tags, one.main || is_part(&one.tags));
    }
    for one in &live.acls {
        add(&one.id, &one.tags, one.is_default || is_part(&one.tags));
    }
    for one in &live.groups {
        add(
            &one.id,
            &one.tags,
            one.name == "default" || is_part(&one.tags),
        );
    }
    for one in &live.flow_logs {
        add(&one.id, &one.tags, is_part(&one.tags));
    }
    for one in &live.gateways {
        add(&one.id, &one.tags, true);
    }
    for one in &live.nats {
        add(
            &one.id,
            &one.tags,
            matches!(one.state.as_str(), "pending" | "available"),
        );
    }
    for one in &live.addresses {
        add(&one.id, &one.tags, true);
    }
    for one in &live.peerings {
        add(
            &one.id,
            &one.tags,
            one.tags.get(SEGMENT) == Some(&live.vpc.id),
        );
    }
    all.extend(
        live.endpoints
            .iter()
            .filter(|one| is_part(&one.tags))
            .map(|one| (one.id.as_str(), &one.tags, Some(short(&one.service)))),
    );
    all
}

/// What to set and what to take away. AWS's own tags are left alone, and ours where they are not wanted here.
pub(super) fn change(live: &Tags, wanted: &Tags) -> (Tags, Vec<String>) {
    let set = wanted
        .iter()
        .filter(|(key, value)| live.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let unset = live
        .keys()
        .filter(|key| {
            !key.starts_with("aws:") && !key.starts_with(OWN) && !wanted.contains_key(*key)
        })
        .cloned()
        .collect();
    (set, unset)
}
