//! `acknowledge_irreversible`: for what cannot be taken back.

use gabion_framework::prelude::*;

/// Its name.
pub(crate) const ATTRIBUTE: &str = "acknowledge_irreversible";

/// The attribute. `name` says what to write, `things` what it is for.
pub(crate) fn attribute(name: &str, things: &str) -> Attribute {
    Attribute::string(ATTRIBUTE)
        .optional()
        .describe(format!("Set it to {name} to acknowledge {things}."))
}

/// Refuses what is not acknowledged by exactly `name`. `what` is a clause such as "COMPLIANCE mode cannot
/// be shortened or switched off by anybody". Unknown passes: ask again at apply.
pub(crate) fn check(
    acknowledged: &Value<String>,
    name: &str,
    path: Path,
    what: &str,
    diags: &mut Diagnostics,
) {
    if acknowledged.is_unknown() || acknowledged.as_str() == Some(name) {
        return;
    }
    let mut detail = format!("{what}. To go on, set `{ATTRIBUTE} = \"{name}\"` in this resource.");
    if let Some(other) = acknowledged.as_str() {
        detail.push_str(&format!(" It is `{other}`, which is another name."));
    }
    diags.error_at(path, "This cannot be taken back", detail);
}
