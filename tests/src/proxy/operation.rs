//! Which AWS operation an HTTP request is, and how its service spells an error.

use hyper::{HeaderMap, Method, StatusCode, Uri};

use super::message::Reply;

/// The wire protocol of a service, as far as errors differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// KMS, CloudWatch Logs, CloudTrail, Organizations.
    Json,
    /// STS, IAM.
    Query,
    /// EC2: as Query, with other XML.
    Ec2,
    /// S3.
    S3,
}

/// One AWS operation, such as `kms:CreateKey`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The signing name of the service: `kms`, `s3`, `logs`.
    pub service: String,
    /// The operation's name: `CreateKey`, `PutBucketPolicy`.
    pub name: String,
    /// The region that the request was signed for.
    pub region: String,
    /// The access key that signed it.
    pub access_key: String,
    /// How errors look.
    pub protocol: Protocol,
}

impl Operation {
    /// Reads the operation off a request.
    #[must_use]
    pub fn of(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let scope = headers
            .get("authorization")
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let credential = scope.split_once("Credential=").map_or("", |(_, rest)| {
            rest.split([',', ' ']).next().unwrap_or_default()
        });
        let mut parts = credential.split('/');
        let access_key = parts.next().unwrap_or_default().to_owned();
        let region = parts.nth(1).unwrap_or_default().to_owned();
        let mut service = parts.next().unwrap_or("unsigned").to_owned();
        let (name, protocol) =
            if let Some(target) = headers.get("x-amz-target").and_then(|v| v.to_str().ok()) {
                (
                    target.rsplit('.').next().unwrap_or_default().to_owned(),
                    Protocol::Json,
                )
            } else if let Some((_, name)) = uri.path().split_once("/operation/") {
                (name.to_owned(), Protocol::Json)
            } else if service == "s3" && uri.path().starts_with("/v20180820/") {
                service = "s3control".to_owned();
                (s3control(method, uri), Protocol::Query)
            } else if let Some(name) = rest(&service, method, uri) {
                (name, Protocol::Json)
            } else if service == "s3" {
                (s3(method, uri), Protocol::S3)
            } else {
                let form = String::from_utf8_lossy(body);
                let query = uri.query().unwrap_or_default();
                let action = form
                    .split('&')
                    .chain(query.split('&'))
                    .find_map(|pair| pair.strip_prefix("Action="));
                let protocol = if service == "ec2" {
                    Protocol::Ec2
                } else {
                    Protocol::Query
                };
                (action.unwrap_or_else(|| uri.path()).to_owned(), protocol)
            };
        Self {
            service,
            name,
            region,
            access_key,
            protocol,
        }
    }

    /// Whether `pattern` means this operation: `kms:CreateKey`, `kms:*`, `*:Create*` or `*`.
    #[must_use]
    pub fn matches(&self, pattern: &str) -> bool {
        let (service, name) = pattern.split_once(':').unwrap_or((pattern, "*"));
        let fits = |pattern: &str, text: &str| match pattern.strip_suffix('*') {
            Some(start) => text.starts_with(start),
            None => text == pattern,
        };
        fits(service, &self.service) && fits(name, &self.name)
    }

    /// Whether it changes nothing, by its name.
    #[must_use]
    pub fn is_read(&self) -> bool {
        ["Get", "Head", "List", "Describe", "AssumeRole", "Lookup"]
            .iter()
            .any(|start| self.name.starts_with(start))
    }

    /// An error as this operation's service spells it.
    #[must_use]
    pub fn error(&self, status: StatusCode, code: &str, message: &str) -> Reply {
        let id = "00000000-0000-4000-8000-000000000000";
        match self.protocol {
            Protocol::Json => Reply::new(
                status,
                "application/x-amz-json-1.1",
                serde_json::json!({"__type": code, "message": message}).to_string(),
            )
            .header("x-amzn-errortype", code),
            Protocol::Query => Reply::new(
                status,
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}\
                     </Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
                ),
            ),
            Protocol::Ec2 => Reply::new(
                status,
                "text/xml",
                format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>\
                     </Error></Errors><RequestID>{id}</RequestID></Response>"
                ),
            ),
            Protocol::S3 => Reply::new(
                status,
                "application/xml",
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>\
                     {message}</Message><RequestId>{id}</RequestId></Error>"
                ),
            ),
        }
    }

    /// The throttling error of this operation's service.
    #[must_use]
    pub fn throttled(&self) -> Reply {
        match self.protocol {
            Protocol::Json => self.error(
                StatusCode::BAD_REQUEST,
                "ThrottlingException",
                "Rate exceeded",
            ),
            Protocol::Query => self.error(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"),
            Protocol::Ec2 => self.error(
                StatusCode::SERVICE_UNAVAILABLE,
                "RequestLimitExceeded",
                "Request limit exceeded.",
            ),
            Protocol::S3 => self.error(
                StatusCode::SERVICE_UNAVAILABLE,
                "SlowDown",
                "Please reduce your request rate.",
            ),
        }
    }

    /// What a service answers when the session's credentials have expired.
    #[must_use]
    pub fn expired(&self) -> Reply {
        let message = "The security token included in the request is expired";
        match self.protocol {
            Protocol::Json => self.error(StatusCode::BAD_REQUEST, "ExpiredTokenException", message),
            Protocol::Query | Protocol::Ec2 => {
                self.error(StatusCode::FORBIDDEN, "ExpiredToken", message)
            }
            Protocol::S3 => self.error(
                StatusCode::BAD_REQUEST,
                "ExpiredToken",
                "The provided token has expired.",
            ),
        }
    }

    /// The service's refusal of a caller without the permission.
    #[must_use]
    pub fn denied(&self) -> Reply {
        match self.protocol {
            Protocol::Json => self.error(
                StatusCode::BAD_REQUEST,
                "AccessDeniedException",
                "User is not authorized to perform this action",
            ),
            Protocol::Ec2 => self.error(
                StatusCode::FORBIDDEN,
                "UnauthorizedOperation",
                "You are not authorized to perform this operation.",
            ),
            Protocol::Query | Protocol::S3 => {
                self.error(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied")
            }
        }
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}

/// The account-wide settings of S3, of which the provider uses one.
fn s3control(method: &Method, uri: &Uri) -> String {
    let noun = if uri.path().ends_with("/publicAccessBlock") {
        "PublicAccessBlock"
    } else {
        "Unknown"
    };
    let verb = match *method {
        Method::PUT => "Put",
        Method::DELETE => "Delete",
        _ => "Get",
    };
    format!("{verb}{noun}")
}

/// Services that name their operations by method and path.
fn rest(service: &str, method: &Method, uri: &Uri) -> Option<String> {
    let path = uri.path().trim_matches('/');
    match service {
        "access-analyzer" if path.split('/').next() == Some("analyzer") => Some(
            match (method.as_str(), path.contains('/')) {
                ("PUT", false) => "CreateAnalyzer",
                ("GET", false) => "ListAnalyzers",
                ("DELETE", true) => "DeleteAnalyzer",
                _ => "GetAnalyzer",
            }
            .to_owned(),
        ),
        "access-analyzer" if path.starts_with("tags/") => Some(
            match *method {
                Method::DELETE => "UntagResource",
                Method::POST => "TagResource",
                _ => "ListTagsForResource",
            }
            .to_owned(),
        ),
        // `/putAlternateContact`
        "account" => {
            let mut letters = path.chars();
            let first = letters.next()?;
            Some(first.to_uppercase().chain(letters).collect())
        }
        _ => None,
    }
}

/// S3 names no operation: method, depth of the path, and the subresource tell it.
fn s3(method: &Method, uri: &Uri) -> String {
    let path = uri.path().trim_matches('/');
    let verb = match *method {
        Method::PUT => "Put",
        Method::DELETE => "Delete",
        Method::HEAD => "Head",
        Method::POST => "Post",
        _ => "Get",
    };
    if path.is_empty() {
        return "ListBuckets".to_owned();
    }
    let keys: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or_default())
        .collect();
    let has = |key: &str| keys.contains(&key);
    if path.contains('/') {
        return match (verb, has("tagging"), has("retention"), has("legal-hold")) {
            (_, true, ..) => format!("{verb}ObjectTagging"),
            (_, _, true, _) => format!("{verb}ObjectRetention"),
            (_, _, _, true) => format!("{verb}ObjectLegalHold"),
            _ => format!("{verb}Object"),
        };
    }
    for (key, noun) in SUBRESOURCES {
        if has(key) {
            return match (verb, *key) {
                ("Delete", "lifecycle") => "DeleteBucketLifecycle".to_owned(),
                _ => format!("{verb}{noun}"),
            };
        }
    }
    if has("versions") {
        return "ListObjectVersions".to_owned();
    }
    if has("uploads") {
        return "ListMultipartUploads".to_owned();
    }
    match verb {
        "Put" => "CreateBucket".to_owned(),
        "Post" if has("delete") => "DeleteObjects".to_owned(),
        "Get" if has("list-type") => "ListObjectsV2".to_owned(),
        "Get" => "ListObjects".to_owned(),
        _ => format!("{verb}Bucket"),
    }
}

const SUBRESOURCES: &[(&str, &str)] = &[
    ("acl", "BucketAcl"),
    ("encryption", "BucketEncryption"),
    ("lifecycle", "BucketLifecycleConfiguration"),
    ("location", "BucketLocation"),
    ("logging", "BucketLogging"),
    ("notification", "BucketNotificationConfiguration"),
    ("object-lock", "ObjectLockConfiguration"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("policy", "BucketPolicy"),
    ("policyStatus", "BucketPolicyStatus"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("replication", "BucketReplication"),
    ("tagging", "BucketTagging"),
    ("versioning", "BucketVersioning"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn named(method: Method, uri: &str, headers: &[(&'static str, &'static str)]) -> Operation {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, hyper::header::HeaderValue::from_static(value));
        }
        Operation::of(
            &method,
            &uri.parse().unwrap(),
            &map,
            b"Action=AssumeRole&Version=2011-06-15",
        )
    }

    const S3: (&str, &str) = (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=testing/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host",
    );

    #[test]
    fn s3_operations_are_told_by_their_subresource() {
        for (method, uri, wanted) in [
            (Method::PUT, "/b", "CreateBucket"),
            (Method::PUT, "/b/", "CreateBucket"),
            (Method::HEAD, "/b", "HeadBucket"),
            (Method::PUT, "/b?policy", "PutBucketPolicy"),
            (Method::GET, "/b?publicAccessBlock=", "GetPublicAccessBlock"),
            (Method::GET, "/b?object-lock", "GetObjectLockConfiguration"),
            (Method::DELETE, "/b?lifecycle", "DeleteBucketLifecycle"),
            (Method::GET, "/b?list-type=2&prefix=policy", "ListObjectsV2"),
            (Method::GET, "/b?versions", "ListObjectVersions"),
            (Method::POST, "/b?delete", "DeleteObjects"),
            (Method::PUT, "/b/a/key", "PutObject"),
            (Method::GET, "/", "ListBuckets"),
        ] {
            assert_eq!(
                named(method, uri, &[S3]).to_string(),
                format!("s3:{wanted}"),
                "{uri}"
            );
        }
    }

    #[test]
    fn json_and_query_operations_are_read_with_their_scope() {
        let scope = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/kms/aws4_request";
        let found = named(
            Method::POST,
            "/",
            &[
                ("authorization", scope),
                ("x-amz-target", "TrentService.CreateKey"),
            ],
        );
        assert_eq!(found.to_string(), "kms:CreateKey");
        assert_eq!(
            (found.region.as_str(), found.access_key.as_str()),
            ("us-east-1", "AKIA")
        );
        let scope = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/sts/aws4_request";
        let found = named(Method::POST, "/", &[("authorization", scope)]);
        assert_eq!(found.to_string(), "sts:AssumeRole");
        assert!(found.matches("sts:*") && found.matches("*") && found.matches("*:Assume*"));
        assert!(!found.matches("kms:*") && !found.matches("sts:Assume"));
    }
}
