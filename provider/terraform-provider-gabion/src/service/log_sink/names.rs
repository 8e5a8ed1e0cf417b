//! The names of a sink's parts: what follows from the main bucket's, and what AWS takes.

use gabion_framework::prelude::*;

use super::model::LogSinkModel;

/// What a trail name is, for messages.
pub(super) const TRAIL_NAME: &str =
    "3 to 128 letters, digits, and single `.`, `_` or `-` between them";

/// The default name of the second bucket.
pub(super) fn access_log_bucket(bucket: &str) -> String {
    format!("{bucket}-access-logs")
}

/// The default name of the log group.
pub(super) fn log_group(bucket: &str) -> String {
    format!("/gabion/{bucket}")
}

/// Fills in the names that were not given. Unknown while the main bucket's is.
pub(super) fn fill(planned: &mut LogSinkModel) {
    let bucket = planned.bucket.clone();
    let follow = |value: &mut Value<String>, make: fn(&str) -> String| {
        if !value.is_known() {
            *value = bucket.clone().map(|bucket| make(&bucket));
        }
    };
    follow(&mut planned.access_log_bucket, access_log_bucket);
    follow(&mut planned.trail_name, str::to_owned);
    follow(&mut planned.log_group_name, log_group);
}

/// Checks names that were made from the main bucket's: validators see only what the user wrote.
pub(super) fn check(config: &LogSinkModel, planned: &LogSinkModel, diags: &mut Diagnostics) {
    if config.access_log_bucket.is_null()
        && let Some(name) = planned.access_log_bucket.as_str()
        && name.len() > 63
        && planned.access_logging.known() == Some(&true)
    {
        diags.error_at(
            Path::root("access_log_bucket"),
            "The default name is too long",
            format!(
                "`{name}` has {} characters, and bucket names at most 63: set `access_log_bucket`.",
                name.len()
            ),
        );
    }
    if config.trail_name.is_null()
        && let Some(name) = planned.trail_name.as_str()
        && !is_trail_name(name)
    {
        diags.error_at(
            Path::root("trail_name"),
            "The default name does not fit",
            format!("`{name}` is not a trail name (expected {TRAIL_NAME}): set `trail_name`."),
        );
    }
}

/// `o-` and 10 to 32 lower-case letters or digits.
pub(super) fn is_organization_id(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|rest| {
        (10..=32).contains(&rest.len())
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// Whether CloudTrail takes it.
pub(super) fn is_trail_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let punctuation = |c: char| matches!(c, '.' | '_' | '-');
    let doubled = text
        .chars()
        .zip(text.chars().skip(1))
        .any(|(left, right)| punctuation(left) && punctuation(right));
    (3..=128).contains(&text.len())
        && edge(text.chars().next())
        && edge(text.chars().last())
        && !doubled
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || punctuation(c))
}

/// Whether CloudWatch Logs takes it.
pub(super) fn is_log_group_name(text: &str) -> bool {
    (1..=512).contains(&text.len())
        && !text.starts_with("aws/")
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | '#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_bucket() {
        let mut model = LogSinkModel {
            bucket: "logs".into(),
            trail_name: "own".into(),
            ..LogSinkModel::default()
        };
        fill(&mut model);
        assert_eq!(model.access_log_bucket.as_str(), Some("logs-access-logs"));
        assert_eq!(model.trail_name.as_str(), Some("own"));
        assert_eq!(model.log_group_name.as_str(), Some("/gabion/logs"));
        let mut model = LogSinkModel {
            bucket: Value::Unknown,
            ..LogSinkModel::default()
        };
        fill(&mut model);
        assert!(model.trail_name.is_unknown());
    }

    #[test]
    fn what_aws_takes() {
        assert!(
            is_organization_id("o-abcdefghij")
                && !is_organization_id("o-short")
                && !is_organization_id("none")
        );
        assert!(
            is_trail_name("audit-logs.1")
                && !is_trail_name("a--b")
                && !is_trail_name("ab")
                && !is_trail_name("-ab")
        );
        assert!(
            is_log_group_name("/gabion/x#1")
                && !is_log_group_name("aws/x")
                && !is_log_group_name("a b")
        );
    }

    #[test]
    fn default_names_that_do_not_fit() {
        let bucket = format!("a--{}", "x".repeat(55));
        let config = LogSinkModel {
            bucket: bucket.as_str().into(),
            ..LogSinkModel::default()
        };
        let mut planned = LogSinkModel {
            access_logging: true.into(),
            ..config.clone()
        };
        fill(&mut planned);
        let mut diags = Diagnostics::new();
        check(&config, &planned, &mut diags);
        let paths: Vec<String> = diags
            .iter()
            .map(|diag| diag.path.clone().unwrap().to_string())
            .collect();
        assert_eq!(paths, ["access_log_bucket", "trail_name"]);
    }
}
