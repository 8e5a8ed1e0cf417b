//! The provider block, and the small things that the provider offers besides resources.

use anyhow::{Context as _, Result};
use gabion_tests::{Fault, Kind};
use serde_json::json;

use crate::support::World;

const KEY: &str = "resource \"gabion_kms_key\" \"app\" {\n  alias = \"app\"\n}\n";

#[test]
fn a_tier_is_an_object_and_a_wrong_name_is_told() -> Result<()> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.init(
        "output \"days\" {\n  value = provider::gabion::data_tier(\"confidential\").retention_in_days\n}\noutput \"locked\" {\n  value = provider::gabion::data_tier(\"regulated\").backup.locked\n}\noutput \"none\" {\n  value = provider::gabion::data_tier(\"public\").backup.retention_in_days == null\n}\n",
    )?;
    world
        .terraform
        .apply(&[])?
        .ok()?
        .says(&["days = 365", "locked = true", "none = true"])?;
    world.terraform.write(
        "main.tf",
        "output \"x\" {\n  value = provider::gabion::data_tier(\"secret\")\n}\n",
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["`secret` is not a data tier", "`regulated`"])?;
    Ok(())
}

#[test]
fn the_rules_in_force_follow_the_policy_file() -> Result<()> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.init(
        "data \"gabion_guardrails\" \"all\" {}\ndata \"gabion_guardrails\" \"off\" {\n  level = \"off\"\n}\noutput \"codes\" {\n  value = join(\",\", data.gabion_guardrails.all.codes)\n}\noutput \"off\" {\n  value = [for rule in data.gabion_guardrails.off.rules : \"${rule.code} by ${rule.level_from}\"]\n}\n",
    )?;
    world.terraform.plan(&[])?.ok()?.says(&["DT08", "LG12"])?;
    world
        .terraform
        .write("gabion.hcl", "rule \"DT08\" {\n  level = \"off\"\n}\n")?;
    world
        .terraform
        .plan(&[])?
        .ok()?
        .says(&["DT08 by gabion.hcl:"])?;
    assert!(world.proxy.calls().is_empty(), "it needs no AWS");
    Ok(())
}

#[test]
fn a_session_is_in_no_plan_and_no_state() -> Result<()> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.init(
        "ephemeral \"gabion_session\" \"audit\" {\n  role_arn = \"arn:aws:iam::123456789012:role/audit\"\n  duration = \"15m\"\n  lifecycle {\n    postcondition {\n      condition     = length(self.secret_access_key) > 20 && length(self.session_token) > 20\n      error_message = \"no credentials\"\n    }\n  }\n}\nresource \"terraform_data\" \"x\" {}\n",
    )?;
    world.terraform.apply(&[])?.ok()?;
    assert!(world.proxy.count("sts:AssumeRole") > 0);
    // Terraform 1.11 cannot show a plan that has a check of an ephemeral resource.
    world.terraform.write(
        "main.tf",
        "ephemeral \"gabion_session\" \"audit\" {\n  role_arn = \"arn:aws:iam::123456789012:role/audit\"\n}\nresource \"terraform_data\" \"x\" {}\n",
    )?;
    world.terraform.plan(&["-replace=terraform_data.x"])?.ok()?;
    let plan = world.terraform.saved_plan()?.to_string();
    let state = std::fs::read_to_string(world.terraform.dir().join("terraform.tfstate"))?;
    for (place, text) in [("plan", &plan), ("state", &state)] {
        for secret in ["FQoGZX", "ASIA"] {
            assert!(!text.contains(secret), "{place} holds credentials");
        }
    }
    world.terraform.write(
        "main.tf",
        "ephemeral \"gabion_session\" \"x\" {\n  duration = \"5m\"\n}\n",
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["`5m` is not possible", "`15m`"])?;
    Ok(())
}

#[test]
fn an_account_that_is_not_allowed_stops_before_any_change() -> Result<()> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world
        .terraform
        .provider("  allowed_account_ids = [\"111122223333\"]")?;
    world.init(KEY)?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["123456789012", "allowed_account_ids"])?;
    assert!(world.proxy.writes().is_empty());
    Ok(())
}

#[test]
fn a_provider_block_that_is_not_known_yet() -> Result<()> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.terraform.write("versions.tf", "terraform {\n  required_providers {\n    gabion = {\n      source = \"gabion/gabion\"\n    }\n  }\n}\n")?;
    world.terraform.write(
        "provider.tf",
        "resource \"terraform_data\" \"region\" {\n  input = \"eu-central-1\"\n}\nprovider \"gabion\" {\n  region = terraform_data.region.output\n}\n",
    )?;
    world.init(KEY)?;
    world
        .terraform
        .plan(&[])?
        .ok()?
        .says(&["policy = (known after apply)"])?;
    assert!(world.proxy.calls().is_empty());
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    // Unknown again, with something to refresh: refused, by name.
    world
        .terraform
        .plan(&["-replace=terraform_data.region"])?
        .refused()?
        .says(&["not known yet", "`region`"])?;
    Ok(())
}

#[test]
fn endpoints_and_an_assumed_role() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    let url = world.proxy.endpoint();
    world.terraform.env_remove("AWS_ENDPOINT_URL");
    world.terraform.provider(&format!(
        "  endpoints {{\n    kms = \"{url}\"\n    sts = \"{url}\"\n    cloudtrail = \"{url}\"\n  }}\n  assume_role {{\n    role_arn     = \"arn:aws:iam::444455556666:role/deploy\"\n    session_name = \"e2e\"\n    duration     = \"30m\"\n  }}\n"
    ))?;
    world.init(KEY)?;
    world.terraform.apply(&[])?.ok()?;
    let state = world.terraform.state("gabion_kms_key.app")?;
    assert_eq!(state["account_id"], "444455556666");
    world.terraform.settled()?;
    let call = world
        .proxy
        .calls()
        .into_iter()
        .find(|call| call.operation.name == "AssumeRole");
    let call = call.context("no role was assumed")?;
    assert!(
        call.body.contains("RoleSessionName=e2e") && call.body.contains("DurationSeconds=1800"),
        "{}",
        call.body
    );
    Ok(())
}

#[test]
fn another_account_through_the_vending_role() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.terraform.provider("  vending_role_name = \"vend\"")?;
    world.init("resource \"gabion_kms_key\" \"app\" {\n  alias      = \"app\"\n  account_id = \"111122223333\"\n}\n")?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let state = world.terraform.state("gabion_kms_key.app")?;
    assert!(
        state["policy"]
            .as_str()
            .unwrap()
            .contains("arn:aws:iam::111122223333:root")
    );
    let own = world.aws.call("kms", "list_keys", json!({}))?;
    assert_eq!(own["Keys"], json!([]), "not in the provider's own account");
    let assumed = world
        .proxy
        .calls()
        .into_iter()
        .any(|call| call.body.contains("111122223333%3Arole%2Fvend"));
    assert!(assumed);

    let _denied = world
        .proxy
        .on("sts:AssumeRole")
        .always()
        .fault(Fault::AccessDenied);
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["vending_role_name", "`vend`", "111122223333"])?;
    Ok(())
}
