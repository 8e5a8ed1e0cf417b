//! The guard: packs and policy, loaded once, asked about every change.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gabion_model::{Change, Control, Level, RuleInfo, Runner, Scope};
use jiff::Timestamp;

use super::binding::{Binding, Scene};
use super::constraint::{Constraint, lenient};
use super::error::{Location, PolicyError};
use super::file::{Ratchet, Waiver};
use super::find::Files;
use super::known::{self, KnownViolations};
use super::loading::{self, PackInForce, Places};
use super::merge;
use super::options::GuardOptions;
use super::packs::{LoadedPack, SessionFault};
use super::select;
use super::waivers;

/// Packs and policy. Load it once; it can be asked from many threads.
pub struct Guard {
    pub(super) packs: Vec<PackEntry>,
    pub(super) rules: Vec<RuleEntry>,
    /// Positions in `rules` by resource type; the types of data sources begin with `data.`.
    index: HashMap<String, Vec<usize>>,
    /// Rules for all types.
    anywhere: Vec<usize>,
    pub(super) waivers: HashMap<String, Vec<Waiver>>,
    pub(super) scene: Scene,
    pub(super) contact: Option<String>,
    pub(super) max_days: Option<u32>,
    /// The baseline; `None` where no policy file names one.
    pub(super) known: Option<KnownViolations>,
    baseline: (PathBuf, bool),
    now: Option<Timestamp>,
    warnings: Vec<String>,
    said: Mutex<BTreeSet<String>>,
    /// Where the waivers stand that a finding met.
    used: Mutex<BTreeSet<Location>>,
}

pub(super) struct PackEntry {
    pub(super) name: String,
    pub(super) version: String,
    loaded: Arc<dyn LoadedPack>,
    settings: serde_json::Value,
    idle: Mutex<Vec<Box<dyn Runner>>>,
}

pub(super) struct RuleEntry {
    pub(super) rule: merge::RuleInForce,
    /// The binding, where it is the same for all changes.
    fixed: Option<Binding>,
    /// By resource type: the provider's name and the versions tested with.
    targets: HashMap<String, (String, Option<Arc<Constraint>>)>,
}

/// A rule as the policy holds it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RuleInForce {
    /// `DT08`.
    pub code: String,
    /// `key-without-rotation`.
    pub name: String,
    /// `a key without rotation`.
    pub title: String,
    /// What the pack says of it.
    #[serde(skip)]
    info: Arc<RuleInfo>,
    /// The pack that has it.
    pub pack: String,
    /// That pack's version.
    pub pack_version: String,
    /// `sha256:...` of the pack's component.
    pub pack_digest: String,
    /// The level in force; the strictest, where it depends on the change.
    pub level: Level,
    /// Where the level comes from: `default`, or `gabion.hcl:3:1`.
    pub why: String,
    /// One change at a time, or the whole plan.
    pub scope: Scope,
    /// The controls it gives evidence for.
    pub controls: Vec<Control>,
    /// The resource types it judges; empty for all.
    pub resource_types: Vec<String>,
}

impl RuleInForce {
    /// The rule's page, Markdown.
    pub fn page(&self) -> &str {
        &self.info.page
    }
}

impl Guard {
    /// Finds the policy files, loads the packs, and checks everything that can be checked before a change is seen.
    /// Without any policy file, the baseline pack holds at its defaults.
    ///
    /// # Errors
    /// Everything that is wrong, with file, line and column: a policy holds as a whole or not at all.
    pub fn load(options: GuardOptions) -> Result<Self, PolicyError> {
        let files = Files::read(&options)?;
        let mut problems = Vec::new();
        let now = options.now.unwrap_or_else(Timestamp::now);
        let places = Places {
            packs: options.packs.as_ref(),
            store: &options.store,
        };
        let mut packs = loading::packs(&files, &places, &mut problems);
        let asked = select::packs(&options, &mut packs, &mut problems);
        let mut rules = merge::rules(&files, &packs, now, &mut problems);
        let known = if options.without_baseline {
            None
        } else {
            known::read(&files, &mut problems)
        };
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let mut warnings = waivers::warnings(&files, now);
        warnings.extend(strangers(known.as_ref(), &rules));
        if let Some(asked) = asked? {
            rules.retain(|rule| asked.contains(&rule.pack));
        }
        select::rules(&options.rules, &rules)?;
        let scene = Scene::new(
            &options.directory,
            options.workspace.clone(),
            options.region.clone(),
            files.near.as_ref(),
        );
        let overrides = files
            .floors
            .iter()
            .chain(&files.near)
            .flat_map(|file| &file.overrides)
            .map(|entry| {
                format!(
                    "{}: the override of `{}` holds in `gabion run` only; it changes nothing here",
                    entry.at, entry.rule.value
                )
            });
        warnings.extend(overrides);
        let mut guard = Self {
            packs: packs.into_iter().map(PackEntry::new).collect(),
            rules: Vec::new(),
            index: HashMap::new(),
            anywhere: Vec::new(),
            waivers: HashMap::new(),
            contact: files
                .floors
                .iter()
                .chain(&files.near)
                .find_map(|file| file.contact.clone()),
            max_days: files
                .floors
                .iter()
                .filter_map(|floor| floor.allow.as_ref()?.max_days)
                .min(),
            scene,
            known,
            baseline: known::place(&files, &options.directory),
            now: options.now,
            warnings,
            said: Mutex::new(BTreeSet::new()),
            used: Mutex::new(BTreeSet::new()),
        };
        for waiver in files
            .floors
            .iter()
            .chain(&files.near)
            .flat_map(|file| &file.waivers)
        {
            guard
                .waivers
                .entry(waiver.rule.value.clone())
                .or_default()
                .push(waiver.clone());
        }
        let mut read = HashMap::new();
        for rule in rules {
            if options.rules.is_empty() || options.rules.contains(&rule.info.code) {
                guard.add(rule, &mut read);
            }
        }
        Ok(guard)
    }

    /// Adds a rule. `read` are the versions that were read before: most rules were tested with the same.
    fn add(
        &mut self,
        rule: merge::RuleInForce,
        read: &mut HashMap<String, Option<Arc<Constraint>>>,
    ) {
        let position = self.rules.len();
        let fixed = rule.is_static().then(|| rule.binding(&self.scene, None));
        let info = rule.info.clone();
        if info.scope == Scope::Change
            && fixed
                .as_ref()
                .is_none_or(|binding| binding.level != Level::Off)
        {
            if info.applies_to.is_empty() {
                self.anywhere.push(position);
            }
            for target in &info.applies_to {
                let positions = self.index.entry(target.resource_type.clone()).or_default();
                if positions.last() != Some(&position) {
                    positions.push(position);
                }
            }
        }
        let targets = info
            .applies_to
            .iter()
            .map(|target| {
                let versions = match read.get(&target.versions) {
                    Some(versions) => versions.clone(),
                    None => {
                        let versions = Constraint::parse(&target.versions).ok().map(Arc::new);
                        read.insert(target.versions.clone(), versions.clone());
                        versions
                    }
                };
                let provider = target.provider.clone();
                (target.resource_type.clone(), (provider, versions))
            })
            .collect();
        self.rules.push(RuleEntry {
            rule,
            fixed,
            targets,
        });
    }

    /// All rules of all packs with the level in force, by code.
    pub fn rules(&self) -> Vec<RuleInForce> {
        let mut rules: Vec<RuleInForce> = self
            .rules
            .iter()
            .filter_map(|entry| {
                let pack = self.packs.get(entry.rule.pack)?;
                let binding = self.binding(entry, None);
                let info = &entry.rule.info;
                Some(RuleInForce {
                    code: info.code.clone(),
                    name: info.name.clone(),
                    title: info.title.clone(),
                    info: info.clone(),
                    pack: pack.name.clone(),
                    pack_version: pack.version.clone(),
                    pack_digest: pack.loaded.digest().to_owned(),
                    level: binding.level,
                    why: binding.from,
                    scope: info.scope,
                    controls: info.controls.clone(),
                    resource_types: info
                        .applies_to
                        .iter()
                        .map(|target| target.resource_type.clone())
                        .collect(),
                })
            })
            .collect();
        rules.sort_by(|left, right| left.code.cmp(&right.code));
        rules
    }

    /// What was found while loading and is no error. Sentences.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Where the baseline of the nearest policy file is or would be, and whether the file names it.
    pub fn baseline(&self) -> (&Path, bool) {
        (&self.baseline.0, self.baseline.1)
    }

    /// Remembers that a waiver met a finding.
    pub(super) fn waiver_used(&self, waiver: &Waiver) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(&waiver.name.at) {
            used.insert(waiver.name.at.clone());
        }
    }

    /// Whether a waiver met a finding yet.
    pub(super) fn is_used(&self, waiver: &Waiver) -> bool {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.contains(&waiver.name.at)
    }

    /// Whether any rule could judge a change of this resource type (for a data source, `data.TYPE`).
    pub fn concerns(&self, resource_type: &str) -> bool {
        !self.anywhere.is_empty() || self.index.contains_key(resource_type)
    }

    /// Whether any rule refuses what does not change, too (`scope = "all"`).
    pub fn judges_unchanged(&self) -> bool {
        self.rules.iter().any(|entry| {
            let binding = self.binding(entry, None);
            binding.ratchet == Ratchet::All && binding.level != Level::Off
        })
    }

    /// Whether any rule wants the whole plan of resources of these types. Most plans hold nothing that one judges,
    /// and the graph of a large plan takes memory.
    ///
    /// `types` are as targets name them: `data.TYPE` for a data source, `ephemeral.TYPE` for an ephemeral resource.
    pub fn judges_plans<S: AsRef<str>>(&self, types: impl Iterator<Item = S> + Clone) -> bool {
        self.rules.iter().any(|entry| {
            entry.rule.info.scope == Scope::Plan
                && entry.judges_plan_of(types.clone())
                && self.binding(entry, None).level != Level::Off
        })
    }

    /// The rules that apply to a change, and how each binds it.
    pub(super) fn applicable(&self, change: &Change) -> Vec<(&RuleEntry, Binding)> {
        let typed = self.index.get(&*key(change));
        let positions = typed.into_iter().flatten().chain(&self.anywhere);
        positions
            .filter_map(|position| self.rules.get(*position))
            .map(|entry| (entry, self.binding(entry, Some(change))))
            .filter(|(_, binding)| binding.level != Level::Off)
            .collect()
    }

    pub(super) fn binding(&self, entry: &RuleEntry, change: Option<&Change>) -> Binding {
        entry
            .fixed
            .clone()
            .unwrap_or_else(|| entry.rule.binding(&self.scene, change))
    }

    /// The time that waivers are held against.
    pub(super) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// Whether this is the first time that something is said.
    pub(super) fn say_once(&self, what: &str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        !said.contains(what) && said.insert(what.to_owned())
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let packs: Vec<&str> = self.packs.iter().map(|pack| pack.name.as_str()).collect();
        f.debug_struct("Guard")
            .field("packs", &packs)
            .field("rules", &self.rules.len())
            .finish_non_exhaustive()
    }
}

impl PackEntry {
    fn new(pack: PackInForce) -> Self {
        Self {
            name: pack.name,
            version: pack.loaded.info().version.clone(),
            loaded: pack.loaded,
            settings: pack.settings,
            idle: Mutex::new(vec![pack.first]),
        }
    }

    /// A session that nobody uses; give it back with [`PackEntry::give_back`].
    pub(super) fn lease(&self) -> Result<Box<dyn Runner>, String> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        idle.map_or_else(
            || {
                self.loaded
                    .session(&self.settings)
                    .map_err(|fault| match fault {
                        SessionFault::Failed(message) => message,
                        SessionFault::Settings(faults) => faults
                            .into_iter()
                            .map(|fault| fault.message)
                            .collect::<Vec<_>>()
                            .join("; "),
                    })
            },
            Ok,
        )
    }

    pub(super) fn give_back(&self, session: Box<dyn Runner>) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(session);
    }
}

impl RuleEntry {
    /// Whether a rule on whole plans judges one of these types; without targets it judges every plan.
    pub(super) fn judges_plan_of<S: AsRef<str>>(&self, mut types: impl Iterator<Item = S>) -> bool {
        let targets = &self.rule.info.applies_to;
        targets.is_empty()
            || types.any(|of| {
                targets
                    .iter()
                    .any(|target| target.resource_type == of.as_ref())
            })
    }

    /// The versions tested with, where the change's provider is outside of them.
    pub(super) fn untested<'a>(&'a self, change: &'a Change) -> Option<(&'a str, &'a str)> {
        let (provider, constraint) = self.targets.get(&*key(change))?;
        let version = change.provider_version.as_deref()?;
        let (parsed, _) = lenient(version)?;
        let tested = constraint
            .as_ref()
            .is_none_or(|constraint| constraint.matches(&parsed));
        (!tested).then_some((provider, version))
    }

    /// The versions that the rule was tested with for a change's type, as the pack writes them.
    pub(super) fn versions(&self, change: &Change) -> &str {
        let key = key(change);
        self.rule
            .info
            .applies_to
            .iter()
            .find(|target| target.resource_type == key)
            .map_or("", |target| &target.versions)
    }
}

/// What a baseline says of rules that there are not.
fn strangers<'a>(
    known: Option<&'a KnownViolations>,
    rules: &'a [merge::RuleInForce],
) -> impl Iterator<Item = String> + 'a {
    known
        .into_iter()
        .flat_map(KnownViolations::rules)
        .filter(|code| !rules.iter().any(|rule| rule.info.code == *code))
        .map(|code| {
            format!("the baseline has entries for rule `{code}`, which no pack in force has; write it anew to take them out")
        })
}

pub(super) fn key(change: &Change) -> Cow<'_, str> {
    change.mode.target(&change.resource_type)
}
