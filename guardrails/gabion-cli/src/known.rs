//! Writing the baseline of known violations: `gabion check PLAN --write-baseline`.

use std::path::{Path, PathBuf};

use gabion_engine::policy::{FILE_NAME, Guard, KnownViolations, read_baseline};

use crate::exit::{Exit, Failure};
use crate::judging;
use crate::output;
use crate::plan::{Plan, PlanError};

/// Records what the objects of a plan do wrong already, in the file named here, by the policy, or beside it. Entries
/// of objects that the plan does not have stay: one policy file may hold for several states.
pub(crate) fn write(guard: &Guard, plan: &Plan<'_>, file: Option<&Path>) -> Result<Exit, Failure> {
    let failed = |error: PlanError| Failure::failed(format!("cannot read the plan: {error}"));
    let (judgement, objects) = judging::everything(guard, plan).map_err(failed)?;
    let (place, named) = guard.baseline();
    let path: PathBuf = file.map_or_else(|| place.to_path_buf(), Path::to_path_buf);
    // One that cannot be read holds nothing that could be kept; writing it anew is the remedy that its error names.
    let (before, lost) = match read_baseline(&path) {
        Ok(before) => (before.unwrap_or_default(), None),
        Err(error) => (KnownViolations::default(), Some(error)),
    };
    let mut known = KnownViolations::of(&judgement.rulings);
    let kept = known.keep_others(&before, &objects);
    known
        .write(&path)
        .map_err(|error| Failure::failed(format!("cannot write `{}`: {error}", path.display())))?;
    let shown = shown(&path);
    let mut text = format!(
        "wrote {} to {shown}: {} new, {} gone, {kept} of objects that this plan does not have\n",
        output::count_of(known.len(), "known violation"),
        known.without(&before).len(),
        before.without(&known).len(),
    );
    if let Some(error) = lost {
        text.push_str(&format!(
            "nothing of the list before was kept, as it could not be read: {error}\nwhere the policy holds for other \
             states as well, write it again with the plan of each\n"
        ));
    }
    let brought: usize = judgement
        .rulings
        .iter()
        .filter(|ruling| ruling.refuses() && !ruling.old)
        .count();
    if brought > 0 {
        text.push_str(&format!(
            "{} not recorded: the plan brings them in, or they could not be decided\n",
            output::count_of(brought, "refusal")
        ));
    }
    if file.is_some() || !named {
        text.push_str(&format!(
            "it holds where {FILE_NAME} names it: baseline = \"{}\"\n",
            path.file_name().unwrap_or_default().to_string_lossy()
        ));
    }
    output::stdout(&text)?;
    Ok(Exit::Clean)
}

/// The path from here, where it is below.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here)
        .unwrap_or(path)
        .display()
        .to_string()
}
