//! Compiles crates in Rust to core modules.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;
use crate::toolchain::{TARGET, Toolchain, clean};

/// How guests are compiled: small first. Given on the command line, so that a pack's manifest needs no profile.
const PROFILE: [&str; 6] = [
    "profile.guest.inherits=\"release\"",
    "profile.guest.opt-level=\"s\"",
    "profile.guest.lto=\"fat\"",
    "profile.guest.codegen-units=1",
    "profile.guest.panic=\"abort\"",
    "profile.guest.strip=\"debuginfo\"",
];

/// The crate to compile.
#[derive(Clone, Debug)]
pub struct Crate<'a> {
    /// Its folder, or that of its workspace.
    pub folder: &'a Path,
    /// What messages call it.
    pub name: &'a str,
    /// The package, as cargo's `--package` takes it.
    pub package: &'a str,
    /// The name of its library.
    pub library: &'a str,
    /// Where build products go. Not the outer cargo's folder: that one is locked while a build script runs.
    pub target_dir: &'a Path,
    /// Folders whose names must not get into the bytes, and what stands there instead. With others all dependencies
    /// are compiled again.
    pub remap: &'a [(PathBuf, String)],
    /// The same for the crate itself alone.
    pub own: &'a [(PathBuf, String)],
    /// Whether cargo's own progress goes to the standard error; otherwise it is shown only in an error.
    pub loud: bool,
}

/// Compiles a library to a core module; gives where it is.
///
/// # Errors
/// A sentence, after which the compiler's own messages stand.
pub fn compile(toolchain: &Toolchain, what: &Crate<'_>) -> Result<PathBuf, Error> {
    let mut command = Command::new(&toolchain.cargo);
    clean(&mut command);
    command
        .current_dir(what.folder)
        .args(["rustc", "--package", what.package, "--lib"]);
    command.args([
        "--crate-type",
        "cdylib",
        "--profile",
        "guest",
        "--target",
        TARGET,
    ]);
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    command
        .arg("--target-dir")
        .arg(what.target_dir)
        .env("RUSTC", &toolchain.rustc)
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(toolchain, what.remap));
    if toolchain.build_std {
        // A stable compiler builds its own standard library only when told that it may.
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-Zbuild-std=std,panic_abort");
    }
    if let Some(linker) = &toolchain.linker {
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    if what.loud {
        command.stderr(Stdio::inherit());
    } else {
        command.args(["--color", "never"]);
    }
    if !what.own.is_empty() {
        command.arg("--").args(remapped(what.own));
    }
    let output = command.output().map_err(|error| {
        Error::new(format!(
            "`{}` does not start: {error}",
            toolchain.cargo.display()
        ))
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = if what.loud {
            "see above"
        } else {
            said.trim_end()
        };
        let gap = if what.loud { " " } else { "\n" };
        return Err(Error::new(format!(
            "`{}` does not compile to {TARGET}:{gap}{said}",
            what.name
        )));
    }
    Ok(what
        .target_dir
        .join(TARGET)
        .join("guest")
        .join(format!("{}.wasm", what.library.replace('-', "_"))))
}

/// The source files that a module was made from, as cargo noted them beside it.
///
/// # Errors
/// Where the note cannot be read.
pub fn sources(module: &Path) -> Result<Vec<PathBuf>, Error> {
    let note = module.with_extension("d");
    let text = fs::read_to_string(&note)
        .map_err(|error| Error::new(format!("`{}` cannot be read: {error}", note.display())))?;
    // `target: file file`, with a space in a name written as `\ `.
    let files = text
        .split_once(": ")
        .map_or("", |(_, files)| files)
        .replace("\\ ", "\0");
    Ok(files
        .split_whitespace()
        .map(|file| PathBuf::from(file.replace('\0', " ")))
        .collect())
}

/// The flags that make the bytes the same wherever the sources and the toolchain lie.
fn flags(toolchain: &Toolchain, remap: &[(PathBuf, String)]) -> OsString {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let own = [
        Some((toolchain.sysroot.clone(), "/rust".to_owned())),
        home.map(|home| (home, "/cargo".to_owned())),
    ];
    let places: Vec<(PathBuf, String)> = own
        .into_iter()
        .flatten()
        .chain(remap.iter().cloned())
        .collect();
    let mut flags: Vec<OsString> = remapped(&places).collect();
    // A guest needs no more, and every instance pays for it.
    flags.push("-Clink-arg=-zstack-size=262144".into());
    flags.join(std::ffi::OsStr::new("\u{1f}"))
}

fn remapped(places: &[(PathBuf, String)]) -> impl Iterator<Item = OsString> {
    places.iter().map(|(from, to)| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push("=");
        flag.push(to);
        flag
    })
}
