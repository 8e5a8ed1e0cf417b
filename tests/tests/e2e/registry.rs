//! A pack from a registry, from `gabion push` to a refused `terraform plan`.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result};
use gabion_tests::registry::{Registry, Setup};
use gabion_tests::{Kind, tools, workspace};

use crate::support::World;

/// A key that the pack refuses.
const WEAK: &str = r#"
resource "gabion_kms_key" "weak" {
  alias               = "weak"
  enable_key_rotation = false
  deletion_protection = false

  exception {
    attribute = "enable_key_rotation"
    control   = "KMS.4"
    reason    = "a partner pins the key material"
    expires   = "2030-01-01T00:00:00Z"
  }
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

#[test]
fn a_plan_is_refused_by_a_pack_that_was_pulled() -> Result<()> {
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

    // The pack inside the binary serves as any pack: here it comes from a registry.
    let component = dir.join("acme.wasm");
    std::fs::write(&component, component_bytes()?)?;
    let place = format!("oci://{}/acme/guardrails", registry.host());
    let pushed = ok(run(&["push", "acme.wasm", &place])?)?;
    let pushed = pushed.lines().last().context("push printed nothing")?;
    key_pair(&dir)?;
    ok(run(&["sign", pushed, "--key", "acme.key"])?)?;
    world.terraform.write(
        "gabion.hcl",
        &format!(
            "pack \"baseline\" {{\n  source  = \"{place}\"\n  version = \"~> 1.0\"\n  signers = {{ keys = [\"acme.pub\"], threshold = 1 }}\n}}\nexceptions {{ accept = \"none\" }}\n"
        ),
    )?;
    ok(run(&["lock"])?)?;
    // From here on nothing needs the registry.
    drop(registry);

    world.init(WEAK)?;
    let error = world.terraform.plan_json(&[])?.refused()?.only_error()?;
    assert!(error.summary.contains("DT08"), "{error:#?}");
    assert_eq!(error.code, "enable_key_rotation = false");

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

    std::fs::remove_file(&stored)?;
    let missing = world.terraform.plan(&[])?.refused()?;
    missing.says(&["is not in the store of packs", "gabion pull"])?;
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
