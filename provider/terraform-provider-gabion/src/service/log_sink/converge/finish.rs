//! The last step: tags, and the mark that the sink stands.

use gabion_aws::Tags;
use gabion_framework::prelude::*;

use super::super::model::LogSinkModel;
use super::super::{TYPE, private};
use super::{Converge, Step, at, text};
use crate::shared::{creation, tags};

impl Converge<'_> {
    /// Tags the parts, and the main bucket at the very end: until then the sink counts as unfinished.
    pub(super) async fn finish(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let part = self.part_tags();
        if let Some(live) = &self.live.group_tags {
            let (set, unset) = tags::changes(live, &part);
            let (arn, logs) = (text(&self.live.model.log_group_arn), self.clients.logs());
            if !set.is_empty() {
                logs.tag(&arn, &set).await.map_err(at("tags"))?;
            }
            if !unset.is_empty() {
                logs.untag(&arn, &unset).await.map_err(at("tags"))?;
            }
        }
        if let Some(live) = &self.live.trail_tags {
            let (set, unset) = tags::changes(live, &part);
            let (arn, cloudtrail) = (text(&self.live.model.trail_arn), self.clients.cloudtrail());
            if !set.is_empty() {
                cloudtrail.add_tags(&arn, &set).await.map_err(at("tags"))?;
            }
            if !unset.is_empty() {
                cloudtrail
                    .remove_tags(&arn, &unset)
                    .await
                    .map_err(at("tags"))?;
            }
        }
        let s3 = self.clients.s3();
        if self
            .live
            .access_tags
            .as_ref()
            .is_some_and(|live| differ(live, &part))
            && self.holds_access_bucket()
        {
            s3.put_tags(&text(&self.plan.access_log_bucket), &part)
                .await
                .map_err(at("tags"))?;
        }
        let finished = self.marked(creation::created(TYPE));
        if self
            .live
            .bucket_tags
            .as_ref()
            .is_none_or(|live| differ(live, &finished))
        {
            s3.put_tags(&text(&self.plan.bucket), &finished)
                .await
                .map_err(at("tags"))?;
        }
        state.private.remove(private::UNFINISHED);
        if let Some(wished) = self.plan.is_organization_trail.known() {
            state.private.set(private::ORGANIZATION_TRAIL, wished);
        }
        // Everything stands as planned, settings of what is switched off included.
        state.set(self.plan.clone());
        Ok(())
    }

    /// Whether the access log bucket is the sink's, and not one of that name which somebody else has.
    fn holds_access_bucket(&self) -> bool {
        self.plan.access_log_bucket_arn.is_known()
    }
}

/// Whether tags differ, AWS's own aside.
fn differ(live: &Tags, wanted: &Tags) -> bool {
    let own: Tags = live
        .iter()
        .filter(|(key, _)| !key.starts_with("aws:"))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    own != *wanted
}
