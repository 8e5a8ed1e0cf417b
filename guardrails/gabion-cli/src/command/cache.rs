//! `gabion cache`.

use std::path::{Path, PathBuf};

use gabion_engine::CacheOptions;
use gabion_engine::cache::Store;
use serde_json::json;

use crate::command::{Policy, engine};
use crate::exit::{Exit, Failure};
use crate::output::{self, Told};

/// Look after the cache of compiled packs.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Cache {
    /// Compile every pack of the policy now, for an image or before a first run
    #[command(
        after_help = "Examples:\n  gabion cache warm\n  gabion cache warm --floor /etc/gabion/floor.hcl"
    )]
    Warm {
        #[command(flatten)]
        policy: Policy,
        #[command(flatten)]
        told: Told,
    },
    /// Show where the cache is
    Path(Told),
    /// Delete the cache; it is made again when it is needed
    Clear(Told),
}

impl Cache {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Warm { policy, told } => {
                // Without any policy file, and as a floor for those that name no pack: the pack inside the binary.
                engine()?
                    .load_baseline()
                    .map_err(|error| Failure::failed(error.to_string()))?;
                let guard = policy.load(&[])?;
                let rules = guard.rules().into_iter();
                let mut packs: Vec<_> = rules
                    .map(|rule| (rule.pack, rule.pack_version, rule.pack_digest))
                    .collect();
                packs.sort();
                packs.dedup();
                let directory = directory()?;
                // What an earlier run left there does not count where the engine does not use it.
                let unused = Store::open(&CacheOptions::default()).err().or_else(|| {
                    let why = "the folder must be yours alone (`chmod 700`) and writable";
                    (count(&directory) == 0).then(|| why.to_owned())
                });
                if let Some(why) = unused {
                    return Err(Failure::failed(format!(
                        "nothing was kept in `{}`: {why}",
                        directory.display()
                    )));
                }
                let mut text = String::new();
                let mut list = Vec::new();
                for (name, version, digest) in packs {
                    text.push_str(&format!("{name} {version} {digest}\n"));
                    list.push(json!({ "name": name, "version": version, "digest": digest }));
                }
                let path = directory.display().to_string();
                text.push_str(&format!("in {path}\n"));
                told.write(&text, json!({ "path": path, "packs": list }))?;
            }
            Self::Path(told) => {
                let path = directory()?.display().to_string();
                told.write(&format!("{path}\n"), json!({ "path": path }))?;
            }
            Self::Clear(told) => {
                let directory = directory()?;
                let deleted = clear(&directory).map_err(|error| {
                    Failure::failed(format!("cannot clear `{}`: {error}", directory.display()))
                })?;
                let path = directory.display().to_string();
                let files = output::count_of(deleted, "file");
                told.write(
                    &format!("deleted {files} in {path}\n"),
                    json!({ "path": path, "deleted": deleted }),
                )?;
            }
        }
        Ok(Exit::Clean)
    }
}

fn directory() -> Result<PathBuf, Failure> {
    CacheOptions::default().directory.ok_or_else(|| {
        Failure::failed("there is no place for a cache: neither XDG_CACHE_HOME nor HOME is set")
    })
}

/// How many files of ours there are.
fn count(directory: &Path) -> usize {
    std::fs::read_dir(directory).map_or(0, |entries| {
        entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_str().is_some_and(is_ours))
            .count()
    })
}

/// Deletes the cache's own files: the folder may hold what others keep there.
fn clear(directory: &Path) -> std::io::Result<usize> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut deleted = 0;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() && entry.file_name().to_str().is_some_and(is_ours) {
            std::fs::remove_file(entry.path())?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// Files are named by kind and 32 hexadecimal digits, records of them with something after a dot.
fn is_ours(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    stem.rsplit_once('-').is_some_and(|(kind, digits)| {
        !kind.is_empty() && digits.len() == 32 && digits.chars().all(|c| c.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_our_own_files_go() {
        let folder = tempfile::tempdir().unwrap();
        let ours = format!("code-{}", "0123456789abcdef".repeat(2));
        for name in [
            ours.as_str(),
            &format!("{ours}.seen"),
            "notes.txt",
            "target-1",
        ] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(folder.path().join(format!("dir-{}", "0".repeat(32)))).unwrap();
        assert_eq!(super::clear(folder.path()).unwrap(), 2);
        assert!(
            folder.path().join("notes.txt").exists() && folder.path().join("target-1").exists()
        );
        assert_eq!(super::clear(&folder.path().join("missing")).unwrap(), 0);
    }
}
