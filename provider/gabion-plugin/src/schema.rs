//! A schema, read once from its wire form, for whoever looks at values by it.
//!
//! What belongs here: types, and which attribute is sensitive, computed or write-only. What does not:
//! descriptions, defaults and plan modifiers (`gabion-framework` owns those).

mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use types::Type;

use crate::dynamic::CodecError;
use crate::proto::tfplugin6 as pb;

/// How often a nested block or attribute may stand, and what holds its instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// Once or not at all: an object.
    Single,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// A map of objects.
    Map,
}

/// The attributes and blocks of one level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Its attributes by name.
    pub attributes: BTreeMap<Arc<str>, Attribute>,
    /// Its nested blocks by name.
    pub blocks: BTreeMap<Arc<str>, (Nesting, Self)>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// What it holds.
    pub content: Content,
    /// Never shown.
    pub sensitive: bool,
    /// Never stored; sent with the configuration alone.
    pub write_only: bool,
    /// The provider may set it.
    pub computed: bool,
    /// The configuration may set it (or must).
    pub configurable: bool,
}

/// What an attribute holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A value of a type.
    Value(Type),
    /// Nested attributes.
    Nested(Nesting, BTreeMap<Arc<str>, Attribute>),
}

impl Block {
    /// Reads a block from its wire form.
    ///
    /// # Errors
    /// [`CodecError::BadType`] where a type or a nesting mode cannot be read.
    pub fn from_proto(block: &pb::schema::Block) -> Result<Self, CodecError> {
        use pb::schema::nested_block::NestingMode as Mode;
        let mut blocks = BTreeMap::new();
        for nested in &block.block_types {
            let nesting = match nested.nesting() {
                Mode::Single | Mode::Group => Nesting::Single,
                Mode::List => Nesting::List,
                Mode::Set => Nesting::Set,
                Mode::Map => Nesting::Map,
                Mode::Invalid => return Err(CodecError::BadType),
            };
            let inner = nested
                .block
                .as_ref()
                .map_or_else(|| Ok(Self::default()), Self::from_proto)?;
            blocks.insert(nested.type_name.as_str().into(), (nesting, inner));
        }
        Ok(Self {
            attributes: attributes(&block.attributes)?,
            blocks,
        })
    }

    /// The type of the object that a block's value is.
    pub fn ty(&self) -> Type {
        let mut names = attribute_types(&self.attributes);
        for (name, (nesting, block)) in &self.blocks {
            names.insert(name.clone(), nesting.wrap(block.ty()));
        }
        Type::Object(names)
    }
}

impl Attribute {
    /// The type of the attribute's value.
    pub fn ty(&self) -> Type {
        match &self.content {
            Content::Value(ty) => ty.clone(),
            Content::Nested(nesting, nested) => nesting.wrap(Type::Object(attribute_types(nested))),
        }
    }
}

impl Nesting {
    fn wrap(self, object: Type) -> Type {
        match self {
            Self::Single => object,
            Self::List => Type::List(Box::new(object)),
            Self::Set => Type::Set(Box::new(object)),
            Self::Map => Type::Map(Box::new(object)),
        }
    }
}

fn attribute_types(attributes: &BTreeMap<Arc<str>, Attribute>) -> BTreeMap<Arc<str>, Type> {
    attributes
        .iter()
        .map(|(name, attribute)| (name.clone(), attribute.ty()))
        .collect()
}

fn attributes(list: &[pb::schema::Attribute]) -> Result<BTreeMap<Arc<str>, Attribute>, CodecError> {
    use pb::schema::object::NestingMode as Mode;
    let mut read = BTreeMap::new();
    for attribute in list {
        let content = match &attribute.nested_type {
            None => Content::Value(Type::from_json(&attribute.r#type)?),
            Some(object) => {
                let nesting = match object.nesting() {
                    Mode::Single => Nesting::Single,
                    Mode::List => Nesting::List,
                    Mode::Set => Nesting::Set,
                    Mode::Map => Nesting::Map,
                    Mode::Invalid => return Err(CodecError::BadType),
                };
                Content::Nested(nesting, attributes(&object.attributes)?)
            }
        };
        let entry = Attribute {
            content,
            sensitive: attribute.sensitive,
            write_only: attribute.write_only,
            computed: attribute.computed,
            configurable: attribute.required || attribute.optional,
        };
        read.insert(attribute.name.as_str().into(), entry);
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_the_type_of_its_parts() {
        let leaf = |name: &str, ty: &str| pb::schema::Attribute {
            name: name.to_owned(),
            r#type: ty.as_bytes().to_vec(),
            optional: true,
            ..Default::default()
        };
        let nested = pb::schema::Attribute {
            name: "users".to_owned(),
            nested_type: Some(pb::schema::Object {
                attributes: vec![leaf("arn", "\"string\"")],
                nesting: pb::schema::object::NestingMode::List.into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let block = pb::schema::Block {
            attributes: vec![leaf("tags", r#"["map","string"]"#), nested],
            block_types: vec![pb::schema::NestedBlock {
                type_name: "exception".to_owned(),
                block: Some(pb::schema::Block {
                    attributes: vec![leaf("days", "\"number\"")],
                    ..Default::default()
                }),
                nesting: pb::schema::nested_block::NestingMode::Set.into(),
                ..Default::default()
            }],
            ..Default::default()
        };
        let ty = Block::from_proto(&block).unwrap().ty();
        assert_eq!(
            ty.to_json().to_string(),
            r#"["object",{"exception":["set",["object",{"days":"number"}]],"tags":["map","string"],"users":["list",["object",{"arn":"string"}]]}]"#
        );
    }
}
