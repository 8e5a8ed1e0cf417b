//! A role as it is in AWS.

use std::collections::BTreeSet;

use gabion_aws::iam::{Iam, Role};
use gabion_aws::{Absent, Clients};
use gabion_framework::prelude::*;

use crate::shared::fault;
use crate::shared::policy::Document;
use crate::shared::strings::{self, Strings};
use crate::shared::tags::{self, TagMap};

use super::checks::Standing;
use super::defaults::{POLICY_NAME, SESSION};
use super::model::WorkloadRoleModel;
use super::trust::Scene;
use super::{statement, trust};

/// Everything that can be read back.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) role: Role,
    /// Names of all inline policies.
    pub(super) inline: BTreeSet<String>,
    /// The inline policy under the wanted name (JSON).
    pub(super) policy: Option<String>,
    /// ARNs of the managed policies.
    pub(super) attached: BTreeSet<String>,
}

/// Reads everything; none where there is no such role.
pub(super) async fn observe(
    clients: &Clients,
    name: &str,
    policy_name: &str,
) -> Result<Option<Observed>, Diagnostics> {
    let iam = clients.iam();
    let doing = || fault::while_doing(format!("reading the role `{name}`"));
    let Some(role) = iam.find_role(name).await.map_err(doing())? else {
        return Ok(None);
    };
    complete(clients, role, policy_name).await.map_err(doing())
}

/// The rest of a role that was just read; none where it was deleted meanwhile.
pub(super) async fn complete(
    clients: &Clients,
    role: Role,
    policy_name: &str,
) -> gabion_aws::Result<Option<Observed>> {
    let found = policies(&clients.iam(), &role.name, policy_name)
        .await
        .or_absent()?;
    Ok(found.map(|(inline, policy, attached)| Observed {
        role,
        inline,
        policy,
        attached,
    }))
}

async fn policies(
    iam: &Iam,
    role: &str,
    policy_name: &str,
) -> gabion_aws::Result<(BTreeSet<String>, Option<String>, BTreeSet<String>)> {
    let (inline, attached) =
        futures::try_join!(iam.inline_policies(role), iam.attached_policies(role))?;
    let policy = if inline.contains(policy_name) {
        iam.inline_policy(role, policy_name).await?
    } else {
        None
    };
    Ok((inline, policy, attached))
}

impl Observed {
    /// The live trust policy, where it can be understood.
    pub(super) fn trust(&self, partition: &str) -> Option<Document> {
        Document::parse(&self.role.trust, partition).ok()
    }

    /// The live inline policy, where it can be understood.
    pub(super) fn inline_document(&self, partition: &str) -> Option<Document> {
        Document::parse(self.policy.as_deref()?, partition).ok()
    }

    /// For the check of what would be taken away.
    pub(super) fn standing(&self, partition: &str) -> Standing {
        Standing {
            trust: self.trust(partition),
            inline: self.inline_document(partition),
            attached: self.attached.clone(),
            names: self.inline.clone(),
        }
    }

    /// The role as a state. What AWS does not tell, and what it tells in other words, stays as in `prior`.
    pub(super) fn state(
        &self,
        prior: &WorkloadRoleModel,
        defaults: &TagMap,
        clients: &Clients,
    ) -> WorkloadRoleModel {
        let role = &self.role;
        let partition = clients.partition();
        let (tags, tags_all) = tags::read_after(&role.tags, &prior.tags, &prior.tags_all, defaults);
        let policy_name = prior.inline_name().to_owned();
        let others = self
            .inline
            .iter()
            .filter(|name| **name != policy_name)
            .cloned()
            .collect();
        WorkloadRoleModel {
            name: role.name.as_str().into(),
            path: role.path.as_str().into(),
            description: match (role.description.as_str(), prior.description.as_str()) {
                ("", None) => Value::Null,
                (text, _) => text.into(),
            },
            max_session_duration: role
                .max_session_duration
                .map_or_else(
                    || {
                        prior
                            .max_session_duration
                            .known()
                            .copied()
                            .unwrap_or(SESSION)
                    },
                    i64::from,
                )
                .into(),
            permissions_boundary: role.permissions_boundary.clone().into(),
            policy_name: policy_name.into(),
            managed_policy_arns: refreshed(&prior.managed_policy_arns, &self.attached),
            other_inline_policies: refreshed(&prior.other_inline_policies, &others),
            assume_role_policy: text(
                &prior.assume_role_policy,
                Some(&role.trust),
                self.trust(partition).as_ref(),
                trust::to_json,
                partition,
            ),
            policy: text(
                &prior.policy,
                self.policy.as_deref(),
                self.inline_document(partition).as_ref(),
                Document::to_json,
                partition,
            ),
            account_id: clients.account_id().into(),
            region: clients.region().into(),
            id: role.name.as_str().into(),
            arn: role.arn.as_str().into(),
            unique_id: role.unique_id.as_str().into(),
            tags,
            tags_all,
            ..prior.clone()
        }
    }

    /// The state of a role that is imported: principal and statements are found in what is there.
    pub(super) fn imported(
        &self,
        prior: &WorkloadRoleModel,
        defaults: &TagMap,
        clients: &Clients,
    ) -> WorkloadRoleModel {
        let partition = clients.partition();
        let mut state = self.state(prior, defaults, clients);
        if let Some(live) = self.trust(partition) {
            trust::read(&live, &Scene::of(clients), &mut state);
        }
        if let Some(live) = self.inline_document(partition) {
            state.statement = statement::read(&live);
        }
        state
    }
}

/// The name of the inline policy that an import takes for the role's own.
pub(super) fn own_inline(inline: &BTreeSet<String>) -> &str {
    match inline.first() {
        Some(only) if inline.len() == 1 => only,
        _ => POLICY_NAME,
    }
}

/// The live names, in the state's own order where they are the same.
fn refreshed(prior: &Strings, live: &BTreeSet<String>) -> Strings {
    if strings::known(prior).as_ref() == Some(live) && prior.is_known() {
        prior.clone()
    } else {
        strings::of(live.clone())
    }
}

/// The text of a live policy: that of the state where both say the same.
fn text(
    prior: &Value<String>,
    live: Option<&str>,
    document: Option<&Document>,
    write: impl Fn(&Document) -> String,
    partition: &str,
) -> Value<String> {
    let Some(document) = document else {
        return live.map(str::to_owned).into();
    };
    let same = prior.as_str().is_some_and(|text| {
        Document::parse(text, partition).is_ok_and(|before| before.same_as(document))
    });
    if same {
        prior.clone()
    } else {
        write(document).into()
    }
}
