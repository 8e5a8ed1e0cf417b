//! Partial failure, panics, interruption, and answers that do not fit.

use serde_json::json;

use super::{applied, harness};
use crate::Dynamic;
use crate::testing::{Harness, Outcome, render};

async fn create(name: &str) -> Outcome {
    let harness = harness().await;
    create_in(&harness, name).await
}

async fn create_in(harness: &Harness<super::sample::Sample>, name: &str) -> Outcome {
    let config = json!({ "name": name, "size": 5, "password": "hidden" });
    let planned = harness.plan("sample_thing", None, &config).await;
    assert!(planned.diags.is_empty(), "{}", render(&planned.diags));
    harness.apply(&planned).await
}

#[tokio::test]
async fn what_was_made_is_kept() {
    let outcome = create("fail-halfway").await;
    assert_eq!(
        render(&outcome.diags),
        "error: Halfway: The second step failed."
    );
    let stored = outcome.stored.unwrap();
    assert_eq!(stored.get("id"), "id-fail-halfway".into());
    // What was not known yet is null in the state, never unknown.
    assert_eq!(stored.get("version"), Dynamic::Null);

    let outcome = create("fail-first").await;
    assert!(outcome.diags.has_errors());
    assert_eq!(outcome.stored, None);
}

#[tokio::test]
async fn a_failed_update_keeps_what_it_reached() {
    let harness = harness().await;
    let stored = applied(&harness, None, &json!({ "name": "a" })).await;
    let config = json!({ "name": "a", "size": 66 });
    let planned = harness.plan("sample_thing", Some(&stored), &config).await;
    let outcome = harness.apply(&planned).await;
    assert!(outcome.diags.has_errors());
    let half = outcome.stored.unwrap();
    assert_eq!(half.get("size"), Dynamic::from(66));
    assert_eq!(half.get("version"), Dynamic::from(1));

    let config = json!({ "name": "a", "size": 67 });
    let planned = harness.plan("sample_thing", Some(&stored), &config).await;
    let outcome = harness.apply(&planned).await;
    assert!(render(&outcome.diags).contains("Internal error in sample_thing"));
    assert_eq!(outcome.stored.unwrap().state, stored.state);
}

#[tokio::test]
async fn a_panic_keeps_the_state_and_tells_no_secret() {
    let outcome = create("panic-create").await;
    let text = render(&outcome.diags);
    assert!(
        text.starts_with("error: Internal error in sample_thing: The create operation of"),
        "{text}"
    );
    assert!(!text.contains("secret text"));
    assert_eq!(outcome.stored.unwrap().get("id"), "id-panic-create".into());
}

#[tokio::test]
async fn a_panic_in_read_keeps_the_state() {
    let harness = harness().await;
    let config = json!({ "name": "panic-read" });
    let planned = harness.plan("sample_thing", None, &config).await;
    let stored = harness.apply(&planned).await.stored.unwrap();
    let read = harness.read("sample_thing", &stored).await;
    assert!(render(&read.diags).contains("The read operation of `sample_thing` broke off"));
    assert_eq!(read.stored.unwrap().state, stored.state);
}

#[tokio::test]
async fn stop_ends_running_calls_with_their_state() {
    use crate::server::ProviderServer;
    use gabion_plugin::proto::tfplugin6::{provider_server::Provider as _, stop_provider};

    let harness = harness().await;
    let server: ProviderServer<_> = harness.server().clone();
    let stop = async move {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let request = tonic::Request::new(stop_provider::Request {});
        server.stop_provider(request).await.unwrap()
    };
    let (outcome, _) = tokio::join!(create_in(&harness, "slow"), stop);
    assert!(render(&outcome.diags).starts_with("error: Interrupted:"));
    assert_eq!(outcome.stored.unwrap().get("id"), "id-slow".into());
}

#[tokio::test]
async fn a_call_goes_on_when_the_caller_goes_away() {
    let harness = harness().await;
    let config = json!({ "name": "slow", "size": 5 });
    let planned = harness.plan("sample_thing", None, &config).await;
    let call = harness.apply(&planned);
    let dropped = tokio::time::timeout(std::time::Duration::from_millis(50), call).await;
    assert!(dropped.is_err());
    // The task still runs: it holds the provider until it is cancelled.
    let cloud = harness.server().test_ctx();
    let holders = std::sync::Arc::strong_count(cloud.provider().unwrap());
    assert!(holders > 2, "{holders}");
}

#[tokio::test]
async fn answers_that_do_not_fit_are_named() {
    let outcome = create("no-state").await;
    assert_eq!(
        render(&outcome.diags),
        "error: Invalid provider answer: The create operation of `sample_thing` ended without a state. \
         This is a fault of the provider: please report it."
    );
    let outcome = create("leave-unknown").await;
    assert_eq!(
        render(&outcome.diags),
        "error at version: Invalid provider answer: The provider left `version` unknown in the state. \
         This is a fault of the provider: please report it."
    );
    assert_eq!(outcome.stored.unwrap().get("version"), Dynamic::Null);
    // Core's own check, as the harness makes it.
    let outcome = create("other-result").await;
    assert!(render(&outcome.diags).contains("inconsistent result after apply"));
    // A resource that puts a write-only value into its state does not get it there.
    let outcome = create("keep-password").await;
    assert!(outcome.diags.is_empty(), "{}", render(&outcome.diags));
    assert_eq!(outcome.stored.unwrap().get("password"), Dynamic::Null);
}

#[tokio::test]
async fn calls_before_configure_are_refused() {
    let harness = Harness::new(super::sample::Sample);
    let outcome = create_in(&harness, "a").await;
    assert!(render(&outcome.diags).starts_with("error: The provider is not configured"));
    assert_eq!(outcome.stored, None);
}
