//! ApplyResourceChange.

use std::time::Instant;

use gabion_plugin::dynamic::Dynamic;
use gabion_plugin::proto::tfplugin6 as pb;

use super::{Entry, Inner, answer_faults, told, unknown_faults};
use crate::diag::Diagnostics;
use crate::erased::{Call, DynResource};
use crate::object::{Conform, nullify_unknown};
use crate::path::Path;
use crate::provider::Provider;
use crate::resource::{Private, StateSlot};
use crate::timeouts;
use crate::wire;

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl<P: Provider> Inner<P> {
    pub(super) async fn apply(
        &self,
        request: pb::apply_resource_change::Request,
    ) -> pb::apply_resource_change::Response {
        let entry = match self.resource(&request.type_name) {
            Ok(entry) => entry,
            Err(diags) => {
                return pb::apply_resource_change::Response {
                    new_state: request.prior_state,
                    private: request.planned_private,
                    diagnostics: wire::diagnostics(diags, None),
                    ..Default::default()
                };
            }
        };
        match self.try_apply(entry, &request).await {
            Ok((state, private, diags)) => pb::apply_resource_change::Response {
                new_state: wire::encode(&state),
                private: private.to_bytes(),
                diagnostics: told(diags, entry),
                legacy_type_system: false,
                new_identity: super::read::identity(entry, &state),
            },
            // Nothing was called: what was there stays.
            Err(diags) => pb::apply_resource_change::Response {
                new_state: request.prior_state,
                private: request.planned_private,
                diagnostics: told(diags, entry),
                ..Default::default()
            },
        }
    }

    async fn try_apply(
        &self,
        entry: &Entry<dyn DynResource<P::Configured>>,
        request: &pb::apply_resource_change::Request,
    ) -> Result<(Dynamic, Private, Diagnostics), Diagnostics> {
        let root = Path::empty();
        let body = entry.body();
        let prior = wire::decode_body(request.prior_state.as_ref(), "a prior state", body)?;
        let prior = Conform::state().body(body, prior, &root);
        let planned = wire::decode_body(request.planned_state.as_ref(), "a planned state", body)?;
        let planned = Conform::state().body(body, planned, &root);
        let config = wire::decode_body(request.config.as_ref(), "a configuration", body)?;
        let config = Conform::input().body(body, config, &root);

        let (operation, call, before, limits) = if planned.is_null() {
            let call = Call::Delete;
            (Operation::Delete, call, Some(prior.clone()), &prior)
        } else if prior.is_null() {
            let plan = planned.clone();
            (Operation::Create, Call::Create { plan }, None, &planned)
        } else {
            let call = Call::Update {
                prior: prior.clone(),
                plan: planned.clone(),
            };
            (Operation::Update, call, Some(prior.clone()), &planned)
        };
        if operation == Operation::Delete && prior.is_null() {
            return Ok((Dynamic::Null, Private::default(), Diagnostics::new()));
        }

        let deadline = self.deadline(entry, operation, limits);
        let config = (!config.is_null()).then_some(config);
        let mut private = Private::from_bytes(&request.planned_private);
        let planned_as_destroy = private.take_destroy();
        let mut ctx = self.ctx(deadline, config);
        ctx.replacing = operation == Operation::Delete && !planned_as_destroy;
        let mut slot = StateSlot::new(before, private);
        let mut diags = entry.served.raw_call(&ctx, call, &mut slot).await;

        let touched = slot.is_touched();
        let (state, private) = slot.into_parts();
        if operation == Operation::Delete && !diags.has_errors() {
            return Ok((Dynamic::Null, Private::default(), diags));
        }
        if operation != Operation::Delete && !diags.has_errors() && (!touched || state.is_none()) {
            diags.error(
                "Invalid provider answer",
                format!(
                    "The {} operation of `{}` ended without a state. This is a fault of the provider: \
                     please report it.",
                    operation.name(),
                    request.type_name
                ),
            );
        }
        let mut conform = Conform::output();
        let state = conform.body(body, state.unwrap_or_default(), &root);
        answer_faults("a state", conform.faults, &mut diags);
        if !diags.has_errors() {
            unknown_faults("the state", &state, &mut diags);
        }
        Ok((nullify_unknown(state), private, diags))
    }

    fn deadline(
        &self,
        entry: &Entry<dyn DynResource<P::Configured>>,
        operation: Operation,
        object: &Dynamic,
    ) -> Option<Instant> {
        let [create, update, delete] = entry.served.raw_default_timeouts();
        let default = match operation {
            Operation::Create => create,
            Operation::Update => update,
            Operation::Delete => delete,
        };
        let limit = timeouts::configured(object, operation.name()).unwrap_or(default);
        Instant::now().checked_add(limit)
    }
}
