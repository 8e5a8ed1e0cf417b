//! Values of a case as the trees that a rule reads, and trees with one value changed.

use std::sync::Arc;

use gabion_model::{Data, NodeId, Path, Shape, Step, Tree, TreeBuilder};

use super::value::{Node, Value};

/// Names under which providers keep maps of the reader's own keys, in a strict case too.
const MAPS: [&str; 5] = ["tags", "tags_all", "labels", "annotations", "variables"];

/// One side of a change. In a strict case reading a name that an object lacks is an error, else it is null.
pub(super) fn build(node: &Node, strict: bool) -> Tree {
    let mut builder = TreeBuilder::new();
    let root = push(&mut builder, node, strict, "");
    builder.finish(root)
}

fn push(builder: &mut TreeBuilder, node: &Node, strict: bool, name: &str) -> NodeId {
    let data = match &node.value {
        Value::Null => Data::Null,
        Value::Unknown => Data::Unknown,
        Value::Computed => Data::Computed,
        Value::Boolean(value) => Data::Boolean(*value),
        Value::Number(text) => Data::Number(text.as_str().into()),
        Value::Text(text) => Data::Text(text.as_str().into()),
        Value::List(items) => Data::Sequence(
            items
                .iter()
                .map(|item| push(builder, item, strict, ""))
                .collect(),
        ),
        Value::Object(items) | Value::Map(items) => {
            let map = !strict || matches!(node.value, Value::Map(_)) || MAPS.contains(&name);
            let fields = items
                .iter()
                .map(|(name, item)| {
                    (
                        Arc::from(name.value.as_str()),
                        push(builder, item, strict, &name.value),
                    )
                })
                .collect();
            Data::Mapping(if map { Shape::Map } else { Shape::Object }, fields)
        }
        Value::Sensitive(inner) => {
            let id = push(builder, inner, strict, name);
            builder.mark_sensitive(id);
            return id;
        }
    };
    builder.push(data, false)
}

/// What the configuration sets: `after` without what the provider decides; only these paths, where they are given.
pub(super) fn configuration(after: &Tree, only: Option<&[Path]>) -> Tree {
    let mut builder = TreeBuilder::new();
    let root = keep(&mut builder, after, after.root(), &Path::root(), only)
        .unwrap_or_else(|| builder.push(Data::Null, false));
    builder.finish(root)
}

fn keep(
    builder: &mut TreeBuilder,
    tree: &Tree,
    id: NodeId,
    path: &Path,
    only: Option<&[Path]>,
) -> Option<NodeId> {
    let only = match only {
        Some(paths) if paths.contains(path) => None,
        Some(paths)
            if !paths
                .iter()
                .any(|wanted| wanted.steps().starts_with(path.steps())) =>
        {
            return None;
        }
        other => other,
    };
    let data = match tree.data(id) {
        Data::Computed => return None,
        Data::Sequence(items) => Data::Sequence(
            (0..)
                .zip(items)
                .map(|(index, item)| {
                    keep(builder, tree, *item, &path.child(Step::Index(index)), only)
                        .unwrap_or_else(|| builder.push(Data::Null, false))
                })
                .collect(),
        ),
        Data::Mapping(shape, items) => Data::Mapping(
            *shape,
            items
                .iter()
                .filter_map(|(name, item)| {
                    let kept = keep(
                        builder,
                        tree,
                        *item,
                        &path.child(Step::Name(name.clone())),
                        only,
                    )?;
                    Some((name.clone(), kept))
                })
                .collect(),
        ),
        other => other.clone(),
    };
    Some(builder.push(data, false))
}

/// Every node below the root with its path, from the outside inwards.
pub(super) fn below(tree: &Tree) -> Vec<(Path, NodeId)> {
    let mut found = Vec::new();
    list(tree, tree.root(), &Path::root(), &mut found);
    found
}

fn list(tree: &Tree, id: NodeId, path: &Path, found: &mut Vec<(Path, NodeId)>) {
    let mut each = |step: Step, item: NodeId| {
        let path = path.child(step);
        found.push((path.clone(), item));
        list(tree, item, &path, found);
    };
    match tree.data(id) {
        Data::Sequence(items) => (0..)
            .zip(items)
            .for_each(|(index, item)| each(Step::Index(index), *item)),
        Data::Mapping(_, items) => items
            .iter()
            .for_each(|(name, item)| each(Step::Name(name.clone()), *item)),
        _ => {}
    }
}

/// The tree with another value at a path, or without it. A name that a mapping lacks is added; where nothing can
/// stand at the path, `None`.
pub(super) fn with(tree: &Tree, path: &Path, data: Option<Data>) -> Option<Tree> {
    let mut builder = TreeBuilder::new();
    let mut put = Some(data);
    let root = copy(&mut builder, tree, tree.root(), path.steps(), &mut put)?;
    put.is_none().then(|| builder.finish(root))
}

/// Copies a node; `put` is taken where `steps` end, and `None` comes back for what goes.
fn copy(
    builder: &mut TreeBuilder,
    tree: &Tree,
    id: NodeId,
    steps: &[Step],
    put: &mut Option<Option<Data>>,
) -> Option<NodeId> {
    let sensitive = tree.is_sensitive(id);
    let Some((step, rest)) = steps.split_first() else {
        let data = put.take()??;
        return Some(builder.push(data, sensitive));
    };
    let mut child = |builder: &mut TreeBuilder, item: NodeId, hit: bool| {
        if hit {
            copy(builder, tree, item, rest, put)
        } else {
            Some(whole(builder, tree, item))
        }
    };
    let data = match tree.data(id) {
        Data::Sequence(items) => Data::Sequence(
            (0..)
                .zip(items)
                .filter_map(|(index, item)| child(builder, *item, *step == Step::Index(index)))
                .collect(),
        ),
        Data::Mapping(shape, items) => {
            let mut fields: Vec<_> = items
                .iter()
                .filter_map(|(name, item)| {
                    let hit = matches!(step, Step::Name(wanted) if wanted == name);
                    Some((name.clone(), child(builder, *item, hit)?))
                })
                .collect();
            if let (Step::Name(name), true) = (step, rest.is_empty())
                && let Some(Some(data)) = put.take()
            {
                fields.push((name.clone(), builder.push(data, sensitive)));
            }
            Data::Mapping(*shape, fields)
        }
        other => other.clone(),
    };
    Some(builder.push(data, sensitive))
}

fn whole(builder: &mut TreeBuilder, tree: &Tree, id: NodeId) -> NodeId {
    let data = match tree.data(id) {
        Data::Sequence(items) => Data::Sequence(
            items
                .iter()
                .map(|item| whole(builder, tree, *item))
                .collect(),
        ),
        Data::Mapping(shape, items) => Data::Mapping(
            *shape,
            items
                .iter()
                .map(|(name, item)| (name.clone(), whole(builder, tree, *item)))
                .collect(),
        ),
        other => other.clone(),
    };
    builder.push(data, tree.is_sensitive(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tree {
        Tree::from_json(
            &serde_json::json!({"a": [{"b": "x"}, {"b": "y"}], "t": {"k": true}}),
            Shape::Map,
        )
    }

    fn text(tree: &Tree) -> String {
        tree.to_display_json(tree.root()).to_string()
    }

    #[test]
    fn one_value_is_put_or_taken() {
        let tree = sample();
        let path = |text| Path::parse(text).unwrap();
        let put = with(&tree, &path("a[1].b"), Some(Data::Unknown)).unwrap();
        assert_eq!(
            text(&put),
            r#"{"a":[{"b":"x"},{"b":"(known after apply)"}],"t":{"k":true}}"#
        );
        let gone = with(&tree, &path("t.k"), None).unwrap();
        assert_eq!(text(&gone), r#"{"a":[{"b":"x"},{"b":"y"}],"t":{}}"#);
        let shorter = with(&tree, &path("a[0]"), None).unwrap();
        assert_eq!(text(&shorter), r#"{"a":[{"b":"y"}],"t":{"k":true}}"#);
        let added = with(&tree, &path("n"), Some(Data::Boolean(true))).unwrap();
        assert_eq!(
            text(&added),
            r#"{"a":[{"b":"x"},{"b":"y"}],"n":true,"t":{"k":true}}"#
        );
        assert!(with(&tree, &path("t.k.deep"), Some(Data::Unknown)).is_none());
        assert!(with(&tree, &path("a[7]"), Some(Data::Unknown)).is_none());
    }

    #[test]
    fn the_configuration_leaves_out_what_the_provider_decides() {
        let mut builder = TreeBuilder::new();
        let arn = builder.push(Data::Computed, false);
        let name = builder.push(Data::Text("n".into()), false);
        let root = builder.push(
            Data::Mapping(Shape::Map, vec![("arn".into(), arn), ("name".into(), name)]),
            false,
        );
        let after = builder.finish(root);
        assert_eq!(text(&configuration(&after, None)), r#"{"name":"n"}"#);
        let only = [Path::parse("a[1]").unwrap()];
        assert_eq!(
            text(&configuration(&sample(), Some(&only))),
            r#"{"a":[null,{"b":"y"}]}"#
        );
        assert_eq!(text(&configuration(&sample(), Some(&[]))), "null");
    }

    #[test]
    fn nodes_are_listed_in_order() {
        let paths: Vec<String> = below(&sample())
            .iter()
            .map(|(path, _)| path.to_string())
            .collect();
        assert_eq!(paths, ["a", "a[0]", "a[0].b", "a[1]", "a[1].b", "t", "t.k"]);
    }
}
