//! A sample provider, driven through the service trait as Terraform core does.

mod apply;
mod lifecycle;
mod others;
mod planning;
mod random;
mod sample;
mod validation;

use serde_json::{Value, json};

use crate::testing::{Harness, Stored, render};

/// A configured sample provider.
async fn harness() -> Harness<sample::Sample> {
    let harness = Harness::new(sample::Sample);
    let diags = harness.configure(&json!({ "endpoint": "local" })).await;
    assert!(diags.is_empty(), "{}", render(&diags));
    harness
}

/// Plans and applies, and shows that nothing is left to do.
async fn applied(
    harness: &Harness<sample::Sample>,
    prior: Option<&Stored>,
    config: &Value,
) -> Stored {
    let planned = harness.plan("sample_thing", prior, config).await;
    assert!(planned.diags.is_empty(), "{}", render(&planned.diags));
    let outcome = harness.apply(&planned).await;
    assert!(outcome.diags.is_empty(), "{}", render(&outcome.diags));
    let stored = outcome.stored.unwrap();
    let read = harness.read("sample_thing", &stored).await;
    assert!(read.diags.is_empty(), "{}", render(&read.diags));
    let stored = read.stored.unwrap();
    let again = harness.plan("sample_thing", Some(&stored), config).await;
    assert!(again.diags.is_empty(), "{}", render(&again.diags));
    assert!(again.is_no_op(), "{again:#?}");
    assert!(again.replace.is_empty());
    stored
}
