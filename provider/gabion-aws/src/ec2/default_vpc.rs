//! The VPC that AWS makes in every region.

use std::time::Duration;

use aws_sdk_ec2::types::Filter;

use super::Ec2;
use crate::error::{Absent, Result};
use crate::operations;
use crate::wait::{WaitOptions, retry_while};

/// How long a part may still be held by another one that was just deleted.
const DEPENDENTS: WaitOptions = WaitOptions {
    first: Duration::from_millis(500),
    max: Duration::from_secs(5),
    limit: Duration::from_secs(60),
};

/// A default VPC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultVpc {
    /// Its id.
    pub id: String,
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

impl Ec2 {
    /// The default VPC of the region, if there is one.
    pub async fn default_vpc(&self) -> Result<Option<DefaultVpc>> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .describe_vpcs()
            .filters(filter("is-default", "true"));
        let answer = self
            .clients
            .call(&operations::ec2::DESCRIBE_VPCS, call.send())
            .await?;
        Ok(answer
            .vpcs
            .unwrap_or_default()
            .into_iter()
            .find_map(|vpc| vpc.vpc_id)
            .map(|id| DefaultVpc { id }))
    }

    /// Network interfaces in a VPC: while there is one, somebody uses it.
    pub async fn interfaces_in(&self, vpc: &str) -> Result<Vec<String>> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .describe_network_interfaces()
            .filters(filter("vpc-id", vpc));
        let answer = self
            .clients
            .call(&operations::ec2::DESCRIBE_NETWORK_INTERFACES, call.send())
            .await?;
        Ok(answer
            .network_interfaces
            .unwrap_or_default()
            .into_iter()
            .filter_map(|interface| interface.network_interface_id)
            .collect())
    }

    /// Deletes a VPC as AWS makes it: subnets and internet gateways first. What else is in it makes
    /// the deletion fail half-way: see [`Self::dependants`]. One that is gone is success.
    pub async fn delete_default_vpc(&self, vpc: &str) -> Result<()> {
        for subnet in self.subnet_ids(vpc).await? {
            let call = self.clients.sdk().ec2().delete_subnet().subnet_id(&subnet);
            let delete = || async {
                let call = call.clone();
                self.clients
                    .call(&operations::ec2::DELETE_SUBNET, call.send())
                    .await
                    .map(drop)
            };
            self.released(&subnet, delete).await?;
        }
        for gateway in self.gateway_ids(vpc).await? {
            let call = self
                .clients
                .sdk()
                .ec2()
                .detach_internet_gateway()
                .internet_gateway_id(&gateway)
                .vpc_id(vpc);
            let detach = || async {
                let call = call.clone();
                self.clients
                    .call(&operations::ec2::DETACH_INTERNET_GATEWAY, call.send())
                    .await
                    .map(drop)
            };
            match self.released(&gateway, detach).await {
                Err(error) if error.code() != Some("Gateway.NotAttached") => return Err(error),
                _ => {}
            }
            let call = self
                .clients
                .sdk()
                .ec2()
                .delete_internet_gateway()
                .internet_gateway_id(&gateway);
            let delete = || async {
                let call = call.clone();
                self.clients
                    .call(&operations::ec2::DELETE_INTERNET_GATEWAY, call.send())
                    .await
                    .map(drop)
            };
            self.released(&gateway, delete).await?;
        }
        let call = self.clients.sdk().ec2().delete_vpc().vpc_id(vpc);
        let delete = || async {
            let call = call.clone();
            self.clients
                .call(&operations::ec2::DELETE_VPC, call.send())
                .await
                .map(drop)
        };
        self.released(vpc, delete).await
    }

    /// Deletes something once nothing holds it any more.
    async fn released<F, Fut>(&self, what: &str, delete: F) -> Result<()>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<()>>,
    {
        retry_while(
            &self.clients,
            &format!("waiting for what holds `{what}`"),
            DEPENDENTS,
            |error| error.code() == Some("DependencyViolation"),
            delete,
        )
        .await
        .or_absent()
        .map(drop)
    }

    async fn subnet_ids(&self, vpc: &str) -> Result<Vec<String>> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .describe_subnets()
            .filters(filter("vpc-id", vpc));
        let answer = self
            .clients
            .call(&operations::ec2::DESCRIBE_SUBNETS, call.send())
            .await?;
        Ok(answer
            .subnets
            .unwrap_or_default()
            .into_iter()
            .filter_map(|subnet| subnet.subnet_id)
            .collect())
    }

    async fn gateway_ids(&self, vpc: &str) -> Result<Vec<String>> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .describe_internet_gateways()
            .filters(filter("attachment.vpc-id", vpc));
        let answer = self
            .clients
            .call(&operations::ec2::DESCRIBE_INTERNET_GATEWAYS, call.send())
            .await?;
        Ok(answer
            .internet_gateways
            .unwrap_or_default()
            .into_iter()
            .filter_map(|gateway| gateway.internet_gateway_id)
            .collect())
    }
}
