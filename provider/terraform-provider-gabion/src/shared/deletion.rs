//! `deletion_protection`.

use gabion_framework::prelude::*;

/// The attribute, on where nothing is said.
pub(crate) fn attribute() -> Attribute {
    Attribute::bool("deletion_protection").default(true).describe(
        "Whether destroying is refused. To destroy, set it to `false` and apply first; that needs no exception. \
         Default `true`.",
    )
}

/// Refuses to destroy a protected object. `what` names type and id: core adds no address to every message.
pub(crate) fn check_destroy(protected: &Value<bool>, what: &str, diags: &mut Diagnostics) {
    if protected.known() == Some(&true) {
        diags.error_at(
            Path::root("deletion_protection"),
            "Deletion protection is on",
            format!(
                "{what} is protected from deletion. Set `deletion_protection = false` and apply; \
                 then it can be destroyed."
            ),
        );
    }
}

/// Refuses to replace a protected object; `changed` are the attributes that ask for it.
pub(crate) fn check_replace(
    protected: &Value<bool>,
    what: &str,
    changed: &[&str],
    diags: &mut Diagnostics,
) {
    if let Some(first) = changed.first()
        && protected.known() == Some(&true)
    {
        let list: Vec<String> = changed.iter().map(|name| format!("`{name}`")).collect();
        diags.error_at(
            Path::root(*first),
            "Deletion protection is on",
            format!(
                "Changing {} would replace {what}, which is protected from deletion. Leave it as it is, or set \
                 `deletion_protection = false` and apply that first.",
                list.join(", ")
            ),
        );
    }
}

/// Whether a change of `prior` into `planned` turns protection off.
pub(crate) fn turns_off(prior: &Value<bool>, planned: &Value<bool>) -> bool {
    prior.known() == Some(&true) && planned.known() == Some(&false)
}
