//! Values kept beside the state: what this resource itself wrote, to tell it from the work of others.

use std::collections::BTreeSet;

use gabion_framework::prelude::*;

/// The create has not come to its end.
pub(super) const UNFINISHED: &str = "unfinished";
/// The plan is to destroy, not to replace.
pub(super) const DESTROY: &str = "destroy";
/// The name of the inline policy that this resource wrote.
const INLINE: &str = "applied_inline";
/// The managed policies that this resource attached.
const ATTACHED: &str = "applied_attached";

/// Remembers that an inline policy of this name is this resource's own; none when it has none.
pub(super) fn remember_inline(private: &mut Private, name: Option<&str>) {
    match name {
        Some(name) => {
            private.set(INLINE, name);
        }
        None => private.remove(INLINE),
    }
}

/// The inline policy that this resource wrote.
pub(super) fn inline(private: &Private) -> Option<String> {
    private.get(INLINE)
}

/// Remembers the attachments that this resource made.
pub(super) fn remember_attached(private: &mut Private, arns: &BTreeSet<String>) {
    private.set(ATTACHED, arns);
}

/// The attachments that this resource made; none where it has written nothing yet.
pub(super) fn attached(private: &Private) -> Option<BTreeSet<String>> {
    private.get(ATTACHED)
}
