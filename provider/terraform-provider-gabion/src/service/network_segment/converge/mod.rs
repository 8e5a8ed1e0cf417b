//! Makes AWS agree with the plan, for create and update alike.
//!
//! Every step compares with what is live and writes only where they differ, so that a create that was cut off, a
//! drifted segment and a plain change take the same way. Steps that do not need each other run at once, and none is
//! dropped in the middle: all come to their end before an error is told.

mod endpoints;
mod firewall;
mod guards;
mod logs;
mod remove;
mod routes;
mod subnets;
mod tags;

use std::time::{Duration, Instant};

use gabion_aws::{AwsError, Clients, Tags};
use gabion_framework::prelude::*;

use super::design::Design;
use super::live::{ALLOWS, DATA_TIER, ENVIRONMENT, Live, NAME, PART, SEGMENT};
use super::model::SegmentModel;
use super::{TYPE, connection, private};
use crate::configured::Gabion;
use crate::shared::{creation, fault, strings};

pub(super) use firewall::take_away;
pub(super) use logs::leave;
pub(super) use remove::{Kept, endpoint_groups, gateways as remove_gateways, retried};

/// The outcome of a step.
pub(super) type Step = Result<(), Diagnostics>;

/// A step that took this long is told at the end.
const LONG: Duration = Duration::from_secs(30);

/// The way from what is live to what is planned.
pub(super) struct Converge<'a> {
    /// For interruptions and the deadline.
    pub(super) ctx: &'a Ctx<Gabion>,
    /// Clients that write.
    pub(super) clients: &'a Clients,
    /// Where to.
    pub(super) plan: &'a SegmentModel,
    /// What it consists of.
    pub(super) design: &'a Design,
    /// The user's tags and the defaults.
    pub(super) tags: Tags,
    /// The VPC.
    pub(super) vpc: String,
}

/// The error of a call about an attribute; `doing` is in the present participle.
pub(super) fn at(
    attribute: &'static str,
    doing: impl Into<String>,
) -> impl FnOnce(AwsError) -> Diagnostics {
    fault::while_setting(Path::root(attribute), doing)
}

/// Runs steps at once, to the end of all, and gives every error.
pub(super) async fn all<F: Future<Output = Step>>(steps: impl IntoIterator<Item = F>) -> Step {
    // Each is large: together they would not fit on a stack.
    merged(futures::future::join_all(steps.into_iter().map(Box::pin)).await)
}

/// Every error of several steps.
pub(super) fn merged(results: impl IntoIterator<Item = Step>) -> Step {
    let mut diags = Diagnostics::new();
    for errors in results.into_iter().filter_map(Result::err) {
        diags.extend(errors);
    }
    if diags.is_empty() { Ok(()) } else { Err(diags) }
}

/// Times a step; one that took long becomes a line of the warning at the end.
pub(super) async fn timed<T>(
    what: &str,
    slow: &mut Vec<String>,
    step: impl Future<Output = T>,
) -> T {
    let begin = Instant::now();
    tracing::debug!(step = what, "begins");
    let result = step.await;
    let took = begin.elapsed();
    tracing::info!(step = what, seconds = took.as_secs(), "done");
    if took >= LONG {
        slow.push(format!("{what}: {} s", took.as_secs()));
    }
    result
}

/// The warning that says what took long.
pub(super) fn told(slow: &[String], what: &str) -> Diagnostics {
    let mut diags = Diagnostics::new();
    if !slow.is_empty() {
        diags.warning(
            "Some steps took long",
            format!(
                "{what} took long for AWS to finish:\n\n  - {}",
                slow.join("\n  - ")
            ),
        );
    }
    diags
}

impl Converge<'_> {
    /// Runs all steps; what took long is added to `slow`.
    ///
    /// # Errors
    /// All steps that failed; those that needed them did not begin.
    pub(super) async fn run(&self, live: &mut Live, slow: &mut Vec<String>) -> Step {
        timed(
            "subnets, tables, access lists and logs",
            slow,
            self.base(live),
        )
        .await?;
        self.ctx.interrupted()?;
        timed("gateways and endpoints", slow, Box::pin(self.upon(live))).await?;
        self.ctx.interrupted()?;
        Box::pin(self.inspected_routes(live)).await?;
        Box::pin(self.private_routes(live)).await?;
        timed(
            "what is no longer wanted",
            slow,
            Box::pin(self.remove(live)),
        )
        .await?;
        self.ctx.interrupted()?;
        Box::pin(self.connections(live)).await?;
        self.ctx.interrupted()?;
        Box::pin(self.all_tags(live)).await
    }

    /// What needs nothing but the VPC.
    async fn base(&self, live: &mut Live) -> Step {
        let Live {
            subnets,
            tables,
            acls,
            groups,
            gateways,
            addresses,
            exclusion,
            flow_logs,
            query_log,
            dns_hostnames,
            dns_support,
            firewall,
            ..
        } = live;
        let steps = futures::join!(
            Box::pin(self.subnets(subnets)),
            Box::pin(self.tables(tables)),
            Box::pin(self.acls(acls)),
            Box::pin(self.groups(groups)),
            Box::pin(self.gateway(gateways)),
            Box::pin(self.addresses(addresses)),
            Box::pin(self.exclusion(exclusion)),
            Box::pin(self.flow_log(flow_logs)),
            Box::pin(self.query_log(query_log)),
            Box::pin(self.dns(*dns_hostnames, *dns_support)),
            Box::pin(self.firewall_policy(firewall)),
        );
        merged([
            steps.0, steps.1, steps.2, steps.3, steps.4, steps.5, steps.6, steps.7, steps.8,
            steps.9, steps.10,
        ])
    }

    /// What needs subnets, tables and groups.
    async fn upon(&self, live: &mut Live) -> Step {
        let mut nats = std::mem::take(&mut live.nats);
        let mut endpoints = std::mem::take(&mut live.endpoints);
        let mut firewall = std::mem::take(&mut live.firewall);
        let here = &*live;
        let steps = futures::join!(
            Box::pin(self.nats(here, &mut nats)),
            Box::pin(self.endpoints(here, &mut endpoints)),
            Box::pin(self.associations(here)),
            Box::pin(self.public_acl_associations(here)),
            Box::pin(self.firewall(here, &mut firewall)),
        );
        live.nats = nats;
        live.endpoints = endpoints;
        live.firewall = firewall;
        merged([steps.0, steps.1, steps.2, steps.3, steps.4])
    }

    async fn connections(&self, live: &mut Live) -> Step {
        if !connection::is_needed(self.plan, live) {
            return Ok(());
        }
        let tags = self.part_tags("connection", Some("connection"));
        connection::converge(self.ctx, self.clients, self.plan, live, &tags).await
    }

    /// The tags of a part; `name` follows the segment's name in the `Name` tag.
    pub(super) fn part_tags(&self, part: &str, name: Option<&str>) -> Tags {
        let mut tags = self.tags.clone();
        if let Some(name) = name {
            let segment = self.plan.name.as_str().unwrap_or_default();
            tags.entry("Name".to_owned())
                .or_insert_with(|| format!("{segment}-{name}"));
        }
        tags.insert(PART.to_owned(), part.to_owned());
        tags.insert(SEGMENT.to_owned(), self.vpc.clone());
        tags
    }
}

/// The tags of the VPC, without its creation tag.
pub(super) fn vpc_tags(plan: &SegmentModel, user: &Tags) -> Tags {
    let mut tags = user.clone();
    let text = |value: &Value<String>| value.as_str().unwrap_or_default().to_owned();
    tags.entry("Name".to_owned())
        .or_insert_with(|| text(&plan.name));
    tags.insert(NAME.to_owned(), text(&plan.name));
    tags.insert(ENVIRONMENT.to_owned(), text(&plan.environment));
    tags.insert(DATA_TIER.to_owned(), text(&plan.data_tier));
    let allows: Vec<String> = strings::known_part(&plan.allowed_environments)
        .into_iter()
        .collect();
    tags.insert(ALLOWS.to_owned(), allows.join(" "));
    tags
}

/// Makes the VPC, or takes the one of a create that was cut off. Gives its id.
///
/// # Errors
/// A call that failed.
pub(super) async fn vpc(
    clients: &Clients,
    plan: &SegmentModel,
    user: &Tags,
    state: &mut StateSlot<SegmentModel>,
) -> Result<String, Diagnostics> {
    let name = plan.name.as_str().unwrap_or_default();
    let cidr = plan.cidr_block.as_str().unwrap_or_default();
    let mark = creation::creating(TYPE, name);
    let ec2 = clients.ec2();
    let unfinished = ec2.vpcs_by_tag(&mark.0, &mark.1).await.map_err(at(
        "name",
        format!("looking for a create of `{name}` that was cut off"),
    ))?;
    state.private.set(private::UNFINISHED, &true);
    let same: Vec<_> = unfinished
        .into_iter()
        .filter(|vpc| vpc.cidr_block == cidr)
        .collect();
    if let [first, second, ..] = same.as_slice() {
        return Err(fault::error_at(
            Path::root("name"),
            "Several creates of this segment were cut off",
            format!(
                "The VPCs `{}` and `{}` are both marked as a create of `{name}` that was cut off. Delete all but one.",
                first.id, second.id
            ),
        ));
    }
    if let Some(found) = same.into_iter().next() {
        tracing::info!(vpc = found.id, "goes on with the create that was cut off");
        return Ok(found.id);
    }
    not_there(clients, name, cidr).await?;
    let mut tags = vpc_tags(plan, user);
    tags.insert(mark.0.clone(), mark.1.clone());
    let made = ec2
        .create_vpc(cidr, &tags, (&mark.0, &mark.1))
        .await
        .map_err(at("cidr_block", format!("creating the VPC of `{name}`")))?;
    Ok(made.id)
}

/// Nothing in AWS keeps two VPCs of one name and range apart: a segment that is complete and in no state (a run was
/// killed before it was written) is named, not made again.
async fn not_there(clients: &Clients, name: &str, cidr: &str) -> Result<(), Diagnostics> {
    let named = clients
        .ec2()
        .vpcs_by_tag(NAME, name)
        .await
        .map_err(at("name", format!("looking for another segment `{name}`")))?;
    let (key, value) = creation::created(TYPE);
    let found = named
        .into_iter()
        .find(|vpc| vpc.cidr_block == cidr && vpc.tags.get(&key) == Some(&value));
    let Some(found) = found else {
        return Ok(());
    };
    let id = &found.id;
    Err(fault::error_at(
        Path::root("name"),
        "The segment exists already",
        format!(
            "The VPC `{id}` is a segment `{name}` with the range `{cidr}` already, and not in this state. To manage it here, \
             import it: `terraform import ADDRESS {id}` (import changes nothing). Otherwise choose another name or range."
        ),
    ))
}
