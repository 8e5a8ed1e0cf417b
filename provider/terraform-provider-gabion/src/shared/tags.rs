//! `tags`, `tags_all` and the provider's `default_tags`, as users of the AWS provider know them.

use std::collections::BTreeMap;

use gabion_aws::Tags;
use gabion_framework::prelude::*;

use super::creation;

/// Tags in a model.
pub(crate) type TagMap = Value<BTreeMap<String, Value<String>>>;

/// The attributes `tags` and `tags_all`.
pub(crate) fn attributes() -> [Attribute; 2] {
    [
        Attribute::map("tags", Type::String)
            .optional()
            .describe("Tags. Keys that the provider's `default_tags` has, too, win over those."),
        Attribute::map("tags_all", Type::String)
            .computed()
            .describe("All tags, those of the provider's `default_tags` included."),
    ]
}

/// Checks configured tags at `path`: keys and values as AWS takes them, no null.
pub(crate) fn validate(tags: &TagMap, path: &Path, diags: &mut Diagnostics) {
    for (key, value) in tags.known().into_iter().flatten() {
        let at = path.key(key.clone());
        let fault = if key.is_empty() || key.chars().count() > 128 {
            format!("`{key}` is not a tag key: it needs 1 to 128 characters.")
        } else if key.to_ascii_lowercase().starts_with("aws:") {
            format!("`{key}` is not a tag key for users: AWS keeps the prefix `aws:` for itself.")
        } else if key == creation::TAG {
            format!(
                "`{key}` is the tag by which this provider finds creates that were cut off. Use another key."
            )
        } else if !key.chars().all(is_tag_character) {
            format!("`{key}` is not a tag key: use letters, digits, spaces and `_ . : / = + - @`.")
        } else {
            match value {
                Value::Null => {
                    format!("The tag `{key}` is null. Give it a value, or leave the key out.")
                }
                Value::Known(text) if text.chars().count() > 256 => {
                    format!("The value of the tag `{key}` has more than 256 characters.")
                }
                Value::Known(text) if !text.chars().all(is_tag_character) => {
                    format!(
                        "`{text}` is not a tag value: use letters, digits, spaces and `_ . : / = + - @`."
                    )
                }
                _ => continue,
            }
        };
        diags.error_at(at, "Invalid tag", fault);
    }
    if tags.known().is_some_and(|tags| tags.len() > 49) {
        diags.error_at(
            path.clone(),
            "Too many tags",
            "AWS takes 50 tags on a resource, and this provider needs one of them. Use at most 49.",
        );
    }
}

fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() && !c.is_control() || "_.:/=+-@".contains(c)
}

/// The planned `tags_all`: `tags` over the provider's. Single values may be unknown.
pub(crate) fn plan_all(tags: &TagMap, defaults: &TagMap) -> TagMap {
    let (tags, defaults) = match (tags, defaults) {
        (Value::Unknown, _) | (_, Value::Unknown) => return Value::Unknown,
        (tags, defaults) => (tags.known(), defaults.known()),
    };
    let mut all: BTreeMap<_, _> = defaults.cloned().unwrap_or_default();
    all.extend(tags.cloned().unwrap_or_default());
    Value::Known(all)
}

/// Tags that are all known, as the API takes them; none while something is unknown.
pub(crate) fn known(tags: &TagMap) -> Option<Tags> {
    match tags {
        Value::Null => Some(Tags::new()),
        Value::Unknown => None,
        Value::Known(map) => map
            .iter()
            .map(|(key, value)| value.known().map(|value| (key.clone(), value.clone())))
            .collect(),
    }
}

/// Tags as a model holds them.
pub(crate) fn model(tags: &Tags) -> TagMap {
    Value::Known(
        tags.iter()
            .map(|(key, value)| (key.clone(), Value::Known(value.clone())))
            .collect(),
    )
}

/// What the user sees of live tags: without AWS's own and the creation tag.
pub(crate) fn visible(live: &Tags) -> Tags {
    live.iter()
        .filter(|(key, _)| !key.starts_with("aws:") && *key != creation::TAG)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// `tags` and `tags_all` of the state, from live tags: a default tag that the resource does not name
/// itself is left out of `tags`.
pub(crate) fn read(live: &Tags, prior: &TagMap, defaults: &TagMap) -> (TagMap, TagMap) {
    let all = visible(live);
    let named = |key: &str| prior.known().is_some_and(|prior| prior.contains_key(key));
    let is_default = |key: &str, value: &str| match defaults {
        Value::Null => false,
        // Not known yet: what the resource does not name may be one of them.
        Value::Unknown => true,
        Value::Known(defaults) => defaults
            .get(key)
            .is_some_and(|default| default.is_unknown() || default.as_str() == Some(value)),
    };
    let own: Tags = all
        .iter()
        .filter(|(key, value)| named(key) || !is_default(key, value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    // An empty map in the configuration stays one; no tags at all is null.
    let tags = if own.is_empty() && !prior.known().is_some_and(BTreeMap::is_empty) {
        Value::Null
    } else {
        model(&own)
    };
    (tags, model(&all))
}

/// As [`read`], knowing the prior `tags_all`: a tag that is there as this provider set it, and that `tags` did not
/// name, was a default then. It is no drift of `tags` when the defaults are others now.
pub(crate) fn read_after(
    live: &Tags,
    prior: &TagMap,
    prior_all: &TagMap,
    defaults: &TagMap,
) -> (TagMap, TagMap) {
    let (mut tags, all) = read(live, prior, defaults);
    let named = |key: &str| prior.known().is_some_and(|prior| prior.contains_key(key));
    let before = |key: &str| prior_all.known().and_then(|all| all.get(key));
    if let Some(own) = tags.known_mut() {
        own.retain(|key, value| named(key) || before(key) != Some(value));
    }
    if tags.known().is_some_and(BTreeMap::is_empty)
        && !prior.known().is_some_and(BTreeMap::is_empty)
    {
        tags = Value::Null;
    }
    (tags, all)
}

/// What to set and what to take away, to come from live tags to those wanted. Never touches AWS's own
/// tags or the creation tag.
pub(crate) fn changes(live: &Tags, wanted: &Tags) -> (Tags, Vec<String>) {
    let set = wanted
        .iter()
        .filter(|(key, value)| live.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let unset = visible(live)
        .into_keys()
        .filter(|key| !wanted.contains_key(key))
        .collect();
    (set, unset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(list: &[(&str, &str)]) -> Tags {
        list.iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_resource_wins() {
        let all = plan_all(
            &model(&tags(&[("a", "1"), ("b", "1")])),
            &model(&tags(&[("b", "2"), ("c", "2")])),
        );
        assert_eq!(
            known(&all),
            Some(tags(&[("a", "1"), ("b", "1"), ("c", "2")]))
        );
        assert_eq!(plan_all(&Value::Unknown, &Value::Null), Value::Unknown);
        assert_eq!(plan_all(&Value::Null, &Value::Null), model(&Tags::new()));
    }

    #[test]
    fn a_single_unknown_value_stays_unknown() {
        let some = Value::Known(BTreeMap::from([("a".to_owned(), Value::Unknown)]));
        let all = plan_all(&some, &model(&tags(&[("b", "2")])));
        assert_eq!(known(&all), None);
        assert!(all.is_known());
    }

    #[test]
    fn reads_own_and_default_tags_apart() {
        let live = tags(&[
            ("a", "1"),
            ("d", "2"),
            ("aws:x", "3"),
            (creation::TAG, "created gabion_kms_key"),
        ]);
        let defaults = model(&tags(&[("d", "2")]));
        let (own, all) = read(&live, &Value::Null, &defaults);
        assert_eq!(known(&own), Some(tags(&[("a", "1")])));
        assert_eq!(known(&all), Some(tags(&[("a", "1"), ("d", "2")])));
        // The resource repeats the default: it stays in `tags`.
        let (own, _) = read(&live, &model(&tags(&[("d", "2")])), &defaults);
        assert_eq!(known(&own), Some(tags(&[("a", "1"), ("d", "2")])));
        // Drift of a default tag shows.
        let (own, _) = read(&tags(&[("d", "9")]), &Value::Null, &defaults);
        assert_eq!(known(&own), Some(tags(&[("d", "9")])));
    }

    #[test]
    fn a_former_default_is_no_drift_of_tags() {
        let (live, all) = (
            tags(&[("team", "a"), ("by", "hand")]),
            model(&tags(&[("team", "a")])),
        );
        let (own, _) = read_after(&live, &Value::Null, &all, &model(&tags(&[("team", "b")])));
        assert_eq!(known(&own), Some(tags(&[("by", "hand")])));
        let (own, _) = read_after(&tags(&[("team", "a")]), &Value::Null, &all, &Value::Null);
        assert_eq!(own, Value::Null);
        // Changed by hand, it is drift.
        let (own, _) = read_after(
            &tags(&[("team", "x")]),
            &Value::Null,
            &all,
            &model(&tags(&[("team", "a")])),
        );
        assert_eq!(known(&own), Some(tags(&[("team", "x")])));
    }

    #[test]
    fn null_and_empty_stay_what_they_are() {
        assert_eq!(
            read(&Tags::new(), &Value::Null, &Value::Null).0,
            Value::Null
        );
        assert_eq!(
            read(&Tags::new(), &model(&Tags::new()), &Value::Null).0,
            model(&Tags::new())
        );
    }

    #[test]
    fn changes_leave_foreign_tags_alone() {
        let live = tags(&[
            ("a", "1"),
            ("b", "1"),
            ("aws:x", "3"),
            (creation::TAG, "creating x"),
        ]);
        let (set, unset) = changes(&live, &tags(&[("a", "2"), ("c", "1")]));
        assert_eq!(set, tags(&[("a", "2"), ("c", "1")]));
        assert_eq!(unset, ["b"]);
    }

    #[test]
    fn faults() {
        let mut diags = Diagnostics::new();
        let map = BTreeMap::from([
            ("aws:x".to_owned(), Value::from("1")),
            ("gabion:creation".to_owned(), Value::from("1")),
            ("n".to_owned(), Value::Null),
            ("c".to_owned(), Value::from("a,b")),
            ("fine".to_owned(), Value::Unknown),
        ]);
        validate(&Value::Known(map), &Path::root("tags"), &mut diags);
        let paths: Vec<String> = diags
            .iter()
            .map(|diag| diag.path.clone().unwrap().to_string())
            .collect();
        assert_eq!(
            paths,
            [
                "tags[\"aws:x\"]",
                "tags[\"c\"]",
                "tags[\"gabion:creation\"]",
                "tags[\"n\"]"
            ]
        );
    }
}
