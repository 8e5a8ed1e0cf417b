//! From a judgement to the diagnostics that core shows.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use gabion_engine::policy::{Disposition, Judgement, Ruling};

use super::paths::attribute_path;
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::diagnostic::Severity;
use crate::schema::Block;

/// Which rulings a call shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// All.
    All,
    /// What refuses the change: the rest was said when it was planned.
    Refusals,
    /// What does not refuse it: refusals come when core plans once more.
    Warnings,
}

/// What was said once and is not said again in this process.
#[derive(Debug, Default)]
pub(crate) struct Said(Mutex<HashSet<String>>);

impl Said {
    fn first(&self, text: &str) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(text.to_owned())
    }
}

pub(crate) fn diagnostics(
    judgement: &Judgement,
    block: &Block,
    show: Show,
    said: &Said,
) -> Vec<pb::Diagnostic> {
    let mut all: Vec<pb::Diagnostic> = judgement
        .rulings
        .iter()
        .filter_map(|ruling| diagnostic(ruling, block, show))
        .collect();
    if show != Show::Refusals {
        let notices = judgement.notices.iter().filter(|notice| said.first(notice));
        all.extend(
            notices.map(|notice| plain(Severity::Warning, "A notice from the guardrails", notice)),
        );
    }
    all
}

fn diagnostic(ruling: &Ruling, block: &Block, show: Show) -> Option<pb::Diagnostic> {
    let severity = if ruling.refuses() {
        Severity::Error
    } else {
        Severity::Warning
    };
    // What was accepted is silent in a plan, unless there is something to do about it.
    let silent = ruling.disposition == Disposition::Accepted && ruling.notes.is_empty();
    let shown = match show {
        Show::All => true,
        Show::Refusals => severity == Severity::Error,
        Show::Warnings => severity != Severity::Error,
    };
    if silent || !shown {
        return None;
    }
    Some(pb::Diagnostic {
        severity: severity.into(),
        summary: ruling.summary(),
        detail: ruling.detail(),
        attribute: attribute_path(block, &ruling.path),
    })
}

/// A diagnostic of no attribute.
pub(crate) fn plain(severity: Severity, summary: &str, detail: &str) -> pb::Diagnostic {
    pb::Diagnostic {
        severity: severity.into(),
        summary: summary.to_owned(),
        detail: detail.to_owned(),
        attribute: None,
    }
}

/// The change cannot be judged, and is therefore refused.
pub(crate) fn unjudged(type_name: &str, why: &str) -> pb::Diagnostic {
    plain(
        Severity::Error,
        &format!("Refused: a change of {type_name} could not be judged"),
        &format!("The guardrails must see every change, and {why}. Nothing was changed."),
    )
}
