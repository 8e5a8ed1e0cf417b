//! The segments that this process plans, so that two of one configuration do not overlap.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::shared::subnets::Range;

/// Account, region and name of a segment, to its range.
type Planned = BTreeMap<(String, String, String), Range>;

/// Every segment that was planned so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segments(Arc<Mutex<Planned>>);

impl Segments {
    /// Notes a planned segment. Terraform may plan one twice, with one and the same range.
    ///
    /// # Errors
    /// It cannot stand beside another: what is wrong with `name` or with its range.
    pub(super) fn plan(&self, place: (&str, &str), name: &str, range: Range) -> Result<(), Clash> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (place.0.to_owned(), place.1.to_owned(), name.to_owned());
        if let Some(other) = planned.get(&key).filter(|other| **other != range) {
            return Err(Clash::Name(*other));
        }
        let clash = planned
            .iter()
            .find(|((account, region, other), there)| {
                account == place.0 && region == place.1 && other != name && there.overlaps(range)
            })
            .map(|((_, _, other), there)| Clash::Range(other.clone(), *there));
        match clash {
            Some(clash) => Err(clash),
            None => {
                planned.insert(key, range);
                Ok(())
            }
        }
    }
}

/// Why two segments cannot stand side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// Another one of that name has this range.
    Name(Range),
    /// The ranges overlap.
    Range(String, Range),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ranges() {
        let segments = Segments::default();
        let range = |text: &str| Range::parse(text).unwrap();
        let place = ("111122223333", "eu-central-1");
        assert_eq!(segments.plan(place, "a", range("10.0.0.0/16")), Ok(()));
        assert_eq!(segments.plan(place, "a", range("10.0.0.0/16")), Ok(()));
        assert_eq!(
            segments.plan(place, "a", range("10.1.0.0/16")),
            Err(Clash::Name(range("10.0.0.0/16")))
        );
        assert_eq!(
            segments.plan(place, "b", range("10.0.128.0/20")),
            Err(Clash::Range("a".to_owned(), range("10.0.0.0/16")))
        );
        assert_eq!(
            segments.plan(("111122223333", "eu-west-1"), "b", range("10.0.0.0/16")),
            Ok(())
        );
    }
}
