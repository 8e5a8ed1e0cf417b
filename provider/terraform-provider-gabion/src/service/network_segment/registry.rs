//! The segments that this process plans, so that two of one configuration do not overlap.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::shared::subnets::Range;

/// Account, region and name of a segment, to its range and how often it was planned to be made.
type Planned = BTreeMap<(String, String, String), (Range, u32)>;

/// Every segment that was planned so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segments(Arc<Mutex<Planned>>);

impl Segments {
    /// Notes a planned segment. Terraform plans one that it replaces twice, with one and the same range: first as a
    /// change, and then as what is made in its place (`makes`). What is made is planned once in a process, so a second
    /// plan to make the same segment is that of another resource.
    ///
    /// # Errors
    /// It cannot stand beside another: what is wrong with `name` or with its range.
    pub(super) fn plan(
        &self,
        place: (&str, &str),
        name: &str,
        range: Range,
        makes: bool,
    ) -> Result<(), Clash> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (place.0.to_owned(), place.1.to_owned(), name.to_owned());
        let before = planned.get(&key).copied();
        if let Some((other, made)) = before
            && (other != range || (makes && made > 0))
        {
            return Err(Clash::Name(other));
        }
        let clash = planned
            .iter()
            .find(|((account, region, other), (there, _))| {
                account == place.0 && region == place.1 && other != name && there.overlaps(range)
            })
            .map(|((_, _, other), (there, _))| Clash::Range(other.clone(), *there));
        match clash {
            Some(clash) => Err(clash),
            None => {
                let made = before.map_or(0, |(_, made)| made);
                planned.insert(key, (range, made + u32::from(makes)));
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
        let plan = |name: &str, text: &str, makes| segments.plan(place, name, range(text), makes);
        // A segment that is replaced, and another one of its name.
        assert_eq!(plan("a", "10.0.0.0/16", false), Ok(()));
        assert_eq!(plan("a", "10.0.0.0/16", true), Ok(()));
        let taken = Err(Clash::Name(range("10.0.0.0/16")));
        assert_eq!(plan("a", "10.0.0.0/16", true), taken);
        assert_eq!(plan("a", "10.1.0.0/16", false), taken);
        assert_eq!(
            plan("b", "10.0.128.0/20", true),
            Err(Clash::Range("a".to_owned(), range("10.0.0.0/16")))
        );
        let elsewhere = ("111122223333", "eu-west-1");
        assert_eq!(
            segments.plan(elsewhere, "b", range("10.0.0.0/16"), true),
            Ok(())
        );
    }
}
