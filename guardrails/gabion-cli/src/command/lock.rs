//! `gabion lock`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use gabion_engine::policy::{
    LockChange, LockError, LockOptions, LockedPack, Locking, Relock, Resolver, Upgrade,
};
use gabion_engine::store::Store;
use serde_json::{Value, json};

use crate::command::engine;
use crate::exit::{Exit, Failure};
use crate::output::Told;
use crate::remote::Connection;

const LONG: &str = "\
Pin the packs of the policy file, in the lock file beside it.

Writes `.gabion.lock.hcl` beside gabion.hcl: version, digest, contract and imports of every pack. From then on a pack \
with other bytes is refused everywhere, in `terraform plan` as in `gabion check`. What is locked stays until \
`--upgrade`; packs that the policy file does not have any more are taken out.

A floor is locked by naming it with `--config`.";

const EXAMPLES: &str = "\
Examples:
  gabion lock
  gabion lock --upgrade
  gabion lock --upgrade acme
  gabion lock --check
  gabion lock --config /etc/gabion/floor.hcl

Exit codes:
  0  the lock is written, or good
  1  with --check: the lock does not fit, or would change
  3  a pack that was named is not in the policy file
  4  the tool failed, or was used wrongly";

/// Pin the packs of the policy file, in the lock file beside it.
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_help = EXAMPLES)]
pub(crate) struct Lock {
    /// Choose these packs anew; all, where none is named
    #[arg(long, value_name = "PACK", num_args = 0..)]
    upgrade: Option<Vec<String>>,
    /// Write nothing, and end with exit code 1 where the lock does not fit; asks no registry
    #[arg(long, conflicts_with = "upgrade")]
    check: bool,
    /// The policy file, in place of the gabion.hcl found from the working directory upwards
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    told: Told,
    #[command(flatten)]
    connection: Connection,
}

impl Lock {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let directory = std::env::current_dir().map_err(|error| {
            Failure::failed(format!("the working directory cannot be told: {error}"))
        })?;
        let options = LockOptions {
            directory,
            config: self.config,
            upgrade: match self.upgrade {
                None => Upgrade::Nothing,
                Some(names) if names.is_empty() => Upgrade::All,
                Some(names) => Upgrade::Some(names),
            },
            packs: Arc::new(engine()?),
            store: Store::open(),
            resolver: if self.check {
                None
            } else {
                Some(&self.connection as &dyn Resolver)
            },
        };
        let made = match Locking::make(&options) {
            Ok(made) => made,
            Err(LockError::Stale(error)) if self.check => {
                let fault = error.to_string();
                self.told.write(
                    &format!("{fault}\n"),
                    json!({ "fits": false, "fault": fault, "packs": [] }),
                )?;
                return Ok(Exit::Violations);
            }
            Err(LockError::Stale(error) | LockError::Policy(error)) => return Err(error.into()),
        };
        if self.check {
            return checked(&made, self.told);
        }
        if made.differs {
            made.write().map_err(|error| {
                Failure::failed(format!("cannot write `{}`: {error}", made.path.display()))
            })?;
        }
        let end = if made.differs {
            format!("wrote {}\n", made.shown)
        } else {
            format!("{} is up to date\n", made.shown)
        };
        self.told.write(
            &format!("{}{end}", told(&made.changes)),
            json!({ "lock": made.shown, "wrote": made.differs, "packs": listed(&made.changes) }),
        )?;
        Ok(Exit::Clean)
    }
}

fn checked(made: &Relock, form: Told) -> Result<Exit, Failure> {
    let (end, exit) = if made.differs {
        ("would change; run `gabion lock`", Exit::Violations)
    } else {
        ("is up to date", Exit::Clean)
    };
    let changes = if made.differs {
        told(&made.changes)
    } else {
        String::new()
    };
    form.write(
        &format!("{changes}{} {end}\n", made.shown),
        json!({ "lock": made.shown, "fits": !made.differs, "packs": listed(&made.changes) }),
    )?;
    Ok(exit)
}

/// The changes for a program: what was locked, and what is.
fn listed(changes: &[LockChange]) -> Vec<Value> {
    let pack = |pack: &LockedPack| {
        json!({
            "version": pack.version.to_string(),
            "source": pack.source,
            "constraints": pack.constraints,
            "digest": pack.digest.map(|digest| digest.to_string()),
            "imports": pack.imports,
            "signers": pack.signers,
        })
    };
    let one = |change: &LockChange| {
        json!({
            "name": change.name,
            "before": change.before.as_ref().map(pack),
            "after": change.after.as_ref().map(pack),
        })
    };
    changes.iter().map(one).collect()
}

fn told(changes: &[LockChange]) -> String {
    let mut text = String::new();
    for change in changes {
        let name = &change.name;
        let line = match (&change.before, &change.after) {
            (Some(before), Some(after)) if before == after => {
                format!("kept      {name} {}", after.version)
            }
            (Some(before), Some(after)) => {
                format!("changed   {name} {}", difference(before, after))
            }
            (None, Some(after)) => format!("locked    {name} {}{}", after.version, digest(after)),
            (Some(before), None) => format!("took out  {name} {}", before.version),
            (None, None) => continue,
        };
        let _ = writeln!(text, "{line}");
    }
    text
}

fn digest(pack: &LockedPack) -> String {
    pack.digest
        .map_or_else(String::new, |digest| format!(" {digest}"))
}

/// What is another than before, above all what the pack may now reach.
fn difference(before: &LockedPack, after: &LockedPack) -> String {
    let mut parts = Vec::new();
    if before.version == after.version {
        parts.push(after.version.to_string());
    } else {
        parts.push(format!("{} -> {}", before.version, after.version));
    }
    let source = |pack: &LockedPack| {
        pack.source
            .clone()
            .unwrap_or_else(|| "the binary".to_owned())
    };
    if before.source != after.source {
        parts.push(format!(
            "from {}, before from {}",
            source(after),
            source(before)
        ));
    }
    if before.digest != after.digest {
        parts.push(format!("bytes{}", digest(after)));
    }
    if before.constraints != after.constraints {
        let asked = |pack: &LockedPack| pack.constraints.clone().unwrap_or_default();
        parts.push(format!(
            "asked for `{}`, before `{}`",
            asked(after),
            asked(before)
        ));
    }
    let new: Vec<&str> = after
        .imports
        .iter()
        .filter(|import| !before.imports.contains(import))
        .map(String::as_str)
        .collect();
    if !new.is_empty() {
        parts.push(format!("imports {} now", new.join(", ")));
    }
    if before.signers != after.signers {
        parts.push(if after.signers.is_empty() {
            "signed by nobody now".to_owned()
        } else {
            format!("signed by {}", after.signers.join(", "))
        });
    }
    parts.join("; ")
}
