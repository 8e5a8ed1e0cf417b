//! S3 settings of a whole account.

use aws_sdk_s3control::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_s3control::types::PublicAccessBlockConfiguration;
use aws_smithy_types::endpoint::EndpointAuthScheme;

use crate::clients::Clients;
use crate::error::Result;
use crate::operations;
use crate::s3::PublicAccessBlock;

/// S3 control calls of one account.
#[derive(Clone, Debug)]
pub struct S3Control {
    clients: Clients,
}

impl S3Control {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// The public access block of the whole account, if it has one.
    pub async fn public_access_block(&self) -> Result<Option<PublicAccessBlock>> {
        let call = self
            .clients
            .sdk()
            .s3control()
            .get_public_access_block()
            .account_id(self.clients.account_id());
        let result = self
            .clients
            .call(&operations::s3control::GET_PUBLIC_ACCESS_BLOCK, call.send())
            .await;
        let answer = match result {
            Err(error) if error.code() == Some("NoSuchPublicAccessBlockConfiguration") => None,
            other => Some(other?),
        };
        Ok(answer
            .and_then(|answer| answer.public_access_block_configuration)
            .map(|block| PublicAccessBlock {
                block_public_acls: block.block_public_acls.unwrap_or_default(),
                ignore_public_acls: block.ignore_public_acls.unwrap_or_default(),
                block_public_policy: block.block_public_policy.unwrap_or_default(),
                restrict_public_buckets: block.restrict_public_buckets.unwrap_or_default(),
            }))
    }

    /// Sets the public access block of the whole account.
    pub async fn put_public_access_block(&self, block: &PublicAccessBlock) -> Result<()> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(block.block_public_acls)
            .ignore_public_acls(block.ignore_public_acls)
            .block_public_policy(block.block_public_policy)
            .restrict_public_buckets(block.restrict_public_buckets)
            .build();
        let call = self
            .clients
            .sdk()
            .s3control()
            .put_public_access_block()
            .account_id(self.clients.account_id())
            .public_access_block_configuration(block);
        self.clients
            .call(&operations::s3control::PUT_PUBLIC_ACCESS_BLOCK, call.send())
            .await
            .map(drop)
    }
}

/// An endpoint of this machine: the service puts the account in front of the host name, which no
/// address can have. The account goes in a header as well.
#[derive(Debug)]
pub(crate) struct PlainEndpoint {
    pub(crate) url: String,
}

impl ResolveEndpoint for PlainEndpoint {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        let scheme = EndpointAuthScheme::with_capacity("sigv4", 3)
            .put("disableDoubleEncoding", true)
            .put("signingName", "s3".to_owned())
            .put(
                "signingRegion",
                params.region().unwrap_or_default().to_owned(),
            );
        let mut endpoint = Endpoint::builder()
            .url(self.url.clone())
            .auth_scheme(scheme);
        if let Some(account) = params.account_id() {
            endpoint = endpoint.header("x-amz-account-id", account.to_owned());
        }
        EndpointFuture::ready(Ok(endpoint.build()))
    }
}
