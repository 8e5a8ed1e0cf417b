//! DT18.

use gabion_guardrail::prelude::*;

use crate::target::aws;
use crate::unset;

/// ## What it does
///
/// Finds EFS file systems that are not encrypted (`encrypted` is not `true`; unset is `false`), and backup policies of
/// file systems whose `status` is not `ENABLED`.
///
/// It judges the resource that carries the setting. That a file system has no backup policy at all is for DT18A.
///
/// Known miss: a replica (`aws_efs_replication_configuration`), whose encryption follows its source.
///
/// ## Why it matters
///
/// Encryption cannot be turned on later: the file system has to be copied to a new one.
///
/// ## Example
///
/// ```hcl
/// resource "aws_efs_file_system" "shared" {
///   creation_token = "shared"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_efs_file_system" "shared" {
///   creation_token = "shared"
///   encrypted      = true
/// }
///
/// resource "aws_efs_backup_policy" "shared" {
///   file_system_id = aws_efs_file_system.shared.id
///   backup_policy {
///     status = "ENABLED"
///   }
/// }
/// ```
///
/// ## References
///
/// - [Encrypting data in Amazon EFS](https://docs.aws.amazon.com/efs/latest/ug/encryption.html)
/// - CIS AWS Foundations v5 2.3.1, v7 3.3.1; Security Hub EFS.1, EFS.2
#[rule(
    code = "DT18",
    title = "an EFS file system not encrypted or not backed up",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_efs_file_system"), aws("aws_efs_backup_policy")),
    controls(cis_v5("2.3.1"), cis_v7("3.3.1"), security_hub("EFS.1"), security_hub("EFS.2"))
)]
pub(crate) fn unencrypted_file_system(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    if change.resource_type() == "aws_efs_file_system" {
        let encrypted = after.get("encrypted");
        review.look(|| unset::must_be_true(&encrypted, "the file system is not encrypted"));
        return review.outcome();
    }
    review.look(|| {
        let Some(policy) = after.get("backup_policy").block()? else {
            return Ok(None);
        };
        let status = policy.get("status");
        Ok((status.text()?.as_deref() != Some("ENABLED")).then(|| {
            status
                .finding("the file system is not backed up")
                .fix("ENABLED")
        }))
    });
    review.outcome()
}
