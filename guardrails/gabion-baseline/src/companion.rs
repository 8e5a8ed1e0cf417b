//! The companions of a bucket, a VPC, a file system: resources of their own that carry its settings. Rules on whole plans ask whether one
//! is missing; whether it says the right thing is for the rule that judges it.

use gabion_guardrail::prelude::*;

use crate::settings::Baseline;

/// What a companion names of its bucket. The id of a bucket is its name.
pub(crate) const NAMES: [&str; 1] = ["bucket"];

/// A kind of companion.
pub(crate) struct Companion<'g> {
    resource_type: &'static str,
    companions: Companions<'g>,
}

impl<'g> Companion<'g> {
    /// All companions of a type, in the plan.
    pub(crate) fn of(graph: &'g Graph, resource_type: &'static str) -> Self {
        Self::by(graph, resource_type, "bucket")
    }

    /// The same, where it is another attribute that names what the companion belongs to.
    pub(crate) fn by(graph: &'g Graph, resource_type: &'static str, attribute: &str) -> Self {
        Self {
            resource_type,
            companions: graph.companions(resource_type, attribute),
        }
    }

    /// The finding that the bucket has none, `None` where it has one. `own` tells whether the bucket itself, as an
    /// older configuration writes it or as its prior state shows it, needs none.
    ///
    /// # Errors
    /// Undetermined, where a companion may be elsewhere.
    pub(crate) fn missing(
        &self,
        bucket: &Change,
        own: impl FnOnce(&Change) -> Result<bool, Stop>,
        message: &str,
    ) -> Result<Option<Finding>, Stop> {
        self.missing_by(bucket, &NAMES, own, message)
    }

    /// The same, where it is these attributes of the subject that a companion names.
    ///
    /// # Errors
    /// Undetermined, where a companion may be elsewhere.
    pub(crate) fn missing_by(
        &self,
        bucket: &Change,
        names: &[&str],
        own: impl FnOnce(&Change) -> Result<bool, Stop>,
        message: &str,
    ) -> Result<Option<Finding>, Stop> {
        let join = self.companions.of(bucket, names);
        if let Join::Found(_) = join {
            return Ok(None);
        }
        if own(bucket)? {
            return Ok(None);
        }
        join.settled()?;
        let elsewhere = &settings::<Baseline>()?.companions_elsewhere;
        if elsewhere.iter().any(|known| known == self.resource_type) {
            let why = [
                "another configuration may hold the `",
                self.resource_type,
                "`",
            ];
            return Err(Stop::Undetermined(why.concat()));
        }
        Ok(Some(Finding::new("", message).on(bucket.address())))
    }

    /// The prior state of the bucket, where it tells what the bucket has without a companion of this plan: it exists,
    /// stays, and no companion of it is destroyed.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub(crate) fn prior(&self, bucket: &Change) -> Result<Option<Value>, Stop> {
        let made = matches!(bucket.operation(), Operation::Create | Operation::Replace);
        if made || self.companions.leaves(bucket, &NAMES)? {
            return Ok(None);
        }
        Ok(Some(bucket.before()))
    }
}
