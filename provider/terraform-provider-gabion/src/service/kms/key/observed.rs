//! A key as it is in AWS.

use std::collections::BTreeSet;

use gabion_aws::kms::{Key, Kms, Rotation};
use gabion_aws::{Absent, Clients, Tags};
use gabion_framework::prelude::*;

use crate::shared::fault;
use crate::shared::policy::Document;
use crate::shared::policy_statement;
use crate::shared::strings::{self, Strings};
use crate::shared::tags::{self, TagMap};

use super::defaults::{DELETION_WINDOW, ROTATION_PERIOD};
use super::model::KmsKeyModel;
use super::policy::Scene;
use super::{alias, policy, service_user};

/// Everything that can be read back.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) key: Key,
    pub(super) policy: String,
    pub(super) rotation: Rotation,
    /// With `alias/`, sorted.
    pub(super) aliases: Vec<String>,
    pub(super) tags: Tags,
}

/// Whether there is such a key.
pub(super) enum Found {
    /// There is none.
    Gone,
    /// It is on its way out.
    Leaving(Box<Key>),
    /// There it is.
    Here(Box<Observed>),
}

/// Reads everything; `id` is a key id or an ARN.
pub(super) async fn observe(clients: &Clients, id: &str) -> Result<Found, Diagnostics> {
    let kms = clients.kms();
    let doing = || fault::while_doing(format!("reading the key `{id}`"));
    let Some(key) = kms.find_key(id).await.map_err(doing())? else {
        return Ok(Found::Gone);
    };
    if key.is_pending_deletion() {
        return Ok(Found::Leaving(Box::new(key)));
    }
    let rest = rest(&kms, &key.id).await.or_absent().map_err(doing())?;
    // Deleted between two calls.
    let Some((policy, rotation, aliases, tags)) = rest else {
        return Ok(Found::Gone);
    };
    Ok(Found::Here(Box::new(Observed {
        key,
        policy,
        rotation,
        aliases,
        tags,
    })))
}

async fn rest(kms: &Kms, id: &str) -> gabion_aws::Result<(String, Rotation, Vec<String>, Tags)> {
    let (policy, rotation, aliases, tags) = futures::try_join!(
        kms.get_key_policy(id),
        kms.rotation_status(id),
        kms.aliases_of(id),
        kms.tags(id),
    )?;
    Ok((
        policy,
        rotation,
        aliases.into_iter().map(|alias| alias.name).collect(),
        tags,
    ))
}

impl Observed {
    /// The live policy, where it can be understood.
    pub(super) fn document(&self, partition: &str) -> Option<Document> {
        Document::parse(&self.policy, partition).ok()
    }

    /// The key as a state. What AWS does not tell, and what it tells in other words, stays as in `prior`.
    pub(super) fn state(
        &self,
        prior: &KmsKeyModel,
        defaults: &TagMap,
        clients: &Clients,
    ) -> KmsKeyModel {
        let scene = Scene::of(clients);
        let (tags, tags_all) = tags::read_after(&self.tags, &prior.tags, &prior.tags_all, defaults);
        let mut state = KmsKeyModel {
            description: self.description(prior),
            enable_key_rotation: self.rotation.enabled.into(),
            rotation_period_in_days: self.period(prior),
            deletion_window_in_days: or(&prior.deletion_window_in_days, DELETION_WINDOW),
            deletion_protection: or(&prior.deletion_protection, true),
            is_enabled: self.key.enabled.into(),
            multi_region: self.key.multi_region.into(),
            id: self.key.id.as_str().into(),
            key_id: self.key.id.as_str().into(),
            arn: self.key.arn.as_str().into(),
            account_id: scene.account.into(),
            region: scene.region.into(),
            tags,
            tags_all,
            ..prior.clone()
        };
        let name = self.alias(prior);
        state.alias_arn = name
            .as_ref()
            .map(|name| clients.arn("kms", &alias::full(name)))
            .into();
        state.alias = name.into();
        self.read_policy(prior, &scene, &mut state);
        state
    }

    fn description(&self, prior: &KmsKeyModel) -> Value<String> {
        match (self.key.description.as_str(), prior.description.as_str()) {
            ("", None) => Value::Null,
            (text, _) => text.into(),
        }
    }

    /// KMS tells no period while rotation is off, and some endpoints never do.
    fn period(&self, prior: &KmsKeyModel) -> Value<i64> {
        match self.rotation.period_in_days {
            Some(days) if self.rotation.enabled => i64::from(days).into(),
            _ => or(&prior.rotation_period_in_days, ROTATION_PERIOD),
        }
    }

    /// The alias of the state, while it points here; the first one where the state has none yet.
    fn alias(&self, prior: &KmsKeyModel) -> Option<String> {
        match prior.alias.as_str() {
            Some(name) => self
                .aliases
                .contains(&alias::full(name))
                .then(|| name.to_owned()),
            None => None,
        }
    }

    fn read_policy(&self, prior: &KmsKeyModel, scene: &Scene<'_>, state: &mut KmsKeyModel) {
        let Some(live) = self.document(scene.partition) else {
            state.policy = self.policy.as_str().into();
            return;
        };
        let same = prior.policy.as_str().is_some_and(|text| {
            Document::parse(text, scene.partition).is_ok_and(|before| before.same_as(&live))
        });
        if !same {
            state.policy = live.to_json().into();
        }
        refresh(
            &mut state.administrators,
            policy::read_administrators(&live),
            scene.partition,
        );
        refresh(&mut state.users, policy::read_users(&live), scene.partition);
    }

    /// The state of a key that is imported: the alias and the lists are found in what is there.
    pub(super) fn imported(
        &self,
        prior: &KmsKeyModel,
        defaults: &TagMap,
        clients: &Clients,
    ) -> KmsKeyModel {
        let scene = Scene::of(clients);
        let mut named = prior.clone();
        if named.alias.is_null() {
            named.alias = self.aliases.first().cloned().into();
        }
        let mut state = self.state(&named, defaults, clients);
        if let Some(live) = self.document(scene.partition) {
            let services = service_user::read(&live, &scene);
            state.service_users = if services.is_empty() {
                Value::Null
            } else {
                Value::Known(services)
            };
            let others = policy::others(&live, &state, &scene);
            if !others.is_empty() {
                state.additional_policy_statements = Value::Known(
                    others
                        .iter()
                        .map(policy_statement::from_statement)
                        .collect(),
                );
            }
        }
        state
    }
}

fn or<T: Clone>(value: &Value<T>, default: T) -> Value<T> {
    Value::Known(value.known().cloned().unwrap_or(default))
}

/// Takes over the live names where they are others than those of the state.
fn refresh(field: &mut Strings, live: Option<BTreeSet<String>>, partition: &str) {
    let names = match live {
        Some(names) => names,
        // The statement was changed in more than its principals: that shows in `policy`.
        None if field.is_null() => BTreeSet::new(),
        None => return,
    };
    if field.is_null() || policy::principals(field, partition).as_ref() != Some(&names) {
        *field = strings::of(names);
    }
}
