//! `gabion pull`.

use std::path::{Path, PathBuf};

use gabion_engine::policy::{GuardOptions, Needed, SignersAsked, needed};
use gabion_engine::store::{Digest, Store};
use gabion_registry::{Layout, Location, Pulled, Signature};
use serde_json::{Value, json};

use crate::command::{Policy, engine};
use crate::exit::{Exit, Failure};
use crate::output::Told;
use crate::remote::{self, Connection, Signers};

const LONG: &str = "\
Fetch the packs that the lock names, or one from a registry.

Planning and checking never use the network: they take the packs of registries from a store in the user's data folder \
(GABION_PACKS names another), by the digest in the lock. `gabion pull` fills it, after verifying the signatures that \
the policy file asks for. What is there already is not fetched again.

`--to DIR` writes the packs and their signatures into a folder (an OCI image layout) instead, to carry to where no \
registry is; `--from DIR` fills the store from such a folder, with the same checks.";

const EXAMPLES: &str = "\
Examples:
  gabion pull
  gabion pull --to bundle
  gabion pull --from bundle
  gabion pull oci://registry.example.com/acme/guardrails:1.2.0 --file acme.wasm";

/// Fetch the packs that the lock names, or one from a registry.
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_help = EXAMPLES)]
pub(crate) struct Pull {
    /// One pack, by a tag or its digest, in place of those that the lock names
    #[arg(value_name = "oci://HOST/REPOSITORY")]
    pack: Option<String>,
    /// Write a bundle into this folder; the store stays as it is
    #[arg(long, value_name = "DIR", conflicts_with = "from")]
    to: Option<PathBuf>,
    /// Take the packs from the bundle in this folder, and use no network
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Write the component of the named pack to this file as well
    #[arg(long, value_name = "FILE", requires = "pack", conflicts_with = "to")]
    file: Option<PathBuf>,
    #[command(flatten)]
    told: Told,
    #[command(flatten)]
    policy: Policy,
    #[command(flatten)]
    connection: Connection,
}

/// A pack to fetch.
struct Wanted {
    place: Location,
    /// The component's digest, where a lock says it.
    locked: Option<Digest>,
    signers: Option<SignersAsked>,
}

impl Pull {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let wanted = match &self.pack {
            Some(text) => vec![named(text)?],
            None => self.locked()?,
        };
        if wanted.is_empty() {
            self.told.write(
                "no policy file here names a pack of a registry: nothing to pull\n",
                json!({ "packs": [] }),
            )?;
            return Ok(Exit::Clean);
        }
        let mut text = String::new();
        let mut packs = Vec::new();
        let mut bundle = None;
        if let Some(folder) = &self.to {
            let mut layout = Layout::create(folder).map_err(remote::failure)?;
            for wanted in &wanted {
                let (pulled, signatures) = self.fetch(wanted)?;
                let digest = check(wanted, &pulled)?;
                if let Some(asked) = &wanted.signers {
                    let signatures = remote::for_store(&pulled.artifact.manifest, &signatures);
                    Signers::asked(asked)
                        .and_then(|signers| {
                            signers
                                .verify(&wanted.place.to_string(), &digest, &signatures)
                                .map(drop)
                        })
                        .map_err(Failure::failed)?;
                }
                layout
                    .put(&wanted.place, &pulled.artifact, &signatures)
                    .map_err(remote::failure)?;
                tell(&mut text, &mut packs, &wanted.place, &digest, false);
            }
            let folder = folder.display().to_string();
            text.push_str(&format!("in {folder}\n"));
            bundle = Some(folder);
        } else {
            let store = Store::open().map_err(|error| Failure::failed(error.to_string()))?;
            for wanted in &wanted {
                if let Some(digest) = wanted.locked
                    && self.file.is_none()
                    && is_there(&store, wanted)
                {
                    tell(&mut text, &mut packs, &wanted.place, &digest, true);
                    continue;
                }
                let (pulled, signatures) = match &self.from {
                    Some(folder) => carried(folder, wanted)?,
                    None => self.fetch(wanted)?,
                };
                let digest = check(wanted, &pulled)?;
                remote::keep(
                    &store,
                    &wanted.place.to_string(),
                    &pulled,
                    &signatures,
                    wanted.signers.as_ref(),
                )
                .map_err(Failure::failed)?;
                if let Some(file) = &self.file {
                    std::fs::write(file, &pulled.artifact.component).map_err(|error| {
                        Failure::failed(format!("cannot write `{}`: {error}", file.display()))
                    })?;
                }
                tell(&mut text, &mut packs, &wanted.place, &digest, false);
            }
        }
        self.told
            .write(&text, json!({ "packs": packs, "bundle": bundle }))?;
        Ok(Exit::Clean)
    }

    /// What the policy files and their locks name.
    fn locked(&self) -> Result<Vec<Wanted>, Failure> {
        let options: GuardOptions = self.policy.options(engine()?)?;
        let mut found: Vec<Wanted> = Vec::new();
        for Needed { locked, signers } in needed(&options)? {
            let source = locked.source.as_deref().unwrap_or_default();
            let place = remote::location(source)?.at_tag(&locked.version.to_string());
            found.push(Wanted {
                place,
                locked: locked.digest,
                signers,
            });
        }
        Ok(found)
    }

    fn fetch(&self, wanted: &Wanted) -> Result<(Pulled, Vec<Signature>), Failure> {
        let place = &wanted.place;
        remote::progress(&format!("pulling {place}"));
        let registry = self.connection.open(place).map_err(remote::failure)?;
        let pulled = registry
            .pull(place.tag.as_deref(), place.digest.as_deref())
            .map_err(remote::failure)?;
        let signatures = registry
            .signatures(&pulled.digest)
            .map_err(remote::failure)?;
        Ok((pulled, signatures))
    }
}

fn named(text: &str) -> Result<Wanted, Failure> {
    let place = remote::location(text)?;
    if place.tag.is_none() && place.digest.is_none() {
        return Err(Failure::failed(format!(
            "`{text}` names no tag and no digest; which version is meant?"
        )));
    }
    Ok(Wanted {
        place,
        locked: None,
        signers: None,
    })
}

/// Whether the store has the pack whole and trusted, so that nothing is to be done.
fn is_there(store: &Store, wanted: &Wanted) -> bool {
    let Some(digest) = &wanted.locked else {
        return false;
    };
    let signed = |asked: &SignersAsked| {
        let (Ok(signers), Ok(signatures)) = (Signers::asked(asked), store.signatures(digest))
        else {
            return false;
        };
        signers
            .verify(&wanted.place.to_string(), digest, &signatures)
            .is_ok()
    };
    matches!(store.get(digest), Ok(Some(_))) && wanted.signers.as_ref().is_none_or(signed)
}

fn carried(folder: &Path, wanted: &Wanted) -> Result<(Pulled, Vec<Signature>), Failure> {
    let layout = Layout::open(folder).map_err(remote::failure)?;
    let found = layout.get(&wanted.place).map_err(remote::failure)?;
    found.ok_or_else(|| {
        Failure::nothing(format!(
            "the bundle `{}` does not hold `{}`; make it with `gabion pull --to` from the same lock",
            folder.display(),
            wanted.place
        ))
    })
}

/// Whether it is what the lock holds.
fn check(wanted: &Wanted, pulled: &Pulled) -> Result<Digest, Failure> {
    let found = Digest::of(&pulled.artifact.component);
    match wanted.locked.filter(|locked| *locked != found) {
        None => Ok(found),
        Some(locked) => Err(Failure::failed(remote::moved(
            &wanted.place,
            &found,
            &locked,
        ))),
    }
}

/// One pack of the result.
fn tell(
    text: &mut String,
    packs: &mut Vec<Value>,
    place: &Location,
    component: &Digest,
    was_there: bool,
) {
    text.push_str(&if was_there {
        format!("{place} is there already\n")
    } else {
        format!("{place} {component}\n")
    });
    packs.push(json!({
        "pack": place.to_string(),
        "component": component.to_string(),
        "was_there": was_there,
    }));
}
