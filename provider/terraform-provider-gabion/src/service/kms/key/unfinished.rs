//! Keys that creates of earlier processes left: looked for once for each account and region.

use std::collections::BTreeMap;
use std::sync::Arc;

use gabion_aws::kms::TaggedKey;
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use crate::shared::{creation, fault};

use super::TYPE;

/// What was found, by account and region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unfinished(Arc<tokio::sync::Mutex<ByPlace>>);

type ByPlace = BTreeMap<(String, String), Vec<TaggedKey>>;

impl Unfinished {
    /// The id of a key that an earlier create of this alias left; it is given out once.
    ///
    /// # Errors
    /// The keys could not be listed. Not being allowed to is a warning: then nothing can be found.
    pub(super) async fn find(
        &self,
        clients: &Clients,
        alias: &str,
        warnings: &mut Diagnostics,
    ) -> Result<Option<String>, Diagnostics> {
        let place = (clients.account_id().to_owned(), clients.region().to_owned());
        let mut known = self.0.lock().await;
        if !known.contains_key(&place) {
            let found = match clients.kms().find_keys_by_tags(&Tags::new()).await {
                Ok(keys) => keys
                    .into_iter()
                    .filter(|key| creation::is_unfinished(&key.tags))
                    .collect(),
                Err(error) if error.is_access_denied() => {
                    warnings.warning(
                        "Keys of interrupted creates cannot be found",
                        format!("{error}. A key that an earlier, interrupted create left would not be found, and a second one made."),
                    );
                    Vec::new()
                }
                Err(error) => {
                    return Err(fault::while_doing(
                        "looking for keys that an earlier create left",
                    )(error));
                }
            };
            known.insert(place.clone(), found);
        }
        let Some(keys) = known.get_mut(&place) else {
            return Ok(None);
        };
        let fitting = keys
            .iter()
            .position(|key| creation::is_creating(&key.tags, TYPE, alias));
        Ok(fitting.map(|index| keys.remove(index).key_id))
    }
}
