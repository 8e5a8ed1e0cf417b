//! The harness of the end-to-end tests: emulators, a fault proxy, a modelled fake for what the
//! emulators lack, and a runner for Terraform and OpenTofu. The xtask binary uses it too.
//!
//! Everything that is started here is ended here, by its pid; on Linux the kernel ends it even
//! when the test process is killed.

pub mod aws;
pub mod emulator;
pub mod fake;
pub mod process;
pub mod proxy;
pub mod registry;
pub mod skip;
pub mod terraform;
pub mod tools;
pub mod unread;
pub mod workspace;

pub use aws::Aws;
pub use emulator::{Emulator, Kind};
pub use proxy::{Fault, Proxy, RuleHandle};
pub use terraform::{Run, Terraform};
