//! Digests as registries write them.

use aws_lc_rs::digest::{SHA256, digest};

/// `sha256:` and the hexadecimal digits of these bytes.
pub fn sha256(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in digest(&SHA256, bytes).as_ref() {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    text
}

/// Whether this is `sha256:` and 64 lower-case hexadecimal digits: the one form that is accepted.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64
            && digits
                .bytes()
                .all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_written_as_registries_do() {
        let empty = sha256(b"");
        assert_eq!(
            empty,
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert!(is_sha256(&empty));
        assert!(!is_sha256(&empty.to_uppercase()) && !is_sha256("sha256:12"));
        // A name of a file is made of it: nothing else may pass.
        assert!(!is_sha256(&format!("sha256:../{}", "0".repeat(61))));
    }
}
