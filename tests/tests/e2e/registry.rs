//! A pack from a registry, from `gabion push` to a refused `terraform plan`.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result};
use gabion_tests::registry::{Registry, Setup};
use gabion_tests::{Kind, tools, workspace};

use crate::author;
use crate::support::World;

/// The pack's other two rules contradict each other.
const OFF: &str = "rule \"AC02\" { level = \"off\" }\nrule \"AC03\" { level = \"off\" }\n";

/// A key that the pack refuses: nobody owns it.
const NOBODYS: &str = r#"
resource "gabion_kms_key" "logs" {
  alias = "logs"
}
"#;

fn gabion(dir: &Path, packs: &Path, arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(workspace::gabion_bin()?)
        .args(arguments)
        .current_dir(dir)
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .env("GABION_PACKS", packs)
        .env("DOCKER_CONFIG", dir)
        .env_remove("GABION_FLOOR")
        .env_remove("COSIGN_PASSWORD")
        .output()?)
}

fn ok(output: Output) -> Result<String> {
    anyhow::ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// A key pair without a password, as docs/guides/share-a-pack.md makes it.
fn key_pair(dir: &Path) -> Result<()> {
    let openssl = |arguments: &[&str]| {
        tools::output(Command::new("openssl").args(arguments).current_dir(dir)).map(drop)
    };
    openssl(&[
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        "acme.key",
    ])?;
    openssl(&["pkey", "-in", "acme.key", "-pubout", "-out", "acme.pub"])
}

/// What a team does that shares the pack that `gabion new` began, and what another one does that uses it.
#[test]
fn a_plan_is_refused_by_a_pack_that_was_pulled() -> Result<()> {
    let Some(component) = author::sealed()? else {
        return Ok(());
    };
    let Some(registry) = Registry::start(&Setup::default())? else {
        return Ok(());
    };
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let dir = world.terraform.dir();
    let packs = tempfile::tempdir()?;
    let packs = packs.path().join("packs");
    world
        .terraform
        .env("GABION_PACKS", packs.display().to_string());
    let run = |arguments: &[&str]| gabion(&dir, &packs, arguments);

    std::fs::copy(component, dir.join("acme.wasm"))?;
    let place = format!("oci://{}/acme/guardrails", registry.host());
    let pushed = ok(run(&["push", "acme.wasm", &place])?)?;
    let pushed = pushed.lines().last().context("push printed nothing")?;
    key_pair(&dir)?;
    ok(run(&["sign", pushed, "--key", "acme.key"])?)?;
    world.terraform.write(
        "gabion.hcl",
        &format!(
            "pack \"acme\" {{\n  source  = \"{place}\"\n  version = \"~> 0.1\"\n  signers = {{ keys = [\"acme.pub\"], threshold = 1 }}\n}}\n{OFF}"
        ),
    )?;
    ok(run(&["lock"])?)?;
    world.init(NOBODYS)?;

    // Another machine has the lock, and an empty store: a plan never asks the registry by itself.
    if packs.exists() {
        std::fs::remove_dir_all(&packs)?;
    }
    let missing = world.terraform.plan(&[])?.refused()?;
    missing.says(&["is not in the store of packs", "gabion pull"])?;
    ok(run(&["pull"])?)?;
    // From here on nothing needs the registry.
    drop(registry);
    let error = world.terraform.plan_json(&[])?.refused()?.only_error()?;
    let whole = format!("{} {}", error.summary, error.detail);
    for part in ["AC01", "the resource has no tag `owner`", "acme 0.1.0"] {
        assert!(whole.contains(part), "no `{part}` in {error:#?}");
    }
    assert_eq!(error.address, "gabion_kms_key.logs");

    // A lock that names other bytes, as a bad merge leaves it.
    let lock = dir.join(".gabion.lock.hcl");
    let right = std::fs::read_to_string(&lock)?;
    let (before, digest) = right
        .split_once("sha256:")
        .context("the lock has no digest")?;
    let first = digest.chars().next().context("an empty digest")?;
    let other = if first == '0' { '1' } else { '0' };
    std::fs::write(
        &lock,
        format!(
            "{before}sha256:{other}{}",
            digest.get(1..).unwrap_or_default()
        ),
    )?;
    let wrong = world.terraform.plan(&[])?.refused()?;
    wrong.says(&["acme", "gabion pull"])?;
    std::fs::write(&lock, right)?;

    // The same bytes, but for one at the end.
    let stored = std::fs::read_dir(&packs)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|end| end == "wasm"))
        .context("the store is empty")?;
    let mut bytes = std::fs::read(&stored)?;
    let last = bytes.last_mut().context("an empty component")?;
    *last ^= 1;
    std::fs::write(&stored, bytes)?;
    let tampered = world.terraform.plan(&[])?.refused()?;
    tampered.says(&["is not what the lock", "gabion pull"])?;
    assert!(world.proxy.writes().is_empty());
    Ok(())
}

/// The component of the baseline, as the build made it.
fn component_bytes() -> Result<Vec<u8>> {
    let build = workspace::build_dir()?.join("build");
    let mut found: Vec<_> = std::fs::read_dir(&build)?
        .filter_map(|entry| Some(entry.ok()?.path().join("out/baseline.wasm")))
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .collect();
    found.sort();
    let (_, newest) = found.pop().context("no baseline was built")?;
    Ok(std::fs::read(newest)?)
}

/// The commands of the guide, in its order, against a real registry in place of the one that it names.
#[test]
fn the_guide_to_sharing_a_pack_holds() -> Result<()> {
    let Some(registry) = Registry::start(&Setup::default())? else {
        return Ok(());
    };
    let page = std::fs::read_to_string(workspace::root().join("docs/guides/share-a-pack.md"))?;
    let page = page.replace("registry.example.com", registry.host());
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    let blocks = |kind: &str| -> Vec<String> {
        let opening = format!("\n```{kind}\n");
        page.split(opening.as_str())
            .skip(1)
            .filter_map(|rest| Some(rest.split_once("\n```")?.0.to_owned()))
            .collect()
    };
    let (policies, commands) = (blocks("hcl refused"), blocks("shell"));
    assert_eq!(
        (policies.len(), commands.len()),
        (1, 6),
        "the guide changed: {page}"
    );
    std::fs::write(dir.join("gabion.hcl"), &policies[0])?;
    std::fs::create_dir(dir.join("dist"))?;
    std::fs::write(dir.join("dist/acme.wasm"), component_bytes()?)?;

    let gabion = workspace::gabion_bin()?;
    let beside = gabion.parent().context("the command has no folder")?;
    let path = std::env::var("PATH")?;
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &commands.join("\n")])
        .current_dir(dir)
        .env("PATH", format!("{}:{path}", beside.display()))
        .env("GABION_PACKS", dir.join("packs"))
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .env("DOCKER_CONFIG", dir)
        .output()?;
    let said = ok(output)?;
    for part in [
        "pushed\n",
        "signed by acme.pub",
        "locked    acme",
        "in bundle\n",
        "is there already",
    ] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    Ok(())
}
