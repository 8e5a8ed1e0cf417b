//! What the caller asks for alone: packs and rules by name, and packs from files that the policy does not name.

use super::error::{PolicyError, Problem, did_you_mean};
use super::loading::PackInForce;
use super::merge::RuleInForce;
use super::options::GuardOptions;
use super::packs::{PackFault, SessionFault};

/// Adds the packs from files, and gives the positions of the packs that are asked; `None` for all.
/// The result is an error where a pack is named that the policy does not have.
pub(super) fn packs(
    options: &GuardOptions,
    packs: &mut Vec<PackInForce>,
    problems: &mut Vec<Problem>,
) -> Result<Option<Vec<usize>>, PolicyError> {
    if options.only_packs.is_empty() && options.extra_packs.is_empty() {
        return Ok(None);
    }
    let mut asked = Vec::new();
    let mut missing = Vec::new();
    for name in &options.only_packs {
        match packs.iter().position(|pack| pack.name == *name) {
            Some(position) => asked.push(position),
            None => {
                let hint = did_you_mean(name, packs.iter().map(|pack| pack.name.as_str()));
                let hint = if hint.is_empty() {
                    "; to ask one that it does not name, give the path of its file".to_owned()
                } else {
                    hint
                };
                missing.push(Problem::general(format!(
                    "the policy has no pack `{name}`{hint}"
                )));
            }
        }
    }
    for path in &options.extra_packs {
        let shown = path.display();
        let loaded = match options.packs.file(&options.directory.join(path), None) {
            Ok(loaded) => loaded,
            Err(PackFault::Failed(message) | PackFault::Digest(message)) => {
                problems.push(Problem::general(message));
                continue;
            }
        };
        let name = loaded.info().name.clone();
        if let Some((position, same)) = packs
            .iter()
            .enumerate()
            .find(|(_, pack)| pack.name == name)
            .map(|(position, pack)| (position, pack.loaded.digest() == loaded.digest()))
        {
            if same {
                asked.push(position);
            } else {
                problems.push(Problem::general(format!(
                    "`{shown}` is a pack `{name}`, and the policy has another one of that name; \
                     ask the policy's with `--pack {name}`, or this one with a policy file that does not name it (`--config FILE`)"
                )));
            }
            continue;
        }
        let settings = serde_json::json!({});
        match loaded.session(&settings) {
            Ok(first) => {
                asked.push(packs.len());
                packs.push(PackInForce {
                    name,
                    at: None,
                    loaded,
                    settings,
                    nearer: true,
                    first,
                });
            }
            Err(SessionFault::Settings(faults)) => {
                problems.extend(faults.into_iter().map(|fault| {
                    let what = if fault.path.is_empty() {
                        "its settings".to_owned()
                    } else {
                        format!("its setting `{}`", fault.path)
                    };
                    Problem::general(format!(
                        "the pack `{shown}` cannot be asked without {what}: {}; give them in a pack block of gabion.hcl",
                        fault.message
                    ))
                }));
            }
            Err(SessionFault::Failed(message)) => problems.push(Problem::general(message)),
        }
    }
    if missing.is_empty() {
        Ok(Some(asked))
    } else {
        Err(PolicyError {
            problems: missing,
            selected_nothing: true,
        })
    }
}

/// A rule that the caller names must be one that exists.
pub(super) fn rules(named: &[String], rules: &[RuleInForce]) -> Result<(), PolicyError> {
    let problems: Vec<Problem> = named
        .iter()
        .filter(|code| !rules.iter().any(|rule| rule.info.code == **code))
        .map(|code| {
            let hint = did_you_mean(code, rules.iter().map(|rule| rule.info.code.as_str()));
            let next = if hint.is_empty() {
                "; `gabion inspect` lists the rules of a pack, `--pack FILE` asks one that the policy does not name"
            } else {
                ""
            };
            Problem::general(format!("no pack in force has a rule `{code}`{hint}{next}"))
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(PolicyError {
            problems,
            selected_nothing: true,
        })
    }
}
