//! `gabion doctor`.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use gabion_componentize::{Engines, Language, NODE, NPM, PYTHON};
use gabion_engine::CacheOptions;
use gabion_engine::cache::cache_fault;
use gabion_engine::store::Store;
use serde_json::{Value, json};

use crate::command::{Policy, engine};
use crate::exit::{Exit, Failure};
use crate::output::{self, Form};

const LONG: &str = "\
Look for what keeps Gabion from working here, and say what to do.

Looks at Terraform and OpenTofu, at the policy file, its lock and its packs, at the cache and the store of packs, and at \
what `gabion build` needs for each language, with the versions. What nothing in this folder needs is a note, not a \
fault: Terraform where there is no configuration, and the languages that the pack here is not written in.";

/// Look for what keeps Gabion from working here
#[derive(Debug, clap::Args)]
#[command(
    long_about = LONG,
    after_help = "Examples:\n  gabion doctor\n  gabion doctor -o json\n\nExit codes:\n  0  nothing is broken\n  1  something is; each line says the remedy"
)]
pub(crate) struct Doctor {
    /// How to write the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Form,
    #[command(flatten)]
    policy: Policy,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Good,
    /// Missing, and nothing in this folder needs it.
    Note,
    Broken,
}

/// What there is in the folder, and so what is needed.
#[derive(Clone, Copy, Debug)]
struct Here {
    configuration: bool,
    pack: Option<Language>,
}

impl Here {
    fn look(folder: &Path) -> Self {
        Self {
            configuration: crate::source::holds_configuration(folder)
                || folder.join(".terraform").is_dir(),
            pack: gabion_componentize::language(folder)
                .ok()
                .filter(|language| is_pack(folder, *language)),
        }
    }

    /// What a thing is that is missing: a fault where this folder needs it.
    fn missing(needed: bool) -> State {
        if needed { State::Broken } else { State::Note }
    }
}

/// Whether a manifest is that of a pack: a repository may hold a `package.json` for other reasons.
fn is_pack(folder: &Path, language: Language) -> bool {
    std::fs::read_to_string(folder.join(language.manifest()))
        .is_ok_and(|text| text.contains("guardrail"))
}

/// One thing that was looked at.
#[derive(Debug, serde::Serialize)]
struct Finding {
    state: State,
    what: &'static str,
    text: String,
}

impl Doctor {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let here = Here::look(Path::new("."));
        let mut findings = vec![terraform(&here), self.policy_file()];
        findings.extend(folders());
        findings.extend(languages(&here));
        let text = match self.output {
            Form::Text => as_text(&findings),
            Form::Json => {
                format!(
                    "{:#}\n",
                    json!({ "schema_version": 1, "findings": findings })
                )
            }
        };
        output::stdout(&text)?;
        let broken = findings
            .iter()
            .any(|finding| finding.state == State::Broken);
        Ok(if broken {
            Exit::Violations
        } else {
            Exit::Clean
        })
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
                    format!(
                        "{} of {}{warnings}",
                        output::count_of(rules.len(), "rule"),
                        packs.join(", ")
                    ),
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

fn as_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
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
    text
}

/// The programs that plan, and the oldest version of each that the provider works with.
const PLANNERS: [(&str, (u32, u32)); 2] = [("terraform", (1, 11)), ("tofu", (1, 12))];

/// Terraform or OpenTofu, whichever there are: one that does is enough.
fn terraform(here: &Here) -> Finding {
    let mut found = Vec::new();
    let (mut good, mut old) = (false, false);
    for (program, (major, minor)) in PLANNERS {
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
        if is >= (major, minor) {
            good = true;
            found.push(format!("{program} {version}"));
        } else {
            old = true;
            found.push(format!("{program} {version} is older than {major}.{minor}, which the provider needs: upgrade it"));
        }
    }
    if found.is_empty() {
        found.push("neither `terraform` nor `tofu` is on the PATH: install Terraform 1.11 or OpenTofu 1.12 or newer".to_owned());
        if !here.configuration {
            found.push(
                "(there is no configuration in this folder: packs are built and tested without it)"
                    .to_owned(),
            );
        }
    }
    let state = match (good, old) {
        (true, false) => State::Good,
        (true, true) => State::Note,
        (false, _) => Here::missing(here.configuration),
    };
    Finding {
        state,
        what: "terraform",
        text: found.join("\n"),
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
    let (state, text) = options.directory.as_deref().map_or_else(no_home, |folder| {
        match (own(folder, 0o700), cache_fault(folder)) {
            // As the engine does: it uses no cache there, and every run compiles its packs.
            ((State::Good, shown), Some(why)) => (State::Broken, format!("{shown}: {why}")),
            (found, _) => found,
        }
    });
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

/// What `gabion build` needs, for each language: a fault where the pack of this folder is written in it.
fn languages(here: &Here) -> Vec<Finding> {
    let needed = |language| Here::missing(here.pack == Some(language));
    let mut findings = Vec::new();
    let (state, text) = match gabion_componentize::find(Path::new(".")) {
        Ok(found) => (
            State::Good,
            format!("packs in Rust are compiled by {}", found.cargo.display()),
        ),
        Err(error) => (
            needed(Language::Rust),
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
    for (what, language, programs, fetched) in [
        (
            "javascript",
            Language::JavaScript,
            [NODE, NPM].as_slice(),
            fetched(|engines| engines.has_javascript()),
        ),
        (
            "python",
            Language::Python,
            [PYTHON].as_slice(),
            fetched(|engines| engines.has_python()),
        ),
    ] {
        let (mut versions, mut faults) = (Vec::new(), Vec::new());
        for program in programs {
            match program.check() {
                Ok(version) => versions.push(format!(
                    "{} {}",
                    program.name,
                    version
                        .trim_start_matches("Python ")
                        .trim_start_matches('v')
                )),
                // What fetches an engine is not needed once it is there.
                Err(_) if fetched && program.name == NPM.name => {}
                Err(error) => faults.push(error.to_string()),
            }
        }
        let versions = versions.join(", ");
        let (state, text) = match (faults.is_empty(), fetched) {
            (false, _) => (
                needed(language),
                format!("packs cannot be built: {}", faults.join("\n")),
            ),
            (true, true) => (State::Good, format!("packs can be built ({versions})")),
            (true, false) => (
                State::Good,
                format!("packs can be built ({versions}); the first build fetches its engine"),
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
