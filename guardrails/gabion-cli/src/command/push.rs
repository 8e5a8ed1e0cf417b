//! `gabion push`.

use std::path::PathBuf;

use gabion_registry::{Artifact, Description};
use serde_json::json;

use crate::command::engine;
use crate::exit::{Exit, Failure};
use crate::output::Told;
use crate::remote::{self, Connection};

const LONG: &str = "\
Push a pack to a registry.

The tag is the version that the component says it has; another one is refused. Equal bytes make an equal digest, \
whoever pushes them and whenever. A version that is there with other bytes stays, unless `--force`.

Credentials are those of `docker login` (DOCKER_CONFIG, else ~/.docker/config.json, credential helpers included) or \
`podman login`. Proxies are HTTPS_PROXY and NO_PROXY.";

const EXAMPLES: &str = "\
Examples:
  gabion push dist/acme.wasm oci://registry.example.com/acme/guardrails
  gabion push dist/acme.wasm oci://registry.example.com/acme/guardrails:1.2.0
  gabion push dist/acme.wasm oci://localhost:5000/acme/guardrails -o json";

/// Push a pack to a registry.
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_help = EXAMPLES)]
pub(crate) struct Push {
    /// The component, as `gabion build` wrote it
    #[arg(value_name = "PACK.wasm")]
    file: PathBuf,
    /// Where to: `oci://HOST/REPOSITORY`, the version as its tag or none
    #[arg(value_name = "oci://HOST/REPOSITORY")]
    to: String,
    /// Replace a version that is there with other bytes
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    told: Told,
    #[command(flatten)]
    connection: Connection,
}

impl Push {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let location = remote::location(&self.to)?;
        if location.digest.is_some() {
            return Err(Failure::failed(format!(
                "`{}` names a digest, which the bytes decide; name the repository, or a tag",
                self.to
            )));
        }
        let bytes = remote::read(&self.file)?;
        // What nobody could load is not published.
        let pack = engine()?
            .load(&bytes, &self.file.display().to_string())
            .map_err(|error| Failure::failed(error.to_string()))?;
        let info = pack.info();
        let tag = info.version.as_str();
        if tag.contains('+') {
            return Err(Failure::failed(format!(
                "the pack's version `{tag}` cannot be a tag: registries know no `+`; leave the build metadata out"
            )));
        }
        if let Some(asked) = location.tag.as_deref().filter(|asked| *asked != tag) {
            return Err(Failure::failed(format!(
                "the component says that it is version {tag}, and the tag is `{asked}`: push it as `{}`, or build it \
                 with that version",
                location.at_tag(tag)
            )));
        }
        let description = Description {
            name: info.name.clone(),
            version: info.version.clone(),
            imports: pack.imports().to_vec(),
            exports: vec![format!("gabion:guardrail/rules@{}", pack.wit())],
        };
        let artifact = Artifact::new(bytes, &description);
        let place = location.at_tag(tag);
        remote::progress(&format!(
            "pushing {} {tag} ({} bytes)",
            info.name,
            artifact.component.len()
        ));
        let pushed = self
            .connection
            .open(&location)
            .and_then(|registry| registry.push(&artifact, tag, self.force))
            .map_err(remote::failure)?;
        let done = if pushed.was_there {
            "was there already"
        } else {
            "pushed"
        };
        let pack = location.at_digest(&pushed.digest);
        self.told.write(
            &format!("{place} {done}\n{pack}\n"),
            json!({
                "tag": place.to_string(),
                "pack": pack.to_string(),
                "component": artifact.component_digest().to_string(),
                "was_there": pushed.was_there,
            }),
        )?;
        Ok(Exit::Clean)
    }
}
