//! What is refused before anything is called, and what plan looks up.

use std::collections::BTreeSet;

use gabion_aws::Clients;
use gabion_aws::organizations::OrganizationLookup;
use gabion_framework::prelude::*;
use jiff::Timestamp;

use crate::shared::exception::{self, Enforced, Moment, Strength};
use crate::shared::policy::{Document, matches};
use crate::shared::{deletion, fault, live, strings};

use super::POLICY_TYPE;
use super::intents::{self, LONGEST};
use super::lockout::Candidates;
use super::model::OrgGuardrailModel;

/// Service control policies that one root, unit or account may have.
const PER_TARGET: usize = 5;

/// A principal of no account in particular.
const SOMEBODY: &str = "arn:aws:iam::000000000000:role/q7w1-no-such-role";

/// What must not be weaker without an exception.
pub(super) const TABLE: &[Enforced<OrgGuardrailModel>] = &[Enforced {
    attribute: "exempt_principals",
    controls: &["own"],
    strength: |guardrail| {
        let open = strings::known_part(&guardrail.exempt_principals)
            .into_iter()
            .find(|pattern| {
                let name = pattern.rsplit(':').next().unwrap_or_default();
                let role = name.rsplit('/').next().unwrap_or_default();
                matches(role, "q7w1-no-such-role") || matches(pattern, SOMEBODY)
            });
        match open {
            Some(pattern) => {
                Strength::Weaker(format!("`{pattern}` exempts every role of an account"))
            }
            None => Strength::Kept,
        }
    },
}];

/// A guardrail without an intent guards nothing.
pub(super) fn any_intent(guardrail: &OrgGuardrailModel, diags: &mut Diagnostics) {
    if !intents::any(guardrail) {
        diags.error(
            "The guardrail guards nothing",
            "Ask for at least one of `deny_leaving_organization`, `deny_disabling_trails`, `deny_disabling_detectors`, \
             `deny_root`, `require_encryption` and `allowed_regions`.",
        );
    }
}

/// The secure defaults.
pub(super) fn defaults(guardrail: &OrgGuardrailModel, moment: Moment, diags: &mut Diagnostics) {
    exception::check(
        guardrail,
        &guardrail.exception,
        TABLE,
        moment,
        Timestamp::now(),
        diags,
    );
}

/// A policy that Organizations would refuse for its size.
pub(super) fn size(guardrail: &OrgGuardrailModel, policy: &Document, diags: &mut Diagnostics) {
    let length = policy.to_json().chars().count();
    if length > LONGEST {
        diags.error_at(
            Path::root("policy"),
            "The policy is too long",
            format!(
                "The generated policy of {} has {length} characters, and a service control policy may have {LONGEST}. \
                 Spread the intents over two guardrails, or name the exempt principals by fewer patterns.",
                guardrail.title()
            ),
        );
    }
}

/// Whether the plan changes who may be shut out: the policy, those who are looked at, or the targets. Plan and apply ask
/// alike: what stands still shuts out nobody who was not shut out before. `checked` is the vending role of the last
/// apply, and `role` that of now.
pub(super) fn concerns_lockout(
    prior: Option<&OrgGuardrailModel>,
    planned: &OrgGuardrailModel,
    policy: &Document,
    partition: &str,
    checked: Option<&str>,
    role: &str,
) -> bool {
    let Some(prior) = prior else {
        return true;
    };
    let before = strings::known_part(&prior.targets);
    let stands = prior
        .policy
        .as_str()
        .and_then(|text| Document::parse(text, partition).ok())
        .is_some_and(|standing| standing.same_as(policy));
    // Who wants to be rid of a guardrail that shuts out need not mend it first.
    let renamed = checked.is_some_and(|checked| checked != role)
        && !deletion::turns_off(&prior.deletion_protection, &planned.deletion_protection);
    !stands
        || renamed
        || prior.break_glass_roles != planned.break_glass_roles
        || prior.vending_regions != planned.vending_regions
        || strings::known(&planned.targets).is_none_or(|targets| !targets.is_subset(&before))
}

/// Those who administer must still be able to.
///
/// # Errors
/// The lookup of the organization failed.
pub(super) async fn lockout(
    guardrail: &OrgGuardrailModel,
    policy: &Document,
    clients: &Clients,
    vending_role: &str,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let break_glass = strings::known_part(&guardrail.break_glass_roles);
    let regions = match &guardrail.vending_regions {
        Value::Null => None,
        some => Some(strings::known_part(some)),
    };
    let candidates = Candidates::new(clients, vending_role, regions, break_glass);
    let mut found = candidates.shut_out(policy);
    if found
        .iter()
        .any(|one| one.role == "the principal that applies")
        && manages_itself(clients).await?
    {
        found = candidates.without_caller().shut_out(policy);
    }
    for one in found {
        let place = one.place();
        diags.error_at(
            Path::root(one.intent),
            "The guardrail would shut out who administers",
            format!(
                "`{}` of {} would forbid `{}`{place} to `{}` ({}). Add it to `exempt_principals`, or {}.",
                one.intent,
                guardrail.title(),
                one.action,
                one.principal,
                one.role,
                one.otherwise()
            ),
        );
    }
    Ok(())
}

/// Whether the caller is in the management account, which service control policies do not bind.
async fn manages_itself(clients: &Clients) -> Result<bool, Diagnostics> {
    let lookup = clients
        .organizations()
        .describe_organization()
        .await
        .map_err(fault::while_doing("reading the organization"))?;
    Ok(match lookup {
        OrganizationLookup::Member(organization) => {
            organization.management_account_id == clients.account_id()
        }
        _ => false,
    })
}

/// New targets exist, and have room for one more policy.
pub(super) async fn targets(
    clients: &Clients,
    prior: Option<&OrgGuardrailModel>,
    planned: &OrgGuardrailModel,
    diags: &mut Diagnostics,
) {
    let before = prior
        .map(|prior| strings::known_part(&prior.targets))
        .unwrap_or_default();
    let new: Vec<String> = strings::known_part(&planned.targets)
        .into_iter()
        .filter(|target| !before.contains(target))
        .collect();
    if new.is_empty() {
        return;
    }
    let path = || Path::root("targets");
    let organizations = clients.organizations();
    match organizations.root().await {
        Ok(root) if !root.policy_types.contains(POLICY_TYPE) => {
            diags.error_at(
                path(),
                "Service control policies are not enabled",
                "The organization does not have the policy type `SERVICE_CONTROL_POLICY` enabled, so no guardrail can be \
                 attached. Enable it (`gabion_organization`, or `aws organizations enable-policy-type`) and plan again.",
            );
            return;
        }
        Ok(_) => {}
        Err(error) => {
            diags.extend(fault::while_setting(
                path(),
                "reading the root of the organization",
            )(error));
            return;
        }
    }
    let own = prior.and_then(|prior| prior.id.as_str());
    for target in new {
        match organizations.policies_of(&target, POLICY_TYPE).await {
            Ok(policies) => {
                let others: Vec<String> = policies
                    .into_iter()
                    .filter(|policy| {
                        Some(policy.id.as_str()) != own
                            && Some(policy.name.as_str()) != planned.name.as_str()
                    })
                    .map(|policy| format!("`{}`", policy.name))
                    .collect();
                if others.len() >= PER_TARGET {
                    diags.error_at(
                        path(),
                        "The target has no room for another policy",
                        format!(
                            "`{target}` has {} service control policies ({}), and {PER_TARGET} is the most. Detach one, put \
                             the intents into fewer guardrails, or attach to the unit above.",
                            others.len(),
                            others.join(", ")
                        ),
                    );
                }
            }
            Err(error) if error.is_not_found() => diags.error_at(
                path(),
                "There is no such target",
                format!("There is no root, unit or account `{target}` in the organization."),
            ),
            Err(error) => {
                diags.extend(fault::while_setting(
                    path(),
                    format!("reading the policies of `{target}`"),
                )(error));
            }
        }
    }
}

/// Statements that others put into the live policy stay, unless they are listed.
pub(super) fn removals(
    standing: &Document,
    planned: &Document,
    private: &Private,
    guardrail: &OrgGuardrailModel,
    partition: &str,
    diags: &mut Diagnostics,
) {
    if guardrail.acknowledge_removals.is_unknown() || standing.same_as(planned) {
        return;
    }
    let applied = live::applied(private, partition);
    let acknowledged = strings::known_part(&guardrail.acknowledge_removals);
    let kept = |document: &Document, index: usize| {
        standing.statements.get(index).is_some_and(|one| {
            document
                .statements
                .iter()
                .any(|other| other.same_content(one))
        })
    };
    let left: BTreeSet<String> = standing
        .statements
        .iter()
        .enumerate()
        .filter(|(index, _)| {
            !kept(planned, *index)
                && !applied
                    .as_ref()
                    .is_some_and(|applied| kept(applied, *index))
        })
        // A statement of ours that was changed by hand is set right again.
        .filter(|(_, one)| {
            applied.is_none()
                || one
                    .sid
                    .as_deref()
                    .is_none_or(|sid| intents::of_label(sid).is_none())
        })
        .map(|(index, one)| one.label(index))
        .filter(|label| !acknowledged.contains(label))
        .collect();
    if left.is_empty() {
        return;
    }
    let lines: Vec<String> = left.iter().map(|label| format!("  - `{label}`")).collect();
    let names: Vec<String> = left.iter().map(|label| format!("{label:?}")).collect();
    diags.error_at(
        Path::root("policy"),
        "The plan would take statements out of a live policy",
        format!(
            "The policy of {} holds statements that this configuration did not put there, and would lose:\n\n{}\n\nMove them \
             into a policy of their own, or let them go with:\n\n  {} = [{}]",
            guardrail.title(),
            lines.join("\n"),
            live::ATTRIBUTE,
            names.join(", ")
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_vending_role_is_looked_at() {
        let partition = "aws";
        let mut guardrail = intents::tests::whole();
        guardrail.deletion_protection = true.into();
        let policy = intents::document(&guardrail, partition).unwrap();
        guardrail.policy = policy.to_json().into();
        let asks = |planned: &OrgGuardrailModel, checked: Option<&str>| {
            concerns_lockout(
                Some(&guardrail),
                planned,
                &policy,
                partition,
                checked,
                "new",
            )
        };
        assert!(asks(&guardrail, Some("old")));
        assert!(!asks(&guardrail, Some("new")));
        // Never applied by this version, or imported: as it stands.
        assert!(!asks(&guardrail, None));
        let mut open = guardrail.clone();
        open.deletion_protection = false.into();
        assert!(!asks(&open, Some("old")));
        assert!(concerns_lockout(
            None, &guardrail, &policy, partition, None, "new"
        ));
    }
}
