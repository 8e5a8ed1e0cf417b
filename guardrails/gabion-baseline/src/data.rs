//! Data: buckets, keys, disks, databases and file systems.

pub(crate) mod dt01;
pub(crate) mod dt01a;
pub(crate) mod dt02;
pub(crate) mod dt02a;
pub(crate) mod dt03;
pub(crate) mod dt03a;
pub(crate) mod dt05;
pub(crate) mod dt08;
pub(crate) mod dt09;
pub(crate) mod dt10;
pub(crate) mod dt11;
pub(crate) mod dt12;
pub(crate) mod dt13;
pub(crate) mod dt14;
pub(crate) mod dt15;
pub(crate) mod dt16;
pub(crate) mod dt17;
pub(crate) mod dt18;
pub(crate) mod dt18a;
pub(crate) mod key_policy;
mod sink;
