//! The caller's side of the handshake: how core, or a proxy in front of a provider, connects.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tonic::codegen::{Service, http};
use tonic::transport::{Channel, Endpoint};

use crate::handshake::Announcement;
use crate::socket::Stream;
use crate::tls::{Identity, TlsError};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The plugin did not take the connection.
    #[error("the plugin did not take the connection: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Connects to a plugin that announced itself, proving to be the caller that it expects.
///
/// # Errors
/// A plugin that does not listen, shows another certificate, or does not accept ours.
pub async fn connect(plugin: &Announcement, identity: &Identity) -> Result<Channel, ConnectError> {
    let config = identity.client_config(plugin.certificate.clone())?;
    let connector = Connector {
        network: plugin.network.clone(),
        address: plugin.address.clone(),
        tls: TlsConnector::from(Arc::new(config)),
    };
    // The name is of no use on a socket, and HTTP asks for one.
    Ok(Endpoint::from_static("http://localhost")
        .connect_with_connector(connector)
        .await?)
}

struct Connector {
    network: String,
    address: String,
    tls: TlsConnector,
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<TokioIo<Box<dyn Stream>>>> + Send>>;

impl Service<http::Uri> for Connector {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = io::Error;
    type Future = Connecting;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _uri: http::Uri) -> Self::Future {
        let (network, address, tls) =
            (self.network.clone(), self.address.clone(), self.tls.clone());
        Box::pin(async move {
            let raw = dial(&network, &address).await?;
            let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
            let stream: Box<dyn Stream> = Box::new(tls.connect(name, raw).await?);
            Ok(TokioIo::new(stream))
        })
    }
}

async fn dial(network: &str, address: &str) -> io::Result<Box<dyn Stream>> {
    match network {
        #[cfg(unix)]
        "unix" => Ok(Box::new(tokio::net::UnixStream::connect(address).await?)),
        "tcp" => Ok(Box::new(tokio::net::TcpStream::connect(address).await?)),
        _ => Err(io::Error::other(format!(
            "a plugin on network `{network}` cannot be reached"
        ))),
    }
}
