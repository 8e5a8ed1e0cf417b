//! Which events a trail writes.

use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector as SdkAdvanced, AdvancedFieldSelector as SdkField,
    EventSelector as SdkClassic, ReadWriteType,
};

use super::CloudTrail;
use crate::convert::build_error;
use crate::error::Result;
use crate::operations::{self, Operation};

const CATEGORY: &str = "eventCategory";
const RESOURCE_TYPE: &str = "resources.type";
const RESOURCE_ARN: &str = "resources.ARN";
const READ_ONLY: &str = "readOnly";
const S3_OBJECT: &str = "AWS::S3::Object";

/// One condition of an advanced selector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    /// Field (`eventCategory`, `readOnly`, `resources.type`, ...).
    pub field: String,
    /// Values it may be.
    pub equals: Vec<String>,
    /// Beginnings it may have.
    pub starts_with: Vec<String>,
    /// Ends it may have.
    pub ends_with: Vec<String>,
    /// Values it must not be.
    pub not_equals: Vec<String>,
    /// Beginnings it must not have.
    pub not_starts_with: Vec<String>,
    /// Ends it must not have.
    pub not_ends_with: Vec<String>,
}

impl FieldSelector {
    fn is(field: &str, value: &str) -> Self {
        Self {
            field: field.to_owned(),
            equals: vec![value.to_owned()],
            ..Self::default()
        }
    }
}

/// An advanced event selector: all its conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdvancedSelector {
    /// A name for people.
    pub name: Option<String>,
    /// Its conditions.
    pub fields: Vec<FieldSelector>,
}

/// A classic event selector, as older trails have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassicSelector {
    /// `All`, `ReadOnly` or `WriteOnly`.
    pub read_write: String,
    /// Whether management events are written.
    pub management_events: bool,
    /// Sources whose management events are left out.
    pub excluded_sources: Vec<String>,
    /// Data events: resource type and the ARNs (or beginnings of ARNs) that are covered.
    pub data_resources: Vec<(String, Vec<String>)>,
}

/// All selectors of a trail. A trail has either kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventSelectors {
    /// Advanced ones.
    pub advanced: Vec<AdvancedSelector>,
    /// Classic ones.
    pub classic: Vec<ClassicSelector>,
}

impl AdvancedSelector {
    /// All management events, reads and writes.
    pub fn management_events() -> Self {
        Self {
            name: Some("Management events".to_owned()),
            fields: vec![FieldSelector::is(CATEGORY, "Management")],
        }
    }

    /// Writes to the objects of all buckets, and of those made later.
    pub fn s3_write_events() -> Self {
        Self {
            name: Some("S3 write data events".to_owned()),
            fields: vec![
                FieldSelector::is(CATEGORY, "Data"),
                FieldSelector::is(RESOURCE_TYPE, S3_OBJECT),
                FieldSelector::is(READ_ONLY, "false"),
            ],
        }
    }

    /// The same, but for buckets whose logs would log themselves (ARNs of buckets).
    pub fn s3_write_events_except(buckets: &[String]) -> Self {
        let mut selector = Self::s3_write_events();
        if !buckets.is_empty() {
            selector.fields.push(FieldSelector {
                field: RESOURCE_ARN.to_owned(),
                not_starts_with: buckets.iter().map(|arn| format!("{arn}/")).collect(),
                ..FieldSelector::default()
            });
        }
        selector
    }

    fn has(&self, field: &str, value: &str) -> bool {
        self.fields
            .iter()
            .any(|f| f.field == field && f.equals.len() == 1 && f.equals.iter().any(|v| v == value))
    }

    /// Whether it has conditions beyond the named fields.
    fn narrowed_beyond(&self, fields: &[&str]) -> bool {
        self.fields
            .iter()
            .any(|f| !fields.contains(&f.field.as_str()))
    }

    /// Whether only exclusions stand on object ARNs.
    fn excludes_only(&self) -> bool {
        self.fields
            .iter()
            .filter(|f| f.field == RESOURCE_ARN)
            .all(|f| f.equals.is_empty() && f.starts_with.is_empty() && f.ends_with.is_empty())
    }
}

impl EventSelectors {
    /// Whether all management events, reads and writes, are written.
    pub fn logs_management_events(&self) -> bool {
        let advanced = self.advanced.iter().any(|selector| {
            selector.has(CATEGORY, "Management") && !selector.narrowed_beyond(&[CATEGORY])
        });
        let classic = self.classic.iter().any(|selector| {
            selector.management_events
                && selector.read_write == "All"
                && selector.excluded_sources.is_empty()
        });
        advanced || classic
    }

    /// Whether writes to the objects of all buckets are written. Exclusions of single buckets count
    /// as all; a caller that cares asks [`EventSelectors::logs_s3_writes_except`].
    pub fn logs_s3_writes(&self) -> bool {
        self.logs_s3_writes_but(|_| true)
    }

    /// Whether writes to the objects of all buckets are written, those to the named buckets (ARNs)
    /// perhaps excepted.
    pub fn logs_s3_writes_except(&self, buckets: &[String]) -> bool {
        let allowed: Vec<String> = buckets.iter().map(|arn| format!("{arn}/")).collect();
        self.logs_s3_writes_but(|field| {
            field.not_equals.is_empty()
                && field.not_ends_with.is_empty()
                && field
                    .not_starts_with
                    .iter()
                    .all(|arn| allowed.contains(arn))
        })
    }

    fn logs_s3_writes_but(&self, excluded: impl Fn(&FieldSelector) -> bool) -> bool {
        let advanced = self.advanced.iter().any(|selector| {
            let fields = [CATEGORY, RESOURCE_TYPE, READ_ONLY, RESOURCE_ARN];
            let writes = selector.has(READ_ONLY, "false")
                || !selector.fields.iter().any(|f| f.field == READ_ONLY);
            let arns = selector.fields.iter().filter(|f| f.field == RESOURCE_ARN);
            selector.has(CATEGORY, "Data")
                && selector.has(RESOURCE_TYPE, S3_OBJECT)
                && writes
                && selector.excludes_only()
                && arns.into_iter().all(&excluded)
                && !selector.narrowed_beyond(&fields)
        });
        let classic = self.classic.iter().any(|selector| {
            let all = |arn: &String| arn.ends_with(":s3") || arn.ends_with(":s3:::");
            selector.read_write != "ReadOnly"
                && selector
                    .data_resources
                    .iter()
                    .any(|(kind, arns)| kind == S3_OBJECT && arns.iter().any(all))
        });
        advanced || classic
    }
}

impl CloudTrail {
    /// All selectors of a trail.
    pub async fn event_selectors(&self, name: &str) -> Result<EventSelectors> {
        let call = self
            .clients
            .sdk()
            .cloudtrail()
            .get_event_selectors()
            .trail_name(name);
        let answer = self
            .clients
            .call(&operations::cloudtrail::GET_EVENT_SELECTORS, call.send())
            .await?;
        let advanced = answer.advanced_event_selectors.unwrap_or_default();
        let classic = answer.event_selectors.unwrap_or_default();
        Ok(EventSelectors {
            advanced: advanced.into_iter().map(from_advanced).collect(),
            classic: classic.into_iter().map(from_classic).collect(),
        })
    }

    /// Replaces all selectors, classic ones included, with advanced ones.
    pub async fn put_event_selectors(
        &self,
        name: &str,
        selectors: &[AdvancedSelector],
    ) -> Result<()> {
        let op = &operations::cloudtrail::PUT_EVENT_SELECTORS;
        let selectors: Result<Vec<SdkAdvanced>> =
            selectors.iter().map(|one| to_advanced(op, one)).collect();
        let call = self
            .clients
            .sdk()
            .cloudtrail()
            .put_event_selectors()
            .trail_name(name)
            .set_advanced_event_selectors(Some(selectors?));
        self.clients.call(op, call.send()).await.map(drop)
    }
}

fn to_advanced(op: &'static Operation, selector: &AdvancedSelector) -> Result<SdkAdvanced> {
    let some = |values: &[String]| (!values.is_empty()).then(|| values.to_vec());
    let fields: Result<Vec<SdkField>> = selector
        .fields
        .iter()
        .map(|field| {
            SdkField::builder()
                .field(&field.field)
                .set_equals(some(&field.equals))
                .set_starts_with(some(&field.starts_with))
                .set_ends_with(some(&field.ends_with))
                .set_not_equals(some(&field.not_equals))
                .set_not_starts_with(some(&field.not_starts_with))
                .set_not_ends_with(some(&field.not_ends_with))
                .build()
                .map_err(build_error(op))
        })
        .collect();
    SdkAdvanced::builder()
        .set_name(selector.name.clone())
        .set_field_selectors(Some(fields?))
        .build()
        .map_err(build_error(op))
}

fn from_advanced(selector: SdkAdvanced) -> AdvancedSelector {
    AdvancedSelector {
        name: selector.name.filter(|name| !name.is_empty()),
        fields: selector
            .field_selectors
            .into_iter()
            .map(|field| FieldSelector {
                field: field.field,
                equals: field.equals.unwrap_or_default(),
                starts_with: field.starts_with.unwrap_or_default(),
                ends_with: field.ends_with.unwrap_or_default(),
                not_equals: field.not_equals.unwrap_or_default(),
                not_starts_with: field.not_starts_with.unwrap_or_default(),
                not_ends_with: field.not_ends_with.unwrap_or_default(),
            })
            .collect(),
    }
}

fn from_classic(selector: SdkClassic) -> ClassicSelector {
    ClassicSelector {
        read_write: selector
            .read_write_type
            .unwrap_or(ReadWriteType::All)
            .as_str()
            .to_owned(),
        management_events: selector.include_management_events.unwrap_or(true),
        excluded_sources: selector
            .exclude_management_event_sources
            .unwrap_or_default(),
        data_resources: selector
            .data_resources
            .unwrap_or_default()
            .into_iter()
            .map(|resource| {
                (
                    resource.r#type.unwrap_or_default(),
                    resource.values.unwrap_or_default(),
                )
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_covered() {
        let own = EventSelectors {
            advanced: vec![
                AdvancedSelector::management_events(),
                AdvancedSelector::s3_write_events_except(&["arn:aws:s3:::logs".to_owned()]),
            ],
            classic: Vec::new(),
        };
        assert!(own.logs_management_events() && own.logs_s3_writes());

        let logs = "arn:aws:s3:::logs".to_owned();
        assert!(own.logs_s3_writes_except(&[logs.clone(), "arn:aws:s3:::other".to_owned()]));
        assert!(!own.logs_s3_writes_except(&["arn:aws:s3:::other".to_owned()]));
        let whole = EventSelectors {
            advanced: vec![AdvancedSelector::s3_write_events()],
            classic: Vec::new(),
        };
        assert!(whole.logs_s3_writes_except(&[]));
        let mut hidden = AdvancedSelector::s3_write_events_except(std::slice::from_ref(&logs));
        hidden.fields[3].not_equals = vec![format!("{logs}/secret")];
        let hidden = EventSelectors {
            advanced: vec![hidden],
            classic: Vec::new(),
        };
        assert!(hidden.logs_s3_writes() && !hidden.logs_s3_writes_except(&[logs]));

        let mut reads = AdvancedSelector::s3_write_events();
        reads.fields[2].equals = vec!["true".to_owned()];
        let mut narrow = AdvancedSelector::management_events();
        narrow.fields.push(FieldSelector::is(READ_ONLY, "false"));
        let weak = EventSelectors {
            advanced: vec![narrow, reads],
            classic: Vec::new(),
        };
        assert!(!weak.logs_management_events() && !weak.logs_s3_writes());

        let classic = |arn: &str| EventSelectors {
            advanced: Vec::new(),
            classic: vec![ClassicSelector {
                read_write: "All".to_owned(),
                management_events: true,
                excluded_sources: Vec::new(),
                data_resources: vec![(S3_OBJECT.to_owned(), vec![arn.to_owned()])],
            }],
        };
        assert!(
            classic("arn:aws:s3").logs_s3_writes() && classic("arn:aws:s3:::").logs_s3_writes()
        );
        assert!(!classic("arn:aws:s3:::one/").logs_s3_writes());
    }

    #[test]
    fn there_and_back() {
        let op = &operations::cloudtrail::PUT_EVENT_SELECTORS;
        let selector = AdvancedSelector::s3_write_events_except(&["arn:aws:s3:::logs".to_owned()]);
        assert_eq!(from_advanced(to_advanced(op, &selector).unwrap()), selector);
    }
}
