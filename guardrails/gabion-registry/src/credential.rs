//! Credentials, as `docker login` and `podman login` leave them, credential helpers included.

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

use crate::error::{RegistryError, plain};

/// The credentials for a host; anonymous where none are kept.
pub(crate) fn find(host: &str) -> Result<RegistryAuth, RegistryError> {
    let wrong = |reason: String| RegistryError::Credentials {
        host: host.to_owned(),
        reason,
    };
    // Docker keeps its own hub under the address of an interface that is long gone.
    let names = match host {
        "docker.io" | "index.docker.io" => vec!["https://index.docker.io/v1/".to_owned()],
        _ => vec![host.to_owned(), format!("https://{host}")],
    };
    for name in &names {
        for find in [
            docker_credential::get_credential,
            docker_credential::get_podman_credential,
        ] {
            match find(name) {
                Ok(DockerCredential::UsernamePassword(user, password)) => {
                    return Ok(RegistryAuth::Basic(user, password));
                }
                Ok(DockerCredential::IdentityToken(_)) => {
                    return Err(wrong(
                        "an identity token is kept, which is not supported; log in with a user name and a password or \
                         an access token"
                            .to_owned(),
                    ));
                }
                // A file that is not there, or says nothing of this host.
                Err(
                    CredentialRetrievalError::ConfigNotFound
                    | CredentialRetrievalError::NoCredentialConfigured,
                ) => {}
                // Both a missing file and one that is no JSON are told alike.
                Err(CredentialRetrievalError::ConfigReadError) => {
                    if let Some(file) = broken_file() {
                        return Err(wrong(format!("`{file}` cannot be read or is not JSON")));
                    }
                }
                Err(CredentialRetrievalError::HelperFailure {
                    helper,
                    stdout,
                    stderr,
                }) => {
                    // A helper that keeps nothing for this host fails with this text.
                    if format!("{stdout}{stderr}").contains("credentials not found") {
                        continue;
                    }
                    return Err(wrong(format!("`{helper}` failed: {}", plain(&stderr))));
                }
                Err(CredentialRetrievalError::HelperCommunicationError) => {
                    return Err(wrong(
                        "config.json names a credential helper that cannot be started; is it on PATH?"
                            .to_owned(),
                    ));
                }
                Err(error) => return Err(wrong(format!("config.json: {error}"))),
            }
        }
    }
    Ok(RegistryAuth::Anonymous)
}

/// The configuration file that is there and still could not be read.
fn broken_file() -> Option<String> {
    let folder = std::env::var_os("DOCKER_CONFIG")
        .map(std::path::PathBuf::from)
        .or_else(|| {
            std::env::var_os("HOME").map(|home| std::path::Path::new(&home).join(".docker"))
        })?;
    let file = folder.join("config.json");
    let broken = std::fs::read(&file).map_or_else(
        |error| error.kind() != std::io::ErrorKind::NotFound,
        |bytes| serde_json::from_slice::<serde_json::Value>(&bytes).is_err(),
    );
    broken.then(|| file.display().to_string())
}
