//! Where a pack lies: `oci://HOST/REPOSITORY`, with a tag or a digest.

use std::fmt;

use oci_client::Reference;

use crate::digest::is_sha256;

/// A place in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The host, with its port where one is written.
    pub host: String,
    /// The path of the repository, such as `acme/guardrails`.
    pub repository: String,
    /// The tag, where one is written.
    pub tag: Option<String>,
    /// The digest of the manifest, `sha256:...`, where one is written.
    pub digest: Option<String>,
}

/// Why a text is no place in a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no place in a registry: {reason}")]
pub struct LocationError {
    text: String,
    reason: &'static str,
}

const FORM: &str = "write `oci://HOST/REPOSITORY`, such as `oci://registry.example.com/acme/guardrails`, \
     with `:TAG` or `@sha256:DIGEST` where one is wanted";

impl Location {
    /// Reads `oci://HOST/REPOSITORY[:TAG][@sha256:DIGEST]`. The host is always written: there is no default one.
    ///
    /// # Errors
    /// What the text is not, and the form it should have.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let wrong = |reason| LocationError {
            text: redacted(text),
            reason,
        };
        let rest = text.strip_prefix("oci://").ok_or_else(|| wrong(FORM))?;
        if has_credentials(rest) {
            return Err(wrong(
                "credentials do not belong there; log in with `docker login`, and they are found",
            ));
        }
        let (host, path) = rest.split_once('/').ok_or_else(|| wrong(FORM))?;
        let named = host.contains(['.', ':']) || host == "localhost";
        if !named || path.is_empty() {
            return Err(wrong(FORM));
        }
        let reference: Reference = rest.parse().map_err(|_| {
            if path.chars().any(|c| c.is_ascii_uppercase()) && !path.contains([':', '@']) {
                wrong("a repository is written in lower case")
            } else {
                wrong(FORM)
            }
        })?;
        if reference.digest().is_some_and(|digest| !is_sha256(digest)) {
            return Err(wrong("a digest is `sha256:` and 64 hexadecimal digits"));
        }
        // The parser fills in what was not written; a tag that nobody asked for is none.
        let written = path
            .split('@')
            .next()
            .is_some_and(|name| name.contains(':'));
        Ok(Self {
            host: reference.registry().to_owned(),
            repository: reference.repository().to_owned(),
            tag: reference.tag().filter(|_| written).map(str::to_owned),
            digest: reference.digest().map(str::to_owned),
        })
    }

    /// The same repository, without tag and digest.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self {
            tag: None,
            digest: None,
            ..self.clone()
        }
    }

    /// This tag of the same repository.
    #[must_use]
    pub fn at_tag(&self, tag: &str) -> Self {
        Self {
            tag: Some(tag.to_owned()),
            digest: None,
            ..self.clone()
        }
    }

    /// This digest in the same repository.
    #[must_use]
    pub fn at_digest(&self, digest: &str) -> Self {
        Self {
            tag: None,
            digest: Some(digest.to_owned()),
            ..self.clone()
        }
    }

    /// Host and repository, as signatures name them: `registry.example.com/acme/guardrails`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// Whether the host is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|c| c.is_ascii_digit()) => host,
            _ => &self.host,
        };
        host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    pub(crate) fn reference(&self) -> Reference {
        let (host, repository) = (self.host.clone(), self.repository.clone());
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Reference::with_digest(host, repository, digest.clone()),
            (None, tag) => {
                let tag = tag.clone().unwrap_or_else(|| "latest".to_owned());
                Reference::with_tag(host, repository, tag)
            }
        }
    }
}

/// Whether what stands before an `@` is no repository with a digest behind it. A password may hold a slash.
fn has_credentials(rest: &str) -> bool {
    match rest.rsplit_once('@') {
        Some((before, digest)) => !looks_like_digest(digest) || before.contains('@'),
        None => false,
    }
}

fn looks_like_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(kind, hex)| {
        kind.starts_with("sha") && hex.bytes().all(|c| c.is_ascii_hexdigit())
    })
}

/// A text without what may be credentials: they are not shown again.
fn redacted(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    if !has_credentials(rest) {
        return text.to_owned();
    }
    let parts: Vec<&str> = rest.split('@').collect();
    // The digest goes with the repository before it.
    let shown = match parts.as_slice() {
        [.., place, digest] if looks_like_digest(digest) => format!("{place}@{digest}"),
        [.., place] => (*place).to_owned(),
        [] => String::new(),
    };
    format!("{scheme}...@{shown}")
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_written_alike() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for text in [
            "oci://registry.example.com/acme/guardrails".to_owned(),
            "oci://127.0.0.1:5000/acme:1.2.0".to_owned(),
            format!("oci://localhost/acme@{digest}"),
            format!("oci://registry.example.com:8443/a/b/c:1.0.0-rc.1@{digest}"),
        ] {
            let location = Location::parse(&text).unwrap();
            assert_eq!(location.to_string(), text);
        }
        let location = Location::parse("oci://registry.example.com/acme").unwrap();
        assert_eq!((location.tag, location.digest), (None, None));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let refused = |text: &str| Location::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(refused("registry.example.com/acme"), @"`registry.example.com/acme` is no place in a registry: write `oci://HOST/REPOSITORY`, such as `oci://registry.example.com/acme/guardrails`, with `:TAG` or `@sha256:DIGEST` where one is wanted");
        insta::assert_snapshot!(refused("oci://registry.example.com/Acme"), @"`oci://registry.example.com/Acme` is no place in a registry: a repository is written in lower case");
        insta::assert_snapshot!(refused("oci://me:secret@registry.example.com/acme"), @"`oci://...@registry.example.com/acme` is no place in a registry: credentials do not belong there; log in with `docker login`, and they are found");
        for text in [
            "oci://me:se/cret@registry.example.com/acme",
            "oci://me:se/cr@et@registry.example.com/acme:1.0.0",
            "oci://me/se:cret@registry.example.com",
            "https://me:se/cret@registry.example.com/acme",
            "me:se/cret@registry.example.com/acme",
            &format!(
                "oci://me:se/cret@registry.example.com/acme@sha256:{}",
                "0".repeat(64)
            ),
            &format!(
                "oci://me:se/cret@registry.example.com/Acme@sha256:{}",
                "0".repeat(64)
            ),
        ] {
            let said = refused(text);
            assert!(!said.contains("se/cr") && !said.contains("cret"), "{said}");
            assert!(said.contains("...@registry.example.com"), "{said}");
        }
        for text in [
            "oci://acme/guardrails",
            "oci://registry.example.com/",
            "oci://registry.example.com/acme@sha256:12",
            "oci://registry.example.com/../acme",
            "oci://registry.example.com/acme:a b",
            "oci://",
        ] {
            refused(text);
        }
    }

    #[test]
    fn loopback_is_told_from_the_rest() {
        for (host, expected) in [
            ("127.0.0.1:5000", true),
            ("127.9.9.9", true),
            ("localhost:5000", true),
            ("localhost.example.com", false),
            ("10.0.0.1:5000", false),
            ("registry.example.com", false),
        ] {
            let location = Location::parse(&format!("oci://{host}/acme")).unwrap();
            assert_eq!(location.is_loopback(), expected, "{host}");
        }
    }
}
