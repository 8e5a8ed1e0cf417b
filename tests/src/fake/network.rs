//! EC2 and Route 53 Resolver: what a network segment needs and no emulator has: exclusions from the account's block of
//! public access, and the end of a query log's association and configuration.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::Fake;
use crate::proxy::{Reply, Request, Upstream};

/// What stands between two marks.
pub(super) fn between(text: &str, start: &str, end: &str) -> String {
    text.split_once(start)
        .and_then(|(_, rest)| rest.split_once(end))
        .map(|(inner, _)| inner.to_owned())
        .unwrap_or_default()
}

/// What the emulator would forget.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// Exclusions: id, VPC, mode.
    exclusions: Vec<(String, String, String)>,
    /// Query log associations that ended: configuration and VPC.
    ended: BTreeSet<(String, String)>,
    /// Query log configurations that were deleted.
    deleted: BTreeSet<String>,
    /// Tags of query log configurations, by ARN.
    tags: BTreeMap<String, Value>,
}

impl Fake {
    pub(super) fn ec2_network(&self, request: &Request) -> Option<Reply> {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let field = |name: &str| {
            form.split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
                .map(str::to_owned)
        };
        let mut state = self.state();
        let exclusions = &mut state.network.exclusions;
        let missing = || {
            let code = "InvalidVpcBlockPublicAccessExclusionId.NotFound";
            request.operation.error(
                StatusCode::BAD_REQUEST,
                code,
                "the exclusion does not exist",
            )
        };
        let inner = match request.operation.name.as_str() {
            "DescribeVpcBlockPublicAccessOptions" => {
                "<vpcBlockPublicAccessOptions><internetGatewayBlockMode>off</internetGatewayBlockMode>\
                 </vpcBlockPublicAccessOptions>"
                    .to_owned()
            }
            "DescribeVpcBlockPublicAccessExclusions" => {
                let items: String = exclusions
                    .iter()
                    .map(|one| format!("<item>{}</item>", exclusion(one)))
                    .collect();
                format!("<vpcBlockPublicAccessExclusionSet>{items}</vpcBlockPublicAccessExclusionSet>")
            }
            "CreateVpcBlockPublicAccessExclusion" => {
                let id = format!("vpcbpa-exclude-{:017x}", exclusions.len() + 1);
                let made = (id, field("VpcId")?, field("InternetGatewayExclusionMode")?);
                exclusions.push(made.clone());
                format!("<vpcBlockPublicAccessExclusion>{}</vpcBlockPublicAccessExclusion>", exclusion(&made))
            }
            "ModifyVpcBlockPublicAccessExclusion" => {
                let id = field("ExclusionId")?;
                let Some(found) = exclusions.iter_mut().find(|one| one.0 == id) else {
                    return Some(missing());
                };
                found.2 = field("InternetGatewayExclusionMode")?;
                format!("<vpcBlockPublicAccessExclusion>{}</vpcBlockPublicAccessExclusion>", exclusion(found))
            }
            "DeleteVpcBlockPublicAccessExclusion" => {
                let id = field("ExclusionId")?;
                let count = exclusions.len();
                exclusions.retain(|one| one.0 != id);
                if exclusions.len() == count {
                    return Some(missing());
                }
                String::new()
            }
            _ => return None,
        };
        let name = &request.operation.name;
        Some(Reply::xml(format!(
            "<{name}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>x</requestId>{inner}</{name}Response>"
        )))
    }

    /// A NAT gateway that is deleted lets its address go, which the emulator forgets.
    pub(super) async fn delete_nat(
        &self,
        request: &Request,
        upstream: &Upstream,
    ) -> Result<Option<Reply>> {
        if request.operation.name != "DeleteNatGateway" {
            return Ok(None);
        }
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let nat = form
            .split('&')
            .find_map(|pair| pair.strip_prefix("NatGatewayId="))
            .unwrap_or_default();
        let ask = |form: String| request.with_rest(Method::POST, "/", &form);
        let asked = ask(format!(
            "Action=DescribeNatGateways&Version=2016-11-15&NatGatewayId.1={nat}"
        ));
        let found = upstream.send(&asked).await?.text();
        let allocation = between(&found, "<allocationId>", "</allocationId>");
        let reply = upstream.send(request).await?;
        if reply.ok() && !allocation.is_empty() {
            let asked = ask(format!(
                "Action=DescribeAddresses&Version=2016-11-15&AllocationId.1={allocation}"
            ));
            let found = upstream.send(&asked).await?.text();
            let association = between(&found, "<associationId>", "</associationId>");
            let end = ask(format!(
                "Action=DisassociateAddress&Version=2016-11-15&AssociationId={association}"
            ));
            upstream.send(&end).await?;
        }
        Ok(Some(reply))
    }

    pub(super) async fn resolver(
        &self,
        request: &Request,
        upstream: &Upstream,
    ) -> Result<Option<Reply>> {
        let config = request.text("ResolverQueryLogConfigId").unwrap_or_default();
        let vpc = request.text("ResourceId").unwrap_or_default();
        let missing = || {
            let code = "ResourceNotFoundException";
            request
                .operation
                .error(StatusCode::BAD_REQUEST, code, "there is no such thing")
        };
        match request.operation.name.as_str() {
            "DisassociateResolverQueryLogConfig" => {
                self.state().network.ended.insert((config, vpc));
                Ok(Some(Reply::json(&json!({}))))
            }
            "AssociateResolverQueryLogConfig" => {
                let again = self
                    .state()
                    .network
                    .ended
                    .remove(&(config.clone(), vpc.clone()));
                Ok(again.then(|| {
                    Reply::json(&json!({"ResolverQueryLogConfigAssociation": {
                        "ResolverQueryLogConfigId": config, "ResourceId": vpc, "Status": "ACTIVE"
                    }}))
                }))
            }
            "DeleteResolverQueryLogConfig" => {
                let reply = upstream
                    .send(&request.with_json("GetResolverQueryLogConfig", &request.json()))
                    .await?;
                let gone = self.state().network.deleted.contains(&config);
                if !reply.ok() || gone {
                    return Ok(Some(missing()));
                }
                let body = reply.value();
                let found = body
                    .get("ResolverQueryLogConfig")
                    .cloned()
                    .unwrap_or_default();
                if self.uses(&found) > 0 {
                    let code = "InvalidRequestException";
                    let text = "the configuration is associated with a VPC";
                    return Ok(Some(request.operation.error(
                        StatusCode::BAD_REQUEST,
                        code,
                        text,
                    )));
                }
                self.state().network.deleted.insert(config);
                Ok(Some(Reply::json(&body)))
            }
            "GetResolverQueryLogConfigAssociation" => {
                let reply = upstream.send(request).await?;
                let body = reply.value();
                let text = |name: &str| {
                    body.pointer(&format!("/ResolverQueryLogConfigAssociation/{name}"))
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                let ended = (text("ResolverQueryLogConfigId"), text("ResourceId"));
                if self.state().network.ended.contains(&ended) {
                    return Ok(Some(missing()));
                }
                Ok(Some(reply))
            }
            "CreateResolverQueryLogConfig" => {
                let reply = upstream.send(request).await?;
                let arn = reply
                    .value()
                    .pointer("/ResolverQueryLogConfig/Arn")
                    .cloned();
                let tags = request.json().get("Tags").cloned();
                if let (Some(Value::String(arn)), Some(tags)) = (arn, tags) {
                    self.state().network.tags.insert(arn, tags);
                }
                Ok(Some(reply))
            }
            // The provider sets no tags there; hashicorp/aws, which the benchmark compares it with, reads them.
            "ListTagsForResource" => {
                let arn = request.text("ResourceArn").unwrap_or_default();
                let tags = self.state().network.tags.get(&arn).cloned();
                Ok(Some(Reply::json(
                    &json!({"Tags": tags.unwrap_or_else(|| json!([]))}),
                )))
            }
            "GetResolverQueryLogConfig" => {
                if self.state().network.deleted.contains(&config) {
                    return Ok(Some(missing()));
                }
                let reply = upstream.send(request).await?;
                if !reply.ok() {
                    return Ok(Some(reply));
                }
                let mut body = reply.value();
                if let Some(found) = body.get_mut("ResolverQueryLogConfig") {
                    let uses = self.uses(found);
                    if let Some(found) = found.as_object_mut() {
                        found.insert("AssociationCount".to_owned(), json!(uses));
                    }
                }
                Ok(Some(reply.with_body(body.to_string())))
            }
            "ListResolverQueryLogConfigs" => {
                let reply = upstream.send(request).await?;
                let mut body = reply.value();
                let deleted = self.state().network.deleted.clone();
                if let Some(list) = body
                    .get_mut("ResolverQueryLogConfigs")
                    .and_then(Value::as_array_mut)
                {
                    list.retain(|one| {
                        !deleted.contains(one.get("Id").and_then(Value::as_str).unwrap_or_default())
                    });
                }
                Ok(Some(reply.with_body(body.to_string())))
            }
            "ListResolverQueryLogConfigAssociations" => {
                let reply = upstream.send(request).await?;
                let mut body = reply.value();
                let ended = self.state().network.ended.clone();
                let text = |one: &Value, key: &str| {
                    one.get(key)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                if let Some(list) = body
                    .get_mut("ResolverQueryLogConfigAssociations")
                    .and_then(Value::as_array_mut)
                {
                    list.retain(|one| {
                        !ended.contains(&(
                            text(one, "ResolverQueryLogConfigId"),
                            text(one, "ResourceId"),
                        ))
                    });
                }
                Ok(Some(reply.with_body(body.to_string())))
            }
            _ => Ok(None),
        }
    }

    /// How many VPCs still use a configuration.
    fn uses(&self, config: &Value) -> i64 {
        let id = config.get("Id").and_then(Value::as_str).unwrap_or_default();
        let ever = config
            .get("AssociationCount")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let ended = self
            .state()
            .network
            .ended
            .iter()
            .filter(|(of, _)| of == id)
            .count();
        ever - i64::try_from(ended).unwrap_or_default()
    }
}

fn exclusion((id, vpc, mode): &(String, String, String)) -> String {
    format!(
        "<exclusionId>{id}</exclusionId><resourceArn>arn:aws:ec2:eu-central-1:123456789012:vpc/{vpc}</resourceArn>\
         <internetGatewayExclusionMode>{mode}</internetGatewayExclusionMode><state>create-complete</state>"
    )
}
