//! Looks at a component before anything of it is compiled: what it imports, what it exports, for which contract.

use semver::Version;
use wasmparser::{Encoding, Parser, Payload};

use crate::abi::v1;
use crate::error::EngineError;

/// The largest pack: twice the size of a whole Python engine.
pub(crate) const LARGEST: u64 = 256 << 20;

/// A Python engine has some 30,000.
const MOST_FUNCTIONS: u32 = 500_000;

/// Refuses what is no guardrail for this engine.
pub(crate) fn inspect(bytes: &[u8], origin: &str) -> Result<(), EngineError> {
    let origin = || origin.to_owned();
    match (bytes.get(..4), bytes.get(4..8)) {
        (Some(b"\0asm"), Some([1, 0, 0, 0])) => {
            return Err(EngineError::CoreModule { origin: origin() });
        }
        (Some(b"\0asm"), Some(_)) => {}
        _ => return Err(EngineError::NotWasm { origin: origin() }),
    }
    let malformed = |error: wasmparser::BinaryReaderError| EngineError::Malformed {
        origin: origin(),
        reason: format!("{} at byte {}", error.message(), error.offset()),
    };
    let mut depth = 0_u32;
    let mut functions = 0_u32;
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(malformed)? {
            Payload::Version { encoding, num, .. } => {
                depth += 1;
                if depth == 1 && encoding != Encoding::Component {
                    let reason = format!("binary version {num} is not known");
                    return Err(EngineError::Malformed {
                        origin: origin(),
                        reason,
                    });
                }
            }
            // Of all modules in it, before anything is compiled.
            Payload::CodeSectionStart { count, .. } => {
                functions = functions.saturating_add(count);
                if functions > MOST_FUNCTIONS {
                    return Err(EngineError::Functions {
                        origin: origin(),
                        most: MOST_FUNCTIONS,
                    });
                }
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 1 => {
                for import in imports {
                    imported(import.map_err(malformed)?.name.name, &origin)?;
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    exports.push(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    exported(&exports, &origin)
}

/// The interface and the version of a name of our package, `gabion:guardrail/values@1.0.0`.
fn ours(name: &str) -> Option<(&str, Option<Version>)> {
    let rest = name.strip_prefix(v1::PACKAGE)?.strip_prefix('/')?;
    Some(match rest.split_once('@') {
        Some((interface, version)) => (interface, Version::parse(version).ok()),
        None => (rest, None),
    })
}

fn imported(name: &str, origin: &dyn Fn() -> String) -> Result<(), EngineError> {
    match ours(name) {
        Some((interface, Some(version))) => {
            spoken(&version, origin)?;
            if v1::IMPORTS.contains(&interface) {
                return Ok(());
            }
            Err(EngineError::Import {
                origin: origin(),
                import: name.to_owned(),
            })
        }
        _ => Err(EngineError::Import {
            origin: origin(),
            import: name.to_owned(),
        }),
    }
}

fn exported(names: &[String], origin: &dyn Fn() -> String) -> Result<(), EngineError> {
    let rules = names
        .iter()
        .filter_map(|name| ours(name))
        .find(|(interface, _)| *interface == v1::EXPORT);
    match rules {
        Some((_, Some(version))) => spoken(&version, origin),
        _ => Err(EngineError::NoRules { origin: origin() }),
    }
}

/// Whether this engine speaks a version: the same major, and no newer minor.
fn spoken(version: &Version, origin: &dyn Fn() -> String) -> Result<(), EngineError> {
    let advice = if version.major < v1::VERSION.major {
        "look for a newer version of the pack"
    } else if version.major > v1::VERSION.major || version.minor > v1::VERSION.minor {
        "update gabion, or take an older version of the pack"
    } else {
        return Ok(());
    };
    Err(EngineError::Version {
        origin: origin(),
        wanted: version.to_string(),
        spoken: v1::VERSION.to_string(),
        advice: advice.to_owned(),
    })
}
