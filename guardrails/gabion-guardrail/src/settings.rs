//! The settings of the pack, as `gabion.hcl` gives them.

use std::cell::RefCell;
use std::sync::Arc;

use crate::json::Json;

thread_local! {
    static SETTINGS: RefCell<Arc<Json>> = RefCell::new(Arc::new(Json::Map(Vec::new())));
}

/// The settings: a map, empty where nothing is set.
pub fn get() -> Arc<Json> {
    SETTINGS.with(|settings| settings.borrow().clone())
}

/// Replaces the settings of this thread.
pub(crate) fn set(settings: Json) {
    share(Arc::new(settings));
}

/// As [`set`], for settings that are shared.
pub(crate) fn share(settings: Arc<Json>) {
    SETTINGS.with(|place| *place.borrow_mut() = settings);
}
