//! End-to-end tests: real Terraform and OpenTofu against real wire protocols.
//!
//! One binary, one module a topic. Each test starts an emulator of its own, so that tests run
//! in parallel and leave nothing to each other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail as tests do: by a panic"
)]

mod account;
mod author;
mod bad_input;
mod check;
mod companions;
mod composites;
mod defaults;
mod docs;
mod example_packs;
mod faults;
mod guard;
mod guide;
mod harness;
mod kms_key;
mod landing_zone;
mod log_sink;
mod main_path;
mod network_segment;
mod org_guardrail;
mod organization;
mod outputs;
mod parity;
mod provider;
mod real_account;
mod registry;
mod rule_pages;
mod sdk_packages;
mod secrets_in_log;
mod structure;
mod support;
mod three_languages;
mod unknown;
mod workload_role;
