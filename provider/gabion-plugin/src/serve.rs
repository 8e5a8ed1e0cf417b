//! Serving a provider to core: from the handshake line to an orderly end.

mod incoming;
mod services;
mod signals;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use crate::handshake::{Announcement, PROTOCOL_VERSION, Refusal, Request};
use crate::proto::health::health_server::HealthServer;
use crate::proto::plugin::grpc_broker_server::GrpcBrokerServer;
use crate::proto::plugin::grpc_controller_server::GrpcControllerServer;
use crate::proto::plugin::grpc_stdio_server::GrpcStdioServer;
use crate::proto::tfplugin6::provider_server::{Provider, ProviderServer};
use crate::proto::tfplugin6::stop_provider;
use crate::socket::Listener;
use crate::tls::{Identity, TlsError};

/// The largest message either way: core's own limit.
pub const MAX_MESSAGE: usize = 64 << 20;

/// Core waits two seconds after `Shutdown` and then kills.
const DRAIN_AFTER_SHUTDOWN: Duration = Duration::from_millis(1500);
/// After SIGTERM the running calls have been told to stop; they get time to keep what they made.
const DRAIN_AFTER_SIGNAL: Duration = Duration::from_secs(60);

/// How to serve.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// Cancelled when the process is told to end (SIGTERM). The service is then asked to stop, as core would
    /// ask it by `StopProvider`; what else should stop can watch the token.
    pub stop: CancellationToken,
    /// The provider's source address, with host: names it in the debug mode's output.
    pub address: String,
    /// Serve without handshake and TLS, and print `TF_REATTACH_PROVIDERS`: for a debugger.
    pub debug: bool,
}

/// Why serving failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The handshake.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The certificate or its configuration.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The socket, or standard output.
    #[error(
        "cannot listen for terraform: {0}; check that the temporary directory exists and is writable"
    )]
    Socket(#[from] std::io::Error),
    /// The gRPC server.
    #[error("the connection to terraform failed: {0}")]
    Server(#[from] tonic::transport::Error),
}

/// Serves until core says `Shutdown`, and gives the process's exit code. Errors go to standard error.
pub fn serve(service: impl Provider, options: ServeOptions) -> ExitCode {
    match run(service, options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do where standard error is closed.
            drop(writeln!(std::io::stderr(), "{error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(service: impl Provider, options: ServeOptions) -> Result<(), ServeError> {
    // Before anything is started: the common case of a person at a prompt.
    let request = if options.debug {
        None
    } else {
        Some(Request::from_env()?)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Composite resources hold many calls at once, and their futures are large, above all in debug builds.
        .thread_stack_size(16 << 20)
        .enable_all()
        .build()?;
    let served = runtime.block_on(serve_request(service, request, options));
    // Work that ignores its token must not keep the process: core would kill it in any case.
    runtime.shutdown_timeout(Duration::from_millis(200));
    served
}

/// Why and how the server ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct End {
    token: CancellationToken,
    drain: Arc<OnceLock<Duration>>,
}

impl End {
    fn begin(&self, drain: Duration) {
        // The first reason counts.
        let _ = self.drain.set(drain);
        self.token.cancel();
    }

    async fn overdue(self) {
        self.token.cancelled().await;
        tokio::time::sleep(self.drain.get().copied().unwrap_or(DRAIN_AFTER_SHUTDOWN)).await;
    }
}

async fn serve_request(
    service: impl Provider,
    request: Option<Request>,
    options: ServeOptions,
) -> Result<(), ServeError> {
    let end = End::default();
    // Before the handshake line: from then on Ctrl-C may come.
    signals::watch(&end, &options)?;
    let listener = Listener::bind(
        request
            .as_ref()
            .and_then(|request| request.socket_dir.clone()),
    )
    .await?;
    let address = listener.address()?;
    let tls = match request {
        Some(request) => {
            let identity = Identity::generate()?;
            let config = identity.server_config(request.client_certificate)?;
            let line = Announcement {
                protocol: PROTOCOL_VERSION,
                network: address.network.to_owned(),
                address: address.text,
                certificate: identity.certificate().clone(),
            };
            print_line(&line.to_line())?;
            Some(Arc::new(config))
        }
        None => {
            print_line(&reattach(&options.address, address.network, &address.text))?;
            None
        }
    };
    let service = Arc::new(service);
    tokio::spawn(stop_when_told(Arc::clone(&service), options.stop.clone()));
    let (incoming, open) = incoming::accept(listener, tls, end.token.clone());
    if !options.debug {
        signals::watch_parent(&end, open);
    }
    let serving = Server::builder()
        .initial_stream_window_size(4 << 20)
        .initial_connection_window_size(8 << 20)
        .add_service(
            ProviderServer::from_arc(service)
                .max_decoding_message_size(MAX_MESSAGE)
                .max_encoding_message_size(MAX_MESSAGE),
        )
        .add_service(GrpcControllerServer::new(services::Controller(end.clone())))
        .add_service(GrpcStdioServer::new(services::Stdio(end.token.clone())))
        .add_service(GrpcBrokerServer::new(services::Broker(end.token.clone())))
        .add_service(HealthServer::new(services::Health::new(end.token.clone())))
        .serve_with_incoming_shutdown(incoming, end.token.clone().cancelled_owned());
    let served = tokio::select! {
        served = serving => served,
        () = end.overdue() => {
            tracing::warn!("calls were still running when the time to end them was over");
            Ok(())
        }
    };
    Ok(served?)
}

/// A server that is ending takes no call of core's any more: it asks its service itself.
async fn stop_when_told(service: Arc<impl Provider>, stop: CancellationToken) {
    stop.cancelled().await;
    let request = stop_provider::Request {};
    if let Err(status) = service.stop_provider(tonic::Request::new(request)).await {
        tracing::warn!(%status, "the running calls could not be stopped");
    }
}

fn print_line(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// What to put in the environment of `terraform` to have it use this process.
fn reattach(provider: &str, network: &str, address: &str) -> String {
    let mut providers = serde_json::Map::new();
    let entry = serde_json::json!({
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL_VERSION,
        "Pid": std::process::id(),
        "Test": true,
        "Addr": { "Network": network, "String": address },
    });
    providers.insert(provider.to_owned(), entry);
    format!(
        "TF_REATTACH_PROVIDERS='{}'",
        serde_json::Value::Object(providers)
    )
}
