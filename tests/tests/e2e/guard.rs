//! The guard inside `terraform plan`: policy files, floors, waivers, the ratchet, and parity with
//! `gabion check`.

use std::process::Command;

use anyhow::{Context as _, Result};
use gabion_tests::{Kind, workspace};
use serde_json::Value;

use crate::support::World;

/// A key without rotation, with the team's side of an exception.
const WEAK: &str = r#"
variable "tag" {
  type    = string
  default = "one"
}

resource "gabion_kms_key" "weak" {
  alias               = "weak"
  enable_key_rotation = false
  deletion_protection = false
  tags                = { Team = var.tag }

  exception {
    attribute = "enable_key_rotation"
    control   = "KMS.4"
    reason    = "a partner pins the key material"
    expires   = "2030-01-01T00:00:00Z"
  }
}
"#;

const NONE: &str = "exceptions { accept = \"none\" }\n";
const UNTIL_EXPIRY: &str = "exceptions { accept = \"until_expiry\" }\n";

fn world(policy: &str) -> Result<Option<World>> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(None);
    };
    world.terraform.write("gabion.hcl", policy)?;
    world.init(WEAK)?;
    Ok(Some(world))
}

#[test]
fn a_refusal_says_where_what_why_and_whom_to_ask() -> Result<()> {
    let Some(world) = world(&format!("contact = \"#cloud-platform\"\n{NONE}"))? else {
        return Ok(());
    };
    let error = world.terraform.plan_json(&[])?.refused()?.only_error()?;
    let whole = format!("{} {}", error.summary, error.detail);
    for part in [
        "DT08",
        "enable_key_rotation",
        "baseline",
        "#cloud-platform",
        "docs/rules/DT08",
    ] {
        assert!(whole.contains(part), "no `{part}` in {error:#?}");
    }
    assert_eq!(error.file, "main.tf");
    assert_eq!(error.code, "enable_key_rotation = false");
    assert!(world.proxy.writes().is_empty());
    Ok(())
}

#[test]
fn the_platform_decides_whether_an_exception_holds() -> Result<()> {
    let Some(world) = world(UNTIL_EXPIRY)? else {
        return Ok(());
    };
    assert!(world.terraform.plan(&[])?.changes()?);
    world
        .terraform
        .write("gabion.hcl", "exceptions { accept = [\"DT08\"] }\n")?;
    assert!(world.terraform.plan(&[])?.changes()?);
    world
        .terraform
        .write("gabion.hcl", "exceptions { accept = [\"LG01\"] }\n")?;
    world.terraform.plan(&[])?.refused()?.says(&["DT08"])?;
    Ok(())
}

#[test]
fn an_old_violation_is_debt_and_a_new_one_is_refused() -> Result<()> {
    let Some(world) = world(UNTIL_EXPIRY)? else {
        return Ok(());
    };
    world.terraform.apply(&[])?.ok()?;
    world.terraform.write("gabion.hcl", NONE)?;

    // An unchanged resource blocks nobody, and a change of something else passes with a note.
    assert!(!world.terraform.plan(&[])?.changes()?);
    let plan = world.terraform.plan_json(&["-var", "tag=two"])?;
    assert!(plan.changes()?);
    let debt = plan.diagnostics();
    assert!(
        debt.iter()
            .any(|d| d.severity == "warning" && d.summary.contains("DT08")),
        "the debt is not told: {debt:#?}"
    );
    world.terraform.apply(&["-var", "tag=two"])?.ok()?;

    // The same violation, newly introduced, is refused.
    let second = WEAK
        .split_once("resource")
        .map_or_else(String::new, |(_, rest)| {
            format!("resource{rest}").replace("\"weak\"", "\"second\"")
        });
    world.terraform.write("second.tf", &second)?;
    let error = world.terraform.plan_json(&[])?.refused()?.only_error()?;
    assert_eq!(error.address, "gabion_kms_key.second");

    // The same by a baseline of known violations: what it lists is debt, and nothing else is.
    world.terraform.remove("second.tf")?;
    assert!(world.terraform.plan(&["-var", "tag=three"])?.changes()?);
    let dir = world.terraform.dir();
    world
        .terraform
        .write("plan.json", &world.terraform.saved_plan()?.to_string())?;
    let output = Command::new(workspace::gabion_bin()?)
        .args(["check", "plan.json", "--write-baseline"])
        .current_dir(&dir)
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .env_remove("GABION_FLOOR")
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with("wrote 1 known violation to "), "{said}");
    let with_baseline = format!("baseline = \".gabion.baseline.json\"\n{NONE}");
    world.terraform.write("gabion.hcl", &with_baseline)?;
    let plan = world.terraform.plan_json(&["-var", "tag=three"])?;
    assert!(plan.changes()?);
    let debt = plan.diagnostics();
    assert!(
        debt.iter()
            .any(|d| d.severity == "warning" && d.summary.contains("Old violations of DT08")),
        "the debt is not told: {debt:#?}"
    );
    world.terraform.write("second.tf", &second)?;
    let error = world
        .terraform
        .plan_json(&["-var", "tag=three"])?
        .refused()?
        .only_error()?;
    assert_eq!(error.address, "gabion_kms_key.second");
    world.terraform.remove("second.tf")?;
    // What the file does not list is new, although the object had it before.
    let listed = std::fs::read_to_string(dir.join(".gabion.baseline.json"))?;
    let mut listed: Value = serde_json::from_str(&listed)?;
    listed["violations"] = Value::Array(Vec::new());
    world
        .terraform
        .write(".gabion.baseline.json", &listed.to_string())?;
    world
        .terraform
        .plan(&["-var", "tag=three"])?
        .refused()?
        .says(&["DT08"])?;
    world.terraform.write("gabion.hcl", NONE)?;

    // A bad resource can always be destroyed.
    world.terraform.destroy(&[])?.ok()?;
    Ok(())
}

#[test]
fn scope_all_judges_what_was_there_before() -> Result<()> {
    let Some(world) = world(UNTIL_EXPIRY)? else {
        return Ok(());
    };
    world.terraform.apply(&[])?.ok()?;
    world.terraform.write(
        "gabion.hcl",
        &format!("{NONE}rule \"DT08\" {{ scope = \"all\" }}\n"),
    )?;
    world
        .terraform
        .plan(&["-var", "tag=two"])?
        .refused()?
        .says(&["DT08"])?;
    Ok(())
}

#[test]
fn a_new_default_tag_is_not_refused_for_old_violations() -> Result<()> {
    let Some(world) = world(UNTIL_EXPIRY)? else {
        return Ok(());
    };
    world.terraform.apply(&[])?.ok()?;
    world.terraform.write("gabion.hcl", NONE)?;
    world
        .terraform
        .provider("  default_tags {\n    tags = { CostCenter = \"4711\" }\n  }")?;
    assert!(world.terraform.plan(&[])?.changes()?);
    world.terraform.apply(&[])?.ok()?;
    let state = world.terraform.state("gabion_kms_key.weak")?;
    assert_eq!(state["tags_all"]["CostCenter"], "4711");
    world.terraform.settled()
}

#[test]
fn an_advisory_rule_warns_and_a_rule_that_is_off_is_silent() -> Result<()> {
    let Some(world) = world(&format!("{NONE}rule \"DT08\" {{ level = \"advisory\" }}\n"))? else {
        return Ok(());
    };
    let plan = world.terraform.plan_json(&[])?;
    assert!(plan.changes()?);
    let told = plan.diagnostics();
    assert!(
        told.iter()
            .any(|d| d.severity == "warning" && d.summary.contains("DT08")),
        "{told:#?}"
    );
    world.terraform.write(
        "gabion.hcl",
        &format!("{NONE}rule \"DT08\" {{ level = \"off\" }}\n"),
    )?;
    let plan = world.terraform.plan_json(&[])?;
    assert!(plan.changes()?);
    assert!(
        !plan
            .diagnostics()
            .iter()
            .any(|d| d.summary.contains("DT08"))
    );
    Ok(())
}

fn waiver(expires: &str) -> String {
    format!(
        "{NONE}waiver \"pinned\" {{\n  rule     = \"DT08\"\n  resource = \"gabion_kms_key\"\n  where    = {{ alias = \"weak\" }}\n  reason   = \"a partner pins it\"\n  ticket   = \"SEC-12\"\n  approver = \"ciso\"\n  expires  = \"{expires}\"\n}}\n"
    )
}

#[test]
fn a_waiver_holds_until_it_expires() -> Result<()> {
    let Some(world) = world(&waiver("2030-01-01T00:00:00Z"))? else {
        return Ok(());
    };
    world.terraform.apply(&[])?.ok()?;
    // Past its end it refuses changes of that resource, and nothing else.
    world
        .terraform
        .write("gabion.hcl", &waiver("2020-01-01T00:00:00Z"))?;
    assert!(!world.terraform.plan(&[])?.changes()?);
    world
        .terraform
        .plan(&["-var", "tag=two"])?
        .refused()?
        .says(&["waiver", "pinned"])?;
    world.terraform.destroy(&[])?.ok()?;
    Ok(())
}

#[test]
fn a_broken_policy_file_is_an_error_with_its_place() -> Result<()> {
    let Some(world) = world("pack \"baseline\" {\n  version = \n}\n")? else {
        return Ok(());
    };
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["gabion.hcl:2:"])?;
    for (policy, text) in [
        ("rule \"NO99\" { level = \"off\" }\n", "unknown rule `NO99`"),
        (
            "rule \"DT08\" { levle = \"off\" }\n",
            "unknown attribute `levle`",
        ),
        (
            "rules \"DT08\" { level = \"off\" }\n",
            "unknown block `rules`",
        ),
        ("rule \"DT08\" { level = \"strict\" }\n", "`strict`"),
        ("pack \"baseline\" { version = \"~> 9.0\" }\n", "~> 9.0"),
    ] {
        world.terraform.write("gabion.hcl", policy)?;
        world
            .terraform
            .plan(&[])?
            .refused()?
            .says(&[text, "gabion.hcl:1:"])?;
    }
    assert!(world.proxy.writes().is_empty());
    Ok(())
}

#[test]
fn a_pack_that_is_no_component_is_refused_by_name() -> Result<()> {
    let policy = "pack \"acme\" { source = \"./acme.wasm\" }\n";
    let Some(world) = world(policy)? else {
        return Ok(());
    };
    world.terraform.plan(&[])?.refused()?.says(&["acme"])?;
    world.terraform.write("acme.wasm", "not WebAssembly")?;
    world.terraform.plan(&[])?.refused()?.says(&["acme"])?;
    Ok(())
}

#[test]
fn a_nearer_file_cannot_loosen_the_floor() -> Result<()> {
    let Some(mut world) = world("")? else {
        return Ok(());
    };
    world.terraform.write(
        "floor/floor.hcl",
        "rule \"DT08\" { level = \"mandatory\" }\n",
    )?;
    let floor = world.terraform.dir().join("floor/floor.hcl");
    world.terraform.env("GABION_FLOOR", floor.to_string_lossy());

    // Under a floor exceptions count for nothing, unless it says otherwise.
    world.terraform.plan(&[])?.refused()?.says(&["DT08"])?;
    for policy in [
        "rule \"DT08\" { level = \"advisory\" }\n",
        "exceptions { accept = \"until_expiry\" }\n",
        &waiver("2030-01-01T00:00:00Z"),
    ] {
        world.terraform.write("gabion.hcl", policy)?;
        world
            .terraform
            .plan(&[])?
            .refused()?
            .says(&["floor", "gabion.hcl:"])?;
    }
    world.terraform.write(
        "floor/floor.hcl",
        "pack \"baseline\" { version = \"~> 1.0\" }\n",
    )?;
    world
        .terraform
        .write("gabion.hcl", "pack \"baseline\" { version = \"~> 1.0\" }\n")?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["baseline", "floor"])?;
    world.terraform.write("gabion.hcl", "")?;

    // The floor itself may allow it.
    world
        .terraform
        .write("floor/floor.hcl", "allow { exceptions = [\"DT08\"] }\n")?;
    world
        .terraform
        .write("gabion.hcl", "exceptions { accept = [\"DT08\"] }\n")?;
    assert!(world.terraform.plan(&[])?.changes()?);

    world.terraform.remove("floor/floor.hcl")?;
    world.terraform.plan(&[])?.refused()?.says(&["floor.hcl"])?;
    Ok(())
}

#[test]
fn check_gives_the_verdicts_of_the_plan() -> Result<()> {
    let Some(world) = world(UNTIL_EXPIRY)? else {
        return Ok(());
    };
    // Saved while it is accepted: a refused plan leaves no file.
    assert!(world.terraform.plan(&[])?.changes()?);
    let plan = world.terraform.saved_plan()?;
    world.terraform.write("plan.json", &plan.to_string())?;

    world.terraform.write("gabion.hcl", NONE)?;
    let refused = world.terraform.plan_json(&[])?.refused()?.only_error()?;
    let (code, answer) = check(&world)?;
    assert_eq!(code, 1, "{answer}");
    let text = answer.to_string();
    for part in ["DT08", "enable_key_rotation", "gabion_kms_key.weak"] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    assert!(refused.summary.contains("DT08"));

    world.terraform.write("gabion.hcl", UNTIL_EXPIRY)?;
    let (code, answer) = check(&world)?;
    assert_eq!(code, 0, "{answer}");
    Ok(())
}

/// `gabion check plan.json` beside the configuration: its exit code and its JSON.
fn check(world: &World) -> Result<(i32, Value)> {
    let out = Command::new(workspace::gabion_bin()?)
        .args(["check", "plan.json", "-o", "json"])
        .current_dir(world.terraform.dir())
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .env_remove("GABION_FLOOR")
        .output()?;
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    let answer = serde_json::from_slice(&out.stdout).context(errors)?;
    Ok((out.status.code().context("killed")?, answer))
}
