//! Amazon Resource Names.

use std::fmt;

use crate::policy::matches;

/// An ARN, taken apart: `arn:aws:iam::111122223333:role/app`.
///
/// ```
/// use gabion_guardrail::Arn;
///
/// let arn = Arn::parse("arn:aws:lambda:eu-central-1:111122223333:function:app").unwrap();
/// assert_eq!((arn.partition, arn.service, arn.region), ("aws", "lambda", "eu-central-1"));
/// assert_eq!((arn.account, arn.resource), ("111122223333", "function:app"));
/// assert_eq!((arn.kind(), arn.name()), (Some("function"), "app"));
/// assert!(Arn::parse("logs").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: &'a str,
    /// `s3`, `iam`, ...
    pub service: &'a str,
    /// Empty where the service has none.
    pub region: &'a str,
    /// Empty where the service has none, as in ARNs of buckets.
    pub account: &'a str,
    /// Everything after the account.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes a text apart; `None` where it is no ARN. A wildcard is a part like any other.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        (parts.next() == Some("arn")).then_some(())?;
        let arn = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let whole =
            !arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty();
        whole.then_some(arn)
    }

    /// What kind of resource, where the ARN says so: `role` of `role/app`, `function` of `function:app`. A bucket
    /// says nothing: `logs/key` is the bucket and a key.
    pub fn kind(&self) -> Option<&'a str> {
        if self.service == "s3" {
            return None;
        }
        self.resource
            .split_once([':', '/'])
            .map(|(kind, _)| kind)
            .filter(|kind| !kind.is_empty())
    }

    /// The resource without its kind: `app` of `role/app`.
    pub fn name(&self) -> &'a str {
        match self.kind() {
            Some(kind) => self.resource.get(kind.len() + 1..).unwrap_or_default(),
            None => self.resource,
        }
    }

    /// Whether this ARN, read as a pattern with `*` and `?`, covers another. A wildcard does not reach over the
    /// colons before the resource.
    pub fn covers(&self, other: &Arn<'_>) -> bool {
        matches(self.partition, other.partition)
            && matches(self.service, other.service)
            && matches(self.region, other.region)
            && matches(self.account, other.account)
            && matches(self.resource, other.resource)
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            "arn",
            self.partition,
            self.service,
            self.region,
            self.account,
            self.resource,
        ];
        f.write_str(&parts.join(":"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_taken_apart_and_put_together() {
        for text in [
            "arn:aws:s3:::logs/a:b",
            "arn:aws-cn:iam::111122223333:role/path/app",
            "arn:aws:sns:eu-central-1:111122223333:topic",
        ] {
            assert_eq!(Arn::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "arn",
            "arn:aws:s3",
            "arn:aws:s3:::",
            "arn::s3:::logs",
            "ARN:aws:s3:::x",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn kinds_and_names() {
        let say = |text| {
            let arn = Arn::parse(text).unwrap();
            (arn.kind(), arn.name())
        };
        assert_eq!(
            say("arn:aws:iam::111122223333:role/path/app"),
            (Some("role"), "path/app")
        );
        assert_eq!(say("arn:aws:s3:::logs/key"), (None, "logs/key"));
        assert_eq!(
            say("arn:aws:sns:eu-central-1:111122223333:topic"),
            (None, "topic")
        );
    }

    #[test]
    fn patterns_cover() {
        let covers = |pattern, text| {
            Arn::parse(pattern)
                .unwrap()
                .covers(&Arn::parse(text).unwrap())
        };
        assert!(covers("arn:aws:s3:::*", "arn:aws:s3:::logs/key"));
        assert!(covers(
            "arn:*:iam::*:role/app-?",
            "arn:aws:iam::111122223333:role/app-1"
        ));
        assert!(!covers("arn:aws:s3:::logs", "arn:aws:s3:::logs/key"));
    }
}
