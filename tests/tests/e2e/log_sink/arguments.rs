//! Every argument: set, changed, cleared, unknown at plan, and refused.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::json;

use super::{KEY, SINK, changed, exception, policy_of, sids, sink, through_fake};
use crate::support::World;

const NAMES: &str = r#"
  access_log_bucket = "gabion-other-access"
  trail_name        = "gabion-other-trail"
  log_group_name    = "/other/group"
"#;

#[test]
fn every_argument_set_changed_and_cleared() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        let account = kind.account();
        let first = format!(
            r#"{NAMES}
  organization_id               = "none"
  is_organization_trail         = false
  account_id                    = "{account}"
  region                        = "eu-central-1"
  retention_in_days             = 400
  transition_in_days            = 30
  transition_storage_class      = "STANDARD_IA"
  expiration_in_days            = 800
  access_log_prefix             = "logs/"
  access_log_expiration_in_days = 0
  log_group_retention_in_days   = 731
  cloud_watch_logs_role_arn     = "arn:aws:iam::{account}:role/trail"
  deletion_policy               = "retain"
  acknowledge_irreversible      = "gabion-audit-logs"
  tags                          = {{ a = "1", b = "1" }}
  additional_policy_statements = [{{
    sid        = "Audit"
    principals = {{ AWS = ["arn:aws:iam::444455556666:role/audit"] }}
    actions    = ["s3:GetObject"]
    resources  = ["arn:aws:s3:::gabion-audit-logs/*"]
  }}]
  {}
  timeouts {{
    create = "5m"
  }}
"#,
            exception("is_organization_trail", "CloudTrail.1")
        );
        world.init(&sink(&first))?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        let mut aws = through_fake(&world)?;
        let bucket = json!({"Bucket": "gabion-audit-logs"});
        let rules = aws.call("s3", "get_bucket_lifecycle_configuration", bucket.clone())?;
        assert_eq!(
            rules["Rules"][0]["Transitions"][0]["StorageClass"], "STANDARD_IA",
            "{rules}"
        );
        assert_eq!(rules["Rules"][0]["Expiration"]["Days"], 800);
        let lock = aws.call("s3", "get_object_lock_configuration", bucket.clone())?;
        let days = &lock["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Days"];
        assert_eq!(days, 400);
        assert!(sids(&policy_of(&mut world, "gabion-audit-logs")?).contains(&"Audit".to_owned()));
        let trail = aws.call(
            "cloudtrail",
            "get_trail",
            json!({"Name": "gabion-other-trail"}),
        )?["Trail"]
            .clone();
        assert!(
            trail["CloudWatchLogsLogGroupArn"]
                .as_str()
                .unwrap()
                .ends_with("log-group:/other/group:*"),
            "{trail}"
        );

        let weak: &[(&str, &str, &str)] = &[
            ("block_public_acls", "false", "S3.8"),
            ("ignore_public_acls", "false", "S3.8"),
            ("block_public_policy", "false", "S3.8"),
            ("restrict_public_buckets", "false", "C5 2.1.4"),
            ("object_ownership", "\"ObjectWriter\"", "S3.12"),
            ("sse_algorithm", "\"AES256\"", "S3.17"),
            ("retention_in_days", "30", "S3.15"),
            ("transition_in_days", "0", "S3.13"),
            ("access_log_block_public_acls", "false", "S3.8"),
            ("access_log_versioning", "\"Suspended\"", "S3.14"),
            (
                "access_log_object_ownership",
                "\"BucketOwnerPreferred\"",
                "S3.12",
            ),
            ("access_log_expiration_in_days", "30", "C5 3.4"),
            ("is_multi_region_trail", "false", "CloudTrail.1"),
            ("enable_log_file_validation", "false", "CloudTrail.4"),
            ("enable_logging", "false", "CloudTrail.1"),
            ("include_s3_write_events", "false", "C5 3.8"),
            ("log_group_retention_in_days", "30", "AU-11"),
        ];
        let mut second =
            format!("{NAMES}\n  organization_id = \"none\"\n  tags = {{ a = \"2\", c = \"1\" }}\n");
        for (attribute, value, control) in weak {
            second.push_str(&format!(
                "  {attribute} = {value}\n{}",
                exception(attribute, control)
            ));
        }
        world.terraform.write("main.tf", &sink(&second))?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        let state = world.terraform.state(SINK)?;
        assert_eq!(state["sse_algorithm"], "AES256");
        assert_eq!(state["cloud_watch_logs_role_arn"], json!(null));
        assert_eq!(state["tags_all"], json!({"a": "2", "c": "1"}));
        let group = aws.call("logs", "describe_log_groups", json!({}))?["logGroups"][0].clone();
        assert_eq!(group["retentionInDays"], 30);
        let status = aws.call(
            "cloudtrail",
            "get_trail_status",
            json!({"Name": "gabion-other-trail"}),
        )?;
        assert_eq!(status["IsLogging"], false);

        // Logging off: the second bucket and its logs stay with the sink.
        let off = format!(
            "{NAMES}\n  access_logging = false\n{}",
            exception("access_logging", "C5 3.4")
        );
        world.terraform.write("main.tf", &sink(&off))?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        let logging = aws.call("s3", "get_bucket_logging", bucket)?;
        assert_eq!(logging["LoggingEnabled"], json!(null));
        aws.call(
            "s3",
            "get_bucket_location",
            json!({"Bucket": "gabion-other-access"}),
        )?;

        // Back to the shortest block: all defaults, and the names that the parts have.
        world.terraform.write("main.tf", &sink(""))?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        let state = world.terraform.state(SINK)?;
        for (attribute, value) in [
            ("trail_name", json!("gabion-other-trail")),
            ("retention_in_days", json!(365)),
            ("transition_storage_class", json!("GLACIER_IR")),
            ("enable_logging", json!(true)),
            ("access_logging", json!(true)),
            ("access_log_versioning", json!("Enabled")),
            ("sse_algorithm", json!("aws:kms")),
            ("tags_all", json!({})),
        ] {
            assert_eq!(state[attribute], value, "{attribute}");
        }
        world.terraform.destroy(&[])?.ok()?;
        assert_eq!(super::counts(&mut world)?, (0, 0, 0));
    }
    Ok(())
}

#[test]
fn values_unknown_at_plan() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let unknown = r#"
resource "terraform_data" "later" {
  input = { bucket = "gabion-audit-logs", days = 400, on = true, tag = "t", org = "none" }
}
"#;
    let text = sink(
        r#"
  retention_in_days = terraform_data.later.output.days
  versioning        = terraform_data.later.output.on ? "Enabled" : "Suspended"
  organization_id   = terraform_data.later.output.org
  tags              = { from = terraform_data.later.output.tag }
  additional_policy_statements = [{
    sid        = "Audit"
    principals = { AWS = [terraform_data.later.output.on ? "arn:aws:iam::444455556666:role/audit" : "444455556666"] }
    actions    = ["s3:GetObject"]
    resources  = ["arn:aws:s3:::${terraform_data.later.output.bucket}/*"]
  }]
"#,
    )
    .replace("= \"gabion-audit-logs\"", "= terraform_data.later.output.bucket");
    world.init(&format!("{unknown}{text}"))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let state = world.terraform.state(SINK)?;
    assert_eq!(state["bucket"], "gabion-audit-logs");
    assert_eq!(state["retention_in_days"], 400);
    assert_eq!(state["tags_all"], json!({"from": "t"}));

    // A weaker value that was not known at plan is refused at apply, before anything changes.
    let later = "resource \"terraform_data\" \"later\" {\n  input = 30\n}\n";
    let fresh = sink("log_group_retention_in_days = terraform_data.later.output")
        .replace("audit-logs", "other-logs");
    let fresh = fresh
        .replace(KEY, &format!("{KEY}{later}"))
        .replace("alias               = \"logs\"", "alias = \"second\"");
    world.terraform.destroy(&[])?.ok()?;
    world.terraform.write("main.tf", &fresh)?;
    world.proxy.forget();
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["log_group_retention_in_days", "AU-11"])?;
    assert_eq!(world.proxy.count("s3:CreateBucket"), 0);
    Ok(())
}

#[test]
fn default_tags_reach_every_part() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world
        .terraform
        .provider("  default_tags {\n    tags = { team = \"a\", both = \"provider\" }\n  }\n")?;
    world.init(&sink("tags = { both = \"resource\" }"))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let state = world.terraform.state(SINK)?;
    assert_eq!(state["tags"], json!({"both": "resource"}));
    assert_eq!(state["tags_all"], json!({"both": "resource", "team": "a"}));

    world
        .terraform
        .provider("  default_tags {\n    tags = { team = \"b\" }\n  }\n")?;
    assert!(world.terraform.plan(&[])?.changes()?);
    assert_eq!(changed(&world)?, ["tags_all"]);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let mut aws = through_fake(&world)?;
    for bucket in ["gabion-audit-logs", "gabion-audit-logs-access-logs"] {
        let tags = world
            .aws
            .call("s3", "get_bucket_tagging", json!({"Bucket": bucket}))?;
        assert!(
            tags["TagSet"]
                .as_array()
                .unwrap()
                .contains(&json!({"Key": "team", "Value": "b"})),
            "{bucket}: {tags}"
        );
    }
    let trail = aws.call(
        "cloudtrail",
        "list_tags",
        json!({"ResourceIdList": [state["trail_arn"]]}),
    )?;
    assert!(trail.to_string().contains("\"b\""), "{trail}");
    let group = aws.call(
        "logs",
        "list_tags_for_resource",
        json!({"resourceArn": state["log_group_arn"]}),
    )?;
    assert_eq!(group["tags"]["team"], "b", "{group}");
    Ok(())
}

/// A line of the configuration, and what the refusal says.
const REFUSED: &[(&str, &[&str])] = &[
    ("retention_in_days = 0", &["retention_in_days", "36500"]),
    ("transition_in_days = -1", &["transition_in_days"]),
    (
        "transition_in_days = 10\n  transition_storage_class = \"STANDARD_IA\"",
        &["STANDARD_IA", "30 days"],
    ),
    (
        "transition_storage_class = \"COLD\"",
        &["COLD", "GLACIER_IR"],
    ),
    (
        "expiration_in_days = 364",
        &["expire before their retention ends", "365"],
    ),
    (
        "retention_in_days = 400\n  transition_in_days = 500\n  expiration_in_days = 500",
        &["transition first"],
    ),
    (
        "versioning = \"Suspended\"",
        &["Object Lock needs versioning"],
    ),
    (
        "object_lock_mode = \"COMPLIANCE\"",
        &["acknowledge_irreversible = \"gabion-audit-logs\""],
    ),
    (
        "object_lock_mode = \"COMPLIANCE\"\n  acknowledge_irreversible = \"other\"",
        &["which is another name"],
    ),
    (
        "access_log_bucket = \"gabion-audit-logs\"",
        &["cannot keep its own access logs"],
    ),
    (
        "access_log_sse_algorithm = \"aws:kms\"",
        &["access_log_sse_algorithm", "AES256"],
    ),
    ("trail_name = \"a--b\"", &["a--b", "trail name"]),
    ("log_group_name = \"aws/x\"", &["aws/x", "log group name"]),
    ("log_group_retention_in_days = 17", &["17", "choose one of"]),
    ("organization_id = \"acme\"", &["acme", "organization id"]),
    (
        "organization_id = \"o-abcdefghij\"",
        &["shut this account out", "`none`"],
    ),
    (
        "is_organization_trail = true\n  organization_id = \"none\"",
        &["is_organization_trail", "`none`"],
    ),
    (
        "include_management_events = false\n  include_s3_write_events = false",
        &["record nothing"],
    ),
    (
        "cloud_watch_logs_role_arn = \"role\"",
        &["cloud_watch_logs_role_arn"],
    ),
    ("deletion_policy = \"keep\"", &["deletion_policy", "retain"]),
    ("tags = { \"aws:x\" = \"1\" }", &["aws:"]),
    (
        "additional_policy_statements = [{ sid = \"TrailWrites\", principals = { AWS = [\"*\"] }, actions = [\"s3:GetObject\"] }]",
        &["TrailWrites", "label of the generated policy"],
    ),
    (
        "additional_policy_statements = [{ principals = { AWS = [\"*\"] }, actions = [\"s3:GetObject\"] }]",
        &["lets in everybody", "S3.8"],
    ),
    ("timeouts {\n    create = \"soon\"\n  }", &["soon"]),
];

#[test]
fn bad_input_is_refused_before_any_write() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let text = |line: &str| {
        sink(line)
            .replace(
                "gabion_kms_key.logs.arn",
                "\"arn:aws:kms:eu-central-1:000000000000:key/1\"",
            )
            .replace(KEY, "")
    };
    world.init(&text(""))?;
    for (line, words) in REFUSED {
        world.terraform.write("main.tf", &text(line))?;
        let run = world.terraform.plan(&[])?.refused()?;
        assert!(
            !run.flat().contains("fault of the provider"),
            "{line}: {}",
            run.stderr
        );
        run.says(words)?;
    }
    let elsewhere = text("").replace(
        "eu-central-1:000000000000:key",
        "us-east-1:000000000000:key",
    );
    world.terraform.write("main.tf", &elsewhere)?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["The key is in another region", "us-east-1"])?;
    let long = text("").replace("gabion-audit-logs", &"x".repeat(60));
    world.terraform.write("main.tf", &long)?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["set `access_log_bucket`"])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    Ok(())
}
