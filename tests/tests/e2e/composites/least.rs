//! Every resource works with exactly the policies that its page publishes, and its page lists exactly the calls that
//! are made.
//!
//! Each resource has a user of its own, with moto's authorization switched on, and the proxy judges in front of it:
//! it sees what the fake answers, and it knows the actions that AWS asks for besides a call's own.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use gabion_tests::proxy::{StatusCode, action};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::python;
use gabion_tests::{Aws, Emulator, Fault, Proxy, Terraform, skip, workspace};
use serde_json::{Value, json};

use super::{ESTATE, changed, exception, inside};
use crate::support::World;

type Names = BTreeSet<String>;

const RESOURCES: &[&str] = &[
    "organization",
    "account",
    "account_baseline",
    "org_guardrail",
    "kms_key",
    "log_sink",
    "network_segment",
    "workload_role",
];

/// Calls that a page lists and that are not made here, and where they are.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "log_sink",
        "s3:ListBuckets",
        "a bucket of that name may not be read: log_sink/estate.rs",
    ),
    (
        "account",
        "kms:ListResourceTags",
        "a create that was cut off left a key: account/faults.rs",
    ),
    (
        "organization",
        "organizations:DeleteOrganization",
        "no other account may be left: organization.rs",
    ),
    ("kms_key", ASSUME, "another account: account/vended.rs"),
    ("log_sink", ASSUME, "another account: log_sink/places.rs"),
    ("network_segment", ASSUME, "another account: landing_zone"),
    (
        "network_segment",
        "network-firewall:*",
        "a segment with a firewall: network_segment/",
    ),
    (
        "network_segment",
        "logs:UpdateLogDelivery",
        "goes with network-firewall:UpdateLoggingConfiguration",
    ),
    ("org_guardrail", ASSUME, "another account"),
    (
        "workload_role",
        ASSUME,
        "another account: workload_role/lifecycle.rs",
    ),
];

/// The row of its own, and in no policy: who does not work in other accounts needs it not.
const ASSUME: &str = "sts:AssumeRole";

/// Actions that moto's authorization does not judge, and why; the proxy does, in front of it.
const NOT_JUDGED_BY_MOTO: &[(&str, &str)] = &[
    ("access-analyzer:CreateAnalyzer", FAKE),
    ("access-analyzer:DeleteAnalyzer", FAKE),
    ("access-analyzer:ListAnalyzers", FAKE),
    ("access-analyzer:TagResource", FAKE),
    ("access-analyzer:UntagResource", FAKE),
    ("cloudtrail:StartLogging", FAKE),
    ("cloudtrail:StopLogging", FAKE),
    ("ec2:CreateVpcBlockPublicAccessExclusion", FAKE),
    ("ec2:DeleteVpcBlockPublicAccessExclusion", FAKE),
    ("ec2:DescribeVpcBlockPublicAccessExclusions", FAKE),
    ("ec2:DescribeVpcBlockPublicAccessOptions", FAKE),
    ("ec2:GetEbsDefaultKmsKeyId", FAKE),
    ("ec2:GetInstanceMetadataDefaults", FAKE),
    ("ec2:ModifyEbsDefaultKmsKeyId", FAKE),
    ("ec2:ModifyInstanceMetadataDefaults", FAKE),
    ("ec2:ModifyVpcBlockPublicAccessExclusion", FAKE),
    ("ec2:ModifyVpcBlockPublicAccessOptions", FAKE),
    ("ec2:ResetEbsDefaultKmsKeyId", FAKE),
    ("iam:CreateServiceLinkedRole", BESIDES),
    ("kms:GetKeyLastUsage", FAKE),
    ("logs:AssociateKmsKey", FAKE),
    ("logs:CreateLogDelivery", BESIDES),
    ("logs:DeleteLogDelivery", BESIDES),
    ("logs:GetLogDelivery", BESIDES),
    ("logs:ListLogDeliveries", BESIDES),
    ("organizations:ListCreateAccountStatus", FAKE),
    ("route53:AssociateVPCWithHostedZone", BESIDES),
    ("route53resolver:DeleteResolverQueryLogConfig", FAKE),
    ("route53resolver:DisassociateResolverQueryLogConfig", FAKE),
    ("route53resolver:TagResource", BESIDES),
    ("s3:BypassGovernanceRetention", BESIDES),
    ("s3:DeleteObjectVersion", BESIDES),
    ("s3:GetBucketLogging", FAKE),
    ("s3:PutBucketLogging", FAKE),
    ("s3:TagResource", BESIDES),
];

/// The fake answers, or asks in words of its own.
const FAKE: &str = "moto lacks the call, or a part of it";
/// moto asks for a call's own action alone.
const BESIDES: &str = "goes with another call";

/// The provider's `default_tags`.
const DEFAULTS: &str = "locals {\n  defaults = { owner = \"a\" }\n}\n";

/// A role for people, besides those of the estate.
const PEOPLE: &str = r#"
resource "gabion_workload_role" "people" {
  name                 = "people"
  principal_kind       = "human"
  human                = { saml_provider = "arn:aws:iam::123456789012:saml-provider/staff" }
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
}
"#;

/// What a page says.
struct Page {
    /// The calls of its table.
    calls: Names,
    /// The text before each policy, and the policy.
    policies: Vec<(String, Value)>,
}

impl Page {
    fn read(resource: &str) -> Result<Self> {
        let path = workspace::root().join(format!("docs/resources/{resource}.md"));
        let page = std::fs::read_to_string(path)?;
        let (_, rest) = page
            .split_once("| when | calls |\n|---|---|\n")
            .context("no table of calls")?;
        let calls = rest
            .lines()
            .take_while(|line| line.starts_with('|'))
            .flat_map(|line| line.split('`').skip(1).step_by(2))
            .filter(|name| name.contains(':'))
            .map(str::to_owned)
            .collect();
        let mut policies = Vec::new();
        let mut before = rest;
        while let Some((text, after)) = before.split_once("```json\n") {
            let (policy, after) = after.split_once("```").context("an open block")?;
            let heading = text.trim().rsplit("\n\n").next().unwrap_or_default();
            let mut policy: Value = serde_json::from_str(policy)?;
            // What an argument needs besides stands before the policy.
            let besides = heading
                .split_once("also needs")
                .map_or("", |(_, rest)| rest);
            let besides = besides.split('`').skip(1).step_by(2);
            for statement in policy["Statement"].as_array_mut().into_iter().flatten() {
                let list = statement["Action"].as_array_mut().context("no actions")?;
                list.extend(besides.clone().map(Value::from));
            }
            if policy.get("Statement").is_some() {
                policies.push((heading.replace('\n', " "), policy));
            }
            before = after;
        }
        Ok(Self { calls, policies })
    }

    /// The policy for that work; `there`: of the role in another account, where the page has one of its own.
    fn policy(&self, work: Work, there: bool) -> Result<&Value> {
        let is = |heading: &str, there: bool| {
            let (plans, applies) = (heading.contains("plan"), heading.contains("apply"));
            let role = heading.contains("vending role") || heading.contains("in the account");
            let right = match work {
                Work::Plan => plans || !applies,
                Work::Apply => applies || !plans,
            };
            role == there && right
        };
        let of = |there| {
            self.policies
                .iter()
                .find(|(heading, _)| is(heading, there))
                .map(|(_, policy)| policy)
        };
        let own = of(there).or_else(|| of(false));
        own.with_context(|| format!("no policy for {work:?}: {:?}", self.headings()))
    }

    fn headings(&self) -> Vec<&str> {
        self.policies
            .iter()
            .map(|(heading, _)| heading.as_str())
            .collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Plan,
    Apply,
}

fn actions(policy: &Value) -> Names {
    let mut found = Names::new();
    for statement in policy["Statement"].as_array().into_iter().flatten() {
        let list = statement["Action"].as_array().into_iter().flatten();
        found.extend(list.filter_map(Value::as_str).map(str::to_owned));
    }
    found
}

/// Whether a pattern, `service:Call` or `service:*`, means this call.
fn is(pattern: &str, call: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == call, |start| call.starts_with(start))
}

/// A page spells services as endpoints are named, a signature as IAM does.
fn on_page(service: &str, name: &str) -> String {
    let service = match service {
        "access-analyzer" => "accessanalyzer",
        other => other,
    };
    format!("{service}:{name}")
}

/// The world, and the access key of each resource's user.
struct Bench {
    world: World,
    pages: BTreeMap<&'static str, Page>,
    keys: BTreeMap<&'static str, String>,
    /// Accounts with a vending role, and the resource whose page says what it may do.
    accounts: Vec<(String, &'static str)>,
}

impl Bench {
    fn start() -> Result<Option<Self>> {
        let Some(binary) = Tool::Terraform.require()? else {
            return Ok(None);
        };
        if python::locate().is_err() {
            skip::missing("the emulators' Python environment", python::HOW, true)?;
            return Ok(None);
        }
        let mut pages = BTreeMap::new();
        for resource in RESOURCES {
            pages.insert(*resource, Page::read(resource)?);
        }
        let vending = pages["account"].policy(Work::Apply, true)?.to_string();
        let emulator = Emulator::authorized(&vending)?;
        let direct = emulator.endpoint();
        let proxy = Proxy::start(emulator)?;
        let mut terraform = Terraform::new(&binary, &proxy.endpoint())?;
        let mut aws = Aws::new(&direct)?;
        let mut keys = BTreeMap::new();
        let mut profiles = String::new();
        let mut aliases = String::new();
        terraform.provider("")?;
        terraform.write("defaults.tf", DEFAULTS)?;
        for resource in RESOURCES {
            let user = json!({"UserName": resource});
            aws.call("iam", "create_user", user.clone())?;
            let made = aws.call("iam", "create_access_key", user)?["AccessKey"].clone();
            let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
            let (id, secret) = (text("AccessKeyId"), text("SecretAccessKey"));
            profiles.push_str(&format!(
                "[{resource}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
            ));
            aliases.push_str(&format!(
                "provider \"gabion\" {{\n  alias   = \"{resource}\"\n  region  = \"eu-central-1\"\n  profile = \"{resource}\"\n  default_tags {{\n    tags = \
                 local.defaults\n  }}\n}}\n"
            ));
            keys.insert(*resource, id);
        }
        terraform.write("aliases.tf", &aliases)?;
        terraform.write("credentials", &profiles)?;
        let credentials = terraform.dir().join("credentials");
        terraform
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env(
                "AWS_SHARED_CREDENTIALS_FILE",
                credentials.to_string_lossy().into_owned(),
            );
        let world = World {
            proxy,
            terraform,
            aws,
        };
        Ok(Some(Self {
            world,
            pages,
            keys,
            accounts: Vec::new(),
        }))
    }

    /// From now on every user, and the vending roles, have the policy for that work.
    fn allow(&mut self, work: Work) -> Result<()> {
        for (resource, page) in &self.pages {
            let (own, role) = (page.policy(work, false)?, page.policy(work, true)?);
            let name = format!("{resource}-published");
            let put = json!({"UserName": resource, "PolicyName": name, "PolicyDocument": own.to_string()});
            self.world.aws.call("iam", "put_user_policy", put)?;
            let key = &self.keys[resource];
            self.world.proxy.permit(key, actions(own));
            self.world
                .proxy
                .permit(&format!("{key} in a role"), actions(role));
        }
        for (account, resource) in &self.accounts {
            let role = self.pages[resource].policy(work, true)?.to_string();
            let put = json!({"RoleName": "OrganizationAccountAccessRole", "PolicyName": "published", "PolicyDocument": role});
            inside(&self.world, account)?.call("iam", "put_role_policy", put)?;
        }
        Ok(())
    }

    /// Writes the configuration, and plans with the permission to plan.
    fn plan(&mut self, text: &str) -> Result<()> {
        self.world.terraform.write("main.tf", &aliased(text))?;
        self.allow(Work::Plan)?;
        self.world.terraform.plan(&[])?.ok()?;
        Ok(())
    }

    /// The same, and applies with the permission to apply.
    fn apply(&mut self, text: &str, more: &[&str]) -> Result<()> {
        self.world.terraform.write("main.tf", &aliased(text))?;
        self.allow(Work::Plan)?;
        self.world.terraform.plan(more)?.ok()?;
        self.allow(Work::Apply)?;
        self.world
            .terraform
            .run(&["apply", "-no-color", "-input=false", "plan.tfplan"])?
            .ok()?;
        Ok(())
    }

    /// A plan with the permission to plan shows nothing.
    fn settled(&mut self) -> Result<()> {
        self.allow(Work::Plan)?;
        let plan = self.world.terraform.plan(&[])?;
        anyhow::ensure!(!plan.changes()?, "{}", plan.stdout);
        Ok(())
    }

    /// The calls that a resource's user made, as its page spells them.
    fn made(&self, resource: &str) -> Names {
        let key = &self.keys[resource];
        let calls = self.world.proxy.calls();
        let own = calls
            .iter()
            .filter(|call| call.caller.split(' ').next() == Some(key));
        own.map(|call| on_page(&call.operation.service, &call.operation.name))
            .collect()
    }
}

/// Each resource with the provider that has its user's credentials.
fn aliased(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        out.push_str(line);
        out.push('\n');
        if let Some(rest) = line.strip_prefix("resource \"gabion_") {
            let kind = rest.split('"').next().unwrap_or_default();
            out.push_str(&format!("  provider = gabion.{kind}\n"));
        }
    }
    out
}

#[test]
fn each_resource_works_with_exactly_its_published_policy() -> Result<()> {
    let Some(mut bench) = Bench::start()? else {
        return Ok(());
    };
    // An organization, and an account that somebody else vended.
    let (organization, _) = ESTATE
        .split_once("resource \"gabion_account\"")
        .context("no account")?;
    bench.world.init(&aliased(organization))?;
    bench.apply(organization, &[])?;
    let mut through = Aws::new(&bench.world.proxy.endpoint())?;
    let old = vended(&mut through, "old")?;
    bench.accounts.push((old.clone(), "account_baseline"));
    stranger(&bench.world, &old)?;
    super::block_public_access(&bench.world)?;
    let there = format!(
        "account_id = \"{old}\"\n  default_vpc = \"deleted\"\n  \
         vpc_block_public_access = \"block-bidirectional\""
    );
    let first = changed(
        ESTATE,
        &[
            ("#:baseline_account", &there),
            // The segments look for it.
            (
                "  organization_id = gabion_organization.main.id\n  log_destination",
                "  log_destination",
            ),
        ],
    ) + PEOPLE;
    bench.apply(&first, &[])?;
    let account = bench.world.terraform.state("gabion_account.app")?["account_id"]
        .as_str()
        .context("no account in the state")?
        .to_owned();
    bench.accounts.push((account.clone(), "account"));
    bench.settled()?;

    // A user who may only plan is refused.
    let other = changed(&first, &[("\"Read\"", "\"Reads\"")]);
    bench.world.terraform.write("main.tf", &aliased(&other))?;
    let refused = bench
        .world
        .terraform
        .apply(&["-target=gabion_workload_role.orders"])?
        .refused()?;
    refused.says(&["AccessDenied", "PutRolePolicy"])?;

    // Default tags change: everything that is there follows.
    let other = DEFAULTS.replace("owner = \"a\"", "env = \"b\"");
    bench.world.terraform.write("defaults.tf", &other)?;
    let longer = changed(
        &first,
        &[("  #:baseline\n", "  minimum_password_length = 16\n")],
    );
    bench.apply(&longer, &[])?;

    // Every setting changes, parts are changed by hand, and everything comes back.
    bench.apply(&second(&first, &old), &[])?;
    by_hand(&mut bench.world.aws)?;
    stranger(&bench.world, &account)?;
    let alias = json!({"AliasName": "alias/gabion/ebs"});
    inside(&bench.world, &account)?.call("kms", "delete_alias", alias)?;
    let third = third(&first);
    bench.apply(&third, &[])?;
    bench.settled()?;

    let _usage = bench
        .world
        .proxy
        .on("kms:GetKeyLastUsage")
        .fault(Fault::Error(
            StatusCode::BAD_REQUEST,
            "UnsupportedOperationException".to_owned(),
            "not here".to_owned(),
        ));
    let bucket = json!({"Bucket": "gabion-estate-logs"});
    let aws = &mut bench.world.aws;
    aws.call("s3", "delete_bucket_policy", bucket)?;
    let object = json!({"Bucket": "gabion-estate-logs", "Key": "AWSLogs/one"});
    aws.call("s3", "put_object", object)?;
    bench.apply(&third, &["-destroy"])?;

    // Regions and units that are not named are looked up.
    let older = vended(&mut through, "older")?;
    bench.accounts.push((older.clone(), "account"));
    let lookups = changed(
        &first,
        &[
            ("\"app@example.com\"", "\"fresh@example.com\""),
            ("\n  regions             = [\"eu-central-1\"]", ""),
            ("\n  regions = [\"eu-central-1\"]", ""),
        ],
    );
    bench.plan(&lookups)?;
    let adopting = changed(
        &lookups,
        &[
            (
                "\"fresh@example.com\"",
                &format!("\"older@example.com\"\n  account_id = \"{older}\""),
            ),
            ("  name                = \"app\"\n", ""),
            ("= gabion_organization.main.unit_ids[\"dev\"]", "= \"dev\""),
            (
                "#:account",
                "acknowledge_removals = [\"block_public_acls\", \"block_public_policy\", \"ignore_public_acls\", \
                 \"restrict_public_buckets\"]",
            ),
        ],
    );
    bench.plan(&adopting)?;
    bench.compare()
}

/// What a baseline meets in an account that others use: a key, and a default VPC with its gateway, as AWS makes it.
fn stranger(world: &World, account: &str) -> Result<()> {
    let mut there = inside(world, account)?;
    there.call("kms", "create_key", json!({}))?;
    let vpcs = there.call("ec2", "describe_vpcs", json!({}))?;
    let vpc = match vpcs["Vpcs"][0]["VpcId"].as_str() {
        Some(vpc) => json!(vpc),
        None => there.call("ec2", "create_default_vpc", json!({}))?["Vpc"]["VpcId"].clone(),
    };
    let gateway = there.call("ec2", "create_internet_gateway", json!({}))?;
    let gateway = &gateway["InternetGateway"]["InternetGatewayId"];
    let attach = json!({"InternetGatewayId": gateway, "VpcId": vpc});
    there.call("ec2", "attach_internet_gateway", attach)?;
    Ok(())
}

/// An account that somebody else made.
fn vended(aws: &mut Aws, name: &str) -> Result<String> {
    let made = aws.call(
        "organizations",
        "create_account",
        json!({"AccountName": name, "Email": format!("{name}@example.com")}),
    )?;
    let request = json!({"CreateAccountRequestId": made["CreateAccountStatus"]["Id"]});
    for _ in 0..5 {
        let status = aws.call(
            "organizations",
            "describe_create_account_status",
            request.clone(),
        )?;
        if let Some(id) = status["CreateAccountStatus"]["AccountId"].as_str() {
            return Ok(id.to_owned());
        }
    }
    anyhow::bail!("no account: {made}")
}

/// The configuration with everything changed that can be.
fn second(first: &str, old: &str) -> String {
    let analyzer = exception("access_analyzer", "C5 1.19");
    let encryption = exception("ebs_encryption_by_default", "EC2.7");
    let key = exception("ebs_default_kms_key_id", "EC2.7");
    let weak = format!(
        "access_analyzer = false\n  ebs_encryption_by_default = false\n  \
         ebs_default_kms_key_id = {{ eu-central-1 = \"alias/aws/ebs\" }}\n{analyzer}{encryption}{key}"
    );
    let spare = format!(
        "users = [\"arn:aws:iam::123456789012:role/app\"]\n  is_enabled = false\n  enable_key_rotation = false\n{}",
        exception("enable_key_rotation", "KMS.4")
    );
    let sink = format!(
        "log_group_retention_in_days = 0\n  object_ownership = \"ObjectWriter\"\n  enable_logging = false\n  \
         is_multi_region_trail = false\n{}{}{}",
        exception("object_ownership", "S3.12"),
        exception("enable_logging", "CloudTrail.1"),
        exception("is_multi_region_trail", "CloudTrail.1"),
    );
    let organization = format!(
        "enabled_policy_types = [\"SERVICE_CONTROL_POLICY\", \"TAG_POLICY\"]\n  delegated_administrators = [{{ \
         account_id = \"{old}\", service_principal = \"guardduty.amazonaws.com\" }}]"
    );
    changed(
        first,
        &[
            ("\"dev\", \"prod\"]", "\"dev\", \"prod\", \"test\"]"),
            (
                "\"cloudtrail.amazonaws.com\"]",
                "\"cloudtrail.amazonaws.com\", \"guardduty.amazonaws.com\"]",
            ),
            ("#:organization", &organization),
            (
                "organizational_unit = gabion_organization.main.unit_ids[\"dev\"]",
                "organizational_unit = gabion_organization.main.unit_ids[\"prod\"]",
            ),
            ("#:account", &weak),
            ("#:baseline\n", &format!("{weak}\n")),
            (
                "= [gabion_organization.main.unit_ids[\"prod\"]]",
                "= [gabion_organization.main.unit_ids[\"dev\"]]\n  deny_root = true\n  allowed_regions = [\"us-east-1\"]",
            ),
            ("\"spare\"\n  deletion", "\"moved\"\n  deletion"),
            (
                "alias               = \"spare\"",
                "alias               = \"moved\"",
            ),
            ("#:spare", &spare),
            ("#:sink", &sink),
            ("  ingress             = \"internet\"\n", ""),
            (
                "ecs-tasks.amazonaws.com\" }\n  permissions_boundary = \"arn:aws:iam::aws:policy/PowerUserAccess\"",
                "lambda.amazonaws.com\" }\n  description = \"d\"\n  \
                 permissions_boundary = \"arn:aws:iam::aws:policy/ReadOnlyAccess\"",
            ),
            ("[\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]", "[]"),
            ("  statement {", "  statement {\n    # another policy"),
            ("{ team = \"a\" }", "{ other = \"b\" }"),
        ],
    )
}

/// As at first, but for a closed segment, and ready to be destroyed.
fn third(first: &str) -> String {
    changed(
        first,
        &[
            (
                "#:organization",
                "enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n  delegated_administrators = []",
            ),
            (
                "#:account",
                "deletion_policy = \"close\"\n  acknowledge_irreversible = \"app\"",
            ),
            ("= gabion_kms_key.logs.arn", "= gabion_kms_key.spare.arn"),
            (
                "#:sink",
                "deletion_policy = \"purge\"\n  acknowledge_irreversible = \"gabion-estate-logs\"",
            ),
            ("  ingress             = \"internet\"\n", ""),
            ("  egress              = \"open\"\n", ""),
            ("  interface_endpoints = [\"kms\"]\n", ""),
            (
                "  connects_to         = [gabion_network_segment.stock.id]\n",
                "",
            ),
        ],
    )
}

/// Changes that only an update after drift takes back.
fn by_hand(aws: &mut Aws) -> Result<()> {
    let stock = json!([{"Name": "cidr-block", "Values": ["10.21.0.0/18"]}]);
    let subnets = aws.call("ec2", "describe_subnets", json!({"Filters": stock}))?;
    let subnet = &subnets["Subnets"][0];
    let public = json!({"SubnetId": subnet["SubnetId"], "MapPublicIpOnLaunch": {"Value": true}});
    aws.call("ec2", "modify_subnet_attribute", public)?;
    let of = json!([{"Name": "vpc-id", "Values": [subnet["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]);
    let groups = aws.call("ec2", "describe_security_groups", json!({"Filters": of}))?;
    let rule = json!({"GroupId": groups["SecurityGroups"][0]["GroupId"], "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]});
    aws.call("ec2", "authorize_security_group_ingress", rule)?;
    let of = json!([{"Name": "vpc-id", "Values": [subnet["VpcId"]]}]);
    let endpoints = aws.call("ec2", "describe_vpc_endpoints", json!({"Filters": of}))?;
    let id = &endpoints["VpcEndpoints"][0]["VpcEndpointId"];
    let open = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    aws.call(
        "ec2",
        "modify_vpc_endpoint",
        json!({"VpcEndpointId": id, "PolicyDocument": open}),
    )?;
    // The alias points to another key.
    let other = aws.call("kms", "create_key", json!({}))?;
    let alias = json!({"AliasName": "alias/logs", "TargetKeyId": other["KeyMetadata"]["KeyId"]});
    aws.call("kms", "update_alias", alias)?;
    Ok(())
}

impl Bench {
    /// The pages, against what was called and needed.
    fn compare(&self) -> Result<()> {
        let mut wrong = String::new();
        for (resource, page) in &self.pages {
            let key = &self.keys[resource];
            let made = self.made(resource);
            let elsewhere: Names = ELSEWHERE
                .iter()
                .filter(|(of, ..)| of == resource)
                .map(|(_, call, _)| (*call).to_owned())
                .collect();
            let mut say = |what: &str, names: Vec<&String>| {
                if !names.is_empty() {
                    wrong.push_str(&format!("{resource}: {what}: {names:?}\n"));
                }
            };
            say("not on the page", made.difference(&page.calls).collect());
            let idle = page.calls.difference(&made);
            say(
                "on the page, and not made",
                idle.filter(|call| !elsewhere.iter().any(|other| is(other, call)))
                    .collect(),
            );
            let own = self.world.proxy.needed(key);
            let there = self.world.proxy.needed(&format!("{key} in a role"));
            let mut allowed = actions(page.policy(Work::Apply, false)?);
            let mut allowed_there = actions(page.policy(Work::Apply, true)?);
            let separate = allowed != allowed_there;
            say(
                "needed, and not allowed",
                own.difference(&allowed).collect(),
            );
            say(
                "needed in the account, and not allowed",
                there.difference(&allowed_there).collect(),
            );
            let both: Names = own.union(&there).cloned().collect();
            for call in &elsewhere {
                let (service, name) = call.split_once(':').context("no call")?;
                let other = action(service, name);
                allowed.retain(|action| !is(&other, action));
                allowed_there.retain(|action| !is(&other, action));
            }
            say(
                "allowed, and not needed",
                allowed
                    .difference(if separate { &own } else { &both })
                    .collect(),
            );
            if separate {
                say(
                    "allowed in the account, and not needed",
                    allowed_there.difference(&there).collect(),
                );
            }
        }
        // Nothing was refused on the way and shrugged off, but for what was meant to be.
        let refused: Vec<String> = self
            .world
            .proxy
            .calls()
            .iter()
            .filter(|call| call.answer.contains("AccessDenied"))
            .map(|call| call.operation.to_string())
            .collect();
        if refused != ["iam:PutRolePolicy"] {
            wrong.push_str(&format!("refused: {refused:?}\n"));
        }
        assert!(wrong.is_empty(), "{wrong}");
        let judged = self.world.proxy.emulator().judged()?;
        let mut needed = Names::new();
        for key in self.keys.values() {
            needed.extend(self.world.proxy.needed(key));
            needed.extend(self.world.proxy.needed(&format!("{key} in a role")));
        }
        let unjudged: Vec<&String> = needed.difference(&judged).collect();
        let listed: Vec<&str> = NOT_JUDGED_BY_MOTO.iter().map(|(name, _)| *name).collect();
        assert_eq!(unjudged, listed);
        Ok(())
    }
}
