//! PlanResourceChange.

use gabion_plugin::dynamic::Dynamic;
use gabion_plugin::proto::tfplugin6 as pb;

use super::{Inner, answer_faults, told};
use crate::diag::Diagnostics;
use crate::erased::DynResource;
use crate::object::Conform;
use crate::path::Path;
use crate::planner;
use crate::provider::Provider;
use crate::resource::{Plan, Private};
use crate::wire;

use super::Entry;

/// What a plan answers, before it is written down.
struct Planned {
    state: Dynamic,
    replace: Vec<Path>,
    private: Private,
    diags: Diagnostics,
}

impl<P: Provider> Inner<P> {
    pub(super) async fn plan(
        &self,
        request: pb::plan_resource_change::Request,
    ) -> pb::plan_resource_change::Response {
        let entry = match self.resource(&request.type_name) {
            Ok(entry) => entry,
            Err(diags) => {
                return pb::plan_resource_change::Response {
                    diagnostics: wire::diagnostics(diags, None),
                    ..Default::default()
                };
            }
        };
        match self.try_plan(entry, &request).await {
            Ok(planned) => pb::plan_resource_change::Response {
                planned_state: wire::encode(&planned.state),
                requires_replace: planned
                    .replace
                    .iter()
                    .map(|path| wire::attribute_path(path, entry.body()))
                    .collect(),
                planned_private: planned.private.to_bytes(),
                diagnostics: told(planned.diags, entry),
                legacy_type_system: false,
                deferred: None,
                planned_identity: request.prior_identity,
            },
            Err(diags) => pb::plan_resource_change::Response {
                planned_state: request.prior_state,
                planned_private: request.prior_private,
                diagnostics: told(diags, entry),
                ..Default::default()
            },
        }
    }

    async fn try_plan(
        &self,
        entry: &Entry<dyn DynResource<P::Configured>>,
        request: &pb::plan_resource_change::Request,
    ) -> Result<Planned, Diagnostics> {
        let root = Path::empty();
        let body = entry.body();
        let prior = wire::decode_body(request.prior_state.as_ref(), "a prior state", body)?;
        let proposed = wire::decode(request.proposed_new_state.as_ref(), "a proposed state")?;
        let config = wire::decode_body(request.config.as_ref(), "a configuration", body)?;
        let mut private = Private::from_bytes(&request.prior_private);
        private.take_destroy();

        let prior = match Conform::state().body(body, prior, &root) {
            Dynamic::Null => None,
            prior => Some(prior),
        };
        if proposed.is_null() {
            return self.plan_destroy(entry, prior, private).await;
        }
        let mut conform = Conform::input();
        let config = conform.body(body, config, &root);
        let mut diags = Diagnostics::new();
        for fault in conform.faults {
            let detail = format!("The configuration does not fit the schema: {fault}.");
            diags.error_at(fault.path, "Incorrect attribute value type", detail);
        }
        if diags.has_errors() {
            return Err(diags);
        }

        let filled = planner::propose(&entry.schema, prior.as_ref(), &config);
        let mut plan = Plan {
            prior: prior.clone(),
            config: config.clone(),
            planned: Some(filled.clone()),
            requires_replace: Vec::new(),
            private,
        };
        let ctx = self.ctx(None, Some(config.clone()));
        diags.extend(entry.served.raw_plan(&ctx, &mut plan).await);

        let planned = match plan.planned {
            Some(planned) => planned,
            None => {
                diags.error(
                    "Invalid plan",
                    format!(
                        "`{}` planned to vanish although it is configured. This is a fault of the \
                         provider: please report it.",
                        request.type_name
                    ),
                );
                filled.clone()
            }
        };
        let mut conform = Conform::output();
        let planned = planner::restore(body, &config, &filled, planned);
        let planned = conform.body(body, planned, &root);
        answer_faults("a plan", conform.faults, &mut diags);
        if !diags.has_errors() {
            planner::check(body, prior.as_ref(), &config, &planned, &root, &mut diags);
        }
        let replace = prior.as_ref().map_or_else(Vec::new, |prior| {
            planner::replacements(&entry.schema, prior, &planned, &plan.requires_replace)
        });
        Ok(Planned {
            state: planned,
            replace,
            private: plan.private,
            diags,
        })
    }

    async fn plan_destroy(
        &self,
        entry: &Entry<dyn DynResource<P::Configured>>,
        prior: Option<Dynamic>,
        private: Private,
    ) -> Result<Planned, Diagnostics> {
        let mut plan = Plan {
            prior: prior.clone(),
            config: prior.clone().unwrap_or_default(),
            planned: None,
            requires_replace: Vec::new(),
            private,
        };
        let diags = if prior.is_some() {
            let ctx = self.ctx(None, None);
            entry.served.raw_plan(&ctx, &mut plan).await
        } else {
            Diagnostics::new()
        };
        plan.private.mark_destroy();
        Ok(Planned {
            state: Dynamic::Null,
            replace: Vec::new(),
            private: plan.private,
            diags,
        })
    }
}
