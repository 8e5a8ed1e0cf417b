//! Builds a guest crate of this workspace to a core WebAssembly module, with whichever toolchain can.
//!
//! Standard library only: the engine's build script and xtask both include this file.
//!
//! The toolchains, in this order:
//! 1. the cargo that runs us, when its sysroot has the target;
//! 2. the same, when it has the standard library's source: the library is then built with the guest;
//! 3. the distribution's (Debian: `rustc-web`, `cargo-web`, `rust-web-src`), either way;
//!
//! The linker is the `rust-lld` of the toolchain itself, else of any other: it links WebAssembly alike.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the guests are compiled to: a core module without any system interface.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that can make guests, and how.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    /// Its cargo.
    pub(crate) cargo: PathBuf,
    /// Its rustc.
    pub(crate) rustc: PathBuf,
    /// What `rustc --print sysroot` says.
    pub(crate) sysroot: PathBuf,
    /// Whether the standard library must be built too, as no compiled one is there.
    pub(crate) build_std: bool,
    /// The linker, where it is not the one that rustc finds itself.
    pub(crate) linker: Option<PathBuf>,
}

/// The first toolchain that can make guests.
///
/// # Errors
/// One sentence that says what is missing and what to do.
pub(crate) fn find() -> Result<Toolchain, String> {
    let mut tried = Vec::new();
    for (cargo, rustc) in candidates() {
        match examine(&cargo, &rustc) {
            Ok(found) => return Ok(found),
            Err(why) => tried.push(why),
        }
    }
    Err(format!(
        "no toolchain here can compile guardrails to {TARGET}: run `cargo xtask guardrails`, which installs one \
         (looked at: {})",
        tried.join("; ")
    ))
}

fn candidates() -> Vec<(PathBuf, PathBuf)> {
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
    for toolchain in rustup_toolchains() {
        add(toolchain.join("bin/cargo"));
    }
    add(PathBuf::from("/usr/bin/cargo"));
    found
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
    let name = cargo.display();
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
pub(crate) fn clean(command: &mut Command) {
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

/// Compiles the library of `package` in `workspace` to a core module; gives where it is. The folder
/// `target_dir` must not be the outer cargo's: that one is locked while a build script runs.
///
/// # Errors
/// A sentence, after which the compiler's own messages stand.
pub(crate) fn build(
    toolchain: &Toolchain,
    workspace: &Path,
    package: &str,
    target_dir: &Path,
) -> Result<PathBuf, String> {
    let mut command = Command::new(&toolchain.cargo);
    clean(&mut command);
    command
        .current_dir(workspace)
        .args([
            "rustc",
            "--package",
            package,
            "--lib",
            "--crate-type",
            "cdylib",
            "--profile",
            "guest",
        ])
        .args(["--target", TARGET, "--color", "never", "--target-dir"])
        .arg(target_dir)
        .env("RUSTC", &toolchain.rustc)
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(toolchain, workspace));
    if toolchain.build_std {
        // A stable compiler builds its own standard library only when told that it may.
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-Zbuild-std=std,panic_abort");
    }
    if let Some(linker) = &toolchain.linker {
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    let output = command
        .output()
        .map_err(|error| format!("{} does not start: {error}", toolchain.cargo.display()))?;
    if !output.status.success() {
        return Err(format!(
            "{package} does not compile to {TARGET}:\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        ));
    }
    Ok(target_dir
        .join(TARGET)
        .join("guest")
        .join(format!("{}.wasm", package.replace('-', "_"))))
}

/// The source files that a module was made from, as cargo noted them beside it.
///
/// # Errors
/// Where the note cannot be read.
pub(crate) fn sources(module: &Path) -> Result<Vec<PathBuf>, String> {
    let note = module.with_extension("d");
    let text = fs::read_to_string(&note)
        .map_err(|error| format!("{} cannot be read: {error}", note.display()))?;
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

/// The flags that make the bytes the same wherever the checkout and the toolchain lie.
fn flags(toolchain: &Toolchain, workspace: &Path) -> OsString {
    let mut flags: Vec<OsString> = Vec::new();
    let mut remap = |from: &Path, to: &str| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push("=");
        flag.push(to);
        flags.push(flag);
    };
    remap(&toolchain.sysroot, "/rust");
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    if let Some(home) = home {
        remap(&home, "/cargo");
    }
    remap(workspace, "/gabion");
    // A guest needs no more, and every instance pays for it.
    flags.push("-Clink-arg=-zstack-size=262144".into());
    flags.join(std::ffi::OsStr::new("\u{1f}"))
}

/// Leaves out the custom sections that a component does not need (names, producers, debugging), so that the
/// bytes depend on the source alone. What describes the component's type stays.
///
/// # Errors
/// Where the bytes are no core module.
pub(crate) fn strip(module: &[u8]) -> Result<Vec<u8>, String> {
    const HEADER: [u8; 8] = [0, b'a', b's', b'm', 1, 0, 0, 0];
    let broken = || "the compiler's output is not a core module".to_owned();
    let mut rest = module.strip_prefix(&HEADER).ok_or_else(broken)?;
    let mut kept = HEADER.to_vec();
    while let Some((id, after_id)) = rest.split_first() {
        let (size, body) = leb128(after_id).ok_or_else(broken)?;
        let end = rest.len() - body.len() + size;
        let section = rest.get(..end).ok_or_else(broken)?;
        let named = leb128(body)
            .and_then(|(length, name)| name.get(..length))
            .unwrap_or_default();
        if *id != 0 || named.starts_with(b"component-type") {
            kept.extend_from_slice(section);
        }
        rest = rest.get(end..).ok_or_else(broken)?;
    }
    Ok(kept)
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (position, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(position + 1..)?));
        }
    }
    None
}
