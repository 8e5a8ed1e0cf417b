//! Requests and replies, held whole: no call of the control plane is large.

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;

use super::operation::Operation;

/// One request, read to its end.
#[derive(Clone, Debug)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// The headers, signature included.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What it asks for.
    pub operation: Operation,
}

impl Request {
    /// The JSON body, or null.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A string of the JSON body.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        self.json()
            .get(key)
            .and_then(Value::as_str)
            .map(str::to_owned)
    }

    /// The same request for another operation of its JSON service, with another body.
    #[must_use]
    pub fn with_json(&self, operation: &str, body: &Value) -> Self {
        let mut other = self.clone();
        if let Some(target) = self
            .headers
            .get("x-amz-target")
            .and_then(|v| v.to_str().ok())
        {
            let prefix = target.rsplit_once('.').map_or("", |(prefix, _)| prefix);
            if let Ok(value) = HeaderValue::from_str(&format!("{prefix}.{operation}")) {
                other.headers.insert("x-amz-target", value);
            }
        }
        other.operation.name = operation.to_owned();
        other.set_body(body.to_string());
        other
    }

    /// The same request to another path of its REST service, with another body.
    #[must_use]
    pub fn with_rest(&self, method: Method, uri: &str, body: &str) -> Self {
        let mut other = self.clone();
        other.method = method;
        if let Ok(uri) = uri.parse() {
            other.uri = uri;
        }
        other.set_body(body.to_owned());
        other
    }

    /// The bucket of a path-style S3 request.
    #[must_use]
    pub fn bucket(&self) -> &str {
        self.uri
            .path()
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default()
    }

    fn set_body(&mut self, body: String) {
        // The fake asks on its own behalf: whether the caller may is not looked at.
        self.headers
            .insert("x-gabion-fake", HeaderValue::from_static("1"));
        self.body = body.into();
        self.headers
            .insert(hyper::header::CONTENT_LENGTH, self.body.len().into());
        // Checksums of the body that was replaced.
        let stale: Vec<HeaderName> = self
            .headers
            .keys()
            .filter(|name| {
                let name = name.as_str();
                name.starts_with("x-amz-checksum")
                    || matches!(name, "content-md5" | "x-amz-sdk-checksum-algorithm")
            })
            .cloned()
            .collect();
        for name in stale {
            self.headers.remove(name);
        }
    }
}

/// One reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A reply with a body of that content type.
    #[must_use]
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            hyper::header::CONTENT_TYPE,
            HeaderValue::from_static(content_type),
        );
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    /// A JSON reply with status 200.
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::new(
            StatusCode::OK,
            "application/x-amz-json-1.1",
            body.to_string(),
        )
    }

    /// An XML reply with status 200.
    #[must_use]
    pub fn xml(body: impl Into<String>) -> Self {
        Self::new(StatusCode::OK, "application/xml", body.into())
    }

    /// Adds a header; one that is not valid is left out.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The JSON body, or null.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the status is a success.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.status.is_success()
    }

    /// The same reply with another body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.headers.remove(hyper::header::CONTENT_LENGTH);
        self.headers.remove(hyper::header::TRANSFER_ENCODING);
        self
    }
}
