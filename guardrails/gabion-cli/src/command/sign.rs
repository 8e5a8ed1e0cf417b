//! `gabion sign`.

use std::path::PathBuf;

use gabion_engine::store::Digest;
use gabion_engine::trust::{self, PublicKey};
use gabion_registry::{PrivateKey, Signature, payload};
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::Told;
use crate::remote::{self, Connection};

const LONG: &str = "\
Sign a pack in a registry.

The signature lies beside the pack, as cosign's key signatures do (without a transparency log), so that it goes where \
the pack goes and `cosign verify` knows it. It binds the digest and the name of the repository. The pack is named by \
its digest, as `gabion push` prints it: a tag may have moved since you looked.

The key is an ECDSA key on the curve P-256: `cosign.key` as `cosign generate-key-pair` makes it, its password in \
COSIGN_PASSWORD, or one in PEM without a password.";

const EXAMPLES: &str = "\
Examples:
  gabion sign oci://registry.example.com/acme/guardrails@sha256:4f1c... --key cosign.key
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out acme.key
  openssl pkey -in acme.key -pubout -out acme.pub";

/// Sign a pack in a registry.
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_help = EXAMPLES)]
pub(crate) struct Sign {
    /// The pack, by its digest
    #[arg(value_name = "oci://HOST/REPOSITORY@sha256:DIGEST")]
    pack: String,
    /// The private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    told: Told,
    #[command(flatten)]
    connection: Connection,
}

impl Sign {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let location = remote::location(&self.pack)?;
        let Some(digest) = location.digest.as_deref() else {
            return Err(Failure::failed(format!(
                "`{}` names no digest, and a tag may have moved since you looked; sign `{}@sha256:...`, as \
                 `gabion push` printed it",
                self.pack,
                location.bare()
            )));
        };
        let failed = |error: &dyn std::fmt::Display| Failure::failed(error.to_string());
        let password = std::env::var("COSIGN_PASSWORD").ok();
        let key =
            PrivateKey::read(&self.key, password.as_deref()).map_err(|error| failed(&error))?;
        let registry = self.connection.open(&location).map_err(remote::failure)?;
        let seen = registry.look(None, Some(digest)).map_err(remote::failure)?;

        // Signing twice with one key adds nothing, and signatures are never equal.
        let there = registry.signatures(digest).map_err(remote::failure)?;
        let there = remote::for_store(&seen.manifest, &there);
        let public =
            PublicKey::from_pem(key.public_pem().as_bytes(), &self.key.display().to_string())
                .map_err(|error| failed(&error))?;
        let component: Digest = seen.component.parse().map_err(|error| failed(&error))?;
        let keys = [public];
        let signed = trust::verify(&self.pack, &component, &keys, 1, &there).is_ok();
        if !signed {
            let payload = payload(&location.name(), digest);
            let signature = key.sign(&payload).map_err(|error| failed(&error))?;
            registry
                .add_signature(digest, Signature { payload, signature })
                .map_err(remote::failure)?;
        }
        let done = if signed {
            "was signed already"
        } else {
            "signed"
        };
        let fingerprint = key.fingerprint().to_string();
        self.told.write(
            &format!("{location} {done}\nwith the key {fingerprint}\n"),
            json!({
                "pack": location.to_string(),
                "component": component.to_string(),
                "fingerprint": fingerprint,
                "was_signed": signed,
            }),
        )?;
        Ok(Exit::Clean)
    }
}
