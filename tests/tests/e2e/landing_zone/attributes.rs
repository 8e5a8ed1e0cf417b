//! Every attribute of the pages' tables of secure defaults, read back from the emulator by another client and compared
//! with the state. What no emulator can tell stands in `tests/src/unread.rs`, and so in `tests/emulator-gaps.md`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use gabion_tests::unread::UNREAD;
use gabion_tests::workspace;
use serde_json::{Value, json};

use super::{MANAGEMENT, Places};
use crate::support::World;

/// Reads what AWS holds of one resource at a time, and compares.
struct Reader<'a> {
    places: &'a mut Places,
    states: BTreeMap<String, Value>,
    /// The resource at hand: page, place, and state.
    page: &'static str,
    place: &'static str,
    state: Value,
    answers: BTreeMap<String, Value>,
    read: BTreeSet<(&'static str, &'static str)>,
    wrong: Vec<String>,
}

impl Reader<'_> {
    fn resource(&mut self, page: &'static str, place: &'static str, address: &str) -> Result<()> {
        let state = self.states.get(address).cloned();
        self.state = state.with_context(|| format!("no {address}"))?;
        (self.page, self.place) = (page, place);
        Ok(())
    }

    fn of(&self, attribute: &str) -> Value {
        self.state[attribute].clone()
    }

    /// An answer of AWS; asked once.
    fn ask(&mut self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        let key = format!("{} {service} {operation} {parameters}", self.place);
        if let Some(found) = self.answers.get(&key) {
            return Ok(found.clone());
        }
        let found = self
            .places
            .call(self.place, service, operation, parameters)?;
        self.answers.insert(key, found.clone());
        Ok(found)
    }

    /// The attribute is what AWS says.
    fn is(&mut self, attribute: &'static str, live: Value) {
        let state = self.of(attribute);
        self.holds(
            attribute,
            same(&state, &live),
            format!("{state} in the state, AWS has {live}"),
        );
    }

    /// What AWS says agrees with the attribute.
    fn holds(&mut self, attribute: &'static str, right: bool, why: impl std::fmt::Display) {
        self.read.insert((self.page, attribute));
        if !right {
            self.wrong.push(format!("{} {attribute}: {why}", self.page));
        }
    }
}

/// Equal values; texts that hold JSON by what they say, and lists as sets.
fn same(left: &Value, right: &Value) -> bool {
    plain(left) == plain(right)
}

fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => plain(&inner),
            _ => value.clone(),
        },
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(plain).collect();
            list.sort_by_key(Value::to_string);
            Value::Array(list)
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Of a list, those fields.
fn each(list: &Value, field: &str) -> Value {
    let list = list.as_array().into_iter().flatten();
    list.map(|one| one[field].clone()).collect()
}

/// Compares everything that the tables name.
pub(super) fn are_what_aws_has(world: &World, places: &mut Places) -> Result<()> {
    let states = world.terraform.states()?;
    let mut reader = Reader {
        places,
        states,
        page: "",
        place: MANAGEMENT,
        state: Value::Null,
        answers: BTreeMap::new(),
        read: BTreeSet::new(),
        wrong: Vec::new(),
    };
    organization(&mut reader)?;
    guardrail(&mut reader)?;
    key(&mut reader)?;
    buckets(&mut reader)?;
    trail(&mut reader)?;
    account(&mut reader)?;
    ec2_defaults(&mut reader)?;
    segment(&mut reader)?;
    logs(&mut reader)?;
    role(&mut reader)?;
    let (read, wrong) = (reader.read, reader.wrong);
    ensure!(wrong.is_empty(), "{wrong:#?}");
    complete(&read)
}

/// What the tables name is read here, or stands in the list of what cannot be.
fn complete(read: &BTreeSet<(&str, &str)>) -> Result<()> {
    let mut missing = Vec::new();
    let mut named = BTreeSet::new();
    for page in [
        "organization",
        "account",
        "kms_key",
        "log_sink",
        "network_segment",
        "workload_role",
        "org_guardrail",
    ] {
        for attribute in table_of(page)? {
            let unread = UNREAD
                .iter()
                .any(|(of, name, ..)| (*of, *name) == (page, attribute.as_str()));
            let done = match attribute.strip_suffix('*') {
                Some(start) => read
                    .iter()
                    .any(|(of, name)| *of == page && name.starts_with(start)),
                None => read.contains(&(page, attribute.as_str())),
            };
            if done == unread {
                missing.push(format!(
                    "{page} {attribute}: read {done}, told as not read {unread}"
                ));
            }
            named.insert((page, attribute));
        }
    }
    for (page, attribute, ..) in UNREAD {
        if !named.contains(&(*page, (*attribute).to_owned())) {
            missing.push(format!(
                "{page} {attribute}: told as not read, and in no table"
            ));
        }
    }
    ensure!(missing.is_empty(), "{missing:#?}");
    println!(
        "{} attributes of secure defaults were read back, {} cannot be",
        read.len(),
        UNREAD.len()
    );
    Ok(())
}

/// The attributes in the first column of a page's table of secure defaults.
fn table_of(page: &str) -> Result<Vec<String>> {
    let path = workspace::root().join(format!("docs/resources/{page}.md"));
    let text = std::fs::read_to_string(path)?;
    let (_, rest) = text
        .split_once("## Secure defaults\n")
        .context("no table")?;
    let table = rest.split("\n## ").next().unwrap_or_default();
    let cells = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let found: Vec<String> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    ensure!(
        !found.is_empty(),
        "{page}.md has no table of secure defaults"
    );
    Ok(found)
}

fn organization(r: &mut Reader<'_>) -> Result<()> {
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

fn guardrail(r: &mut Reader<'_>) -> Result<()> {
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
    let all = content["Statement"]
        .as_array()
        .into_iter()
        .flatten()
        .all(|one| one.to_string().contains(&exempt));
    r.holds("exempt_principals", all, content);
    let targets = r.ask(
        "organizations",
        "list_targets_for_policy",
        json!({"PolicyId": id}),
    )?;
    r.is("targets", each(&targets["Targets"], "TargetId"));
    Ok(())
}

fn key(r: &mut Reader<'_>) -> Result<()> {
    for (place, address) in [
        (MANAGEMENT, "module.log_archive.gabion_kms_key.this"),
        (
            "prod",
            "module.environment[\"prod\"].gabion_kms_key.this[\"confidential\"]",
        ),
    ] {
        r.resource("kms_key", place, address)?;
        let id = json!({"KeyId": r.of("id")});
        let rotation = r.ask("kms", "get_key_rotation_status", id.clone())?;
        r.is(
            "enable_key_rotation",
            rotation["KeyRotationEnabled"].clone(),
        );
        r.is(
            "rotation_period_in_days",
            rotation["RotationPeriodInDays"].clone(),
        );
        let about = r.ask("kms", "describe_key", id)?["KeyMetadata"].clone();
        // moto leaves it out of keys of one region.
        r.is("multi_region", json!(about["MultiRegion"] == true));
        r.is("is_enabled", about["Enabled"].clone());
        r.is("description", about["Description"].clone());
        let policy = r.ask(
            "kms",
            "get_key_policy",
            json!({"KeyId": r.of("id"), "PolicyName": "default"}),
        )?["Policy"]
            .clone();
        r.is("policy", policy.clone());
        let text = policy.as_str().unwrap_or_default();
        for list in ["administrators", "users", "service_users"] {
            let named: Vec<String> = match &r.of(list) {
                Value::Array(list) => list
                    .iter()
                    .map(|one| {
                        one.as_str()
                            .or_else(|| one["service"].as_str())
                            .unwrap_or_default()
                            .to_owned()
                    })
                    // The region's own principal stands in the policy.
                    .map(|name| {
                        name.replace("logs.amazonaws.com", "logs.eu-central-1.amazonaws.com")
                    })
                    .collect(),
                _ => Vec::new(),
            };
            r.holds(
                list,
                named.iter().all(|name| text.contains(name.as_str())),
                format!("{named:?} {text}"),
            );
        }
    }
    Ok(())
}

fn buckets(r: &mut Reader<'_>) -> Result<()> {
    r.resource(
        "log_sink",
        MANAGEMENT,
        "module.log_archive.gabion_log_sink.this",
    )?;
    let (main, access) = (
        json!({"Bucket": r.of("id")}),
        json!({"Bucket": r.of("access_log_bucket")}),
    );
    for (bucket, names) in [
        (
            &main,
            [
                "block_public_acls",
                "ignore_public_acls",
                "block_public_policy",
                "restrict_public_buckets",
            ],
        ),
        (
            &access,
            [
                "access_log_block_public_acls",
                "access_log_ignore_public_acls",
                "access_log_block_public_policy",
                "access_log_restrict_public_buckets",
            ],
        ),
    ] {
        let block = r.ask("s3", "get_public_access_block", bucket.clone())?["PublicAccessBlockConfiguration"].clone();
        let fields = [
            "BlockPublicAcls",
            "IgnorePublicAcls",
            "BlockPublicPolicy",
            "RestrictPublicBuckets",
        ];
        for (name, field) in names.into_iter().zip(fields) {
            r.is(name, block[field].clone());
        }
    }
    for (bucket, ownership, versioning, algorithm) in [
        (&main, "object_ownership", "versioning", "sse_algorithm"),
        (
            &access,
            "access_log_object_ownership",
            "access_log_versioning",
            "access_log_sse_algorithm",
        ),
    ] {
        let found = r.ask("s3", "get_bucket_ownership_controls", bucket.clone())?;
        r.is(
            ownership,
            found["OwnershipControls"]["Rules"][0]["ObjectOwnership"].clone(),
        );
        let found = r.ask("s3", "get_bucket_versioning", bucket.clone())?;
        r.is(versioning, found["Status"].clone());
        let found = r.ask("s3", "get_bucket_encryption", bucket.clone())?;
        let rule = &found["ServerSideEncryptionConfiguration"]["Rules"][0];
        r.is(
            algorithm,
            rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"].clone(),
        );
        if bucket == &main {
            r.is("bucket_key_enabled", rule["BucketKeyEnabled"].clone());
            r.is(
                "kms_key_id",
                rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].clone(),
            );
        }
    }
    let lock =
        r.ask("s3", "get_object_lock_configuration", main.clone())?["ObjectLockConfiguration"]
            .clone();
    r.holds(
        "object_lock_enabled",
        lock["ObjectLockEnabled"] == "Enabled",
        &lock,
    );
    r.is(
        "object_lock_mode",
        lock["Rule"]["DefaultRetention"]["Mode"].clone(),
    );
    r.is(
        "retention_in_days",
        lock["Rule"]["DefaultRetention"]["Days"].clone(),
    );
    let policy = r.ask("s3", "get_bucket_policy", main.clone())?;
    r.is("policy", policy["Policy"].clone());
    let rules = r.ask("s3", "get_bucket_lifecycle_configuration", main.clone())?["Rules"].clone();
    r.is(
        "transition_in_days",
        rules[0]["Transitions"][0]["Days"].clone(),
    );
    let expires = rules
        .as_array()
        .into_iter()
        .flatten()
        .any(|rule| rule["Expiration"]["Days"].is_number());
    r.holds(
        "expiration_in_days",
        r.of("expiration_in_days") == 0 && !expires,
        &rules,
    );
    let rules = r.ask("s3", "get_bucket_lifecycle_configuration", access)?["Rules"].clone();
    r.is(
        "access_log_expiration_in_days",
        rules[0]["Expiration"]["Days"].clone(),
    );
    let logging = r.ask("s3", "get_bucket_logging", main)?["LoggingEnabled"].clone();
    r.holds(
        "access_logging",
        logging["TargetBucket"] == r.of("access_log_bucket"),
        &logging,
    );
    Ok(())
}

fn trail(r: &mut Reader<'_>) -> Result<()> {
    let name = r.of("trail_name");
    let trail = r.ask("cloudtrail", "get_trail", json!({"Name": name}))?["Trail"].clone();
    r.is("is_multi_region_trail", trail["IsMultiRegionTrail"].clone());
    r.is(
        "is_organization_trail",
        trail["IsOrganizationTrail"].clone(),
    );
    r.is(
        "enable_log_file_validation",
        trail["LogFileValidationEnabled"].clone(),
    );
    r.is("trail_kms_key_id", trail["KmsKeyId"].clone());
    r.is("trail_bucket", trail["S3BucketName"].clone());
    let status = r.ask("cloudtrail", "get_trail_status", json!({"Name": name}))?;
    r.is("enable_logging", status["IsLogging"].clone());
    let events = r
        .ask(
            "cloudtrail",
            "get_event_selectors",
            json!({"TrailName": name}),
        )?
        .to_string();
    r.holds(
        "include_management_events",
        events.contains("Management"),
        &events,
    );
    r.holds(
        "include_s3_write_events",
        events.contains("AWS::S3::Object"),
        &events,
    );
    let group = r.of("log_group_name");
    let groups = r.ask(
        "logs",
        "describe_log_groups",
        json!({"logGroupNamePrefix": group}),
    )?["logGroups"]
        .clone();
    r.is(
        "log_group_retention_in_days",
        groups[0]["retentionInDays"].clone(),
    );
    r.is("log_group_kms_key_id", groups[0]["kmsKeyId"].clone());
    Ok(())
}

fn account(r: &mut Reader<'_>) -> Result<()> {
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

fn ec2_defaults(r: &mut Reader<'_>) -> Result<()> {
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

fn segment(r: &mut Reader<'_>) -> Result<()> {
    r.resource(
        "network_segment",
        "prod",
        "module.environment[\"prod\"].gabion_network_segment.this[\"confidential\"]",
    )?;
    let vpc = r.of("id");
    let inside = json!({"Filters": [{"Name": "vpc-id", "Values": [vpc]}]});
    let found = r.ask("ec2", "describe_vpcs", json!({"VpcIds": [vpc]}))?["Vpcs"][0].clone();
    let tags: BTreeMap<String, Value> = found["Tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| {
            (
                tag["Key"].as_str().unwrap_or_default().to_owned(),
                tag["Value"].clone(),
            )
        })
        .collect();
    for (name, tag) in [
        ("environment", "gabion:environment"),
        ("data_tier", "gabion:data-tier"),
    ] {
        r.is(name, tags.get(tag).cloned().unwrap_or_default());
    }
    let subnets = r.ask("ec2", "describe_subnets", inside.clone())?["Subnets"].clone();
    r.is("private_subnet_cidrs", each(&subnets, "CidrBlock"));
    let zones: BTreeSet<String> = each(&subnets, "AvailabilityZone")
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect();
    r.is("availability_zone_count", json!(zones.len()));
    let public = each(&subnets, "MapPublicIpOnLaunch")
        .as_array()
        .is_some_and(|list| list.contains(&json!(true)));
    r.is("map_public_ip_on_launch", json!(public));
    let groups =
        r.ask("ec2", "describe_security_groups", inside.clone())?["SecurityGroups"].clone();
    let rules: usize = groups
        .as_array()
        .into_iter()
        .flatten()
        .filter(|group| group["GroupName"] == "default")
        .flat_map(|group| {
            [
                group["IpPermissions"].as_array(),
                group["IpPermissionsEgress"].as_array(),
            ]
        })
        .flatten()
        .map(Vec::len)
        .sum();
    r.is("default_security_group_rules", json!(rules));
    let acls = r.ask("ec2", "describe_network_acls", inside.clone())?["NetworkAcls"].clone();
    let entries: Vec<Value> = acls[0]["Entries"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["RuleNumber"] != 32767)
        .map(|entry| Value::String(acl_text(entry)))
        .collect();
    let east_west = r.of("east_west_cidrs");
    let closed = east_west.as_array().into_iter().flatten().all(|range| {
        let range = range.as_str().unwrap_or_default();
        entries.iter().any(|entry| {
            entry
                .as_str()
                .is_some_and(|entry| entry.ends_with(&format!("deny all from {range}")))
        })
    });
    r.holds(
        "east_west_cidrs",
        closed && east_west != json!([]),
        &east_west,
    );
    r.is("network_acl_entries", Value::Array(entries));
    let tables = r.ask("ec2", "describe_route_tables", inside.clone())?["RouteTables"].clone();
    let ways: Vec<Value> = tables
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|table| table["Routes"].as_array().cloned().unwrap_or_default())
        .filter(|route| route["GatewayId"] != "local" && route["DestinationCidrBlock"].is_string())
        .map(|route| route["DestinationCidrBlock"].clone())
        .collect();
    r.holds(
        "egress",
        r.of("egress") == "none" && ways.is_empty(),
        format!("{ways:?}"),
    );
    r.is("private_routes", Value::Array(ways));
    let gateways = r.ask(
        "ec2",
        "describe_internet_gateways",
        json!({"Filters": [{"Name": "attachment.vpc-id", "Values": [vpc]}]}),
    )?;
    r.holds(
        "ingress",
        r.of("ingress") == "none" && gateways["InternetGateways"] == json!([]),
        gateways,
    );
    let endpoints = r.ask("ec2", "describe_vpc_endpoints", inside)?["VpcEndpoints"].clone();
    let mut by_type: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for endpoint in endpoints.as_array().into_iter().flatten() {
        let service = endpoint["ServiceName"]
            .as_str()
            .and_then(|name| name.rsplit('.').next())
            .unwrap_or_default()
            .to_owned();
        let policy = if service == "s3" {
            "s3_endpoint_policy"
        } else {
            "endpoint_policy"
        };
        r.is(policy, endpoint["PolicyDocument"].clone());
        by_type
            .entry(
                endpoint["VpcEndpointType"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
            .or_default()
            .push(service.into());
    }
    r.is(
        "gateway_endpoints",
        by_type.remove("Gateway").unwrap_or_default().into(),
    );
    r.is(
        "interface_endpoints",
        by_type.remove("Interface").unwrap_or_default().into(),
    );
    Ok(())
}

/// An entry as the provider writes it.
fn acl_text(entry: &Value) -> String {
    let out = entry["Egress"] == true;
    let ports = match (&entry["PortRange"]["From"], &entry["PortRange"]["To"]) {
        (Value::Null, _) => String::new(),
        (from, to) if from == to => format!(" {from}"),
        (from, to) => format!(" {from}-{to}"),
    };
    let protocol = match entry["Protocol"].as_str() {
        Some("6") => "tcp",
        Some("17") => "udp",
        _ => "all",
    };
    format!(
        "{} {} {} {protocol}{ports} {} {}",
        if out { "egress" } else { "ingress" },
        entry["RuleNumber"],
        entry["RuleAction"].as_str().unwrap_or_default(),
        if out { "to" } else { "from" },
        entry["CidrBlock"].as_str().unwrap_or_default()
    )
}

fn logs(r: &mut Reader<'_>) -> Result<()> {
    let vpc = r.of("id");
    let found = r.ask(
        "ec2",
        "describe_flow_logs",
        json!({"Filters": [{"Name": "resource-id", "Values": [vpc]}]}),
    )?["FlowLogs"]
        .clone();
    r.holds(
        "flow_logs",
        found[0]["FlowLogStatus"] == "ACTIVE" && r.of("flow_logs") == true,
        &found,
    );
    r.is("flow_log_traffic_type", found[0]["TrafficType"].clone());
    r.is(
        "flow_log_max_aggregation_interval",
        found[0]["MaxAggregationInterval"].clone(),
    );
    r.is("log_destination", found[0]["LogDestination"].clone());
    let id = r.of("query_log_config_id");
    let config = r.ask(
        "route53resolver",
        "get_resolver_query_log_config",
        json!({"ResolverQueryLogConfigId": id}),
    )?;
    let uses = r.ask(
        "route53resolver",
        "list_resolver_query_log_config_associations",
        json!({}),
    )?["ResolverQueryLogConfigAssociations"]
        .clone();
    let associated = uses
        .as_array()
        .into_iter()
        .flatten()
        .any(|one| one["ResourceId"] == vpc);
    r.holds(
        "dns_query_logging",
        associated && r.of("dns_query_logging") == true,
        uses,
    );
    r.is(
        "dns_log_destination",
        config["ResolverQueryLogConfig"]["DestinationArn"].clone(),
    );
    Ok(())
}

fn role(r: &mut Reader<'_>) -> Result<()> {
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
