//! What an import finds.

use std::collections::BTreeMap;

use gabion_framework::prelude::*;

use super::{Baseline, OWN_KEYS};

/// After the first read of an import: the keys that were found are no wish of this configuration yet, but they are
/// what the account has, and a configuration that says nothing keeps them.
pub(in super::super) fn complete(baseline: &Baseline, private: &mut Private) {
    let keys: BTreeMap<String, String> = baseline
        .ebs_default_kms_key_id
        .known()
        .into_iter()
        .flatten()
        .filter_map(|(region, key)| Some((region.clone(), key.as_str()?.to_owned())))
        .filter(|(_, key)| key != super::AWS_EBS_KEY)
        .collect();
    private.set(OWN_KEYS, &keys);
}
