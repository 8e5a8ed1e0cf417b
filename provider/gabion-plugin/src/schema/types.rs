//! Terraform's types, and how a decoded value is read by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::dynamic::{CodecError, Dynamic};

/// A type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// Any type: on the wire a pair of type and value.
    Dynamic,
    /// `list(..)`.
    List(Box<Self>),
    /// `set(..)`.
    Set(Box<Self>),
    /// `map(..)`.
    Map(Box<Self>),
    /// `tuple([..])`.
    Tuple(Vec<Self>),
    /// `object({..})`.
    Object(BTreeMap<Arc<str>, Self>),
}

impl Type {
    /// Reads the JSON text that schemas carry: `"string"`, `["list","string"]`.
    ///
    /// # Errors
    /// [`CodecError::BadType`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, CodecError> {
        let value: Json = serde_json::from_slice(bytes).map_err(|_| CodecError::BadType)?;
        Self::from_json_value(&value)
    }

    fn from_json_value(value: &Json) -> Result<Self, CodecError> {
        let inner = |value: &Json| Self::from_json_value(value).map(Box::new);
        match value {
            Json::String(name) => match name.as_str() {
                "bool" => Ok(Self::Bool),
                "number" => Ok(Self::Number),
                "string" => Ok(Self::String),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(CodecError::BadType),
            },
            // An object may carry a third part: the names of its optional attributes.
            Json::Array(parts) => match (parts.first().and_then(Json::as_str), parts.get(1)) {
                (Some("list"), Some(item)) => Ok(Self::List(inner(item)?)),
                (Some("set"), Some(item)) => Ok(Self::Set(inner(item)?)),
                (Some("map"), Some(item)) => Ok(Self::Map(inner(item)?)),
                (Some("tuple"), Some(Json::Array(items))) => Ok(Self::Tuple(
                    items
                        .iter()
                        .map(Self::from_json_value)
                        .collect::<Result<_, _>>()?,
                )),
                (Some("object"), Some(Json::Object(items))) => Ok(Self::Object(
                    items
                        .iter()
                        .map(|(name, item)| {
                            Ok((name.as_str().into(), Self::from_json_value(item)?))
                        })
                        .collect::<Result<_, CodecError>>()?,
                )),
                _ => Err(CodecError::BadType),
            },
            _ => Err(CodecError::BadType),
        }
    }

    /// The JSON form that schemas carry.
    pub fn to_json(&self) -> Json {
        let pair = |name: &str, item: Json| Json::Array(vec![name.into(), item]);
        match self {
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::String => "string".into(),
            Self::Dynamic => "dynamic".into(),
            Self::List(item) => pair("list", item.to_json()),
            Self::Set(item) => pair("set", item.to_json()),
            Self::Map(item) => pair("map", item.to_json()),
            Self::Tuple(items) => pair("tuple", items.iter().map(Self::to_json).collect()),
            Self::Object(items) => pair(
                "object",
                items
                    .iter()
                    .map(|(name, item)| (name.to_string(), item.to_json()))
                    .collect(),
            ),
        }
    }

    /// Reads a decoded value by the type: what core wrote as text because no float was exact becomes a
    /// number, and the wrapping of dynamic values is taken off.
    ///
    /// # Errors
    /// [`CodecError::Type`] where the value is of another type.
    pub fn apply(&self, value: Dynamic) -> Result<Dynamic, CodecError> {
        let wrong = || CodecError::Type(self.to_json().to_string());
        match (self, value) {
            (_, value @ (Dynamic::Null | Dynamic::Unknown))
            | (Self::Bool, value @ Dynamic::Bool(_))
            | (Self::Number, value @ Dynamic::Number(_))
            | (Self::String, value @ Dynamic::String(_)) => Ok(value),
            (Self::Number, Dynamic::String(text)) => {
                Ok(Dynamic::Number(text.parse().map_err(|_| wrong())?))
            }
            (Self::Dynamic, Dynamic::List(parts)) => {
                let [ty, value]: [Dynamic; 2] = parts.try_into().map_err(|_| wrong())?;
                Self::from_json(ty.as_str().ok_or_else(wrong)?.as_bytes())?.apply(value)
            }
            (Self::List(item) | Self::Set(item), Dynamic::List(items)) => Ok(Dynamic::List(
                items
                    .into_iter()
                    .map(|value| item.apply(value))
                    .collect::<Result<_, _>>()?,
            )),
            (Self::Map(item), Dynamic::Map(items)) => Ok(Dynamic::Map(
                items
                    .into_iter()
                    .map(|(key, value)| Ok((key, item.apply(value)?)))
                    .collect::<Result<_, CodecError>>()?,
            )),
            (Self::Tuple(types), Dynamic::List(items)) if types.len() == items.len() => {
                Ok(Dynamic::List(
                    types
                        .iter()
                        .zip(items)
                        .map(|(ty, value)| ty.apply(value))
                        .collect::<Result<_, _>>()?,
                ))
            }
            (Self::Object(types), Dynamic::Map(items)) => Ok(Dynamic::Map(
                items
                    .into_iter()
                    .map(|(key, value)| {
                        let value = types.get(key.as_str()).ok_or_else(wrong)?.apply(value)?;
                        Ok((key, value))
                    })
                    .collect::<Result<_, CodecError>>()?,
            )),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_round_trip() {
        for text in [
            r#""string""#,
            r#"["list",["map","bool"]]"#,
            r#"["tuple",["number","dynamic"]]"#,
            r#"["object",{"a":["set","string"],"b":"number"}]"#,
        ] {
            assert_eq!(
                Type::from_json(text.as_bytes())
                    .unwrap()
                    .to_json()
                    .to_string(),
                text
            );
        }
        for text in [
            "",
            "{}",
            r#""text""#,
            r#"["list"]"#,
            r#"["object",[]]"#,
            "7",
        ] {
            assert_eq!(
                Type::from_json(text.as_bytes()),
                Err(CodecError::BadType),
                "{text}"
            );
        }
    }

    #[test]
    fn dynamic_values_are_unwrapped() {
        let wrapped = Dynamic::List(vec![
            "[\"list\",\"number\"]".into(),
            Dynamic::List(vec!["0.1".into()]),
        ]);
        let value = Type::Dynamic.apply(wrapped).unwrap();
        assert_eq!(
            value,
            Dynamic::List(vec![Dynamic::Number("0.1".parse().unwrap())])
        );
        assert!(
            Type::Dynamic
                .apply(Dynamic::List(vec![Dynamic::Null]))
                .is_err()
        );
    }

    #[test]
    fn what_is_of_another_type_is_an_error() {
        let object = Type::from_json(br#"["object",{"a":"bool"}]"#).unwrap();
        assert!(object.apply([("a", true)].into_iter().collect()).is_ok());
        assert!(object.apply([("b", true)].into_iter().collect()).is_err());
        assert!(object.apply([("a", 1)].into_iter().collect()).is_err());
        assert!(Type::Bool.apply("true".into()).is_err());
    }
}
