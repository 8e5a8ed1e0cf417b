//! DT17.

use gabion_guardrail::prelude::*;

use crate::target::aws;
use crate::unset;

/// ## What it does
///
/// Finds DynamoDB tables without point-in-time recovery, or without deletion protection. Both are off when nothing is
/// said. A replica has its own: `replica` blocks of the table are asked for recovery, an `aws_dynamodb_table_replica` for
/// both.
///
/// Known miss: deletion protection of replicas in `replica` blocks, which hashicorp/aws 5 cannot say.
///
/// ## Why it matters
///
/// A table has no backup unless one asks for it: what a faulty release overwrites is gone.
///
/// ## Example
///
/// ```hcl
/// resource "aws_dynamodb_table" "orders" {
///   name         = "orders"
///   billing_mode = "PAY_PER_REQUEST"
///   hash_key     = "id"
///   attribute {
///     name = "id"
///     type = "S"
///   }
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_dynamodb_table" "orders" {
///   name                        = "orders"
///   billing_mode                = "PAY_PER_REQUEST"
///   hash_key                    = "id"
///   deletion_protection_enabled = true
///   attribute {
///     name = "id"
///     type = "S"
///   }
///   point_in_time_recovery {
///     enabled = true
///   }
/// }
/// ```
///
/// ## References
///
/// - [Point-in-time backups for DynamoDB](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html)
/// - Security Hub DynamoDB.2, DynamoDB.6
#[rule(
    code = "DT17",
    title = "a DynamoDB table without point-in-time recovery or deletion protection",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_dynamodb_table"), aws("aws_dynamodb_table_replica")),
    controls(security_hub("DynamoDB.2"), security_hub("DynamoDB.6"))
)]
pub(crate) fn unprotected_table(change: &Change) -> Outcome {
    const PROTECTION: &str = "deletion_protection_enabled";
    const RECOVERY: &str = "point_in_time_recovery";
    const UNRECOVERABLE: &str = "what is overwritten cannot be recovered";
    let Some(table) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let replica = change.resource_type() == "aws_dynamodb_table_replica";
    let mut review = Review::new();
    // The first versions of hashicorp/aws 5 do not have it for a replica.
    if !replica || table.keys()?.iter().any(|name| name == PROTECTION) {
        review.look(|| unset::must_be_true(&table.get(PROTECTION), "one call deletes the table"));
    }
    let recovery = table.get(RECOVERY);
    if replica {
        review.must_be_true(&recovery, UNRECOVERABLE);
        return review.outcome();
    }
    review.look(|| {
        let Some(block) = recovery.block()? else {
            return Ok(Some(recovery.finding(UNRECOVERABLE).observed("off")));
        };
        let enabled = block.get("enabled");
        Ok((enabled.boolean()? != Some(true)).then(|| enabled.finding(UNRECOVERABLE).fix(true)))
    });
    for copy in table.get("replica").elements()? {
        review.must_be_true(&copy.get(RECOVERY), UNRECOVERABLE);
    }
    review.outcome()
}
