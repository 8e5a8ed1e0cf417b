//! `gabion build`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use gabion_componentize::{Engines, Language};
use gabion_engine::{Budgets, Pack};
use serde_json::json;

use crate::command::engine;
use crate::exit::{Exit, Failure};
use crate::output::{self, Form};

/// Build the component of a pack.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Build the component of a pack.\n\nThe language is told by the manifest: `Cargo.toml`, `package.json` or `pyproject.toml`. \
                  The component goes to `dist/NAME.wasm`. It is loaded as `gabion check` loads it before it is written: one that imports \
                  anything but the guardrail interfaces is refused, and the import is named.\n\nWhat makes components of JavaScript and \
                  Python is fetched from npm or PyPI the first time, in locked versions, into the user's cache.",
    after_help = "Examples:\n  gabion build\n  gabion build guardrails/acme\n  gabion build -o json"
)]
pub(crate) struct Build {
    /// The pack's folder
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// How to write the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Form,
}

/// A component that was built and loaded.
pub(crate) struct Built {
    language: Language,
    pack: Pack,
    budgets: Budgets,
    size: usize,
    /// Where it was written to.
    pub(crate) path: PathBuf,
}

impl Build {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let built = build(&self.folder)?;
        output::stdout(&match self.output {
            Form::Text => text(&built),
            Form::Json => json(&built),
        })?;
        Ok(Exit::Clean)
    }
}

/// Builds the pack in a folder, loads it, and writes it to the folder's `dist`.
pub(crate) fn build(folder: &Path) -> Result<Built, Failure> {
    let failed = |error: gabion_componentize::Error| Failure::failed(error.to_string());
    let language = gabion_componentize::language(folder).map_err(failed)?;
    let place = Engines::usual_place().ok_or_else(|| {
        Failure::failed("there is no place for a cache: neither XDG_CACHE_HOME nor HOME is set")
    })?;
    let say = |text: &str| eprintln!("{text}");
    let bytes = gabion_componentize::build(folder, &Engines::new(&place, &say)).map_err(failed)?;

    if bytes.len() > 1 << 20 {
        say("compiling the component for this machine, as a first check would");
    }
    let engine = engine()?;
    let pack = engine
        .load(&bytes, &folder.display().to_string())
        .map_err(|error| Failure::failed(error.to_string()))?;
    check_name(&pack.info().name)?;
    let path = folder
        .join("dist")
        .join(format!("{}.wasm", pack.info().name));
    write(&path, &bytes)?;
    // `./dist/acme.wasm` says no more than `dist/acme.wasm`.
    let path = path.strip_prefix(".").map_or(path.clone(), Path::to_owned);
    Ok(Built {
        language,
        pack,
        budgets: engine.budgets().clone(),
        size: bytes.len(),
        path,
    })
}

/// The name that a component gives itself becomes that of a file.
fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= 64
        && name.chars().all(plain)
    {
        return Ok(());
    }
    let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
    Err(Failure::failed(format!(
        "the pack calls itself `{shown}`, which cannot be the name of a file: take letters, digits, `-`, `_` and `.`, 64 at \
         most, as in `acme`; the name stands in package.json, pyproject.toml or `pack!`"
    )))
}

/// All of it or nothing: a policy may name this file.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!("cannot write `{}`: {error}", path.display()))
    };
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = tempfile::Builder::new()
        .prefix(".gabion-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn text(built: &Built) -> String {
    let info = built.pack.info();
    let path = built.path.display();
    let mut text = format!(
        "{} {} ({})\n{path}\n{}\n{} bytes, imports nothing but gabion:guardrail\nmay use per call: {}\n\n",
        info.name,
        info.version,
        built.language,
        built.pack.digest(),
        output::grouped(built.size as u64),
        budgets(&built.budgets),
    );
    for rule in &info.rules {
        let types: Vec<&str> = rule
            .applies_to
            .iter()
            .map(|target| target.resource_type.as_str())
            .collect();
        let types = if types.is_empty() {
            "all".to_owned()
        } else {
            types.join(", ")
        };
        let _ = writeln!(
            text,
            "{}  {}  {} ({types})",
            rule.code,
            output::level(rule.level),
            rule.title
        );
    }
    let _ = writeln!(
        text,
        "\nin gabion.hcl: pack \"{}\" {{ source = \"{}\" }}",
        info.name,
        source(&built.path)
    );
    text
}

/// The path as a policy file beside the working directory names it.
fn source(path: &Path) -> String {
    if path.is_absolute() || path.starts_with("..") {
        path.display().to_string()
    } else {
        format!("./{}", path.display())
    }
}

pub(crate) fn budgets(budgets: &Budgets) -> String {
    format!(
        "{} instructions, {} s, {} MiB of memory, {} findings",
        output::grouped(budgets.fuel),
        budgets.wall.as_secs(),
        budgets.memory >> 20,
        output::grouped(budgets.findings as u64),
    )
}

fn json(built: &Built) -> String {
    let info = built.pack.info();
    let rules: Vec<_> = info
        .rules
        .iter()
        .map(|rule| json!({ "code": rule.code, "name": rule.name, "title": rule.title, "level": output::level(rule.level) }))
        .collect();
    let value = json!({
        "schema_version": 1,
        "name": info.name,
        "version": info.version,
        "language": built.language.to_string().to_lowercase(),
        "path": built.path.display().to_string(),
        "digest": built.pack.digest(),
        "size": built.size,
        "budgets": {
            "fuel": built.budgets.fuel,
            "seconds": built.budgets.wall.as_secs(),
            "memory": built.budgets.memory,
            "findings": built.budgets.findings,
        },
        "rules": rules,
    });
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_cannot_choose_where_it_is_written() {
        for good in ["acme", "platform-team", "a.b_c", "3"] {
            check_name(good).unwrap();
        }
        for bad in [
            "",
            "../acme",
            "@acme/rules",
            "/etc/x",
            ".acme",
            "a b",
            "a\0",
            "é",
        ] {
            let error = check_name(bad).unwrap_err().message;
            assert!(
                error.contains("cannot be the name of a file"),
                "{bad}: {error}"
            );
        }
    }
}
