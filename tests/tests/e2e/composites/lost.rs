//! A reply lost on each create, an error in its middle, and throttling: nothing is made twice, nothing is left behind.

use std::collections::BTreeSet;

use anyhow::Result;
use gabion_tests::proxy::StatusCode;
use gabion_tests::{Fault, RuleHandle, workspace};

use super::{AFTER_APPLY, AFTER_DESTROY, ESTATE, census, shown};

/// Every call of the composites that makes something, or ties two things together.
const CREATES: &[&str] = &[
    "access-analyzer:CreateAnalyzer",
    "cloudtrail:CreateTrail",
    "ec2:AcceptVpcPeeringConnection",
    "ec2:AllocateAddress",
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateFlowLogs",
    "ec2:CreateInternetGateway",
    "ec2:CreateNatGateway",
    "ec2:CreateNetworkAcl",
    "ec2:CreateNetworkAclEntry",
    "ec2:CreateRoute",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateTags",
    "ec2:CreateVpc",
    "ec2:CreateVpcBlockPublicAccessExclusion",
    "ec2:CreateVpcEndpoint",
    "ec2:CreateVpcPeeringConnection",
    "ec2:EnableEbsEncryptionByDefault",
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "kms:CreateAlias",
    "kms:CreateKey",
    "kms:EnableKeyRotation",
    "logs:CreateLogGroup",
    "organizations:AttachPolicy",
    "organizations:CreateAccount",
    "organizations:CreateOrganization",
    "organizations:CreateOrganizationalUnit",
    "organizations:CreatePolicy",
    "organizations:EnableAWSServiceAccess",
    "organizations:EnablePolicyType",
    "route53resolver:AssociateResolverQueryLogConfig",
    "route53resolver:CreateResolverQueryLogConfig",
    "s3:CreateBucket",
];

/// Those that the configuration does not lead to, and where they are tested.
const ELSEWHERE: &[(&str, &str)] = &[
    ("kms:EnableKey", "an update: kms_key/lifecycle.rs"),
    (
        "logs:AssociateKmsKey",
        "an update, and a create that goes on: log_sink/partial.rs",
    ),
    ("network-firewall:AssociateFirewallPolicy", FIREWALL),
    ("network-firewall:AssociateSubnets", FIREWALL),
    ("network-firewall:CreateFirewall", FIREWALL),
    ("network-firewall:CreateFirewallPolicy", FIREWALL),
    ("network-firewall:CreateRuleGroup", FIREWALL),
    (
        "organizations:RegisterDelegatedAdministrator",
        "with an account of the organization: organization.rs",
    ),
];

const FIREWALL: &str = "a segment with a firewall: network_segment/";

/// What such a call's name begins with.
const BEGINNINGS: &[&str] = &[
    "Accept",
    "Allocate",
    "Associate",
    "Attach",
    "Authorize",
    "Create",
    "Enable",
    "Register",
];

fn creates(name: &str) -> bool {
    let (_, operation) = name.split_once(':').unwrap_or_default();
    BEGINNINGS.iter().any(|start| operation.starts_with(start))
}

/// The calls that all pages list.
fn on_pages() -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(workspace::root().join("docs/resources"))? {
        let page = std::fs::read_to_string(entry?.path())?;
        let (_, table) = page.split_once("| when | calls |").unwrap_or_default();
        let rows = table
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'));
        found.extend(
            rows.flat_map(|row| row.split('`').skip(1).step_by(2))
                .filter(|name| creates(name))
                .map(|name| name.replace("accessanalyzer", "access-analyzer")),
        );
    }
    Ok(found)
}

/// The calls of rules that struck nothing.
fn not_met<'a>(rules: &[(&'a str, RuleHandle)]) -> Vec<&'a str> {
    let missed = rules.iter().filter(|(_, rule)| rule.hits() == 0);
    missed.map(|(call, _)| *call).collect()
}

#[test]
fn a_reply_lost_on_each_create_makes_nothing_twice() -> Result<()> {
    let Some(world) = super::world()? else {
        return Ok(());
    };
    world.init(ESTATE)?;
    let rules: Vec<_> = CREATES
        .iter()
        .map(|call| (*call, world.proxy.on(call).fault(Fault::LoseReply)))
        .collect();
    let mut tries = 0;
    // What cannot be told from somebody else's is an error once, and found by the next apply.
    while world.terraform.apply(&[])?.code != Some(0) {
        tries += 1;
        assert!(tries < 3, "{}", world.terraform.apply(&[])?.flat());
    }
    println!("{tries} applies failed");
    assert_eq!(not_met(&rules), Vec::<&str>::new());
    assert_eq!(shown(&census(&world)?), AFTER_APPLY);
    world.terraform.settled()?;

    // A call that is new needs a row.
    let made: BTreeSet<String> = world
        .proxy
        .calls()
        .iter()
        .map(|call| call.operation.to_string())
        .filter(|name| creates(name))
        .collect();
    let elsewhere = ELSEWHERE.iter().map(|(name, _)| *name);
    let all: BTreeSet<String> = CREATES
        .iter()
        .copied()
        .chain(elsewhere)
        .map(str::to_owned)
        .collect();
    assert_eq!(
        made.difference(&all).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(on_pages()?, all);
    Ok(())
}

#[test]
fn errors_on_each_create_and_throttling_pass_unseen() -> Result<()> {
    let Some(world) = super::world()? else {
        return Ok(());
    };
    world.init(ESTATE)?;
    let rules: Vec<_> = CREATES
        .iter()
        .map(|call| {
            let error = Fault::Status(StatusCode::INTERNAL_SERVER_ERROR);
            (*call, world.proxy.on(call).fault(error))
        })
        .collect();
    let throttle = world.proxy.on("*").every(10).fault(Fault::Throttle);
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(not_met(&rules), Vec::<&str>::new());
    assert!(throttle.hits() > 30, "{}", throttle.hits());
    world.terraform.destroy(&[])?.ok()?;
    world.proxy.clear();
    assert_eq!(shown(&census(&world)?), AFTER_DESTROY);
    Ok(())
}
