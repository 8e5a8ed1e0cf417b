//! The JSON encoding: stored state, and values of hand-written tests.

use serde_json::Value as Json;

use super::{CodecError, Dynamic};

impl Dynamic {
    /// Reads JSON text, as stored state holds it. Numbers stay exact.
    ///
    /// # Errors
    /// What is not JSON, with line and column; numbers beyond reason; nesting beyond 128 levels.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CodecError> {
        let value: Json = serde_json::from_slice(bytes).map_err(|error| {
            // serde_json's own text may quote the input; the position is enough.
            CodecError::Json(format!("line {}, column {}", error.line(), error.column()))
        })?;
        Self::from_json_value(&value)
    }

    /// The value that a JSON value stands for.
    ///
    /// # Errors
    /// Numbers beyond reason.
    pub fn from_json_value(value: &Json) -> Result<Self, CodecError> {
        Ok(match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.as_str().parse()?),
            Json::String(text) => Self::String(text.clone()),
            Json::Array(items) => Self::List(
                items
                    .iter()
                    .map(Self::from_json_value)
                    .collect::<Result<_, _>>()?,
            ),
            Json::Object(items) => Self::Map(
                items
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), Self::from_json_value(value)?)))
                    .collect::<Result<_, CodecError>>()?,
            ),
        })
    }

    /// The value as JSON.
    ///
    /// # Errors
    /// [`CodecError::Unknown`] where any part is not known yet.
    pub fn to_json_value(&self) -> Result<Json, CodecError> {
        Ok(match self {
            Self::Null => Json::Null,
            Self::Unknown => return Err(CodecError::Unknown),
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => {
                Json::Number(serde_json::from_str(number.as_str()).map_err(|_| CodecError::Number)?)
            }
            Self::String(text) => Json::String(text.clone()),
            Self::List(items) => Json::Array(
                items
                    .iter()
                    .map(Self::to_json_value)
                    .collect::<Result<_, _>>()?,
            ),
            Self::Map(items) => Json::Object(
                items
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.to_json_value()?)))
                    .collect::<Result<_, CodecError>>()?,
            ),
        })
    }

    /// The value as JSON text.
    ///
    /// # Errors
    /// As [`Self::to_json_value`].
    pub fn to_json(&self) -> Result<Vec<u8>, CodecError> {
        Ok(self.to_json_value()?.to_string().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_keeps_numbers() {
        let text = br#"{"a":[9007199254740993,0.1,-5],"b":null,"c":{"d":"x"}}"#;
        let value = Dynamic::from_json(text).unwrap();
        assert_eq!(value.to_json().unwrap(), text);
    }

    #[test]
    fn errors_name_the_place_and_not_the_text() {
        let error = Dynamic::from_json(b"{\"password\": hunter2}")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "not valid JSON: line 1, column 14");
        let deep = "[".repeat(100_000);
        assert!(Dynamic::from_json(deep.as_bytes()).is_err());
        assert_eq!(
            Dynamic::List(vec![Dynamic::Unknown]).to_json(),
            Err(CodecError::Unknown)
        );
    }
}
