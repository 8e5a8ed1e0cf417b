//! Many resources at once: nothing lost, nothing twice, and one limiter for all of them.

use anyhow::Result;
use gabion_tests::{Fault, Kind};
use serde_json::json;

use super::{count, shown};
use crate::support::World;

const MANY: &str = r#"
resource "gabion_kms_key" "many" {
  count               = 50
  alias               = "many-${count.index}"
  deletion_protection = false
}

resource "gabion_workload_role" "many" {
  count                = 20
  name                 = "many-${count.index}"
  principal_kind       = "service"
  service              = { principal = "ecs-tasks.amazonaws.com" }
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
}

resource "gabion_network_segment" "many" {
  count           = 3
  name            = "many-${count.index}"
  cidr_block      = "10.${count.index}.0.0/16"
  environment     = "prod"
  data_tier       = "internal"
  log_destination = "arn:aws:s3:::gabion-many"
}
"#;

/// What AWS lets through: calls a second, and at once after a pause. The provider stays a little below.
const QUOTAS: &[(&str, f64, f64)] = &[
    ("kms", 10.0, 25.0),
    ("iam", 10.0, 25.0),
    ("ec2", 12.0, 60.0),
];

#[test]
fn fifty_at_once_lose_nothing_and_are_not_throttled() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    let place = json!({"Bucket": "gabion-many", "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}});
    world.aws.call("s3", "create_bucket", place)?;
    world.init(MANY)?;
    let quotas: Vec<_> = QUOTAS
        .iter()
        .map(|(service, rate, burst)| {
            let rule = world.proxy.on(&format!("{service}:*")).writes();
            (service, rule.above(*rate, *burst).fault(Fault::Throttle))
        })
        .collect();
    world.terraform.apply(&["-parallelism=50"])?.ok()?;
    for (service, quota) in quotas {
        assert_eq!(quota.hits(), 0, "{service}");
    }
    let mut aws = gabion_tests::Aws::new(&world.proxy.endpoint())?;
    assert_eq!(
        shown(&count(&mut aws)?),
        "VPCs: 3\naliases: 50\nbuckets: 1\nendpoints: 6\nflow logs: 3\nkeys: Enabled: 50\nquery log associations: 3\n\
         query log configurations: 1\nroles: 20\nroute tables: 4\nsecurity groups: 4\nsubnets: 9"
    );
    let plan = world.terraform.plan(&["-parallelism=50"])?;
    assert!(!plan.changes()?, "{}", plan.stdout);
    Ok(())
}
