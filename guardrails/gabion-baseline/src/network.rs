//! Network: security groups, network ACLs, VPCs and what connects them.

mod estate;
pub(crate) mod nw01;
pub(crate) mod nw01a;
pub(crate) mod nw02;
pub(crate) mod nw03;
pub(crate) mod nw04;
pub(crate) mod nw05;
pub(crate) mod nw06;
pub(crate) mod nw07;
pub(crate) mod nw07a;
pub(crate) mod nw08;
pub(crate) mod nw09;
pub(crate) mod nw15;
pub(crate) mod nw15a;
pub(crate) mod nw16;
mod segments;
mod ways;
