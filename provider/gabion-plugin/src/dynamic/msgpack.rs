//! The MessagePack encoding that Terraform uses for values.
//!
//! Core writes a number as an integer where it fits 64 bits, else as a float where that is exact, else
//! as text: only the schema tells such a number from text, see [`Dynamic::from_msgpack_typed`].

use std::collections::BTreeMap;

use rmp::Marker;
use rmp::encode as write;

use super::{CodecError, Decimal, Dynamic, MAX_DEPTH, MAX_NODES};
use crate::schema::Type;

impl Dynamic {
    /// Reads one value. A number that core wrote as text stays text.
    ///
    /// # Errors
    /// Input that is cut off, too long, too deep, too large, or no value.
    pub fn from_msgpack(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader {
            all: bytes,
            at: 0,
            nodes: 0,
        };
        let value = reader.value(0)?;
        match bytes.len() - reader.at {
            0 => Ok(value),
            left => Err(CodecError::Trailing(left)),
        }
    }

    /// Reads one value of a type: numbers written as text become numbers, and a value of the type
    /// `dynamic` is taken out of the pair of type and value that wraps it.
    ///
    /// # Errors
    /// As [`Self::from_msgpack`]; also a value that is not of the type.
    pub fn from_msgpack_typed(bytes: &[u8], ty: &Type) -> Result<Self, CodecError> {
        ty.apply(Self::from_msgpack(bytes)?)
    }

    /// Writes the value as core does.
    pub fn to_msgpack(&self) -> Vec<u8> {
        let mut out = write::buffer::ByteBuf::new();
        put(&mut out, self);
        out.into_vec()
    }
}

type Out = write::buffer::ByteBuf;

fn put(out: &mut Out, value: &Dynamic) {
    // Writing to memory cannot fail: the results say so in their types.
    let length = |items: usize| u32::try_from(items).unwrap_or(u32::MAX);
    match value {
        Dynamic::Null => {
            let _ = write::write_nil(out);
        }
        Dynamic::Unknown => out.as_mut_vec().extend_from_slice(&[0xd4, 0x00, 0x00]),
        Dynamic::Bool(value) => {
            let _ = write::write_bool(out, *value);
        }
        Dynamic::Number(number) => {
            if let Some(whole) = number.to_i64() {
                let _ = write::write_sint(out, whole);
            } else if let Some(float) = number.to_exact_f64() {
                let _ = write::write_f64(out, float);
            } else {
                let _ = write::write_str(out, number.as_str());
            }
        }
        Dynamic::String(text) => {
            let _ = write::write_str(out, text);
        }
        Dynamic::List(items) => {
            let _ = write::write_array_len(out, length(items.len()));
            for item in items {
                put(out, item);
            }
        }
        Dynamic::Map(items) => {
            let _ = write::write_map_len(out, length(items.len()));
            for (key, item) in items {
                let _ = write::write_str(out, key);
                put(out, item);
            }
        }
    }
}

struct Reader<'a> {
    all: &'a [u8],
    at: usize,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let end = self
            .at
            .checked_add(length)
            .ok_or(CodecError::Truncated(self.all.len()))?;
        let part = self
            .all
            .get(self.at..end)
            .ok_or(CodecError::Truncated(self.all.len()))?;
        self.at = end;
        Ok(part)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        self.take(N)?
            .try_into()
            .map_err(|_| CodecError::Truncated(self.all.len()))
    }

    fn u8(&mut self) -> Result<usize, CodecError> {
        Ok(u8::from_be_bytes(self.fixed()?).into())
    }

    fn u16(&mut self) -> Result<usize, CodecError> {
        Ok(u16::from_be_bytes(self.fixed()?).into())
    }

    fn u32(&mut self) -> Result<usize, CodecError> {
        usize::try_from(u32::from_be_bytes(self.fixed()?)).map_err(|_| CodecError::TooLarge)
    }

    fn marker(&mut self) -> Result<Marker, CodecError> {
        Ok(Marker::from_u8(u8::from_be_bytes(self.fixed()?)))
    }

    fn text(&mut self, length: usize) -> Result<&'a str, CodecError> {
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| CodecError::Text(self.at))
    }

    fn key(&mut self) -> Result<&'a str, CodecError> {
        let length = match self.marker()? {
            Marker::FixStr(length) => length.into(),
            Marker::Str8 | Marker::Bin8 => self.u8()?,
            Marker::Str16 | Marker::Bin16 => self.u16()?,
            Marker::Str32 | Marker::Bin32 => self.u32()?,
            _ => return Err(CodecError::Key(self.at)),
        };
        self.text(length)
    }

    fn value(&mut self, depth: usize) -> Result<Dynamic, CodecError> {
        if depth > MAX_DEPTH {
            return Err(CodecError::TooDeep);
        }
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(CodecError::TooLarge);
        }
        let start = self.at;
        let number = |value: i64| Ok(Dynamic::Number(value.into()));
        match self.marker()? {
            Marker::Null => Ok(Dynamic::Null),
            Marker::True => Ok(Dynamic::Bool(true)),
            Marker::False => Ok(Dynamic::Bool(false)),
            Marker::FixPos(value) => number(value.into()),
            Marker::FixNeg(value) => number(value.into()),
            Marker::U8 => number(u8::from_be_bytes(self.fixed()?).into()),
            Marker::U16 => number(u16::from_be_bytes(self.fixed()?).into()),
            Marker::U32 => number(u32::from_be_bytes(self.fixed()?).into()),
            Marker::U64 => Ok(Dynamic::Number(u64::from_be_bytes(self.fixed()?).into())),
            Marker::I8 => number(i8::from_be_bytes(self.fixed()?).into()),
            Marker::I16 => number(i16::from_be_bytes(self.fixed()?).into()),
            Marker::I32 => number(i32::from_be_bytes(self.fixed()?).into()),
            Marker::I64 => number(i64::from_be_bytes(self.fixed()?)),
            Marker::F32 => Ok(Dynamic::Number(Decimal::try_from(f64::from(
                f32::from_be_bytes(self.fixed()?),
            ))?)),
            Marker::F64 => Ok(Dynamic::Number(Decimal::try_from(f64::from_be_bytes(
                self.fixed()?,
            ))?)),
            Marker::FixStr(_)
            | Marker::Str8
            | Marker::Str16
            | Marker::Str32
            | Marker::Bin8
            | Marker::Bin16
            | Marker::Bin32 => {
                self.at = start;
                Ok(Dynamic::String(self.key()?.to_owned()))
            }
            Marker::FixArray(length) => self.list(length.into(), depth),
            Marker::Array16 => {
                let length = self.u16()?;
                self.list(length, depth)
            }
            Marker::Array32 => {
                let length = self.u32()?;
                self.list(length, depth)
            }
            Marker::FixMap(length) => self.map(length.into(), depth),
            Marker::Map16 => {
                let length = self.u16()?;
                self.map(length, depth)
            }
            Marker::Map32 => {
                let length = self.u32()?;
                self.map(length, depth)
            }
            // Every extension says "unknown": 0 plainly, 12 with bounds that we do not need, and what a
            // newer core may add is by its convention an unknown too.
            Marker::FixExt1 => self.unknown(1),
            Marker::FixExt2 => self.unknown(2),
            Marker::FixExt4 => self.unknown(4),
            Marker::FixExt8 => self.unknown(8),
            Marker::FixExt16 => self.unknown(16),
            Marker::Ext8 => {
                let length = self.u8()?;
                self.unknown(length)
            }
            Marker::Ext16 => {
                let length = self.u16()?;
                self.unknown(length)
            }
            Marker::Ext32 => {
                let length = self.u32()?;
                self.unknown(length)
            }
            Marker::Reserved => Err(CodecError::Marker(start)),
        }
    }

    fn unknown(&mut self, length: usize) -> Result<Dynamic, CodecError> {
        self.take(1)?;
        self.take(length)?;
        Ok(Dynamic::Unknown)
    }

    /// No capacity is set aside on the word of the input beyond what the input itself can hold.
    fn list(&mut self, length: usize, depth: usize) -> Result<Dynamic, CodecError> {
        let left = self.all.len() - self.at;
        if length > left {
            return Err(CodecError::Truncated(self.all.len()));
        }
        let mut items = Vec::with_capacity(length.min(1024));
        for _ in 0..length {
            items.push(self.value(depth + 1)?);
        }
        Ok(Dynamic::List(items))
    }

    fn map(&mut self, length: usize, depth: usize) -> Result<Dynamic, CodecError> {
        let mut items = BTreeMap::new();
        for _ in 0..length {
            let key = self.key()?.to_owned();
            let value = self.value(depth + 1)?;
            if items.insert(key, value).is_some() {
                return Err(CodecError::Key(self.at));
            }
        }
        Ok(Dynamic::Map(items))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_core_writes() {
        // {"a": 1, "b": unknown, "c": refined unknown, "d": [nil, true], "e": 0.5, "f": -200}
        let bytes = [
            &[
                0x86, 0xa1, b'a', 1, 0xa1, b'b', 0xd4, 0, 0, 0xa1, b'c', 0xc7, 3, 12, 0x81, 1, 0xc2,
            ][..],
            &[
                0xa1, b'd', 0x92, 0xc0, 0xc3, 0xa1, b'e', 0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0,
            ],
            &[0xa1, b'f', 0xd1, 0xff, 0x38],
        ]
        .concat();
        let value = Dynamic::from_msgpack(&bytes).unwrap();
        assert_eq!(value.get("a"), Some(&1.into()));
        assert_eq!(value.get("b"), Some(&Dynamic::Unknown));
        assert_eq!(value.get("c"), Some(&Dynamic::Unknown));
        assert_eq!(
            value.get("d"),
            Some(&Dynamic::List(vec![Dynamic::Null, Dynamic::Bool(true)]))
        );
        assert_eq!(
            value.get("e"),
            Some(&Dynamic::Number("0.5".parse().unwrap()))
        );
        assert_eq!(value.get("f"), Some(&Dynamic::from(-200)));
    }

    #[test]
    fn numbers_as_text_need_the_type() {
        let number = Dynamic::Number("0.1".parse().unwrap());
        let bytes = number.to_msgpack();
        assert_eq!(Dynamic::from_msgpack(&bytes).unwrap(), Dynamic::from("0.1"));
        assert_eq!(
            Dynamic::from_msgpack_typed(&bytes, &Type::Number).unwrap(),
            number
        );
        assert!(
            Dynamic::from_msgpack_typed(&Dynamic::from("x").to_msgpack(), &Type::Number).is_err()
        );
    }

    #[test]
    fn hostile_input_is_an_error() {
        let cases: [(&[u8], CodecError); 8] = [
            (&[], CodecError::Truncated(0)),
            (&[0xdd, 0xff, 0xff, 0xff, 0xff], CodecError::Truncated(5)),
            (&[0xdf, 0xff, 0xff, 0xff, 0xff], CodecError::Truncated(5)),
            (
                &[0xdb, 0xff, 0xff, 0xff, 0xff, b'a'],
                CodecError::Truncated(6),
            ),
            (&[0xc1], CodecError::Marker(0)),
            (&[0xc0, 0xc0], CodecError::Trailing(1)),
            (&[0x81, 0x01, 0x01], CodecError::Key(2)),
            (&[0xa1, 0xff], CodecError::Text(2)),
        ];
        for (bytes, error) in cases {
            assert_eq!(Dynamic::from_msgpack(bytes), Err(error), "{bytes:02x?}");
        }
        assert_eq!(
            Dynamic::from_msgpack(&[0x91; 4096]),
            Err(CodecError::TooDeep)
        );
        let twice = [0x82, 0xa1, b'a', 0xc0, 0xa1, b'a', 0xc0];
        assert_eq!(Dynamic::from_msgpack(&twice), Err(CodecError::Key(7)));
        let infinity = [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Dynamic::from_msgpack(&infinity), Err(CodecError::Number));
    }

    /// Any value whose numbers core would not write as text.
    fn values() -> impl Strategy<Value = Dynamic> {
        let leaf = prop_oneof![
            Just(Dynamic::Null),
            Just(Dynamic::Unknown),
            any::<bool>().prop_map(Dynamic::Bool),
            any::<i64>().prop_map(Dynamic::from),
            proptest::num::f64::NORMAL
                .prop_map(|float| Dynamic::Number(Decimal::try_from(float).unwrap())),
            any::<String>().prop_map(Dynamic::String),
        ];
        leaf.prop_recursive(5, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..20).prop_map(Dynamic::List),
                prop::collection::btree_map(any::<String>(), inner, 0..20).prop_map(Dynamic::Map),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_reads_back(value in values()) {
            prop_assert_eq!(Dynamic::from_msgpack(&value.to_msgpack()), Ok(value));
        }

        #[test]
        fn exact_numbers_survive(digits in "-?[1-9][0-9]{0,60}(\\.[0-9]{1,60})?") {
            let number = Dynamic::Number(digits.parse().unwrap());
            prop_assert_eq!(Dynamic::from_msgpack_typed(&number.to_msgpack(), &Type::Number), Ok(number));
        }

        #[test]
        fn any_bytes_end_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Dynamic::from_msgpack(&bytes);
        }

        #[test]
        fn a_cut_value_is_an_error(value in values(), cut in any::<prop::sample::Index>()) {
            let bytes = value.to_msgpack();
            let end = cut.index(bytes.len());
            prop_assert!(Dynamic::from_msgpack(&bytes[..end]).is_err());
        }
    }
}
