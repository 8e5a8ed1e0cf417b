//! The verdict on the signatures of a pack.

use serde_json::Value;

use super::key::PublicKey;
use crate::store::{Digest, Signature};

/// Why a pack is not trusted. Each text is whole; each case has its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// More is asked for than can be given.
    #[error(
        "`threshold` asks for {threshold} signatures, and `signers` names {keys} different key(s)"
    )]
    Impossible {
        /// How many are asked for.
        threshold: usize,
        /// How many different keys there are.
        keys: usize,
    },
    /// No signature at all.
    #[error(
        "`{what}` is not signed, and `signers` asks for {threshold} signature(s); ask its publisher to sign it with \
         `gabion sign`, then run `gabion pull`"
    )]
    Unsigned {
        /// The pack.
        what: String,
        /// How many are asked for.
        threshold: usize,
    },
    /// Signatures by others, or altered.
    #[error(
        "none of the {found} signature(s) of `{what}` was made by a key in `signers`, or they were altered; ask its \
         publisher for the right key"
    )]
    OtherKey {
        /// The pack.
        what: String,
        /// How many there are.
        found: usize,
    },
    /// A good signature of something else.
    #[error(
        "the signature of `{what}` by `{key}` is for other content: it does not hold for {component}, so one of the two \
         was replaced; tell its publisher"
    )]
    OtherContent {
        /// The pack.
        what: String,
        /// The key, as the policy file names it.
        key: String,
        /// The component that was to be loaded.
        component: Digest,
    },
    /// A good signature for another repository.
    #[error(
        "the signature of `{what}` by `{key}` was made for `{made_for}`: a signature holds for its own repository, so \
         that one pack cannot be passed off as another; ask its publisher to sign it there"
    )]
    OtherReference {
        /// The pack.
        what: String,
        /// The key, as the policy file names it.
        key: String,
        /// The repository in the signature.
        made_for: String,
    },
    /// Too few.
    #[error(
        "`{what}` is signed by {have} of the keys in `signers` (`{names}`), and `threshold` asks for {threshold}"
    )]
    TooFew {
        /// The pack.
        what: String,
        /// How many different keys signed.
        have: usize,
        /// Their names.
        names: String,
        /// How many are asked for.
        threshold: usize,
    },
}

/// What one signature is worth.
enum Worth<'k> {
    Good(&'k PublicKey),
    OtherContent(&'k PublicKey),
    OtherReference(&'k PublicKey, String),
    Nothing,
}

/// The path of the repository in `oci://HOST/PATH` or `HOST/PATH`, without tag and digest.
pub fn repository(reference: &str) -> &str {
    let rest = reference.strip_prefix("oci://").unwrap_or(reference);
    let rest = rest.split('@').next().unwrap_or_default();
    let path = match rest.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => rest,
    };
    match path.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => path,
        _ => path,
    }
}

/// The keys that signed a component for this place (`oci://...`, which messages show): at least `threshold` different
/// ones.
///
/// # Errors
/// Why it is not trusted.
pub fn verify<'k>(
    what: &str,
    component: &Digest,
    keys: &'k [PublicKey],
    threshold: usize,
    signatures: &[Signature],
) -> Result<Vec<&'k PublicKey>, TrustError> {
    let mut different: Vec<&PublicKey> = Vec::new();
    for key in keys {
        if !different
            .iter()
            .any(|known| known.fingerprint() == key.fingerprint())
        {
            different.push(key);
        }
    }
    if threshold == 0 || threshold > different.len() {
        return Err(TrustError::Impossible {
            threshold,
            keys: different.len(),
        });
    }
    let path = repository(what);
    let mut good: Vec<&PublicKey> = Vec::new();
    let mut other_content = None;
    let mut other_reference = None;
    for signature in signatures {
        match worth(signature, component, path, &different) {
            Worth::Good(key) => {
                if !good.contains(&key) {
                    good.push(key);
                }
            }
            Worth::OtherContent(key) => other_content = Some(key),
            Worth::OtherReference(key, made_for) => other_reference = Some((key, made_for)),
            Worth::Nothing => {}
        }
    }
    if good.len() >= threshold {
        return Ok(good);
    }
    let what = what.to_owned();
    Err(if let Some(first) = good.first() {
        let rest = good.iter().skip(1).map(|key| format!("`, `{}", key.name()));
        TrustError::TooFew {
            what,
            have: good.len(),
            names: first.name().to_owned() + &rest.collect::<String>(),
            threshold,
        }
    } else if let Some((key, made_for)) = other_reference {
        TrustError::OtherReference {
            what,
            key: key.name().to_owned(),
            made_for,
        }
    } else if let Some(key) = other_content {
        TrustError::OtherContent {
            what,
            key: key.name().to_owned(),
            component: *component,
        }
    } else if signatures.is_empty() {
        TrustError::Unsigned { what, threshold }
    } else {
        TrustError::OtherKey {
            what,
            found: signatures.len(),
        }
    })
}

fn worth<'k>(
    signature: &Signature,
    component: &Digest,
    path: &str,
    keys: &[&'k PublicKey],
) -> Worth<'k> {
    // Nothing of what a signature says is looked at before it is known who says it.
    let Some(key) = keys
        .iter()
        .find(|key| key.made(&signature.signature, &signature.payload))
    else {
        return Worth::Nothing;
    };
    let Some((made_for, manifest)) = said(&signature.payload) else {
        return Worth::OtherContent(key);
    };
    if manifest != Digest::of(&signature.manifest).to_string()
        || named(&signature.manifest).as_deref() != Some(&component.to_string())
    {
        return Worth::OtherContent(key);
    }
    if repository(&made_for) != path {
        let shown = made_for.chars().filter(|c| !c.is_control()).take(300);
        return Worth::OtherReference(key, shown.collect());
    }
    Worth::Good(key)
}

/// The repository and the digest of the manifest that a payload speaks of.
fn said(payload: &[u8]) -> Option<(String, String)> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let critical = value.get("critical")?;
    if critical.get("type")?.as_str()? != "cosign container image signature" {
        return None;
    }
    let reference = critical.get("identity")?.get("docker-reference")?;
    let digest = critical.get("image")?.get("docker-manifest-digest")?;
    Some((reference.as_str()?.to_owned(), digest.as_str()?.to_owned()))
}

/// The digest of the one layer that a manifest names.
fn named(manifest: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(manifest).ok()?;
    match value.get("layers")?.as_array()?.as_slice() {
        [layer] => layer.get("digest")?.as_str().map(str::to_owned),
        _ => None,
    }
}
