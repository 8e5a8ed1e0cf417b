//! Private keys to sign with: cosign's own, closed with a password, and plain PKCS#8 or SEC1 in PEM.

use std::path::Path;

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use serde::Deserialize;

use crate::digest::sha256;

/// An ECDSA P-256 key to sign with.
pub struct PrivateKey {
    pair: EcdsaKeyPair,
    public: Vec<u8>,
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivateKey")
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

/// Why there is no key. No text holds anything of a key or password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read.
    #[error("cannot read the key `{file}`: {reason}")]
    Unreadable {
        /// As the caller named it.
        file: String,
        /// What the system said.
        reason: String,
    },
    /// It is a public one.
    #[error("`{file}` is a public key; sign with the private one, such as `cosign.key`")]
    Public {
        /// As the caller named it.
        file: String,
    },
    /// Something else.
    #[error(
        "`{file}` is no private key that can sign: {reason}; make a pair with `cosign generate-key-pair`, or a key \
         without a password with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`"
    )]
    Malformed {
        /// As the caller named it.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// There is no password.
    #[error(
        "the key `{file}` is closed with a password: give it in the environment as COSIGN_PASSWORD"
    )]
    NoPassword {
        /// As the caller named it.
        file: String,
    },
    /// The password does not open it.
    #[error("the password in COSIGN_PASSWORD does not open the key `{file}`")]
    WrongPassword {
        /// As the caller named it.
        file: String,
    },
    /// Signing failed.
    #[error("the key cannot sign: the cryptographic library refused it")]
    Sign,
}

/// A key of cosign in its PEM: the older and the newer name.
const CLOSED: [&str; 2] = [
    "ENCRYPTED SIGSTORE PRIVATE KEY",
    "ENCRYPTED COSIGN PRIVATE KEY",
];
/// A key file has a few hundred bytes.
const LARGEST: u64 = 64 << 10;

#[derive(Deserialize)]
struct Closed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

impl PrivateKey {
    /// Reads a key from a file; `password` is what COSIGN_PASSWORD holds, `None` where it is not set.
    ///
    /// # Errors
    /// What keeps it from being used, see [`KeyError`].
    pub fn read(path: &Path, password: Option<&str>) -> Result<Self, KeyError> {
        let file = path.display().to_string();
        let unreadable = |reason: String| KeyError::Unreadable {
            file: file.clone(),
            reason,
        };
        let facts = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
        if facts.len() > LARGEST {
            return Err(unreadable("it is too large for a key".to_owned()));
        }
        let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        Self::from_pem(&bytes, &file, password)
    }

    /// The same from bytes; `file` is what messages call them.
    ///
    /// # Errors
    /// What keeps it from being used, see [`KeyError`].
    pub fn from_pem(bytes: &[u8], file: &str, password: Option<&str>) -> Result<Self, KeyError> {
        let malformed = |reason: &str| KeyError::Malformed {
            file: file.to_owned(),
            reason: reason.to_owned(),
        };
        let block = pem::parse(bytes).map_err(|_| malformed("it is not PEM"))?;
        let der = match block.tag() {
            "PRIVATE KEY" | "EC PRIVATE KEY" => block.into_contents(),
            "PUBLIC KEY" => {
                return Err(KeyError::Public {
                    file: file.to_owned(),
                });
            }
            "ENCRYPTED PRIVATE KEY" => {
                return Err(malformed(
                    "it is closed as OpenSSL does it, which is not read here",
                ));
            }
            tag if CLOSED.contains(&tag) => open(block.contents(), file, password)?,
            tag => return Err(malformed(&format!("it holds `{tag}`"))),
        };
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der)
            .or_else(|_| EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, &der))
            .map_err(|_| malformed("it is no ECDSA key on the curve P-256"))?;
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| KeyError::Sign)?;
        let public = public.as_ref().to_vec();
        Ok(Self { pair, public })
    }

    /// A new key, for tests and for trying.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let pair =
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| KeyError::Sign)?;
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| KeyError::Sign)?;
        let public = public.as_ref().to_vec();
        Ok(Self { pair, public })
    }

    /// The key itself in PEM, without a password.
    ///
    /// # Errors
    /// When the library does not give it.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let der: EcPrivateKeyRfc5915Der<'_> = self
            .pair
            .private_key()
            .as_der()
            .map_err(|_| KeyError::Sign)?;
        Ok(pem::encode(&pem::Pem::new("EC PRIVATE KEY", der.as_ref())))
    }

    /// The public half in PEM, as `signers` of a policy file names it.
    pub fn public_pem(&self) -> String {
        pem::encode(&pem::Pem::new("PUBLIC KEY", self.public.clone()))
    }

    /// What the key is called in messages and locks: the digest of its public half.
    pub fn fingerprint(&self) -> String {
        sha256(&self.public)
    }

    /// Signs a message; gives the signature in DER.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.pair
            .sign(&SystemRandom::new(), message)
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| KeyError::Sign)
    }
}

/// Opens a key as cosign closes it: scrypt makes the key of a NaCl secret box that holds PKCS#8.
fn open(json: &[u8], file: &str, password: Option<&str>) -> Result<Vec<u8>, KeyError> {
    let malformed = |reason: &str| KeyError::Malformed {
        file: file.to_owned(),
        reason: reason.to_owned(),
    };
    let broken = || malformed("its content is not what cosign writes");
    let closed: Closed = serde_json::from_slice(json).map_err(|_| broken())?;
    if closed.kdf.name != "scrypt" || closed.cipher.name != "nacl/secretbox" {
        return Err(malformed(&format!(
            "it is closed with `{}` and `{}`, which are not known here",
            closed.kdf.name, closed.cipher.name
        )));
    }
    let password = password.ok_or_else(|| KeyError::NoPassword {
        file: file.to_owned(),
    })?;
    let Params { n, r, p } = closed.kdf.params;
    // A key that was tampered with must not ask for all memory: at most 1 GiB, where cosign takes 64 MiB.
    let sane = n.is_power_of_two() && n <= 1 << 20 && (1..=8).contains(&r) && (1..=4).contains(&p);
    if !sane {
        return Err(broken());
    }
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| broken())?;
    let params = scrypt::Params::new(log_n, r, p).map_err(|_| broken())?;
    let salt = STANDARD.decode(&closed.kdf.salt).map_err(|_| broken())?;
    let nonce = STANDARD
        .decode(&closed.cipher.nonce)
        .map_err(|_| broken())?;
    let nonce: [u8; 24] = nonce.try_into().map_err(|_| broken())?;
    let sealed = STANDARD.decode(&closed.ciphertext).map_err(|_| broken())?;
    let mut key = [0_u8; 32];
    scrypt::scrypt(password.as_bytes(), &salt, &params, &mut key).map_err(|_| broken())?;
    unseal(&key, &nonce, &sealed).ok_or_else(|| KeyError::WrongPassword {
        file: file.to_owned(),
    })
}

/// Opens a NaCl secret box: sixteen bytes of Poly1305, then the text under XSalsa20, whose first 32 bytes are the
/// key of the former.
fn unseal(key: &[u8; 32], nonce: &[u8; 24], sealed: &[u8]) -> Option<Vec<u8>> {
    let (tag, text) = sealed.split_at_checked(16)?;
    let mut stream = XSalsa20::new(key.into(), nonce.into());
    let mut once = poly1305::Key::default();
    stream.try_apply_keystream(&mut once).ok()?;
    let made = Poly1305::new(&once).compute_unpadded(text);
    aws_lc_rs::constant_time::verify_slices_are_equal(&made, tag).ok()?;
    let mut text = text.to_vec();
    stream.try_apply_keystream(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    #[test]
    fn a_plain_key_signs_and_its_public_half_verifies() {
        let key = PrivateKey::generate().unwrap();
        let again = PrivateKey::from_pem(key.to_pem().unwrap().as_bytes(), "k", None).unwrap();
        assert_eq!(key.fingerprint(), again.fingerprint());
        let signature = again.sign(b"text").unwrap();
        let public = pem::parse(key.public_pem()).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public.contents())
            .verify(b"text", &signature)
            .unwrap();
        assert!(!format!("{key:?}").contains("PRIVATE"));
    }

    #[test]
    fn what_is_no_key_is_told() {
        let told = |text: &str| {
            PrivateKey::from_pem(text.as_bytes(), "cosign.key", None)
                .unwrap_err()
                .to_string()
        };
        let public = PrivateKey::generate().unwrap().public_pem();
        insta::assert_snapshot!(told(&public), @"`cosign.key` is a public key; sign with the private one, such as `cosign.key`");
        insta::assert_snapshot!(told("hello"), @"`cosign.key` is no private key that can sign: it is not PEM; make a pair with `cosign generate-key-pair`, or a key without a password with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`");
        let greedy = r#"{"kdf":{"name":"scrypt","params":{"N":1099511627776,"r":8,"p":1},"salt":""},"cipher":{"name":"nacl/secretbox","nonce":""},"ciphertext":""}"#;
        let greedy = pem::encode(&pem::Pem::new(CLOSED[0], greedy));
        assert!(told(&greedy).contains("closed with a password"));
        let error = PrivateKey::from_pem(greedy.as_bytes(), "cosign.key", Some("x")).unwrap_err();
        assert!(
            error.to_string().contains("not what cosign writes"),
            "{error}"
        );
    }
}
