//! `provider::gabion::subnets(cidr_block, zones)`: the subnets that a network segment has.

use std::collections::BTreeMap;

use gabion_framework::prelude::*;

use crate::shared::subnets;

/// The function.
pub(crate) struct Subnets;

impl Function for Subnets {
    fn name(&self) -> &'static str {
        "subnets"
    }

    fn definition(&self) -> FunctionDefinition {
        let strings = || Type::list(Type::String);
        let returns = Type::object([
            ("firewall", strings()),
            ("private", strings()),
            ("public", strings()),
        ]);
        FunctionDefinition::new("The subnets of a network segment", returns)
            .describe(
                "Cuts an IPv4 range as `gabion_network_segment` does: `private` holds one range for each zone, `public` \
                 those of the public subnets, which a segment has only with an internet gateway, and `firewall` those of \
                 the firewall's endpoints, which it has only with a firewall (empty where the range has no room for \
                 them).",
            )
            .parameter(
                Parameter::new("cidr_block", Type::String)
                    .describe("The segment's range, `/16` to `/28`, within RFC 1918 or RFC 6598."),
            )
            .parameter(Parameter::new("zones", Type::Int64).describe("How many zones it spans, 1 to 6."))
    }

    fn call(&self, args: Vec<Dynamic>) -> Result<Dynamic, FunctionError> {
        let (Some(Dynamic::String(text)), Some(Dynamic::Number(zones))) =
            (args.first(), args.get(1))
        else {
            return Err(FunctionError::new(
                "`subnets` takes a range and a number of zones",
            ));
        };
        let range =
            subnets::segment_range(text).map_err(|fault| FunctionError::argument(0, fault))?;
        let zones = zones
            .to_i64()
            .and_then(|zones| usize::try_from(zones).ok())
            .filter(|zones| (1..=subnets::MOST_ZONES).contains(zones))
            .ok_or_else(|| {
                FunctionError::argument(
                    1,
                    format!(
                        "`{zones}` is not a number of zones: write 1 to {}",
                        subnets::MOST_ZONES
                    ),
                )
            })?;
        let layout =
            subnets::layout(range, zones).map_err(|fault| FunctionError::argument(0, fault))?;
        let list = |ranges: Vec<subnets::Range>| {
            Dynamic::List(
                ranges
                    .iter()
                    .map(|range| Dynamic::String(range.to_string()))
                    .collect(),
            )
        };
        Ok(Dynamic::Map(BTreeMap::from([
            ("firewall".to_owned(), list(layout.firewall)),
            ("private".to_owned(), list(layout.private)),
            ("public".to_owned(), list(layout.public)),
        ])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(range: &str, zones: i64) -> Result<Dynamic, FunctionError> {
        Subnets.call(vec![
            Dynamic::String(range.to_owned()),
            Dynamic::Number(Decimal::from(zones)),
        ])
    }

    #[test]
    fn answers_and_faults() {
        let answer = call("10.0.0.0/20", 2).unwrap();
        let Some(Dynamic::List(private)) = answer.get("private") else {
            panic!("{answer:?}")
        };
        assert_eq!(private.len(), 2);
        assert_eq!(call("10.0.0.0/8", 2).unwrap_err().argument, Some(0));
        assert_eq!(call("10.0.0.0/20", 7).unwrap_err().argument, Some(1));
        assert_eq!(call("10.0.0.0/28", 2).unwrap_err().argument, Some(0));
    }
}
