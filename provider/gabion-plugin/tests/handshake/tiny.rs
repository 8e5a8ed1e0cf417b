//! A provider with a large schema and one slow call.

use gabion_plugin::proto::tfplugin6::{self as pb, provider_server::Provider};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

pub(crate) struct Tiny {
    pub(crate) stop: CancellationToken,
}

fn string(name: String) -> pb::schema::Attribute {
    pb::schema::Attribute {
        name,
        r#type: b"\"string\"".to_vec(),
        optional: true,
        description: "x".repeat(2000),
        ..Default::default()
    }
}

/// Over tonic's own limit of 4 MiB.
fn large() -> pb::Schema {
    let attributes = (0..3000).map(|at| string(format!("a{at}"))).collect();
    pb::Schema {
        version: 0,
        block: Some(pb::schema::Block {
            attributes,
            ..Default::default()
        }),
    }
}

macro_rules! rest {
    ($($method:ident $message:ident),* $(,)?) => {
        #[tonic::async_trait]
        impl Provider for Tiny {
            async fn get_provider_schema(
                &self,
                _: Request<pb::get_provider_schema::Request>,
            ) -> Result<Response<pb::get_provider_schema::Response>, Status> {
                Ok(Response::new(pb::get_provider_schema::Response {
                    provider: Some(pb::Schema { block: Some(Default::default()), ..Default::default() }),
                    resource_schemas: [("tiny_thing".to_owned(), large())].into(),
                    ..Default::default()
                }))
            }

            async fn read_resource(
                &self,
                _: Request<pb::read_resource::Request>,
            ) -> Result<Response<pb::read_resource::Response>, Status> {
                self.stop.cancelled().await;
                Ok(Response::new(pb::read_resource::Response { private: b"kept".to_vec(), ..Default::default() }))
            }

            async fn stop_provider(
                &self,
                _: Request<pb::stop_provider::Request>,
            ) -> Result<Response<pb::stop_provider::Response>, Status> {
                self.stop.cancel();
                Ok(Response::new(Default::default()))
            }

            $(async fn $method(
                &self,
                _: Request<pb::$message::Request>,
            ) -> Result<Response<pb::$message::Response>, Status> {
                Ok(Response::new(Default::default()))
            })*
        }
    };
}

rest! {
    get_metadata get_metadata,
    get_resource_identity_schemas get_resource_identity_schemas,
    validate_provider_config validate_provider_config,
    validate_resource_config validate_resource_config,
    validate_data_resource_config validate_data_resource_config,
    upgrade_resource_state upgrade_resource_state,
    upgrade_resource_identity upgrade_resource_identity,
    configure_provider configure_provider,
    plan_resource_change plan_resource_change,
    apply_resource_change apply_resource_change,
    import_resource_state import_resource_state,
    move_resource_state move_resource_state,
    read_data_source read_data_source,
    validate_ephemeral_resource_config validate_ephemeral_resource_config,
    open_ephemeral_resource open_ephemeral_resource,
    renew_ephemeral_resource renew_ephemeral_resource,
    close_ephemeral_resource close_ephemeral_resource,
    get_functions get_functions,
    call_function call_function,
}
