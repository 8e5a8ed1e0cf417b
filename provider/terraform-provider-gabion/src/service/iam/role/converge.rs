//! From what a role is to what is planned, step by step. Create and update end here, so that a create that
//! was cut off and an update that failed half-way go on in the same way.

use std::collections::BTreeSet;

use gabion_aws::Clients;
use gabion_aws::iam::Iam;
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::policy::Document;
use crate::shared::{creation, fault, live, strings, tags};

use super::defaults::SESSION;
use super::model::WorkloadRoleModel;
use super::observed::Observed;
use super::trust::Scene;
use super::{TYPE, checks, private, trust};

/// One run.
pub(super) struct Converge<'a> {
    pub(super) ctx: &'a Ctx<Gabion>,
    pub(super) clients: &'a Clients,
    /// What is there.
    pub(super) observed: &'a Observed,
    /// What should be there; the policies as in the documents.
    pub(super) plan: &'a WorkloadRoleModel,
    pub(super) trust: &'a Document,
    pub(super) policy: &'a Document,
}

impl Converge<'_> {
    fn iam(&self) -> Iam {
        self.clients.iam()
    }

    fn name(&self) -> &str {
        &self.observed.role.name
    }

    fn doing(&self, what: &str) -> String {
        format!("{what} the role `{}`", self.observed.role.arn)
    }

    /// Does what is left to do. `state` holds what is done after every step.
    ///
    /// # Errors
    /// The first step that failed.
    pub(super) async fn run(
        &self,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Result<(), Diagnostics> {
        let defaults = &self.ctx.provider()?.default_tags;
        let mut now = self.observed.state(self.plan, defaults, self.clients);
        // What AWS does not hold is as planned.
        now.exception = self.plan.exception.clone();
        state.set(now.clone());
        self.refuse_removals(state)?;

        // What bounds the role comes first, what it may do after that.
        self.boundary(&mut now, state).await?;
        self.trust(&mut now, state).await?;
        self.settings(&mut now, state).await?;
        self.inline(&mut now, state).await?;
        self.attachments(&mut now, state).await?;
        self.tags(&mut now, state).await?;
        self.finish(state).await?;

        state.set(WorkloadRoleModel {
            id: now.id,
            arn: now.arn,
            unique_id: now.unique_id,
            account_id: now.account_id,
            region: now.region,
            tags_all: now.tags_all,
            assume_role_policy: now.assume_role_policy,
            policy: now.policy,
            managed_policy_arns: now.managed_policy_arns,
            other_inline_policies: now.other_inline_policies,
            ..self.plan.clone()
        });
        Ok(())
    }

    /// Somebody may have changed it since the plan, or the plan could not know it.
    fn refuse_removals(&self, state: &StateSlot<WorkloadRoleModel>) -> Result<(), Diagnostics> {
        let scene = Scene::of(self.clients);
        let mut diags = Diagnostics::new();
        checks::removals(
            &self.observed.standing(scene.partition),
            self.plan,
            (self.trust, self.policy),
            &state.private,
            &scene,
            &mut diags,
        );
        checks::others_exist(&self.observed.inline, self.plan, &mut diags);
        if diags.has_errors() {
            Err(diags)
        } else {
            Ok(())
        }
    }

    async fn boundary(
        &self,
        now: &mut WorkloadRoleModel,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Result<(), Diagnostics> {
        let Some(wanted) = self.plan.permissions_boundary.as_str() else {
            return Ok(());
        };
        if self.observed.role.permissions_boundary.as_deref() != Some(wanted) {
            self.ctx.interrupted()?;
            let doing = fault::while_setting(
                Path::root("permissions_boundary"),
                self.doing("setting the boundary of"),
            );
            self.iam()
                .put_boundary(self.name(), wanted)
                .await
                .map_err(doing)?;
            now.permissions_boundary = wanted.into();
            state.set(now.clone());
        }
        Ok(())
    }

    async fn trust(
        &self,
        now: &mut WorkloadRoleModel,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Result<(), Diagnostics> {
        let live = self.observed.trust(self.clients.partition());
        if !live.is_some_and(|live| live.same_as(self.trust)) {
            self.ctx.interrupted()?;
            let doing = fault::while_setting(
                Path::root("assume_role_policy"),
                self.doing("setting the trust policy of"),
            );
            let text = trust::to_json(self.trust);
            self.iam()
                .update_trust(self.name(), &text)
                .await
                .map_err(doing)?;
            now.assume_role_policy = text.into();
            state.set(now.clone());
        }
        live::remember(&mut state.private, self.trust);
        if let Some(planned) = self.plan.assume_role_policy.as_str() {
            now.assume_role_policy = planned.into();
        }
        Ok(())
    }

    async fn settings(
        &self,
        now: &mut WorkloadRoleModel,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Result<(), Diagnostics> {
        let role = &self.observed.role;
        let description = self.plan.description.as_str().unwrap_or_default();
        let seconds = self
            .plan
            .max_session_duration
            .known()
            .copied()
            .unwrap_or(SESSION);
        let other_length = role
            .max_session_duration
            .is_some_and(|live| i64::from(live) != seconds);
        if role.description != description || other_length {
            self.ctx.interrupted()?;
            let path = if other_length {
                "max_session_duration"
            } else {
                "description"
            };
            let doing = fault::while_setting(Path::root(path), self.doing("updating"));
            let length = i32::try_from(seconds).unwrap_or(i32::MAX);
            self.iam()
                .update_role(self.name(), description, length)
                .await
                .map_err(doing)?;
        }
        now.description = self.plan.description.clone();
        now.max_session_duration = seconds.into();
        state.set(now.clone());
        Ok(())
    }

    async fn inline(
        &self,
        now: &mut WorkloadRoleModel,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Result<(), Diagnostics> {
        let iam = self.iam();
        let wanted = self.plan.inline_name();
        let doing = |name: &str| {
            fault::while_setting(
                Path::root("policy"),
                self.doing(&format!("setting the inline policy `{name}` of")),
            )
        };
        let kept = strings::known_part(&self.plan.other_inline_policies);
        let mut left = self.observed.inline.clone();
        if self.policy.statements.is_empty() {
            now.policy = Value::Null;
        } else {
            let live = self.observed.inline_document(self.clients.partition());
            if !live.is_some_and(|live| live.same_as(self.policy)) {
                self.ctx.interrupted()?;
                let text = self.policy.to_json();
                iam.put_inline_policy(self.name(), wanted, &text)
                    .await
                    .map_err(doing(wanted))?;
                now.policy = text.into();
            }
            private::remember_inline(&mut state.private, Some(wanted));
            left.remove(wanted);
            if let Some(planned) = self.plan.policy.as_str() {
                now.policy = planned.into();
            }
            state.set(now.clone());
        }
        // The policy under an earlier name, and what the user let go.
        for name in left.iter().filter(|name| !kept.contains(*name)) {
            self.ctx.interrupted()?;
            iam.delete_inline_policy(self.name(), name)
                .await
                .map_err(doing(name))?;
        }
        if self.policy.statements.is_empty() {
            private::remember_inline(&mut state.private, None);
        }
        now.policy_name = wanted.into();
        now.other_inline_policies = self.plan.other_inline_policies.clone();
        state.set(now.clone());
        Ok(())
    }

    async fn attachments(
        &self,
        now: &mut WorkloadRoleModel,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Result<(), Diagnostics> {
        let iam = self.iam();
        let wanted = strings::known_part(&self.plan.managed_policy_arns);
        let mut attached: BTreeSet<String> = self.observed.attached.clone();
        let doing = |what: &str, arn: &str| {
            fault::while_setting(
                Path::root("managed_policy_arns"),
                self.doing(&format!("{what} `{arn}` of")),
            )
        };
        let (gone, new): (Vec<String>, Vec<String>) = (
            attached.difference(&wanted).cloned().collect(),
            wanted.difference(&attached).cloned().collect(),
        );
        for arn in gone {
            self.ctx.interrupted()?;
            iam.detach_policy(self.name(), &arn)
                .await
                .map_err(doing("detaching the policy", &arn))?;
            attached.remove(&arn);
            now.managed_policy_arns = strings::of(attached.clone());
            state.set(now.clone());
        }
        for arn in new {
            self.ctx.interrupted()?;
            iam.attach_policy(self.name(), &arn)
                .await
                .map_err(doing("attaching the policy", &arn))?;
            attached.insert(arn);
            now.managed_policy_arns = strings::of(attached.clone());
            private::remember_attached(&mut state.private, &attached);
            state.set(now.clone());
        }
        private::remember_attached(&mut state.private, &wanted);
        now.managed_policy_arns = self.plan.managed_policy_arns.clone();
        state.set(now.clone());
        Ok(())
    }

    async fn tags(
        &self,
        now: &mut WorkloadRoleModel,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Result<(), Diagnostics> {
        let planned = tags::plan_all(&self.plan.tags, &self.ctx.provider()?.default_tags);
        let wanted = tags::known(&planned).unwrap_or_default();
        let (set, unset) = tags::changes(&self.observed.role.tags, &wanted);
        if !set.is_empty() || !unset.is_empty() {
            self.ctx.interrupted()?;
            let doing = || fault::while_setting(Path::root("tags"), self.doing("tagging"));
            let iam = self.iam();
            iam.tag_role(self.name(), &set).await.map_err(doing())?;
            iam.untag_role(self.name(), &unset).await.map_err(doing())?;
        }
        now.tags = self.plan.tags.clone();
        now.tags_all = tags::model(&wanted);
        state.set(now.clone());
        Ok(())
    }

    /// The last step of a create: nobody may take the role over any more.
    async fn finish(&self, state: &mut StateSlot<WorkloadRoleModel>) -> Result<(), Diagnostics> {
        if creation::is_unfinished(&self.observed.role.tags) {
            self.ctx.interrupted()?;
            let done = gabion_aws::Tags::from([creation::created(TYPE)]);
            let doing = fault::while_doing(self.doing("marking as complete"));
            self.iam()
                .tag_role(self.name(), &done)
                .await
                .map_err(doing)?;
        }
        state.private.remove(private::UNFINISHED);
        Ok(())
    }
}
