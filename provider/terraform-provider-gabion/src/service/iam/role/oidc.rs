//! `workload`: a workload outside of AWS, or a Kubernetes service account, by the token of its OIDC
//! provider. Subject and audience are exact.

use gabion_framework::prelude::*;

use crate::shared::policy::{Principals, Statement, allow};
use crate::shared::strings::{self, Strings};

use super::trust::{SID, Scene};

object! {
    /// A workload.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Workload {
        /// ARN or URL of the OIDC provider.
        pub(crate) provider: Value<String>,
        /// Exact `sub` claims.
        pub(crate) subjects: Strings,
        /// Exact `aud` claims.
        pub(crate) audiences: Strings,
    }
}

const GITHUB: &str = "token.actions.githubusercontent.com";
const STS_AUDIENCE: &str = "sts.amazonaws.com";

/// The attribute.
pub(super) fn attribute() -> Attribute {
    Attribute::object(
        "workload",
        vec![
            Attribute::string("provider")
                .required()
                .validate(validate::matches(
                    |text| host(text).is_some(),
                    "an OIDC provider: expected its ARN (`arn:aws:iam::ACCOUNT:oidc-provider/HOST`) or its URL \
                     (`https://token.actions.githubusercontent.com`)",
                ))
                .describe(
                    "ARN or URL of the account's OIDC provider, such as `https://token.actions.githubusercontent.com`.",
                ),
            Attribute::set("subjects", Type::String)
                .required()
                .validate(validate::length(1, 20))
                .validate(validate::each(validate::matches(
                    is_exact,
                    "an exact subject: wildcards are not allowed, name each branch, environment or service account",
                )))
                .describe(
                    "The token's `sub`, exactly: `repo:OWNER/REPO:ref:refs/heads/main` (GitHub), \
                     `project_path:GROUP/PROJECT:ref_type:branch:ref:main` (GitLab), \
                     `system:serviceaccount:NAMESPACE:NAME` (EKS). One of them must match.",
                ),
            Attribute::set("audiences", Type::String)
                .optional()
                .validate(validate::length(1, 20))
                .validate(validate::each(validate::matches(
                    is_exact,
                    "an exact audience: wildcards are not allowed",
                )))
                .describe(
                    "The token's `aud`, exactly. Default `sts.amazonaws.com` for GitHub and EKS, else the provider's \
                     URL.",
                ),
        ],
    )
    .optional()
    .describe("With `principal_kind = \"workload\"`: whom an OIDC provider vouches for.")
}

fn is_exact(text: &str) -> bool {
    !text.is_empty() && !text.contains(['*', '?']) && !text.contains("${")
}

/// Host and path of a provider, by its ARN or URL.
fn host(provider: &str) -> Option<&str> {
    let host = if let Some(rest) = provider.strip_prefix("arn:") {
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        match parts.as_slice() {
            [_, "iam", "", account, resource] if validate::is_account_id(account) => {
                resource.strip_prefix("oidc-provider/")?
            }
            _ => return None,
        }
    } else {
        provider.strip_prefix("https://")?.trim_end_matches('/')
    };
    let name = host.split('/').next().unwrap_or_default();
    let fits = name.contains('.')
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._~/-".contains(&b));
    fits.then_some(host)
}

/// What is wrong with a subject, for providers whose subjects have a known shape.
fn subject_fault(host: &str, subject: &str) -> Option<&'static str> {
    let parts: Vec<&str> = subject.split(':').collect();
    let is_path = |path: &str, least: usize| {
        let names: Vec<&str> = path.split('/').collect();
        names.len() >= least && names.iter().all(|name| !name.is_empty())
    };
    if host == GITHUB {
        let fits = match parts.as_slice() {
            ["repo", repo, rest @ ..] => {
                repo.matches('/').count() == 1
                    && is_path(repo, 2)
                    && rest.iter().any(|part| !part.is_empty())
            }
            // Subjects of a customized template begin with another claim.
            [claim, rest @ ..] => {
                ["repository", "repository_id", "job_workflow_ref"].contains(claim)
                    && rest.iter().any(|part| !part.is_empty())
            }
            [] => false,
        };
        return (!fits).then_some(
            "GitHub's subjects name a repository and what runs in it, such as \
             `repo:OWNER/REPO:ref:refs/heads/main` or `repo:OWNER/REPO:environment:production`",
        );
    }
    if host.starts_with("oidc.eks.") {
        let fits = matches!(parts.as_slice(), ["system", "serviceaccount", namespace, name]
            if !namespace.is_empty() && !name.is_empty());
        return (!fits).then_some(
            "subjects of EKS name a service account: `system:serviceaccount:NAMESPACE:NAME`",
        );
    }
    if host.split(['/', '.']).any(|part| part == "gitlab") {
        let fits = matches!(parts.as_slice(), ["project_path", path, _, ..] if is_path(path, 2));
        return (!fits).then_some(
            "GitLab's subjects name a project and a ref: `project_path:GROUP/PROJECT:ref_type:branch:ref:main`",
        );
    }
    None
}

fn default_audience(host: &str) -> String {
    if host == GITHUB || host.starts_with("oidc.eks.") {
        STS_AUDIENCE.to_owned()
    } else {
        format!("https://{host}")
    }
}

impl Workload {
    /// What one attribute cannot tell.
    pub(super) fn validate(&self, diags: &mut Diagnostics) {
        let Some(host) = self.provider.as_str().and_then(host) else {
            return;
        };
        for subject in strings::known_part(&self.subjects) {
            if let Some(fault) = subject_fault(host, &subject) {
                diags.error_at(
                    Path::root("workload").attribute("subjects"),
                    "Invalid subject",
                    format!("`{subject}` is not a subject of `{host}`: {fault}."),
                );
            }
        }
    }

    /// The provider's ARN; none while it is unknown.
    pub(super) fn provider_arn(&self, scene: &Scene<'_>) -> Option<String> {
        let provider = self.provider.as_str()?;
        if provider.starts_with("arn:") {
            return Some(provider.to_owned());
        }
        Some(format!(
            "arn:{}:iam::{}:oidc-provider/{}",
            scene.partition,
            scene.account,
            host(provider)?
        ))
    }

    /// Its statement of the trust policy; none while something is unknown.
    pub(super) fn statement(&self, scene: &Scene<'_>) -> Option<Statement> {
        let host = host(self.provider.as_str()?)?;
        let subjects = strings::known(&self.subjects)?;
        let mut audiences = strings::known(&self.audiences)?;
        if audiences.is_empty() {
            audiences.insert(default_audience(host));
        }
        Some(
            allow(SID)
                .to("Federated", [self.provider_arn(scene)?])
                .actions(["sts:AssumeRoleWithWebIdentity"])
                .when("StringEquals", &format!("{host}:aud"), audiences)
                .when("StringEquals", &format!("{host}:sub"), subjects),
        )
    }

    /// The workload of a live statement that this module could have made.
    pub(super) fn read(statement: &Statement) -> Option<Self> {
        let Principals::Only(map) = &statement.principals else {
            return None;
        };
        let arn = map
            .get("Federated")
            .filter(|names| names.len() == 1)?
            .first()?;
        let host = host(arn)?;
        let equals = statement.conditions.get("StringEquals")?;
        let subjects = equals.get(&format!("{host}:sub"))?;
        let audiences = equals.get(&format!("{host}:aud"))?;
        let is_default = audiences.len() == 1 && audiences.contains(&default_audience(host));
        Some(Self {
            provider: arn.as_str().into(),
            subjects: strings::of(subjects.clone()),
            audiences: if is_default {
                Value::Null
            } else {
                strings::of(audiences.clone())
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::iam::role::trust::tests::SCENE;

    #[test]
    fn providers() {
        for (text, wanted) in [
            ("https://token.actions.githubusercontent.com", Some(GITHUB)),
            ("https://gitlab.example.com/", Some("gitlab.example.com")),
            (
                "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC",
                Some("oidc.eks.eu-central-1.amazonaws.com/id/ABC"),
            ),
            ("token.actions.githubusercontent.com", None),
            ("http://gitlab.com", None),
            ("https://*", None),
            ("https://*.example.com", None),
            ("arn:aws:iam::111122223333:saml-provider/x", None),
        ] {
            assert_eq!(host(text), wanted, "{text}");
        }
    }

    #[test]
    fn subjects() {
        let eks = "oidc.eks.eu-central-1.amazonaws.com/id/ABC";
        for (host, subject, fits) in [
            (GITHUB, "repo:acme/app:ref:refs/heads/main", true),
            (GITHUB, "repo:acme/app:environment:production", true),
            (GITHUB, "repo:acme/app:pull_request", true),
            (GITHUB, "repo:acme@1/app@2:ref:refs/heads/main", true),
            (GITHUB, "repo:acme/app", false),
            (GITHUB, "repo:acme/app:", false),
            (GITHUB, "repo:acme:ref:refs/heads/main", false),
            (GITHUB, "repository_owner:acme", false),
            (eks, "system:serviceaccount:shop:worker", true),
            (eks, "system:serviceaccount:shop", false),
            (eks, "system:serviceaccount:shop:", false),
            (
                "gitlab.com",
                "project_path:a/b/c:ref_type:branch:ref:main",
                true,
            ),
            ("gitlab.com", "project_path:a/b", false),
            ("gitlab.com", "a/b", false),
            ("idp.example.com", "anything", true),
        ] {
            assert_eq!(subject_fault(host, subject).is_none(), fits, "{subject}");
        }
        for wrong in [
            "",
            "repo:acme/*",
            "repo:acme/app:ref:refs/heads/?",
            "${aws:x}",
        ] {
            assert!(!is_exact(wrong), "{wrong}");
        }
    }

    #[test]
    fn there_and_back() {
        let one = Workload {
            provider: "https://token.actions.githubusercontent.com".into(),
            subjects: strings::of(["repo:acme/app:ref:refs/heads/main"]),
            audiences: Value::Null,
        };
        let statement = one.statement(&SCENE).unwrap();
        let read = Workload::read(&statement).unwrap();
        assert_eq!(
            read.provider.as_str(),
            Some("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com")
        );
        assert_eq!(read.statement(&SCENE), Some(statement));
        assert!(read.audiences.is_null());
    }
}
