use gabion_guardrail::prelude::*;

use crate::Placement;

/// ## What it does
/// Finds instances, launch templates and databases whose family is not among `allowed_instance_families`.
///
/// The family is what stands before the size: `m7g` of `m7g.large`, and of a database's `db.m7g.large`.
///
/// ## Why
/// A fleet of few families is cheaper to reserve and to patch.
///
/// ## Fix
/// ```hcl
/// resource "aws_instance" "app" {
///   ami           = "ami-0123456789abcdef0"
///   instance_type = "m7g.large"
/// }
/// ```
#[rule(
    code = "PL02",
    title = "an instance of a family that is not allowed",
    level = mandatory,
    since = "1.0.0",
    targets(
        provider = "hashicorp/aws",
        versions = ">= 5.0, < 7.0",
        aws_db_instance,
        aws_instance,
        aws_launch_template,
    ),
    controls(own("PL02"))
)]
pub fn instance_family_not_allowed(change: &Change) -> Outcome {
    let Some(resource) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let allowed = &settings::<Placement>()?.allowed_instance_families;
    if allowed.is_empty() {
        return NOT_APPLICABLE;
    }
    let name = match change.resource_type().as_str() {
        "aws_db_instance" => "instance_class",
        _ => "instance_type",
    };
    let value = resource.get(name);
    // An instance may take it from its launch template, which is judged then.
    let Some(text) = value.filled()? else {
        return NOT_APPLICABLE;
    };
    let plain = text.strip_prefix("db.").unwrap_or(&text);
    let (family, size) = plain.split_once('.').unwrap_or((plain, ""));
    if allowed.iter().any(|known| known == family) {
        return PASS;
    }
    let message = [
        "instances of the family `",
        family,
        "` are not allowed; allowed are ",
        &allowed.join(", "),
    ];
    let mut finding = value.finding(message.concat());
    if let Some(first) = allowed.first() {
        let prefix = if plain.len() < text.len() { "db." } else { "" };
        finding = finding.fix([prefix, first, ".", size].concat());
    }
    found(finding)
}
