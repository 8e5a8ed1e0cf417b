//! Tests of the policy against a fake pack, whose rules are plain functions.

mod fake;
mod files;
mod floors;
mod judging;
mod known;
mod locks;
mod signers;
mod waivers;
mod words;
