//! Who judges, and where the layer finds it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use gabion_engine::policy::{Guard, Judgement};
use gabion_model::Change;

/// Judges changes. [`Guard`] does by the policy; tests bring their own.
pub trait Judge: Send + Sync {
    /// What the policy makes of the change. May take long: it is called off the asynchronous threads.
    fn judge(&self, change: &Arc<Change>) -> Judgement;
}

impl Judge for Guard {
    fn judge(&self, change: &Arc<Change>) -> Judgement {
        Self::judge(self, change)
    }
}

/// Where the provider puts its judge once it is configured. While it is empty the layer refuses every change:
/// core configures before it plans.
#[derive(Clone, Default)]
pub struct JudgeSlot(Arc<RwLock<Option<Arc<dyn Judge>>>>);

impl JudgeSlot {
    /// An empty slot.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a judge in; the last one put in judges.
    pub fn set(&self, judge: Arc<dyn Judge>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(judge);
    }

    pub(super) fn get(&self) -> Option<Arc<dyn Judge>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl fmt::Debug for JudgeSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JudgeSlot")
            .field(&self.get().is_some())
            .finish()
    }
}
