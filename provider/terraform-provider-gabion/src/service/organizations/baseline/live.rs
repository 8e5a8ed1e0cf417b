//! What is there.

use std::collections::{BTreeMap, BTreeSet};

use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use gabion_aws::accessanalyzer::Analyzer;
use gabion_aws::account::Contact as LiveContact;
use gabion_aws::ec2::{DefaultVpc, MetadataDefaults};
use gabion_aws::iam::PasswordPolicy;
use gabion_aws::s3::PublicAccessBlock;
use gabion_framework::prelude::*;

use super::places::AT_ONCE;
use super::{BLOCK_MODES, Baseline, Contact, DELETED, KEPT, Places, VPC_BLOCK};
use crate::shared::{fault, strings};

/// One region.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    pub(super) default_vpc: Option<DefaultVpc>,
    pub(super) ebs_encryption: bool,
    pub(super) ebs_key: String,
    pub(super) metadata: MetadataDefaults,
    pub(super) block: String,
    pub(super) analyzers: Vec<Analyzer>,
}

/// An account.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Live {
    pub(super) contact: Option<LiveContact>,
    pub(super) public_access: PublicAccessBlock,
    pub(super) passwords: Option<PasswordPolicy>,
    pub(super) regions: BTreeMap<String, Region>,
}

/// Reads an account in these regions, all of them at the same time.
///
/// # Errors
/// The first call that failed.
pub(in super::super) async fn read(
    places: &Places,
    regions: &BTreeSet<String>,
) -> Result<Live, Diagnostics> {
    // Boxed: a closure over references would not be general enough for the trait's own future.
    let work: Vec<_> = regions
        .iter()
        .map(|name| {
            async move {
                let region = one(places, name).await?;
                Ok::<_, Diagnostics>((name.clone(), region))
            }
            .boxed()
        })
        .collect();
    let all = futures::stream::iter(work)
        .buffer_unordered(AT_ONCE)
        .try_collect::<BTreeMap<String, Region>>();
    let (mut live, regions) = futures::try_join!(whole(places), all)?;
    live.regions = regions;
    Ok(live)
}

async fn whole(places: &Places) -> Result<Live, Diagnostics> {
    let home = places.home().await?;
    let (account, s3control, iam) = (home.account(), home.s3control(), home.iam());
    let (contact, public_access, passwords) = futures::try_join!(
        account.security_contact(),
        s3control.public_access_block(),
        iam.password_policy(),
    )
    .map_err(fault::while_doing(format!(
        "reading account `{}`",
        places.account()
    )))?;
    Ok(Live {
        contact,
        public_access: public_access.unwrap_or_default(),
        passwords,
        regions: BTreeMap::new(),
    })
}

async fn one(places: &Places, name: &str) -> Result<Region, Diagnostics> {
    let clients = places.region(name).await?;
    let (ec2, analyzers) = (clients.ec2(), clients.accessanalyzer());
    let (default_vpc, ebs_encryption, ebs_key, metadata, block, analyzers) = futures::try_join!(
        ec2.default_vpc(),
        ec2.ebs_encryption(),
        ec2.ebs_key(),
        ec2.metadata_defaults(),
        ec2.block_public_access(),
        analyzers.account_analyzers(),
    )
    .map_err(fault::while_doing(format!(
        "reading account `{}` in {name}",
        places.account()
    )))?;
    Ok(Region {
        default_vpc,
        ebs_encryption,
        ebs_key,
        metadata,
        block,
        analyzers,
    })
}

impl Region {
    /// The hop limit; -1 where nothing is set.
    pub(super) fn hops(&self) -> i64 {
        self.metadata.hop_limit.map_or(-1, i64::from)
    }

    /// Whether tokens are asked for.
    pub(super) fn tokens(&self) -> &str {
        self.metadata
            .http_tokens
            .as_deref()
            .filter(|text| !text.is_empty())
            .unwrap_or("no-preference")
    }

    /// The analyzer that works.
    pub(super) fn analyzer(&self) -> Option<&Analyzer> {
        self.analyzers.iter().find(|analyzer| analyzer.active)
    }
}

/// One value for all regions: the weakest of them, so that no region hides behind another.
fn weakest<T: Clone>(
    prior: &Value<T>,
    live: impl Iterator<Item = T>,
    rank: impl Fn(&T) -> i64,
) -> Value<T> {
    live.max_by_key(rank)
        .map_or_else(|| prior.clone(), Value::Known)
}

/// How weak a demand for tokens is.
fn rank_tokens(tokens: &str) -> i64 {
    match tokens {
        "required" => 0,
        "no-preference" => 1,
        _ => 2,
    }
}

/// How weak a hop limit is; none is the weakest.
fn rank_hops(hops: i64) -> i64 {
    if hops < 0 { i64::MAX } else { hops }
}

/// How weak a block of public access is.
fn rank_block(mode: &str) -> i64 {
    let place = BLOCK_MODES.iter().position(|known| *known == mode);
    place.map_or(i64::MAX, |place| i64::try_from(place).unwrap_or(i64::MAX))
}

impl Live {
    /// The security contact, as a model.
    fn security_contact(&self) -> Value<Contact> {
        self.contact
            .as_ref()
            .map(|contact| Contact {
                name: contact.name.as_str().into(),
                title: contact.title.as_str().into(),
                email_address: contact.email_address.as_str().into(),
                phone_number: contact.phone_number.as_str().into(),
            })
            .into()
    }

    /// The baseline as it is. What AWS does not hold, and what is switched off, stays as in `prior`.
    pub(in super::super) fn observed(&self, prior: &Baseline) -> Baseline {
        let regions = || self.regions.values();
        let passwords = self.passwords.clone().unwrap_or(PasswordPolicy {
            // What IAM asks for where nothing is set.
            minimum_length: 8,
            ..PasswordPolicy::default()
        });
        let kept = prior.default_vpc.as_str() == Some(KEPT);
        let any_vpc = regions().any(|region| region.default_vpc.is_some());
        let map = |of: &dyn Fn(&Region) -> Option<String>| {
            Value::Known(
                self.regions
                    .iter()
                    .filter_map(|(name, region)| Some((name.clone(), of(region)?.into())))
                    .collect::<BTreeMap<String, Value<String>>>(),
            )
        };
        Baseline {
            regions: if prior.regions.is_known() {
                prior.regions.clone()
            } else {
                strings::of(self.regions.keys().cloned())
            },
            security_contact: self.security_contact(),
            block_public_acls: self.public_access.block_public_acls.into(),
            ignore_public_acls: self.public_access.ignore_public_acls.into(),
            block_public_policy: self.public_access.block_public_policy.into(),
            restrict_public_buckets: self.public_access.restrict_public_buckets.into(),
            default_vpc: if kept || any_vpc { KEPT } else { DELETED }.into(),
            ebs_encryption_by_default: regions().all(|region| region.ebs_encryption).into(),
            ebs_default_kms_key_id: map(&|region| Some(region.ebs_key.clone())),
            http_tokens: weakest(
                &prior.http_tokens,
                regions().map(|region| region.tokens().to_owned()),
                |tokens| rank_tokens(tokens),
            ),
            http_put_response_hop_limit: weakest(
                &prior.http_put_response_hop_limit,
                regions().map(Region::hops),
                |hops| rank_hops(*hops),
            ),
            vpc_block_public_access: weakest(
                &prior.vpc_block_public_access,
                regions().map(|region| region.block.clone()),
                |mode| rank_block(mode),
            ),
            minimum_password_length: i64::from(passwords.minimum_length).into(),
            require_symbols: passwords.require_symbols.into(),
            require_numbers: passwords.require_numbers.into(),
            require_uppercase_characters: passwords.require_uppercase.into(),
            require_lowercase_characters: passwords.require_lowercase.into(),
            password_reuse_prevention: i64::from(passwords.reuse_prevention.unwrap_or(0)).into(),
            access_analyzer: if prior.access_analyzer.known() == Some(&false) {
                // Not wished for: one that somebody else made is theirs.
                false.into()
            } else {
                regions().all(|region| region.analyzer().is_some()).into()
            },
            analyzer_arns: map(&|region| Some(region.analyzer()?.arn.clone())),
            regional_differences: Value::Known(self.differences()),
            acknowledge_removals: prior.acknowledge_removals.clone(),
            exception: prior.exception.clone(),
            timeouts: prior.timeouts.clone(),
        }
    }

    /// Settings that are one attribute for all regions, and not the same in all of them: what they are where.
    fn differences(&self) -> BTreeMap<String, Value<String>> {
        type Setting = (&'static str, fn(&Region) -> String);
        let settings: [Setting; 4] = [
            ("ebs_encryption_by_default", |r| {
                r.ebs_encryption.to_string()
            }),
            ("http_tokens", |r| r.tokens().to_owned()),
            ("http_put_response_hop_limit", |r| r.hops().to_string()),
            (VPC_BLOCK, |r| r.block.clone()),
        ];
        let mut out = BTreeMap::new();
        for (name, of) in settings {
            let mut values: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for (region, live) in &self.regions {
                values.entry(of(live)).or_default().push(region);
            }
            if values.len() > 1 {
                let text: Vec<String> = values
                    .iter()
                    .map(|(value, regions)| format!("{value} in {}", regions.join(", ")))
                    .collect();
                out.insert(name.to_owned(), text.join("; ").into());
            }
        }
        out
    }

    /// What of the differences stays where only `vpc_block_public_access` is left as it is.
    pub(super) fn kept_differences(&self) -> BTreeMap<String, Value<String>> {
        let mut all = self.differences();
        all.retain(|name, _| name == VPC_BLOCK);
        all
    }

    /// The default VPCs there are, by region.
    pub(super) fn default_vpcs(&self) -> impl Iterator<Item = (&str, &DefaultVpc)> {
        self.regions
            .iter()
            .filter_map(|(name, region)| Some((name.as_str(), region.default_vpc.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(tokens: &str, hops: Option<i32>, block: &str) -> Region {
        Region {
            metadata: MetadataDefaults {
                http_tokens: Some(tokens.to_owned()),
                hop_limit: hops,
            },
            block: block.to_owned(),
            ebs_encryption: true,
            ..Region::default()
        }
    }

    fn observed(regions: &[(&str, Region)]) -> Baseline {
        let live = Live {
            regions: regions
                .iter()
                .map(|(name, region)| ((*name).to_owned(), region.clone()))
                .collect(),
            ..Live::default()
        };
        // Whatever was shown before: no region hides behind another.
        let prior = Baseline {
            http_tokens: "optional".into(),
            ..Baseline::default()
        };
        live.observed(&prior)
    }

    #[test]
    fn the_weakest_region_is_shown_and_the_others_are_named() {
        let strong = region("required", Some(1), "block-bidirectional");
        let weak = region("optional", None, "off");
        let seen = observed(&[("a", strong.clone()), ("b", weak), ("c", strong.clone())]);
        assert_eq!(seen.http_tokens.as_str(), Some("optional"));
        assert_eq!(seen.http_put_response_hop_limit.known(), Some(&-1));
        assert_eq!(seen.vpc_block_public_access.as_str(), Some("off"));
        let text: Vec<String> = seen
            .regional_differences
            .known()
            .unwrap()
            .iter()
            .map(|(name, text)| format!("{name}: {}", text.as_str().unwrap()))
            .collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        http_put_response_hop_limit: -1 in b; 1 in a, c
        http_tokens: optional in b; required in a, c
        vpc_block_public_access: block-bidirectional in a, c; off in b
        "#);
        let same = observed(&[("a", strong.clone()), ("b", strong)]);
        assert_eq!(same.http_tokens.as_str(), Some("required"));
        assert_eq!(same.regional_differences.known().unwrap().len(), 0);
    }
}
