//! A folder with packs and their signatures, to carry to where no registry is: an OCI image layout.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::artifact::{self, Artifact, IMAGE_MANIFEST, LARGEST, LARGEST_MANIFEST};
use crate::digest::{is_sha256, sha256};
use crate::error::RegistryError;
use crate::location::Location;
use crate::registry::Pulled;
use crate::signature::{self, Signature};

const NAME: &str = "org.opencontainers.image.ref.name";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A bundle.
#[derive(Debug)]
pub struct Layout {
    folder: PathBuf,
    /// Names and manifests: name, digest, size.
    entries: Vec<(String, String, u64)>,
}

impl Layout {
    /// Opens a bundle that is there.
    ///
    /// # Errors
    /// When the folder is no OCI image layout.
    pub fn open(folder: &Path) -> Result<Self, RegistryError> {
        let mut layout = Self {
            folder: folder.to_path_buf(),
            entries: Vec::new(),
        };
        if !folder.join("oci-layout").is_file() {
            return Err(layout.wrong(
                "it is no OCI image layout (there is no file `oci-layout`); `gabion pull --to DIR` makes one",
            ));
        }
        let bytes = layout.read(&folder.join("index.json"), LARGEST_MANIFEST)?;
        let index: Value =
            serde_json::from_slice(&bytes).map_err(|_| layout.wrong("`index.json` is not JSON"))?;
        for entry in index
            .get("manifests")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let name = entry
                .get("annotations")
                .and_then(|all| all.get(NAME))
                .and_then(Value::as_str);
            let digest = entry.get("digest").and_then(Value::as_str);
            let size = entry.get("size").and_then(Value::as_u64);
            if let (Some(name), Some(digest), Some(size)) = (name, digest, size)
                && is_sha256(digest)
            {
                layout
                    .entries
                    .push((name.to_owned(), digest.to_owned(), size));
            }
        }
        Ok(layout)
    }

    /// Makes an empty bundle, or opens the one that is there.
    ///
    /// # Errors
    /// When the folder holds something else, or cannot be written.
    pub fn create(folder: &Path) -> Result<Self, RegistryError> {
        if folder.join("oci-layout").is_file() {
            return Self::open(folder);
        }
        let layout = Self {
            folder: folder.to_path_buf(),
            entries: Vec::new(),
        };
        let filled = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        if filled {
            return Err(layout.wrong("it is not empty and no bundle; name a new folder"));
        }
        std::fs::create_dir_all(folder.join("blobs/sha256"))
            .map_err(|error| layout.wrong(&error.to_string()))?;
        layout.write(
            &folder.join("oci-layout"),
            br#"{"imageLayoutVersion":"1.0.0"}"#,
        )?;
        layout.write_index()?;
        Ok(layout)
    }

    /// Adds an artifact under the name of its place, with its signatures.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn put(
        &mut self,
        place: &Location,
        artifact: &Artifact,
        signatures: &[Signature],
    ) -> Result<(), RegistryError> {
        self.blob(&artifact.component)?;
        self.blob(&artifact.config)?;
        self.manifest(&name(place), &artifact.manifest)?;
        if !signatures.is_empty() {
            let (manifest, config) = signature::manifest(signatures);
            for one in signatures {
                self.blob(&one.payload)?;
            }
            self.blob(&config)?;
            let place = place.at_tag(&signature::tag(&artifact.digest()));
            self.manifest(&name(&place), &manifest)?;
        }
        self.write_index()
    }

    /// The artifact under the name of a place, and its signatures; `None` where the bundle has none.
    ///
    /// # Errors
    /// When the bundle is damaged: bytes that do not fit their digest.
    pub fn get(&self, place: &Location) -> Result<Option<(Pulled, Vec<Signature>)>, RegistryError> {
        let Some(manifest) = self.named(&name(place))? else {
            return Ok(None);
        };
        // The index is no authority: whoever edits it could give a name to other content.
        if place
            .digest
            .as_ref()
            .is_some_and(|wanted| *wanted != sha256(&manifest))
        {
            return Err(self.wrong("its index gives the name of a digest to other content"));
        }
        let (config, layer) = artifact::parts(&manifest, &place.to_string())?;
        let pulled = Pulled {
            digest: sha256(&manifest),
            version: artifact::version(&manifest),
            artifact: Artifact {
                config: self.checked(&config.digest, LARGEST_MANIFEST)?,
                component: self.checked(&layer.digest, LARGEST)?,
                manifest,
            },
        };
        let mut signatures = Vec::new();
        let place = place.at_tag(&signature::tag(&pulled.digest));
        if let Some(manifest) = self.named(&name(&place))? {
            let manifest: Value = serde_json::from_slice(&manifest)
                .map_err(|_| self.wrong("a manifest is not JSON"))?;
            for (digest, _, signature) in signature::layers(&manifest) {
                signatures.push(Signature {
                    payload: self.checked(&digest, signature::LARGEST_PAYLOAD)?,
                    signature,
                });
            }
        }
        Ok(Some((pulled, signatures)))
    }

    fn named(&self, name: &str) -> Result<Option<Vec<u8>>, RegistryError> {
        let found = self.entries.iter().find(|(known, ..)| known == name);
        found
            .map(|(_, digest, _)| self.checked(digest, LARGEST_MANIFEST))
            .transpose()
    }

    fn manifest(&mut self, name: &str, bytes: &[u8]) -> Result<(), RegistryError> {
        self.blob(bytes)?;
        self.entries.retain(|(known, ..)| known != name);
        self.entries
            .push((name.to_owned(), sha256(bytes), bytes.len() as u64));
        self.entries.sort();
        Ok(())
    }

    fn blob(&self, bytes: &[u8]) -> Result<(), RegistryError> {
        self.write(&self.path(&sha256(bytes)), bytes)
    }

    fn checked(&self, digest: &str, most: u64) -> Result<Vec<u8>, RegistryError> {
        let bytes = self.read(&self.path(digest), most)?;
        let found = sha256(&bytes);
        if found != digest {
            return Err(self.wrong(&format!(
                "it is damaged: {digest} is {found}; make it again with `gabion pull --to DIR`"
            )));
        }
        Ok(bytes)
    }

    fn path(&self, digest: &str) -> PathBuf {
        let digits = digest.trim_start_matches("sha256:");
        self.folder.join("blobs/sha256").join(digits)
    }

    fn write_index(&self) -> Result<(), RegistryError> {
        let manifests: Vec<Value> = self
            .entries
            .iter()
            .map(|(name, digest, size)| {
                json!({ "mediaType": IMAGE_MANIFEST, "digest": digest, "size": size, "annotations": { NAME: name } })
            })
            .collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        self.write(
            &self.folder.join("index.json"),
            index.to_string().as_bytes(),
        )
    }

    /// Writes a file whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
        let folder = path.parent().unwrap_or(&self.folder);
        let work = || {
            use std::io::Write as _;
            let mut file = tempfile::Builder::new()
                .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
                .tempfile_in(folder)?;
            file.write_all(bytes)?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        work().map_err(|error: std::io::Error| {
            self.wrong(&format!("cannot write `{}`: {error}", path.display()))
        })
    }

    fn read(&self, path: &Path, most: u64) -> Result<Vec<u8>, RegistryError> {
        use std::io::Read as _;
        let cannot = |error: std::io::Error| {
            self.wrong(&format!("cannot read `{}`: {error}", path.display()))
        };
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .map_err(cannot)?
            .take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(cannot)?;
        if bytes.len() as u64 > most {
            return Err(RegistryError::TooLarge {
                what: path.display().to_string(),
                most,
            });
        }
        Ok(bytes)
    }

    fn wrong(&self, reason: &str) -> RegistryError {
        RegistryError::Bundle {
            folder: self.folder.display().to_string(),
            reason: reason.to_owned(),
        }
    }
}

fn name(place: &Location) -> String {
    place.to_string().trim_start_matches("oci://").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Description;

    #[test]
    fn the_name_of_a_digest_holds_only_for_its_own_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = Artifact::new(b"\0asm".to_vec(), &Description::default());
        let get = |digest: &str| {
            let place =
                Location::parse(&format!("oci://registry.example.com/acme@{digest}")).unwrap();
            let at = folder.path().join(digest.trim_start_matches("sha256:"));
            Layout::create(&at)
                .unwrap()
                .put(&place, &artifact, &[])
                .unwrap();
            Layout::open(&at).unwrap().get(&place)
        };
        assert!(get(&artifact.digest()).unwrap().is_some());
        let error = get(&format!("sha256:{}", "a".repeat(64)))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("gives the name of a digest to other content"),
            "{error}"
        );
    }

    #[test]
    fn a_bundle_gives_back_what_was_put_in() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("bundle");
        let place = Location::parse("oci://registry.example.com/acme/guardrails:1.2.0").unwrap();
        let artifact = Artifact::new(b"\0asm".to_vec(), &Description::default());
        let signature = Signature {
            payload: b"{}".to_vec(),
            signature: vec![7],
        };
        Layout::create(&at)
            .unwrap()
            .put(&place, &artifact, std::slice::from_ref(&signature))
            .unwrap();
        let index = std::fs::read(at.join("index.json")).unwrap();
        // Once more changes nothing.
        Layout::create(&at)
            .unwrap()
            .put(&place, &artifact, std::slice::from_ref(&signature))
            .unwrap();
        assert_eq!(std::fs::read(at.join("index.json")).unwrap(), index);
        let layout = Layout::open(&at).unwrap();
        let (pulled, signatures) = layout.get(&place).unwrap().unwrap();
        assert_eq!(
            (pulled.artifact, signatures),
            (artifact.clone(), vec![signature])
        );
        assert_eq!(layout.get(&place.at_tag("2.0.0")).unwrap(), None);

        let digest = artifact.component_digest();
        std::fs::write(layout.path(&digest), "other").unwrap();
        let told = layout.get(&place).unwrap_err().to_string();
        assert!(told.contains("it is damaged: sha256:"), "{told}");
        let other = folder.path().join("other");
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join("x"), "x").unwrap();
        assert!(Layout::open(&other).is_err() && Layout::create(&other).is_err());
    }
}
