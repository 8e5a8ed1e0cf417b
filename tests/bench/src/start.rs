//! From the start of a provider to its first schema answer, as Terraform asks for it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::{Buf as _, BufMut as _, Bytes};
use gabion_plugin::client::connect;
use gabion_plugin::handshake::{Announcement, COOKIE_NAME, COOKIE_VALUE};
use gabion_plugin::tls::Identity;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// One start: seconds to the answer, size of the answer, resident memory afterwards.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) seconds: f64,
    pub(crate) bytes: usize,
    pub(crate) resident: u64,
}

/// Starts the provider at `binary`, speaks protocol 5 or 6 with it, and ends it.
pub(crate) async fn measure(binary: &str, protocol: u32) -> Result<Start> {
    // Terraform's certificates are P-521; making one is not the provider's time.
    let identity = Identity::generate_p521()?;
    let sockets = tempfile::tempdir()?;
    let begin = Instant::now();
    let mut child = tokio::process::Command::new(binary)
        .env(COOKIE_NAME, COOKIE_VALUE)
        .env("PLUGIN_PROTOCOL_VERSIONS", protocol.to_string())
        .env("PLUGIN_CLIENT_CERT", identity.certificate_pem())
        .env("PLUGIN_UNIX_SOCKET_DIR", sockets.path())
        .env("TMPDIR", sockets.path())
        .env("TF_LOG_SDK", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start `{binary}`"))?;
    let stdout = child.stdout.take().context("the provider has no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).await?;
    let announced = match Announcement::from_line(&line) {
        Ok(announced) => announced,
        Err(text) => bail!("{text}: `{}`", line.trim_end()),
    };
    let channel = connect(&announced, &identity).await?;
    let mut client = tonic::client::Grpc::new(channel).max_decoding_message_size(64 << 20);
    client.ready().await?;
    let path = match protocol {
        5 => "/tfplugin5.Provider/GetSchema",
        _ => "/tfplugin6.Provider/GetProviderSchema",
    };
    let path = http::uri::PathAndQuery::from_static(path);
    let answer = client.unary(tonic::Request::new(Bytes::new()), path, Raw).await?.into_inner();
    let seconds = begin.elapsed().as_secs_f64();
    let resident = resident(child.id().context("the provider has ended")?)?;
    child.kill().await?;
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(Start { seconds, bytes: answer.len(), resident })
}

/// Resident memory of a process, in bytes.
fn resident(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .context("resident memory is read from /proc, which only Linux has")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()).context("no VmRSS")?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}

/// Messages as bytes: the answer's own decoding is the caller's work, not the provider's.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
