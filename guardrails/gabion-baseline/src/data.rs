//! Data: buckets and keys.

pub(crate) mod dt01;
pub(crate) mod dt01a;
pub(crate) mod dt02;
pub(crate) mod dt02a;
pub(crate) mod dt03;
pub(crate) mod dt03a;
pub(crate) mod dt08;
pub(crate) mod dt09;
pub(crate) mod dt10;
pub(crate) mod dt12;
mod key_policy;
mod sink;
