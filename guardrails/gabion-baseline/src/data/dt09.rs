//! DT09.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

/// The longest window that AWS offers, in days; also what AWS takes when nothing is said.
const LONGEST_WINDOW: i64 = 30;

/// ## What it does
///
/// Finds KMS keys whose `deletion_window_in_days` is under 30. Unset is 30, and passes.
///
/// ## Why it matters
///
/// When a key is gone, all that it encrypted is gone. The window is the only time in which somebody can notice
/// that a backup or an archive still needs the key, and cancel. It costs nothing to have all of it.
///
/// ## Example
///
/// ```hcl
/// resource "aws_kms_key" "logs" {
///   enable_key_rotation     = true
///   deletion_window_in_days = 7
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_kms_key" "logs" {
///   enable_key_rotation     = true
///   deletion_window_in_days = 30
/// }
/// ```
///
/// ## References
///
/// - [Delete an AWS KMS key](https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html)
/// - Security Hub KMS.3
#[rule(
    code = "DT09",
    title = "a key with a deletion window under 30 days",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_kms_key"), aws("aws_kms_external_key"), aws("aws_kms_replica_key"), aws("aws_kms_replica_external_key"), gabion("gabion_kms_key")),
    controls(security_hub("KMS.3"))
)]
pub(crate) fn short_key_deletion_window(change: &Change) -> Outcome {
    let Some(key) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let window = key.get("deletion_window_in_days");
    match window.integer()? {
        Some(days) if days < LONGEST_WINDOW => found(
            window
                .finding("a mistaken deletion of the key can be cancelled for less than 30 days")
                .fix(LONGEST_WINDOW),
        ),
        _ => PASS,
    }
}
