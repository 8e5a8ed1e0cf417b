//! What the firewall of a segment does, as the plan computes it and as it shows. Pure.
//!
//! Calls are in `converge/firewall.rs`.

use std::collections::BTreeMap;

use gabion_aws::networkfirewall::{FirewallLog, PolicyRules, Rules};

use super::live::FirewallParts;

/// What becomes of traffic of an allowlist that no rule let through: a connection that is told by its first words
/// must be begun first, so packets are dropped once it stands.
const DROP: [&str; 2] = ["aws:alert_established", "aws:drop_established"];

/// The rule groups of AWS by which traffic is inspected where none are named: known malware and botnets. Those that
/// also name abused parts of otherwise honest domains are left to the user.
const INSPECTED: [&str; 2] = [
    "MalwareDomainsStrictOrder",
    "BotNetCommandAndControlDomainsStrictOrder",
];

/// Room for rules, which can never be changed.
pub(super) const CAPACITY: i32 = 500;
/// Most domains of an allowlist.
pub(super) const MOST_DOMAINS: usize = 500;

/// The kinds of logs.
const LOGS: [&str; 2] = ["ALERT", "FLOW"];

/// What the firewall lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// Nothing but TLS to these domains, and everything to these ranges.
    Allow {
        /// Domains.
        domains: Vec<String>,
        /// IPv4 ranges.
        ranges: Vec<String>,
    },
    /// What these rule groups do not drop.
    Inspect(Vec<String>),
}

/// A rule group of the segment's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnGroup {
    /// What part it is, and the end of its name.
    pub(super) part: &'static str,
    /// What it lets through.
    pub(super) rules: Rules,
}

impl Filter {
    /// The rule groups to make, in the order in which they decide.
    pub(super) fn own_groups(&self) -> Vec<OwnGroup> {
        let Self::Allow { domains, ranges } = self else {
            return Vec::new();
        };
        let mut groups = vec![OwnGroup {
            part: DOMAINS,
            rules: Rules::Domains(domains.clone()),
        }];
        if !ranges.is_empty() {
            groups.push(OwnGroup {
                part: RANGES,
                rules: Rules::Ranges(ranges.clone()),
            });
        }
        groups
    }

    /// The policy; `own` are the ARNs of the groups that were made.
    pub(super) fn policy(&self, own: Vec<String>) -> PolicyRules {
        let (rule_groups, actions) = match self {
            Self::Allow { .. } => (own, &DROP[..]),
            Self::Inspect(groups) => (groups.clone(), &[][..]),
        };
        PolicyRules {
            rule_groups,
            default_actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            plain: true,
        }
    }

    /// What it does, as the state shows it.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .own_groups()
            .iter()
            .flat_map(|group| rule_texts(&group.rules))
            .collect();
        let policy = self.policy(Vec::new());
        all.extend(policy.rule_groups.iter().map(|arn| group_text(arn)));
        all.extend(default_texts(&policy));
        all
    }
}

/// The part name of the firewall, and the beginning of those of all that belongs to it.
pub(super) const FIREWALL: &str = "firewall";
/// The beginning of the part names of what it has in each zone.
pub(super) const ZONE: &str = "firewall-zone-";
/// The part name of its policy.
pub(super) const POLICY: &str = "firewall-policy";
/// The part name of the group of domains.
pub(super) const DOMAINS: &str = "firewall-domains";
/// The part name of the group of ranges.
pub(super) const RANGES: &str = "firewall-ranges";

/// The name of the firewall and of its policy: unique, and found again when a state is lost.
pub(super) fn name(vpc: &str) -> String {
    format!("gabion-{vpc}")
}

/// The name of a rule group.
pub(super) fn group_name(vpc: &str, part: &str) -> String {
    format!("gabion-{vpc}-{part}")
}

/// The part name of what the firewall has in a zone.
pub(super) fn zone_part(zone: &str) -> String {
    format!("{ZONE}{zone}")
}

/// The rule groups of AWS that inspect where none are named.
pub(super) fn default_groups(partition: &str, region: &str) -> Vec<String> {
    INSPECTED
        .iter()
        .map(|group| {
            format!(
                "arn:{partition}:network-firewall:{region}:aws-managed:stateful-rulegroup/{group}"
            )
        })
        .collect()
}

fn rule_texts(rules: &Rules) -> Vec<String> {
    match rules {
        Rules::Domains(domains) => domains
            .iter()
            .map(|domain| format!("pass tls to {domain}"))
            .collect(),
        Rules::Ranges(ranges) => ranges
            .iter()
            .map(|range| format!("pass all to {range}"))
            .collect(),
        Rules::Other => vec!["rules that are not the segment's".to_owned()],
    }
}

fn group_text(arn: &str) -> String {
    format!("rules of {arn}")
}

fn default_texts(policy: &PolicyRules) -> Vec<String> {
    policy
        .default_actions
        .iter()
        .map(|action| format!("otherwise {action}"))
        .collect()
}

/// What the live firewall does, as the state shows it; what is not as this resource makes it has a line of its own.
pub(super) fn live_texts(parts: &FirewallParts) -> Vec<String> {
    let (Some(firewall), Some(policy)) = (&parts.firewall, &parts.policy) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    if firewall.policy_arn != policy.arn {
        all.push(format!("another policy, {}", firewall.policy_arn));
    }
    if !policy.rules.plain {
        all.push("rule order, stateless rules or overrides that are not the segment's".to_owned());
    }
    for arn in &policy.rules.rule_groups {
        match parts.groups.iter().find(|group| group.arn == *arn) {
            Some(group) => all.extend(rule_texts(&group.rules)),
            None => all.push(group_text(arn)),
        }
    }
    all.extend(default_texts(&policy.rules));
    for (what, key) in parts
        .groups
        .iter()
        .map(|group| ("a rule group", &group.kms_key))
        .chain([("the policy", &policy.kms_key)])
    {
        if *key != firewall.kms_key {
            all.push(format!("another key of {what}"));
        }
    }
    all
}

/// The logs that go to a destination: the ARN of a bucket, with a prefix maybe, or of a log group.
pub(super) fn logs(destination: &str) -> Vec<FirewallLog> {
    let (target, place) = match destination.split_once(":s3:::") {
        Some((_, bucket)) => {
            let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
            let prefix = prefix.trim_end_matches('/');
            let mut place = BTreeMap::from([("bucketName".to_owned(), bucket.to_owned())]);
            if !prefix.is_empty() {
                place.insert("prefix".to_owned(), prefix.to_owned());
            }
            ("S3", place)
        }
        None => {
            let group = destination.split(":log-group:").nth(1).unwrap_or_default();
            let place = BTreeMap::from([("logGroup".to_owned(), group.to_owned())]);
            ("CloudWatchLogs", place)
        }
    };
    LOGS.iter()
        .map(|kind| FirewallLog {
            kind: (*kind).to_owned(),
            target: target.to_owned(),
            destination: place.clone(),
        })
        .collect()
}

/// Logs as the state shows them: `alert to bucket logs/network`.
pub(super) fn log_texts(logs: &[FirewallLog]) -> Vec<String> {
    let mut all: Vec<String> = logs
        .iter()
        .map(|log| {
            let part = |key: &str| log.destination.get(key).map(String::as_str);
            let place = match (part("bucketName"), part("logGroup")) {
                (Some(bucket), _) => match part("prefix") {
                    Some(prefix) => format!("bucket {bucket}/{prefix}"),
                    None => format!("bucket {bucket}"),
                },
                (None, Some(group)) => format!("log group {group}"),
                (None, None) => log.target.clone(),
            };
            format!("{} to {place}", log.kind.to_lowercase())
        })
        .collect();
    all.sort();
    all
}

/// Whether a text is a domain that a list may hold: by itself, or with a dot before it for all below it.
///
/// # Errors
/// What is wrong, beginning with the text in backticks.
pub(super) fn domain(text: &str) -> Result<(), String> {
    if let Some(rest) = text.strip_prefix("*.") {
        return Err(format!(
            "`{text}` has a wildcard: write `.{rest}` for `{rest}` and all domains below it"
        ));
    }
    let name = text.strip_prefix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte)
            })
    };
    let numbers = name
        .split('.')
        .all(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if name.len() <= 253 && name.contains('.') && !numbers && name.split('.').all(label) {
        return Ok(());
    }
    Err(format!(
        "`{text}` is not a domain: write it in lower case without scheme, port or path, such as `api.example.com`, or \
         `.example.com` for it and all below it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gabion_aws::networkfirewall::{Firewall, FirewallPolicy, RuleGroup};

    fn allow() -> Filter {
        Filter::Allow {
            domains: vec![".example.com".to_owned(), "example.org".to_owned()],
            ranges: vec!["203.0.113.0/24".to_owned()],
        }
    }

    fn parts(filter: &Filter) -> FirewallParts {
        let groups: Vec<RuleGroup> = filter
            .own_groups()
            .into_iter()
            .map(|group| RuleGroup {
                name: group_name("vpc-1", group.part),
                arn: group.part.to_owned(),
                rules: group.rules,
                ..RuleGroup::default()
            })
            .collect();
        let own = groups.iter().map(|group| group.arn.clone()).collect();
        FirewallParts {
            firewall: Some(Firewall {
                policy_arn: "policy".to_owned(),
                ..Firewall::default()
            }),
            policy: Some(FirewallPolicy {
                arn: "policy".to_owned(),
                rules: filter.policy(own),
                ..FirewallPolicy::default()
            }),
            groups,
            logs: Vec::new(),
        }
    }

    #[test]
    fn what_is_made_shows_as_it_was_planned() {
        let inspect = Filter::Inspect(default_groups("aws", "eu-central-1"));
        for filter in [allow(), inspect] {
            assert_eq!(live_texts(&parts(&filter)), filter.texts());
        }
        insta::assert_snapshot!(allow().texts().join("\n"), @r"
        pass tls to .example.com
        pass tls to example.org
        pass all to 203.0.113.0/24
        otherwise aws:alert_established
        otherwise aws:drop_established
        ");
    }

    #[test]
    fn what_is_changed_shows() {
        let change: [fn(&mut FirewallParts); 6] = [
            |parts| parts.firewall.as_mut().unwrap().policy_arn = "other".to_owned(),
            |parts| parts.policy.as_mut().unwrap().rules.plain = false,
            |parts| parts.policy.as_mut().unwrap().rules.default_actions.clear(),
            |parts| parts.policy.as_mut().unwrap().kms_key = Some("key".to_owned()),
            |parts| parts.groups[0].rules = Rules::Domains(vec![".com".to_owned()]),
            |parts| parts.policy = None,
        ];
        for change in change {
            let mut parts = parts(&allow());
            change(&mut parts);
            assert_ne!(live_texts(&parts), allow().texts());
        }
    }

    #[test]
    fn destinations() {
        let told = [
            "arn:aws:s3:::logs",
            "arn:aws:s3:::logs/network/",
            "arn:aws:logs:eu-central-1:111122223333:log-group:/net",
        ]
        .map(|arn| log_texts(&logs(arn)).join(", "));
        assert_eq!(
            told,
            [
                "alert to bucket logs, flow to bucket logs",
                "alert to bucket logs/network, flow to bucket logs/network",
                "alert to log group /net, flow to log group /net",
            ]
        );
    }

    #[test]
    fn domains() {
        for good in [
            "example.com",
            ".example.com",
            "a-b.xn--p1ai",
            "_dmarc.example.com",
        ] {
            assert!(domain(good).is_ok(), "{good}");
        }
        for bad in [
            "*.example.com",
            "com",
            ".com",
            "https://example.com",
            "Example.com",
            "example.com:443",
            "10.0.0.1",
            "-a.example.com",
            "a..b",
            "",
        ] {
            assert!(domain(bad).is_err(), "{bad}");
        }
    }
}
