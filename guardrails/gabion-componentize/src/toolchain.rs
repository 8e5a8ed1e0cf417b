//! Which compiler makes guests in Rust.
//!
//! The toolchains, in this order:
//! 1. the cargo that runs us, when its sysroot has the target, or the standard library's source, which is then built
//!    with the guest;
//! 2. the one that `rustc` in the folder of the guest means, then the others of rustup;
//! 3. the distribution's (Debian: `rustc-web`, `cargo-web`, `rust-web-src`), either way.
//!
//! The linker is the `rust-lld` of the toolchain itself, else of any other: it links WebAssembly alike.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// What the guests are compiled to: a core module without any system interface.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that can make guests, and how.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// Its cargo.
    pub cargo: PathBuf,
    /// Its rustc.
    pub rustc: PathBuf,
    /// What `rustc --print sysroot` says.
    pub sysroot: PathBuf,
    /// Whether the standard library must be built too, as no compiled one is there.
    pub build_std: bool,
    /// The linker, where it is not the one that rustc finds itself.
    pub linker: Option<PathBuf>,
}

/// The first toolchain that can make guests. `folder` is where the guest's sources are: a `rust-toolchain.toml` there
/// counts.
///
/// # Errors
/// One sentence that says what is missing and what to do.
pub fn find(folder: &Path) -> Result<Toolchain, Error> {
    let mut tried = Vec::new();
    for (cargo, rustc) in candidates(folder) {
        match examine(&cargo, &rustc) {
            Ok(found) => return Ok(found),
            Err(why) => tried.push(why),
        }
    }
    if tried.is_empty() {
        tried.push("no `cargo` and `rustc` were found".to_owned());
    }
    Err(Error::new(format!(
        "no Rust toolchain here can compile guardrails: run `rustup target add {TARGET}`, or on Debian and Ubuntu \
         `apt-get install rustc-web cargo-web rust-web-src lld` (looked at: {})",
        tried.join("; ")
    )))
}

fn candidates(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut add = |cargo: PathBuf| {
        let rustc = cargo.with_file_name(if cfg!(windows) { "rustc.exe" } else { "rustc" });
        if cargo.is_file() && rustc.is_file() && !found.iter().any(|(known, _)| *known == cargo) {
            found.push((cargo, rustc));
        }
    };
    // Cargo names itself by its real path, rustup's shim already left behind.
    if let Some(cargo) = env::var_os("CARGO") {
        add(PathBuf::from(cargo));
    }
    if let Some(sysroot) = usual_sysroot(folder) {
        add(sysroot.join("bin/cargo"));
    }
    for toolchain in rustup_toolchains() {
        add(toolchain.join("bin/cargo"));
    }
    add(PathBuf::from("/usr/bin/cargo"));
    found
}

/// Where the `rustc` of PATH has its own files; behind rustup's shim, those of the toolchain that the folder asks for.
fn usual_sysroot(folder: &Path) -> Option<PathBuf> {
    let output = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(folder)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim(),
    ))
}

fn rustup_toolchains() -> Vec<PathBuf> {
    let home = env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".rustup")));
    let Some(home) = home else { return Vec::new() };
    let Ok(entries) = fs::read_dir(home.join("toolchains")) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    // Sorted, so that the choice does not depend on the order of a directory.
    found.sort();
    found
}

fn examine(cargo: &Path, rustc: &Path) -> Result<Toolchain, String> {
    let name = format!("`{}`", cargo.display());
    let sysroot = PathBuf::from(ask(rustc, &["--print", "sysroot"])?);
    let compiled = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let compiled = fs::read_dir(compiled).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore"))
    });
    if !compiled
        && !sysroot
            .join("lib/rustlib/src/rust/library/std/Cargo.toml")
            .is_file()
    {
        return Err(format!(
            "{name} has neither the target nor the source of the standard library"
        ));
    }
    let version = ask(rustc, &["--version"])?;
    let minor = version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.parse::<u32>().ok())
        .unwrap_or(0);
    if minor < 95 {
        return Err(format!("{name} is older than 1.95"));
    }
    let host = ask(rustc, &["-vV"])?
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .ok_or_else(|| format!("{name} does not name its host"))?;
    let own = sysroot.join("lib/rustlib").join(&host).join("bin/rust-lld");
    let linker = if own.exists() {
        None
    } else {
        Some(
            any_linker(&host)
                .ok_or_else(|| format!("{name} has no rust-lld, and no other toolchain has one"))?,
        )
    };
    Ok(Toolchain {
        cargo: cargo.to_owned(),
        rustc: rustc.to_owned(),
        sysroot,
        build_std: !compiled,
        linker,
    })
}

fn any_linker(host: &str) -> Option<PathBuf> {
    let bundled = |root: PathBuf| root.join("lib/rustlib").join(host).join("bin/rust-lld");
    let mut places: Vec<PathBuf> = rustup_toolchains().into_iter().map(bundled).collect();
    if let Some(cargo) = env::var_os("CARGO")
        && let Some(root) = Path::new(&cargo).parent().and_then(Path::parent)
    {
        places.insert(0, bundled(root.to_owned()));
    }
    for directory in env::split_paths(&env::var_os("PATH").unwrap_or_default()) {
        places.push(directory.join("rust-lld"));
        places.push(directory.join("wasm-ld"));
    }
    // `exists` follows links: Debian's rust-lld dangles until lld is installed.
    places.into_iter().find(|place| place.exists())
}

fn ask(rustc: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(rustc);
    clean(&mut command);
    let output = command
        .args(arguments)
        .output()
        .map_err(|error| format!("{} does not start: {error}", rustc.display()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(format!(
            "{} {} failed",
            rustc.display(),
            arguments.join(" ")
        ))
    }
}

/// Takes out of a command's environment what the outer cargo put there for its own compiler.
pub fn clean(command: &mut Command) {
    const KEPT: [&str; 5] = [
        "CARGO_HOME",
        "CARGO_MAKEFLAGS",
        "CARGO_NET_",
        "CARGO_HTTP_",
        "CARGO_REGISTR",
    ];
    const GONE: [&str; 9] = [
        "CARGO",
        "RUSTC",
        "RUSTDOC",
        "RUSTFLAGS",
        "RUSTUP_TOOLCHAIN",
        "CLIPPY",
        "DEP_",
        "__CARGO",
        "RUST_LIB_BACKTRACE",
    ];
    const EXACT: [&str; 8] = [
        "TARGET",
        "HOST",
        "OPT_LEVEL",
        "DEBUG",
        "PROFILE",
        "NUM_JOBS",
        "OUT_DIR",
        "LINKER",
    ];
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let kept = KEPT.iter().any(|prefix| text.starts_with(prefix));
        if !kept
            && (GONE.iter().any(|prefix| text.starts_with(prefix))
                || EXACT.contains(&text.as_ref()))
        {
            command.env_remove(&name);
        }
    }
    // Cargo adds its own libraries here: another compiler would load the wrong LLVM from them.
    for name in ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"] {
        let Some(paths) = env::var_os(name) else {
            continue;
        };
        let foreign = |path: &PathBuf| {
            !path.components().any(|part| {
                part.as_os_str() == "rustlib"
                    || part.as_os_str() == "toolchains"
                    || part.as_os_str() == "build"
                    || part.as_os_str() == "deps"
                    || part.as_os_str() == "target"
            })
        };
        match env::join_paths(env::split_paths(&paths).filter(foreign)) {
            Ok(paths) if !paths.is_empty() => command.env(name, paths),
            _ => command.env_remove(name),
        };
    }
}
