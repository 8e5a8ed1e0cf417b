//! Query logs of the resolver of VPCs.

use aws_sdk_route53resolver::types::{
    Filter, ResolverQueryLogConfig, ResolverQueryLogConfigAssociation, Tag,
};

use crate::clients::Clients;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::shared::Shared;
use crate::{Tags, operations};

/// A configuration: where queries are logged to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryLog {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// ARN of the bucket, log group or stream.
    pub destination: String,
    /// How many VPCs use it.
    pub associations: i32,
}

/// A VPC whose queries are logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryLogAssociation {
    /// Its id.
    pub id: String,
    /// The configuration.
    pub config_id: String,
    /// The VPC.
    pub vpc_id: String,
    /// State (`CREATING`, `ACTIVE`, `DELETING`, ...); empty where the endpoint does not say.
    pub state: String,
}

/// Listings of a whole region.
#[derive(Debug, Default)]
pub(crate) struct QueryLogs {
    configs: Shared<QueryLog>,
    associations: Shared<QueryLogAssociation>,
}

/// Resolver calls of one account and region.
#[derive(Clone, Debug)]
pub struct Route53Resolver {
    clients: Clients,
}

impl Route53Resolver {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// The configuration by which the queries of a VPC are logged, for many readers: listed for the whole region, once
    /// for all who ask within a few seconds, and anew after each write of this process.
    pub async fn shared_query_log_of(&self, vpc: &str) -> Result<Option<QueryLog>> {
        let (kept, writes) = (self.clients.query_logs(), self.clients.writes());
        let associations = kept
            .associations
            .get(writes, self.associations(None))
            .await?;
        let Some(association) = associations
            .iter()
            .find(|one| one.vpc_id == vpc && one.state != "DELETING")
        else {
            return Ok(None);
        };
        let configs = kept.configs.get(writes, self.configs(None)).await?;
        let found = configs
            .iter()
            .find(|one| one.id == association.config_id)
            .cloned();
        match found {
            // Another account shares it: it may not be in the list.
            None => self.query_log(&association.config_id).await,
            found => Ok(found),
        }
    }

    /// A configuration by its id.
    pub async fn query_log(&self, id: &str) -> Result<Option<QueryLog>> {
        let call = self
            .clients
            .sdk()
            .route53resolver()
            .get_resolver_query_log_config()
            .resolver_query_log_config_id(id);
        let answer = self
            .clients
            .call(
                &operations::route53resolver::GET_RESOLVER_QUERY_LOG_CONFIG,
                call.send(),
            )
            .await
            .or_absent()?;
        Ok(answer
            .and_then(|answer| answer.resolver_query_log_config)
            .map(config_of))
    }

    /// The configurations of a name.
    pub async fn query_logs(&self, name: &str) -> Result<Vec<QueryLog>> {
        let filter = Filter::builder().name("Name").values(name).build();
        let mut found = self.configs(Some(filter)).await?;
        found.retain(|config| config.name == name);
        Ok(found)
    }

    async fn configs(&self, filter: Option<Filter>) -> Result<Vec<QueryLog>> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .route53resolver()
                .list_resolver_query_log_configs()
                .set_filters(filter.clone().map(|filter| vec![filter]))
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::route53resolver::LIST_RESOLVER_QUERY_LOG_CONFIGS,
                    call.send(),
                )
                .await?;
            found.extend(page.resolver_query_log_configs.unwrap_or_default());
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(found.into_iter().map(config_of).collect()),
            }
        }
    }

    /// Creates a configuration. `request` makes a second, equal call harmless: where the answer is that it exists
    /// already, the one of that name is given.
    pub async fn create_query_log(
        &self,
        name: &str,
        destination: &str,
        request: &str,
        tags: &Tags,
    ) -> Result<QueryLog> {
        let op = &operations::route53resolver::CREATE_RESOLVER_QUERY_LOG_CONFIG;
        let mut list = Vec::new();
        for (key, value) in tags {
            list.push(
                Tag::builder()
                    .key(key)
                    .value(value)
                    .build()
                    .map_err(crate::convert::build_error(op))?,
            );
        }
        let call = self
            .clients
            .sdk()
            .route53resolver()
            .create_resolver_query_log_config()
            .name(name)
            .destination_arn(destination)
            .creator_request_id(request)
            .set_tags((!list.is_empty()).then_some(list));
        match self.clients.call(op, call.send()).await {
            Err(error) if error.kind == Kind::AlreadyExists => {
                let finder = Self::new(self.clients.unscoped());
                let found = finder.query_logs(name).await?;
                found
                    .into_iter()
                    .find(|config| config.destination == destination)
                    .ok_or(error)
            }
            other => other?
                .resolver_query_log_config
                .map(config_of)
                .ok_or_else(|| AwsError::of(op, Kind::Other, "the answer holds no configuration")),
        }
    }

    /// The association of a VPC with a configuration, if there is one that is not on its way out.
    pub async fn query_log_association(&self, vpc: &str) -> Result<Option<QueryLogAssociation>> {
        let filter = Filter::builder().name("ResourceId").values(vpc).build();
        let found = self.associations(Some(filter)).await?;
        Ok(found
            .into_iter()
            .find(|one| one.vpc_id == vpc && one.state != "DELETING"))
    }

    async fn associations(&self, filter: Option<Filter>) -> Result<Vec<QueryLogAssociation>> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .route53resolver()
                .list_resolver_query_log_config_associations()
                .set_filters(filter.clone().map(|filter| vec![filter]))
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::route53resolver::LIST_RESOLVER_QUERY_LOG_CONFIG_ASSOCIATIONS,
                    call.send(),
                )
                .await?;
            found.extend(
                page.resolver_query_log_config_associations
                    .unwrap_or_default(),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(found.into_iter().map(association_of).collect()),
            }
        }
    }

    /// Logs the queries of a VPC. One that is logged there already is success.
    pub async fn associate_query_log(&self, config: &str, vpc: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .route53resolver()
            .associate_resolver_query_log_config()
            .resolver_query_log_config_id(config)
            .resource_id(vpc);
        let made = self
            .clients
            .call(
                &operations::route53resolver::ASSOCIATE_RESOLVER_QUERY_LOG_CONFIG,
                call.send(),
            )
            .await;
        match made {
            Err(error) if error.kind == Kind::AlreadyExists => Ok(()),
            other => other.map(drop),
        }
    }

    /// Stops logging the queries of a VPC. One that is not logged there is success.
    pub async fn disassociate_query_log(&self, config: &str, vpc: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .route53resolver()
            .disassociate_resolver_query_log_config()
            .resolver_query_log_config_id(config)
            .resource_id(vpc);
        self.clients
            .call(
                &operations::route53resolver::DISASSOCIATE_RESOLVER_QUERY_LOG_CONFIG,
                call.send(),
            )
            .await
            .or_absent()
            .map(drop)
    }

    /// Deletes a configuration. One that is gone already is success.
    ///
    /// # Errors
    /// [`Kind::Conflict`] or [`Kind::InvalidState`] while a VPC uses it.
    pub async fn delete_query_log(&self, config: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .route53resolver()
            .delete_resolver_query_log_config()
            .resolver_query_log_config_id(config);
        self.clients
            .call(
                &operations::route53resolver::DELETE_RESOLVER_QUERY_LOG_CONFIG,
                call.send(),
            )
            .await
            .or_absent()
            .map(drop)
    }
}

fn config_of(config: ResolverQueryLogConfig) -> QueryLog {
    QueryLog {
        id: config.id.unwrap_or_default(),
        arn: config.arn.unwrap_or_default(),
        name: config.name.unwrap_or_default(),
        destination: config.destination_arn.unwrap_or_default(),
        associations: config.association_count,
    }
}

fn association_of(one: ResolverQueryLogConfigAssociation) -> QueryLogAssociation {
    QueryLogAssociation {
        id: one.id.unwrap_or_default(),
        config_id: one.resolver_query_log_config_id.unwrap_or_default(),
        vpc_id: one.resource_id.unwrap_or_default(),
        state: one
            .status
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
    }
}
