//! The settings of the pack, as `gabion.hcl` gives them.

use std::cell::RefCell;
use std::rc::Rc;

use crate::json::Json;

thread_local! {
    static SETTINGS: RefCell<Rc<Json>> = RefCell::new(Rc::new(Json::Map(Vec::new())));
}

/// The settings: a map, empty where nothing is set.
pub fn get() -> Rc<Json> {
    SETTINGS.with(|settings| settings.borrow().clone())
}

/// Replaces the settings of this thread.
pub(crate) fn set(settings: Json) {
    share(Rc::new(settings));
}

/// As [`set`], for settings that are shared.
pub(crate) fn share(settings: Rc<Json>) {
    SETTINGS.with(|place| *place.borrow_mut() = settings);
}
