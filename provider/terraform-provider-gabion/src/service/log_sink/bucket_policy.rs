//! The two bucket policies, as plain data: nothing here calls AWS.

use crate::shared::policy::{Statement, allow, deny};

/// Labels of the generated statements, which `additional_policy_statements` may not use.
pub(super) const SIDS: [&str; 8] = [
    "AccessLogsWrite",
    "DeliveryReadsAcl",
    "DeliveryWrites",
    "DenyInsecureTransport",
    "DenyOutsiders",
    "DenyWritesByOthers",
    "TrailReadsAcl",
    "TrailWrites",
];

/// Services beside CloudTrail that deliver logs to a bucket: AWS Config, and VPC flow logs with their kin.
const DELIVERY: [&str; 2] = ["config.amazonaws.com", "delivery.logs.amazonaws.com"];

/// What the policies are made of; everything is known at plan.
#[derive(Clone, Debug)]
pub(super) struct PolicyInput<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub(super) partition: &'a str,
    /// The account that holds the sink.
    pub(super) account_id: &'a str,
    /// The region that holds the trail.
    pub(super) region: &'a str,
    /// The main bucket.
    pub(super) bucket: &'a str,
    /// The access log bucket.
    pub(super) access_log_bucket: &'a str,
    /// The prefix of access logs.
    pub(super) access_log_prefix: &'a str,
    /// The trail.
    pub(super) trail_name: &'a str,
    /// The organization, none to bind to the account.
    pub(super) organization_id: Option<&'a str>,
    /// Whether the trail covers the organization.
    pub(super) organization_trail: bool,
}

impl PolicyInput<'_> {
    fn bucket_arn(&self, bucket: &str) -> String {
        format!("arn:{}:s3:::{bucket}", self.partition)
    }

    /// The ARN that the trail has or will have.
    pub(super) fn trail_arn(&self) -> String {
        format!(
            "arn:{}:cloudtrail:{}:{}:trail/{}",
            self.partition, self.region, self.account_id, self.trail_name
        )
    }

    /// The statements of the main bucket's policy: TLS only, the organization only, written by log services only.
    /// Source: the AWS pages on bucket policies for CloudTrail, AWS Config and VPC flow logs.
    pub(super) fn main_statements(&self) -> Vec<Statement> {
        let bucket = self.bucket_arn(self.bucket);
        let trail = self.trail_arn();
        let mut written = vec![format!("{bucket}/AWSLogs/{}/*", self.account_id)];
        if let (true, Some(organization)) = (self.organization_trail, self.organization_id) {
            written.push(format!("{bucket}/AWSLogs/{organization}/*"));
        }
        let delivered = match self.organization_id {
            Some(_) => format!("{bucket}/AWSLogs/*"),
            None => format!("{bucket}/AWSLogs/{}/*", self.account_id),
        };
        let (source_key, source) = self.source();
        let [insecure, outsiders] = self.denials(&bucket);
        vec![
            insecure,
            outsiders,
            deny("DenyWritesByOthers")
                .to_everybody()
                .actions(["s3:PutObject"])
                .on([format!("{bucket}/*")])
                .when("BoolIfExists", "aws:PrincipalIsAWSService", ["false"]),
            allow("TrailReadsAcl")
                .to("Service", ["cloudtrail.amazonaws.com"])
                .actions(["s3:GetBucketAcl"])
                .on([bucket.clone()])
                .when("StringEquals", "aws:SourceArn", [trail.clone()]),
            allow("TrailWrites")
                .to("Service", ["cloudtrail.amazonaws.com"])
                .actions(["s3:PutObject"])
                .on(written)
                .when("StringEquals", "aws:SourceArn", [trail])
                .when(
                    "StringEquals",
                    "s3:x-amz-acl",
                    ["bucket-owner-full-control"],
                ),
            allow("DeliveryReadsAcl")
                .to("Service", DELIVERY)
                .actions(["s3:GetBucketAcl", "s3:ListBucket"])
                .on([bucket])
                .when("StringEquals", source_key, [source]),
            allow("DeliveryWrites")
                .to("Service", DELIVERY)
                .actions(["s3:PutObject"])
                .on([delivered])
                .when("StringEquals", source_key, [source])
                .when(
                    "StringEquals",
                    "s3:x-amz-acl",
                    ["bucket-owner-full-control"],
                ),
        ]
    }

    /// The statements of the access log bucket's policy.
    pub(super) fn access_log_statements(&self) -> Vec<Statement> {
        let bucket = self.bucket_arn(self.access_log_bucket);
        let [insecure, outsiders] = self.denials(&bucket);
        vec![
            insecure,
            outsiders,
            allow("AccessLogsWrite")
                .to("Service", ["logging.s3.amazonaws.com"])
                .actions(["s3:PutObject"])
                .on([format!("{bucket}/{}*", self.access_log_prefix)])
                .when("ArnLike", "aws:SourceArn", [self.bucket_arn(self.bucket)])
                .when("StringEquals", "aws:SourceAccount", [self.account_id]),
        ]
    }

    /// Plain HTTP, and everybody from outside. A negated operator also matches where the key is missing, so a
    /// principal without an organization is outside; `BoolIfExists` does, so an anonymous caller is, too.
    fn denials(&self, bucket: &str) -> [Statement; 2] {
        let all = || [bucket.to_owned(), format!("{bucket}/*")];
        let (key, inside) = match self.organization_id {
            Some(organization) => ("aws:PrincipalOrgID", organization),
            None => ("aws:PrincipalAccount", self.account_id),
        };
        [
            deny("DenyInsecureTransport")
                .to_everybody()
                .actions(["s3:*"])
                .on(all())
                .when("Bool", "aws:SecureTransport", ["false"]),
            deny("DenyOutsiders")
                .to_everybody()
                .actions(["s3:*"])
                .on(all())
                .when("BoolIfExists", "aws:PrincipalIsAWSService", ["false"])
                .when("StringNotEquals", key, [inside]),
        ]
    }

    /// The confused deputy's bound: the organization, else the account.
    fn source(&self) -> (&'static str, &str) {
        match self.organization_id {
            Some(organization) => ("aws:SourceOrgID", organization),
            None => ("aws:SourceAccount", self.account_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::policy::Document;

    fn input() -> PolicyInput<'static> {
        PolicyInput {
            partition: "aws",
            account_id: "111122223333",
            region: "eu-central-1",
            bucket: "logs",
            access_log_bucket: "logs-access-logs",
            access_log_prefix: "s3/",
            trail_name: "logs",
            organization_id: None,
            organization_trail: false,
        }
    }

    #[test]
    fn every_label_is_reserved() {
        let input = input();
        let all = input
            .main_statements()
            .into_iter()
            .chain(input.access_log_statements());
        for statement in all {
            assert!(SIDS.contains(&statement.sid.as_deref().unwrap()));
        }
    }

    #[test]
    fn bound_to_the_account_or_the_organization() {
        let text = Document::new(input().main_statements()).to_json();
        assert!(
            text.contains(r#""aws:PrincipalAccount":"111122223333""#)
                && !text.contains("aws:PrincipalOrgID")
        );
        let organization = PolicyInput {
            organization_id: Some("o-abcdefghij"),
            organization_trail: true,
            ..input()
        };
        let text = Document::new(organization.main_statements()).to_json();
        assert!(
            text.contains(r#""aws:PrincipalOrgID":"o-abcdefghij""#)
                && !text.contains("aws:PrincipalAccount")
        );
        assert!(text.contains("arn:aws:s3:::logs/AWSLogs/o-abcdefghij/*"));
    }

    #[test]
    fn the_whole_policy() {
        insta::assert_json_snapshot!(
            serde_json::from_str::<serde_json::Value>(
                &Document::new(input().main_statements()).to_json()
            )
            .unwrap()
        );
    }
}
