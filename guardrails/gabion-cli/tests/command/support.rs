//! A folder to run the command in.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A working directory of its own; the cache is shared by all tests of this run.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
}

/// How the command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gabion-cli-cache");
        std::fs::create_dir_all(&folder).unwrap();
        folder
    })
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

pub(crate) fn fixture_text(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).unwrap()
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// With a plan called `plan.json`.
    pub(crate) fn with_plan(text: impl AsRef<[u8]>) -> Self {
        Self::new().write("plan.json", text)
    }

    pub(crate) fn write(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gabion"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_remove("GABION_FLOOR")
            .env_remove("GABION_TERRAFORM")
            .env_remove("TF_WORKSPACE")
            .env_remove("TF_DATA_DIR")
            .env("COLUMNS", "100")
            .env("XDG_CACHE_HOME", cache().join("cache"))
            .env("XDG_DATA_HOME", cache().join("data"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.ended(self.command(args).output().unwrap())
    }

    /// Runs with this on the standard input.
    pub(crate) fn pipe(&self, args: &[&str], input: &[u8]) -> Ended {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        self.ended(child.wait_with_output().unwrap())
    }

    pub(crate) fn ended(&self, output: std::process::Output) -> Ended {
        let clean = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            // The tests' own folder, and the day a proposed waiver would end, differ from run to run.
            let text = text.replace(
                &self
                    .folder
                    .path()
                    .canonicalize()
                    .unwrap()
                    .display()
                    .to_string(),
                "DIR",
            );
            text.lines()
                .map(|line| match line.split_once("expires  = \"20") {
                    Some((before, _)) => format!("{before}expires  = \"DAY\"\n"),
                    None => format!("{line}\n"),
                })
                .collect::<String>()
        };
        Ended {
            code: output.status.code().unwrap_or(-1),
            out: clean(output.stdout),
            err: clean(output.stderr),
        }
    }
}
