//! Failed calls as diagnostics.

use gabion_aws::{AwsError, Kind};
use gabion_framework::prelude::*;

/// The error of a call, for `map_err`: `doing` goes on after "while", in the present participle, such as
/// "reading the key `alias/x`".
pub(crate) fn while_doing(doing: impl Into<String>) -> impl FnOnce(AwsError) -> Diagnostics {
    let doing = doing.into();
    move |error| diagnostics(None, &doing, &error)
}

/// As [`while_doing`], at an attribute.
pub(crate) fn while_setting(
    path: Path,
    doing: impl Into<String>,
) -> impl FnOnce(AwsError) -> Diagnostics {
    let doing = doing.into();
    move |error| diagnostics(Some(path), &doing, &error)
}

fn diagnostics(path: Option<Path>, doing: &str, error: &AwsError) -> Diagnostics {
    let mut detail = format!("While {doing}: {error}.");
    if error.kind == Kind::Cancelled {
        detail.push_str(" What was done is in the state; apply again to continue.");
    }
    Diagnostic {
        severity: Severity::Error,
        summary: error.summary(),
        detail,
        path,
    }
    .into()
}

/// Runs a body that stops at its first error, and gives all diagnostics.
pub(crate) fn collect(mut warnings: Diagnostics, result: Result<(), Diagnostics>) -> Diagnostics {
    if let Err(errors) = result {
        warnings.extend(errors);
    }
    warnings
}

/// Just one error at an attribute.
pub(crate) fn error_at(
    path: Path,
    summary: impl Into<String>,
    detail: impl Into<String>,
) -> Diagnostics {
    let mut diags = Diagnostics::new();
    diags.error_at(path, summary, detail);
    diags
}
