//! The three packs, built once for each state of their sources.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use gabion_componentize::Engines;
use gabion_engine::{Engine, EngineOptions, Pack};
use gabion_tests::{skip, tools, workspace};

/// Language, folder below `tests/guests/three`, and what else it is made of.
const PACKS: [(&str, &[&str]); 3] = [
    (
        "rust",
        &[
            "guardrails/gabion-guardrail",
            "guardrails/gabion-guardrail-macros",
            "guardrails/gabion-componentize/src",
        ],
    ),
    (
        "javascript",
        &[
            "guardrails/gabion-guardrail-js/src",
            "guardrails/gabion-componentize/engines/javascript",
        ],
    ),
    (
        "python",
        &[
            "guardrails/gabion-guardrail-py/gabion_guardrail",
            "guardrails/gabion-componentize/engines/python",
        ],
    ),
];

/// All three, loaded; `None` where one cannot be built here.
pub(super) fn all() -> Result<Option<Vec<(&'static str, Pack)>>> {
    let place = tools::engines::place()?;
    let engines = Engines::new(&place, &|text| tools::say(text));
    for (what, is_there) in [
        (
            "the engine for guardrails in JavaScript",
            engines.has_javascript(),
        ),
        ("the engine for guardrails in Python", engines.has_python()),
    ] {
        if !is_there {
            skip::missing(what, tools::engines::HOW, true)?;
            return Ok(None);
        }
    }
    let kept = workspace::cache_dir()?.join("guests");
    fs::create_dir_all(&kept)?;
    // Two tests want them at once, and one of them builds.
    let guard = fs::File::create(kept.join(".lock"))?;
    guard.lock()?;
    let engine = Engine::new(EngineOptions::default())?;
    let mut packs = Vec::new();
    for (language, more) in PACKS {
        let folder = workspace::root().join("tests/guests/three").join(language);
        let file = kept.join(format!(
            "three-{language}-{:016x}.wasm",
            digest(&folder, more)?
        ));
        if !file.is_file() {
            let bytes = gabion_componentize::build(&folder, &engines)
                .map_err(|error| anyhow::anyhow!("{language}: {error}"))?;
            forget_old(&kept, &format!("three-{language}-"))?;
            fs::write(&file, bytes)?;
        }
        packs.push((language, engine.load_file(&file)?));
    }
    Ok(Some(packs))
}

fn forget_old(folder: &Path, prefix: &str) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn digest(folder: &Path, more: &[&str]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    add(folder, &mut hasher)?;
    for one in more.iter().chain(&["wit/guardrail"]) {
        add(&workspace::root().join(one), &mut hasher)?;
    }
    Ok(hasher.finish())
}

fn add(folder: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("cannot read `{}`", folder.display()))?
        .collect::<std::io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if ["target", "__pycache__", "node_modules", "dist"]
            .iter()
            .any(|left| name == *left)
        {
            continue;
        }
        hasher.write(name.as_encoded_bytes());
        if entry.file_type()?.is_dir() {
            add(&entry.path(), hasher)?;
        } else {
            hasher.write(&fs::read(entry.path())?);
        }
    }
    Ok(())
}
