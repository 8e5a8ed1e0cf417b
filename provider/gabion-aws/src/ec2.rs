//! EC2 and its networks.

mod acl;
mod confirm;
mod default_vpc;
mod defaults;
mod dependants;
mod endpoint;
mod flow_log;
mod gateway;
mod group;
mod peering;
mod public_access;
mod route;
mod subnet;
mod tags;
mod vpc;
mod zone;

use aws_sdk_ec2::types::{Filter, Tag, UnsuccessfulItem};

use crate::Tags;
use crate::clients::Clients;
use crate::error::{AwsError, Result, kind_of_code};
use crate::operations::Operation;
use crate::shared::Shared;

pub use acl::{AclAction, AclEntry, NetworkAcl};
pub use default_vpc::DefaultVpc;
pub use defaults::MetadataDefaults;
pub use dependants::Dependant;
pub use endpoint::{CreateEndpoint, Endpoint, ModifyEndpoint};
pub use flow_log::{CreateFlowLog, FlowLog};
pub use gateway::{Address, InternetGateway, NatGateway};
pub use group::{SecurityGroup, SecurityRule};
pub use peering::{Peer, Peering};
pub use public_access::{PublicAccessExclusion, PublicAccessMode};
pub use route::{Association, CreateRoute, Route, RouteTable, RouteTarget};
pub use subnet::{CreateSubnet, Subnet};
pub use vpc::Vpc;
pub use zone::{Interface, Zone};

/// EC2 calls of one account and region.
#[derive(Clone, Debug)]
pub struct Ec2 {
    clients: Clients,
    shares: bool,
}

/// Listings of a whole region, by kind.
#[derive(Debug, Default)]
pub(crate) struct Listings {
    vpcs: Shared<Vpc>,
    subnets: Shared<Subnet>,
    tables: Shared<RouteTable>,
    acls: Shared<NetworkAcl>,
    groups: Shared<SecurityGroup>,
    endpoints: Shared<Endpoint>,
    flow_logs: Shared<FlowLog>,
    gateways: Shared<InternetGateway>,
    nats: Shared<NatGateway>,
    addresses: Shared<Address>,
    exclusions: Shared<PublicAccessExclusion>,
    /// How the account blocks public access: at most one.
    blocks: Shared<String>,
    peerings: Shared<Peering>,
    zones: Shared<Zone>,
}

/// Filters of a listing; none for the whole region.
type Filters = Option<Vec<Filter>>;

/// How many items a page of a whole region should hold: without a number such calls have the smallest quota.
const PAGE: i32 = 1000;

/// The length of a page, asked for where a whole region is listed.
const fn page(filters: &Filters, length: i32) -> Option<i32> {
    if filters.is_none() {
        Some(length)
    } else {
        None
    }
}

impl Ec2 {
    pub(crate) fn new(clients: Clients) -> Self {
        Self {
            clients,
            shares: false,
        }
    }

    /// The same calls for many readers: what is listed by VPC or tag is listed for the whole region, once for all who
    /// ask within a few seconds, and anew after each write of this process. For refreshes; who changes something
    /// reads for himself.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shares = true;
        self
    }

    /// What `of` picks from a listing: asked for by a filter, or picked from the listing that all share.
    async fn picked<T, L, F>(
        &self,
        kept: fn(&Listings) -> &Shared<T>,
        filter: Filter,
        list: L,
        of: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>>
    where
        T: Clone,
        L: FnOnce(Filters) -> F,
        F: Future<Output = Result<Vec<T>>>,
    {
        if !self.shares {
            return list(Some(vec![filter])).await;
        }
        let all = kept(self.clients.listings())
            .get(self.clients.writes(), list(None))
            .await?;
        Ok(all.iter().filter(|one| of(one)).cloned().collect())
    }
}

/// All pages of a listing.
macro_rules! pages {
    ($self:ident, $op:expr, $call:expr, $field:ident) => {{
        let mut out = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let call = $call.set_next_token(token.take());
            let page = $self.clients.call($op, call.send()).await?;
            out.extend(page.$field.unwrap_or_default());
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => break out,
            }
        }
    }};
}
use pages;

/// A filter of a listing.
fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn of_vpc(vpc: &str) -> Filter {
    filter("vpc-id", vpc)
}

/// Whether these tags hold this one.
fn has(tags: &Tags, key: &str, value: &str) -> bool {
    tags.get(key).is_some_and(|held| held == value)
}

/// Tags of an answer.
fn from_sdk(tags: Option<Vec<Tag>>) -> Tags {
    tags.unwrap_or_default()
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
        .collect()
}

/// The error of an item that a call over several items could not do.
fn failed(op: &'static Operation, item: UnsuccessfulItem) -> AwsError {
    let (code, text) = item
        .error
        .map(|error| {
            (
                error.code.unwrap_or_default(),
                error.message.unwrap_or_default(),
            )
        })
        .unwrap_or_default();
    AwsError::of(op, kind_of_code(&code), text).with_code(&code)
}
