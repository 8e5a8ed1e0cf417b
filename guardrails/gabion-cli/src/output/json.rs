//! The result for a program. The shape is documented in `docs/cli.md`: fields are added, never changed.

use gabion_engine::policy::Disposition;
use gabion_model::{Level, Operation, Patch, Undetermined};
use serde::Serialize;

use super::{Report, Seen};

/// Raised when a field changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    gabion_version: &'static str,
    exit_code: u8,
    plan: PlanPart<'a>,
    packs: Vec<PackPart<'a>>,
    summary: Summary,
    findings: Vec<FindingPart<'a>>,
    notices: &'a [String],
}

#[derive(Serialize)]
struct PlanPart<'a> {
    format_version: &'a str,
    terraform_version: Option<&'a str>,
    complete: bool,
}

#[derive(Serialize)]
struct PackPart<'a> {
    name: &'a str,
    version: &'a str,
    digest: &'a str,
}

#[derive(Serialize)]
struct Summary {
    changes: usize,
    judged: usize,
    rules: usize,
    refused: usize,
    failed: usize,
    warnings: usize,
    debt: usize,
    undetermined: usize,
    accepted: usize,
}

/// A finding, as every command writes it.
#[derive(Serialize)]
pub(crate) struct FindingPart<'a> {
    id: String,
    rule: &'a str,
    name: &'a str,
    title: &'a str,
    pack: &'a str,
    pack_version: &'a str,
    level: Level,
    level_from: &'a str,
    disposition: Disposition,
    operation: Operation,
    resource_type: &'a str,
    address: Option<&'a str>,
    module_address: Option<&'a str>,
    identity: Option<&'a str>,
    path: String,
    observed: Option<&'a str>,
    message: &'a str,
    fix: Vec<Fix>,
    undetermined: &'a [Undetermined],
    reason: Option<&'a str>,
    accepted: Option<&'a str>,
    waiver: Option<&'a str>,
    notes: &'a [String],
    contact: Option<&'a str>,
    source: Option<SourcePart>,
}

#[derive(Serialize)]
struct SourcePart {
    file: String,
    line: usize,
    end_line: usize,
}

#[derive(Serialize)]
struct Fix {
    path: String,
    value: serde_json::Value,
}

impl Fix {
    fn new(patch: &Patch) -> Self {
        let value = serde_json::from_str(&patch.value)
            .unwrap_or_else(|_| serde_json::Value::String(patch.value.clone()));
        Self {
            path: patch.path.to_string(),
            value,
        }
    }
}

impl<'a> FindingPart<'a> {
    pub(crate) fn new(Seen { ruling, place }: Seen<'a>) -> Self {
        Self {
            id: ruling.id(),
            rule: &ruling.code,
            name: &ruling.name,
            title: &ruling.title,
            pack: &ruling.pack,
            pack_version: &ruling.pack_version,
            level: ruling.level,
            level_from: &ruling.level_from,
            disposition: ruling.disposition,
            operation: ruling.operation,
            resource_type: &ruling.resource_type,
            address: ruling.address.as_deref(),
            module_address: ruling.module_address.as_deref(),
            identity: ruling.identity.as_deref(),
            path: ruling.path.to_string(),
            observed: ruling.observed.as_deref(),
            message: &ruling.message,
            fix: ruling.fix.iter().map(Fix::new).collect(),
            undetermined: &ruling.undetermined,
            reason: ruling.reason.as_deref(),
            accepted: ruling.accepted.as_deref(),
            waiver: ruling.waived_by.as_deref(),
            notes: &ruling.notes,
            contact: ruling.contact.as_deref(),
            source: place.map(|place| SourcePart {
                file: place.file.display().to_string(),
                line: place.line,
                end_line: place.end_line,
            }),
        }
    }
}

/// The whole report as JSON.
pub(crate) fn write(report: &Report<'_>) -> String {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        gabion_version: env!("CARGO_PKG_VERSION"),
        exit_code: report.exit as u8,
        plan: PlanPart {
            format_version: report.format_version,
            terraform_version: report.terraform_version,
            complete: report.complete,
        },
        packs: report
            .packs()
            .into_iter()
            .map(|(name, version, digest)| PackPart {
                name,
                version,
                digest,
            })
            .collect(),
        summary: Summary {
            changes: report.changes,
            judged: report.judged,
            rules: report.rules_in_force(),
            refused: report.count(Disposition::Refuse),
            failed: report.count(Disposition::Error),
            warnings: report.count(Disposition::Warn),
            debt: report.count(Disposition::Debt),
            undetermined: report.count(Disposition::Note),
            accepted: report.count(Disposition::Accepted),
        },
        findings: report.seen().map(FindingPart::new).collect(),
        notices: &report.judgement.notices,
    };
    // Text and numbers only: there is nothing here that JSON could not hold.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
