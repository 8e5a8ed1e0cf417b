//! The guard layer: stands between core and a provider, and has every planned and applied change judged.
//!
//! What belongs here: from messages to a [`gabion_model::Change`], and from a judgement to diagnostics. What
//! does not: what the judgement is (`gabion-engine`).

mod change;
mod compare;
mod diagnostics;
mod judge;
mod layer;
mod paths;
mod schemas;
mod secrets;
#[cfg(test)]
mod testing;
mod tree;

pub use judge::{Judge, JudgeSlot};
pub use layer::{GuardLayer, GuardLayerOptions};
