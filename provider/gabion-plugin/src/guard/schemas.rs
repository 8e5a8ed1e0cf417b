//! The provider's schemas, read once.

use std::collections::HashMap;
use std::sync::Arc;

use super::secrets::Secrets;
use crate::dynamic::{CodecError, Dynamic};
use crate::proto::tfplugin6 as pb;
use crate::schema::{Block, Type};

/// A schema and the type of its values.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) block: Block,
    pub(crate) ty: Type,
}

/// All schemas by type name. One that cannot be read keeps its error: it stops the changes of its type only.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    pub(crate) provider: Option<Schema>,
    resources: HashMap<String, Result<Schema, CodecError>>,
    data_sources: HashMap<String, Result<Schema, CodecError>>,
    ephemerals: HashMap<String, Result<Schema, CodecError>>,
}

impl Schema {
    fn from_proto(schema: &pb::Schema) -> Result<Self, CodecError> {
        let block = schema
            .block
            .as_ref()
            .map_or_else(|| Ok(Block::default()), Block::from_proto)?;
        let ty = block.ty();
        Ok(Self { block, ty })
    }

    /// The value of a message's field; null where it is absent.
    pub(crate) fn decode(&self, value: Option<&pb::DynamicValue>) -> Result<Dynamic, CodecError> {
        match value {
            Some(value) if !value.msgpack.is_empty() => {
                Dynamic::from_msgpack_typed(&value.msgpack, &self.ty)
            }
            Some(value) if !value.json.is_empty() => {
                self.ty.apply(Dynamic::from_json(&value.json)?)
            }
            _ => Ok(Dynamic::Null),
        }
    }

    /// Remembers the secrets of a message's field. What cannot be read holds none that we could know.
    pub(crate) fn learn(&self, value: Option<&pb::DynamicValue>, secrets: &Secrets) {
        if let Ok(value) = self.decode(value) {
            secrets.learn(&self.block, &value);
        }
    }
}

impl Schemas {
    pub(crate) fn from_proto(response: &pb::get_provider_schema::Response) -> Arc<Self> {
        let read = |schemas: &HashMap<String, pb::Schema>| {
            schemas
                .iter()
                .map(|(name, schema)| (name.clone(), Schema::from_proto(schema)))
                .collect()
        };
        Arc::new(Self {
            provider: response
                .provider
                .as_ref()
                .and_then(|schema| Schema::from_proto(schema).ok()),
            resources: read(&response.resource_schemas),
            data_sources: read(&response.data_source_schemas),
            ephemerals: read(&response.ephemeral_resource_schemas),
        })
    }

    /// The schema of a resource type.
    pub(crate) fn resource(&self, type_name: &str) -> Result<&Schema, String> {
        match self.resources.get(type_name) {
            Some(Ok(schema)) => Ok(schema),
            Some(Err(error)) => Err(format!(
                "the schema of `{type_name}` cannot be read: {error}"
            )),
            None => Err(format!("the provider has no schema for `{type_name}`")),
        }
    }

    pub(crate) fn data_source(&self, type_name: &str) -> Option<&Schema> {
        self.data_sources.get(type_name)?.as_ref().ok()
    }

    pub(crate) fn ephemeral(&self, type_name: &str) -> Option<&Schema> {
        self.ephemerals.get(type_name)?.as_ref().ok()
    }
}
