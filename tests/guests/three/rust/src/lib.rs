//! One rule of real size, written in three languages with equal results: the Rust one.

use gabion_guardrail::json::Json;
use gabion_guardrail::prelude::*;

/// What the house wants.
#[derive(Settings)]
struct House {
    /// What names begin with.
    #[setting(default = "acme-".to_owned())]
    prefix: String,
    /// Who may own a service.
    #[setting(default = Vec::new())]
    owners: Vec<String>,
    /// How many days a backup is kept.
    #[setting(default = 7, min = 1, max = 365)]
    backup_days: i64,
    /// Regions in which services may run; any where it is not said.
    regions: Option<Vec<String>>,
}

/// ## What it does
/// Finds services that break the rules of the house: names, tags, backups, open ports, policies, passwords.
///
/// ## Why
/// To see that three languages say the same:
///
///     an indented line, a `"quoted"` one, and an ümlaut
///
/// ## Fix
/// ```hcl
/// resource "acme_service" "x" {
///   name = "acme-x"
/// }
/// ```
#[rule(
    code = "TL01",
    name = "unruly-service",
    title = "a service that breaks the rules of the house",
    level = mandatory,
    since = "1.0.0",
    targets(acme_service(provider = "acme/services", versions = ">= 1.0, < 3.0"), acme_job(provider = "acme/services", versions = ">= 1.0")),
    controls(own("TL01"), security_hub("X.1"))
)]
fn unruly_service(change: &Change) -> Outcome {
    let Some(service) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let house = settings::<House>()?;
    gabion_guardrail::log("looking at a service");
    let mut review = Review::new();
    review.look(|| name(&service, &house));
    review.look_at(|findings| tags(&service, &house, findings));
    review.must_be_true(&service.get("encrypted"), "the service is not encrypted");
    review.look_at(|findings| backups(&service, &house, findings));
    review.look_at(|findings| ports(&service, findings));
    review.look_at(|findings| policy(&service, findings));
    review.look_at(|findings| password(&service, findings));
    review.look(|| limits(&service));
    review.look(|| zone(change, &service));
    review.look(|| region(change, &house));
    review.look_at(|findings| options(change, &service, findings));
    for secret in service.get("environment").secrets() {
        let message = ["there is a secret of the kind `", &secret.kind, "`"].concat();
        review.add(Finding::new(secret.path, message).observed(secret.kind));
    }
    review.outcome()
}

fn name(service: &Value, house: &House) -> Result<Option<Finding>, Stop> {
    let name = service.get("name");
    let Some(text) = name.filled()? else {
        return Ok(Some(name.finding("the service has no name")));
    };
    if name.size()? > 40 {
        return Ok(Some(name.finding("the name is longer than 40 characters")));
    }
    if text.starts_with(&house.prefix) {
        return Ok(None);
    }
    let message = ["the name `", &text, "` does not begin with `", &house.prefix, "`"].concat();
    Ok(Some(name.finding(message).fix([&house.prefix, text.as_str()].concat())))
}

fn tags(service: &Value, house: &House, findings: &mut Vec<Finding>) -> Result<(), Stop> {
    let tags = Tags::own(service);
    let missing = tags.missing(&["owner", "cost center"])?;
    if !missing.is_empty() {
        let message = ["missing tags: ", &missing.join(", ")].concat();
        findings.push(tags.value().finding(message).observed(tags.keys()?.join(" ")));
    }
    if let Some(owner) = tags.get("owner")?
        && !house.owners.is_empty()
        && !house.owners.contains(&owner)
    {
        let owners = house.owners.join("`, `");
        let message = ["`", &owner, "` may not own it; `", &owners, "` may"].concat();
        let mut finding = tags.value().get("owner").finding(message);
        for owner in &house.owners {
            finding = finding.fix(owner.as_str());
        }
        findings.push(finding);
    }
    Ok(())
}

fn backups(service: &Value, house: &House, findings: &mut Vec<Finding>) -> Result<(), Stop> {
    let Some(backup) = service.get("backup").block()? else {
        let finding = service.get("backup").finding("nothing backs the service up");
        findings.push(finding.fix_at("backup[0].days", house.backup_days));
        return Ok(());
    };
    let days = backup.get("days");
    if let Some(kept) = days.integer()?
        && kept < house.backup_days
    {
        let message = ["backups are kept for ", &kept.to_string(), " days"].concat();
        let observed = [&kept.to_string(), " days"].concat();
        findings.push(days.finding(message).observed(observed).fix(house.backup_days));
    }
    for (index, copy) in backup.get("copies").elements()?.iter().enumerate() {
        if copy.text()?.as_deref() == Some("tape") {
            let message = ["copy ", &(index + 1).to_string(), " goes to tape"].concat();
            findings.push(copy.finding(message));
        }
    }
    Ok(())
}

fn ports(service: &Value, findings: &mut Vec<Finding>) -> Result<(), Stop> {
    for ingress in service.get("ingress").elements()? {
        let (from, to) = (ingress.get("from").integer()?, ingress.get("to").integer()?);
        let (Some(from), Some(to)) = (from, to) else {
            continue;
        };
        for cidr in ingress.get("cidrs").elements()? {
            if cidr.text()?.as_deref() == Some("0.0.0.0/0") && from <= 22 && 22 <= to {
                findings.push(cidr.finding("everybody may try to log in").fix("10.0.0.0/8"));
            }
        }
    }
    Ok(())
}

fn policy(service: &Value, findings: &mut Vec<Finding>) -> Result<(), Stop> {
    let policy = service.get("policy");
    let Some(document) = PolicyDocument::read(&policy)? else {
        return Ok(());
    };
    for (index, statement) in document.statements.iter().enumerate() {
        if statement.effect == Effect::Deny {
            continue;
        }
        let label = statement.label(index + 1);
        let within = |condition: &gabion_guardrail::policy::Condition| {
            condition.is_about("aws:PrincipalOrgID") && !condition.holds_when_missing()
        };
        if statement.covers_everybody() && !statement.conditions.iter().any(within) {
            let message = [label.as_str(), " lets everybody in"].concat();
            findings.push(policy.finding(message).observed(label.as_str()));
        }
        if statement.covers_service("kms") || statement.covers_action("iam:PassRole") {
            let actions = statement.actions.named().join(",");
            findings.push(policy.finding([label.as_str(), " allows too much"].concat()).observed(actions));
        }
    }
    Ok(())
}

fn password(service: &Value, findings: &mut Vec<Finding>) -> Result<(), Stop> {
    let password = service.get("password");
    if password.is_computed() || !password.is_set()? {
        return Ok(());
    }
    if password.size()? < 12 {
        findings.push(password.finding("the password is shorter than 12 characters"));
    }
    if password.equal_to(&service.get("name"))? {
        findings.push(password.finding("the password is the name"));
    }
    Ok(())
}

fn limits(service: &Value) -> Result<Option<Finding>, Stop> {
    let weight = service.find("limits[0].weight")?;
    let text = weight.number()?.unwrap_or_default();
    Ok(weight.float()?.filter(|weight| *weight > 0.5).map(|_| {
        weight.finding(["the weight ", &text, " is more than a half"].concat()).fix_at("limits", Json::List(Vec::new()))
    }))
}

fn zone(change: &Change, service: &Value) -> Result<Option<Finding>, Stop> {
    if change.operation() != Operation::Update {
        return Ok(None);
    }
    let (old, new) = (change.before().get("zone"), service.get("zone"));
    Ok((!old.equal_to(&new)?).then(|| new.finding("a service does not move to another zone")))
}

fn region(change: &Change, house: &House) -> Result<Option<Finding>, Stop> {
    let Some(regions) = &house.regions else {
        return Ok(None);
    };
    let region = change.provider_configuration().get("region").text()?.unwrap_or_default();
    let message = || Finding::new("", ["the region `", &region, "` is not allowed"].concat());
    Ok((!regions.contains(&region)).then(message))
}

fn options(change: &Change, service: &Value, findings: &mut Vec<Finding>) -> Result<(), Stop> {
    if change.configured("tier") == Some(false) {
        findings.push(Finding::new("tier", "nobody chose a tier"));
    }
    let options = service.get("options");
    for key in options.keys()? {
        let value = options.get(&key);
        if key.starts_with("debug") && value.kind() == Kind::Boolean && value.boolean()? == Some(true) {
            findings.push(value.finding(["the option `", &key, "` is on"].concat()).fix(false));
        }
    }
    Ok(())
}

/// ## What it does
/// Finds services that no alarm watches.
#[rule(
    code = "TL02",
    name = "unwatched-service",
    title = "a service that no alarm watches",
    level = advisory,
    since = "1.1.0",
    targets(any)
)]
fn unwatched_service(graph: &Graph) -> Outcome {
    let mut review = Review::new();
    for service in graph.changes("acme_service") {
        let Some(after) = service.planned() else {
            continue;
        };
        let watched = graph.referrers(&service).iter().any(|one| one.resource_type() == "acme_alarm");
        if !watched && graph.complete() {
            let refers: Vec<String> = graph
                .references(&service)
                .into_iter()
                .map(|one| [one.path, one.address, one.attribute].join(" "))
                .collect();
            let finding = after.get("name").finding("no alarm watches the service");
            review.add(finding.on(service.address()).observed(refers.join("; ")));
        }
        review.look(|| {
            let name = after.get("name").text()?.unwrap_or_default();
            Ok((name == "x").then(|| after.get("name").finding("the name is too short").on(service.address())))
        });
    }
    review.outcome()
}


gabion_guardrail::pack! {
    name: "three",
    version: "1.0.0",
    settings: House,
    rules: [unruly_service, unwatched_service],
}
