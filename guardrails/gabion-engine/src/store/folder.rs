//! The folder: one file a component, and one beside it for its signatures.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::digest::Digest;
use super::signature::{self, Signature};
use crate::verify;

/// The variable that names another folder, for images that carry their packs.
const VARIABLE: &str = "GABION_PACKS";
/// So many signatures of one component are kept.
const MOST_SIGNATURES: usize = 100;
/// No list of signatures is larger.
const LARGEST_LIST: u64 = 16 << 20;

/// Components by digest. See the module [`crate::store`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

/// What can go wrong with the store. Each text is whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing says where it is.
    #[error(
        "there is no place for packs: neither GABION_PACKS nor XDG_DATA_HOME nor HOME names an absolute path"
    )]
    NoPlace,
    /// The folder or a file cannot be read or written.
    #[error("cannot {what} `{}`: {reason}", .path.display())]
    Io {
        /// `read`, `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A file does not hold what its name says.
    #[error(
        "`{}` in the store of packs has the digest `{found}`: it was changed or cut off; delete it and run `gabion pull`",
        .path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// What it has.
        found: Digest,
    },
    /// A list of signatures that is none.
    #[error(
        "`{}` in the store of packs holds no signatures: it was changed or cut off; delete it and run `gabion pull`",
        .path.display()
    )]
    Signatures {
        /// The file.
        path: PathBuf,
    },
    /// Larger than any pack.
    #[error("{size} bytes are more than the {most} that a pack may have", most = verify::LARGEST)]
    TooLarge {
        /// The size.
        size: u64,
    },
}

impl Store {
    /// The user's store: the folder that `GABION_PACKS` names, else `$XDG_DATA_HOME/gabion/packs`, else
    /// `~/.local/share/gabion/packs`. Nothing is made before something is put there.
    ///
    /// # Errors
    /// [`StoreError::NoPlace`].
    pub fn open() -> Result<Self, StoreError> {
        if let Some(named) = std::env::var_os(VARIABLE) {
            let named = PathBuf::from(named);
            // An empty or relative one is a slip, and another folder than the one that was meant would be used.
            return if named.is_absolute() {
                Ok(Self::at(named))
            } else {
                Err(StoreError::Io {
                    what: "use",
                    path: named,
                    reason: format!("{VARIABLE} must be an absolute path, or not be set"),
                })
            };
        }
        crate::cache::base("XDG_DATA_HOME", ".local/share")
            .map(|base| Self::at(base.join("gabion").join("packs")))
            .ok_or(StoreError::NoPlace)
    }

    /// The store in a folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a component is or would be.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("sha256-{}.wasm", digest.hex()))
    }

    /// Whether a component is there; whether it is whole is told by [`Store::get`].
    pub fn has(&self, digest: &Digest) -> bool {
        self.path(digest).is_file()
    }

    /// A component; `None` where it is not there.
    ///
    /// # Errors
    /// Where it cannot be read, or has another digest than its name.
    pub fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(digest);
        let Some(bytes) = read(&path, verify::LARGEST)? else {
            return Ok(None);
        };
        let found = Digest::of(&bytes);
        if found == *digest {
            Ok(Some(bytes))
        } else {
            Err(StoreError::Changed { path, found })
        }
    }

    /// Keeps a component and gives its digest. The file appears whole; one that is there and whole is left alone.
    ///
    /// # Errors
    /// Where it cannot be written, or is larger than any pack.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let size = bytes.len() as u64;
        if size > verify::LARGEST {
            return Err(StoreError::TooLarge { size });
        }
        let digest = Digest::of(bytes);
        if !matches!(self.get(&digest), Ok(Some(_))) {
            self.write(&self.path(&digest), bytes)?;
        }
        Ok(digest)
    }

    /// The signatures that came with a component, none where there are none. Unverified.
    ///
    /// # Errors
    /// Where the list cannot be read.
    pub fn signatures(&self, digest: &Digest) -> Result<Vec<Signature>, StoreError> {
        let path = self.list(digest);
        match read(&path, LARGEST_LIST)? {
            None => Ok(Vec::new()),
            Some(bytes) => signature::read(&bytes).ok_or(StoreError::Signatures { path }),
        }
    }

    /// Adds a signature to those of a component; one that is there already is not added again, and the oldest makes
    /// room where there are too many.
    ///
    /// # Errors
    /// Where the list cannot be read or written.
    pub fn put_signature(&self, digest: &Digest, signature: &Signature) -> Result<(), StoreError> {
        let mut list = match self.signatures(digest) {
            // A broken list holds nothing that could be kept.
            Err(StoreError::Signatures { .. }) => Vec::new(),
            other => other?,
        };
        if list.contains(signature) {
            return Ok(());
        }
        list.push(signature.clone());
        if list.len() > MOST_SIGNATURES {
            list.remove(0);
        }
        self.write(&self.list(digest), signature::write(&list).as_bytes())
    }

    /// The digests of all components that are there, sorted.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn digests(&self) -> Result<Vec<Digest>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.folder, &error)),
        };
        let mut found: Vec<Digest> = entries
            .filter_map(|entry| {
                let name = entry.ok()?.file_name();
                let hex = name
                    .to_str()?
                    .strip_prefix("sha256-")?
                    .strip_suffix(".wasm")?;
                format!("sha256:{hex}").parse().ok()
            })
            .collect();
        found.sort();
        Ok(found)
    }

    fn list(&self, digest: &Digest) -> PathBuf {
        self.folder
            .join(format!("sha256-{}.signatures.json", digest.hex()))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|error| failed("make", &self.folder, &error))?;
        replace(path, bytes).map_err(|error| failed("write", path, &error))
    }
}

/// Writes a file beside its place and moves it there: whoever reads sees the old one or the new one, whole.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The whole file; `None` where there is none.
fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path, &error)),
    };
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed("read", path, &error))?;
    if bytes.len() as u64 > most {
        return Err(StoreError::Io {
            what: "read",
            path: path.to_path_buf(),
            reason: "it is larger than anything that is kept here".to_owned(),
        });
    }
    Ok(Some(bytes))
}

fn failed(what: &'static str, path: &Path, error: &io::Error) -> StoreError {
    StoreError::Io {
        what,
        path: path.to_path_buf(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("gabion/packs"));
        (folder, store)
    }

    #[test]
    fn what_is_put_there_is_found_by_its_digest() {
        let (_folder, store) = store();
        assert_eq!(store.digests().unwrap(), []);
        let digest = store.put(b"a component").unwrap();
        assert_eq!(digest, Digest::of(b"a component"));
        assert_eq!(store.get(&digest).unwrap().unwrap(), b"a component");
        assert_eq!(store.put(b"a component").unwrap(), digest);
        assert_eq!(store.get(&Digest::of(b"another")).unwrap(), None);
        assert_eq!(store.digests().unwrap(), [digest]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(store.folder()), 0o700);
        assert_eq!(mode(&store.path(&digest)), 0o600);
    }

    #[test]
    fn a_file_that_was_changed_is_told_and_put_again() {
        let (_folder, store) = store();
        let digest = store.put(b"a component").unwrap();
        fs::write(store.path(&digest), b"b component").unwrap();
        let error = store.get(&digest).unwrap_err();
        let expected = StoreError::Changed {
            path: store.path(&digest),
            found: Digest::of(b"b component"),
        };
        assert_eq!(error, expected);
        assert!(error.to_string().contains("run `gabion pull`"), "{error}");
        store.put(b"a component").unwrap();
        assert_eq!(store.get(&digest).unwrap().unwrap(), b"a component");
    }

    #[test]
    fn signatures_are_kept_once_each() {
        let (_folder, store) = store();
        let digest = store.put(b"a component").unwrap();
        assert_eq!(store.signatures(&digest).unwrap(), []);
        let signature = |byte: u8| Signature {
            manifest: b"{}".to_vec(),
            payload: b"signed".to_vec(),
            signature: vec![0x30, byte],
        };
        for byte in [1, 2, 1] {
            store.put_signature(&digest, &signature(byte)).unwrap();
        }
        assert_eq!(
            store.signatures(&digest).unwrap(),
            [signature(1), signature(2)]
        );
        fs::write(store.list(&digest), "[{}]").unwrap();
        let error = store.signatures(&digest).unwrap_err().to_string();
        assert!(error.contains("holds no signatures"), "{error}");
        store.put_signature(&digest, &signature(3)).unwrap();
        assert_eq!(store.signatures(&digest).unwrap(), [signature(3)]);
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let (folder, _) = store();
        let path = folder.path().join("large");
        fs::write(&path, [0; 11]).unwrap();
        assert!(read(&path, 10).is_err());
        assert_eq!(read(&path, 11).unwrap().unwrap().len(), 11);
    }
}
