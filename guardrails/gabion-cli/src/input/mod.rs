//! Reads a plan from wherever it is: a file, the standard input, or a saved plan that Terraform turns into JSON.
//!
//! What belongs here: bytes to text. What does not: the meaning of the text (`crate::plan`).

mod show;

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::exit::Failure;
use crate::plan::{self, Plan, PlanError, Written};
use crate::source::Sources;

/// Bytes from which on a reader waits long enough to be told.
const LARGE: usize = 32 << 20;

/// How to read a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options<'o> {
    /// The Terraform or OpenTofu that the caller named.
    pub(crate) terraform: Option<&'o Path>,
    /// The folder of the configuration that the caller named.
    pub(crate) folder: Option<&'o Path>,
}

/// A plan as text.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) text: String,
    /// The plan for a sentence: `` `plan.json` ``, or `the standard input`.
    pub(crate) shown: String,
}

impl Input {
    /// Reads a plan; `-` is the standard input.
    pub(crate) fn read(plan: &Path, options: &Options<'_>) -> Result<Self, Failure> {
        if plan == Path::new("-") {
            let shown = "the standard input".to_owned();
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| Failure::failed(format!("cannot read {shown}: {error}")))?;
            if show::is_saved(&bytes) {
                return Err(Failure::failed(format!(
                    "{shown} is a saved plan, which Terraform reads from files only; name its file, \
                     or pipe its JSON with `terraform show -json PLAN | gabion check -`"
                )));
            }
            let text = text(bytes, &shown)?;
            return Ok(Self { text, shown });
        }
        let shown = format!("`{}`", plan.display());
        let mut bytes = std::fs::read(plan).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                Failure::nothing(format!(
                    "there is no plan {shown}; save one with `terraform plan -out={}`",
                    plan.display()
                ))
            } else if plan.is_dir() {
                Failure::failed(format!(
                    "{shown} is a folder, not a plan; save a plan in it with `terraform plan -out=tfplan` and name that file"
                ))
            } else {
                Failure::failed(format!("cannot read {shown}: {error}"))
            }
        })?;
        if show::is_saved(&bytes) {
            let _progress = Progress::begin(&format!("reading {shown} with terraform show"), true);
            bytes = show::json(plan, options)?;
        }
        let text = text(bytes, &shown)?;
        Ok(Self { text, shown })
    }

    /// The plan that the text holds.
    ///
    /// # Errors
    /// As [`Self::whole`], and where the text is no plan.
    pub(crate) fn plan(&self) -> Result<Plan<'_>, Failure> {
        self.whole(Plan::read(&self.text))
    }

    /// A plan that was read from the text, if nothing is missing from it.
    ///
    /// # Errors
    /// Where it is none, or is of a planning that failed.
    pub(crate) fn whole<'p>(&self, plan: Result<Plan<'p>, PlanError>) -> Result<Plan<'p>, Failure> {
        let plan = plan.map_err(|error| self.unreadable(&error))?;
        if plan.errored {
            return Err(Failure::failed(format!(
                "{} is of a planning that failed, so a part of the changes is missing; mend the plan's errors first",
                self.shown
            )));
        }
        Ok(plan)
    }

    /// The failure of a plan that is text, and cannot be used.
    pub(crate) fn unreadable(&self, error: &PlanError) -> Failure {
        unreadable(&self.shown, error)
    }
}

fn unreadable(shown: &str, error: &PlanError) -> Failure {
    Failure::failed(format!("cannot read the plan from {shown}: {error}"))
}

fn text(bytes: Vec<u8>, shown: &str) -> Result<String, Failure> {
    let text = plan::decode(bytes).map_err(|error| unreadable(shown, &error))?;
    Ok(without_company(text))
}

/// The one line of JSON, without what others write to the same pipe: Terraform's warning about its own configuration
/// file before it, and the lines of the wrapper that GitHub's setup-terraform puts around the program.
fn without_company(mut text: String) -> String {
    const START: &str = "{\"format_version\"";
    if !text.trim_start().starts_with('{')
        && let Some(start) = text.find(&format!("\n{START}"))
    {
        text.drain(..=start);
    }
    if text.starts_with(START)
        && let Some(end) = text.find('\n')
        && text
            .get(end..)
            .is_some_and(|rest| rest.trim_start().starts_with("::"))
    {
        text.truncate(end);
    }
    text
}

/// The folder of the configuration: the one that was named, else that of the plan, else the working directory.
///
/// # Errors
/// Where the folder that was named is none, or holds no configuration.
pub(crate) fn configuration(named: Option<&Path>, plan: &Path) -> Result<Option<PathBuf>, Failure> {
    if let Some(folder) = named {
        if !folder.is_dir() {
            return Err(Failure::nothing(format!(
                "there is no folder `{}`; `--source` names the folder of the configuration",
                folder.display()
            )));
        }
        if !crate::source::holds_configuration(folder) {
            return Err(Failure::nothing(format!(
                "the folder `{}` holds no `.tf` file; `--source` names the folder of the configuration",
                folder.display()
            )));
        }
        return Ok(Some(folder.to_path_buf()));
    }
    let beside = match plan.parent() {
        Some(folder) if plan != Path::new("-") && !folder.as_os_str().is_empty() => Some(folder),
        _ => None,
    };
    Ok([beside, Some(Path::new("."))]
        .into_iter()
        .flatten()
        .find(|folder| crate::source::holds_configuration(folder))
        .map(Path::to_path_buf))
}

/// The files of a configuration, if there is one.
pub(crate) fn sources(folder: Option<&Path>) -> Option<Arc<Sources>> {
    folder.and_then(Sources::open).map(Arc::new)
}

/// What the files say, for a plan to ask.
pub(crate) fn written_in(sources: &Option<Arc<Sources>>) -> Option<Arc<dyn Written>> {
    let sources = sources.as_ref()?;
    Some(Arc::<Sources>::clone(sources))
}

/// What the files of the configuration say, where they lie beside the plan.
pub(crate) fn written(plan: &Path) -> Option<Arc<dyn Written>> {
    let folder = plan.parent().filter(|folder| *folder != Path::new(""));
    written_in(&sources(folder.or(Some(Path::new(".")))))
}

/// Whether a file of a folder is a plan, by its name or its beginning.
pub(crate) fn is_plan(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    if path.extension().is_some_and(|end| end == "json") {
        return true;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(1024).read_to_end(&mut head));
    if read.is_err() {
        return false;
    }
    // As PowerShell writes it, every second byte is none; a mark may stand before.
    head.retain(|byte| *byte != 0);
    let text = String::from_utf8_lossy(&head);
    show::is_saved(&head)
        || text.find('{').is_some_and(|at| {
            text.get(at..)
                .unwrap_or_default()
                .starts_with("{\"format_version\"")
        })
}

/// A line on a terminal that says what takes so long.
#[derive(Debug)]
pub(crate) struct Progress(bool);

impl Progress {
    /// Says it, where somebody looks and it is worth it.
    pub(crate) fn begin(what: &str, worth: bool) -> Self {
        let told = worth && std::io::stderr().is_terminal();
        if told {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "{what} ...").and_then(|()| err.flush());
        }
        Self(told)
    }

    /// For a plan of so many bytes.
    pub(crate) fn of_plan(shown: &str, bytes: usize) -> Self {
        let megabytes = bytes >> 20;
        Self::begin(&format!("judging {shown}, {megabytes} MB"), bytes >= LARGE)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.0 {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\x1b[K").and_then(|()| err.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_left_out() {
        let plan = "{\"format_version\":\"1.2\"}";
        let warned = format!("There are some problems with the CLI configuration:\n{{}}\n\n{plan}");
        assert_eq!(without_company(warned), plan);
        let wrapped = format!(
            "[command]/usr/local/bin/terraform-bin show -json tfplan\n{plan}\n\n::debug::exited with code 0\n"
        );
        assert_eq!(without_company(wrapped), plan);
        let after = format!("{plan}\n::set-output name=stderr::\n");
        assert_eq!(without_company(after), plan);
        for other in [
            "Plan: 1",
            "{ }\n{\"format_version\"",
            "{\"format_version\":\n \"1.2\"}\n",
        ] {
            assert_eq!(without_company(other.to_owned()), other);
        }
    }
}
