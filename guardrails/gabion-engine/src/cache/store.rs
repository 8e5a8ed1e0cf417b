//! Files with a code: written whole, checked before they are used.
//!
//! A file is its content and, at its end, the time it was made, the code, and a mark. The content stands first, so
//! that compiled code can be mapped from the start of the file.

use std::fs::{self, File, Metadata};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, hmac};
use rustix::fs::{Mode, OFlags};

use super::place::{self, CacheOptions};

const MARK: &[u8; 8] = b"gabion01";
const TRAILER: usize = 8 + 32 + 8;
/// So many files are kept; the oldest go first.
const MOST_FILES: usize = 256;

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity([i128; 7]);

impl Identity {
    /// Of an open file.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self([
            metadata.dev().into(),
            metadata.ino().into(),
            metadata.size().into(),
            metadata.mtime().into(),
            metadata.mtime_nsec().into(),
            metadata.ctime().into(),
            metadata.ctime_nsec().into(),
        ])
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect()
    }
}

/// Files for later runs, each under a kind and a key of any length. See the module [`crate::cache`].
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    key: hmac::Key,
}

impl Store {
    /// Opens the store of the user, and makes its folder and key where they are missing.
    ///
    /// # Errors
    /// Why there is none, a clause for the log.
    pub fn open(options: &CacheOptions) -> Result<Self, String> {
        let folder = options
            .directory
            .clone()
            .ok_or("there is no folder for a cache")?;
        let key = options.key.as_ref().ok_or("there is no place for a key")?;
        let folder = place::private(&folder)?;
        let key = super::key::load(key)?;
        Ok(Self { folder, key })
    }

    /// The content under a key; `None` when there is none, it is older than `youngest` allows, or its code does not
    /// fit (then it is thrown away).
    pub fn read(&self, kind: &str, key: &str, most_age: Option<Duration>) -> Option<Vec<u8>> {
        let path = self.path(kind, key);
        let mut file = open(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let content = bytes.len().checked_sub(TRAILER)?;
        let (content, trailer) = bytes.split_at_checked(content)?;
        let Some(made) = self.fits(kind, key, content, trailer) else {
            discard(&path);
            return None;
        };
        let age = now().saturating_sub(made);
        if most_age.is_some_and(|most| age > most.as_secs() || made > now() + 60) {
            discard(&path);
            return None;
        }
        bytes.truncate(bytes.len() - TRAILER);
        Some(bytes)
    }

    /// Keeps a content under a key: the file appears whole, whoever else writes it.
    ///
    /// # Errors
    /// What the system said, a clause for the log.
    pub fn write(&self, kind: &str, key: &str, content: &[u8]) -> Result<(), String> {
        self.put(kind, key, content)
            .map(|_| ())
            .map_err(|error| format!("`{}` cannot be written: {error}", self.folder.display()))
    }

    /// A file whose content may be mapped: its code fits, or did when it was last looked at and it is unchanged.
    pub(super) fn checked(&self, kind: &str, key: &str) -> Option<PathBuf> {
        let path = self.path(kind, key);
        let mut file = open(&path)?;
        let identity = Identity::of(&file.metadata().ok()?);
        let record = self.record(kind, key, &identity);
        if fs::read(seen(&path)).is_ok_and(|known| hmac::verify(&self.key, &record, &known).is_ok())
        {
            return Some(path);
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).ok()?;
        file.read_to_end(&mut bytes).ok()?;
        let fits = bytes
            .len()
            .checked_sub(TRAILER)
            .and_then(|content| bytes.split_at_checked(content))
            .and_then(|(content, trailer)| self.fits(kind, key, content, trailer));
        // What was read must be what is mapped later.
        let same = file
            .metadata()
            .is_ok_and(|metadata| Identity::of(&metadata) == identity);
        if fits.is_none() || !same {
            tracing::warn!(target: "gabion::cache", "`{}` is not as it was written; it is made again", path.display());
            discard(&path);
            return None;
        }
        self.remember(&path, &record);
        Some(path)
    }

    /// Keeps a content that will be mapped, and remembers that it was checked.
    pub(super) fn put(&self, kind: &str, key: &str, content: &[u8]) -> std::io::Result<()> {
        let path = self.path(kind, key);
        let made = now().to_be_bytes();
        let code = self.code(kind, key, &made, content);
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(&self.folder)?;
        file.write_all(content)?;
        file.write_all(&made)?;
        file.write_all(code.as_ref())?;
        file.write_all(MARK)?;
        // The identity is taken after the rename, which changes a time of the file.
        let file = file.persist(&path).map_err(|error| error.error)?;
        if let Ok(metadata) = file.metadata() {
            self.remember(&path, &self.record(kind, key, &Identity::of(&metadata)));
        }
        self.prune();
        Ok(())
    }

    /// Throws away what is under a key.
    pub(super) fn forget(&self, kind: &str, key: &str) {
        discard(&self.path(kind, key));
    }

    /// Where a kind and a key are kept below any folder.
    pub(super) fn name(kind: &str, key: &str) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in [kind, key] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let name = hex(context.finish().as_ref());
        format!("{kind}-{}", name.get(..32).unwrap_or(&name))
    }

    fn path(&self, kind: &str, key: &str) -> PathBuf {
        self.folder.join(Self::name(kind, key))
    }

    fn code(&self, kind: &str, key: &str, made: &[u8; 8], content: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"gabion file 1");
        for part in [kind.as_bytes(), key.as_bytes(), made, content] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign()
    }

    /// When the file was made, if its code fits.
    fn fits(&self, kind: &str, key: &str, content: &[u8], trailer: &[u8]) -> Option<u64> {
        let (made, rest) = trailer.split_first_chunk::<8>()?;
        let (code, mark) = rest.split_at_checked(32)?;
        let right = self.code(kind, key, made, content);
        let same = aws_lc_rs::constant_time::verify_slices_are_equal(right.as_ref(), code).is_ok();
        (same && mark == MARK).then(|| u64::from_be_bytes(*made))
    }

    fn record(&self, kind: &str, key: &str, identity: &Identity) -> Vec<u8> {
        let mut record = b"gabion seen 1".to_vec();
        for part in [kind.as_bytes(), key.as_bytes(), &identity.bytes()] {
            record.extend_from_slice(&(part.len() as u64).to_be_bytes());
            record.extend_from_slice(part);
        }
        record
    }

    fn remember(&self, path: &Path, record: &[u8]) {
        let code = hmac::sign(&self.key, record);
        let written = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(&self.folder)
            .and_then(|mut file| {
                file.write_all(code.as_ref())?;
                file.persist(seen(path)).map_err(|error| error.error)
            });
        if let Err(error) = written {
            tracing::debug!(target: "gabion::cache", "a check cannot be remembered: {error}");
        }
    }

    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        let mut files: Vec<(SystemTime, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .filter(|(_, path)| path.extension().is_none())
            .collect();
        if files.len() > MOST_FILES {
            files.sort();
            let surplus = files.len() - MOST_FILES;
            files
                .iter()
                .take(surplus)
                .for_each(|(_, path)| discard(path));
        }
    }
}

/// Opens a file that is the user's own and nobody else's to write.
fn open(path: &Path) -> Option<File> {
    let file = rustix::fs::open(
        path,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .ok()?;
    let file = File::from(file);
    let metadata = file.metadata().ok()?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0;
    if !metadata.is_file() || !own {
        tracing::warn!(target: "gabion::cache", "`{}` can be changed by others; it is made again", path.display());
        discard(path);
        return None;
    }
    Some(file)
}

fn seen(path: &Path) -> PathBuf {
    path.with_extension("seen")
}

fn discard(path: &Path) {
    // One that cannot be removed is refused again by the next run.
    let _ = fs::remove_file(path);
    let _ = fs::remove_file(seen(path));
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
