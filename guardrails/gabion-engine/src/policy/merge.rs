//! The packs and rules in force: the floors and the nearest file together, and what the floors forbid.

use std::path::PathBuf;
use std::sync::Arc;

use gabion_model::{Level, RuleInfo, Scope};
use jiff::{SignedDuration, Timestamp};

use super::constraint::Constraint;
use super::error::{Location, Problem, did_you_mean};
use super::file::{PackBlock, PolicyFile, RuleBlock, Selection};
use super::find::Files;
use super::packs::{LoadedPack, Packs, SessionFault};
use super::syntax::{Literal, Node, Spanned};

/// A pack and how it is to be configured.
pub(super) struct PackInForce {
    pub(super) name: String,
    pub(super) loaded: Arc<dyn LoadedPack>,
    pub(super) settings: serde_json::Value,
    /// Declared by the nearest file alone: it may do with it as it likes.
    pub(super) nearer: bool,
    /// A session made while the settings were checked.
    pub(super) first: Box<dyn gabion_model::Runner>,
}

struct Wanted {
    name: String,
    at: Option<Location>,
    source: Option<(Spanned<String>, PathBuf)>,
    versions: Vec<Spanned<(String, Constraint)>>,
    settings: Option<Node>,
    nearer: bool,
}

const BASELINE: &str = "baseline";

/// Loads every pack that the files name, and the baseline.
pub(super) fn packs(
    files: &Files,
    packs: &dyn Packs,
    problems: &mut Vec<Problem>,
) -> Vec<PackInForce> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for file in &files.floors {
        for block in &file.packs {
            match wanted.iter_mut().find(|pack| pack.name == block.name.value) {
                Some(first) => {
                    let only_version = block.source.is_none()
                        && block.settings.is_none()
                        && block.signers.is_none();
                    if only_version {
                        first.versions.extend(block.version.clone());
                    } else {
                        let other = first
                            .at
                            .as_ref()
                            .map(ToString::to_string)
                            .unwrap_or_default();
                        let message = format!(
                            "pack `{}` is declared by another floor as well, at {other}; only `version` may be added",
                            first.name
                        );
                        problems.push(Problem::at(&block.name.at, message));
                    }
                }
                None => wanted.extend(want(file, block, problems)),
            }
        }
    }
    if let Some(near) = &files.near {
        for block in &near.packs {
            let only_version =
                block.source.is_none() && block.settings.is_none() && block.signers.is_none();
            if let Some(first) = wanted.iter().find(|pack| pack.name == block.name.value) {
                let floor = first
                    .at
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let message = format!(
                    "pack `{}` is declared by the floor at {floor} and cannot be declared again; take this block out",
                    first.name
                );
                problems.push(Problem::at(&block.name.at, message));
            } else if let (true, false, Some(floor)) = (
                block.name.value == BASELINE,
                only_version,
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
                if let Some(pack) = &mut pack {
                    pack.nearer = pack.name != BASELINE || files.floors.is_empty();
                }
                wanted.extend(pack);
            }
        }
    }
    if !wanted.iter().any(|pack| pack.name == BASELINE) {
        let nearer = files.floors.is_empty();
        wanted.insert(
            0,
            Wanted {
                name: BASELINE.to_owned(),
                at: None,
                source: None,
                versions: Vec::new(),
                settings: None,
                nearer,
            },
        );
    }
    wanted
        .into_iter()
        .filter_map(|pack| load(pack, packs, problems))
        .collect()
}

fn want(file: &PolicyFile, block: &PackBlock, problems: &mut Vec<Problem>) -> Option<Wanted> {
    let name = &block.name;
    if let Some(at) = &block.signers {
        problems.push(Problem::at(
            at,
            format!(
                "pack `{}` asks for signatures (`signers`), which this version of gabion cannot check yet; it is not loaded, \
                 as an unchecked pack would not be what the file asks for",
                name.value
            ),
        ));
        return None;
    }
    match &block.source {
        None if name.value != BASELINE => {
            problems.push(Problem::at(
                &name.at,
                format!("pack `{}` has no `source`: only `{BASELINE}` is inside the binary; name the path of a component (`./rules.wasm`)", name.value),
            ));
            return None;
        }
        Some(source) if source.value.starts_with("oci://") => {
            problems.push(Problem::at(
                &source.at,
                format!("`{}`: packs from a registry are not supported yet; download the component and name its path", source.value),
            ));
            return None;
        }
        Some(source) if source.value.contains("://") => {
            let message = format!(
                "`{}` is no source of a pack; name the path of a component (`./rules.wasm`)",
                source.value
            );
            problems.push(Problem::at(&source.at, message));
            return None;
        }
        _ => {}
    }
    Some(Wanted {
        name: name.value.clone(),
        at: Some(name.at.clone()),
        source: block.source.clone().map(|source| {
            let path = file
                .directory
                .join(source.value.strip_prefix("./").unwrap_or(&source.value));
            (source, path)
        }),
        versions: block.version.clone().into_iter().collect(),
        settings: block.settings.clone(),
        nearer: !file.floor,
    })
}

fn load(wanted: Wanted, packs: &dyn Packs, problems: &mut Vec<Problem>) -> Option<PackInForce> {
    let place = |message: String| match (&wanted.source, &wanted.at) {
        (Some((source, _)), _) => Problem::at(&source.at, message),
        (None, Some(at)) => Problem::at(at, message),
        (None, None) => Problem::general(message),
    };
    let result = match &wanted.source {
        Some((_, path)) => packs.file(path),
        None => packs.baseline(),
    };
    let loaded = match result {
        Ok(loaded) => loaded,
        Err(message) => {
            problems.push(place(message));
            return None;
        }
    };
    let version = loaded.info().version.clone();
    for constraint in &wanted.versions {
        let met = semver::Version::parse(&version)
            .is_ok_and(|version| constraint.value.1.matches(&version));
        if !met {
            problems.push(Problem::at(
                &constraint.at,
                format!(
                    "pack `{}` is version {version}, which does not meet `{}`",
                    wanted.name, constraint.value.0
                ),
            ));
        }
    }
    if let Some(settings) = &wanted.settings {
        let found = problems.len();
        check_names(
            &wanted.name,
            settings,
            &loaded.info().settings_schema,
            problems,
        );
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
            problems.push(place(message));
            None
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

/// One rule of one pack, and the blocks that speak of it.
#[derive(Debug)]
pub(super) struct RuleInForce {
    /// Position among the packs.
    pub(super) pack: usize,
    pub(super) info: Arc<RuleInfo>,
    /// One entry for each floor that speaks of the rule.
    pub(super) floors: Vec<(usize, Vec<RuleBlock>)>,
    pub(super) near: Vec<RuleBlock>,
    /// Whether the nearest file may loosen it.
    pub(super) loosen: bool,
    /// Whether an exception of a composite is accepted for it.
    pub(super) exceptions: bool,
    /// Why nearer files cannot waive it; `None` where they can.
    pub(super) no_waiver: Option<String>,
}

/// Every rule of every pack with its blocks; checks everything that names a rule.
pub(super) fn rules(
    files: &Files,
    packs: &[PackInForce],
    now: Timestamp,
    problems: &mut Vec<Problem>,
) -> Vec<RuleInForce> {
    let mut rules: Vec<RuleInForce> = Vec::new();
    for (position, pack) in packs.iter().enumerate() {
        for info in &pack.loaded.info().rules {
            if let Some(other) = rules.iter().find(|rule| rule.info.code == info.code) {
                let other = packs.get(other.pack).map_or("", |pack| pack.name.as_str());
                problems.push(Problem::general(format!(
                    "the packs `{other}` and `{}` both have a rule `{}`; codes are the names that a policy file speaks of, \
                     so only one of the two packs can be used",
                    pack.name, info.code
                )));
                continue;
            }
            let floors = blocks(&files.floors, &info.code);
            // What a floor speaks of is the floor's, whoever declares the pack.
            let nearer = pack.nearer && floors.is_empty();
            rules.push(RuleInForce {
                pack: position,
                info: Arc::new(info.clone()),
                floors,
                near: files
                    .near
                    .iter()
                    .flat_map(|file| of(file, &info.code))
                    .collect(),
                loosen: files.floors.is_empty()
                    || nearer
                    || allowed(files, |allow| &allow.rules, &info.code),
                exceptions: accepts(files, nearer, &info.code),
                no_waiver: files
                    .floors
                    .iter()
                    .find(|floor| {
                        !nearer
                            && !floor
                                .allow
                                .as_ref()
                                .is_some_and(|allow| allow.waivers.contains(&info.code))
                    })
                    .map(|floor| floor.name.to_string()),
            });
        }
    }
    // With a pack missing, "unknown rule" would be said of rules that exist.
    if problems.is_empty() {
        names(files, &rules, problems);
        waived_types(files, &rules, problems);
    }
    floor_rules(files, &rules, problems);
    floor_waivers(files, &rules, now, problems);
    floor_exceptions(files, &rules, packs, problems);
    rules
}

fn blocks(files: &[PolicyFile], code: &str) -> Vec<(usize, Vec<RuleBlock>)> {
    files
        .iter()
        .map(|file| of(file, code).collect())
        .enumerate()
        .filter(|(_, blocks): &(_, Vec<_>)| !blocks.is_empty())
        .collect()
}

fn of<'a>(file: &'a PolicyFile, code: &'a str) -> impl Iterator<Item = RuleBlock> + 'a {
    file.rules
        .iter()
        .filter(move |block| block.code.value == code)
        .cloned()
}

/// Whether every floor allows it.
fn allowed(files: &Files, which: impl Fn(&super::file::Allow) -> &Selection, code: &str) -> bool {
    files.floors.iter().all(|floor| {
        floor
            .allow
            .as_ref()
            .is_some_and(|allow| which(allow).contains(code))
    })
}

fn floor_accepts(files: &Files, code: &str) -> bool {
    files.floors.iter().all(|floor| {
        floor
            .exceptions
            .as_ref()
            .is_some_and(|exceptions| exceptions.accept.contains(code))
    })
}

/// Whether exceptions are accepted for a rule. Without a floor all are, under one none.
fn accepts(files: &Files, nearer: bool, code: &str) -> bool {
    let near = files
        .near
        .as_ref()
        .and_then(|file| file.exceptions.as_ref());
    match near {
        Some(near) => {
            near.accept.contains(code)
                && (nearer
                    || floor_accepts(files, code)
                    || allowed(files, |allow| &allow.exceptions, code))
        }
        None => floor_accepts(files, code),
    }
}

fn names(files: &Files, rules: &[RuleInForce], problems: &mut Vec<Problem>) {
    let known: Vec<&str> = rules.iter().map(|rule| rule.info.code.as_str()).collect();
    let mut check = |code: &Spanned<String>| {
        if !known.contains(&code.value.as_str()) {
            let by_name = rules.iter().find(|rule| rule.info.name == code.value);
            let hint = match by_name {
                Some(rule) => format!("; its code is `{}`", rule.info.code),
                None => did_you_mean(&code.value, known.iter().copied()),
            };
            problems.push(Problem::at(
                &code.at,
                format!(
                    "unknown rule `{}`: no pack in force has it{hint}",
                    code.value
                ),
            ));
        }
    };
    for file in files.floors.iter().chain(&files.near) {
        file.rules.iter().for_each(|block| check(&block.code));
        file.waivers.iter().for_each(|waiver| check(&waiver.rule));
        file.overrides.iter().for_each(|entry| check(&entry.rule));
        let allow = file.allow.iter().flat_map(|allow| {
            [
                &allow.rules,
                &allow.waivers,
                &allow.exceptions,
                &allow.overrides,
            ]
        });
        for selection in allow.chain(file.exceptions.iter().map(|exceptions| &exceptions.accept)) {
            if let Selection::Some(codes) = selection {
                codes.iter().for_each(&mut check);
            }
        }
    }
}

/// A waiver for a type that its rule never judges would lie there and hold nothing.
fn waived_types(files: &Files, rules: &[RuleInForce], problems: &mut Vec<Problem>) {
    for waiver in files
        .floors
        .iter()
        .chain(&files.near)
        .flat_map(|file| &file.waivers)
    {
        let rule = rules
            .iter()
            .find(|rule| rule.info.code == waiver.rule.value);
        let Some(rule) = rule
            .filter(|rule| rule.info.scope == Scope::Change && !rule.info.applies_to.is_empty())
        else {
            continue;
        };
        let types: Vec<&str> = rule
            .info
            .applies_to
            .iter()
            .map(|target| target.resource_type.as_str())
            .map(|name| {
                name.strip_prefix("data.")
                    .or(name.strip_prefix("ephemeral."))
                    .unwrap_or(name)
            })
            .collect();
        let named = waiver.resource.value.as_str();
        if !types.contains(&named) {
            let hint = did_you_mean(named, types.iter().copied());
            let hint = if hint.is_empty() {
                format!("; it judges `{}`", types.join("`, `"))
            } else {
                hint
            };
            problems.push(Problem::at(
                &waiver.resource.at,
                format!(
                    "waiver `{}` is for `{named}`, which rule `{}` does not judge{hint}",
                    waiver.name.value, rule.info.code
                ),
            ));
        }
    }
}

/// What the nearest file says of a floor's rules must not loosen them.
fn floor_rules(files: &Files, rules: &[RuleInForce], problems: &mut Vec<Problem>) {
    for rule in rules.iter().filter(|rule| !rule.loosen) {
        let code = &rule.info.code;
        let said = rule
            .floors
            .iter()
            .flat_map(|(_, blocks)| blocks)
            .max_by_key(|block| block.level.as_ref().map(|level| level.value));
        let held = rule
            .floors
            .iter()
            .flat_map(|(_, blocks)| {
                let always = blocks.iter().any(|block| block.when.is_none());
                let fallback = (!always).then_some(rule.info.level);
                blocks
                    .iter()
                    .map(|block| {
                        block
                            .level
                            .as_ref()
                            .map_or(rule.info.level, |level| level.value)
                    })
                    .chain(fallback)
            })
            .max()
            .unwrap_or(rule.info.level);
        let floor = match said {
            Some(block) => block.code.at.to_string(),
            None => files
                .floors
                .first()
                .map(|floor| format!("{}:1:1", floor.name))
                .unwrap_or_default(),
        };
        for block in &rule.near {
            if let Some(level) = block.level.as_ref().filter(|level| level.value < held) {
                problems.push(Problem::at(
                    &level.at,
                    format!(
                        "rule `{code}` is loosened to `{}`; the floor at {floor} holds it at `{}` and does not allow that (its `allow` block would name it under `rules`)",
                        word(level.value),
                        word(held)
                    ),
                ));
            }
            let extra = [
                block.when.as_ref().map(|_| "when"),
                block.on_unknown.as_ref().map(|_| "on_unknown"),
                block.scope.as_ref().map(|_| "scope"),
            ];
            if !rule.floors.is_empty()
                && let Some(field) = extra.into_iter().flatten().next()
            {
                problems.push(Problem::at(
                    &block.code.at,
                    format!("rule `{code}` is set by the floor at {floor} and cannot be declared again with `{field}`; only a stricter `level` may be said here"),
                ));
            }
        }
    }
}

fn floor_waivers(
    files: &Files,
    rules: &[RuleInForce],
    now: Timestamp,
    problems: &mut Vec<Problem>,
) {
    let Some(near) = &files.near else { return };
    for waiver in &near.waivers {
        let Some(rule) = rules
            .iter()
            .find(|rule| rule.info.code == waiver.rule.value)
        else {
            continue;
        };
        if let Some(floor) = &rule.no_waiver {
            let at = allow_at(files, floor);
            problems.push(Problem::at(
                &waiver.name.at,
                format!("waiver `{}`: the floor at {at} does not allow waivers of `{}` here; ask its owners", waiver.name.value, waiver.rule.value),
            ));
            continue;
        }
        for floor in &files.floors {
            let Some((allow, days)) = floor
                .allow
                .as_ref()
                .and_then(|allow| Some((allow, allow.max_days?)))
            else {
                continue;
            };
            let latest = now
                .saturating_add(SignedDuration::from_hours(i64::from(days) * 24))
                .unwrap_or(Timestamp::MAX);
            if waiver.expires.value > latest {
                problems.push(Problem::at(
                    &waiver.expires.at,
                    format!("waiver `{}` ends more than {days} days from now, the most that the floor at {} allows", waiver.name.value, allow.at),
                ));
            }
        }
    }
    for entry in &near.overrides {
        if !files.floors.is_empty() && !allowed(files, |allow| &allow.overrides, &entry.rule.value)
        {
            let floor = files
                .floors
                .first()
                .map(|floor| floor.name.to_string())
                .unwrap_or_default();
            problems.push(Problem::at(
                &entry.at,
                format!(
                    "the floor at {} does not allow an override of `{}` here",
                    allow_at(files, &floor),
                    entry.rule.value
                ),
            ));
        }
    }
}

fn allow_at(files: &Files, floor: &str) -> String {
    let file = files.floors.iter().find(|file| file.name.as_ref() == floor);
    match file.and_then(|file| file.allow.as_ref()) {
        Some(allow) => allow.at.to_string(),
        None => format!("{floor}:1:1"),
    }
}

fn floor_exceptions(
    files: &Files,
    rules: &[RuleInForce],
    packs: &[PackInForce],
    problems: &mut Vec<Problem>,
) {
    let Some(near) = files
        .near
        .as_ref()
        .and_then(|file| file.exceptions.as_ref())
    else {
        return;
    };
    let Some(floor) = files.floors.first() else {
        return;
    };
    let floor_at = floor.exceptions.as_ref().map_or_else(
        || format!("{}:1:1", floor.name),
        |exceptions| exceptions.at.to_string(),
    );
    let loosened = rules.iter().find(|rule| {
        let nearer = rule.floors.is_empty() && packs.get(rule.pack).is_some_and(|pack| pack.nearer);
        let code = &rule.info.code;
        near.accept.contains(code)
            && !nearer
            && !floor_accepts(files, code)
            && !allowed(files, |allow| &allow.exceptions, code)
    });
    if let Some(rule) = loosened {
        problems.push(Problem::at(
            &near.at,
            format!(
                "exceptions are accepted here for `{}`; the floor at {floor_at} does not accept them and does not allow that",
                rule.info.code
            ),
        ));
    }
}

/// A level as the policy file writes it.
pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::Off => "off",
        Level::Advisory => "advisory",
        Level::Mandatory => "mandatory",
    }
}
