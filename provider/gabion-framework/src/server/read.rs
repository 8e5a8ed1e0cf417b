//! ReadResource, ImportResourceState and ReadDataSource.

use std::collections::BTreeMap;

use gabion_plugin::dynamic::Dynamic;
use gabion_plugin::proto::tfplugin6 as pb;

use super::{Entry, Inner, answer_faults, not_served, told, unknown_faults};
use crate::diag::Diagnostics;
use crate::erased::{Call, DynResource};
use crate::object::{Conform, nullify_unknown};
use crate::path::Path;
use crate::provider::Provider;
use crate::resource::{Private, StateSlot};
use crate::wire;

/// The identity of an object, where its resource has one.
pub(super) fn identity<C: Send + Sync + 'static>(
    entry: &Entry<dyn DynResource<C>>,
    state: &Dynamic,
) -> Option<pb::ResourceIdentityData> {
    let schema = entry.served.raw_identity_schema()?;
    if state.is_null() {
        return None;
    }
    let mut given = entry.served.raw_identity(state)?;
    let attributes: BTreeMap<String, Dynamic> = schema
        .attributes
        .iter()
        .map(|attribute| {
            let value = given.remove(&attribute.name).unwrap_or_default();
            (attribute.name.clone(), value)
        })
        .collect();
    Some(pb::ResourceIdentityData {
        identity_data: wire::encode(&Dynamic::Map(attributes)),
    })
}

impl<P: Provider> Inner<P> {
    pub(super) async fn read(
        &self,
        request: pb::read_resource::Request,
    ) -> pb::read_resource::Response {
        let entry = match self.resource(&request.type_name) {
            Ok(entry) => entry,
            Err(diags) => {
                return pb::read_resource::Response {
                    new_state: request.current_state,
                    private: request.private,
                    diagnostics: wire::diagnostics(diags, None),
                    ..Default::default()
                };
            }
        };
        let current =
            match wire::decode_body(request.current_state.as_ref(), "a state", entry.body()) {
                Ok(current) => Conform::state().body(entry.body(), current, &Path::empty()),
                Err(diags) => {
                    return pb::read_resource::Response {
                        new_state: request.current_state,
                        private: request.private,
                        diagnostics: told(diags, entry),
                        ..Default::default()
                    };
                }
            };
        if current.is_null() {
            return pb::read_resource::Response {
                new_state: request.current_state,
                private: request.private,
                ..Default::default()
            };
        }
        let mut private = Private::from_bytes(&request.private);
        private.take_destroy();
        let mut slot = StateSlot::new(Some(current), private);
        let ctx = self.ctx(None, None);
        let mut diags = entry.served.raw_call(&ctx, Call::Read, &mut slot).await;
        let (state, private) = slot.into_parts();
        let state = finish(entry, state, &mut diags);
        pb::read_resource::Response {
            new_state: wire::encode(&state),
            private: private.to_bytes(),
            new_identity: identity(entry, &state),
            diagnostics: told(diags, entry),
            deferred: None,
        }
    }

    pub(super) async fn import(
        &self,
        request: pb::import_resource_state::Request,
    ) -> pb::import_resource_state::Response {
        let answer = |resources, diagnostics| pb::import_resource_state::Response {
            imported_resources: resources,
            diagnostics,
            deferred: None,
        };
        let entry = match self.resource(&request.type_name) {
            Ok(entry) => entry,
            Err(diags) => return answer(Vec::new(), wire::diagnostics(diags, None)),
        };
        let id = match import_id(entry, &request) {
            Ok(id) => id,
            Err(diags) => return answer(Vec::new(), told(diags, entry)),
        };
        let mut slot = StateSlot::new(None, Private::default());
        let ctx = self.ctx(None, None);
        let call = Call::Import { id: id.clone() };
        let mut diags = entry.served.raw_call(&ctx, call, &mut slot).await;
        let (state, private) = slot.into_parts();
        if state.is_none() && !diags.has_errors() {
            diags.error(
                "Nothing to import",
                format!("There is no `{}` with the id `{id}`.", request.type_name),
            );
        }
        let state = finish(entry, state, &mut diags);
        if diags.has_errors() {
            return answer(Vec::new(), told(diags, entry));
        }
        let imported = pb::import_resource_state::ImportedResource {
            type_name: request.type_name,
            state: wire::encode(&state),
            private: private.to_bytes(),
            // Core fills the rest in by reading; an identity that is not complete would be refused.
            identity: request.identity,
        };
        answer(vec![imported], told(diags, entry))
    }

    pub(super) async fn read_data_source(
        &self,
        request: pb::read_data_source::Request,
    ) -> pb::read_data_source::Response {
        let Some(entry) = self.data_sources.get(&request.type_name) else {
            let diags = not_served("data source", &request.type_name);
            return pb::read_data_source::Response {
                diagnostics: wire::diagnostics(diags, None),
                ..Default::default()
            };
        };
        let root = Path::empty();
        let config =
            match wire::decode_body(request.config.as_ref(), "a configuration", entry.body()) {
                Ok(config) => Conform::input().body(entry.body(), config, &root),
                Err(diags) => {
                    return pb::read_data_source::Response {
                        diagnostics: told(diags, entry),
                        ..Default::default()
                    };
                }
            };
        let ctx = self.ctx(None, None);
        let (state, diags) = match entry.served.raw_read(&ctx, config).await {
            Ok((state, mut diags)) => {
                let mut conform = Conform::output();
                let state = conform.body(entry.body(), state, &root);
                answer_faults("an answer", conform.faults, &mut diags);
                unknown_faults("the answer", &state, &mut diags);
                (state, diags)
            }
            Err(diags) => (Dynamic::Null, diags),
        };
        let state = (!diags.has_errors()).then_some(state);
        pb::read_data_source::Response {
            state: state.as_ref().and_then(wire::encode),
            diagnostics: told(diags, entry),
            deferred: None,
        }
    }
}

/// Brings a state that was read into the schema's shape, and reports what a resource did wrong.
fn finish<T: ?Sized>(entry: &Entry<T>, state: Option<Dynamic>, diags: &mut Diagnostics) -> Dynamic {
    let mut conform = Conform::output();
    let state = conform.body(entry.body(), state.unwrap_or_default(), &Path::empty());
    answer_faults("a state", conform.faults, diags);
    if !diags.has_errors() {
        unknown_faults("the state", &state, diags);
    }
    nullify_unknown(state)
}

fn import_id<C: Send + Sync + 'static>(
    entry: &Entry<dyn DynResource<C>>,
    request: &pb::import_resource_state::Request,
) -> Result<String, Diagnostics> {
    if !request.id.is_empty() {
        return Ok(request.id.clone());
    }
    let identity = request
        .identity
        .as_ref()
        .and_then(|identity| identity.identity_data.as_ref());
    match wire::decode(identity, "an identity")? {
        Dynamic::Map(identity) => entry.served.raw_import_id(&identity),
        _ => Err(Diagnostics::from_error(
            "Missing import id",
            format!("Give the id of the `{}` to import.", request.type_name),
        )),
    }
}
