//! SARIF 2.1.0, for code scanning.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use gabion_engine::policy::{Disposition, RuleInForce, Ruling};
use gabion_model::Level;
use serde_json::{Map, Value as Json, json};

use super::{Report, Seen};
use crate::source::Place;

/// The name that paths begin at; whoever reads the file knows where that is.
const ROOT: &str = "SRCROOT";

/// The whole report.
pub(crate) fn write(report: &Report<'_>) -> String {
    let index: HashMap<&str, usize> = report
        .rules
        .iter()
        .enumerate()
        .map(|(position, rule)| (rule.code.as_str(), position))
        .collect();
    let mut twins = HashMap::new();
    let results: Vec<Json> = report
        .seen()
        .map(|seen| result(seen, &index, &mut twins))
        .collect();
    let packs: Vec<Json> = report
        .packs()
        .into_iter()
        .map(|(name, version, digest)| {
            json!({ "name": name, "version": version, "properties": { "digest": digest } })
        })
        .collect();
    let notices: Vec<Json> = report
        .judgement
        .notices
        .iter()
        .map(|notice| json!({ "level": "note", "message": { "text": notice } }))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "gabion",
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": report.rules.iter().map(rule).collect::<Vec<_>>(),
                },
                "extensions": packs,
            },
            "invocations": [{
                "executionSuccessful": true,
                "exitCode": report.exit as u8,
                "toolExecutionNotifications": notices,
            }],
            "originalUriBaseIds": {
                ROOT: { "description": { "text": "the top of the repository, or the folder of the check where there is none" } },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    // Text and numbers only: there is nothing here that JSON could not hold.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn rule(rule: &RuleInForce) -> Json {
    let mut tags = vec!["terraform".to_owned()];
    tags.extend(
        rule.controls
            .iter()
            .map(|control| format!("{}/{}", control.framework, control.id)),
    );
    let level = match rule.level {
        Level::Mandatory => "error",
        Level::Advisory => "warning",
        Level::Off => "none",
    };
    let help = format!(
        "{} is {}. `gabion explain {}` says why it matters and how to mend it.",
        rule.code, rule.title, rule.code
    );
    let markdown = if rule.page().is_empty() {
        &help
    } else {
        rule.page()
    };
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": format!("{}: {}, a rule of pack {} {}", rule.code, rule.title, rule.pack, rule.pack_version) },
        "help": { "text": help, "markdown": markdown },
        "defaultConfiguration": { "enabled": rule.level != Level::Off, "level": level },
        "properties": { "tags": tags, "pack": rule.pack, "packVersion": rule.pack_version },
    })
}

fn result(
    seen: Seen<'_>,
    index: &HashMap<&str, usize>,
    twins: &mut HashMap<String, usize>,
) -> Json {
    let Seen { ruling, place } = seen;
    let mut result = Map::new();
    result.insert("ruleId".into(), json!(ruling.code));
    if let Some(position) = index.get(ruling.code.as_str()) {
        result.insert("ruleIndex".into(), json!(position));
    }
    let (kind, level) = match ruling.disposition {
        Disposition::Error | Disposition::Refuse => ("fail", "error"),
        Disposition::Warn => ("fail", "warning"),
        Disposition::Debt => ("fail", "note"),
        Disposition::Accepted if ruling.level == Level::Mandatory => ("fail", "error"),
        Disposition::Accepted => ("fail", "warning"),
        // Neither pass nor fail: the standard has a kind for it, and no level.
        Disposition::Note => ("open", "none"),
    };
    result.insert("kind".into(), json!(kind));
    result.insert("level".into(), json!(level));
    result.insert("message".into(), json!({ "text": message(ruling) }));
    result.insert("locations".into(), json!([location(ruling, place)]));
    if let Some(place) = place.filter(|place| place.downloaded) {
        result.insert(
            "relatedLocations".into(),
            json!([{
                "physicalLocation": physical(place),
                "message": { "text": "the resource in the module that was downloaded" },
            }]),
        );
    }
    let mark = fingerprint(ruling, twins);
    let line_hash = format!("{}:1", mark.get(..16).unwrap_or(&mark));
    result.insert(
        "partialFingerprints".into(),
        json!({ "gabionFinding/v1": mark, "primaryLocationLineHash": line_hash }),
    );
    if ruling.disposition == Disposition::Accepted {
        // A waiver stands in a policy file, an exception in the resource itself.
        let kind = if ruling.waived_by.is_some() {
            "external"
        } else {
            "inSource"
        };
        result.insert(
            "suppressions".into(),
            json!([{ "kind": kind, "status": "accepted", "justification": ruling.accepted }]),
        );
    }
    result.insert(
        "properties".into(),
        json!({
            "id": ruling.id(),
            "disposition": ruling.disposition,
            "operation": ruling.operation,
            "address": ruling.address,
            "path": ruling.path.to_string(),
            "observed": ruling.observed,
            "pack": ruling.pack,
            "levelFrom": ruling.level_from,
        }),
    );
    Json::Object(result)
}

/// What and where, what was observed, and the fix.
fn message(ruling: &Ruling) -> String {
    let mut text = ruling.subject();
    if !ruling.path.is_root() {
        text = format!("{} of {text}", ruling.path);
    }
    text = format!("{text}: {}.", ruling.message);
    if let Some(observed) = &ruling.observed {
        text.push_str(&format!(" Observed: {observed}."));
    }
    for note in &ruling.notes {
        text.push_str(&format!(" {note}"));
    }
    let fix = ruling.fix_lines();
    if !fix.is_empty() {
        text.push_str(&format!("\nFix:\n{}", fix.join("\n")));
    }
    text
}

fn location(ruling: &Ruling, place: Option<&Place>) -> Json {
    let name = ruling.subject();
    let mut location = Map::new();
    if let Some(place) = place
        .and_then(Place::editable)
        .filter(|place| place.portable.is_some())
    {
        location.insert("physicalLocation".into(), physical(place));
    }
    let full = if ruling.path.is_root() {
        name.clone()
    } else {
        format!("{name}.{}", ruling.path)
    };
    location.insert(
        "logicalLocations".into(),
        json!([{ "name": name, "fullyQualifiedName": full, "kind": "resource" }]),
    );
    Json::Object(location)
}

fn physical(place: &Place) -> Json {
    let path = place
        .portable
        .clone()
        .unwrap_or_else(|| place.file.display().to_string());
    json!({
        "artifactLocation": { "uri": uri(&path), "uriBaseId": ROOT },
        "region": { "startLine": place.line, "endLine": place.end_line },
    })
}

/// A relative path as a relative reference.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

/// The same in every run for the same finding: lines and indexes may move, what else is said may change.
fn fingerprint(ruling: &Ruling, twins: &mut HashMap<String, usize>) -> String {
    let key = [
        ruling.pack.as_str(),
        &ruling.code,
        &ruling.subject(),
        &ruling.path.without_indexes().to_string(),
    ]
    .join("\n");
    let twin = twins.entry(key.clone()).or_default();
    *twin += 1;
    let hash = digest(&SHA256, format!("{key}\n{twin}").as_bytes());
    hash.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_become_references() {
        assert_eq!(
            super::uri("a b/k:y/ü[0].tf"),
            "a%20b/k%3Ay/%C3%BC%5B0%5D.tf"
        );
    }
}
