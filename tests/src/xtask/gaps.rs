//! `tests/emulator-gaps.md`, measured.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use gabion_tests::tools::{output, python, say};
use gabion_tests::unread::UNREAD;
use gabion_tests::{Emulator, Kind, workspace};
use serde::Deserialize;

/// One answer of `tests/emulators/probe.py`.
#[derive(Debug, Deserialize)]
struct Answer {
    operation: String,
    outcome: String,
    note: String,
}

impl Answer {
    fn cell(&self) -> String {
        let outcome = match self.outcome.as_str() {
            "yes" => "yes",
            "lost" => "**lost**",
            "lax" => "**lax**",
            _ => "**no**",
        };
        if self.note.is_empty() || self.outcome == "lax" {
            outcome.to_owned()
        } else {
            format!("{outcome}: {}", self.note.replace('|', "/"))
        }
    }
}

/// Asks both emulators and writes the table.
pub(super) fn page() -> Result<String> {
    let moto = probe(Kind::Moto)?;
    let ministack = probe(Kind::Ministack)?;
    let mut page = String::from(HEAD);
    for (left, right) in moto.iter().zip(&ministack) {
        let covered = match (left.outcome.as_str(), right.outcome.as_str()) {
            ("yes", "yes") => "both",
            _ => COVERED
                .iter()
                .find(|(operation, _)| left.operation == *operation)
                .map(|(_, by)| *by)
                .unwrap_or(match (left.outcome.as_str(), right.outcome.as_str()) {
                    (_, "yes") => "MiniStack",
                    ("yes", _) => "moto",
                    _ => "nothing",
                }),
        };
        let (left_cell, right_cell) = (left.cell(), right.cell());
        writeln!(
            page,
            "| {} | {left_cell} | {right_cell} | {covered} |",
            left.operation
        )?;
    }
    page.push_str(ATTRIBUTES);
    for (resource, attribute, why, covered) in UNREAD {
        writeln!(
            page,
            "| `gabion_{resource}` | `{attribute}` | {why} | {covered} |"
        )?;
    }
    Ok(page)
}

fn probe(kind: Kind) -> Result<Vec<Answer>> {
    let environment = python::install()?;
    say(&format!("asking {kind} for every call of the provider"));
    let emulator = Emulator::start(kind)?;
    let mut command = Command::new(environment.program("python"));
    command
        .arg(workspace::root().join("tests/emulators/probe.py"))
        .arg(emulator.endpoint())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stderr(Stdio::inherit());
    let text = output(&mut command).context("the probe failed")?;
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

const HEAD: &str = "<!-- Made by `cargo xtask gen` from tests/emulators/probe.py. Do not edit. -->

# What the emulators prove

Every call that the provider makes, asked of moto 5.2.1 and MiniStack 1.5.33 as they are, without
the modelled fake. `yes`: the call works and its effect reads back. `lost`: accepted, without the
effect. `lax`: accepts what AWS refuses. `no`: refused, missing, or wrong.

The last column says what a passing test rests on. `fake` is our own model of AWS
(tests/src/fake): such a test proves the provider's side of the call, and nothing about AWS.
`plan` means that the provider refuses the input itself, before any call. `nothing` means what it
says: only a real account proves it.

| operation | moto | MiniStack | covered by |
|---|---|---|---|
";

const ATTRIBUTES: &str = "
## Attributes

Every attribute of the tables of secure defaults in docs/resources is read back from moto (with the
fake in front of it) by another client, and compared, on the apply of examples/landing-zone. These
are not:

| resource | attribute | why not | covered by |
|---|---|---|---|
";

/// What covers the gaps that neither emulator fills alone.
const COVERED: &[(&str, &str)] = &[
    (
        "organizations:CreateAccount is under way at first, ListCreateAccountStatus",
        "fake",
    ),
    (
        "organizations:CreateAccount with an address that is in use",
        "fake; plan, in one organization",
    ),
    ("organizations:CreateOrganizationalUnit that exists", "fake"),
    (
        "organizations: an attached policy is enforced",
        "fake, for the quarantine's policy alone",
    ),
    (
        "ec2:ModifyEbsDefaultKmsKeyId, GetEbsDefaultKmsKeyId, ResetEbsDefaultKmsKeyId",
        "fake",
    ),
    (
        "ec2:ModifyInstanceMetadataDefaults, GetInstanceMetadataDefaults",
        "fake",
    ),
    (
        "network-firewall:CreateRuleGroup, DescribeRuleGroup, UpdateRuleGroup, DeleteRuleGroup",
        "fake",
    ),
    (
        "network-firewall:CreateFirewallPolicy, DescribeFirewallPolicy, UpdateFirewallPolicy, DeleteFirewallPolicy",
        "fake",
    ),
    (
        "network-firewall:CreateFirewall, DescribeFirewall with the endpoints of its subnets",
        "fake",
    ),
    (
        "network-firewall:UpdateLoggingConfiguration, DescribeLoggingConfiguration",
        "fake",
    ),
    (
        "network-firewall:UpdateFirewallDeleteProtection, UpdateSubnetChangeProtection, UpdateFirewallPolicyChangeProtection",
        "fake",
    ),
    ("network-firewall:TagResource, UntagResource", "fake"),
    ("network-firewall:DeleteFirewall", "fake"),
    (
        "ec2:ModifyVpcBlockPublicAccessOptions, DescribeVpcBlockPublicAccessOptions",
        "fake",
    ),
    (
        "accessanalyzer:CreateAnalyzer, ListAnalyzers, TagResource, UntagResource, DeleteAnalyzer",
        "fake",
    ),
    (
        "ec2:CreateVpcBlockPublicAccessExclusion, DescribeVpcBlockPublicAccessExclusions",
        "fake",
    ),
    (
        "ec2:ModifyVpcBlockPublicAccessExclusion, DeleteVpcBlockPublicAccessExclusion",
        "fake",
    ),
    ("ec2:DescribeVpcBlockPublicAccessOptions", "fake"),
    ("route53resolver:DisassociateResolverQueryLogConfig", "fake"),
    ("route53resolver:DeleteResolverQueryLogConfig", "fake"),
    (
        "kms:EnableKeyRotation RotationPeriodInDays",
        "MiniStack; fake for moto",
    ),
    ("kms:EnableKeyRotation with a period of 30", "fake; plan"),
    ("kms:PutKeyPolicy with a malformed policy", "fake; plan"),
    ("kms:PutKeyPolicy that locks the caller out", "plan"),
    (
        "kms:ScheduleKeyDeletion with a window of 3",
        "MiniStack; fake for moto; plan",
    ),
    ("kms:EnableKeyRotation of a disabled key", "fake"),
    ("kms:GetKeyLastUsage", "fake"),
    ("iam:CreateRole with a boundary that does not exist", "plan"),
    ("iam:CreateRole with a session of 60", "plan"),
    ("iam:PutRolePolicy of 11,000 characters", "plan"),
    ("organizations:CreatePolicy of 6,000 characters", "plan"),
    (
        "organizations:AttachPolicy of a sixth control policy",
        "plan",
    ),
    ("s3:CreateBucket tags", "MiniStack; fake for moto"),
    ("s3:HeadBucket ExpectedBucketOwner", "fake"),
    ("s3:PutBucketVersioning Suspended under Object Lock", "fake"),
    (
        "s3:GetBucketEncryption of a new bucket",
        "MiniStack; fake for moto",
    ),
    (
        "s3:PutBucketLifecycleConfiguration TransitionDefaultMinimumObjectSize",
        "fake",
    ),
    (
        "s3:PutBucketLogging to a bucket with a TLS-only policy",
        "MiniStack; fake for moto",
    ),
    (
        "cloudtrail:CreateTrail TagsList, ListTags",
        "moto; fake for MiniStack",
    ),
    (
        "cloudtrail:CreateTrail that exists",
        "MiniStack; fake for moto",
    ),
    ("cloudtrail:StartLogging by ARN", "MiniStack; fake for moto"),
    (
        "cloudtrail:CreateTrail with a log group",
        "moto; fake for MiniStack",
    ),
    (
        "logs:PutRetentionPolicy with 17 days",
        "MiniStack; fake for moto; plan",
    ),
    ("logs:AssociateKmsKey, DisassociateKmsKey", "fake"),
    ("logs:PutLogGroupDeletionProtection", "fake"),
];
