//! DT13.

use gabion_guardrail::prelude::*;

use crate::settings::Baseline;
use crate::target::{aws, gabion};
use crate::unset;

const BY_DEFAULT: &str = "new volumes of the account are not encrypted by default";

/// ## What it does
///
/// Finds EBS volumes that are not encrypted: `encrypted` of `aws_ebs_volume`, `aws_ebs_snapshot_copy` and of the disks
/// of `aws_instance`, `aws_launch_template` and `aws_launch_configuration`; and an `aws_ebs_encryption_by_default` that
/// turns the account's default off. A `gabion_account` and a `gabion_account_baseline` have the default on, with a key of
/// the account: turning it off, and the key that AWS manages (`alias/aws/ebs`), are found.
///
/// Unset means that the account's default decides, and that is off unless somebody turned it on. Where it is on, say
/// so: `pack "baseline" { settings = { ebs_encryption_by_default = true } }`. Then only `encrypted = false` is found. An
/// instance that is made from a launch template is asked only for the disks that it says itself.
///
/// Known misses: a launch template without a mapping for its root disk takes what the image says, and with the setting,
/// an account or region in which the default is off all the same.
///
/// ## Why it matters
///
/// A snapshot of a disk leaves the account with one call. Encrypted, it is of no use without the key.
///
/// ## Example
///
/// ```hcl
/// resource "aws_ebs_volume" "data" {
///   availability_zone = "eu-central-1a"
///   size              = 100
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_ebs_volume" "data" {
///   availability_zone = "eu-central-1a"
///   size              = 100
///   encrypted         = true
/// }
/// ```
///
/// ## References
///
/// - [Amazon EBS encryption](https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html)
/// - CIS AWS Foundations v5 5.1.1, v7 6.1.1; Security Hub EC2.7
#[rule(
    code = "DT13",
    title = "an EBS volume not encrypted",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_ebs_volume"), aws("aws_ebs_snapshot_copy"), aws("aws_ebs_encryption_by_default"), aws("aws_instance"), aws("aws_launch_template"), aws("aws_launch_configuration"), gabion("gabion_account"), gabion("gabion_account_baseline")),
    controls(cis_v5("5.1.1"), cis_v7("6.1.1"), security_hub("EC2.7"))
)]
pub(crate) fn unencrypted_volume(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let by_default = settings::<Baseline>()?.ebs_encryption_by_default;
    let mut review = Review::new();
    match change.resource_type().as_str() {
        "aws_ebs_encryption_by_default" => review.must_be_true(&after.get("enabled"), BY_DEFAULT),
        "gabion_account" | "gabion_account_baseline" => {
            let on = after.get("ebs_encryption_by_default");
            review.look(|| unset::must_not_be_false(&on, BY_DEFAULT));
            // Where the configuration names no keys, they are made in the account.
            let keys = after.get("ebs_default_kms_key_id");
            let named = change.configured("ebs_default_kms_key_id") != Some(false);
            for region in if named { keys.keys()? } else { Vec::new() } {
                let key = keys.get(&region);
                review.look(|| {
                    let of_aws = key
                        .text()?
                        .is_some_and(|key| key.ends_with("alias/aws/ebs"));
                    Ok(of_aws.then(|| {
                        key.finding("new volumes are encrypted with the key that AWS manages")
                    }))
                });
            }
        }
        "aws_launch_template" => {
            let mappings = after.get("block_device_mappings").elements();
            for mapping in mappings? {
                review.look(|| match mapping.get("ebs").block()? {
                    Some(disk) => encrypted(&disk.get("encrypted"), by_default),
                    None => Ok(None),
                });
            }
        }
        kind @ ("aws_instance" | "aws_launch_configuration") => {
            let root = after.get("root_block_device");
            review.look(|| root_disk(kind, &after, &root, by_default));
            for disk in after.get("ebs_block_device").elements()? {
                review.look(|| encrypted(&disk.get("encrypted"), by_default));
            }
        }
        _ => review.look(|| encrypted(&after.get("encrypted"), by_default)),
    }
    review.outcome()
}

/// The disk that every instance has, said or not.
fn root_disk(
    kind: &str,
    after: &Value,
    root: &Value,
    by_default: bool,
) -> Result<Option<Finding>, Stop> {
    if let Some(disk) = root.block()? {
        return encrypted(&disk.get("encrypted"), by_default);
    }
    if by_default || (kind == "aws_instance" && after.get("launch_template").block()?.is_some()) {
        return Ok(None);
    }
    Ok(Some(
        root.finding("nothing says that the root disk is encrypted")
            .observed("no root disk"),
    ))
}

/// A launch template writes booleans as text.
fn encrypted(at: &Value, by_default: bool) -> Result<Option<Finding>, Stop> {
    let set = if at.kind() == Kind::Text {
        at.filled()?.map(|text| text == "true")
    } else {
        at.boolean()?
    };
    let good = set.unwrap_or(by_default);
    Ok((!good).then(|| unset::finding(at, "the volume is not encrypted").fix(true)))
}
