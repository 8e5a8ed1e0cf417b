//! DT15.

use gabion_guardrail::prelude::*;

use crate::target::aws;

/// ## What it does
///
/// Finds database instances with `publicly_accessible = true`: RDS gives them an address on the internet. Unset is
/// `false` in hashicorp/aws, for instances of a cluster too.
///
/// Known miss: what a load balancer, or a proxy of the network, makes reachable.
///
/// ## Why it matters
///
/// Then a password, and a security group that nobody widens in a hurry, is all that stands between everybody and the
/// data.
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
///   storage_encrypted           = true
///   backup_retention_period     = 14
///   deletion_protection         = true
///   publicly_accessible         = true
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
///   storage_encrypted           = true
///   backup_retention_period     = 14
///   deletion_protection         = true
///   publicly_accessible         = false
/// }
/// ```
///
/// ## References
///
/// - [Hiding a DB instance in a VPC from the internet](https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html)
/// - CIS AWS Foundations v5 2.2.3, v7 3.2.3; Security Hub RDS.2
#[rule(
    code = "DT15",
    title = "an RDS instance reachable from the internet",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_db_instance"), aws("aws_rds_cluster_instance")),
    controls(cis_v5("2.2.3"), cis_v7("3.2.3"), security_hub("RDS.2"))
)]
pub(crate) fn public_database(change: &Change) -> Outcome {
    let Some(database) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let public = database.get("publicly_accessible");
    if public.boolean()? == Some(true) {
        return found(
            public
                .finding("the database has an address on the internet")
                .fix(false),
        );
    }
    PASS
}
