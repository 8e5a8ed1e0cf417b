//! Lifecycle rules: what they amount to, and how ours stands beside those of others.

use gabion_aws::s3::{LifecycleRule, Transition};
use gabion_framework::prelude::*;

use super::model::LogSinkModel;

/// The id of the main bucket's rule.
pub(super) const MAIN: &str = "gabion-log-sink";

/// The id of the access log bucket's rule.
pub(super) const ACCESS: &str = "gabion-access-logs";

/// Days after which an unfinished upload is dropped: it costs and holds no log.
const ABORT_MULTIPART_DAYS: i32 = 7;

/// What the main bucket's rules amount to. Transitions are those of our own rule, else of one that covers the
/// whole bucket; the earliest expiration of any rule counts.
pub(super) fn read_main(rules: &[LifecycleRule], model: &mut LogSinkModel) {
    let moves = |rule: &&LifecycleRule| rule.enabled && !rule.transitions.is_empty();
    let rule = rules.iter().filter(moves).find(|rule| rule.id == MAIN);
    let rule = rule.or_else(|| rules.iter().filter(moves).find(|rule| covers_all(rule)));
    let first = rule.and_then(|rule| rule.transitions.iter().min_by_key(|step| step.days));
    model.transition_in_days = first.map_or(0, |step| i64::from(step.days)).into();
    if let Some(step) = first {
        model.transition_storage_class = step.storage_class.clone().into();
    }
    model.expiration_in_days = expiration(rules).into();
}

/// The earliest expiration of any rule that is in force; 0 is never.
pub(super) fn expiration(rules: &[LifecycleRule]) -> i64 {
    rules
        .iter()
        .filter(|rule| rule.enabled)
        .filter_map(earliest)
        .min()
        .map_or(0, i64::from)
}

fn earliest(rule: &LifecycleRule) -> Option<i32> {
    [rule.expiration_days, rule.noncurrent_expiration_days]
        .into_iter()
        .flatten()
        .min()
}

fn covers_all(rule: &LifecycleRule) -> bool {
    rule.prefix.is_none() && !rule.other
}

/// The main bucket's rule.
pub(super) fn main_rule(model: &LogSinkModel) -> LifecycleRule {
    let storage_class = model.transition_storage_class.clone().unwrap_or_default();
    let steps: Vec<Transition> = days(&model.transition_in_days)
        .map(|days| Transition {
            days,
            storage_class,
        })
        .into_iter()
        .collect();
    LifecycleRule {
        transitions: steps.clone(),
        noncurrent_transitions: steps,
        ..rule(MAIN, &model.expiration_in_days)
    }
}

/// The access log bucket's rule.
pub(super) fn access_rule(model: &LogSinkModel) -> LifecycleRule {
    rule(ACCESS, &model.access_log_expiration_in_days)
}

fn rule(id: &str, expiration: &Value<i64>) -> LifecycleRule {
    LifecycleRule {
        id: id.to_owned(),
        enabled: true,
        expiration_days: days(expiration),
        noncurrent_expiration_days: days(expiration),
        abort_multipart_days: Some(ABORT_MULTIPART_DAYS),
        ..LifecycleRule::default()
    }
}

/// Days for AWS; 0 says never.
fn days(value: &Value<i64>) -> Option<i32> {
    value
        .known()
        .filter(|days| **days > 0)
        .and_then(|days| i32::try_from(*days).ok())
}

/// Our rule, and those of others that do not say otherwise.
///
/// # Errors
/// The ids of rules that would lose settings if they were written back: filters by tag or size, dates. Those in
/// `let_go` are left out.
pub(super) fn beside(
    live: &[LifecycleRule],
    ours: LifecycleRule,
    let_go: impl Fn(&str) -> bool,
) -> Result<Vec<LifecycleRule>, Vec<String>> {
    let others: Vec<&LifecycleRule> = live
        .iter()
        .filter(|rule| rule.id != ours.id && !contradicts(rule, &ours) && !let_go(&rule.id))
        .collect();
    let lost: Vec<String> = others
        .iter()
        .filter(|rule| rule.other)
        .map(|rule| rule.id.clone())
        .collect();
    if !lost.is_empty() {
        return Err(lost);
    }
    Ok(others.into_iter().cloned().chain([ours]).collect())
}

/// Whether a rule of others is what shows as drift: it lets objects expire too early, or moves all of them.
fn contradicts(rule: &LifecycleRule, ours: &LifecycleRule) -> bool {
    let early =
        earliest(rule).is_some_and(|days| ours.expiration_days.is_none_or(|limit| days < limit));
    let moves_all = ours.id == MAIN && covers_all(rule) && !rule.transitions.is_empty();
    rule.enabled && (early || moves_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> LogSinkModel {
        LogSinkModel {
            transition_in_days: 90.into(),
            transition_storage_class: "GLACIER_IR".into(),
            expiration_in_days: 0.into(),
            access_log_expiration_in_days: 365.into(),
            ..LogSinkModel::default()
        }
    }

    fn of_others(id: &str) -> LifecycleRule {
        LifecycleRule {
            id: id.to_owned(),
            enabled: true,
            prefix: Some("x/".to_owned()),
            ..LifecycleRule::default()
        }
    }

    fn read(rules: &[LifecycleRule]) -> (Option<i64>, Option<String>, Option<i64>) {
        let mut model = LogSinkModel::default();
        read_main(rules, &mut model);
        (
            model.transition_in_days.into_known(),
            model.transition_storage_class.into_known(),
            model.expiration_in_days.into_known(),
        )
    }

    #[test]
    fn our_rule_reads_back() {
        assert_eq!(
            read(&[main_rule(&planned())]),
            (Some(90), Some("GLACIER_IR".to_owned()), Some(0))
        );
        assert_eq!(expiration(&[access_rule(&planned())]), 365);
        assert_eq!(read(&[]), (Some(0), None, Some(0)));
    }

    #[test]
    fn an_early_expiration_by_hand_shows_and_goes() {
        let early = LifecycleRule {
            expiration_days: Some(10),
            ..of_others("early")
        };
        let rules = [main_rule(&planned()), early];
        assert_eq!(read(&rules).2, Some(10));
        let written = beside(&rules, main_rule(&planned()), |_| false).unwrap();
        assert_eq!(written, [main_rule(&planned())]);
    }

    #[test]
    fn rules_that_do_no_harm_stay() {
        let step = Transition {
            days: 1,
            storage_class: "GLACIER".to_owned(),
        };
        let other = LifecycleRule {
            transitions: vec![step],
            ..of_others("cold")
        };
        let rules = [other.clone()];
        assert_eq!(read(&rules).0, Some(0));
        assert_eq!(
            beside(&rules, main_rule(&planned()), |_| false).unwrap(),
            [other, main_rule(&planned())]
        );
    }

    #[test]
    fn what_cannot_be_written_back_is_named() {
        let by_tag = LifecycleRule {
            other: true,
            ..of_others("by-tag")
        };
        let rules = [by_tag];
        assert_eq!(
            beside(&rules, main_rule(&planned()), |_| false).unwrap_err(),
            ["by-tag"]
        );
        assert_eq!(
            beside(&rules, main_rule(&planned()), |id| id == "by-tag")
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn our_rule_switched_off_is_no_rule() {
        let off = LifecycleRule {
            enabled: false,
            ..main_rule(&planned())
        };
        assert_eq!(read(&[off]).0, Some(0));
    }
}
