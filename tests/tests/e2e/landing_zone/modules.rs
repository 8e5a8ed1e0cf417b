//! The modules by themselves: their own tests, their use from a git source, and that they say what they take and give.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use gabion_tests::terraform::Tool;
use gabion_tests::{Terraform, workspace};
use serde_json::{Value, json};

use super::{Places, attributes, changes, clean, example, repository};
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
    let unchecked = [
        "deletion_protection",
        "adopt_control_tower",
        "acknowledge_irreversible",
        "acknowledge_keys",
        "acknowledge_removals",
        "tags",
    ];
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
    own_tests_pass(&world)?;
    // Before there is anything, the call site is planned against AWS, too.
    let live = ["test", "-no-color", "-test-directory=live"];
    let run = world.terraform.run(&live)?.ok()?;
    ensure!(run.stdout.contains("1 passed, 0 failed"), "{}", run.stdout);
    assert!(!world.proxy.calls().is_empty() && world.proxy.writes().is_empty());
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
    let account = account.as_str().context("no account")?.to_owned();
    what_is_retained_can_be_read(&world, &account)
}

/// The example's own tests pass, and ask nothing of AWS: they say the same whether the zone stands or not.
pub(super) fn own_tests_pass(world: &World) -> Result<()> {
    let before = world.proxy.calls().len();
    let run = world.terraform.run(&["test", "-no-color"])?.ok()?;
    ensure!(
        run.stdout.contains("0 failed") && !run.stdout.contains("skipped"),
        "{}",
        run.stdout
    );
    ensure!(world.proxy.calls().len() == before, "they ask AWS");
    Ok(())
}

/// What is said of the keys and the archive once they stand: all lists of a key's policy, and a destroy that retains.
fn later(account: &str) -> String {
    format!(
        r#"
module "logs" {{
  deletion_protection = false
  deletion_policy     = "retain"
  key_administrators  = ["arn:aws:iam::{account}:role/keeper"]
}}

module "dev" {{
  deletion_protection = false
  key_users           = {{ regulated = ["arn:aws:iam::{account}:role/ledger"] }}
  key_service_users   = {{ regulated = [{{ service = "s3.amazonaws.com", via_service = true }}] }}
}}
"#
    )
}

/// An archive that is retained keeps its key, and keys in use are not destroyed without a word; and every list of a key's
/// policy is what AWS has.
fn what_is_retained_can_be_read(world: &World, account: &str) -> Result<()> {
    const KEY: &str = "module.logs.gabion_kms_key.this";
    world
        .terraform
        .write("later_override.tf", &later(account))?;
    world.terraform.apply(&[])?.ok()?;
    let accounts = BTreeMap::from([("dev".to_owned(), account.to_owned())]);
    let mut places = Places::open(world, &accounts)?;
    let states = world.terraform.states()?;
    let used = "module.dev.gabion_kms_key.this[\"regulated\"]";
    let mut call = |service: &str, operation: &str, parameters| {
        let client = places.clients.get_mut("dev").context("no account")?;
        client.call_in("eu-west-1", service, operation, parameters)
    };
    let mut lists = BTreeSet::new();
    for address in [KEY, used] {
        let policy = call(
            "kms",
            "get_key_policy",
            json!({"KeyId": states[address]["id"], "PolicyName": "default"}),
        )?;
        lists.extend(attributes::lists_of_a_key(
            &states[address],
            &policy["Policy"],
        )?);
    }
    let all = BTreeSet::from(["administrators", "service_users", "users"]);
    ensure!(lists == all, "{lists:?}");

    write_log("other-log-archive", &mut call)?;
    // The trail used the one a minute ago, the team the other.
    use_now(world, &states[KEY]["id"])?;
    use_now(world, &states[used]["id"])?;
    world.terraform.destroy(&[])?.refused()?.says(&[
        "Deletion protection is on",
        "`other-log-archive` is protected from deletion",
        "was last used at",
        "acknowledge_irreversible = \"alias/dev-regulated\"",
    ])?;
    // Taken out of the state, as the README says, the key stays with what it encrypts.
    world.terraform.run(&["state", "rm", KEY])?.ok()?;
    let archive = "-target=module.logs.gabion_log_sink.this";
    world.terraform.destroy(&[archive])?.ok()?;
    let kept = call(
        "s3",
        "list_object_versions",
        json!({"Bucket": "other-log-archive"}),
    )?;
    ensure!(kept["Versions"][0]["Key"] == LOG, "{kept}");
    let key = call("kms", "describe_key", json!({"KeyId": states[KEY]["id"]}))?;
    ensure!(key["KeyMetadata"]["KeyState"] == "Enabled", "{key}");
    Ok(())
}

/// A log of an archive.
const LOG: &str = "AWSLogs/evidence";

/// Puts a log into an archive. moto takes every denial of a bucket policy for one that holds, whatever its conditions: the
/// policy is away meanwhile.
pub(super) fn write_log(
    bucket: &str,
    mut call: impl FnMut(&str, &str, Value) -> Result<Value>,
) -> Result<()> {
    let name = json!({"Bucket": bucket});
    let policy = call("s3", "get_bucket_policy", name.clone())?["Policy"].clone();
    call("s3", "delete_bucket_policy", name)?;
    let log = json!({"Bucket": bucket, "Key": LOG, "Body": "evidence"});
    call("s3", "put_object", log)?;
    call(
        "s3",
        "put_bucket_policy",
        json!({"Bucket": bucket, "Policy": policy}),
    )?;
    Ok(())
}

/// Says that a key was used a minute ago.
pub(super) fn use_now(world: &World, id: &Value) -> Result<()> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let fake = world.proxy.fake().context("no fake")?;
    let seconds = i64::try_from(now.as_secs())? - 60;
    fake.set_last_used(id.as_str().context("no key")?, seconds);
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
