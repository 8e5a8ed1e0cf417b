//! Trusted access of AWS services, and accounts that administer them.

use std::collections::BTreeSet;

use super::Organizations;
use crate::error::Result;
use crate::operations;

/// An account that administers a service for the organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DelegatedAdministrator {
    /// The account.
    pub account_id: String,
    /// The service principal.
    pub service_principal: String,
}

impl Organizations {
    /// Services that have trusted access to the organization.
    pub async fn trusted_services(&self) -> Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_aws_service_access_for_organization()
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::organizations::LIST_AWS_SERVICE_ACCESS_FOR_ORGANIZATION,
                    call.send(),
                )
                .await?;
            found.extend(
                page.enabled_service_principals
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|service| service.service_principal),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Gives a service trusted access. One that has it is success.
    pub async fn enable_service(&self, principal: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .enable_aws_service_access()
            .service_principal(principal);
        let enable = || async {
            let call = call.clone();
            self.clients
                .call(
                    &operations::organizations::ENABLE_AWS_SERVICE_ACCESS,
                    call.send(),
                )
                .await
                .map(drop)
        };
        self.settled(enable).await
    }

    /// Takes a service's trusted access away. One that has none is success.
    pub async fn disable_service(&self, principal: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .disable_aws_service_access()
            .service_principal(principal);
        let disable = || async {
            let call = call.clone();
            self.clients
                .call(
                    &operations::organizations::DISABLE_AWS_SERVICE_ACCESS,
                    call.send(),
                )
                .await
                .map(drop)
        };
        self.settled(disable).await
    }

    /// All accounts that administer services, one entry for each account and service.
    pub async fn delegated_administrators(&self) -> Result<BTreeSet<DelegatedAdministrator>> {
        let mut found = BTreeSet::new();
        for account_id in self.administrator_accounts().await? {
            for service_principal in self.delegated_services(&account_id).await? {
                found.insert(DelegatedAdministrator {
                    account_id: account_id.clone(),
                    service_principal,
                });
            }
        }
        Ok(found)
    }

    async fn administrator_accounts(&self) -> Result<BTreeSet<String>> {
        let mut accounts = BTreeSet::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_delegated_administrators()
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::organizations::LIST_DELEGATED_ADMINISTRATORS,
                    call.send(),
                )
                .await?;
            accounts.extend(
                page.delegated_administrators
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|account| account.id),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(accounts),
            }
        }
    }

    async fn delegated_services(&self, account_id: &str) -> Result<BTreeSet<String>> {
        let mut services = BTreeSet::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_delegated_services_for_account()
                .account_id(account_id)
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::organizations::LIST_DELEGATED_SERVICES_FOR_ACCOUNT,
                    call.send(),
                )
                .await?;
            services.extend(
                page.delegated_services
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|service| service.service_principal),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(services),
            }
        }
    }

    /// Lets an account administer a service. One that does is success.
    pub async fn register_administrator(&self, admin: &DelegatedAdministrator) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .register_delegated_administrator()
            .account_id(&admin.account_id)
            .service_principal(&admin.service_principal);
        let register = || async {
            let call = call.clone();
            self.clients
                .call(
                    &operations::organizations::REGISTER_DELEGATED_ADMINISTRATOR,
                    call.send(),
                )
                .await
                .map(drop)
        };
        match self.settled(register).await {
            Err(error) if error.is_already_exists() => Ok(()),
            other => other,
        }
    }

    /// Takes that away again. One that does not administer it is success.
    pub async fn deregister_administrator(&self, admin: &DelegatedAdministrator) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .deregister_delegated_administrator()
            .account_id(&admin.account_id)
            .service_principal(&admin.service_principal);
        let deregister = || async {
            let call = call.clone();
            self.clients
                .call(
                    &operations::organizations::DEREGISTER_DELEGATED_ADMINISTRATOR,
                    call.send(),
                )
                .await
                .map(drop)
        };
        match self.settled(deregister).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other,
        }
    }
}
