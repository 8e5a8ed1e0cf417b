//! `gabion fixture`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gabion_engine::Pack;
use gabion_engine::policy::{Problem, did_you_mean};
use gabion_model::{RuleInfo, Scope};

use crate::case::draft::{self, Draft, Material};
use crate::case::expect::Sort;
use crate::case::file::Subject;
use crate::case::find::{self, Component, ENDING};
use crate::case::run::{Bench, judges};
use crate::command::{asked, engine};
use crate::exit::{Exit, Failure};
use crate::input::{self, Input};
use crate::output;
use crate::plan::{Names, Plan, PlanError};

const LONG: &str = "\
Write cases from the resources of a real plan.

Takes the named resources out of the plan, asks the rules, and writes a `case` for each verdict, or a `plan` with all of \
the resources for a whole-plan rule. With `--rule`, a case keeps what the rule read and no more; without, every rule \
of the pack that has something to say gets a case with all that is set. What the plan marks sensitive becomes \
`sensitive(\"redacted-1\")`, and what looks like a secret is cut out.

Every case is run before it is written: `gabion test` gives the verdict that the plan gives now. Where hiding a secret \
changes the verdict, the command says so and ends with exit code 1.";

const EXAMPLES: &str = "\
Examples:
  gabion fixture from-plan tfplan aws_s3_bucket.logs --rule AC01
  gabion fixture from-plan plan.json aws_s3_bucket.logs -o cases/logs.guardtest.hcl
  gabion fixture from-plan plan.json 'module.a.aws_kms_key.k[\"x\"]' --rule AC01 --append -o cases/keys.guardtest.hcl
  gabion fixture from-plan plan.json aws_s3_bucket.logs aws_s3_bucket_versioning.logs --rule DT03A --pack baseline
  terraform show -json tfplan | gabion fixture from-plan - aws_s3_bucket.logs --rule AC01

Exit codes:
  0  the cases are written, and give the verdicts of the plan
  1  they are written, and one gives another verdict than the plan
  3  the plan has no such resource, or the pack no such rule, or no rule has something to say
  4  the tool failed, or was used wrongly";

/// Make cases from real plans.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Fixture {
    /// Write cases from the resources of a real plan
    #[command(long_about = LONG, after_help = EXAMPLES)]
    FromPlan(FromPlan),
}

#[derive(Debug, clap::Args)]
pub(crate) struct FromPlan {
    /// The plan: its JSON, or the file that `terraform plan -out` saved; `-` reads JSON from the standard input
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The resources, as the plan names them: `module.a.aws_s3_bucket.logs["eu"]`
    #[arg(value_name = "ADDRESS", required = true)]
    addresses: Vec<String>,
    /// The rule that the case asks; default: every rule of the pack that has something to say
    #[arg(long, value_name = "CODE")]
    rule: Option<String>,
    /// The component; default: that of the pack which the cases belong to, else `baseline`, the pack inside the binary
    #[arg(long, value_name = "FILE")]
    pack: Option<PathBuf>,
    /// Settings of the pack, written into the cases: JSON, or a file that holds it
    #[arg(long, value_name = "JSON|FILE")]
    settings: Option<String>,
    /// The case file to write; `-`, the default, is the standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Add the cases to the file, if there is one already
    #[arg(long)]
    append: bool,
    /// Write over a file that is there
    #[arg(long, conflicts_with = "append")]
    force: bool,
    /// The folder of the configuration, for what a plan does not tell; default: that of the plan, else the working directory
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// The program that reads a saved plan; default: that of GABION_TERRAFORM, else terraform or tofu on PATH
    #[arg(long, value_name = "PATH")]
    terraform: Option<PathBuf>,
}

impl Fixture {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::FromPlan(from_plan) => from_plan.run(),
        }
    }
}

impl FromPlan {
    fn run(self) -> Result<Exit, Failure> {
        let existing = self.existing()?;
        let folder = input::configuration(self.source.as_deref(), &self.plan)?;
        let input = Input::read(
            &self.plan,
            &input::Options {
                terraform: self.terraform.as_deref(),
                folder: self.source.as_deref(),
            },
        )?;
        let mut plan = input.plan()?;
        plan.written = input::written_in(&input::sources(folder.as_deref()));
        let settings = asked::settings(self.settings.as_deref())?;
        let material = self.material(&input, &plan, settings)?;
        let pack = self.load()?;
        let rules = self.rules(&pack)?;
        pack.session(&material.settings)
            .map_err(|error| Failure::failed(error.to_string()))?;
        let mut bench = Bench::new(pack);
        let start = existing.len();
        let shown = if self.to_stdout() {
            PathBuf::from(format!("from-plan{ENDING}"))
        } else {
            self.output.clone()
        };
        let mut draft = Draft::new(&shown, existing, &material);
        for rule in &rules {
            self.add(&mut draft, &mut bench, rule, &material)
                .map_err(|problems| told(&problems))?;
        }
        if draft.added.is_empty() {
            if let (Some(_), Some(rule)) = (&self.rule, rules.first()) {
                let types: Vec<&str> = rule
                    .applies_to
                    .iter()
                    .map(|target| target.resource_type.as_str())
                    .collect();
                return Err(Failure::nothing(format!(
                    "rule `{}` does not judge {}; it judges `{}`",
                    rule.code,
                    listed(&self.addresses),
                    types.join("`, `")
                )));
            }
            return Err(Failure::nothing(format!(
                "no rule of the pack `{}` has something to say of {}; name a rule with `--rule`, or a pack with `--pack`",
                bench.pack().info().name,
                listed(&self.addresses)
            )));
        }
        if draft.leaks(draft.text.get(start..).unwrap_or_default()) {
            return Err(Failure::failed(
                "a name or a text in the case still holds a sensitive value of the plan, so it was not written; change it in a copy of the plan",
            ));
        }
        self.write(&draft.text)?;
        warn_of_unmarked(&material.unmarked);
        Ok(self.report(&draft))
    }

    fn to_stdout(&self) -> bool {
        self.output == Path::new("-")
    }

    /// What the file holds that the cases are added to; empty for a new one.
    fn existing(&self) -> Result<String, Failure> {
        if self.to_stdout() {
            if self.append {
                return Err(Failure::failed(
                    "`--append` adds to a file: name it with `-o FILE`",
                ));
            }
            return Ok(String::new());
        }
        let shown = self.output.display();
        if !self.output.to_string_lossy().ends_with(ENDING) {
            return Err(Failure::failed(format!(
                "`{shown}` is no name of a case file: `gabion test` looks for `NAME{ENDING}`"
            )));
        }
        match std::fs::read_to_string(&self.output) {
            Ok(text) if self.append => Ok(text),
            Ok(_) if self.force => Ok(String::new()),
            Ok(_) => Err(Failure::failed(format!(
                "`{shown}` is there already: add to it with `--append`, or write over it with `--force`"
            ))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(Failure::failed(format!("cannot read `{shown}`: {error}"))),
        }
    }

    /// The changes that were named, and the whole plan.
    fn material(
        &self,
        input: &Input,
        plan: &Plan<'_>,
        settings: serde_json::Value,
    ) -> Result<Material, Failure> {
        let unreadable = |error: PlanError| input.unreadable(&error);
        let mut names = Names::default();
        let mut changes = Vec::new();
        for address in &self.addresses {
            let planned = plan
                .at(address)
                .first()
                .copied()
                .ok_or_else(|| asked::no_such_address(address, plan, &input.shown))?;
            changes.push(Arc::new(
                plan.change(planned, &mut names).map_err(unreadable)?,
            ));
        }
        let mut unmarked: Vec<String> = (plan.changes.iter())
            .filter(|planned| planned.lacks_marks())
            .map(|planned| planned.shown().into_owned())
            .collect();
        unmarked.sort_by_key(|address| !self.addresses.contains(address));
        Ok(Material {
            unmarked,
            changes,
            graph: Arc::new(plan.graph().map_err(unreadable)?),
            settings,
        })
    }

    /// The pack that is named, else the one that the cases will belong to, else the one inside the binary.
    fn load(&self) -> Result<Pack, Failure> {
        let engine = engine()?;
        if let Some(named) = &self.pack {
            return asked::pack(&engine, named);
        }
        let beside = if self.to_stdout() {
            Path::new("cases")
        } else {
            &self.output
        };
        let Some(folder) = find::pack_folder(beside) else {
            return asked::pack(&engine, Path::new("baseline"));
        };
        match find::component(&folder)? {
            Component::Built(path) => asked::pack(&engine, &path),
            Component::Stale(why) => Err(Failure::failed(format!(
                "{why}: run `gabion build` first, or name a component with `--pack FILE`"
            ))),
        }
    }

    fn rules(&self, pack: &Pack) -> Result<Vec<RuleInfo>, Failure> {
        let all = &pack.info().rules;
        let Some(code) = &self.rule else {
            return Ok(all.clone());
        };
        let found: Vec<RuleInfo> = all
            .iter()
            .filter(|rule| rule.code == *code)
            .cloned()
            .collect();
        if found.is_empty() {
            let known: Vec<&str> = all.iter().map(|rule| rule.code.as_str()).collect();
            return Err(Failure::nothing(format!(
                "the pack `{}` has no rule `{code}`{}",
                pack.info().name,
                near(code, &known)
            )));
        }
        Ok(found)
    }

    /// Adds the cases of one rule.
    fn add(
        &self,
        draft: &mut Draft<'_>,
        bench: &mut Bench,
        rule: &RuleInfo,
        material: &Material,
    ) -> Result<(), Vec<Problem>> {
        let asked = self.rule.is_some();
        if rule.scope == Scope::Plan {
            return if asked || draft::concerns(bench, rule, material) {
                draft.plan(bench, rule, material, asked)
            } else {
                Ok(())
            };
        }
        for change in &material.changes {
            let judged = judges(rule, &Subject::Change(change.clone()));
            if judged
                && (asked || draft::verdict(bench, rule, change, material) != Sort::NotApplicable)
            {
                draft.change(bench, rule, change, material, asked)?;
            }
        }
        Ok(())
    }

    /// Writes the file whole or not at all.
    fn write(&self, text: &str) -> Result<(), Failure> {
        if self.to_stdout() {
            return output::stdout(text);
        }
        let shown = self.output.display();
        let failed =
            |error: std::io::Error| Failure::failed(format!("cannot write `{shown}`: {error}"));
        let folder = match self.output.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(Failure::failed(format!(
                "cannot write `{shown}`: there is no folder `{}`",
                folder.display()
            )));
        }
        let mut file = tempfile::Builder::new()
            .permissions(permissions())
            .tempfile_in(folder)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.persist(&self.output)
            .map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Says on the standard error what was written, what was hidden, and what came out otherwise.
    fn report(&self, draft: &Draft<'_>) -> Exit {
        let place = if self.to_stdout() {
            String::new()
        } else {
            format!(" to `{}`", self.output.display())
        };
        eprintln!(
            "wrote {}{place}",
            output::count_of(draft.added.len(), "case")
        );
        for case in &draft.added {
            eprintln!("  {}: {}", case.name, case.verdict.word());
        }
        let hidden = draft.hidden();
        if !hidden.is_empty() {
            eprintln!("redacted: {}", hidden.join(", "));
        }
        let mut exit = Exit::Clean;
        for case in draft.added.iter().filter(|case| !case.differs.is_empty()) {
            exit = Exit::Violations;
            let says = if case.elsewhere {
                "finds nothing in these resources, only in others".to_owned()
            } else {
                format!("ends in {}", case.verdict.word())
            };
            eprintln!(
                "warning: in the plan, `{}` {says}; the case `{}` gives another answer, so `gabion test` fails on it until you mend it:",
                case.rule, case.name
            );
            for line in &case.differs {
                eprintln!("    {line}");
            }
        }
        exit
    }
}

/// Says on the standard error that what is sensitive could not be hidden as such.
fn warn_of_unmarked(unmarked: &[String]) {
    let more = match unmarked {
        [] => return,
        [one] => format!("`{one}`"),
        [first, rest @ ..] => format!("`{first}` and {} more", rest.len()),
    };
    eprintln!(
        "warning: the plan does not mark what is sensitive in {more}, so only what looks like a secret is hidden of it: \
         read the cases before you commit them, or write the plan with Terraform 0.15 or newer, or OpenTofu"
    );
}

/// As any file that a command writes, not the private ones that temporary files have.
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::Permissions::from_mode(0o666)
}

/// The nearest name, else a few of them.
fn near(written: &str, known: &[&str]) -> String {
    let near = did_you_mean(written, known.iter().copied());
    if !near.is_empty() || known.is_empty() {
        return near;
    }
    let more = known.len().saturating_sub(8);
    let some: Vec<&str> = known.iter().copied().take(8).collect();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("; it has `{}`{more}", some.join("`, `"))
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn told(problems: &[Problem]) -> Failure {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Failure::failed(lines.join("\n"))
}
