//! Attribute paths: from a rule's to the protocol's.

use std::collections::BTreeMap;
use std::sync::Arc;

use gabion_model::{Path, Step};

use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::attribute_path::step::Selector;
use crate::schema::{Attribute, Block, Content, Nesting, Type};

type Attributes = BTreeMap<Arc<str>, Attribute>;

/// What the next step of a path goes into.
#[derive(Clone, Copy)]
enum At<'s> {
    /// A block's object.
    Block(&'s Block),
    /// A nested attribute's object.
    Object(&'s Attributes),
    /// The instances of a nested block or attribute.
    Instances(Nesting, Inside<'s>),
    /// A value of a type.
    Value(&'s Type),
}

#[derive(Clone, Copy)]
enum Inside<'s> {
    Block(&'s Block),
    Object(&'s Attributes),
}

impl<'s> Inside<'s> {
    fn at(self, nesting: Nesting) -> At<'s> {
        match (nesting, self) {
            (Nesting::Single, inside) => inside.object(),
            (nesting, inside) => At::Instances(nesting, inside),
        }
    }

    fn object(self) -> At<'s> {
        match self {
            Self::Block(block) => At::Block(block),
            Self::Object(attributes) => At::Object(attributes),
        }
    }
}

/// The path as core addresses it, as far as it can: it ends before an element of a set, which core has no
/// address for, and before what the schema does not describe. `None` for the resource as a whole.
pub(crate) fn attribute_path(block: &Block, path: &Path) -> Option<pb::AttributePath> {
    let mut at = At::Block(block);
    let mut steps = Vec::new();
    for step in path.steps() {
        let Some((selector, next)) = take(at, step) else {
            break;
        };
        steps.push(pb::attribute_path::Step {
            selector: Some(selector),
        });
        at = next;
    }
    (!steps.is_empty()).then_some(pb::AttributePath { steps })
}

fn take<'s>(at: At<'s>, step: &Step) -> Option<(Selector, At<'s>)> {
    match (at, step) {
        (At::Block(block), Step::Name(name)) => {
            let next = match block.blocks.get(name) {
                Some((nesting, inner)) => Inside::Block(inner).at(*nesting),
                None => content(block.attributes.get(name)?),
            };
            Some((Selector::AttributeName(name.to_string()), next))
        }
        (At::Object(attributes), Step::Name(name)) => Some((
            Selector::AttributeName(name.to_string()),
            content(attributes.get(name)?),
        )),
        (At::Instances(Nesting::List, inside), Step::Index(index)) => {
            Some((Selector::ElementKeyInt((*index).into()), inside.object()))
        }
        (At::Instances(Nesting::Map, inside), Step::Name(key)) => {
            Some((Selector::ElementKeyString(key.to_string()), inside.object()))
        }
        (At::Value(Type::Object(types)), Step::Name(name)) => Some((
            Selector::AttributeName(name.to_string()),
            At::Value(types.get(name)?),
        )),
        (At::Value(Type::Map(item)), Step::Name(key)) => {
            Some((Selector::ElementKeyString(key.to_string()), At::Value(item)))
        }
        (At::Value(Type::List(item)), Step::Index(index)) => {
            Some((Selector::ElementKeyInt((*index).into()), At::Value(item)))
        }
        (At::Value(Type::Tuple(types)), Step::Index(index)) => {
            let ty = types.get(usize::try_from(*index).ok()?)?;
            Some((Selector::ElementKeyInt((*index).into()), At::Value(ty)))
        }
        _ => None,
    }
}

fn content(attribute: &Attribute) -> At<'_> {
    match &attribute.content {
        Content::Value(ty) => At::Value(ty),
        Content::Nested(nesting, nested) => Inside::Object(nested).at(*nesting),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::testing::schema;

    fn shown(path: &str) -> String {
        let steps = attribute_path(&schema(), &Path::parse(path).unwrap())
            .map(|path| path.steps)
            .unwrap_or_default();
        let show = |step: &pb::attribute_path::Step| match step.selector.as_ref().unwrap() {
            Selector::AttributeName(name) => format!(".{name}"),
            Selector::ElementKeyString(key) => format!("[{key:?}]"),
            Selector::ElementKeyInt(index) => format!("[{index}]"),
        };
        steps.iter().map(show).collect()
    }

    #[test]
    fn steps_follow_the_schema() {
        for (path, expected) in [
            ("", ""),
            ("name", ".name"),
            ("tags.a", ".tags[\"a\"]"),
            ("tags[\"a.b\"]", ".tags[\"a.b\"]"),
            ("rules[1].port", ".rules[1].port"),
            ("user[0].arn", ".user[0].arn"),
            ("grant[0].how", ".grant"),
            ("policy.Statement[0].Action", ".policy"),
            ("nowhere.else", ""),
        ] {
            assert_eq!(shown(path), expected, "{path}");
        }
    }
}
