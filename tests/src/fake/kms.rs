//! KMS: rotation periods, bounds and state checks that moto lacks, and the last use of a key.

use anyhow::Result;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::Fake;
use crate::proxy::{Reply, Request, Upstream};

impl Fake {
    pub(super) async fn kms(
        &self,
        request: &Request,
        upstream: &Upstream,
    ) -> Result<Option<Reply>> {
        let body = request.json();
        match request.operation.name.as_str() {
            "EnableKeyRotation" => self.enable_rotation(request, &body, upstream).await,
            "GetKeyRotationStatus" if self.is_moto() => {
                let reply = upstream.send(request).await?;
                let key = key_id(request, upstream, &body).await?;
                let mut status = reply.value();
                let on = status.get("KeyRotationEnabled").and_then(Value::as_bool) == Some(true);
                if let (true, Some(status)) = (reply.ok() && on, status.as_object_mut()) {
                    let period = self
                        .state()
                        .rotation_period
                        .get(&key)
                        .copied()
                        .unwrap_or(365);
                    status.insert("RotationPeriodInDays".to_owned(), json!(period));
                    return Ok(Some(
                        reply.with_body(Value::from(status.clone()).to_string()),
                    ));
                }
                Ok(Some(reply))
            }
            "ScheduleKeyDeletion" => {
                let window = body
                    .get("PendingWindowInDays")
                    .and_then(Value::as_i64)
                    .unwrap_or(30);
                Ok((!(7..=30).contains(&window)).then(|| {
                    invalid(
                        request,
                        "PendingWindowInDays must be between 7 and 30 (inclusive)",
                    )
                }))
            }
            "PutKeyPolicy" | "CreateKey" => {
                let policy = body.get("Policy").and_then(Value::as_str);
                let broken = policy.is_some_and(|text| {
                    serde_json::from_str::<Value>(text).map_or(true, |value| !value.is_object())
                });
                Ok(broken.then(|| {
                    request.operation.error(
                        StatusCode::BAD_REQUEST,
                        "MalformedPolicyDocumentException",
                        "The new key policy is not valid JSON",
                    )
                }))
            }
            "GetKeyLastUsage" => {
                let described = upstream
                    .call(request, "DescribeKey", &json!({"KeyId": body.get("KeyId")}))
                    .await?;
                if !described.ok() {
                    return Ok(Some(described));
                }
                let metadata = described
                    .value()
                    .get("KeyMetadata")
                    .cloned()
                    .unwrap_or_default();
                let key = metadata
                    .get("KeyId")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let created = metadata.get("CreationDate").cloned().unwrap_or(json!(0));
                let mut answer = json!({
                    "KeyId": key,
                    "KeyCreationDate": created,
                    "TrackingStartDate": created,
                });
                if let (Some(used), Some(answer)) =
                    (self.state().last_used.get(key), answer.as_object_mut())
                {
                    answer.insert(
                        "KeyLastUsage".to_owned(),
                        json!({"Operation": "Decrypt", "Timestamp": used}),
                    );
                }
                Ok(Some(Reply::json(&answer)))
            }
            _ => Ok(None),
        }
    }

    async fn enable_rotation(
        &self,
        request: &Request,
        body: &Value,
        upstream: &Upstream,
    ) -> Result<Option<Reply>> {
        let period = body.get("RotationPeriodInDays").and_then(Value::as_i64);
        if period.is_some_and(|days| !(90..=2560).contains(&days)) {
            let text = "RotationPeriodInDays must be between 90 and 2560 (inclusive)";
            return Ok(Some(invalid(request, text)));
        }
        let described = upstream
            .call(request, "DescribeKey", &json!({"KeyId": body.get("KeyId")}))
            .await?;
        let answer = described.value();
        let state = answer
            .pointer("/KeyMetadata/KeyState")
            .and_then(Value::as_str);
        match state {
            Some("Disabled") => {
                return Ok(Some(request.operation.error(
                    StatusCode::BAD_REQUEST,
                    "DisabledException",
                    "the key is disabled",
                )));
            }
            Some("PendingDeletion") => {
                return Ok(Some(request.operation.error(
                    StatusCode::BAD_REQUEST,
                    "KMSInvalidStateException",
                    "the key is pending deletion",
                )));
            }
            _ => {}
        }
        let reply = upstream.send(request).await?;
        let key = answer.pointer("/KeyMetadata/KeyId").and_then(Value::as_str);
        if let (true, Some(key)) = (reply.ok() && self.is_moto(), key) {
            // Without a period AWS keeps the one that was set, or takes 365.
            let mut state = self.state();
            let days = state.rotation_period.entry(key.to_owned()).or_insert(365);
            *days = period.unwrap_or(*days);
        }
        Ok(Some(reply))
    }

    /// Says that a key was used at that time (seconds since 1970): `GetKeyLastUsage` answers it.
    pub fn set_last_used(&self, key_id: &str, epoch_seconds: i64) {
        self.state()
            .last_used
            .insert(key_id.to_owned(), epoch_seconds);
    }
}

fn invalid(request: &Request, text: &str) -> Reply {
    request
        .operation
        .error(StatusCode::BAD_REQUEST, "ValidationException", text)
}

/// The bare id behind whatever names the key in a request.
async fn key_id(request: &Request, upstream: &Upstream, body: &Value) -> Result<String> {
    let described = upstream
        .call(request, "DescribeKey", &json!({"KeyId": body.get("KeyId")}))
        .await?;
    let answer = described.value();
    Ok(answer
        .pointer("/KeyMetadata/KeyId")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned())
}
