//! A guardrail as it is in AWS.

use std::collections::BTreeSet;

use gabion_aws::organizations::{Organizations, PolicySummary};
use gabion_aws::{Absent, Clients, Tags};
use gabion_framework::prelude::*;

use crate::shared::policy::Document;
use crate::shared::tags::{self, TagMap};
use crate::shared::{fault, strings};

use super::intents;
use super::model::OrgGuardrailModel;

/// Everything that can be read back.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) summary: PolicySummary,
    /// The policy (JSON).
    pub(super) content: String,
    /// Ids of what it is attached to.
    pub(super) targets: BTreeSet<String>,
    pub(super) tags: Tags,
}

/// Reads everything; none where there is no such policy.
pub(super) async fn observe(clients: &Clients, id: &str) -> Result<Option<Observed>, Diagnostics> {
    all(&clients.organizations(), id)
        .await
        .or_absent()
        .map(Option::flatten)
        .map_err(fault::while_doing(format!("reading the policy `{id}`")))
}

async fn all(organizations: &Organizations, id: &str) -> gabion_aws::Result<Option<Observed>> {
    let (policy, targets, tags) = futures::try_join!(
        organizations.policy(id),
        organizations.policy_targets(id),
        organizations.tags(id),
    )?;
    Ok(policy.map(|(summary, content)| Observed {
        summary,
        content,
        targets: targets.into_iter().map(|target| target.id).collect(),
        tags,
    }))
}

impl Observed {
    /// The live policy, where it can be understood.
    pub(super) fn document(&self, partition: &str) -> Option<Document> {
        Document::parse(&self.content, partition).ok()
    }

    /// The guardrail as a state. What AWS does not tell, and what it tells in other words, stays as in `prior`.
    pub(super) fn state(
        &self,
        prior: &OrgGuardrailModel,
        defaults: &TagMap,
        clients: &Clients,
    ) -> OrgGuardrailModel {
        let partition = clients.partition();
        let (tags, tags_all) = tags::read_after(&self.tags, &prior.tags, &prior.tags_all, defaults);
        let same = |text: &str, live: &Document| {
            Document::parse(text, partition).is_ok_and(|before| before.same_as(live))
        };
        let policy = match (self.document(partition), prior.policy.as_str()) {
            (Some(live), Some(text)) if same(text, &live) => prior.policy.clone(),
            (Some(live), _) => live.to_json().into(),
            (None, _) => self.content.as_str().into(),
        };
        OrgGuardrailModel {
            name: self.summary.name.as_str().into(),
            description: match (
                self.summary.description.as_str(),
                prior.description.as_str(),
            ) {
                ("", None) => Value::Null,
                (text, _) => text.into(),
            },
            targets: if strings::known(&prior.targets).as_ref() == Some(&self.targets)
                && prior.targets.is_known()
            {
                prior.targets.clone()
            } else {
                strings::of(self.targets.clone())
            },
            deletion_protection: Value::Known(
                prior.deletion_protection.known().copied().unwrap_or(true),
            ),
            policy,
            account_id: clients.account_id().into(),
            region: clients.region().into(),
            id: self.summary.id.as_str().into(),
            arn: self.summary.arn.as_str().into(),
            tags,
            tags_all,
            ..prior.clone()
        }
    }

    /// The state of a policy that is imported: the intents are found in what is there.
    pub(super) fn imported(
        &self,
        prior: &OrgGuardrailModel,
        defaults: &TagMap,
        clients: &Clients,
    ) -> OrgGuardrailModel {
        let mut state = self.state(prior, defaults, clients);
        state.global_services = strings::of(intents::default_services());
        state.break_glass_roles = strings::of::<String>([]);
        if let Some(live) = self.document(clients.partition()) {
            intents::read(&live, &mut state);
        }
        state
    }
}
