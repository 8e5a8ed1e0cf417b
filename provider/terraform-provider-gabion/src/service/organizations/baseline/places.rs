//! Clients of one account in many regions.

use std::time::Instant;

use gabion_aws::{ClientPool, Clients};
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::fault;

/// How many regions are worked on at a time.
pub(super) const AT_ONCE: usize = 8;

/// An account, whose regions are reached through the vending role.
#[derive(Clone, Debug)]
pub(in super::super) struct Places {
    pool: ClientPool,
    account: String,
    /// None: read only.
    scope: Option<(CancellationToken, Option<Instant>)>,
}

impl Places {
    /// For plan and read.
    ///
    /// # Errors
    /// The provider's configuration is not known yet.
    pub(in super::super) fn reading(ctx: &Ctx<Gabion>, account: &str) -> Result<Self, Diagnostics> {
        Ok(Self {
            pool: ctx.provider()?.pool()?.clone(),
            account: account.to_owned(),
            scope: None,
        })
    }

    /// For create and update: ends with the call's deadline, and starts nothing after the user interrupted.
    ///
    /// # Errors
    /// As [`Self::reading`].
    pub(in super::super) fn writing(ctx: &Ctx<Gabion>, account: &str) -> Result<Self, Diagnostics> {
        Ok(Self {
            scope: Some((ctx.cancel.clone(), ctx.deadline)),
            ..Self::reading(ctx, account)?
        })
    }

    /// The account.
    pub(super) fn account(&self) -> &str {
        &self.account
    }

    /// Clients of a region.
    ///
    /// # Errors
    /// The vending role cannot be assumed.
    pub(super) async fn region(&self, region: &str) -> Result<Clients, Diagnostics> {
        self.get(Some(region)).await
    }

    /// Clients for what is the same in all regions.
    ///
    /// # Errors
    /// As [`Self::region`].
    pub(in super::super) async fn home(&self) -> Result<Clients, Diagnostics> {
        self.get(None).await
    }

    async fn get(&self, region: Option<&str>) -> Result<Clients, Diagnostics> {
        let clients =
            self.pool
                .get(Some(&self.account), region)
                .await
                .map_err(fault::while_doing(format!(
                    "entering account `{}`",
                    self.account
                )))?;
        Ok(match &self.scope {
            None => clients.read_only(),
            Some((cancel, deadline)) => clients.scoped(cancel.clone(), *deadline),
        })
    }

    /// Waits until the vending role of a new account can be assumed: IAM spreads it over seconds to minutes.
    ///
    /// # Errors
    /// It cannot, for longer than the call may take.
    pub(in super::super) async fn wait(&self, here: &Clients) -> Result<(), Diagnostics> {
        let options = gabion_aws::WaitOptions {
            first: std::time::Duration::from_secs(2),
            max: std::time::Duration::from_secs(10),
            limit: std::time::Duration::from_secs(600),
        };
        gabion_aws::wait::retry_while(
            here,
            &format!("waiting for the vending role of account `{}`", self.account),
            options,
            gabion_aws::AwsError::is_access_denied,
            || async { self.pool.get(Some(&self.account), None).await.map(drop) },
        )
        .await
        .map_err(fault::while_doing(format!(
            "entering account `{}`",
            self.account
        )))
    }
}
