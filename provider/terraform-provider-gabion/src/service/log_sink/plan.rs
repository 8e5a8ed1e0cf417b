//! What the plan of a log sink computes and refuses. Reads AWS, never writes.

use gabion_aws::Clients;
use gabion_framework::prelude::*;
use jiff::Timestamp;

use super::bucket_policy::{PolicyInput, SIDS};
use super::live::{bucket_arn, same_policy};
use super::model::LogSinkModel;
use super::organization::Manages;
use super::{adopt, checks, delete, estate, names, organization, private, weaker};
use crate::configured::Gabion;
use crate::shared::exception::{Enforced, Moment, Strength};
use crate::shared::policy::Document;
use crate::shared::{deletion, exception, location, policy_statement, tags};

/// Fills the plan of a create or an update.
///
/// # Errors
/// What stops the plan at once; what more there is to say is in `diags`.
pub(super) async fn change(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<LogSinkModel>,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(mut planned) = plan.planned.take() else {
        return Ok(());
    };
    let result = fill(ctx, plan, &mut planned, diags).await;
    plan.planned = Some(planned);
    result
}

async fn fill(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<LogSinkModel>,
    planned: &mut LogSinkModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let prior = plan.prior.clone();
    let stands = prior.as_ref().is_some_and(|prior| prior == planned);
    names::fill(planned);
    names::check(&plan.config, planned, diags);
    planned.tags_all = match ctx.provider.as_ref() {
        Some(gabion) => tags::plan_all(&planned.tags, &gabion.default_tags),
        None => Value::Unknown,
    };
    tags::validate(&planned.tags_all, &Path::root("tags"), diags);
    follow(planned);
    let mut place = planned.place();
    let clients = location::plan(ctx, &plan.config.place(), &mut place).await?;
    planned.account_id = place.account_id;
    planned.region = place.region;
    let Some(clients) = clients else {
        // While account, region or provider is not known, no call is made, and what follows from them is unknown.
        if !stands {
            unknown(planned);
        }
        checks::consistent(planned, diags);
        replacement(plan, prior.as_ref(), planned, diags);
        defaults(prior.as_ref(), planned, None, diags);
        return Ok(());
    };
    checks::key(&clients, planned, diags);
    let manages = organization::fill(
        &clients,
        &plan.config,
        prior.as_ref(),
        &plan.private,
        planned,
        diags,
    )
    .await?;
    checks::consistent(planned, diags);
    computed(&clients, prior.as_ref(), planned);
    if let Some(prior) = &prior {
        keep_equal_texts(clients.partition(), prior, planned);
    }
    let replaces = replacement(plan, prior.as_ref(), planned, diags);
    defaults(prior.as_ref(), planned, manages, diags);
    if let (Some(prior), true) = (&prior, replaces) {
        // What a destroy would refuse, the replacement refuses here.
        if !diags.has_errors() && !delete::is_unfinished(&plan.private) {
            delete::refuse(&clients, prior, diags).await?;
        }
        return Ok(());
    }
    if diags.has_errors() {
        return Ok(());
    }
    if let Some(prior) = prior.as_ref().filter(|prior| *prior != planned) {
        estate::check(&clients, &plan.private, prior, planned, diags).await?;
    }
    adopt::check(&clients, prior.as_ref(), planned, replacing(plan, planned)).await
}

/// Whether a create takes the place of a sink with the same main bucket, which goes first.
fn replacing(plan: &Plan<LogSinkModel>, planned: &LogSinkModel) -> bool {
    plan.prior.is_none()
        && plan
            .private
            .get::<String>(private::REPLACING)
            .is_some_and(|name| planned.bucket.as_str() == Some(&name))
}

/// Names the attributes that replace the sink, and refuses that while it is protected.
fn replacement(
    plan: &mut Plan<LogSinkModel>,
    prior: Option<&LogSinkModel>,
    planned: &LogSinkModel,
    diags: &mut Diagnostics,
) -> bool {
    let Some(prior) = prior else {
        // If this follows a create that was cut off, the delete in between must know that it is continued.
        plan.private
            .set(private::CONTINUES, &delete::parts(planned));
        return false;
    };
    // Should this become a replacement, whoever asks for it, the create must know whose names those are.
    plan.private.set(private::REPLACING, prior.name());
    let changed = replaced(prior, planned);
    plan.requires_replace
        .extend(changed.iter().map(|name| Path::root(*name)));
    if changed.is_empty() {
        return false;
    }
    if !delete::is_unfinished(&plan.private) {
        deletion::check_replace(&prior.deletion_protection, &prior.title(), &changed, diags);
    }
    true
}

/// The attributes whose change makes a new sink. A part that is not there yet is just made.
fn replaced(prior: &LogSinkModel, planned: &LogSinkModel) -> Vec<&'static str> {
    let mut changed = Vec::new();
    let names = [
        ("bucket", &prior.bucket, &planned.bucket),
        (
            "access_log_bucket",
            &prior.access_log_bucket,
            &planned.access_log_bucket,
        ),
        ("trail_name", &prior.trail_name, &planned.trail_name),
        (
            "log_group_name",
            &prior.log_group_name,
            &planned.log_group_name,
        ),
        ("account_id", &prior.account_id, &planned.account_id),
        ("region", &prior.region, &planned.region),
    ];
    for (name, before, after) in names {
        if before.is_known() && before != after {
            changed.push(name);
        }
    }
    if prior.object_lock_enabled.known() == Some(&true)
        && planned.object_lock_enabled.known() == Some(&false)
    {
        changed.push("object_lock_enabled");
    }
    changed
}

/// Checks the plan against the table of defaults.
fn defaults(
    prior: Option<&LogSinkModel>,
    planned: &LogSinkModel,
    manages: Manages,
    diags: &mut Diagnostics,
) {
    let moment = moment(prior, planned);
    exception::check(
        planned,
        &planned.exception,
        &table(manages),
        moment,
        Timestamp::now(),
        diags,
    );
}

/// The table of defaults for this account.
fn table(manages: Manages) -> Vec<Enforced<LogSinkModel>> {
    let copy = |line: &Enforced<LogSinkModel>| Enforced {
        attribute: line.attribute,
        controls: line.controls,
        strength: line.strength,
    };
    let mut table: Vec<Enforced<LogSinkModel>> = weaker::TABLE.iter().map(copy).collect();
    table.push(match manages {
        Some(true) => weaker::ORGANIZATION_TRAIL,
        Some(false) => Enforced {
            strength: |_| Strength::Kept,
            ..weaker::NO_ORGANIZATION_TRAIL
        },
        None => weaker::NO_ORGANIZATION_TRAIL,
    });
    table
}

/// Whether anything changes beside deletion protection going off, and what a destroy needs.
fn moment(prior: Option<&LogSinkModel>, planned: &LogSinkModel) -> Moment {
    let Some(prior) = prior else {
        return Moment::Change;
    };
    let mut before = prior.clone();
    if deletion::turns_off(&prior.deletion_protection, &planned.deletion_protection) {
        before.deletion_protection = planned.deletion_protection;
        before.deletion_policy = planned.deletion_policy.clone();
        before.acknowledge_irreversible = planned.acknowledge_irreversible.clone();
    }
    if before == *planned {
        Moment::Still
    } else {
        Moment::Change
    }
}

/// What is the same value under another name.
fn follow(planned: &mut LogSinkModel) {
    planned.trail_kms_key_id = planned.kms_key_id.clone();
    planned.log_group_kms_key_id = planned.kms_key_id.clone();
    planned.trail_bucket = planned.bucket.clone();
    planned.id = planned.bucket.clone();
}

fn unknown(planned: &mut LogSinkModel) {
    for value in [
        &mut planned.policy,
        &mut planned.access_log_policy,
        &mut planned.arn,
        &mut planned.access_log_bucket_arn,
        &mut planned.trail_arn,
        &mut planned.log_group_arn,
    ] {
        *value = Value::Unknown;
    }
    if !planned.organization_id.is_known() {
        planned.organization_id = Value::Unknown;
    }
    if !planned.is_organization_trail.is_known() {
        planned.is_organization_trail = Value::Unknown;
    }
}

/// Everything that follows from known names.
fn computed(clients: &Clients, prior: Option<&LogSinkModel>, planned: &mut LogSinkModel) {
    let (Some(bucket), Some(access), Some(trail), Some(group), Some(_), Some(organization_trail)) = (
        planned.bucket.as_str(),
        planned.access_log_bucket.as_str(),
        planned.trail_name.as_str(),
        planned.log_group_name.as_str(),
        planned.organization_id.known(),
        planned.is_organization_trail.known(),
    ) else {
        unknown(planned);
        return;
    };
    let input = PolicyInput {
        partition: clients.partition(),
        account_id: clients.account_id(),
        region: clients.region(),
        bucket,
        access_log_bucket: access,
        access_log_prefix: planned.access_log_prefix.as_str().unwrap_or_default(),
        trail_name: trail,
        organization_id: planned.organization(),
        organization_trail: *organization_trail,
    };
    let logging = planned.access_logging.known().copied();
    let before = |value: fn(&LogSinkModel) -> &Value<String>| {
        prior.map(|prior| value(prior).clone()).unwrap_or_default()
    };
    // Logging that is switched off leaves the second bucket, with its logs, to the sink.
    let (access_arn, access_policy) = match logging {
        Some(true) => (
            bucket_arn(clients, access).into(),
            Document::new(input.access_log_statements())
                .to_json()
                .into(),
        ),
        Some(false) => (
            before(|prior| &prior.access_log_bucket_arn),
            before(|prior| &prior.access_log_policy),
        ),
        None => (Value::Unknown, Value::Unknown),
    };
    let policy =
        policy_statement::to_statements(&planned.additional_policy_statements, clients.partition())
            .map(|more| {
                Document::new(input.main_statements().into_iter().chain(more).collect()).to_json()
            });
    let (arn, trail_arn) = (bucket_arn(clients, bucket), input.trail_arn());
    let group_arn = clients.arn("logs", &format!("log-group:{group}"));
    planned.arn = arn.into();
    planned.trail_arn = trail_arn.into();
    planned.log_group_arn = group_arn.into();
    planned.access_log_bucket_arn = access_arn;
    planned.access_log_policy = access_policy;
    planned.policy = policy.map_or(Value::Unknown, Value::Known);
}

/// AWS may spell an equal policy another way: that is no change.
fn keep_equal_texts(partition: &str, prior: &LogSinkModel, planned: &mut LogSinkModel) {
    if same_policy(partition, &prior.policy, &planned.policy) {
        planned.policy = prior.policy.clone();
    }
    if same_policy(
        partition,
        &prior.access_log_policy,
        &planned.access_log_policy,
    ) {
        planned.access_log_policy = prior.access_log_policy.clone();
    }
}

/// At apply: what was unknown at plan is known now.
///
/// # Errors
/// What the plan would have refused.
pub(super) fn finish(
    clients: &Clients,
    prior: Option<&LogSinkModel>,
    plan: &mut LogSinkModel,
) -> Result<(), Diagnostics> {
    let mut diags = Diagnostics::new();
    let planned = plan.clone();
    plan.account_id = clients.account_id().into();
    plan.region = clients.region().into();
    names::fill(plan);
    follow(plan);
    organization::settle(plan);
    checks::key(clients, plan, &mut diags);
    checks::consistent(plan, &mut diags);
    computed(clients, prior, plan);
    // The text that was planned stays, where it says the same.
    keep_equal_texts(clients.partition(), &planned, plan);
    exception::check(
        plan,
        &plan.exception,
        &table(None),
        Moment::Still,
        Timestamp::now(),
        &mut diags,
    );
    if diags.has_errors() {
        Err(diags)
    } else {
        Ok(())
    }
}

/// Whether a label belongs to the generated policy.
pub(super) fn is_reserved(sid: &str) -> bool {
    SIDS.contains(&sid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sink() -> LogSinkModel {
        LogSinkModel {
            bucket: "logs".into(),
            trail_name: "logs".into(),
            object_lock_enabled: true.into(),
            deletion_protection: true.into(),
            ..LogSinkModel::default()
        }
    }

    #[test]
    fn what_replaces() {
        let renamed = LogSinkModel {
            bucket: "other".into(),
            ..sink()
        };
        assert_eq!(replaced(&sink(), &renamed), ["bucket"]);
        let unlocked = LogSinkModel {
            object_lock_enabled: false.into(),
            ..sink()
        };
        assert_eq!(replaced(&sink(), &unlocked), ["object_lock_enabled"]);
        // The other way round, and a part that was missing, are made in place.
        assert!(replaced(&unlocked, &sink()).is_empty());
        assert!(
            replaced(
                &LogSinkModel {
                    trail_name: Value::Null,
                    ..sink()
                },
                &sink()
            )
            .is_empty()
        );
    }

    #[test]
    fn turning_protection_off_is_no_change() {
        let off = LogSinkModel {
            deletion_protection: false.into(),
            deletion_policy: "purge".into(),
            ..sink()
        };
        assert_eq!(moment(Some(&sink()), &off), Moment::Still);
        assert_eq!(
            moment(
                Some(&sink()),
                &LogSinkModel {
                    versioning: "Suspended".into(),
                    ..off
                }
            ),
            Moment::Change
        );
        assert_eq!(moment(None, &sink()), Moment::Change);
    }
}
