//! No sensitive value reaches a log, not even the loudest.

use std::collections::BTreeSet;

use anyhow::Result;
use gabion_tests::Kind;

use crate::support::World;

/// Values that a log must not hold.
const SECRET_KEY: &str = "fake-secret-key-7b1e0c2a9d";
const SESSION_TOKEN: &str = "fake-session-token-55d3a1c9f0";
const EXTERNAL_ID: &str = "fake-external-id-91c2e77b";

#[test]
fn a_trace_holds_no_credentials() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    let log = world.terraform.dir().join("trace.log");
    world
        .terraform
        .env("TF_LOG", "trace")
        .env("TF_LOG_PATH", log.to_string_lossy())
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_SESSION_TOKEN", SESSION_TOKEN);
    world.terraform.provider(&format!(
        "  assume_role {{\n    role_arn    = \"arn:aws:iam::123456789012:role/vend\"\n    external_id = \"{EXTERNAL_ID}\"\n  }}"
    ))?;
    world.init(
        "resource \"gabion_kms_key\" \"app\" {\n  alias = \"app\"\n}\nephemeral \"gabion_session\" \"audit\" {\n  role_arn = \"arn:aws:iam::123456789012:role/audit\"\n}\n",
    )?;
    let mut seen = String::new();
    for run in [
        world.terraform.plan(&[])?,
        world.terraform.apply(&[])?,
        world.terraform.run(&["show", "-json"])?,
    ] {
        assert_ne!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
        seen.push_str(&run.stdout);
        seen.push_str(&run.stderr);
    }
    let trace = std::fs::read_to_string(log)?;
    assert!(
        trace.contains("provider.terraform-provider-gabion"),
        "the provider logged nothing"
    );
    let state = std::fs::read_to_string(world.terraform.dir().join("terraform.tfstate"))?;
    let mut secrets: Vec<String> = [SECRET_KEY, SESSION_TOKEN, EXTERNAL_ID]
        .map(str::to_owned)
        .into();
    let issued = issued(&world);
    assert!(issued.len() >= 4, "STS gave no keys: {issued:?}");
    secrets.extend(issued);
    for secret in &secrets {
        for (what, text) in [
            ("the screen", &seen),
            ("the trace", &trace),
            ("the state", &state),
        ] {
            // Core's own trace may show the provider block, which the user wrote there.
            let found = text.lines().find(|line| {
                line.contains(secret.as_str())
                    && (what != "the trace" || line.contains("provider.terraform-provider-gabion"))
            });
            assert!(found.is_none(), "{what} holds `{secret}`: {found:?}");
        }
    }
    Ok(())
}

/// The secret keys and session tokens that STS gave, from its answers.
fn issued(world: &World) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for call in world.proxy.calls() {
        for tag in ["SecretAccessKey", "SessionToken"] {
            let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
            for part in call.answer.split(&open).skip(1) {
                found.extend(part.split(&close).next().map(str::to_owned));
            }
        }
    }
    found
}
