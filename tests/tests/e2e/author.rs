//! From an empty folder to a refused plan, in each language: what a team does that writes its first guardrail.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use gabion_tests::tools::guest;
use gabion_tests::{Kind, skip, workspace};

use crate::support::World;

/// The same keys for every language: one as the rule wants it, one not.
fn key(owner: &str) -> String {
    format!(
        "resource \"gabion_kms_key\" \"logs\" {{\n  alias = \"logs\"\n  tags  = {{ {owner} }}\n}}\n"
    )
}

/// A folder of this language alone, empty. Always the same one: cargo compiles again for each place.
pub(crate) fn desk(name: &str) -> Result<PathBuf> {
    let folder = workspace::shared_dir()?.join("author").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Where `gabion build` keeps its engines on this machine.
fn fetched() -> Result<PathBuf> {
    Ok(workspace::cache_dir()?.join("engines"))
}

/// Whether that engine is there, whole; without it, a loud skip.
fn has_engine(name: &str) -> Result<bool> {
    let found = std::fs::read_dir(fetched()?).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            entry.file_name().to_string_lossy().starts_with(name)
                && entry.path().join("gabion-complete").is_file()
        })
    });
    if !found {
        skip::missing(name, "run `cargo xtask setup`", true)?;
    }
    Ok(found)
}

/// The cache of all tests, with the engines that `cargo xtask setup` fetched in it.
fn cache() -> Result<PathBuf> {
    let cache = workspace::shared_dir()?.join("cache");
    std::fs::create_dir_all(cache.join("gabion"))?;
    let engines = cache.join("gabion").join("engines");
    if !engines.exists() {
        match std::os::unix::fs::symlink(fetched()?, &engines) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error)?,
            _ => {}
        }
    }
    Ok(cache)
}

/// The key of the cache, for `gabion` and the guard alike: code is compiled once for both.
pub(crate) fn data() -> Result<PathBuf> {
    Ok(workspace::shared_dir()?.join("data"))
}

pub(crate) fn gabion(folder: &Path, args: &[&str]) -> Result<Command> {
    let mut command = Command::new(workspace::gabion_bin()?);
    command
        .args(args)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", cache()?)
        .env("XDG_DATA_HOME", data()?)
        // What crates it needs is what this workspace was built with.
        .env("CARGO_NET_OFFLINE", "true")
        .env(
            "CARGO_TARGET_DIR",
            workspace::cache_dir()?.join("author-target"),
        );
    Ok(command)
}

/// Runs `gabion`, which must succeed; gives its standard output.
fn done(folder: &Path, args: &[&str]) -> Result<String> {
    let output = gabion(folder, args)?.output()?;
    let err = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "gabion {args:?}: {}\n{err}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// `new`, `build`, `test`; gives the pack's folder and what `build` said.
fn pack(language: &str) -> Result<(PathBuf, String)> {
    let desk = desk(language)?;
    let made = done(&desk, &["new", "acme", "--lang", language])?;
    assert!(
        made.starts_with("acme in acme, with the rule AC01\n"),
        "{made}"
    );
    let folder = desk.join("acme");
    let built = done(&folder, &["build"])?;
    for part in [
        "acme 0.1.0 (",
        "dist/acme.wasm\nsha256:",
        "imports nothing but gabion:guardrail",
        "AC01  mandatory  a resource without an owner (gabion_kms_key, aws_s3_bucket)",
    ] {
        assert!(built.contains(part), "no `{part}` in {built}");
    }
    let tested = done(&folder, &["test"])?;
    assert!(tested.contains("5 passed"), "{tested}");
    Ok((folder, built))
}

/// Two rules on a value that may not be known yet, beside the one of the template.
const SEALED: &str = r##"use gabion_guardrail::prelude::*;

/// The key of a topic, or what a key of ours says in a tag.
fn seal(change: &Change) -> Option<Value> {
    let planned = change.planned()?;
    Some(match change.resource_type().as_str() {
        "aws_sns_topic" => planned.get("kms_master_key_id"),
        _ => planned.get("tags").get("sealed-by"),
    })
}

/// ## What it does
/// Finds what has no key.
#[rule(
    code = "AC02",
    title = "a topic without a key",
    level = mandatory,
    since = "0.1.0",
    targets(
        gabion_kms_key(provider = "gabion/gabion", versions = ">= 0.1"),
        aws_sns_topic(provider = "hashicorp/aws", versions = ">= 5.0, < 7.0"),
    )
)]
pub fn must_be_set(change: &Change) -> Outcome {
    let Some(seal) = seal(change) else {
        return NOT_APPLICABLE;
    };
    match seal.text()? {
        Some(_) => PASS,
        None => found(seal.finding("there is no key")),
    }
}

/// ## What it does
/// Finds what has a key.
#[rule(
    code = "AC03",
    title = "a topic with a key",
    level = mandatory,
    since = "0.1.0",
    targets(
        gabion_kms_key(provider = "gabion/gabion", versions = ">= 0.1"),
        aws_sns_topic(provider = "hashicorp/aws", versions = ">= 5.0, < 7.0"),
    )
)]
pub fn must_not_be_set(change: &Change) -> Outcome {
    let Some(seal) = seal(change) else {
        return NOT_APPLICABLE;
    };
    match seal.text()? {
        Some(_) => found(seal.finding("there is a key")),
        None => PASS,
    }
}
"##;

/// The cases of those rules on a topic: for `gabion test` what plan and check see.
const SEALED_CASES: &str = r#"
case "set, and it must be" {
  rule  = "AC02"
  type  = "aws_sns_topic"
  after = { kms_master_key_id = "alias/logs" }
  expect { verdict = "pass" }
}
case "unset, and it must be set" {
  rule  = "AC02"
  type  = "aws_sns_topic"
  after = { kms_master_key_id = null }
  expect {
    verdict = "violation"
    path    = "kms_master_key_id"
  }
}
case "not known, and it must be set" {
  rule  = "AC02"
  type  = "aws_sns_topic"
  after = { kms_master_key_id = unknown() }
  expect {
    verdict = "undetermined"
    path    = "kms_master_key_id"
  }
}
case "set, and it must not be" {
  rule  = "AC03"
  type  = "aws_sns_topic"
  after = { kms_master_key_id = "alias/logs" }
  expect {
    verdict = "violation"
    path    = "kms_master_key_id"
  }
}
case "unset, and it must not be set" {
  rule  = "AC03"
  type  = "aws_sns_topic"
  after = { kms_master_key_id = null }
  expect { verdict = "pass" }
}
case "not known, and it must not be set" {
  rule  = "AC03"
  type  = "aws_sns_topic"
  after = { kms_master_key_id = unknown() }
  expect {
    verdict = "undetermined"
    path    = "kms_master_key_id"
  }
}
"#;

/// A pack that `gabion new` made, with AC02 and AC03 beside its AC01, tested and built once for all tests; its
/// component. Without a toolchain, a loud skip and `None`.
pub(crate) fn sealed() -> Result<Option<PathBuf>> {
    static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);
    if guest::locate().is_err() {
        skip::missing("a WebAssembly toolchain", "run `cargo xtask setup`", true)?;
        return Ok(None);
    }
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if built.is_none() {
        let desk = desk("rust-sealed")?;
        done(&desk, &["new", "acme", "--lang", "rust"])?;
        let folder = desk.join("acme");
        let root = folder.join("src/lib.rs");
        let text = std::fs::read_to_string(&root)?
            .replace("\nmod resource", "\nmod sealed;\nmod resource")
            .replace(
                "resource_without_owner]",
                "resource_without_owner, sealed::must_be_set, sealed::must_not_be_set]",
            );
        std::fs::write(root, text)?;
        std::fs::write(folder.join("src/sealed.rs"), SEALED)?;
        std::fs::write(folder.join("cases/sealed.guardtest.hcl"), SEALED_CASES)?;
        done(&folder, &["build"])?;
        let tested = done(&folder, &["test"])?;
        ensure!(tested.contains("11 passed"), "{tested}");
        *built = Some(folder.join("dist/acme.wasm"));
    }
    Ok(built.clone())
}

/// Four lines in `gabion.hcl`, and the plan is refused; with an owner it passes.
fn enforced(pack: &Path) -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let data = data()?.to_string_lossy().into_owned();
    world.terraform.env("XDG_DATA_HOME", data);
    let source = pack.join("dist/acme.wasm");
    world.terraform.write(
        "gabion.hcl",
        &format!(
            "pack \"acme\" {{\n  source = \"{}\"\n}}\n",
            source.display()
        ),
    )?;
    world.init(&key("purpose = \"logs\""))?;
    let error = world.terraform.plan_json(&[])?.refused()?.only_error()?;
    let whole = format!("{} {}", error.summary, error.detail);
    for part in ["AC01", "the resource has no tag `owner`", "acme"] {
        assert!(whole.contains(part), "no `{part}` in {error:#?}");
    }
    assert_eq!(error.address, "gabion_kms_key.logs");
    world
        .terraform
        .write("main.tf", &key("owner = \"team-logs\""))?;
    assert!(world.terraform.plan(&[])?.changes()?);
    Ok(())
}

#[test]
fn a_pack_in_rust_from_an_empty_folder_to_a_refused_plan() -> Result<()> {
    if guest::locate().is_err() {
        return skip::missing("a WebAssembly toolchain", "run `cargo xtask setup`", true);
    }
    let (folder, built) = pack("rust")?;
    let bytes = std::fs::read(folder.join("dist/acme.wasm"))?;
    assert!(bytes.len() < 100_000, "{} bytes", bytes.len());

    // Built again, in another folder: the same bytes.
    let again = desk("rust-again")?;
    done(&again, &["new", "acme", "--lang", "rust", "--path", "pack"])?;
    let lock = std::fs::read_to_string(again.join("pack/Cargo.lock"))?;
    let second = done(&again, &["build", "pack"])?;
    assert!(
        std::fs::read(again.join("pack/dist/acme.wasm"))? == bytes,
        "{built}\n{second}"
    );
    // The lock that the template brings is the one that cargo would write.
    assert_eq!(
        std::fs::read_to_string(again.join("pack/Cargo.lock"))?,
        lock
    );
    enforced(&folder)
}

#[test]
fn a_pack_in_javascript_from_an_empty_folder_to_a_refused_plan() -> Result<()> {
    if !has_engine("componentize-js")? {
        return Ok(());
    }
    enforced(&pack("javascript")?.0)
}

#[test]
fn a_pack_in_python_from_an_empty_folder_to_a_refused_plan() -> Result<()> {
    if !has_engine("componentize-py")? {
        return Ok(());
    }
    enforced(&pack("python")?.0)
}

/// Each import that is not ours is refused by name, at build.
#[test]
fn a_pack_that_wants_more_than_the_interface_is_refused() -> Result<()> {
    if guest::locate().is_err() {
        return skip::missing("a WebAssembly toolchain", "run `cargo xtask setup`", true);
    }
    let desk = desk("rust-imports")?;
    done(&desk, &["new", "acme", "--lang", "rust"])?;
    let folder = desk.join("acme");
    let rule = folder.join("src/resource_without_owner.rs");
    let text = std::fs::read_to_string(&rule)?;
    let greedy = text
        .replace(
            "pub fn resource_without_owner(change: &Change) -> Outcome {\n",
            "pub fn resource_without_owner(change: &Change) -> Outcome {\n    if unsafe { read_clock() } == 7 {\n        return PASS;\n    }\n",
        )
        + "\n#[link(wasm_import_module = \"clocks\")]\nunsafe extern \"C\" {\n    fn read_clock() -> u64;\n}\n";
    ensure!(
        greedy.contains("== 7"),
        "the template's function has changed"
    );
    std::fs::write(&rule, greedy)?;
    let output = gabion(&folder, &["build"])?.output()?;
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{err}");
    let last = err
        .lines()
        .find(|line| line.starts_with("error:"))
        .context("no error")?;
    assert_eq!(
        last,
        "error: `acme` imports `clocks` `read_clock`: a guardrail may import `gabion:guardrail/values`, \
         `gabion:guardrail/plan` and `gabion:guardrail/log` only; build it without access to files, clocks, network or \
         randomness"
    );
    assert!(!folder.join("dist").exists());
    Ok(())
}
