//! `gabion verify`.

use std::fmt::Write as _;
use std::path::PathBuf;

use gabion_engine::store::Digest;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::Told;
use crate::remote::{self, Connection, Signers};

const EXAMPLES: &str = "\
Examples:
  gabion verify oci://registry.example.com/acme/guardrails:1.2.0 --key acme.pub
  gabion verify oci://registry.example.com/acme/guardrails@sha256:4f1c... --key acme.pub --key audit.pub --threshold 2
  gabion verify oci://registry.example.com/acme/guardrails:1.2.0 --key acme.pub -o json

Exit codes:
  0  signed by as many of the keys as are asked for
  1  not signed so
  3  there is no such pack
  4  the tool failed, or was used wrongly";

/// Check whose signatures a pack in a registry carries.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Check whose signatures a pack in a registry carries.\n\nThe check is the one that `signers` in a policy file asks \
                  for; signatures made with `cosign sign --key` count as well. Different keys are counted, not signatures.",
    after_help = EXAMPLES
)]
pub(crate) struct Verify {
    /// The pack, by a tag or its digest
    #[arg(value_name = "oci://HOST/REPOSITORY")]
    pack: String,
    /// A public key; repeatable
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    /// How many different keys must have signed
    #[arg(long, value_name = "N", default_value_t = 1)]
    threshold: usize,
    #[command(flatten)]
    told: Told,
    #[command(flatten)]
    connection: Connection,
}

impl Verify {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let location = remote::location(&self.pack)?;
        if location.tag.is_none() && location.digest.is_none() {
            return Err(Failure::failed(format!(
                "`{}` names no tag and no digest; which version is meant?",
                self.pack
            )));
        }
        let signers = Signers::read(&self.key, self.threshold).map_err(Failure::failed)?;
        let registry = self.connection.open(&location).map_err(remote::failure)?;
        let seen = registry
            .look(location.tag.as_deref(), location.digest.as_deref())
            .map_err(remote::failure)?;
        let signatures = registry.signatures(&seen.digest).map_err(remote::failure)?;
        let component: Digest = seen.component.parse().map_err(Failure::failed)?;
        let signatures = remote::for_store(&seen.manifest, &signatures);
        let keys = signers
            .verify(&self.pack, &component, &signatures)
            .map_err(|message| Failure {
                exit: Exit::Violations,
                message,
            })?;
        let pack = location.at_digest(&seen.digest).to_string();
        let mut text = format!("{pack}\n");
        let mut list = Vec::new();
        for key in keys {
            let _ = writeln!(text, "signed by {} ({})", key.name(), key.fingerprint());
            list.push(json!({ "key": key.name(), "fingerprint": key.fingerprint().to_string() }));
        }
        let component = component.to_string();
        self.told.write(
            &text,
            json!({ "pack": pack, "component": component, "signed_by": list }),
        )?;
        Ok(Exit::Clean)
    }
}
