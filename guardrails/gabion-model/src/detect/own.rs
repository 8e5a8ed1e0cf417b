//! Kinds that the rule set does not have.

use super::Hit;

/// A password in the address of a server.
pub(super) const URL_PASSWORD: (&str, &str) = (
    "url-password",
    "a password in a URL, `scheme://user:password@host`",
);

/// The kind of the rule set that is also found where the end of the key is missing.
const PRIVATE_KEY: &str = "private-key";

/// Adds what stands in a text.
pub(super) fn scan(text: &str, hits: &mut Vec<Hit>) {
    url_passwords(text, hits);
    private_keys(text, hits);
}

/// `scheme://user:password@host`, unless the password is a placeholder.
fn url_passwords(text: &str, hits: &mut Vec<Hit>) {
    for (at, needle) in text.match_indices("://") {
        let scheme = text.get(..at).and_then(|before| before.chars().next_back());
        if !scheme.is_some_and(|c| c.is_ascii_alphanumeric()) {
            continue;
        }
        let start = at + needle.len();
        let rest = text.get(start..).unwrap_or_default();
        let end = rest
            .find(|c: char| c.is_whitespace() || "/?#\"'`".contains(c))
            .unwrap_or(rest.len());
        let Some((user, _)) = rest
            .get(..end)
            .and_then(|authority| authority.rsplit_once('@'))
        else {
            continue;
        };
        let Some((name, password)) = user.split_once(':') else {
            continue;
        };
        if !is_placeholder(password) {
            let from = start + name.len() + 1;
            hits.push(Hit {
                kind: URL_PASSWORD.0,
                range: from..from + password.len(),
            });
        }
    }
}

/// Whether something else is to be put in the place of a password: nothing, `****`, `xxxx`, `${...}`, `$NAME`, `<...>`,
/// `{...}`, `%NAME%`, `%s`.
fn is_placeholder(password: &str) -> bool {
    let between =
        |start, end| (password.strip_prefix(start)).and_then(|rest| rest.strip_suffix(end));
    let is_name = |name: &str| {
        let one_case = !name.contains(|c: char| c.is_ascii_lowercase())
            || !name.contains(|c: char| c.is_ascii_uppercase());
        one_case
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    password.chars().all(|c| c == '*' || c == 'x' || c == 'X')
        || password == "%s"
        || between("${", "}").is_some()
        || between("{", "}").is_some()
        || between("<", ">").is_some()
        || between("%", "%").is_some_and(is_name)
        || password.strip_prefix('$').is_some_and(is_name)
}

/// A private key that is cut off: what a text holds of it.
fn private_keys(text: &str, hits: &mut Vec<Hit>) {
    for (at, needle) in text.match_indices("-----BEGIN ") {
        let from = at + needle.len();
        let Some((label, body)) = text.get(from..).and_then(|rest| rest.split_once("-----")) else {
            continue;
        };
        let is_key = label.len() < 40
            && (label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK"));
        let known = |hit: &Hit| hit.kind == PRIVATE_KEY && hit.range.contains(&at);
        if is_key && !hits.iter().any(known) {
            let length = body
                .find(|c: char| {
                    !(c.is_ascii_alphanumeric() || c.is_whitespace() || "+/=\\:,-".contains(c))
                })
                .unwrap_or(body.len());
            hits.push(Hit {
                kind: PRIVATE_KEY,
                range: at..from + label.len() + "-----".len() + length,
            });
        }
    }
}
