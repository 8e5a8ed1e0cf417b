//! go-plugin's own services, as far as core uses them.

use std::pin::Pin;

use futures::stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{DRAIN_AFTER_SHUTDOWN, End};
use crate::proto::health::health_check_response::ServingStatus;
use crate::proto::health::health_server::Health as HealthService;
use crate::proto::health::{HealthCheckRequest, HealthCheckResponse};
use crate::proto::plugin::grpc_broker_server::GrpcBroker;
use crate::proto::plugin::grpc_controller_server::GrpcController;
use crate::proto::plugin::grpc_stdio_server::GrpcStdio;
use crate::proto::plugin::{ConnInfo, Empty, StdioData};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// A stream that says nothing until the server ends. One that outlived the token would keep the server.
fn silent<T: Send + 'static>(end: CancellationToken) -> Answers<T> {
    Box::pin(futures::stream::pending().take_until(end.cancelled_owned()))
}

/// Ends the server when core says so.
pub(super) struct Controller(pub(super) End);

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.begin(DRAIN_AFTER_SHUTDOWN);
        Ok(Response::new(Empty {}))
    }
}

/// Standard output and error of the plugin. Ours go over the real standard error: the stream stays silent,
/// and open, as core logs an error where it ends early.
pub(super) struct Stdio(pub(super) CancellationToken);

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = Answers<StdioData>;

    async fn stream_stdio(
        &self,
        _request: Request<()>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(silent(self.0.clone())))
    }
}

/// Further connections between core and plugin: Terraform opens the stream and asks for none.
pub(super) struct Broker(pub(super) CancellationToken);

#[tonic::async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = Answers<ConnInfo>;

    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        // Held for as long as the answer is: dropping it would reset the stream.
        let asked = request.into_inner().filter_map(|_| async { None });
        let answers = futures::stream::select(asked, futures::stream::pending());
        Ok(Response::new(Box::pin(
            answers.take_until(self.0.clone().cancelled_owned()),
        )))
    }
}

/// The health check: serving until the end.
pub(super) struct Health(CancellationToken);

impl Health {
    pub(super) fn new(end: CancellationToken) -> Self {
        Self(end)
    }

    fn answer(&self, service: &str) -> Result<HealthCheckResponse, Status> {
        if !matches!(service, "" | "plugin") {
            return Err(Status::not_found("unknown service"));
        }
        let status = if self.0.is_cancelled() {
            ServingStatus::NotServing
        } else {
            ServingStatus::Serving
        };
        Ok(HealthCheckResponse {
            status: status.into(),
        })
    }
}

#[tonic::async_trait]
impl HealthService for Health {
    type WatchStream = Answers<HealthCheckResponse>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        self.answer(&request.get_ref().service).map(Response::new)
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let first = self.answer(&request.get_ref().service)?;
        let answers = futures::stream::iter([Ok(first)]).chain(silent(self.0.clone()));
        Ok(Response::new(Box::pin(answers)))
    }
}
