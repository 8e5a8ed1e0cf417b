//! What `gabion check` reads and writes, held against others: Terraform and OpenTofu show their saved plans, a schema
//! and a parser of XML read the outputs.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::python;
use gabion_tests::{skip, workspace};
use serde_json::Value;

const FIXTURES: &str = "guardrails/gabion-cli/tests/fixtures";

fn gabion(dir: &Path, arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(workspace::gabion_bin()?)
        .args(arguments)
        .current_dir(dir)
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .env_remove("GABION_FLOOR")
        .env_remove("GABION_TERRAFORM")
        .output()?)
}

/// Runs a Terraform that knows nothing of the user's own set-up.
fn run(binary: &Path, dir: &Path, arguments: &[&str]) -> Result<()> {
    let out = Command::new(binary)
        .args(arguments)
        .current_dir(dir)
        .env("CHECKPOINT_DISABLE", "1")
        .env_remove("TF_CLI_CONFIG_FILE")
        .output()?;
    ensure!(
        out.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(())
}

const MAIN: &str = r#"
resource "terraform_data" "a" {
  input = "x"
}

module "m" {
  source = "./m"
  input  = terraform_data.a.id
}
"#;

const MODULE: &str = r#"
variable "input" {}

resource "terraform_data" "inner" {
  count = 2
  input = var.input
}
"#;

#[test]
fn a_saved_plan_is_read_through_the_program_that_made_it() -> Result<()> {
    for tool in Tool::ALL {
        let Some(binary) = tool.require()? else {
            continue;
        };
        let top = tempfile::tempdir()?;
        let infra = top.path().join("infra");
        std::fs::create_dir_all(infra.join("m"))?;
        std::fs::write(infra.join("main.tf"), MAIN)?;
        std::fs::write(infra.join("m/main.tf"), MODULE)?;
        run(&binary, &infra, &["init", "-input=false"])?;
        run(&binary, &infra, &["plan", "-input=false", "-out=saved"])?;

        let program = binary.to_str().context("a path that is no text")?;
        let here = ["check", "saved", "-o", "json", "--terraform", program];
        let above = ["check", "infra/saved", "-o", "json", "--terraform", program];
        for (dir, arguments) in [(infra.as_path(), here), (top.path(), above)] {
            let out = gabion(dir, &arguments)?;
            let said = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(0), "{tool}: {said}");
            let answer: Value = serde_json::from_slice(&out.stdout)?;
            assert_eq!(answer["summary"]["changes"], 3, "{tool}: {answer:#}");
        }

        // The plan without its configuration: OpenTofu and Terraform read it all the same, as the provider is inside.
        let other = top.path().join("other");
        std::fs::create_dir(&other)?;
        std::fs::copy(infra.join("saved"), other.join("saved"))?;
        let out = gabion(
            &other,
            &[
                "check",
                "saved",
                "--source",
                "../infra",
                "--terraform",
                program,
            ],
        )?;
        assert_eq!(
            out.status.code(),
            Some(0),
            "{tool}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        // A file that only looks like one.
        std::fs::write(other.join("broken"), "PK\u{3}\u{4} and no more")?;
        let out = gabion(&other, &["check", "broken", "--terraform", program])?;
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(4), "{tool}: {said}");
        assert!(
            said.starts_with("error: `broken` is a saved plan, and ") && said.contains("It says:"),
            "{tool}: {said}"
        );
    }
    Ok(())
}

/// Reads a SARIF file against the schema, and JUnit's XML with a parser; says how much there is.
const READER: &str = r#"
import json, sys, xml.etree.ElementTree as tree
import jsonschema
schema = json.load(open(sys.argv[1]))
validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
sarif = json.load(open(sys.argv[2]))
for problem in validator.iter_errors(sarif):
    print(list(problem.absolute_path), problem.message[:300])
suites = tree.parse(sys.argv[3]).getroot()
cases = list(suites.iter("testcase"))
assert suites.attrib["tests"] == str(len(cases)), suites.attrib
assert suites.attrib["failures"] == str(len(list(suites.iter("failure")))), suites.attrib
print("results", len(sarif["runs"][0]["results"]), "failures", suites.attrib["failures"])
"#;

#[test]
fn outputs_are_what_their_formats_say() -> Result<()> {
    let Ok(environment) = python::locate() else {
        return skip::missing("the emulators' Python environment", python::HOW, true);
    };
    let fixtures = workspace::root().join(FIXTURES);
    let dir = tempfile::tempdir()?;
    let configuration = "resource \"aws_kms_key\" \"bad\" {\n  enable_key_rotation = false\n}\n";
    std::fs::write(dir.path().join("main.tf"), configuration)?;
    std::fs::copy(fixtures.join("keys.json"), dir.path().join("plan.json"))?;
    let waiver = "waiver \"bad\" {\n  rule = \"DT08\"\n  resource = \"aws_kms_key\"\n  where = { tags = { Name = \"bad\" } }\n  reason = \"<&\"\n  expires = \"2199-01-01T00:00:00Z\"\n}\n";
    for (policy, wanted) in [
        ("", "results 4 failures 2"),
        (waiver, "results 4 failures 1"),
        (
            "rule \"DT08\" { level = \"off\" }\n",
            "results 0 failures 0",
        ),
        (
            "rule \"DT08\" { level = \"advisory\" }\n",
            "results 4 failures 0",
        ),
    ] {
        std::fs::write(dir.path().join("gabion.hcl"), policy)?;
        let arguments = [
            "check",
            "plan.json",
            "-o",
            "sarif=a.sarif",
            "-o",
            "junit=a.xml",
        ];
        let out = gabion(dir.path(), &arguments)?;
        ensure!(
            out.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let read = Command::new(environment.program("python"))
            .args(["-c", READER])
            .arg(fixtures.join("sarif-2.1.0.schema.json"))
            .args(["a.sarif", "a.xml"])
            .current_dir(dir.path())
            .output()?;
        let said = String::from_utf8_lossy(&read.stdout);
        assert_eq!(
            said.trim_end(),
            wanted,
            "{policy}: {}",
            String::from_utf8_lossy(&read.stderr)
        );
    }
    Ok(())
}
