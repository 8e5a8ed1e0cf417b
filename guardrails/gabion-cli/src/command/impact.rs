//! `gabion impact`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gabion_engine::{Pack, Session};
use gabion_model::{Level, Runner as _, Scope, Verdict};
use serde_json::json;

use crate::command::asked::{self, Subjects};
use crate::command::engine;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{self, Form};

const LONG: &str = "\
Show which verdicts a new version of a pack would change.

Asks every rule of both packs about every change of the plans in a folder, and lists what differs: what would be found \
that was not, what would no longer be found, what could no longer be decided, and rules that fail. Waivers and levels \
of a policy are left aside: this is about the packs.";

/// Show which verdicts a new version of a pack would change
#[derive(Debug, clap::Args)]
#[command(
    long_about = LONG,
    after_help = "Examples:\n  gabion impact acme-1.0.0.wasm dist/acme.wasm --plans plans/\n\nExit codes:\n  \
                  0  nothing that passed would be refused\n  1  something would be refused that is not today\n  \
                  3  there is no such pack, or no plan in the folder\n  4  the tool failed, or was used wrongly"
)]
pub(crate) struct Impact {
    /// The pack in use
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The pack that would replace it
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// A folder of plans as JSON
    #[arg(long, value_name = "DIR")]
    plans: PathBuf,
    /// Settings of both packs: JSON, or a file that holds it
    #[arg(long, value_name = "JSON|FILE")]
    settings: Option<String>,
    /// How to write the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Form,
    /// The same as `-o json`
    #[arg(long, hide = true, conflicts_with = "output")]
    json: bool,
}

/// One verdict, as two packs are compared by it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    /// `pass`, `violation`, ...
    word: &'static str,
    /// Where, and what; sorted.
    detail: Vec<String>,
}

/// One difference.
#[derive(Debug)]
struct Flip {
    plan: PathBuf,
    rule: String,
    address: String,
    old: Said,
    new: Said,
    refuses: bool,
}

impl Impact {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let engine = engine()?;
        let settings = asked::settings(self.settings.as_deref())?;
        let (old, new) = (
            asked::pack(&engine, &self.old)?,
            asked::pack(&engine, &self.new)?,
        );
        let start = |pack: &Pack| {
            pack.session(&settings)
                .map_err(|error| Failure::failed(error.to_string()))
        };
        let (mut before, mut after) = (start(&old)?, start(&new)?);
        let plans = plans(&self.plans)?;
        let mut flips = Vec::new();
        for path in &plans {
            let subjects = Subjects::read(path)?;
            let (was, is) = (ask(&mut before, &subjects), ask(&mut after, &subjects));
            let mandatory = |pack: &Pack, code: &str| {
                let mut rules = pack.info().rules.iter();
                rules.any(|rule| rule.code == code && rule.level == Level::Mandatory)
            };
            let is_mandatory = |code: &str| (mandatory(&old, code), mandatory(&new, code));
            compare(&subjects.path, &is_mandatory, was, is, &mut flips);
        }
        let text = if self.json || self.output == Form::Json {
            as_json(&flips, plans.len())
        } else {
            as_text(&flips, plans.len(), &old, &new)
        };
        output::stdout(&text)?;
        Ok(if flips.iter().any(|flip| flip.refuses) {
            Exit::Violations
        } else {
            Exit::Clean
        })
    }
}

/// The plans of a folder, sorted.
fn plans(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        let text = format!("cannot read the folder `{}`: {error}", folder.display());
        if error.kind() == std::io::ErrorKind::NotFound {
            Failure::nothing(text)
        } else {
            Failure::failed(text)
        }
    })?;
    let mut plans: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| input::is_plan(path))
        .collect();
    plans.sort();
    if plans.is_empty() {
        return Err(Failure::nothing(format!(
            "there is no plan in `{}`: save some with `terraform plan -out=NAME`, or write `terraform show -json PLAN > NAME.json`",
            folder.display()
        )));
    }
    Ok(plans)
}

/// What every rule says, by rule and address.
fn ask(session: &mut Session, subjects: &Subjects) -> BTreeMap<(String, String), Said> {
    let mut all = BTreeMap::new();
    for rule in session.info().rules.clone() {
        if rule.scope == Scope::Plan {
            let verdict = session.check_plan(&rule.code, &subjects.graph).verdict;
            all.insert((rule.code.clone(), String::new()), said(&verdict));
            continue;
        }
        for change in subjects
            .changes
            .iter()
            .filter(|change| asked::applies(&rule, change))
        {
            let verdict = session.check(&rule.code, change).verdict;
            let address = change.address.clone().unwrap_or_default();
            all.insert((rule.code.clone(), address), said(&verdict));
        }
    }
    all
}

fn said(verdict: &Verdict) -> Said {
    let (word, mut detail) = match verdict {
        Verdict::NotApplicable => ("not applicable", Vec::new()),
        Verdict::Pass => ("pass", Vec::new()),
        Verdict::Violation(findings) => (
            "violation",
            findings
                .iter()
                .map(|finding| {
                    let address = finding
                        .address
                        .as_deref()
                        .map(|address| format!("{address} "))
                        .unwrap_or_default();
                    format!("{address}{}", finding.path)
                })
                .collect(),
        ),
        Verdict::Undetermined(why) => (
            "undetermined",
            why.blocked.iter().map(|one| one.path.to_string()).collect(),
        ),
        Verdict::Error(reason) => ("error", vec![reason.clone()]),
    };
    detail.sort();
    detail.dedup();
    Said { word, detail }
}

fn compare(
    plan: &Path,
    is_mandatory: &dyn Fn(&str) -> (bool, bool),
    was: BTreeMap<(String, String), Said>,
    is: BTreeMap<(String, String), Said>,
    flips: &mut Vec<Flip>,
) {
    let absent = || Said {
        word: "no such rule",
        detail: Vec::new(),
    };
    let keys: std::collections::BTreeSet<_> = was.keys().chain(is.keys()).collect();
    for key in keys {
        let old = was.get(key).cloned().unwrap_or_else(absent);
        let new = is.get(key).cloned().unwrap_or_else(absent);
        let (was_mandatory, mandatory) = is_mandatory(&key.0);
        let raised = mandatory && !was_mandatory && new.word == "violation";
        if (old == new && !raised) || (quiet(&old) && quiet(&new)) {
            continue;
        }
        let appeared =
            new.detail.iter().any(|place| !old.detail.contains(place)) || old.word != new.word;
        flips.push(Flip {
            plan: plan.to_owned(),
            rule: key.0.clone(),
            address: key.1.clone(),
            refuses: (new.word == "violation" && mandatory && (appeared || raised))
                || (new.word == "error" && old.word != "error"),
            old,
            new,
        });
    }
}

/// Whether nobody would hear of it.
fn quiet(said: &Said) -> bool {
    matches!(said.word, "pass" | "not applicable" | "no such rule")
}

/// Lines that fit a screen; the rest is counted.
const SHOWN: usize = 40;

fn as_text(flips: &[Flip], plans: usize, old: &Pack, new: &Pack) -> String {
    let mut text = format!(
        "{} {} to {} {}, {}: {}, {} would be refused\n",
        old.info().name,
        old.info().version,
        new.info().name,
        new.info().version,
        output::count_of(plans, "plan"),
        match flips.len() {
            1 => "1 verdict differs".to_owned(),
            many => format!("{} differ", output::count_of(many, "verdict")),
        },
        flips.iter().filter(|flip| flip.refuses).count()
    );
    for flip in flips.iter().take(SHOWN) {
        let place = |said: &Said| {
            if said.detail.is_empty() {
                said.word.to_owned()
            } else {
                format!("{} ({})", said.word, said.detail.join(", "))
            }
        };
        let address = if flip.address.is_empty() {
            "the plan"
        } else {
            &flip.address
        };
        let _ = writeln!(
            text,
            "{} {}  {}: {address}: {} -> {}",
            if flip.refuses { "!" } else { " " },
            flip.rule,
            flip.plan.display(),
            place(&flip.old),
            place(&flip.new)
        );
    }
    if flips.len() > SHOWN {
        let _ = writeln!(
            text,
            "... and {} more (`-o json` has all)",
            flips.len() - SHOWN
        );
    }
    text
}

fn as_json(flips: &[Flip], plans: usize) -> String {
    let side = |said: &Said| json!({"verdict": said.word, "at": said.detail});
    let flips: Vec<_> = flips
        .iter()
        .map(|flip| {
            json!({
                "plan": flip.plan,
                "rule": flip.rule,
                "address": flip.address,
                "old": side(&flip.old),
                "new": side(&flip.new),
                "refuses": flip.refuses,
            })
        })
        .collect();
    format!(
        "{:#}\n",
        json!({"schema_version": 1, "plans": plans, "flips": flips})
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    type All = BTreeMap<(String, String), Said>;

    fn all(said: &[(&str, &str, &'static str, &[&str])]) -> All {
        let one = |(rule, address, word, detail): &(&str, &str, &'static str, &[&str])| {
            let detail = detail.iter().map(|place| (*place).to_owned()).collect();
            (
                ((*rule).to_owned(), (*address).to_owned()),
                Said { word, detail },
            )
        };
        said.iter().map(one).collect()
    }

    fn flips(was: &All, is: &All) -> Vec<(String, bool)> {
        let mut flips = Vec::new();
        compare(
            Path::new("p.json"),
            &|code| (code == "A", code == "A"),
            was.clone(),
            is.clone(),
            &mut flips,
        );
        flips
            .into_iter()
            .map(|flip| {
                (
                    format!("{}: {} -> {}", flip.rule, flip.old.word, flip.new.word),
                    flip.refuses,
                )
            })
            .collect()
    }

    #[test]
    fn what_nobody_would_hear_of_is_no_difference() {
        let was = all(&[("A", "x.a", "pass", &[])]);
        let is = all(&[
            ("A", "x.a", "not applicable", &[]),
            ("B", "x.a", "pass", &[]),
        ]);
        assert_eq!(flips(&was, &is), []);
    }

    #[test]
    fn a_new_finding_of_a_mandatory_rule_refuses() {
        let was = all(&[
            ("A", "x.a", "pass", &[]),
            ("B", "x.a", "pass", &[]),
            ("A", "x.b", "violation", &["tags"]),
        ]);
        let is = all(&[
            ("A", "x.a", "violation", &["tags"]),
            ("B", "x.a", "violation", &["tags"]),
            ("A", "x.b", "violation", &["name", "tags"]),
        ]);
        let got = flips(&was, &is);
        assert_eq!(
            got,
            [
                ("A: pass -> violation".to_owned(), true),
                ("A: violation -> violation".to_owned(), true),
                ("B: pass -> violation".to_owned(), false),
            ]
        );
        // The other way round, one place less is found: nobody is refused by that.
        assert!(flips(&is, &was).iter().all(|(_, refuses)| !refuses));
    }

    #[test]
    fn a_level_that_is_raised_refuses_what_was_there() {
        let all = all(&[("A", "x.a", "violation", &["tags"])]);
        let mut flips = Vec::new();
        compare(
            Path::new("p.json"),
            &|_| (false, true),
            all.clone(),
            all.clone(),
            &mut flips,
        );
        assert!(flips.len() == 1 && flips[0].refuses);
        flips.clear();
        compare(
            Path::new("p.json"),
            &|_| (true, true),
            all.clone(),
            all,
            &mut flips,
        );
        assert!(flips.is_empty());
    }

    #[test]
    fn a_rule_that_fails_refuses_whatever_its_level() {
        let was = all(&[("B", "x.a", "pass", &[])]);
        let is = all(&[("B", "x.a", "error", &["the rule was stopped"])]);
        assert_eq!(flips(&was, &is), [("B: pass -> error".to_owned(), true)]);
    }
}
