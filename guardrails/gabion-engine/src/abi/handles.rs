//! The values that a guest holds: the host's side of its handles.

use std::sync::Arc;

use gabion_model::{Change, Graph, Referrers, View};

/// Marks the handles of the WIT resource `value`.
#[derive(Debug)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct ValueHandle;
/// Marks the handles of the WIT resource `change`.
#[derive(Debug)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct ChangeHandle;
/// Marks the handles of the WIT resource `graph`.
#[derive(Debug)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct GraphHandle;

/// So many handles may a guest leave undropped before its instance is replaced.
pub(crate) const MOST_LEAKED: usize = 100_000;

/// What a handle stands for.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A value, and how many steps the guest took from the root to reach it.
    Value(View, u32),
    /// A change, and its position in the graph where it came from one.
    Change(Arc<Change>, Option<usize>),
    /// The whole plan.
    Plan(Arc<Graph>),
}

/// The handles of one call. A number is used once in the life of an instance, so that a handle which a guest
/// kept from an earlier call is known as such, and a late drop of it does no harm.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    base: u32,
    slots: Vec<Option<Entry>>,
    free: Vec<u32>,
    /// Made and not dropped in this call.
    live: usize,
    /// Made and not dropped in earlier calls: they fill the guest's own table.
    leaked: usize,
    /// Who refers to whom in the plan of this call, once a rule asked.
    referrers: Option<Referrers>,
}

impl Handles {
    /// A new handle; `None` when `most` are alive or the numbers are used up.
    pub(crate) fn insert(&mut self, entry: Entry, most: usize) -> Option<u32> {
        if self.live >= most {
            return None;
        }
        self.live += 1;
        if let Some(index) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(index as usize)
        {
            *slot = Some(entry);
            return Some(self.base + index);
        }
        let index = u32::try_from(self.slots.len()).ok()?;
        let number = self.base.checked_add(index)?;
        self.slots.push(Some(entry));
        Some(number)
    }

    /// What a handle of this call stands for.
    pub(crate) fn get(&self, number: u32) -> Option<&Entry> {
        self.slots
            .get(number.checked_sub(self.base)? as usize)?
            .as_ref()
    }

    /// Forgets a handle that the guest dropped.
    pub(crate) fn remove(&mut self, number: u32) {
        let Some(index) = number.checked_sub(self.base) else {
            self.leaked = self.leaked.saturating_sub(1);
            return;
        };
        if let Some(slot) = self.slots.get_mut(index as usize)
            && slot.take().is_some()
        {
            self.live -= 1;
            self.free.push(index);
        }
    }

    /// Who refers to whom in `graph`.
    pub(crate) fn referrers(&mut self, graph: &Graph) -> &Referrers {
        self.referrers.get_or_insert_with(|| graph.referrers())
    }

    /// Ends a call: all its values go. `lent` of them were the host's own, not the guest's.
    pub(crate) fn end(&mut self, lent: usize) {
        self.leaked += self.live.saturating_sub(lent);
        self.live = 0;
        let used = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.base = self.base.saturating_add(used);
        self.slots.clear();
        self.free.clear();
        self.referrers = None;
    }

    /// Whether the instance should be replaced: the guest never drops, or the numbers run out.
    pub(crate) fn worn_out(&self) -> bool {
        self.leaked > MOST_LEAKED || self.base > u32::MAX / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gabion_model::{Side, Tree};

    fn value() -> Entry {
        Entry::Value(View::root(Arc::new(Tree::null()), Side::After), 0)
    }

    #[test]
    fn a_number_is_never_another_value_later() {
        let mut handles = Handles::default();
        let first = handles.insert(value(), 10).unwrap();
        let second = handles.insert(value(), 10).unwrap();
        handles.remove(second);
        assert_eq!(
            handles.insert(value(), 10),
            Some(second),
            "a dropped one is free within the call"
        );
        handles.end(0);
        assert!(handles.get(first).is_none());
        let next = handles.insert(value(), 10).unwrap();
        assert!(next > second);
        handles.remove(first);
        assert!(handles.get(next).is_some(), "a late drop touches nothing");
        assert_eq!(handles.leaked, 1);
    }

    #[test]
    fn too_many_are_refused() {
        let mut handles = Handles::default();
        assert!(handles.insert(value(), 1).is_some());
        assert!(handles.insert(value(), 1).is_none());
    }
}
