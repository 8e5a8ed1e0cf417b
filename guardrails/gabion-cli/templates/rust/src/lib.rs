//! The pack: its rules, one file each.

mod resource_without_owner;

gabion_guardrail::pack! {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    rules: [resource_without_owner::resource_without_owner],
}
