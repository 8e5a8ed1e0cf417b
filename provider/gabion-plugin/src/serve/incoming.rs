//! Connections, from accept to a finished TLS handshake. Each is shaken by a task of its own: one client
//! that connects and says nothing must not hold up another.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use crate::socket::{Listener, Raw, Stream};

/// The time a client has for its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How many connections are open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open(Arc<AtomicUsize>);

impl Open {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn enter(&self) -> Inside {
        self.0.fetch_add(1, Ordering::Relaxed);
        Inside(self.clone())
    }
}

struct Inside(Open);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection that may speak gRPC.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    _inside: Inside,
}

pub(crate) fn accept(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    end: CancellationToken,
) -> (ReceiverStream<io::Result<Connection>>, Open) {
    let open = Open::default();
    let (sender, receiver) = mpsc::channel(16);
    let counter = open.clone();
    let acceptor = tls.map(TlsAcceptor::from);
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = end.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok(raw) => {
                    let inside = counter.enter();
                    tokio::spawn(shake(raw, acceptor.clone(), inside, sender.clone()));
                }
                Err(error) => {
                    // Out of descriptors, mostly: waiting is all that helps.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        // The listener goes here, and the socket's directory with it.
    });
    (ReceiverStream::new(receiver), open)
}

async fn shake(
    raw: Raw,
    acceptor: Option<TlsAcceptor>,
    inside: Inside,
    sender: mpsc::Sender<io::Result<Connection>>,
) {
    let stream: Box<dyn Stream> = match acceptor {
        None => Box::new(raw),
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(raw)).await {
            Ok(Ok(stream)) => Box::new(stream),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a connection was refused: it did not prove to come from terraform");
                return;
            }
            Err(_) => {
                tracing::warn!("a connection was closed: it did not finish its handshake in time");
                return;
            }
        },
    };
    // Nobody listens any more when the server has ended.
    let _ = sender
        .send(Ok(Connection {
            stream,
            _inside: inside,
        }))
        .await;
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
