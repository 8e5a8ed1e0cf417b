//! The organization, its accounts, and what every account gets.

pub(crate) mod account;
pub(crate) mod account_baseline;
mod baseline;
pub(crate) mod organization;
#[cfg(test)]
mod page;

/// Trusted access of AWS Control Tower.
const CONTROL_TOWER: &str = "controltower.amazonaws.com";
