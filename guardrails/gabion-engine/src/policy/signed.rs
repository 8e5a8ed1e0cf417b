//! Whether a pack carries the signatures that its block asks for. Asked before anything of the pack is compiled.

use super::error::{Location, Problem};
use super::loading::{Origin, Wanted};
use super::lock::LockedPack;
use crate::store::Store;
use crate::trust::{self, PublicKey};

/// Refuses a pack whose block asks for signatures that it does not carry.
pub(super) fn check(
    wanted: &Wanted,
    store: Option<&Store>,
    lock: Option<(&Location, &LockedPack)>,
) -> Result<(), Problem> {
    let name = &wanted.name;
    let Some(signers) = &wanted.signers else {
        // Who takes the line out changes more than it seems, and should say so in the lock as well.
        return match lock {
            Some((at, locked)) if !locked.signers.is_empty() => Err(wanted.problem(format!(
                "pack `{name}` was locked with signatures (`signers` at {at}), and none are asked for here any more; put \
                 `signers` back, or run `{}`",
                wanted.upgrade
            ))),
            _ => Ok(()),
        };
    };
    let problem = |message: String| Problem::at(&signers.at, message);
    let (Origin::Registry(source), Some(store), Some((_, locked))) = (&wanted.origin, store, lock)
    else {
        return Err(problem(format!(
            "pack `{name}` asks for signatures (`signers`), which lie in a registry beside the pack, and it comes from \
             elsewhere; name a registry as its source (`oci://...`), or take `signers` out"
        )));
    };
    let digest = locked
        .digest
        .as_ref()
        .ok_or_else(|| problem("the lock has no digest for it".to_owned()))?;
    let mut keys = Vec::new();
    for key in &signers.keys {
        let read = PublicKey::open(&key.value);
        keys.push(read.map_err(|fault| Problem::at(&key.at, fault.to_string()))?);
    }
    let signatures = store
        .signatures(digest)
        .map_err(|error| problem(error.to_string()))?;
    let threshold = usize::try_from(signers.threshold).unwrap_or(usize::MAX);
    let what = format!("{}:{}", source.value, locked.version);
    trust::verify(&what, digest, &keys, threshold, &signatures)
        .map(drop)
        .map_err(|error| problem(format!("pack `{name}` is not loaded: {error}")))
}
