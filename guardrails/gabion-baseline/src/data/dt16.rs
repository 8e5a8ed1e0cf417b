//! DT16.

use gabion_guardrail::prelude::*;

use crate::target::aws;
use crate::unset;

/// Days for which backups are kept, at least.
const SHORTEST: i64 = 7;

/// ## What it does
///
/// Finds database instances and clusters of RDS whose automatic backups are kept for less than seven days
/// (`backup_retention_period`; unset, an instance has none, and a cluster keeps them for one day), and those without
/// `deletion_protection`.
///
/// A read replica (`replicate_source_db`) is not asked for backups of its own.
///
/// Known miss: backups that AWS Backup takes do not count, and a database that they cover is found all the same.
///
/// ## Why it matters
///
/// Both are what is left after a mistake: the way back to the minute before it, and the question whether one means it.
///
/// ## Example
///
/// ```hcl
/// resource "aws_rds_cluster" "orders" {
///   cluster_identifier          = "orders"
///   engine                      = "aurora-postgresql"
///   master_username             = "orders"
///   manage_master_user_password = true
///   storage_encrypted           = true
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_rds_cluster" "orders" {
///   cluster_identifier          = "orders"
///   engine                      = "aurora-postgresql"
///   master_username             = "orders"
///   manage_master_user_password = true
///   storage_encrypted           = true
///   backup_retention_period     = 14
///   deletion_protection         = true
/// }
/// ```
///
/// ## References
///
/// - [Backup retention period](https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html)
/// - Security Hub RDS.7, RDS.8, RDS.11
#[rule(
    code = "DT16",
    title = "an RDS instance without backups or deletion protection",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_db_instance"), aws("aws_rds_cluster")),
    controls(security_hub("RDS.7"), security_hub("RDS.8"), security_hub("RDS.11"))
)]
pub(crate) fn database_without_backups(change: &Change) -> Outcome {
    let Some(database) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    review.must_be_true(
        &database.get("deletion_protection"),
        "one call deletes the database",
    );
    review.look(|| {
        let period = database.get("backup_retention_period");
        let days = period.integer()?.unwrap_or(0);
        if days >= SHORTEST {
            return Ok(None);
        }
        let replica = change.resource_type() == "aws_db_instance"
            && database.get("replicate_source_db").filled()?.is_some();
        if replica {
            return Ok(None);
        }
        let message = if days == 0 && !period.is_computed() {
            "the database has no automatic backups"
        } else {
            "the backups of the database are kept for less than seven days"
        };
        Ok(Some(unset::finding(&period, message).fix(SHORTEST)))
    });
    review.outcome()
}
