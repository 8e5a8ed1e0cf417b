//! Making a lock: what `gabion lock` does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;

use super::file::{LockedPack, lock_path, replace, text};
use crate::policy::constraint::Constraint;
use crate::policy::error::{PolicyError, Problem, did_you_mean};
use crate::policy::file::{PackBlock, PolicyFile, Signers};
use crate::policy::find::{self, FILE_NAME};
use crate::policy::loading::{self, BASELINE, Origin, Wanted};
use crate::policy::packs::{LoadedPack, PackFault, Packs};
use crate::policy::signed;
use crate::store::{Digest, Store, StoreError};

/// Finds the pack of a registry. The engine has none: it never uses the network.
pub trait Resolver {
    /// Chooses the newest version that meets the constraint, verifies its signatures where any are asked for, and
    /// puts the component into the store. The version it gives is that of the tag; the component's own must equal it.
    ///
    /// # Errors
    /// A sentence that says what failed and what to do.
    fn resolve(&self, request: &Request<'_>) -> Result<Resolved, String>;

    /// Fetches what is locked once more, verifies the signatures that are asked for now, and puts both into the store.
    /// Gives who signed it, for the lock.
    ///
    /// # Errors
    /// A sentence that says what failed and what to do.
    fn renew(&self, request: &Request<'_>, locked: &LockedPack) -> Result<Vec<String>, String>;
}

/// What is asked of a [`Resolver`].
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The pack's name in the policy file.
    pub name: &'a str,
    /// `oci://registry.example.com/acme/guardrails`.
    pub source: &'a str,
    /// What the version must meet; met by all where the block says none.
    pub constraint: &'a Constraint,
    /// Whose signatures it must carry, where the block says so.
    pub signers: Option<SignersAsked>,
    /// Where the component belongs.
    pub store: &'a Store,
}

/// Whose signatures a pack must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignersAsked {
    /// Public key files.
    pub keys: Vec<PathBuf>,
    /// So many different ones must have signed.
    pub threshold: u32,
}

impl From<&Signers> for SignersAsked {
    fn from(signers: &Signers) -> Self {
        Self {
            keys: signers.keys.iter().map(|key| key.value.clone()).collect(),
            threshold: signers.threshold,
        }
    }
}

/// What a [`Resolver`] found, and put into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The version that the registry calls it.
    pub version: Version,
    /// The component's digest.
    pub digest: Digest,
    /// Who signed it, for the lock.
    pub signers: Vec<String>,
}

/// Which packs are chosen anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Upgrade {
    /// Only those that are not locked yet.
    #[default]
    Nothing,
    /// All.
    All,
    /// These, by name.
    Some(Vec<String>),
}

/// What a lock is made with.
pub struct LockOptions<'a> {
    /// Where the search for `gabion.hcl` begins, upwards.
    pub directory: PathBuf,
    /// A policy file named by the caller, in place of the search; a floor is locked so.
    pub config: Option<PathBuf>,
    /// Which packs are chosen anew.
    pub upgrade: Upgrade,
    /// Where packs come from.
    pub packs: Arc<dyn Packs>,
    /// Where the packs of registries are kept.
    pub store: Result<Store, StoreError>,
    /// Finds packs in registries; without one, those that are not locked yet are errors.
    pub resolver: Option<&'a dyn Resolver>,
}

/// Why there is no lock.
#[derive(Clone, Debug, PartialEq)]
pub enum LockError {
    /// The policy file or a pack cannot be used.
    Policy(PolicyError),
    /// What is locked does not fit any more, and `--upgrade` was not asked for.
    Stale(PolicyError),
}

/// A lock that was made and not written yet.
#[derive(Clone, Debug)]
pub struct Relock {
    /// Where it belongs.
    pub path: PathBuf,
    /// The same as a reader in the directory would name it.
    pub shown: String,
    /// What happens to each pack, by name.
    pub changes: Vec<LockChange>,
    /// Whether the file would change.
    pub differs: bool,
    text: String,
}

/// What happens to one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockChange {
    /// The pack's name.
    pub name: String,
    /// What was locked.
    pub before: Option<LockedPack>,
    /// What is to be.
    pub after: Option<LockedPack>,
}

/// The maker of locks.
#[derive(Debug)]
pub struct Locking;

impl Locking {
    /// Makes the lock of a policy file; nothing is written.
    ///
    /// # Errors
    /// Everything that is wrong with the file, a pack, or what was locked before.
    pub fn make(options: &LockOptions<'_>) -> Result<Relock, LockError> {
        let (policy, shown) = policy(options).map_err(LockError::Policy)?;
        let mut problems = Vec::new();
        let file = read(&policy, &shown, &mut problems);
        if !problems.is_empty() {
            return Err(LockError::Policy(problems.into()));
        }
        let known: Vec<&str> = file
            .packs
            .iter()
            .map(|pack| pack.name.value.as_str())
            .chain([BASELINE])
            .collect();
        if let Upgrade::Some(names) = &options.upgrade {
            for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
                problems.push(Problem::general(format!(
                    "{shown} has no pack `{name}`{}",
                    did_you_mean(name, known.iter().copied())
                )));
            }
            if !problems.is_empty() {
                return Err(LockError::Policy(PolicyError {
                    problems,
                    selected_nothing: true,
                }));
            }
        }
        let before: Vec<LockedPack> = file
            .lock
            .iter()
            .flat_map(|lock| lock.packs.iter().map(|(_, pack)| pack.clone()))
            .collect();
        let (after, stale) = after(options, &file, &before, &mut problems);
        if !problems.is_empty() {
            return Err(LockError::Policy(problems.into()));
        }
        if !stale.is_empty() {
            return Err(LockError::Stale(stale.into()));
        }
        let path = lock_path(&policy);
        let new = text(&after);
        Ok(Relock {
            differs: std::fs::read_to_string(&path).map_or(true, |old| old != new),
            shown: lock_path(Path::new(&shown)).display().to_string(),
            changes: changes(&before, &after),
            path,
            text: new,
        })
    }
}

impl Relock {
    /// Writes the lock, as a whole.
    ///
    /// # Errors
    /// What the system said.
    pub fn write(&self) -> std::io::Result<()> {
        replace(&self.path, &self.text)
    }
}

fn policy(options: &LockOptions<'_>) -> Result<(PathBuf, String), PolicyError> {
    let path = find::nearest(&options.directory, options.config.as_deref())?;
    let path = path.ok_or_else(|| {
        PolicyError::general(format!(
            "there is no {FILE_NAME} from `{}` upwards: a lock belongs to a policy file; write one, or name it with `--config`",
            options.directory.display()
        ))
    })?;
    let shown = find::shown(&path, &options.directory);
    Ok((path, shown))
}

/// The file and its lock, as they are. As a floor: a floor is locked by the same command, and its `allow` is good.
fn read(path: &Path, shown: &str, problems: &mut Vec<Problem>) -> PolicyFile {
    let text = find::read_text(path).unwrap_or_else(|message| {
        problems.push(Problem::general(format!(
            "the policy file `{shown}` {message}"
        )));
        String::new()
    });
    let mut file = PolicyFile::read(shown, path, text, true, problems);
    let name = lock_path(Path::new(shown));
    file.lock = find::lock(path, &name, find::read_text, problems);
    file
}

fn after(
    options: &LockOptions<'_>,
    file: &PolicyFile,
    before: &[LockedPack],
    problems: &mut Vec<Problem>,
) -> (Vec<LockedPack>, Vec<Problem>) {
    let (mut after, mut stale) = (Vec::new(), Vec::new());
    let implicit = (!file.packs.iter().any(|pack| pack.name.value == BASELINE))
        .then(|| PackBlock::named(BASELINE, &file.name));
    for block in implicit.iter().chain(&file.packs) {
        let Some(mut wanted) = loading::want(file, block, problems) else {
            continue;
        };
        // Every file is read as a floor here; whether one's files are safe is looked at when it is loaded.
        wanted.guarded = false;
        let upgrade = match &options.upgrade {
            Upgrade::Nothing => false,
            Upgrade::All => true,
            Upgrade::Some(names) => names.contains(&wanted.name),
        };
        let locked = before.iter().find(|pack| pack.name == wanted.name);
        let result = match locked.filter(|_| !upgrade) {
            Some(locked) => match keep(options, &wanted, locked) {
                Ok(kept) => Ok(kept),
                Err(problem) => {
                    stale.push(problem);
                    continue;
                }
            },
            None => choose(options, &wanted),
        };
        match result {
            Ok(pack) => after.push(pack),
            Err(found) => problems.extend(found),
        }
    }
    after.sort_by(|left, right| left.name.cmp(&right.name));
    (after, stale)
}

/// What is locked stays, if the file still wants it and the bytes are still the same.
fn keep(
    options: &LockOptions<'_>,
    wanted: &Wanted,
    locked: &LockedPack,
) -> Result<LockedPack, Problem> {
    let name = &wanted.name;
    let remedy = format!("if that is wanted, run `{}`", wanted.upgrade);
    if locked.source.as_deref() != wanted.source() {
        let source = wanted.source().unwrap_or("the binary");
        let before = locked.source.as_deref().unwrap_or("the binary");
        return Err(wanted.problem(format!(
            "pack `{name}` comes from `{source}` here, and is locked from `{before}`; {remedy}"
        )));
    }
    if let Some(constraint) = wanted
        .versions
        .iter()
        .find(|constraint| !constraint.value.1.matches(&locked.version))
    {
        return Err(Problem::at(
            &constraint.at,
            format!(
                "pack `{name}` is locked in version {}, which does not meet `{}`; {remedy}",
                locked.version, constraint.value.0
            ),
        ));
    }
    let loaded = match &wanted.origin {
        // Whether the store has it is `gabion pull`'s business.
        Origin::Registry(_) => None,
        Origin::Inside => Some(
            options
                .packs
                .baseline(&locked.version, locked.digest.as_ref()),
        ),
        Origin::File(_, path) => Some(options.packs.file(path, locked.digest.as_ref())),
    };
    let signers = signers(options, wanted, locked)?;
    match loaded {
        None | Some(Ok(_)) => Ok(LockedPack {
            constraints: constraints(wanted),
            signers,
            ..locked.clone()
        }),
        Some(Err(PackFault::Digest(found))) => Err(wanted.problem(format!(
            "pack `{name}` has the digest `{found}`, and `{}` is locked; {remedy}",
            locked
                .digest
                .map(|digest| digest.to_string())
                .unwrap_or_default()
        ))),
        Some(Err(PackFault::Failed(message))) => Err(wanted.problem(format!(
            "pack `{name}` is locked in version {}: {message}; {remedy}",
            locked.version
        ))),
    }
}

/// Whose signatures the lock records of what it holds. Where the block asks for others than it did, they are verified
/// now: from the store, else by way of the registry.
fn signers(
    options: &LockOptions<'_>,
    wanted: &Wanted,
    locked: &LockedPack,
) -> Result<Vec<String>, Problem> {
    let Some(asked) = &wanted.signers else {
        signed::dropped(wanted, "`signers` in the lock", locked)?;
        return Ok(Vec::new());
    };
    let Origin::Registry(source) = &wanted.origin else {
        return Err(signed::elsewhere(wanted, asked));
    };
    let keys = signed::keys(wanted, asked)?;
    let Some(misfit) = signed::misfit(asked, &keys, locked) else {
        return Ok(locked.signers.clone());
    };
    let problem = |reason: String| {
        Problem::at(
            &asked.at,
            format!("pack `{}`: {misfit}, and {reason}", wanted.name),
        )
    };
    let store = options.store.as_ref();
    let store = store.map_err(|error| problem(error.to_string()))?;
    match (
        signed::verified(wanted, asked, &keys, store, locked),
        options.resolver,
    ) {
        (Ok(found), _) => Ok(found),
        (Err(_), Some(resolver)) => resolver
            .renew(
                &Request {
                    name: &wanted.name,
                    source: &source.value,
                    constraint: &Constraint::any(),
                    signers: Some(SignersAsked::from(asked)),
                    store,
                },
                locked,
            )
            .map_err(problem),
        (Err(reason), None) => Err(problem(reason)),
    }
}

fn constraints(wanted: &Wanted) -> Option<String> {
    wanted
        .versions
        .first()
        .map(|constraint| constraint.value.0.trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// A pack that is not locked yet, or is to be chosen anew.
fn choose(options: &LockOptions<'_>, wanted: &Wanted) -> Result<LockedPack, Vec<Problem>> {
    let packs = options.packs.as_ref();
    let one = |message: String| vec![wanted.problem(message)];
    let fault = |fault: PackFault| match fault {
        PackFault::Failed(message) => one(message),
        PackFault::Digest(found) => one(format!(
            "pack `{}` has the digest `{found}`, another than the registry said",
            wanted.name
        )),
    };
    let (loaded, digest, signers): (Arc<dyn LoadedPack>, Option<Digest>, Vec<String>) =
        match &wanted.origin {
            Origin::Inside => {
                let chosen = wanted.choose(&packs.baselines()).map_err(one)?;
                let loaded = packs.baseline(&chosen.version, None).map_err(fault)?;
                let digest = chosen.released.then(|| loaded.digest().parse());
                (loaded, digest.transpose().map_err(one)?, Vec::new())
            }
            Origin::File(_, path) => {
                let loaded = packs.file(path, None).map_err(fault)?;
                let digest = loaded.digest().parse().map_err(one)?;
                (loaded, Some(digest), Vec::new())
            }
            Origin::Registry(source) => {
                let resolved = registry(options, wanted, &source.value).map_err(one)?;
                let store = options
                    .store
                    .as_ref()
                    .map_err(|error| one(error.to_string()))?;
                let loaded = packs
                    .file(&store.path(&resolved.digest), Some(&resolved.digest))
                    .map_err(fault)?;
                let own = &loaded.info().version;
                if *own != resolved.version.to_string() {
                    return Err(one(format!(
                        "pack `{}`: the registry calls it {}, and the component says that it is {own}; ask its publisher",
                        wanted.name, resolved.version
                    )));
                }
                (loaded, Some(resolved.digest), resolved.signers)
            }
        };
    let mut problems = Vec::new();
    loading::check_version(wanted, loaded.as_ref(), &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let version = &loaded.info().version;
    Ok(LockedPack {
        name: wanted.name.clone(),
        source: wanted.source().map(str::to_owned),
        version: Version::parse(version)
            .map_err(|_| one(format!("`{version}` is no version, as `1.2.3` is")))?,
        constraints: constraints(wanted),
        digest,
        wit: loaded.wit().to_owned(),
        imports: loaded.imports().to_vec(),
        signers,
    })
}

fn registry(options: &LockOptions<'_>, wanted: &Wanted, source: &str) -> Result<Resolved, String> {
    let resolver = options.resolver.ok_or_else(|| {
        format!(
            "pack `{}` is not locked yet, and registries are not asked here; run `gabion lock`",
            wanted.name
        )
    })?;
    let any = Constraint::any();
    resolver.resolve(&Request {
        name: &wanted.name,
        source,
        constraint: wanted
            .versions
            .first()
            .map_or(&any, |constraint| &constraint.value.1),
        signers: wanted.signers.as_ref().map(SignersAsked::from),
        store: options.store.as_ref().map_err(ToString::to_string)?,
    })
}

fn changes(before: &[LockedPack], after: &[LockedPack]) -> Vec<LockChange> {
    let mut names: Vec<&str> = before
        .iter()
        .chain(after)
        .map(|pack| pack.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let find =
        |packs: &[LockedPack], name: &str| packs.iter().find(|pack| pack.name == name).cloned();
    names
        .into_iter()
        .map(|name| LockChange {
            name: name.to_owned(),
            before: find(before, name),
            after: find(after, name),
        })
        .collect()
}
