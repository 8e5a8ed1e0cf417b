//! The organization, its guardrail, accounts with their baseline, and roles.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::MANAGEMENT;
use super::{Reader, each};

pub(super) fn organization(r: &mut Reader<'_>) -> Result<()> {
    r.resource(
        "organization",
        MANAGEMENT,
        "module.organization.gabion_organization.this",
    )?;
    let root = r.ask("organizations", "list_roots", json!({}))?["Roots"][0].clone();
    r.is("enabled_policy_types", each(&root["PolicyTypes"], "Type"));
    let units = r.ask(
        "organizations",
        "list_organizational_units_for_parent",
        json!({"ParentId": root["Id"]}),
    )?;
    r.is("units", each(&units["OrganizationalUnits"], "Name"));
    let services = r.ask(
        "organizations",
        "list_aws_service_access_for_organization",
        json!({}),
    )?;
    r.is(
        "aws_service_access_principals",
        each(&services["EnabledServicePrincipals"], "ServicePrincipal"),
    );
    Ok(())
}

pub(super) fn guardrail(r: &mut Reader<'_>) -> Result<()> {
    r.resource(
        "org_guardrail",
        MANAGEMENT,
        "module.organization.gabion_org_guardrail.this",
    )?;
    let id = r.of("id");
    let policy =
        r.ask("organizations", "describe_policy", json!({"PolicyId": id}))?["Policy"].clone();
    r.is("policy", policy["Content"].clone());
    let exempt = r.of("exempt_principals")[0]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let content: Value = serde_json::from_str(policy["Content"].as_str().unwrap_or_default())?;
    let text = content.to_string();
    for denied in [
        "organizations:LeaveOrganization",
        "cloudtrail:StopLogging",
        "guardduty:DeleteDetector",
        ":root",
        "aws:RequestedRegion",
    ] {
        anyhow::ensure!(text.contains(denied), "{denied} is not in {text}");
    }
    let all = !exempt.is_empty()
        && content["Statement"]
            .as_array()
            .into_iter()
            .flatten()
            .all(|one| one.to_string().contains(&exempt));
    // Whoever can rewrite an exempt role is exempt himself.
    let guarded = content["Statement"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|one| {
            one["Sid"] == "ProtectExemptPrincipals"
                && one["Effect"] == "Deny"
                && one["Action"]
                    .to_string()
                    .contains("iam:UpdateAssumeRolePolicy")
                && one["Resource"].to_string().contains(&exempt)
        });
    r.holds("ProtectExemptPrincipals", guarded, content.clone());
    r.holds("exempt_principals", all, content);
    let targets = r.ask(
        "organizations",
        "list_targets_for_policy",
        json!({"PolicyId": id}),
    )?;
    r.is("targets", each(&targets["Targets"], "TargetId"));
    Ok(())
}

pub(super) fn account(r: &mut Reader<'_>) -> Result<()> {
    r.resource(
        "account",
        MANAGEMENT,
        "module.environment[\"dev\"].gabion_account.this",
    )?;
    let id = r.of("account_id");
    let policies = r.ask(
        "organizations",
        "list_policies_for_target",
        json!({"TargetId": id, "Filter": "SERVICE_CONTROL_POLICY"}),
    )?;
    let names = each(&policies["Policies"], "Name");
    let open = names == json!(["FullAWSAccess"]) && r.of("quarantined") == false;
    r.holds("quarantine", open && r.of("quarantine") == true, names);
    let parents =
        r.ask("organizations", "list_parents", json!({"ChildId": id}))?["Parents"].clone();
    r.holds(
        "organizational_unit",
        parents[0]["Id"] == r.of("organizational_unit"),
        &parents,
    );
    r.place = "dev";
    let contact = r.ask(
        "account",
        "get_alternate_contact",
        json!({"AlternateContactType": "SECURITY"}),
    )?["AlternateContact"]
        .clone();
    let live = json!({
        "name": contact["Name"], "title": contact["Title"], "email_address": contact["EmailAddress"],
        "phone_number": contact["PhoneNumber"],
    });
    r.is("security_contact", live);
    let block = r.ask(
        "s3control",
        "get_public_access_block",
        json!({"AccountId": id}),
    )?["PublicAccessBlockConfiguration"]
        .clone();
    for (name, field) in [
        ("block_public_acls", "BlockPublicAcls"),
        ("ignore_public_acls", "IgnorePublicAcls"),
        ("block_public_policy", "BlockPublicPolicy"),
        ("restrict_public_buckets", "RestrictPublicBuckets"),
    ] {
        r.is(name, block[field].clone());
    }
    let passwords =
        r.ask("iam", "get_account_password_policy", json!({}))?["PasswordPolicy"].clone();
    for (name, field) in [
        ("minimum_password_length", "MinimumPasswordLength"),
        ("password_reuse_prevention", "PasswordReusePrevention"),
        ("require_symbols", "RequireSymbols"),
        ("require_numbers", "RequireNumbers"),
        ("require_uppercase_characters", "RequireUppercaseCharacters"),
        ("require_lowercase_characters", "RequireLowercaseCharacters"),
    ] {
        r.is(name, passwords[field].clone());
    }
    Ok(())
}

pub(super) fn ec2_defaults(r: &mut Reader<'_>) -> Result<()> {
    let vpcs = r.ask(
        "ec2",
        "describe_vpcs",
        json!({"Filters": [{"Name": "is-default", "Values": ["true"]}]}),
    )?;
    r.holds(
        "default_vpc",
        r.of("default_vpc") == "deleted" && vpcs["Vpcs"] == json!([]),
        vpcs,
    );
    let found = r.ask("ec2", "get_ebs_encryption_by_default", json!({}))?;
    r.is(
        "ebs_encryption_by_default",
        found["EbsEncryptionByDefault"].clone(),
    );
    let found = r.ask("ec2", "get_ebs_default_kms_key_id", json!({}))?;
    r.is(
        "ebs_default_kms_key_id",
        json!({"eu-central-1": found["KmsKeyId"]}),
    );
    let found = r.ask("ec2", "get_instance_metadata_defaults", json!({}))?["AccountLevel"].clone();
    r.is("http_tokens", found["HttpTokens"].clone());
    r.is(
        "http_put_response_hop_limit",
        found["HttpPutResponseHopLimit"].clone(),
    );
    let found = r.ask("ec2", "describe_vpc_block_public_access_options", json!({}))?;
    r.is(
        "vpc_block_public_access",
        found["VpcBlockPublicAccessOptions"]["InternetGatewayBlockMode"].clone(),
    );
    let found = r.ask(
        "accessanalyzer",
        "list_analyzers",
        json!({"type": "ACCOUNT"}),
    )?["analyzers"]
        .clone();
    let arns = r.of("analyzer_arns");
    r.holds(
        "access_analyzer",
        arns["eu-central-1"] == found[0]["arn"] && found[0]["status"] == "ACTIVE",
        found,
    );
    Ok(())
}

pub(super) fn role(r: &mut Reader<'_>) -> Result<()> {
    r.resource(
        "workload_role",
        "prod",
        "module.environment[\"prod\"].gabion_workload_role.this[\"operators\"]",
    )?;
    let name = json!({"RoleName": r.of("name")});
    let role = r.ask("iam", "get_role", name.clone())?["Role"].clone();
    r.is("max_session_duration", role["MaxSessionDuration"].clone());
    r.is(
        "permissions_boundary",
        role["PermissionsBoundary"]["PermissionsBoundaryArn"].clone(),
    );
    let trust = role["AssumeRolePolicyDocument"].clone();
    r.is("assume_role_policy", trust.clone());
    let text = trust.to_string();
    r.holds(
        "principal_kind",
        r.of("principal_kind") == "human" && text.contains("AWSReservedSSO_Operators_"),
        &text,
    );
    r.holds(
        "human",
        text.contains("AWSReservedSSO_Operators_") && !text.contains("\"AWS\":\"*\""),
        &text,
    );
    let attached =
        r.ask("iam", "list_attached_role_policies", name.clone())?["AttachedPolicies"].clone();
    r.is("managed_policy_arns", each(&attached, "PolicyArn"));
    let inline = r.ask("iam", "list_role_policies", name)?["PolicyNames"].clone();
    r.holds(
        "statement",
        inline == json!([]) && r.of("policy").is_null(),
        inline,
    );
    Ok(())
}
