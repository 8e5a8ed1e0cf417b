//! go-plugin's handshake: what core puts in the environment, and the one line that answers it.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The variable by which core says that it, and no person, starts the plugin.
pub const COOKIE_NAME: &str = "TF_PLUGIN_MAGIC_COOKIE";
/// What [`COOKIE_NAME`] holds. No secret: it only keeps people from waiting for a prompt.
pub const COOKIE_VALUE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// The version of go-plugin's own protocol.
pub const CORE_VERSION: u32 = 1;
/// The version of Terraform's protocol that this provider speaks.
pub const PROTOCOL_VERSION: u32 = 6;

/// What core asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The one certificate that a client may show.
    pub client_certificate: CertificateDer<'static>,
    /// Where sockets are to be made, if core says so.
    pub socket_dir: Option<PathBuf>,
}

/// Why the plugin does not start.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No cookie: a person typed the command.
    #[error(
        "this is a Terraform provider: terraform and tofu start it themselves, so add it to `required_providers` and \
         run `terraform init` instead of running it by hand"
    )]
    ByHand,
    /// A core that does not speak protocol 6.
    #[error(
        "this provider speaks plugin protocol 6, and the caller offered `{0}`: use Terraform 1.11 or newer, or \
         OpenTofu 1.12 or newer"
    )]
    Protocol(String),
    /// No certificate: without one anybody on the machine could connect.
    #[error(
        "the caller sent no certificate in `PLUGIN_CLIENT_CERT`, and this provider talks over mutual TLS only: use \
         Terraform 1.11 or newer, or OpenTofu 1.12 or newer"
    )]
    NoCertificate,
    /// A certificate that is none.
    #[error("the caller's `PLUGIN_CLIENT_CERT` holds no PEM certificate")]
    BadCertificate,
}

impl Request {
    /// Reads what core put in the process environment.
    ///
    /// # Errors
    /// A [`Refusal`], whose text is for the person who reads standard error.
    pub fn from_env() -> Result<Self, Refusal> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads a request by looking variables up.
    ///
    /// # Errors
    /// As [`Self::from_env`].
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Refusal> {
        if lookup(COOKIE_NAME).as_deref() != Some(COOKIE_VALUE) {
            return Err(Refusal::ByHand);
        }
        let offered = lookup("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_default();
        if !offered
            .split(',')
            .any(|version| version.trim().parse() == Ok(PROTOCOL_VERSION))
        {
            return Err(Refusal::Protocol(offered));
        }
        let pem = lookup("PLUGIN_CLIENT_CERT")
            .filter(|pem| !pem.is_empty())
            .ok_or(Refusal::NoCertificate)?;
        let client_certificate =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| Refusal::BadCertificate)?;
        let socket_dir = lookup("PLUGIN_UNIX_SOCKET_DIR")
            .filter(|dir| !dir.is_empty())
            .map(PathBuf::from);
        Ok(Self {
            client_certificate,
            socket_dir,
        })
    }
}

/// Where a plugin listens, as its handshake line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Terraform's protocol: 5 or 6.
    pub protocol: u32,
    /// `unix` or `tcp`.
    pub network: String,
    /// A socket path, or host and port.
    pub address: String,
    /// The server's certificate.
    pub certificate: CertificateDer<'static>,
}

impl Announcement {
    /// The line that a plugin prints, its line end left out.
    pub fn to_line(&self) -> String {
        let Self {
            protocol,
            network,
            address,
            certificate,
        } = self;
        let certificate = STANDARD_NO_PAD.encode(certificate);
        format!("{CORE_VERSION}|{protocol}|{network}|{address}|grpc|{certificate}")
    }

    /// Reads the line of a plugin.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn from_line(line: &str) -> Result<Self, String> {
        let parts: Vec<&str> = line.trim_end().split('|').collect();
        let [core, protocol, network, address, kind, certificate, ..] = parts.as_slice() else {
            return Err("the plugin's first line is no handshake with a certificate".to_owned());
        };
        if core.parse() != Ok(CORE_VERSION) || *kind != "grpc" {
            return Err(format!(
                "the plugin answered with handshake version `{core}` and transport `{kind}`"
            ));
        }
        let certificate = STANDARD_NO_PAD
            .decode(certificate)
            .map_err(|_| "the plugin's certificate is not base64".to_owned())?;
        Ok(Self {
            protocol: protocol
                .parse()
                .map_err(|_| format!("the plugin answered with protocol `{protocol}`"))?,
            network: (*network).to_owned(),
            address: (*address).to_owned(),
            certificate: certificate.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Request, Refusal> {
        Request::read(|name| {
            pairs
                .iter()
                .find(|pair| pair.0 == name)
                .map(|pair| pair.1.to_owned())
        })
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let cookie = (COOKIE_NAME, COOKIE_VALUE);
        let versions = ("PLUGIN_PROTOCOL_VERSIONS", "5,6");
        assert_eq!(read(&[]).unwrap_err(), Refusal::ByHand);
        assert_eq!(
            read(&[(COOKIE_NAME, "x"), versions]).unwrap_err(),
            Refusal::ByHand
        );
        assert_eq!(
            read(&[cookie]).unwrap_err(),
            Refusal::Protocol(String::new())
        );
        let old = read(&[cookie, ("PLUGIN_PROTOCOL_VERSIONS", "5,66")]).unwrap_err();
        assert_eq!(old, Refusal::Protocol("5,66".to_owned()));
        assert_eq!(
            read(&[cookie, versions]).unwrap_err(),
            Refusal::NoCertificate
        );
        let bad = ("PLUGIN_CLIENT_CERT", "-----BEGIN CERTIFICATE-----");
        assert_eq!(
            read(&[cookie, versions, bad]).unwrap_err(),
            Refusal::BadCertificate
        );
    }

    #[test]
    fn a_person_reads_what_to_do() {
        insta::assert_snapshot!(Refusal::ByHand, @"this is a Terraform provider: terraform and tofu start it themselves, so add it to `required_providers` and run `terraform init` instead of running it by hand");
    }

    #[test]
    fn the_line_round_trips() {
        let line = Announcement {
            protocol: PROTOCOL_VERSION,
            network: "unix".to_owned(),
            address: "/tmp/x/socket".to_owned(),
            certificate: vec![1, 2, 3, 4].into(),
        };
        assert_eq!(line.to_line(), "1|6|unix|/tmp/x/socket|grpc|AQIDBA");
        assert_eq!(Announcement::from_line(&line.to_line()).unwrap(), line);
        assert!(Announcement::from_line("1|6|unix|/tmp/x|grpc").is_err());
        assert!(Announcement::from_line("2|6|unix|/tmp/x|grpc|AQ").is_err());
    }
}
