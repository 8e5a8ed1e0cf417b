//! `examples/landing-zone` and `examples/secure-workload`: planned, applied, repaired and destroyed as they are.

mod attributes;
mod drift;
mod left;
mod modules;
mod workload;
mod zone;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use gabion_tests::terraform::copy_tree;
use gabion_tests::{Aws, Kind, workspace};
use serde_json::{Value, json};

use crate::support::World;

/// The place of what is in the management account.
const MANAGEMENT: &str = "";

/// A client for every account of the zone, by environment; [`MANAGEMENT`] is the management account. All go through the
/// fake, which answers for what the emulator lacks.
struct Places {
    clients: BTreeMap<String, Aws>,
}

impl Places {
    fn open(world: &World, accounts: &BTreeMap<String, String>) -> Result<Self> {
        let mut here = Aws::new(&world.proxy.endpoint())?;
        let mut clients = BTreeMap::new();
        for (environment, account) in accounts {
            let role = format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole");
            let session = here.call(
                "sts",
                "assume_role",
                json!({"RoleArn": role, "RoleSessionName": "test"}),
            )?;
            let key = session["Credentials"]["AccessKeyId"]
                .as_str()
                .context("no session")?;
            clients.insert(
                environment.clone(),
                Aws::with_key(&world.proxy.endpoint(), key)?,
            );
        }
        clients.insert(MANAGEMENT.to_owned(), here);
        Ok(Self { clients })
    }

    fn call(
        &mut self,
        place: &str,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value> {
        let client = self.clients.get_mut(place).context("no such place")?;
        client
            .call(service, operation, parameters)
            .with_context(|| format!("{place} {service} {operation}"))
    }
}

/// A world in whose working directory an example lies, its policy file included.
fn example(name: &str) -> Result<Option<World>> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(None);
    };
    // The example says itself which provider it uses.
    world.terraform.remove("versions.tf")?;
    world.terraform.remove("provider.tf")?;
    world
        .terraform
        .copy_all(&workspace::root().join("examples").join(name))?;
    Ok(Some(world))
}

/// The addresses that the saved plan changes, and how: `create`, `update`, `delete`.
fn changes(world: &World) -> Result<BTreeMap<String, String>> {
    let plan = world.terraform.saved_plan()?;
    let all = plan["resource_changes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    Ok(all
        .iter()
        .filter(|change| change["change"]["actions"] != json!(["no-op"]))
        .map(|change| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (
                text(&change["address"]),
                text(&change["change"]["actions"][0]),
            )
        })
        .collect())
}

/// Whether `true` stands in it somewhere: how a plan marks what is not known.
fn holds_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Array(list) => list.iter().any(holds_true),
        Value::Object(fields) => fields.values().any(holds_true),
        _ => false,
    }
}

/// The attributes that the saved plan changes, as `address attribute`.
fn changed(world: &World) -> Result<BTreeSet<String>> {
    let plan = world.terraform.saved_plan()?;
    let mut found = BTreeSet::new();
    for change in plan["resource_changes"].as_array().into_iter().flatten() {
        let address = change["address"].as_str().unwrap_or_default();
        let side = |name: &str| {
            change["change"][name]
                .as_object()
                .cloned()
                .unwrap_or_default()
        };
        let (before, after) = (side("before"), side("after"));
        let unknown = side("after_unknown");
        for name in before.keys() {
            // What is merely not known yet shows nothing.
            let known = unknown.get(name).is_none_or(|unknown| !holds_true(unknown));
            if known && before.get(name) != after.get(name) {
                found.insert(format!("{address} {name}"));
            }
        }
    }
    Ok(found)
}

/// `gabion check` on the saved plan, with the example's policy file: exit code and findings.
fn check(world: &World, options: &[&str]) -> Result<(Option<i32>, Vec<Value>)> {
    world
        .terraform
        .write("plan.json", &world.terraform.saved_plan()?.to_string())?;
    let out = Command::new(workspace::gabion_bin()?)
        .args(["check", "plan.json", "-o", "json"])
        .args(options)
        .current_dir(world.terraform.dir())
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .env_remove("GABION_FLOOR")
        .output()?;
    let answer: Value = serde_json::from_slice(&out.stdout)
        .with_context(|| String::from_utf8_lossy(&out.stderr).into_owned())?;
    let findings = answer["findings"]
        .as_array()
        .context("no findings")?
        .clone();
    Ok((out.status.code(), findings))
}

/// The rules of the policy file find nothing in a plan whose values are not all known: what is not known yet is a note.
fn nothing_found(world: &World) -> Result<()> {
    let (code, findings) = check(world, &[])?;
    let told: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["disposition"] != "note")
        .collect();
    ensure!(told.is_empty() && code == Some(0), "{code:?} {told:#?}");
    Ok(())
}

/// Nothing changes twice, no diagnostic is told, and the rules find nothing in what stands: everything is known, and
/// decided.
fn clean(world: &World) -> Result<()> {
    for round in ["first", "second"] {
        let before = world.proxy.calls().len();
        let run = world.terraform.plan_json(&[])?;
        ensure!(!run.changes()?, "the {round} plan changes:\n{}", run.stdout);
        println!(
            "the {round} plan without changes took {:?} and {} calls",
            run.elapsed,
            world.proxy.calls().len() - before
        );
        let told = run.diagnostics();
        ensure!(told.is_empty(), "the {round} plan tells {told:#?}");
    }
    let (code, findings) = check(world, &["--all", "--strict"])?;
    ensure!(
        findings.is_empty() && code == Some(0),
        "{code:?} {findings:#?}"
    );
    Ok(())
}

/// A git repository with the examples of this checkout.
fn repository() -> Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("gabion-git-").tempdir()?;
    copy_tree(
        &workspace::root().join("examples/landing-zone"),
        &folder.path().join("examples/landing-zone"),
    )?;
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "."],
        &["commit", "--quiet", "--message", "examples"],
        &["tag", "v1.0.0"],
    ] {
        let out = Command::new("git")
            .args(["-c", "user.name=test", "-c", "user.email=test@example.com"])
            .args([
                "-c",
                "commit.gpgsign=false",
                "-c",
                "core.hooksPath=/dev/null",
            ])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .context("git is missing: it brought this checkout here")?;
        ensure!(
            out.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
    }
    Ok(folder)
}
