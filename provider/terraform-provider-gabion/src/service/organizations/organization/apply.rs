//! Create and update: every step compares with what is there.

use std::collections::BTreeMap;

use gabion_aws::organizations::{DelegatedAdministrator, Organization};
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use super::live::{self, Live, parent, with_parents};
use super::model::{OrganizationModel, administrator_list, administrators};
use super::plan::{occupied, taken};
use super::{Ours, TYPE, plan as planning, private};
use crate::configured::Gabion;
use crate::shared::progress::Progress;
use crate::shared::{creation, fault, location, strings};

pub(super) async fn apply(
    ctx: &Ctx<Gabion>,
    plan: OrganizationModel,
    state: &mut StateSlot<OrganizationModel>,
) -> Diagnostics {
    let progress = Progress::default();
    let title = plan.title();
    let result = run(ctx, plan, state, &progress).await;
    let mut warnings = Diagnostics::new();
    progress.tell(&title, &mut warnings);
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    mut plan: OrganizationModel,
    state: &mut StateSlot<OrganizationModel>,
    progress: &Progress,
) -> Result<(), Diagnostics> {
    let clients = location::write(ctx, &plan.place()).await?;
    let gabion = ctx.provider()?;
    let claim = match state.get() {
        Some(_) => None,
        None => Some(gabion.claims.take(
            format!("organization {}", clients.account_id()),
            &format!("the organization of account `{}`", clients.account_id()),
        )?),
    };
    let prior = state.get().cloned();
    plan.account_id = clients.account_id().into();
    plan.region = clients.region().into();
    let found = match live::find(&clients).await? {
        Some(found) => found,
        None => {
            plan.adopted = false.into();
            progress
                .step("creating the organization", create(&clients, &plan, state))
                .await?
        }
    };
    let paths = strings::known(&plan.units).unwrap_or_default();
    let mut live = live::read(&clients, &found, Some(&paths)).await?;
    let mut ours: Ours = state.private.get(private::OURS).unwrap_or_default();
    if !plan.adopted.is_known() {
        plan.adopted = (!live::made_here(&clients, &live.root_id).await?).into();
    }
    // Units that the state does not know: an earlier run may have made them, and been killed before it could tell.
    let known = prior.as_ref().and_then(|prior| prior.unit_ids.known());
    let known = |id: &String| {
        known.is_some_and(|known| known.values().any(|held| held.as_str() == Some(id)))
    };
    let new = live
        .units
        .values()
        .filter(|id| !known(id) && !ours.units.contains(*id));
    let found_again = live::made_among(&clients, new).await?;
    ours.units.extend(found_again);
    plan.id = live.id.as_str().into();
    plan.arn = live.arn.as_str().into();
    plan.root_id = live.root_id.as_str().into();
    // What the plan could not tell, because nothing could be called.
    if !plan.aws_service_access_principals.is_known() {
        plan.aws_service_access_principals = strings::of(live.services.iter().cloned());
    }
    if !plan.enabled_policy_types.is_known() {
        let mut types = live.policy_types.clone();
        types.insert(planning::SCP.to_owned());
        plan.enabled_policy_types = strings::of(types);
    }
    if !plan.delegated_administrators.is_known() {
        plan.delegated_administrators = administrator_list(&live.administrators);
    }
    let mut diags = Diagnostics::new();
    planning::control_tower(&live, &plan, &mut diags);
    planning::removals(&live, &ours, &plan, &mut diags);
    if diags.has_errors() {
        return Err(diags);
    }
    let mut step = Step {
        ctx,
        clients: &clients,
        plan: &plan,
        live: &mut live,
        ours: &mut ours,
    };
    let result = progress
        .step(
            "setting up the organization",
            step.all(prior.as_ref(), state),
        )
        .await;
    state.private.set(private::OURS, &ours);
    state.set(recorded(&plan, &live));
    result?;
    if let Some(claim) = claim {
        claim.keep();
    }
    Ok(())
}

/// Creates the organization, and marks its root: the organization itself has no tags.
async fn create(
    clients: &Clients,
    plan: &OrganizationModel,
    state: &mut StateSlot<OrganizationModel>,
) -> Result<Organization, Diagnostics> {
    let doing = || fault::while_doing("creating the organization");
    // A stop does not come between the two.
    let clients = clients.uninterrupted();
    let organizations = clients.organizations();
    let made = organizations.create_organization().await.map_err(doing())?;
    let so_far = Live {
        id: made.id.clone(),
        arn: made.arn.clone(),
        ..Live::default()
    };
    state.set(recorded(plan, &so_far));
    let root = organizations.root().await.map_err(doing())?;
    organizations
        .tag(&root.id, &Tags::from([creation::created(TYPE)]))
        .await
        .map_err(doing())?;
    Ok(made)
}

/// What stands: live values, with what AWS does not hold taken from the plan.
pub(super) fn recorded(plan: &OrganizationModel, live: &Live) -> OrganizationModel {
    let wanted = strings::known_part(&plan.units);
    let there: Vec<String> = wanted
        .iter()
        .filter(|path| live.units.contains_key(*path))
        .cloned()
        .collect();
    let ids: BTreeMap<String, Value<String>> = there
        .iter()
        .filter_map(|path| Some((path.clone(), live.units.get(path)?.as_str().into())))
        .collect();
    OrganizationModel {
        units: strings::of(there),
        unit_ids: Value::Known(ids),
        aws_service_access_principals: strings::of(live.services.iter().cloned()),
        enabled_policy_types: strings::of(live.policy_types.iter().cloned()),
        delegated_administrators: administrator_list(&live.administrators),
        id: live.id.as_str().into(),
        arn: live.arn.as_str().into(),
        root_id: live.root_id.as_str().into(),
        ..plan.clone()
    }
}

struct Step<'a> {
    ctx: &'a Ctx<Gabion>,
    clients: &'a Clients,
    plan: &'a OrganizationModel,
    live: &'a mut Live,
    ours: &'a mut Ours,
}

type Done = Result<(), Diagnostics>;

fn at(
    attribute: &'static str,
    what: String,
) -> impl FnOnce(gabion_aws::AwsError) -> Diagnostics + use<> {
    fault::while_setting(Path::root(attribute), what)
}

impl Step<'_> {
    /// Additions first, removals last.
    async fn all(
        &mut self,
        prior: Option<&OrganizationModel>,
        state: &mut StateSlot<OrganizationModel>,
    ) -> Done {
        self.stand(state)?;
        self.policy_types().await?;
        self.services().await?;
        self.stand(state)?;
        self.units().await?;
        self.stand(state)?;
        self.administrators().await?;
        self.removals().await?;
        if let Some(prior) = prior {
            self.old_units(prior).await?;
        }
        self.stand(state)
    }

    fn stand(&self, state: &mut StateSlot<OrganizationModel>) -> Done {
        state.private.set(private::OURS, &*self.ours);
        state.set(recorded(self.plan, self.live));
        self.ctx.interrupted()
    }

    async fn policy_types(&mut self) -> Done {
        for name in strings::known_part(&self.plan.enabled_policy_types) {
            if self.live.policy_types.contains(&name) {
                continue;
            }
            self.clients
                .organizations()
                .enable_policy_type(&self.live.root_id, &name)
                .await
                .map_err(at("enabled_policy_types", format!("enabling `{name}`")))?;
            self.ours.policy_types.insert(name.clone());
            self.live.policy_types.insert(name);
        }
        Ok(())
    }

    async fn services(&mut self) -> Done {
        for name in strings::known_part(&self.plan.aws_service_access_principals) {
            if self.live.services.contains(&name) {
                continue;
            }
            self.clients
                .organizations()
                .enable_service(&name)
                .await
                .map_err(at(
                    "aws_service_access_principals",
                    format!("giving `{name}` trusted access"),
                ))?;
            self.ours.services.insert(name.clone());
            self.live.services.insert(name);
        }
        Ok(())
    }

    /// Parents sort before their children.
    async fn units(&mut self) -> Done {
        for path in with_parents(&strings::known_part(&self.plan.units)) {
            if self.live.units.contains_key(&path) {
                continue;
            }
            self.ctx.interrupted()?;
            let above = match parent(&path) {
                None => self.live.root_id.clone(),
                Some(parent) => self.live.units.get(parent).cloned().unwrap_or_default(),
            };
            let name = path.rsplit('/').next().unwrap_or(&path);
            let tags = Tags::from([creation::created(TYPE)]);
            let unit = self
                .clients
                .organizations()
                .create_unit(&above, name, &tags)
                .await
                .map_err(at("units", format!("making the unit `{path}`")))?;
            self.ours.units.insert(unit.id.clone());
            self.live.units.insert(path, unit.id);
        }
        Ok(())
    }

    async fn administrators(&mut self) -> Done {
        let wanted = administrators(&self.plan.delegated_administrators).unwrap_or_default();
        for item in wanted {
            if self.live.administrators.contains(&item) {
                continue;
            }
            let (account, service) = (&item.account_id, &item.service_principal);
            self.clients
                .organizations()
                .register_administrator(&item)
                .await
                .map_err(at(
                    "delegated_administrators",
                    format!("letting `{account}` administer `{service}`"),
                ))?;
            self.ours
                .administrators
                .insert((account.clone(), service.clone()));
            self.live.administrators.insert(item);
        }
        Ok(())
    }

    async fn removals(&mut self) -> Done {
        let gone = taken(self.live, self.plan);
        let organizations = self.clients.organizations();
        for (account_id, service_principal) in gone.administrators {
            let item = DelegatedAdministrator {
                account_id,
                service_principal,
            };
            organizations
                .deregister_administrator(&item)
                .await
                .map_err(at(
                    "delegated_administrators",
                    format!(
                        "taking `{}` away from `{}`",
                        item.service_principal, item.account_id
                    ),
                ))?;
            self.live.administrators.remove(&item);
            let pair = (item.account_id, item.service_principal);
            self.ours.administrators.remove(&pair);
        }
        for name in gone.services {
            organizations.disable_service(&name).await.map_err(at(
                "aws_service_access_principals",
                format!("ending trusted access of `{name}`"),
            ))?;
            self.ours.services.remove(&name);
            self.live.services.remove(&name);
        }
        for name in gone.policy_types {
            organizations
                .disable_policy_type(&self.live.root_id, &name)
                .await
                .map_err(at("enabled_policy_types", format!("disabling `{name}`")))?;
            self.ours.policy_types.remove(&name);
            self.live.policy_types.remove(&name);
        }
        Ok(())
    }

    /// Units that left the list and were made here, deepest first.
    async fn old_units(&mut self, prior: &OrganizationModel) -> Done {
        let stay = with_parents(&strings::known_part(&self.plan.units));
        let held = prior.unit_ids.known().cloned().unwrap_or_default();
        for (path, id) in held.iter().rev() {
            let Some(id) = id.as_str().filter(|id| self.ours.units.contains(*id)) else {
                continue;
            };
            if stay.contains(path) {
                continue;
            }
            if let Some(what) = occupied(self.clients, id, &Default::default()).await? {
                return Err(fault::error_at(
                    Path::root("units"),
                    "The unit is in use",
                    format!("`{path}` (`{id}`) is not deleted: it holds {what}."),
                ));
            }
            self.clients
                .organizations()
                .delete_unit(id)
                .await
                .map_err(at("units", format!("deleting the unit `{path}`")))?;
            self.ours.units.remove(id);
        }
        Ok(())
    }
}
