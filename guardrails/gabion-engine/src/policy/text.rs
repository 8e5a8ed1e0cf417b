//! The words of a ruling, shared by the diagnostics of a plan and by `gabion check`.

use gabion_model::{Data, NodeId, Operation, Stage, Tree, Undetermined, Unreadable, detect};
use serde_json::Value as Json;

use super::ruling::{Disposition, Ruling};

/// Longest observed value that is shown, in characters.
const SHOWN: usize = 300;
/// Values that could not be read and are listed one by one.
const LISTED: usize = 10;

impl Ruling {
    /// The one line. Debt and notes share it per rule, so that Terraform folds them into one; all others have their own.
    pub fn summary(&self) -> String {
        let rule = format!("{} {}", self.code, self.name);
        let subject = match &self.identity {
            Some(identity) => format!("{} {}", self.resource_type, shorten(identity, 120)),
            None => self.resource_type.clone(),
        };
        match self.disposition {
            Disposition::Refuse => format!("Refused by {rule}: {subject}"),
            Disposition::Warn => format!("Guardrail {rule}: {subject}"),
            Disposition::Accepted => format!("Accepted for {rule}: {subject}"),
            Disposition::Error => format!("Guardrail {rule} failed: {subject}"),
            Disposition::Debt => format!("Old violations of {rule}, not refused"),
            Disposition::Note => format!("Guardrail {rule} is not decided yet"),
        }
    }

    /// What and where, what was observed, why, the fix, the pack, whom to ask and how. Several lines.
    pub fn detail(&self) -> String {
        match self.disposition {
            Disposition::Debt | Disposition::Note => self.short(),
            _ => self.long(),
        }
    }

    /// Where, and what of it, in one line.
    fn place(&self) -> String {
        if self.path.is_root() {
            self.subject()
        } else {
            format!("{} of {}", self.path, self.subject())
        }
    }

    fn short(&self) -> String {
        let mut text = format!("{}: {}", self.place(), self.message);
        if let Some(observed) = &self.observed {
            text.push_str(&format!(" (observed: {observed})"));
        }
        for note in &self.notes {
            text.push_str(&format!("\n{note}"));
        }
        text.push_str(&format!("\n{}, docs/rules/{}", self.pack_line(), self.code));
        text
    }

    fn long(&self) -> String {
        let mut lines = vec![format!("{}: {}.", self.place(), self.message)];
        if let Some(module) = self
            .module_address
            .as_deref()
            .filter(|module| !module.is_empty())
        {
            lines.push(format!("It belongs to {module}: the change may have to be made there, or in the module's inputs."));
        }
        if let Some(observed) = &self.observed {
            lines.push(format!("Observed: {observed}"));
        }
        if self.disposition == Disposition::Error {
            lines.push("A rule that fails decides nothing, so the change is refused.".to_owned());
        }
        for blocked in self.undetermined.iter().take(LISTED) {
            let of = blocked
                .address
                .as_ref()
                .map_or_else(String::new, |address| format!(" of {address}"));
            lines.push(format!(
                "Not readable: {}{of} ({})",
                blocked.path,
                reason(blocked.why)
            ));
        }
        if self.undetermined.len() > LISTED {
            let more = self.undetermined.len() - LISTED;
            lines.push(format!("Not readable: {more} more"));
        }
        if let Some(accepted) = &self.accepted {
            lines.push(format!("Accepted by {accepted}."));
        }
        lines.extend(self.notes.iter().cloned());
        if !self.fix.is_empty() && self.disposition != Disposition::Accepted {
            lines.push("Fix:".to_owned());
            lines.extend(
                self.fix_lines()
                    .into_iter()
                    .map(|line| format!("    {line}")),
            );
        }
        lines.push(format!(
            "Why: {} is {} ({}); read docs/rules/{}.",
            self.code,
            self.title,
            self.level_text(),
            self.code
        ));
        lines.push(format!("{}.", self.pack_line()));
        if self.refuses() {
            if let Some(contact) = &self.contact {
                lines.push(format!("Contact: {contact}"));
            }
            if let Some(waiver) = &self.waiver {
                lines.push(waiver.clone());
            }
        }
        lines.join("\n")
    }

    fn level_text(&self) -> String {
        let level = match self.level {
            gabion_model::Level::Off => "off",
            gabion_model::Level::Advisory => "advisory",
            gabion_model::Level::Mandatory => "mandatory",
        };
        format!("{level}, {}", self.level_from)
    }

    fn pack_line(&self) -> String {
        format!("Pack {} {}", self.pack, self.pack_version)
    }

    /// The fix as lines of HCL.
    pub fn fix_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for patch in &self.fix {
            let value: serde_json::Value = serde_json::from_str(&patch.value)
                .unwrap_or_else(|_| serde_json::Value::String(patch.value.clone()));
            let text = hcl(&value, 0);
            lines.extend(
                format!("{} = {text}", patch.path)
                    .lines()
                    .map(str::to_owned),
            );
        }
        lines
    }
}

/// Why a value could not be read, for a reader.
pub fn reason(why: Unreadable) -> &'static str {
    match why {
        Unreadable::Unknown => "known after apply",
        Unreadable::Computed => "the provider decides it",
        Unreadable::Sensitive => "sensitive, never shown to a rule",
        Unreadable::WrongKind => "of another kind than expected",
        Unreadable::NoSuchPath => "not in the schema",
        Unreadable::NoSchema => "the plan file does not tell",
        Unreadable::NotJson => "not JSON",
    }
}

/// Why a rule cannot decide, a clause: what it could not read, and what it says itself where that says more.
pub fn because(blocked: &[Undetermined], said: Option<&str>) -> String {
    let names: Vec<String> = blocked
        .iter()
        .take(3)
        .map(|blocked| {
            let of = blocked
                .address
                .as_ref()
                .map_or_else(String::new, |address| format!(" of {address}"));
            format!("`{}`{of} is {}", blocked.path, reason(blocked.why))
        })
        .collect();
    let more = if blocked.len() > 3 {
        format!(" and {} more", blocked.len() - 3)
    } else {
        String::new()
    };
    let names = format!("{}{more}", names.join(", "));
    match own_words(said, blocked) {
        Some(said) if blocked.is_empty() => said.to_owned(),
        Some(said) => format!("{names} (the rule says: {said})"),
        None if blocked.is_empty() => "the rule says so, and not why".to_owned(),
        None => names,
    }
}

/// What an undetermined rule says itself, where it is more than what the SDKs say of a value that cannot be read.
pub fn own_words<'r>(said: Option<&'r str>, blocked: &[Undetermined]) -> Option<&'r str> {
    said.filter(|said| !is_of_a_read(said, blocked))
}

/// Whether a text is what the SDKs say of a value that cannot be read: the host says it with more.
fn is_of_a_read(said: &str, blocked: &[Undetermined]) -> bool {
    const ENDS: [&str; 3] = [
        "is not known yet",
        "is sensitive",
        "cannot be told apart from an attribute that does not exist",
    ];
    blocked.iter().any(|blocked| {
        said.strip_prefix(&format!("`{}` ", blocked.path))
            .is_some_and(|rest| ENDS.contains(&rest))
    })
}

/// What becomes of an undetermined rule, a sentence.
pub(super) fn when_decided(stage: Stage, sensitive: bool, operation: Operation) -> &'static str {
    match (stage, sensitive) {
        (_, true) => "no rule may read it, at no step",
        (Stage::Plan, false) if operation == Operation::NoOp => "it is decided when it is known",
        (Stage::Plan, false) => "it is decided at apply, before the change is made",
        (Stage::Apply, false) => "it is still not known at apply",
        (Stage::Check, false) => {
            "a saved plan does not tell; it is decided at apply where the provider is guarded"
        }
    }
}

/// The observed value at a node, redacted, one line.
pub(super) fn observed(tree: &Tree, id: NodeId) -> String {
    match tree.data(id) {
        Data::Null => "not set".to_owned(),
        _ => tree.to_display_json(id).to_string(),
    }
}

/// The value at a node for a reader, on one line: redacted where it is sensitive, or where the detector finds a secret.
pub(super) fn quiet(tree: &Tree, id: NodeId) -> String {
    match tree.data(id) {
        Data::Unknown => return "(known after apply)".to_owned(),
        Data::Computed => return "(the provider decides it)".to_owned(),
        _ => {}
    }
    let path = tree.path(id);
    let name = detect::name_of(&path);
    let value = match tree.to_display_json(id) {
        // Before it is escaped, as the detector reads it.
        Json::String(text) => Json::String(detect::redact(name, &text).into_owned()).to_string(),
        other => detect::redact(name, &other.to_string()).into_owned(),
    };
    shown(&clean(&value))
}

/// A text of a pack without what would steer a terminal, and not longer than a reader bears.
pub(super) fn clean(text: &str) -> String {
    shorten(&text.replace(|c: char| c.is_control(), " "), 2000)
}

/// Cuts a text for showing.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Cuts an observed value for showing.
pub(super) fn shown(text: &str) -> String {
    shorten(text, SHOWN)
}

/// JSON as HCL writes it.
fn hcl(value: &serde_json::Value, depth: usize) -> String {
    let pad = "  ".repeat(depth + 1);
    let end = "  ".repeat(depth);
    match value {
        Json::String(text) => super::waiver::quote(text),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| hcl(item, depth)).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(items) if items.is_empty() => "{}".to_owned(),
        Json::Object(items) => {
            let lines: Vec<String> = items
                .iter()
                .map(|(name, item)| format!("{pad}{} = {}\n", key(name), hcl(item, depth + 1)))
                .collect();
            format!("{{\n{}{end}}}", lines.concat())
        }
        other => other.to_string(),
    }
}

fn key(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if plain {
        name.to_owned()
    } else {
        super::waiver::quote(name)
    }
}
