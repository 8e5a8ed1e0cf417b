//! Which blocks of addresses are the internet.

use gabion_guardrail::prelude::*;

/// Blocks with fewer fixed bits than these are the internet: nobody has so many addresses. Two halves of it, or
/// `2000::/3`, are open to everybody as `0.0.0.0/0` is.
const SMALLEST_V4: u8 = 8;
const SMALLEST_V6: u8 = 16;

/// Whether a block is the internet, or so large a part of it that it makes no difference.
pub(crate) fn is_world(cidr: &Cidr) -> bool {
    let smallest = if cidr.is_v6() {
        SMALLEST_V6
    } else {
        SMALLEST_V4
    };
    cidr.prefix() < smallest && !cidr.is_private()
}

/// Reads the block at a value; `None` where nothing is set.
///
/// # Errors
/// Why it cannot be read, or that it is no block: AWS would refuse it too.
pub(crate) fn cidr(value: &Value) -> Result<Option<Cidr>, Stop> {
    let Some(text) = value.filled()? else {
        return Ok(None);
    };
    match Cidr::parse_or_address(&text) {
        Some(cidr) => Ok(Some(cidr)),
        None => Err(Stop::Failed(
            ["`", &value.path(), "` is no block of addresses"].concat(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internet_and_large_parts_of_it() {
        let world = |text| is_world(&Cidr::parse(text).unwrap());
        for text in [
            "0.0.0.0/0",
            "0.0.0.0/1",
            "128.0.0.0/1",
            "10.0.0.0/7",
            "::/0",
            "0::/0",
            "2000::/3",
            "2600::/12",
        ] {
            assert!(world(text), "{text}");
        }
        for text in [
            "10.0.0.0/8",
            "203.0.113.0/24",
            "9.0.0.0/8",
            "fc00::/7",
            "fe80::/10",
            "2001:db8::/32",
        ] {
            assert!(!world(text), "{text}");
        }
    }
}
