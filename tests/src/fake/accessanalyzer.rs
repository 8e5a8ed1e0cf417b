//! Access Analyzer: analyzers of external access, which no emulator has.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Fake;
use crate::proxy::{Reply, Request};

impl Fake {
    pub(super) fn accessanalyzer(&self, request: &Request) -> Option<Reply> {
        let account = self.account_of(request);
        let region = request.operation.region.clone();
        let mut state = self.state();
        let here = |key: &(String, String, String)| key.0 == account && key.1 == region;
        match request.operation.name.as_str() {
            "CreateAnalyzer" => {
                let body = request.json();
                let name = request.text("analyzerName").unwrap_or_default();
                let key = (account.clone(), region.clone(), name.clone());
                if state.analyzers.contains_key(&key) {
                    return Some(request.operation.error(
                        StatusCode::CONFLICT,
                        "ConflictException",
                        "An analyzer with this name already exists.",
                    ));
                }
                if state.analyzers.keys().any(here) {
                    return Some(request.operation.error(
                        StatusCode::PAYMENT_REQUIRED,
                        "ServiceQuotaExceededException",
                        "You have reached the quota of analyzers.",
                    ));
                }
                let arn = format!("arn:aws:access-analyzer:{region}:{account}:analyzer/{name}");
                let analyzer = json!({
                    "arn": arn, "name": name, "type": body.get("type"), "status": "ACTIVE",
                    "createdAt": "2026-01-01T00:00:00Z",
                    "tags": body.get("tags").cloned().unwrap_or_else(|| json!({})),
                });
                state.analyzers.insert(key, analyzer);
                Some(Reply::json(&json!({"arn": arn})))
            }
            "ListAnalyzers" => {
                let list: Vec<&Value> = state
                    .analyzers
                    .iter()
                    .filter(|(key, _)| here(key))
                    .map(|(_, analyzer)| analyzer)
                    .collect();
                Some(Reply::json(&json!({"analyzers": list})))
            }
            // The provider lists; hashicorp/aws, which the benchmark compares it with, asks by name.
            "GetAnalyzer" => {
                let name = request.uri.path().rsplit('/').next().unwrap_or_default();
                let found = state.analyzers.get(&(account, region, name.to_owned()));
                Some(match found {
                    Some(analyzer) => Reply::json(&json!({"analyzer": analyzer})),
                    None => request.operation.error(
                        StatusCode::NOT_FOUND,
                        "ResourceNotFoundException",
                        "The analyzer does not exist.",
                    ),
                })
            }
            "DeleteAnalyzer" => {
                let name = request.uri.path().rsplit('/').next().unwrap_or_default();
                let gone = state.analyzers.remove(&(account, region, name.to_owned()));
                Some(match gone {
                    Some(_) => Reply::json(&json!({})),
                    None => request.operation.error(
                        StatusCode::NOT_FOUND,
                        "ResourceNotFoundException",
                        "The analyzer does not exist.",
                    ),
                })
            }
            "TagResource" | "UntagResource" => {
                // `/tags/arn%3Aaws%3A...%3Aanalyzer%2Fname`
                let path = request.uri.path();
                let (_, name) = path.rsplit_once("%2F").or_else(|| path.rsplit_once('/'))?;
                let key = (account, region, name.to_owned());
                let Some(analyzer) = state.analyzers.get_mut(&key) else {
                    return Some(request.operation.error(
                        StatusCode::NOT_FOUND,
                        "ResourceNotFoundException",
                        "The analyzer does not exist.",
                    ));
                };
                let tags = analyzer.get_mut("tags").and_then(Value::as_object_mut)?;
                if request.operation.name == "TagResource" {
                    let new = request.json().get("tags")?.as_object()?.clone();
                    tags.extend(new);
                } else {
                    for pair in request.uri.query().unwrap_or_default().split('&') {
                        if let Some(key) = pair.strip_prefix("tagKeys=") {
                            tags.remove(key);
                        }
                    }
                }
                Some(Reply::json(&json!({})))
            }
            _ => None,
        }
    }
}
