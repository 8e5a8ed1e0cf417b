//! Finds and reads policy files.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::{PolicyError, Problem};
use super::file::PolicyFile;
use super::lock::{LockFile, lock_path};
use super::options::GuardOptions;
use crate::cache::guarded;

/// The policy file's name.
pub const FILE_NAME: &str = "gabion.hcl";
/// A policy is a page or two; what is larger is some other file.
const LARGEST: u64 = 4 << 20;

/// The floors and the nearest policy file.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) floors: Vec<PolicyFile>,
    pub(super) near: Option<PolicyFile>,
}

impl Files {
    pub(super) fn read(options: &GuardOptions) -> Result<Self, PolicyError> {
        let mut problems = Vec::new();
        let mut floors = Vec::new();
        let mut floor_paths = Vec::new();
        for path in &options.floors {
            let shown = path.display().to_string();
            let absolute = options.directory.join(path);
            match read_floor(&absolute) {
                Ok(text) => {
                    floor_paths.push(absolute.canonicalize().unwrap_or_else(|_| absolute.clone()));
                    let mut floor = PolicyFile::read(&shown, &absolute, text, true, &mut problems);
                    floor.lock = lock(&absolute, &lock_path(path), read_floor, &mut problems);
                    floors.push(floor);
                }
                Err(message) => {
                    problems.push(Problem::general(format!("the floor `{shown}` {message}")))
                }
            }
        }
        let near = match nearest(&options.directory, options.config.as_deref())? {
            Some(path)
                if floor_paths.contains(&path.canonicalize().unwrap_or_else(|_| path.clone())) =>
            {
                None
            }
            Some(path) => match read_text(&path) {
                Ok(text) => {
                    let name = shown(&path, &options.directory);
                    let mut near = PolicyFile::read(&name, &path, text, false, &mut problems);
                    near.lock = lock(
                        &path,
                        &lock_path(Path::new(&name)),
                        read_text,
                        &mut problems,
                    );
                    Some(near)
                }
                Err(message) => {
                    problems.push(Problem::general(format!(
                        "the policy file `{}` {message}",
                        path.display()
                    )));
                    None
                }
            },
            None => None,
        };
        if problems.is_empty() {
            Ok(Self { floors, near })
        } else {
            Err(problems.into())
        }
    }
}

/// The policy file that the caller named, else the nearest.
pub(super) fn nearest(
    directory: &Path,
    named: Option<&Path>,
) -> Result<Option<PathBuf>, PolicyError> {
    match named {
        Some(path) => Ok(Some(directory.join(path))),
        None => search(directory),
    }
}

/// The nearest `gabion.hcl` from the directory upwards.
fn search(directory: &Path) -> Result<Option<PathBuf>, PolicyError> {
    let start = directory.canonicalize().map_err(|error| {
        PolicyError::general(format!(
            "the folder `{}` cannot be entered: {error}",
            directory.display()
        ))
    })?;
    Ok(start
        .ancestors()
        .map(|folder| folder.join(FILE_NAME))
        // One that cannot be looked at is taken all the same: reading it then says why, instead of a farther file
        // or none at all holding in its place.
        .find(|path| match path.symlink_metadata() {
            Ok(_) => true,
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        }))
}

/// The file as a reader in the directory would name it.
pub(super) fn shown(path: &Path, directory: &Path) -> String {
    let base = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_path_buf());
    path.strip_prefix(&base)
        .or_else(|_| path.strip_prefix(directory))
        .unwrap_or(path)
        .display()
        .to_string()
}

/// The lock beside a policy file, if there is one.
pub(super) fn lock(
    policy: &Path,
    name: &Path,
    read: impl Fn(&Path) -> Result<String, String>,
    problems: &mut Vec<Problem>,
) -> Option<LockFile> {
    let path = lock_path(policy);
    if let Err(error) = path.symlink_metadata()
        && error.kind() == std::io::ErrorKind::NotFound
    {
        return None;
    }
    let name = name.display().to_string();
    match read(&path) {
        Ok(text) => Some(LockFile::read(&name, text, problems)),
        Err(message) => {
            problems.push(Problem::general(format!(
                "the lock file `{name}` {message}"
            )));
            None
        }
    }
}

pub(super) fn read_text(path: &Path) -> Result<String, String> {
    let mut file = std::fs::File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    read_open(&mut file)
}

fn read_open(file: &mut std::fs::File) -> Result<String, String> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err("is larger than 4 MiB, which no policy file is".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "is not UTF-8 text, at byte {}",
            error.utf8_error().valid_up_to()
        )
    })
}

/// A floor must be out of reach of those it binds.
pub(super) fn read_floor(path: &Path) -> Result<String, String> {
    let mut file = open_guarded(path).map_err(|reason| match path.symlink_metadata() {
        Err(_) => format!("{reason}; a floor that is named must be there"),
        Ok(_) => reason,
    })?;
    read_open(&mut file)
}

/// The bytes of a file that a floor names, a key or a pack: as safe from others as the floor itself.
pub(super) fn read_guarded(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    open_guarded(path)?
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > most {
        return Err(format!("is larger than the {most} bytes that it may have"));
    }
    Ok(bytes)
}

/// Opens a file that nobody but root and the user can write or put another in place of: what is open is what is checked.
fn open_guarded(path: &Path) -> Result<std::fs::File, String> {
    let file = std::fs::File::open(guarded(path)?).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "cannot be read: there is no such file".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    let facts = file
        .metadata()
        .map_err(|error| format!("cannot be looked at: {error}"))?;
    if !facts.is_file() {
        return Err("is no regular file".to_owned());
    }
    if facts.mode() & 0o022 != 0 {
        return Err(format!(
            "can be written by others than its owner (mode {:04o}); take that away with `chmod go-w`",
            facts.mode() & 0o7777
        ));
    }
    let me = rustix::process::geteuid().as_raw();
    if facts.uid() != 0 && facts.uid() != me {
        return Err(format!(
            "belongs to user {}; it must belong to root or to you (user {me})",
            facts.uid()
        ));
    }
    Ok(file)
}
