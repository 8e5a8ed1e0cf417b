//! The baseline pack, inside the binary.

/// The component, made from `guardrails/gabion-baseline` by the build script.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/baseline.wasm"));

/// The pack's version, as its manifest has it.
pub const VERSION: &str = env!("GABION_BASELINE_VERSION");
