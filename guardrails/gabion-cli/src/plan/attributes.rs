//! A change whose attributes are read out of the plan when a rule first asks for them.
//!
//! What belongs here: where an attribute stands in the text. What does not: what its values become (`super::tree`).

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use gabion_model::{Attributes, Change, Data, Operation, Tree, TreeBuilder};

use super::config::expression_node;
use super::file::{Plan, PlanError, Planned, blocks};
use super::scan::{Json, Slice};
use super::tree::{self, Field, Names};

thread_local! {
    /// The names that this thread has seen: no two threads count the references of one text.
    static NAMES: RefCell<Names> = RefCell::default();
    /// This thread's null, for the same reason.
    static NULL: Arc<Tree> = Arc::new(Tree::null());
    /// And its copy of the provider's configuration that it met last, by where the plan has it.
    static PROVIDER: RefCell<Option<(usize, Arc<Tree>)>> = const { RefCell::new(None) };
}

fn null() -> Arc<Tree> {
    NULL.with(Arc::clone)
}

/// This thread's copy of a tree of a plan that stays.
fn own(tree: &'static Arc<Tree>) -> Arc<Tree> {
    let place = Arc::as_ptr(tree).addr();
    PROVIDER.with_borrow_mut(|known| match known {
        Some((known, tree)) if *known == place => tree.clone(),
        _ => {
            let copy = Arc::new(Tree::clone(tree));
            *known = Some((place, copy.clone()));
            copy
        }
    })
}

/// A change, as far as it was looked at.
struct Looked {
    plan: &'static Plan<'static>,
    planned: &'static Planned<'static>,
    /// All of it, where a rule wants more than a few attributes.
    whole: OnceLock<Option<Arc<Change>>>,
    /// The block types that `dynamic` blocks make, where the files of the configuration tell.
    dynamic: OnceLock<Option<Vec<String>>>,
}

/// One side of a change.
struct Side {
    looked: Arc<Looked>,
    of: Of,
}

enum Of {
    Before,
    After {
        expressions: Option<Slice<'static>>,
        before: Arc<Tree>,
    },
    Configured {
        expressions: Slice<'static>,
        after: Arc<Tree>,
    },
}

impl Plan<'static> {
    /// A change as [`Plan::change`] gives it: its values are read when a rule first looks at them. What is wrong with
    /// them is told by [`Plan::fault`]. The plan is one that stays to the end of the process.
    ///
    /// # Errors
    /// Where it makes an object and does not say what it will be.
    pub fn lazy_change(
        &'static self,
        planned: &'static Planned<'static>,
    ) -> Result<Change, PlanError> {
        planned.says_what_it_makes()?;
        Ok(self.unlooked(planned))
    }

    /// The same, whatever the change says that it makes.
    pub(super) fn unlooked(&'static self, planned: &'static Planned<'static>) -> Change {
        let looked = Arc::new(Looked {
            plan: self,
            planned,
            whole: OnceLock::new(),
            dynamic: OnceLock::new(),
        });
        let side = |of, null: bool, plain: bool| {
            let looked = looked.clone();
            if null && plain {
                return self::null();
            }
            Arc::new(Side { looked, of }.tree(null, plain))
        };
        let null = planned.before.is_null();
        let plain = planned.before_sensitive.marks_parts();
        let before = side(
            Of::Before,
            null,
            plain && (null || planned.before.is_object()),
        );
        let resource = self.configuration.resource(&planned.config_key());
        let expressions = resource.map(|resource| resource.expressions);
        let null = planned.has_no_after();
        let plain = planned.after_unknown.marks_parts()
            && planned.after_sensitive.marks_parts()
            && (null || planned.after.is_object());
        let of = Of::After {
            expressions,
            before: before.clone(),
        };
        let after = side(of, null, plain);
        let config = expressions.map(|expressions| {
            let plain = expressions.is_null() || expressions.is_object();
            let after = after.clone();
            side(Of::Configured { expressions, after }, false, plain)
        });
        let (version, provider) = self.configuration.provider(resource);
        let provider = provider.map_or_else(self::null, own);
        Self::outline(planned, version, provider, before, after, config)
    }
}

impl Looked {
    fn whole(&self) -> Option<&Arc<Change>> {
        let whole = self.whole.get_or_init(|| {
            let made = NAMES.with_borrow_mut(|names| self.plan.change(self.planned, names));
            self.believe(made.map(Arc::new))
        });
        whole.as_ref()
    }

    /// Keeps what is wrong: the caller asks for it before it believes any verdict.
    fn believe<T>(&self, made: Result<T, impl Into<PlanError>>) -> Option<T> {
        match made {
            Ok(made) => Some(made),
            Err(fault) => {
                let _ = self.plan.fault.set(fault.into());
                None
            }
        }
    }

    fn dynamic(&self) -> Option<&[String]> {
        let dynamic = || self.plan.dynamic(self.planned);
        self.dynamic.get_or_init(dynamic).as_deref()
    }

    fn before(&self, name: &str) -> Result<Option<Tree>, PlanError> {
        let planned = self.planned;
        let field = Field {
            name,
            value: planned.before.field(name)?,
            unknown: None,
            sensitive: planned.before_sensitive.field(name)?,
        };
        Ok(NAMES.with_borrow_mut(|names| field.build(names, None))?)
    }

    fn after(
        &self,
        name: &str,
        expressions: Option<Slice<'_>>,
        before: &Tree,
    ) -> Result<Option<Tree>, PlanError> {
        let planned = self.planned;
        let field = Field {
            name,
            value: planned.after.field(name)?,
            unknown: planned.after_unknown.field(name)?,
            sensitive: planned.after_sensitive.field(name)?,
        };
        // Only what is unknown is looked up in the configuration. The files come before the names: they may be read
        // by looking at another side.
        if !field.is_unknown() {
            return Ok(NAMES.with_borrow_mut(|names| field.build(names, None))?);
        }
        let dynamic = self.dynamic();
        let had_blocks = dynamic.is_none() && tree::had_blocks(before, name);
        let written = expressions
            .map(|expressions| Json::read_only(expressions, name))
            .transpose()?;
        Ok(NAMES.with_borrow_mut(|names| {
            field.build(names, Some((written.as_ref(), dynamic, had_blocks)))
        })?)
    }

    /// An attribute of the configuration: what is written, or the blocks that `dynamic` ones made.
    fn configured(
        &self,
        name: &str,
        expressions: Slice<'_>,
        after: &Tree,
    ) -> Result<Option<Tree>, PlanError> {
        let written = expressions.first_field(name)?;
        let mut builder = TreeBuilder::new();
        let made = match self.dynamic() {
            Some(dynamic) => dynamic.iter().any(|made| made == name),
            None => self.planned.operation == Operation::Create && written.is_none(),
        };
        let count = made
            .then(|| after.child(after.root(), name))
            .flatten()
            .and_then(|node| blocks(after, node));
        let root = if let Some(count) = count {
            let blocks = (0..count).map(|_| builder.push(Data::Unknown, false));
            let blocks = blocks.collect();
            builder.push(Data::Sequence(blocks), false)
        } else {
            let Some(written) = written else {
                return Ok(None);
            };
            let written = Json::read(&mut written.scan())?;
            NAMES.with_borrow_mut(|names| expression_node(&mut builder, names, &written))
        };
        Ok(Some(builder.finish(root)))
    }
}

impl Side {
    /// A tree by attribute where it is an object whose marks, too, stand at its attributes.
    fn tree(self, null: bool, plain: bool) -> Tree {
        if plain {
            Tree::by_attribute(Arc::new(self))
        } else {
            Tree::lazy(null, move || self.whole())
        }
    }
}

impl Attributes for Side {
    fn attribute(&self, name: &str) -> Option<Tree> {
        let looked = &self.looked;
        let made = match &self.of {
            Of::Before => looked.before(name),
            Of::After {
                expressions,
                before,
            } => looked.after(name, *expressions, before),
            Of::Configured { expressions, after } => looked.configured(name, *expressions, after),
        };
        looked.believe(made).flatten()
    }

    fn whole(&self) -> Arc<Tree> {
        let whole = self.looked.whole();
        let side = whole.and_then(|whole| match &self.of {
            Of::Before => Some(whole.before.clone()),
            Of::After { .. } => Some(whole.after.clone()),
            Of::Configured { .. } => whole.config.clone(),
        });
        side.unwrap_or_else(null)
    }
}

#[cfg(test)]
mod tests {
    use gabion_model::{NodeId, Path};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const NAMES: [&str; 7] = [
        "acl",
        "constant_value",
        "references",
        "rule",
        "tags",
        "versioning",
        "x",
    ];

    /// Everything that a reader can see of a value.
    fn seen(tree: &Tree, id: NodeId) -> String {
        let data = match tree.data(id) {
            Data::Sequence(items) => items
                .iter()
                .map(|item| seen(tree, *item))
                .collect::<Vec<_>>()
                .join(","),
            Data::Mapping(shape, fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, item)| format!("{name}={}", seen(tree, *item)));
                format!("{shape:?}({})", fields.collect::<Vec<_>>().join(","))
            }
            data => format!("{data:?}"),
        };
        let (path, sensitive) = (tree.path(id), tree.is_sensitive(id));
        format!("{:?} {data} at `{path}` {sensitive}", tree.kind(id))
    }

    fn same(lazy: &Tree, eager: &Tree) -> Result<(), TestCaseError> {
        prop_assert_eq!(lazy.is_null(), eager.is_null());
        for name in NAMES {
            let part = |tree: &Tree| tree.child(tree.root(), name).map(|id| seen(tree, id));
            prop_assert_eq!(part(lazy), part(eager));
        }
        prop_assert_eq!(lazy, eager);
        Ok(())
    }

    fn value(leaf: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                object(inner.boxed()),
            ]
        })
    }

    fn object(of: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
        prop::collection::btree_map(prop::sample::select(&NAMES[..]), of, 0..6)
            .prop_map(|map| {
                map.into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            })
            .prop_map(Value::Object)
    }

    fn state() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            Just(json!("t")),
            Just(json!(1)),
            Just(json!(true))
        ];
        prop_oneof![1 => Just(Value::Null), 6 => object(value(leaf.boxed()).boxed())]
    }

    fn marks() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![3 => Just(json!(true)), 1 => Just(json!(false))].boxed();
        prop_oneof![1 => leaf.clone(), 6 => object(value(leaf).boxed())]
    }

    fn expressions() -> impl Strategy<Value = Option<Value>> {
        let leaf = prop_oneof![
            Just(json!({"constant_value": null})),
            Just(json!({"constant_value": "t"})),
            Just(json!({"constant_value": {"x": 1}})),
            Just(json!({"references": ["a.b.id", "a.b"]})),
            Just(json!({})),
        ];
        prop::option::weighted(
            0.9,
            prop_oneof![1 => Just(Value::Null), 6 => object(value(leaf.boxed()).boxed())],
        )
    }

    struct Files(bool);

    impl super::super::Written for Files {
        fn local(&self, _: &str, _: &str, _: &[&str]) -> Option<Vec<String>> {
            None
        }

        fn dynamic(&self, _: &str, _: &str) -> Option<Vec<String>> {
            self.0.then(|| vec!["rule".to_owned()])
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn an_attribute_on_its_own_is_that_of_the_whole(
            before in state(),
            after in state(),
            unknown in marks(),
            secret in (marks(), marks()),
            expressions in expressions(),
            action in prop::sample::select(&["no-op", "create", "update", "delete"][..]),
            files in any::<bool>(),
        ) {
            let resources = expressions.map(|expressions| json!([{"address": "a.b", "expressions": expressions}]));
            let text = json!({
                "format_version": "1.2",
                "resource_changes": [{"address": "a.b", "type": "a", "change": {
                    "actions": [action], "before": before, "after": after, "after_unknown": unknown,
                    "before_sensitive": secret.0, "after_sensitive": secret.1,
                }}],
                "configuration": {"root_module": {"resources": resources}},
            });
            let text: &'static str = text.to_string().leak();
            let mut plan = Plan::read(text).unwrap();
            plan.written = Some(Arc::new(Files(files)));
            let plan: &'static Plan<'static> = Box::leak(Box::new(plan));
            let lazy = plan.lazy_change(&plan.changes[0]);
            let eager = plan.change(&plan.changes[0], &mut Names::default());
            let (Ok(lazy), Ok(eager)) = (&lazy, &eager) else {
                prop_assert_eq!(lazy.err(), eager.err());
                return Ok(());
            };
            for name in NAMES.map(|name| Path::parse(name).unwrap()) {
                prop_assert_eq!(lazy.configured(&name), eager.configured(&name));
            }
            same(&lazy.before, &eager.before)?;
            same(&lazy.after, &eager.after)?;
            prop_assert_eq!(lazy.config.is_some(), eager.config.is_some());
            if let (Some(lazy), Some(eager)) = (&lazy.config, &eager.config) {
                same(lazy, eager)?;
            }
            prop_assert!(plan.fault().is_none());
        }
    }

    #[test]
    fn what_is_wrong_is_kept() {
        let text = r#"{"format_version": "1.2", "resource_changes": [{"address": "a.b", "type": "a", "change":
            {"actions": ["create"], "after": {"x": 1, "y": {1}}, "after_unknown": {}}}]}"#;
        let plan: &'static Plan<'static> = Box::leak(Box::new(Plan::read(text).unwrap()));
        let change = plan.lazy_change(&plan.changes[0]).unwrap();
        let after = &change.after;
        assert!(after.child(after.root(), "x").is_some() && plan.fault().is_none());
        assert!(after.child(after.root(), "y").is_none());
        assert!(matches!(plan.fault(), Some(PlanError::Json(_))));
    }
}
