//! Finds the released components of the baseline, for `src/baseline.rs`.

use std::error::Error;
use std::fs;
use std::path::Path;

/// An expression: the list of what lies in the folder, each file named by its version (`1.2.0.wasm`).
///
/// # Errors
/// Where the folder cannot be read, or a component is not named by a version.
pub(crate) fn list(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let numbers: Option<Vec<u64>> = name.split('.').map(|part| part.parse().ok()).collect();
        match numbers {
            Some(numbers) if numbers.len() == 3 => found.push((numbers, name.to_owned(), path)),
            _ => {
                return Err(format!(
                    "`{}` is not named by a version, as `1.2.0.wasm` is",
                    path.display()
                )
                .into());
            }
        }
    }
    found.sort();
    let items: Vec<String> = found
        .into_iter()
        .map(|(_, version, path)| {
            format!("Released {{ version: {version:?}, component: include_bytes!({path:?}) }}")
        })
        .collect();
    Ok(format!("&[{}]\n", items.join(", ")))
}
