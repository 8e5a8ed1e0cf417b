//! Create: looks for what an earlier create left, makes the key, and goes on from there.

use gabion_aws::kms::{CreateKey, Key};
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::exception::Moment;
use crate::shared::policy::Document;
use crate::shared::{creation, fault, live, location, tags};

use super::converge::Converge;
use super::model::KmsKeyModel;
use super::observed::{Found, Observed, observe};
use super::policy::Scene;
use super::{TYPE, alias, checks, policy, private};

pub(super) async fn create(
    ctx: &Ctx<Gabion>,
    plan: KmsKeyModel,
    state: &mut StateSlot<KmsKeyModel>,
) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, plan, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    plan: KmsKeyModel,
    state: &mut StateSlot<KmsKeyModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let gabion = ctx.provider()?;
    let clients = location::write(ctx, &plan.place()).await?;
    let document = ready(&plan, &clients, Moment::Change, warnings)?;
    let name = alias::full(plan.alias.as_str().unwrap_or_default());
    let claim = gabion.claims.take(
        format!("kms {} {} {name}", clients.account_id(), clients.region()),
        &format!("the key `{name}`"),
    )?;

    let left = match holder(&clients, &name).await? {
        Some(holder)
            if creation::is_creating(&holder.tags, TYPE, &name)
                && !holder.key.is_pending_deletion() =>
        {
            Some(holder.key.id)
        }
        Some(holder) if holder.was_ours_and_leaves() => None,
        Some(holder) => return Err(holder.refusal(&name)),
        None => {
            gabion
                .unfinished_keys
                .find(&clients, &name, warnings)
                .await?
        }
    };
    state.private.set(private::UNFINISHED, &true);
    let observed = match left {
        Some(id) => {
            let observed = take_over(&clients, &id, &plan).await?;
            // What the earlier create wrote is this configuration's own work.
            if let Some(before) = observed.document(clients.partition()) {
                live::remember(&mut state.private, &before);
            }
            observed
        }
        None => {
            ctx.interrupted()?;
            let observed = make(&plan, &name, &document, &clients, &gabion.default_tags).await?;
            live::remember(&mut state.private, &document);
            observed
        }
    };
    let result = Converge {
        ctx,
        clients: &clients,
        observed: &observed,
        plan: &plan,
        document: &document,
        old_alias: None,
    }
    .run(state)
    .await;
    if result.is_ok() {
        claim.keep();
    }
    result
}

/// The policy to write, after all checks that need no call; everything is known by now.
///
/// # Errors
/// What plan could not check, because something was not known.
pub(super) fn ready(
    plan: &KmsKeyModel,
    clients: &Clients,
    moment: Moment,
    warnings: &mut Diagnostics,
) -> Result<Document, Diagnostics> {
    let scene = Scene::of(clients);
    let mut diags = Diagnostics::new();
    checks::separation(plan, &mut diags);
    checks::defaults(plan, moment, &mut diags);
    let Some(document) = policy::document(plan, &scene) else {
        return Err(Diagnostics::from_error(
            "Something is still unknown",
            format!(
                "Terraform asked to apply {} while a principal of its policy is not known. Please report it.",
                plan.title()
            ),
        ));
    };
    checks::policy(&document, &scene, plan, &mut diags);
    if !diags.has_errors() {
        checks::caller(
            &document,
            &clients.caller().principal_arn(),
            plan,
            Severity::Error,
            &mut diags,
        );
    }
    if diags.has_errors() {
        return Err(diags);
    }
    // Plan told its warnings; those of values that were unknown then are new.
    if plan.policy.is_unknown() {
        warnings.extend(diags);
    }
    Ok(document)
}

/// Who has an alias.
pub(super) struct Holder {
    pub(super) key: Key,
    pub(super) tags: Tags,
}

/// The key that an alias points to.
pub(super) async fn holder(clients: &Clients, name: &str) -> Result<Option<Holder>, Diagnostics> {
    let kms = clients.kms();
    let doing = || {
        fault::while_setting(
            Path::root("alias"),
            format!("looking for the alias `{name}`"),
        )
    };
    let Some(found) = kms.find_alias(name).await.map_err(doing())? else {
        return Ok(None);
    };
    let Some(target) = found.target_key_id else {
        return Ok(None);
    };
    let Some(key) = kms.find_key(&target).await.map_err(doing())? else {
        return Ok(None);
    };
    // Somebody else's key may hide its tags: then it is not ours.
    let tags = match kms.tags(&key.id).await {
        Ok(tags) => tags,
        Err(error) if error.is_not_found() || error.is_access_denied() => Tags::new(),
        Err(error) => return Err(doing()(error)),
    };
    Ok(Some(Holder { key, tags }))
}

impl Holder {
    /// Whether it is a key of this provider that is being deleted: its alias is free to take.
    pub(super) fn was_ours_and_leaves(&self) -> bool {
        self.key.is_pending_deletion() && self.tags.contains_key(creation::TAG)
    }

    /// The error for somebody who wanted the alias.
    pub(super) fn refusal(&self, name: &str) -> Diagnostics {
        let id = &self.key.id;
        let detail = if self.key.is_pending_deletion() {
            format!(
                "`{name}` points to the key `{}`, which is pending deletion and was not made by this provider. Delete \
                 the alias (`aws kms delete-alias --alias-name {name}`), or choose another one.",
                self.key.arn
            )
        } else {
            format!(
                "`{name}` points to the key `{}`, which this resource did not make. To manage that key here, import it: \
                 `terraform import ADDRESS {id}` (import changes nothing). Otherwise choose another alias.",
                self.key.arn
            )
        };
        fault::error_at(Path::root("alias"), "The alias exists already", detail)
    }
}

/// Makes the key, with the tag that says it is not complete.
async fn make(
    plan: &KmsKeyModel,
    name: &str,
    document: &Document,
    clients: &Clients,
    defaults: &tags::TagMap,
) -> Result<Observed, Diagnostics> {
    let mut all = tags::known(&tags::plan_all(&plan.tags, defaults)).unwrap_or_default();
    all.extend([creation::creating(TYPE, name)]);
    let policy = document.to_json();
    let request = CreateKey {
        description: plan.description.as_str().unwrap_or_default().to_owned(),
        policy: Some(policy.clone()),
        tags: all.clone(),
        multi_region: plan.multi_region.known() == Some(&true),
        recover: true,
        ..CreateKey::default()
    };
    let key = clients
        .kms()
        .create_key(&request)
        .await
        .map_err(fault::while_doing(format!("creating the key `{name}`")))?;
    Ok(Observed {
        key,
        policy,
        rotation: gabion_aws::kms::Rotation::default(),
        aliases: Vec::new(),
        tags: all,
    })
}

/// Goes on with a key that an earlier create left.
async fn take_over(
    clients: &Clients,
    id: &str,
    plan: &KmsKeyModel,
) -> Result<Observed, Diagnostics> {
    let Found::Here(observed) = observe(clients, id).await? else {
        return Err(Diagnostics::from_error(
            "A key of an earlier create is gone",
            format!(
                "The key `{id}`, which an earlier create left, was deleted just now. Apply again."
            ),
        ));
    };
    let planned = plan.multi_region.known() == Some(&true);
    if observed.key.multi_region != planned {
        return Err(fault::error_at(
            Path::root("multi_region"),
            "An earlier create left another kind of key",
            format!(
                "The key `{}` was left by a create that was cut off, with `multi_region = {}`; now it should be \
                 `{planned}`, which cannot change. Schedule its deletion (`aws kms schedule-key-deletion --key-id {id}`) \
                 and apply again, or set `multi_region` back.",
                observed.key.arn, observed.key.multi_region
            ),
        ));
    }
    Ok(*observed)
}
