//! Creates and updates that stop half-way are continued: nothing twice, nothing orphaned.

use anyhow::Result;
use gabion_tests::{Fault, Kind};
use serde_json::json;

use super::{FULL, get, role, roles};
use crate::support::World;

#[test]
fn a_create_that_fails_at_any_step_is_continued() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.init(&role(FULL))?;
    let mut id = None;
    for step in ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:TagRole"] {
        let rule = world.proxy.on(step).always().fault(Fault::AccessDenied);
        world
            .terraform
            .apply(&[])?
            .refused()?
            .says(&[step.trim_start_matches("iam:")])?;
        assert!(rule.hits() > 0, "{step}");
        world.proxy.clear();
        let now = get(&mut world, "app")?["RoleId"].clone();
        assert_eq!(id.get_or_insert(now.clone()), &now, "{step}: the same role");
    }
    // As after `kill -9`: AWS has the role, the state does not.
    world
        .terraform
        .run(&["state", "rm", "gabion_workload_role.app"])?
        .ok()?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let app = get(&mut world, "app")?;
    assert_eq!(Some(app["RoleId"].clone()), id);
    assert!(
        app["Tags"]
            .to_string()
            .contains("created gabion_workload_role")
    );
    assert_eq!(roles(&mut world)?, ["app"]);

    // A destroy that fails half-way, too.
    let rule = world
        .proxy
        .on("iam:DeleteRole")
        .always()
        .fault(Fault::AccessDenied);
    world.terraform.destroy(&[])?.refused()?;
    assert!(rule.hits() > 0);
    world.proxy.clear();
    world.terraform.destroy(&[])?.ok()?;
    assert!(roles(&mut world)?.is_empty());

    // A create that failed can be destroyed.
    let _rule = world
        .proxy
        .on("iam:PutRolePolicy")
        .always()
        .fault(Fault::AccessDenied);
    world.terraform.apply(&[])?.refused()?;
    world.proxy.clear();
    world.terraform.destroy(&[])?.ok()?;
    assert!(roles(&mut world)?.is_empty());
    Ok(())
}

#[test]
fn a_reply_lost_after_any_call_makes_nothing_twice() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.init(&role(FULL))?;
    let lose = |world: &World, calls: &[&str]| -> Vec<_> {
        calls
            .iter()
            .map(|call| world.proxy.on(call).fault(Fault::LoseReply))
            .collect()
    };
    let rules = lose(
        &world,
        &[
            "iam:CreateRole",
            "iam:PutRolePolicy",
            "iam:AttachRolePolicy",
            "iam:TagRole",
        ],
    );
    world.terraform.apply(&[])?.ok()?;
    assert!(rules.iter().all(|rule| rule.hits() == 1));
    world.proxy.clear();
    world.terraform.settled()?;
    assert_eq!(roles(&mut world)?, ["app"]);
    let attached = world.aws.call(
        "iam",
        "list_attached_role_policies",
        json!({"RoleName": "app"}),
    )?;
    assert_eq!(attached["AttachedPolicies"].as_array().unwrap().len(), 1);

    let rules = lose(
        &world,
        &[
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:DeleteRole",
        ],
    );
    world.terraform.destroy(&[])?.ok()?;
    assert!(rules.iter().all(|rule| rule.hits() == 1));
    assert!(roles(&mut world)?.is_empty());
    Ok(())
}
