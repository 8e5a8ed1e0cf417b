//! The way to the emulator.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONNECTION, HeaderName, TRANSFER_ENCODING};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::message::{Reply, Request};

/// Sends requests to the emulator, one connection each: loopback makes that cheap.
#[derive(Clone, Debug)]
pub struct Upstream {
    address: SocketAddr,
}

impl Upstream {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn send(&self, request: &Request) -> Result<Reply> {
        let stream = TcpStream::connect(self.address)
            .await
            .context("the emulator is gone")?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut builder = hyper::Request::builder()
            .method(request.method.clone())
            .uri(request.uri.clone());
        if let Some(headers) = builder.headers_mut() {
            *headers = request.headers.clone();
            headers.remove(TRANSFER_ENCODING);
            headers.remove(CONNECTION);
            headers.remove(HeaderName::from_static("expect"));
            headers.insert(hyper::header::CONTENT_LENGTH, request.body.len().into());
        }
        let answer = sender
            .send_request(builder.body(Full::new(request.body.clone()))?)
            .await?;
        let (parts, body) = answer.into_parts();
        // The answer to HEAD has a length and no body.
        let body = if request.method == hyper::Method::HEAD {
            Bytes::new()
        } else {
            body.collect().await?.to_bytes()
        };
        connection.abort();
        Ok(Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    /// Calls another operation of the same JSON service, as the caller of `request`.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn call(&self, request: &Request, operation: &str, body: &Value) -> Result<Reply> {
        self.send(&request.with_json(operation, body)).await
    }
}
