//! Create and update: the account, its quarantine, its baseline, its place, its tags.

use gabion_aws::organizations::{CreateAccount, OrganizationLookup};
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use super::super::baseline::{self, Baseline, Job, Kind, Places};
use super::model::AccountModel;
use super::vend::Left;
use super::{TYPE, plan as planning, private, quarantine, table, unit, vend};
use crate::configured::Gabion;
use crate::shared::location::{self, Place};
use crate::shared::progress::Progress;
use crate::shared::{creation, fault, strings, tags};

/// One run.
struct Run<'a> {
    ctx: &'a Ctx<Gabion>,
    /// The management account.
    here: Clients,
    progress: &'a Progress,
}

pub(super) async fn create(
    ctx: &Ctx<Gabion>,
    plan: AccountModel,
    state: &mut StateSlot<AccountModel>,
) -> Diagnostics {
    let progress = Progress::default();
    let title = plan.title();
    let result = make(ctx, plan, state, &progress).await;
    let mut warnings = Diagnostics::new();
    progress.tell(&title, &mut warnings);
    fault::collect(warnings, result)
}

pub(super) async fn update(
    ctx: &Ctx<Gabion>,
    prior: &AccountModel,
    plan: AccountModel,
    state: &mut StateSlot<AccountModel>,
) -> Diagnostics {
    let progress = Progress::default();
    let title = plan.title();
    let result = change(ctx, prior, plan, state, &progress).await;
    let mut warnings = Diagnostics::new();
    progress.tell(&title, &mut warnings);
    fault::collect(warnings, result)
}

/// The checks of the plan again, now that everything is known.
fn ready(prior: Option<&AccountModel>, plan: &AccountModel) -> Result<(), Diagnostics> {
    let mut diags = Diagnostics::new();
    let made = !plan.is_adopted();
    baseline::check(
        plan,
        table::own(made),
        made,
        planning::moment(prior, plan),
        &mut diags,
    );
    if diags.has_errors() {
        return Err(diags);
    }
    Ok(())
}

async fn make(
    ctx: &Ctx<Gabion>,
    mut plan: AccountModel,
    state: &mut StateSlot<AccountModel>,
    progress: &Progress,
) -> Result<(), Diagnostics> {
    let gabion = ctx.provider()?;
    ready(None, &plan)?;
    let here = location::write(ctx, &Place::default()).await?;
    let email = plan
        .own
        .email
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let claim = gabion.claims.take(
        match plan.own.account_id.as_str() {
            Some(id) => format!("account {id}"),
            None => format!("account {email}"),
        },
        &format!("the account {}", plan.title()),
    )?;
    let run = Run {
        ctx,
        here,
        progress,
    };
    // The unit must be there before anything is made.
    let wanted = plan.own.organizational_unit.as_str().unwrap_or_default();
    plan.own.organizational_unit_id = unit::resolve(&run.here, wanted).await?.into();
    let Left {
        account: found,
        opened,
    } = if plan.is_adopted() {
        let id = plan.own.account_id.as_str().unwrap_or_default();
        Left {
            account: planning::adopt(&run.here, id).await?,
            opened: true,
        }
    } else {
        run.vend(&plan, gabion).await?
    };
    plan.own.account_id = found.id.as_str().into();
    plan.own.id = found.id.as_str().into();
    plan.own.arn = found.arn.into();
    plan.own.name = found.name.into();
    // Spelt as it was asked for: AWS may fold it.
    if !plan.own.email.is_known() {
        plan.own.email = found.email.into();
    }
    state.private.set(private::UNFINISHED, &true);
    let mut now = AccountModel {
        baseline: Baseline {
            regions: plan.baseline.regions.clone(),
            exception: plan.baseline.exception.clone(),
            timeouts: plan.baseline.timeouts.clone(),
            acknowledge_removals: plan.baseline.acknowledge_removals.clone(),
            ..Baseline::default()
        },
        ..plan.clone()
    };
    now.own.quarantined = false.into();
    state.set(now.clone());
    if !plan.is_adopted() {
        // One that was opened may be in use.
        if plan.own.quarantine.known() == Some(&true) && !opened {
            let role = &gabion.pool()?.settings().vending_role_name;
            progress
                .step(
                    format!("putting account `{}` under quarantine", found.id),
                    // A stop does not come between the account and its quarantine.
                    quarantine::put(&run.here.uninterrupted(), &found.id, role),
                )
                .await?;
            now.own.quarantined = true.into();
            state.set(now);
        }
        ctx.interrupted()?;
        let places = Places::writing(ctx, &found.id)?;
        progress
            .step(
                format!("waiting for the vending role of account `{}`", found.id),
                places.wait(&run.here),
            )
            .await?;
    }
    // Only here: an account that was just made is in the state, and shut, whatever comes.
    baseline::alone(
        gabion,
        plan.own.account_id.as_str().unwrap_or_default(),
        TYPE,
    )?;
    run.finish(plan, state).await?;
    claim.keep();
    Ok(())
}

async fn change(
    ctx: &Ctx<Gabion>,
    prior: &AccountModel,
    mut plan: AccountModel,
    state: &mut StateSlot<AccountModel>,
    progress: &Progress,
) -> Result<(), Diagnostics> {
    ready(Some(prior), &plan)?;
    let run = Run {
        ctx,
        here: location::write(ctx, &Place::default()).await?,
        progress,
    };
    if !plan.own.organizational_unit_id.is_known() {
        let wanted = plan.own.organizational_unit.as_str().unwrap_or_default();
        plan.own.organizational_unit_id = unit::resolve(&run.here, wanted).await?.into();
    }
    run.finish(plan, state).await
}

impl Run<'_> {
    /// Makes the account, or finds the one that an earlier create left.
    async fn vend(&self, plan: &AccountModel, gabion: &Gabion) -> Result<Left, Diagnostics> {
        let (name, email) = (
            plan.own.name.as_str().unwrap_or_default(),
            plan.own.email.as_str().unwrap_or_default(),
        );
        let mut diags = Diagnostics::new();
        planning::vendable(gabion, &mut diags);
        if diags.has_errors() {
            return Err(diags);
        }
        self.able(plan).await?;
        if let Some(found) = vend::look(&self.here, name, email).await? {
            return Ok(found);
        }
        self.ctx.interrupted()?;
        let mut all =
            tags::known(&tags::plan_all(&plan.own.tags, &gabion.default_tags)).unwrap_or_default();
        all.extend([creation::creating(TYPE, &vend::mark(name, email))]);
        let role = &gabion.pool()?.settings().vending_role_name;
        let request = CreateAccount {
            name: name.to_owned(),
            email: email.to_owned(),
            role_name: role.trim_start_matches('/').to_owned(),
            iam_user_access_to_billing: plan.own.iam_user_access_to_billing.as_str()
                == Some("ALLOW"),
            tags: all,
        };
        let id = self
            .progress
            .step(
                format!("creating the account `{name}`"),
                vend::create(&self.here, &request),
            )
            .await?;
        Ok(Left {
            account: planning::adopt(&self.here, &id).await?,
            opened: false,
        })
    }

    /// Whether the organization can have the account, and put it under quarantine: asked before anything is made.
    async fn able(&self, plan: &AccountModel) -> Result<(), Diagnostics> {
        let organizations = self.here.organizations();
        let doing = || fault::while_doing("reading the organization");
        let found = organizations
            .describe_organization()
            .await
            .map_err(doing())?;
        if !matches!(&found, OrganizationLookup::Member(found) if found.management_account_id == self.here.account_id())
        {
            return Err(Diagnostics::from_error(
                "There is no organization that this account manages",
                format!(
                    "Accounts are made by the management account of an organization, and `{}` is none. Make one with \
                     `gabion_organization`.",
                    self.here.account_id()
                ),
            ));
        }
        if plan.own.quarantine.known() != Some(&true) {
            return Ok(());
        }
        let root = organizations.root().await.map_err(doing())?;
        if !root.policy_types.contains(quarantine::POLICY_TYPE) {
            return Err(fault::error_at(
                Path::root("quarantine"),
                "Service control policies are not enabled",
                "A new account is put under quarantine by a service control policy, and the organization does not have that \
                 policy type enabled. `gabion_organization` enables it; or run `aws organizations enable-policy-type`.",
            ));
        }
        Ok(())
    }

    /// Baseline, place, tags; then the quarantine ends.
    async fn finish(
        &self,
        mut plan: AccountModel,
        state: &mut StateSlot<AccountModel>,
    ) -> Result<(), Diagnostics> {
        let gabion = self.ctx.provider()?;
        let id = plan.own.account_id.as_str().unwrap_or_default().to_owned();
        let places = Places::writing(self.ctx, &id)?;
        let regions = strings::known(&plan.baseline.regions).unwrap_or_default();
        let wanted =
            tags::known(&tags::plan_all(&plan.own.tags, &gabion.default_tags)).unwrap_or_default();
        let live = self
            .progress
            .step(
                format!("reading account `{id}`"),
                baseline::read(&places, &regions),
            )
            .await?;
        let before = state.get().map(|now| now.baseline.clone());
        let job = Job {
            ctx: self.ctx,
            places: &places,
            live: &live,
            kind: if plan.is_adopted() {
                Kind::Adopted
            } else {
                Kind::Made
            },
            before: before.as_ref(),
            tags: &wanted,
        };
        let settled = self
            .progress
            .step(
                format!("setting the baseline of account `{id}`"),
                baseline::settle(&job, &mut plan.baseline, &mut state.private),
            )
            .await;
        // What follows is not done yet: the state says so.
        let held = state.get().map(|now| now.own.clone());
        let mut now = plan.clone();
        if let Some(held) = held {
            now.own.quarantined = held.quarantined;
            now.own.organizational_unit = held.organizational_unit;
            now.own.organizational_unit_id = held.organizational_unit_id;
            now.own.tags = held.tags;
            now.own.tags_all = held.tags_all;
        }
        state.set(now.clone());
        settled?;
        self.ctx.interrupted()?;
        self.place(&plan, &id).await?;
        now.own.organizational_unit = plan.own.organizational_unit.clone();
        now.own.organizational_unit_id = plan.own.organizational_unit_id.clone();
        state.set(now.clone());
        self.tags(&plan, &now, &id, &wanted).await?;
        now.own.tags = plan.own.tags.clone();
        now.own.tags_all = plan.own.tags_all.clone();
        state.set(now);
        if !plan.is_adopted() {
            if state.private.get::<bool>(private::UNFINISHED).is_some() {
                // Told before the quarantine ends: whatever fails from here on, it is not put under it again.
                let (name, email) = (plan.name(), plan.own.email.as_str().unwrap_or_default());
                self.here
                    .organizations()
                    .tag(&id, &Tags::from([vend::opened(name, email)]))
                    .await
                    .map_err(fault::while_doing(format!("opening account `{id}`")))?;
            }
            self.progress
                .step(
                    format!("ending the quarantine of account `{id}`"),
                    quarantine::lift(&self.here, &id),
                )
                .await?;
            // The very last: until then the account counts as unfinished.
            self.here
                .organizations()
                .tag(&id, &Tags::from([creation::created(TYPE)]))
                .await
                .map_err(fault::while_doing(format!("completing account `{id}`")))?;
        }
        state.private.remove(private::UNFINISHED);
        plan.own.quarantined = false.into();
        state.set(plan);
        Ok(())
    }

    async fn place(&self, plan: &AccountModel, id: &str) -> Result<(), Diagnostics> {
        let Some(wanted) = plan.own.organizational_unit_id.as_str() else {
            return Ok(());
        };
        let organizations = self.here.organizations();
        let doing = || {
            fault::while_setting(
                Path::root("organizational_unit"),
                format!("moving account `{id}` to `{wanted}`"),
            )
        };
        let parent = organizations.parent(id).await.map_err(doing())?;
        if parent == wanted {
            return Ok(());
        }
        organizations
            .move_account(id, &parent, wanted)
            .await
            .map_err(doing())
    }

    async fn tags(
        &self,
        plan: &AccountModel,
        now: &AccountModel,
        id: &str,
        wanted: &Tags,
    ) -> Result<(), Diagnostics> {
        let organizations = self.here.organizations();
        let doing = || {
            fault::while_setting(
                Path::root("tags"),
                format!("setting the tags of account `{id}`"),
            )
        };
        let live = organizations.tags(id).await.map_err(doing())?;
        let (set, mut unset) = tags::changes(&live, wanted);
        if plan.is_adopted() {
            // Tags that others gave an adopted account are theirs.
            let ours = tags::known(&now.own.tags_all).unwrap_or_default();
            unset.retain(|key| ours.contains_key(key));
        }
        organizations.tag(id, &set).await.map_err(doing())?;
        organizations.untag(id, &unset).await.map_err(doing())
    }
}
