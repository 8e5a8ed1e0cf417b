//! The Rust SDK for authors of Gabion guardrails.
