//! Organizational units.

use super::Organizations;
use super::tags::to_sdk;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::{Tags, operations};

/// A unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Its id (`ou-...`).
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name, unique below its parent.
    pub name: String,
}

impl From<aws_sdk_organizations::types::OrganizationalUnit> for Unit {
    fn from(unit: aws_sdk_organizations::types::OrganizationalUnit) -> Self {
        Self {
            id: unit.id.unwrap_or_default(),
            arn: unit.arn.unwrap_or_default(),
            name: unit.name.unwrap_or_default(),
        }
    }
}

impl Organizations {
    /// The units right below a root or unit.
    pub async fn units_below(&self, parent: &str) -> Result<Vec<Unit>> {
        let mut units = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_organizational_units_for_parent()
                .parent_id(parent)
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::organizations::LIST_ORGANIZATIONAL_UNITS_FOR_PARENT,
                    call.send(),
                )
                .await?;
            units.extend(
                page.organizational_units
                    .unwrap_or_default()
                    .into_iter()
                    .map(Unit::from),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(units),
            }
        }
    }

    /// A unit by its id.
    pub async fn unit(&self, id: &str) -> Result<Option<Unit>> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .describe_organizational_unit()
            .organizational_unit_id(id);
        let answer = self
            .clients
            .call(
                &operations::organizations::DESCRIBE_ORGANIZATIONAL_UNIT,
                call.send(),
            )
            .await
            .or_absent()?;
        Ok(answer
            .and_then(|answer| answer.organizational_unit)
            .map(Unit::from))
    }

    /// Creates a unit. Names are unique below a parent: after a lost reply the one of that name is
    /// taken, and whether there was one before is the caller's to know.
    pub async fn create_unit(&self, parent: &str, name: &str, tags: &Tags) -> Result<Unit> {
        let op = &operations::organizations::CREATE_ORGANIZATIONAL_UNIT;
        let call = self
            .clients
            .sdk()
            .organizations()
            .create_organizational_unit()
            .parent_id(parent)
            .name(name)
            .set_tags(to_sdk(op, tags)?);
        let create = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await
        };
        match self.settled(create).await {
            Ok(answer) => answer
                .organizational_unit
                .map(Unit::from)
                .ok_or_else(|| AwsError::of(op, Kind::Other, "the answer holds no unit")),
            Err(error) if error.is_already_exists() || error.may_have_happened() => {
                let finder = Self::new(self.clients.unscoped());
                let found = finder.units_below(parent).await?;
                found
                    .into_iter()
                    .find(|unit| unit.name == name)
                    .ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes an empty unit. One that is gone is success.
    pub async fn delete_unit(&self, id: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .delete_organizational_unit()
            .organizational_unit_id(id);
        let delete = || async {
            let call = call.clone();
            self.clients
                .call(
                    &operations::organizations::DELETE_ORGANIZATIONAL_UNIT,
                    call.send(),
                )
                .await
                .map(drop)
        };
        self.settled(delete).await.or_absent().map(drop)
    }
}
