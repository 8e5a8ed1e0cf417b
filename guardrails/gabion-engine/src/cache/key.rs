//! The user's key: 32 random bytes in a file that only the user reads, outside of any cache.

use std::fs::{self, DirBuilder, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use rustix::fs::{Mode, OFlags};

const LENGTH: usize = 32;

/// Reads the key, or makes it.
///
/// # Errors
/// Why it cannot be used, a clause for the log.
pub(super) fn load(path: &Path) -> Result<hmac::Key, String> {
    let bytes = match read(path)? {
        Some(bytes) => bytes,
        None => {
            create(path)?;
            // Another process may have been first: what lies there counts.
            read(path)?.ok_or("the key file vanished")?
        }
    };
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// The bytes of the key; `None` when there is no file.
fn read(path: &Path) -> Result<Option<[u8; LENGTH]>, String> {
    let shown = path.display();
    let file = match rustix::fs::open(
        path,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    ) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(format!("the key file `{shown}` cannot be opened: {error}")),
    };
    let metadata = file
        .metadata()
        .map_err(|error| format!("the key file `{shown}` cannot be looked at: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("the key file `{shown}` is no file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("the key file `{shown}` belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(format!(
            "the key file `{shown}` can be read or written by others; take that away with `chmod 600`"
        ));
    }
    let mut bytes = Vec::new();
    file.take(LENGTH as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("the key file `{shown}` cannot be read: {error}"))?;
    <[u8; LENGTH]>::try_from(bytes).map(Some).map_err(|_| {
        format!(
            "the key file `{shown}` does not hold {LENGTH} bytes; delete it, and a new one is made"
        )
    })
}

fn create(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let folder = path
        .parent()
        .ok_or_else(|| format!("the key file `{shown}` has no folder"))?;
    let failed = |error: std::io::Error| format!("the key file `{shown}` cannot be made: {error}");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    let metadata = fs::symlink_metadata(folder).map_err(failed)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
        return Err(format!(
            "the folder of the key file `{shown}` can be written by others"
        ));
    }
    let mut bytes = [0_u8; LENGTH];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "the system gives no random bytes".to_owned())?;
    // A whole file appears at once, with mode 0600, and never over another's.
    let mut file = tempfile::Builder::new()
        .prefix(".key-")
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(&bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error.error)),
    }
}
