//! The Ephemeral calls.

use gabion_plugin::proto::tfplugin6 as pb;

use super::{Entry, Inner, answer_faults, not_served, told, unknown_faults};
use crate::diag::Diagnostics;
use crate::erased::DynEphemeral;
use crate::object::Conform;
use crate::path::Path;
use crate::provider::Provider;
use crate::resource::Private;
use crate::wire;

impl<P: Provider> Inner<P> {
    fn ephemeral(
        &self,
        name: &str,
    ) -> Result<&Entry<dyn DynEphemeral<P::Configured>>, Vec<pb::Diagnostic>> {
        self.ephemerals
            .get(name)
            .ok_or_else(|| wire::diagnostics(not_served("ephemeral resource", name), None))
    }

    pub(super) async fn open(
        &self,
        request: pb::open_ephemeral_resource::Request,
    ) -> pb::open_ephemeral_resource::Response {
        let failed = |diagnostics| pb::open_ephemeral_resource::Response {
            diagnostics,
            ..Default::default()
        };
        let entry = match self.ephemeral(&request.type_name) {
            Ok(entry) => entry,
            Err(diagnostics) => return failed(diagnostics),
        };
        let root = Path::empty();
        let config =
            match wire::decode_body(request.config.as_ref(), "a configuration", entry.body()) {
                Ok(config) => Conform::input().body(entry.body(), config, &root),
                Err(diags) => return failed(told(diags, entry)),
            };
        let ctx = self.ctx(None, None);
        let opened = match entry.served.raw_open(&ctx, config).await {
            Ok(opened) => opened,
            Err(diags) => return failed(told(diags, entry)),
        };
        let mut diags = opened.diagnostics;
        // Nothing is stored, so write-only has no meaning here and nothing is removed.
        let mut conform = Conform::output();
        let result = conform.body(entry.body(), opened.result, &root);
        answer_faults("an answer", conform.faults, &mut diags);
        unknown_faults("the answer", &result, &mut diags);
        pb::open_ephemeral_resource::Response {
            diagnostics: told(diags, entry),
            renew_at: opened.renew_at.and_then(wire::timestamp),
            result: wire::encode(&result),
            private: Some(opened.private.to_bytes()),
            deferred: None,
        }
    }

    pub(super) async fn renew(
        &self,
        request: pb::renew_ephemeral_resource::Request,
    ) -> pb::renew_ephemeral_resource::Response {
        let entry = match self.ephemeral(&request.type_name) {
            Ok(entry) => entry,
            Err(diagnostics) => {
                return pb::renew_ephemeral_resource::Response {
                    diagnostics,
                    private: request.private,
                    ..Default::default()
                };
            }
        };
        let private = read_private(request.private.as_deref());
        let ctx = self.ctx(None, None);
        match entry.served.raw_renew(&ctx, private).await {
            Ok(renewed) => pb::renew_ephemeral_resource::Response {
                diagnostics: told(renewed.diagnostics, entry),
                renew_at: renewed.renew_at.and_then(wire::timestamp),
                private: Some(renewed.private.to_bytes()),
            },
            Err(diags) => pb::renew_ephemeral_resource::Response {
                diagnostics: told(diags, entry),
                renew_at: None,
                private: request.private,
            },
        }
    }

    pub(super) async fn close(
        &self,
        request: pb::close_ephemeral_resource::Request,
    ) -> pb::close_ephemeral_resource::Response {
        let diagnostics = match self.ephemeral(&request.type_name) {
            Ok(entry) => {
                let private = read_private(request.private.as_deref());
                let ctx = self.ctx(None, None);
                let diags: Diagnostics = entry.served.raw_close(&ctx, private).await;
                told(diags, entry)
            }
            Err(diagnostics) => diagnostics,
        };
        pb::close_ephemeral_resource::Response { diagnostics }
    }
}

fn read_private(bytes: Option<&[u8]>) -> Private {
    bytes.map_or_else(Private::default, Private::from_bytes)
}
