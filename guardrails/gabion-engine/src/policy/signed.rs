//! Whether a pack carries the signatures that its block asks for. Asked before anything of the pack is compiled.
//!
//! What belongs here: a policy file, a lock and a store held against each other. What does not: what one signature is
//! worth (`trust`).

use std::path::Path;

use super::error::{Location, Problem};
use super::file::Signers;
use super::find;
use super::loading::{Origin, Wanted};
use super::lock::LockedPack;
use crate::store::{Digest, Store};
use crate::trust::{self, KeyFault, PublicKey};

/// Refuses a pack whose block asks for signatures that it does not carry, or that its lock does not record.
pub(super) fn check(
    wanted: &Wanted,
    store: Option<&Store>,
    lock: Option<(&Location, &LockedPack)>,
) -> Result<(), Problem> {
    let name = &wanted.name;
    let Some(signers) = &wanted.signers else {
        return lock.map_or(Ok(()), |(at, locked)| {
            dropped(wanted, &format!("`signers` at {at}"), locked)
        });
    };
    let (Origin::Registry(_), Some(store), Some((at, locked))) = (&wanted.origin, store, lock)
    else {
        return Err(elsewhere(wanted, signers));
    };
    let keys = keys(wanted, signers)?;
    verified(wanted, signers, &keys, store, locked).map_err(|reason| {
        Problem::at(
            &signers.at,
            format!("pack `{name}` is not loaded: {reason}"),
        )
    })?;
    // A lock that was made before the signers were, or for others, says less than it seems to.
    misfit(signers, &keys, locked).map_or(Ok(()), |reason| {
        Err(Problem::at(
            &signers.at,
            format!(
                "pack `{name}`: {reason} (the lock is at {at}); run `{}`, which verifies and records them",
                wanted.lock_command()
            ),
        ))
    })
}

/// Refuses a block that stopped asking for the signatures that its lock records: who takes the line out changes more
/// than it seems, and should say so in the lock as well.
pub(super) fn dropped(wanted: &Wanted, at: &str, locked: &LockedPack) -> Result<(), Problem> {
    if wanted.signers.is_some() || locked.signers.is_empty() {
        return Ok(());
    }
    Err(wanted.problem(format!(
        "pack `{}` was locked with signatures ({at}), and none are asked for here any more; put `signers` \
         back, or run `{}`",
        wanted.name, wanted.upgrade
    )))
}

/// A block that asks for signatures of what does not come from a registry.
pub(super) fn elsewhere(wanted: &Wanted, signers: &Signers) -> Problem {
    Problem::at(
        &signers.at,
        format!(
            "pack `{}` asks for signatures (`signers`), which lie in a registry beside the pack, and it comes from \
             elsewhere; name a registry as its source (`oci://...`), or take `signers` out",
            wanted.name
        ),
    )
}

/// The keys that a block names. Those of a floor must be as safe from others as the floor.
pub(super) fn keys(wanted: &Wanted, signers: &Signers) -> Result<Vec<PublicKey>, Problem> {
    let read = |path: &Path| -> Result<PublicKey, KeyFault> {
        if !wanted.guarded {
            return PublicKey::open(path);
        }
        let name = PublicKey::shown(path);
        let bytes =
            find::read_guarded(path, PublicKey::LARGEST).map_err(|reason| KeyFault::Unsafe {
                name: name.clone(),
                reason,
            })?;
        PublicKey::from_pem(&bytes, &name)
    };
    let keys = signers
        .keys
        .iter()
        .map(|key| read(&key.value).map_err(|fault| Problem::at(&key.at, fault.to_string())));
    keys.collect()
}

/// The fingerprints, sorted, of those of the keys whose signatures the store has for what the lock holds; as many as
/// are asked for at least.
///
/// # Errors
/// Why it is not trusted, a clause.
pub(super) fn verified(
    wanted: &Wanted,
    signers: &Signers,
    keys: &[PublicKey],
    store: &Store,
    locked: &LockedPack,
) -> Result<Vec<String>, String> {
    let digest: &Digest = locked
        .digest
        .as_ref()
        .ok_or_else(|| "the lock has no digest for it".to_owned())?;
    let signatures = store
        .signatures(digest)
        .map_err(|error| error.to_string())?;
    let what = format!("{}:{}", wanted.source().unwrap_or_default(), locked.version);
    let good = trust::verify(&what, digest, keys, threshold(signers), &signatures)
        .map_err(|error| error.to_string())?;
    let mut found: Vec<String> = good
        .into_iter()
        .map(|key| key.fingerprint().to_string())
        .collect();
    found.sort();
    Ok(found)
}

/// What a lock records otherwise than the block asks for now; `None` where it fits.
pub(super) fn misfit(signers: &Signers, keys: &[PublicKey], locked: &LockedPack) -> Option<String> {
    if locked.signers.is_empty() {
        return Some("the lock is older than `signers` and records none".to_owned());
    }
    let asked: Vec<String> = keys
        .iter()
        .map(|key| key.fingerprint().to_string())
        .collect();
    if let Some(other) = locked.signers.iter().find(|known| !asked.contains(known)) {
        return Some(format!(
            "the lock records a signature by the key `{other}`, which `signers` does not name any more"
        ));
    }
    (locked.signers.len() < threshold(signers)).then(|| {
        format!(
            "the lock records {} signature(s), and `threshold` asks for {}",
            locked.signers.len(),
            signers.threshold
        )
    })
}

fn threshold(signers: &Signers) -> usize {
    usize::try_from(signers.threshold).unwrap_or(usize::MAX)
}
