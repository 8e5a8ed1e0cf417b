//! The log group.

use gabion_aws::logs::CreateLogGroup;
use gabion_framework::prelude::*;

use super::super::model::LogSinkModel;
use super::{Converge, Step, at, text};

impl Converge<'_> {
    pub(super) async fn log_group(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let logs = self.clients.logs();
        let name = text(&self.plan.log_group_name);
        let key = text(&self.plan.kms_key_id);
        if self.live.group_tags.is_none() {
            let tags = self.part_tags();
            // The key goes with the create call: no event is ever stored without it.
            let group = CreateLogGroup {
                name: name.clone(),
                kms_key_arn: Some(key.clone()),
                tags: tags.clone(),
                deletion_protection: false,
            };
            let created = logs.create_log_group(&group).await.map_err(self.making(
                "log_group_name",
                "log group",
                &name,
            ))?;
            self.live.group_tags = Some(tags);
            let live = &mut self.live.model;
            live.log_group_arn = self
                .clients
                .arn("logs", &format!("log-group:{name}"))
                .into();
            if !created.adopted {
                live.log_group_kms_key_id = key.as_str().into();
            }
            self.stand(state)?;
        }
        let (plan, live) = (&self.plan, &mut self.live.model);
        if live.log_group_kms_key_id.as_str() != Some(&key) {
            logs.associate_key(&name, &key)
                .await
                .map_err(at("log_group_kms_key_id"))?;
            live.log_group_kms_key_id = key.as_str().into();
        }
        if plan.log_group_retention_in_days != live.log_group_retention_in_days {
            let days = plan
                .log_group_retention_in_days
                .known()
                .and_then(|days| i32::try_from(*days).ok());
            match days.filter(|days| *days > 0) {
                Some(days) => logs.put_retention(&name, days).await,
                None => logs.delete_retention(&name).await,
            }
            .map_err(at("log_group_retention_in_days"))?;
            live.log_group_retention_in_days = plan.log_group_retention_in_days;
        }
        self.stand(state)
    }
}
