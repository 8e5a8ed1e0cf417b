//! Making an account, once, by its name and its e-mail address.

use std::time::Duration;

use gabion_aws::organizations::{Account, CreateAccount, CreateStatus};
use gabion_aws::wait::until;
use gabion_aws::{AwsError, Clients, Kind, WaitOptions};
use gabion_framework::prelude::*;

use super::TYPE;
use crate::shared::{creation, fault};

/// AWS makes an account within minutes; sometimes it takes longer.
const CREATION: WaitOptions = WaitOptions {
    first: Duration::from_secs(1),
    max: Duration::from_secs(10),
    limit: Duration::from_secs(45 * 60),
};

/// Pauses before each look for an account whose creation was not confirmed.
const LOOKS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// How often a create is tried: for about half an hour, or until the call's time is over.
const TRIES: u32 = 120;

/// What the creation tag calls an account.
pub(super) fn mark(name: &str, email: &str) -> String {
    format!("{name} {}", email.to_ascii_lowercase())
}

/// What the creation tag calls an account whose baseline stands, and whose quarantine ends: from then on it may be in
/// use, and is never put under quarantine again.
fn opened_mark(name: &str, email: &str) -> String {
    format!("{} opened", mark(name, email))
}

/// The creation tag that is set before the quarantine ends.
pub(super) fn opened(name: &str, email: &str) -> (String, String) {
    creation::creating(TYPE, &opened_mark(name, email))
}

/// An account that an earlier create left.
#[derive(Clone, Debug)]
pub(super) struct Left {
    /// The account.
    pub(super) account: Account,
    /// Its baseline stood, and its quarantine had come to its end, or was about to.
    pub(super) opened: bool,
}

/// Whose an address is.
enum Holder {
    Nobody,
    /// An earlier create of this very account, which did not come to its end.
    Left(Left),
    /// Another account; `ours`: this provider made it, and a state held it once.
    Other {
        account: Account,
        ours: bool,
    },
}

async fn holder(here: &Clients, name: &str, email: &str) -> Result<Holder, Diagnostics> {
    let organizations = here.organizations();
    let doing = || fault::while_doing(format!("looking for the account `{name}`"));
    let accounts = organizations.accounts().await.map_err(doing())?;
    let Some(account) = accounts
        .into_iter()
        .find(|account| account.email.eq_ignore_ascii_case(email))
    else {
        return Ok(Holder::Nobody);
    };
    let tags = organizations.tags(&account.id).await.map_err(doing())?;
    let opened = creation::is_creating(&tags, TYPE, &opened_mark(name, email));
    if account.name == name
        && !account.is_closed()
        && (opened || creation::is_creating(&tags, TYPE, &mark(name, email)))
    {
        return Ok(Holder::Left(Left { account, opened }));
    }
    let (key, value) = creation::created(TYPE);
    let ours = tags.get(&key) == Some(&value);
    Ok(Holder::Other { account, ours })
}

/// An account of this name and address that an earlier create left. One that somebody else made is an error.
///
/// # Errors
/// The address is in use; a call failed.
pub(super) async fn look(
    here: &Clients,
    name: &str,
    email: &str,
) -> Result<Option<Left>, Diagnostics> {
    match holder(here, name, email).await? {
        Holder::Nobody => Ok(None),
        Holder::Left(left) => Ok(Some(left)),
        Holder::Other { account, .. } => Err(fault::error_at(
            Path::root("email"),
            IN_USE,
            taken(&account, email),
        )),
    }
}

/// The same at plan. An account that this provider made and a destroy released is a warning here, and an error at
/// apply: a destroy that is repeated plans the configuration first, and must not be stopped by what it has done.
///
/// # Errors
/// The address is in use; a call failed.
pub(super) async fn look_at_plan(
    here: &Clients,
    name: &str,
    email: &str,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    match holder(here, name, email).await? {
        Holder::Other {
            account,
            ours: true,
        } => diags.warning_at(Path::root("email"), IN_USE, taken(&account, email)),
        Holder::Other { account, .. } => {
            diags.error_at(Path::root("email"), IN_USE, taken(&account, email))
        }
        Holder::Nobody | Holder::Left(_) => {}
    }
    Ok(())
}

const IN_USE: &str = "The e-mail address is in use";

fn taken(account: &Account, email: &str) -> String {
    let (id, name, state) = (&account.id, &account.name, &account.state);
    if account.is_closed() {
        return format!(
            "`{email}` is the address of account `{id}` (`{name}`), which is closed ({state}). AWS keeps the address for \
             as long as the account exists, and after. Use another one."
        );
    }
    format!(
        "`{email}` is the address of account `{id}` (`{name}`), which this resource did not make. To manage that \
         account here, set `account_id = \"{id}\"` (it is adopted: never closed, never under quarantine), or run \
         `terraform import <address> {id}`. Otherwise use another address."
    )
}

/// Makes an account, and waits until it is there. Goes on with a creation that is under way.
///
/// # Errors
/// AWS refused; a call failed. What was begun is found again by the next apply.
pub(super) async fn create(here: &Clients, request: &CreateAccount) -> Result<String, Diagnostics> {
    let organizations = here.organizations();
    let doing = || fault::while_doing(format!("creating the account `{}`", request.name));
    if let Some(status) = under_way(here, &request.name).await.map_err(doing())? {
        let id = wait(here, status).await?;
        // Its address is not told while it is made: this may be somebody else's of the same name.
        if let Some(found) = look(here, &request.name, &request.email).await?
            && found.account.id == id
        {
            return Ok(id);
        }
    }
    let (mut left, mut faults, mut pause) = (TRIES, 0_u32, Duration::from_secs(1));
    loop {
        let error = match organizations.create_account(request).await {
            Ok(status) => return wait(here, status).await,
            Err(error) => error,
        };
        if error.may_have_happened() {
            for pause in LOOKS {
                tokio::time::sleep(pause).await;
                if let Some(status) = under_way(here, &request.name).await.map_err(doing())? {
                    // Names are not unique: whose it is, its address tells below.
                    wait(here, status).await?;
                }
                if let Some(found) = look(here, &request.name, &request.email).await? {
                    return Ok(found.account.id);
                }
            }
        }
        let late = here
            .deadline()
            .is_some_and(|end| std::time::Instant::now() >= end);
        let again = match error.kind {
            // AWS makes only a few accounts at a time: others wait for their turn.
            Kind::Throttled | Kind::Conflict => true,
            Kind::Timeout | Kind::Dispatch | Kind::Other if error.retryable => {
                faults += 1;
                faults < 5
            }
            _ => false,
        };
        if !again || late || left == 0 || here.is_cancelled() {
            return Err(refused(&error, request));
        }
        left -= 1;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(15));
    }
}

fn refused(error: &AwsError, request: &CreateAccount) -> Diagnostics {
    if error.code() == Some("ConstraintViolationException")
        && error.message.to_lowercase().contains("number of")
    {
        return full(&request.name, &error.to_string());
    }
    fault::while_doing(format!("creating the account `{}`", request.name))(error.clone())
}

fn full(name: &str, why: &str) -> Diagnostics {
    Diagnostics::from_error(
        "The organization is full",
        format!(
            "`{name}` was not made: the organization has as many accounts as it may ({why}). Ask for a higher quota \
             (Service Quotas, AWS Organizations, in us-east-1), or close accounts that nobody uses."
        ),
    )
}

async fn under_way(here: &Clients, name: &str) -> Result<Option<CreateStatus>, AwsError> {
    let all = here.organizations().creations_in_progress().await?;
    Ok(all.into_iter().find(|status| status.account_name == name))
}

async fn wait(here: &Clients, status: CreateStatus) -> Result<String, Diagnostics> {
    // Not given up when Terraform is asked to stop: an account that nobody waits for stands open, in no state.
    let here = &here.uninterrupted();
    let organizations = here.organizations();
    let name = status.account_name.clone();
    let what = format!("waiting for the account `{name}` to be made");
    let begun = tokio::sync::Mutex::new(Some(status.clone()));
    let ended = until(here, &what, CREATION, || async {
        // The answer to the create itself may already say how it ended.
        let now = match begun.lock().await.take() {
            Some(first) => first,
            None => organizations.create_status(&status.id).await?,
        };
        tracing::info!(account = name, state = now.state, "account creation");
        Ok((now.state != "IN_PROGRESS").then_some(now))
    })
    .await
    .map_err(fault::while_doing(format!("creating the account `{name}`")))?;
    if let (Some(id), "SUCCEEDED") = (&ended.account_id, ended.state.as_str()) {
        return Ok(id.clone());
    }
    Err(failed(&name, ended.failure.as_deref().unwrap_or("unknown")))
}

fn failed(name: &str, reason: &str) -> Diagnostics {
    let (path, summary, detail) = match reason {
        "EMAIL_ALREADY_EXISTS" => (
            "email",
            IN_USE,
            "An AWS account has this address already, in this organization or in another one. Every account needs an \
             address of its own (many mail systems take `name+account@domain`)."
                .to_owned(),
        ),
        "ACCOUNT_LIMIT_EXCEEDED" => return full(name, reason),
        "INVALID_EMAIL" => (
            "email",
            "AWS does not take this e-mail address",
            "Use an address that can receive mail.".to_owned(),
        ),
        "CONCURRENT_ACCOUNT_MODIFICATION" | "INTERNAL_FAILURE" => (
            "name",
            "AWS could not make the account",
            format!("AWS gave up with `{reason}`; nothing was made. Apply again."),
        ),
        other => (
            "name",
            "AWS could not make the account",
            format!("AWS gave up with `{other}`; nothing was made."),
        ),
    };
    fault::error_at(
        Path::root(path),
        summary,
        format!("`{name}` was not made. {detail}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_in_words() {
        let told = |reason: &str| {
            let diags = failed("dev", reason);
            diags
                .iter()
                .map(|diag| diag.summary.clone())
                .collect::<String>()
        };
        assert_eq!(told("EMAIL_ALREADY_EXISTS"), "The e-mail address is in use");
        assert_eq!(told("ACCOUNT_LIMIT_EXCEEDED"), "The organization is full");
        assert_eq!(told("INTERNAL_FAILURE"), "AWS could not make the account");
    }

    #[test]
    fn an_account_that_was_opened_still_counts_as_unfinished() {
        let tags = gabion_aws::Tags::from([opened("dev", "a@example.com")]);
        assert!(creation::is_unfinished(&tags));
        assert!(!creation::is_creating(
            &tags,
            TYPE,
            &mark("dev", "a@example.com")
        ));
    }

    #[test]
    fn the_mark_does_not_depend_on_the_case_of_the_address() {
        assert_eq!(mark("dev", "A@example.com"), mark("dev", "a@EXAMPLE.com"));
    }
}
