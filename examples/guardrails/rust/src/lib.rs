//! The pack: its settings and its rules, one file each.

mod instance_family;
mod region;

use gabion_guardrail::prelude::*;

/// The settings, in `gabion.hcl`: `pack "placement" { settings = { ... } }`.
#[derive(Settings)]
pub struct Placement {
    /// Regions in which resources may be made; `*` stands for any text, as in `eu-*`.
    #[setting(min_items = 1)]
    allowed_regions: Vec<String>,
    /// Families of instances that may run, such as `m7g`; where the list is empty, all may.
    #[setting(default)]
    allowed_instance_families: Vec<String>,
}

gabion_guardrail::pack! {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    settings: Placement,
    rules: [
        region::region_not_allowed,
        instance_family::instance_family_not_allowed,
    ],
}
