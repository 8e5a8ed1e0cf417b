//! Identity: what policies allow, and whom roles trust.

pub(crate) mod id01;
pub(crate) mod id02;
pub(crate) mod id05;
pub(crate) mod id15;
pub(crate) mod id16;
pub(crate) mod id17;
pub(crate) mod id18;
pub(crate) mod id19;
pub(crate) mod id19a;
pub(crate) mod policies;
