//! Settings of EC2 that hold for a whole account in a region.

use aws_sdk_ec2::types::{InternetGatewayBlockMode, MetadataDefaultHttpTokensState};

use super::Ec2;
use crate::error::Result;
use crate::operations;

/// What instances get whose launch says nothing of their metadata service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataDefaults {
    /// `required` or `optional`; none where nothing is set.
    pub http_tokens: Option<String>,
    /// How many hops an answer may take; none where nothing is set.
    pub hop_limit: Option<i32>,
}

impl Ec2 {
    /// The regions that the account can use.
    pub async fn regions(&self) -> Result<Vec<String>> {
        let call = self.clients.sdk().ec2().describe_regions();
        let answer = self
            .clients
            .call(&operations::ec2::DESCRIBE_REGIONS, call.send())
            .await?;
        Ok(answer
            .regions
            .unwrap_or_default()
            .into_iter()
            // Regions that were opted in to are another account's affair.
            .filter(|region| {
                region
                    .opt_in_status
                    .as_deref()
                    .is_none_or(|status| status == "opt-in-not-required")
            })
            .filter_map(|region| region.region_name)
            .collect())
    }

    /// Whether new volumes are encrypted, whatever their maker says.
    pub async fn ebs_encryption(&self) -> Result<bool> {
        let call = self.clients.sdk().ec2().get_ebs_encryption_by_default();
        let answer = self
            .clients
            .call(&operations::ec2::GET_EBS_ENCRYPTION_BY_DEFAULT, call.send())
            .await?;
        Ok(answer.ebs_encryption_by_default.unwrap_or_default())
    }

    /// Encrypts new volumes, or no longer.
    pub async fn put_ebs_encryption(&self, on: bool) -> Result<()> {
        let sdk = self.clients.sdk();
        if on {
            let call = sdk.ec2().enable_ebs_encryption_by_default();
            self.clients
                .call(
                    &operations::ec2::ENABLE_EBS_ENCRYPTION_BY_DEFAULT,
                    call.send(),
                )
                .await
                .map(drop)
        } else {
            let call = sdk.ec2().disable_ebs_encryption_by_default();
            self.clients
                .call(
                    &operations::ec2::DISABLE_EBS_ENCRYPTION_BY_DEFAULT,
                    call.send(),
                )
                .await
                .map(drop)
        }
    }

    /// The key for new volumes: an ARN, or `alias/aws/ebs` while AWS's own is in use.
    pub async fn ebs_key(&self) -> Result<String> {
        let call = self.clients.sdk().ec2().get_ebs_default_kms_key_id();
        let answer = self
            .clients
            .call(&operations::ec2::GET_EBS_DEFAULT_KMS_KEY_ID, call.send())
            .await?;
        Ok(answer.kms_key_id.unwrap_or_default())
    }

    /// Sets the key for new volumes.
    pub async fn put_ebs_key(&self, key: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .modify_ebs_default_kms_key_id()
            .kms_key_id(key);
        self.clients
            .call(&operations::ec2::MODIFY_EBS_DEFAULT_KMS_KEY_ID, call.send())
            .await
            .map(drop)
    }

    /// Goes back to AWS's own key for new volumes.
    pub async fn reset_ebs_key(&self) -> Result<()> {
        let call = self.clients.sdk().ec2().reset_ebs_default_kms_key_id();
        self.clients
            .call(&operations::ec2::RESET_EBS_DEFAULT_KMS_KEY_ID, call.send())
            .await
            .map(drop)
    }

    /// The defaults of the metadata service.
    pub async fn metadata_defaults(&self) -> Result<MetadataDefaults> {
        let call = self.clients.sdk().ec2().get_instance_metadata_defaults();
        let answer = self
            .clients
            .call(
                &operations::ec2::GET_INSTANCE_METADATA_DEFAULTS,
                call.send(),
            )
            .await?;
        let level = answer.account_level.unwrap_or_else(|| {
            aws_sdk_ec2::types::InstanceMetadataDefaultsResponse::builder().build()
        });
        Ok(MetadataDefaults {
            http_tokens: level.http_tokens.map(|tokens| tokens.as_str().to_owned()),
            hop_limit: level.http_put_response_hop_limit,
        })
    }

    /// Sets the defaults of the metadata service: `http_tokens` is `required`, `optional` or
    /// `no-preference`; the hop limit 1 to 64, or -1 for no preference.
    pub async fn put_metadata_defaults(&self, http_tokens: &str, hop_limit: i32) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .modify_instance_metadata_defaults()
            .http_tokens(MetadataDefaultHttpTokensState::from(http_tokens))
            .http_put_response_hop_limit(hop_limit);
        self.clients
            .call(
                &operations::ec2::MODIFY_INSTANCE_METADATA_DEFAULTS,
                call.send(),
            )
            .await
            .map(drop)
    }

    /// What internet gateways may let through: `off`, `block-ingress` or `block-bidirectional`.
    pub async fn block_public_access(&self) -> Result<String> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .describe_vpc_block_public_access_options();
        let answer = self
            .clients
            .call(
                &operations::ec2::DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS,
                call.send(),
            )
            .await?;
        Ok(answer
            .vpc_block_public_access_options
            .and_then(|options| options.internet_gateway_block_mode)
            .map_or_else(|| "off".to_owned(), |mode| mode.as_str().to_owned()))
    }

    /// Sets it.
    pub async fn put_block_public_access(&self, mode: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .modify_vpc_block_public_access_options()
            .internet_gateway_block_mode(InternetGatewayBlockMode::from(mode));
        self.clients
            .call(
                &operations::ec2::MODIFY_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS,
                call.send(),
            )
            .await
            .map(drop)
    }
}
