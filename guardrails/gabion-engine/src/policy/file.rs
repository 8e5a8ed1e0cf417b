//! One policy file, read and checked by itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gabion_model::Level;
use hcl_edit::structure::{Block, BlockLabel, Structure};
use jiff::Timestamp;

use super::constraint::Constraint;
use super::error::{Location, Problem, did_you_mean};
use super::lock::LockFile;
use super::syntax::{Fields, Literal, Node, Source, Spanned, texts};

/// What a policy file says.
#[derive(Debug)]
pub(super) struct PolicyFile {
    pub(super) name: Arc<str>,
    /// The folder that paths in the file count from.
    pub(super) directory: PathBuf,
    pub(super) floor: bool,
    pub(super) packs: Vec<PackBlock>,
    pub(super) rules: Vec<RuleBlock>,
    pub(super) exceptions: Option<Exceptions>,
    pub(super) contact: Option<String>,
    pub(super) waivers: Vec<Waiver>,
    pub(super) allow: Option<Allow>,
    pub(super) overrides: Vec<Override>,
    /// The list of known violations.
    pub(super) baseline: Option<Spanned<String>>,
    /// The lock beside the file; `None` where there is none.
    pub(super) lock: Option<LockFile>,
}

#[derive(Clone, Debug)]
pub(super) struct PackBlock {
    pub(super) name: Spanned<String>,
    pub(super) source: Option<Spanned<String>>,
    pub(super) version: Option<Spanned<(String, Constraint)>>,
    pub(super) settings: Option<Node>,
    pub(super) signers: Option<Signers>,
}

impl PackBlock {
    /// A block that says nothing, as if it stood at the start of a file.
    pub(super) fn named(name: &str, file: &Arc<str>) -> Self {
        Self {
            name: Spanned {
                value: name.to_owned(),
                at: Location {
                    file: file.clone(),
                    line: 1,
                    column: 1,
                },
            },
            source: None,
            version: None,
            settings: None,
            signers: None,
        }
    }
}

/// Whose signatures a pack must carry.
#[derive(Clone, Debug)]
pub(super) struct Signers {
    pub(super) at: Location,
    /// Public key files, absolute or from the working directory.
    pub(super) keys: Vec<Spanned<PathBuf>>,
    /// So many different ones must have signed.
    pub(super) threshold: u32,
}

#[derive(Clone, Debug)]
pub(super) struct RuleBlock {
    pub(super) code: Spanned<String>,
    pub(super) level: Option<Spanned<Level>>,
    pub(super) when: Option<When>,
    pub(super) on_unknown: Option<Spanned<OnUnknown>>,
    pub(super) scope: Option<Spanned<Ratchet>>,
}

/// Where a rule block holds; every field that is there must match one of its patterns.
#[derive(Clone, Debug)]
pub(super) struct When {
    pub(super) workspace: Option<Vec<String>>,
    pub(super) account: Option<Vec<String>>,
    pub(super) region: Option<Vec<String>>,
    pub(super) path: Option<Vec<String>>,
}

/// What an undetermined verdict does at plan. The order is that of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OnUnknown {
    Defer,
    Warn,
    Deny,
}

/// Whether old violations are refused as well. The order is that of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ratchet {
    Changes,
    All,
}

/// All rules, or some.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Selection {
    All,
    Some(Vec<Spanned<String>>),
}

impl Selection {
    pub(super) fn contains(&self, code: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(codes) => codes.iter().any(|known| known.value == code),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Exceptions {
    pub(super) at: Location,
    /// Empty list for "none".
    pub(super) accept: Selection,
}

#[derive(Clone, Debug)]
pub(super) struct Waiver {
    pub(super) name: Spanned<String>,
    pub(super) rule: Spanned<String>,
    pub(super) resource: Spanned<String>,
    pub(super) matches: Node,
    pub(super) reason: String,
    pub(super) ticket: Option<String>,
    pub(super) approver: Option<String>,
    pub(super) expires: Spanned<Timestamp>,
}

/// What nearer files may loosen.
#[derive(Clone, Debug)]
pub(super) struct Allow {
    pub(super) at: Location,
    pub(super) rules: Selection,
    pub(super) waivers: Selection,
    pub(super) exceptions: Selection,
    pub(super) overrides: Selection,
    pub(super) baseline: bool,
    pub(super) max_days: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Override {
    pub(super) at: Location,
    pub(super) rule: Spanned<String>,
}

const BLOCKS: [&str; 6] = ["pack", "rule", "exceptions", "waiver", "allow", "override"];

impl PolicyFile {
    /// Reads a policy file; every problem in it is added to `problems`.
    pub(super) fn read(
        name: &str,
        path: &Path,
        text: String,
        floor: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let source = Source::new(name, text);
        let mut file = Self {
            name: source.name().clone(),
            directory: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            floor,
            packs: Vec::new(),
            rules: Vec::new(),
            exceptions: None,
            contact: None,
            waivers: Vec::new(),
            allow: None,
            overrides: Vec::new(),
            baseline: None,
            lock: None,
        };
        let body = match source.parse() {
            Ok(body) => body,
            Err(problem) => {
                problems.push(problem);
                return file;
            }
        };
        for structure in &body {
            match structure {
                Structure::Attribute(attribute) => match attribute.key.as_str() {
                    name @ ("contact" | "baseline") => match source.literal(&attribute.value) {
                        Ok(Spanned {
                            value: Literal::Text(value),
                            at,
                        }) => {
                            if name == "contact" {
                                file.contact = Some(value);
                            } else {
                                file.baseline = Some(Spanned { value, at });
                            }
                        }
                        Ok(node) => problems.push(Problem::at(
                            &node.at,
                            format!("`{name}` must be a text in quotes"),
                        )),
                        Err(problem) => problems.push(problem),
                    },
                    other => {
                        let at = source.at(&attribute.key);
                        let message = if BLOCKS.contains(&other) {
                            format!("`{other}` is a block: write `{other} {{ ... }}` without `=`")
                        } else {
                            format!(
                                "unknown attribute `{other}`{}",
                                did_you_mean(
                                    other,
                                    ["contact", "baseline"].into_iter().chain(BLOCKS)
                                )
                            )
                        };
                        problems.push(Problem::at(&at, message));
                    }
                },
                Structure::Block(block) => file.block(&source, block, problems),
            }
        }
        file
    }

    fn block(&mut self, source: &Source, block: &Block, problems: &mut Vec<Problem>) {
        let kind = block.ident.as_str();
        let at = source.at(&block.ident);
        if !BLOCKS.contains(&kind) {
            let hint = did_you_mean(kind, BLOCKS.into_iter().chain(["contact", "baseline"]));
            let known = if hint.is_empty() {
                format!(
                    "; a policy file has `{}`, `contact` and `baseline`",
                    BLOCKS.join("`, `")
                )
            } else {
                hint
            };
            problems.push(Problem::at(&at, format!("unknown block `{kind}`{known}")));
            return;
        }
        let wants_label = matches!(kind, "pack" | "rule" | "waiver");
        let label = match (block.labels.as_slice(), wants_label) {
            ([label], true) => Some(Spanned {
                value: label.as_str().to_owned(),
                at: label_at(source, label),
            }),
            ([], false) => None,
            ([], true) => {
                problems.push(Problem::at(
                    &at,
                    format!("a `{kind}` block needs a name: write `{kind} \"...\" {{ ... }}`"),
                ));
                return;
            }
            ([first, ..], false) => {
                let label = first.as_str();
                problems.push(Problem::at(
                    &label_at(source, first),
                    format!("the `{kind}` block takes no name, found `{label}`"),
                ));
                return;
            }
            ([_, second, ..], true) => {
                let label = second.as_str();
                problems.push(Problem::at(
                    &label_at(source, second),
                    format!("a `{kind}` block takes one name, found `{label}` as well"),
                ));
                return;
            }
        };
        let what = match &label {
            Some(label) => format!("{kind} `{}`", label.value),
            None => format!("the `{kind}` block"),
        };
        let mut fields = Fields::of_block(source, what, at.clone(), &block.body, problems);
        match (kind, label) {
            ("pack", Some(name)) => self.pack(name, &mut fields, problems),
            ("rule", Some(code)) => self.rule(code, &mut fields, problems),
            ("waiver", Some(name)) => self.waiver(name, &mut fields, problems),
            ("exceptions", _) => self.exceptions_block(at, &mut fields, problems),
            ("allow", _) => self.allow_block(at, &mut fields, problems),
            _ => self.override_block(at, &mut fields, problems),
        }
        fields.finish(problems);
    }

    fn pack(&mut self, name: Spanned<String>, fields: &mut Fields, problems: &mut Vec<Problem>) {
        if let Some(first) = self.packs.iter().find(|pack| pack.name.value == name.value) {
            problems.push(Problem::at(
                &name.at,
                format!(
                    "pack `{}` is declared twice; the first is at {}",
                    name.value, first.name.at
                ),
            ));
        }
        let source = fields.text("source", problems);
        let version = fields.text("version", problems).and_then(|text| {
            match Constraint::parse(&text.value) {
                Ok(constraint) => Some(Spanned {
                    value: (text.value, constraint),
                    at: text.at,
                }),
                Err(message) => {
                    problems.push(Problem::at(&text.at, message));
                    None
                }
            }
        });
        let signers = fields.take("signers").map(|node| {
            let at = node.at.clone();
            let mut inner = Fields::of_object("`signers`".to_owned(), node, problems);
            let keys = inner.texts("keys", problems).unwrap_or_default();
            if keys.is_empty() {
                problems.push(Problem::at(
                    &at,
                    "`signers` needs `keys`: a list of public key files",
                ));
            }
            let threshold = inner.whole("threshold", problems);
            if let Some(threshold) = &threshold {
                let given = keys.len();
                if threshold.value == 0 {
                    problems.push(Problem::at(
                        &threshold.at,
                        "`threshold` is `0`: at least one signature must be asked for",
                    ));
                } else if usize::try_from(threshold.value).is_ok_and(|wanted| wanted > given) {
                    problems.push(Problem::at(
                        &threshold.at,
                        format!(
                            "`threshold` is `{}`, and there are {given} keys: nothing could ever meet it",
                            threshold.value
                        ),
                    ));
                }
            }
            inner.finish(problems);
            let keys = keys
                .into_iter()
                .map(|key| Spanned {
                    value: self.directory.join(&key.value),
                    at: key.at,
                })
                .collect();
            Signers {
                at,
                keys,
                threshold: threshold.map_or(1, |threshold| threshold.value),
            }
        });
        let settings = fields.take("settings").filter(|node| {
            let is_object = matches!(node.value, Literal::Object(_));
            if !is_object {
                problems.push(Problem::at(
                    &node.at,
                    "`settings` must be an object `{ ... }`",
                ));
            }
            is_object
        });
        self.packs.push(PackBlock {
            name,
            source,
            version,
            settings,
            signers,
        });
    }

    fn rule(&mut self, code: Spanned<String>, fields: &mut Fields, problems: &mut Vec<Problem>) {
        let level = choice(
            fields,
            "level",
            &[
                ("off", Level::Off),
                ("advisory", Level::Advisory),
                ("mandatory", Level::Mandatory),
            ],
            problems,
        );
        let on_unknown = choice(
            fields,
            "on_unknown",
            &[
                ("defer", OnUnknown::Defer),
                ("warn", OnUnknown::Warn),
                ("deny", OnUnknown::Deny),
            ],
            problems,
        );
        let scope = choice(
            fields,
            "scope",
            &[("changes", Ratchet::Changes), ("all", Ratchet::All)],
            problems,
        );
        let when = fields.take("when").map(|node| {
            let at = node.at.clone();
            let mut inner = Fields::of_object("`when`".to_owned(), node, problems);
            let mut patterns = |name| {
                inner.texts(name, problems).map(|texts| texts.into_iter().map(|text| text.value).collect::<Vec<_>>())
            };
            let when = When {
                workspace: patterns("workspace"),
                account: patterns("account"),
                region: patterns("region"),
                path: patterns("path"),
            };
            inner.finish(problems);
            let empty = |field: &Option<Vec<String>>| field.as_ref().is_none_or(Vec::is_empty);
            if [&when.workspace, &when.account, &when.region, &when.path].into_iter().all(empty) {
                problems.push(Problem::at(&at, "`when` names nothing; give it `workspace`, `account`, `region` or `path`, or leave it out"));
            }
            when
        });
        if when.is_none()
            && let Some(first) = self
                .rules
                .iter()
                .find(|rule| rule.code.value == code.value && rule.when.is_none())
        {
            problems.push(Problem::at(
                &code.at,
                format!(
                    "rule `{}` is declared twice without `when`; the first is at {}",
                    code.value, first.code.at
                ),
            ));
        }
        self.rules.push(RuleBlock {
            code,
            level,
            when,
            on_unknown,
            scope,
        });
    }

    fn waiver(&mut self, name: Spanned<String>, fields: &mut Fields, problems: &mut Vec<Problem>) {
        if let Some(first) = self
            .waivers
            .iter()
            .find(|waiver| waiver.name.value == name.value)
        {
            problems.push(Problem::at(
                &name.at,
                format!(
                    "waiver `{}` is declared twice; the first is at {}",
                    name.value, first.name.at
                ),
            ));
        }
        let rule = fields.required("rule", "the code of the rule it waives", problems);
        let resource = fields.required("resource", "the resource type it is for", problems);
        let reason = fields.required("reason", "why the risk is accepted", problems);
        let expires = fields.required(
            "expires",
            "when it ends, such as `2026-12-31T00:00:00Z`",
            problems,
        );
        let ticket = fields.text("ticket", problems).map(|text| text.value);
        let approver = fields.text("approver", problems).map(|text| text.value);
        let at = name.at.clone();
        let matches = fields.take("where");
        let matches = match matches {
            Some(node) if matches!(&node.value, Literal::Object(items) if !items.is_empty()) => {
                Some(node)
            }
            Some(node) => {
                problems.push(Problem::at(
                    &node.at,
                    "`where` must be an object that names at least one attribute and its value",
                ));
                None
            }
            None => {
                problems.push(Problem::at(
                    &at,
                    format!(
                        "waiver `{}` needs `where`: attribute values of the one object it is for, such as \
                         `where = {{ tags = {{ Name = \"bastion\" }} }}`",
                        name.value
                    ),
                ));
                None
            }
        };
        let expires = expires.and_then(|text| timestamp(text, problems));
        if let (Some(rule), Some(resource), Some(reason), Some(expires), Some(matches)) =
            (rule, resource, reason, expires, matches)
        {
            self.waivers.push(Waiver {
                name,
                rule,
                resource,
                matches,
                reason: reason.value,
                ticket,
                approver,
                expires,
            });
        }
    }

    fn exceptions_block(&mut self, at: Location, fields: &mut Fields, problems: &mut Vec<Problem>) {
        if let Some(first) = &self.exceptions {
            problems.push(Problem::at(
                &at,
                format!(
                    "`exceptions` is declared twice; the first is at {}",
                    first.at
                ),
            ));
        }
        let Some(node) = fields.take("accept") else {
            problems.push(Problem::at(&at, "the `exceptions` block needs `accept`: `\"until_expiry\"`, `\"none\"` or a list of rules"));
            return;
        };
        let accept = match node.value {
            Literal::Text(text) if text == "until_expiry" => Selection::All,
            Literal::Text(text) if text == "none" => Selection::Some(Vec::new()),
            Literal::Text(text) => {
                let hint = did_you_mean(&text, ["until_expiry", "none"]);
                let message = format!(
                    "`accept` is `{text}`; it must be `until_expiry`, `none` or a list of rules{hint}"
                );
                problems.push(Problem::at(&node.at, message));
                return;
            }
            _ => Selection::Some(texts("accept", node, problems)),
        };
        self.exceptions = Some(Exceptions { at, accept });
    }

    fn allow_block(&mut self, at: Location, fields: &mut Fields, problems: &mut Vec<Problem>) {
        if !self.floor {
            problems.push(Problem::at(
                &at,
                "an `allow` block belongs into a floor (`--floor`, `GABION_FLOOR`), which says what nearer files may loosen; \
                 a file cannot allow itself anything, take the block out",
            ));
        }
        if let Some(first) = &self.allow {
            problems.push(Problem::at(
                &at,
                format!("`allow` is declared twice; the first is at {}", first.at),
            ));
        }
        let none = || Selection::Some(Vec::new());
        let mut pick = |name| {
            fields
                .take(name)
                .map_or_else(none, |node| selection(name, node, problems))
        };
        let (rules, waivers, exceptions, overrides) = (
            pick("rules"),
            pick("waivers"),
            pick("exceptions"),
            pick("override"),
        );
        let baseline = fields.boolean("baseline", problems).unwrap_or(false);
        let max_days = fields.whole("max_days", problems).map(|days| days.value);
        fields.texts("signers", problems);
        self.allow = Some(Allow {
            at,
            rules,
            waivers,
            exceptions,
            overrides,
            baseline,
            max_days,
        });
    }

    fn override_block(&mut self, at: Location, fields: &mut Fields, problems: &mut Vec<Problem>) {
        let rule = fields.required("rule", "the code of the rule to set aside", problems);
        fields.required(
            "lineage",
            "the lineage of the one state it is for",
            problems,
        );
        if fields.whole("serial", problems).is_none() {
            problems.push(Problem::at(&at, "the `override` block needs `serial`: the serial of the one state it is for, a whole number"));
        }
        if let Some(text) = fields.required(
            "expires",
            "when it ends, such as `2026-12-31T00:00:00Z`",
            problems,
        ) {
            timestamp(text, problems);
        }
        if let Some(rule) = rule {
            self.overrides.push(Override { at, rule });
        }
    }
}

fn label_at(source: &Source, label: &BlockLabel) -> Location {
    match label {
        BlockLabel::Ident(ident) => source.at(ident),
        BlockLabel::String(text) => source.at(text),
    }
}

fn timestamp(text: Spanned<String>, problems: &mut Vec<Problem>) -> Option<Spanned<Timestamp>> {
    let utc = text.value.ends_with(['Z', 'z']);
    match text.value.parse::<Timestamp>() {
        Ok(value) if utc => Some(Spanned { value, at: text.at }),
        _ => {
            let message = format!(
                "`{}` is not a time in UTC; write one such as `2026-12-31T00:00:00Z`",
                text.value
            );
            problems.push(Problem::at(&text.at, message));
            None
        }
    }
}

/// `"all"`, `true`, `false` or a list of rules.
fn selection(name: &'static str, node: Node, problems: &mut Vec<Problem>) -> Selection {
    match &node.value {
        Literal::Boolean(true) => Selection::All,
        Literal::Boolean(false) => Selection::Some(Vec::new()),
        Literal::Text(text) if text == "all" => Selection::All,
        Literal::Text(text) if text == "none" => Selection::Some(Vec::new()),
        _ => Selection::Some(texts(name, node, problems)),
    }
}

fn choice<T: Copy>(
    fields: &mut Fields,
    name: &'static str,
    choices: &[(&'static str, T)],
    problems: &mut Vec<Problem>,
) -> Option<Spanned<T>> {
    let text = fields.text(name, problems)?;
    let found = choices
        .iter()
        .find(|(word, _)| *word == text.value)
        .map(|(_, value)| *value);
    if found.is_none() {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let hint = did_you_mean(&text.value, words.iter().copied());
        problems.push(Problem::at(
            &text.at,
            format!(
                "`{name}` is `{}`; it must be one of `{}`{hint}",
                text.value,
                words.join("`, `")
            ),
        ));
    }
    found.map(|value| Spanned { value, at: text.at })
}
