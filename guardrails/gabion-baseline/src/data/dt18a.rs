//! DT18A.

use gabion_guardrail::prelude::*;

use crate::companion::Companion;
use crate::target::aws;

/// ## What it does
///
/// Finds EFS file systems to which neither an `aws_efs_backup_policy` of the plan belongs nor an `aws_backup_selection`
/// that names them. It joins them by reference, also on a first create, else by id. Whether the policy that is there
/// backs anything up is for DT18.
///
/// A selection that chooses by tags, or by ARNs that are written out, may hold any file system: then the rule cannot
/// tell. A file system in one zone (`availability_zone_name`) passes: EFS backs those up by itself. Where another
/// configuration holds the policies, name the type in
/// `pack "baseline" { settings = { companions_elsewhere = ["aws_efs_backup_policy"] } }`.
///
/// Known miss: a selection that names the file system in `not_resources`.
///
/// ## Why it matters
///
/// A file system is one `rm -r` away from empty, and has no versions.
///
/// ## Example
///
/// ```hcl
/// resource "aws_efs_file_system" "shared" {
///   creation_token = "shared"
///   encrypted      = true
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
/// - [Backing up your Amazon EFS file systems](https://docs.aws.amazon.com/efs/latest/ug/awsbackup.html)
/// - Security Hub EFS.2
#[rule(
    code = "DT18A",
    title = "an EFS file system that nothing backs up",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_efs_file_system")),
    controls(security_hub("EFS.2"))
)]
pub(crate) fn file_system_without_backup(graph: &Graph) -> Outcome {
    let systems = graph.of("aws_efs_file_system");
    if systems.is_empty() {
        return NOT_APPLICABLE;
    }
    let policies = Companion::by(graph, "aws_efs_backup_policy", "file_system_id");
    let selections = graph.companions("aws_backup_selection", "resources");
    let mut review = Review::new();
    for system in &systems {
        review.look(|| {
            let own = |system: &Change| {
                Ok(system
                    .after()
                    .get("availability_zone_name")
                    .filled()?
                    .is_some())
            };
            let found =
                policies.missing_by(system, &["id"], own, "nothing backs up the file system")?;
            if found.is_some()
                && let Join::Found(_) = selections.of(system, &["arn"])
            {
                return Ok(None);
            }
            if found.is_some() && !selections.is_empty() {
                return Err(Stop::Undetermined(
                    "an `aws_backup_selection` may hold the file system".to_owned(),
                ));
            }
            Ok(found)
        });
    }
    review.outcome()
}
