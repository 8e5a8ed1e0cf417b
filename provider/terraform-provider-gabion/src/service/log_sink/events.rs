//! What the trail records: our selectors beside those of others.

use gabion_aws::cloudtrail::{AdvancedSelector, EventSelectors};
use gabion_framework::prelude::*;

use super::model::LogSinkModel;

const S3_OBJECT: &str = "AWS::S3::Object";

/// Our selectors, and those of others that record more: other data events, reads of objects.
///
/// # Errors
/// What classic selectors record besides management and S3 events: the two kinds cannot stand together, so it
/// would be lost. What is in `let_go` may go.
pub(super) fn beside(
    live: &EventSelectors,
    planned: &LogSinkModel,
    own_buckets: &[String],
    let_go: impl Fn(&str) -> bool,
) -> Result<Vec<AdvancedSelector>, Vec<String>> {
    let on = |value: &Value<bool>| value.known() == Some(&true);
    let mut lost: Vec<String> = live
        .classic
        .iter()
        .flat_map(|selector| &selector.data_resources)
        .map(|(kind, _)| kind.clone())
        .filter(|kind| kind != S3_OBJECT && !let_go(kind))
        .collect();
    lost.sort_unstable();
    lost.dedup();
    if !lost.is_empty() {
        return Err(lost);
    }
    let mut selectors = Vec::new();
    if on(&planned.include_management_events) {
        selectors.push(AdvancedSelector::management_events());
    }
    if on(&planned.include_s3_write_events) {
        selectors.push(AdvancedSelector::s3_write_events_except(own_buckets));
    }
    selectors.extend(
        live.advanced
            .iter()
            .filter(|selector| !is_ours(selector))
            .cloned(),
    );
    Ok(selectors)
}

/// Whether a selector records what ours do: management events, or writes to S3 objects.
fn is_ours(selector: &AdvancedSelector) -> bool {
    let is = |field: &str, value: &str| {
        selector
            .fields
            .iter()
            .any(|one| one.field == field && one.equals.iter().any(|equal| equal == value))
    };
    is("eventCategory", "Management") || is("resources.type", S3_OBJECT) && !is("readOnly", "true")
}

#[cfg(test)]
mod tests {
    use gabion_aws::cloudtrail::{ClassicSelector, FieldSelector};

    use super::*;

    fn planned(management: bool, writes: bool) -> LogSinkModel {
        LogSinkModel {
            include_management_events: management.into(),
            include_s3_write_events: writes.into(),
            ..LogSinkModel::default()
        }
    }

    fn field(field: &str, value: &str) -> FieldSelector {
        FieldSelector {
            field: field.to_owned(),
            equals: vec![value.to_owned()],
            ..FieldSelector::default()
        }
    }

    #[test]
    fn others_stay() {
        let lambda = AdvancedSelector {
            name: Some("Lambda".to_owned()),
            fields: vec![
                field("eventCategory", "Data"),
                field("resources.type", "AWS::Lambda::Function"),
            ],
        };
        let mut reads = AdvancedSelector::s3_write_events();
        reads.fields[2].equals = vec!["true".to_owned()];
        let live = EventSelectors {
            advanced: vec![
                AdvancedSelector::management_events(),
                lambda.clone(),
                reads.clone(),
            ],
            classic: Vec::new(),
        };
        let ours = AdvancedSelector::s3_write_events_except(&["arn:aws:s3:::logs".to_owned()]);
        assert_eq!(
            beside(
                &live,
                &planned(false, true),
                &["arn:aws:s3:::logs".to_owned()],
                |_| false
            )
            .unwrap(),
            [ours, lambda, reads]
        );
    }

    #[test]
    fn classic_data_events_are_named() {
        let classic = ClassicSelector {
            data_resources: vec![
                (S3_OBJECT.to_owned(), vec!["arn:aws:s3".to_owned()]),
                (
                    "AWS::Lambda::Function".to_owned(),
                    vec!["arn:aws:lambda".to_owned()],
                ),
            ],
            ..ClassicSelector::default()
        };
        let live = EventSelectors {
            advanced: Vec::new(),
            classic: vec![classic],
        };
        let all = planned(true, true);
        assert_eq!(
            beside(&live, &all, &[], |_| false).unwrap_err(),
            ["AWS::Lambda::Function"]
        );
        assert_eq!(
            beside(&live, &all, &[], |kind| kind == "AWS::Lambda::Function")
                .unwrap()
                .len(),
            2
        );
    }
}
