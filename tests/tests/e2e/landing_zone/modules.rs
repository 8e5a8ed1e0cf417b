//! The modules by themselves: their own tests, their use from a git source, and that they say what they take and give.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use gabion_tests::terraform::Tool;
use gabion_tests::{Terraform, workspace};
use serde_json::json;

use super::{changes, clean, example, repository};
use crate::support::World;

/// The folders of an example that hold variables.
fn folders() -> Vec<PathBuf> {
    let examples = workspace::root().join("examples");
    let modules = examples.join("landing-zone/modules");
    vec![
        modules.join("organization"),
        modules.join("log-archive"),
        modules.join("environment"),
        examples.join("secure-workload"),
    ]
}

/// The blocks of that kind in a file: name and text.
fn blocks(text: &str, kind: &str) -> Vec<(String, String)> {
    let start = format!("{kind} \"");
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix(&start) {
            let name = rest.split('"').next().unwrap_or_default();
            found.push((name.to_owned(), String::new()));
        } else if let Some((_, text)) = found.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

#[test]
fn what_modules_take_and_give_is_typed_checked_and_told() -> Result<()> {
    // Any text and any tags; and `true` or `false`.
    let unchecked = ["deletion_protection", "acknowledge_irreversible", "tags"];
    for folder in folders() {
        let read = |name: &str| {
            std::fs::read_to_string(folder.join(name))
                .with_context(|| format!("{}/{name}", folder.display()))
        };
        let readme = match read("README.md") {
            Ok(text) => text,
            Err(_) => {
                std::fs::read_to_string(workspace::root().join("examples/landing-zone/README.md"))?
            }
        };
        let inputs = blocks(&read("variables.tf")?, "variable");
        let outputs = blocks(&read("outputs.tf")?, "output");
        ensure!(!inputs.is_empty() && !outputs.is_empty());
        for (name, text) in &inputs {
            let place = format!("{}: {name}", folder.display());
            ensure!(text.contains("\n  type "), "{place} has no type");
            ensure!(
                text.contains("  description = \""),
                "{place} has no description"
            );
            let checked = text.contains("  validation {") || unchecked.contains(&name.as_str());
            ensure!(checked, "{place} is not validated");
            ensure!(
                readme.contains(&format!("| `{name}` |")),
                "{place} is not in the README"
            );
        }
        for (name, text) in &outputs {
            let place = format!("{}: {name}", folder.display());
            ensure!(
                text.contains("  description = \""),
                "{place} has no description"
            );
            ensure!(
                readme.contains(&format!("`{name}`")),
                "{place} is not in the README"
            );
        }
    }
    Ok(())
}

/// The three modules, as a platform team takes them from a repository: the call of the first is the README's own.
fn from_git(repository: &str) -> Result<String> {
    let readme = workspace::root().join("examples/landing-zone/README.md");
    let readme = std::fs::read_to_string(readme)?;
    let told = readme
        .split("```hcl\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .context("the README does not show how the modules are used")?;
    let real = format!("file://{repository}");
    let told = told.replace("https://git.example.com/platform/gabion.git", &real);
    ensure!(told.contains(&real), "the README uses another repository");
    let call = |name: &str, module: &str, arguments: &str| {
        format!(
            "module \"{name}\" {{\n  source = \"git::{real}//examples/landing-zone/modules/{module}?ref=v1.0.0\"\n{arguments}}}\n\n"
        )
    };
    Ok([
        "terraform {\n  required_providers {\n    gabion = { source = \"gabion/gabion\" }\n  }\n}\n\n".to_owned(),
        "provider \"gabion\" {\n  region = \"eu-west-1\"\n}\n\n".to_owned(),
        told,
        call(
            "logs",
            "log-archive",
            "  bucket = \"other-log-archive\"\n  account_id = module.dev.account_id\n  organization_id = module.organization.id\n",
        ),
        call(
            "dev",
            "environment",
            "  environment = \"dev\"\n  account_name = \"dev\"\n  email = \"dev@example.com\"\n  organization = module.organization\n  \
             log_destination = module.logs.arn\n  security_contact = { name = \"S\", title = \"T\", email_address = \"s@example.com\", \
             phone_number = \"1\" }\n  segments = { internal = { cidr_block = \"10.1.0.0/16\" }, regulated = { cidr_block = \"10.2.0.0/16\", \
             egress = \"aws_only\", interface_endpoints = [\"kms\"] } }\n",
        ),
    ]
    .concat())
}

#[test]
fn modules_pass_their_own_tests_and_come_from_git() -> Result<()> {
    let Some(world) = example("landing-zone")? else {
        return Ok(());
    };
    world.terraform.init()?;
    let run = world.terraform.run(&["test", "-no-color"])?.ok()?;
    ensure!(
        run.stdout.contains("0 failed") && !run.stdout.contains("skipped"),
        "{}",
        run.stdout
    );
    let formatted = world
        .terraform
        .run(&["fmt", "-check", "-recursive", "-diff"])?;
    ensure!(formatted.code == Some(0), "{}", formatted.stdout);

    let repository = repository()?;
    let main = from_git(&repository.path().to_string_lossy())?;
    if let Some(tofu) = Tool::OpenTofu.require()? {
        let tofu = Terraform::new(&tofu, &world.proxy.endpoint())?;
        tofu.write("main.tf", &main)?;
        tofu.init()?;
        ensure!(tofu.plan(&[])?.changes()?);
    }
    let Some(binary) = Tool::Terraform.require()? else {
        return Ok(());
    };
    let elsewhere = Terraform::new(&binary, &world.proxy.endpoint())?;
    elsewhere.write("main.tf", &main)?;
    elsewhere.init()?;
    elsewhere.plan(&[])?.ok()?;
    let world = World {
        terraform: elsewhere,
        ..world
    };
    assert!(world.proxy.writes().is_empty());
    assert_eq!(changes(&world)?.keys().collect::<Vec<_>>(), RESOURCES);
    world.terraform.apply(&["plan.tfplan"])?.ok()?;
    clean(&world)?;
    let states = world.terraform.states()?;
    let sink = &states["module.logs.gabion_log_sink.this"];
    let account = &states["module.dev.gabion_account.this"]["account_id"];
    assert_eq!(sink["account_id"], *account);
    assert_eq!(sink["is_organization_trail"], false);
    assert_eq!(
        sink["organization_id"],
        states["module.organization.gabion_organization.this"]["id"]
    );
    let baseline = &states["module.dev.gabion_account.this"]["regions"];
    assert_eq!(*baseline, json!(["eu-central-1", "eu-west-1"]));
    let key = &states["module.dev.gabion_kms_key.this[\"regulated\"]"];
    assert_eq!(key["users"], json!([account]));
    Ok(())
}

/// What the modules make in another region, with the archive in the account of the environment.
const RESOURCES: [&str; 8] = [
    "module.dev.gabion_account.this",
    "module.dev.gabion_kms_key.this[\"regulated\"]",
    "module.dev.gabion_network_segment.this[\"internal\"]",
    "module.dev.gabion_network_segment.this[\"regulated\"]",
    "module.logs.gabion_kms_key.this",
    "module.logs.gabion_log_sink.this",
    "module.organization.gabion_org_guardrail.this",
    "module.organization.gabion_organization.this",
];
