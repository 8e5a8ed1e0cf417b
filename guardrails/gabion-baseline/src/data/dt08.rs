//! DT08.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

/// The longest time between two rotations that the rule lets pass, in days.
const LONGEST_PERIOD: i64 = 365;

const PERIOD: &str = "rotation_period_in_days";
const STORE: &str = "custom_key_store_id";

/// ## What it does
///
/// Finds symmetric KMS keys whose key material AWS does not rotate (`enable_key_rotation` is not `true`), or
/// rotates less often than once a year (`rotation_period_in_days` over 365).
///
/// It leaves alone what AWS cannot rotate by itself: asymmetric and HMAC keys, keys in a custom key store, and
/// keys with imported material (`aws_kms_external_key`). A replica (`aws_kms_replica_key`) follows its primary.
///
/// ## Why it matters
///
/// Rotation bounds how much data one version of the key material protects. AWS keeps the old versions to
/// decrypt with, so rotation costs users of the key nothing: no new ARN, nothing to encrypt again.
///
/// ## Example
///
/// ```hcl
/// resource "aws_kms_key" "logs" {
///   description = "logs"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_kms_key" "logs" {
///   description         = "logs"
///   enable_key_rotation = true
/// }
/// ```
///
/// ## References
///
/// - [Rotate AWS KMS keys](https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html)
/// - CIS AWS Foundations v5 3.6, v7 4.6; Security Hub KMS.4
#[rule(
    code = "DT08",
    title = "a key without rotation",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_kms_key"), gabion("gabion_kms_key")),
    controls(cis_v5("3.6"), cis_v7("4.6"), security_hub_unconfirmed("KMS.4"))
)]
pub(crate) fn key_without_rotation(change: &Change) -> Outcome {
    let Some(key) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    review.must_be_true(&key.get("enable_key_rotation"), "the key is not rotated");
    review.look(|| {
        // The first versions of hashicorp/aws 5 do not have it: AWS rotates once a year then.
        if !key.keys()?.iter().any(|name| name == PERIOD) {
            return Ok(None);
        }
        let period = key.get(PERIOD);
        Ok(period
            .integer()?
            .filter(|days| *days > LONGEST_PERIOD)
            .map(|_| {
                period
                    .finding("the key is rotated less often than once a year")
                    .fix(LONGEST_PERIOD)
            }))
    });
    let outcome = review.outcome();
    // What kind of key it is matters only where something is wrong: a good key is not held up by it.
    if outcome != PASS && change.resource_type() == "aws_kms_key" && !can_rotate(&key)? {
        return NOT_APPLICABLE;
    }
    outcome
}

/// Whether AWS offers automatic rotation for this key.
fn can_rotate(key: &Value) -> Result<bool, Stop> {
    let is = |name: &str, default: &str| -> Result<bool, Stop> {
        Ok(key.get(name).filled()?.is_none_or(|value| value == default))
    };
    // Early versions of hashicorp/aws 4 do not have it: with them no key is in a store of its own.
    let stores = key.keys()?.iter().any(|name| name == STORE);
    Ok(is("customer_master_key_spec", "SYMMETRIC_DEFAULT")?
        && is("key_usage", "ENCRYPT_DECRYPT")?
        && (!stores || key.get(STORE).filled()?.is_none()))
}
