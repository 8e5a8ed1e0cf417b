//! Addresses of segments: which IPv4 ranges one may have, and how it is cut into subnets. Pure: the resource's plan
//! and the function `subnets` give the same answer.

use std::fmt;
use std::net::Ipv4Addr;

/// The smallest and the largest prefix of a VPC and of a subnet, as AWS has them.
const PREFIXES: std::ops::RangeInclusive<u8> = 16..=28;

/// The ranges that no one on the internet has: RFC 1918 and RFC 6598.
pub(crate) const PRIVATE: [&str; 4] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "172.16.0.0/12",
    "192.168.0.0/16",
];

/// Most zones that a segment may span.
pub(crate) const MOST_ZONES: usize = 6;

/// An IPv4 range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range {
    first: u32,
    prefix: u8,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from_bits(self.first), self.prefix)
    }
}

impl Range {
    /// Reads a range whose address is the network's.
    ///
    /// # Errors
    /// What is wrong, beginning with the text in backticks.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains(':') {
            return Err(format!(
                "`{text}` is an IPv6 range: segments have IPv4 addresses only, such as `10.20.0.0/16`"
            ));
        }
        let fault = || {
            format!(
                "`{text}` is not an IPv4 range: expected an address and a prefix length, such as `10.20.0.0/16`"
            )
        };
        let (address, prefix) = text.split_once('/').ok_or_else(fault)?;
        let address: Ipv4Addr = address.parse().map_err(|_| fault())?;
        if prefix.is_empty()
            || prefix.len() > 2
            || !prefix.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(fault());
        }
        let length: u8 = prefix.parse().map_err(|_| fault())?;
        if length > 32 || length.to_string() != prefix {
            return Err(fault());
        }
        let range = Self {
            first: address.to_bits() & mask(length),
            prefix: length,
        };
        if range.first == address.to_bits() {
            Ok(range)
        } else {
            Err(format!(
                "`{text}` has bits set beyond its prefix: write `{range}`"
            ))
        }
    }

    /// Whether the two have an address in common.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        let prefix = mask(self.prefix.min(other.prefix));
        self.first & prefix == other.first & prefix
    }

    /// Whether `other` lies within.
    fn contains(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.overlaps(other)
    }

    /// The `index`th of the ranges of this prefix that lie within; none where there is no such.
    fn part(self, prefix: u8, index: usize) -> Option<Self> {
        let step = prefix.checked_sub(self.prefix)?;
        let index = u32::try_from(index).ok()?;
        if prefix > 32 || u64::from(index) >= 1_u64.checked_shl(u32::from(step))? {
            return None;
        }
        let shift = 32_u32.checked_sub(u32::from(prefix))?;
        let offset = index.checked_shl(shift)?;
        Some(Self {
            first: self.first | offset,
            prefix,
        })
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX
        .checked_shl(32_u32.saturating_sub(u32::from(prefix)))
        .unwrap_or(0)
}

/// Reads the range of a segment: private, and of a size that AWS takes.
///
/// # Errors
/// What is wrong, beginning with the text in backticks.
pub(crate) fn segment_range(text: &str) -> Result<Range, String> {
    let range = Range::parse(text)?;
    if range.prefix < *PREFIXES.start() {
        return Err(format!(
            "`{text}` is too large: a VPC has at most 65,536 addresses, a `/16`"
        ));
    }
    if range.prefix > *PREFIXES.end() {
        return Err(format!(
            "`{text}` is too small: a VPC has at least 16 addresses, a `/28`"
        ));
    }
    if PRIVATE
        .iter()
        .any(|private| Range::parse(private).is_ok_and(|private| private.contains(range)))
    {
        Ok(range)
    } else {
        Err(format!(
            "`{text}` is not a private range: take one within {} (RFC 1918, RFC 6598)",
            PRIVATE.join(", ")
        ))
    }
}

/// The subnets of a segment, one of a kind in each zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Private subnets.
    pub(crate) private: Vec<Range>,
    /// Public subnets, made only where a segment needs an internet gateway; empty where there is no room.
    pub(crate) public: Vec<Range>,
    /// Subnets of a firewall's endpoints, made only where a segment has one; empty where there is no room beside the
    /// public ones.
    pub(crate) firewall: Vec<Range>,
}

/// Cuts a range: into equal blocks, one for each zone and one kept back, at the end. What is kept back holds the
/// public subnets, in its first half where they fit there, and then those of a firewall at the beginning of its second
/// half, each as small as AWS takes it. So the private subnets never move.
///
/// # Errors
/// There is no room for a subnet of the least size.
pub(crate) fn layout(range: Range, zones: usize) -> Result<Layout, String> {
    if !(1..=MOST_ZONES).contains(&zones) {
        return Err(format!(
            "`{zones}` is not a number of zones: write 1 to {MOST_ZONES}"
        ));
    }
    let prefix = range.prefix.saturating_add(bits(zones.saturating_add(1)));
    if prefix > *PREFIXES.end() {
        let least = PREFIXES.end().saturating_sub(bits(zones.saturating_add(1)));
        return Err(format!(
            "`{range}` is too small for {zones} {}: it needs a `/{least}` at least",
            if zones == 1 { "zone" } else { "zones" }
        ));
    }
    let all = |within: Range, prefix: u8| -> Vec<Range> {
        (0..zones)
            .filter_map(|index| within.part(prefix, index))
            .collect()
    };
    let blocks = 1_usize
        .checked_shl(u32::from(bits(zones.saturating_add(1))))
        .unwrap_or(zones);
    let kept = range
        .part(prefix, blocks.saturating_sub(1))
        .unwrap_or(range);
    let fits = |prefix: u8| (prefix <= *PREFIXES.end()).then_some(prefix);
    let half = prefix.saturating_add(1).saturating_add(bits(zones));
    let whole = prefix.saturating_add(bits(zones));
    let public = fits(half)
        .or_else(|| fits(whole))
        .map(|prefix| all(kept, prefix));
    let second = kept
        .part(prefix.saturating_add(1), 1)
        .filter(|_| fits(half).is_some());
    Ok(Layout {
        private: all(range, prefix),
        public: public.unwrap_or_default(),
        firewall: second.map_or_else(Vec::new, |second| all(second, *PREFIXES.end())),
    })
}

/// How many bits number `count` things.
fn bits(count: usize) -> u8 {
    let mut bits = 0_u8;
    while 1_usize
        .checked_shl(u32::from(bits))
        .is_some_and(|room| room < count)
    {
        bits = bits.saturating_add(1);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ranges: &[Range]) -> Vec<String> {
        ranges.iter().map(ToString::to_string).collect()
    }

    fn cut(text: &str, zones: usize) -> Layout {
        layout(segment_range(text).unwrap(), zones).unwrap()
    }

    #[test]
    fn layouts() {
        let large = cut("10.20.0.0/16", 3);
        assert_eq!(
            texts(&large.private),
            ["10.20.0.0/18", "10.20.64.0/18", "10.20.128.0/18"]
        );
        assert_eq!(
            texts(&large.public),
            ["10.20.192.0/21", "10.20.200.0/21", "10.20.208.0/21"]
        );
        assert_eq!(
            texts(&large.firewall),
            ["10.20.224.0/28", "10.20.224.16/28", "10.20.224.32/28"]
        );
        assert_eq!(
            texts(&cut("10.20.2.0/23", 3).firewall),
            ["10.20.3.192/28", "10.20.3.208/28", "10.20.3.224/28"]
        );
        let small = cut("10.20.1.0/24", 3);
        assert!(small.firewall.is_empty());
        assert_eq!(
            texts(&small.private),
            ["10.20.1.0/26", "10.20.1.64/26", "10.20.1.128/26"]
        );
        assert_eq!(
            texts(&small.public),
            ["10.20.1.192/28", "10.20.1.208/28", "10.20.1.224/28"]
        );
        assert!(cut("192.168.7.0/26", 3).public.is_empty());
        assert_eq!(texts(&cut("100.64.0.0/27", 1).private), ["100.64.0.0/28"]);
    }

    #[test]
    fn no_two_subnets_overlap_and_all_lie_within() {
        for prefix in 16..=28 {
            for zones in 1..=MOST_ZONES {
                let range = Range::parse(&format!("10.32.0.0/{prefix}")).unwrap();
                let Ok(layout) = layout(range, zones) else {
                    continue;
                };
                let all: Vec<Range> = layout
                    .private
                    .iter()
                    .chain(&layout.public)
                    .chain(&layout.firewall)
                    .copied()
                    .collect();
                assert_eq!(layout.private.len(), zones);
                assert!(layout.public.is_empty() || layout.public.len() == zones);
                assert!(layout.firewall.is_empty() || layout.firewall.len() == zones);
                for (index, one) in all.iter().enumerate() {
                    assert!(
                        range.contains(*one) && PREFIXES.contains(&one.prefix),
                        "{one} of {range}"
                    );
                    assert!(
                        !all[index + 1..].iter().any(|other| one.overlaps(*other)),
                        "{range}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_refused() {
        let told: Vec<String> = [
            "fd00::/56",
            "10.0.0.0",
            "10.0.0.0/8",
            "10.0.0.0/29",
            "10.0.0.1/16",
            "8.8.0.0/16",
            "10.0.0.0/016",
            "x/16",
        ]
        .iter()
        .map(|text| segment_range(text).unwrap_err())
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        `fd00::/56` is an IPv6 range: segments have IPv4 addresses only, such as `10.20.0.0/16`
        `10.0.0.0` is not an IPv4 range: expected an address and a prefix length, such as `10.20.0.0/16`
        `10.0.0.0/8` is too large: a VPC has at most 65,536 addresses, a `/16`
        `10.0.0.0/29` is too small: a VPC has at least 16 addresses, a `/28`
        `10.0.0.1/16` has bits set beyond its prefix: write `10.0.0.0/16`
        `8.8.0.0/16` is not a private range: take one within 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918, RFC 6598)
        `10.0.0.0/016` is not an IPv4 range: expected an address and a prefix length, such as `10.20.0.0/16`
        `x/16` is not an IPv4 range: expected an address and a prefix length, such as `10.20.0.0/16`
        ");
        assert_eq!(
            layout(Range::parse("10.0.0.0/27").unwrap(), 3).unwrap_err(),
            "`10.0.0.0/27` is too small for 3 zones: it needs a `/26` at least"
        );
    }
}
