//! What the policy says: one or more statements for each named intent.

use std::collections::BTreeSet;

use gabion_framework::prelude::*;

use crate::shared::policy::{Document, Matcher, Statement, deny};
use crate::shared::strings::{self, Strings};

use super::model::OrgGuardrailModel;

/// Longest service control policy, in characters as sent.
pub(super) const LONGEST: usize = 5120;

/// What acts in no region, or only in one: never bound by `allowed_regions`.
pub(super) const GLOBAL_SERVICES: &[&str] = &[
    "account:*",
    "artifact:*",
    "aws-marketplace:*",
    "aws-portal:*",
    "billing:*",
    "budgets:*",
    "ce:*",
    "cloudfront:*",
    "consolidatedbilling:*",
    "cur:*",
    "ec2:DescribeRegions",
    "freetier:*",
    "globalaccelerator:*",
    "health:*",
    "iam:*",
    "invoicing:*",
    "networkmanager:*",
    "organizations:*",
    "payments:*",
    "pricing:*",
    "route53:*",
    "route53domains:*",
    "s3:GetAccountPublicAccessBlock",
    "s3:ListAllMyBuckets",
    "s3:PutAccountPublicAccessBlock",
    "shield:*",
    "sso:*",
    "sts:*",
    "support:*",
    "tax:*",
    "trustedadvisor:*",
    "waf:*",
];

const LEAVING: &str = "DenyLeavingOrganization";
const TRAILS: &str = "DenyDisablingTrails";
const DETECTORS: &str = "DenyDisablingDetectors";
const ROOT: &str = "DenyRoot";
const REGIONS: &str = "AllowedRegions";
const DEFAULT_ENCRYPTION: &str = "RequireEncryptionByDefault";
const VOLUMES: &str = "RequireEncryptionVolumes";
const FILES: &str = "RequireEncryptionFiles";
const CLUSTERS: &str = "RequireEncryptionClusters";
const DATABASES: &str = "RequireEncryptionDatabases";
const EXEMPT: &str = "ProtectExemptPrincipals";

/// Label of a statement to the attribute that asks for it.
const OF_LABEL: &[(&str, &str)] = &[
    (LEAVING, "deny_leaving_organization"),
    (TRAILS, "deny_disabling_trails"),
    (DETECTORS, "deny_disabling_detectors"),
    (ROOT, "deny_root"),
    (REGIONS, "allowed_regions"),
    (DEFAULT_ENCRYPTION, "require_encryption"),
    (VOLUMES, "require_encryption"),
    (FILES, "require_encryption"),
    (CLUSTERS, "require_encryption"),
    (DATABASES, "require_encryption"),
    (EXEMPT, "exempt_principals"),
];

/// The attribute whose statement has this label.
pub(super) fn of_label(label: &str) -> Option<&'static str> {
    OF_LABEL
        .iter()
        .find(|(own, _)| *own == label)
        .map(|(_, attribute)| *attribute)
}

const LEAVE: &[&str] = &["organizations:LeaveOrganization"];
const DISABLE_TRAILS: &[&str] = &[
    "cloudtrail:DeleteEventDataStore",
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopEventDataStoreIngestion",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateEventDataStore",
    "cloudtrail:UpdateTrail",
];
/// `config:PutConfigurationRecorder` is not among them: the call that narrows a recorder is the one that makes it, and a
/// landing zone that turns Config on would be stopped.
const DISABLE_DETECTORS: &[&str] = &[
    "access-analyzer:DeleteAnalyzer",
    "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel",
    "config:StopConfigurationRecorder",
    "guardduty:DeleteDetector",
    "guardduty:DisassociateFromAdministratorAccount",
    "guardduty:DisassociateFromMasterAccount",
    "guardduty:StopMonitoringMembers",
    "guardduty:UpdateDetector",
    "inspector2:Disable",
    "macie2:DisableMacie",
    "macie2:DisassociateFromAdministratorAccount",
    "macie2:DisassociateFromMasterAccount",
    "macie2:UpdateMacieSession",
    "securityhub:BatchDisableStandards",
    "securityhub:DisableSecurityHub",
    "securityhub:DisassociateFromAdministratorAccount",
    "securityhub:DisassociateFromMasterAccount",
];

/// By which a role becomes somebody else's: made where it is absent, trusted anew, or given other permissions.
const TAKE_OVER_ROLES: &[&str] = &[
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
];
/// By which somebody else becomes a user: made, renamed, or given new credentials.
const TAKE_OVER_USERS: &[&str] = &[
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateUser",
    "iam:UpdateAccessKey",
    "iam:UpdateLoginProfile",
    "iam:UpdateUser",
    "iam:UploadSigningCertificate",
];

const PRINCIPAL: &str = "aws:PrincipalArn";
const REGION: &str = "aws:RequestedRegion";

fn encryption(partition: &str) -> Vec<Statement> {
    let off = |statement: Statement, key: &str| statement.when("Bool", key, ["false"]);
    vec![
        deny(DEFAULT_ENCRYPTION).actions(["ec2:DisableEbsEncryptionByDefault"]),
        off(
            deny(VOLUMES)
                .actions(["ec2:CreateVolume", "ec2:RunInstances"])
                .on([format!("arn:{partition}:ec2:*:*:volume/*")]),
            "ec2:Encrypted",
        ),
        off(
            deny(FILES).actions(["elasticfilesystem:CreateFileSystem"]),
            "elasticfilesystem:Encrypted",
        ),
        off(
            deny(CLUSTERS).actions(["rds:CreateDBCluster"]),
            "rds:StorageEncrypted",
        ),
        // Instances of an Aurora cluster have no storage of their own: the cluster's counts.
        off(
            deny(DATABASES).actions(["rds:CreateDBInstance"]).when(
                "StringNotLike",
                "rds:DatabaseEngine",
                ["aurora*"],
            ),
            "rds:StorageEncrypted",
        ),
    ]
}

/// Nobody else makes himself one of those whom the guardrail does not bind. Break-glass roles may change them, and so
/// are protected like them. None where no role or user is exempt.
fn protection(exempt: &BTreeSet<String>, break_glass: BTreeSet<String>) -> Option<Statement> {
    let all: BTreeSet<String> = exempt.iter().cloned().chain(break_glass).collect();
    let named = |arn: &str, kind: &str| {
        let name = arn.splitn(6, ':').nth(5).unwrap_or(arn);
        name.starts_with(kind) || name.starts_with(['*', '?'])
    };
    let (roles, users) = (
        all.iter().any(|arn| named(arn, "role/")),
        all.iter().any(|arn| named(arn, "user/")),
    );
    if exempt.is_empty() || !(roles || users) {
        return None;
    }
    let actions = [(roles, TAKE_OVER_ROLES), (users, TAKE_OVER_USERS)];
    let actions = actions.into_iter().filter(|(asked, _)| *asked);
    let objects = all
        .iter()
        .filter(|arn| named(arn, "role/") || named(arn, "user/"));
    Some(
        deny(EXEMPT)
            .actions(actions.flat_map(|(_, list)| list.iter().copied()))
            .on(objects.cloned().collect::<Vec<_>>())
            .when("ArnNotLike", PRINCIPAL, all.clone()),
    )
}

/// The policy of a planned guardrail; none while something it depends on is unknown.
pub(super) fn document(guardrail: &OrgGuardrailModel, partition: &str) -> Option<Document> {
    let on = |value: &Value<bool>| match value {
        Value::Unknown => None,
        other => Some(other.known() == Some(&true)),
    };
    let mut statements = Vec::new();
    if on(&guardrail.deny_leaving_organization)? {
        statements.push(deny(LEAVING).actions(LEAVE.iter().copied()));
    }
    if on(&guardrail.deny_disabling_trails)? {
        statements.push(deny(TRAILS).actions(DISABLE_TRAILS.iter().copied()));
    }
    if on(&guardrail.deny_disabling_detectors)? {
        statements.push(deny(DETECTORS).actions(DISABLE_DETECTORS.iter().copied()));
    }
    if on(&guardrail.deny_root)? {
        let roots = format!("arn:{partition}:iam::*:root");
        statements.push(
            deny(ROOT)
                .actions(["*"])
                .when("ArnLike", PRINCIPAL, [roots]),
        );
    }
    let regions = strings::known(&guardrail.allowed_regions)?;
    if !regions.is_empty() {
        let mut statement = deny(REGIONS).when("StringNotEquals", REGION, regions);
        statement.actions = Matcher::Except(strings::known(&guardrail.global_services)?);
        statements.push(statement);
    }
    if on(&guardrail.require_encryption)? {
        statements.extend(encryption(partition));
    }
    let exempt = strings::known(&guardrail.exempt_principals)?;
    if !exempt.is_empty() {
        statements = statements
            .into_iter()
            .map(|statement| statement.when("ArnNotLike", PRINCIPAL, exempt.clone()))
            .collect();
        statements.extend(protection(
            &exempt,
            strings::known(&guardrail.break_glass_roles)?,
        ));
    }
    Some(Document::new(statements))
}

/// The intents of a live policy, for import.
pub(super) fn read(live: &Document, guardrail: &mut OrgGuardrailModel) {
    let has = |label: &str| -> Value<bool> { live.by_sid(label).is_some().into() };
    guardrail.deny_leaving_organization = has(LEAVING);
    guardrail.deny_disabling_trails = has(TRAILS);
    guardrail.deny_disabling_detectors = has(DETECTORS);
    guardrail.deny_root = has(ROOT);
    guardrail.require_encryption = has(DEFAULT_ENCRYPTION);
    let values = |statement: &Statement, operator: &str, key: &str| -> Option<BTreeSet<String>> {
        statement.conditions.get(operator)?.get(key).cloned()
    };
    if let Some(statement) = live.by_sid(REGIONS) {
        if let Some(regions) = values(statement, "StringNotEquals", REGION) {
            guardrail.allowed_regions = strings::of(regions);
        }
        if let Matcher::Except(services) = &statement.actions {
            guardrail.global_services = strings::of(services.clone());
        }
    }
    let exempt = live
        .statements
        .iter()
        .filter(|statement| statement.sid.as_deref() != Some(EXEMPT))
        .find_map(|statement| values(statement, "ArnNotLike", PRINCIPAL))
        .unwrap_or_default();
    let protected = live
        .by_sid(EXEMPT)
        .and_then(|statement| values(statement, "ArnNotLike", PRINCIPAL))
        .unwrap_or_default();
    if !protected.is_subset(&exempt) {
        guardrail.break_glass_roles = strings::of(protected.difference(&exempt).cloned());
    }
    guardrail.exempt_principals = strings::of(exempt);
}

/// The default of `global_services`.
pub(super) fn default_services() -> Vec<String> {
    GLOBAL_SERVICES
        .iter()
        .map(|one| (*one).to_owned())
        .collect()
}

/// Whether any intent is, or may turn out to be, asked for.
pub(super) fn any(guardrail: &OrgGuardrailModel) -> bool {
    let flags = [
        &guardrail.deny_leaving_organization,
        &guardrail.deny_disabling_trails,
        &guardrail.deny_disabling_detectors,
        &guardrail.deny_root,
        &guardrail.require_encryption,
    ];
    let asked = |list: &Strings| match list {
        Value::Null => false,
        Value::Unknown => true,
        Value::Known(items) => !items.is_empty(),
    };
    flags
        .iter()
        .any(|flag| flag.is_unknown() || flag.known() == Some(&true))
        || asked(&guardrail.allowed_regions)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Everything on.
    pub(in super::super) fn whole() -> OrgGuardrailModel {
        OrgGuardrailModel {
            name: "baseline".into(),
            deny_leaving_organization: true.into(),
            deny_disabling_trails: true.into(),
            deny_disabling_detectors: true.into(),
            deny_root: true.into(),
            require_encryption: true.into(),
            allowed_regions: strings::of(["eu-central-1", "us-east-1"]),
            global_services: strings::of(default_services()),
            exempt_principals: strings::of(["arn:aws:iam::*:role/OrganizationAccountAccessRole"]),
            ..OrgGuardrailModel::default()
        }
    }

    #[test]
    fn everything_fits_into_one_policy() {
        let guardrail = OrgGuardrailModel {
            break_glass_roles: strings::of(["arn:aws:iam::*:role/break-glass"]),
            ..whole()
        };
        let document = document(&guardrail, "aws").unwrap();
        let text = document.to_json();
        assert!(text.len() < LONGEST, "{}", text.len());
        assert!(!text.contains("Principal\":"), "{text}");
        assert!(
            document
                .statements
                .iter()
                .all(|one| of_label(one.sid.as_deref().unwrap()).is_some())
        );
    }

    #[test]
    fn texts() {
        let one = OrgGuardrailModel {
            allowed_regions: strings::of(["eu-central-1"]),
            global_services: strings::of(["iam:*", "sts:*"]),
            deny_root: true.into(),
            exempt_principals: strings::of(["arn:aws:iam::*:role/x"]),
            ..OrgGuardrailModel::default()
        };
        insta::assert_snapshot!(document(&one, "aws").unwrap().to_json(), @r#"{"Statement":[{"Action":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"},"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}},"Effect":"Deny","Resource":"*","Sid":"DenyRoot"},{"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"},"StringNotEquals":{"aws:RequestedRegion":"eu-central-1"}},"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Sid":"AllowedRegions"},{"Action":["iam:AttachRolePolicy","iam:CreateRole","iam:DeleteRole","iam:DeleteRolePermissionsBoundary","iam:DeleteRolePolicy","iam:DetachRolePolicy","iam:PutRolePermissionsBoundary","iam:PutRolePolicy","iam:TagRole","iam:UntagRole","iam:UpdateAssumeRolePolicy","iam:UpdateRole","iam:UpdateRoleDescription"],"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}},"Effect":"Deny","Resource":"arn:aws:iam::*:role/x","Sid":"ProtectExemptPrincipals"}],"Version":"2012-10-17"}"#);
    }

    #[test]
    fn who_is_exempt_is_not_to_be_taken_over() {
        let of = |exempt: &[&str], break_glass: &[&str]| {
            let guardrail = OrgGuardrailModel {
                exempt_principals: strings::of(exempt.iter().copied()),
                break_glass_roles: strings::of(break_glass.iter().copied()),
                ..whole()
            };
            document(&guardrail, "aws").unwrap().by_sid(EXEMPT).cloned()
        };
        let set = |names: &[&str]| -> BTreeSet<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let (vendor, glass) = ("arn:aws:iam::*:role/v", "arn:aws:iam::*:role/break-glass");
        let found = of(&[vendor], &[glass]).unwrap();
        let Matcher::Only(actions) = &found.actions else {
            panic!("{found:?}");
        };
        assert!(actions.is_superset(&set(&["iam:UpdateAssumeRolePolicy", "iam:CreateRole"])));
        assert!(!actions.contains("iam:CreateAccessKey"));
        // Who may change an exempt role is protected as well, or he would be the way to it.
        let both = set(&[vendor, glass]);
        assert_eq!(found.resources, Matcher::Only(both.clone()));
        assert_eq!(found.conditions["ArnNotLike"][PRINCIPAL], both);
        assert_eq!(found.conditions.len(), 1);

        let user = of(&["arn:aws:iam::111122223333:user/u"], &[]).unwrap();
        let Matcher::Only(actions) = &user.actions else {
            panic!("{user:?}");
        };
        assert!(actions.contains("iam:CreateAccessKey"));
        assert!(!actions.contains("iam:CreateRole"));
        assert!(of(&[], &[glass]).is_none());
        assert!(of(&["arn:aws:iam::111122223333:root"], &[]).is_none());
    }

    #[test]
    fn break_glass_roles_are_read_back() {
        let guardrail = OrgGuardrailModel {
            break_glass_roles: strings::of(["arn:aws:iam::*:role/break-glass"]),
            ..whole()
        };
        let live = document(&guardrail, "aws").unwrap();
        let mut found = OrgGuardrailModel::default();
        read(&live, &mut found);
        assert_eq!(found.break_glass_roles, guardrail.break_glass_roles);
        assert_eq!(found.exempt_principals, guardrail.exempt_principals);
        assert!(document(&found, "aws").unwrap().same_as(&live));
    }

    #[test]
    fn a_live_policy_is_read_back() {
        let live = Document::parse(&document(&whole(), "aws").unwrap().to_json(), "aws").unwrap();
        let mut found = OrgGuardrailModel {
            name: "baseline".into(),
            ..OrgGuardrailModel::default()
        };
        read(&live, &mut found);
        assert!(document(&found, "aws").unwrap().same_as(&live));
    }

    #[test]
    fn unknown_parts() {
        let mut guardrail = whole();
        guardrail.allowed_regions = Value::Known(vec![Value::Unknown]);
        assert!(document(&guardrail, "aws").is_none());
        assert!(any(&guardrail));
        assert!(!any(&OrgGuardrailModel::default()));
    }
}
