//! Units by id and by path.

use gabion_aws::Clients;
use gabion_framework::prelude::*;

use crate::shared::fault;

/// Whether a text is the id of a unit or root, not a path.
pub(super) fn is_id(unit: &str) -> bool {
    let rest = unit.strip_prefix("ou-").or_else(|| unit.strip_prefix("r-"));
    rest.is_some_and(|rest| {
        rest.len() >= 4
            && rest
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !unit.contains('/')
    })
}

/// The id of a unit, which must be there.
///
/// # Errors
/// There is no such unit; a call failed.
pub(super) async fn resolve(clients: &Clients, unit: &str) -> Result<String, Diagnostics> {
    let path = || Path::root("organizational_unit");
    let looking = || fault::while_setting(path(), format!("looking for the unit `{unit}`"));
    let organizations = clients.organizations();
    let missing = |what: &str, below: &str| {
        fault::error_at(
            path(),
            "There is no such unit",
            format!(
                "The organization has no unit `{what}`{below}. Name one that is there, or make it with `units` of \
                 `gabion_organization` and refer to `unit_ids`."
            ),
        )
    };
    if is_id(unit) {
        if unit.starts_with("ou-") && organizations.unit(unit).await.map_err(looking())?.is_none() {
            return Err(missing(unit, ""));
        }
        return Ok(unit.to_owned());
    }
    let mut at = organizations.root().await.map_err(looking())?.id;
    let mut below = String::new();
    for name in unit.split('/') {
        let units = organizations.units_below(&at).await.map_err(looking())?;
        let Some(found) = units.into_iter().find(|unit| unit.name == name) else {
            return Err(missing(name, &below));
        };
        at = found.id;
        below = format!(" below `{name}`");
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn ids_are_told_from_names() {
        for id in ["ou-abcd-12345678", "r-abcd"] {
            assert!(is_id(id), "{id}");
        }
        for name in ["prod", "ou-x/prod", "r-", "workloads/prod", "ou-Prod"] {
            assert!(!is_id(name), "{name}");
        }
    }
}
