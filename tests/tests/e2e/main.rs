//! End-to-end tests: real Terraform and OpenTofu against real wire protocols.
//!
//! One binary, one module a topic. Each test starts an emulator of its own, so that tests run
//! in parallel and leave nothing to each other.

mod docs;
mod harness;
mod main_path;
mod structure;
mod support;
