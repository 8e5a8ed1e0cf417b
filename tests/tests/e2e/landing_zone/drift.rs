//! Something of every resource is changed behind Terraform's back: the plan shows all of it, and one apply repairs it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{MANAGEMENT, Places, changed};
use crate::support::World;

/// One change by hand.
struct Drift {
    address: &'static str,
    /// The attributes that show it.
    attributes: &'static [&'static str],
    place: &'static str,
    service: &'static str,
    operation: &'static str,
    parameters: Value,
}

/// The table; what it names is looked up in the state.
fn table(states: &BTreeMap<String, Value>, places: &mut Places) -> Result<Vec<Drift>> {
    let of = |address: &str, attribute: &str| -> Value {
        states
            .get(address)
            .map(|state| state[attribute].clone())
            .unwrap_or_default()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let units = of("module.organization.gabion_organization.this", "unit_ids");
    let dev = "module.environment[\"dev\"].gabion_network_segment.this[\"internal\"]";
    let test = "module.environment[\"test\"].gabion_network_segment.this[\"internal\"]";
    let prod = "module.environment[\"prod\"].gabion_network_segment.this[\"confidential\"]";
    let endpoint = of(prod, "endpoint_ids")["s3"].clone();
    let found = places.call(
        "dev",
        "ec2",
        "describe_network_acls",
        json!({"Filters": [{"Name": "vpc-id", "Values": [of(dev, "id")]}]}),
    )?;
    let acl = found["NetworkAcls"][0]["NetworkAclId"].clone();
    let archive = text(&of("module.log_archive.gabion_log_sink.this", "id"));
    let row = |address, attributes, place, service, operation, parameters| Drift {
        address,
        attributes,
        place,
        service,
        operation,
        parameters,
    };
    Ok(vec![
        row(
            "module.organization.gabion_organization.this",
            &["aws_service_access_principals"],
            MANAGEMENT,
            "organizations",
            "disable_aws_service_access",
            json!({"ServicePrincipal": "cloudtrail.amazonaws.com"}),
        ),
        row(
            "module.organization.gabion_org_guardrail.this",
            &["targets"],
            MANAGEMENT,
            "organizations",
            "detach_policy",
            json!({
                "PolicyId": of("module.organization.gabion_org_guardrail.this", "id"),
                "TargetId": units["dev"],
            }),
        ),
        row(
            "module.log_archive.gabion_kms_key.this",
            &["enable_key_rotation"],
            MANAGEMENT,
            "kms",
            "disable_key_rotation",
            json!({"KeyId": of("module.log_archive.gabion_kms_key.this", "id")}),
        ),
        row(
            "module.log_archive.gabion_log_sink.this",
            &[
                "block_public_acls",
                "ignore_public_acls",
                "block_public_policy",
                "restrict_public_buckets",
            ],
            MANAGEMENT,
            "s3",
            "delete_public_access_block",
            json!({"Bucket": archive}),
        ),
        row(
            "module.log_archive.gabion_log_sink.this",
            &["enable_logging"],
            MANAGEMENT,
            "cloudtrail",
            "stop_logging",
            json!({"Name": archive}),
        ),
        row(
            "module.environment[\"dev\"].gabion_account.this",
            &["minimum_password_length", "password_reuse_prevention"],
            "dev",
            "iam",
            "update_account_password_policy",
            json!({"MinimumPasswordLength": 8}),
        ),
        row(
            "module.environment[\"test\"].gabion_account.this",
            &["ebs_encryption_by_default"],
            "test",
            "ec2",
            "disable_ebs_encryption_by_default",
            json!({}),
        ),
        row(
            "module.environment[\"prod\"].gabion_account.this",
            &["vpc_block_public_access"],
            "prod",
            "ec2",
            "modify_vpc_block_public_access_options",
            json!({"InternetGatewayBlockMode": "off"}),
        ),
        row(
            "module.environment[\"prod\"].gabion_account.this",
            &["access_analyzer"],
            "prod",
            "accessanalyzer",
            "delete_analyzer",
            json!({"analyzerName": "gabion-account"}),
        ),
        row(
            dev,
            &["flow_logs"],
            "dev",
            "ec2",
            "delete_flow_logs",
            json!({"FlowLogIds": [of(dev, "flow_log_id")]}),
        ),
        row(
            dev,
            &["network_acl_entries"],
            "dev",
            "ec2",
            "create_network_acl_entry",
            json!({
                "NetworkAclId": acl, "RuleNumber": 1, "RuleAction": "allow", "Protocol": "-1", "Egress": false,
                "CidrBlock": "0.0.0.0/0",
            }),
        ),
        row(
            test,
            &["default_security_group_rules"],
            "test",
            "ec2",
            "authorize_security_group_ingress",
            json!({
                "GroupId": of(test, "default_security_group_id"),
                "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            }),
        ),
        row(
            test,
            &["map_public_ip_on_launch"],
            "test",
            "ec2",
            "modify_subnet_attribute",
            json!({"SubnetId": of(test, "private_subnet_ids")[0], "MapPublicIpOnLaunch": {"Value": true}}),
        ),
        row(
            prod,
            &["gateway_endpoints"],
            "prod",
            "ec2",
            "delete_vpc_endpoints",
            json!({"VpcEndpointIds": [endpoint]}),
        ),
        row(
            "module.environment[\"prod\"].gabion_kms_key.this[\"confidential\"]",
            &["description"],
            "prod",
            "kms",
            "update_key_description",
            json!({
                "KeyId": of("module.environment[\"prod\"].gabion_kms_key.this[\"confidential\"]", "id"),
                "Description": "by hand",
            }),
        ),
        row(
            "module.environment[\"prod\"].gabion_workload_role.this[\"operators\"]",
            &["permissions_boundary"],
            "prod",
            "iam",
            "put_role_permissions_boundary",
            json!({"RoleName": "operators", "PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ),
    ])
}

/// Makes every change of the table, looks for each in one plan, and repairs all by one apply. Every one of `resources`
/// is in the table.
pub(super) fn is_shown_and_repaired(
    world: &World,
    places: &mut Places,
    resources: &[&str],
) -> Result<()> {
    let before = world.terraform.states()?;
    let table = table(&before, places)?;
    let covered: BTreeSet<&str> = table.iter().map(|row| row.address).collect();
    let all: BTreeSet<&str> = resources.iter().copied().collect();
    ensure!(
        covered == all,
        "without drift: {:?}",
        all.difference(&covered)
    );
    for row in &table {
        places.call(
            row.place,
            row.service,
            row.operation,
            row.parameters.clone(),
        )?;
    }

    let plan = world.terraform.plan(&[])?;
    ensure!(plan.changes()?, "no drift is seen");
    let shown = changed(world)?;
    let missing: Vec<String> = table
        .iter()
        .flat_map(|row| {
            row.attributes
                .iter()
                .map(|attribute| format!("{} {attribute}", row.address))
        })
        .filter(|line| !shown.contains(line))
        .collect();
    ensure!(missing.is_empty(), "not shown: {missing:#?}\n{shown:#?}");
    let apply = world.terraform.apply(&["plan.tfplan"])?.ok()?;
    println!(
        "one apply repaired {} changes in {:?}",
        table.len(),
        apply.elapsed
    );

    let after = world.terraform.states()?;
    for row in &table {
        let [then, now] = [&before, &after].map(|states| states.get(row.address));
        let (then, now) = then.zip(now).context("a resource is missing")?;
        for attribute in row.attributes {
            ensure!(
                then[*attribute] == now[*attribute],
                "{} {attribute}: {} was {}",
                row.address,
                now[*attribute],
                then[*attribute]
            );
        }
    }
    Ok(())
}
