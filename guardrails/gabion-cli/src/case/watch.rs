//! `--watch`: runs again whenever a file changes. By looking, a few times a second: it works on every file system,
//! and a pack has few files.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::find;

/// How often it looks.
const PAUSE: Duration = Duration::from_millis(250);

/// The files as they are: by path, when each was changed and how long it is.
type Look = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Runs now, and again after every change.
pub(crate) fn forever(paths: &[PathBuf], pack: Option<&Path>, mut run: impl FnMut()) -> ! {
    loop {
        let seen = look(paths, pack);
        if std::io::stdout().is_terminal() {
            let mut out = std::io::stdout().lock();
            // Cleared, so that what is on the screen is of this run.
            let _ = out.write_all(b"\x1b[2J\x1b[H").and_then(|()| out.flush());
        }
        run();
        eprintln!(
            "waiting for a change of {}; Ctrl-C ends it",
            crate::output::count_of(seen.len(), "file")
        );
        let mut now = look(paths, pack);
        while now == seen {
            std::thread::sleep(PAUSE);
            now = look(paths, pack);
        }
        // An editor writes more than once: go on when it has come to rest.
        loop {
            std::thread::sleep(PAUSE);
            let later = look(paths, pack);
            if later == now {
                break;
            }
            now = later;
        }
    }
}

fn look(paths: &[PathBuf], pack: Option<&Path>) -> Look {
    let mut seen = Look::new();
    let mut add = |path: PathBuf| {
        let facts = std::fs::metadata(&path).ok();
        let changed = facts.as_ref().and_then(|facts| facts.modified().ok());
        seen.insert(path, (changed, facts.map_or(0, |facts| facts.len())));
    };
    for path in paths {
        let folder = find::pack_folder(&path.join("file"));
        for root in folder.iter().chain([path]) {
            if root.is_file() {
                add(root.clone());
            } else {
                find::inputs(root, &mut add);
            }
        }
    }
    if let Some(pack) = pack.filter(|pack| *pack != Path::new("baseline")) {
        add(pack.to_path_buf());
    }
    seen
}
