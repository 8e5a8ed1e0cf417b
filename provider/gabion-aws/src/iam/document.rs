//! Policy documents as IAM sends them: percent-encoded.

/// The text of a document. One that is not encoded (some endpoints) is given as it is.
pub(super) fn decode(text: &str) -> String {
    if !text.starts_with('%') {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let mut ahead = bytes.clone();
                let hex = |byte: Option<u8>| char::from(byte?).to_digit(16);
                if let (Some(high), Some(low)) = (hex(ahead.next()), hex(ahead.next())) {
                    out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                    bytes = ahead;
                } else {
                    out.push(byte);
                }
            }
            b'+' => out.push(b' '),
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_and_plain() {
        assert_eq!(
            decode("%7B%22a%22%3A%22b+c%C3%A9%22%7d"),
            "{\"a\":\"b cé\"}"
        );
        assert_eq!(decode("{\"a\": \"100%25\"}"), "{\"a\": \"100%25\"}");
        assert_eq!(decode("%7B%2"), "{%2");
    }
}
