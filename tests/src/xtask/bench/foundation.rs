//! (i) The foundation, with this provider and by hand for hashicorp/aws, each on an emulator of its own, in turn;
//! (j) a hundred segments and five hundred keys in one configuration.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::{mirror, python};
use gabion_tests::{Aws, Emulator, Kind, Proxy, Run, Terraform, skip, workspace};
use serde_json::json;

use super::figures::{Series, ratio};
use super::memory;
use super::{Binaries, Verdict};

/// hashicorp/aws takes more than two minutes for one round, most of which is waiting.
const ROUNDS: usize = 3;

/// One configuration from an empty account to an empty account.
#[derive(Debug, Default)]
struct Sample {
    /// Seconds.
    plan: f64,
    apply: f64,
    unchanged: f64,
    destroy: f64,
    /// The largest resident set of a provider's process, in bytes.
    peak: f64,
    /// Calls of the plan without changes.
    calls: f64,
    resources: usize,
}

/// (i) Both sides in turn.
pub(super) fn run(binaries: &Binaries, runs: usize, verdict: &mut Verdict<'_>) -> Result<()> {
    println!(
        "(i) the foundation: three keys, a log sink, three segments, the baseline of an account"
    );
    let Some(world) = tools(true)? else {
        verdict("i, not measured", f64::NAN, 0.0);
        return Ok(());
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..runs.min(ROUNDS) {
        // Who goes first alternates: the first pays for what the last one left in the caches.
        for side in 0..2 {
            if (round + side) % 2 == 0 {
                ours.push(sample(binaries, &world, "gabion")?);
            } else {
                theirs.push(sample(binaries, &world, "aws")?);
            }
        }
    }
    let first = |all: &[Sample]| all.first().map_or(0, |sample| sample.resources);
    println!(
        "  resources: gabion {}, hashicorp/aws {}",
        first(&ours),
        first(&theirs)
    );
    type Pick = fn(&Sample) -> f64;
    let figures: [(&str, Pick, f64); 6] = [
        ("plan", |s| s.plan, 1.0 / 10.0),
        ("apply", |s| s.apply, 1.0 / 4.0),
        ("plan without changes", |s| s.unchanged, 1.0 / 10.0),
        ("destroy", |s| s.destroy, 1.0 / 3.0),
        ("peak memory", |s| s.peak, 1.0 / 8.0),
        ("calls of a plan without changes", |s| s.calls, 1.0 / 2.0),
    ];
    for (name, pick, most) in figures {
        let of = |all: &[Sample]| Series::new(all.iter().map(pick).collect());
        let (left, right) = (of(&ours), of(&theirs));
        let show = |series: &Series| match name {
            "peak memory" => series.megabytes(),
            "calls of a plan without changes" => format!("{} calls", series.median()),
            _ => series.seconds(),
        };
        println!("  {name}: gabion        {}", show(&left));
        println!("  {name}: hashicorp/aws {}", show(&right));
        verdict(&format!("i, {name}"), ratio(&left, &right), most);
    }
    Ok(())
}

/// (j) Time and calls by size.
pub(super) fn scale(binaries: &Binaries, verdict: &mut Verdict<'_>) -> Result<()> {
    println!("(j) 100 segments and 500 keys in one configuration, against 10 and 50");
    let Some(world) = tools(false)? else {
        verdict("j, not measured", f64::NAN, 0.0);
        return Ok(());
    };
    let small = large(binaries, &world, 10, 50)?;
    let large = large(binaries, &world, 100, 500)?;
    let series = |value: f64| Series::new(vec![value]);
    for (name, left, right) in [
        ("plan", large.plan, small.plan),
        ("plan without changes", large.unchanged, small.unchanged),
        ("calls of a plan without changes", large.calls, small.calls),
    ] {
        // Linear, with a fifth for noise.
        verdict(
            &format!("j, {name}, ten times the size"),
            ratio(&series(left), &series(right)),
            12.0,
        );
    }
    Ok(())
}

/// What both figures need besides the binaries.
struct World {
    terraform: PathBuf,
}

fn tools(peer: bool) -> Result<Option<World>> {
    if python::locate().is_err() {
        skip::missing("the emulators' Python environment", python::HOW, true)?;
        return Ok(None);
    }
    if peer && mirror::locate().is_none() {
        skip::missing("a mirror of hashicorp/aws", mirror::HOW, false)?;
        return Ok(None);
    }
    Ok(Tool::Terraform
        .require()?
        .map(|terraform| World { terraform }))
}

/// An emulator that has answered before, the proxy, and Terraform with the measured provider.
fn start(binaries: &Binaries, world: &World) -> Result<(Proxy, Terraform)> {
    let emulator = Emulator::start(Kind::Moto)?;
    let mut aws = Aws::new(&emulator.endpoint())?;
    // moto loads a service when it is first asked, which can take seconds.
    for (service, operation) in [
        ("ec2", "describe_vpcs"),
        ("kms", "list_keys"),
        ("s3", "list_buckets"),
        ("iam", "list_roles"),
        ("cloudtrail", "describe_trails"),
        ("logs", "describe_log_groups"),
        ("route53resolver", "list_resolver_query_log_configs"),
        ("sts", "get_caller_identity"),
    ] {
        aws.call(service, operation, json!({}))?;
    }
    let proxy = Proxy::start(emulator)?;
    let mut terraform =
        Terraform::with_provider(&world.terraform, &proxy.endpoint(), &binaries.provider)?;
    terraform.limit(Duration::from_mins(20));
    Ok((proxy, terraform))
}

fn sample(binaries: &Binaries, world: &World, side: &str) -> Result<Sample> {
    let (proxy, terraform) = start(binaries, world)?;
    terraform.copy(&folder().join(side))?;
    terraform.init()?;
    let mut sample = Sample::default();
    // The first plan of a machine compiles the guardrails; that cache lives on.
    terraform.plan(&[])?.ok()?;
    let plan = sample.timed(&terraform, &["plan", "-out=plan.tfplan"], |s| &mut s.plan)?;
    sample.resources = planned(&plan)?;
    sample.timed(&terraform, &["apply", "plan.tfplan"], |s| &mut s.apply)?;
    sample.without_changes(&proxy, &terraform)?;
    sample.timed(&terraform, &["destroy", "-auto-approve"], |s| {
        &mut s.destroy
    })?;
    ensure!(
        terraform.state_list()?.is_empty(),
        "the destroy of `{side}` left something in the state"
    );
    println!(
        "  {side}: plan {:.1} s, apply {:.1} s, plan without changes {:.1} s ({} calls), destroy {:.1} s, {:.0} MB",
        sample.plan,
        sample.apply,
        sample.unchanged,
        sample.calls,
        sample.destroy,
        sample.peak * 1e-6
    );
    Ok(sample)
}

/// So many segments and keys, planned, applied and planned again. Nothing may be throttled.
fn large(binaries: &Binaries, world: &World, segments: usize, keys: usize) -> Result<Sample> {
    let (proxy, terraform) = start(binaries, world)?;
    let text = std::fs::read_to_string(folder().join("scale/main.tf"))?;
    terraform.write("main.tf", &text)?;
    terraform.write(
        "terraform.tfvars",
        &format!("segments = {segments}\nkeys = {keys}\n"),
    )?;
    terraform.init()?;
    let mut sample = Sample::default();
    terraform.plan(&[])?.ok()?;
    sample.timed(&terraform, &["plan", "-out=plan.tfplan"], |s| &mut s.plan)?;
    sample.timed(
        &terraform,
        &["apply", "-parallelism=50", "plan.tfplan"],
        |s| &mut s.apply,
    )?;
    let written = proxy.calls().len();
    sample.without_changes(&proxy, &terraform)?;
    println!(
        "  {segments} segments, {keys} keys: plan {:.1} s, apply {:.1} s ({written} calls), plan without changes {:.1} s ({} calls), {:.0} MB",
        sample.plan,
        sample.apply,
        sample.unchanged,
        sample.calls,
        sample.peak * 1e-6
    );
    Ok(sample)
}

impl Sample {
    /// One command of Terraform: its time, and the provider's memory.
    fn timed(
        &mut self,
        terraform: &Terraform,
        arguments: &[&str],
        into: fn(&mut Self) -> &mut f64,
    ) -> Result<Run> {
        let mut all = arguments.to_vec();
        all.insert(1, "-no-color");
        all.insert(2, "-input=false");
        let running = terraform.start(&all)?;
        let watch = memory::Watch::start(running.id());
        let run = running.finish(Duration::from_mins(20))?.ok()?;
        self.peak = self.peak.max(watch.stop());
        *into(self) = run.elapsed.as_secs_f64();
        Ok(run)
    }

    fn without_changes(&mut self, proxy: &Proxy, terraform: &Terraform) -> Result<()> {
        proxy.forget();
        let run = self.timed(terraform, &["plan", "-detailed-exitcode"], |s| {
            &mut s.unchanged
        })?;
        ensure!(
            !run.changes()?,
            "the plan after the apply shows changes:\n{}",
            run.stdout
        );
        #[expect(
            clippy::cast_precision_loss,
            reason = "thousands of calls, not billions"
        )]
        let calls = proxy.calls().len() as f64;
        self.calls = calls;
        ensure!(
            self.calls > 0.0 && self.peak > 0.0,
            "nothing was measured: {calls} calls, {} bytes",
            self.peak
        );
        Ok(())
    }
}

/// The number in `Plan: 99 to add`.
fn planned(run: &Run) -> Result<usize> {
    let (_, rest) = run
        .stdout
        .split_once("Plan: ")
        .context("the plan names no number")?;
    let number = rest.split(' ').next().unwrap_or_default();
    number.parse().context("the plan names no number")
}

fn folder() -> PathBuf {
    workspace::root().join(Path::new("tests/bench/foundation"))
}
