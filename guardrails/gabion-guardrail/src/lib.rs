//! The Rust SDK for authors of Gabion guardrails.
//!
//! A guardrail is a pack of rules, compiled to a WebAssembly component that Gabion runs in a sandbox inside
//! `terraform plan`. A rule is a unit with metadata and one function:
//!
//! ```
//! use gabion_guardrail::prelude::*;
//!
//! /// ## What it does
//! /// Finds buckets that nobody owns.
//! #[rule(
//!     code = "AC01",
//!     title = "a bucket without an owner",
//!     level = mandatory,
//!     since = "1.0.0",
//!     targets(aws_s3_bucket(provider = "hashicorp/aws", versions = ">= 5.0, < 7.0")),
//!     controls(own("AC01"))
//! )]
//! fn bucket_without_owner(change: &Change) -> Outcome {
//!     let Some(bucket) = change.planned() else { return NOT_APPLICABLE };
//!     let owner = bucket.get("tags").get("owner");
//!     if owner.text()?.is_none() {
//!         return found(owner.finding("the bucket has no tag `owner`"));
//!     }
//!     PASS
//! }
//!
//! gabion_guardrail::pack! {
//!     name: "acme",
//!     version: "1.0.0",
//!     rules: [bucket_without_owner],
//! }
//! # fn main() {}
//! ```
//!
//! Values are read through handles, and the host knows what was read. `?` on a value that is not known yet, or
//! that is secret, ends the rule as undetermined: it is decided again at apply. Null and *computed* (unset, so
//! that the provider decides) read as `None`. A value of another kind than asked for, and a path that the
//! resource's schema does not have, are errors: the plan fails closed.
//!
//! One source, two ways to run it: as a component (target `wasm32-unknown-unknown`), and with the feature
//! `native` on Gabion's own types, for tests and comparisons.

// The macros write `::gabion_guardrail`, here as anywhere; only the tests here use them.
#[allow(unused_extern_crates)]
extern crate self as gabion_guardrail;

mod address;
pub mod arn;
mod backend;
mod change;
pub mod cidr;
mod graph;
mod join;
pub mod json;
mod macros;
mod metadata;
mod outcome;
mod pack;
pub mod policy;
pub mod settings;
mod tags;
mod value;

pub use gabion_guardrail_macros::{Settings, rule};

pub use arn::Arn;
pub use change::{Change, Mode, Operation, Stage};
pub use cidr::Cidr;
pub use graph::{Graph, Reference};
pub use join::{Companions, Join};
#[doc(hidden)]
pub use macros::__configure;
pub use metadata::{Control, Level, Metadata, Rule, RuleEntry, Scope, Target, page_of};
pub use outcome::{Finding, NOT_APPLICABLE, Outcome, PASS, Patch, Review, Stop, Verdict, found};
pub use pack::{Pack, SettingsProblem};
pub use settings::{Settings, settings};
pub use tags::Tags;
pub use value::{Kind, Secret, Unreadable, Value, Why};

#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub use backend::pack::NativePack;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use backend::{bindings, component};

/// Writes a message for the author of a rule; shown by `gabion test` and under `TF_LOG`, never in a plan.
pub fn log(message: &str) {
    backend::log(message);
}

/// What a rule file needs: `use gabion_guardrail::prelude::*;`.
pub mod prelude {
    pub use crate::policy::{Effect, PolicyDocument, Statement};
    pub use crate::{
        Arn, Change, Cidr, Companions, Control, Finding, Graph, Join, Kind, Level, Mode,
        NOT_APPLICABLE, Operation, Outcome, PASS, Review, Settings, Stage, Stop, Tags, Target,
        Value, Verdict, found, rule, settings,
    };
}

#[cfg(test)]
mod tests {
    /// The crate carries its own copy, as a published crate must; `GABION_UPDATE=1` renews it.
    #[test]
    fn the_contract_is_that_of_the_workspace() {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/wit/package.wit");
        let Ok(workspace) = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../wit/guardrail/package.wit"
        )) else {
            return;
        };
        if std::env::var_os("GABION_UPDATE").is_some() {
            std::fs::write(own, &workspace).unwrap();
        }
        assert!(
            std::fs::read_to_string(own).unwrap() == workspace,
            "wit/package.wit is stale: run the tests of this crate with GABION_UPDATE=1"
        );
    }
}
