//! What is refused before anything is called, and what plan looks up.

use std::collections::BTreeSet;

use gabion_aws::Clients;
use gabion_framework::prelude::*;
use jiff::Timestamp;

use crate::shared::exception::{self, Moment};
use crate::shared::policy::Document;
use crate::shared::{fault, live, strings};

use super::defaults::TABLE;
use super::model::WorkloadRoleModel;
use super::trust::Scene;
use super::{private, statement, trust};

/// Longest trust policy by default, and with the quota raised as far as it goes; without white space.
const TRUST: (usize, usize) = (2048, 4096);
/// Managed policies of a role by default, and with the quota raised.
const MANAGED: (usize, usize) = (10, 25);

/// Names that IAM does not take, and attributes that do not fit together.
pub(super) fn names(role: &WorkloadRoleModel, diags: &mut Diagnostics) {
    if let (Some(own), Some(others)) = (
        role.policy_name.as_str(),
        role.other_inline_policies.known(),
    ) && others.iter().any(|name| name.as_str() == Some(own))
    {
        diags.error_at(
            Path::root("other_inline_policies"),
            "The policy is this resource's own",
            format!("`{own}` is the inline policy that this resource writes (`policy_name`). Take it out of the list."),
        );
    }
}

/// The secure defaults.
pub(super) fn defaults(role: &WorkloadRoleModel, moment: Moment, diags: &mut Diagnostics) {
    exception::check(
        role,
        &role.exception,
        TABLE,
        moment,
        Timestamp::now(),
        diags,
    );
}

fn length(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// Policies that IAM would refuse for their size.
pub(super) fn sizes(
    role: &WorkloadRoleModel,
    trust: Option<&Document>,
    policy: Option<&Document>,
    diags: &mut Diagnostics,
) {
    if let Some(trust) = trust {
        let length = length(&trust::to_json(trust));
        let text = format!(
            "The generated trust policy of {} has {length} characters",
            role.title()
        );
        let path = Path::root("assume_role_policy");
        if length > TRUST.1 {
            diags.error_at(
                path,
                "The trust policy is too long",
                format!(
                    "{text}, and IAM takes at most {}. Make a role for each group of principals.",
                    TRUST.1
                ),
            );
        } else if length > TRUST.0 {
            diags.warning_at(
                path,
                "The trust policy is long",
                format!(
                    "{text}. IAM takes {}, unless the account's quota was raised (to {} at most).",
                    TRUST.0, TRUST.1
                ),
            );
        }
    }
    if let Some(policy) = policy {
        let length = length(&policy.to_json());
        if length > statement::LONGEST {
            diags.error_at(
                Path::root("policy"),
                "The inline policy is too long",
                format!(
                    "The generated policy of {} has {length} characters, and all inline policies of a role together may \
                     have {}. Move statements into a managed policy, and attach that by `managed_policy_arns`.",
                    role.title(),
                    statement::LONGEST
                ),
            );
        }
    }
    let attached = role.managed_policy_arns.known().map_or(0, Vec::len);
    let text = format!("{} has {attached} managed policies", role.title());
    if attached > MANAGED.1 {
        diags.error_at(
            Path::root("managed_policy_arns"),
            "Too many managed policies",
            format!("{text}, and IAM takes at most {}.", MANAGED.1),
        );
    } else if attached > MANAGED.0 {
        diags.warning_at(
            Path::root("managed_policy_arns"),
            "Many managed policies",
            format!(
                "{text}. IAM takes {}, unless the account's quota was raised.",
                MANAGED.0
            ),
        );
    }
}

/// A policy or provider of another account can never serve this role.
pub(super) fn accounts(role: &WorkloadRoleModel, scene: &Scene<'_>, diags: &mut Diagnostics) {
    let account = |arn: &str| arn.split(':').nth(4).unwrap_or_default().to_owned();
    let mut check = |path: Path, arn: &str, what: &str| {
        let other = account(arn);
        if other != scene.account && other != "aws" {
            diags.error_at(
                path,
                "The object is in another account",
                format!(
                    "{what} `{arn}` is in account `{other}`, and the role is in `{}`.",
                    scene.account
                ),
            );
        }
    };
    if let Some(arn) = role.permissions_boundary.as_str() {
        check(Path::root("permissions_boundary"), arn, "The boundary");
    }
    for arn in strings::known_part(&role.managed_policy_arns) {
        check(Path::root("managed_policy_arns"), &arn, "The policy");
    }
    let provider = role
        .workload
        .known()
        .and_then(|one| one.provider_arn(scene));
    if let Some(arn) = provider {
        check(
            Path::root("workload").attribute("provider"),
            &arn,
            "The provider",
        );
    }
    if let Some(arn) = role
        .human
        .known()
        .and_then(|one| one.saml_provider.as_str())
    {
        check(
            Path::root("human").attribute("saml_provider"),
            arn,
            "The provider",
        );
    }
}

/// For plan: the boundary and newly attached policies exist, the OIDC provider perhaps not yet. Asks only
/// about what changes.
pub(super) async fn existence(
    clients: &Clients,
    prior: Option<&WorkloadRoleModel>,
    planned: &WorkloadRoleModel,
    diags: &mut Diagnostics,
) {
    let mut policies: Vec<(&str, String)> = Vec::new();
    if let Some(arn) = planned.permissions_boundary.as_str()
        && prior.is_none_or(|prior| prior.permissions_boundary != planned.permissions_boundary)
    {
        policies.push(("permissions_boundary", arn.to_owned()));
    }
    let before = prior.map(|prior| strings::known_part(&prior.managed_policy_arns));
    policies.extend(
        strings::known_part(&planned.managed_policy_arns)
            .into_iter()
            .filter(|arn| !before.as_ref().is_some_and(|before| before.contains(arn)))
            .map(|arn| ("managed_policy_arns", arn)),
    );
    for (attribute, arn) in policies {
        let path = Path::root(attribute);
        match clients.iam().has_policy(&arn).await {
            Ok(true) => {}
            Ok(false) => diags.error_at(
                path,
                "There is no such policy",
                format!(
                    "There is no managed policy `{arn}`. If this configuration makes it, refer to that resource's `arn`, \
                     so that the role waits for it."
                ),
            ),
            Err(error) if error.is_access_denied() => diags.warning_at(
                path,
                "It could not be told whether the policy exists",
                format!("{error}. Apply will fail if there is no policy `{arn}`."),
            ),
            Err(error) => {
                diags.extend(fault::while_setting(path, format!("looking for the policy `{arn}`"))(error));
            }
        }
    }
    let saml = |role: &WorkloadRoleModel| {
        let human = role.human.known()?;
        human.saml_provider.as_str().map(str::to_owned)
    };
    if let Some(arn) = saml(planned).filter(|arn| prior.and_then(saml).as_ref() != Some(arn)) {
        // Whoever may not look it up learns nothing here; nor is it an error that apply would meet.
        let found = clients.iam().has_saml_provider(&arn).await;
        if matches!(found, Ok(false)) {
            diags.warning_at(
                Path::root("human").attribute("saml_provider"),
                "There is no such SAML provider",
                format!("There is no SAML provider `{arn}` (yet): until there is, nobody can assume {}.", planned.title()),
            );
        }
    }
    let provider = |role: &WorkloadRoleModel| {
        role.workload
            .known()
            .and_then(|one| one.provider_arn(&Scene::of(clients)))
    };
    if let Some(arn) =
        provider(planned).filter(|arn| prior.and_then(provider).as_ref() != Some(arn))
    {
        let found = clients.iam().has_oidc_provider(&arn).await;
        if matches!(found, Ok(false)) {
            diags.warning_at(
                Path::root("workload").attribute("provider"),
                "There is no such OIDC provider",
                format!("There is no OIDC provider `{arn}` (yet): until there is, nobody can assume {}.", planned.title()),
            );
        }
    }
}

/// All inline policies of a role share one limit: for plan, where the generated one changes beside others that stay.
///
/// # Errors
/// Another one could not be read.
pub(super) async fn inline_total(
    clients: &Clients,
    prior: &WorkloadRoleModel,
    planned: &WorkloadRoleModel,
    policy: &Document,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(role) = prior.name.as_str() else {
        return Ok(());
    };
    let own = length(&policy.to_json());
    if prior.policy == planned.policy || own > statement::LONGEST {
        return Ok(());
    }
    let mut others = 0;
    for name in strings::known_part(&planned.other_inline_policies) {
        let found =
            clients
                .iam()
                .inline_policy(role, &name)
                .await
                .map_err(fault::while_setting(
                    Path::root("other_inline_policies"),
                    format!("reading the inline policy `{name}`"),
                ))?;
        others += found.as_deref().map_or(0, length);
    }
    if others > 0 && own + others > statement::LONGEST {
        diags.error_at(
            Path::root("policy"),
            "The inline policies are too long together",
            format!(
                "The generated policy of {} has {own} characters, those of `other_inline_policies` have {others}, and all \
                 inline policies of a role together may have {}. Move statements into a managed policy, and attach that by \
                 `managed_policy_arns`.",
                planned.title(),
                statement::LONGEST
            ),
        );
    }
    Ok(())
}

/// What of a role is there.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// The trust policy, where it can be understood.
    pub(super) trust: Option<Document>,
    /// The inline policy under the planned name.
    pub(super) inline: Option<Document>,
    /// Managed policies.
    pub(super) attached: BTreeSet<String>,
    /// Names of all inline policies.
    pub(super) names: BTreeSet<String>,
}

/// What others put into the role stays, unless it is listed.
pub(super) fn removals(
    standing: &Standing,
    planned: &WorkloadRoleModel,
    documents: (&Document, &Document),
    private: &Private,
    scene: &Scene<'_>,
    diags: &mut Diagnostics,
) {
    if planned.acknowledge_removals.is_unknown() {
        return;
    }
    let (trust, policy) = documents;
    if let Some(standing) = &standing.trust
        && !standing.same_as(trust)
    {
        let mut found = Diagnostics::new();
        live::check(
            standing,
            trust,
            live::applied(private, scene.partition).as_ref(),
            &planned.acknowledge_removals,
            scene.partition,
            &planned.title(),
            &mut found,
        );
        for mut diagnostic in found {
            diagnostic.path = Some(Path::root("assume_role_policy"));
            diags.push(diagnostic);
        }
    }

    let acknowledged = strings::known_part(&planned.acknowledge_removals);
    let mut left: Vec<(String, &str)> = Vec::new();
    let ours = private::attached(private).unwrap_or_default();
    let kept = strings::known_part(&planned.managed_policy_arns);
    // While an element is unknown, anything may still be listed.
    let all_known = strings::known(&planned.managed_policy_arns).is_some();
    left.extend(
        standing
            .attached
            .iter()
            .filter(|arn| all_known && !kept.contains(*arn) && !ours.contains(*arn))
            .map(|arn| (arn.clone(), "a managed policy that is attached")),
    );
    let own = private::inline(private);
    let kept = strings::known_part(&planned.other_inline_policies);
    let all_known = strings::known(&planned.other_inline_policies).is_some();
    left.extend(
        standing
            .names
            .iter()
            .filter(|name| {
                all_known
                    && name.as_str() != planned.inline_name()
                    && !kept.contains(*name)
                    && own.as_ref() != Some(*name)
            })
            .map(|name| (name.clone(), "an inline policy")),
    );
    // A policy under this name that this resource wrote is its own, whatever was done to it since.
    if own.as_deref() != Some(planned.inline_name())
        && let Some(inline) = &standing.inline
    {
        left.extend(
            inline
                .statements
                .iter()
                .enumerate()
                .filter(|(_, one)| !policy.statements.iter().any(|new| new.same_content(one)))
                .map(|(index, one)| (one.label(index), "a statement of the inline policy")),
        );
    }
    left.retain(|(name, _)| !acknowledged.contains(name));
    refuse(left, planned, "lose", diags);
}

/// The error that names what others would lose.
pub(super) fn refuse(
    left: Vec<(String, &str)>,
    role: &WorkloadRoleModel,
    verb: &str,
    diags: &mut Diagnostics,
) {
    if left.is_empty() {
        return;
    }
    let lines: Vec<String> = left
        .iter()
        .map(|(name, what)| format!("  - `{name}` ({what})"))
        .collect();
    let names: Vec<String> = left.iter().map(|(name, _)| format!("{name:?}")).collect();
    diags.error_at(
        Path::root(live::ATTRIBUTE),
        "The plan would take policies of others out of a live role",
        format!(
            "{} holds what this configuration did not put there, and would {verb}:\n\n{}\n\nKeep it by `statement` blocks, \
             `managed_policy_arns` or `other_inline_policies`, or let it go with:\n\n  {} = [{}]",
            role.title(),
            lines.join("\n"),
            live::ATTRIBUTE,
            names.join(", ")
        ),
    );
}

/// Inline policies can only be kept, not made, by `other_inline_policies`.
pub(super) fn others_exist(
    names: &BTreeSet<String>,
    planned: &WorkloadRoleModel,
    diags: &mut Diagnostics,
) {
    for name in strings::known_part(&planned.other_inline_policies) {
        if !names.contains(&name) {
            diags.error_at(
                Path::root("other_inline_policies"),
                "There is no such inline policy",
                format!(
                    "{} has no inline policy `{name}`. The list only keeps those that others made: take it out.",
                    planned.title()
                ),
            );
        }
    }
}
