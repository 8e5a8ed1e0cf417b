//! `gabion check`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gabion_engine::policy::{Guard, Judgement, Ruling};
use gabion_model::{Level, Operation};

use crate::command::{Alone, Policy};
use crate::exit::{Exit, Failure};
use crate::input::{self, Input, Progress};
use crate::known;
use crate::output::{self, Format, Report, Target};
use crate::plan::{Plan, PlanError, Planned};

const LONG: &str = "\
Judge a saved plan.

Reads what `terraform show -json` writes, or has Terraform write it where it is given a saved plan, asks every rule of the policy about every change, whole-plan rules \
included, and says what the guard would say inside `terraform plan`. A plan file has no schema: where it cannot \
tell, the answer is \"not decided\", never \"pass\".

The policy is the nearest gabion.hcl from the working directory upwards; without one, the pack inside the binary \
holds at its defaults.";

const EXAMPLES: &str = "\
Examples:
  terraform plan -out=tfplan && gabion check tfplan
  terraform show -json tfplan | gabion check -
  gabion check plan.json -o text -o github -o sarif=gabion.sarif -o junit=gabion.xml -o json=gabion.json
  gabion check plan.json --pack dist/acme.wasm
  gabion check plan.json --rule DT08 --strict
  gabion check plan.json --floor /etc/gabion/floor.hcl
  gabion check plan.json --write-baseline

Exit codes:
  0  clean (an empty plan too)
  1  at least one change is refused
  2  nothing refused, something not decided (only with --strict)
  3  a rule or file that was named selected nothing
  4  the tool failed, or was used wrongly";

/// Judge a saved plan.
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_help = EXAMPLES)]
pub(crate) struct Check {
    /// The plan: its JSON, or the file that `terraform plan -out` saved; `-` reads JSON from the standard input
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// How to write the result: text, json, sarif, junit or github, and where to with `=FILE`; repeatable
    #[arg(short, long, value_name = "FORMAT[=FILE]", default_value = "text")]
    output: Vec<Target>,
    #[command(flatten)]
    policy: Policy,
    /// Ask only this rule; repeatable
    #[arg(long, value_name = "CODE")]
    rule: Vec<String>,
    /// Ask only this pack: a name of the policy, or the file of any pack; repeatable
    #[arg(long, value_name = "NAME|FILE")]
    pack: Vec<String>,
    /// End with exit code 2 when something could not be decided
    #[arg(long)]
    strict: bool,
    /// Judge what does not change, too: the debt of the whole state
    #[arg(long)]
    all: bool,
    /// The folder of the configuration, for files and lines; default: that of the plan, else the working directory
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// The program that reads a saved plan; default: that of GABION_TERRAFORM, else terraform or tofu on PATH
    #[arg(long, value_name = "PATH")]
    terraform: Option<PathBuf>,
    /// Record what the objects of the plan do wrong already, in place of a result; without FILE, where the policy has it
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, conflicts_with_all = ["rule", "pack"])]
    write_baseline: Option<Option<PathBuf>>,
}

impl Check {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        output::check_targets(&self.output)?;
        let configuration = input::configuration(self.source.as_deref(), &self.plan)?;
        let mut input = Input::read(
            &self.plan,
            &input::Options {
                terraform: self.terraform.as_deref(),
                folder: self.source.as_deref(),
            },
        )?;
        let alone = Alone {
            rules: &self.rule,
            packs: &self.pack,
            without_baseline: self.write_baseline.is_some(),
        };
        // It lives as long as the process: what reads values later needs no copy of it.
        let text: &'static str = std::mem::take(&mut input.text).leak();
        let progress = Progress::of_plan(&input.shown, text.len());
        let (guard, plan) = beside(
            text.len() > LARGE,
            || self.policy.load_alone(alone),
            || Plan::read(text),
        );
        // The process ends with this command: taking apart what it made would be for nothing.
        let guard: &'static Guard = Box::leak(Box::new(guard?));
        if let Some(rule) = guard
            .rules()
            .into_iter()
            .find(|rule| self.rule.contains(&rule.code) && rule.level == Level::Off)
        {
            return Err(Failure::nothing(format!(
                "rule `{}` is off ({}): asking it alone would judge nothing",
                rule.code, rule.why
            )));
        }
        let mut plan = input.whole(plan)?;
        let sources = input::sources(configuration.as_deref());
        plan.written = input::written_in(&sources);
        let plan: &'static Plan<'static> = Box::leak(Box::new(plan));
        if let Some(file) = &self.write_baseline {
            return known::write(guard, plan, file.as_deref());
        }
        let mut report = self
            .judge(guard, plan)
            .map_err(|error| input.unreadable(&error))?;
        report.exit = self.exit(&report);
        if let Some(sources) = sources {
            report.places = report
                .judgement
                .rulings
                .iter()
                .map(|ruling| sources.place(ruling.address.as_deref()?, &ruling.path))
                .collect();
        }
        drop(progress);
        // Files first: a reader that closes the pipe early must not cost them.
        for target in &self.output {
            if let Some(path) = &target.file {
                std::fs::write(path, report.write(target.format)).map_err(|error| {
                    Failure::failed(format!("cannot write `{}`: {error}", path.display()))
                })?;
            }
        }
        for target in self.output.iter().filter(|target| target.file.is_none()) {
            output::stdout(&report.write(target.format))?;
        }
        Ok(report.exit)
    }

    fn judge(
        &self,
        guard: &Guard,
        plan: &'static Plan<'static>,
    ) -> Result<Report<'static>, PlanError> {
        // A rule whose scope is `all` refuses what does not change, too, as it does inside a plan.
        let unchanged = self.all || guard.judges_unchanged();
        let wanted = |planned: &&Planned<'_>| unchanged || planned.operation != Operation::NoOp;
        let considered = plan.changes.iter().filter(wanted).count();
        let concerned: Vec<&'static Planned<'static>> = (plan.changes.iter())
            .filter(wanted)
            .filter(|planned| guard.concerns(&planned.index_type()))
            .collect();
        let mut judgement = Judgement::default();
        for part in in_parallel(&concerned, |share| {
            let (mut judgement, mut judging) = (Judgement::default(), guard.judging());
            for planned in share {
                let mut more = judging.judge(&Arc::new(plan.lazy_change(planned)?));
                if planned.operation == Operation::NoOp && !self.all {
                    more.rulings.retain(Ruling::refuses);
                }
                judgement.extend(more);
            }
            Ok(judgement)
        }) {
            judgement.extend(part?);
        }
        if let Some(fault) = plan.fault() {
            return Err(fault.clone());
        }
        let types = plan.changes.iter();
        if guard.judges_plans(types.map(Planned::index_type)) {
            judgement.extend(guard.judge_plan(&Arc::new(plan.lazy_graph()?)));
            if let Some(fault) = plan.fault() {
                return Err(fault.clone());
            }
            if !plan.says_complete {
                let by = plan.terraform_version.as_deref();
                let by = by.map_or_else(String::new, |version| format!(" (it is by {version})"));
                judgement.notices.push(format!(
                    "the plan does not say whether it holds everything{by}, as Terraform does from 1.8 on: a companion that \
                     is missing from it may be elsewhere, so rules on whole plans do not decide that"
                ));
            }
        }
        for ruling in &mut judgement.rulings {
            let source = ruling
                .module_address
                .as_deref()
                .and_then(|module| plan.configuration.remote_source(module));
            if let Some(source) = source {
                ruling.notes.push(format!(
                    "The module comes from `{source}`: you may not be able to edit it here."
                ));
            }
        }
        judgement.notices.extend(guard.warnings().iter().cloned());
        if plan.deferred {
            judgement.notices.push(
                "Terraform put some changes off to a later plan: they are not in this one, and were not judged"
                    .to_owned(),
            );
        }
        let listed = self
            .output
            .iter()
            .any(|target| target.format == Format::Junit);
        let asked = concerned
            .iter()
            .filter(|_| listed)
            .map(|planned| {
                (
                    planned.shown().into_owned(),
                    planned.index_type().into_owned(),
                )
            })
            .collect();
        Ok(Report {
            plan: if self.plan == Path::new("-") {
                "PLAN".to_owned()
            } else {
                output::shell(&self.plan)
            },
            options: self.options(),
            format_version: &plan.format_version,
            terraform_version: plan.terraform_version.as_deref(),
            complete: plan.complete,
            changes: considered,
            judged: concerned.len(),
            rules: guard.rules(),
            judgement,
            places: Vec::new(),
            asked,
            strict: self.strict,
            exit: Exit::Clean,
        })
    }

    /// What `explain` needs to see what this command sees.
    fn options(&self) -> String {
        let mut options = self.policy.as_written();
        let packs = self.pack.iter().map(|pack| ("--pack", Path::new(pack)));
        let source = self.source.iter().map(|path| ("--source", path.as_path()));
        let terraform = (self.terraform.iter()).map(|path| ("--terraform", path.as_path()));
        for (name, value) in packs.chain(source).chain(terraform) {
            options.push_str(&format!("{name} {} ", output::shell(value)));
        }
        options
    }

    fn exit(&self, report: &Report<'_>) -> Exit {
        if report.judgement.refused() {
            Exit::Violations
        } else if self.strict && report.undecided() {
            Exit::Undetermined
        } else {
            Exit::Clean
        }
    }
}

/// Bytes of a plan for which reading it is worth a thread.
const LARGE: usize = 1 << 20;

/// Does two things, at once where it is worth it.
fn beside<L: Send, R>(
    at_once: bool,
    left: impl FnOnce() -> L + Send,
    right: impl FnOnce() -> R,
) -> (L, R) {
    if !at_once {
        return (left(), right());
    }
    std::thread::scope(|scope| {
        let left = scope.spawn(left);
        let right = right();
        match left.join() {
            Ok(left) => (left, right),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Changes that a thread takes at a time: enough that taking costs nothing, few enough that all end together.
const SHARE: usize = 128;

/// Works on all items, a share at a time, on all processors where there are many, and gives what there is to say in
/// order.
fn in_parallel<T: Sync>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<Judgement, PlanError> + Sync,
) -> Vec<Result<Judgement, PlanError>> {
    let shares = items.len().div_ceil(SHARE);
    let threads = match shares {
        0 | 1 => 1,
        many => std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(many),
    };
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let share = next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = items.chunks(SHARE).nth(share) else {
                return done;
            };
            done.push((share, work(part)));
        }
    };
    let mut done = if threads < 2 {
        run()
    } else {
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
            let mut done = run();
            for other in others {
                match other.join() {
                    Ok(results) => done.extend(results),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        })
    };
    done.sort_unstable_by_key(|(share, _)| *share);
    done.into_iter().map(|(_, judged)| judged).collect()
}
