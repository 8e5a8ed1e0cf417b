//! The organization that the bucket is bound to, and whether the trail may cover it.

use gabion_aws::{Clients, organizations::OrganizationLookup};
use gabion_framework::prelude::*;

use super::NO_ORGANIZATION;
use super::model::LogSinkModel;
use super::private;
use crate::shared::fault;

/// Whether the account may have an organization's trail; none where that was not asked or cannot be told.
pub(super) type Manages = Option<bool>;

/// Fills in `organization_id` and `is_organization_trail` where the configuration leaves them out. What the state
/// holds stays, so that plan and apply agree whoever runs them; AWS is asked only for what is new.
///
/// # Errors
/// The lookup failed for another reason than permission.
pub(super) async fn fill(
    clients: &Clients,
    config: &LogSinkModel,
    prior: Option<&LogSinkModel>,
    kept: &Private,
    planned: &mut LogSinkModel,
    diags: &mut Diagnostics,
) -> Result<Manages, Diagnostics> {
    let same = prior.is_some_and(|prior| prior.organization_id == planned.organization_id);
    if config.is_organization_trail.is_null() {
        // The wish, not what is live: a trail that was cut down to the account by hand is drift.
        let wished: Option<bool> = kept.get(private::ORGANIZATION_TRAIL);
        let alone = planned.organization_id.is_known() && planned.organization().is_none();
        planned.is_organization_trail = match (wished, prior) {
            _ if alone => false.into(),
            (Some(wished), Some(_)) if same => wished.into(),
            (None, Some(prior)) if same => prior.is_organization_trail,
            _ => Value::Null,
        };
    }
    let settled = planned.organization_id.is_known() && (same || planned.organization().is_none());
    let switched_off = config.is_organization_trail.known() == Some(&false);
    if settled && planned.is_organization_trail.is_known() && !switched_off {
        return Ok(None);
    }
    let found = clients
        .organizations()
        .describe_organization()
        .await
        .map_err(fault::while_setting(
            Path::root("organization_id"),
            "reading the organization",
        ))?;
    check_named(clients, &found, planned, diags);
    let manages = match &found {
        OrganizationLookup::Member(organization) => {
            Some(organization.management_account_id == clients.account_id())
        }
        OrganizationLookup::NotInOrganization => Some(false),
        OrganizationLookup::Unknown { .. } => None,
    };
    let unknown = matches!(found, OrganizationLookup::Unknown { .. });
    if !planned.organization_id.is_known() && !config.organization_id.is_unknown() {
        if let OrganizationLookup::Unknown { reason } = &found {
            diags.warning_at(
                Path::root("organization_id"),
                "The organization could not be read",
                format!(
                    "{reason}. Unless the apply may read it, the bucket is bound to account {} alone. Set \
                     `organization_id` to the organization, or to `none` to say so.",
                    clients.account_id()
                ),
            );
        }
        planned.organization_id = if unknown {
            Value::Unknown
        } else {
            found.id().unwrap_or(NO_ORGANIZATION).into()
        };
    }
    if config.is_organization_trail.is_null() && !planned.is_organization_trail.is_known() {
        planned.is_organization_trail = match (planned.organization_id.known(), manages) {
            (Some(_), Some(manages)) => (manages && planned.organization().is_some()).into(),
            _ => Value::Unknown,
        };
    }
    Ok(manages.map(|manages| manages && planned.organization().is_some()))
}

/// At apply: what nobody could tell is no organization.
pub(super) fn settle(planned: &mut LogSinkModel) {
    if !planned.organization_id.is_known() {
        planned.organization_id = NO_ORGANIZATION.into();
    }
    if !planned.is_organization_trail.is_known() {
        planned.is_organization_trail = false.into();
    }
}

fn check_named(
    clients: &Clients,
    found: &OrganizationLookup,
    planned: &LogSinkModel,
    diags: &mut Diagnostics,
) {
    let Some(named) = planned.organization() else {
        return;
    };
    let instead = match found {
        OrganizationLookup::Member(organization) if organization.id == named => return,
        OrganizationLookup::Unknown { .. } => return,
        OrganizationLookup::Member(organization) => format!("is in `{}`", organization.id),
        OrganizationLookup::NotInOrganization => "is in no organization".to_owned(),
    };
    diags.error_at(
        Path::root("organization_id"),
        "The bucket policy would shut this account out",
        format!(
            "The bucket would be bound to `{named}`, and account {} {instead}: nobody here could use the bucket, or change \
             its policy again. Leave `organization_id` out, or set it to `none` to bind the bucket to the account.",
            clients.account_id()
        ),
    );
}
