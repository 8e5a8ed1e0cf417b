//! Which packs the policy files ask for, and loading them: by the lock, in the version that all of them want, with
//! settings that the pack takes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::constraint::Constraint;
use super::error::{Location, Problem, did_you_mean};
use super::file::{PackBlock, PolicyFile, Signers};
use super::find::{FILE_NAME, Files, read_guarded};
use super::lock::{LockFile, LockedPack};
use super::packs::{Inside, LoadedPack, PackFault, Packs, SessionFault};
use super::signed;
use super::syntax::{Literal, Node, Spanned};
use crate::store::{Digest, Store, StoreError};
use crate::verify;

/// The pack inside the binary.
pub(super) const BASELINE: &str = "baseline";
const REGISTRY: &str = "oci://";

/// A pack and how it is to be configured.
pub(super) struct PackInForce {
    pub(super) name: String,
    /// The name of its block, where a file has one.
    pub(super) at: Option<Location>,
    pub(super) loaded: Arc<dyn LoadedPack>,
    pub(super) settings: serde_json::Value,
    /// Declared by the nearest file alone: it may do with it as it likes.
    pub(super) nearer: bool,
    /// A session made while the settings were checked.
    pub(super) first: Box<dyn gabion_model::Runner>,
}

/// A pack that the files ask for.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) at: Option<Location>,
    pub(super) origin: Origin,
    pub(super) versions: Vec<Spanned<(String, Constraint)>>,
    settings: Option<Node>,
    pub(super) signers: Option<Signers>,
    /// Whether a floor names it: its files must be as safe from others as the floor.
    pub(super) guarded: bool,
    nearer: bool,
    held: Held,
    /// The command that chooses it anew.
    pub(super) upgrade: String,
}

/// Where a pack comes from.
#[derive(Clone)]
pub(super) enum Origin {
    /// The binary.
    Inside,
    /// A file.
    File(Spanned<String>, PathBuf),
    /// A registry, by way of the lock and the store.
    Registry(Spanned<String>),
}

/// What a lock says of a pack.
enum Held {
    /// There is no lock.
    Free,
    /// There is one, of this name, and it does not have the pack.
    Lacking(String),
    By(Location, Box<LockedPack>),
}

/// Where packs are loaded from.
pub(super) struct Places<'a> {
    pub(super) packs: &'a dyn Packs,
    pub(super) store: &'a Result<Store, StoreError>,
}

/// Loads every pack that the files name, and the baseline.
pub(super) fn packs(
    files: &Files,
    places: &Places<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<PackInForce> {
    let wanted = wanted(files, problems);
    for file in files.floors.iter().chain(&files.near) {
        locked_in_vain(file, problems);
    }
    wanted
        .into_iter()
        .filter_map(|pack| load(pack, places, problems))
        .collect()
}

fn wanted(files: &Files, problems: &mut Vec<Problem>) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for file in &files.floors {
        for block in &file.packs {
            match wanted.iter_mut().find(|pack| pack.name == block.name.value) {
                Some(first) if only_version(block) => first.versions.extend(block.version.clone()),
                Some(first) => {
                    let message = format!(
                        "pack `{}` is declared by another floor as well, at {}; only `version` may be added",
                        first.name,
                        shown(first.at.as_ref())
                    );
                    problems.push(Problem::at(&block.name.at, message));
                }
                None => wanted.extend(want(file, block, problems)),
            }
        }
    }
    if let Some(near) = &files.near {
        for block in &near.packs {
            if let Some(first) = wanted.iter().find(|pack| pack.name == block.name.value) {
                let message = format!(
                    "pack `{}` is declared by the floor at {} and cannot be declared again; take this block out",
                    first.name,
                    shown(first.at.as_ref())
                );
                problems.push(Problem::at(&block.name.at, message));
            } else if let (true, false, Some(floor)) = (
                block.name.value == BASELINE,
                only_version(block),
                files.floors.first(),
            ) {
                problems.push(Problem::at(
                    &block.name.at,
                    format!(
                        "pack `{BASELINE}` is in force under the floor at {}:1:1, which does not say how; only `version` may be said of it here",
                        floor.name
                    ),
                ));
            } else {
                let mut pack = want(near, block, problems);
                if let Some(pack) = &mut pack
                    && pack.name == BASELINE
                {
                    pack.nearer = files.floors.is_empty();
                    pack.held = baseline_held(files);
                }
                wanted.extend(pack);
            }
        }
    }
    let declared = |file: &PolicyFile| file.packs.iter().any(|pack| pack.name.value == BASELINE);
    if !files.floors.iter().chain(&files.near).any(declared) {
        let implicit = Wanted {
            name: BASELINE.to_owned(),
            at: None,
            origin: Origin::Inside,
            versions: Vec::new(),
            settings: None,
            signers: None,
            guarded: false,
            nearer: files.floors.is_empty(),
            held: baseline_held(files),
            upgrade: format!("gabion lock --upgrade {BASELINE}"),
        };
        wanted.insert(0, implicit);
    }
    wanted
}

fn only_version(block: &PackBlock) -> bool {
    block.source.is_none() && block.settings.is_none() && block.signers.is_none()
}

fn shown(at: Option<&Location>) -> String {
    at.map(ToString::to_string).unwrap_or_default()
}

/// A pack as one file declares it.
pub(super) fn want(
    file: &PolicyFile,
    block: &PackBlock,
    problems: &mut Vec<Problem>,
) -> Option<Wanted> {
    let name = &block.name;
    let origin = match &block.source {
        None if name.value == BASELINE => Origin::Inside,
        None => {
            problems.push(Problem::at(
                &name.at,
                format!(
                    "pack `{}` has no `source`: only `{BASELINE}` is inside the binary; name the path of a component \
                     (`./rules.wasm`) or a registry (`oci://registry.example.com/acme/guardrails`)",
                    name.value
                ),
            ));
            return None;
        }
        Some(source) if source.value.starts_with(REGISTRY) => Origin::Registry(source.clone()),
        Some(source) if source.value.contains("://") => {
            let message = format!(
                "`{}` is no source of a pack; name the path of a component (`./rules.wasm`) or a registry (`oci://...`)",
                source.value
            );
            problems.push(Problem::at(&source.at, message));
            return None;
        }
        Some(source) => {
            let below = source.value.strip_prefix("./").unwrap_or(&source.value);
            Origin::File(source.clone(), file.directory.join(below))
        }
    };
    Some(Wanted {
        name: name.value.clone(),
        at: Some(name.at.clone()),
        origin,
        versions: block.version.clone().into_iter().collect(),
        settings: block.settings.clone(),
        signers: block.signers.clone(),
        guarded: file.floor,
        nearer: !file.floor,
        held: held(file.lock.as_ref(), &name.value),
        upgrade: if Path::new(file.name.as_ref()).ends_with(FILE_NAME) {
            format!("gabion lock --upgrade {}", name.value)
        } else {
            format!(
                "gabion lock --config {} --upgrade {}",
                file.name, name.value
            )
        },
    })
}

fn held(lock: Option<&LockFile>, name: &str) -> Held {
    match lock {
        None => Held::Free,
        Some(lock) => match lock.get(name) {
            Some((at, pack)) => Held::By(at.clone(), Box::new(pack.clone())),
            None => Held::Lacking(lock.name.clone()),
        },
    }
}

/// What holds the baseline where no floor declares it: a floor's lock that has it, else the nearest file's.
fn baseline_held(files: &Files) -> Held {
    let floor = files
        .floors
        .iter()
        .filter_map(|floor| floor.lock.as_ref())
        .find(|lock| lock.get(BASELINE).is_some());
    let near = || files.near.as_ref().and_then(|near| near.lock.as_ref());
    held(floor.or_else(near), BASELINE)
}

/// Packs that a lock names and its policy file does not have.
fn locked_in_vain(file: &PolicyFile, problems: &mut Vec<Problem>) {
    let names = || file.packs.iter().map(|pack| pack.name.value.as_str());
    for (at, pack) in file.lock.iter().flat_map(|lock| &lock.packs) {
        if pack.name != BASELINE && !names().any(|name| name == pack.name) {
            problems.push(Problem::at(
                at,
                format!(
                    "pack `{}` is locked, and {} does not have it{}; run `gabion lock` if it was taken out",
                    pack.name,
                    file.name,
                    did_you_mean(&pack.name, names())
                ),
            ));
        }
    }
}

impl Wanted {
    /// A problem, at the most telling place.
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        match (&self.origin, &self.at) {
            (Origin::File(source, _) | Origin::Registry(source), _) => {
                Problem::at(&source.at, message)
            }
            (Origin::Inside, Some(at)) => Problem::at(at, message),
            (Origin::Inside, None) => Problem::general(message),
        }
    }

    /// The command that renews its lock and chooses nothing anew.
    pub(super) fn lock_command(&self) -> &str {
        let chooses = self.upgrade.find(" --upgrade");
        chooses
            .and_then(|at| self.upgrade.get(..at))
            .unwrap_or("gabion lock")
    }

    /// What the block says under `source`.
    pub(super) fn source(&self) -> Option<&str> {
        match &self.origin {
            Origin::Inside => None,
            Origin::File(source, _) | Origin::Registry(source) => Some(&source.value),
        }
    }

    /// The version of the pack inside the binary that all constraints want: its own where there are none.
    pub(super) fn choose(&self, inside: &[Inside]) -> Result<Inside, String> {
        let own = inside
            .last()
            .ok_or_else(|| format!("there is no `{BASELINE}` in this gabion"))?;
        let met = |inside: &&Inside| {
            self.versions
                .iter()
                .all(|constraint| constraint.value.1.matches(&inside.version))
        };
        if self.versions.is_empty() {
            return Ok(own.clone());
        }
        inside
            .iter()
            .filter(met)
            .max_by(|left, right| left.version.cmp_precedence(&right.version))
            .cloned()
            .ok_or_else(|| {
                let constraints: Vec<&str> = self
                    .versions
                    .iter()
                    .map(|constraint| constraint.value.0.as_str())
                    .collect();
                format!(
                    "this gabion has pack `{BASELINE}` in {}, which does not meet `{}`; change the constraint, or use \
                     another gabion",
                    versions(inside),
                    constraints.join(", ")
                )
            })
    }
}

/// The versions that are in the binary, for a sentence.
fn versions(inside: &[Inside]) -> String {
    let all: Vec<String> = inside
        .iter()
        .map(|inside| inside.version.to_string())
        .collect();
    let word = if all.len() == 1 {
        "version"
    } else {
        "versions"
    };
    format!("{word} {}", all.join(", "))
}

fn load(wanted: Wanted, places: &Places<'_>, problems: &mut Vec<Problem>) -> Option<PackInForce> {
    let loaded = match component(&wanted, places) {
        Ok(loaded) => loaded,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let met = problems.len();
    check_version(&wanted, loaded.as_ref(), problems);
    if let (Held::By(at, _), Some(misfits)) = (&wanted.held, problems.get_mut(met..)) {
        for problem in misfits {
            let remedy = format!(
                "; the lock at {at} holds it there, run `{}`",
                wanted.upgrade
            );
            problem.message.push_str(&remedy);
        }
    }
    if let Some(settings) = &wanted.settings {
        let found = problems.len();
        let schema = &loaded.info().settings_schema;
        check_names(&wanted.name, settings, schema, problems);
        if problems.len() > found {
            return None;
        }
    }
    let settings = wanted
        .settings
        .as_ref()
        .map_or_else(|| serde_json::json!({}), |node| node.value.to_json());
    match loaded.session(&settings) {
        Ok(first) => Some(PackInForce {
            name: wanted.name,
            at: wanted.at,
            loaded,
            settings,
            nearer: wanted.nearer,
            first,
        }),
        Err(SessionFault::Settings(faults)) => {
            for fault in faults {
                let at = wanted
                    .settings
                    .as_ref()
                    .map(|node| setting_at(node, &fault.path))
                    .or(wanted.at.as_ref());
                let what = if fault.path.is_empty() {
                    "its settings".to_owned()
                } else {
                    format!("its setting `{}`", fault.path)
                };
                let message = format!(
                    "pack `{}` does not take {what}: {}",
                    wanted.name, fault.message
                );
                let problem = at.map_or_else(
                    || Problem::general(message.clone()),
                    |at| Problem::at(at, message.clone()),
                );
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
            None
        }
        Err(SessionFault::Failed(message)) => {
            problems.push(wanted.problem(message));
            None
        }
    }
}

/// The component, as the lock has it where there is one.
fn component(wanted: &Wanted, places: &Places<'_>) -> Result<Arc<dyn LoadedPack>, Problem> {
    let (name, packs) = (&wanted.name, places.packs);
    let lock = match &wanted.held {
        Held::Free => None,
        Held::By(at, pack) => Some((at, pack.as_ref())),
        Held::Lacking(lock) => {
            return Err(wanted.problem(format!(
                "pack `{name}` is not locked: `{lock}` does not have it; run `gabion lock`"
            )));
        }
    };
    if let Some((at, locked)) = lock
        && locked.source.as_deref() != wanted.source()
    {
        let words = |source: Option<&str>| {
            source.map_or_else(|| "the binary".to_owned(), |source| format!("`{source}`"))
        };
        return Err(wanted.problem(format!(
            "pack `{name}` comes from {} here, and the lock at {at} has it from {}; if that is wanted, run `{}`",
            words(wanted.source()),
            words(locked.source.as_deref()),
            wanted.upgrade
        )));
    }
    let pin = lock.and_then(|(_, locked)| locked.digest.as_ref());
    let loaded = match (&wanted.origin, lock) {
        (Origin::Inside, _) if wanted.signers.is_some() => {
            return Err(signed::check(wanted, None, lock)
                .err()
                .unwrap_or_else(|| wanted.problem("the pack inside the binary is not signed")));
        }
        (Origin::Inside, None) => {
            let inside = packs.baselines();
            wanted
                .choose(&inside)
                .map_err(PackFault::Failed)
                .and_then(|chosen| packs.baseline(&chosen.version, None))
        }
        (Origin::Inside, Some((at, locked))) => {
            let inside = packs.baselines();
            if inside.iter().any(|inside| inside.version == locked.version) {
                packs.baseline(&locked.version, pin)
            } else {
                Err(PackFault::Failed(format!(
                    "pack `{name}` is locked at {at} in version {}, and this gabion has it in {}; \
                     use a gabion that has it, or run `{}`",
                    locked.version,
                    versions(&inside),
                    wanted.upgrade
                )))
            }
        }
        (Origin::File(_, path), _) => {
            signed::check(wanted, None, lock)?;
            guarded(wanted, path, pin).and_then(|pin| packs.file(path, pin.as_ref()))
        }
        (Origin::Registry(source), None) => Err(PackFault::Failed(format!(
            "pack `{name}` comes from a registry, `{}`, and nothing says which bytes: run `gabion lock`",
            source.value
        ))),
        (Origin::Registry(_), Some((at, locked))) => {
            let store = places.store.as_ref();
            let store = store.map_err(|error| wanted.problem(error.to_string()))?;
            let digest = locked.digest.as_ref();
            let digest = digest.ok_or_else(|| wanted.problem("the lock has no digest for it"))?;
            if !store.has(digest) {
                return Err(wanted.problem(format!(
                    "pack `{name}` is locked at {at} as `{digest}`, which is not in the store of packs `{}`; \
                     run `gabion pull`, which alone uses the network",
                    store.folder().display()
                )));
            }
            signed::check(wanted, Some(store), lock)?;
            packs.file(&store.path(digest), pin)
        }
    };
    let loaded = loaded.map_err(|fault| wanted.problem(said(wanted, lock, places, fault)))?;
    if let Some((at, locked)) = lock {
        held_to(wanted, at, locked, loaded.as_ref())?;
    }
    Ok(loaded)
}

/// What a pack from a file is to be held to. One that a floor names is looked at as the floor is, and what was looked
/// at is what may be loaded.
fn guarded(
    wanted: &Wanted,
    path: &Path,
    pin: Option<&Digest>,
) -> Result<Option<Digest>, PackFault> {
    if !wanted.guarded {
        return Ok(pin.copied());
    }
    let bytes = read_guarded(path, verify::LARGEST).map_err(|reason| {
        PackFault::Failed(format!("pack `{}` of the floor {reason}", wanted.name))
    })?;
    Ok(Some(pin.copied().unwrap_or_else(|| Digest::of(&bytes))))
}

fn said(
    wanted: &Wanted,
    lock: Option<(&Location, &LockedPack)>,
    places: &Places<'_>,
    fault: PackFault,
) -> String {
    let name = &wanted.name;
    let (found, at, expected) = match (fault, lock) {
        (PackFault::Failed(message), _) => return message,
        (PackFault::Digest(found), lock) => (
            found,
            lock.map(|(at, _)| at.to_string()).unwrap_or_default(),
            lock.and_then(|(_, locked)| locked.digest)
                .map(|digest| digest.to_string())
                .unwrap_or_default(),
        ),
    };
    match (&wanted.origin, places.store) {
        (Origin::Registry(_), Ok(store)) => format!(
            "pack `{name}` is not what the lock at {at} holds: its file in the store of packs `{}` has the digest `{found}`, and \
             `{expected}` is locked; the file was changed or cut off: run `gabion pull`",
            store.folder().display()
        ),
        _ => format!(
            "pack `{name}` is not what the lock at {at} holds: it has the digest `{found}`, and `{expected}` is locked; \
             if the change is wanted, run `{}`",
            wanted.upgrade
        ),
    }
}

/// Whether the component says of itself what the lock says of it. With the right digest only a lock that somebody
/// edited does not.
fn held_to(
    wanted: &Wanted,
    at: &Location,
    locked: &LockedPack,
    loaded: &dyn LoadedPack,
) -> Result<(), Problem> {
    let version = &loaded.info().version;
    let what = if *version != locked.version.to_string() {
        format!("version {}, and the component is {version}", locked.version)
    } else if locked.digest.is_some() && locked.wit != loaded.wit() {
        format!(
            "`gabion:guardrail` {}, and the component is made for {}",
            locked.wit,
            loaded.wit()
        )
    } else if locked.digest.is_some() && locked.imports != loaded.imports() {
        format!(
            "imports of `{}`, and the component has `{}`",
            locked.imports.join("`, `"),
            loaded.imports().join("`, `")
        )
    } else {
        return Ok(());
    };
    Err(wanted.problem(format!(
        "the lock at {at} says {what}: it was changed by hand; run `{}`",
        wanted.upgrade
    )))
}

/// Whether the component's own version meets every constraint.
pub(super) fn check_version(wanted: &Wanted, loaded: &dyn LoadedPack, problems: &mut Vec<Problem>) {
    let version = &loaded.info().version;
    for constraint in &wanted.versions {
        let met = semver::Version::parse(version)
            .is_ok_and(|version| constraint.value.1.matches(&version));
        if !met {
            let message = format!(
                "pack `{}` is version {version}, which does not meet `{}`",
                wanted.name, constraint.value.0
            );
            problems.push(Problem::at(&constraint.at, message));
        }
    }
}

/// Names of settings that the pack's schema does not have.
fn check_names(pack: &str, settings: &Node, schema: &str, problems: &mut Vec<Problem>) {
    let Ok(schema) = serde_json::from_str::<serde_json::Value>(schema) else {
        return;
    };
    let open = schema
        .get("additionalProperties")
        .is_some_and(|value| value != &serde_json::Value::Bool(false));
    let Literal::Object(items) = &settings.value else {
        return;
    };
    if open {
        return;
    }
    let known: Vec<&str> = schema
        .get("properties")
        .and_then(serde_json::Value::as_object)
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default();
    for (name, _) in items
        .iter()
        .filter(|(name, _)| !known.contains(&name.value.as_str()))
    {
        let hint = match known.as_slice() {
            [] => "; it takes none".to_owned(),
            _ => did_you_mean(&name.value, known.iter().copied()),
        };
        problems.push(Problem::at(
            &name.at,
            format!("unknown setting `{}` of pack `{pack}`{hint}", name.value),
        ));
    }
}

/// Where a setting is written: as deep as its path can be followed.
fn setting_at<'a>(node: &'a Node, path: &str) -> &'a Location {
    let mut at = node;
    for name in path.split(['.', '[', ']']).filter(|name| !name.is_empty()) {
        let next = match &at.value {
            Literal::Object(items) => items
                .iter()
                .find(|(key, _)| key.value == name)
                .map(|(_, node)| node),
            Literal::List(items) => name
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index)),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    &at.at
}
