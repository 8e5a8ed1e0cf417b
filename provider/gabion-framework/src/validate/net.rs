//! Network ranges and mail addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Text, Validator};

/// An IPv4 or IPv6 range whose address is the network's: `10.0.0.0/16`, `2001:db8::/32`.
#[must_use]
pub fn cidr() -> impl Validator + 'static {
    Text(check_cidr)
}

fn check_cidr(text: &str) -> Result<(), String> {
    let fault = || {
        format!(
            "`{text}` is not a CIDR range: expected an address and a prefix length, such as \
             `10.0.0.0/16`"
        )
    };
    let (address, prefix) = text.split_once('/').ok_or_else(fault)?;
    let address: IpAddr = address.parse().map_err(|_| fault())?;
    let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (prefix.len() > 1 && prefix.starts_with('0')) {
        return Err(fault());
    }
    let prefix: u32 = prefix.parse().map_err(|_| fault())?;
    let network = match address {
        IpAddr::V4(address) => {
            let host = 32_u32.checked_sub(prefix).ok_or_else(fault)?;
            let mask = u32::MAX.checked_shl(host).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let host = 128_u32.checked_sub(prefix).ok_or_else(fault)?;
            let mask = u128::MAX.checked_shl(host).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    };
    if network == address {
        Ok(())
    } else {
        Err(format!(
            "`{text}` has bits set beyond its prefix: write `{network}/{prefix}`"
        ))
    }
}

/// A mail address as mail systems in use take it: at most 254 characters, one `@`, before it 1 to 64
/// letters, digits and ``.!#$%&'*+/=?^_`{|}~-`` without a dot at an end or two in a row, after it a domain
/// of two or more labels. Quoted names and address literals are refused.
#[must_use]
pub fn email() -> impl Validator + 'static {
    Text(|text: &str| {
        if is_email(text) {
            Ok(())
        } else {
            Err(format!(
                "`{text}` is not an e-mail address: expected `name@example.com`"
            ))
        }
    })
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_fits = (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let top_fits = domain
        .rsplit('.')
        .next()
        .is_some_and(|top| top.len() >= 2 && !top.bytes().all(|b| b.is_ascii_digit()));
    text.len() <= 254
        && local_fits
        && domain.contains('.')
        && domain.split('.').all(label_fits)
        && top_fits
}

#[cfg(test)]
mod tests {
    use super::super::testing::verdict;
    use super::*;

    #[test]
    fn ranges() {
        for good in [
            "10.0.0.0/16",
            "0.0.0.0/0",
            "10.1.2.3/32",
            "2001:db8::/32",
            "::/0",
            "::1/128",
        ] {
            assert_eq!(verdict(&cidr(), good), "", "{good}");
        }
        for wrong in [
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0/16",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "::/129",
            "010.0.0.0/8",
            "10.0.0.0/16 ",
            "10.0.0.0/16/16",
        ] {
            assert!(
                verdict(&cidr(), wrong).contains("is not a CIDR range"),
                "{wrong}"
            );
        }
        assert_eq!(
            verdict(&cidr(), "10.0.1.5/16"),
            "x: `10.0.1.5/16` has bits set beyond its prefix: write `10.0.0.0/16`"
        );
        assert_eq!(
            verdict(&cidr(), "2001:db8::1/64"),
            "x: `2001:db8::1/64` has bits set beyond its prefix: write `2001:db8::/64`"
        );
    }

    #[test]
    fn addresses() {
        for good in [
            "a@b.co",
            "aws+log.archive@example.com",
            "x_y@sub.example-1.org",
        ] {
            assert_eq!(verdict(&email(), good), "", "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for wrong in [
            "",
            "a",
            "@b.co",
            "a@",
            "a@b",
            "a@@b.co",
            "a@b..co",
            "a b@c.de",
            ".a@b.co",
            "a.@b.co",
            "a..b@c.de",
            "a@-b.co",
            "a@b.c",
            "a@1.2.3.44",
            "ä@b.co",
            "\"a\"@b.co",
            &long,
        ] {
            assert_eq!(
                verdict(&email(), wrong),
                format!("x: `{wrong}` is not an e-mail address: expected `name@example.com`")
            );
        }
    }
}
