//! Keeps secrets out of a case: what the plan marks sensitive, wherever it stands, and what the detector finds.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use gabion_model::{Change, Data, Path, Tree, detect};
use serde_json::Value as Json;

use super::lit::{Lit, quote};

/// A sensitive text that is shorter is not looked for in other values: it would be found by chance.
const SHORTEST: usize = 8;

/// The secrets of a plan.
#[derive(Debug, Default)]
pub(super) struct Hide {
    /// How sensitive texts may stand in other texts, the longest first: one that holds another is replaced first.
    forms: Vec<String>,
    /// Sensitive texts that a placeholder stands for: equal ones stay equal, others stay apart.
    numbered: Vec<String>,
    /// What was hidden, for the author: by path, why.
    told: BTreeMap<String, Vec<String>>,
}

impl Hide {
    /// Of all changes of a plan: the password of one resource may stand in the text of another.
    pub(super) fn new<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Self {
        let mut sensitive = BTreeSet::new();
        for change in changes {
            for tree in [
                &change.before,
                &change.after,
                &change.provider_configuration,
            ] {
                collect(tree, tree.root(), &mut sensitive);
            }
        }
        let long = sensitive.iter().filter(|text| text.len() >= SHORTEST);
        let forms: BTreeSet<String> = long.flat_map(|text| forms(text)).collect();
        let mut forms: Vec<String> = forms.into_iter().collect();
        forms.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self {
            forms,
            ..Self::default()
        }
    }

    /// What stands for a sensitive text; of its length, where a rule asked for that.
    pub(super) fn placeholder(&mut self, path: &Path, text: &str, length: bool) -> Lit {
        self.tell(path);
        let known = self.numbered.iter().position(|known| known == text);
        let number = 1 + known.unwrap_or_else(|| {
            self.numbered.push(text.to_owned());
            self.numbered.len() - 1
        });
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

    /// Tells that a sensitive value was hidden.
    pub(super) fn tell(&mut self, path: &Path) {
        self.because(path, "sensitive".to_owned());
    }

    fn because(&mut self, path: &Path, why: String) {
        let told = self.told.entry(path.to_string()).or_default();
        if !told.contains(&why) {
            told.push(why);
        }
    }

    /// A text without the sensitive ones in it, and without what looks like a secret. JSON is looked at text by text, as
    /// it may write a secret with escapes; it is written anew only where something is hidden.
    pub(super) fn text(&mut self, path: &Path, text: &str) -> String {
        self.under(path, detect::name_of(path), text)
    }

    fn under(&mut self, path: &Path, name: Option<&str>, text: &str) -> String {
        if text.trim_start().starts_with(['{', '['])
            && let Ok(json) = serde_json::from_str::<Json>(text)
        {
            let hidden = self.json(path, name, &json);
            if hidden != json {
                return self.plain(path, name, hidden.to_string());
            }
        }
        self.plain(path, name, text.to_owned())
    }

    fn json(&mut self, path: &Path, name: Option<&str>, json: &Json) -> Json {
        match json {
            Json::String(text) => Json::String(self.under(path, name, text)),
            Json::Array(items) => items
                .iter()
                .map(|item| self.json(path, name, item))
                .collect(),
            Json::Object(items) => items
                .iter()
                .map(|(key, item)| {
                    let item = self.json(path, Some(key), item);
                    (self.plain(path, None, key.clone()), item)
                })
                .collect(),
            other => other.clone(),
        }
    }

    fn plain(&mut self, path: &Path, name: Option<&str>, mut clean: String) -> String {
        let forms = std::mem::take(&mut self.forms);
        for form in &forms {
            if clean.contains(form.as_str()) {
                clean = clean.replace(form.as_str(), "redacted");
                self.because(path, "equal to a sensitive value".to_owned());
            }
        }
        self.forms = forms;
        let kinds = detect::kinds_in(name, &clean);
        if !kinds.is_empty() {
            self.because(path, format!("looks like {}", kinds.join(", ")));
            detect::redact_in_place(name, &mut clean);
        }
        clean
    }

    /// What was hidden, a clause each.
    pub(super) fn told(&self) -> Vec<String> {
        let told = self.told.iter();
        told.map(|(path, why)| match (path.as_str(), why.join(", ")) {
            ("", why) => format!("an address or the name of an attribute ({why})"),
            (path, why) => format!("`{path}` ({why})"),
        })
        .collect()
    }

    /// Whether a written text still holds a sensitive one, however often it was escaped.
    pub(super) fn leaks(&self, text: &str) -> bool {
        let bare = text.replace('\\', "");
        self.forms.iter().any(|form| {
            let quoted = quote(form);
            let quoted = quoted.trim_matches('"').replace('\\', "");
            text.contains(form.as_str()) || quoted.len() >= SHORTEST && bare.contains(&quoted)
        })
    }
}

fn collect(tree: &Tree, id: gabion_model::NodeId, sensitive: &mut BTreeSet<String>) {
    match tree.data(id) {
        Data::Text(text) if tree.is_sensitive(id) => {
            sensitive.insert(text.to_string());
        }
        Data::Sequence(items) => items
            .iter()
            .for_each(|item| collect(tree, *item, sensitive)),
        Data::Mapping(_, items) => {
            (items.iter()).for_each(|(_, item)| collect(tree, *item, sensitive));
        }
        _ => {}
    }
}

/// A text as it is, and as JSON writes it: plainly, and with the escapes that `jsonencode` adds.
fn forms(text: &str) -> [String; 3] {
    let json = Json::from(text).to_string();
    let inner = json.get(1..json.len() - 1).unwrap_or(&json);
    let careful = [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026")]
        .iter()
        .fold(Cow::Borrowed(inner), |text, (character, escape)| {
            Cow::Owned(text.replace(*character, escape))
        });
    [text.to_owned(), inner.to_owned(), careful.into_owned()]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gabion_model::TreeBuilder;
    use serde_json::json;

    use super::*;

    /// The secrets of a plan with this one.
    fn hide(secret: &str) -> Hide {
        let mut builder = TreeBuilder::new();
        let root = builder.push(Data::Text(secret.into()), true);
        let (tree, null) = (Arc::new(builder.finish(root)), Arc::new(Tree::null()));
        Hide::new([&Change {
            resource_type: "random_password".to_owned(),
            mode: gabion_model::Mode::Managed,
            provider: String::new(),
            provider_version: None,
            operation: gabion_model::Operation::Create,
            stage: gabion_model::Stage::Check,
            before: null.clone(),
            after: tree,
            config: None,
            provider_configuration: null,
            address: None,
            module_address: None,
        }])
    }

    const SECRET: &str = "pa\"ss\\word<&>\n${x}-long";

    #[test]
    fn a_secret_is_hidden_in_json_of_json_and_in_scripts() {
        let path = Path::root().child(gabion_model::Step::Name("policy".into()));
        let inner = json!({ "Sid": SECRET, SECRET: 1 }).to_string();
        let outer = json!([{ "document": inner }]).to_string();
        let careful = inner
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026");
        for text in [
            SECRET.to_owned(),
            inner.clone(),
            outer,
            format!("echo '{inner}'"),
            format!("echo '{careful}'"),
            careful,
        ] {
            let mut hide = hide(SECRET);
            assert!(hide.leaks(&quote(&text)), "{text}");
            let clean = hide.text(&path, &text);
            assert!(
                !clean.contains("ss\\") && !clean.contains("long"),
                "{clean}"
            );
            assert!(!hide.leaks(&quote(&clean)), "{clean}");
            assert_eq!(hide.told(), ["`policy` (equal to a sensitive value)"]);
        }
        assert_eq!(
            hide(SECRET).text(&path, &inner),
            r#"{"Sid":"redacted","redacted":1}"#
        );
        // What hides nothing stays as it was written.
        assert_eq!(
            hide("another-secret").text(&path, "{ \"a\" : 1.0 }"),
            "{ \"a\" : 1.0 }"
        );
    }
}
