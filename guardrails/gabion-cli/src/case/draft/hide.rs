//! Keeps secrets out of a case: what the plan marks sensitive, wherever it stands, and what the detector finds.

use std::collections::BTreeMap;

use gabion_model::{Change, Data, Path, Tree, detect};

use super::lit::Lit;

/// A sensitive text that is shorter is not looked for in other values: it would be found by chance.
const SHORTEST: usize = 8;

/// The secrets of the resources that a case is made of.
#[derive(Debug, Default)]
pub(super) struct Hide {
    /// Sensitive texts, each once: equal ones stay equal, others stay apart.
    sensitive: Vec<String>,
    /// What was hidden, for the author: by path, why.
    told: BTreeMap<String, String>,
}

impl Hide {
    pub(super) fn new<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Self {
        let mut hide = Self::default();
        for change in changes {
            for tree in [
                &change.before,
                &change.after,
                &change.provider_configuration,
            ] {
                hide.collect(tree, tree.root());
            }
        }
        // A secret that holds another is replaced first.
        hide.sensitive
            .sort_by_key(|text| std::cmp::Reverse(text.len()));
        hide
    }

    fn collect(&mut self, tree: &Tree, id: gabion_model::NodeId) {
        match tree.data(id) {
            Data::Text(text)
                if tree.is_sensitive(id)
                    && !self.sensitive.iter().any(|known| **known == **text) =>
            {
                self.sensitive.push(text.to_string());
            }
            Data::Sequence(items) => items.iter().for_each(|item| self.collect(tree, *item)),
            Data::Mapping(_, items) => items.iter().for_each(|(_, item)| self.collect(tree, *item)),
            _ => {}
        }
    }

    /// What stands for a sensitive text; of its length, where a rule asked for that.
    pub(super) fn placeholder(&mut self, path: &Path, text: &str, length: bool) -> Lit {
        self.told.insert(path.to_string(), "sensitive".to_owned());
        let number = 1 + self
            .sensitive
            .iter()
            .position(|known| known == text)
            .unwrap_or_default();
        let mut word = format!("redacted-{number}");
        if length {
            let wanted = text.chars().count();
            if wanted < word.len() {
                // The number tells it from others, so it goes first.
                word = format!("{number}redacted").chars().take(wanted).collect();
            } else {
                word.extend(std::iter::repeat_n('x', wanted - word.len()));
            }
        }
        Lit::Text(word)
    }

    /// Tells that a sensitive value other than a text was hidden.
    pub(super) fn tell(&mut self, path: &Path) {
        self.told.insert(path.to_string(), "sensitive".to_owned());
    }

    /// A text without the sensitive ones in it, and without what looks like a secret.
    pub(super) fn text(&mut self, path: &Path, text: &str) -> String {
        let name = detect::name_of(path);
        let mut clean = text.to_owned();
        for secret in self
            .sensitive
            .iter()
            .filter(|secret| secret.len() >= SHORTEST)
        {
            if clean.contains(secret.as_str()) {
                clean = clean.replace(secret.as_str(), "redacted");
                self.told
                    .insert(path.to_string(), "equal to a sensitive value".to_owned());
            }
        }
        let kinds = detect::kinds_in(name, &clean);
        if !kinds.is_empty() {
            self.told
                .insert(path.to_string(), format!("looks like {}", kinds.join(", ")));
            detect::redact_in_place(name, &mut clean);
        }
        clean
    }

    /// What was hidden, a clause each.
    pub(super) fn told(&self) -> Vec<String> {
        self.told
            .iter()
            .map(|(path, why)| format!("`{path}` ({why})"))
            .collect()
    }

    /// Whether a written text still holds a sensitive one.
    pub(super) fn leaks(&self, text: &str) -> bool {
        let mut secrets = self.sensitive.iter();
        secrets.any(|secret| secret.len() >= SHORTEST && text.contains(secret.as_str()))
    }
}
