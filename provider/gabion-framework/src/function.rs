//! Provider functions: `provider::gabion::name(...)`.

use gabion_plugin::dynamic::Dynamic;

use crate::schema::Type;

/// A pure function. It must not depend on the provider's configuration, the clock or the cloud.
pub trait Function: Send + Sync + 'static {
    /// Its name, without prefix.
    fn name(&self) -> &'static str;

    /// Parameters, return type and descriptions.
    fn definition(&self) -> FunctionDefinition;

    /// Computes the answer. The arguments have the types of the parameters; variadic ones follow at the
    /// end.
    ///
    /// # Errors
    /// What is wrong with the arguments, and which one it is.
    fn call(&self, args: Vec<Dynamic>) -> Result<Dynamic, FunctionError>;
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// The argument at fault, counted from 0; none when no single one is.
    pub argument: Option<usize>,
    /// What is wrong and what to do.
    pub text: String,
}

impl FunctionError {
    /// An error without an argument.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            argument: None,
            text: text.into(),
        }
    }

    /// An error of one argument, counted from 0.
    #[must_use]
    pub fn argument(index: usize, text: impl Into<String>) -> Self {
        Self {
            argument: Some(index),
            text: text.into(),
        }
    }
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: Type,
    pub(crate) allow_null: bool,
    pub(crate) allow_unknown: bool,
    pub(crate) description: String,
}

impl Parameter {
    /// A parameter that takes neither null nor unknown (Terraform answers unknown itself).
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Type) -> Self {
        Self {
            name: name.into(),
            kind,
            allow_null: false,
            allow_unknown: false,
            description: String::new(),
        }
    }

    /// Takes null, too.
    #[must_use]
    pub const fn allow_null(mut self) -> Self {
        self.allow_null = true;
        self
    }

    /// Is called with unknown values, too.
    #[must_use]
    pub const fn allow_unknown(mut self) -> Self {
        self.allow_unknown = true;
        self
    }

    /// The description, as Markdown.
    #[must_use]
    pub fn describe(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }
}

/// What a function takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionDefinition {
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) deprecated: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) variadic: Option<Parameter>,
    pub(crate) returns: Type,
}

impl FunctionDefinition {
    /// A function without parameters; one line of summary.
    #[must_use]
    pub fn new(summary: impl Into<String>, returns: Type) -> Self {
        Self {
            summary: summary.into(),
            description: String::new(),
            deprecated: None,
            parameters: Vec::new(),
            variadic: None,
            returns,
        }
    }

    /// The description, as Markdown.
    #[must_use]
    pub fn describe(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The parameter that takes all further arguments.
    #[must_use]
    pub fn variadic(mut self, parameter: Parameter) -> Self {
        self.variadic = Some(parameter);
        self
    }

    /// Warns whoever calls it, saying what to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecated = Some(message.into());
        self
    }
}
