//! Analyzers that find what is shared with others.

use aws_sdk_accessanalyzer::types::{AnalyzerStatus, Type};

use crate::clients::Clients;
use crate::error::{Absent, Kind, Result};
use crate::{Created, Tags, operations};

/// An analyzer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analyzer {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Whether it works (or is about to).
    pub active: bool,
    /// Tags.
    pub tags: Tags,
}

/// Access Analyzer calls of one account and region.
#[derive(Clone, Debug)]
pub struct AccessAnalyzer {
    clients: Clients,
}

impl AccessAnalyzer {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// The analyzers of external access whose zone of trust is this account.
    pub async fn account_analyzers(&self) -> Result<Vec<Analyzer>> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .accessanalyzer()
                .list_analyzers()
                .r#type(Type::Account)
                .set_next_token(token.take());
            let page = self
                .clients
                .call(&operations::accessanalyzer::LIST_ANALYZERS, call.send())
                .await?;
            found.extend(page.analyzers.into_iter().map(|analyzer| Analyzer {
                active: matches!(
                    analyzer.status,
                    AnalyzerStatus::Active | AnalyzerStatus::Creating
                ),
                name: analyzer.name,
                arn: analyzer.arn,
                tags: analyzer.tags.unwrap_or_default().into_iter().collect(),
            }));
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Creates an analyzer of external access for this account. Names are unique: after a lost
    /// reply the one of that name is taken.
    pub async fn create_account_analyzer(&self, name: &str, tags: &Tags) -> Result<Created> {
        let call = self
            .clients
            .sdk()
            .accessanalyzer()
            .create_analyzer()
            .analyzer_name(name)
            .r#type(Type::Account)
            .set_tags(Some(tags.clone().into_iter().collect()));
        let created = self
            .clients
            .call(&operations::accessanalyzer::CREATE_ANALYZER, call.send())
            .await;
        match created {
            Ok(_) => Ok(Created { adopted: false }),
            Err(error) if error.kind == Kind::Conflict || error.may_have_happened() => {
                let finder = Self::new(self.clients.unscoped());
                let there = finder.account_analyzers().await?;
                if there.iter().any(|analyzer| analyzer.name == name) {
                    Ok(Created { adopted: true })
                } else {
                    Err(error)
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes an analyzer with its findings. One that is gone is success.
    pub async fn delete_analyzer(&self, name: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .accessanalyzer()
            .delete_analyzer()
            .analyzer_name(name);
        self.clients
            .call(&operations::accessanalyzer::DELETE_ANALYZER, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// Adds or overwrites tags of an analyzer, by its ARN; the others stay. Nothing is called for an empty set.
    pub async fn tag(&self, arn: &str, tags: &Tags) -> Result<()> {
        if tags.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .accessanalyzer()
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(tags.clone().into_iter().collect()));
        self.clients
            .call(&operations::accessanalyzer::TAG_RESOURCE, call.send())
            .await
            .map(drop)
    }

    /// Removes tags of an analyzer by key. Nothing is called for an empty list.
    pub async fn untag(&self, arn: &str, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .accessanalyzer()
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(keys.to_vec()));
        self.clients
            .call(&operations::accessanalyzer::UNTAG_RESOURCE, call.send())
            .await
            .map(drop)
    }
}
