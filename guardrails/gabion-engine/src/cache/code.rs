//! Compiled code, and the digests of files that did not change.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use aws_lc_rs::digest as hash;
use wasmtime::component::Component;

use super::place::{self, CacheOptions};
use super::store::{Identity, Store, hex};

const CODE: &str = "code";
const DIGEST: &str = "digest";

/// The cache as the engine uses it. Never fails: what does not work is logged and done without.
#[derive(Debug)]
pub(crate) struct Cache {
    store: Option<Store>,
    system: Option<PathBuf>,
}

impl Cache {
    pub(crate) fn open(options: CacheOptions) -> Self {
        let store = options
            .directory
            .is_some()
            .then(|| Store::open(&options))
            .and_then(|opened| {
                opened
                    .map_err(
                        |why| tracing::warn!(target: "gabion::cache", "no cache is used: {why}"),
                    )
                    .ok()
            });
        Self {
            store,
            system: options.system,
        }
    }

    /// The compiled component under a key, mapped.
    pub(crate) fn code(&self, engine: &wasmtime::Engine, key: &str) -> Option<Component> {
        if let Some(component) = self.system_code(engine, key) {
            return Some(component);
        }
        let store = self.store.as_ref()?;
        let path = store.checked(CODE, key)?;
        match map(engine, &path) {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::debug!(target: "gabion::cache", "compiled code does not fit: {error:#}");
                store.forget(CODE, key);
                None
            }
        }
    }

    fn system_code(&self, engine: &wasmtime::Engine, key: &str) -> Option<Component> {
        let path = self.system.as_ref()?.join(Store::name(CODE, key));
        // Most machines have none: one look tells.
        if !path.exists() {
            return None;
        }
        if !place::of_root_alone(&path) {
            tracing::warn!(
                target: "gabion::cache",
                "`{}` is not used: somebody other than root owns it, or a folder above it, or can write there",
                path.display()
            );
            return None;
        }
        map(engine, &path).ok()
    }

    /// Keeps compiled code.
    pub(crate) fn keep_code(&self, key: &str, code: &[u8]) {
        let Some(store) = &self.store else { return };
        if let Err(error) = store.put(CODE, key, code) {
            tracing::warn!(target: "gabion::cache", "compiled code cannot be kept: {error}");
        }
    }

    /// The digest of a file in this very state, from an earlier run.
    pub(crate) fn remembered_digest(&self, identity: &Identity) -> Option<String> {
        let digest = self
            .store
            .as_ref()?
            .read(DIGEST, &hex(&identity.bytes()), None)?;
        String::from_utf8(digest).ok()
    }

    /// Remembers the digest of a file.
    pub(crate) fn remember_digest(&self, identity: &Identity, digest: &str) {
        if let Some(store) = &self.store
            && let Err(why) = store.write(DIGEST, &hex(&identity.bytes()), digest.as_bytes())
        {
            tracing::debug!(target: "gabion::cache", "a digest cannot be remembered: {why}");
        }
    }
}

#[expect(unsafe_code, reason = "mapping compiled code is what the cache is for")]
fn map(engine: &wasmtime::Engine, path: &std::path::Path) -> wasmtime::Result<Component> {
    // SAFETY: the bytes must be what this engine's `serialize` gave, and must not change while they are mapped.
    // The callers hold one of two proofs. (1) `Store::checked`: the file has a code by the user's key over kind, key
    // and content, and only `keep_code` writes that kind, with what `serialize` gave under that key; the file is
    // owned by this user with mode 0600 or less, in a folder of this user with mode 0700, so that nobody else could
    // put another in its place since; and we only ever replace files by rename, which leaves a mapped inode alone.
    // (2) `of_root_alone`: root put it there and only root can change it. A user who attacks his own process needs
    // no cache for it. What another version, option set or processor made is refused by the engine itself.
    unsafe { Component::deserialize_file(engine, path) }
}

/// `sha256:` and the hexadecimal digest of the bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!(
        "sha256:{}",
        hex(hash::digest(&hash::SHA256, bytes).as_ref())
    )
}

/// What compiled code depends on besides the component: the engine's version, its options, the processor.
pub(crate) fn compiler_key(engine: &wasmtime::Engine) -> String {
    struct Sha(hash::Context);
    impl Hasher for Sha {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut hasher = Sha(hash::Context::new(&hash::SHA256));
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hex(hasher.0.finish().as_ref())
}
