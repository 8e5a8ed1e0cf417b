//! What is changed by hand shows as drift on exactly that attribute, and apply repairs it; what others put on
//! the role is named before anything takes it away.

use anyhow::Result;
use serde_json::{Value, json};

use super::{FULL, READ_ONLY, changed, get, role, with_role};

/// Calls behind Terraform's back, and the attributes that then differ.
fn cases() -> Vec<(&'static str, Value, &'static [&'static str])> {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
    vec![
        (
            "update_role",
            json!({"RoleName": "app", "Description": "by hand", "MaxSessionDuration": 3600}),
            &["description"],
        ),
        (
            "update_role",
            json!({"RoleName": "app", "Description": "d", "MaxSessionDuration": 43_200}),
            &["max_session_duration"],
        ),
        (
            "delete_role_permissions_boundary",
            json!({"RoleName": "app"}),
            &["permissions_boundary"],
        ),
        (
            "put_role_policy",
            json!({"RoleName": "app", "PolicyName": "workload", "PolicyDocument": policy.to_string()}),
            &["policy"],
        ),
        (
            "delete_role_policy",
            json!({"RoleName": "app", "PolicyName": "workload"}),
            &["policy"],
        ),
        (
            "detach_role_policy",
            json!({"RoleName": "app", "PolicyArn": READ_ONLY}),
            &["managed_policy_arns"],
        ),
        (
            "tag_role",
            json!({"RoleName": "app", "Tags": [{"Key": "a", "Value": "hand"}]}),
            &["tags", "tags_all"],
        ),
    ]
}

#[test]
fn each_setting_drifts_alone_and_is_repaired() -> Result<()> {
    let Some(mut world) = with_role(FULL)? else {
        return Ok(());
    };
    let whole = get(&mut world, "app")?;
    for (operation, parameters, attributes) in cases() {
        world.aws.call("iam", operation, parameters)?;
        assert!(world.terraform.plan(&[])?.ok()?.changes()?, "{operation}");
        assert_eq!(changed(&world)?, *attributes, "{operation}");
        world.terraform.apply(&[])?.ok()?;
    }
    world.terraform.settled()?;
    let mut again = get(&mut world, "app")?;
    // moto appends a tag that was set again.
    again["Tags"] = whole["Tags"].clone();
    assert_eq!(again, whole);

    // A condition that is gone: nobody loses anything, and it comes back.
    let mut open = whole["AssumeRolePolicyDocument"].clone();
    open["Statement"][0]
        .as_object_mut()
        .unwrap()
        .remove("Condition");
    let put = |document: &Value| json!({"RoleName": "app", "PolicyDocument": document.to_string()});
    world
        .aws
        .call("iam", "update_assume_role_policy", put(&open))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["ecs-tasks.amazonaws.com", "acknowledge_removals"])?;
    let acknowledged = format!("{FULL}  acknowledge_removals = [\"ecs-tasks.amazonaws.com\"]\n");
    world.terraform.write("main.tf", &role(&acknowledged))?;
    world.terraform.plan(&[])?.ok()?;
    assert_eq!(
        changed(&world)?,
        ["acknowledge_removals", "assume_role_policy"]
    );
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(
        get(&mut world, "app")?["AssumeRolePolicyDocument"],
        whole["AssumeRolePolicyDocument"]
    );
    world.terraform.settled()
}

#[test]
fn what_others_put_on_the_role_is_named_first() -> Result<()> {
    let Some(mut world) = with_role(FULL)? else {
        return Ok(());
    };
    let mut trust = get(&mut world, "app")?["AssumeRolePolicyDocument"].clone();
    trust["Statement"].as_array_mut().unwrap().push(json!({
        "Sid": "Hand", "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::444455556666:role/audit"}}));
    let audit = "arn:aws:iam::aws:policy/SecurityAudit";
    let inline = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]});
    for (operation, parameters) in [
        (
            "update_assume_role_policy",
            json!({"RoleName": "app", "PolicyDocument": trust.to_string()}),
        ),
        (
            "attach_role_policy",
            json!({"RoleName": "app", "PolicyArn": audit}),
        ),
        (
            "put_role_policy",
            json!({"RoleName": "app", "PolicyName": "hand", "PolicyDocument": inline.to_string()}),
        ),
    ] {
        world.aws.call("iam", operation, parameters)?;
    }
    world.proxy.forget();
    let named = ["arn:aws:iam::444455556666:role/audit", "`hand`", audit];
    world.terraform.plan(&[])?.refused()?.says(&named)?;
    world
        .terraform
        .destroy(&[])?
        .refused()?
        .says(&["`hand`", audit])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );

    // What is kept counts for the limit of all inline policies.
    let long = format!("arn:aws:s3:::{}/*", "x".repeat(10_050));
    let whole = FULL
        .replace("arn:aws:s3:::b/*", &long)
        .replace(READ_ONLY, &format!("{READ_ONLY}\", \"{audit}"));
    let crowded = format!(
        "{whole}  other_inline_policies = [\"hand\"]\n  acknowledge_removals = [\"Hand\"]\n"
    );
    world.terraform.write("main.tf", &role(&crowded))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["The inline policies are too long together"])?;

    // Kept by saying so: nothing changes in AWS.
    let kept = format!(
        "{}  other_inline_policies = [\"hand\"]\n  additional_policy_statements = [{{\n    sid = \"Hand\"\n    principals = {{ \
         AWS = [\"arn:aws:iam::444455556666:role/audit\"] }}\n    actions = [\"sts:AssumeRole\"]\n  }}]\n",
        FULL.replace(READ_ONLY, &format!("{READ_ONLY}\", \"{audit}"))
    );
    world.terraform.write("main.tf", &role(&kept))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );

    // Let go by saying so.
    let gone = format!(
        "{FULL}  acknowledge_removals = [\"hand\", \"{audit}\", \"arn:aws:iam::444455556666:role/audit\"]\n"
    );
    world.terraform.write("main.tf", &role(&gone))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let names = world
        .aws
        .call("iam", "list_role_policies", json!({"RoleName": "app"}))?;
    assert_eq!(names["PolicyNames"], json!(["workload"]));
    world.terraform.destroy(&[])?.ok()?;
    Ok(())
}
