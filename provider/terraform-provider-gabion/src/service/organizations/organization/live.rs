//! What is there.

use std::collections::{BTreeMap, BTreeSet};

use gabion_aws::Clients;
use gabion_aws::organizations::{DelegatedAdministrator, Organization, OrganizationLookup};
use gabion_framework::prelude::*;

use super::super::CONTROL_TOWER;
use super::TYPE;
use crate::shared::{creation, fault};

/// An organization as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) root_id: String,
    pub(super) policy_types: BTreeSet<String>,
    pub(super) services: BTreeSet<String>,
    pub(super) administrators: BTreeSet<DelegatedAdministrator>,
    /// Ids of those units that were asked for and are there, by path.
    pub(super) units: BTreeMap<String, String>,
}

impl Live {
    /// Whether AWS Control Tower manages it.
    pub(super) fn is_control_tower(&self) -> bool {
        self.services.contains(CONTROL_TOWER)
    }
}

/// The organization that this account manages, if it is in one.
///
/// # Errors
/// Another account manages it, it has not all features, it may not be read.
pub(super) async fn find(clients: &Clients) -> Result<Option<Organization>, Diagnostics> {
    let found = clients
        .organizations()
        .describe_organization()
        .await
        .map_err(fault::while_doing("reading the organization"))?;
    match found {
        OrganizationLookup::NotInOrganization => Ok(None),
        OrganizationLookup::Unknown { reason } => Err(Diagnostics::from_error(
            "The organization could not be read",
            format!("{reason}."),
        )),
        OrganizationLookup::Member(found)
            if found.management_account_id != clients.account_id() =>
        {
            Err(Diagnostics::from_error(
                "Not the management account",
                format!(
                    "Account `{}` is a member of the organization `{}`, which `{}` manages. Use that account's \
                     credentials, or set `account_id` to it.",
                    clients.account_id(),
                    found.id,
                    found.management_account_id
                ),
            ))
        }
        OrganizationLookup::Member(found)
            if !found.feature_set.is_empty() && found.feature_set != "ALL" =>
        {
            Err(Diagnostics::from_error(
                "The organization has not all features",
                format!(
                    "The organization `{}` is for billing only ({}). Every member must agree to more: enable all features \
                     with `aws organizations enable-all-features`, and plan again.",
                    found.id, found.feature_set
                ),
            ))
        }
        OrganizationLookup::Member(found) => Ok(Some(found)),
    }
}

/// Whether a unit, or the organization by its root, carries the tag that this resource gives to what it makes. The tag
/// outlives a state that was never written.
///
/// # Errors
/// A call that failed.
pub(super) async fn made_here(clients: &Clients, id: &str) -> Result<bool, Diagnostics> {
    let tags = clients
        .organizations()
        .tags(id)
        .await
        .map_err(fault::while_doing(format!("reading the tags of `{id}`")))?;
    Ok(tags.get(creation::TAG) == Some(&creation::created(TYPE).1))
}

/// Those of these units that this resource made.
///
/// # Errors
/// A call that failed.
pub(super) async fn made_among<'a>(
    clients: &Clients,
    ids: impl Iterator<Item = &'a String>,
) -> Result<BTreeSet<String>, Diagnostics> {
    let mut made = BTreeSet::new();
    for id in ids {
        if made_here(clients, id).await? {
            made.insert(id.clone());
        }
    }
    Ok(made)
}

/// Every path above a path, and itself, shortest first.
pub(super) fn with_parents(paths: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for path in paths {
        let mut at = String::new();
        for name in path.split('/') {
            if !at.is_empty() {
                at.push('/');
            }
            at.push_str(name);
            all.insert(at.clone());
        }
    }
    all
}

/// The path above a path; none for one right below the root.
pub(super) fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

/// Reads the whole organization, and of its units those at `paths` (all of them for none).
///
/// # Errors
/// A call that failed.
pub(super) async fn read(
    clients: &Clients,
    found: &Organization,
    paths: Option<&BTreeSet<String>>,
) -> Result<Live, Diagnostics> {
    let organizations = clients.organizations();
    let reading = || fault::while_doing(format!("reading the organization `{}`", found.id));
    let (root, services, administrators) = futures::try_join!(
        organizations.root(),
        organizations.trusted_services(),
        organizations.delegated_administrators(),
    )
    .map_err(reading())?;
    let units = units(clients, &root.id, paths).await?;
    Ok(Live {
        id: found.id.clone(),
        arn: found.arn.clone(),
        root_id: root.id,
        policy_types: root.policy_types,
        services,
        administrators,
        units,
    })
}

/// Ids of the units at `paths` that are there.
///
/// # Errors
/// A call that failed.
pub(super) async fn units(
    clients: &Clients,
    root: &str,
    paths: Option<&BTreeSet<String>>,
) -> Result<BTreeMap<String, String>, Diagnostics> {
    let organizations = clients.organizations();
    let wanted = paths.map(with_parents);
    let mut found = BTreeMap::new();
    let mut below = vec![(None::<String>, root.to_owned())];
    while let Some((path, id)) = below.pop() {
        let asked = match &wanted {
            None => true,
            Some(wanted) => wanted
                .iter()
                .any(|wanted| parent(wanted) == path.as_deref()),
        };
        if !asked {
            continue;
        }
        for unit in organizations
            .units_below(&id)
            .await
            .map_err(fault::while_setting(
                Path::root("units"),
                "reading the units",
            ))?
        {
            let own = match &path {
                Some(path) => format!("{path}/{}", unit.name),
                None => unit.name.clone(),
            };
            if wanted.as_ref().is_none_or(|wanted| wanted.contains(&own)) {
                below.push((Some(own.clone()), unit.id.clone()));
                found.insert(own, unit.id);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_with_their_parents() {
        let paths = BTreeSet::from(["a/b/c".to_owned(), "d".to_owned()]);
        let all: Vec<String> = with_parents(&paths).into_iter().collect();
        assert_eq!(all, ["a", "a/b", "a/b/c", "d"]);
        assert_eq!((parent("a/b/c"), parent("a")), (Some("a/b"), None));
    }
}
