//! Stateful rule groups of two kinds: TLS to named domains, and everything to ranges.

use aws_sdk_networkfirewall::operation::describe_rule_group::DescribeRuleGroupOutput;
use aws_sdk_networkfirewall::types::{
    GeneratedRulesType, Header, RuleGroup as SdkGroup, RuleGroupType, RuleOption, RuleOrder,
    RulesSource, RulesSourceList, StatefulAction, StatefulRule, StatefulRuleDirection,
    StatefulRuleOptions, StatefulRuleProtocol, TargetType,
};

use super::{NetworkFirewall, encryption, from_sdk, key_of, look_after, to_sdk};
use crate::convert::build_error;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::operations::Operation;
use crate::{Tags, operations};

/// What a rule group lets through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// TLS to these domains, sorted; one that begins with a dot stands for all below it, too.
    Domains(Vec<String>),
    /// Everything to these IPv4 ranges, sorted.
    Ranges(Vec<String>),
    /// Something that this crate does not make.
    #[default]
    Other,
}

/// A rule group as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleGroup {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it lets through.
    pub rules: Rules,
    /// The customer's key, where it has one.
    pub kms_key: Option<String>,
    /// Whether it is on its way out.
    pub deleting: bool,
    /// Tags.
    pub tags: Tags,
    /// By which an update says what it changes.
    pub token: String,
}

fn source(op: &'static Operation, rules: &Rules) -> Result<RulesSource> {
    let builder = RulesSource::builder();
    Ok(match rules {
        Rules::Domains(domains) => {
            let list = RulesSourceList::builder()
                .set_targets(Some(domains.clone()))
                .target_types(TargetType::TlsSni)
                .generated_rules_type(GeneratedRulesType::Allowlist)
                .build()
                .map_err(build_error(op))?;
            builder.rules_source_list(list).build()
        }
        Rules::Ranges(ranges) => {
            let mut all = Vec::new();
            for (number, range) in (1..).zip(ranges) {
                all.push(pass(op, number, range)?);
            }
            builder.set_stateful_rules(Some(all)).build()
        }
        Rules::Other => builder.build(),
    })
}

/// A rule that lets everything through to a range.
fn pass(op: &'static Operation, number: u32, range: &str) -> Result<StatefulRule> {
    let header = Header::builder()
        .protocol(StatefulRuleProtocol::Any)
        .source("$HOME_NET")
        .source_port("ANY")
        .direction(StatefulRuleDirection::Forward)
        .destination(range)
        .destination_port("ANY")
        .build()
        .map_err(build_error(op))?;
    let sid = RuleOption::builder()
        .keyword("sid")
        .settings(number.to_string())
        .build()
        .map_err(build_error(op))?;
    StatefulRule::builder()
        .action(StatefulAction::Pass)
        .header(header)
        .rule_options(sid)
        .build()
        .map_err(build_error(op))
}

fn group(op: &'static Operation, rules: &Rules) -> Result<SdkGroup> {
    Ok(SdkGroup::builder()
        .rules_source(source(op, rules)?)
        .stateful_rule_options(
            StatefulRuleOptions::builder()
                .rule_order(RuleOrder::StrictOrder)
                .build(),
        )
        .build())
}

impl NetworkFirewall {
    /// A stateful rule group by its name.
    pub async fn rule_group(&self, name: &str) -> Result<Option<RuleGroup>> {
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .describe_rule_group()
            .rule_group_name(name)
            .r#type(RuleGroupType::Stateful);
        let answer = self
            .clients
            .call(
                &operations::networkfirewall::DESCRIBE_RULE_GROUP,
                call.send(),
            )
            .await
            .or_absent()?;
        Ok(answer.and_then(group_of))
    }

    /// Creates a stateful rule group for rules in strict order. The capacity can never be changed.
    pub async fn create_rule_group(
        &self,
        name: &str,
        rules: &Rules,
        capacity: i32,
        key: Option<&str>,
        tags: &Tags,
    ) -> Result<RuleGroup> {
        let op = &operations::networkfirewall::CREATE_RULE_GROUP;
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .create_rule_group()
            .rule_group_name(name)
            .r#type(RuleGroupType::Stateful)
            .rule_group(group(op, rules)?)
            .capacity(capacity)
            .encryption_configuration(encryption(op, key)?)
            .set_tags(Some(to_sdk(op, tags)?));
        let failed = match self.clients.call(op, call.send()).await {
            Ok(_) => None,
            Err(error) if look_after(&error) => Some(error),
            Err(error) => return Err(error),
        };
        let found = self.finder().rule_group(name).await?;
        found.filter(|one| !one.deleting).ok_or_else(|| {
            failed.unwrap_or_else(|| AwsError::of(op, Kind::Other, "the rule group is not there"))
        })
    }

    /// Changes what a rule group lets through, and its key.
    pub async fn update_rule_group(
        &self,
        before: &RuleGroup,
        rules: &Rules,
        key: Option<&str>,
    ) -> Result<()> {
        let op = &operations::networkfirewall::UPDATE_RULE_GROUP;
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .update_rule_group()
            .update_token(&before.token)
            .rule_group_name(&before.name)
            .r#type(RuleGroupType::Stateful)
            .rule_group(group(op, rules)?)
            .encryption_configuration(encryption(op, key)?);
        self.clients.call(op, call.send()).await.map(drop)
    }

    /// Deletes a stateful rule group. One that is gone already is success.
    ///
    /// # Errors
    /// `InvalidOperationException` while a policy uses it.
    pub async fn delete_rule_group(&self, name: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .delete_rule_group()
            .rule_group_name(name)
            .r#type(RuleGroupType::Stateful);
        self.clients
            .call(&operations::networkfirewall::DELETE_RULE_GROUP, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

fn group_of(answer: DescribeRuleGroupOutput) -> Option<RuleGroup> {
    let response = answer.rule_group_response?;
    Some(RuleGroup {
        name: response.rule_group_name,
        arn: response.rule_group_arn,
        rules: answer.rule_group.map(rules_of).unwrap_or_default(),
        kms_key: key_of(response.encryption_configuration),
        deleting: response
            .rule_group_status
            .is_some_and(|status| status.as_str() == "DELETING"),
        tags: from_sdk(response.tags),
        token: answer.update_token,
    })
}

/// What a group lets through, as far as it is one that this crate makes.
fn rules_of(group: SdkGroup) -> Rules {
    let strict = group
        .stateful_rule_options
        .is_some_and(|options| options.rule_order == Some(RuleOrder::StrictOrder));
    let Some(source) = group.rules_source.filter(|_| strict) else {
        return Rules::Other;
    };
    if source.rules_string.is_some_and(|text| !text.is_empty()) {
        return Rules::Other;
    }
    if let Some(list) = source.rules_source_list {
        let ours = list.generated_rules_type == GeneratedRulesType::Allowlist
            && list.target_types == [TargetType::TlsSni];
        let mut domains = list.targets;
        domains.sort();
        return if ours {
            Rules::Domains(domains)
        } else {
            Rules::Other
        };
    }
    let ranges: Option<Vec<String>> = source
        .stateful_rules
        .unwrap_or_default()
        .into_iter()
        .map(range_of)
        .collect();
    ranges.map_or(Rules::Other, |mut ranges| {
        ranges.sort();
        Rules::Ranges(ranges)
    })
}

/// The range that a rule lets through, where it is one that [`pass`] makes.
fn range_of(rule: StatefulRule) -> Option<String> {
    let plain = rule.action == StatefulAction::Pass
        && matches!(rule.rule_options.as_slice(), [option] if option.keyword == "sid");
    let header = rule.header.filter(|_| plain)?;
    let ours = header.protocol == StatefulRuleProtocol::Any
        && header.source == "$HOME_NET"
        && header.direction == StatefulRuleDirection::Forward
        && header.source_port == "ANY"
        && header.destination_port == "ANY";
    ours.then_some(header.destination)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let op = &operations::networkfirewall::CREATE_RULE_GROUP;
        for rules in [
            Rules::Domains(vec![".example.com".to_owned(), "example.org".to_owned()]),
            Rules::Ranges(vec![
                "198.51.100.0/24".to_owned(),
                "203.0.113.0/24".to_owned(),
            ]),
        ] {
            assert_eq!(rules_of(group(op, &rules).unwrap()), rules);
        }
    }

    #[test]
    fn a_rule_that_is_not_ours_is_told_apart() {
        let op = &operations::networkfirewall::CREATE_RULE_GROUP;
        let mut other = group(op, &Rules::Ranges(vec!["0.0.0.0/0".to_owned()])).unwrap();
        if let Some(rules) = other
            .rules_source
            .as_mut()
            .and_then(|source| source.stateful_rules.as_mut())
        {
            rules[0].action = StatefulAction::Drop;
        }
        assert_eq!(rules_of(other), Rules::Other);
    }
}
