//! What an organisation may tell the pack.

use gabion_guardrail::prelude::*;

/// The settings of the pack, in `gabion.hcl`: `pack "baseline" { settings = { ... } }`.
#[derive(Debug, Settings)]
pub struct Baseline {
    /// Whether the account, or the organization, blocks public access for all buckets: then a bucket needs no
    /// `aws_s3_bucket_public_access_block` of its own (DT01A).
    #[setting(default = false)]
    pub account_public_access_block: bool,
    /// Types of companions that another configuration may hold: where one is missing here, the whole-plan rules
    /// cannot tell, and say so (DT01A, DT02A, DT03A, LG11A).
    #[setting(default, one_of = [
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_object_lock_configuration",
    ])]
    pub companions_elsewhere: Vec<String>,
}
