//! The baseline pack: the rules that ship with Gabion, one file a rule.
//!
//! A rule here judges the resource that carries a setting. That a companion is missing, such as a bucket without
//! its public access block, is for whole-plan rules.

mod data;
mod target;

gabion_guardrail::pack! {
    name: "baseline",
    version: env!("CARGO_PKG_VERSION"),
    rules: [
        data::dt08::KeyWithoutRotation,
    ],
}
