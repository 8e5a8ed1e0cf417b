//! From what a key is to what is planned, step by step. Create and update end here, so that a create that
//! was cut off and an update that failed half-way go on in the same way.

use gabion_aws::Clients;
use gabion_aws::kms::Kms;
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::policy::Document;
use crate::shared::{creation, fault, live, tags};

use super::defaults::ROTATION_PERIOD;
use super::model::KmsKeyModel;
use super::observed::Observed;
use super::policy::Scene;
use super::{TYPE, alias, checks, private};

/// One run.
pub(super) struct Converge<'a> {
    pub(super) ctx: &'a Ctx<Gabion>,
    pub(super) clients: &'a Clients,
    /// What is there.
    pub(super) observed: &'a Observed,
    /// What should be there; the policy as `document`.
    pub(super) plan: &'a KmsKeyModel,
    pub(super) document: &'a Document,
    /// The alias of the state before, as it is spelt there: deleted when the plan has another one.
    pub(super) old_alias: Option<String>,
}

impl Converge<'_> {
    fn kms(&self) -> Kms {
        self.clients.kms()
    }

    fn id(&self) -> &str {
        &self.observed.key.id
    }

    /// Whether an alias, with `alias/`, points here.
    fn has(&self, name: &str) -> bool {
        self.observed.aliases.iter().any(|alias| alias == name)
    }

    fn doing(&self, what: &str) -> String {
        format!(
            "{what} the key `{}` (`{}`)",
            self.plan.name(),
            self.observed.key.arn
        )
    }

    /// Does what is left to do. `state` holds what is done after every step.
    ///
    /// # Errors
    /// The first step that failed.
    pub(super) async fn run(&self, state: &mut StateSlot<KmsKeyModel>) -> Result<(), Diagnostics> {
        let mut now =
            self.observed
                .state(self.plan, &self.ctx.provider()?.default_tags, self.clients);
        // What AWS does not hold is as planned.
        now.exception = self.plan.exception.clone();
        if now.alias.is_null()
            && let Some(old) = self
                .old_alias
                .as_ref()
                .filter(|old| self.has(&alias::full(old)))
        {
            now.alias_arn = self.clients.arn("kms", &alias::full(old)).into();
            now.alias = old.as_str().into();
        }
        state.set(now.clone());

        self.enable(&mut now, state).await?;
        self.policy(&mut now, state).await?;
        self.description(&mut now, state).await?;
        self.rotation(&mut now, state).await?;
        self.tags(&mut now, state).await?;
        self.alias(&mut now, state).await?;
        self.disable(&mut now, state).await?;
        self.finish(state).await?;

        state.set(KmsKeyModel {
            id: now.id,
            key_id: now.key_id,
            arn: now.arn,
            alias_arn: now.alias_arn,
            account_id: now.account_id,
            region: now.region,
            tags_all: now.tags_all,
            policy: now.policy,
            ..self.plan.clone()
        });
        Ok(())
    }

    async fn enable(
        &self,
        now: &mut KmsKeyModel,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Result<(), Diagnostics> {
        if self.plan.is_enabled.known() == Some(&true) && !self.observed.key.enabled {
            self.ctx.interrupted()?;
            let doing = fault::while_setting(Path::root("is_enabled"), self.doing("enabling"));
            self.kms().enable_key(self.id()).await.map_err(doing)?;
            now.is_enabled = true.into();
            state.set(now.clone());
        }
        Ok(())
    }

    async fn policy(
        &self,
        now: &mut KmsKeyModel,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Result<(), Diagnostics> {
        let scene = Scene::of(self.clients);
        let live = self.observed.document(scene.partition);
        let same = live
            .as_ref()
            .is_some_and(|live| live.same_as(self.document));
        if !same {
            // Somebody may have changed it since the plan, or the plan could not know it.
            if let Some(live) = &live {
                let mut diags = Diagnostics::new();
                checks::removals(
                    live,
                    self.document,
                    &state.private,
                    &scene,
                    self.plan,
                    &mut diags,
                );
                if diags.has_errors() {
                    return Err(diags);
                }
            }
            self.ctx.interrupted()?;
            let doing =
                || fault::while_setting(Path::root("policy"), self.doing("setting the policy of"));
            let text = self.document.to_json();
            self.kms()
                .put_key_policy(self.id(), &text)
                .await
                .map_err(doing())?;
            live::remember(&mut state.private, self.document);
            now.policy = text.into();
            now.administrators = self.plan.administrators.clone();
            now.users = self.plan.users.clone();
            state.set(now.clone());
            let arrived = |text: &str| {
                Document::parse(text, scene.partition).is_ok_and(|live| live.same_as(self.document))
            };
            self.kms()
                .wait_for_policy(self.id(), arrived)
                .await
                .map_err(doing())?;
        }
        live::remember(&mut state.private, self.document);
        if let Some(planned) = self.plan.policy.as_str() {
            now.policy = planned.into();
        }
        Ok(())
    }

    async fn description(
        &self,
        now: &mut KmsKeyModel,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Result<(), Diagnostics> {
        let wanted = self.plan.description.as_str().unwrap_or_default();
        if wanted != self.observed.key.description {
            self.ctx.interrupted()?;
            let doing = fault::while_setting(Path::root("description"), self.doing("describing"));
            self.kms()
                .update_description(self.id(), wanted)
                .await
                .map_err(doing)?;
            now.description = self.plan.description.clone();
            state.set(now.clone());
        }
        Ok(())
    }

    async fn rotation(
        &self,
        now: &mut KmsKeyModel,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Result<(), Diagnostics> {
        let wanted = self.plan.enable_key_rotation.known() == Some(&true);
        let days = self
            .plan
            .rotation_period_in_days
            .known()
            .copied()
            .unwrap_or(ROTATION_PERIOD);
        let live = &self.observed.rotation;
        let other_period = live
            .period_in_days
            .is_some_and(|live| i64::from(live) != days);
        let change = (wanted && (!live.enabled || other_period)) || (!wanted && live.enabled);
        if change && !self.observed.key.enabled && self.plan.is_enabled.known() == Some(&false) {
            return Err(fault::error_at(
                Path::root("is_enabled"),
                "Rotation cannot change while the key is disabled",
                format!(
                    "KMS changes the rotation of {} only while the key is enabled. Set `is_enabled = true`, apply, and \
                     disable it again afterwards.",
                    self.plan.title()
                ),
            ));
        }
        if wanted && (!live.enabled || other_period) {
            self.ctx.interrupted()?;
            let doing = || {
                fault::while_setting(
                    Path::root("enable_key_rotation"),
                    self.doing("turning on the rotation of"),
                )
            };
            let days = i32::try_from(days).unwrap_or(i32::MAX);
            self.kms()
                .enable_rotation(self.id(), days)
                .await
                .map_err(doing())?;
            self.kms()
                .wait_for_rotation(self.id(), true)
                .await
                .map_err(doing())?;
        } else if !wanted && live.enabled {
            self.ctx.interrupted()?;
            let doing = fault::while_setting(
                Path::root("enable_key_rotation"),
                self.doing("turning off the rotation of"),
            );
            self.kms()
                .disable_rotation(self.id())
                .await
                .map_err(doing)?;
        }
        now.enable_key_rotation = wanted.into();
        now.rotation_period_in_days = days.into();
        state.set(now.clone());
        Ok(())
    }

    async fn tags(
        &self,
        now: &mut KmsKeyModel,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Result<(), Diagnostics> {
        let planned = tags::plan_all(&self.plan.tags, &self.ctx.provider()?.default_tags);
        let wanted = tags::known(&planned).unwrap_or_default();
        let (set, unset) = tags::changes(&self.observed.tags, &wanted);
        if !set.is_empty() || !unset.is_empty() {
            self.ctx.interrupted()?;
            let doing = || fault::while_setting(Path::root("tags"), self.doing("tagging"));
            self.kms().tag(self.id(), &set).await.map_err(doing())?;
            self.kms().untag(self.id(), &unset).await.map_err(doing())?;
        }
        now.tags = self.plan.tags.clone();
        now.tags_all = tags::model(&wanted);
        state.set(now.clone());
        Ok(())
    }

    async fn alias(
        &self,
        now: &mut KmsKeyModel,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Result<(), Diagnostics> {
        let wanted = alias::full(self.plan.alias.as_str().unwrap_or_default());
        let path = || Path::root("alias");
        if !self.has(&wanted) {
            self.ctx.interrupted()?;
            let doing = || {
                fault::while_setting(
                    path(),
                    format!("pointing `{wanted}` to the key `{}`", self.observed.key.arn),
                )
            };
            match self.kms().create_alias(&wanted, self.id()).await {
                Ok(()) => {}
                Err(error) if error.is_already_exists() => {
                    let holder = super::create::holder(self.clients, &wanted).await?;
                    let ours =
                        state.private.get::<String>(private::ALIAS).as_ref() == Some(&wanted);
                    match holder {
                        Some(holder) if ours || holder.was_ours_and_leaves() => {
                            self.kms()
                                .update_alias(&wanted, self.id())
                                .await
                                .map_err(doing())?;
                        }
                        Some(holder) => return Err(holder.refusal(&wanted)),
                        None => return Err(doing()(error)),
                    }
                }
                Err(error) => return Err(doing()(error)),
            }
        }
        state.private.set(private::ALIAS, &wanted);
        // While the old one is there, the state keeps its name: a failure must not leave it behind unnoticed.
        let old = self.old_alias.as_deref().map(alias::full);
        if let Some(old) = old.filter(|old| *old != wanted && self.has(old)) {
            let doing = fault::while_setting(path(), format!("deleting the alias `{old}`"));
            self.kms().delete_alias(&old).await.map_err(doing)?;
        }
        now.alias = self.plan.alias.clone();
        now.alias_arn = self.clients.arn("kms", &wanted).into();
        state.set(now.clone());
        Ok(())
    }

    async fn disable(
        &self,
        now: &mut KmsKeyModel,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Result<(), Diagnostics> {
        if self.plan.is_enabled.known() == Some(&false) && self.observed.key.enabled {
            self.ctx.interrupted()?;
            let doing = fault::while_setting(Path::root("is_enabled"), self.doing("disabling"));
            self.kms().disable_key(self.id()).await.map_err(doing)?;
            now.is_enabled = false.into();
            state.set(now.clone());
        }
        Ok(())
    }

    /// The last step of a create: nobody may take the key over any more.
    async fn finish(&self, state: &mut StateSlot<KmsKeyModel>) -> Result<(), Diagnostics> {
        if creation::is_unfinished(&self.observed.tags) {
            self.ctx.interrupted()?;
            let done = gabion_aws::Tags::from([creation::created(TYPE)]);
            let doing = fault::while_doing(self.doing("marking as complete"));
            self.kms().tag(self.id(), &done).await.map_err(doing)?;
        }
        state.private.remove(private::UNFINISHED);
        Ok(())
    }
}
