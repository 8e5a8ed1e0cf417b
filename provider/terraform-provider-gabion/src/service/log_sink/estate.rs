//! Live estates are not broken: what others put into policies, lifecycle rules and the trail's selectors is named
//! before anything takes it out.

use std::collections::BTreeSet;

use gabion_aws::{Absent, Clients};
use gabion_framework::prelude::*;

use super::live::bucket_arn;
use super::model::LogSinkModel;
use super::{events, lifecycle, private};
use crate::shared::policy::Document;
use crate::shared::{fault, live, strings};

/// Checks what a change would take out: only what differs from `prior` is looked at.
///
/// # Errors
/// A call that failed.
pub(super) async fn check(
    clients: &Clients,
    kept: &Private,
    prior: &LogSinkModel,
    planned: &LogSinkModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    policies(clients, kept, Some(prior), planned, diags).await?;
    let changes = |same: fn(&LogSinkModel, &LogSinkModel) -> bool| !same(prior, planned);
    let logs = planned.access_logging.known() == Some(&true);
    if changes(|one, two| {
        one.transition_in_days == two.transition_in_days
            && one.transition_storage_class == two.transition_storage_class
            && one.expiration_in_days == two.expiration_in_days
    }) {
        rules(
            clients,
            planned,
            &planned.bucket,
            lifecycle::main_rule(planned),
            "transition_in_days",
            diags,
        )
        .await?;
    }
    if logs
        && changes(|one, two| {
            one.access_log_expiration_in_days == two.access_log_expiration_in_days
        })
    {
        let rule = lifecycle::access_rule(planned);
        rules(
            clients,
            planned,
            &planned.access_log_bucket,
            rule,
            "access_log_expiration_in_days",
            diags,
        )
        .await?;
    }
    if changes(|one, two| {
        one.include_management_events == two.include_management_events
            && one.include_s3_write_events == two.include_s3_write_events
    }) {
        selectors(clients, planned, diags).await?;
    }
    Ok(())
}

/// Checks both bucket policies: against what is live, whether or not the state knew of it, where there is no `prior`.
///
/// # Errors
/// A call that failed.
pub(super) async fn policies(
    clients: &Clients,
    kept: &Private,
    prior: Option<&LogSinkModel>,
    planned: &LogSinkModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let changes = |value: fn(&LogSinkModel) -> &Value<String>| {
        prior.is_none_or(|prior| value(prior) != value(planned))
    };
    if changes(|sink| &sink.policy) {
        policy(
            clients,
            live::applied(kept, clients.partition()).as_ref(),
            planned,
            &MAIN,
            diags,
        )
        .await?;
    }
    if planned.access_logging.known() == Some(&true) && changes(|sink| &sink.access_log_policy) {
        policy(
            clients,
            applied_to_access(kept, clients.partition()).as_ref(),
            planned,
            &ACCESS,
            diags,
        )
        .await?;
    }
    Ok(())
}

/// One of the two bucket policies.
struct Policy {
    attribute: &'static str,
    bucket: fn(&LogSinkModel) -> &Value<String>,
    text: fn(&LogSinkModel) -> &Value<String>,
}

const MAIN: Policy = Policy {
    attribute: "policy",
    bucket: |sink| &sink.bucket,
    text: |sink| &sink.policy,
};
const ACCESS: Policy = Policy {
    attribute: "access_log_policy",
    bucket: |sink| &sink.access_log_bucket,
    text: |sink| &sink.access_log_policy,
};

async fn policy(
    clients: &Clients,
    applied: Option<&Document>,
    planned: &LogSinkModel,
    which: &Policy,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let (Some(bucket), Some(wanted)) = (
        (which.bucket)(planned).as_str(),
        (which.text)(planned).as_str(),
    ) else {
        return Ok(());
    };
    let reading = fault::while_setting(
        Path::root(which.attribute),
        format!("reading the policy of `{bucket}`"),
    );
    let text = clients
        .s3()
        .policy(bucket)
        .await
        .or_absent()
        .map_err(reading)?
        .flatten();
    let partition = clients.partition();
    let parse = |text: &str| Document::parse(text, partition).ok();
    if let (Some(live), Some(wanted)) = (text.as_deref().and_then(parse), parse(wanted)) {
        let mut found = Diagnostics::new();
        live::check(
            &live,
            &wanted,
            applied,
            &planned.acknowledge_removals,
            partition,
            &planned.title(),
            &mut found,
        );
        for diagnostic in found.iter() {
            diags.push(Diagnostic {
                path: Some(Path::root(which.attribute)),
                ..diagnostic.clone()
            });
        }
    }
    Ok(())
}

async fn rules(
    clients: &Clients,
    planned: &LogSinkModel,
    bucket: &Value<String>,
    ours: gabion_aws::s3::LifecycleRule,
    attribute: &'static str,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(bucket) = bucket.as_str() else {
        return Ok(());
    };
    let reading = fault::while_setting(
        Path::root(attribute),
        format!("reading the lifecycle rules of `{bucket}`"),
    );
    let live = clients
        .s3()
        .lifecycle(bucket)
        .await
        .or_absent()
        .map_err(reading)?
        .flatten()
        .unwrap_or_default();
    if let Err(lost) = lifecycle::beside(&live, ours, let_go(planned)) {
        diags.extend(named(
            attribute,
            "lifecycle rules",
            &format!("the bucket `{bucket}`"),
            &lost,
        ));
    }
    Ok(())
}

async fn selectors(
    clients: &Clients,
    planned: &LogSinkModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    const ATTRIBUTE: &str = "include_s3_write_events";
    let Some(name) = planned.trail_name.as_str() else {
        return Ok(());
    };
    let reading = fault::while_setting(
        Path::root(ATTRIBUTE),
        format!("reading the event selectors of `{name}`"),
    );
    let live = clients
        .cloudtrail()
        .event_selectors(name)
        .await
        .or_absent()
        .map_err(reading)?
        .unwrap_or_default();
    if let Err(lost) = events::beside(
        &live,
        planned,
        &own_buckets(clients, planned),
        let_go(planned),
    ) {
        diags.extend(named(
            ATTRIBUTE,
            "data events",
            &format!("the trail `{name}`"),
            &lost,
        ));
    }
    Ok(())
}

/// The ARNs of the sink's own buckets, whose writes the trail leaves out: they would log themselves.
pub(super) fn own_buckets(clients: &Clients, model: &LogSinkModel) -> Vec<String> {
    [&model.bucket, &model.access_log_bucket]
        .into_iter()
        .filter_map(Value::as_str)
        .map(|bucket| bucket_arn(clients, bucket))
        .collect()
}

/// Whether the user lets something go.
pub(super) fn let_go(planned: &LogSinkModel) -> impl Fn(&str) -> bool + use<> {
    let listed: BTreeSet<String> = strings::known_part(&planned.acknowledge_removals);
    move |name| listed.contains(name)
}

/// The error that names what would be lost.
pub(super) fn named(
    attribute: &'static str,
    things: &str,
    of: &str,
    lost: &[String],
) -> Diagnostics {
    let list: Vec<String> = lost.iter().map(|name| format!("  - `{name}`")).collect();
    let names: Vec<String> = lost.iter().map(|name| format!("{name:?}")).collect();
    fault::error_at(
        Path::root(attribute),
        format!("The plan would take {things} of others out"),
        format!(
            "The {things} of {of} include what this resource did not put there and cannot write back as it is:\n\n{}\n\n\
             Take it out by hand, or let it go with:\n\n  {} = [{}]",
            list.join("\n"),
            live::ATTRIBUTE,
            names.join(", ")
        ),
    )
}

/// The access log bucket's policy that this resource wrote last.
fn applied_to_access(kept: &Private, partition: &str) -> Option<Document> {
    let text: String = kept.get(private::APPLIED_ACCESS_LOG_POLICY)?;
    Document::parse(&text, partition).ok()
}
