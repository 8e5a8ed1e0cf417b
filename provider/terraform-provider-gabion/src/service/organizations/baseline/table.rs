//! The table of secure defaults: one line each.

use gabion_framework::prelude::*;
use jiff::Timestamp;

use super::{AWS_EBS_KEY, DELETED, With};
use crate::shared::exception::{self, Enforced, Moment, Strength};

const S3: &[&str] = &["S3.1"];
const METADATA: &[&str] = &["EC2.8"];
const EBS: &[&str] = &["EC2.7", "C5 5.1.1"];
const PASSWORDS: &[&str] = &["IAM.7", "C5 1.7", "C5 1.8"];

fn is(value: &Value<String>, wanted: &str) -> Strength {
    Strength::of(value, |text| {
        (text != wanted).then(|| format!("it is `{text}`, the default is `{wanted}`"))
    })
}

fn at_least(value: &Value<i64>, least: i64) -> Strength {
    Strength::of(value, |number| {
        (*number < least).then(|| format!("it is `{number}`, the default is `{least}`"))
    })
}

macro_rules! table {
    ($($attribute:literal: $controls:expr, $strength:expr;)+) => {
        vec![$(Enforced { attribute: $attribute, controls: $controls, strength: $strength }),+]
    };
}

/// What holds in every account.
fn everywhere<O>() -> Vec<Enforced<With<O>>> {
    table! {
        "block_public_acls": S3, |m| Strength::on(&m.baseline.block_public_acls);
        "ignore_public_acls": S3, |m| Strength::on(&m.baseline.ignore_public_acls);
        "block_public_policy": S3, |m| Strength::on(&m.baseline.block_public_policy);
        "restrict_public_buckets": S3, |m| Strength::on(&m.baseline.restrict_public_buckets);
        "ebs_encryption_by_default": EBS, |m| Strength::on(&m.baseline.ebs_encryption_by_default);
        "ebs_default_kms_key_id": EBS, |m| Strength::of(&m.baseline.ebs_default_kms_key_id, |keys| {
            keys.iter().find(|(_, key)| key.as_str() == Some(AWS_EBS_KEY)).map(|(region, _)| {
                format!("in `{region}` it is `{AWS_EBS_KEY}`, the default is a key of the account")
            })
        });
        "http_tokens": METADATA, |m| is(&m.baseline.http_tokens, "required");
        "http_put_response_hop_limit": METADATA, |m| Strength::of(&m.baseline.http_put_response_hop_limit, |hops| {
            (*hops != 1).then(|| format!("it is `{hops}`, the default is `1`"))
        });
        "minimum_password_length": PASSWORDS, |m| at_least(&m.baseline.minimum_password_length, 14);
        "require_symbols": PASSWORDS, |m| Strength::on(&m.baseline.require_symbols);
        "require_numbers": PASSWORDS, |m| Strength::on(&m.baseline.require_numbers);
        "require_uppercase_characters": PASSWORDS, |m| Strength::on(&m.baseline.require_uppercase_characters);
        "require_lowercase_characters": PASSWORDS, |m| Strength::on(&m.baseline.require_lowercase_characters);
        "password_reuse_prevention": PASSWORDS, |m| at_least(&m.baseline.password_reuse_prevention, 24);
        "access_analyzer": &["C5 1.19"], |m| Strength::on(&m.baseline.access_analyzer);
    }
}

/// What holds in accounts that were made here. In adopted ones these settings are as their owner has them.
fn where_made<O>() -> Vec<Enforced<With<O>>> {
    table! {
        "default_vpc": &["EC2.2"], |m| is(&m.baseline.default_vpc, DELETED);
        "vpc_block_public_access": &["EC2.172"], |m| is(&m.baseline.vpc_block_public_access, "block-bidirectional");
    }
}

/// Checks a planned model. `more` are the lines of the resource's own; `made` says that the account was made here,
/// none that this is not known.
pub(in super::super) fn check<O>(
    model: &With<O>,
    more: Vec<Enforced<With<O>>>,
    made: bool,
    moment: Moment,
    diags: &mut Diagnostics,
) {
    let mut table = everywhere();
    table.extend(where_made().into_iter().map(|mut line: Enforced<With<O>>| {
        if !made {
            line.strength = |_| Strength::Kept;
        }
        line
    }));
    table.extend(more);
    exception::check(
        model,
        &model.baseline.exception,
        &table,
        moment,
        Timestamp::now(),
        diags,
    );
}
