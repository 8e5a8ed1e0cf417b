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
use crate::error::{AwsError, kind_of_code};
use crate::operations::Operation;

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
}

impl Ec2 {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
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
