//! The one way in which a request leaves this crate.

use std::error::Error;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::clients::Clients;
use crate::error::{AwsError, Kind, Result};
use crate::observe::CallRecord;
use crate::operations::{Access, Operation};

impl Clients {
    /// Sends one request: refuses writes of a read-only handle and anything after a stop, waits for
    /// its turn, and tells the log and the observer. Parameters and answers are never logged.
    pub(crate) async fn call<T, E, F>(&self, op: &'static Operation, request: F) -> Result<T>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let request = Box::pin(request);
        if let Err(error) = self.may_start(op).await {
            self.tell(op, Duration::ZERO, Some(&error));
            return Err(error);
        }
        let begin = Instant::now();
        // A listing that began before a write, or while it ran, does not show it for sure.
        if op.access == Access::Write {
            self.writes().note();
        }
        let result = request
            .await
            .map_err(|error| AwsError::from_sdk(op, &error));
        if op.access == Access::Write {
            self.writes().note();
        }
        self.tell(op, begin.elapsed(), result.as_ref().err());
        result
    }

    async fn may_start(&self, op: &'static Operation) -> Result<()> {
        if self.is_read_only() && op.access == Access::Write {
            return Err(AwsError::of(op, Kind::ReadOnly, ""));
        }
        self.check_running(op)?;
        let pause = self.limiter().reserve(op, self.account_id(), self.region());
        if !pause.is_zero() {
            self.sleep(pause).await;
            self.check_running(op)?;
        }
        Ok(())
    }

    fn check_running(&self, op: &'static Operation) -> Result<()> {
        if self.is_cancelled() {
            return Err(AwsError::of(op, Kind::Cancelled, ""));
        }
        if self
            .deadline()
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            return Err(AwsError::of(
                op,
                Kind::Timeout,
                "the time of `timeouts` is used up, and the call was not started",
            ));
        }
        Ok(())
    }

    fn tell(&self, op: &'static Operation, duration: Duration, error: Option<&AwsError>) {
        let outcome = match error {
            None => "ok".to_owned(),
            Some(error) => match &error.code {
                Some(code) => format!("{:?} {code}", error.kind),
                None => format!("{:?}", error.kind),
            },
        };
        tracing::debug!(
            service = op.service,
            operation = op.name,
            account = self.account_id(),
            region = self.region(),
            milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            outcome,
            "aws call"
        );
        if let Some(observer) = self.observer() {
            observer.record(&CallRecord {
                service: op.service,
                operation: op.name,
                access: op.access,
                account_id: self.account_id().to_owned(),
                region: self.region().to_owned(),
                duration,
                error: error.map(|error| (error.kind, error.code.clone())),
            });
        }
    }
}
