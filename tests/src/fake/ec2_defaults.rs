//! EC2: the account's default key for volumes, its defaults of the metadata service, and the block
//! of public access, which no emulator has.

use anyhow::Result;

use super::Fake;
use crate::proxy::{Reply, Request, Upstream};

/// The settings of one account in one region.
#[derive(Clone, Debug)]
pub(super) struct Defaults {
    ebs_key: String,
    http_tokens: Option<String>,
    hop_limit: Option<i32>,
    block_mode: String,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            ebs_key: "alias/aws/ebs".to_owned(),
            http_tokens: None,
            hop_limit: None,
            block_mode: "off".to_owned(),
        }
    }
}

impl Fake {
    /// The regions of the caller's partition: moto lists those of all.
    pub(super) async fn regions(request: &Request, upstream: &Upstream) -> Result<Reply> {
        let reply = upstream.send(request).await?;
        let text = reply.text();
        let kept: String = text
            .split_inclusive("</item>")
            .filter(|item| {
                !item.contains("<regionName>cn-") && !item.contains("<regionName>us-gov-")
            })
            .collect();
        Ok(reply.with_body(kept))
    }

    pub(super) fn ec2_defaults(&self, request: &Request) -> Option<Reply> {
        let place = (self.account_of(request), request.operation.region.clone());
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let mut state = self.state();
        let now = state.ec2_defaults.entry(place).or_default();
        let inner = match request.operation.name.as_str() {
            "ModifyEbsDefaultKmsKeyId" => {
                now.ebs_key = parameter(&body, "KmsKeyId")?;
                format!("<kmsKeyId>{}</kmsKeyId>", now.ebs_key)
            }
            "ResetEbsDefaultKmsKeyId" => {
                now.ebs_key = Defaults::default().ebs_key;
                format!("<kmsKeyId>{}</kmsKeyId>", now.ebs_key)
            }
            "GetEbsDefaultKmsKeyId" => format!("<kmsKeyId>{}</kmsKeyId>", now.ebs_key),
            "ModifyInstanceMetadataDefaults" => {
                if let Some(tokens) = parameter(&body, "HttpTokens") {
                    now.http_tokens = (tokens != "no-preference").then_some(tokens);
                }
                if let Some(hops) = parameter(&body, "HttpPutResponseHopLimit") {
                    now.hop_limit = hops.parse().ok().filter(|hops| *hops > 0);
                }
                "<return>true</return>".to_owned()
            }
            "GetInstanceMetadataDefaults" => {
                let tokens = now.http_tokens.as_ref().map_or_else(String::new, |tokens| {
                    format!("<httpTokens>{tokens}</httpTokens>")
                });
                let hops = now.hop_limit.map_or_else(String::new, |hops| {
                    format!("<httpPutResponseHopLimit>{hops}</httpPutResponseHopLimit>")
                });
                format!("<accountLevel>{tokens}{hops}</accountLevel>")
            }
            "ModifyVpcBlockPublicAccessOptions" => {
                now.block_mode = parameter(&body, "InternetGatewayBlockMode")?;
                options(&now.block_mode)
            }
            "DescribeVpcBlockPublicAccessOptions" => options(&now.block_mode),
            _ => return None,
        };
        let name = &request.operation.name;
        Some(Reply::xml(format!(
            "<{name}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>x</requestId>{inner}</{name}Response>"
        )))
    }
}

fn options(mode: &str) -> String {
    format!(
        "<vpcBlockPublicAccessOptions><internetGatewayBlockMode>{mode}</internetGatewayBlockMode>\
         <state>update-complete</state></vpcBlockPublicAccessOptions>"
    )
}

/// A parameter of a form, decoded.
fn parameter(form: &str, name: &str) -> Option<String> {
    let value = form
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let mut out = Vec::new();
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_parameter_is_decoded() {
        let form = "Action=X&KmsKeyId=arn%3Aaws%3Akms&KmsKeyIdX=n";
        assert_eq!(
            super::parameter(form, "KmsKeyId").as_deref(),
            Some("arn:aws:kms")
        );
    }
}
