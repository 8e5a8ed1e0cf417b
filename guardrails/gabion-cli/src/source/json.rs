//! `.tf.json`, read as an expression of HCL.

use std::ops::Range;

use gabion_model::Step;
use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, Object, ObjectKey};

/// A value and where it stands, key included.
#[derive(Debug)]
pub(super) struct At<'v> {
    pub(super) value: &'v Expression,
    pub(super) span: Range<usize>,
}

/// The text of a key; `None` for one that is computed.
pub(super) fn key(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str()),
        ObjectKey::Expression(Expression::String(name)) => Some(name.as_str()),
        ObjectKey::Expression(Expression::Variable(name)) => Some(name.as_str()),
        ObjectKey::Expression(_) => None,
    }
}

/// The block with these words; wherever an object may stand, a list of objects may as well.
pub(super) fn find<'v>(root: &'v Expression, words: &[&str]) -> Option<At<'v>> {
    let (word, rest) = words.split_first()?;
    objects(root).find_map(|object| {
        let at = member(object, word)?;
        if rest.is_empty() {
            Some(at)
        } else {
            find(at.value, rest)
        }
    })
}

/// Follows a path; keeps the deepest value found.
pub(super) fn descend(at: &mut At<'_>, steps: &[Step], depth: &mut usize) {
    let mut steps = steps;
    while let Some((step, rest)) = steps.split_first() {
        steps = rest;
        let next = match step {
            Step::Name(name) => objects(at.value).find_map(|object| member(object, name)),
            Step::Index(index) => match at.value {
                Expression::Array(items) => usize::try_from(*index)
                    .ok()
                    .and_then(|index| items.get(index))
                    .and_then(|value| {
                        Some(At {
                            value,
                            span: value.span()?,
                        })
                    }),
                // One block is written without its list.
                _ => continue,
            },
        };
        match next {
            Some(next) => {
                *at = next;
                *depth += 1;
            }
            None => return,
        }
    }
}

fn objects(value: &Expression) -> impl Iterator<Item = &Object> {
    let many: Vec<&Expression> = match value {
        Expression::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    many.into_iter().filter_map(Expression::as_object)
}

fn member<'v>(object: &'v Object, name: &str) -> Option<At<'v>> {
    let (found, item) = object.iter().find(|(found, _)| key(found) == Some(name))?;
    let value = item.expr();
    let end = value.span()?.end;
    let start = match found {
        ObjectKey::Ident(_) => found.span()?.start,
        ObjectKey::Expression(name) => name.span()?.start,
    };
    Some(At {
        value,
        span: start..end,
    })
}
