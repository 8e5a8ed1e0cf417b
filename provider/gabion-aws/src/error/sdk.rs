//! SDK errors to ours.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::codes::quotes_credentials;
use super::{AwsError, Kind, clean, kind_of_code};
use crate::operations::Operation;

impl AwsError {
    /// Translates an SDK error of one table operation.
    pub(crate) fn from_sdk<E>(op: &'static Operation, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        // A failure to get credentials travels inside a dispatch failure.
        if let Some(inner) = find_in_chain::<AwsError>(error) {
            return inner.clone();
        }
        let mut out = match error {
            SdkError::ServiceError(service) => {
                let meta = service.err().meta();
                let status = service.raw().status().as_u16();
                from_answer(op, meta.code(), meta.message(), status)
            }
            SdkError::ResponseError(response) => {
                let status = response.raw().status().as_u16();
                let mut out = from_answer(op, None, None, status);
                out.message = format!(
                    "the answer (HTTP {status}) could not be read: {}",
                    deepest(error)
                );
                out.ambiguous = true;
                out
            }
            SdkError::TimeoutError(_) => {
                let mut out = Self::of(op, Kind::Timeout, deepest(error));
                out.ambiguous = true;
                out
            }
            SdkError::DispatchFailure(failure) => {
                let (kind, message) = match find_in_chain::<CredentialsError>(error) {
                    Some(credentials) => credentials_kind(credentials),
                    None if failure.is_timeout() => (Kind::Timeout, deepest(error)),
                    None => (Kind::Dispatch, deepest(error)),
                };
                let mut out = Self::of(op, kind, message);
                // Only a connection that was made can have carried the request.
                out.ambiguous = matches!(kind, Kind::Timeout | Kind::Dispatch);
                out
            }
            SdkError::ConstructionFailure(_) => match find_in_chain::<CredentialsError>(error) {
                Some(credentials) => {
                    let (kind, message) = credentials_kind(credentials);
                    Self::of(op, kind, message)
                }
                None => Self::of(op, Kind::Invalid, deepest(error)),
            },
            _ => Self::of(op, Kind::Other, deepest(error)),
        };
        out.request_id = match error {
            SdkError::ServiceError(service) => service
                .err()
                .meta()
                .request_id()
                .or_else(|| service.raw().request_id()),
            SdkError::ResponseError(response) => response.raw().request_id(),
            _ => None,
        }
        .map(Box::from);
        out
    }
}

/// An answer that came back with an error: by its code, where it holds one.
fn from_answer(
    op: &'static Operation,
    code: Option<&str>,
    message: Option<&str>,
    status: u16,
) -> AwsError {
    // S3 answers to HEAD, and proxies, carry no code; the SDK then makes one up from nothing we trust.
    let code = code.filter(|code| !code.is_empty() && !code.chars().all(|c| c.is_ascii_digit()));
    let kind = code.map_or(Kind::Other, kind_of_code);
    let text = match (code, message) {
        (Some(code), _) if quotes_credentials(code) => {
            "AWS does not accept these credentials".to_owned()
        }
        (Some(_), Some(message)) => clean(message),
        (Some(_), None) => String::new(),
        (None, _) if status < 300 => format!("the answer (HTTP {status}) could not be understood"),
        (None, _) => format!("the endpoint answered HTTP {status}"),
    };
    let mut out = AwsError::of(op, kind, text);
    out.code = code.map(str::to_owned);
    let server_side = status >= 500;
    out.retryable |= server_side;
    // A server fault may come after the effect; a throttled request has had none.
    out.ambiguous = server_side && kind != Kind::Throttled;
    out
}

fn credentials_kind(error: &CredentialsError) -> (Kind, String) {
    let kind = match error {
        CredentialsError::ProviderTimedOut(_) => Kind::Timeout,
        _ => Kind::NoCredentials,
    };
    (kind, deepest(error))
}

/// The innermost message of a chain of errors: the outer ones only say "dispatch failure".
fn deepest(error: &(dyn Error + 'static)) -> String {
    let mut at = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    clean(&at.to_string())
}

fn find_in_chain<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut at = Some(error);
    while let Some(current) = at {
        if let Some(found) = current.downcast_ref::<T>() {
            return Some(found);
        }
        at = current.source();
    }
    None
}
