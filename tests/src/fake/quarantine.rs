//! Whose session a call comes from, and the one service control policy that the provider's work
//! rests on: a policy that forbids everything in an account, but to those it exempts.

use anyhow::Result;
use serde_json::Value;

use super::Fake;
use crate::proxy::{Reply, Request, Upstream};

impl Fake {
    pub(super) async fn sts(
        &self,
        request: &Request,
        upstream: &Upstream,
    ) -> Result<Option<Reply>> {
        if request.operation.name != "AssumeRole" {
            return Ok(None);
        }
        let reply = upstream.send(request).await?;
        let text = reply.text();
        let between = |open: &str| {
            let (_, rest) = text.split_once(open)?;
            rest.split('<').next().map(str::to_owned)
        };
        if let (true, Some(key), Some(arn)) =
            (reply.ok(), between("<AccessKeyId>"), between("<Arn>"))
        {
            // arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION
            let parts: Vec<&str> = arn.split(':').collect();
            if let [_, partition, _, _, account, session] = parts.as_slice() {
                let name = session.split('/').nth(1).unwrap_or_default();
                let role = format!("arn:{partition}:iam::{account}:role/{name}");
                self.state()
                    .sessions
                    .insert(key, ((*account).to_owned(), role));
            }
        }
        Ok(Some(reply))
    }

    /// The account that a call acts in.
    pub(super) fn account_of(&self, request: &Request) -> String {
        self.state()
            .sessions
            .get(&request.operation.access_key)
            .map_or_else(
                || self.kind.account().to_owned(),
                |(account, _)| account.clone(),
            )
    }

    /// The refusal of a call from an account under quarantine.
    pub(super) fn quarantined(&self, request: &Request) -> Option<Reply> {
        let state = self.state();
        let (account, role) = state.sessions.get(&request.operation.access_key)?;
        let shut_out = state
            .quarantines
            .iter()
            .any(|((at, _), exempt)| at == account && !exempt.contains(role));
        shut_out.then(|| request.operation.denied())
    }

    /// Notes the attachment of a policy to an account.
    pub(super) fn note_policy(&self, account: &str, policy: &str, content: &str) {
        let content: Value = serde_json::from_str(content).unwrap_or_default();
        let statements = content
            .get("Statement")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for statement in statements {
            let text = |path: &str| statement.pointer(path).and_then(Value::as_str);
            let all = text("/Action").or_else(|| text("/Action/0")) == Some("*");
            let exempt = statement.pointer("/Condition/ArnNotLike/aws:PrincipalArn");
            if let (Some("Deny"), true, Some(exempt)) = (text("/Effect"), all, exempt) {
                let names = match exempt {
                    Value::Array(list) => list
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                    other => other.as_str().map(str::to_owned).into_iter().collect(),
                };
                self.state()
                    .quarantines
                    .insert((account.to_owned(), policy.to_owned()), names);
            }
        }
    }
}
