//! The resource types that the rules know, with the provider versions they were tested with.

use gabion_guardrail::Target;

/// A type of hashicorp/aws: majors 5 and 6 spell what the rules read in the same way.
pub(crate) const fn aws(resource_type: &'static str) -> Target {
    Target::new(resource_type, "hashicorp/aws", ">= 5.0, < 7.0")
}

/// A composite of this project's provider.
pub(crate) const fn gabion(resource_type: &'static str) -> Target {
    Target::new(resource_type, "gabion/gabion", ">= 0.1, < 2.0")
}
