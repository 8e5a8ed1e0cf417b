//! The arguments.

use clap::{Parser, Subcommand};

use crate::command;
use crate::exit::{Exit, Failure};

const AFTER: &str = "\
Exit codes:
  0  clean (an empty plan too)
  1  at least one change is refused
  2  nothing refused, something not decided (only with --strict)
  3  a rule or file that was named selected nothing
  4  the tool failed, or was used wrongly";

/// Guardrails for Terraform: sandboxed rules on plans.
#[derive(Debug, Parser)]
#[command(name = "gabion", version, after_help = AFTER, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge a saved plan
    Check(command::check::Check),
    /// Show what a rule finds, or what a finding rests on
    Explain(command::explain::Explain),
    /// Start a pack of guardrails
    New(command::new::New),
    /// Build the component of a pack
    Build(command::build::Build),
    /// Show what a pack offers and what it would run as
    Inspect(command::inspect::Inspect),
    /// Pin the packs of the policy file, in the lock file beside it
    Lock(command::lock::Lock),
    /// Run the cases of a pack
    Test(command::test::Test),
    /// Make cases from real plans
    #[command(subcommand)]
    Fixture(command::fixture::Fixture),
    /// Push a pack to a registry
    Push(command::push::Push),
    /// Fetch the packs that the lock names, or one from a registry
    Pull(command::pull::Pull),
    /// Sign a pack in a registry
    Sign(command::sign::Sign),
    /// Check whose signatures a pack in a registry carries
    Verify(command::verify::Verify),
    /// Look after the waivers of the policy
    #[command(subcommand)]
    Waiver(command::waiver::Waiver),
    /// Look after the cache of compiled packs
    #[command(subcommand)]
    Cache(command::cache::Cache),
    Bench(command::bench::Bench),
    Doctor(command::doctor::Doctor),
    Impact(command::impact::Impact),
    Completions(command::completions::Completions),
    Man(command::man::Man),
}

impl Command {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Check(check) => check.run(),
            Self::Explain(explain) => explain.run(),
            Self::New(new) => new.run(),
            Self::Build(build) => build.run(),
            Self::Inspect(inspect) => inspect.run(),
            Self::Lock(lock) => lock.run(),
            Self::Test(test) => test.run(),
            Self::Fixture(fixture) => fixture.run(),
            Self::Push(push) => push.run(),
            Self::Pull(pull) => pull.run(),
            Self::Sign(sign) => sign.run(),
            Self::Verify(verify) => verify.run(),
            Self::Waiver(waiver) => waiver.run(),
            Self::Cache(cache) => cache.run(),
            Self::Bench(bench) => bench.run(),
            Self::Doctor(doctor) => doctor.run(),
            Self::Impact(impact) => impact.run(),
            Self::Completions(completions) => completions.run(),
            Self::Man(man) => man.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_hold_together() {
        super::Args::command().debug_assert();
    }
}
