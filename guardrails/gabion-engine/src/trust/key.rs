//! Public keys, as `signers` names them.

use std::path::Path;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use crate::store::Digest;

/// An ECDSA P-256 key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    der: Vec<u8>,
}

/// Why a file is no key to verify with. Each text is whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// The file cannot be read.
    #[error("cannot read the public key `{name}`: {reason}")]
    Unreadable {
        /// As the policy file names it.
        name: String,
        /// What the system said.
        reason: String,
    },
    /// One of a floor that others could have written.
    #[error("the public key `{name}` of the floor {reason}")]
    Unsafe {
        /// As the policy file names it.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is a private one.
    #[error(
        "`{name}` is a private key: keep it away from here, and name its public half, such as `cosign.pub`"
    )]
    Private {
        /// As the policy file names it.
        name: String,
    },
    /// Something else.
    #[error(
        "`{name}` is no public key that signatures can be checked with: {reason}; it must be an ECDSA key on the curve \
         P-256 in PEM, as `cosign generate-key-pair` makes them"
    )]
    Malformed {
        /// As the policy file names it.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// How every P-256 key in its usual form begins: the algorithm, the curve, and that the point is not compressed. One
/// form only, so that one key cannot be given twice and counted as two.
const PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const LENGTH: usize = PREFIX.len() + 64;
impl PublicKey {
    /// A key file has two hundred bytes.
    pub(crate) const LARGEST: u64 = 64 << 10;

    /// Reads a key from a file; `name` is what the policy file calls it.
    ///
    /// # Errors
    /// What keeps it from being used.
    pub fn read(path: &Path, name: &str) -> Result<Self, KeyFault> {
        use std::io::Read as _;
        let unreadable = |error: std::io::Error| KeyFault::Unreadable {
            name: name.to_owned(),
            reason: match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                _ => error.to_string(),
            },
        };
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .map_err(unreadable)?
            .take(Self::LARGEST)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        Self::from_pem(&bytes, name)
    }

    /// Reads a key from a file, called by its path from the working directory.
    ///
    /// # Errors
    /// What keeps it from being used.
    pub fn open(path: &Path) -> Result<Self, KeyFault> {
        Self::read(path, &Self::shown(path))
    }

    /// A key file as messages call it: by its path from the working directory.
    pub(crate) fn shown(path: &Path) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let shown = path.strip_prefix(&here).unwrap_or(path);
        shown.display().to_string()
    }

    /// The same from bytes.
    ///
    /// # Errors
    /// What keeps them from being used.
    pub fn from_pem(bytes: &[u8], name: &str) -> Result<Self, KeyFault> {
        let malformed = |reason| KeyFault::Malformed {
            name: name.to_owned(),
            reason,
        };
        let block = pem::parse(bytes).map_err(|_| malformed("it is not PEM"))?;
        match block.tag() {
            "PUBLIC KEY" => {}
            tag if tag.ends_with("PRIVATE KEY") => {
                return Err(KeyFault::Private {
                    name: name.to_owned(),
                });
            }
            _ => return Err(malformed("it holds something else")),
        }
        let der = block.into_contents();
        if der.len() != LENGTH || !der.starts_with(&PREFIX) {
            return Err(malformed("it is of another kind"));
        }
        Ok(Self {
            name: name.to_owned(),
            der,
        })
    }

    /// The file, as the policy file names it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a lock calls it: the digest of the key.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.der)
    }

    /// Whether this key made the signature (DER) of these bytes.
    pub(super) fn made(&self, signature: &[u8], of: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.der)
            .verify(of, signature)
            .is_ok()
    }
}
