//! Packs in registries, for the commands that use the network: `lock`, `push`, `pull`, `sign`, `verify`.
//!
//! What belongs here: what these share, and the [`Resolver`] of `gabion lock`. What does not: speaking to a registry
//! (`gabion-registry`), what a signature is worth (`gabion_engine::trust`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use gabion_engine::policy::{Constraint, LockedPack, Request, Resolved, Resolver, SignersAsked};
use gabion_engine::store::{self, Digest, Store};
use gabion_engine::trust::{self, PublicKey};
use gabion_registry::{Location, Options, Pulled, Registry, RegistryError, Signature};
use semver::Version;

use crate::exit::Failure;

/// How to reach a registry: shared by every command that does.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Connection {
    /// Certificates to trust besides the system's, in PEM; SSL_CERT_FILE replaces the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Allow plain HTTP to hosts other than this machine, where the registry has nothing better
    #[arg(long)]
    insecure: bool,
    /// How long to wait for an answer of the registry
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl Connection {
    /// Connects to the repository of a place.
    pub(crate) fn open(&self, location: &Location) -> Result<Registry, RegistryError> {
        let mut options = Options::default();
        options.ca.clone_from(&self.ca);
        options.insecure = self.insecure;
        options.silence = Duration::from_secs(self.timeout);
        options.connect = options.connect.min(options.silence);
        Registry::open(location, &options)
    }
}

/// Reads `oci://...` as the caller wrote it.
pub(crate) fn location(text: &str) -> Result<Location, Failure> {
    Location::parse(text).map_err(|error| Failure::failed(error.to_string()))
}

/// What is not there was named in vain; all else failed.
pub(crate) fn failure(error: RegistryError) -> Failure {
    match error {
        RegistryError::Missing { .. } => Failure::nothing(error.to_string()),
        other => Failure::failed(other.to_string()),
    }
}

/// Says on the screen what takes a while.
pub(crate) fn progress(text: &str) {
    use std::io::Write as _;
    // A closed screen is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Signatures with the manifest that they are about, as the store keeps them.
pub(crate) fn for_store(manifest: &[u8], signatures: &[Signature]) -> Vec<store::Signature> {
    signatures
        .iter()
        .map(|signature| store::Signature {
            manifest: manifest.to_vec(),
            payload: signature.payload.clone(),
            signature: signature.signature.clone(),
        })
        .collect()
}

/// Whose signatures are asked for, the keys read.
#[derive(Clone, Debug)]
pub(crate) struct Signers {
    keys: Vec<PublicKey>,
    threshold: usize,
}

impl Signers {
    /// Reads key files, as messages call them by their paths.
    pub(crate) fn read(keys: &[PathBuf], threshold: usize) -> Result<Self, String> {
        let read = |path: &PathBuf| PublicKey::open(path).map_err(|error| error.to_string());
        Ok(Self {
            keys: keys.iter().map(read).collect::<Result<_, _>>()?,
            threshold,
        })
    }

    /// What a policy file asks for.
    pub(crate) fn asked(asked: &SignersAsked) -> Result<Self, String> {
        let threshold = usize::try_from(asked.threshold).unwrap_or(usize::MAX);
        Self::read(&asked.keys, threshold)
    }

    /// Whether one of the keys made this signature, of this component and for this place.
    fn made(&self, what: &str, component: &Digest, signature: &store::Signature) -> bool {
        let one = std::slice::from_ref(signature);
        trust::verify(what, component, &self.keys, 1, one).is_ok()
    }

    /// The keys that signed a component for this place; at least as many as are asked for.
    pub(crate) fn verify(
        &self,
        what: &str,
        component: &Digest,
        signatures: &[store::Signature],
    ) -> Result<Vec<&PublicKey>, String> {
        trust::verify(what, component, &self.keys, self.threshold, signatures)
            .map_err(|error| error.to_string())
    }
}

/// Verifies what came from a registry or a bundle and, only then, puts it and the signatures that were verified into
/// the store. Gives the component's
/// digest and the fingerprints of those who signed, sorted.
pub(crate) fn keep(
    store: &Store,
    what: &str,
    pulled: &Pulled,
    signatures: &[Signature],
    signers: Option<&SignersAsked>,
) -> Result<(Digest, Vec<String>), String> {
    let digest = Digest::of(&pulled.artifact.component);
    let signatures = for_store(&pulled.artifact.manifest, signatures);
    let (mut signed, mut good) = (Vec::new(), Vec::new());
    if let Some(asked) = signers {
        let signers = Signers::asked(asked)?;
        for key in signers.verify(what, &digest, &signatures)? {
            signed.push(key.fingerprint().to_string());
        }
        signed.sort();
        // Anybody who may write to the registry can add signatures; what nobody asked for is not kept.
        good.extend(
            signatures
                .iter()
                .filter(|signature| signers.made(what, &digest, signature)),
        );
    }
    store
        .put(&pulled.artifact.component)
        .map_err(|error| error.to_string())?;
    for signature in good {
        store
            .put_signature(&digest, signature)
            .map_err(|error| error.to_string())?;
    }
    Ok((digest, signed))
}

/// Reads a small file that the caller named.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            Failure::nothing(format!("there is no file `{}`", path.display()))
        } else {
            Failure::failed(format!("cannot read `{}`: {error}", path.display()))
        }
    })
}

/// Finds packs in registries for `gabion lock`.
impl Resolver for Connection {
    fn resolve(&self, request: &Request<'_>) -> Result<Resolved, String> {
        let location = Location::parse(request.source).map_err(|error| error.to_string())?;
        if location.tag.is_some() || location.digest.is_some() {
            return Err(format!(
                "`{}`: name the repository alone, and choose with `version`; the lock holds the digest",
                request.source
            ));
        }
        let registry = self.open(&location).map_err(|error| error.to_string())?;
        let tags = registry.tags().map_err(|error| error.to_string())?;
        let version = newest(&tags, request.constraint).map_err(|known| {
            format!(
                "no version in `{}` meets what is asked for; {known}",
                request.source
            )
        })?;
        let tag = version.to_string();
        progress(&format!("pulling {}", location.at_tag(&tag)));
        let pulled = registry
            .pull(Some(&tag), None)
            .map_err(|error| error.to_string())?;
        let signatures = registry
            .signatures(&pulled.digest)
            .map_err(|error| error.to_string())?;
        let (digest, signers) = keep(
            request.store,
            request.source,
            &pulled,
            &signatures,
            request.signers.as_ref(),
        )?;
        Ok(Resolved {
            version,
            digest,
            signers,
        })
    }

    fn renew(&self, request: &Request<'_>, locked: &LockedPack) -> Result<Vec<String>, String> {
        let place = Location::parse(request.source)
            .map_err(|error| error.to_string())?
            .at_tag(&locked.version.to_string());
        progress(&format!("pulling {place}"));
        let registry = self.open(&place).map_err(|error| error.to_string())?;
        let pulled = registry
            .pull(place.tag.as_deref(), None)
            .map_err(|error| error.to_string())?;
        let found = Digest::of(&pulled.artifact.component);
        if let Some(digest) = locked.digest.filter(|digest| *digest != found) {
            return Err(moved(&place, &found, &digest));
        }
        let signatures = registry
            .signatures(&pulled.digest)
            .map_err(|error| error.to_string())?;
        keep(
            request.store,
            &place.to_string(),
            &pulled,
            &signatures,
            request.signers.as_ref(),
        )
        .map(|(_, signers)| signers)
    }
}

/// A tag that names another component than it did when it was locked.
pub(crate) fn moved(place: &Location, found: &Digest, locked: &Digest) -> String {
    format!(
        "`{place}` is not what the lock holds: it has the digest `{found}`, and `{locked}` is locked; its tag was moved: \
         ask its publisher, and if the change is wanted, run `gabion lock --upgrade`"
    )
}

/// The newest version among tags that meets the constraint. Prereleases are chosen where the constraint names one.
fn newest(tags: &[String], constraint: &Constraint) -> Result<Version, String> {
    let mut versions: Vec<Version> = tags
        .iter()
        .filter_map(|tag| Version::parse(tag).ok())
        .collect();
    versions.sort_by(Version::cmp_precedence);
    // Who asks for nothing in particular does not ask for what is unfinished.
    let asks_for_nothing = constraint.matches(&Version {
        pre: semver::Prerelease::new("0").unwrap_or_default(),
        ..Version::new(0, 0, 0)
    });
    let found = versions
        .iter()
        .filter(|version| constraint.matches(version))
        .rfind(|version| !asks_for_nothing || version.pre.is_empty());
    found.cloned().ok_or_else(|| {
        if versions.is_empty() {
            return "it has no tag that is a version, as `1.2.3` is".to_owned();
        }
        let last: Vec<String> = versions
            .iter()
            .rev()
            .take(10)
            .map(ToString::to_string)
            .collect();
        format!("it has `{}`", last.join("`, `"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_that_is_asked_for_is_chosen() {
        let tags: Vec<String> = [
            "1.2.0",
            "1.10.0",
            "latest",
            "v9.0.0",
            "2.0.0-rc.1",
            "1.9.0",
            "sha256-00.sig",
        ]
        .map(str::to_owned)
        .to_vec();
        let chosen = |constraint: &Constraint| newest(&tags, constraint).map(|v| v.to_string());
        assert_eq!(chosen(&Constraint::any()).as_deref(), Ok("1.10.0"));
        let parse = |text: &str| Constraint::parse(text).unwrap();
        assert_eq!(chosen(&parse("~> 1.2.0")).as_deref(), Ok("1.2.0"));
        assert_eq!(chosen(&parse("2.0.0-rc.1")).as_deref(), Ok("2.0.0-rc.1"));
        assert_eq!(
            chosen(&parse("~> 3.0")).unwrap_err(),
            "it has `2.0.0-rc.1`, `1.10.0`, `1.9.0`, `1.2.0`"
        );
        assert_eq!(
            newest(&["latest".to_owned()], &Constraint::any()).unwrap_err(),
            "it has no tag that is a version, as `1.2.3` is"
        );
    }
}
