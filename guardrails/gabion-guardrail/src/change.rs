//! One planned change.

use crate::backend;
use crate::value::Value;

/// What kind of object a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A managed resource.
    Managed,
    /// A data source.
    Data,
    /// An ephemeral resource.
    Ephemeral,
}

/// What is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A new object.
    Create,
    /// An existing object changes in place.
    Update,
    /// An object is destroyed and made anew.
    Replace,
    /// An object is destroyed.
    Delete,
    /// Nothing changes.
    NoOp,
    /// A data source is read.
    Read,
    /// An ephemeral resource is opened.
    Open,
    /// An existing object enters the state.
    Import,
    /// An object changes its address or type.
    Move,
    /// An object leaves the state and lives on.
    Forget,
}

/// At which step a rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Inside `terraform plan`.
    Plan,
    /// Inside `terraform apply`, before the change is made: what was unknown is known.
    Apply,
    /// On a saved plan.
    Check,
}

/// One change, as a rule sees it.
#[derive(Debug)]
#[repr(transparent)]
pub struct Change(pub(crate) backend::Change);

impl Change {
    /// The resource type, `aws_kms_key`.
    pub fn resource_type(&self) -> String {
        self.0.resource_type()
    }

    /// Managed, data or ephemeral.
    pub fn mode(&self) -> Mode {
        self.0.mode()
    }

    /// The provider's source address, `registry.terraform.io/hashicorp/aws`.
    pub fn provider(&self) -> String {
        self.0.provider()
    }

    /// The provider's version where known.
    pub fn provider_version(&self) -> Option<String> {
        self.0.provider_version()
    }

    /// What happens.
    pub fn operation(&self) -> Operation {
        self.0.operation()
    }

    /// At which step.
    pub fn stage(&self) -> Stage {
        self.0.stage()
    }

    /// The prior state; null for a create.
    pub fn before(&self) -> Value {
        Value(self.0.before())
    }

    /// The planned state; null for a delete.
    pub fn after(&self) -> Value {
        Value(self.0.after())
    }

    /// The planned state of a managed resource that will exist; `None` when it goes away or leaves the state,
    /// and for data sources and ephemeral resources. What most rules look at.
    pub fn planned(&self) -> Option<Value> {
        self.stays().then(|| self.after())
    }

    /// Whether it is a managed resource that will exist.
    pub fn stays(&self) -> bool {
        let leaves = matches!(
            self.operation(),
            Operation::Delete | Operation::Forget | Operation::Read | Operation::Open
        );
        !leaves && self.mode() == Mode::Managed
    }

    /// Whether the configuration sets the attribute at this path; `None` where that is not known, which makes a
    /// pass undetermined.
    pub fn configured(&self, path: &str) -> Option<bool> {
        self.0.configured(path)
    }

    /// The provider's configuration, redacted: region, role, account where known.
    pub fn provider_configuration(&self) -> Value {
        Value(self.0.provider_configuration())
    }

    /// The resource's address where known; plan calls carry none.
    pub fn address(&self) -> Option<String> {
        self.0.address()
    }

    /// The address of its module where known, empty for the root module.
    pub fn module_address(&self) -> Option<String> {
        self.0.module_address()
    }
}
