//! Something of every resource is changed behind Terraform's back: the plan shows all of it, and one apply repairs it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use gabion_tests::workspace;
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

/// What the table names, looked up in the state.
struct Names<'a>(&'a BTreeMap<String, Value>);

impl Names<'_> {
    fn of(&self, address: &str, attribute: &str) -> Value {
        let state = self.0.get(address);
        state
            .map(|state| state[attribute].clone())
            .unwrap_or_default()
    }

    /// A policy of the state without its last statement.
    fn cut(&self, address: &str) -> String {
        let text = self.of(address, "policy");
        let mut policy: Value =
            serde_json::from_str(text.as_str().unwrap_or_default()).unwrap_or_default();
        if let Some(statements) = policy["Statement"].as_array_mut() {
            statements.pop();
        }
        policy.to_string()
    }
}

const ORGANIZATION: &str = "module.organization.gabion_organization.this";
const GUARDRAIL: &str = "module.organization.gabion_org_guardrail.this";
const LOG_KEY: &str = "module.log_archive.gabion_kms_key.this";
const SINK: &str = "module.log_archive.gabion_log_sink.this";
const DEV: &str = "module.environment[\"dev\"].gabion_account.this";
const TEST: &str = "module.environment[\"test\"].gabion_account.this";
const PROD: &str = "module.environment[\"prod\"].gabion_account.this";
const DEV_NET: &str = "module.environment[\"dev\"].gabion_network_segment.this[\"internal\"]";
const TEST_NET: &str = "module.environment[\"test\"].gabion_network_segment.this[\"internal\"]";
const PROD_NET: &str = "module.environment[\"prod\"].gabion_network_segment.this[\"confidential\"]";
const PROD_KEY: &str = "module.environment[\"prod\"].gabion_kms_key.this[\"confidential\"]";
const ROLE: &str = "module.environment[\"prod\"].gabion_workload_role.this[\"operators\"]";

/// Changes by hand in the management account.
fn management(names: &Names<'_>, root: &Value) -> Vec<Drift> {
    let row = |address, attributes, service, operation, parameters| Drift {
        address,
        attributes,
        place: MANAGEMENT,
        service,
        operation,
        parameters,
    };
    let unit = names.of(ORGANIZATION, "unit_ids")["dev"].clone();
    let (guardrail, key) = (names.of(GUARDRAIL, "id"), names.of(LOG_KEY, "id"));
    let (archive, access) = (names.of(SINK, "id"), names.of(SINK, "access_log_bucket"));
    vec![
        row(
            ORGANIZATION,
            &["aws_service_access_principals"],
            "organizations",
            "disable_aws_service_access",
            json!({"ServicePrincipal": "cloudtrail.amazonaws.com"}),
        ),
        row(
            GUARDRAIL,
            &["targets"],
            "organizations",
            "detach_policy",
            json!({"PolicyId": guardrail, "TargetId": unit}),
        ),
        row(
            GUARDRAIL,
            &["policy"],
            "organizations",
            "update_policy",
            json!({"PolicyId": guardrail, "Content": names.cut(GUARDRAIL)}),
        ),
        row(
            LOG_KEY,
            &["enable_key_rotation"],
            "kms",
            "disable_key_rotation",
            json!({"KeyId": key}),
        ),
        row(
            LOG_KEY,
            &["is_enabled"],
            "kms",
            "disable_key",
            json!({"KeyId": key}),
        ),
        row(
            LOG_KEY,
            &["alias"],
            "kms",
            "delete_alias",
            json!({"AliasName": "alias/example-log-archive"}),
        ),
        row(
            SINK,
            &[
                "block_public_acls",
                "ignore_public_acls",
                "block_public_policy",
                "restrict_public_buckets",
            ],
            "s3",
            "delete_public_access_block",
            json!({"Bucket": archive}),
        ),
        row(
            SINK,
            &["policy"],
            "s3",
            "delete_bucket_policy",
            json!({"Bucket": archive}),
        ),
        row(
            SINK,
            &["transition_in_days"],
            "s3",
            "delete_bucket_lifecycle",
            json!({"Bucket": archive}),
        ),
        row(
            SINK,
            &["access_logging"],
            "s3",
            "put_bucket_logging",
            json!({"Bucket": archive, "BucketLoggingStatus": {}}),
        ),
        row(
            SINK,
            &["access_log_versioning"],
            "s3",
            "put_bucket_versioning",
            json!({"Bucket": access, "VersioningConfiguration": {"Status": "Suspended"}}),
        ),
        row(
            SINK,
            &["enable_logging"],
            "cloudtrail",
            "stop_logging",
            json!({"Name": archive}),
        ),
        row(
            SINK,
            &["log_group_retention_in_days"],
            "logs",
            "put_retention_policy",
            json!({"logGroupName": names.of(SINK, "log_group_name"), "retentionInDays": 30}),
        ),
        row(
            DEV,
            &["organizational_unit"],
            "organizations",
            "move_account",
            json!({"AccountId": names.of(DEV, "account_id"), "SourceParentId": unit, "DestinationParentId": root}),
        ),
    ]
}

/// Changes by hand in the accounts themselves: their baseline, keys and roles.
fn accounts(names: &Names<'_>) -> Vec<Drift> {
    let row = |address, attributes, place, service, operation, parameters| Drift {
        address,
        attributes,
        place,
        service,
        operation,
        parameters,
    };
    let key = names.of(PROD_KEY, "id");
    let open = json!({"BlockPublicAcls": false, "IgnorePublicAcls": false, "BlockPublicPolicy": false, "RestrictPublicBuckets": false});
    vec![
        row(
            DEV,
            &["minimum_password_length", "password_reuse_prevention"],
            "dev",
            "iam",
            "update_account_password_policy",
            json!({"MinimumPasswordLength": 8}),
        ),
        row(
            DEV,
            &["security_contact"],
            "dev",
            "account",
            "put_alternate_contact",
            json!({"AlternateContactType": "SECURITY", "EmailAddress": "a@example.com", "Name": "A", "PhoneNumber": "1", "Title": "T"}),
        ),
        row(
            DEV,
            &["block_public_acls", "restrict_public_buckets"],
            "dev",
            "s3control",
            "put_public_access_block",
            json!({"AccountId": names.of(DEV, "account_id"), "PublicAccessBlockConfiguration": open}),
        ),
        row(
            TEST,
            &["ebs_encryption_by_default"],
            "test",
            "ec2",
            "disable_ebs_encryption_by_default",
            json!({}),
        ),
        row(
            TEST,
            &["ebs_default_kms_key_id"],
            "test",
            "ec2",
            "reset_ebs_default_kms_key_id",
            json!({}),
        ),
        row(
            TEST,
            &["http_tokens", "http_put_response_hop_limit"],
            "test",
            "ec2",
            "modify_instance_metadata_defaults",
            json!({"HttpTokens": "optional", "HttpPutResponseHopLimit": 3}),
        ),
        row(
            PROD,
            &["vpc_block_public_access"],
            "prod",
            "ec2",
            "modify_vpc_block_public_access_options",
            json!({"InternetGatewayBlockMode": "off"}),
        ),
        row(
            PROD,
            &["access_analyzer"],
            "prod",
            "accessanalyzer",
            "delete_analyzer",
            json!({"analyzerName": "gabion-account"}),
        ),
        row(
            PROD_KEY,
            &["description"],
            "prod",
            "kms",
            "update_key_description",
            json!({"KeyId": key, "Description": "by hand"}),
        ),
        row(
            PROD_KEY,
            &["policy"],
            "prod",
            "kms",
            "put_key_policy",
            json!({"KeyId": key, "PolicyName": "default", "Policy": names.cut(PROD_KEY)}),
        ),
        row(
            ROLE,
            &["permissions_boundary"],
            "prod",
            "iam",
            "put_role_permissions_boundary",
            json!({"RoleName": "operators", "PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ),
        row(
            ROLE,
            &["max_session_duration"],
            "prod",
            "iam",
            "update_role",
            json!({"RoleName": "operators", "MaxSessionDuration": 7200}),
        ),
        row(
            ROLE,
            &["managed_policy_arns"],
            "prod",
            "iam",
            "detach_role_policy",
            json!({"RoleName": "operators", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ),
    ]
}

/// Changes by hand in the networks. `acl` is that of the first one.
fn networks(names: &Names<'_>, acl: &Value) -> Vec<Drift> {
    let row = |address, attributes, place, operation, parameters| Drift {
        address,
        attributes,
        place,
        service: "ec2",
        operation,
        parameters,
    };
    let endpoints = names.of(PROD_NET, "endpoint_ids");
    let anybody = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]});
    let ssh = json!([{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    vec![
        row(
            DEV_NET,
            &["flow_logs"],
            "dev",
            "delete_flow_logs",
            json!({"FlowLogIds": [names.of(DEV_NET, "flow_log_id")]}),
        ),
        row(
            DEV_NET,
            &["network_acl_entries"],
            "dev",
            "create_network_acl_entry",
            json!({"NetworkAclId": acl, "RuleNumber": 1, "RuleAction": "allow", "Protocol": "-1", "Egress": false, "CidrBlock": "0.0.0.0/0"}),
        ),
        row(
            DEV_NET,
            &["private_subnet_cidrs"],
            "dev",
            "delete_subnet",
            json!({"SubnetId": names.of(DEV_NET, "private_subnet_ids")[2]}),
        ),
        row(
            TEST_NET,
            &["default_security_group_rules"],
            "test",
            "authorize_security_group_ingress",
            json!({"GroupId": names.of(TEST_NET, "default_security_group_id"), "IpPermissions": ssh}),
        ),
        row(
            TEST_NET,
            &["map_public_ip_on_launch"],
            "test",
            "modify_subnet_attribute",
            json!({"SubnetId": names.of(TEST_NET, "private_subnet_ids")[0], "MapPublicIpOnLaunch": {"Value": true}}),
        ),
        Drift {
            service: "route53resolver",
            ..row(
                TEST_NET,
                &["dns_query_logging"],
                "test",
                "disassociate_resolver_query_log_config",
                json!({"ResolverQueryLogConfigId": names.of(TEST_NET, "query_log_config_id"), "ResourceId": names.of(TEST_NET, "id")}),
            )
        },
        row(
            PROD_NET,
            &["gateway_endpoints"],
            "prod",
            "delete_vpc_endpoints",
            json!({"VpcEndpointIds": [endpoints["s3"], endpoints["dynamodb"]]}),
        ),
        row(
            PROD_NET,
            &["interface_endpoints"],
            "prod",
            "delete_vpc_endpoints",
            json!({"VpcEndpointIds": [endpoints["logs"]]}),
        ),
        row(
            PROD_NET,
            &["endpoint_policy"],
            "prod",
            "modify_vpc_endpoint",
            json!({"VpcEndpointId": endpoints["kms"], "PolicyDocument": anybody.to_string()}),
        ),
        row(
            PROD_NET,
            &["enable_dns_hostnames"],
            "prod",
            "modify_vpc_attribute",
            json!({"VpcId": names.of(PROD_NET, "id"), "EnableDnsHostnames": {"Value": false}}),
        ),
    ]
}

/// The table; what it names is looked up in the state.
fn table(states: &BTreeMap<String, Value>, places: &mut Places) -> Result<Vec<Drift>> {
    let names = Names(states);
    let root = names.of(ORGANIZATION, "root_id");
    let vpc = json!({"Filters": [{"Name": "vpc-id", "Values": [names.of(DEV_NET, "id")]}]});
    let acls = places.call("dev", "ec2", "describe_network_acls", vpc)?;
    let mut table = management(&names, &root);
    table.extend(accounts(&names));
    table.extend(networks(&names, &acls["NetworkAcls"][0]["NetworkAclId"]));
    Ok(table)
}

/// Components that drift alone in the tests of their resource: what it is, the call that changes or removes it, the file,
/// and its test.
const ELSEWHERE: &[(&str, &str, &str, &str)] = &[
    (
        "a unit",
        "delete_organizational_unit",
        "organization.rs",
        "made_repaired_imported_and_left_behind",
    ),
    (
        "the archive's ownership",
        "put_bucket_ownership_controls",
        "log_sink/drift.rs",
        "of_the_main_bucket",
    ),
    (
        "the archive's encryption",
        "put_bucket_encryption",
        "log_sink/drift.rs",
        "of_the_main_bucket",
    ),
    (
        "the archive's lock",
        "put_object_lock_configuration",
        "log_sink/drift.rs",
        "of_the_main_bucket",
    ),
    (
        "the access bucket's block",
        "put_public_access_block",
        "log_sink/drift.rs",
        "of_the_access_log_bucket",
    ),
    (
        "the access bucket's policy",
        "put_bucket_policy",
        "log_sink/drift.rs",
        "of_the_access_log_bucket",
    ),
    (
        "the access bucket's lifecycle",
        "delete_bucket_lifecycle",
        "log_sink/drift.rs",
        "of_the_access_log_bucket",
    ),
    (
        "the access bucket's ownership",
        "put_bucket_ownership_controls",
        "log_sink/drift.rs",
        "of_the_access_log_bucket",
    ),
    (
        "the access bucket's encryption",
        "put_bucket_encryption",
        "log_sink/drift.rs",
        "of_the_access_log_bucket",
    ),
    (
        "the trail's settings",
        "update_trail",
        "log_sink/drift.rs",
        "of_trail_and_log_group",
    ),
    (
        "the trail's selectors",
        "put_event_selectors",
        "log_sink/drift.rs",
        "of_trail_and_log_group",
    ),
    (
        "the trail",
        "delete_trail",
        "log_sink/removal.rs",
        "disappears",
    ),
    (
        "the log group",
        "delete_log_group",
        "log_sink/removal.rs",
        "disappears",
    ),
    (
        "the buckets",
        "delete_bucket",
        "log_sink/removal.rs",
        "disappears",
    ),
    (
        "a role's inline policy",
        "delete_role_policy",
        "workload_role/drift.rs",
        "cases",
    ),
    (
        "a role",
        "delete_role",
        "workload_role/lifecycle.rs",
        "every_argument_is_changed_and_cleared",
    ),
];

#[test]
fn what_drifts_elsewhere_does() -> Result<()> {
    for (component, operation, file, test) in ELSEWHERE {
        let path = workspace::root().join("tests/tests/e2e").join(file);
        let text = std::fs::read_to_string(path)?;
        let (_, rest) = text
            .split_once(&format!("\nfn {test}("))
            .with_context(|| format!("{file} has no {test}"))?;
        let body = rest.split("\nfn ").next().unwrap_or_default();
        ensure!(
            body.contains(&format!("\"{operation}\"")),
            "{component}: {test} of {file} no longer calls {operation}"
        );
    }
    Ok(())
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
