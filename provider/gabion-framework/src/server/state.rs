//! UpgradeResourceState, UpgradeResourceIdentity and MoveResourceState.

use gabion_plugin::dynamic::Dynamic;
use gabion_plugin::proto::tfplugin6 as pb;

use super::{Entry, Inner, answer_faults, told};
use crate::diag::Diagnostics;
use crate::erased::DynResource;
use crate::object::{Conform, nullify_unknown};
use crate::path::Path;
use crate::provider::Provider;
use crate::resource::MoveSource;
use crate::wire;

impl<P: Provider> Inner<P> {
    pub(super) fn upgrade(
        &self,
        request: &pb::upgrade_resource_state::Request,
    ) -> pb::upgrade_resource_state::Response {
        let entry = match self.resource(&request.type_name) {
            Ok(entry) => entry,
            Err(diags) => {
                return pb::upgrade_resource_state::Response {
                    diagnostics: wire::diagnostics(diags, None),
                    ..Default::default()
                };
            }
        };
        match upgraded(entry, request) {
            Ok(state) => pb::upgrade_resource_state::Response {
                upgraded_state: wire::encode(&state),
                diagnostics: Vec::new(),
            },
            Err(diags) => pb::upgrade_resource_state::Response {
                upgraded_state: None,
                diagnostics: told(diags, entry),
            },
        }
    }

    pub(super) fn upgrade_identity(
        &self,
        request: &pb::upgrade_resource_identity::Request,
    ) -> pb::upgrade_resource_identity::Response {
        let upgraded = || -> Result<Option<pb::ResourceIdentityData>, Diagnostics> {
            let entry = self.resource(&request.type_name)?;
            let Some(schema) = entry.served.raw_identity_schema() else {
                return Ok(None);
            };
            let mut raw = json_state(request.raw_identity.as_ref(), "an identity")?;
            let attributes = schema
                .attributes
                .iter()
                .map(|attribute| {
                    let value = match raw.as_object_mut().and_then(|o| o.remove(&attribute.name)) {
                        Some(value) => dynamic(&value)?,
                        None => Dynamic::Null,
                    };
                    let path = Path::root(attribute.name.clone());
                    let mut conform = Conform::state();
                    let value = conform.plain(&attribute.kind, value, &path);
                    Ok((attribute.name.clone(), value))
                })
                .collect::<Result<_, Diagnostics>>()?;
            Ok(Some(pb::ResourceIdentityData {
                identity_data: wire::encode(&Dynamic::Map(attributes)),
            }))
        };
        match upgraded() {
            Ok(identity) => pb::upgrade_resource_identity::Response {
                upgraded_identity: identity,
                diagnostics: Vec::new(),
            },
            Err(diags) => pb::upgrade_resource_identity::Response {
                upgraded_identity: None,
                diagnostics: wire::diagnostics(diags, None),
            },
        }
    }

    pub(super) fn move_state(
        &self,
        request: pb::move_resource_state::Request,
    ) -> pb::move_resource_state::Response {
        let entry = match self.resource(&request.target_type_name) {
            Ok(entry) => entry,
            Err(diags) => {
                return pb::move_resource_state::Response {
                    diagnostics: wire::diagnostics(diags, None),
                    ..Default::default()
                };
            }
        };
        match moved(entry, request) {
            Ok(state) => pb::move_resource_state::Response {
                target_identity: super::read::identity(entry, &state),
                target_state: wire::encode(&state),
                diagnostics: Vec::new(),
                target_private: Vec::new(),
            },
            Err(diags) => pb::move_resource_state::Response {
                diagnostics: told(diags, entry),
                ..Default::default()
            },
        }
    }
}

fn upgraded<C: Send + Sync + 'static>(
    entry: &Entry<dyn DynResource<C>>,
    request: &pb::upgrade_resource_state::Request,
) -> Result<Dynamic, Diagnostics> {
    let current = entry.schema.version;
    if request.version > current {
        return Err(Diagnostics::from_error(
            "State of a newer provider",
            format!(
                "The state of this `{}` has schema version {}, and this provider knows {current}: use \
                 the newer provider version that wrote it.",
                request.type_name, request.version
            ),
        ));
    }
    let mut raw = json_state(request.raw_state.as_ref(), "a state")?;
    if request.version < current && !raw.is_null() {
        raw = entry.served.raw_upgrade(request.version, raw)?;
    }
    let mut conform = Conform::state();
    let raw = crate::numbers::in_body(entry.body(), dynamic(&raw)?);
    let state = conform.body(entry.body(), raw, &Path::empty());
    let mut diags = Diagnostics::new();
    for fault in conform.faults {
        let detail = format!(
            "The state of this `{}` does not fit the schema: {fault}. If it was edited by hand, undo \
             that; otherwise please report this.",
            request.type_name
        );
        if fault.path.is_empty() {
            diags.error("Invalid state", detail);
        } else {
            diags.error_at(fault.path, "Invalid state", detail);
        }
    }
    if diags.has_errors() {
        return Err(diags);
    }
    Ok(state)
}

fn moved<C: Send + Sync + 'static>(
    entry: &Entry<dyn DynResource<C>>,
    request: pb::move_resource_state::Request,
) -> Result<Dynamic, Diagnostics> {
    let source = MoveSource {
        state: json_state(request.source_state.as_ref(), "a source state")?,
        provider_address: request.source_provider_address,
        type_name: request.source_type_name,
        schema_version: request.source_schema_version,
        private: request.source_private,
    };
    let from = format!("`{}` of `{}`", source.type_name, source.provider_address);
    let target = request.target_type_name;
    let state = entry.served.raw_move(source).unwrap_or_else(|| {
        Err(Diagnostics::from_error(
            "Move is not supported",
            format!(
                "`{target}` cannot take over the state of {from}: remove the `moved` block, and use \
                 `removed` and `import` blocks."
            ),
        ))
    })?;
    let mut conform = Conform::output();
    let state = conform.body(entry.body(), state, &Path::empty());
    let mut diags = Diagnostics::new();
    answer_faults("a state", conform.faults, &mut diags);
    if diags.has_errors() {
        return Err(diags);
    }
    Ok(nullify_unknown(state))
}

fn json_state(raw: Option<&pb::RawState>, what: &str) -> Result<serde_json::Value, Diagnostics> {
    let Some(raw) = raw else {
        return Ok(serde_json::Value::Null);
    };
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(Diagnostics::from_error(
            "State of an old Terraform",
            "This state was written by Terraform 0.11 or older: apply once with Terraform 0.12 to 1.x \
             and the provider version that wrote it.",
        ));
    }
    if raw.json.is_empty() {
        return Ok(serde_json::Value::Null);
    }
    serde_json::from_slice(&raw.json).map_err(|error| {
        Diagnostics::from_error(
            "Unreadable message",
            format!(
                "Terraform sent {what} that is not JSON (line {}, column {}).",
                error.line(),
                error.column()
            ),
        )
    })
}

fn dynamic(value: &serde_json::Value) -> Result<Dynamic, Diagnostics> {
    Dynamic::from_json_value(value).map_err(|error| {
        Diagnostics::from_error(
            "Unreadable state",
            format!("The state cannot be read: {error}."),
        )
    })
}
