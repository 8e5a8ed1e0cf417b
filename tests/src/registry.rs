//! A real registry on a free port of this machine, with an empty storage of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::process::{self, Guard};
use crate::skip;
use crate::tools::registry;

/// The one user of a registry that asks for a login.
pub const USER: &str = "ada";
/// That user's password.
pub const PASSWORD: &str = "lovelace";
/// The password as `htpasswd -B` writes it.
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuhiTVLHQPvYzPykOsCOnc5I00eOfh33K";

/// How a registry is started.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Whether it asks for [`USER`] and [`PASSWORD`].
    pub login: bool,
    /// Certificate and key in PEM; without them it speaks plain HTTP.
    pub tls: Option<(String, String)>,
}

/// A running registry; dropping it ends it.
#[derive(Debug)]
pub struct Registry {
    host: String,
    folder: tempfile::TempDir,
    _process: Guard,
}

impl Registry {
    /// Starts one; without the program, a loud skip and `None`.
    ///
    /// # Errors
    /// When it does not start, and in CI when the program is missing.
    pub fn start(setup: &Setup) -> Result<Option<Self>> {
        let Some(binary) = registry::locate() else {
            skip::missing("docker-registry", registry::HOW, true)?;
            return Ok(None);
        };
        Self::run(&binary, setup).map(Some)
    }

    fn run(binary: &Path, setup: &Setup) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = |name: &str| folder.path().join(name).display().to_string();
        let mut config = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp:\n  addr: 127.0.0.1:0\n",
            file("storage")
        );
        if let Some((certificate, key)) = &setup.tls {
            std::fs::write(file("cert.pem"), certificate)?;
            std::fs::write(file("key.pem"), key)?;
            config.push_str(&format!(
                "  tls: {{certificate: {}, key: {}}}\n",
                file("cert.pem"),
                file("key.pem")
            ));
        }
        if setup.login {
            std::fs::write(file("users"), format!("{USER}:{HASH}\n"))?;
            config.push_str(&format!(
                "auth: {{htpasswd: {{realm: packs, path: {}}}}}\n",
                file("users")
            ));
        }
        std::fs::write(file("config.yml"), config)?;
        let mut command = Command::new(binary);
        command
            .args(["serve", &file("config.yml")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = process::spawn(command)?;
        let stderr = process.stderr().context("the registry has no stderr")?;
        let mut lines = BufReader::new(stderr).lines();
        let mut said = String::new();
        let host = loop {
            let line = lines
                .next()
                .with_context(|| format!("the registry ended: {said}"))??;
            if let Some((_, rest)) = line.split_once("listening on ") {
                let end = rest
                    .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':'))
                    .unwrap_or(rest.len());
                break rest.get(..end).unwrap_or_default().to_owned();
            }
            said = line;
        };
        // A full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self {
            host,
            folder,
            _process: process,
        })
    }

    /// Address and port, as a reference names them.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The certificate's file, of a registry with TLS.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// Where the registry keeps its files, for tests that spoil them.
    #[must_use]
    pub fn storage(&self) -> PathBuf {
        self.folder.path().join("storage")
    }
}
