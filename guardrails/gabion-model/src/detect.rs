//! Finds what looks like a secret in text. Few false alarms come first: a rule refuses a plan on its word.

use crate::path::Path;

/// Something that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// One of [`KINDS`].
    pub kind: String,
    /// The attribute path that holds it; never its text.
    pub path: Path,
}

/// What the detector knows.
pub const KINDS: [&str; 4] = [
    "aws-access-key-id",
    "private-key",
    "github-token",
    "url-password",
];

/// A kind, and whether a text holds one.
type Test = (&'static str, fn(&str) -> bool);

/// The kinds of secrets in a text, each once.
pub fn kinds(text: &str) -> Vec<&'static str> {
    let tests: [Test; 4] = [
        ("aws-access-key-id", has_access_key),
        ("private-key", has_private_key),
        ("github-token", has_github_token),
        ("url-password", has_url_password),
    ];
    tests
        .iter()
        .filter(|(_, test)| test(text))
        .map(|(kind, _)| *kind)
        .collect()
}

/// Every place where `needle` starts and no letter or digit stands before it: what follows it.
fn after<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(needle).filter_map(move |(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
            None
        } else {
            text.get(at + needle.len()..)
        }
    })
}

fn run(text: &str, accepted: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| accepted(*byte)).count()
}

/// Four letters that tell the sort of the key, then sixteen of base 32, and nothing like them after.
fn has_access_key(text: &str) -> bool {
    ["AKIA", "ASIA"].iter().any(|prefix| {
        after(text, prefix).any(|rest| {
            run(rest, |byte| {
                byte.is_ascii_uppercase() || byte.is_ascii_digit()
            }) == 16
                && run(rest, |byte| byte.is_ascii_alphanumeric()) == 16
        })
    })
}

fn has_private_key(text: &str) -> bool {
    text.match_indices("-----BEGIN ").any(|(at, needle)| {
        let label = text
            .get(at + needle.len()..)
            .and_then(|rest| rest.split_once("-----"))
            .map(|(label, _)| label);
        label.is_some_and(|label| {
            label.len() < 40
                && (label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK"))
        })
    })
}

fn has_github_token(text: &str) -> bool {
    let classic = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]
        .iter()
        .any(|prefix| {
            after(text, prefix).any(|rest| run(rest, |byte| byte.is_ascii_alphanumeric()) >= 36)
        });
    let fine = || {
        after(text, "github_pat_")
            .any(|rest| run(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'_') >= 22)
    };
    classic || fine()
}

/// `scheme://user:password@host`, unless the password is a placeholder.
fn has_url_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, needle)| {
        let scheme = text.get(..at).and_then(|before| before.chars().next_back());
        if !scheme.is_some_and(|c| c.is_ascii_alphanumeric()) {
            return false;
        }
        let rest = text.get(at + needle.len()..).unwrap_or_default();
        let end = rest
            .find(|c: char| c.is_whitespace() || "/?#\"'`".contains(c))
            .unwrap_or(rest.len());
        let Some((user, _)) = rest
            .get(..end)
            .and_then(|authority| authority.rsplit_once('@'))
        else {
            return false;
        };
        let Some((_, password)) = user.split_once(':') else {
            return false;
        };
        let placeholder = password.is_empty()
            || password.starts_with(['$', '<', '{', '%'])
            || password.chars().all(|c| c == '*' || c == 'x' || c == 'X');
        !placeholder
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_one() {
        // Put together here, so that no scanner takes this file for a leak.
        let key = format!("export KEY={}{}", "AKIA", "ABCDEFGHIJKLMNOP");
        assert_eq!(kinds(&key), ["aws-access-key-id"]);
        let pem = format!("x\n-----BEGIN RSA {}-----\nabc", "PRIVATE KEY");
        assert_eq!(kinds(&pem), ["private-key"]);
        let token = format!("token: {}{}", "ghp_", "a1B2".repeat(9));
        assert_eq!(kinds(&token), ["github-token"]);
        let fine = format!("{}{}", "github_pat_", "a1B2_".repeat(6));
        assert_eq!(kinds(&fine), ["github-token"]);
        assert_eq!(
            kinds("postgres://app:hunter2@db.example.com/x"),
            ["url-password"]
        );
    }

    #[test]
    fn leaves_alone_what_is_none() {
        for text in [
            "",
            "AKIA",
            "AKIAABCDEFGHIJKLMNOPQ",
            "xAKIAABCDEFGHIJKLMNOP",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "ghp_short",
            "https://example.com/a:b@c",
            "https://user@example.com",
            "https://user:@example.com",
            "postgres://app:${password}@db",
            "arn:aws:iam::111122223333:root",
            "https://ex\u{e4}mple.com:8080/\u{1f600}@x",
        ] {
            assert!(kinds(text).is_empty(), "{text}");
        }
    }
}
