//! Whether values are equal as core sees it: the elements of a set have no order, and what an object leaves
//! out is null. A difference that core does not see must not keep a change from being judged.

use crate::dynamic::Dynamic;
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::attribute_path::step::Selector;
use crate::schema::Type;

static NULL: Dynamic = Dynamic::Null;
static UNKNOWN: Dynamic = Dynamic::Unknown;

/// Whether two values of a type are equal.
pub(crate) fn same(ty: &Type, left: &Dynamic, right: &Dynamic) -> bool {
    left == right || ordered(ty, left) == ordered(ty, right)
}

/// Whether core finds a difference at a path that requires replacement: what is not known yet differs, and a
/// path that leads nowhere leads to null.
pub(crate) fn replaces(
    ty: &Type,
    prior: &Dynamic,
    planned: &Dynamic,
    path: &pb::AttributePath,
) -> bool {
    let (prior, planned) = (at(ty, prior, path), at(ty, planned, path));
    let Some((ty, _)) = prior.or(planned) else {
        return false;
    };
    let prior = prior.map_or(&NULL, |found| found.1);
    let planned = planned.map_or(&NULL, |found| found.1);
    !planned.is_wholly_known() || !same(ty, prior, planned)
}

/// The value with every set in one order.
fn ordered(ty: &Type, value: &Dynamic) -> Dynamic {
    match (ty, value) {
        (Type::Set(item), Dynamic::List(items)) => {
            let mut items: Vec<_> = items.iter().map(|value| ordered(item, value)).collect();
            items.sort_by_cached_key(Dynamic::to_msgpack);
            Dynamic::List(items)
        }
        (Type::List(item), Dynamic::List(items)) => {
            Dynamic::List(items.iter().map(|value| ordered(item, value)).collect())
        }
        (Type::Tuple(types), Dynamic::List(items)) => {
            let items = types.iter().zip(items);
            Dynamic::List(items.map(|(ty, value)| ordered(ty, value)).collect())
        }
        (Type::Map(item), Dynamic::Map(items)) => {
            let items = items.iter();
            items
                .map(|(key, value)| (key.as_str(), ordered(item, value)))
                .collect()
        }
        (Type::Object(types), Dynamic::Map(items)) => types
            .iter()
            .map(|(name, ty)| {
                let value = items.get(name.as_ref()).unwrap_or(&NULL);
                (name.as_ref(), ordered(ty, value))
            })
            .collect(),
        (_, value) => value.clone(),
    }
}

fn at<'v>(
    ty: &'v Type,
    value: &'v Dynamic,
    path: &pb::AttributePath,
) -> Option<(&'v Type, &'v Dynamic)> {
    path.steps
        .iter()
        .try_fold((ty, value), |(ty, value), step| {
            let (ty, below) = match (step.selector.as_ref()?, ty) {
                (Selector::AttributeName(name) | Selector::ElementKeyString(name), ty) => {
                    let ty = match ty {
                        Type::Object(types) => types.get(name.as_str())?,
                        Type::Map(item) => item.as_ref(),
                        _ => return None,
                    };
                    (ty, value.get(name))
                }
                (Selector::ElementKeyInt(index), ty) => {
                    let index = usize::try_from(*index).ok()?;
                    let ty = match ty {
                        Type::List(item) => item.as_ref(),
                        Type::Tuple(types) => types.get(index)?,
                        _ => return None,
                    };
                    let below = match value {
                        Dynamic::List(items) => items.get(index),
                        _ => None,
                    };
                    (ty, below)
                }
            };
            // All that is below something unknown is unknown.
            match (value, below) {
                (Dynamic::Unknown, _) => Some((ty, &UNKNOWN)),
                (_, below) => Some((ty, below?)),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::testing::{schema, value};

    fn path(steps: &[&str]) -> pb::AttributePath {
        let selector = |step: &&str| match step.parse() {
            Ok(index) => Selector::ElementKeyInt(index),
            Err(_) => Selector::AttributeName((*step).to_owned()),
        };
        let steps = steps.iter().map(|step| pb::attribute_path::Step {
            selector: Some(selector(step)),
        });
        pb::AttributePath {
            steps: steps.collect(),
        }
    }

    #[test]
    fn sets_have_no_order_and_lists_have() {
        let ty = schema().ty();
        let one = value(r#"{"grant": [{"who": "a", "how": null}, {"who": "b"}], "name": null}"#);
        let two = value(r#"{"grant": [{"who": "b"}, {"who": "a"}]}"#);
        assert!(same(&ty, &one, &two));
        let one = value(r#"{"rules": [{"port": 1}, {"port": 2}]}"#);
        let two = value(r#"{"rules": [{"port": 2}, {"port": 1}]}"#);
        assert!(!same(&ty, &one, &two));
        assert!(!same(
            &ty,
            &value(r#"{"grant": []}"#),
            &value(r#"{"grant": null}"#)
        ));
    }

    #[test]
    fn a_replacement_is_what_core_calls_one() {
        let ty = schema().ty();
        for (prior, planned, steps, expected) in [
            (r#"{"name": "a"}"#, r#"{"name": "b"}"#, &["name"][..], true),
            (r#"{"name": "a"}"#, r#"{"name": "a"}"#, &["name"], false),
            (r#"{"name": "a"}"#, r#"{"name": "?"}"#, &["name"], true),
            // Nowhere and null are the same: core plans an update, and no second time.
            (
                r#"{"rules": []}"#,
                r#"{"rules": [{"port": null}]}"#,
                &["rules", "0", "port"],
                false,
            ),
            (
                r#"{"rules": []}"#,
                r#"{"rules": [{"port": 1}]}"#,
                &["rules", "0", "port"],
                true,
            ),
            (
                r#"{"rules": [{"port": 1}]}"#,
                r#"{"rules": "?"}"#,
                &["rules", "0", "port"],
                true,
            ),
            (
                r#"{"grant": [{"who": "a"}, {"who": "b"}]}"#,
                r#"{"grant": [{"who": "b"}, {"who": "a"}]}"#,
                &["grant"],
                false,
            ),
            (
                r#"{"grant": [{"who": "a"}]}"#,
                r#"{"grant": [{"who": "?"}]}"#,
                &["grant"],
                true,
            ),
            (r#"{"name": "a"}"#, r#"{"name": "b"}"#, &["nowhere"], false),
        ] {
            let found = replaces(&ty, &value(prior), &value(planned), &path(steps));
            assert_eq!(found, expected, "{prior} {planned} {steps:?}");
        }
    }
}
