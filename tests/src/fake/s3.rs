//! S3: tags at creation, default encryption and logging, which moto drops or gets wrong; the
//! checks of the expected owner and of locked versioning, which both lack.

use anyhow::Result;
use hyper::{Method, StatusCode};

use super::Fake;
use crate::proxy::{Reply, Request, Upstream};

impl Fake {
    pub(super) async fn s3(&self, request: &Request, upstream: &Upstream) -> Result<Option<Reply>> {
        let owner = request.headers.get("x-amz-expected-bucket-owner");
        if let Some(owner) = owner.and_then(|v| v.to_str().ok())
            && request.operation.name != "CreateBucket"
            && self.is_known_account(owner, request)
        {
            return Ok(Some(request.operation.denied()));
        }
        match request.operation.name.as_str() {
            "CreateBucket" if self.is_moto() => create_with_tags(request, upstream).await.map(Some),
            "GetBucketEncryption" if self.is_moto() => {
                let reply = upstream.send(request).await?;
                // Since 2023 every bucket has default encryption.
                let unset = reply
                    .text()
                    .contains("ServerSideEncryptionConfigurationNotFoundError");
                Ok(Some(if unset { Reply::xml(SSE_S3) } else { reply }))
            }
            "GetBucketVersioning" if self.is_moto() => {
                let reply = upstream.send(request).await?;
                // moto names the root element after the operation, which aws-sdk-rust refuses.
                let right = reply
                    .text()
                    .replace("GetBucketVersioningResponse", "VersioningConfiguration");
                Ok(Some(if reply.ok() { Reply::xml(right) } else { reply }))
            }
            "PutBucketVersioning" => {
                let text = String::from_utf8_lossy(&request.body);
                if !text.contains("<Status>Suspended</Status>") {
                    return Ok(None);
                }
                let uri = format!("/{}?object-lock", request.bucket());
                let lock = upstream
                    .send(&request.with_rest(Method::GET, &uri, ""))
                    .await?;
                Ok((lock.ok() && lock.text().contains("Enabled")).then(|| {
                    request.operation.error(
                        StatusCode::CONFLICT,
                        "InvalidBucketState",
                        "An Object Lock configuration is present on this bucket, so the \
                         versioning state cannot be changed.",
                    )
                }))
            }
            "PutBucketLogging" if self.is_moto() => {
                let uri = format!("/{}", request.bucket());
                let head = upstream
                    .send(&request.with_rest(Method::HEAD, &uri, ""))
                    .await?;
                if !head.ok() {
                    return Ok(None);
                }
                let text = String::from_utf8_lossy(&request.body).into_owned();
                if let Some(target) = element(&text, "TargetBucket") {
                    let uri = format!("/{target}");
                    let head = upstream
                        .send(&request.with_rest(Method::HEAD, &uri, ""))
                        .await?;
                    if !head.ok() {
                        return Ok(Some(request.operation.error(
                            StatusCode::BAD_REQUEST,
                            "InvalidTargetBucketForLogging",
                            "The target bucket for logging does not exist",
                        )));
                    }
                }
                self.state()
                    .logging
                    .insert(request.bucket().to_owned(), text);
                Ok(Some(Reply::xml("")))
            }
            "GetBucketLogging" if self.is_moto() => Ok(self
                .state()
                .logging
                .get(request.bucket())
                .cloned()
                .map(Reply::xml)),
            "PutBucketLifecycleConfiguration" => {
                let reply = upstream.send(request).await?;
                let wanted = request
                    .headers
                    .get(MINIMUM_SIZE)
                    .and_then(|v| v.to_str().ok());
                if let (true, Some(wanted)) = (reply.ok(), wanted) {
                    self.state()
                        .minimum_size
                        .insert(request.bucket().to_owned(), wanted.to_owned());
                }
                Ok(Some(reply))
            }
            "GetBucketLifecycleConfiguration" => {
                let mut reply = upstream.send(request).await?;
                if let Some(size) = self.state().minimum_size.get(request.bucket()) {
                    reply.headers.remove(MINIMUM_SIZE);
                    reply = reply.header(MINIMUM_SIZE, size);
                }
                Ok(Some(reply))
            }
            "DeleteBucket" => {
                let reply = upstream.send(request).await?;
                if reply.ok() {
                    let mut state = self.state();
                    state.logging.remove(request.bucket());
                    state.minimum_size.remove(request.bucket());
                }
                Ok(Some(reply))
            }
            _ => Ok(None),
        }
    }

    /// Whether `owner` is an account other than the caller's. Sessions of assumed roles have an
    /// account of their own, which only the emulator knows: those pass.
    fn is_known_account(&self, owner: &str, request: &Request) -> bool {
        let plain = request.headers.get("x-amz-security-token").is_none();
        plain && owner != self.kind.account()
    }
}

const MINIMUM_SIZE: &str = "x-amz-transition-default-minimum-object-size";

const SSE_S3: &str = "<ServerSideEncryptionConfiguration><Rule>\
     <ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
     </ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>\
     </ServerSideEncryptionConfiguration>";

/// moto drops the tags of CreateBucket: set them in a second call, as one step to the caller.
async fn create_with_tags(request: &Request, upstream: &Upstream) -> Result<Reply> {
    let reply = upstream.send(request).await?;
    let text = String::from_utf8_lossy(&request.body);
    let (Some(tags), true) = (element(&text, "Tags"), reply.ok()) else {
        return Ok(reply);
    };
    let body = format!("<Tagging><TagSet>{tags}</TagSet></Tagging>");
    let uri = format!("/{}?tagging", request.bucket());
    let tagged = upstream
        .send(&request.with_rest(Method::PUT, &uri, &body))
        .await?;
    Ok(if tagged.ok() { reply } else { tagged })
}

/// The inner text of the first element of that name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>"))
        .map(|(inner, _)| inner)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_element_is_found_by_its_name() {
        let xml = "<A><Tags><Tag><Key>k</Key></Tag></Tags><TagsX>n</TagsX></A>";
        assert_eq!(super::element(xml, "Tags"), Some("<Tag><Key>k</Key></Tag>"));
        assert_eq!(super::element(xml, "None"), None);
    }
}
