//! CloudWatch Logs: keys of existing groups and deletion protection, which both emulators lack;
//! the list of allowed retention times, which moto does not check.

use anyhow::Result;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::Fake;
use crate::proxy::{Reply, Request, Upstream};

impl Fake {
    pub(super) async fn logs(
        &self,
        request: &Request,
        upstream: &Upstream,
    ) -> Result<Option<Reply>> {
        let body = request.json();
        let group = group_name(&body);
        match request.operation.name.as_str() {
            "AssociateKmsKey" | "DisassociateKmsKey" => {
                if let Some(missing) = missing(request, upstream, &group).await? {
                    return Ok(Some(missing));
                }
                let key = body.get("kmsKeyId").cloned().unwrap_or_default();
                self.state().group_key.insert(group, key);
                Ok(Some(Reply::json(&json!({}))))
            }
            "PutLogGroupDeletionProtection" => {
                if let Some(missing) = missing(request, upstream, &group).await? {
                    return Ok(Some(missing));
                }
                let on = body
                    .get("deletionProtectionEnabled")
                    .and_then(Value::as_bool);
                self.state()
                    .group_protection
                    .insert(group, on == Some(true));
                Ok(Some(Reply::json(&json!({}))))
            }
            "PutRetentionPolicy" => {
                let days = body
                    .get("retentionInDays")
                    .and_then(Value::as_i64)
                    .unwrap_or(0);
                Ok((!RETENTION.contains(&days)).then(|| {
                    request.operation.error(
                        StatusCode::BAD_REQUEST,
                        "InvalidParameterException",
                        "retentionInDays is not one of the allowed values",
                    )
                }))
            }
            "DescribeLogGroups" => {
                let reply = upstream.send(request).await?;
                if !reply.ok() {
                    return Ok(Some(reply));
                }
                let mut answer = reply.value();
                let groups = answer.get_mut("logGroups").and_then(Value::as_array_mut);
                for found in groups
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_object_mut)
                {
                    let name = found
                        .get("logGroupName")
                        .and_then(Value::as_str)
                        .unwrap_or_default();
                    let state = self.state();
                    let protection = state.group_protection.get(name).copied();
                    match state.group_key.get(name) {
                        Some(Value::Null) => {
                            found.remove("kmsKeyId");
                        }
                        Some(key) => {
                            found.insert("kmsKeyId".to_owned(), key.clone());
                        }
                        None => {}
                    }
                    if let Some(on) = protection {
                        found.insert("deletionProtectionEnabled".to_owned(), json!(on));
                    }
                }
                Ok(Some(reply.with_body(answer.to_string())))
            }
            "DeleteLogGroup" => {
                if self.state().group_protection.get(&group) == Some(&true) {
                    return Ok(Some(request.operation.error(
                        StatusCode::BAD_REQUEST,
                        "ValidationException",
                        "the log group has deletion protection enabled",
                    )));
                }
                let reply = upstream.send(request).await?;
                if reply.ok() {
                    let mut state = self.state();
                    state.group_key.remove(&group);
                    state.group_protection.remove(&group);
                }
                Ok(Some(reply))
            }
            _ => Ok(None),
        }
    }
}

/// The allowed values of `retentionInDays`.
const RETENTION: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// A group is named by its name, or by an identifier that is a name or an ARN.
fn group_name(body: &Value) -> String {
    ["logGroupName", "logGroupIdentifier", "resourceIdentifier"]
        .iter()
        .find_map(|key| body.get(*key).and_then(Value::as_str))
        .map(|text| match text.split_once(":log-group:") {
            Some((_, name)) => name.trim_end_matches(":*").to_owned(),
            None => text.to_owned(),
        })
        .unwrap_or_default()
}

/// The error that AWS gives when the group does not exist.
async fn missing(request: &Request, upstream: &Upstream, group: &str) -> Result<Option<Reply>> {
    let found = upstream
        .call(
            request,
            "DescribeLogGroups",
            &json!({"logGroupNamePrefix": group}),
        )
        .await?
        .value();
    let groups = found.get("logGroups").and_then(Value::as_array);
    let there = groups
        .into_iter()
        .flatten()
        .any(|found| found.get("logGroupName").and_then(Value::as_str) == Some(group));
    Ok((!there).then(|| {
        request.operation.error(
            StatusCode::BAD_REQUEST,
            "ResourceNotFoundException",
            "The specified log group does not exist.",
        )
    }))
}
