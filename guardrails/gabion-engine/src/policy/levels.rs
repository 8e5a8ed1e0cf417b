//! The level that a rule has where no policy file speaks of it.

use gabion_model::{Level, RuleInfo};
use semver::Version;

/// The level and where it comes from. A rule that is newer than its major's first version is advisory until the
/// next major, so that an update within a constraint such as `~> 1.2` refuses nothing new.
pub(super) fn default(rule: &RuleInfo, pack: &str) -> (Level, String) {
    if let (Ok(since), Ok(pack)) = (Version::parse(&rule.since), Version::parse(pack))
        && rule.level == Level::Mandatory
        && is_new(&since, &pack)
    {
        let next = if pack.major == 0 {
            format!("0.{}.0", pack.minor + 1)
        } else {
            format!("{}.0.0", pack.major + 1)
        };
        return (
            Level::Advisory,
            format!("new in {since}, advisory until {next}"),
        );
    }
    (rule.level, "default".to_owned())
}

/// Whether a version came after the first of the pack's major; before 1.0.0, of its minor, which is what may break.
fn is_new(since: &Version, pack: &Version) -> bool {
    let line = if pack.major == 0 {
        Version::new(0, pack.minor, 0)
    } else {
        Version::new(pack.major, 0, 0)
    };
    let same = since.major == pack.major && (pack.major > 0 || since.minor == pack.minor);
    same && *since > line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_in_a_minor() {
        for (since, pack, new) in [
            ("1.0.0", "1.2.0", false),
            ("1.1.0", "1.1.0", true),
            ("1.1.0", "1.2.3", true),
            ("1.0.1", "1.0.1", true),
            ("1.1.0", "2.0.0", false),
            ("2.0.0", "2.0.0", false),
            ("2.0.0-beta", "2.0.0", false),
            ("0.1.0", "0.1.0", false),
            ("0.1.3", "0.1.4", true),
            ("0.1.3", "0.2.0", false),
            ("1.0.0", "0.1.0", false),
        ] {
            let parse = |text| Version::parse(text).unwrap();
            assert_eq!(is_new(&parse(since), &parse(pack)), new, "{since} {pack}");
        }
    }
}
