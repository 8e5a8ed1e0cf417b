//! `gabion_account_baseline`: the baseline alone, for accounts that others vend.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gabion_framework::prelude::*;

use super::baseline::{self, Asked, Job, Kind, Places, With};
use crate::configured::Gabion;
use crate::shared::exception::Moment;
use crate::shared::location::{self, Place};
use crate::shared::progress::Progress;
use crate::shared::{fault, strings, tags};

/// The resource type.
const TYPE: &str = "gabion_account_baseline";

/// The next read is the first after an import.
const IMPORT: &str = "import";

object! {
    /// What is not the baseline's.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Own {
        pub(crate) id: Value<String>,
        pub(crate) account_id: Value<String>,
    }
}

type Model = With<Own>;

impl Model {
    fn place(&self) -> Place {
        Place {
            account_id: self.own.account_id.clone(),
            region: Value::Null,
        }
    }

    fn title(&self) -> String {
        format!(
            "`{TYPE}` of account `{}`",
            self.own.account_id.as_str().unwrap_or("(unknown)")
        )
    }
}

/// The resource.
#[derive(Debug, Default)]
pub(crate) struct AccountBaseline;

fn schema() -> Schema {
    let own = [
        Attribute::string("account_id")
            .optional_computed()
            .requires_replace()
            .use_state_for_unknown()
            .validate(validate::account_id())
            .describe(
                "The account. Another one than the provider's own is entered through the provider's \
                 `vending_role_name`. Default: the provider's account.",
            ),
        Attribute::string("id")
            .computed()
            .use_state_for_unknown()
            .describe("The account."),
    ];
    baseline::blocks(
        Schema::new(
            "The secure baseline of an account that somebody else vends: security contact, account-wide public access \
             block, encryption of volumes, metadata service, password policy, analyzers.",
        )
        .attributes(own)
        .attributes(baseline::attributes()),
    )
}

#[async_trait]
impl Resource for AccountBaseline {
    type Model = Model;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn default_timeouts(&self) -> [Duration; 3] {
        [Duration::from_secs(30 * 60); 3]
    }

    fn validate(&self, config: &Model, diags: &mut Diagnostics) {
        baseline::validate(&config.baseline, diags);
    }

    async fn modify_plan(
        &self,
        ctx: &Ctx<Gabion>,
        plan: &mut Plan<Model>,
        diags: &mut Diagnostics,
    ) {
        if let Some(mut planned) = plan.planned.take() {
            if let Err(errors) = change(ctx, plan, &mut planned, diags).await {
                diags.extend(errors);
            }
            plan.planned = Some(planned);
        }
    }

    async fn create(
        &self,
        ctx: &Ctx<Gabion>,
        plan: Model,
        state: &mut StateSlot<Model>,
    ) -> Diagnostics {
        apply(ctx, plan, state).await
    }

    async fn update(
        &self,
        ctx: &Ctx<Gabion>,
        _prior: Model,
        plan: Model,
        state: &mut StateSlot<Model>,
    ) -> Diagnostics {
        apply(ctx, plan, state).await
    }

    async fn read(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<Model>) -> Diagnostics {
        refresh(ctx, state).await.err().unwrap_or_default()
    }

    async fn delete(&self, _ctx: &Ctx<Gabion>, state: &mut StateSlot<Model>) -> Diagnostics {
        let mut diags = Diagnostics::new();
        if let Some(now) = state.get() {
            diags.warning(
                "The baseline stays",
                format!(
                    "{} is no longer managed. Its settings, analyzers and keys for EBS volumes stay as they are: taking \
                     them away would leave the account open, and volumes without their key.",
                    now.title()
                ),
            );
        }
        diags
    }

    async fn import(
        &self,
        ctx: &Ctx<Gabion>,
        id: &str,
        state: &mut StateSlot<Model>,
    ) -> Diagnostics {
        import(ctx, id.trim(), state)
            .await
            .err()
            .unwrap_or_default()
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema::new().required("account_id", Type::String, "The account."))
    }

    fn identity(&self, state: &Model) -> Option<BTreeMap<String, Dynamic>> {
        let id = state.own.account_id.known()?.clone();
        Some(BTreeMap::from([(
            "account_id".to_owned(),
            Dynamic::String(id),
        )]))
    }

    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        super::account::import_id(identity)
    }
}

async fn change(
    ctx: &Ctx<Gabion>,
    plan: &Plan<Model>,
    planned: &mut Model,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let mut place = planned.place();
    let clients = location::plan(ctx, &plan.config.place(), &mut place).await?;
    planned.own.account_id = place.account_id;
    planned.own.id = planned.own.account_id.clone();
    let prior = plan.prior.as_ref();
    let moved = prior.is_some_and(|prior| prior.own.account_id != planned.own.account_id);
    if let (Some(gabion), Some(account)) = (&ctx.provider, planned.own.account_id.as_str()) {
        baseline::alone(gabion, account, TYPE)?;
    }
    let fresh = Private::default();
    let places = match &clients {
        Some(clients) => Some(Places::reading(ctx, clients.account_id())?),
        None => None,
    };
    let asked = Asked {
        clients: clients.as_ref(),
        places: places.as_ref(),
        kind: Kind::Adopted,
        config: &plan.config.baseline,
        prior: prior.filter(|_| !moved).map(|prior| &prior.baseline),
        private: if moved { &fresh } else { &plan.private },
    };
    let live = baseline::fill(&asked, &mut planned.baseline).await?;
    baseline::check(planned, Vec::new(), false, moment(prior, planned), diags);
    baseline::review(&asked, live.as_ref(), &planned.baseline, diags).await
}

fn moment(prior: Option<&Model>, planned: &Model) -> Moment {
    if prior == Some(planned) {
        Moment::Still
    } else {
        Moment::Change
    }
}

async fn apply(ctx: &Ctx<Gabion>, plan: Model, state: &mut StateSlot<Model>) -> Diagnostics {
    let progress = Progress::default();
    let mut warnings = Diagnostics::new();
    let title = plan.title();
    let result = converge(ctx, plan, state, &progress).await;
    progress.tell(&title, &mut warnings);
    fault::collect(warnings, result)
}

async fn converge(
    ctx: &Ctx<Gabion>,
    mut plan: Model,
    state: &mut StateSlot<Model>,
    progress: &Progress,
) -> Result<(), Diagnostics> {
    let gabion = ctx.provider()?;
    let clients = location::write(ctx, &plan.place()).await?;
    let account = clients.account_id().to_owned();
    plan.own.account_id = account.as_str().into();
    plan.own.id = account.as_str().into();
    let mut diags = Diagnostics::new();
    baseline::check(
        &plan,
        Vec::new(),
        false,
        moment(state.get(), &plan),
        &mut diags,
    );
    if diags.has_errors() {
        return Err(diags);
    }
    baseline::alone(gabion, &account, TYPE)?;
    let claim = match state.get() {
        Some(_) => None,
        None => Some(gabion.claims.take(
            format!("baseline {account}"),
            &format!("the baseline of account `{account}`"),
        )?),
    };
    let regions = known_regions(&plan)?;
    let places = Places::writing(ctx, &account)?;
    let live = progress
        .step(
            format!("reading account `{account}`"),
            baseline::read(&places, &regions),
        )
        .await?;
    let tags = tags::known(&gabion.default_tags).unwrap_or_default();
    let before = state.get().map(|now| now.baseline.clone());
    let job = Job {
        ctx,
        places: &places,
        live: &live,
        kind: Kind::Adopted,
        before: before.as_ref(),
        tags: &tags,
    };
    let outcome = progress
        .step(
            format!("setting the baseline of account `{account}`"),
            baseline::settle(&job, &mut plan.baseline, &mut state.private),
        )
        .await;
    state.set(plan);
    outcome?;
    if let Some(claim) = claim {
        claim.keep();
    }
    Ok(())
}

fn known_regions(model: &Model) -> Result<BTreeSet<String>, Diagnostics> {
    strings::known(&model.baseline.regions).ok_or_else(|| {
        Diagnostics::from_error(
            "The regions are not known",
            format!(
                "Terraform asked to apply {} while a region is not known. Please report it.",
                model.title()
            ),
        )
    })
}

async fn refresh(ctx: &Ctx<Gabion>, state: &mut StateSlot<Model>) -> Result<(), Diagnostics> {
    let Some(prior) = state.get().cloned() else {
        return Ok(());
    };
    let clients = location::read(ctx, &prior.place()).await?;
    let regions = match strings::known(&prior.baseline.regions) {
        Some(regions) if !regions.is_empty() => regions,
        _ => clients
            .ec2()
            .regions()
            .await
            .map_err(fault::while_doing("reading the regions of AWS"))?
            .into_iter()
            .collect(),
    };
    let places = Places::reading(ctx, clients.account_id())?;
    let live = baseline::read(&places, &regions).await?;
    let mut model = prior;
    model.baseline = live.observed(&model.baseline);
    model.own.account_id = clients.account_id().into();
    model.own.id = clients.account_id().into();
    if state.private.get::<bool>(IMPORT).is_some() {
        state.private.remove(IMPORT);
    }
    state.set(model);
    Ok(())
}

async fn import(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<Model>,
) -> Result<(), Diagnostics> {
    if !validate::is_account_id(id) {
        return Err(Diagnostics::from_error(
            "Not an account id",
            format!("`{id}` is not an account id: import by its 12 digits."),
        ));
    }
    let model = Model {
        own: Own {
            id: id.into(),
            account_id: id.into(),
        },
        ..Model::default()
    };
    location::read(ctx, &model.place()).await?;
    state.private.set(IMPORT, &true);
    state.set(model);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_and_schema_have_the_same_names() {
        let schema = schema();
        let mut names: Vec<&str> = schema
            .all_attributes()
            .iter()
            .map(Attribute::name)
            .collect();
        names.extend(["exception", "timeouts"]);
        names.sort_unstable();
        let mut model: Vec<&str> = Own::ATTRIBUTES
            .iter()
            .chain(baseline::Baseline::ATTRIBUTES)
            .copied()
            .collect();
        model.sort_unstable();
        assert_eq!(names, model);
    }
}
