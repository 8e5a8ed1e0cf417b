//! The generated protocol types. Nothing else belongs here.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated from proto/"
)]

/// Terraform plugin protocol 6.
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}
/// go-plugin's own services.
pub mod plugin {
    tonic::include_proto!("plugin");
}
/// The gRPC health check.
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
