//! Packs in Python, through componentize-py.

use std::path::Path;
use std::process::Command;

use crate::pack::{Work, componentized};
use crate::{Engines, Error};

/// Makes the component of the pack in `folder`, an absolute path.
pub(crate) fn build(folder: &Path, engines: &Engines<'_>) -> Result<Vec<u8>, Error> {
    let engine = engines.python()?;
    engines.say("componentizing (10 to 30 seconds)");
    let work = Work::new(
        folder,
        ("build.py", include_str!("../engines/python/build.py")),
        &[],
    )?;
    let mut command = Command::new(engine.join("venv/bin/python"));
    // What the author's environment says of Python does not count here.
    command.arg("-I").arg(&work.script);
    componentized(&mut command, folder, &work)
}
