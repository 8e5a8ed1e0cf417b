//! What nearly every resource file needs.

pub use crate::convert::{Convert, ConvertError, ToDynamic};
pub use crate::data_source::DataSource;
pub use crate::diag::{Diagnostic, Diagnostics, Severity};
pub use crate::ephemeral::{Ephemeral, Opened, Renewed};
pub use crate::function::{Function, FunctionDefinition, FunctionError, Parameter};
pub use crate::object;
pub use crate::path::{Path, Step};
pub use crate::provider::Provider;
pub use crate::resource::{Ctx, IdentitySchema, MoveSource, Plan, Private, Resource, StateSlot};
pub use crate::schema::{Attribute, Block, Schema, Type};
pub use crate::timeouts::{self, Timeouts};
pub use crate::validate::{self, Validator};
pub use crate::value::Value;
pub use crate::{CancellationToken, Decimal, Dynamic, async_trait};
