//! Every HCL example in docs/, examples/ and the README is a test: Terraform blocks are planned
//! (those that use hashicorp/aws are validated), policy files are parsed by `gabion check`.
//!
//! A block that refers to a resource which it does not show gets an empty one of that name.
//!
//! A block whose fence says `refused` (```` ```terraform refused ````) shows what a guardrail
//! or a validator stops: it must be well-formed, and is not planned; so are the pages of the rules.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::mirror;
use gabion_tests::{Kind, skip, workspace};

use crate::support::World;

/// One example.
#[derive(Debug)]
struct Example {
    /// Where it stands: `docs/index.md:12`, or a file's name.
    place: String,
    text: String,
    refused: bool,
}

/// What an example is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// A configuration with our provider.
    Ours,
    /// A configuration with hashicorp/aws.
    Aws,
    /// A `gabion.hcl`.
    Policy,
    /// A `*.guardtest.hcl`; the tests of `gabion test` run those of its page.
    Cases,
}

const POLICY: [&str; 9] = [
    "baseline",
    "pack",
    "rule",
    "exceptions",
    "waiver",
    "contact",
    "allow",
    "override",
    "setting",
];

impl Example {
    fn sort(&self) -> Result<Sort> {
        let word = self
            .text
            .lines()
            .map(str::trim_end)
            .find(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .and_then(|line| line.split([' ', '=', '{']).next())
            .unwrap_or_default();
        if POLICY.contains(&word) {
            return Ok(Sort::Policy);
        }
        if ["case", "plan", "fixture", "settings", "strict", "schema"].contains(&word) {
            return Ok(Sort::Cases);
        }
        let terraform = [
            "resource",
            "data",
            "module",
            "provider",
            "terraform",
            "variable",
            "output",
            "locals",
            "ephemeral",
            "import",
            "moved",
            "removed",
        ];
        ensure!(
            terraform.contains(&word),
            "{}: neither Terraform nor a policy file nor cases",
            self.place
        );
        Ok(if self.text.contains("\"aws_") {
            Sort::Aws
        } else {
            Sort::Ours
        })
    }
}

fn examples() -> Result<Vec<Example>> {
    let root = workspace::root();
    let mut found = Vec::new();
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    walk(&root.join("docs"), "md", &mut pages)?;
    for page in pages.iter().filter(|page| page.is_file()) {
        let place = page.strip_prefix(root)?.display().to_string();
        let mut blocks = fenced(&place, &std::fs::read_to_string(page)?);
        if place.starts_with("docs/rules/") {
            // Half of them are what the rule finds.
            blocks.iter_mut().for_each(|block| block.refused = true);
        }
        found.extend(blocks);
    }
    let mut files = Vec::new();
    walk(&root.join("examples/resources"), "tf", &mut files)?;
    walk(&root.join("examples/provider"), "tf", &mut files)?;
    for file in files {
        let place = file.strip_prefix(root)?.display().to_string();
        found.push(Example {
            place,
            text: std::fs::read_to_string(file)?,
            refused: false,
        });
    }
    Ok(found)
}

fn walk(folder: &Path, extension: &str, into: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, extension, into)?;
        } else if path.extension().is_some_and(|e| e == extension) {
            into.push(path);
        }
    }
    Ok(())
}

/// The HCL blocks of a page.
fn fenced(place: &str, page: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut open: Option<Example> = None;
    for (number, line) in page.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        match (open.take(), line.trim_start().strip_prefix("```")) {
            (Some(example), Some(_)) => found.push(example),
            (Some(mut example), None) => {
                example.text.push_str(line);
                example.text.push('\n');
                open = Some(example);
            }
            (None, Some(language)) => {
                let mut words = language.split_whitespace();
                let name = words.next().unwrap_or_default();
                open = Some(Example {
                    place: format!("{place}:{}", number + 1),
                    text: String::new(),
                    refused: words.any(|word| word == "refused"),
                });
                if !matches!(name, "hcl" | "terraform") || indent > 3 {
                    // A block of another language: read to its end, and thrown away.
                    if let Some(example) = &mut open {
                        example.place.clear();
                    }
                }
            }
            (None, None) => {}
        }
    }
    found.retain(|example| !example.place.is_empty());
    found
}

/// Empty resources for those that a block refers to and does not show.
fn missing(text: &str) -> String {
    let mut stubs = std::collections::BTreeSet::new();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-';
    for reference in text.split(|c: char| !word(c)) {
        let mut parts = reference.split('.');
        let (Some(of), Some(name), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let declared = format!("resource \"{of}\" \"{name}\"");
        // In a text such as a host name the parts look alike; types have an underscore.
        if of.starts_with("aws_") && !text.contains(&declared) {
            stubs.insert(format!("{declared} {{}}\n"));
        }
    }
    stubs.into_iter().collect()
}

/// Lays examples out as child modules of one root, so that one run does for all.
fn lay_out(world: &World, examples: &[&Example]) -> Result<String> {
    let mut root = String::new();
    let mut index = String::new();
    for (number, example) in examples.iter().enumerate() {
        let name = format!("example_{number}");
        let mut text = format!("{}\n{}", example.text, missing(&example.text));
        // A module's own provider block is fine; what it requires must be said once.
        if !text.contains("required_providers") && text.contains("gabion") {
            text.push_str(
                "\nterraform {\n  required_providers {\n    gabion = {\n      source = \"gabion/gabion\"\n    }\n  }\n}\n",
            );
        }
        world.terraform.write(&format!("{name}/main.tf"), &text)?;
        writeln!(root, "module \"{name}\" {{\n  source = \"./{name}\"\n}}")?;
        writeln!(index, "{name} is {}", example.place)?;
    }
    world.terraform.write("main.tf", &root)?;
    Ok(index)
}

#[test]
fn terraform_examples_of_our_provider_are_planned() -> Result<()> {
    let all = examples()?;
    let mut ours = Vec::new();
    for example in &all {
        if example.sort()? == Sort::Ours {
            ours.push(example);
        }
    }
    ensure!(
        !ours.is_empty(),
        "no example was found: the search is broken"
    );
    let Some(world) = World::build(Tool::Terraform, Kind::Moto, true)? else {
        return Ok(());
    };
    let index = lay_out(&world, &ours)?;
    world.terraform.init()?;
    world
        .terraform
        .validate()?
        .ok()
        .with_context(|| index.clone())?;
    let planned: Vec<&Example> = ours
        .into_iter()
        .filter(|example| !example.refused)
        .collect();
    let index = lay_out(&world, &planned)?;
    world.terraform.init()?;
    world.terraform.plan(&[])?.ok().context(index)?;
    Ok(())
}

#[test]
fn terraform_examples_of_other_providers_are_valid() -> Result<()> {
    let all = examples()?;
    let mut aws = Vec::new();
    for example in &all {
        if example.sort()? == Sort::Aws {
            aws.push(example);
        }
    }
    if aws.is_empty() {
        return Ok(());
    }
    if mirror::locate().is_none() {
        return skip::missing("a mirror of hashicorp/aws", mirror::HOW, false);
    }
    let Some(world) = World::build(Tool::Terraform, Kind::Moto, true)? else {
        return Ok(());
    };
    let index = lay_out(&world, &aws)?;
    world.terraform.init()?;
    world.terraform.validate()?.ok().context(index)?;
    Ok(())
}

#[test]
fn policy_examples_are_understood() -> Result<()> {
    let gabion = workspace::gabion_bin()?;
    let mut wrong = String::new();
    let mut examples = examples()?;
    examples.push(Example {
        place: "examples/quickstart/gabion.hcl".to_owned(),
        text: std::fs::read_to_string(workspace::root().join("examples/quickstart/gabion.hcl"))?,
        refused: false,
    });
    for example in examples {
        if example.sort()? != Sort::Policy || example.refused {
            continue;
        }
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("gabion.hcl"), &example.text)?;
        let empty =
            r#"{"format_version":"1.2","terraform_version":"1.11.4","resource_changes":[]}"#;
        std::fs::write(dir.path().join("plan.json"), empty)?;
        let out = Command::new(&gabion)
            .args(["check", "plan.json"])
            .current_dir(dir.path())
            .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
            .output()?;
        if out.status.code() != Some(0) {
            let text = String::from_utf8_lossy(&out.stderr);
            writeln!(wrong, "{}: {:?} {text}", example.place, out.status.code())?;
        }
    }
    if !wrong.is_empty() {
        bail!("{wrong}");
    }
    Ok(())
}

#[test]
fn blocks_are_found_with_their_place() {
    let page = "# A\n\n```hcl\ncontact = \"#x\"\n```\n\n```text\nno\n```\n```terraform refused\nresource \"a\" \"b\" {}\n```\n";
    let found = fenced("p.md", page);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].place, "p.md:3");
    assert_eq!(found[0].sort().unwrap(), Sort::Policy);
    assert!(found[1].refused && !found[0].refused);
    assert_eq!(found[1].sort().unwrap(), Sort::Ours);
}
