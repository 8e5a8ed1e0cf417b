//! What a resource, data source or provider accepts and answers.

use std::fmt;
use std::sync::Arc;

use gabion_plugin::dynamic::Dynamic;

use crate::convert::ToDynamic;
use crate::validate::Validator;

/// The type of a plain attribute, a parameter or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// True or false.
    Bool,
    /// A whole number of 64 bits.
    Int64,
    /// Any number, exact.
    Number,
    /// Ordered elements of one type.
    List(Box<Type>),
    /// Distinct elements of one type, without order.
    Set(Box<Type>),
    /// Elements of one type by key.
    Map(Box<Type>),
    /// Named attributes, all of them always present.
    Object(Vec<(String, Type)>),
}

impl Type {
    /// A list of `element`.
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of `element`.
    #[must_use]
    pub fn set(element: Self) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map of `element`.
    #[must_use]
    pub fn map(element: Self) -> Self {
        Self::Map(Box::new(element))
    }

    /// An object with these attributes.
    #[must_use]
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(
            attributes
                .into_iter()
                .map(|(name, kind)| (name.into(), kind))
                .collect(),
        )
    }
}

/// How the objects of a nested attribute are held together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// Ordered objects.
    List,
    /// Distinct objects without order.
    Set,
    /// Objects by key. Not for blocks.
    Map,
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum AttributeKind {
    /// A value of a plain type.
    Plain(Type),
    /// Objects with attributes of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// An attribute. Without `.required()`, `.optional()`, `.computed()`, `.optional_computed()` or
/// `.default(..)` it is optional.
#[derive(Clone)]
pub struct Attribute {
    pub(crate) name: String,
    pub(crate) kind: AttributeKind,
    pub(crate) required: bool,
    pub(crate) optional: bool,
    pub(crate) computed: bool,
    pub(crate) sensitive: bool,
    pub(crate) write_only: bool,
    pub(crate) deprecated: Option<String>,
    pub(crate) description: String,
    pub(crate) requires_replace: bool,
    pub(crate) use_state_for_unknown: bool,
    pub(crate) default: Option<Dynamic>,
    pub(crate) validators: Vec<Arc<dyn Validator>>,
}

impl Attribute {
    fn new(name: impl Into<String>, kind: AttributeKind) -> Self {
        Self {
            name: name.into(),
            kind,
            required: false,
            optional: true,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecated: None,
            description: String::new(),
            requires_replace: false,
            use_state_for_unknown: false,
            default: None,
            validators: Vec::new(),
        }
    }

    /// An attribute of any plain type.
    #[must_use]
    pub fn of(name: impl Into<String>, kind: Type) -> Self {
        Self::new(name, AttributeKind::Plain(kind))
    }

    /// Text.
    #[must_use]
    pub fn string(name: impl Into<String>) -> Self {
        Self::of(name, Type::String)
    }

    /// True or false.
    #[must_use]
    pub fn bool(name: impl Into<String>) -> Self {
        Self::of(name, Type::Bool)
    }

    /// A whole number of 64 bits.
    #[must_use]
    pub fn int64(name: impl Into<String>) -> Self {
        Self::of(name, Type::Int64)
    }

    /// Any number, exact.
    #[must_use]
    pub fn number(name: impl Into<String>) -> Self {
        Self::of(name, Type::Number)
    }

    /// A list of `element`.
    #[must_use]
    pub fn list(name: impl Into<String>, element: Type) -> Self {
        Self::of(name, Type::list(element))
    }

    /// A set of `element`.
    #[must_use]
    pub fn set(name: impl Into<String>, element: Type) -> Self {
        Self::of(name, Type::set(element))
    }

    /// A map of `element`.
    #[must_use]
    pub fn map(name: impl Into<String>, element: Type) -> Self {
        Self::of(name, Type::map(element))
    }

    /// One nested object.
    #[must_use]
    pub fn object(name: impl Into<String>, attributes: Vec<Self>) -> Self {
        Self::new(name, AttributeKind::Nested(Nesting::Single, attributes))
    }

    /// A list of nested objects.
    #[must_use]
    pub fn nested_list(name: impl Into<String>, attributes: Vec<Self>) -> Self {
        Self::new(name, AttributeKind::Nested(Nesting::List, attributes))
    }

    /// A set of nested objects.
    #[must_use]
    pub fn nested_set(name: impl Into<String>, attributes: Vec<Self>) -> Self {
        Self::new(name, AttributeKind::Nested(Nesting::Set, attributes))
    }

    /// Nested objects by key.
    #[must_use]
    pub fn nested_map(name: impl Into<String>, attributes: Vec<Self>) -> Self {
        Self::new(name, AttributeKind::Nested(Nesting::Map, attributes))
    }

    /// The user must set it.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self.optional = false;
        self.computed = false;
        self
    }

    /// The user may set it; null when not.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self.optional = true;
        self.computed = false;
        self
    }

    /// Only the provider sets it.
    #[must_use]
    pub const fn computed(mut self) -> Self {
        self.required = false;
        self.optional = false;
        self.computed = true;
        self
    }

    /// The user may set it, and otherwise the provider does.
    #[must_use]
    pub const fn optional_computed(mut self) -> Self {
        self.required = false;
        self.optional = true;
        self.computed = true;
        self
    }

    /// Never shown.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Never stored: null in plan and state, there only in the configuration
    /// ([`crate::resource::Ctx::config`]).
    #[must_use]
    pub const fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Warns whoever sets it, saying what to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecated = Some(message.into());
        self
    }

    /// The description, as Markdown.
    #[must_use]
    pub fn describe(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    /// A change replaces the resource.
    #[must_use]
    pub const fn requires_replace(mut self) -> Self {
        self.requires_replace = true;
        self
    }

    /// Keeps the value of the state in an update where the configuration does not set it, in place of
    /// "known after apply".
    #[must_use]
    pub const fn use_state_for_unknown(mut self) -> Self {
        self.use_state_for_unknown = true;
        self
    }

    /// What is planned where the configuration says null. Makes the attribute optional and computed.
    #[must_use]
    pub fn default(mut self, value: impl ToDynamic) -> Self {
        self.default = Some(value.to_dynamic());
        self.optional_computed()
    }

    /// Adds a check of configured values.
    #[must_use]
    pub fn validate(mut self, validator: impl Validator + 'static) -> Self {
        self.validators.push(Arc::new(validator));
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(&self) -> &AttributeKind {
        &self.kind
    }

    /// The description, as Markdown.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Whether the value is hidden from the user.
    #[must_use]
    pub const fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// Whether the provider may set it.
    #[must_use]
    pub const fn is_computed(&self) -> bool {
        self.computed
    }

    /// Whether the user must set it.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.required
    }

    /// Whether the user may set it.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.optional
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attribute")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("required", &self.required)
            .field("optional", &self.optional)
            .field("computed", &self.computed)
            .finish_non_exhaustive()
    }
}

/// A nested block.
#[derive(Clone, Debug)]
pub struct Block {
    pub(crate) name: String,
    pub(crate) nesting: Nesting,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) description: String,
    pub(crate) deprecated: Option<String>,
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
}

impl Block {
    fn new(name: impl Into<String>, nesting: Nesting, attributes: Vec<Attribute>) -> Self {
        Self {
            name: name.into(),
            nesting,
            attributes,
            blocks: Vec::new(),
            description: String::new(),
            deprecated: None,
            min: 0,
            max: None,
        }
    }

    /// A block that may be repeated; order counts.
    #[must_use]
    pub fn list(name: impl Into<String>, attributes: Vec<Attribute>) -> Self {
        Self::new(name, Nesting::List, attributes)
    }

    /// A block that may be repeated; order does not count, and equal blocks are one.
    #[must_use]
    pub fn set(name: impl Into<String>, attributes: Vec<Attribute>) -> Self {
        Self::new(name, Nesting::Set, attributes)
    }

    /// A block that may be given once.
    #[must_use]
    pub fn single(name: impl Into<String>, attributes: Vec<Attribute>) -> Self {
        Self::new(name, Nesting::Single, attributes)
    }

    /// A block inside this one.
    #[must_use]
    pub fn block(mut self, block: Self) -> Self {
        self.blocks.push(block);
        self
    }

    /// The description, as Markdown.
    #[must_use]
    pub fn describe(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    /// Warns whoever uses it, saying what to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecated = Some(message.into());
        self
    }

    /// At most `count` blocks.
    #[must_use]
    pub const fn max(mut self, count: usize) -> Self {
        self.max = Some(count);
        self
    }

    /// At least `count` blocks. For a single block, 1 makes it required.
    #[must_use]
    pub const fn min(mut self, count: usize) -> Self {
        self.min = count;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its attributes.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }
}

/// The schema of a resource, data source, ephemeral resource or provider.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub(crate) version: i64,
    pub(crate) description: String,
    pub(crate) deprecated: Option<String>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) blocks: Vec<Block>,
}

impl Schema {
    /// An empty schema with a description in Markdown.
    #[must_use]
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            ..Self::default()
        }
    }

    /// The version of the state that this schema describes. Default 0.
    #[must_use]
    pub const fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Adds attributes.
    #[must_use]
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Adds a block.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Warns whoever uses the resource, saying what to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecated = Some(message.into());
        self
    }

    /// The description, as Markdown.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The attributes, in order.
    #[must_use]
    pub fn all_attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The blocks, in order.
    #[must_use]
    pub fn all_blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The version of the state.
    #[must_use]
    pub const fn state_version(&self) -> i64 {
        self.version
    }

    pub(crate) fn body(&self) -> Body<'_> {
        Body {
            attributes: &self.attributes,
            blocks: &self.blocks,
        }
    }
}

/// Attributes and blocks of one object: a whole resource, a block, or a nested attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body<'a> {
    pub(crate) attributes: &'a [Attribute],
    pub(crate) blocks: &'a [Block],
}

impl<'a> Body<'a> {
    pub(crate) const fn nested(attributes: &'a [Attribute]) -> Self {
        Self {
            attributes,
            blocks: &[],
        }
    }

    pub(crate) fn attribute(self, name: &str) -> Option<&'a Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }

    pub(crate) fn block(self, name: &str) -> Option<&'a Block> {
        self.blocks.iter().find(|block| block.name == name)
    }
}

impl Block {
    pub(crate) fn body(&self) -> Body<'_> {
        Body {
            attributes: &self.attributes,
            blocks: &self.blocks,
        }
    }
}
