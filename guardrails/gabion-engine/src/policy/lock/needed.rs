//! What `gabion pull` has to fetch: the packs of registries, as the locks hold them.

use super::file::LockedPack;
use super::make::SignersAsked;
use crate::policy::error::{PolicyError, Problem};
use crate::policy::find::Files;
use crate::policy::loading::{self, Origin};
use crate::policy::options::GuardOptions;

/// A pack of a registry that a policy file names and its lock holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// What the lock says of it. Source and digest are there.
    pub locked: LockedPack,
    /// Whose signatures it must carry, where the file says so.
    pub signers: Option<SignersAsked>,
}

/// The packs of registries that the floors and the nearest policy file name. Nothing is loaded.
///
/// # Errors
/// What is wrong with the files, and packs that are not locked.
pub fn needed(options: &GuardOptions) -> Result<Vec<Needed>, PolicyError> {
    let files = Files::read(options)?;
    let mut problems = Vec::new();
    let mut needed: Vec<Needed> = Vec::new();
    for file in files.floors.iter().chain(&files.near) {
        for block in &file.packs {
            let Some(wanted) = loading::want(file, block, &mut problems) else {
                continue;
            };
            let Origin::Registry(source) = &wanted.origin else {
                continue;
            };
            let locked = file
                .lock
                .as_ref()
                .and_then(|lock| lock.get(&wanted.name))
                .map(|(_, locked)| locked)
                .filter(|locked| {
                    locked.digest.is_some() && locked.source.as_deref() == Some(&source.value)
                });
            match locked {
                Some(locked) => needed.push(Needed {
                    locked: locked.clone(),
                    signers: wanted.signers.as_ref().map(SignersAsked::from),
                }),
                None => problems.push(Problem::at(
                    &source.at,
                    format!(
                        "pack `{}` is not locked as it is written here, so nothing says which bytes; run `gabion lock`, \
                         which pulls it as well",
                        wanted.name
                    ),
                )),
            }
        }
    }
    if problems.is_empty() {
        Ok(needed)
    } else {
        Err(problems.into())
    }
}
