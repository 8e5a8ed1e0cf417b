//! Which IAM actions a call needs, and who may do which: for proofs of least policies over calls that an emulator
//! does not judge (those that the fake answers), and over actions that it does not know to be needed.
//!
//! The actions are AWS's (Service Authorization Reference), written down apart from the provider's own table.

use std::collections::{BTreeMap, BTreeSet};

use super::message::Request;

/// What callers may do, and what they needed.
#[derive(Debug, Default)]
pub(super) struct Permissions {
    allowed: BTreeMap<String, BTreeSet<String>>,
    needed: BTreeMap<String, BTreeSet<String>>,
    /// The access keys of sessions, and whose they are.
    sessions: BTreeMap<String, String>,
}

impl Permissions {
    pub(super) fn permit(&mut self, caller: &str, actions: BTreeSet<String>) {
        self.allowed.insert(caller.to_owned(), actions);
    }

    pub(super) fn needed(&self, caller: &str) -> BTreeSet<String> {
        self.needed.get(caller).cloned().unwrap_or_default()
    }

    /// Who calls: an access key, or `KEY in a role` for a session that KEY asked for.
    pub(super) fn caller<'a>(&'a self, request: &'a Request) -> &'a str {
        let key = &request.operation.access_key;
        self.sessions.get(key).unwrap_or(key)
    }

    /// Whether the call is allowed; notes what it needs.
    pub(super) fn judge(&mut self, request: &Request) -> bool {
        let caller = self.caller(request).to_owned();
        let actions = actions(request);
        let allowed = self
            .allowed
            .get(&caller)
            .is_none_or(|allowed| actions.is_subset(allowed));
        self.needed.entry(caller).or_default().extend(actions);
        allowed
    }

    /// Notes whose session the answer to AssumeRole begins.
    pub(super) fn session(&mut self, request: &Request, answer: &str) {
        let key = answer
            .split_once("<AccessKeyId>")
            .and_then(|(_, rest)| rest.split('<').next());
        if let Some(key) = key {
            let owner = format!("{} in a role", self.caller(request));
            self.sessions.insert(key.to_owned(), owner);
        }
    }
}

/// The IAM actions that a call needs: its own, and those that its arguments and effects bring with them.
fn actions(request: &Request) -> BTreeSet<String> {
    let operation = &request.operation;
    let (service, name) = (operation.service.as_str(), operation.name.as_str());
    let mut found = BTreeSet::new();
    let mut add = |action: &str| {
        found.insert(action.to_owned());
    };
    if (service, name) != ("s3", "DeleteObjects") {
        add(&action(service, name));
    }
    for (service_, name_, more) in EFFECTS {
        if (*service_, *name_) == (service, name) {
            more.iter().for_each(|action| add(action));
        }
    }
    let body = String::from_utf8_lossy(&request.body);
    let json = request.json();
    let tagged = ["Tags", "tags", "TagsList"].iter().any(|key| {
        json.get(key).is_some_and(|tags| {
            tags.as_array().is_some_and(|tags| !tags.is_empty())
                || tags.as_object().is_some_and(|tags| !tags.is_empty())
        })
    });
    match (service, name) {
        ("ec2", _) if body.contains("TagSpecification.1.") => add("ec2:CreateTags"),
        ("iam", "CreateRole") if body.contains("Tags.member.1.") => add("iam:TagRole"),
        ("cloudtrail", "CreateTrail") if tagged => add("cloudtrail:AddTags"),
        (
            "kms" | "organizations" | "logs" | "route53resolver" | "access-analyzer"
            | "network-firewall",
            _,
        ) if tagged && name.starts_with("Create") => {
            add(&format!("{service}:TagResource"));
        }
        ("s3", "CreateBucket") => {
            if body.contains("<Tag>") {
                add("s3:TagResource");
            }
            if request
                .headers
                .contains_key("x-amz-bucket-object-lock-enabled")
            {
                add("s3:PutBucketObjectLockConfiguration");
                add("s3:PutBucketVersioning");
            }
            if request.headers.contains_key("x-amz-object-ownership") {
                add("s3:PutBucketOwnershipControls");
            }
        }
        ("s3", "DeleteObjects") => {
            // By a version's id or without one: which of the two is decided by what is in the bucket.
            add("s3:DeleteObject");
            add("s3:DeleteObjectVersion");
            if request
                .headers
                .contains_key("x-amz-bypass-governance-retention")
            {
                add("s3:BypassGovernanceRetention");
            }
        }
        _ => {}
    }
    found
}

/// A call's own action.
#[must_use]
pub fn action(service: &str, name: &str) -> String {
    let special = S3.iter().find(|(from, _)| *from == name);
    match (service, special) {
        ("s3control", _) => format!("s3:{}", name.replace("Public", "AccountPublic")),
        ("s3", Some((_, action))) => (*action).to_owned(),
        _ => format!("{service}:{name}"),
    }
}

/// Operations of S3 whose action has another name.
const S3: &[(&str, &str)] = &[
    ("ListBuckets", "s3:ListAllMyBuckets"),
    ("HeadBucket", "s3:ListBucket"),
    ("ListObjectVersions", "s3:ListBucketVersions"),
    ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    (
        "GetBucketLifecycleConfiguration",
        "s3:GetLifecycleConfiguration",
    ),
    (
        "PutBucketLifecycleConfiguration",
        "s3:PutLifecycleConfiguration",
    ),
    ("DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
    ("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    (
        "GetObjectLockConfiguration",
        "s3:GetBucketObjectLockConfiguration",
    ),
    (
        "PutObjectLockConfiguration",
        "s3:PutBucketObjectLockConfiguration",
    ),
];

/// What AWS asks the caller for besides, because of what the call sets off there.
const EFFECTS: &[(&str, &str, &[&str])] = &[
    (
        "access-analyzer",
        "CreateAnalyzer",
        &["iam:CreateServiceLinkedRole"],
    ),
    (
        "cloudtrail",
        "CreateTrail",
        &[
            "iam:CreateServiceLinkedRole",
            "organizations:ListAWSServiceAccessForOrganization",
        ],
    ),
    ("ec2", "CreateFlowLogs", &["logs:CreateLogDelivery"]),
    ("ec2", "DeleteFlowLogs", &["logs:DeleteLogDelivery"]),
    (
        "ec2",
        "CreateVpcEndpoint",
        &["route53:AssociateVPCWithHostedZone"],
    ),
    (
        "organizations",
        "CreateAccount",
        &["iam:CreateServiceLinkedRole"],
    ),
    (
        "organizations",
        "CreateOrganization",
        &["iam:CreateServiceLinkedRole"],
    ),
    (
        "organizations",
        "EnableAWSServiceAccess",
        &["iam:CreateServiceLinkedRole"],
    ),
    (
        "route53resolver",
        "CreateResolverQueryLogConfig",
        &[
            "iam:CreateServiceLinkedRole",
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Operation;
    use hyper::{HeaderMap, Method};

    fn needs(method: Method, uri: &str, scope: &str, target: &str, body: &str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        let scope = format!("AWS4-HMAC-SHA256 Credential={scope}/aws4_request, SignedHeaders=host");
        headers.insert("authorization", scope.parse().unwrap());
        if !target.is_empty() {
            headers.insert("x-amz-target", target.parse().unwrap());
        }
        let uri: hyper::Uri = uri.parse().unwrap();
        let operation = Operation::of(&method, &uri, &headers, body.as_bytes());
        let request = Request {
            method,
            uri,
            headers,
            body: body.to_owned().into(),
            operation,
        };
        actions(&request).into_iter().collect()
    }

    #[test]
    fn arguments_bring_actions_with_them() {
        let kms = "K/20260101/eu-central-1/kms";
        let tags = r#"{"Tags":[{"TagKey":"a","TagValue":"b"}]}"#;
        let create = |body| needs(Method::POST, "/", kms, "TrentService.CreateKey", body);
        assert_eq!(create("{}"), ["kms:CreateKey"]);
        assert_eq!(create(tags), ["kms:CreateKey", "kms:TagResource"]);
        let ec2 = "K/20260101/eu-central-1/ec2";
        let body = "Action=CreateVpc&TagSpecification.1.ResourceType=vpc";
        assert_eq!(
            needs(Method::POST, "/", ec2, "", body),
            ["ec2:CreateTags", "ec2:CreateVpc"]
        );
    }

    #[test]
    fn actions_of_s3_have_names_of_their_own() {
        let s3 = "K/20260101/eu-central-1/s3";
        for (method, uri, wanted) in [
            (
                Method::GET,
                "/b?publicAccessBlock",
                "s3:GetBucketPublicAccessBlock",
            ),
            (
                Method::PUT,
                "/v20180820/configuration/publicAccessBlock",
                "s3:PutAccountPublicAccessBlock",
            ),
            (Method::GET, "/", "s3:ListAllMyBuckets"),
            (Method::PUT, "/b?tagging", "s3:PutBucketTagging"),
        ] {
            assert_eq!(needs(method, uri, s3, "", ""), [wanted], "{uri}");
        }
    }
}
