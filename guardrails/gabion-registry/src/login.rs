//! Logging in: how a registry wants it, and fetching a token.
//!
//! One place reads the login that a registry asks for, and what was read there is where credentials go. The registry
//! client would ask again and read it in its own way, so it is only ever given the token.

use oci_client::secrets::RegistryAuth;
use reqwest::Url;
use serde_json::Value;

use crate::error::RegistryError;
use crate::http::{Get, Proof};

/// A token has a few kilobytes.
const LARGEST: u64 = 256 << 10;

/// How a registry wants to be logged in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    None,
    Basic,
    Bearer(Realm),
}

/// Where a token is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Realm {
    url: Url,
    service: Option<String>,
}

/// Why credentials cannot go where a registry wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    /// It is not encrypted, and the registry is.
    Plain(String),
    /// It is no place.
    NoPlace(String),
}

/// Reads the headers in which a registry says how it wants to be logged in to. `plain` says that the registry itself
/// does not speak TLS.
pub(crate) fn challenge(texts: &[&str], plain: bool) -> Result<Challenge, Odd> {
    let scheme = |text: &str, name: &str| {
        let (word, rest) = text.split_once(' ')?;
        word.eq_ignore_ascii_case(name).then(|| rest.to_owned())
    };
    if let Some(rest) = texts.iter().find_map(|text| scheme(text, "bearer")) {
        let mut realm = None;
        let mut service = None;
        for (name, value) in parameters(&rest) {
            // The first of a name counts: who writes it twice must not be read in two ways.
            match name.as_str() {
                "realm" => realm = realm.or(Some(value)),
                "service" => service = service.or(Some(value)),
                _ => {}
            }
        }
        let realm = realm.unwrap_or_default();
        let url = Url::parse(&realm)
            .ok()
            .filter(|url| url.has_host() && url.username().is_empty() && url.password().is_none());
        return match url {
            Some(url) if url.scheme() == "https" || (plain && url.scheme() == "http") => {
                Ok(Challenge::Bearer(Realm { url, service }))
            }
            Some(url) if url.scheme() == "http" => Err(Odd::Plain(realm)),
            _ => Err(Odd::NoPlace(realm)),
        };
    }
    let basic = |text: &&str| {
        text.get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("basic"))
    };
    Ok(if texts.iter().any(basic) {
        Challenge::Basic
    } else {
        Challenge::None
    })
}

/// The parameters of a challenge: names in lower case, values without quotes. What does not read as one ends it.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim();
        if name.is_empty() || name.contains([' ', '"', ',']) {
            break;
        }
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => {
                let mut value = String::new();
                let mut chars = quoted.char_indices();
                let end = loop {
                    match chars.next() {
                        Some((_, '\\')) => value.extend(chars.next().map(|(_, c)| c)),
                        Some((at, '"')) => break at + 1,
                        Some((_, c)) => value.push(c),
                        None => return found,
                    }
                };
                (value, quoted.get(end..).unwrap_or_default())
            }
            None => {
                let after = after.trim_start();
                let end = after.find([',', ' ']).unwrap_or(after.len());
                let (value, after) = after.split_at(end);
                (value.to_owned(), after)
            }
        };
        found.push((name.to_ascii_lowercase(), value));
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    found
}

/// What a token is for.
pub(crate) struct Wanted<'a> {
    /// `repository:acme/guardrails:pull`.
    pub(crate) scope: String,
    pub(crate) auth: &'a RegistryAuth,
    pub(crate) host: &'a str,
    pub(crate) what: &'a str,
    pub(crate) waited: String,
}

impl Realm {
    /// Fetches a token. The credentials go to the realm's host: the HTTP client takes them away where an answer
    /// redirects to another.
    pub(crate) async fn token(
        &self,
        client: &reqwest::Client,
        wanted: Wanted<'_>,
    ) -> Result<String, RegistryError> {
        let mut url = self.url.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("scope", &wanted.scope);
            if let Some(service) = &self.service {
                query.append_pair("service", service);
            }
        }
        let proof = match wanted.auth {
            RegistryAuth::Basic(user, password) => Proof::Basic(user.clone(), password.clone()),
            RegistryAuth::Bearer(token) => Proof::Bearer(token.clone()),
            RegistryAuth::Anonymous => Proof::None,
        };
        let get = Get {
            url: url.to_string(),
            accept: "application/json",
            most: LARGEST,
            what: wanted.what,
            host: wanted.host,
            proof,
            waited: wanted.waited,
        };
        let (_, body) = get.send(client).await.map_err(|error| match error {
            // Whatever a login says against it, it is not let in.
            RegistryError::Forbidden { .. } | RegistryError::Missing { .. } => {
                RegistryError::Unauthorized {
                    host: wanted.host.to_owned(),
                    had: *wanted.auth != RegistryAuth::Anonymous,
                }
            }
            other => other,
        })?;
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        let field = |name: &str| {
            let text = answer.as_ref()?.get(name)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        field("token")
            .or_else(|| field("access_token"))
            .ok_or_else(|| RegistryError::Refused {
                host: wanted.host.to_owned(),
                answer: "a login that holds no token; ask who runs it".to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(url: &str, service: Option<&str>) -> Result<Challenge, Odd> {
        Ok(Challenge::Bearer(Realm {
            url: Url::parse(url).unwrap(),
            service: service.map(str::to_owned),
        }))
    }

    #[test]
    fn a_login_leaves_an_encrypted_registry_encrypted_only() {
        let token = r#"Bearer realm="https://auth.example.com/token",service="x""#;
        let open = r#"Bearer service="x",realm="http://auth.example.com/token""#;
        let secure = bearer("https://auth.example.com/token", Some("x"));
        assert_eq!(challenge(&[token], false), secure);
        assert_eq!(
            challenge(&["Basic realm=\"x\"", open], false),
            Err(Odd::Plain("http://auth.example.com/token".to_owned()))
        );
        assert_eq!(
            challenge(&[open], true),
            bearer("http://auth.example.com/token", Some("x"))
        );
        assert_eq!(challenge(&["Bearer"], false), Ok(Challenge::None));
        assert_eq!(
            challenge(&["basic realm=\"x\""], false),
            Ok(Challenge::Basic)
        );
        assert_eq!(challenge(&[], false), Ok(Challenge::None));
    }

    #[test]
    fn a_login_is_read_in_one_way() {
        // Names in any case, spaces, a realm within another value, one given twice.
        for text in [
            r#"bearer  Realm = "https://auth.example.com/token" , scope="a,b""#,
            r#"Bearer service="x realm=\"http://evil.example.com\"",realm="https://auth.example.com/token""#,
            r#"Bearer realm="https://auth.example.com/token",realm="http://evil.example.com""#,
            "Bearer realm=https://auth.example.com/token,service=x",
        ] {
            let Ok(Challenge::Bearer(realm)) = challenge(&[text], false) else {
                panic!("{text}");
            };
            assert_eq!(
                realm.url.as_str(),
                "https://auth.example.com/token",
                "{text}"
            );
        }
        for text in [
            r#"Bearer realm="auth.example.com/token""#,
            r#"Bearer realm="file:///etc/passwd""#,
            r#"Bearer realm="https://registry.example.com@evil.example.com/""#,
            r#"Bearer realm="https://auth.example.com"#,
            "Bearer x",
        ] {
            assert!(
                matches!(challenge(&[text], true), Err(Odd::NoPlace(_))),
                "{text}"
            );
        }
    }
}
