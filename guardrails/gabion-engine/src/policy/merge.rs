//! The rules in force: the floors and the nearest file together, and what the floors forbid.

use std::sync::Arc;

use gabion_model::{Level, RuleInfo, Scope};
use jiff::{SignedDuration, Timestamp};

use super::error::{Problem, did_you_mean};
use super::file::{PolicyFile, RuleBlock, Selection};
use super::find::Files;
use super::levels;
use super::loading::PackInForce;
use super::syntax::Spanned;

/// One rule of one pack, and the blocks that speak of it.
#[derive(Debug)]
pub(super) struct RuleInForce {
    /// Position among the packs.
    pub(super) pack: usize,
    pub(super) info: Arc<RuleInfo>,
    /// The level where no block says one, and where it comes from.
    pub(super) level: Level,
    pub(super) from: String,
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
                let message = format!(
                    "the packs `{other}` and `{}` both have a rule `{}`; codes are the names that a policy file speaks of, \
                     so only one of the two packs can be used",
                    pack.name, info.code
                );
                problems.push(match &pack.at {
                    Some(at) => Problem::at(at, message),
                    None => Problem::general(message),
                });
                continue;
            }
            let floors = blocks(&files.floors, &info.code);
            // What a floor speaks of is the floor's, whoever declares the pack.
            let nearer = pack.nearer && floors.is_empty();
            let (level, from) = levels::default(info, &pack.loaded.info().version);
            rules.push(RuleInForce {
                pack: position,
                info: Arc::new(info.clone()),
                level,
                from,
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
                let fallback = (!always).then_some(rule.level);
                blocks
                    .iter()
                    .map(|block| block.level.as_ref().map_or(rule.level, |level| level.value))
                    .chain(fallback)
            })
            .max()
            .unwrap_or(rule.level);
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
