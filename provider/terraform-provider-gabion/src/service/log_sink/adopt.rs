//! Who may take what is there already. A bucket, trail or log group of a planned name that this sink did not
//! make is left alone, and the error names `terraform import`.

use gabion_aws::s3::BucketPresence;
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use super::TYPE;
use super::live::is_home;
use super::model::LogSinkModel;
use crate::shared::{creation, fault};

/// The creation tag of a part of a sink: it stays, and counts only while the main bucket is being made.
pub(super) fn part_mark(sink: &str) -> (String, String) {
    (creation::TAG.to_owned(), format!("part of {TYPE} {sink}"))
}

/// Whether these tags are those of a part of this sink.
pub(super) fn is_part(tags: &Tags, sink: &str) -> bool {
    tags.get(creation::TAG) == Some(&part_mark(sink).1)
}

/// A part that a sink needs, and that the state does not hold.
struct Part<'a> {
    attribute: &'static str,
    what: &'static str,
    name: &'a str,
}

/// Checks every part that is planned and not in the state yet: absent, or made by a create of this sink that was
/// cut off (or, for a sink that stands, marked as its part). `replacing` says that the names are those of the sink
/// that goes first.
///
/// # Errors
/// Each part that somebody else made.
pub(super) async fn check(
    clients: &Clients,
    prior: Option<&LogSinkModel>,
    planned: &LogSinkModel,
    replacing: bool,
) -> Result<(), Diagnostics> {
    if replacing {
        return Ok(());
    }
    let Some(sink) = planned.bucket.as_str() else {
        return Ok(());
    };
    let mut diags = Diagnostics::new();
    let mut unfinished = false;
    if prior.is_none_or(|prior| prior.id.is_null()) {
        match main_bucket(clients, sink, prior.is_some()).await {
            Ok(found) => unfinished = found,
            Err(errors) => diags.extend(errors),
        }
    }
    // A sink that stands takes what carries its mark; one that is being made only while it is unfinished.
    let marked = |tags: &Tags| (unfinished || prior.is_some()) && is_part(tags, sink);

    if planned.access_logging.known() == Some(&true)
        && prior.is_none_or(|prior| prior.access_log_bucket_arn.is_null())
        && let Some(name) = planned.access_log_bucket.as_str()
    {
        let part = Part {
            attribute: "access_log_bucket",
            what: "bucket",
            name,
        };
        match tags_of_bucket(clients, part.attribute, name).await {
            Ok(Some(tags)) if !marked(&tags) => diags.extend(part.exists(sink, prior.is_some())),
            Ok(_) => {}
            Err(errors) => diags.extend(errors),
        }
    }
    if prior.is_none_or(|prior| prior.trail_arn.is_null())
        && let Some(name) = planned.trail_name.as_str()
    {
        let part = Part {
            attribute: "trail_name",
            what: "trail",
            name,
        };
        let looking = || {
            fault::while_setting(
                Path::root("trail_name"),
                format!("looking for the trail `{name}`"),
            )
        };
        if let Some(found) = clients
            .cloudtrail()
            .find_trail(name)
            .await
            .map_err(looking())?
        {
            // A trail of another region or account is seen here, and its name is taken.
            let here = is_home(clients, &found);
            let tags = if here {
                clients
                    .cloudtrail()
                    .tags(&found.arn)
                    .await
                    .map_err(looking())?
            } else {
                Tags::new()
            };
            // A trail that writes to a bucket which is still being made is part of the same create.
            let same_create = here && unfinished && found.settings.bucket == sink;
            if !marked(&tags) && !same_create {
                diags.extend(part.exists(sink, prior.is_some()));
            }
        }
    }
    if prior.is_none_or(|prior| prior.log_group_arn.is_null())
        && let Some(name) = planned.log_group_name.as_str()
    {
        let part = Part {
            attribute: "log_group_name",
            what: "log group",
            name,
        };
        let looking = || {
            fault::while_setting(
                Path::root("log_group_name"),
                format!("looking for the log group `{name}`"),
            )
        };
        if let Some(found) = clients
            .logs()
            .find_log_group(name)
            .await
            .map_err(looking())?
        {
            let tags = clients.logs().tags(&found.arn).await.map_err(looking())?;
            if !marked(&tags) {
                diags.extend(part.exists(sink, prior.is_some()));
            }
        }
    }
    if diags.has_errors() {
        Err(diags)
    } else {
        Ok(())
    }
}

/// Whether the main bucket is there, unfinished. One that stands is an error.
async fn main_bucket(clients: &Clients, sink: &str, stands: bool) -> Result<bool, Diagnostics> {
    match tags_of_bucket(clients, "bucket", sink).await? {
        None => Ok(false),
        Some(tags) if creation::is_creating(&tags, TYPE, sink) => Ok(true),
        Some(_) => Err(Part {
            attribute: "bucket",
            what: "bucket",
            name: sink,
        }
        .exists(sink, stands)),
    }
}

/// The tags of a bucket of this account and region; none where the name is free.
async fn tags_of_bucket(
    clients: &Clients,
    attribute: &'static str,
    name: &str,
) -> Result<Option<Tags>, Diagnostics> {
    let path = || Path::root(attribute);
    let looking = || fault::while_setting(path(), format!("looking at the bucket `{name}`"));
    let taken = |why: String| Err(fault::error_at(path(), "The bucket name is taken", why));
    match clients.s3().look_up(name).await.map_err(looking())? {
        BucketPresence::Absent => Ok(None),
        BucketPresence::Owned { region } if region == clients.region() => {
            clients.s3().tags(name).await.map(Some).map_err(looking())
        }
        BucketPresence::Owned { region } => taken(format!(
            "Account {} has a bucket `{name}` in {region}, and bucket names are shared by all regions. Choose another \
             name, or import it with a provider of that region: `terraform import <address> {name}`.",
            clients.account_id()
        )),
        BucketPresence::OwnedByAnother { certain: true } => taken(format!(
            "Bucket `{name}` belongs to another account, and bucket names are shared by everybody. Choose another name. \
             If that account is yours, import it with a provider of that account: `terraform import <address> {name}`."
        )),
        BucketPresence::OwnedByAnother { certain: false } => taken(format!(
            "A bucket `{name}` is there, and neither it nor the list of this account's buckets may be read, so it is not \
             known whose it is. Allow `s3:GetBucketLocation` and `s3:ListAllMyBuckets`, import it with `terraform import \
             <address> {name}`, or choose another name."
        )),
    }
}

impl Part<'_> {
    /// It is there, and this sink did not make it.
    fn exists(&self, sink: &str, stands: bool) -> Diagnostics {
        exists(self.attribute, self.what, self.name, sink, stands)
    }
}

/// Something of that name is there, and this sink did not make it. `stands` says that the sink is in the state.
pub(super) fn exists(
    attribute: &'static str,
    what: &str,
    name: &str,
    sink: &str,
    stands: bool,
) -> Diagnostics {
    let way = if stands {
        format!("Choose another name with `{attribute}`, or delete what is there.")
    } else {
        format!(
            "To take over a whole sink, run `terraform import <address> {sink}`; if it is this resource and only marked \
             as tainted, `terraform untaint <address>`; to leave it alone, choose another name with `{attribute}`."
        )
    };
    fault::error_at(
        Path::root(attribute),
        format!("The {what} exists already"),
        format!("The {what} `{name}` was not made by {TYPE} `{sink}`, and is left as it is. {way}"),
    )
}
