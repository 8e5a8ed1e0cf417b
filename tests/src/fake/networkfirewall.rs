//! AWS Network Firewall: the emulators have firewalls without policies, rule groups, states and endpoints, so all of it is
//! modelled here, as far as a segment relies on it: names are taken once, what is in use or protected is not deleted, one
//! log changes in a call, and a firewall comes up and goes a moment later.

#![expect(
    clippy::indexing_slicing,
    reason = "a key that a JSON object does not have reads as null, and those of `about` are all set by `Object::new`"
)]

use std::collections::BTreeMap;

use anyhow::Result;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::Fake;
use super::network::between;
use crate::proxy::{Reply, Request, Upstream};

/// All that there is, by kind and name.
#[derive(Debug, Default)]
pub(super) struct Firewalls {
    policies: BTreeMap<String, Object>,
    groups: BTreeMap<String, Object>,
    firewalls: BTreeMap<String, Object>,
    /// By firewall: the list of log destinations.
    logs: BTreeMap<String, Value>,
    /// By firewall: how often it is still told that it comes up, or goes.
    looks: BTreeMap<String, u32>,
    tokens: u64,
}

/// One of them.
#[derive(Clone, Debug, Default)]
struct Object {
    /// What it is, as the create call gave it.
    body: Value,
    /// What the service says about it.
    about: Map<String, Value>,
    deleting: bool,
}

impl Object {
    fn new(arn: &str, request: &Value) -> Self {
        let mut about = Map::new();
        about.insert("Arn".to_owned(), json!(arn));
        for key in ["Tags", "EncryptionConfiguration", "SyncStates"] {
            about.insert(key.to_owned(), request[key].clone());
        }
        Self {
            about,
            ..Self::default()
        }
    }

    /// The metadata, with keys that begin with `prefix`.
    fn response(&self, prefix: &str, name: &str) -> Value {
        json!({
            format!("{prefix}Arn"): self.about["Arn"],
            format!("{prefix}Name"): name,
            format!("{prefix}Id"): "11111111-2222-4333-8444-555555555555",
            format!("{prefix}Status"): if self.deleting { "DELETING" } else { "ACTIVE" },
            "Type": "STATEFUL",
            "Tags": self.about["Tags"],
            "EncryptionConfiguration": self.about["EncryptionConfiguration"],
        })
    }

    fn tag(&mut self, tags: &[Value], keys: &[Value]) {
        let mut all: Vec<Value> = self.about["Tags"].as_array().cloned().unwrap_or_default();
        all.retain(|one| {
            !keys.contains(&one["Key"]) && !tags.iter().any(|tag| tag["Key"] == one["Key"])
        });
        all.extend(tags.iter().cloned());
        self.about.insert("Tags".to_owned(), json!(all));
    }
}

/// Why a call is refused: code and message.
type Refusal = (&'static str, &'static str);

const MISSING: Refusal = ("ResourceNotFoundException", "there is no such thing");
const TAKEN: Refusal = ("InvalidRequestException", "that name is taken");
const IN_USE: Refusal = ("InvalidOperationException", "it is in use");
const PROTECTED: Refusal = ("InvalidOperationException", "it is protected");

impl Fake {
    pub(super) async fn networkfirewall(
        &self,
        request: &Request,
        upstream: &Upstream,
    ) -> Result<Option<Reply>> {
        let body = request.json();
        // The endpoints are the emulator's, so that routes can lead to them.
        let outcome = match request.operation.name.as_str() {
            "CreateFirewall" => {
                let taken = {
                    let state = self.state();
                    let name = text(&body, "FirewallName");
                    state.firewalls.firewalls.contains_key(&name)
                };
                if taken {
                    Err(TAKEN)
                } else {
                    let endpoints = endpoints(request, &body, upstream).await?;
                    self.state().firewalls.create(&body, endpoints)
                }
            }
            "DeleteFirewall" => {
                let gone = self.state().firewalls.delete(&body);
                if let Ok((endpoints, _)) = &gone {
                    for endpoint in endpoints {
                        let form = format!(
                            "Action=DeleteVpcEndpoints&Version=2016-11-15&VpcEndpointId.1={endpoint}"
                        );
                        upstream.send(&as_ec2(request, &form)).await?;
                    }
                }
                gone.map(|(_, answer)| answer)
            }
            name => self.state().firewalls.answer(name, &body),
        };
        Ok(Some(match outcome {
            Ok(answer) => Reply::json(&answer),
            Err((code, message)) => request
                .operation
                .error(StatusCode::BAD_REQUEST, code, message),
        }))
    }
}

fn text(body: &Value, key: &str) -> String {
    body[key].as_str().unwrap_or_default().to_owned()
}

/// The same caller's request to EC2.
fn as_ec2(request: &Request, form: &str) -> Request {
    let mut other = request.with_rest(Method::POST, "/", form);
    let header = HeaderName::from_static("authorization");
    let scope = request
        .headers
        .get(&header)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .replace("/network-firewall/", "/ec2/");
    if let Ok(value) = HeaderValue::from_str(&scope) {
        other.headers.insert(header, value);
    }
    other.headers.remove("x-amz-target");
    other.headers.insert(
        hyper::header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    other
}

/// Makes an endpoint in each subnet: zone, subnet and id.
async fn endpoints(
    request: &Request,
    body: &Value,
    upstream: &Upstream,
) -> Result<Vec<(String, String, String)>> {
    let mut made = Vec::new();
    for mapping in body["SubnetMappings"].as_array().into_iter().flatten() {
        let subnet = text(mapping, "SubnetId");
        let form = format!("Action=DescribeSubnets&Version=2016-11-15&SubnetId.1={subnet}");
        let found = upstream.send(&as_ec2(request, &form)).await?.text();
        let zone = between(&found, "<availabilityZone>", "</availabilityZone>");
        let vpc = text(body, "VpcId");
        let form = format!(
            "Action=CreateVpcEndpoint&Version=2016-11-15&VpcId={vpc}&VpcEndpointType=GatewayLoadBalancer\
             &ServiceName=com.amazonaws.vpce.eu-central-1.vpce-svc-0123456789abcdef0&SubnetId.1={subnet}\
             &TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=AWSNetworkFirewallManaged\
             &TagSpecification.1.Tag.1.Value=true"
        );
        let answer = upstream.send(&as_ec2(request, &form)).await?.text();
        made.push((
            zone,
            subnet,
            between(&answer, "<vpcEndpointId>", "</vpcEndpointId>"),
        ));
    }
    Ok(made)
}

impl Firewalls {
    fn token(&mut self) -> String {
        self.tokens += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.tokens)
    }

    fn arn(kind: &str, name: &str) -> String {
        format!("arn:aws:network-firewall:eu-central-1:123456789012:{kind}/{name}")
    }

    fn create(
        &mut self,
        body: &Value,
        endpoints: Vec<(String, String, String)>,
    ) -> Result<Value, Refusal> {
        let name = text(body, "FirewallName");
        let mut made = Object::new(&Self::arn("firewall", &name), body);
        made.body = body.clone();
        let states: Map<String, Value> = endpoints
            .into_iter()
            .map(|(zone, subnet, id)| {
                let attachment = json!({"SubnetId": subnet, "EndpointId": id, "Status": "READY"});
                (zone, json!({"Attachment": attachment}))
            })
            .collect();
        made.about.insert("SyncStates".to_owned(), json!(states));
        self.looks.insert(name.clone(), 1);
        self.firewalls.insert(name.clone(), made);
        self.answer("DescribeFirewall", &json!({"FirewallName": name}))
    }

    /// The endpoints that go, and the answer.
    fn delete(&mut self, body: &Value) -> Result<(Vec<String>, Value), Refusal> {
        let name = text(body, "FirewallName");
        let found = self.firewalls.get_mut(&name).ok_or(MISSING)?;
        if found.body["DeleteProtection"] == true {
            return Err(PROTECTED);
        }
        found.deleting = true;
        self.looks.insert(name.clone(), 1);
        self.logs.remove(&name);
        let states = found.about["SyncStates"].as_object().cloned();
        let ids = states.unwrap_or_default();
        let ids = ids
            .values()
            .map(|state| text(&state["Attachment"], "EndpointId"));
        Ok((ids.collect(), json!({})))
    }

    fn firewall(&mut self, name: &str) -> Result<Value, Refusal> {
        let found = self.firewalls.get(name).cloned().ok_or(MISSING)?;
        let looks = self.looks.get(name).copied().unwrap_or_default();
        self.looks.insert(name.to_owned(), looks.saturating_sub(1));
        if found.deleting && looks == 0 {
            self.firewalls.remove(name);
            return Err(MISSING);
        }
        let mut firewall = found.body.as_object().cloned().unwrap_or_default();
        firewall.insert("FirewallArn".to_owned(), found.about["Arn"].clone());
        firewall.insert("FirewallId".to_owned(), json!("1"));
        firewall.insert("Tags".to_owned(), found.about["Tags"].clone());
        let (status, states) = match (found.deleting, looks) {
            (true, _) => ("DELETING", json!({})),
            (false, 0) => ("READY", found.about["SyncStates"].clone()),
            (false, _) => ("PROVISIONING", json!({})),
        };
        Ok(json!({
            "UpdateToken": self.token(),
            "Firewall": firewall,
            "FirewallStatus": {
                "Status": status, "ConfigurationSyncStateSummary": "IN_SYNC", "SyncStates": states,
            },
        }))
    }

    fn answer(&mut self, operation: &str, body: &Value) -> Result<Value, Refusal> {
        let name = |key: &str| text(body, key);
        match operation {
            "DescribeFirewall" => self.firewall(&name("FirewallName")),
            "UpdateFirewallDeleteProtection"
            | "UpdateSubnetChangeProtection"
            | "UpdateFirewallPolicyChangeProtection"
            | "UpdateFirewallEncryptionConfiguration"
            | "AssociateFirewallPolicy" => {
                let found = self
                    .firewalls
                    .get_mut(&name("FirewallName"))
                    .ok_or(MISSING)?;
                let associates = operation == "AssociateFirewallPolicy";
                if associates && found.body["FirewallPolicyChangeProtection"] == true {
                    return Err(PROTECTED);
                }
                for (key, value) in body.as_object().into_iter().flatten() {
                    found.body[key] = value.clone();
                }
                Ok(json!({}))
            }
            "DescribeLoggingConfiguration" => {
                let name = name("FirewallName");
                if !self.firewalls.contains_key(&name) {
                    return Err(MISSING);
                }
                let logs = self.logs.get(&name).cloned().unwrap_or(json!([]));
                Ok(json!({"LoggingConfiguration": {"LogDestinationConfigs": logs}}))
            }
            "UpdateLoggingConfiguration" => {
                let name = name("FirewallName");
                if !self.firewalls.contains_key(&name) {
                    return Err(MISSING);
                }
                let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
                let before = list(&self.logs.get(&name).cloned().unwrap_or_default());
                let after = list(&body["LoggingConfiguration"]["LogDestinationConfigs"]);
                let changes = before.iter().filter(|one| !after.contains(one)).count()
                    + after.iter().filter(|one| !before.contains(one)).count();
                if changes > 1 {
                    return Err(("InvalidRequestException", "one change in a call"));
                }
                self.logs.insert(name, json!(after));
                Ok(json!({}))
            }
            "TagResource" | "UntagResource" => {
                let arn = name("ResourceArn");
                let list = |key: &str| body[key].as_array().cloned().unwrap_or_default();
                let found = self
                    .firewalls
                    .values_mut()
                    .chain(self.policies.values_mut())
                    .chain(self.groups.values_mut())
                    .find(|one| one.about["Arn"] == json!(arn))
                    .ok_or(MISSING)?;
                found.tag(&list("Tags"), &list("TagKeys"));
                Ok(json!({}))
            }
            _ if operation.ends_with("FirewallPolicy") => self.policy(operation, body),
            _ if operation.ends_with("RuleGroup") => self.group(operation, body),
            _ => Err(("UnsupportedOperationException", "the fake does not have it")),
        }
    }

    fn policy(&mut self, operation: &str, body: &Value) -> Result<Value, Refusal> {
        let name = text(body, "FirewallPolicyName");
        match operation {
            "CreateFirewallPolicy" => {
                if self.policies.contains_key(&name) {
                    return Err(TAKEN);
                }
                let arn = Self::arn("firewall-policy", &name);
                let mut made = Object::new(&arn, body);
                made.body = body["FirewallPolicy"].clone();
                self.policies.insert(name.clone(), made);
            }
            "UpdateFirewallPolicy" => {
                let found = self.policies.get_mut(&name).ok_or(MISSING)?;
                found.body = body["FirewallPolicy"].clone();
                let key = "EncryptionConfiguration";
                found.about.insert(key.to_owned(), body[key].clone());
            }
            "DeleteFirewallPolicy" => {
                let arn = Self::arn("firewall-policy", &name);
                let used = |one: &Object| one.body["FirewallPolicyArn"] == json!(arn);
                if self.firewalls.values().any(used) {
                    return Err(IN_USE);
                }
                let gone = self.policies.remove(&name).ok_or(MISSING)?;
                return Ok(json!({
                    "FirewallPolicyResponse": gone.response("FirewallPolicy", &name),
                }));
            }
            _ => {}
        }
        let found = self.policies.get(&name).cloned().ok_or(MISSING)?;
        Ok(json!({
            "UpdateToken": self.token(),
            "FirewallPolicyResponse": found.response("FirewallPolicy", &name),
            "FirewallPolicy": found.body,
        }))
    }

    fn group(&mut self, operation: &str, body: &Value) -> Result<Value, Refusal> {
        let name = text(body, "RuleGroupName");
        let arn = Self::arn("stateful-rulegroup", &name);
        match operation {
            "CreateRuleGroup" => {
                if self.groups.contains_key(&name) {
                    return Err(TAKEN);
                }
                let mut made = Object::new(&arn, body);
                made.body = body["RuleGroup"].clone();
                self.groups.insert(name.clone(), made);
            }
            "UpdateRuleGroup" => {
                let found = self.groups.get_mut(&name).ok_or(MISSING)?;
                found.body = body["RuleGroup"].clone();
                let key = "EncryptionConfiguration";
                found.about.insert(key.to_owned(), body[key].clone());
            }
            "DeleteRuleGroup" => {
                let used = |one: &Object| {
                    one.body["StatefulRuleGroupReferences"]
                        .as_array()
                        .is_some_and(|all| all.iter().any(|one| one["ResourceArn"] == json!(arn)))
                };
                if self.policies.values().any(used) {
                    return Err(IN_USE);
                }
                let gone = self.groups.remove(&name).ok_or(MISSING)?;
                return Ok(json!({"RuleGroupResponse": gone.response("RuleGroup", &name)}));
            }
            _ => {}
        }
        let found = self.groups.get(&name).cloned().ok_or(MISSING)?;
        Ok(json!({
            "UpdateToken": self.token(),
            "RuleGroupResponse": found.response("RuleGroup", &name),
            "RuleGroup": found.body,
        }))
    }
}
