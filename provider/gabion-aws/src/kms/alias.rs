//! Aliases.

use super::{Kms, same_key};
use crate::error::{Absent, Kind, Result};
use crate::operations;

/// Aliases of keys that AWS manages. Describing one that is unused makes its key, so those are listed.
const AWS_ALIASES: &str = "alias/aws/";

/// An alias.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alias {
    /// Name, with `alias/` before it.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Id of its key; none for unused aliases of AWS's own keys.
    pub target_key_id: Option<String>,
}

impl Kms {
    /// Creates an alias. One that points to the same key already is success: the reply of an earlier
    /// attempt was lost.
    ///
    /// # Errors
    /// [`Kind::AlreadyExists`] where it points to another key, which the message names.
    pub async fn create_alias(&self, alias: &str, key_id: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .kms()
            .create_alias()
            .alias_name(alias)
            .target_key_id(key_id);
        let result = self
            .clients
            .call(&operations::kms::CREATE_ALIAS, call.send())
            .await
            .map(drop);
        let Err(mut error) = result else {
            return Ok(());
        };
        if error.kind != Kind::AlreadyExists {
            return Err(error);
        }
        let finder = Self::new(self.clients.unscoped());
        match finder
            .find_alias(alias)
            .await?
            .and_then(|found| found.target_key_id)
        {
            Some(target) if same_key(&target, key_id) => Ok(()),
            Some(target) => {
                error.message = format!("`{alias}` points to key `{target}`");
                Err(error)
            }
            None => Err(error),
        }
    }

    /// Points an alias to another key.
    pub async fn update_alias(&self, alias: &str, key_id: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .kms()
            .update_alias()
            .alias_name(alias)
            .target_key_id(key_id);
        self.clients
            .call(&operations::kms::UPDATE_ALIAS, call.send())
            .await
            .map(drop)
    }

    /// Deletes an alias. One that is gone already is success.
    pub async fn delete_alias(&self, alias: &str) -> Result<()> {
        let call = self.clients.sdk().kms().delete_alias().alias_name(alias);
        self.clients
            .call(&operations::kms::DELETE_ALIAS, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// An alias by name, if there is one.
    pub async fn find_alias(&self, alias: &str) -> Result<Option<Alias>> {
        if !alias.starts_with(AWS_ALIASES) {
            match self.find_key(alias).await {
                Ok(key) => {
                    return Ok(key.map(|key| Alias {
                        name: alias.to_owned(),
                        arn: self.clients.arn("kms", alias),
                        target_key_id: Some(key.id),
                    }));
                }
                // The alias may exist while its key's policy keeps us out: the list tells.
                Err(error) if error.kind == Kind::AccessDenied => {}
                Err(error) => return Err(error),
            }
        }
        let all = self.list_aliases(None).await?;
        Ok(all.into_iter().find(|found| found.name == alias))
    }

    /// The aliases of a key, sorted by name.
    pub async fn aliases_of(&self, key: &str) -> Result<Vec<Alias>> {
        self.list_aliases(Some(key)).await
    }

    async fn list_aliases(&self, key: Option<&str>) -> Result<Vec<Alias>> {
        let mut aliases = Vec::new();
        let mut marker = None;
        loop {
            let call = self
                .clients
                .sdk()
                .kms()
                .list_aliases()
                .set_key_id(key.map(str::to_owned))
                .limit(100)
                .set_marker(marker.take());
            let page = self
                .clients
                .call(&operations::kms::LIST_ALIASES, call.send())
                .await?;
            aliases.extend(
                page.aliases
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|alias| {
                        Some(Alias {
                            name: alias.alias_name?,
                            arn: alias.alias_arn.unwrap_or_default(),
                            target_key_id: alias.target_key_id,
                        })
                    }),
            );
            match page.next_marker.filter(|_| page.truncated) {
                Some(next) => marker = Some(next),
                None => break,
            }
        }
        aliases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(aliases)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::Client;
    use aws_sdk_kms::operation::create_alias::CreateAliasError;
    use aws_sdk_kms::operation::describe_key::DescribeKeyOutput;
    use aws_sdk_kms::types::KeyMetadata;
    use aws_sdk_kms::types::error::AlreadyExistsException;
    use aws_smithy_mocks::mock;

    use super::*;
    use crate::testing::Fake;

    async fn create(existing_target: &'static str) -> Result<()> {
        let exists = mock!(Client::create_alias).then_error(|| {
            let meta = aws_sdk_kms::error::ErrorMetadata::builder()
                .code("AlreadyExistsException")
                .build();
            CreateAliasError::AlreadyExistsException(
                AlreadyExistsException::builder().meta(meta).build(),
            )
        });
        let describe = mock!(Client::describe_key).then_output(move || {
            let data = KeyMetadata::builder()
                .key_id(existing_target)
                .build()
                .unwrap();
            DescribeKeyOutput::builder().key_metadata(data).build()
        });
        let clients = Fake::default().kms(&[&exists, &describe]).clients();
        clients.kms().create_alias("alias/x", "k-1").await
    }

    #[tokio::test]
    async fn a_lost_reply_is_success_and_a_foreign_alias_is_not() {
        create("k-1").await.unwrap();
        let error = create("k-2").await.unwrap_err();
        assert_eq!(error.kind, Kind::AlreadyExists);
        assert!(error.message.contains("`k-2`"));
    }
}
