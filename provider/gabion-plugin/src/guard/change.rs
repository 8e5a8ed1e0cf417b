//! From the values of a plan or apply call to the change that rules judge.

use std::sync::Arc;

use gabion_model::{Change, Mode, Operation, Stage, Tree};

use super::compare::{replaces, same};
use super::schemas::Schema;
use super::secrets::Secrets;
use super::tree::{configuration, tree};
use crate::dynamic::Dynamic;
use crate::proto::tfplugin6 as pb;

/// The decoded sides of a call.
#[derive(Debug)]
pub(crate) struct Sides {
    pub(crate) prior: Dynamic,
    pub(crate) planned: Dynamic,
    pub(crate) config: Dynamic,
}

/// Who provides, as rules see it.
#[derive(Clone, Debug)]
pub(crate) struct Provided {
    pub(crate) address: String,
    pub(crate) version: Option<String>,
    pub(crate) configuration: Arc<Tree>,
}

impl Sides {
    /// What happens; `None` where nothing is there before or after.
    pub(crate) fn operation(&self, schema: &Schema) -> Option<Operation> {
        match (self.prior.is_null(), self.planned.is_null()) {
            (true, true) => None,
            (true, false) => Some(Operation::Create),
            (false, true) => Some(Operation::Delete),
            (false, false) if same(&schema.ty, &self.prior, &self.planned) => Some(Operation::NoOp),
            (false, false) => Some(Operation::Update),
        }
    }

    /// Whether core will plan an update once more, as a create: it does where a path that the provider named
    /// differs.
    pub(crate) fn will_be_replaced(&self, schema: &Schema, paths: &[pb::AttributePath]) -> bool {
        let differs = |path| replaces(&schema.ty, &self.prior, &self.planned, path);
        paths.iter().any(differs)
    }

    /// The change, secrets of all sides marked on all sides.
    pub(crate) fn change(
        &self,
        resource_type: String,
        stage: Stage,
        operation: Operation,
        schema: &Schema,
        provided: Provided,
        secrets: &Secrets,
    ) -> Change {
        for side in [&self.prior, &self.planned, &self.config] {
            secrets.learn(&schema.block, side);
        }
        let side = |value, config| Arc::new(tree(&schema.block, value, config, secrets));
        Change {
            resource_type,
            mode: Mode::Managed,
            provider: provided.address,
            provider_version: provided.version,
            operation,
            stage,
            before: side(&self.prior, None),
            after: side(&self.planned, Some(&self.config)),
            // A delete has no configuration, which is not the same as one that sets nothing.
            config: (operation != Operation::Delete)
                .then(|| Arc::new(configuration(&schema.block, &self.config, secrets))),
            provider_configuration: provided.configuration,
            address: None,
            module_address: None,
        }
    }
}
