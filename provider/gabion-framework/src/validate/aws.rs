//! Names and identifiers of AWS.

use super::{Text, Validator};

/// An account id: exactly 12 digits.
#[must_use]
pub fn account_id() -> impl Validator + 'static {
    Text(|text: &str| {
        if is_account_id(text) {
            Ok(())
        } else {
            Err(format!("`{text}` is not an account id: expected 12 digits"))
        }
    })
}

/// Whether this is exactly 12 digits.
#[must_use]
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name of a region, by its shape: an area of 2 letters (or `eusc`), possibly a partition or country
/// part of 2 to 4 letters, a direction, and a number from 1 to 99 (`eu-central-1`, `us-gov-west-1`,
/// `us-isob-east-1`, `eusc-de-east-1`). Regions that do not exist yet pass; availability zones do not.
#[must_use]
pub fn region() -> impl Validator + 'static {
    Text(|text: &str| {
        if is_region(text) {
            return Ok(());
        }
        let hint = match text.strip_suffix(|c: char| c.is_ascii_lowercase()) {
            Some(region) if is_region(region) => {
                format!("is an availability zone: write its region, `{region}`")
            }
            _ => "is not a region: expected a name such as `eu-central-1`".to_owned(),
        };
        Err(format!("`{text}` {hint}"))
    })
}

/// Whether this has the shape of a region's name; see [`region`].
#[must_use]
pub fn is_region(text: &str) -> bool {
    const DIRECTIONS: [&str; 9] = [
        "north",
        "south",
        "east",
        "west",
        "central",
        "northeast",
        "northwest",
        "southeast",
        "southwest",
    ];
    let parts: Vec<&str> = text.split('-').collect();
    let (area, middle, direction, number) = match parts.as_slice() {
        [area, direction, number] => (*area, None, *direction, *number),
        [area, middle, direction, number] => (*area, Some(*middle), *direction, *number),
        _ => return false,
    };
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
    let number_fits = (1..=2).contains(&number.len())
        && !number.starts_with('0')
        && number.bytes().all(|byte| byte.is_ascii_digit());
    ((area.len() == 2 && letters(area)) || area == "eusc")
        && middle.is_none_or(|middle| (2..=4).contains(&middle.len()) && letters(middle))
        && DIRECTIONS.contains(&direction)
        && number_fits
}

struct Arn<'a> {
    service: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Partition `aws` or `aws-...`, a service, a region or none, an account or none (`aws` for objects
    /// that AWS owns), a resource without spaces.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let partition = parts.next()?;
        let arn = Self {
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let partition_fits = partition == "aws" || partition.strip_prefix("aws-").is_some_and(word);
        let fits = partition_fits
            && word(arn.service)
            && (arn.region.is_empty() || is_region(arn.region))
            && (arn.account.is_empty() || arn.account == "aws" || is_account_id(arn.account))
            && !arn.resource.is_empty()
            && !arn
                .resource
                .chars()
                .any(|c| c.is_whitespace() || c.is_control());
        fits.then_some(arn)
    }
}

/// An ARN: partition `aws` or `aws-...`, a service, a region or none, an account id, `aws` or none, and a
/// resource without spaces.
#[must_use]
pub fn arn() -> impl Validator + 'static {
    Text(|text: &str| check_arn(text).map(|_| ()))
}

/// An ARN of one service, such as `kms`; otherwise as [`arn`].
#[must_use]
pub fn arn_of(service: &'static str) -> impl Validator + 'static {
    Text(move |text: &str| {
        let arn = check_arn(text)?;
        if arn.service == service {
            Ok(())
        } else {
            Err(format!(
                "`{text}` is an ARN of `{}`: expected one of `{service}`",
                arn.service
            ))
        }
    })
}

fn check_arn(text: &str) -> Result<Arn<'_>, String> {
    Arn::parse(text).ok_or_else(|| {
        format!("`{text}` is not an ARN: expected `arn:partition:service:region:account:resource`")
    })
}

/// A principal for a policy: an account id, or the ARN of an account's root, a user or a role
/// (`arn:aws:iam::123456789012:role/path/name`). No wildcard, no session, no group, no service.
#[must_use]
pub fn principal() -> impl Validator + 'static {
    Text(check_principal)
}

fn check_principal(text: &str) -> Result<(), String> {
    if text.contains(['*', '?']) {
        return Err(format!(
            "`{text}` contains a wildcard: name each principal, a role, a user or an account"
        ));
    }
    if is_account_id(text) {
        return Ok(());
    }
    if let Some(arn) = Arn::parse(text) {
        if arn.service == "sts" {
            return Err(format!(
                "`{text}` is a session, which ends: write the role's own ARN, \
                 `arn:aws:iam::ACCOUNT:role/NAME`"
            ));
        }
        let name_fits = |name: &str| {
            name.len() <= 512 + 64
                && name.split('/').all(|part| {
                    !part.is_empty()
                        && part
                            .bytes()
                            .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
                })
        };
        let resource_fits = arn.resource == "root"
            || ["role/", "user/"]
                .iter()
                .any(|kind| arn.resource.strip_prefix(kind).is_some_and(name_fits));
        if arn.service == "iam"
            && arn.region.is_empty()
            && is_account_id(arn.account)
            && resource_fits
        {
            return Ok(());
        }
    }
    Err(format!(
        "`{text}` is not a principal: expected an account id, or the ARN of a role, a user or an \
         account's root, such as `arn:aws:iam::123456789012:role/deploy`"
    ))
}

/// A name for a general purpose S3 bucket: 3 to 63 lower-case letters, digits, dots and hyphens, a letter or
/// digit at both ends, no two dots in a row, not an IP address, none of the prefixes `xn--`, `sthree-`,
/// `amzn-s3-demo-` and none of the suffixes `-s3alias`, `--ol-s3`, `.mrap`, `--x-s3`, `--table-s3`, `-an`
/// that S3 keeps for itself.
#[must_use]
pub fn bucket_name() -> impl Validator + 'static {
    Text(|text: &str| {
        check_bucket(text).map_err(|reason| format!("`{text}` is not a bucket name: {reason}"))
    })
}

fn check_bucket(text: &str) -> Result<(), String> {
    const PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
    const SUFFIXES: [&str; 6] = [
        "-s3alias",
        "--ol-s3",
        ".mrap",
        "--x-s3",
        "--table-s3",
        "-an",
    ];
    if !(3..=63).contains(&text.chars().count()) {
        return Err("expected 3 to 63 characters".to_owned());
    }
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !text.chars().all(|c| edge(c) || c == '.' || c == '-') {
        return Err("expected only lower-case letters, digits, `.` and `-`".to_owned());
    }
    if !text.starts_with(edge) || !text.ends_with(edge) {
        return Err("expected a letter or digit at both ends".to_owned());
    }
    if text.contains("..") {
        return Err("it has two dots in a row".to_owned());
    }
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() == 4
        && parts
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err("it looks like an IP address".to_owned());
    }
    if let Some(prefix) = PREFIXES.iter().find(|prefix| text.starts_with(**prefix)) {
        return Err(format!("S3 keeps the prefix `{prefix}` for itself"));
    }
    if let Some(suffix) = SUFFIXES.iter().find(|suffix| text.ends_with(**suffix)) {
        return Err(format!("S3 keeps the suffix `{suffix}` for itself"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::verdict;
    use super::*;

    #[test]
    fn accounts() {
        assert_eq!(verdict(&account_id(), "123456789012"), "");
        for wrong in [
            "",
            "12345678901",
            "1234567890123",
            "12345678901a",
            "１２３４５６７８９０１２",
        ] {
            assert_eq!(
                verdict(&account_id(), wrong),
                format!("x: `{wrong}` is not an account id: expected 12 digits")
            );
        }
    }

    #[test]
    fn regions() {
        for good in [
            "eu-central-1",
            "us-gov-west-1",
            "us-iso-east-1",
            "us-isob-east-1",
            "eu-isoe-west-1",
            "cn-northwest-1",
            "ap-southeast-12",
            "mx-central-1",
            "eusc-de-east-1",
        ] {
            assert_eq!(verdict(&region(), good), "", "{good}");
        }
        for wrong in [
            "",
            "eu",
            "eu-central",
            "eu-central-0",
            "eu-central-01",
            "eu-central-100",
            "EU-central-1",
            "eu_central_1",
            "frankfurt",
            "eu-center-1",
            "e-west-1",
            "global",
            "eu-central-1 ",
        ] {
            assert!(
                verdict(&region(), wrong).contains("is not a region"),
                "{wrong}"
            );
        }
        assert_eq!(
            verdict(&region(), "eu-central-1a"),
            "x: `eu-central-1a` is an availability zone: write its region, `eu-central-1`"
        );
    }

    #[test]
    fn arns() {
        for good in [
            "arn:aws:kms:eu-central-1:123456789012:key/1234",
            "arn:aws:s3:::bucket/key:with:colons",
            "arn:aws-us-gov:iam::123456789012:role/a",
            "arn:aws-cn:sns:cn-north-1:123456789012:topic",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
        ] {
            assert_eq!(verdict(&arn(), good), "", "{good}");
        }
        for wrong in [
            "",
            "foo",
            "arn:aws:kms",
            "arn:aws:kms:eu-central-1:123456789012:",
            "arn:azure:kms:eu-central-1:123456789012:key/1",
            "arn:aws::eu-central-1:123456789012:key/1",
            "arn:aws:kms:frankfurt:123456789012:key/1",
            "arn:aws:kms:eu-central-1:12:key/1",
            "arn:aws:kms:eu-central-1:123456789012:key/ 1",
            "ARN:aws:kms:eu-central-1:123456789012:key/1",
        ] {
            assert_eq!(
                verdict(&arn(), wrong),
                format!(
                    "x: `{wrong}` is not an ARN: expected \
                     `arn:partition:service:region:account:resource`"
                )
            );
        }
        assert_eq!(
            verdict(&arn_of("kms"), "arn:aws:s3:::bucket"),
            "x: `arn:aws:s3:::bucket` is an ARN of `s3`: expected one of `kms`"
        );
        assert_eq!(
            verdict(
                &arn_of("kms"),
                "arn:aws:kms:eu-central-1:123456789012:key/1"
            ),
            ""
        );
    }

    #[test]
    fn principals() {
        for good in [
            "123456789012",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:role/deploy",
            "arn:aws-cn:iam::123456789012:role/service-role/x@y",
            "arn:aws:iam::123456789012:user/jane.doe",
        ] {
            assert_eq!(verdict(&principal(), good), "", "{good}");
        }
        for wild in [
            "*",
            "arn:aws:iam::123456789012:role/*",
            "arn:aws:iam::*:root",
        ] {
            assert!(
                verdict(&principal(), wild).contains("contains a wildcard"),
                "{wild}"
            );
        }
        assert!(
            verdict(&principal(), "arn:aws:sts::123456789012:assumed-role/a/b")
                .contains("is a session")
        );
        for wrong in [
            "",
            "me",
            "arn:aws:iam::123456789012:group/a",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role//a",
            "arn:aws:iam::aws:role/a",
            "arn:aws:iam:eu-central-1:123456789012:role/a",
            "arn:aws:s3:::bucket",
            "ec2.amazonaws.com",
        ] {
            assert!(
                verdict(&principal(), wrong).contains("is not a principal"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn buckets() {
        let longest = "a".repeat(63);
        for good in ["abc", "my.bucket-1", "1bucket", &longest] {
            assert_eq!(verdict(&bucket_name(), good), "", "{good}");
        }
        let too_long = "a".repeat(64);
        for (wrong, reason) in [
            ("ab", "expected 3 to 63 characters"),
            (too_long.as_str(), "expected 3 to 63 characters"),
            (
                "My-bucket",
                "expected only lower-case letters, digits, `.` and `-`",
            ),
            (
                "my_bucket",
                "expected only lower-case letters, digits, `.` and `-`",
            ),
            ("-bucket", "expected a letter or digit at both ends"),
            ("bucket.", "expected a letter or digit at both ends"),
            ("my..bucket", "it has two dots in a row"),
            ("10.0.0.1", "it looks like an IP address"),
            ("xn--bucket", "S3 keeps the prefix `xn--` for itself"),
            (
                "bucket-s3alias",
                "S3 keeps the suffix `-s3alias` for itself",
            ),
            ("bucket--x-s3", "S3 keeps the suffix `--x-s3` for itself"),
        ] {
            assert_eq!(
                verdict(&bucket_name(), wrong),
                format!("x: `{wrong}` is not a bucket name: {reason}")
            );
        }
    }
}
