//! LG01.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};
use crate::unset;

/// ## What it does
///
/// Finds trails that do not record all regions (`is_multi_region_trail` is not `true`; unset is `false` in
/// hashicorp/aws), and trails that are switched off (`enable_logging = false`). The trail of a `gabion_log_sink` must
/// record management events as well.
///
/// It judges each trail alone. That there is no trail at all is for a whole-plan rule; a second trail that
/// records one region on purpose is found too, and wants a waiver.
///
/// ## Why it matters
///
/// Who gets into an account often works in a region that nobody uses. A trail of one region does not see it.
///
/// ## Example
///
/// ```hcl
/// resource "aws_cloudtrail" "main" {
///   name                       = "main"
///   s3_bucket_name             = "example-logs"
///   enable_log_file_validation = true
///   kms_key_id                 = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_cloudtrail" "main" {
///   name                       = "main"
///   s3_bucket_name             = "example-logs"
///   is_multi_region_trail      = true
///   enable_log_file_validation = true
///   kms_key_id                 = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
/// }
/// ```
///
/// ## References
///
/// - [Understanding multi-Region trails and opt-in Regions](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-multi-region-trails.html)
/// - CIS AWS Foundations v5 3.1, v7 4.1; Security Hub CloudTrail.1
#[rule(
    code = "LG01",
    title = "a trail that does not record all regions",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_cloudtrail"), gabion("gabion_log_sink")),
    controls(cis_v5("3.1"), cis_v7("4.1"), security_hub("CloudTrail.1"))
)]
pub(crate) fn single_region_trail(change: &Change) -> Outcome {
    let Some(trail) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    review.must_be_true(
        &trail.get("is_multi_region_trail"),
        "the trail records one region only",
    );
    review.look(|| {
        let logging = trail.get("enable_logging");
        Ok((logging.boolean()? == Some(false))
            .then(|| logging.finding("the trail is switched off").fix(true)))
    });
    if change.resource_type() == "gabion_log_sink" {
        let events = trail.get("include_management_events");
        review.look(|| {
            unset::must_not_be_false(&events, "the trail does not record what is managed")
        });
    }
    review.outcome()
}
