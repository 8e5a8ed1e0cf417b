//! One side of a change as a tree: the values, and the marks that the plan keeps beside them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use gabion_model::{Data, Kind, NodeId, Shape, Tree, TreeBuilder};

use super::config::is_leaf;
use super::scan::{Fault, Json, Scan, Slice, Token};

/// Names that were seen, each kept once: thousands of resources have the same ones.
#[derive(Debug, Default)]
pub struct Names {
    places: HashMap<Arc<str>, usize>,
    /// Each name, and the place of the one that followed it last: resources of one type have the same names in the
    /// same order, so most of them are found without a search.
    known: Vec<(Arc<str>, usize)>,
    last: usize,
}

impl Names {
    /// So many are kept: keys of maps are without end.
    const MOST: usize = 65_536;

    /// The one copy of a name.
    pub(super) fn get(&mut self, name: &str) -> Arc<str> {
        let guess = self.known.get(self.last).map_or(0, |(_, next)| *next);
        if let Some((known, _)) = self.known.get(guess)
            && **known == *name
        {
            self.last = guess;
            return known.clone();
        }
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => {
                let new: Arc<str> = name.into();
                if self.known.len() >= Self::MOST {
                    return new;
                }
                self.places.insert(new.clone(), self.known.len());
                self.known.push((new, 0));
                self.known.len() - 1
            }
        };
        if let Some((_, next)) = self.known.get_mut(self.last) {
            *next = place;
        }
        self.last = place;
        self.known
            .get(place)
            .map_or_else(|| name.into(), |(known, _)| known.clone())
    }
}

/// Which values below a point are marked: unknown, or sensitive.
#[derive(Clone, Debug, PartialEq)]
enum Mark<'a> {
    No,
    Yes,
    List(Vec<Mark<'a>>),
    /// Sorted by name.
    Object(Vec<(Cow<'a, str>, Mark<'a>)>),
}

const NO: Mark<'static> = Mark::No;

impl<'a> Mark<'a> {
    fn of(slice: Option<Slice<'a>>) -> Result<Self, Fault> {
        slice.map_or(Ok(Self::No), |slice| Self::read(&mut slice.scan()))
    }

    fn read(scan: &mut Scan<'a>) -> Result<Self, Fault> {
        Ok(match scan.token()? {
            Token::Boolean(true) => Self::Yes,
            Token::List => {
                let (mut items, mut first) = (Vec::new(), true);
                while scan.item(&mut first)? {
                    items.push(Self::read(scan)?);
                }
                if items.iter().all(|item| *item == Self::No) {
                    Self::No
                } else {
                    Self::List(items)
                }
            }
            Token::Object => {
                let (mut items, mut first) = (Vec::new(), true);
                while let Some(key) = scan.key(&mut first)? {
                    match Self::read(scan)? {
                        Self::No => {}
                        mark => {
                            if items.is_empty() {
                                items.reserve(16);
                            }
                            items.push((key, mark));
                        }
                    }
                }
                if items.is_empty() {
                    Self::No
                } else {
                    items.sort_by(|left, right| left.0.cmp(&right.0));
                    Self::Object(items)
                }
            }
            _ => Self::No,
        })
    }

    fn child(&self, name: &str) -> &Self {
        match self {
            Self::Object(items) => items
                .binary_search_by(|(key, _)| key.as_ref().cmp(name))
                .ok()
                .and_then(|place| items.get(place))
                .map_or(&NO, |(_, mark)| mark),
            _ => &NO,
        }
    }

    fn element(&self, index: usize) -> &Self {
        match self {
            Self::List(items) => items.get(index).unwrap_or(&NO),
            _ => &NO,
        }
    }

    /// Those of an object.
    fn items(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(items) => items,
            _ => &[],
        }
    }
}

/// What the configuration says at a point; it tells what is unknown from what the provider computes.
#[derive(Clone, Debug)]
enum Said<'c, 'a> {
    /// It cannot be told.
    Untold,
    /// Nothing is set here.
    Unset,
    /// This expression or block.
    Here(&'c Json<'a>),
    /// One of these: the blocks of a set have no order.
    OneOf(Vec<&'c Json<'a>>),
}

impl<'c, 'a> Said<'c, 'a> {
    /// What the expressions of a resource say; `None` where the plan has none.
    fn of(expressions: Option<&'c Json<'a>>) -> Self {
        expressions.map_or(Self::Untold, |expressions| match expressions {
            // No expression at all: everything is unset.
            Json::Object(items) if items.is_empty() => Self::Unset,
            _ => Self::Here(expressions),
        })
    }

    /// What is said of a field; only asked where something in it is unknown.
    fn within(
        &self,
        key: &str,
        mark: &Mark<'_>,
        dynamic: Option<&[String]>,
        had_blocks: impl FnOnce() -> bool,
    ) -> Self {
        if *mark == Mark::No {
            return Self::Untold;
        }
        match (self.child(key), dynamic) {
            (Self::Unset, Some(dynamic)) if dynamic.iter().any(|name| name == key) => Self::Untold,
            // A block beside a dynamic one of its type: which is which is not told.
            (Self::Here(Json::List(_)), Some(dynamic))
                if dynamic.iter().any(|name| name == key) =>
            {
                Self::Untold
            }
            (said, Some(_)) => said,
            // Blocks may come from a `dynamic` one, which the plan does not show; the prior state has some.
            (Self::Unset, None) if BLOCKS.contains(&key) => Self::Untold,
            (Self::Unset, None) if had_blocks() => Self::Untold,
            (said, None) => said,
        }
    }

    fn child(&self, name: &str) -> Self {
        match self {
            Self::Untold => Self::Untold,
            Self::Unset => Self::Unset,
            Self::Here(expression) => Self::below(expression, name),
            Self::OneOf(blocks) => {
                let mut found = Vec::new();
                let mut unset = 0;
                for block in blocks {
                    match Self::below(block, name) {
                        Self::Here(expression) => found.push(expression),
                        Self::Unset => unset += 1,
                        _ => return Self::Untold,
                    }
                }
                match (found.is_empty(), unset) {
                    (true, _) => Self::Unset,
                    (false, 0) => Self::OneOf(found),
                    _ => Self::Untold,
                }
            }
        }
    }

    fn below(expression: &'c Json<'a>, name: &str) -> Self {
        if is_leaf(expression) {
            return match expression.get("constant_value") {
                Some(constant) => match constant.get(name) {
                    None | Some(Json::Null) => Self::Unset,
                    Some(_) => Self::Untold,
                },
                None => Self::Untold,
            };
        }
        match expression {
            Json::Object(_) => expression.get(name).map_or(Self::Unset, Self::Here),
            _ => Self::Untold,
        }
    }

    fn element(&self, length: usize) -> Self {
        match self {
            Self::Unset => Self::Unset,
            Self::Here(Json::List(blocks)) if blocks.len() == length => {
                Self::OneOf(blocks.iter().collect())
            }
            _ => Self::Untold,
        }
    }

    /// What an unknown value here is.
    fn unknown(&self) -> Data {
        let unset = |expression: &Json<'_>| {
            is_leaf(expression) && expression.get("constant_value") == Some(&Json::Null)
        };
        let computed = match self {
            Self::Untold => false,
            Self::Unset => true,
            Self::Here(expression) => unset(expression),
            Self::OneOf(expressions) => expressions.iter().all(|expression| unset(expression)),
        };
        if computed {
            Data::Computed
        } else {
            Data::Unknown
        }
    }
}

/// One attribute of a side of a change.
pub(super) struct Field<'n, 'a> {
    pub(super) name: &'n str,
    /// Its value; `None` where the plan has none, which may be because it is unknown.
    pub(super) value: Option<Slice<'a>>,
    pub(super) unknown: Option<Slice<'a>>,
    pub(super) sensitive: Option<Slice<'a>>,
}

/// What is known of an unknown attribute: what the resource's expressions say, where the plan has them; the block types
/// that `dynamic` blocks make; whether the prior state has blocks at the attribute.
pub(super) type Written<'c, 'a> = (Option<&'c Json<'a>>, Option<&'c [String]>, bool);

impl Field<'_, '_> {
    /// Whether it may be unknown, or a part of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.unknown.is_some_and(|unknown| unknown.contains("true"))
    }

    /// Builds the attribute as [`build`] does; `None` where the side has none. `written` is needed where it may be
    /// unknown.
    pub(super) fn build(
        &self,
        names: &mut Names,
        written: Option<Written<'_, '_>>,
    ) -> Result<Option<Tree>, Fault> {
        let (unknown, sensitive) = (Mark::of(self.unknown)?, Mark::of(self.sensitive)?);
        let (expressions, dynamic, had_blocks) = written.unwrap_or_default();
        let said = Said::of(expressions).within(self.name, &unknown, dynamic, || had_blocks);
        let mut builder = Builder {
            builder: TreeBuilder::new(),
            last: Kind::Null,
            names,
            before: None,
            dynamic,
        };
        let root = match self.value {
            Some(value) => builder.value(
                &mut value.scan(),
                &unknown,
                &sensitive,
                &said,
                Place::Field(self.name),
            )?,
            None if unknown == Mark::No => return Ok(None),
            None => builder.absent(&unknown, &sensitive, &said),
        };
        Ok(Some(builder.builder.finish(root)))
    }
}

/// Where a value stands; it decides what is made of an object without schema.
#[derive(Clone, Copy)]
enum Place<'n> {
    Top,
    Item,
    Field(&'n str),
}

/// Names under which providers keep maps of the reader's own keys.
const MAPS: [&str; 8] = [
    "tags",
    "tags_all",
    "labels",
    "annotations",
    "variables",
    "effective_labels",
    "terraform_labels",
    "default_tags",
];

/// Block types that no provider fills in by itself: where one is unknown as a whole and the configuration has none,
/// a `dynamic` block made it, which a plan's configuration does not show.
const BLOCKS: [&str; 8] = [
    "advanced_event_selector",
    "event_selector",
    "exception",
    "insight_selector",
    "rule",
    "setting",
    "statement",
    "versioning_configuration",
];

struct Builder<'n, 'b> {
    builder: TreeBuilder,
    /// The block types that `dynamic` blocks make; `None` where that is not known.
    dynamic: Option<&'b [String]>,
    /// The kind of the node that was added last.
    last: Kind,
    names: &'n mut Names,
    before: Option<&'b Tree>,
}

/// Builds one side of a change. `expressions` are those of the resource, where the plan has them; `before` the other
/// side, where this one is the planned side; `dynamic` the block types that `dynamic` blocks make, where that is known.
pub(super) fn build(
    names: &mut Names,
    value: Slice<'_>,
    unknown: Slice<'_>,
    sensitive: Slice<'_>,
    expressions: Option<&Json<'_>>,
    before: Option<&Tree>,
    dynamic: Option<&[String]>,
) -> Result<Tree, Fault> {
    let unknown = Mark::read(&mut unknown.scan())?;
    let sensitive = Mark::read(&mut sensitive.scan())?;
    let said = Said::of(expressions);
    let mut builder = Builder {
        builder: TreeBuilder::with_capacity(if value.is_null() { 1 } else { 48 }),
        last: Kind::Null,
        names,
        before,
        dynamic,
    };
    let root = builder.value(&mut value.scan(), &unknown, &sensitive, &said, Place::Top)?;
    Ok(builder.builder.finish(root))
}

impl Builder<'_, '_> {
    fn value(
        &mut self,
        scan: &mut Scan<'_>,
        unknown: &Mark<'_>,
        sensitive: &Mark<'_>,
        said: &Said<'_, '_>,
        place: Place<'_>,
    ) -> Result<NodeId, Fault> {
        let marked = *sensitive == Mark::Yes;
        if *unknown == Mark::Yes {
            scan.skip()?;
            return Ok(self.push(said.unknown(), marked));
        }
        let data = match scan.token()? {
            Token::Null => Data::Null,
            Token::Boolean(value) => Data::Boolean(value),
            Token::Number(text) => Data::Number(text.into()),
            Token::Text(text) => Data::Text(text.into()),
            Token::List => {
                let length = if let Mark::List(marks) = unknown {
                    marks.len()
                } else {
                    0
                };
                let (mut items, mut first) = (Vec::new(), true);
                while scan.item(&mut first)? {
                    let index = items.len();
                    let mark = unknown.element(index);
                    // A list of blocks that nobody wrote may be a dynamic one, which the plan does not show.
                    let said = match (mark, said) {
                        (Mark::No, _) => Said::Untold,
                        (_, Said::Unset) if self.dynamic.is_none() && scan.peek()? == b'{' => {
                            Said::Untold
                        }
                        _ => said.element(length),
                    };
                    items.push(self.value(
                        scan,
                        mark,
                        sensitive.element(index),
                        &said,
                        Place::Item,
                    )?);
                }
                Data::Sequence(items)
            }
            Token::Object => {
                let mut first = true;
                let mut kinds = Kinds::default();
                // Terraform sorts the names of values and of marks alike: one walk over both keeps them so.
                let marks = unknown.items();
                let mut fields = Vec::with_capacity(marks.len() + 8);
                let mut next = 0;
                let mut sorted = true;
                while let Some(key) = scan.key(&mut first)? {
                    sorted &=
                        (fields.last()).is_none_or(|(last, _): &(Arc<str>, NodeId)| **last < *key);
                    while sorted
                        && let Some((name, mark)) = marks.get(next)
                        && *name < key
                    {
                        fields.push(
                            self.absent_field(name, mark, sensitive, said, place, &mut kinds),
                        );
                        next += 1;
                    }
                    let mark = match marks.get(next) {
                        Some((name, mark)) if sorted && *name == key => {
                            next += 1;
                            mark
                        }
                        _ if sorted => &NO,
                        _ => unknown.child(&key),
                    };
                    let said = self.said(said, &key, mark, place);
                    let child =
                        self.value(scan, mark, sensitive.child(&key), &said, Place::Field(&key))?;
                    kinds.add(self.last);
                    match fields
                        .iter_mut()
                        .find(|(known, _)| !sorted && **known == *key)
                    {
                        Some((_, known)) => *known = child,
                        None => fields.push((self.names.get(&key), child)),
                    }
                }
                for (name, mark) in marks.get(next..).unwrap_or_default() {
                    if sorted || !fields.iter().any(|(known, _)| **known == **name) {
                        fields.push(
                            self.absent_field(name, mark, sensitive, said, place, &mut kinds),
                        );
                    }
                }
                Data::Mapping(shape(place, &fields, &kinds), fields)
            }
        };
        Ok(self.push(data, marked))
    }

    /// What the configuration says of a field; only asked where something below it is unknown.
    fn said<'c, 'a>(
        &self,
        said: &Said<'c, 'a>,
        key: &str,
        mark: &Mark<'_>,
        place: Place<'_>,
    ) -> Said<'c, 'a> {
        said.within(key, mark, self.dynamic, || {
            matches!(place, Place::Top) && self.before.is_some_and(|before| had_blocks(before, key))
        })
    }

    /// A field that the plan leaves out because it is unknown, wholly or in parts.
    fn absent_field(
        &mut self,
        name: &str,
        mark: &Mark<'_>,
        sensitive: &Mark<'_>,
        said: &Said<'_, '_>,
        place: Place<'_>,
        kinds: &mut Kinds,
    ) -> (Arc<str>, NodeId) {
        let said = self.said(said, name, mark, place);
        let child = self.absent(mark, sensitive.child(name), &said);
        kinds.add(self.last);
        (self.names.get(name), child)
    }

    /// A value that the plan leaves out because it is unknown, wholly or in parts.
    fn absent(&mut self, unknown: &Mark<'_>, sensitive: &Mark<'_>, said: &Said<'_, '_>) -> NodeId {
        let data = match unknown {
            Mark::No => Data::Null,
            Mark::Yes => said.unknown(),
            Mark::List(marks) => {
                let said = said.element(marks.len());
                Data::Sequence(
                    marks
                        .iter()
                        .enumerate()
                        .map(|(index, mark)| self.absent(mark, sensitive.element(index), &said))
                        .collect(),
                )
            }
            Mark::Object(marks) => {
                let fields = marks
                    .iter()
                    .map(|(key, mark)| {
                        let child = self.absent(mark, sensitive.child(key), &said.child(key));
                        (self.names.get(key), child)
                    })
                    .collect();
                Data::Mapping(Shape::Unsure, fields)
            }
        };
        self.push(data, *sensitive == Mark::Yes)
    }

    fn push(&mut self, data: Data, sensitive: bool) -> NodeId {
        self.last = match &data {
            Data::Null => Kind::Null,
            Data::Boolean(_) => Kind::Boolean,
            Data::Number(_) => Kind::Number,
            Data::Text(_) => Kind::Text,
            Data::Sequence(_) => Kind::Sequence,
            Data::Mapping(..) => Kind::Mapping,
            Data::Unknown => Kind::Unknown,
            Data::Computed => Kind::Computed,
        };
        self.builder.push(data, sensitive)
    }
}

/// Whether a state has blocks at an attribute.
pub(super) fn had_blocks(state: &Tree, name: &str) -> bool {
    state
        .child(state.root(), name)
        .and_then(|list| state.element(list, 0))
        .is_some_and(|item| state.kind(item) == Kind::Mapping)
}

/// Whether the values of a mapping are all scalars of one kind.
#[derive(Default)]
struct Kinds {
    first: Option<Kind>,
    differ: bool,
}

impl Kinds {
    fn add(&mut self, kind: Kind) {
        let scalar = matches!(kind, Kind::Boolean | Kind::Number | Kind::Text);
        self.differ |= !scalar || self.first.is_some_and(|first| first != kind);
        self.first = Some(kind);
    }
}

/// Whether a mapping is an object or a map. A plan file has no schema, so this is what can be told from the place,
/// the keys and the values: the state of an object always has all of its attributes, and null where one is unset;
/// a map has what the reader wrote.
fn shape(place: Place<'_>, fields: &[(Arc<str>, NodeId)], kinds: &Kinds) -> Shape {
    match place {
        Place::Top | Place::Item => return Shape::Object,
        Place::Field(name) if MAPS.contains(&name) => return Shape::Map,
        Place::Field(_) => {}
    }
    let plain = |name: &str| {
        name.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if fields.is_empty() || !fields.iter().all(|(name, _)| plain(name)) {
        Shape::Map
    } else if kinds.differ {
        Shape::Object
    } else {
        Shape::Unsure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(value: &str, unknown: &str, sensitive: &str, expressions: Option<&str>) -> Tree {
        let slice = |text| Scan::new(text).skip().unwrap();
        let expressions = expressions.map(|text| Json::read(&mut Scan::new(text)).unwrap());
        let slices = (slice(value), slice(unknown), slice(sensitive));
        build(
            &mut Names::default(),
            slices.0,
            slices.1,
            slices.2,
            expressions.as_ref(),
            None,
            None,
        )
        .unwrap()
    }

    fn data<'t>(tree: &'t Tree, path: &str) -> &'t Data {
        tree.data(
            tree.lookup(&gabion_model::Path::parse(path).unwrap())
                .unwrap_or_else(|| panic!("{path}")),
        )
    }

    #[test]
    fn unknown_or_computed_by_the_expressions() {
        let tree = tree(
            r#"{"name": "k", "rule": [{"x": 1}, {"x": 2}], "dyn": [{"a": 1}], "nested": {"q": null}}"#,
            r#"{"arn": true, "policy": true, "none": true, "call": true, "rule": [{"y": true, "z": true}, {"y": true, "z": true, "w": true}],
                "dyn": [{"b": true}], "nested": {"p": true}}"#,
            "{}",
            Some(
                r#"{"name": {"constant_value": "k"}, "policy": {"references": ["data.x.y.json", "data.x.y"]}, "none": {"constant_value": null},
                "call": {}, "rule": [{"x": {"constant_value": 1}, "y": {"references": ["a.b"]}}, {"x": {"constant_value": 2}, "y": {"references": ["a.b"]},
                "w": {"references": ["a.b"]}}]}"#,
            ),
        );
        assert_eq!(data(&tree, "arn"), &Data::Computed);
        assert_eq!(data(&tree, "policy"), &Data::Unknown);
        assert_eq!(data(&tree, "none"), &Data::Computed);
        assert_eq!(data(&tree, "call"), &Data::Unknown);
        assert_eq!(data(&tree, "rule[0].y"), &Data::Unknown);
        assert_eq!(data(&tree, "rule[1].z"), &Data::Computed);
        assert_eq!(data(&tree, "rule[1].w"), &Data::Unknown);
        assert_eq!(data(&tree, "dyn[0].b"), &Data::Unknown);
        assert_eq!(data(&tree, "nested.p"), &Data::Computed);
    }

    #[test]
    fn blocks_that_a_dynamic_one_makes_are_unknown() {
        let slice = |text| Scan::new(text).skip().unwrap();
        let expressions =
            Json::read(&mut Scan::new(r#"{"name": {"constant_value": "t"}}"#)).unwrap();
        let before = Tree::from_json(&serde_json::json!({"odd": [{"a": 1}]}), Shape::Object);
        let build = |dynamic: Option<&[String]>| {
            build(
                &mut Names::default(),
                slice(r#"{"name": "t"}"#),
                slice(r#"{"arn": true, "event_selector": true, "odd": true, "logging": true}"#),
                Slice::NULL,
                Some(&expressions),
                Some(&before),
                dynamic,
            )
            .unwrap()
        };
        // Where the files are there, they tell.
        let told = build(Some(&["logging".to_owned()]));
        assert_eq!(data(&told, "event_selector"), &Data::Computed);
        assert_eq!(data(&told, "odd"), &Data::Computed);
        assert_eq!(data(&told, "logging"), &Data::Unknown);
        let tree = build(None);
        assert_eq!(data(&tree, "arn"), &Data::Computed);
        assert_eq!(data(&tree, "event_selector"), &Data::Unknown);
        assert_eq!(data(&tree, "odd"), &Data::Unknown);
        assert_eq!(data(&tree, "logging"), &Data::Computed);
    }

    #[test]
    fn without_configuration_everything_is_unknown() {
        let tree = tree(
            r#"{"a": 1}"#,
            r#"{"arn": true, "list": [{"x": true}]}"#,
            "false",
            None,
        );
        assert_eq!(data(&tree, "arn"), &Data::Unknown);
        assert_eq!(data(&tree, "list[0].x"), &Data::Unknown);
    }

    #[test]
    fn sensitive_values_are_marked_where_they_stand() {
        let tree = tree(
            r#"{"a": "x", "b": {"c": "hunter2", "d": 1}, "l": [{"p": "hunter2"}]}"#,
            r#"{"u": true}"#,
            r#"{"b": {"c": true}, "l": [{"p": true}], "u": true}"#,
            None,
        );
        let text = tree.to_display_json(tree.root()).to_string();
        assert_eq!(
            text,
            r#"{"a":"x","b":{"c":"(sensitive)","d":1},"l":[{"p":"(sensitive)"}],"u":"(known after apply)"}"#
        );
    }

    #[test]
    fn objects_and_maps_are_told_apart_where_they_can_be() {
        let tree = tree(
            r#"{"tags": {"a": "b"}, "labels": {}, "empty": {}, "odd": {"A-b": "c"}, "one": {"a": "b"}, "many": {"a": "b", "c": null}, "list": [{"a": "b"}]}"#,
            "{}",
            "{}",
            None,
        );
        let shape = |path: &str| match data(&tree, path) {
            Data::Mapping(shape, _) => *shape,
            other => panic!("{other:?}"),
        };
        for (path, expected) in [
            ("tags", Shape::Map),
            ("labels", Shape::Map),
            ("empty", Shape::Map),
            ("odd", Shape::Map),
            ("one", Shape::Unsure),
            ("many", Shape::Object),
            ("list[0]", Shape::Object),
        ] {
            assert_eq!(shape(path), expected, "{path}");
        }
    }
}
