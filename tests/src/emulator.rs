//! The AWS emulators: moto and MiniStack, each a process on a free loopback port.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use crate::process::{self, Guard};
use crate::tools::python;

/// Which emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// moto: Organizations and all that spans services.
    Moto,
    /// MiniStack: the quick start; KMS and S3 effects.
    Ministack,
}

impl Kind {
    /// Both emulators, for tests that run on each.
    pub const ALL: [Self; 2] = [Self::Moto, Self::Ministack];

    /// The account that callers without a role of their own act in.
    #[must_use]
    pub fn account(self) -> &'static str {
        match self {
            Self::Moto => "123456789012",
            Self::Ministack => "000000000000",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Moto => "moto",
            Self::Ministack => "MiniStack",
        })
    }
}

/// A running emulator; dropping it ends it.
#[derive(Debug)]
pub struct Emulator {
    kind: Kind,
    address: SocketAddr,
    log: tempfile::NamedTempFile,
    judged: Option<Judge>,
    _process: Guard,
}

/// The files of an emulator that judges policies.
#[derive(Debug)]
struct Judge {
    /// The policy of the role that a new account comes with.
    vending: tempfile::NamedTempFile,
    /// The actions that were judged, one a line.
    log: tempfile::NamedTempFile,
}

impl Emulator {
    /// Starts an emulator on a free port and waits until it answers.
    ///
    /// # Errors
    /// When the Python environment is missing, or the emulator does not answer in 60 seconds; the
    /// text ends with its log.
    pub fn start(kind: Kind) -> Result<Self> {
        Self::start_with(kind, None)
    }

    /// moto with its authorization switched on, but for the tests' own hands: see `moto_authorized.py`. `vending` is
    /// the policy of the role that a new account comes with.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn authorized(vending: &str) -> Result<Self> {
        Self::start_with(Kind::Moto, Some(vending))
    }

    fn start_with(kind: Kind, vending: Option<&str>) -> Result<Self> {
        let environment = python::locate()?;
        // The port is free when it is chosen, not when it is used: somebody may be faster.
        let mut last = None;
        for _ in 0..3 {
            match Self::try_start(kind, &environment, vending) {
                Ok(emulator) => return Ok(emulator),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no attempt was made")?)
    }

    fn try_start(
        kind: Kind,
        environment: &python::Environment,
        vending: Option<&str>,
    ) -> Result<Self> {
        let port = free_port()?;
        let judged = vending.map(Judge::new).transpose()?;
        let log = tempfile::NamedTempFile::new().context("cannot create the emulator's log")?;
        let mut command = match kind {
            Kind::Moto => {
                let mut command = match &judged {
                    None => Command::new(environment.program("moto_server")),
                    Some(judge) => {
                        let mut command = Command::new(environment.program("python"));
                        command.args(["-c", include_str!("moto_authorized.py")]);
                        command.args([judge.vending.path(), judge.log.path()]);
                        command
                    }
                };
                command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
                command.env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true");
                command
            }
            Kind::Ministack => {
                let mut command = Command::new(environment.program("ministack"));
                // Without an address it listens on all of them.
                command
                    .env("BIND_HOST", "127.0.0.1")
                    .env("GATEWAY_PORT", port.to_string());
                command
            }
        };
        command
            .stdin(Stdio::null())
            .stdout(log.reopen()?)
            .stderr(log.reopen()?)
            .env("PYTHONUNBUFFERED", "1");
        let mut process = process::spawn(command)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = process.try_wait()? {
                bail!("{kind} ended at its start ({status}):\n{}", tail(&log));
            }
            if answers(address) {
                break;
            }
            if Instant::now() > end {
                bail!("{kind} did not answer within 60 seconds:\n{}", tail(&log));
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        Ok(Self {
            kind,
            address,
            log,
            judged,
            _process: process,
        })
    }

    /// Which emulator this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The actions that its authorization has judged so far, as `kms:CreateKey`; none without one.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn judged(&self) -> Result<BTreeSet<String>> {
        let Some(judge) = &self.judged else {
            return Ok(BTreeSet::new());
        };
        let text = std::fs::read_to_string(judge.log.path())?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The last lines of its log, for a failing test.
    #[must_use]
    pub fn log_tail(&self) -> String {
        tail(&self.log)
    }
}

impl Judge {
    fn new(vending: &str) -> Result<Self> {
        let file = tempfile::NamedTempFile::new().context("cannot create the policy's file")?;
        std::fs::write(file.path(), vending)?;
        Ok(Self {
            vending: file,
            log: tempfile::NamedTempFile::new().context("cannot create the list of actions")?,
        })
    }
}

/// A port of the loopback interface that nobody listens on.
///
/// # Errors
/// When the system has none to give.
pub fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free loopback port")?;
    Ok(listener.local_addr()?.port())
}

/// Whether an HTTP server answers at `address`; any answer will do.
fn answers(address: SocketAddr) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let request = b"GET /_gabion_ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut start = [0_u8; 5];
    stream.write_all(request).is_ok() && stream.read_exact(&mut start).is_ok() && &start == b"HTTP/"
}

fn tail(log: &tempfile::NamedTempFile) -> String {
    let text = std::fs::read_to_string(log.path()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines
        .get(lines.len().saturating_sub(30)..)
        .unwrap_or_default()
        .join("\n")
}
