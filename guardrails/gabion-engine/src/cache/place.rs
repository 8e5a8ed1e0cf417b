//! Where the cache, the key and the system's cache are, and whether a folder can be trusted.

use std::env;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

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

/// Refuses a folder whose place others can fill with another: each folder above it must belong to root or the user,
/// and be closed to others, or sticky as `/tmp` is. A group that is the user's own (it has the user's number, as
/// systems make them) counts as the user.
fn above(folder: &Path) -> Result<(), String> {
    let me = rustix::process::geteuid().as_raw();
    for part in folder.ancestors().skip(1) {
        let shown = part.display();
        let metadata = fs::symlink_metadata(part)
            .map_err(|error| format!("`{shown}` above the cache cannot be looked at: {error}"))?;
        if metadata.uid() != 0 && metadata.uid() != me {
            return Err(format!(
                "`{shown}` above the cache belongs to another user, who could put another cache in its place"
            ));
        }
        let sticky = metadata.mode() & 0o1000 != 0;
        let own_group = metadata.uid() == me && metadata.gid() == me;
        let open = if own_group { 0o002 } else { 0o022 };
        if metadata.mode() & open != 0 && !sticky {
            return Err(format!(
                "`{shown}` above the cache can be written by others, who could put another cache in its place; take that \
                 away with `chmod go-w`"
            ));
        }
    }
    Ok(())
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
        mode(0o755);
        // A link to it is followed once.
        let link = desk.path().join("link");
        std::os::unix::fs::symlink(&open, &link).unwrap();
        assert_eq!(private(&link.join("gabion")).unwrap(), real);
    }
}
