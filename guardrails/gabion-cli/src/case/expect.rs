//! What a case expects, and whether an answer is that.

use gabion_engine::policy::{Problem, Source, own_words, reason};
use gabion_model::{Evaluation, Finding, Path, Verdict};
use hcl_edit::structure::Block;

use super::fields::Fields;
use super::value::Spanned;

/// The verdicts, without what goes with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    Pass,
    Violation,
    Undetermined,
    NotApplicable,
    Error,
}

const WORDS: [(&str, Sort); 5] = [
    ("pass", Sort::Pass),
    ("violation", Sort::Violation),
    ("undetermined", Sort::Undetermined),
    ("not_applicable", Sort::NotApplicable),
    ("error", Sort::Error),
];

impl Sort {
    /// Of a verdict.
    pub(crate) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Violation(_) => Self::Violation,
            Verdict::Undetermined(_) => Self::Undetermined,
            Verdict::NotApplicable => Self::NotApplicable,
            Verdict::Error(_) => Self::Error,
        }
    }

    /// As a case file writes it.
    pub(crate) fn word(self) -> &'static str {
        WORDS
            .iter()
            .find(|(_, sort)| *sort == self)
            .map_or("", |(word, _)| word)
    }
}

/// One `expect` block.
#[derive(Clone, Debug)]
pub(crate) struct Expect {
    pub(crate) verdict: Sort,
    pub(crate) path: Option<Path>,
    pub(crate) message: Option<String>,
    pub(crate) address: Option<String>,
}

impl std::fmt::Display for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.verdict.word())?;
        if let Some(address) = &self.address {
            write!(f, " of `{address}`")?;
        }
        if let Some(path) = &self.path {
            write!(f, " at `{path}`")?;
        }
        if let Some(message) = &self.message {
            write!(f, ", with `{message}`")?;
        }
        Ok(())
    }
}

/// Reads the `expect` blocks of a case.
pub(super) fn read(
    source: &Source,
    fields: &mut Fields<'_>,
    whole_plan: bool,
    problems: &mut Vec<Problem>,
) -> Vec<Expect> {
    let blocks = fields.blocks("expect");
    if blocks.is_empty() {
        problems.push(Problem::at(
            fields.at(),
            format!(
                "{} needs `expect {{ verdict = \"...\" }}`: what the rule should say",
                fields.what()
            ),
        ));
    }
    let mut found: Vec<Expect> = Vec::new();
    for block in &blocks {
        if let Some(expect) = one(source, block, whole_plan, problems) {
            if found
                .first()
                .is_some_and(|first| first.verdict != expect.verdict)
            {
                problems.push(Problem::at(
                    &source.at(&block.ident),
                    format!("{} expects two verdicts; a rule has one", fields.what()),
                ));
            }
            found.push(expect);
        }
    }
    found
}

fn one(
    source: &Source,
    block: &Block,
    whole_plan: bool,
    problems: &mut Vec<Problem>,
) -> Option<Expect> {
    let told = problems.len();
    if let Some(label) = block.labels.first() {
        problems.push(Problem::at(
            &source.at(label),
            "`expect` has no label: write `expect { ... }`",
        ));
    }
    let mut fields = Fields::new(
        source,
        "`expect`".to_owned(),
        source.at(&block.ident),
        &block.body,
    );
    let why = "`pass`, `violation`, `undetermined`, `not_applicable` or `error`";
    let verdict = fields
        .required("verdict", why, problems)
        .and_then(|word| super::fields::one_of("verdict", &word, &WORDS, problems));
    let path = fields.text("path", problems);
    let message = fields.text("message", problems);
    let address = if whole_plan {
        fields.text("address", problems)
    } else {
        None
    };
    fields.finish(problems);
    let verdict = verdict?;
    let mut unfit = |name: &str, text: &Option<Spanned<String>>, fits: bool| {
        if let Some(text) = text.as_ref().filter(|_| !fits) {
            problems.push(Problem::at(
                &text.at,
                format!(
                    "`{name}` means nothing where `{}` is expected",
                    verdict.word()
                ),
            ));
        }
    };
    unfit(
        "path",
        &path,
        matches!(verdict, Sort::Violation | Sort::Undetermined),
    );
    unfit(
        "message",
        &message,
        matches!(verdict, Sort::Violation | Sort::Undetermined | Sort::Error),
    );
    unfit("address", &address, verdict == Sort::Violation);
    let path = match path.map(|text| (Path::parse(&text.value), text.at)) {
        None => None,
        Some((Ok(path), _)) => Some(path),
        Some((Err(why), at)) => {
            problems.push(Problem::at(&at, why));
            None
        }
    };
    (problems.len() == told).then_some(Expect {
        verdict,
        path,
        message: message.map(|text| text.value),
        address: address.map(|text| text.value),
    })
}

impl Expect {
    /// Whether an answer is what is expected.
    pub(crate) fn holds(&self, answer: &Evaluation) -> bool {
        let says = |text: &str| {
            self.message
                .as_ref()
                .is_none_or(|part| text.contains(part.as_str()))
        };
        match (&answer.verdict, self.verdict) {
            (Verdict::Pass, Sort::Pass) | (Verdict::NotApplicable, Sort::NotApplicable) => true,
            (Verdict::Error(why), Sort::Error) => says(why),
            (Verdict::Violation(findings), Sort::Violation) => findings.iter().any(|finding| {
                self.path.as_ref().is_none_or(|path| finding.path == *path)
                    && self
                        .address
                        .as_ref()
                        .is_none_or(|address| finding.address.as_ref() == Some(address))
                    && says(&finding.message)
            }),
            (Verdict::Undetermined(why), Sort::Undetermined) => {
                let blocked = blocked(answer);
                if self.path.is_none() && self.message.is_none() {
                    return true;
                }
                // What the rule says itself counts for every path, as it is said once.
                let said = self.message.is_some() && why.reason.as_deref().is_some_and(says);
                let at = |path| blocked.iter().any(|(known, _)| known == path);
                if said && self.path.as_ref().is_none_or(at) {
                    return true;
                }
                blocked.iter().any(|(path, why)| {
                    self.path.as_ref().is_none_or(|wanted| wanted == path) && says(why)
                })
            }
            _ => false,
        }
    }
}

/// What kept a rule from deciding: what the host says, else every read without an answer.
fn blocked(answer: &Evaluation) -> Vec<(Path, &'static str)> {
    let told: Vec<(Path, &'static str)> = match &answer.verdict {
        Verdict::Undetermined(why) => why
            .blocked
            .iter()
            .map(|one| (one.path.clone(), reason(one.why)))
            .collect(),
        _ => Vec::new(),
    };
    if !told.is_empty() {
        return told;
    }
    let unread = answer
        .reads
        .iter()
        .filter_map(|read| Some((read.path.clone(), reason(read.unreadable?))));
    unread.collect()
}

/// An answer in lines for a reader, the first one beginning with the verdict.
pub(crate) fn describe(answer: &Evaluation) -> Vec<String> {
    match &answer.verdict {
        Verdict::Pass => vec!["pass".to_owned()],
        Verdict::NotApplicable => vec!["not_applicable".to_owned()],
        Verdict::Error(why) => vec![format!("error: {why}")],
        Verdict::Violation(findings) => findings.iter().map(finding).collect(),
        Verdict::Undetermined(why) => {
            let blocked = blocked(answer);
            let said = own_words(why.reason.as_deref(), &why.blocked)
                .map(|said| format!("undetermined, as the rule says: {said}"));
            if blocked.is_empty() && why.reason.is_none() {
                return vec![
                    "undetermined: the rule says so, and read nothing that it could not".to_owned(),
                ];
            }
            blocked
                .iter()
                .map(|(path, why)| format!("undetermined at `{path}`: {why}"))
                .chain(said)
                .collect()
        }
    }
}

fn finding(finding: &Finding) -> String {
    let mut text = "violation".to_owned();
    if let Some(address) = &finding.address {
        text.push_str(&format!(" of `{address}`"));
    }
    if !finding.path.is_root() {
        text.push_str(&format!(" at `{}`", finding.path));
    }
    if let Some(observed) = finding.shown() {
        text.push_str(&format!(", observed `{observed}`"));
    }
    text.push_str(&format!(": {}", finding.message));
    for fix in &finding.fix {
        text.push_str(&format!(" (fix: `{}` = {})", fix.path, fix.value));
    }
    text
}
