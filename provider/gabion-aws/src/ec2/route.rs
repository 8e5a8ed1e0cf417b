//! Route tables, their routes and associations.

use aws_sdk_ec2::types::{ResourceType, RouteTable as SdkTable};

use super::confirm::once;
use super::tags::specification;
use super::{Ec2, Filters, filter, from_sdk, of_vpc, page, pages};
use crate::error::{Absent, AwsError, Kind, Result};
use crate::{Tags, operations};

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteTarget {
    /// An internet gateway, or `local`.
    Gateway(String),
    /// An endpoint of a firewall or a gateway load balancer.
    Endpoint(String),
    /// A NAT gateway.
    Nat(String),
    /// A peering connection.
    Peering(String),
    /// A transit gateway.
    Transit(String),
    /// Something else, by the id that EC2 shows.
    Other(String),
}

/// A route to an IPv4 range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The range.
    pub destination: String,
    /// Where it leads.
    pub target: RouteTarget,
    /// Whether the target is gone.
    pub blackhole: bool,
}

/// An explicit association with a subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// Its id.
    pub id: String,
    /// The subnet.
    pub subnet_id: String,
}

/// A route table as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteTable {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Whether it is the VPC's main one.
    pub main: bool,
    /// Explicit associations.
    pub associations: Vec<Association>,
    /// Routes to IPv4 ranges, the local one left out.
    pub routes: Vec<Route>,
    /// Tags.
    pub tags: Tags,
}

/// A route to create.
#[derive(Clone, Debug)]
pub struct CreateRoute {
    /// The table.
    pub table: String,
    /// The IPv4 range.
    pub destination: String,
    /// Where it leads.
    pub target: RouteTarget,
}

impl Ec2 {
    /// All route tables of a VPC.
    pub async fn route_tables(&self, vpc: &str) -> Result<Vec<RouteTable>> {
        let list = |filters: Filters| async move {
            let sdk = self.clients.sdk();
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_ROUTE_TABLES,
                sdk.ec2()
                    .describe_route_tables()
                    .set_max_results(page(&filters, 100))
                    .set_filters(filters.clone()),
                route_tables
            );
            Ok(found.into_iter().map(table_of).collect())
        };
        self.picked(
            |kept| &kept.tables,
            of_vpc(vpc),
            list,
            |one| one.vpc_id == vpc,
        )
        .await
    }

    /// Creates a route table. `mark`, a tag among `tags`, tells it from the other tables of the VPC, so that a
    /// lost reply makes no second one.
    pub async fn create_route_table(
        &self,
        vpc: &str,
        tags: &Tags,
        mark: (&str, &str),
    ) -> Result<RouteTable> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_route_table()
            .vpc_id(vpc)
            .set_tag_specifications(specification(ResourceType::RouteTable, tags));
        let create = || async {
            let call = call.clone().customize().config_override(once());
            let answer = self
                .clients
                .call(&operations::ec2::CREATE_ROUTE_TABLE, call.send())
                .await?;
            answer.route_table.map(table_of).ok_or_else(|| {
                let op = &operations::ec2::CREATE_ROUTE_TABLE;
                AwsError::of(op, Kind::Other, "the answer holds no route table")
            })
        };
        let look = |ec2: Self| async move {
            let found = ec2.route_tables(vpc).await?;
            let ours =
                |table: &RouteTable| table.tags.get(mark.0).map(String::as_str) == Some(mark.1);
            Ok(found.into_iter().find(ours))
        };
        self.confirmed(create, look).await
    }

    /// Lets a subnet use a route table. One that does already is success.
    pub async fn associate_route_table(&self, table: &str, subnet: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .associate_route_table()
            .route_table_id(table)
            .subnet_id(subnet);
        let made = self
            .clients
            .call(&operations::ec2::ASSOCIATE_ROUTE_TABLE, call.send())
            .await;
        match made {
            // A reply was lost, and the SDK asked again.
            Err(error) if error.code() == Some("Resource.AlreadyAssociated") => {
                let finder = Self::new(self.clients.unscoped());
                let tables = finder.tables_of_subnet(subnet).await?;
                if tables.iter().any(|one| one.id == table) {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            other => other.map(drop),
        }
    }

    async fn tables_of_subnet(&self, subnet: &str) -> Result<Vec<RouteTable>> {
        let sdk = self.clients.sdk();
        let found = pages!(
            self,
            &operations::ec2::DESCRIBE_ROUTE_TABLES,
            sdk.ec2()
                .describe_route_tables()
                .filters(filter("association.subnet-id", subnet)),
            route_tables
        );
        Ok(found.into_iter().map(table_of).collect())
    }

    /// Gives a subnet back to the main route table.
    pub async fn disassociate_route_table(&self, association: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .disassociate_route_table()
            .association_id(association);
        self.clients
            .call(&operations::ec2::DISASSOCIATE_ROUTE_TABLE, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// Creates a route. The same route that is there already is success.
    ///
    /// # Errors
    /// [`Kind::AlreadyExists`] when the range leads elsewhere.
    pub async fn create_route(&self, request: &CreateRoute) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_route()
            .route_table_id(&request.table)
            .destination_cidr_block(&request.destination);
        let call = match &request.target {
            RouteTarget::Gateway(id) => call.gateway_id(id),
            RouteTarget::Nat(id) => call.nat_gateway_id(id),
            RouteTarget::Peering(id) => call.vpc_peering_connection_id(id),
            RouteTarget::Endpoint(id) => call.vpc_endpoint_id(id),
            RouteTarget::Transit(id) => call.transit_gateway_id(id),
            RouteTarget::Other(id) => call.network_interface_id(id),
        };
        self.clients
            .call(&operations::ec2::CREATE_ROUTE, call.send())
            .await
            .map(drop)
    }

    /// Deletes a route. One that is gone already is success.
    pub async fn delete_route(&self, table: &str, destination: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_route()
            .route_table_id(table)
            .destination_cidr_block(destination);
        self.clients
            .call(&operations::ec2::DELETE_ROUTE, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// Deletes a route table. One that is gone already is success.
    pub async fn delete_route_table(&self, table: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_route_table()
            .route_table_id(table);
        self.clients
            .call(&operations::ec2::DELETE_ROUTE_TABLE, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

fn table_of(table: SdkTable) -> RouteTable {
    let associations = table.associations.unwrap_or_default();
    let routes = table
        .routes
        .unwrap_or_default()
        .into_iter()
        .filter_map(|route| {
            let destination = route.destination_cidr_block?;
            let target = if let Some(id) = route.nat_gateway_id {
                RouteTarget::Nat(id)
            } else if let Some(id) = route.vpc_peering_connection_id {
                RouteTarget::Peering(id)
            } else if let Some(id) = route.gateway_id {
                // Routes of gateway endpoints lead to prefix lists, and are left out above.
                if id.starts_with("vpce-") {
                    RouteTarget::Endpoint(id)
                } else {
                    RouteTarget::Gateway(id)
                }
            } else if let Some(id) = route.transit_gateway_id {
                RouteTarget::Transit(id)
            } else {
                RouteTarget::Other(route.network_interface_id.unwrap_or_default())
            };
            let blackhole = route
                .state
                .is_some_and(|state| state.as_str() == "blackhole");
            (target != RouteTarget::Gateway("local".to_owned())).then_some(Route {
                destination,
                target,
                blackhole,
            })
        });
    RouteTable {
        id: table.route_table_id.unwrap_or_default(),
        vpc_id: table.vpc_id.unwrap_or_default(),
        main: associations.iter().any(|one| one.main == Some(true)),
        routes: routes.collect(),
        associations: associations
            .into_iter()
            .filter_map(|one| {
                Some(Association {
                    id: one.route_table_association_id?,
                    subnet_id: one.subnet_id?,
                })
            })
            .collect(),
        tags: from_sdk(table.tags),
    }
}
