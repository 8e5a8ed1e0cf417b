//! What a region offers, and what lives in a VPC.

use super::{Ec2, filter, of_vpc, pages};
use crate::error::Result;
use crate::operations;

/// An availability zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zone {
    /// Its name (`eu-central-1a`).
    pub name: String,
    /// Whether it takes new things.
    pub available: bool,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its id.
    pub id: String,
    /// Its subnet.
    pub subnet_id: String,
    /// What its owner wrote about it.
    pub description: String,
    /// Its kind (`interface`, `nat_gateway`, `vpc_endpoint`, ...).
    pub kind: String,
    /// The instance it is attached to.
    pub instance_id: Option<String>,
}

impl Ec2 {
    /// The availability zones of the region, by name; local and wavelength zones are left out.
    pub async fn zones(&self) -> Result<Vec<Zone>> {
        if !self.shares {
            return self.list_zones().await;
        }
        let kept = &self.clients.listings().zones;
        let all = kept.get(self.clients.writes(), self.list_zones()).await?;
        Ok(all.to_vec())
    }

    async fn list_zones(&self) -> Result<Vec<Zone>> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .describe_availability_zones()
            .filters(filter("zone-type", "availability-zone"));
        let answer = self
            .clients
            .call(&operations::ec2::DESCRIBE_AVAILABILITY_ZONES, call.send())
            .await?;
        let mut zones: Vec<Zone> = answer
            .availability_zones
            .unwrap_or_default()
            .into_iter()
            .filter_map(|zone| {
                let state = zone.state.as_ref().map_or("", |state| state.as_str());
                Some(Zone {
                    available: state == "available",
                    name: zone.zone_name?,
                })
            })
            .collect();
        zones.sort();
        Ok(zones)
    }

    /// All network interfaces in a VPC.
    pub async fn interfaces(&self, vpc: &str) -> Result<Vec<Interface>> {
        let sdk = self.clients.sdk();
        let found = pages!(
            self,
            &operations::ec2::DESCRIBE_NETWORK_INTERFACES,
            sdk.ec2().describe_network_interfaces().filters(of_vpc(vpc)),
            network_interfaces
        );
        Ok(found
            .into_iter()
            .map(|one| Interface {
                id: one.network_interface_id.unwrap_or_default(),
                subnet_id: one.subnet_id.unwrap_or_default(),
                description: one.description.unwrap_or_default(),
                kind: one
                    .interface_type
                    .map(|kind| kind.as_str().to_owned())
                    .unwrap_or_default(),
                instance_id: one.attachment.and_then(|attachment| attachment.instance_id),
            })
            .collect())
    }
}
