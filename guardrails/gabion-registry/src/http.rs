//! Reading from a registry: every answer is bounded in size and time, and every byte is checked against its digest.
//!
//! The registry client reads answers whole whatever their size, so reading is done here, and logging in in `login`;
//! writing is the client's work.

use std::path::{Path, PathBuf};
use std::time::Duration;

use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use reqwest::header::{ACCEPT, HeaderMap, WWW_AUTHENTICATE};

use crate::error::RegistryError;
use crate::location::Location;
use crate::login::{self, Challenge, Odd};

/// How to speak to a registry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Certificates to trust besides the system's, in PEM. With them, a connection is encrypted without exception.
    pub ca: Option<PathBuf>,
    /// Allow plain HTTP to any host, where there is nothing better. Without it, to this machine only.
    pub insecure: bool,
    /// How long to wait for a connection.
    pub connect: Duration,
    /// How long to wait for more, at any time.
    pub silence: Duration,
    /// How long one request may take in all.
    pub total: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ca: None,
            insecure: false,
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            total: Duration::from_secs(600),
        }
    }
}

const AGENT: &str = concat!("gabion/", env!("CARGO_PKG_VERSION"));

/// Both clients with the same settings: the one that reads, and what the one that writes is made of.
pub(crate) fn client(
    options: &Options,
    location: &Location,
) -> Result<(reqwest::Client, ClientConfig), RegistryError> {
    // Whoever was first has installed one; any of them serves.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let extra = match &options.ca {
        Some(file) => certificates(file)?,
        None => Vec::new(),
    };
    let start = |error: reqwest::Error| RegistryError::Start(format!("the HTTP client: {error}"));
    let roots = extra
        .iter()
        .map(|der| reqwest::Certificate::from_der(der))
        .collect::<Result<Vec<_>, _>>()
        .map_err(start)?;
    let builder = reqwest::Client::builder();
    // What this machine serves is not asked for elsewhere: a proxy has a loopback of its own.
    let builder = if location.is_loopback() {
        builder.no_proxy()
    } else {
        builder
    };
    let client = builder
        .user_agent(AGENT)
        .connect_timeout(options.connect)
        .read_timeout(options.silence)
        .timeout(options.total)
        .tls_certs_merge(roots)
        .build()
        .map_err(start)?;
    let config = ClientConfig {
        user_agent: AGENT,
        connect_timeout: Some(options.connect),
        read_timeout: Some(options.silence),
        extra_root_certificates: extra
            .into_iter()
            .map(|data| Certificate {
                encoding: CertificateEncoding::Der,
                data,
            })
            .collect(),
        // Any proxy that is named here replaces the environment's, and this one serves nobody.
        http_proxy: location
            .is_loopback()
            .then(|| "http://127.0.0.1:9".to_owned()),
        no_proxy: location
            .is_loopback()
            .then(|| "127.0.0.0/8,::1,localhost,*".to_owned()),
        ..ClientConfig::default()
    };
    Ok((client, config))
}

fn certificates(file: &Path) -> Result<Vec<Vec<u8>>, RegistryError> {
    let wrong = |reason: String| RegistryError::Ca {
        file: file.display().to_string(),
        reason,
    };
    let bytes = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let blocks = pem::parse_many(&bytes).map_err(|_| wrong("it is not PEM".to_owned()))?;
    let found: Vec<Vec<u8>> = blocks
        .into_iter()
        .filter(|block| block.tag() == "CERTIFICATE")
        .map(pem::Pem::into_contents)
        .collect();
    if found.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    Ok(found)
}

/// What `/v2/` answers: whether the registry speaks plain HTTP, and how it wants to be logged in to.
pub(crate) async fn probe(
    client: &reqwest::Client,
    location: &Location,
    options: &Options,
) -> Result<(bool, Challenge), RegistryError> {
    let reference = location.reference();
    let host = reference.resolve_registry();
    let waited = seconds(options.silence);
    let ask = async |scheme: &str| {
        client
            .get(format!("{scheme}://{host}/v2/"))
            .send()
            .await
            .map_err(|error| RegistryError::http(host, &waited, &error))
    };
    let may_be_plain = (location.is_loopback() || options.insecure) && options.ca.is_none();
    let (plain, response) = match ask("https").await {
        Ok(response) => (false, response),
        // A wrong certificate or silence is no reason to give up on encryption; no encryption at all is.
        Err(RegistryError::Unreachable { .. }) if may_be_plain => (true, ask("http").await?),
        Err(error) => return Err(error),
    };
    let challenges: Vec<&str> = response
        .headers()
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let challenge = login::challenge(&challenges, plain).map_err(|odd| match odd {
        Odd::Plain(realm) => RegistryError::PlainRealm {
            host: host.to_owned(),
            realm: crate::error::plain(&realm),
        },
        Odd::NoPlace(realm) => RegistryError::OddRealm {
            host: host.to_owned(),
            realm: crate::error::plain(&realm),
        },
    })?;
    if challenge == Challenge::None && response.status().is_server_error() {
        let code = response.status().as_u16();
        return Err(RegistryError::status(
            host, host, "reading", false, code, "",
        ));
    }
    Ok((plain, challenge))
}

pub(crate) fn protocol(host: &str, plain: bool) -> ClientProtocol {
    if plain {
        ClientProtocol::HttpsExcept(vec![host.to_owned()])
    } else {
        ClientProtocol::Https
    }
}

/// What a request carries to prove who asks. It goes to the registry's own host: the HTTP client takes it away where
/// an answer redirects to another.
#[derive(Clone, Default)]
pub(crate) enum Proof {
    #[default]
    None,
    Basic(String, String),
    Bearer(String),
}

/// One request to read something.
pub(crate) struct Get<'a> {
    pub(crate) url: String,
    pub(crate) accept: &'static str,
    /// The largest answer that is taken, in bytes.
    pub(crate) most: u64,
    /// What messages call it.
    pub(crate) what: &'a str,
    pub(crate) host: &'a str,
    pub(crate) proof: Proof,
    pub(crate) waited: String,
}

impl Get<'_> {
    /// Sends it; gives the headers and the whole answer.
    pub(crate) async fn send(
        self,
        client: &reqwest::Client,
    ) -> Result<(HeaderMap, Vec<u8>), RegistryError> {
        let had = !matches!(self.proof, Proof::None);
        let failed = |error: reqwest::Error| RegistryError::http(self.host, &self.waited, &error);
        let request = client.get(&self.url).header(ACCEPT, self.accept);
        let request = match self.proof {
            Proof::None => request,
            Proof::Basic(user, password) => request.basic_auth(user, Some(password)),
            Proof::Bearer(token) => request.bearer_auth(token),
        };
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status();
        let most = if status.is_success() { self.most } else { 4096 };
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if (body.len() + chunk.len()) as u64 > most {
                if status.is_success() {
                    return Err(RegistryError::TooLarge {
                        what: self.what.to_owned(),
                        most,
                    });
                }
                break;
            }
            body.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(RegistryError::status(
                self.host,
                self.what,
                "reading",
                had,
                status.as_u16(),
                &said(&body),
            ));
        }
        Ok((headers, body))
    }
}

/// The message in an answer of a registry.
fn said(body: &[u8]) -> String {
    serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|value| {
            value
                .get("errors")?
                .get(0)?
                .get("message")?
                .as_str()
                .map(str::to_owned)
        })
        .unwrap_or_default()
}

pub(crate) fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{} s", time.as_secs())
    }
}
