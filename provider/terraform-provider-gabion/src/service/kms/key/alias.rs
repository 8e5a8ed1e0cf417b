//! Names of keys.

/// What every alias begins with.
const PREFIX: &str = "alias/";

/// The alias as KMS spells it: with `alias/`, which the user may leave out.
pub(super) fn full(alias: &str) -> String {
    if alias.starts_with(PREFIX) {
        alias.to_owned()
    } else {
        format!("{PREFIX}{alias}")
    }
}

/// Whether KMS takes it.
pub(super) fn is_valid(alias: &str) -> bool {
    let full = full(alias);
    let name = full.strip_prefix(PREFIX).unwrap_or_default();
    !name.is_empty()
        && full.len() <= 256
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b))
        && !name.starts_with("aws/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings() {
        assert_eq!(full("app"), "alias/app");
        assert_eq!(full("alias/app"), "alias/app");
        for right in ["app", "alias/app", "team/app_1-x", "aws"] {
            assert!(is_valid(right), "{right}");
        }
        for wrong in [
            "",
            "alias/",
            "a b",
            "alias/aws/s3",
            "aws/s3",
            "a:b",
            &"x".repeat(251),
        ] {
            assert!(!is_valid(wrong), "{wrong}");
        }
    }
}
