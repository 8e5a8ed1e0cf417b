//! Engines and changes for the tests.

use std::sync::Arc;

use gabion_engine::{Budgets, CacheOptions, Engine, EngineOptions, Pack, Session};
use gabion_model::{
    Change, Data, Evaluation, Mode, Operation, Runner, Shape, Stage, Tree, TreeBuilder, Verdict,
};

use crate::guest::Guest;

pub(crate) fn engine(cache: CacheOptions) -> Engine {
    engine_with(cache, Budgets::default())
}

pub(crate) fn engine_with(cache: CacheOptions, budgets: Budgets) -> Engine {
    let mut options = EngineOptions::default();
    options.cache = cache;
    options.budgets = budgets;
    Engine::new(options).unwrap()
}

pub(crate) fn pack(guest: Guest) -> Pack {
    engine(CacheOptions::off())
        .load(&guest.build(), "tiny.wasm")
        .unwrap()
}

pub(crate) fn session(guest: Guest) -> Session {
    pack(guest).session(&serde_json::json!({})).unwrap()
}

pub(crate) fn session_with(guest: Guest, set: impl FnOnce(&mut Budgets)) -> Session {
    let mut budgets = Budgets::default();
    set(&mut budgets);
    let engine = engine_with(CacheOptions::off(), budgets);
    engine
        .load(&guest.build(), "tiny.wasm")
        .unwrap()
        .session(&serde_json::json!({}))
        .unwrap()
}

pub(crate) fn change(after: Tree) -> Arc<Change> {
    Arc::new(Change {
        resource_type: "aws_kms_key".into(),
        mode: Mode::Managed,
        provider: "registry.terraform.io/hashicorp/aws".into(),
        provider_version: Some("6.0.0".into()),
        operation: Operation::Create,
        stage: Stage::Plan,
        before: Arc::new(Tree::null()),
        after: Arc::new(after),
        config: None,
        provider_configuration: Arc::new(Tree::null()),
        address: None,
        module_address: None,
    })
}

pub(crate) fn empty() -> Arc<Change> {
    change(Tree::from_json(&serde_json::json!({}), Shape::Object))
}

/// One attribute of each sort, named in capitals as the rules that read them.
pub(crate) fn sorts(shape: Shape) -> Arc<Change> {
    let mut builder = TreeBuilder::new();
    let mut add = |name: &str, data: Data, sensitive: bool| {
        let id = builder.push(data, sensitive);
        (Arc::<str>::from(name), id)
    };
    let attributes = vec![
        add("KNOWN", Data::Text("plain to see".into()), false),
        add("NOTHING", Data::Null, false),
        add("SECRET", Data::Text("hunter2-hunter2".into()), true),
        add("LATER", Data::Unknown, false),
        add("COMPUTED", Data::Computed, false),
        add("NUMBER", Data::Number("7".into()), false),
        add("POLICY", Data::Text(r#"{"Effect":"Allow"}"#.into()), false),
        add(
            "LEAK",
            Data::Text("postgres://app:hunter2@db.example.com/x".into()),
            true,
        ),
    ];
    let root = builder.push(Data::Mapping(shape, attributes), false);
    change(builder.finish(root))
}

/// The error of a verdict that must be one.
pub(crate) fn error(evaluation: &Evaluation) -> &str {
    match &evaluation.verdict {
        Verdict::Error(reason) => reason,
        other => panic!("no error: {other:?}"),
    }
}

pub(crate) fn check(session: &mut Session) -> Evaluation {
    session.check("T01", &empty())
}
