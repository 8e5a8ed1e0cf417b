//! What a failed call tells: a kind decided by the modelled error code, and a sentence.

mod codes;
mod display;
mod sdk;

use crate::operations::Operation;

pub(crate) use codes::kind_of_code;
pub(crate) use display::clean;

/// Result of every call of this crate.
pub type Result<T, E = AwsError> = std::result::Result<T, E>;

/// What kind of failure it is. Decided by the modelled error code, never by the HTTP status:
/// proxies and emulators answer 404 or 500 with HTML for what they lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The object does not exist, by the service's own code.
    NotFound,
    /// An object of that name exists.
    AlreadyExists,
    /// The caller may not do that.
    AccessDenied,
    /// Too many requests, after all retries.
    Throttled,
    /// Another operation is under way on the same object, or a policy has not taken hold yet.
    Conflict,
    /// The object's state does not allow it (pending deletion, not empty, locked).
    InvalidState,
    /// The service refused the arguments.
    Invalid,
    /// An account quota is used up.
    Quota,
    /// The credentials have expired.
    ExpiredCredentials,
    /// No usable credentials: none found, or not accepted.
    NoCredentials,
    /// No answer in time.
    Timeout,
    /// The request did not reach the endpoint (name lookup, refused connection, TLS).
    Dispatch,
    /// Terraform asked to stop before the call began.
    Cancelled,
    /// A read-only handle refused a write: a fault in the caller, never sent.
    ReadOnly,
    /// The provider's own settings do not allow it (account not allowed, no region).
    Configuration,
    /// Anything else.
    Other,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsError {
    /// What kind of failure.
    pub kind: Kind,
    /// Service (`kms`); empty for failures of the provider's own settings.
    pub service: &'static str,
    /// Operation (`CreateKey`), or what was awaited.
    pub operation: String,
    /// The modelled error code, where the answer held one.
    pub code: Option<String>,
    /// The service's own message, cleaned of key ids and signatures.
    pub message: String,
    /// AWS request id, for support.
    pub request_id: Option<Box<str>>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// The call in the operations table; none for settings and waiting.
    pub(crate) call: Option<&'static Operation>,
    /// True when the call may have taken effect although it failed (no answer, 5xx).
    pub(crate) ambiguous: bool,
}

impl AwsError {
    /// An error of one table operation.
    pub(crate) fn of(op: &'static Operation, kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            service: op.service,
            operation: op.name.to_owned(),
            code: None,
            message: message.into(),
            request_id: None,
            retryable: matches!(
                kind,
                Kind::Throttled | Kind::Timeout | Kind::Dispatch | Kind::Conflict
            ),
            call: Some(op),
            ambiguous: false,
        }
    }

    /// An error that belongs to no call: settings, or waiting for `what`.
    pub fn without_call(kind: Kind, what: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            service: "",
            operation: what.into(),
            code: None,
            message: message.into(),
            request_id: None,
            retryable: matches!(kind, Kind::Timeout),
            call: None,
            ambiguous: false,
        }
    }

    /// Sets the code (and nothing else).
    pub(crate) fn with_code(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    /// The modelled error code, where the answer held one.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// IAM actions that the operation needs; the first is its own.
    pub fn iam_actions(&self) -> &'static [&'static str] {
        self.call.map_or(&[], |op| op.iam)
    }

    /// Whether the object does not exist, by the service's own code.
    pub fn is_not_found(&self) -> bool {
        self.kind == Kind::NotFound
    }

    /// Whether an object of that name exists already.
    pub fn is_already_exists(&self) -> bool {
        self.kind == Kind::AlreadyExists
    }

    /// Whether the caller may not do that.
    pub fn is_access_denied(&self) -> bool {
        self.kind == Kind::AccessDenied
    }

    /// Whether Terraform asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.kind == Kind::Cancelled
    }

    /// Whether the endpoint does not have the operation: it says so, or answers without any AWS code,
    /// as emulators and proxies do.
    pub fn is_unsupported(&self) -> bool {
        let says_so = matches!(
            self.code(),
            Some(
                "UnknownOperationException"
                    | "UnknownOperation"
                    | "UnsupportedOperation"
                    | "InvalidAction"
                    | "NotImplemented"
                    | "NotImplementedException"
            )
        );
        // Emulators that have no code for it say it in words.
        let in_words = self.message.to_lowercase().starts_with("unknown action");
        says_so
            || in_words
            || (self.kind == Kind::Other && self.code.is_none() && !self.service.is_empty())
    }

    /// Whether the call may have taken effect although no usable answer came back.
    pub fn may_have_happened(&self) -> bool {
        self.ambiguous
    }
}

impl std::error::Error for AwsError {}

/// Turns "not found" into `None`.
pub trait Absent<T> {
    /// `Ok(None)` when the service said that the object does not exist.
    fn or_absent(self) -> Result<Option<T>>;
}

impl<T> Absent<T> for Result<T> {
    fn or_absent(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
