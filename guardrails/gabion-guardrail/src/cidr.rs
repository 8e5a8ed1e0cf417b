//! Blocks of IP addresses, v4 and v6.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses: `10.0.0.0/8`, `2001:db8::/32`.
///
/// ```
/// use gabion_guardrail::Cidr;
///
/// let office = Cidr::parse("203.0.113.0/24").unwrap();
/// assert!(office.contains(&Cidr::parse("203.0.113.7/32").unwrap()));
/// assert!(Cidr::parse("::/0").unwrap().is_everything());
/// assert!(Cidr::parse("10.0.0.0/33").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    v6: bool,
    /// The first address, bits beyond the prefix cleared; that of v4 in the low 32 bits.
    first: u128,
    prefix: u8,
}

impl Cidr {
    /// Reads a block; `None` where the text is none. Bits beyond the prefix are dropped, as AWS does it.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u8 = digits.then(|| prefix.parse().ok())??;
        Self::new(address.parse().ok()?, prefix)
    }

    /// Reads a block, or a single address as the block that holds it alone.
    pub fn parse_or_address(text: &str) -> Option<Self> {
        if text.contains('/') {
            return Self::parse(text);
        }
        let address: IpAddr = text.parse().ok()?;
        Self::new(address, if address.is_ipv4() { 32 } else { 128 })
    }

    fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let (v6, bits) = match address {
            IpAddr::V4(address) => (false, u128::from(u32::from(address))),
            IpAddr::V6(address) => (true, u128::from(address)),
        };
        let mut block = Self {
            v6,
            first: bits,
            prefix,
        };
        (prefix <= block.width()).then_some(())?;
        block.first = bits & !block.rest();
        Some(block)
    }

    fn width(&self) -> u8 {
        if self.v6 { 128 } else { 32 }
    }

    /// The bits beyond the prefix.
    fn rest(&self) -> u128 {
        let free = u32::from(self.width() - self.prefix);
        1_u128
            .checked_shl(free)
            .map_or(u128::MAX, |above| above - 1)
    }

    /// How many bits are fixed.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether it is a block of IPv6.
    pub fn is_v6(&self) -> bool {
        self.v6
    }

    /// The first address.
    pub fn first(&self) -> IpAddr {
        self.address(self.first)
    }

    /// The last address.
    pub fn last(&self) -> IpAddr {
        self.address(self.first | self.rest())
    }

    fn address(&self, bits: u128) -> IpAddr {
        match u32::try_from(bits) {
            Ok(bits) if !self.v6 => IpAddr::V4(Ipv4Addr::from(bits)),
            _ => IpAddr::V6(Ipv6Addr::from(bits)),
        }
    }

    /// Whether all of another block is in this one. A block of v4 holds none of v6, and the other way round.
    pub fn contains(&self, other: &Self) -> bool {
        self.v6 == other.v6
            && self.prefix <= other.prefix
            && other.first & !self.rest() == self.first
    }

    /// Whether they share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Whether it is everything: `0.0.0.0/0`, `::/0`.
    pub fn is_everything(&self) -> bool {
        self.prefix == 0
    }

    /// Whether all of it is private by RFC 1918, shared by RFC 6598, unique local (`fc00::/7`), link local or
    /// loopback: nobody reaches it over the internet.
    pub fn is_private(&self) -> bool {
        const PRIVATE: [(IpAddr, u8); 9] = [
            (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
            (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
            (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
            (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
            (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
            (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
            (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
            (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
            (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
        ];
        PRIVATE
            .iter()
            .filter_map(|(address, prefix)| Self::new(*address, *prefix))
            .any(|block| block.contains(self))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first(), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).unwrap()
    }

    #[test]
    fn blocks_are_read() {
        assert_eq!(cidr("10.1.2.3/8").to_string(), "10.0.0.0/8");
        assert_eq!(cidr("2001:DB8::1/32").to_string(), "2001:db8::/32");
        assert_eq!(cidr("192.0.2.1/32").last().to_string(), "192.0.2.1");
        assert_eq!(
            cidr("::/0").last().to_string(),
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        );
        assert_eq!(cidr("0.0.0.0/0").last().to_string(), "255.255.255.255");
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "::/-1",
            "::/+1",
            "10.0.0.0/ 8",
            "x/8",
            "10.0.0.0/256",
        ] {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
        assert_eq!(
            Cidr::parse_or_address("10.0.0.1"),
            Some(cidr("10.0.0.1/32"))
        );
        assert_eq!(Cidr::parse_or_address("::1"), Some(cidr("::1/128")));
    }

    #[test]
    fn blocks_are_compared() {
        assert!(cidr("0.0.0.0/0").contains(&cidr("10.0.0.0/8")));
        assert!(!cidr("10.0.0.0/8").contains(&cidr("0.0.0.0/0")));
        assert!(cidr("10.0.0.0/8").overlaps(&cidr("0.0.0.0/0")));
        assert!(!cidr("10.0.0.0/9").overlaps(&cidr("10.128.0.0/9")));
        assert!(!cidr("::/0").contains(&cidr("10.0.0.0/8")));
        assert!(cidr("2001:db8::/32").contains(&cidr("2001:db8:ffff::/48")));
        assert!(cidr("0.0.0.0/0").is_everything() && cidr("::/0").is_everything());
        assert!(!cidr("0.0.0.0/1").is_everything());
    }

    #[test]
    fn what_nobody_reaches_is_private() {
        for text in [
            "10.0.0.0/8",
            "172.31.0.0/16",
            "100.64.0.0/10",
            "fd00::/8",
            "::1/128",
        ] {
            assert!(cidr(text).is_private(), "{text}");
        }
        for text in [
            "0.0.0.0/0",
            "172.0.0.0/8",
            "8.8.8.8/32",
            "2001:db8::/32",
            "::/0",
        ] {
            assert!(!cidr(text).is_private(), "{text}");
        }
    }
}
