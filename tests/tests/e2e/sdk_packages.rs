//! The SDKs for JavaScript and Python: their own tests, and that what is generated is current.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use gabion_componentize::Engines;
use gabion_tests::{skip, tools, workspace};

fn javascript() -> PathBuf {
    workspace::root().join("guardrails/gabion-guardrail-js")
}

/// Runs a package's own tests, and says what they said where they fail.
fn passes(command: &mut Command, wanted: &str) -> Result<()> {
    let output = command.output()?;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success() && said.contains(wanted), "{said}");
    Ok(())
}

#[test]
fn the_javascript_package_passes_its_tests() -> Result<()> {
    if tools::on_path("node").is_none() {
        return skip::missing("node", "install Node.js 20 or newer", true);
    }
    passes(
        Command::new("node")
            .args(["--test", "test/"])
            .current_dir(javascript()),
        "# fail 0",
    )
}

#[test]
fn the_python_package_passes_its_tests() -> Result<()> {
    if tools::on_path("python3").is_none() {
        return skip::missing("python3", "install Python 3.11 or newer", true);
    }
    passes(
        Command::new("python3")
            .args(["-B", "-m", "unittest", "discover", "-s", "tests"])
            .env("PYTHONPATH", ".")
            .current_dir(workspace::root().join("guardrails/gabion-guardrail-py")),
        "OK",
    )
}

#[test]
fn the_types_of_the_contract_are_current() -> Result<()> {
    let place = tools::engines::place()?;
    let engines = Engines::new(&place, &|text| tools::say(text));
    if !engines.has_javascript() {
        return skip::missing(
            "the engine for guardrails in JavaScript",
            tools::engines::HOW,
            true,
        );
    }
    let folder = tempfile::tempdir()?;
    let made = folder.path().join("wit.d.ts");
    tools::output(
        Command::new("node")
            .arg("scripts/wit-types.mjs")
            .arg(engines.javascript()?)
            .arg(&made)
            .current_dir(javascript()),
    )?;
    let kept = javascript().join("types/wit.d.ts");
    if std::env::var_os("GABION_UPDATE").is_some() {
        fs::copy(&made, &kept)?;
    }
    assert!(
        fs::read_to_string(&made)? == fs::read_to_string(&kept)?,
        "types/wit.d.ts is stale: run this test with GABION_UPDATE=1"
    );
    Ok(())
}

/// The compiler that writes the types of the package itself is not fetched for the tests: what they name is compared.
#[test]
fn the_types_of_the_package_name_all_that_it_exports() -> Result<()> {
    let mut seen = 0;
    for entry in fs::read_dir(javascript().join("src"))? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let types = fs::read_to_string(javascript().join(format!("types/{stem}.d.ts")))?;
        let source = fs::read_to_string(&path)?;
        if stem == "index" {
            let words = |text: &str| -> BTreeSet<String> {
                let code: Vec<&str> = text
                    .lines()
                    .filter(|line| !line.starts_with("//"))
                    .collect();
                let code = code.join(" ").replace([',', '{', '}'], " ");
                code.split_whitespace().map(str::to_owned).collect()
            };
            assert_eq!(
                words(&source),
                words(&types),
                "types/index.d.ts is stale: run `npx tsc -p .` there"
            );
            continue;
        }
        for line in source
            .lines()
            .filter_map(|line| line.strip_prefix("export "))
        {
            let name: String = line
                .split_once(' ')
                .map_or("", |(_, rest)| rest)
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            assert!(
                types.contains(&format!(" {name}")),
                "types/{stem}.d.ts lacks `{name}`: run `npx tsc -p .` there"
            );
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} exports were found");
    Ok(())
}
