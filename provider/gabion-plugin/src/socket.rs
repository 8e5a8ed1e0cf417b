//! The socket that a plugin listens on: in a directory of its own that nobody else can enter.

use std::io;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite};

/// A stream of either end.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What a listener's address is, in go-plugin's words.
pub(crate) struct Address {
    pub(crate) network: &'static str,
    pub(crate) text: String,
}

#[cfg(unix)]
mod os {
    use super::{Address, PathBuf, io};
    use std::os::unix::fs::PermissionsExt as _;

    /// A unix socket in a fresh directory of mode 0700 with a random name. The directory goes when this is
    /// dropped.
    pub(crate) struct Listener {
        inner: tokio::net::UnixListener,
        dir: tempfile::TempDir,
    }

    pub(crate) type Raw = tokio::net::UnixStream;

    impl Listener {
        pub(crate) async fn bind(parent: Option<PathBuf>) -> io::Result<Self> {
            let mut builder = tempfile::Builder::new();
            builder
                .prefix("gabion-")
                .permissions(std::fs::Permissions::from_mode(0o700));
            let dir = builder.tempdir_in(parent.unwrap_or_else(std::env::temp_dir))?;
            let inner = tokio::net::UnixListener::bind(dir.path().join("socket"))?;
            Ok(Self { inner, dir })
        }

        pub(crate) fn address(&self) -> io::Result<Address> {
            Ok(Address {
                network: "unix",
                text: self.dir.path().join("socket").display().to_string(),
            })
        }

        pub(crate) async fn accept(&self) -> io::Result<Raw> {
            self.inner.accept().await.map(|accepted| accepted.0)
        }
    }
}

// Untested: compiled where there are no unix sockets. Mutual TLS guards the port.
#[cfg(not(unix))]
mod os {
    use super::{Address, PathBuf, io};

    pub(crate) struct Listener(tokio::net::TcpListener);

    pub(crate) type Raw = tokio::net::TcpStream;

    impl Listener {
        pub(crate) async fn bind(_parent: Option<PathBuf>) -> io::Result<Self> {
            tokio::net::TcpListener::bind(("127.0.0.1", 0))
                .await
                .map(Self)
        }

        pub(crate) fn address(&self) -> io::Result<Address> {
            Ok(Address {
                network: "tcp",
                text: self.0.local_addr()?.to_string(),
            })
        }

        pub(crate) async fn accept(&self) -> io::Result<Raw> {
            self.0.accept().await.map(|accepted| accepted.0)
        }
    }
}

pub(crate) use os::{Listener, Raw};
