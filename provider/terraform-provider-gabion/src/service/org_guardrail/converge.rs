//! From what a guardrail is to what is planned, step by step. Create and update end here.

use gabion_aws::Clients;
use gabion_aws::organizations::Organizations;
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::policy::Document;
use crate::shared::{creation, fault, live, strings, tags};

use super::model::OrgGuardrailModel;
use super::observed::Observed;
use super::{TYPE, checks, private};

/// One run.
pub(super) struct Converge<'a> {
    pub(super) ctx: &'a Ctx<Gabion>,
    pub(super) clients: &'a Clients,
    /// What is there.
    pub(super) observed: &'a Observed,
    /// What should be there; the policy as `document`.
    pub(super) plan: &'a OrgGuardrailModel,
    pub(super) document: &'a Document,
}

impl Converge<'_> {
    fn organizations(&self) -> Organizations {
        self.clients.organizations()
    }

    fn id(&self) -> &str {
        &self.observed.summary.id
    }

    fn doing(&self, what: &str) -> String {
        format!(
            "{what} the policy `{}` (`{}`)",
            self.observed.summary.name,
            self.id()
        )
    }

    /// Does what is left to do. `state` holds what is done after every step.
    ///
    /// # Errors
    /// The first step that failed.
    pub(super) async fn run(
        &self,
        state: &mut StateSlot<OrgGuardrailModel>,
    ) -> Result<(), Diagnostics> {
        let defaults = &self.ctx.provider()?.default_tags;
        let mut now = self.observed.state(self.plan, defaults, self.clients);
        // What AWS does not hold is as planned.
        now.exception = self.plan.exception.clone();
        state.set(now.clone());

        self.content(&mut now, state).await?;
        self.targets(&mut now, state).await?;
        self.tags(&mut now, state).await?;
        self.finish(state).await?;

        state.set(OrgGuardrailModel {
            id: now.id,
            arn: now.arn,
            account_id: now.account_id,
            region: now.region,
            tags_all: now.tags_all,
            policy: now.policy,
            ..self.plan.clone()
        });
        Ok(())
    }

    async fn content(
        &self,
        now: &mut OrgGuardrailModel,
        state: &mut StateSlot<OrgGuardrailModel>,
    ) -> Result<(), Diagnostics> {
        let partition = self.clients.partition();
        let live = self.observed.document(partition);
        let same = live
            .as_ref()
            .is_some_and(|live| live.same_as(self.document));
        let summary = &self.observed.summary;
        let name = self.plan.name.as_str().unwrap_or_default();
        let description = self.plan.description.as_str().unwrap_or_default();
        if !same && let Some(live) = &live {
            // Somebody may have changed it since the plan.
            let mut diags = Diagnostics::new();
            checks::removals(
                live,
                self.document,
                &state.private,
                self.plan,
                partition,
                &mut diags,
            );
            if diags.has_errors() {
                return Err(diags);
            }
        }
        if !same || summary.name != name || summary.description != description {
            self.ctx.interrupted()?;
            let doing = fault::while_setting(Path::root("policy"), self.doing("updating"));
            let text = self.document.to_json();
            self.organizations()
                .update_policy(self.id(), name, description, &text)
                .await
                .map_err(doing)?;
            now.policy = text.into();
        }
        live::remember(&mut state.private, self.document);
        if let Some(planned) = self.plan.policy.as_str() {
            now.policy = planned.into();
        }
        now.name = self.plan.name.clone();
        now.description = self.plan.description.clone();
        state.set(now.clone());
        Ok(())
    }

    async fn targets(
        &self,
        now: &mut OrgGuardrailModel,
        state: &mut StateSlot<OrgGuardrailModel>,
    ) -> Result<(), Diagnostics> {
        let wanted = strings::known_part(&self.plan.targets);
        let mut attached = self.observed.targets.clone();
        let doing = |what: &str, target: &str| {
            let what = format!("{what} `{target}`:");
            fault::while_setting(Path::root("targets"), self.doing(&what))
        };
        // First attach: whoever moves a guardrail is not without it in between.
        for target in wanted.difference(&self.observed.targets) {
            self.ctx.interrupted()?;
            self.organizations()
                .attach_policy(self.id(), target)
                .await
                .map_err(doing("attaching to", target))?;
            attached.insert(target.clone());
            now.targets = strings::of(attached.clone());
            state.set(now.clone());
        }
        for target in self.observed.targets.difference(&wanted) {
            self.ctx.interrupted()?;
            self.organizations()
                .detach_policy(self.id(), target)
                .await
                .map_err(doing("detaching from", target))?;
            attached.remove(target);
            now.targets = strings::of(attached.clone());
            state.set(now.clone());
        }
        now.targets = self.plan.targets.clone();
        state.set(now.clone());
        Ok(())
    }

    async fn tags(
        &self,
        now: &mut OrgGuardrailModel,
        state: &mut StateSlot<OrgGuardrailModel>,
    ) -> Result<(), Diagnostics> {
        let planned = tags::plan_all(&self.plan.tags, &self.ctx.provider()?.default_tags);
        let wanted = tags::known(&planned).unwrap_or_default();
        let (set, unset) = tags::changes(&self.observed.tags, &wanted);
        if !set.is_empty() || !unset.is_empty() {
            self.ctx.interrupted()?;
            let doing = || fault::while_setting(Path::root("tags"), self.doing("tagging"));
            let organizations = self.organizations();
            organizations.tag(self.id(), &set).await.map_err(doing())?;
            organizations
                .untag(self.id(), &unset)
                .await
                .map_err(doing())?;
        }
        now.tags = self.plan.tags.clone();
        now.tags_all = tags::model(&wanted);
        state.set(now.clone());
        Ok(())
    }

    /// The last step of a create: nobody may take the policy over any more.
    async fn finish(&self, state: &mut StateSlot<OrgGuardrailModel>) -> Result<(), Diagnostics> {
        if creation::is_unfinished(&self.observed.tags) {
            self.ctx.interrupted()?;
            let done = gabion_aws::Tags::from([creation::created(TYPE)]);
            let doing = fault::while_doing(self.doing("marking as complete"));
            self.organizations()
                .tag(self.id(), &done)
                .await
                .map_err(doing)?;
        }
        state.private.remove(private::UNFINISHED);
        Ok(())
    }
}
