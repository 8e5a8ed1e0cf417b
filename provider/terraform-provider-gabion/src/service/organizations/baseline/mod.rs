//! What every account gets: one piece of code for the accounts that we vend and for those that others do.
//!
//! What belongs here is the baseline inside an account. How an account comes to be is in `account`.

mod adopt;
mod alone;
mod converge;
mod ebs_key;
mod import;
mod live;
mod model;
mod places;
mod plan;
mod schema;
mod table;

pub(super) use alone::alone;
pub(super) use converge::{Job, settle};
pub(super) use import::complete;
use live::Live;
pub(super) use live::read;
use model::Contact;
pub(super) use model::{Baseline, With};
pub(super) use places::Places;
pub(super) use plan::{Asked, Kind, fill, review, validate};
pub(super) use schema::{attributes, blocks};
pub(super) use table::check;

/// The modes of the VPC block of public access, strongest first.
const BLOCK_MODES: [&str; 3] = ["block-bidirectional", "block-ingress", "off"];

/// The attribute of what internet gateways may not let through.
const VPC_BLOCK: &str = "vpc_block_public_access";

/// The default VPCs are deleted.
const DELETED: &str = "deleted";
/// The default VPCs are left alone.
const KEPT: &str = "kept";

/// What EC2 calls its own key.
const AWS_EBS_KEY: &str = "alias/aws/ebs";

/// Key of the private value that holds the keys that are this baseline's to keep, made by it or found by an import:
/// region to ARN.
const OWN_KEYS: &str = "ebs_keys";
