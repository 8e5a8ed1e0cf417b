//! What makes components of JavaScript and Python: fetched once, in the user's cache.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use gabion_componentize::Engines;

use super::say;

/// How to get them.
pub const HOW: &str = "run `cargo xtask setup`, which fetches it into the user's cache (Node.js 20 and Python 3.11 must be there)";

/// Where they are: the place that `gabion build` uses too.
///
/// # Errors
/// Without a home.
pub fn place() -> Result<PathBuf> {
    Engines::usual_place().context("HOME is not set, so there is no place for the engines")
}

/// Fetches what is not there.
///
/// # Errors
/// What is missing on this machine, or that a registry cannot be reached.
pub fn install() -> Result<()> {
    let place = place()?;
    let engines = Engines::new(&place, &|text| say(text));
    engines.javascript()?;
    engines.python()?;
    Ok(())
}
