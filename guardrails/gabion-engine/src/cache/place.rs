//! Where the cache, the key and the system's cache are, and whether a folder can be trusted.

use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

/// Where files are kept for later runs. The default is the user's own places.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheOptions {
    /// The cache; `None` keeps nothing. By default `$XDG_CACHE_HOME/gabion/packs`, else
    /// `~/.cache/gabion/packs`: a folder of its own, as the one above it may be open to others.
    pub directory: Option<PathBuf>,
    /// The key. By default `$XDG_DATA_HOME/gabion/key`, else `~/.local/share/gabion/key`.
    pub key: Option<PathBuf>,
    /// A cache that root owns, for images: read and never written. By default `/var/cache/gabion`.
    pub system: Option<PathBuf>,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            directory: base("XDG_CACHE_HOME", ".cache")
                .map(|base| base.join("gabion").join("packs")),
            key: base("XDG_DATA_HOME", ".local/share").map(|base| base.join("gabion").join("key")),
            system: Some(PathBuf::from("/var/cache/gabion")),
        }
    }
}

impl CacheOptions {
    /// Keeps nothing and reads nothing.
    pub fn off() -> Self {
        Self {
            directory: None,
            key: None,
            system: None,
        }
    }

    /// A cache of its own, with its own key beside it in the same folder: for tests and for trying.
    pub fn within(folder: &Path) -> Self {
        Self {
            directory: Some(folder.join("cache")),
            key: Some(folder.join("data").join("key")),
            system: None,
        }
    }
}

/// A folder from the environment (absolute ones count only), else below the user's home.
pub(crate) fn base(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    named.or_else(|| {
        env::var_os("HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .map(|home| home.join(below_home))
    })
}

/// Makes the folder where it is missing; refuses one that another user owns or can write.
///
/// # Errors
/// Why it cannot be used, a clause for the log.
/// Gives the folder without symbolic links, so that it stays the one that was looked at.
pub(super) fn private(folder: &Path) -> Result<PathBuf, String> {
    let shown = folder.display();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| format!("the cache `{shown}` cannot be made: {error}"))?;
    let metadata = fs::symlink_metadata(folder)
        .map_err(|error| format!("the cache `{shown}` cannot be looked at: {error}"))?;
    if !metadata.is_dir() {
        return Err(format!("the cache `{shown}` is no folder"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("the cache `{shown}` belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(format!(
            "the cache `{shown}` is open to others; take that away with `chmod 700`"
        ));
    }
    let folder = fs::canonicalize(folder)
        .map_err(|error| format!("the cache `{shown}` cannot be looked at: {error}"))?;
    above(&folder).map(|()| folder)
}

/// Refuses a folder whose place others can fill with another: each folder above it must be closed to them.
fn above(folder: &Path) -> Result<(), String> {
    folder
        .ancestors()
        .skip(1)
        .try_for_each(|part| closed(part, "cache"))
}

/// Refuses a folder on the way to a thing that others can put another thing into: it must belong to root or the user,
/// and be closed to others, or sticky as `/tmp` is. A group that is the user's own (it has the user's number, as
/// systems make them) counts as the user.
fn closed(folder: &Path, thing: &str) -> Result<(), String> {
    let shown = folder.display();
    let me = rustix::process::geteuid().as_raw();
    let metadata = fs::symlink_metadata(folder)
        .map_err(|error| format!("`{shown}` above the {thing} cannot be looked at: {error}"))?;
    if metadata.uid() != 0 && metadata.uid() != me {
        return Err(format!(
            "`{shown}` above the {thing} belongs to another user, who could put another {thing} in its place"
        ));
    }
    let sticky = metadata.mode() & 0o1000 != 0;
    let own_group = metadata.uid() == me && metadata.gid() == me;
    let open = if own_group { 0o002 } else { 0o022 };
    if metadata.mode() & open != 0 && !sticky {
        return Err(format!(
            "`{shown}` above the {thing} can be written by others, who could put another {thing} in its place; take that \
             away with `chmod go-w`"
        ));
    }
    Ok(())
}

/// Why a folder that others can write above the cache keeps it from being used; `None` where nothing does. Nothing is
/// made: of a cache that is yet to be made, the folders that are there count.
pub fn cache_fault(folder: &Path) -> Option<String> {
    let there = folder
        .ancestors()
        .find(|part| fs::symlink_metadata(part).is_ok())?;
    let real = fs::canonicalize(there).ok()?;
    if there == folder {
        return above(&real).err();
    }
    closed(&real, "cache").and_then(|()| above(&real)).err()
}

/// Links that a path may lead through, as the system has it.
const MOST_LINKS: usize = 40;

/// The path of a file without symbolic links, if nobody but root and the user can put another file in its place: each
/// folder on the way is closed to others, those that links lead through too, and each link belongs to root or the user.
///
/// # Errors
/// Why not, a clause to follow the file's name.
pub(crate) fn guarded(path: &Path) -> Result<PathBuf, String> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "cannot be read: there is no such file".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    let me = rustix::process::geteuid().as_raw();
    let parts = |path: &Path| -> Vec<OsString> {
        let parts = path.components().rev();
        parts.map(|part| part.as_os_str().to_owned()).collect()
    };
    let mut rest = parts(&std::path::absolute(path).map_err(unreadable)?);
    let mut real = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = rest.pop() {
        match Path::new(&part).components().next() {
            Some(Component::RootDir) => real = PathBuf::from("/"),
            Some(Component::ParentDir) => {
                real.pop();
            }
            Some(Component::Normal(name)) => {
                closed(&real, "file").map_err(|reason| format!("is not safe: {reason}"))?;
                let next = real.join(name);
                let metadata = fs::symlink_metadata(&next).map_err(unreadable)?;
                if !metadata.is_symlink() {
                    real = next;
                    continue;
                }
                if metadata.uid() != 0 && metadata.uid() != me {
                    return Err(format!(
                        "is not safe: the link `{}` belongs to another user, who could lead it elsewhere",
                        next.display()
                    ));
                }
                links += 1;
                if links > MOST_LINKS {
                    return Err("cannot be read: too many links lead to it".to_owned());
                }
                rest.extend(parts(&fs::read_link(&next).map_err(unreadable)?));
            }
            _ => {}
        }
    }
    Ok(real)
}

/// Whether root owns a path and everything above it, and nobody else can write any of it.
pub(super) fn of_root_alone(path: &Path) -> bool {
    path.is_absolute()
        && path.ancestors().all(|part| {
            fs::symlink_metadata(part).is_ok_and(|metadata| {
                metadata.uid() == 0 && metadata.mode() & 0o022 == 0 && !metadata.is_symlink()
            })
        })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_may_fill_the_caches_place() {
        let desk = tempfile::tempdir().unwrap();
        let open = desk.path().join("open");
        let cache = open.join("gabion");
        private(&cache).unwrap();
        let mode = |mode| fs::set_permissions(&open, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o777);
        let error = private(&cache).unwrap_err();
        assert!(
            error.contains("/open` above the cache can be written by others"),
            "{error}"
        );
        // As `/tmp` is: nobody takes away what is another's.
        mode(0o1777);
        let real = private(&cache).unwrap();
        assert_eq!(cache_fault(&cache), None);
        mode(0o777);
        assert!(cache_fault(&cache).is_some() && cache_fault(&open.join("a/b")).is_some());
        mode(0o755);
        assert_eq!(cache_fault(&open.join("a/b")), None);
        // A link to it is followed once.
        let link = desk.path().join("link");
        std::os::unix::fs::symlink(&open, &link).unwrap();
        assert_eq!(private(&link.join("gabion")).unwrap(), real);
    }

    #[test]
    fn nobody_else_may_fill_the_place_of_a_file() {
        use std::os::unix::fs::symlink;
        let desk = tempfile::tempdir().unwrap();
        let at = |name: &str| desk.path().join(name);
        for folder in ["safe", "open"] {
            fs::create_dir(at(folder)).unwrap();
        }
        fs::write(at("safe/file"), "").unwrap();
        let real = fs::canonicalize(at("safe/file")).unwrap();
        symlink("../safe/file", at("open/file")).unwrap();
        symlink("open", at("way")).unwrap();
        symlink("../safe", at("open/safe")).unwrap();
        symlink("round", at("round")).unwrap();
        let ways = [
            "open/file",
            "way/file",
            "open/safe/file",
            "way/../open/file",
        ];
        for way in ways {
            assert_eq!(guarded(&at(way)), Ok(real.clone()), "{way}");
        }
        let mode =
            |mode| fs::set_permissions(at("open"), fs::Permissions::from_mode(mode)).unwrap();
        mode(0o777);
        for way in ways {
            let error = guarded(&at(way)).unwrap_err();
            assert!(
                error.contains("/open` above the file can be written by others"),
                "{way}: {error}"
            );
        }
        assert_eq!(guarded(&at("safe/file")), Ok(real.clone()));
        mode(0o1777);
        assert_eq!(guarded(&at("way/file")), Ok(real));
        let error = guarded(&at("round")).unwrap_err();
        assert!(error.contains("too many links"), "{error}");
        let error = guarded(&at("safe/none")).unwrap_err();
        assert_eq!(error, "cannot be read: there is no such file");
    }
}
