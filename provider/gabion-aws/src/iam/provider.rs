//! Identity providers.

use super::Iam;
use crate::error::{Absent, Result};
use crate::operations;

impl Iam {
    /// Whether there is such an OIDC provider, by its ARN.
    pub async fn has_oidc_provider(&self, arn: &str) -> Result<bool> {
        let call = self
            .clients
            .sdk()
            .iam()
            .get_open_id_connect_provider()
            .open_id_connect_provider_arn(arn);
        self.clients
            .call(&operations::iam::GET_OPEN_ID_CONNECT_PROVIDER, call.send())
            .await
            .or_absent()
            .map(|found| found.is_some())
    }

    /// Whether there is such a SAML provider, by its ARN.
    pub async fn has_saml_provider(&self, arn: &str) -> Result<bool> {
        let call = self
            .clients
            .sdk()
            .iam()
            .get_saml_provider()
            .saml_provider_arn(arn);
        self.clients
            .call(&operations::iam::GET_SAML_PROVIDER, call.send())
            .await
            .or_absent()
            .map(|found| found.is_some())
    }
}
