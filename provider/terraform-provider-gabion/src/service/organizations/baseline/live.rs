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
use super::{Baseline, Contact, DELETED, KEPT, Places};
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

/// One value for all regions: the one that was, where all have it, else the first that is another.
fn common<T: Clone + PartialEq>(
    prior: &Value<T>,
    wish: T,
    live: impl Iterator<Item = T>,
) -> Value<T> {
    let before = prior.known().cloned().unwrap_or(wish);
    let other = live.into_iter().find(|value| *value != before);
    Value::Known(other.unwrap_or(before))
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
            http_tokens: common(
                &prior.http_tokens,
                "required".to_owned(),
                regions().map(|region| region.tokens().to_owned()),
            ),
            http_put_response_hop_limit: common(
                &prior.http_put_response_hop_limit,
                1,
                regions().map(Region::hops),
            ),
            vpc_block_public_access: common(
                &prior.vpc_block_public_access,
                "block-bidirectional".to_owned(),
                regions().map(|region| region.block.clone()),
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
            exception: prior.exception.clone(),
            timeouts: prior.timeouts.clone(),
        }
    }

    /// The default VPCs there are, by region.
    pub(super) fn default_vpcs(&self) -> impl Iterator<Item = (&str, &DefaultVpc)> {
        self.regions
            .iter()
            .filter_map(|(name, region)| Some((name.as_str(), region.default_vpc.as_ref()?)))
    }
}
