//! Text encodings that shells make: UTF-8 with or without a mark, and UTF-16 of PowerShell's `>`.

use super::file::PlanError;

/// The bytes as text.
///
/// # Errors
/// Where they are no text, with the byte.
pub fn decode(bytes: Vec<u8>) -> Result<String, PlanError> {
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] => Err(PlanError::Binary),
        _ => {
            let mark = bytes.starts_with(&[0xEF, 0xBB, 0xBF]);
            let mut text = String::from_utf8(bytes).map_err(|error| PlanError::NotText {
                offset: error.utf8_error().valid_up_to(),
            })?;
            if mark {
                text.drain(..3);
            }
            Ok(text)
        }
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, PlanError> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len() / 2);
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| PlanError::NotText {
            offset: 2 + text.len() * 2,
        })?);
    }
    if odd.is_empty() {
        Ok(text)
    } else {
        Err(PlanError::NotText {
            offset: bytes.len() + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_widths() {
        let text = "{\"é\": 1}";
        let mut marked = vec![0xEF, 0xBB, 0xBF];
        marked.extend(text.as_bytes());
        let mut little = vec![0xFF, 0xFE];
        little.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let mut big = vec![0xFE, 0xFF];
        big.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        for bytes in [text.as_bytes().to_vec(), marked, little, big] {
            assert_eq!(decode(bytes).unwrap(), text);
        }
        assert_eq!(decode(b"PK\x03\x04rest".to_vec()), Err(PlanError::Binary));
        assert_eq!(
            decode(b"ab\xFFc".to_vec()),
            Err(PlanError::NotText { offset: 2 })
        );
        assert!(decode(vec![0xFF, 0xFE, 0x41]).is_err());
    }
}
