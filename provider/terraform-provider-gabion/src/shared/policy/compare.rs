//! What a planned policy would take out of the live one.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Effect, Matcher, Principals, Statement};
use super::pattern::{covers, covers_action, overlap, principal_covers};

/// Something that is in the live policy, and would not be any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Removal {
    /// What a user writes to acknowledge it: a principal, or the label of a statement.
    pub(crate) name: String,
    /// The labels of the live statements it is in.
    pub(crate) statements: Vec<String>,
    /// What is lost: actions, or the whole statement where this is empty.
    pub(crate) actions: Vec<String>,
}

impl std::fmt::Display for Removal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`", self.name)?;
        let labels: Vec<String> = self
            .statements
            .iter()
            .filter(|label| **label != self.name)
            .map(|label| format!("`{label}`"))
            .collect();
        match (labels.is_empty(), self.actions.is_empty()) {
            (true, true) => f.write_str(" (the whole statement)"),
            (true, false) => write!(f, " ({})", self.actions.join(", ")),
            (false, true) => write!(f, " (in {})", labels.join(", ")),
            (false, false) => write!(
                f,
                " (in {}: {})",
                labels.join(", "),
                self.actions.join(", ")
            ),
        }
    }
}

/// What `planned` takes out of `live`, less what `applied` shows to be this configuration's own earlier
/// work: that is in the plan's diff, and changed on purpose.
pub(crate) fn removals(
    live: &Document,
    planned: &Document,
    applied: Option<&Document>,
) -> Vec<Removal> {
    let mut found: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for (index, statement) in live.statements.iter().enumerate() {
        let label = statement.label(index);
        let kept_whole = |document: &Document| {
            document
                .statements
                .iter()
                .any(|other| other.same_content(statement))
        };
        if kept_whole(planned) || applied.is_some_and(kept_whole) {
            // A kept Allow may still lose to a new Deny: looked at below.
            if statement.effect == Effect::Deny || applied.is_some_and(kept_whole) {
                continue;
            }
        }
        match (&statement.effect, &statement.principals, &statement.actions) {
            (Effect::Allow, Principals::Only(map), Matcher::Only(actions)) => {
                for (kind, principal) in map
                    .iter()
                    .flat_map(|(kind, names)| names.iter().map(move |name| (kind, name)))
                {
                    // The id of a deleted principal: nobody uses it any more.
                    if is_deleted(principal) {
                        continue;
                    }
                    let lost: BTreeSet<String> = actions
                        .iter()
                        .filter(|action| {
                            let granted = |document: &Document| {
                                grants(document, statement, kind, principal, action)
                            };
                            let loses = !granted(planned)
                                || newly_denied(live, planned, applied, kind, principal, action);
                            loses && !applied.is_some_and(granted)
                        })
                        .cloned()
                        .collect();
                    if !lost.is_empty() {
                        let entry = found.entry(principal.clone()).or_default();
                        entry.0.insert(label.clone());
                        entry.1.extend(lost);
                    }
                }
            }
            // A Deny, or a statement by exception: kept whole or named whole.
            _ if !kept_whole(planned) => {
                found.entry(label.clone()).or_default().0.insert(label);
            }
            _ => {}
        }
    }
    found
        .into_iter()
        .map(|(name, (statements, actions))| Removal {
            name,
            statements: statements.into_iter().collect(),
            actions: actions.into_iter().collect(),
        })
        .collect()
}

/// Those that the user has not listed, by principal or by label.
pub(crate) fn unacknowledged(
    removals: Vec<Removal>,
    acknowledged: &BTreeSet<String>,
    partition: &str,
) -> Vec<Removal> {
    let same = |listed: &str, name: &str| {
        listed == name || (listed.len() == 12 && super::root_arn(partition, listed) == name)
    };
    removals
        .into_iter()
        .filter(|removal| {
            let by_name = acknowledged
                .iter()
                .any(|listed| same(listed, &removal.name));
            let by_label = removal
                .statements
                .iter()
                .all(|label| acknowledged.contains(label));
            !by_name && !by_label
        })
        .collect()
}

fn is_deleted(principal: &str) -> bool {
    principal.len() >= 16
        && ["AROA", "AIDA", "AGPA", "ANPA"]
            .iter()
            .any(|prefix| principal.starts_with(prefix))
        && principal
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether `document` grants at least what `statement` grants this principal for this action pattern.
fn grants(
    document: &Document,
    statement: &Statement,
    kind: &str,
    principal: &str,
    action: &str,
) -> bool {
    document.statements.iter().any(|other| {
        let principal_fits = match &other.principals {
            Principals::Only(map) => {
                map.get(kind).is_some_and(|names| {
                    // An account's own root statement leaves it to IAM, which need not permit it: only the
                    // same name, or everybody, is as good.
                    names.contains(principal) || names.contains("*")
                })
            }
            Principals::Except(_) => false,
        };
        let action_fits = match &other.actions {
            Matcher::Only(set) => set.iter().any(|pattern| covers_action(pattern, action)),
            Matcher::Except(_) => false,
        };
        let resource_fits = match (&other.resources, &statement.resources) {
            (Matcher::Only(outer), Matcher::Only(inner)) => inner
                .iter()
                .all(|name| outer.iter().any(|pattern| covers(pattern, name))),
            (one, two) => one == two,
        };
        // Fewer conditions, each with at least the same values.
        let conditions_fit = other.conditions.iter().all(|(operator, keys)| {
            let negated = operator.to_ascii_lowercase().contains("not");
            keys.iter().all(|(key, values)| {
                statement
                    .conditions
                    .get(operator)
                    .and_then(|keys| keys.get(key))
                    .is_some_and(|live| {
                        if negated {
                            values.is_subset(live)
                        } else {
                            values.is_superset(live)
                        }
                    })
            })
        });
        other.effect == Effect::Allow
            && principal_fits
            && action_fits
            && resource_fits
            && conditions_fit
    })
}

/// Whether a Deny that neither the live policy nor this configuration had hits the principal.
fn newly_denied(
    live: &Document,
    planned: &Document,
    applied: Option<&Document>,
    kind: &str,
    principal: &str,
    action: &str,
) -> bool {
    planned.statements.iter().any(|deny| {
        let old = |document: &Document| {
            document
                .statements
                .iter()
                .any(|other| other.same_content(deny))
        };
        let hits = match &deny.principals {
            Principals::Only(map) => map
                .get(kind)
                .is_some_and(|names| names.iter().any(|name| principal_covers(name, principal))),
            Principals::Except(map) => {
                !map.get(kind).is_some_and(|names| names.contains(principal))
            }
        };
        let touches = match &deny.actions {
            Matcher::Only(set) => set.iter().any(|pattern| overlap(pattern, action)),
            Matcher::Except(set) => !set.iter().any(|pattern| covers_action(pattern, action)),
        };
        deny.effect == Effect::Deny
            && deny.conditions.is_empty()
            && hits
            && touches
            && !old(live)
            && !applied.is_some_and(old)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::policy::{allow, deny};

    const ROOT: &str = "arn:aws:iam::111122223333:root";
    const APP: &str = "arn:aws:iam::111122223333:role/app";
    const HAND: &str = "arn:aws:iam::111122223333:role/by-hand";

    fn ours() -> Document {
        Document::new(vec![
            allow("Recovery")
                .to("AWS", [ROOT])
                .actions(["kms:PutKeyPolicy", "kms:DescribeKey"]),
            allow("Use")
                .to("AWS", [APP])
                .actions(["kms:Decrypt", "kms:GenerateDataKey*"]),
        ])
    }

    fn names(live: &Document, planned: &Document, applied: Option<&Document>) -> Vec<String> {
        removals(live, planned, applied)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_same_policy_loses_nothing() {
        assert!(names(&ours(), &ours(), None).is_empty());
    }

    #[test]
    fn a_principal_added_by_hand_is_named() {
        let mut live = ours();
        live.statements[1] = allow("Use")
            .to("AWS", [APP, HAND])
            .actions(["kms:Decrypt", "kms:GenerateDataKey*"]);
        assert_eq!(
            names(&live, &ours(), Some(&ours())),
            [format!(
                "`{HAND}` (in `Use`: kms:Decrypt, kms:GenerateDataKey*)"
            )]
        );
    }

    #[test]
    fn a_statement_added_by_hand_is_named_by_its_principals() {
        let mut live = ours();
        live.statements.push(
            allow("Hand")
                .to("Service", ["sns.amazonaws.com"])
                .actions(["kms:Decrypt"]),
        );
        live.statements.push(
            deny("NoDelete")
                .to_everybody()
                .actions(["kms:ScheduleKeyDeletion"]),
        );
        assert_eq!(
            names(&live, &ours(), Some(&ours())),
            [
                "`NoDelete` (the whole statement)",
                "`sns.amazonaws.com` (in `Hand`: kms:Decrypt)"
            ]
        );
    }

    #[test]
    fn what_this_configuration_put_in_may_go() {
        let mut planned = ours();
        planned.statements.pop();
        assert!(names(&ours(), &planned, Some(&ours())).is_empty());
        assert_eq!(
            names(&ours(), &planned, None),
            [format!(
                "`{APP}` (in `Use`: kms:Decrypt, kms:GenerateDataKey*)"
            )]
        );
    }

    #[test]
    fn the_default_policy_of_a_new_key_is_more_than_recovery() {
        let live = Document::new(vec![
            allow("Enable IAM User Permissions")
                .to("AWS", [ROOT])
                .actions(["kms:*"]),
        ]);
        assert_eq!(
            names(&live, &ours(), None),
            [format!(
                "`{ROOT}` (in `Enable IAM User Permissions`: kms:*)"
            )]
        );
    }

    #[test]
    fn narrower_conditions_cut_and_wider_ones_do_not() {
        let bound = allow("S")
            .to("Service", ["x.amazonaws.com"])
            .actions(["kms:Decrypt"]);
        let narrow = bound
            .clone()
            .when("StringEquals", "aws:SourceAccount", ["111122223333"]);
        let (wide, narrow) = (Document::new(vec![bound]), Document::new(vec![narrow]));
        assert_eq!(names(&wide, &narrow, None).len(), 1);
        assert!(names(&narrow, &wide, None).is_empty());
    }

    #[test]
    fn a_new_deny_cuts() {
        let mut planned = ours();
        planned
            .statements
            .push(deny("No").to("AWS", [APP]).actions(["kms:Decrypt"]));
        assert_eq!(
            names(&ours(), &planned, None),
            [format!("`{APP}` (in `Use`: kms:Decrypt)")]
        );
    }

    #[test]
    fn deleted_principals_are_nobody() {
        let mut live = ours();
        live.statements.push(
            allow("Old")
                .to("AWS", ["AROAEXAMPLEEXAMPLEEX1"])
                .actions(["kms:Decrypt"]),
        );
        assert!(names(&live, &ours(), None).is_empty());
    }

    #[test]
    fn acknowledged_by_principal_account_or_label() {
        let removal = |name: &str| Removal {
            name: name.to_owned(),
            statements: vec!["Hand".to_owned()],
            actions: vec!["kms:Decrypt".to_owned()],
        };
        let listed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let left = |ack: &[&str]| unacknowledged(vec![removal(ROOT)], &listed(ack), "aws").len();
        assert_eq!(left(&[]), 1);
        assert_eq!(left(&[ROOT]), 0);
        assert_eq!(left(&["111122223333"]), 0);
        assert_eq!(left(&["Hand"]), 0);
        assert_eq!(left(&[HAND]), 1);
    }
}
