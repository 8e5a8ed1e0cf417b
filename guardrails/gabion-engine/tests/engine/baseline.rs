//! The component inside the binary.

use std::sync::Arc;
use std::time::Instant;

use gabion_engine::{CacheOptions, baseline};
use gabion_model::{Change, Mode, Operation, Runner, Shape, Stage, Tree};

use crate::support::engine;

fn key(rotation: bool) -> Arc<Change> {
    let after = serde_json::json!({
        "arn": "arn:aws:kms:eu-central-1:111122223333:key/x", "enable_key_rotation": rotation,
        "rotation_period_in_days": 365, "is_enabled": true, "tags": {}, "tags_all": {},
        "policy": "{}", "customer_master_key_spec": "SYMMETRIC_DEFAULT", "key_usage": "ENCRYPT_DECRYPT",
        "deletion_window_in_days": 30, "multi_region": false, "description": "", "custom_key_store_id": null,
    });
    Arc::new(Change {
        resource_type: "aws_kms_key".into(),
        mode: Mode::Managed,
        provider: "registry.terraform.io/hashicorp/aws".into(),
        provider_version: Some("6.0.0".into()),
        operation: Operation::Create,
        stage: Stage::Plan,
        before: Arc::new(Tree::null()),
        config: Some(Arc::new(Tree::from_json(&after, Shape::Object))),
        after: Arc::new(Tree::from_json(&after, Shape::Object)),
        provider_configuration: Arc::new(Tree::null()),
        address: None,
        module_address: None,
    })
}

#[test]
fn it_loads_and_its_version_is_told() {
    let pack = engine(CacheOptions::off()).load_baseline().unwrap();
    assert_eq!(pack.info().name, "baseline");
    assert_eq!(pack.info().version, baseline::VERSION);
    assert!(pack.digest().starts_with("sha256:"));
}

/// Not a timed test: it prints figures for `--nocapture`.
#[test]
fn figures() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let start = Instant::now();
        let engine = engine(CacheOptions::within(folder.path()));
        let made = start.elapsed();
        let pack = engine.load_baseline().unwrap();
        let loaded = start.elapsed();
        let mut session = pack.session(&serde_json::json!({})).unwrap();
        let started = start.elapsed();
        let change = key(false);
        let first = session.check("DT08", &change);
        let asked = start.elapsed();
        println!(
            "round {round}: engine {made:?}, loaded {loaded:?}, session {started:?}, first verdict {asked:?}"
        );
        println!("{:?} {}", first.verdict, first.reads.len());
        let start = Instant::now();
        let times = 10_000;
        for _ in 0..times {
            session.check("DT08", &change);
        }
        println!("a check: {:?}", start.elapsed() / times);
        let start = Instant::now();
        for _ in 0..100 {
            session.refresh();
            session.check("DT08", &change);
        }
        println!("a check in a fresh instance: {:?}", start.elapsed() / 100);
    }
}
