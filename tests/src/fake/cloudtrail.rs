//! CloudTrail: logging by ARN and duplicate names (moto); tags at creation and log groups
//! (MiniStack).

use anyhow::Result;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::Fake;
use crate::proxy::{Reply, Request, Upstream};

impl Fake {
    pub(super) async fn cloudtrail(
        &self,
        request: &Request,
        upstream: &Upstream,
    ) -> Result<Option<Reply>> {
        let body = request.json();
        let name = trail_name(&body);
        match request.operation.name.as_str() {
            "StartLogging" | "StopLogging" if self.is_moto() => {
                let operation = request.operation.name.clone();
                upstream
                    .call(request, &operation, &json!({"Name": name}))
                    .await
                    .map(Some)
            }
            "CreateTrail" => {
                if self.is_moto() {
                    let found = upstream
                        .call(request, "GetTrail", &json!({"Name": name}))
                        .await?;
                    if found.ok() {
                        return Ok(Some(request.operation.error(
                            StatusCode::BAD_REQUEST,
                            "TrailAlreadyExistsException",
                            &format!("Trail {name} already exists"),
                        )));
                    }
                    return Ok(None);
                }
                let reply = upstream.send(request).await?;
                if reply.ok() {
                    let arn = reply.value().get("TrailARN").cloned().unwrap_or_default();
                    if let Some(tags) = body.get("TagsList").filter(|tags| tags.is_array()) {
                        let tags = json!({"ResourceId": arn, "TagsList": tags});
                        let tagged = upstream.call(request, "AddTags", &tags).await?;
                        if !tagged.ok() {
                            return Ok(Some(tagged));
                        }
                    }
                    self.keep_trail_logs(&name, &body);
                }
                Ok(Some(self.patch(reply, |trail| self.add_trail_logs(trail))))
            }
            "UpdateTrail" if !self.is_moto() => {
                let reply = upstream.send(request).await?;
                if reply.ok() {
                    self.keep_trail_logs(&name, &body);
                }
                Ok(Some(self.patch(reply, |trail| self.add_trail_logs(trail))))
            }
            "GetTrail" if !self.is_moto() => {
                let reply = upstream.send(request).await?;
                Ok(Some(self.patch(reply, |answer| {
                    if let Some(trail) = answer.get_mut("Trail") {
                        self.add_trail_logs(trail);
                    }
                })))
            }
            "DescribeTrails" if !self.is_moto() => {
                let reply = upstream.send(request).await?;
                Ok(Some(self.patch(reply, |answer| {
                    let trails = answer.get_mut("trailList").and_then(Value::as_array_mut);
                    for trail in trails.into_iter().flatten() {
                        self.add_trail_logs(trail);
                    }
                })))
            }
            "DeleteTrail" => {
                let reply = upstream.send(request).await?;
                if reply.ok() {
                    self.state().trail_logs.remove(&name);
                }
                Ok(Some(reply))
            }
            _ => Ok(None),
        }
    }

    fn keep_trail_logs(&self, name: &str, body: &Value) {
        let mut state = self.state();
        for key in LOG_KEYS {
            if let Some(value) = body.get(key) {
                let kept = state
                    .trail_logs
                    .entry(name.to_owned())
                    .or_insert_with(|| json!({}));
                if let Some(kept) = kept.as_object_mut() {
                    kept.insert(key.to_owned(), value.clone());
                }
            }
        }
    }

    fn add_trail_logs(&self, trail: &mut Value) {
        let name = trail
            .get("Name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let state = self.state();
        let kept = state.trail_logs.get(&name).and_then(Value::as_object);
        if let (Some(kept), Some(trail)) = (kept, trail.as_object_mut()) {
            trail.extend(kept.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }

    fn patch(&self, reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
        if !reply.ok() {
            return reply;
        }
        let mut value = reply.value();
        change(&mut value);
        reply.with_body(value.to_string())
    }
}

const LOG_KEYS: [&str; 2] = ["CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"];

/// A trail is named by its name or its ARN.
fn trail_name(body: &Value) -> String {
    let named = body
        .get("Name")
        .or_else(|| body.get("TrailName"))
        .and_then(Value::as_str);
    named
        .unwrap_or_default()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}
