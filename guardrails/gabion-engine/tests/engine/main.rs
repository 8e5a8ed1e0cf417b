//! The engine against packs, good and hostile. The guests are written as WebAssembly text and need no toolchain.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: what helpers of a test meet is a failure of the test"
)]

mod baseline;
mod budgets;
mod cache;
mod describe;
mod guest;
mod reads;
mod refuse;
mod released;
mod support;
