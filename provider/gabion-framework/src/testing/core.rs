//! The checks that Terraform core makes of what a provider answers, written from core's rules and not from
//! the planner, so that one can find the other's faults.

use std::collections::BTreeSet;

use gabion_plugin::dynamic::Dynamic;

use crate::path::Path;
use crate::schema::{AttributeKind, Body, Nesting, Schema};

/// What is wrong with a plan.
pub(super) fn plan_faults(
    schema: &Schema,
    prior: &Dynamic,
    config: &Dynamic,
    planned: &Dynamic,
) -> Vec<String> {
    let mut faults = Vec::new();
    if config.is_null() {
        if !planned.is_null() {
            faults.push("planned for existence, but not configured".to_owned());
        }
        return faults;
    }
    if planned.is_null() {
        return vec!["planned for absence, but configured".to_owned()];
    }
    plan_body(
        schema.body(),
        prior,
        config,
        planned,
        &Path::empty(),
        &mut faults,
    );
    faults
}

fn field<'a>(value: &'a Dynamic, name: &str) -> &'a Dynamic {
    value.get(name).unwrap_or(&Dynamic::Null)
}

fn plan_body(
    body: Body<'_>,
    prior: &Dynamic,
    config: &Dynamic,
    planned: &Dynamic,
    path: &Path,
    faults: &mut Vec<String>,
) {
    exact_names(body, planned, path, faults);
    for attribute in body.attributes {
        let path = path.attribute(attribute.name.clone());
        let prior = field(prior, &attribute.name);
        let config = field(config, &attribute.name);
        let planned = field(planned, &attribute.name);
        if attribute.write_only {
            if !planned.is_null() {
                faults.push(format!("{path}: write-only, but not null in the plan"));
            }
            continue;
        }
        if planned == config || (config.is_null() && attribute.computed) {
            continue;
        }
        if config.is_null() {
            faults.push(format!(
                "{path}: planned, but neither configured nor computed"
            ));
            continue;
        }
        match &attribute.kind {
            AttributeKind::Nested(nesting, attributes) => plan_nested(
                *nesting,
                Body::nested(attributes),
                prior,
                config,
                planned,
                &path,
                faults,
            ),
            AttributeKind::Plain(_) => {
                if prior.is_null() || planned != prior {
                    faults.push(format!("{path}: planned value is neither config nor prior"));
                }
            }
        }
    }
    for block in body.blocks {
        let path = path.attribute(block.name.clone());
        let prior = field(prior, &block.name);
        let config = field(config, &block.name);
        let planned = field(planned, &block.name);
        if config.is_unknown() {
            continue;
        }
        if block.nesting != Nesting::Single && planned.is_null() {
            faults.push(format!("{path}: blocks must be empty, never null"));
            continue;
        }
        plan_nested(
            block.nesting,
            block.body(),
            prior,
            config,
            planned,
            &path,
            faults,
        );
    }
}

fn plan_nested(
    nesting: Nesting,
    body: Body<'_>,
    prior: &Dynamic,
    config: &Dynamic,
    planned: &Dynamic,
    path: &Path,
    faults: &mut Vec<String>,
) {
    match (nesting, config, planned) {
        (_, config, planned) if config == planned => {}
        (Nesting::Single, Dynamic::Map(_), Dynamic::Map(_)) => {
            plan_body(body, prior, config, planned, path, faults);
        }
        (Nesting::List, Dynamic::List(configs), Dynamic::List(planneds)) => {
            if configs.len() != planneds.len() {
                faults.push(format!(
                    "{path}: another number of elements than configured"
                ));
                return;
            }
            for (index, (config, planned)) in configs.iter().zip(planneds).enumerate() {
                let prior = match prior {
                    Dynamic::List(items) => items.get(index).unwrap_or(&Dynamic::Null),
                    _ => &Dynamic::Null,
                };
                let path = path.index(index);
                if config == planned {
                    continue;
                }
                if !matches!((config, planned), (Dynamic::Map(_), Dynamic::Map(_))) {
                    faults.push(format!("{path}: planned as something else than configured"));
                    continue;
                }
                plan_body(body, prior, config, planned, &path, faults);
            }
        }
        (Nesting::Set, Dynamic::List(configs), Dynamic::List(planneds)) => {
            // Elements cannot be matched by name: each must have some counterpart.
            let fits = |config: &Dynamic, planned: &Dynamic| {
                let mut inner = Vec::new();
                if config != planned {
                    plan_body(body, &Dynamic::Null, config, planned, path, &mut inner);
                }
                inner.is_empty()
            };
            let complete = configs
                .iter()
                .all(|config| planneds.iter().any(|planned| fits(config, planned)));
            if !complete || planneds.len() > configs.len() {
                faults.push(format!("{path}: other elements than configured"));
            }
        }
        (Nesting::Map, Dynamic::Map(configs), Dynamic::Map(planneds)) => {
            let keys: BTreeSet<_> = configs.keys().chain(planneds.keys()).collect();
            for key in keys {
                match (configs.get(key), planneds.get(key)) {
                    (Some(config), Some(planned)) => {
                        let prior = field(prior, key);
                        plan_body(body, prior, config, planned, &path.key(key.clone()), faults);
                    }
                    _ => faults.push(format!("{path}: other keys than configured")),
                }
            }
        }
        _ => faults.push(format!("{path}: planned as something else than configured")),
    }
}

fn exact_names(body: Body<'_>, value: &Dynamic, path: &Path, faults: &mut Vec<String>) {
    let Dynamic::Map(fields) = value else {
        return;
    };
    let names: BTreeSet<&String> = body
        .attributes
        .iter()
        .map(|attribute| &attribute.name)
        .chain(body.blocks.iter().map(|block| &block.name))
        .collect();
    if !names.iter().copied().eq(fields.keys()) {
        faults.push(format!("{path}: not exactly the attributes of the schema"));
    }
}

/// What is wrong with a state after apply.
pub(super) fn apply_faults(schema: &Schema, planned: &Dynamic, state: &Dynamic) -> Vec<String> {
    let mut faults = Vec::new();
    match (planned, state) {
        (Dynamic::Null, Dynamic::Null) => {}
        (Dynamic::Null, _) => faults.push("present, but planned absent".to_owned()),
        (_, Dynamic::Null) => faults.push("absent, but planned present".to_owned()),
        _ => applied_body(schema.body(), planned, state, &Path::empty(), &mut faults),
    }
    faults
}

fn applied_body(
    body: Body<'_>,
    planned: &Dynamic,
    state: &Dynamic,
    path: &Path,
    faults: &mut Vec<String>,
) {
    exact_names(body, state, path, faults);
    for attribute in body.attributes {
        let path = path.attribute(attribute.name.clone());
        let planned = field(planned, &attribute.name);
        let state = field(state, &attribute.name);
        let as_set = match &attribute.kind {
            AttributeKind::Plain(crate::schema::Type::Set(_)) => true,
            AttributeKind::Nested(nesting, _) => *nesting == Nesting::Set,
            AttributeKind::Plain(_) => false,
        };
        applied_value(planned, state, as_set, &path, faults);
    }
    for block in body.blocks {
        let path = path.attribute(block.name.clone());
        let planned = field(planned, &block.name);
        let state = field(state, &block.name);
        applied_value(planned, state, block.nesting == Nesting::Set, &path, faults);
    }
}

fn applied_value(
    planned: &Dynamic,
    state: &Dynamic,
    as_set: bool,
    path: &Path,
    faults: &mut Vec<String>,
) {
    match (planned, state) {
        (Dynamic::Unknown, _) => {}
        (Dynamic::List(planned), Dynamic::List(state)) if as_set => {
            let fits = |planned: &Dynamic, state: &Dynamic| {
                let mut inner = Vec::new();
                applied_value(planned, state, false, path, &mut inner);
                inner.is_empty()
            };
            let there = planned.iter().all(|p| state.iter().any(|s| fits(p, s)));
            let none_more = state.iter().all(|s| planned.iter().any(|p| fits(p, s)));
            if !there || !none_more {
                faults.push(format!("{path}: other elements than planned"));
            }
        }
        (Dynamic::List(planned), Dynamic::List(state)) => {
            if planned.len() != state.len() {
                faults.push(format!(
                    "{path}: planned {} elements, now {}",
                    planned.len(),
                    state.len()
                ));
                return;
            }
            for (index, (planned, state)) in planned.iter().zip(state).enumerate() {
                applied_value(planned, state, false, &path.index(index), faults);
            }
        }
        (Dynamic::Map(planned), Dynamic::Map(state)) => {
            if !planned.keys().eq(state.keys()) {
                faults.push(format!("{path}: other keys than planned"));
                return;
            }
            for (name, planned) in planned {
                let path = path.attribute(name.clone());
                let state = state.get(name).unwrap_or(&Dynamic::Null);
                applied_value(planned, state, false, &path, faults);
            }
        }
        (planned, state) => {
            if planned != state {
                faults.push(format!("{path}: another value than planned"));
            }
        }
    }
}
