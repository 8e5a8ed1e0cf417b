//! `gabion doctor`.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use gabion_componentize::Engines;
use gabion_engine::CacheOptions;
use gabion_engine::store::Store;
use serde_json::Value;

use crate::command::{Policy, engine};
use crate::exit::{Exit, Failure};
use crate::output;

const LONG: &str = "\
Look for what keeps Gabion from working here, and say what to do.

Looks at Terraform and OpenTofu, at the policy file, its lock and its packs, at the cache and the store of packs, and at \
what `gabion build` needs for each language. What only some need is a note, not a fault.";

/// Look for what keeps Gabion from working here
#[derive(Debug, clap::Args)]
#[command(
    long_about = LONG,
    after_help = "Examples:\n  gabion doctor\n\nExit codes:\n  0  nothing is broken\n  1  something is; each line says the remedy"
)]
pub(crate) struct Doctor {
    #[command(flatten)]
    policy: Policy,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    /// Missing, and only some need it.
    Note,
    Broken,
}

/// One thing that was looked at.
#[derive(Debug)]
struct Finding {
    state: State,
    what: &'static str,
    text: String,
}

impl Doctor {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let mut findings = vec![terraform(), self.policy_file()];
        findings.extend(folders());
        findings.extend(languages());
        let mut text = String::new();
        for finding in &findings {
            let mark = match finding.state {
                State::Good => "ok  ",
                State::Note => "note",
                State::Broken => "FAIL",
            };
            let mut lines = finding.text.lines();
            let _ = writeln!(
                text,
                "{mark}  {:<10}  {}",
                finding.what,
                lines.next().unwrap_or_default()
            );
            for line in lines {
                let _ = writeln!(text, "                  {line}");
            }
        }
        output::stdout(&text)?;
        Ok(
            if findings
                .iter()
                .any(|finding| finding.state == State::Broken)
            {
                Exit::Violations
            } else {
                Exit::Clean
            },
        )
    }

    fn policy_file(&self) -> Finding {
        let (state, text) = match engine().and_then(|_| self.policy.load(&[])) {
            Ok(guard) => {
                let rules = guard.rules();
                let mut packs: Vec<String> = rules
                    .iter()
                    .map(|rule| format!("{} {}", rule.pack, rule.pack_version))
                    .collect();
                packs.sort();
                packs.dedup();
                let warnings: String = guard
                    .warnings()
                    .iter()
                    .map(|warning| format!("\n{warning}"))
                    .collect();
                (
                    State::Good,
                    format!("{} rules of {}{warnings}", rules.len(), packs.join(", ")),
                )
            }
            Err(failure) => (State::Broken, failure.message),
        };
        Finding {
            state,
            what: "policy",
            text,
        }
    }
}

/// Terraform or OpenTofu, whichever there are.
fn terraform() -> Finding {
    let mut found = Vec::new();
    let mut state = State::Broken;
    for (program, most_needed) in [("terraform", (1, 11)), ("tofu", (1, 12))] {
        let Some(text) = ask(program, &["version", "-json"]) else {
            continue;
        };
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        let version = answer
            .get("terraform_version")
            .and_then(Value::as_str)
            .unwrap_or("of an unknown version");
        let mut parts = version
            .split(['.', '-'])
            .map(|part| part.parse::<u32>().unwrap_or(0));
        let is = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        if is >= most_needed {
            state = State::Good;
            found.push(format!("{program} {version}"));
        } else {
            let (major, minor) = most_needed;
            found.push(format!("{program} {version} is older than {major}.{minor}, which the provider needs: upgrade it"));
        }
    }
    let text = if found.is_empty() {
        "neither `terraform` nor `tofu` is on the PATH: install Terraform 1.11 or OpenTofu 1.12 or newer".to_owned()
    } else {
        found.join(", ")
    };
    Finding {
        state,
        what: "terraform",
        text,
    }
}

/// The cache of compiled packs, its key, and the store of packs from registries.
fn folders() -> Vec<Finding> {
    let options = CacheOptions::default();
    let mut findings = Vec::new();
    let no_home = || {
        (
            State::Broken,
            "neither XDG_CACHE_HOME nor HOME is set: set one, or every run compiles its packs"
                .to_owned(),
        )
    };
    let (state, text) = options
        .directory
        .as_deref()
        .map_or_else(no_home, |folder| own(folder, 0o700));
    findings.push(Finding {
        state,
        what: "cache",
        text,
    });
    let (state, text) = options
        .key
        .as_deref()
        .map_or_else(no_home, |file| own(file, 0o600));
    findings.push(Finding {
        state,
        what: "key",
        text,
    });
    let (state, text) = match Store::open() {
        Ok(store) => own(store.folder(), 0o700),
        Err(error) => (State::Broken, error.to_string()),
    };
    findings.push(Finding {
        state,
        what: "store",
        text,
    });
    findings
}

/// Whether a file or folder is the user's alone.
fn own(path: &Path, mode: u32) -> (State, String) {
    let shown = path.display();
    let Ok(facts) = std::fs::metadata(path) else {
        return (State::Good, format!("{shown} (made when it is needed)"));
    };
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return (
            State::Broken,
            format!("{shown} belongs to another user: delete it, or `chown` it to yourself"),
        );
    }
    if facts.mode() & 0o077 != 0 {
        return (
            State::Broken,
            format!("{shown} is open to others: `chmod {mode:o} {shown}`"),
        );
    }
    (State::Good, shown.to_string())
}

/// What `gabion build` needs.
fn languages() -> Vec<Finding> {
    let mut findings = Vec::new();
    let (state, text) = match gabion_componentize::find(Path::new(".")) {
        Ok(found) => (
            State::Good,
            format!("packs in Rust are compiled by {}", found.cargo.display()),
        ),
        Err(error) => (
            State::Note,
            format!("packs in Rust cannot be built: {error}"),
        ),
    };
    findings.push(Finding {
        state,
        what: "rust",
        text,
    });
    let place = Engines::usual_place();
    let quiet = |_: &str| {};
    let fetched = |has: fn(&Engines<'_>) -> bool| {
        place
            .as_deref()
            .is_some_and(|place| has(&Engines::new(place, &quiet)))
    };
    for (what, programs, fetched, remedy) in [
        (
            "javascript",
            ["node", "npm"],
            fetched(|engines| engines.has_javascript()),
            "install Node.js 20 or newer",
        ),
        (
            "python",
            ["python3", "python3"],
            fetched(|engines| engines.has_python()),
            "install Python 3.11 or newer with venv",
        ),
    ] {
        let missing = programs
            .into_iter()
            .find(|program| ask(program, &["--version"]).is_none());
        let (state, text) = match missing {
            Some(program) => (
                State::Note,
                format!("packs cannot be built without `{program}`: {remedy}"),
            ),
            None if fetched => (State::Good, "packs can be built".to_owned()),
            None => (
                State::Good,
                "packs can be built; the first build fetches its engine".to_owned(),
            ),
        };
        findings.push(Finding { state, what, text });
    }
    findings
}

/// What a program prints; nothing where it does not start or fails.
fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
