//! One repository of one registry.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;

use oci_client::RegistryOperation;
use oci_client::secrets::RegistryAuth;
use reqwest::header::HeaderValue;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::artifact::{self, Artifact, IMAGE_MANIFEST, LARGEST_MANIFEST, Part};
use crate::credential;
use crate::digest::sha256;
use crate::error::RegistryError;
use crate::http::{self, Get, Proof};
use crate::location::Location;
use crate::login::{Challenge, Wanted};
use crate::signature::{self, Signature};

pub use crate::http::Options;

/// An open connection to one repository. Its calls block.
pub struct Registry {
    runtime: Runtime,
    location: Location,
    http: reqwest::Client,
    oci: oci_client::Client,
    auth: RegistryAuth,
    challenge: Challenge,
    plain: bool,
    options: Options,
    /// The proof for reading, once it was had.
    proof: RefCell<Option<Proof>>,
}

/// What came from a registry. Every byte fits its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The artifact, byte for byte.
    pub artifact: Artifact,
    /// The digest of its manifest.
    pub digest: String,
    /// The version that the manifest says the component has. The component itself is the judge of that.
    pub version: Option<String>,
}

/// A pack in a registry, its component unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The manifest, byte for byte.
    pub manifest: Vec<u8>,
    /// Its digest.
    pub digest: String,
    /// The digest of the component.
    pub component: String,
    /// The version that the manifest says the component has.
    pub version: Option<String>,
}

/// What went to a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of the manifest.
    pub digest: String,
    /// Whether the very same was there before.
    pub was_there: bool,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("location", &self.location)
            .field("plain", &self.plain)
            .field("challenge", &self.challenge)
            .finish_non_exhaustive()
    }
}

/// Pages of tags that are read, with some to spare for registries that give fewer at a time than they are asked for.
const PAGES: usize = 200;
const PAGE: usize = 1000;

impl Registry {
    /// Asks the registry whether it is there and how to log in, and finds the credentials for it.
    ///
    /// # Errors
    /// When it cannot be reached, or the credentials cannot be used.
    pub fn open(location: &Location, options: &Options) -> Result<Self, RegistryError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| RegistryError::Start(error.to_string()))?;
        let location = location.bare();
        let (http, mut config) = http::client(options, &location)?;
        let (plain, challenge) = runtime.block_on(http::probe(&http, &location, options))?;
        // Credentials that nobody asks for are not even looked for.
        let auth = match challenge {
            Challenge::None => RegistryAuth::Anonymous,
            _ => credential::find(&location.host)?,
        };
        config.protocol = http::protocol(location.reference().resolve_registry(), plain);
        let oci = oci_client::Client::try_from(config)
            .map_err(|error| RegistryError::Start(error.to_string()))?;
        Ok(Self {
            runtime,
            location,
            http,
            oci,
            auth,
            challenge,
            plain,
            options: options.clone(),
            proof: RefCell::new(None),
        })
    }

    /// The repository.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// All tags of the repository, in no order.
    ///
    /// # Errors
    /// [`RegistryError::Missing`] where there is no such repository, and what can go wrong on the way.
    pub fn tags(&self) -> Result<Vec<String>, RegistryError> {
        let what = self.location.to_string();
        let mut tags = BTreeSet::new();
        let mut last = String::new();
        for _ in 0..PAGES {
            // A tag consists of letters, digits, `_`, `.` and `-`: nothing to be escaped.
            let after = if last.is_empty() {
                String::new()
            } else {
                format!("&last={last}")
            };
            let path = format!("tags/list?n={PAGE}{after}");
            let (headers, body) = self.get(&path, "application/json", LARGEST_MANIFEST, &what)?;
            let page: Value = serde_json::from_slice(&body).map_err(|_| self.odd())?;
            let names: Vec<&str> = page
                .get("tags")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .filter(|tag| is_tag(tag))
                .collect();
            let before = tags.len();
            tags.extend(names.iter().map(|name| (*name).to_owned()));
            match names.last() {
                Some(name) if headers.contains_key("link") && tags.len() > before => {
                    last = (*name).to_owned();
                }
                _ => return Ok(tags.into_iter().collect()),
            }
        }
        // A list that is cut would hide the newest version.
        Err(RegistryError::TooMany {
            what,
            most: tags.len(),
        })
    }

    /// The digest of the manifest that a tag names now.
    ///
    /// # Errors
    /// [`RegistryError::Missing`] where there is none, and what can go wrong on the way.
    pub fn resolve(&self, tag: &str) -> Result<String, RegistryError> {
        Ok(sha256(&self.manifest(&self.location.at_tag(tag))?))
    }

    /// Looks at what a tag or a digest names without reading the component.
    ///
    /// # Errors
    /// As [`Registry::pull`].
    pub fn look(&self, tag: Option<&str>, digest: Option<&str>) -> Result<Seen, RegistryError> {
        let place = self.place(tag, digest);
        let manifest = self.manifest(&place)?;
        let (_, layer) = artifact::parts(&manifest, &place.to_string())?;
        Ok(Seen {
            digest: sha256(&manifest),
            version: artifact::version(&manifest),
            component: layer.digest,
            manifest,
        })
    }

    fn place(&self, tag: Option<&str>, digest: Option<&str>) -> Location {
        match (tag, digest) {
            (_, Some(digest)) => self.location.at_digest(digest),
            (Some(tag), None) => self.location.at_tag(tag),
            (None, None) => self.location.at_tag("latest"),
        }
    }

    /// Reads what a tag or a digest names: manifest, configuration, component.
    ///
    /// # Errors
    /// [`RegistryError::NoPack`] where something else lies there, [`RegistryError::Lie`] where the bytes do not fit,
    /// and what can go wrong on the way.
    pub fn pull(&self, tag: Option<&str>, digest: Option<&str>) -> Result<Pulled, RegistryError> {
        let place = self.place(tag, digest);
        let what = place.to_string();
        let manifest = self.manifest(&place)?;
        let (config, layer) = artifact::parts(&manifest, &what)?;
        let config = self.blob(&config)?;
        let component = self.blob(&layer)?;
        Ok(Pulled {
            digest: sha256(&manifest),
            version: artifact::version(&manifest),
            artifact: Artifact {
                manifest,
                config,
                component,
            },
        })
    }

    /// Writes an artifact under a tag. One that is there with other bytes stays, unless `force`.
    ///
    /// # Errors
    /// [`RegistryError::Taken`], and what can go wrong on the way.
    pub fn push(
        &self,
        artifact: &Artifact,
        tag: &str,
        force: bool,
    ) -> Result<Pushed, RegistryError> {
        let place = self.location.at_tag(tag);
        let digest = artifact.digest();
        match self.resolve(tag) {
            Ok(found) if found == digest => {
                return Ok(Pushed {
                    digest,
                    was_there: true,
                });
            }
            Ok(found) if !force => {
                return Err(RegistryError::Taken {
                    what: place.to_string(),
                    found,
                });
            }
            // A missing tag or repository is made now. Some registries say of a missing one that it is forbidden; if
            // it is, writing says so.
            Ok(_)
            | Err(
                RegistryError::Missing { .. }
                | RegistryError::Forbidden { .. }
                | RegistryError::Unauthorized { .. },
            ) => {}
            Err(error) => return Err(error),
        }
        self.write(
            &place,
            &artifact.manifest,
            &[&artifact.component, &artifact.config],
        )?;
        Ok(Pushed {
            digest,
            was_there: false,
        })
    }

    /// The signatures of a manifest, in the order they were made. None is an empty list.
    ///
    /// # Errors
    /// What can go wrong on the way.
    pub fn signatures(&self, manifest_digest: &str) -> Result<Vec<Signature>, RegistryError> {
        let Some(manifest) = self.signature_manifest(manifest_digest)? else {
            return Ok(Vec::new());
        };
        signature::layers(&manifest)
            .into_iter()
            .map(|(digest, size, signature)| {
                Ok(Signature {
                    payload: self.blob(&Part { digest, size })?,
                    signature,
                })
            })
            .collect()
    }

    fn signature_manifest(&self, manifest_digest: &str) -> Result<Option<Value>, RegistryError> {
        let place = self.location.at_tag(&signature::tag(manifest_digest));
        match self.manifest(&place) {
            Ok(manifest) => serde_json::from_slice(&manifest)
                .map(Some)
                .map_err(|_| self.odd()),
            Err(RegistryError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds a signature to those that a manifest has. What else lies there, such as cosign's keyless signatures with
    /// their certificates, stays as it is.
    ///
    /// # Errors
    /// [`RegistryError::Full`], and what can go wrong on the way.
    pub fn add_signature(
        &self,
        manifest_digest: &str,
        signature: Signature,
    ) -> Result<(), RegistryError> {
        let place = self.location.at_tag(&signature::tag(manifest_digest));
        let there = self.signature_manifest(manifest_digest)?;
        let (manifest, config) =
            signature::with(there.as_ref(), &signature).ok_or_else(|| RegistryError::Full {
                what: place.to_string(),
                most: signature::MOST,
            })?;
        self.write(&place, &manifest, &[&signature.payload, &config])
    }

    fn write(
        &self,
        place: &Location,
        manifest: &[u8],
        blobs: &[&[u8]],
    ) -> Result<(), RegistryError> {
        let reference = place.reference();
        let host = reference.resolve_registry();
        let had = self.auth != RegistryAuth::Anonymous;
        let waited = http::seconds(self.options.silence);
        let what = place.to_string();
        let auth = match &self.challenge {
            Challenge::Bearer(_) => RegistryAuth::Bearer(self.token(host, "pull,push")?),
            _ => self.auth.clone(),
        };
        self.bounded(host, async {
            let work = async {
                self.oci
                    .auth(&reference, &auth, RegistryOperation::Push)
                    .await?;
                for blob in blobs {
                    let digest = sha256(blob);
                    if !self.oci.blob_exists(&reference, &digest).await? {
                        self.oci
                            .push_blob(&reference, blob.to_vec(), &digest)
                            .await?;
                    }
                }
                let kind = HeaderValue::from_static(IMAGE_MANIFEST);
                self.oci
                    .push_manifest_raw(&reference, manifest.to_vec(), kind)
                    .await
            };
            work.await
                .map(drop)
                .map_err(|error| RegistryError::writing(host, &what, had, &waited, &error))
        })
    }

    /// A manifest, checked against its digest.
    fn manifest(&self, place: &Location) -> Result<Vec<u8>, RegistryError> {
        let name = place.digest.as_deref().or(place.tag.as_deref());
        let path = format!("manifests/{}", name.unwrap_or("latest"));
        let what = place.to_string();
        let (headers, body) = self.get(&path, IMAGE_MANIFEST, LARGEST_MANIFEST, &what)?;
        let found = sha256(&body);
        let said = headers
            .get("docker-content-digest")
            .and_then(|value| value.to_str().ok())
            .filter(|value| value.starts_with("sha256:"));
        for expected in [place.digest.as_deref(), said].into_iter().flatten() {
            check(&what, expected, &found)?;
        }
        Ok(body)
    }

    /// A part of a manifest, checked against its digest.
    fn blob(&self, part: &Part) -> Result<Vec<u8>, RegistryError> {
        let what = self.location.at_digest(&part.digest).to_string();
        let path = format!("blobs/{}", part.digest);
        let (_, body) = self.get(&path, "*/*", part.size, &what)?;
        check(&what, &part.digest, &sha256(&body))?;
        Ok(body)
    }

    fn get(
        &self,
        path: &str,
        accept: &'static str,
        most: u64,
        what: &str,
    ) -> Result<(reqwest::header::HeaderMap, Vec<u8>), RegistryError> {
        let reference = self.location.reference();
        let host = reference.resolve_registry();
        let scheme = if self.plain { "http" } else { "https" };
        let get = Get {
            url: format!("{scheme}://{host}/v2/{}/{path}", reference.repository()),
            accept,
            most,
            what,
            host,
            proof: self.proof(host)?,
            waited: http::seconds(self.options.silence),
        };
        self.bounded(host, get.send(&self.http))
    }

    fn proof(&self, host: &str) -> Result<Proof, RegistryError> {
        if let Some(proof) = self.proof.borrow().as_ref() {
            return Ok(proof.clone());
        }
        let proof = match (&self.challenge, &self.auth) {
            (Challenge::None, _) | (Challenge::Basic, RegistryAuth::Anonymous) => Proof::None,
            (Challenge::Bearer(_), _) => Proof::Bearer(self.token(host, "pull")?),
            (_, RegistryAuth::Basic(user, password)) => {
                Proof::Basic(user.clone(), password.clone())
            }
            (_, RegistryAuth::Bearer(token)) => Proof::Bearer(token.clone()),
        };
        *self.proof.borrow_mut() = Some(proof.clone());
        Ok(proof)
    }

    /// A token to do this with the repository.
    fn token(&self, host: &str, actions: &str) -> Result<String, RegistryError> {
        let Challenge::Bearer(realm) = &self.challenge else {
            return Err(self.odd());
        };
        let what = self.location.to_string();
        let wanted = Wanted {
            scope: format!(
                "repository:{}:{actions}",
                self.location.reference().repository()
            ),
            auth: &self.auth,
            host,
            what: &what,
            waited: http::seconds(self.options.silence),
        };
        self.bounded(host, realm.token(&self.http, wanted))
    }

    fn bounded<T>(
        &self,
        host: &str,
        work: impl Future<Output = Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        self.runtime.block_on(async {
            tokio::time::timeout(self.options.total, work)
                .await
                .unwrap_or_else(|_| {
                    Err(RegistryError::Slow {
                        host: host.to_owned(),
                        waited: http::seconds(self.options.total),
                    })
                })
        })
    }

    fn odd(&self) -> RegistryError {
        RegistryError::Refused {
            host: self.location.host.clone(),
            answer: "something that is not JSON; is it a registry?".to_owned(),
        }
    }
}

fn check(what: &str, expected: &str, found: &str) -> Result<(), RegistryError> {
    if expected == found {
        return Ok(());
    }
    Err(RegistryError::Lie {
        what: what.to_owned(),
        expected: crate::error::plain(expected),
        found: found.to_owned(),
    })
}

fn is_tag(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"_.-".contains(&c))
}
