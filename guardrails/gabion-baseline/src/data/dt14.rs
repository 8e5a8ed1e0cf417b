//! DT14.

use gabion_guardrail::prelude::*;

use crate::target::aws;
use crate::unset;

/// ## What it does
///
/// Finds database instances and clusters of RDS whose storage is not encrypted: `storage_encrypted` is not `true`.
/// Unset is `false`, except for a cluster with `engine_mode = "serverless"`, which RDS always encrypts.
///
/// A replica, and what is restored from a snapshot or a point in time, has the encryption of its source unless it says
/// otherwise: unset, it passes.
///
/// Known miss: that source, where it is not encrypted and no part of the configuration.
///
/// ## Why it matters
///
/// Backups, snapshots and replicas are encrypted where the storage is, and only there. It cannot be turned on later: the
/// database has to be made anew from a copy of its snapshot.
///
/// ## Example
///
/// ```hcl
/// resource "aws_db_instance" "orders" {
///   identifier                  = "orders"
///   engine                      = "postgres"
///   instance_class              = "db.t4g.medium"
///   allocated_storage           = 50
///   username                    = "orders"
///   manage_master_user_password = true
///   backup_retention_period     = 14
///   deletion_protection         = true
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_db_instance" "orders" {
///   identifier                  = "orders"
///   engine                      = "postgres"
///   instance_class              = "db.t4g.medium"
///   allocated_storage           = 50
///   username                    = "orders"
///   manage_master_user_password = true
///   backup_retention_period     = 14
///   deletion_protection         = true
///   storage_encrypted           = true
/// }
/// ```
///
/// ## References
///
/// - [Encrypting Amazon RDS resources](https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html)
/// - CIS AWS Foundations v5 2.2.1, v7 3.2.1; Security Hub RDS.3
#[rule(
    code = "DT14",
    title = "an RDS instance not encrypted",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_db_instance"), aws("aws_rds_cluster")),
    controls(cis_v5("2.2.1"), cis_v7("3.2.1"), security_hub("RDS.3"))
)]
pub(crate) fn unencrypted_database(change: &Change) -> Outcome {
    let Some(database) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let encrypted = database.get("storage_encrypted");
    match encrypted.boolean()? {
        Some(true) => return PASS,
        Some(false) => {}
        None if follows_its_source(change, &database)? => return PASS,
        None => {}
    }
    found(unset::finding(&encrypted, "the storage of the database is not encrypted").fix(true))
}

/// Whether RDS takes the encryption from somewhere else.
fn follows_its_source(change: &Change, database: &Value) -> Result<bool, Stop> {
    let source = if change.resource_type() == "aws_rds_cluster" {
        if database.get("engine_mode").text()?.as_deref() == Some("serverless") {
            return Ok(true);
        }
        "replication_source_identifier"
    } else {
        "replicate_source_db"
    };
    for name in [source, "snapshot_identifier"] {
        if database.get(name).filled()?.is_some() {
            return Ok(true);
        }
    }
    Ok(database.get("restore_to_point_in_time").size()? > 0)
}
