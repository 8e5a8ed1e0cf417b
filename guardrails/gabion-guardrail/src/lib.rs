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
//! `gabion new NAME --lang rust` writes such a pack with its cases, `gabion build` makes the component, `gabion test`
//! runs the cases.
//!
//! # The rule
//!
//! The doc comment is the rule's page, in Markdown; `gabion explain` shows it. The attribute says the rest:
//!
//! | argument | |
//! |---|---|
//! | `code` | upper-case letters and digits; stays for ever, as waivers name it |
//! | `name` | the bad thing it finds, so that it reads well after "allow"; the function's name unless given |
//! | `title` | one line for a reader |
//! | `level` | `mandatory` refuses, `advisory` warns, `off` is not run; `gabion.hcl` may say otherwise |
//! | `since` | the pack's version that brought the rule |
//! | `targets(...)` | the types it judges: `aws_s3_bucket(provider = "hashicorp/aws", versions = ">= 5.0, < 7.0")`; `provider` and `versions` may stand once for all; `any` for every type |
//! | `controls(...)` | what it gives evidence for: `own("AC01")`, `cis_v5("2.1.1")`, `security_hub("S3.8")`, `Control::new("pci-dss", "3.4", true)` |
//!
//! It answers [`PASS`], [`NOT_APPLICABLE`] or [`found`]; [`Review`] gathers several findings. A finding names the
//! attribute ([`Value::finding`]), says what is wrong in one sentence, and may carry what would mend it
//! ([`Finding::fix`]).
//!
//! # Reading values
//!
//! Values are read through handles: [`Value::get`] moves and never fails, the read that follows tells, and the host
//! knows what was read.
//!
//! | what stands there | a read gives | with `?` |
//! |---|---|---|
//! | a value | `Some(value)` | |
//! | null, or *computed*: unset, so that the provider decides | `None` | |
//! | a value that is not known yet, or is secret | an error | undetermined: decided again at apply |
//! | a value of another kind, text that is no JSON | an error | the rule failed: the plan is refused |
//! | a path that the resource's schema does not have | an error | the rule failed: the plan is refused |
//!
//! A pass that rests on an unknown value is undetermined whatever the rule answers; a violation stands. So a rule
//! needs no code for the unknown: it reads, and says what it found.
//!
//! A secret answers [`Value::is_set`], [`Value::size`] and [`Value::equal_to`], and never its text.
//!
//! # Settings
//!
//! A struct with `#[derive(Settings)]`, named in `pack!`, read with `settings::<S>()?`; see [`mod@settings`].
//!
//! # The whole plan
//!
//! A rule on `&Graph` sees all changes of a plan: `gabion check` asks it where the plan holds one of its
//! targets, or of every plan with `targets(any)`. [`Graph::companions`] joins
//! resources by reference, so that a bucket and its settings belong together on a first create; [`Join`] says
//! whether it found one, none, or cannot tell.
//!
//! # Helpers
//!
//! [`PolicyDocument`](policy::PolicyDocument) for IAM policies, [`Cidr`], [`Arn`], [`Tags`].
//!
//! # Two ways to run
//!
//! As a component (target `wasm32-unknown-unknown`), and with the feature `native` on Gabion's own types, for tests
//! and comparisons. A component has no clock, no files, no network and no randomness: a rule that needs one cannot be
//! written, and a crate that needs one is refused by `gabion build`.

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
