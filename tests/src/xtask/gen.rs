//! `cargo xtask gen`: files that are made from others.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use gabion_tests::tools::say;
use gabion_tests::workspace;

use super::{gaps, rules};

/// Regenerate the generated files, or check that they are up to date
///
/// docs/rules/, from the comments above the rules; tests/emulator-gaps.md, by asking both
/// emulators.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail where a file would change
    #[arg(long)]
    check: bool,
}

impl Args {
    /// Changes nothing.
    pub(crate) fn check() -> Self {
        Self { check: true }
    }
}

/// Generates or checks everything.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = workspace::root();
    let folder = root.join("docs/rules");
    let mut wanted: BTreeMap<PathBuf, Option<String>> = BTreeMap::new();
    // A page whose rule is gone goes with it.
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        wanted.insert(entry.path(), None);
    }
    for (name, page) in rules::pages(root)? {
        wanted.insert(folder.join(name), Some(page));
    }
    wanted.insert(root.join("tests/emulator-gaps.md"), Some(gaps::page()?));

    let mut stale = Vec::new();
    for (path, text) in wanted {
        if std::fs::read_to_string(&path).ok() == text {
            continue;
        }
        stale.push(
            path.strip_prefix(root)
                .unwrap_or(&path)
                .display()
                .to_string(),
        );
        if args.check {
            continue;
        }
        match text {
            Some(text) => {
                std::fs::create_dir_all(path.parent().unwrap_or(root))?;
                std::fs::write(&path, text)?;
            }
            None => std::fs::remove_file(&path)?,
        }
    }
    if stale.is_empty() {
        say("generated files are up to date");
    } else if args.check {
        bail!(
            "{} would change: run `cargo xtask gen` and commit the result",
            stale.join(", ")
        );
    } else {
        say(&format!("changed: {}", stale.join(", ")));
    }
    Ok(())
}
