//! Packs in JavaScript, through componentize-js.

use std::path::Path;
use std::process::Command;

use crate::pack::{Work, componentized};
use crate::{Engines, Error};

/// Makes the component of the pack in `folder`, an absolute path.
pub(crate) fn build(folder: &Path, engines: &Engines<'_>) -> Result<Vec<u8>, Error> {
    let engine = engines.javascript()?;
    engines.say("componentizing (10 to 30 seconds)");
    let work = Work::new(
        folder,
        ("build.mjs", include_str!("../engines/javascript/build.mjs")),
        &[("lean.mjs", include_str!("../engines/javascript/lean.mjs"))],
    )?;
    let mut command = Command::new("node");
    command.arg(&work.script).arg("--engine").arg(engine);
    componentized(&mut command, folder, &work)
}
