//! What makes components of JavaScript and Python: fetched from their registries once, in the versions that are
//! locked here, into the user's cache.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;
use crate::needs::{NODE, NPM, PYTHON};

/// Says what takes long, one line at a time.
pub type Progress<'a> = &'a dyn Fn(&str);

/// Written last: a folder without it was cut off.
const DONE: &str = "gabion-complete";

const JAVASCRIPT: &str = include_str!("../engines/javascript/package.json");
const JAVASCRIPT_LOCK: &str = include_str!("../engines/javascript/package-lock.json");
const PYTHON_LOCK: &str = include_str!("../engines/python/requirements.txt");

fn javascript_name() -> String {
    let version = after(JAVASCRIPT, "/componentize-js\": \"");
    format!("componentize-js-{version}")
}

fn python_name() -> String {
    let version = after(PYTHON_LOCK, "componentize-py==");
    format!("componentize-py-{version}")
}

/// The engines' place, and whom to tell of progress.
#[derive(Clone, Copy)]
pub struct Engines<'a> {
    place: &'a Path,
    progress: Progress<'a>,
}

impl std::fmt::Debug for Engines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engines")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl<'a> Engines<'a> {
    /// Engines below a folder, which need not exist.
    pub fn new(place: &'a Path, progress: Progress<'a>) -> Self {
        Self { place, progress }
    }

    /// The user's: `$XDG_CACHE_HOME/gabion/engines`, else `~/.cache/gabion/engines`; `None` without a home.
    pub fn usual_place() -> Option<PathBuf> {
        let absolute = |name| {
            env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .map(|base| base.join("gabion").join("engines"))
    }

    /// Whether the engine for JavaScript is there, so that nothing would be fetched.
    pub fn has_javascript(&self) -> bool {
        self.has(&javascript_name(), JAVASCRIPT_LOCK)
    }

    /// Whether the engine for Python is there, so that nothing would be fetched.
    pub fn has_python(&self) -> bool {
        self.has(&python_name(), PYTHON_LOCK)
    }

    fn has(&self, name: &str, lock: &str) -> bool {
        fs::read_to_string(self.place.join(name).join(DONE)).is_ok_and(|of| of == lock)
    }

    /// Says something to whoever waits.
    pub(crate) fn say(&self, text: &str) {
        (self.progress)(text);
    }

    /// The folder with the `node_modules` of componentize-js; fetched the first time.
    ///
    /// # Errors
    /// When Node.js or npm is missing, or the registry cannot be reached; the text says what to do.
    pub fn javascript(&self) -> Result<PathBuf, Error> {
        NODE.check()?;
        let name = javascript_name();
        self.ready(&name, JAVASCRIPT_LOCK, |folder| {
            NPM.check()?;
            self.say(&format!("fetching {name} with npm (half a minute, once)"));
            write(&folder.join("package.json"), JAVASCRIPT)?;
            write(&folder.join("package-lock.json"), JAVASCRIPT_LOCK)?;
            let mut npm = Command::new("npm");
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(folder);
            let missing = "`npm` is missing: install it (Debian and Ubuntu: `apt-get install npm`)";
            fetch(&mut npm, missing, "npm cannot fetch componentize-js")
        })
    }

    /// The folder whose `venv` holds componentize-py; fetched the first time.
    ///
    /// # Errors
    /// When Python is missing, or the registry cannot be reached; the text says what to do.
    pub fn python(&self) -> Result<PathBuf, Error> {
        let name = python_name();
        self.ready(&name, PYTHON_LOCK, |folder| {
            PYTHON.check()?;
            self.say(&format!("fetching {name} with pip (half a minute, once)"));
            write(&folder.join("requirements.txt"), PYTHON_LOCK)?;
            let missing = "`python3` is missing: install Python 3.11 or newer (Debian and Ubuntu: \
                           `apt-get install python3 python3-venv`)";
            let mut venv = Command::new("python3");
            venv.args(["-m", "venv", "venv"]).current_dir(folder);
            fetch(
                &mut venv,
                missing,
                "Python cannot make a virtual environment (Debian and Ubuntu: `apt-get install python3-venv`)",
            )?;
            let mut pip = Command::new(folder.join("venv/bin/python"));
            pip.args(["-m", "pip", "install", "--disable-pip-version-check"])
                .args(["--require-hashes", "--only-binary", ":all:"])
                .args(["-r", "requirements.txt"])
                .current_dir(folder);
            fetch(&mut pip, missing, "pip cannot fetch componentize-py")
        })
    }

    /// The folder of that name, complete for that lock; made now if it is not. Not made beside it and moved: an
    /// environment of Python knows where it was made.
    fn ready(
        &self,
        name: &str,
        lock: &str,
        make: impl FnOnce(&Path) -> Result<(), Error>,
    ) -> Result<PathBuf, Error> {
        let folder = self.place.join(name);
        if self.has(name, lock) {
            return Ok(folder);
        }
        let broken = |error: io::Error| {
            Error::new(format!(
                "the cache `{}` cannot be used: {error}",
                self.place.display()
            ))
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(self.place)
            .map_err(broken)?;
        // One at a time; the lock ends with the process, however it ends.
        let guard = File::create(self.place.join(format!(".{name}.lock"))).map_err(broken)?;
        guard.lock().map_err(broken)?;
        if self.has(name, lock) {
            return Ok(folder);
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(broken)?;
        }
        fs::create_dir(&folder).map_err(broken)?;
        make(&folder)?;
        write(&folder.join(DONE), lock)?;
        Ok(folder)
    }
}

/// The version that stands in a text after some words.
fn after<'a>(text: &'a str, words: &str) -> &'a str {
    text.split_once(words)
        .and_then(|(_, rest)| {
            rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                .next()
        })
        .unwrap_or_default()
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text)
        .map_err(|error| Error::new(format!("cannot write `{}`: {error}", path.display())))
}

/// Runs a step that shows its own progress.
fn fetch(command: &mut Command, missing: &str, failed: &str) -> Result<(), Error> {
    let status = command
        .stdin(Stdio::null())
        // The standard output is for results.
        .stdout(io::stderr())
        .status()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::new(missing),
            _ => Error::new(format!("{failed}: {error}")),
        })?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::new(format!(
            "{failed} ({status}): see above; it needs the package registry once, then never again"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fetched_is_locked() {
        assert!(javascript_name().starts_with("componentize-js-0."));
        assert!(JAVASCRIPT_LOCK.contains("\"integrity\": \"sha512-"));
        assert!(!JAVASCRIPT_LOCK.contains("\"resolved\""));
        assert!(python_name().starts_with("componentize-py-0."));
        assert!(PYTHON_LOCK.matches("--hash=sha256:").count() > 1);
    }

    #[test]
    fn an_engine_is_made_once_and_what_was_cut_off_is_made_again() {
        let place = tempfile::tempdir().unwrap();
        let place = place.path().join("engines");
        let engines = Engines::new(&place, &|_| {});
        let ready = |lock: &str, fine: bool| {
            engines.ready("one", lock, |folder| {
                assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
                write(&folder.join("part"), lock)?;
                if fine {
                    Ok(())
                } else {
                    Err(Error::new("cut off"))
                }
            })
        };
        assert_eq!(ready("a", false).unwrap_err().to_string(), "cut off");
        let made = ready("a", true).unwrap();
        assert_eq!(fs::read_to_string(made.join("part")).unwrap(), "a");
        // Complete: nothing is made, so nothing is cut off.
        assert_eq!(ready("a", false).unwrap(), made);
        // Another lock: made again.
        ready("b", true).unwrap();
        assert_eq!(fs::read_to_string(made.join("part")).unwrap(), "b");
    }
}
