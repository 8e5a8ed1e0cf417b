//! The built command, from outside: what it writes and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod author;
mod bad_input;
mod check;
mod explain;
mod fixture;
mod inputs;
mod known;
mod large;
mod lock;
mod looks;
mod measures;
mod others;
mod outputs;
mod parity;
mod reader;
mod registry;
mod support;
mod test;
mod topics;
mod waiver;
