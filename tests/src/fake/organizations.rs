//! Organizations: creations that take a while, addresses that are in use, names of units that are
//! taken, and policies that shut out.

use anyhow::Result;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::Fake;
use crate::proxy::{Reply, Request, Upstream};

/// How often a creation is told to be under way.
const LOOKS: u32 = 1;

impl Fake {
    pub(super) async fn organizations(
        &self,
        request: &Request,
        upstream: &Upstream,
    ) -> Result<Option<Reply>> {
        if !self.is_moto() {
            return Ok(None);
        }
        let body = request.json();
        match request.operation.name.as_str() {
            "CreateAccount" => self
                .create_account(request, &body, upstream)
                .await
                .map(Some),
            "DescribeCreateAccountStatus" => self.create_status(request, upstream).await.map(Some),
            "ListCreateAccountStatus" => self
                .create_statuses(request, &body, upstream)
                .await
                .map(Some),
            "CreateOrganizationalUnit" => {
                let parent = json!({"ParentId": text(&body, "ParentId")});
                let below = upstream
                    .call(request, "ListOrganizationalUnitsForParent", &parent)
                    .await?;
                let taken = list(&below.value(), "OrganizationalUnits")
                    .iter()
                    .any(|unit| text(unit, "Name") == text(&body, "Name"));
                Ok(taken.then(|| {
                    request.operation.error(
                        StatusCode::BAD_REQUEST,
                        "DuplicateOrganizationalUnitException",
                        "An OU with the same name already exists.",
                    )
                }))
            }
            "AttachPolicy" => {
                let (policy, target) = (text(&body, "PolicyId"), text(&body, "TargetId"));
                let reply = upstream.send(request).await?;
                if reply.ok() {
                    let described = upstream
                        .call(request, "DescribePolicy", &json!({"PolicyId": policy}))
                        .await?;
                    let content = text(
                        described.value().get("Policy").unwrap_or(&Value::Null),
                        "Content",
                    );
                    self.note_policy(&target, &policy, &content);
                }
                Ok(Some(reply))
            }
            "DetachPolicy" => {
                let key = (text(&body, "TargetId"), text(&body, "PolicyId"));
                let reply = upstream.send(request).await?;
                if reply.ok() {
                    self.state().quarantines.remove(&key);
                }
                Ok(Some(reply))
            }
            _ => Ok(None),
        }
    }

    async fn create_account(
        &self,
        request: &Request,
        body: &Value,
        upstream: &Upstream,
    ) -> Result<Reply> {
        let accounts = upstream.call(request, "ListAccounts", &json!({})).await?;
        let email = text(body, "Email");
        let taken = list(&accounts.value(), "Accounts")
            .iter()
            .any(|account| text(account, "Email").eq_ignore_ascii_case(&email));
        // An address that another organization has: no list shows it.
        let elsewhere = email.contains("elsewhere");
        // An organization that has no room is told only by how the creation ends.
        let full = email.contains("one-too-many");
        if taken || elsewhere || full {
            let mut state = self.state();
            let id = format!("car-failed{:02}", state.failed_creations.len());
            let failed = json!({
                "Id": id, "AccountName": text(body, "AccountName"), "State": "FAILED",
                "FailureReason": if full { "ACCOUNT_LIMIT_EXCEEDED" } else { "EMAIL_ALREADY_EXISTS" },
            });
            state.failed_creations.insert(id.clone(), failed);
            return Ok(Reply::json(&json!({"CreateAccountStatus": {
                "Id": id, "AccountName": text(body, "AccountName"), "State": "IN_PROGRESS",
            }})));
        }
        let reply = upstream.send(request).await?;
        if !reply.ok() {
            return Ok(reply);
        }
        let mut value = reply.value();
        if let Some(status) = value.get_mut("CreateAccountStatus") {
            self.state().creations.insert(text(status, "Id"), LOOKS);
            under_way(status);
        }
        Ok(reply.with_body(value.to_string()))
    }

    async fn create_status(&self, request: &Request, upstream: &Upstream) -> Result<Reply> {
        let id = request.text("CreateAccountRequestId").unwrap_or_default();
        if let Some(failed) = self.state().failed_creations.get(&id) {
            return Ok(Reply::json(&json!({"CreateAccountStatus": failed})));
        }
        let reply = upstream.send(request).await?;
        let mut value = reply.value();
        if reply.ok() && self.looks_left(&id) {
            if let Some(status) = value.get_mut("CreateAccountStatus") {
                under_way(status);
            }
            return Ok(reply.with_body(value.to_string()));
        }
        Ok(reply)
    }

    async fn create_statuses(
        &self,
        request: &Request,
        body: &Value,
        upstream: &Upstream,
    ) -> Result<Reply> {
        let all = upstream
            .call(request, "ListCreateAccountStatus", &json!({}))
            .await?;
        if !all.ok() {
            return Ok(all);
        }
        let mut value = all.value();
        if let Some(list) = value
            .get_mut("CreateAccountStatuses")
            .and_then(Value::as_array_mut)
        {
            for status in list.iter_mut() {
                if self.state().creations.contains_key(&text(status, "Id")) {
                    under_way(status);
                }
            }
            let wanted = body.get("States").and_then(Value::as_array);
            list.retain(|status| {
                wanted.is_none_or(|states| {
                    states
                        .iter()
                        .any(|state| state.as_str() == Some(&text(status, "State")))
                })
            });
        }
        Ok(all.with_body(value.to_string()))
    }

    /// Whether a creation is still told to be under way; counts down.
    fn looks_left(&self, id: &str) -> bool {
        let mut state = self.state();
        match state.creations.get_mut(id) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => {
                state.creations.remove(id);
                false
            }
        }
    }
}

fn under_way(status: &mut Value) {
    if let Some(status) = status.as_object_mut() {
        status.insert("State".to_owned(), json!("IN_PROGRESS"));
        status.remove("AccountId");
        status.remove("CompletedTimestamp");
    }
}

fn text(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}
