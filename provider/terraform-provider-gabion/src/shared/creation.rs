//! The creation tag: a create that is cut off leaves a mark in the cloud from which the next one
//! continues, and nothing else may be taken over.

use gabion_aws::Tags;

/// The tag's key. Never shown in `tags` or `tags_all`.
pub(crate) const TAG: &str = "gabion:creation";

/// Longest name that goes into the tag as it is: values hold 256 characters.
const LONGEST: usize = 180;

/// The tag that goes with the create call: the type and the name tell it from its siblings.
pub(crate) fn creating(type_name: &str, name: &str) -> (String, String) {
    (
        TAG.to_owned(),
        format!("creating {type_name} {}", short(name)),
    )
}

/// The tag that the last step sets.
pub(crate) fn created(type_name: &str) -> (String, String) {
    (TAG.to_owned(), format!("created {type_name}"))
}

/// Whether these tags are of a create of this very object that never came to its end.
pub(crate) fn is_creating(tags: &Tags, type_name: &str, name: &str) -> bool {
    tags.get(TAG) == Some(&creating(type_name, name).1)
}

/// Whether these tags are of any create that never came to its end.
pub(crate) fn is_unfinished(tags: &Tags) -> bool {
    tags.get(TAG)
        .is_some_and(|value| value.starts_with("creating "))
}

/// A name of bounded length: what is too long is cut and told apart by a checksum.
fn short(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    // FNV-1a: stable over versions and platforms.
    let sum = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let head: String = name.chars().take(LONGEST).collect();
    format!("{head} {sum:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_siblings_apart() {
        let tags = Tags::from([creating("gabion_kms_key", "alias/a")]);
        assert!(is_creating(&tags, "gabion_kms_key", "alias/a"));
        assert!(!is_creating(&tags, "gabion_kms_key", "alias/b"));
        assert!(!is_creating(&tags, "gabion_log_sink", "alias/a"));
        assert!(is_unfinished(&tags));
        assert!(!is_unfinished(&Tags::from([created("gabion_kms_key")])));
    }

    #[test]
    fn long_names_fit_and_differ() {
        let (one, two) = ("a".repeat(300), format!("{}b", "a".repeat(299)));
        let (one, two) = (
            creating("gabion_kms_key", &one).1,
            creating("gabion_kms_key", &two).1,
        );
        assert!(one.len() <= 256 && two.len() <= 256);
        assert_ne!(one, two);
    }
}
