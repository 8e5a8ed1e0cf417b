//! Endpoints.

use std::collections::BTreeSet;

use gabion_aws::ec2::{CreateEndpoint, Endpoint, ModifyEndpoint};
use gabion_framework::prelude::Diagnostics;

use super::super::live::{ENDPOINT, Live, PART, short, table_part};
use super::super::observed::GATEWAY_SERVICES;
use super::super::policy;
use super::{Converge, Step, at, merged};

impl Converge<'_> {
    /// The gateway endpoints, and an interface endpoint for each service.
    pub(super) async fn endpoints(&self, live: &Live, endpoints: &mut Vec<Endpoint>) -> Step {
        let interface = self.plan.services().unwrap_or_default();
        let services = GATEWAY_SERVICES
            .iter()
            .map(|service| ((*service).to_owned(), true))
            .chain(interface.into_iter().map(|service| (service, false)));
        let here = &*endpoints;
        let steps = services.map(|(service, gateway)| async move {
            self.endpoint(&service, gateway, live, here).await
        });
        let results = futures::future::join_all(steps.map(Box::pin)).await;
        let mut done = Vec::new();
        for result in results {
            match result {
                Ok(made) => endpoints.extend(made),
                Err(errors) => done.push(Err(errors)),
            }
        }
        merged(done)
    }

    async fn endpoint(
        &self,
        service: &str,
        gateway: bool,
        live: &Live,
        endpoints: &[Endpoint],
    ) -> Result<Option<Endpoint>, Diagnostics> {
        let tables = if gateway {
            self.endpoint_tables(live)
        } else {
            Vec::new()
        };
        let (subnets, groups) = if gateway {
            (Vec::new(), Vec::new())
        } else {
            (
                self.design
                    .private
                    .iter()
                    .filter_map(|net| live.subnet(net))
                    .map(|subnet| subnet.id.clone())
                    .collect(),
                live.endpoint_group()
                    .map(|group| group.id.clone())
                    .into_iter()
                    .collect::<Vec<_>>(),
            )
        };
        let wanted = if service == "s3" {
            &self.plan.s3_endpoint_policy
        } else {
            &self.plan.endpoint_policy
        };
        let wanted = wanted.as_str().unwrap_or_default();
        let attribute = if gateway {
            "gateway_endpoints"
        } else {
            "interface_endpoints"
        };
        let doing = || at(attribute, format!("setting the endpoint for `{service}`"));
        let ec2 = self.clients.ec2();
        let Some(found) = endpoints.iter().find(|one| short(&one.service) == service) else {
            let request = CreateEndpoint {
                vpc_id: self.vpc.clone(),
                service: format!("com.amazonaws.{}.{service}", self.clients.region()),
                policy: wanted.to_owned(),
                route_tables: tables,
                subnets,
                security_groups: groups,
                tags: self.part_tags(ENDPOINT, Some(service)),
                token: token(&self.vpc, service),
            };
            return ec2
                .create_endpoint(&request)
                .await
                .map(Some)
                .map_err(doing());
        };
        let change = ModifyEndpoint {
            policy: (!policy::same(&found.policy, wanted, self.clients.partition()))
                .then(|| wanted.to_owned()),
            // What others added stays; the segment's own tables that go are let go first.
            route_tables: (
                missing(&tables, &found.route_tables),
                going(live, &tables, &found.route_tables),
            ),
            subnets: (missing(&subnets, &found.subnets), Vec::new()),
            security_groups: (missing(&groups, &found.security_groups), Vec::new()),
            private_dns: (!gateway && !found.private_dns).then_some(true),
        };
        ec2.modify_endpoint(&found.id, &change)
            .await
            .map_err(doing())?;
        Ok(None)
    }

    /// The tables of all private subnets.
    fn endpoint_tables(&self, live: &Live) -> Vec<String> {
        let zone_tables = self
            .design
            .private
            .iter()
            .filter_map(|net| live.table(&table_part(&net.zone)));
        let zone_tables = zone_tables.filter(|_| self.design.has_zone_tables());
        let all: BTreeSet<String> = live
            .main_table()
            .into_iter()
            .chain(zone_tables)
            .map(|table| table.id.clone())
            .collect();
        all.into_iter().collect()
    }
}

/// Tables of the segment that an endpoint has and that are no longer wanted; those that are gone, too.
fn going(live: &Live, wanted: &[String], there: &[String]) -> Vec<String> {
    let others = |id: &String| {
        live.tables
            .iter()
            .any(|table| table.id == *id && !table.main && !table.tags.contains_key(PART))
    };
    there
        .iter()
        .filter(|id| !wanted.contains(id) && !others(id))
        .cloned()
        .collect()
}

/// Ids that are wanted and not there.
fn missing(wanted: &[String], there: &[String]) -> Vec<String> {
    wanted
        .iter()
        .filter(|id| !there.contains(id))
        .cloned()
        .collect()
}

/// At most 64 characters, and another one for every try after a deletion: AWS remembers tokens for a while.
fn token(vpc: &str, service: &str) -> String {
    let at = jiff::Timestamp::now().as_second();
    let text = format!("{vpc}-{service}-{at}");
    text.chars().take(64).collect()
}
