//! What an organisation may tell the pack.

use gabion_guardrail::prelude::*;

/// The settings of the pack, in `gabion.hcl`: `pack "baseline" { settings = { ... } }`.
#[derive(Debug, Settings)]
pub struct Baseline {
    /// Whether the account, or the organization, blocks public access for all buckets: then a bucket needs no
    /// `aws_s3_bucket_public_access_block` of its own (DT01A).
    #[setting(default = false)]
    pub account_public_access_block: bool,
    /// Whether the account encrypts new EBS volumes by default, in every region in use: then a volume that says nothing
    /// is encrypted (DT13).
    #[setting(default = false)]
    pub ebs_encryption_by_default: bool,
    /// Whether the account requires IMDSv2 by default, in every region in use: then an instance that says nothing does
    /// (CK01).
    #[setting(default = false)]
    pub imdsv2_by_default: bool,
    /// The key of the tag that says to which environment a VPC belongs; upper and lower case are the same (NW16).
    #[setting(default = "environment")]
    pub environment_tag: String,
    /// The key of the tag that says which data tier a VPC is for; upper and lower case are the same (NW15, NW15A).
    #[setting(default = "data_tier")]
    pub data_tier_tag: String,
    /// The key of the tag that says which egress a VPC has; upper and lower case are the same (NW15, NW15A).
    #[setting(default = "egress")]
    pub egress_tag: String,
    /// Types of companions that another configuration may hold: where one is missing here, the whole-plan rules
    /// cannot tell, and say so (DT01A, DT02A, DT03A, DT18A, LG11A, NW01A, NW07A).
    #[setting(default, one_of = [
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_object_lock_configuration",
        "aws_default_security_group",
        "aws_efs_backup_policy",
        "aws_flow_log",
    ])]
    pub companions_elsewhere: Vec<String>,
}
