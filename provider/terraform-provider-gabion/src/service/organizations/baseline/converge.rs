//! Makes an account agree with the plan: compares with what is live, and writes only where they differ.

use std::collections::BTreeMap;

use futures::{FutureExt as _, StreamExt as _};
use gabion_aws::account::Contact as LiveContact;
use gabion_aws::iam::PasswordPolicy;
use gabion_aws::s3::PublicAccessBlock;
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use super::live::Region;
use super::places::AT_ONCE;
use super::{AWS_EBS_KEY, Baseline, DELETED, KEPT, Kind, Live, OWN_KEYS, Places, adopt, ebs_key};
use crate::configured::Gabion;
use crate::shared::{creation, fault, tags};

/// The name of the analyzers that are made.
const ANALYZER: &str = "gabion-account";

/// What a run made or found.
#[derive(Clone, Debug, Default)]
struct Outcome {
    /// Keys for EBS volumes that are ours, by region.
    own_keys: BTreeMap<String, String>,
    /// Keys for EBS volumes in use, by region.
    keys: BTreeMap<String, String>,
    /// What blocks public access, by region, and whether it was left as it is.
    blocks: BTreeMap<String, String>,
    blocks_kept: bool,
    /// Analyzers, by region.
    analyzers: BTreeMap<String, String>,
    /// What went wrong.
    errors: Vec<Diagnostics>,
}

impl Outcome {
    /// Fills in what was not known at plan.
    fn complete(&self, live: &Live, plan: &mut Baseline) {
        let map = |map: &BTreeMap<String, String>| {
            Value::Known(
                map.iter()
                    .map(|(region, text)| (region.clone(), text.as_str().into()))
                    .collect(),
            )
        };
        plan.ebs_default_kms_key_id = map(&self.keys);
        plan.analyzer_arns = map(&self.analyzers);
        if plan.vpc_block_public_access.is_unknown() {
            let weakest = super::BLOCK_MODES
                .iter()
                .rev()
                .find(|mode| self.blocks.values().any(|live| live == *mode));
            plan.vpc_block_public_access = weakest.map_or(Value::Null, |mode| (*mode).into());
        }
        if plan.regional_differences.is_unknown() {
            // All is the same now, but for what was left as it is.
            let left = live.kept_differences();
            let kept = self.blocks_kept;
            plan.regional_differences = Value::Known(if kept { left } else { BTreeMap::new() });
        }
    }
}

/// Runs all steps, all regions at the same time, and goes on where one of them fails.
async fn run(job: &Job<'_>, plan: &Baseline, own_keys: &BTreeMap<String, String>) -> Outcome {
    let (places, live, tags) = (job.places, job.live, job.tags);
    let work: Vec<_> = live
        .regions
        .iter()
        .map(|(name, region)| {
            async move {
                let done = one(places, name, region, plan, own_keys, tags).await;
                (name.clone(), region.block.clone(), done)
            }
            .boxed()
        })
        .collect();
    let regions = futures::stream::iter(work)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>();
    let (whole, regions) = futures::join!(whole(places, live, plan), regions);
    let mut out = Outcome {
        own_keys: own_keys.clone(),
        blocks_kept: !plan.vpc_block_public_access.is_known(),
        errors: whole,
        ..Outcome::default()
    };
    for (name, block, done) in regions {
        if let Some((key, own)) = done.key {
            if own {
                out.own_keys.insert(name.clone(), key.clone());
            }
            out.keys.insert(name.clone(), key);
        }
        if let Some(arn) = done.analyzer {
            out.analyzers.insert(name.clone(), arn);
        }
        out.blocks.insert(name, block);
        out.errors.extend(done.errors);
    }
    out
}

/// What is to be set. One value stands for all regions, which may differ: in an adopted account, what cuts or opens
/// traffic is touched only where the plan changes it.
fn wishes(job: &Job<'_>, plan: &Baseline) -> Baseline {
    let mut wishes = plan.clone();
    if job.kind == Kind::Made {
        return wishes;
    }
    let now = job.live.observed(plan);
    let stands = |of: fn(&Baseline) -> &Value<String>| {
        let before = job.before.filter(|before| before.regions == plan.regions);
        of(&now) == of(plan) || before.is_some_and(|before| of(before) == of(plan))
    };
    if stands(|baseline| &baseline.vpc_block_public_access) {
        wishes.vpc_block_public_access = Value::Unknown;
    }
    if stands(|baseline| &baseline.default_vpc) {
        wishes.default_vpc = KEPT.into();
    }
    wishes
}

/// What to settle, and with what.
pub(in super::super) struct Job<'a> {
    /// The call.
    pub(in super::super) ctx: &'a Ctx<Gabion>,
    /// The account.
    pub(in super::super) places: &'a Places,
    /// What is there, just read.
    pub(in super::super) live: &'a Live,
    /// Whose account it is.
    pub(in super::super) kind: Kind,
    /// The state before, where the resource was there.
    pub(in super::super) before: Option<&'a Baseline>,
    /// Tags of keys and analyzers that are made here.
    pub(in super::super) tags: &'a Tags,
}

/// Runs all steps, remembers the keys that were made, and leaves in `plan` what stands: as planned, with what was
/// not known filled in, or after a failure what is there.
///
/// # Errors
/// All that went wrong; what would cut off others, which somebody may have begun since the plan.
pub(in super::super) async fn settle(
    job: &Job<'_>,
    plan: &mut Baseline,
    private: &mut Private,
) -> Result<(), Diagnostics> {
    let own: BTreeMap<String, String> = private.get(OWN_KEYS).unwrap_or_default();
    if job.kind == Kind::Adopted {
        let now = job.live.observed(plan);
        let mut diags = Diagnostics::new();
        adopt::check(job.places.account(), &now, plan, private, &mut diags);
        if diags.has_errors() {
            *plan = now;
            return Err(diags);
        }
    }
    let outcome = run(job, &wishes(job, plan), &own).await;
    private.set(OWN_KEYS, &outcome.own_keys);
    if outcome.errors.is_empty() {
        outcome.complete(job.live, plan);
        adopt::remember(plan, private);
        return Ok(());
    }
    let regions = job.live.regions.keys().cloned().collect();
    let reading = Places::reading(job.ctx, job.places.account())?;
    *plan = match super::read(&reading, &regions).await {
        Ok(now) => now.observed(plan),
        // The calls that failed are told; what was there before is the best that is known.
        Err(_) => job.live.observed(plan),
    };
    Err(outcome.errors.into_iter().flatten().collect())
}

/// The error of a call that sets an attribute.
fn at(
    attribute: &'static str,
    place: &str,
) -> impl FnOnce(gabion_aws::AwsError) -> Diagnostics + use<> {
    fault::while_setting(
        Path::root(attribute),
        format!("setting `{attribute}` in {place}"),
    )
}

fn flag(value: &Value<bool>) -> bool {
    value.known() == Some(&true)
}

fn number(value: &Value<i64>) -> i32 {
    value
        .known()
        .and_then(|number| i32::try_from(*number).ok())
        .unwrap_or_default()
}

async fn whole(places: &Places, live: &Live, plan: &Baseline) -> Vec<Diagnostics> {
    let home = match places.home().await {
        Ok(home) => home,
        Err(errors) => return vec![errors],
    };
    let place = format!("account `{}`", places.account());
    let (contact, block, passwords) = futures::join!(
        contact(&home, live, plan, &place),
        public_access(&home, live, plan, &place),
        passwords(&home, live, plan, &place),
    );
    [contact, block, passwords]
        .into_iter()
        .filter_map(Result::err)
        .collect()
}

async fn contact(
    home: &Clients,
    live: &Live,
    plan: &Baseline,
    place: &str,
) -> Result<(), Diagnostics> {
    let Some(contact) = plan.security_contact.known() else {
        return Ok(());
    };
    let text = |value: &Value<String>| value.as_str().unwrap_or_default().to_owned();
    let wanted = LiveContact {
        name: text(&contact.name),
        title: text(&contact.title),
        email_address: text(&contact.email_address),
        phone_number: text(&contact.phone_number),
    };
    if live.contact.as_ref() == Some(&wanted) {
        return Ok(());
    }
    home.account()
        .put_security_contact(&wanted)
        .await
        .map_err(at("security_contact", place))
}

async fn public_access(
    home: &Clients,
    live: &Live,
    plan: &Baseline,
    place: &str,
) -> Result<(), Diagnostics> {
    let wanted = PublicAccessBlock {
        block_public_acls: flag(&plan.block_public_acls),
        ignore_public_acls: flag(&plan.ignore_public_acls),
        block_public_policy: flag(&plan.block_public_policy),
        restrict_public_buckets: flag(&plan.restrict_public_buckets),
    };
    if live.public_access == wanted {
        return Ok(());
    }
    home.s3control()
        .put_public_access_block(&wanted)
        .await
        .map_err(at("block_public_acls", place))
}

async fn passwords(
    home: &Clients,
    live: &Live,
    plan: &Baseline,
    place: &str,
) -> Result<(), Diagnostics> {
    let before = live.passwords.clone().unwrap_or(PasswordPolicy {
        allow_change: true,
        ..PasswordPolicy::default()
    });
    let reuse = number(&plan.password_reuse_prevention);
    let wanted = PasswordPolicy {
        minimum_length: number(&plan.minimum_password_length),
        require_symbols: flag(&plan.require_symbols),
        require_numbers: flag(&plan.require_numbers),
        require_uppercase: flag(&plan.require_uppercase_characters),
        require_lowercase: flag(&plan.require_lowercase_characters),
        reuse_prevention: (reuse > 0).then_some(reuse),
        // The rest is the account's own affair: one call sets all of it.
        ..before
    };
    if live.passwords.as_ref() == Some(&wanted) {
        return Ok(());
    }
    home.iam()
        .put_password_policy(&wanted)
        .await
        .map_err(at("minimum_password_length", place))
}

/// What one region came to.
#[derive(Default)]
struct Done {
    /// The key, and whether it is ours.
    key: Option<(String, bool)>,
    analyzer: Option<String>,
    errors: Vec<Diagnostics>,
}

async fn one(
    places: &Places,
    name: &str,
    live: &Region,
    plan: &Baseline,
    own_keys: &BTreeMap<String, String>,
    tags: &Tags,
) -> Done {
    let clients = match places.region(name).await {
        Ok(clients) => clients,
        Err(errors) => {
            return Done {
                errors: vec![errors],
                ..Done::default()
            };
        }
    };
    let (ebs, metadata, block, vpc, analyzer) = futures::join!(
        ebs(&clients, live, plan, own_keys.get(name), tags),
        metadata(&clients, live, plan),
        block(&clients, live, plan),
        default_vpc(&clients, live, plan),
        analyzer(&clients, live, plan, tags),
    );
    let mut done = Done::default();
    match ebs {
        Ok(key) => done.key = Some(key),
        Err((key, errors)) => {
            done.key = key;
            done.errors.push(errors);
        }
    }
    match analyzer {
        Ok(arn) => done.analyzer = arn,
        Err(errors) => done.errors.push(errors),
    }
    done.errors
        .extend([metadata, block, vpc].into_iter().filter_map(Result::err));
    done
}

/// Key and encryption. A key that was made is told even where a later step failed.
async fn ebs(
    clients: &Clients,
    live: &Region,
    plan: &Baseline,
    own: Option<&String>,
    tags: &Tags,
) -> Result<(String, bool), (Option<(String, bool)>, Diagnostics)> {
    let name = clients.region();
    let named = plan
        .ebs_default_kms_key_id
        .known()
        .and_then(|keys| keys.get(name))
        .and_then(Value::as_str);
    let (key, is_own) = match named {
        Some(key) => {
            let is_own = own.is_some_and(|own| own == key);
            if is_own && let Err(errors) = ebs_key::retag(clients, key, tags).await {
                return Err((Some((key.to_owned(), is_own)), errors));
            }
            (key.to_owned(), is_own)
        }
        None => match ebs_key::ensure(clients, tags).await {
            Ok(key) => (key, true),
            Err(errors) => return Err((None, errors)),
        },
    };
    let made = (key.clone(), is_own);
    let ec2 = clients.ec2();
    if live.ebs_key != key {
        let set = if key == AWS_EBS_KEY {
            ec2.reset_ebs_key().await
        } else {
            ec2.put_ebs_key(&key).await
        };
        if let Err(error) = set {
            return Err((Some(made), at("ebs_default_kms_key_id", name)(error)));
        }
    }
    let on = flag(&plan.ebs_encryption_by_default);
    if live.ebs_encryption != on
        && let Err(error) = ec2.put_ebs_encryption(on).await
    {
        return Err((Some(made), at("ebs_encryption_by_default", name)(error)));
    }
    Ok(made)
}

async fn metadata(clients: &Clients, live: &Region, plan: &Baseline) -> Result<(), Diagnostics> {
    let tokens = plan.http_tokens.as_str().unwrap_or("required");
    let hops = number(&plan.http_put_response_hop_limit);
    if live.tokens() == tokens && live.hops() == i64::from(hops) {
        return Ok(());
    }
    clients
        .ec2()
        .put_metadata_defaults(tokens, hops)
        .await
        .map_err(at("http_tokens", clients.region()))
}

async fn block(clients: &Clients, live: &Region, plan: &Baseline) -> Result<(), Diagnostics> {
    let Some(mode) = plan.vpc_block_public_access.as_str() else {
        return Ok(());
    };
    if live.block == mode {
        return Ok(());
    }
    clients
        .ec2()
        .put_block_public_access(mode)
        .await
        .map_err(at("vpc_block_public_access", clients.region()))
}

async fn default_vpc(clients: &Clients, live: &Region, plan: &Baseline) -> Result<(), Diagnostics> {
    if plan.default_vpc.as_str() != Some(DELETED) {
        return Ok(());
    }
    let Some(vpc) = &live.default_vpc else {
        return Ok(());
    };
    // Somebody may have moved in since the plan.
    if let Some(refusal) = super::plan::used(clients, vpc).await? {
        return Err(refusal);
    }
    clients
        .ec2()
        .delete_default_vpc(&vpc.id)
        .await
        .map_err(at("default_vpc", clients.region()))
}

async fn analyzer(
    clients: &Clients,
    live: &Region,
    plan: &Baseline,
    wanted: &Tags,
) -> Result<Option<String>, Diagnostics> {
    let name = clients.region();
    let analyzers = clients.accessanalyzer();
    if !flag(&plan.access_analyzer) {
        // Only what was made here goes.
        for ours in live
            .analyzers
            .iter()
            .filter(|analyzer| analyzer.tags.contains_key(creation::TAG))
        {
            analyzers
                .delete_analyzer(&ours.name)
                .await
                .map_err(at("access_analyzer", name))?;
        }
        let other = live
            .analyzers
            .iter()
            .find(|analyzer| analyzer.active && !analyzer.tags.contains_key(creation::TAG));
        return Ok(other.map(|analyzer| analyzer.arn.clone()));
    }
    if let Some(there) = live.analyzer() {
        if there.tags.contains_key(creation::TAG) {
            let (set, unset) = tags::changes(&there.tags, wanted);
            let arn = &there.arn;
            analyzers.tag(arn, &set).await.map_err(at("tags", name))?;
            analyzers
                .untag(arn, &unset)
                .await
                .map_err(at("tags", name))?;
        }
        return Ok(Some(there.arn.clone()));
    }
    let mut all = wanted.clone();
    all.extend([creation::created("gabion_account")]);
    analyzers
        .create_account_analyzer(ANALYZER, &all)
        .await
        .map_err(at("access_analyzer", name))?;
    Ok(Some(
        clients.arn("access-analyzer", &format!("analyzer/{ANALYZER}")),
    ))
}
