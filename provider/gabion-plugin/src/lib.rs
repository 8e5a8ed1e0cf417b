//! The Terraform plugin protocol: handshake, AutoMTLS, serving, and the guard layer.

pub mod proto;
