//! `gabion_account` and `gabion_account_baseline`: vended, adopted, repaired, and left behind.

mod adopted;
mod faults;
mod vended;

use anyhow::{Context as _, Result};
use gabion_tests::terraform::Run;
use gabion_tests::{Aws, Kind};
use serde_json::{Value, json};

use crate::support::World;

/// A security contact.
const CONTACT: &str = "  security_contact = {\n    name = \"Security\"\n    title = \"CISO\"\n    \
                       email_address = \"security@example.com\"\n    phone_number = \"+49 30 1234\"\n  }\n";

/// An organization with one unit, and an account in it.
fn estate(arguments: &str) -> String {
    format!(
        "resource \"gabion_organization\" \"main\" {{\n  units = [\"dev\", \"prod\"]\n}}\n\n{}",
        account(&format!(
            "  organizational_unit = gabion_organization.main.unit_ids[\"dev\"]\n{arguments}"
        ))
    )
}

/// An account of that name in one region.
fn account(arguments: &str) -> String {
    format!(
        "resource \"gabion_account\" \"app\" {{\n  name = \"app\"\n  email = \"app@example.com\"\n  regions = [\"eu-central-1\"]\n{CONTACT}{arguments}\n}}\n"
    )
}

/// The only error of a run with `-json`, without what another run has another of.
fn refusal(run: Run) -> Result<String> {
    let error = run.refused()?.only_error()?;
    let text = format!("{}: {}", error.summary, error.detail);
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let (kind, id) = bare.split_once('-').unwrap_or(("account", bare));
            let hex = id.len() >= 12 && id.bytes().all(|b| b.is_ascii_hexdigit());
            if kind == "o" || hex && (kind != "account" || id.bytes().all(|b| b.is_ascii_digit())) {
                word.replace(bare, &kind.to_uppercase())
            } else {
                word.to_owned()
            }
        })
        .collect();
    Ok(words.join(" "))
}

/// The accounts of that name.
fn accounts(world: &mut World, name: &str) -> Result<Vec<Value>> {
    let all = world
        .aws
        .call("organizations", "list_accounts", json!({}))?;
    Ok(all["Accounts"]
        .as_array()
        .context("no list of accounts")?
        .iter()
        .filter(|account| account["Name"] == name)
        .cloned()
        .collect())
}

/// A client in another account, through the fake.
fn inside(world: &World, account: &str) -> Result<Aws> {
    let mut here = Aws::new(&world.proxy.endpoint())?;
    let session = here.call(
        "sts",
        "assume_role",
        json!({
            "RoleArn": format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole"),
            "RoleSessionName": "test",
        }),
    )?;
    let key = session["Credentials"]["AccessKeyId"]
        .as_str()
        .context("no session")?;
    Aws::with_key(&world.proxy.endpoint(), key)
}

/// Names of the service control policies of an account.
fn policies(world: &mut World, account: &str) -> Result<Vec<String>> {
    let found = world.aws.call(
        "organizations",
        "list_policies_for_target",
        json!({"TargetId": account, "Filter": "SERVICE_CONTROL_POLICY"}),
    )?;
    Ok(found["Policies"]
        .as_array()
        .context("no list of policies")?
        .iter()
        .map(|policy| policy["Name"].as_str().unwrap_or_default().to_owned())
        .collect())
}

/// A world with moto.
fn moto() -> Result<Option<World>> {
    World::start(Kind::Moto)
}

/// The id of the account in the state.
fn id(world: &World, address: &str) -> Result<String> {
    Ok(world.terraform.state(address)?["account_id"]
        .as_str()
        .context("no account in the state")?
        .to_owned())
}

/// An `exception` block that holds for long.
fn exception(attribute: &str, control: &str) -> String {
    format!(
        "  exception {{\n    attribute = \"{attribute}\"\n    control   = \"{control}\"\n    reason    = \"test\"\n    expires   = \"2099-01-01T00:00:00Z\"\n  }}\n"
    )
}
