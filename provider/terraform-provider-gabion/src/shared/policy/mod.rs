//! IAM policy documents: typed, canonical, comparable, and judged before they are sent.

mod builder;
mod compare;
mod conditions;
mod document;
mod json;
mod lockout;
mod pattern;

pub(crate) use builder::{allow, deny};
pub(crate) use compare::{removals, unacknowledged};
pub(crate) use document::{Document, Effect, Matcher, Principals, Statement};
pub(crate) use lockout::{may, someone_may};
pub(crate) use pattern::{
    account_of, covers_action, is_open, is_root, matches, root_arn, same_principal,
};
