//! What can go wrong between here and a registry, and what to do about it.

use std::error::Error as _;
use std::io;

use oci_client::errors::{OciDistributionError, OciErrorCode};

use crate::key::KeyError;

/// Why something did not come from, or did not get to, a registry. No text holds a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Nobody answers.
    #[error(
        "the registry `{host}` cannot be reached: {reason}; check its name, the network, and HTTPS_PROXY and NO_PROXY"
    )]
    Unreachable {
        /// The host and its port.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// It takes too long.
    #[error(
        "the registry `{host}` does not answer in time ({waited}); try again, or ask who runs it"
    )]
    Slow {
        /// The host and its port.
        host: String,
        /// How long was waited, in words.
        waited: String,
    },
    /// No safe connection.
    #[error(
        "no safe connection to the registry `{host}`: {reason}; name the authority that signed its certificate with \
         `--ca FILE`, or with SSL_CERT_FILE"
    )]
    Tls {
        /// The host and its port.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The connection ended in the middle.
    #[error("the connection to the registry `{host}` broke off: {reason}; try again")]
    Broken {
        /// The host and its port.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// The file of `--ca`.
    #[error("cannot use the certificates in `{file}`: {reason}")]
    Ca {
        /// As the caller named it.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// Credentials are there, and cannot be used.
    #[error("cannot use the credentials for the registry `{host}`: {reason}")]
    Credentials {
        /// The host and its port.
        host: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// Tokens are to be had over plain HTTP only.
    #[error(
        "the registry `{host}` wants the credentials sent to `{realm}`, which is not encrypted; they are not sent: \
         ask who runs it"
    )]
    PlainRealm {
        /// The host and its port.
        host: String,
        /// Where it wants them.
        realm: String,
    },
    /// Tokens are to be had nowhere.
    #[error(
        "the registry `{host}` wants the credentials sent to `{realm}`, which is no address of a login; they are not sent: \
         ask who runs it"
    )]
    OddRealm {
        /// The host and its port.
        host: String,
        /// Where it wants them.
        realm: String,
    },
    /// More tags than are read.
    #[error(
        "`{what}` has more than {most} tags, and the version that is wanted may be among those that were not read; \
         take old tags out, or keep the packs in a repository of their own"
    )]
    TooMany {
        /// The repository.
        what: String,
        /// How many are read.
        most: usize,
    },
    /// No room for one more signature.
    #[error("`{what}` holds {most} signatures already, more than are looked at; take old ones out")]
    Full {
        /// The place.
        what: String,
        /// How many are looked at.
        most: usize,
    },
    /// 401.
    #[error("the registry `{host}` does not let you in{}", if *.had {
        ": it refuses the credentials that were found; log in again with `docker login`"
    } else {
        " without credentials; log in with `docker login`, or name the folder of a config.json in DOCKER_CONFIG"
    })]
    Unauthorized {
        /// The host and its port.
        host: String,
        /// Whether there were credentials.
        had: bool,
    },
    /// 403.
    #[error("the registry does not allow {action} `{what}`: ask for the right to")]
    Forbidden {
        /// `reading` or `writing`.
        action: &'static str,
        /// The place.
        what: String,
    },
    /// 404.
    #[error("there is no `{what}`; check the name and the tag, and whether it was pushed")]
    Missing {
        /// The place.
        what: String,
    },
    /// The bytes are not what their digest says.
    #[error(
        "the registry sent something else than it was asked for: `{what}` should be {expected} and is {found}; \
         nothing of it was kept; tell who runs the registry"
    )]
    Lie {
        /// The place.
        what: String,
        /// The digest it should have.
        expected: String,
        /// The digest it has.
        found: String,
    },
    /// More than was announced, or than is allowed.
    #[error("`{what}` is larger than the {most} bytes that it may have; nothing of it was kept")]
    TooLarge {
        /// The place.
        what: String,
        /// The largest that is allowed.
        most: u64,
    },
    /// Something else lies there.
    #[error("`{what}` is no guardrail pack: {reason}")]
    NoPack {
        /// The place.
        what: String,
        /// What it is.
        reason: String,
    },
    /// A version that was pushed stays.
    #[error(
        "`{what}` is there already, with other bytes ({found}): raise the version of the pack, or replace what others \
         may have locked with `--force`"
    )]
    Taken {
        /// The place.
        what: String,
        /// The digest of what is there.
        found: String,
    },
    /// Any other answer.
    #[error("the registry `{host}` answers with {answer}")]
    Refused {
        /// The host and its port.
        host: String,
        /// The status and its message.
        answer: String,
    },
    /// The folder of a bundle.
    #[error("cannot use the bundle `{folder}`: {reason}")]
    Bundle {
        /// As the caller named it.
        folder: String,
        /// What is wrong.
        reason: String,
    },
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The machine itself.
    #[error("cannot start: {0}")]
    Start(String),
}

impl RegistryError {
    /// An error of the HTTP client.
    pub(crate) fn http(host: &str, waited: &str, error: &reqwest::Error) -> Self {
        let host = host.to_owned();
        if error.is_timeout() {
            return Self::Slow {
                host,
                waited: waited.to_owned(),
            };
        }
        if let Some(reason) = encryption(error) {
            return Self::Tls { host, reason };
        }
        let reason = root(error);
        if error.is_connect() {
            Self::Unreachable { host, reason }
        } else {
            Self::Broken { host, reason }
        }
    }

    /// A status that is no success.
    pub(crate) fn status(
        host: &str,
        what: &str,
        action: &'static str,
        had: bool,
        code: u16,
        message: &str,
    ) -> Self {
        let host = host.to_owned();
        match code {
            401 => Self::Unauthorized { host, had },
            403 => Self::Forbidden {
                action,
                what: what.to_owned(),
            },
            404 => Self::Missing {
                what: what.to_owned(),
            },
            429 => Self::Refused {
                host,
                answer: "429: too many requests; wait a while, or log in with `docker login`"
                    .to_owned(),
            },
            _ => Self::Refused {
                host,
                answer: match plain(message) {
                    text if text.is_empty() => code.to_string(),
                    text => format!("{code}: {text}"),
                },
            },
        }
    }

    /// An error of the registry client, met while writing.
    pub(crate) fn writing(
        host: &str,
        what: &str,
        had: bool,
        waited: &str,
        error: &OciDistributionError,
    ) -> Self {
        let status = |code, message: &str| Self::status(host, what, "writing", had, code, message);
        match error {
            OciDistributionError::RequestError(error) => match error.status() {
                Some(code) => status(code.as_u16(), ""),
                None => Self::http(host, waited, error),
            },
            OciDistributionError::UnauthorizedError { .. }
            | OciDistributionError::AuthenticationFailure(_) => status(401, ""),
            OciDistributionError::ServerError { code, message, .. } => status(*code, message),
            OciDistributionError::RegistryError { envelope, .. } => match envelope.errors.first() {
                Some(first) => match first.code {
                    OciErrorCode::Unauthorized => status(401, ""),
                    OciErrorCode::Denied => status(403, ""),
                    OciErrorCode::NameUnknown | OciErrorCode::ManifestUnknown => status(404, ""),
                    OciErrorCode::Toomanyrequests => status(429, ""),
                    _ => status(400, &first.message),
                },
                None => status(400, ""),
            },
            other => Self::Refused {
                host: host.to_owned(),
                answer: plain(&other.to_string()),
            },
        }
    }
}

/// What is wrong with the encryption, where that is what ended a connection. A peer that does not speak TLS at all is
/// no such case: it cannot be reached that way.
fn encryption(error: &reqwest::Error) -> Option<String> {
    use rustls::CertificateError as Wrong;
    let mut next = error.source();
    while let Some(source) = next {
        match tls(source) {
            Some(rustls::Error::InvalidMessage(_)) => return None,
            Some(rustls::Error::InvalidCertificate(error)) => {
                return Some(match error {
                    Wrong::UnknownIssuer => {
                        "its certificate comes from an authority that is not known here".to_owned()
                    }
                    Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
                        "its certificate is for another name".to_owned()
                    }
                    Wrong::Expired | Wrong::ExpiredContext { .. } => {
                        "its certificate has expired".to_owned()
                    }
                    other => format!("its certificate is not accepted ({other})"),
                });
            }
            Some(other) => return Some(plain(&other.to_string())),
            None => next = source.source(),
        }
    }
    None
}

/// The error of the encryption inside another; system errors wrap each other without saying so.
fn tls<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    tls(error.downcast_ref::<io::Error>()?.get_ref()?)
}

/// The innermost cause, without the number that the system gives it.
fn root(error: &reqwest::Error) -> String {
    let mut next: Option<&(dyn std::error::Error + 'static)> = error.source();
    let mut text = String::new();
    while let Some(source) = next {
        if let Some(error) = source.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::ConnectionRefused => return "connection refused".to_owned(),
                io::ErrorKind::ConnectionReset => return "connection reset".to_owned(),
                io::ErrorKind::UnexpectedEof => return "it ended too early".to_owned(),
                _ => {}
            }
        }
        text = source.to_string();
        next = source.source();
    }
    if text.is_empty() {
        "no reason is known".to_owned()
    } else {
        plain(&text)
    }
}

/// One short line without control characters: what a server writes goes to a screen.
pub(crate) fn plain(text: &str) -> String {
    let line: String = text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    line.trim().to_owned()
}
