//! The baseline pack, inside the binary: the one built from this source tree, and every minor that was released.

/// The component, made from `guardrails/gabion-baseline` by the build script.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/baseline.wasm"));

/// The digest of [`COMPONENT`]: taken when it was built, as hashing it is a part of every start.
pub(crate) const DIGEST: &str = env!("GABION_BASELINE_DIGEST");

/// The pack's version, as its manifest has it.
pub const VERSION: &str = env!("GABION_BASELINE_VERSION");

/// A release of the pack, checked in as a component: the same bytes on every platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Its version, as the name of its file says it.
    pub version: &'static str,
    /// The component.
    pub component: &'static [u8],
}

/// The releases in `guardrails/gabion-baseline/released`, oldest first.
pub const RELEASED: &[Released] = include!(concat!(env!("OUT_DIR"), "/released.rs"));

#[cfg(test)]
mod tests {
    #[test]
    fn the_digest_is_that_of_the_component() {
        assert_eq!(crate::cache::digest(super::COMPONENT), super::DIGEST);
    }
}
