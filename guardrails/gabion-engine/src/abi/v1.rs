//! `gabion:guardrail@1`: the generated bindings, and the way from and to the types of the model.

use gabion_model as model;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/guardrail",
        world: "guardrail",
        imports: { default: trappable },
        with: {
            "gabion:guardrail/values.value": crate::abi::handles::ValueHandle,
            "gabion:guardrail/plan.change": crate::abi::handles::ChangeHandle,
            "gabion:guardrail/plan.graph": crate::abi::handles::GraphHandle,
        },
    });
}

pub(crate) use bindings::exports::gabion::guardrail::rules;
pub(crate) use bindings::gabion::guardrail::{log, plan, values};
pub(crate) use bindings::{Guardrail, GuardrailPre};

/// The package of the contract.
pub(crate) const PACKAGE: &str = "gabion:guardrail";
/// The version that this module speaks; older minors are part of it.
pub(crate) const VERSION: semver::Version = semver::Version::new(1, 0, 0);
/// What a guest may import, and nothing else.
pub(crate) const IMPORTS: [&str; 3] = ["values", "plan", "log"];
/// What a guest must export.
pub(crate) const EXPORT: &str = "rules";

impl From<model::Kind> for values::Kind {
    fn from(kind: model::Kind) -> Self {
        match kind {
            model::Kind::Null => Self::Null,
            model::Kind::Boolean => Self::Boolean,
            model::Kind::Number => Self::Number,
            model::Kind::Text => Self::Text,
            model::Kind::Sequence => Self::Sequence,
            model::Kind::Mapping => Self::Mapping,
            model::Kind::Unknown => Self::Unknown,
            model::Kind::Computed => Self::Computed,
        }
    }
}

impl From<model::Unreadable> for values::Unreadable {
    fn from(why: model::Unreadable) -> Self {
        match why {
            model::Unreadable::Unknown => Self::Unknown,
            model::Unreadable::Computed => Self::Computed,
            model::Unreadable::Sensitive => Self::Sensitive,
            model::Unreadable::WrongKind => Self::WrongKind,
            model::Unreadable::NoSuchPath => Self::NoSuchPath,
            model::Unreadable::NoSchema => Self::NoSchema,
            model::Unreadable::NotJson => Self::NotJson,
        }
    }
}

impl From<model::Mode> for plan::Mode {
    fn from(mode: model::Mode) -> Self {
        match mode {
            model::Mode::Managed => Self::Managed,
            model::Mode::Data => Self::Data,
            model::Mode::Ephemeral => Self::Ephemeral,
        }
    }
}

impl From<model::Operation> for plan::Operation {
    fn from(operation: model::Operation) -> Self {
        match operation {
            model::Operation::Create => Self::Create,
            model::Operation::Update => Self::Update,
            model::Operation::Replace => Self::Replace,
            model::Operation::Delete => Self::Delete,
            model::Operation::NoOp => Self::NoOp,
            model::Operation::Read => Self::Read,
            model::Operation::Open => Self::Open,
            model::Operation::Import => Self::Import,
            model::Operation::Move => Self::Move,
            model::Operation::Forget => Self::Forget,
        }
    }
}

impl From<model::Stage> for plan::Stage {
    fn from(stage: model::Stage) -> Self {
        match stage {
            model::Stage::Plan => Self::Plan,
            model::Stage::Apply => Self::Apply,
            model::Stage::Check => Self::Check,
        }
    }
}

/// What a pack says of itself, in the model's types; its rules sorted by code.
pub(crate) fn pack(pack: rules::Pack) -> model::PackInfo {
    let mut rules: Vec<model::RuleInfo> = pack.rules.into_iter().map(rule).collect();
    rules.sort_by(|left, right| left.code.cmp(&right.code));
    model::PackInfo {
        name: pack.name,
        version: pack.version,
        settings_schema: pack.settings_schema,
        rules,
    }
}

fn rule(rule: rules::Rule) -> model::RuleInfo {
    model::RuleInfo {
        code: rule.code,
        name: owned(rule.name),
        title: owned(rule.title),
        page: owned(rule.page),
        level: match rule.level {
            rules::Level::Off => model::Level::Off,
            rules::Level::Advisory => model::Level::Advisory,
            rules::Level::Mandatory => model::Level::Mandatory,
        },
        scope: match rule.scope {
            rules::Scope::Change => model::Scope::Change,
            rules::Scope::Plan => model::Scope::Plan,
        },
        applies_to: rule
            .targets
            .into_iter()
            .map(|target| model::AppliesTo {
                resource_type: owned(target.resource_type),
                provider: owned(target.provider),
                versions: owned(target.versions),
            })
            .collect(),
        controls: rule
            .controls
            .into_iter()
            .map(|control| model::Control {
                framework: owned(control.framework),
                id: owned(control.id),
                confirmed: control.confirmed,
            })
            .collect(),
        since: rule.since,
    }
}

/// A verdict in the model's types, or what is wrong with it.
///
/// # Errors
/// A sentence about the pack's answer, for a reader.
pub(crate) fn verdict(
    answer: Result<rules::Verdict, String>,
    most: usize,
) -> Result<model::RawVerdict, String> {
    let answer =
        answer.map_err(|reason| format!("the rule failed: {}", cut(&plain(&reason), 2000)))?;
    Ok(match answer {
        rules::Verdict::NotApplicable => model::RawVerdict::NotApplicable,
        rules::Verdict::Pass => model::RawVerdict::Pass,
        rules::Verdict::Undetermined(what) => {
            model::RawVerdict::Undetermined(cut(&plain(&what), 2000).to_owned())
        }
        rules::Verdict::Violation(findings) if findings.is_empty() => {
            return Err("the rule answered with a violation that has no finding".to_owned());
        }
        rules::Verdict::Violation(findings) if findings.len() > most => {
            return Err(format!(
                "the rule answered with {} findings, more than the {most} that are allowed",
                findings.len()
            ));
        }
        rules::Verdict::Violation(findings) => model::RawVerdict::Violation(
            findings
                .into_iter()
                .map(finding)
                .collect::<Result<_, _>>()?,
        ),
    })
}

fn finding(finding: rules::Finding) -> Result<model::Finding, String> {
    if finding.message.trim().is_empty() {
        return Err("the rule answered with a finding that has no message".to_owned());
    }
    Ok(model::Finding {
        address: finding.address,
        path: path(&finding.path)?,
        observed: finding.observed.as_deref().map(plain),
        message: plain(&finding.message),
        fix: finding
            .fix
            .into_iter()
            .map(|patch| {
                serde_json::from_str::<serde::de::IgnoredAny>(&patch.value).map_err(|_| {
                    format!(
                        "the rule answered with a fix for `{}` whose value is not JSON",
                        plain(&patch.path)
                    )
                })?;
                Ok(model::Patch {
                    path: path(&patch.path)?,
                    value: patch.value,
                })
            })
            .collect::<Result<_, String>>()?,
    })
}

fn path(text: &str) -> Result<model::Path, String> {
    let text = cut(text, 4096);
    model::Path::parse(&plain(text))
        .map_err(|error| format!("the rule answered with a finding at no attribute path: {error}"))
}

/// The same text where it has no control characters, as most have none; else as [`plain`].
fn owned(text: String) -> String {
    if suspect(&text) { plain(&text) } else { text }
}

/// Whether there may be a control character in it.
fn suspect(text: &str) -> bool {
    // All of them begin with one of these bytes; most texts, the long ones above all, have none.
    let suspect = |byte: &u8| matches!(byte, 0..=8 | 0x0B..=0x1F | 0x7F | 0xC2);
    text.as_bytes().iter().any(suspect)
}

/// Text of a guest without control characters: it must not steer the reader's terminal.
pub(crate) fn plain(text: &str) -> String {
    if !suspect(text) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

/// At most so many bytes of a text, cut between characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
