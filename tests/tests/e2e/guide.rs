//! The guide for authors, executed: its files are written, its commands run, and what it says that they print is
//! looked for in what they print.
//!
//! A block of code is written to the file that the paragraph before it names, in backticks, at its end. A `sh` block
//! is run in the reader's folder; a `text` block after it holds lines that must be printed, each somewhere.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use gabion_tests::tools::guest;
use gabion_tests::{Kind, skip, workspace};

use crate::author::{desk, gabion};
use crate::support::World;

/// One block of the page.
#[derive(Debug, PartialEq)]
enum Block {
    Run(String),
    Prints(String),
    File(String, String),
}

fn blocks(page: &str) -> Result<Vec<Block>> {
    let (mut blocks, mut before) = (Vec::new(), String::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            if !line.is_empty() {
                before = line.to_owned();
            }
            continue;
        };
        let text: String = lines
            .by_ref()
            .take_while(|line| *line != "```")
            .flat_map(|line| [line, "\n"])
            .collect();
        blocks.push(match info.split(' ').next().unwrap_or_default() {
            "sh" => Block::Run(text),
            "text" => Block::Prints(text),
            _ => {
                let name = before
                    .split('`')
                    .nth_back(1)
                    .with_context(|| format!("no file is named in `{before}`"))?;
                Block::File(name.to_owned(), text)
            }
        });
    }
    Ok(blocks)
}

/// Runs a block of commands and gives all that it printed.
fn run(desk: &Path, script: &str, world: &World) -> Result<String> {
    if script.contains("terraform ") {
        // The same files, where the tests have Terraform with the emulator behind it.
        ensure!(
            script == "cd infra\n! terraform plan\n",
            "the guide runs Terraform otherwise: {script}"
        );
        for name in ["gabion.hcl", ".gabion.lock.hcl", "main.tf"] {
            let text = std::fs::read_to_string(desk.join("infra").join(name))?;
            world.terraform.write(name, &text)?;
        }
        let pack = world.terraform.dir().join("../acme/dist");
        std::fs::create_dir_all(&pack)?;
        std::fs::copy(desk.join("acme/dist/acme.wasm"), pack.join("acme.wasm"))?;
        world.terraform.init()?;
        let ended = world.terraform.plan(&[])?;
        ensure!(
            ended.code == Some(1),
            "the plan ended with {:?}: {}",
            ended.code,
            ended.stdout
        );
        return Ok(format!("{}{}", ended.stdout, ended.stderr));
    }
    let program = workspace::gabion_bin()?;
    let folder = program.parent().context("the binary has no folder")?;
    let path = std::env::join_paths(std::iter::once(folder.to_path_buf()).chain(
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()),
    ))?;
    let mut shell = Command::new("sh");
    shell
        .args(["-e", "-c", script])
        .current_dir(desk)
        .env("PATH", path);
    for (name, value) in gabion(desk, &[])?.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let output = shell.output()?;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    ensure!(
        output.status.success(),
        "`{script}` ended with {}:\n{text}",
        output.status
    );
    Ok(text)
}

#[test]
fn the_guide_for_authors_works_step_by_step() -> Result<()> {
    if guest::locate().is_err() {
        return skip::missing("a WebAssembly toolchain", "run `cargo xtask setup`", true);
    }
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world
        .terraform
        .env("XDG_DATA_HOME", crate::author::data()?.to_string_lossy());
    let desk = desk("guide")?;
    let page = std::fs::read_to_string(workspace::root().join("docs/guides/write-a-guardrail.md"))?;
    let blocks = blocks(&page)?;
    ensure!(
        blocks
            .iter()
            .filter(|block| matches!(block, Block::Run(_)))
            .count()
            >= 6,
        "the guide was not read"
    );
    let mut printed = String::new();
    for block in blocks {
        match block {
            Block::Run(script) => printed = run(&desk, &script, &world)?,
            Block::File(name, text) => {
                let path = desk.join(&name);
                std::fs::create_dir_all(path.parent().context("a file without a folder")?)?;
                std::fs::write(path, text)?;
            }
            Block::Prints(lines) => {
                // Terraform draws frames and breaks lines where it likes.
                let flat: String = printed
                    .replace(['│', '╷', '╵'], " ")
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ");
                for line in lines.lines() {
                    let wanted = line.split_whitespace().collect::<Vec<_>>().join(" ");
                    if !flat.contains(&wanted) {
                        bail!("the guide promises `{line}`, and it was not printed:\n{printed}");
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn blocks_are_what_their_fences_say() -> Result<()> {
    let page = "Write `a`, in `b/c.hcl`:\n\n```hcl refused\nx = 1\n```\n\n```sh\nls\n```\n\n```text\nc.hcl\n```\n";
    let found = blocks(page)?;
    assert_eq!(
        found,
        [
            Block::File("b/c.hcl".to_owned(), "x = 1\n".to_owned()),
            Block::Run("ls\n".to_owned()),
            Block::Prints("c.hcl\n".to_owned()),
        ]
    );
    Ok(())
}
