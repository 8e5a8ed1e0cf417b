//! Logging: trails and where logs are kept.

pub(crate) mod lg01;
pub(crate) mod lg01a;
pub(crate) mod lg02;
pub(crate) mod lg03;
pub(crate) mod lg10;
pub(crate) mod lg11;
pub(crate) mod lg11a;
pub(crate) mod lg12;
