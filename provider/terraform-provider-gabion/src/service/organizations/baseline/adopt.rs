//! Accounts that somebody else made: what stands there is kept where it is stricter, told where the plan changes it,
//! and named before anything is cut off.

use std::collections::{BTreeMap, BTreeSet};

use gabion_framework::prelude::*;
use serde::{Deserialize, Serialize};

use super::{AWS_EBS_KEY, Baseline, OWN_KEYS};
use crate::shared::live::ATTRIBUTE;
use crate::shared::strings;

/// Key of the private value that says what the last run left.
const HELD: &str = "held";

/// The least length of passwords where nothing is said.
pub(super) const LEAST_LENGTH: i64 = 14;

/// A setting of the public access block, by its name.
type Block = (&'static str, fn(&Baseline) -> &Value<bool>);

/// Turning one of them on ends what was public until then.
const BLOCKS: [Block; 4] = [
    ("block_public_acls", |b| &b.block_public_acls),
    ("ignore_public_acls", |b| &b.ignore_public_acls),
    ("block_public_policy", |b| &b.block_public_policy),
    ("restrict_public_buckets", |b| &b.restrict_public_buckets),
];

/// What this resource left in the account: putting that back is a repair, and asks for no word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Held {
    /// Settings of the public access block that were on.
    blocks: BTreeSet<String>,
    /// Keys for EBS volumes, by region.
    keys: BTreeMap<String, String>,
}

/// The attribute `acknowledge_removals` of a baseline.
pub(super) fn attribute() -> Attribute {
    Attribute::set(ATTRIBUTE, Type::String)
        .optional()
        .validate(validate::each(validate::length(1, 2048)))
        .describe(
            "What stands in an account that was not made here, and may be cut off: names of those settings of the public \
             access block that are off and may be turned on, and ARNs of keys for EBS volumes that may be replaced. A plan \
             that would cut off anything else is an error that names it.",
        )
}

/// Remembers what a run left.
pub(super) fn remember(left: &Baseline, private: &mut Private) {
    let on = |of: fn(&Baseline) -> &Value<bool>| of(left).known() == Some(&true);
    private.set(
        HELD,
        &Held {
            blocks: BLOCKS
                .iter()
                .filter(|(_, of)| on(*of))
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            keys: keys(left),
        },
    );
}

/// Known keys for EBS volumes, by region.
fn keys(baseline: &Baseline) -> BTreeMap<String, String> {
    baseline
        .ebs_default_kms_key_id
        .known()
        .into_iter()
        .flatten()
        .filter_map(|(region, key)| Some((region.clone(), key.as_str()?.to_owned())))
        .collect()
}

/// The key of the account's own in a region, which a configuration that says nothing keeps.
pub(super) fn own_key<'a>(now: &'a Baseline, region: &str) -> Option<&'a str> {
    now.ebs_default_kms_key_id
        .known()?
        .get(region)?
        .as_str()
        .filter(|key| !key.is_empty() && *key != AWS_EBS_KEY)
}

/// Refuses what would cut off access that the account gives now, and that this resource did not put an end to before:
/// until `acknowledge_removals` lists it.
pub(super) fn check(
    account: &str,
    now: &Baseline,
    planned: &Baseline,
    private: &Private,
    diags: &mut Diagnostics,
) {
    if planned.acknowledge_removals.is_unknown() {
        return;
    }
    let acknowledged = strings::known_part(&planned.acknowledge_removals);
    let held: Held = private.get(HELD).unwrap_or_default();
    let list = |names: &[String]| {
        let names: BTreeSet<&String> = acknowledged.iter().chain(names).collect();
        let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        format!("{ATTRIBUTE} = [{}]", names.join(", "))
    };

    let lost: Vec<String> = BLOCKS
        .iter()
        .filter(|(name, of)| {
            of(now).known() == Some(&false)
                && of(planned).known() == Some(&true)
                && !held.blocks.contains(*name)
                && !acknowledged.contains(*name)
        })
        .map(|(name, _)| (*name).to_owned())
        .collect();
    if let Some(first) = lost.first() {
        let names: Vec<String> = lost.iter().map(|name| format!("`{name}`")).collect();
        diags.error_at(
            Path::root(first.as_str()),
            "The plan would cut off what is public in a live account",
            format!(
                "Account `{account}` was not made by this resource, and there {} of S3's account-wide public access block \
                 {} off. Turning that on ends public access to every bucket of the account at once. Look which buckets are \
                 public, then let it happen with:\n\n  {}\n\nor leave it off: set it to `false`, with an `exception`.",
                names.join(", "),
                if names.len() == 1 { "is" } else { "are" },
                list(&lost)
            ),
        );
    }

    let own: BTreeMap<String, String> = private.get(OWN_KEYS).unwrap_or_default();
    let wanted = keys(planned);
    let replaced: Vec<(String, String)> = keys(now)
        .into_iter()
        .filter(|(region, key)| {
            let new = wanted.get(region);
            own_key(now, region).is_some()
                && new.is_some_and(|new| new != key)
                // Put back after a drift, or changed from what this resource had set.
                && held.keys.get(region) != new
                && held.keys.get(region) != Some(key)
                && own.get(region) != Some(key)
                && !acknowledged.contains(key)
        })
        .collect();
    if !replaced.is_empty() {
        let lines: Vec<String> = replaced
            .iter()
            .map(|(region, key)| format!("  - `{key}` in {region}"))
            .collect();
        let gone: Vec<String> = replaced.into_iter().map(|(_, key)| key).collect();
        diags.error_at(
            Path::root("ebs_default_kms_key_id"),
            "The plan would replace a key of a live account",
            format!(
                "Account `{account}` was not made by this resource, and new EBS volumes there have keys that this \
                 configuration did not set:\n\n{}\n\nWhoever may use those may not be allowed to use another one. Leave \
                 `ebs_default_kms_key_id` out to keep them, or let them go with:\n\n  {}",
                lines.join("\n"),
                list(&gone)
            ),
        );
    }
}

/// One line for each setting of the account that the plan changes.
pub(super) fn changes(now: &Baseline, planned: &Baseline) -> Vec<String> {
    let (before, after) = (settings(now), settings(planned));
    let mut lines: Vec<String> = before
        .iter()
        .zip(&after)
        .filter_map(|((name, before), (_, after))| match (before, after) {
            (Some(before), Some(after)) if before != after => {
                Some(format!("`{name}`: `{before}` becomes `{after}`"))
            }
            (None, Some(after)) => Some(format!("`{name}`: nothing becomes `{after}`")),
            _ => None,
        })
        .collect();
    let wanted = keys(planned);
    for (region, key) in keys(now) {
        let new = wanted
            .get(&region)
            .map_or("a key of the account, which is made", String::as_str);
        if new != key {
            lines.push(format!(
                "`ebs_default_kms_key_id` in {region}: `{key}` becomes {}",
                if wanted.contains_key(&region) {
                    format!("`{new}`")
                } else {
                    new.to_owned()
                }
            ));
        }
    }
    lines
}

/// The settings of one value, as text; none where there is none, or it is not known.
fn settings(baseline: &Baseline) -> Vec<(&'static str, Option<String>)> {
    fn text<T: ToString>(value: &Value<T>) -> Option<String> {
        value.known().map(ToString::to_string)
    }
    let contact = baseline.security_contact.known().map(|contact| {
        format!(
            "{} <{}>",
            contact.name.as_str().unwrap_or_default(),
            contact.email_address.as_str().unwrap_or_default()
        )
    });
    let b = baseline;
    vec![
        ("security_contact", contact),
        ("block_public_acls", text(&b.block_public_acls)),
        ("ignore_public_acls", text(&b.ignore_public_acls)),
        ("block_public_policy", text(&b.block_public_policy)),
        ("restrict_public_buckets", text(&b.restrict_public_buckets)),
        ("default_vpc", text(&b.default_vpc)),
        (
            "ebs_encryption_by_default",
            text(&b.ebs_encryption_by_default),
        ),
        ("http_tokens", text(&b.http_tokens)),
        (
            "http_put_response_hop_limit",
            text(&b.http_put_response_hop_limit),
        ),
        ("vpc_block_public_access", text(&b.vpc_block_public_access)),
        ("minimum_password_length", text(&b.minimum_password_length)),
        ("require_symbols", text(&b.require_symbols)),
        ("require_numbers", text(&b.require_numbers)),
        (
            "require_uppercase_characters",
            text(&b.require_uppercase_characters),
        ),
        (
            "require_lowercase_characters",
            text(&b.require_lowercase_characters),
        ),
        (
            "password_reuse_prevention",
            text(&b.password_reuse_prevention),
        ),
        ("access_analyzer", text(&b.access_analyzer)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/theirs";
    const OTHER: &str = "arn:aws:kms:eu-central-1:111122223333:key/other";

    fn account(blocks: bool, key: &str, length: i64) -> Baseline {
        Baseline {
            block_public_acls: blocks.into(),
            ignore_public_acls: true.into(),
            block_public_policy: blocks.into(),
            restrict_public_buckets: true.into(),
            ebs_default_kms_key_id: Value::Known(BTreeMap::from([(
                "eu-central-1".to_owned(),
                key.into(),
            )])),
            minimum_password_length: length.into(),
            ..Baseline::default()
        }
    }

    fn told(now: &Baseline, planned: &Baseline, private: &Private) -> Vec<String> {
        let mut diags = Diagnostics::new();
        check("111122223333", now, planned, private, &mut diags);
        diags
            .iter()
            .map(|diag| format!("{}: {}", diag.path.clone().unwrap(), diag.detail))
            .collect()
    }

    #[test]
    fn what_is_public_is_named_until_it_is_listed() {
        let (now, mut planned) = (
            account(false, AWS_EBS_KEY, 8),
            account(true, AWS_EBS_KEY, 14),
        );
        let nothing = Private::default();
        insta::assert_snapshot!(told(&now, &planned, &nothing).join("\n\n"), @r#"
        block_public_acls: Account `111122223333` was not made by this resource, and there `block_public_acls`, `block_public_policy` of S3's account-wide public access block are off. Turning that on ends public access to every bucket of the account at once. Look which buckets are public, then let it happen with:

          acknowledge_removals = ["block_public_acls", "block_public_policy"]

        or leave it off: set it to `false`, with an `exception`.
        "#);
        planned.acknowledge_removals = strings::of(["block_public_acls"]);
        let left = told(&now, &planned, &nothing);
        assert_eq!(left.len(), 1);
        assert!(
            left[0].starts_with("block_public_policy: ")
                && left[0].contains(
                    "acknowledge_removals = [\"block_public_acls\", \"block_public_policy\"]"
                ),
            "{left:?}"
        );
        planned.acknowledge_removals = Value::Unknown;
        assert!(
            told(&now, &planned, &nothing).is_empty(),
            "asked again at apply"
        );
        // What this resource had turned on, and somebody turned off, is put back without a word.
        planned.acknowledge_removals = Value::Null;
        let mut kept = Private::default();
        remember(&planned, &mut kept);
        assert!(told(&now, &planned, &kept).is_empty());
        // What it had left off is asked about.
        remember(&now, &mut kept);
        assert_eq!(told(&now, &planned, &kept).len(), 1);
    }

    #[test]
    fn a_key_of_theirs_is_named_until_it_is_listed() {
        let (now, mut planned) = (account(true, KEY, 14), account(true, OTHER, 14));
        let nothing = Private::default();
        insta::assert_snapshot!(told(&now, &planned, &nothing).join("\n\n"), @r#"
        ebs_default_kms_key_id: Account `111122223333` was not made by this resource, and new EBS volumes there have keys that this configuration did not set:

          - `arn:aws:kms:eu-central-1:111122223333:key/theirs` in eu-central-1

        Whoever may use those may not be allowed to use another one. Leave `ebs_default_kms_key_id` out to keep them, or let them go with:

          acknowledge_removals = ["arn:aws:kms:eu-central-1:111122223333:key/theirs"]
        "#);
        planned.acknowledge_removals = strings::of([KEY]);
        assert!(told(&now, &planned, &nothing).is_empty());
        planned.acknowledge_removals = Value::Null;
        for left in [&now, &planned] {
            let mut kept = Private::default();
            remember(left, &mut kept);
            assert!(
                told(&now, &planned, &kept).is_empty(),
                "ours to change, or to put back"
            );
        }
        // AWS's own key is nobody's.
        assert!(told(&account(true, AWS_EBS_KEY, 14), &planned, &nothing).is_empty());
    }

    #[test]
    fn changes_are_told_one_by_one() {
        let mut planned = account(true, KEY, 20);
        planned.ebs_default_kms_key_id = Value::Known(BTreeMap::from([(
            "eu-central-1".to_owned(),
            Value::Unknown,
        )]));
        insta::assert_snapshot!(changes(&account(false, AWS_EBS_KEY, 20), &planned).join("\n"), @r#"
        `block_public_acls`: `false` becomes `true`
        `block_public_policy`: `false` becomes `true`
        `ebs_default_kms_key_id` in eu-central-1: `alias/aws/ebs` becomes a key of the account, which is made
        "#);
    }
}
