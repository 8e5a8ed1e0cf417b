//! Makes AWS agree with the plan, one part at a time, for create and update alike.
//!
//! Every step compares with what is live and writes only where they differ, so that a create that was cut off, a
//! drifted sink and a plain change take the same way. The state is set after every step.

mod access;
mod bucket;
mod finish;
mod log_group;
mod trail;

use gabion_aws::{AwsError, Clients, Kind, Tags};
use gabion_framework::prelude::*;

use super::adopt::{exists, part_mark};
use super::live::Live;
use super::model::LogSinkModel;
use crate::configured::Gabion;
use crate::shared::fault;

/// The way from what is live to what is planned.
pub(super) struct Converge<'a> {
    /// For interruptions and the deadline.
    pub(super) ctx: &'a Ctx<Gabion>,
    /// Clients that write.
    pub(super) clients: Clients,
    /// Where to.
    pub(super) plan: LogSinkModel,
    /// Where from; brought up to date by every step.
    pub(super) live: Live,
    /// The tags that AWS shall show, without the creation tag.
    pub(super) tags: Tags,
    /// Whether the sink is in the state already.
    pub(super) stands: bool,
}

type Step = Result<(), Diagnostics>;

impl Converge<'_> {
    /// Runs all steps. The state holds what stands at any moment.
    ///
    /// # Errors
    /// The first step that failed; what stood before it is in the state.
    pub(super) async fn run(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        self.main_bucket(state).await?;
        self.main_settings(state).await?;
        if flag(&self.plan.access_logging) {
            self.access_bucket(state).await?;
        }
        self.logging(state).await?;
        self.bucket_policy(state).await?;
        self.log_group(state).await?;
        self.trail(state).await?;
        self.finish(state).await
    }

    /// Between steps: notes what stands, and stops where the user interrupted.
    fn stand(&self, state: &mut StateSlot<LogSinkModel>) -> Step {
        state.set(self.recorded());
        self.ctx.interrupted()
    }

    /// What stands: live values, with what AWS does not hold taken from the plan.
    fn recorded(&self) -> LogSinkModel {
        let plan = self.plan.clone();
        let live = self.live.model.clone();
        LogSinkModel {
            bucket: plan.bucket,
            kms_key_id: if live.kms_key_id.is_known() {
                live.kms_key_id.clone()
            } else {
                plan.kms_key_id
            },
            organization_id: plan.organization_id,
            account_id: plan.account_id,
            region: plan.region,
            access_log_bucket: plan.access_log_bucket,
            trail_name: plan.trail_name,
            log_group_name: plan.log_group_name,
            additional_policy_statements: plan.additional_policy_statements,
            acknowledge_removals: plan.acknowledge_removals,
            acknowledge_irreversible: plan.acknowledge_irreversible,
            deletion_protection: plan.deletion_protection,
            deletion_policy: plan.deletion_policy,
            tags: plan.tags,
            tags_all: plan.tags_all,
            exception: plan.exception,
            timeouts: plan.timeouts,
            ..live
        }
    }

    /// The error of a create call; a name that somebody else took meanwhile is told as such.
    fn making(
        &self,
        attribute: &'static str,
        what: &'static str,
        name: &str,
    ) -> impl FnOnce(AwsError) -> Diagnostics + use<> {
        let (name, sink, stands) = (name.to_owned(), text(&self.plan.bucket), self.stands);
        move |error| {
            if error.kind == Kind::AlreadyExists {
                return exists(attribute, what, &name, &sink, stands);
            }
            fault::while_setting(
                Path::root(attribute),
                format!("creating the {what} `{name}`"),
            )(error)
        }
    }

    /// The sink's tags and a creation tag.
    fn marked(&self, mark: (String, String)) -> Tags {
        self.tags.clone().into_iter().chain([mark]).collect()
    }

    /// The tags of a part.
    fn part_tags(&self) -> Tags {
        self.marked(part_mark(self.plan.name()))
    }
}

/// The error of a call that sets an attribute.
fn at(attribute: &'static str) -> impl FnOnce(AwsError) -> Diagnostics {
    fault::while_setting(
        Path::root(attribute),
        format!("setting `{attribute}` of the log sink"),
    )
}

fn text(value: &Value<String>) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn flag(value: &Value<bool>) -> bool {
    value.known() == Some(&true)
}
