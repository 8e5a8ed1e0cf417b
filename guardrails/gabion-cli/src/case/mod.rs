//! Cases of a pack: `*.guardtest.hcl` files, what their rules answer, and what that says of the cases.
//!
//! What belongs here: reading case files, running them, and the reports of `gabion test`. What does not: the sandbox
//! (`gabion-engine`), the reader of saved plans (`crate::plan`), policy files.

pub(crate) mod coverage;
pub(crate) mod draft;
pub(crate) mod expect;
pub(crate) mod file;
pub(crate) mod find;
pub(crate) mod fixture;
pub(crate) mod fuzz;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod mutate;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod variant;
pub(crate) mod watch;

mod fields;
mod resource;
mod schema;
mod tree;
mod value;
mod whole;
