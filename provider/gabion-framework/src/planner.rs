//! What an object becomes: defaults, unknowns, values kept from the state; and the checks that Terraform
//! core makes of the result.
//!
//! All values here went through [`Conform`](crate::object::Conform): every attribute is there, and sets
//! are sorted, so equal values are equal.

use std::collections::BTreeMap;

use gabion_plugin::dynamic::Dynamic;

use crate::diag::Diagnostics;
use crate::object::Conform;
use crate::path::{Path, Step};
use crate::schema::{Attribute, AttributeKind, Body, Nesting, Schema};

/// What computed attributes become that the configuration leaves null and that have no default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Computed {
    /// As they are in the state.
    Keep,
    /// Unknown, unless the schema keeps the state's value.
    Unknown,
}

/// The planned object. Equal to `prior` when nothing but computed values would change.
pub(crate) fn propose(schema: &Schema, prior: Option<&Dynamic>, config: &Dynamic) -> Dynamic {
    let body = schema.body();
    let finish = |value| Conform::state().body(body, value, &Path::empty());
    if let Some(prior) = prior {
        let kept = finish(fill(body, config, Some(prior), Computed::Keep));
        if kept == *prior {
            return kept;
        }
    }
    finish(fill(body, config, prior, Computed::Unknown))
}

/// `config` is an object, null or unknown.
fn fill(body: Body<'_>, config: &Dynamic, prior: Option<&Dynamic>, computed: Computed) -> Dynamic {
    let Dynamic::Map(fields) = config else {
        return config.clone();
    };
    let null = Dynamic::Null;
    let of_prior = |name: &str| prior.and_then(|prior| prior.get(name));
    let attributes = body.attributes.iter().map(|attribute| {
        let value = fields.get(&attribute.name).unwrap_or(&null);
        let prior = of_prior(&attribute.name);
        (
            attribute.name.clone(),
            fill_attribute(attribute, value, prior, computed),
        )
    });
    let blocks = body.blocks.iter().map(|block| {
        let value = fields.get(&block.name).unwrap_or(&null);
        let prior = of_prior(&block.name);
        (
            block.name.clone(),
            fill_nested(block.nesting, block.body(), value, prior, computed),
        )
    });
    Dynamic::Map(attributes.chain(blocks).collect())
}

fn fill_attribute(
    attribute: &Attribute,
    config: &Dynamic,
    prior: Option<&Dynamic>,
    computed: Computed,
) -> Dynamic {
    if attribute.write_only {
        return Dynamic::Null;
    }
    let value = match (config, &attribute.default) {
        (Dynamic::Null, Some(default)) => default,
        (Dynamic::Null, None) if attribute.computed => {
            return match (computed, prior) {
                (Computed::Keep, Some(prior)) => prior.clone(),
                (Computed::Unknown, Some(prior))
                    if attribute.use_state_for_unknown && !prior.is_null() =>
                {
                    prior.clone()
                }
                _ => Dynamic::Unknown,
            };
        }
        (config, _) => config,
    };
    match &attribute.kind {
        AttributeKind::Plain(_) => value.clone(),
        AttributeKind::Nested(nesting, attributes) => {
            fill_nested(*nesting, Body::nested(attributes), value, prior, computed)
        }
    }
}

fn fill_nested(
    nesting: Nesting,
    body: Body<'_>,
    config: &Dynamic,
    prior: Option<&Dynamic>,
    computed: Computed,
) -> Dynamic {
    match (nesting, config) {
        (Nesting::Single, config) => {
            let prior = prior.filter(|prior| matches!(prior, Dynamic::Map(_)));
            fill(body, config, prior, computed)
        }
        (Nesting::List, Dynamic::List(items)) => {
            let before = list(prior);
            Dynamic::List(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| fill(body, item, before.get(index), computed))
                    .collect(),
            )
        }
        (Nesting::Set, Dynamic::List(items)) => {
            let mut before: Vec<&Dynamic> = list(prior).iter().collect();
            Dynamic::List(
                items
                    .iter()
                    .map(|item| {
                        // Elements of a set have no name: one that was configured like this is the same.
                        let same = before.iter().position(|candidate| {
                            fill(body, item, Some(candidate), Computed::Keep) == **candidate
                        });
                        let prior = same.map(|index| before.remove(index));
                        fill(body, item, prior, computed)
                    })
                    .collect(),
            )
        }
        (Nesting::Map, Dynamic::Map(items)) => Dynamic::Map(
            items
                .iter()
                .map(|(key, item)| {
                    let prior = prior.and_then(|prior| prior.get(key));
                    (key.clone(), fill(body, item, prior, computed))
                })
                .collect(),
        ),
        (_, config) => config.clone(),
    }
}

fn list(value: Option<&Dynamic>) -> &[Dynamic] {
    match value {
        Some(Dynamic::List(items)) => items,
        _ => &[],
    }
}

/// Puts back into a plan what a typed model could not hold: whole blocks and nested objects that are not
/// known yet, and collections of which only a part is known. `filled` is the plan before the model saw it.
pub(crate) fn restore(
    body: Body<'_>,
    config: &Dynamic,
    filled: &Dynamic,
    planned: Dynamic,
) -> Dynamic {
    let (Dynamic::Map(config), Dynamic::Map(filled)) = (config, filled) else {
        return if config.is_unknown() && all_unknown(&planned) {
            Dynamic::Unknown
        } else {
            planned
        };
    };
    let Dynamic::Map(mut planned) = planned else {
        return planned;
    };
    let null = Dynamic::Null;
    for attribute in body.attributes {
        let Some(value) = planned.get_mut(&attribute.name) else {
            continue;
        };
        let config = config.get(&attribute.name).unwrap_or(&null);
        let filled = filled.get(&attribute.name).unwrap_or(&null);
        if value.is_unknown() && !config.is_null() {
            *value = filled.clone();
        } else if let AttributeKind::Nested(nesting, attributes) = &attribute.kind {
            let body = Body::nested(attributes);
            *value = restore_nested(*nesting, body, config, filled, std::mem::take(value));
        }
    }
    for block in body.blocks {
        let Some(value) = planned.get_mut(&block.name) else {
            continue;
        };
        let config = config.get(&block.name).unwrap_or(&null);
        let filled = filled.get(&block.name).unwrap_or(&null);
        *value = if config.is_unknown() {
            Dynamic::Unknown
        } else if value.is_unknown() && !config.is_null() {
            filled.clone()
        } else {
            let body = block.body();
            restore_nested(block.nesting, body, config, filled, std::mem::take(value))
        };
    }
    Dynamic::Map(planned)
}

fn restore_nested(
    nesting: Nesting,
    body: Body<'_>,
    config: &Dynamic,
    filled: &Dynamic,
    planned: Dynamic,
) -> Dynamic {
    match (nesting, config, filled, planned) {
        (Nesting::Single, config, filled, planned) => restore(body, config, filled, planned),
        (Nesting::List, Dynamic::List(config), Dynamic::List(filled), Dynamic::List(planned))
            if config.len() == planned.len() && filled.len() == planned.len() =>
        {
            Dynamic::List(
                config
                    .iter()
                    .zip(filled)
                    .zip(planned)
                    .map(|((config, filled), planned)| restore(body, config, filled, planned))
                    .collect(),
            )
        }
        (Nesting::Set, _, Dynamic::List(filled), Dynamic::List(planned))
            if filled.len() == planned.len()
                && filled.iter().any(|item| !item.is_wholly_known()) =>
        {
            restore_set(body, filled, planned)
        }
        (Nesting::Map, Dynamic::Map(config), Dynamic::Map(filled), Dynamic::Map(planned)) => {
            let null = Dynamic::Null;
            Dynamic::Map(
                planned
                    .into_iter()
                    .map(|(key, item)| {
                        let config = config.get(&key).unwrap_or(&null);
                        let filled = filled.get(&key).unwrap_or(&null);
                        let item = restore(body, config, filled, item);
                        (key, item)
                    })
                    .collect(),
            )
        }
        (_, _, _, planned) => planned,
    }
}

/// A model keeps the order of a set, so elements are matched by position; what does not match is left to
/// the check of the plan.
fn restore_set(body: Body<'_>, filled: &[Dynamic], planned: Vec<Dynamic>) -> Dynamic {
    Dynamic::List(
        filled
            .iter()
            .zip(planned)
            .map(|(filled, planned)| {
                if filled.is_unknown() && all_unknown(&planned) {
                    Dynamic::Unknown
                } else {
                    restore(body, filled, filled, planned)
                }
            })
            .collect(),
    )
}

fn all_unknown(value: &Dynamic) -> bool {
    match value {
        Dynamic::Unknown => true,
        Dynamic::List(items) => !items.is_empty() && items.iter().all(all_unknown),
        // Write-only attributes are null in every plan.
        Dynamic::Map(items) => items
            .values()
            .all(|item| item.is_null() || all_unknown(item)),
        _ => false,
    }
}

/// Checks a plan as Terraform core will, with messages that name the attribute and never its value.
pub(crate) fn check(
    body: Body<'_>,
    prior: Option<&Dynamic>,
    config: &Dynamic,
    planned: &Dynamic,
    path: &Path,
    diags: &mut Diagnostics,
) {
    let (Dynamic::Map(config), Dynamic::Map(planned)) = (config, planned) else {
        if planned != config {
            fault(path, diags, "is planned as something else than configured");
        }
        return;
    };
    let null = Dynamic::Null;
    let field = |fields: &BTreeMap<String, Dynamic>, name: &str| {
        fields.get(name).cloned().unwrap_or(Dynamic::Null)
    };
    for attribute in body.attributes {
        let config = config.get(&attribute.name).unwrap_or(&null);
        let planned = planned.get(&attribute.name).unwrap_or(&null);
        let prior = prior.and_then(|prior| prior.get(&attribute.name));
        let path = path.attribute(attribute.name.clone());
        check_attribute(attribute, prior, config, planned, &path, diags);
    }
    for block in body.blocks {
        let config = field(config, &block.name);
        let planned = field(planned, &block.name);
        let prior = prior.and_then(|prior| prior.get(&block.name));
        let path = path.attribute(block.name.clone());
        if config.is_unknown() {
            if !planned.is_unknown() {
                fault(
                    &path,
                    diags,
                    "is planned as known, but its blocks are not known yet",
                );
            }
            continue;
        }
        check_nested(
            block.nesting,
            block.body(),
            prior,
            &config,
            &planned,
            &path,
            diags,
        );
    }
}

fn check_attribute(
    attribute: &Attribute,
    prior: Option<&Dynamic>,
    config: &Dynamic,
    planned: &Dynamic,
    path: &Path,
    diags: &mut Diagnostics,
) {
    if attribute.write_only {
        if !planned.is_null() {
            fault(path, diags, "is write-only, but planned to be stored");
        }
        return;
    }
    if planned == config || (config.is_null() && attribute.computed) {
        return;
    }
    if config.is_null() {
        fault(
            path,
            diags,
            "is not configured and not computed, but planned with a value",
        );
        return;
    }
    if let AttributeKind::Nested(nesting, attributes) = &attribute.kind {
        let body = Body::nested(attributes);
        check_nested(*nesting, body, prior, config, planned, path, diags);
        return;
    }
    // Core allows this: the resource finds that the configuration says the same in other words.
    let same_as_before = prior.is_some_and(|prior| !prior.is_null() && prior == planned);
    if !same_as_before {
        fault(path, diags, "is planned as something else than configured");
    }
}

fn check_nested(
    nesting: Nesting,
    body: Body<'_>,
    prior: Option<&Dynamic>,
    config: &Dynamic,
    planned: &Dynamic,
    path: &Path,
    diags: &mut Diagnostics,
) {
    match (nesting, config, planned) {
        (Nesting::Single, config, planned) => {
            let prior = prior.filter(|prior| matches!(prior, Dynamic::Map(_)));
            check(body, prior, config, planned, path, diags);
        }
        (Nesting::List, Dynamic::List(config), Dynamic::List(planned)) => {
            if config.len() != planned.len() {
                fault(
                    path,
                    diags,
                    "is planned with another number of elements than configured",
                );
                return;
            }
            let before = list(prior);
            for (index, (config, planned)) in config.iter().zip(planned).enumerate() {
                check(
                    body,
                    before.get(index),
                    config,
                    planned,
                    &path.index(index),
                    diags,
                );
            }
        }
        (Nesting::Set, Dynamic::List(config), Dynamic::List(planned)) => {
            let before = list(prior);
            let fits = |config: &Dynamic, planned: &Dynamic| {
                let mut candidates: Vec<Option<&Dynamic>> = before.iter().map(Some).collect();
                candidates.push(None);
                candidates.into_iter().any(|prior| {
                    let mut scratch = Diagnostics::new();
                    check(body, prior, config, planned, path, &mut scratch);
                    scratch.is_empty()
                })
            };
            let all_there = config
                .iter()
                .all(|config| planned.iter().any(|planned| fits(config, planned)));
            let none_more = planned
                .iter()
                .all(|planned| config.iter().any(|config| fits(config, planned)));
            if !all_there || !none_more {
                fault(
                    path,
                    diags,
                    "is planned with other elements than configured",
                );
            }
        }
        (Nesting::Map, Dynamic::Map(config), Dynamic::Map(planned)) => {
            if !config.keys().eq(planned.keys()) {
                fault(path, diags, "is planned with other keys than configured");
                return;
            }
            for (key, config) in config {
                let prior = prior.and_then(|prior| prior.get(key));
                let planned = planned.get(key).unwrap_or(&Dynamic::Null);
                check(body, prior, config, planned, &path.key(key.clone()), diags);
            }
        }
        (_, config, planned) => {
            if config != planned {
                fault(path, diags, "is planned as something else than configured");
            }
        }
    }
}

fn fault(path: &Path, diags: &mut Diagnostics, what: &str) {
    let detail = format!("`{path}` {what}. This is a fault of the provider: please report it.");
    if path.is_empty() {
        diags.error("Invalid plan", detail);
    } else {
        diags.error_at(path.clone(), "Invalid plan", detail);
    }
}

/// The paths whose change replaces the object.
pub(crate) fn replacements(
    schema: &Schema,
    prior: &Dynamic,
    planned: &Dynamic,
    asked: &[Path],
) -> Vec<Path> {
    let mut found = Vec::new();
    replacing(
        schema.body(),
        Some(prior),
        planned,
        &Path::empty(),
        &mut found,
    );
    for path in asked {
        let before = at(prior, path).unwrap_or(&Dynamic::Null);
        let after = at(planned, path).unwrap_or(&Dynamic::Null);
        if differ(before, after) && !found.contains(path) {
            found.push(path.clone());
        }
    }
    found
}

fn differ(before: &Dynamic, after: &Dynamic) -> bool {
    before != after || !after.is_wholly_known()
}

fn replacing(
    body: Body<'_>,
    prior: Option<&Dynamic>,
    planned: &Dynamic,
    path: &Path,
    found: &mut Vec<Path>,
) {
    let null = Dynamic::Null;
    for attribute in body.attributes {
        let before = prior
            .and_then(|prior| prior.get(&attribute.name))
            .unwrap_or(&null);
        let after = planned.get(&attribute.name).unwrap_or(&null);
        let path = path.attribute(attribute.name.clone());
        if attribute.requires_replace {
            if differ(before, after) {
                found.push(path);
            }
        } else if let AttributeKind::Nested(nesting, attributes) = &attribute.kind {
            replacing_nested(
                *nesting,
                Body::nested(attributes),
                before,
                after,
                &path,
                found,
            );
        }
    }
    for block in body.blocks {
        let before = prior
            .and_then(|prior| prior.get(&block.name))
            .unwrap_or(&null);
        let after = planned.get(&block.name).unwrap_or(&null);
        let path = path.attribute(block.name.clone());
        replacing_nested(block.nesting, block.body(), before, after, &path, found);
    }
}

fn replacing_nested(
    nesting: Nesting,
    body: Body<'_>,
    before: &Dynamic,
    after: &Dynamic,
    path: &Path,
    found: &mut Vec<Path>,
) {
    match (nesting, after) {
        (Nesting::Single, Dynamic::Map(_)) => replacing(body, Some(before), after, path, found),
        (Nesting::List, Dynamic::List(items)) => {
            let before = list(Some(before));
            for (index, item) in items.iter().enumerate() {
                replacing(body, before.get(index), item, &path.index(index), found);
            }
        }
        (Nesting::Map, Dynamic::Map(items)) => {
            for (key, item) in items {
                replacing(body, before.get(key), item, &path.key(key.clone()), found);
            }
        }
        (Nesting::Set, Dynamic::List(items)) => {
            // Without names for elements: an element that is new in what requires replacement.
            let before = list(Some(before));
            let is_new = |item: &Dynamic| {
                let against = |prior: Option<&Dynamic>| {
                    let mut inner = Vec::new();
                    replacing(body, prior, item, path, &mut inner);
                    !inner.is_empty()
                };
                against(None) && before.iter().all(|prior| against(Some(prior)))
            };
            if items.iter().any(is_new) {
                found.push(path.clone());
            }
        }
        _ => {}
    }
}

/// The value at a path; none where the path leads nowhere.
pub(crate) fn at<'a>(value: &'a Dynamic, path: &Path) -> Option<&'a Dynamic> {
    let mut value = value;
    for step in path.steps() {
        value = match (step, value) {
            (Step::Attribute(name) | Step::Key(name), Dynamic::Map(items)) => items.get(name)?,
            (Step::Index(index), Dynamic::List(items)) => items.get(*index)?,
            _ => return None,
        };
    }
    Some(value)
}
