//! Where resources stand in the configuration: address to file and line.
//!
//! What belongs here: finding `.tf` and `.tf.json` files beside a plan, modules by Terraform's manifest, the lines of
//! blocks and attributes. What does not: evaluating expressions, and showing lines themselves: they may hold secrets.

mod file;
mod json;
mod module;
mod place;
mod written;

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gabion_model::Path as Attribute;
use serde::Deserialize;

use crate::plan::without_keys;

pub use file::File;
pub use module::Module;
pub use place::Place;

/// The configuration in a folder and in the modules that it calls, read as it is asked for.
#[derive(Debug)]
pub struct Sources {
    /// The folder as the reader names it; empty for the working directory.
    root: PathBuf,
    /// Where paths begin for those who do not know the working directory: the top of the repository.
    base: PathBuf,
    /// Terraform's data folder, relative to the root.
    data: PathBuf,
    /// Folders by module path: `module.a.module.b`.
    manifest: HashMap<String, PathBuf>,
    modules: Mutex<HashMap<String, Option<Arc<Module>>>>,
    /// Folders by how they are named, as they are from the base; `None` for what lies outside.
    folders: Mutex<HashMap<PathBuf, Option<String>>>,
    /// By module path: see [`written::dynamics`].
    dynamics: Mutex<HashMap<String, Option<Arc<Dynamics>>>>,
}

/// By resource: the types of the blocks that its `dynamic` blocks make.
type Dynamics = HashMap<String, Vec<String>>;

#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "Modules", default)]
    modules: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "Key", default)]
    key: String,
    #[serde(rename = "Dir", default)]
    dir: String,
}

impl Sources {
    /// The configuration in a folder; `None` where it holds none.
    pub fn open(folder: &Path) -> Option<Self> {
        if !holds_configuration(folder) {
            return None;
        }
        let data = std::env::var_os("TF_DATA_DIR")
            .filter(|value| !value.is_empty())
            .map_or_else(|| PathBuf::from(".terraform"), PathBuf::from);
        let manifest = std::fs::read(folder.join(&data).join("modules/modules.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok())
            .map(|manifest| manifest.modules)
            .unwrap_or_default();
        Some(Self {
            root: plain(folder),
            base: base(folder),
            data,
            manifest: manifest
                .into_iter()
                .filter(|entry| !entry.key.is_empty())
                .map(|entry| (module_path(&entry.key), plain(Path::new(&entry.dir))))
                .collect(),
            modules: Mutex::default(),
            folders: Mutex::default(),
            dynamics: Mutex::default(),
        })
    }

    /// The files of a module by its path without instance keys (`module.a.module.b`, empty for the root); `None` where
    /// it is not on this machine.
    pub fn module(&self, path: &str) -> Option<Arc<Module>> {
        let known = self
            .modules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .cloned();
        if let Some(module) = known {
            return module;
        }
        let module = self
            .folder(path)
            .map(|folder| Arc::new(Module::read(&self.root, &folder)))
            .filter(|module| !module.files().is_empty());
        self.modules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.to_owned(), module.clone());
        module
    }

    /// The `dynamic` blocks of a module; `None` where they cannot be told.
    fn dynamics(&self, path: &str) -> Option<Arc<Dynamics>> {
        let mut known = self.dynamics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(path) {
            return known.clone();
        }
        let found = (self.module(path)).and_then(|module| written::dynamics(&module));
        let found = found.map(Arc::new);
        known.insert(path.to_owned(), found.clone());
        found
    }

    /// The folder of a module, relative to the root: by the manifest, else by a local source in the call.
    fn folder(&self, path: &str) -> Option<PathBuf> {
        if path.is_empty() {
            return Some(PathBuf::new());
        }
        if let Some(folder) = self.manifest.get(path) {
            return Some(folder.clone());
        }
        let (parent, name) = parent(path);
        let source = self.module(parent)?.local_source(name)?;
        Some(plain(&self.folder(parent)?.join(source)))
    }

    /// Where a resource stands (by its address, instance keys and all), as near to an attribute as can be told.
    pub fn place(&self, address: &str, attribute: &Attribute) -> Option<Place> {
        let plain = without_keys(address);
        let (module, resource) = split(&plain);
        let mut place = self.in_module(module, resource, attribute)?;
        if let Some((shown, _)) = address.rsplit_once(&format!(".{resource}"))
            && !module.is_empty()
        {
            place.module = Some(shown.to_owned());
        } else if !module.is_empty() {
            place.module = Some(module.to_owned());
        }
        // What was downloaded cannot be edited: the call that brought it in can.
        let mut inner = module;
        while !inner.is_empty() && (place.call.is_none()) && self.is_downloaded(inner) {
            let (outer, name) = parent(inner);
            if !self.is_downloaded(outer) {
                let call = self.in_module(outer, &format!("module.{name}"), &Attribute::root());
                place.call = call.map(Box::new);
                place.downloaded = true;
                break;
            }
            inner = outer;
        }
        Some(place)
    }

    fn in_module(&self, module: &str, block: &str, attribute: &Attribute) -> Option<Place> {
        let files = self.module(module)?;
        let (file, found) = files.find(block, attribute)?;
        let path = plain(&self.root.join(file.path()));
        Some(Place {
            portable: self.portable(&path),
            file: path,
            line: found.line,
            end_line: found.end_line,
            block: found.header,
            module: None,
            downloaded: false,
            call: None,
        })
    }

    fn is_downloaded(&self, module: &str) -> bool {
        !module.is_empty()
            && self
                .manifest
                .get(module)
                .is_some_and(|folder| folder.starts_with(&self.data))
    }

    /// The path from the top of the repository, with `/` between its parts; `None` for what lies outside.
    fn portable(&self, path: &Path) -> Option<String> {
        let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = match folders.get(folder) {
            Some(known) => known.clone(),
            None => {
                let inside = self.inside(folder);
                folders.insert(folder.to_path_buf(), inside.clone());
                inside
            }
        }?;
        let name = path.file_name()?.to_string_lossy();
        Some(format!("{inside}{name}"))
    }

    /// A folder from the base, with a `/` after each part.
    fn inside(&self, folder: &Path) -> Option<String> {
        let whole = folder.canonicalize().ok()?;
        let parts = whole.strip_prefix(&self.base).ok()?.components();
        Some(
            parts
                .map(|part| format!("{}/", part.as_os_str().to_string_lossy()))
                .collect(),
        )
    }
}

/// Whether a folder holds files of a configuration.
pub fn holds_configuration(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| file::is_configuration(&entry.file_name().to_string_lossy()))
    })
}

/// The top of the repository; without one the working directory, or the folder itself where it lies elsewhere.
fn base(folder: &Path) -> PathBuf {
    let folder = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_path_buf());
    if let Some(top) = folder.ancestors().find(|above| above.join(".git").exists()) {
        return top.to_path_buf();
    }
    match std::env::current_dir().and_then(|here| here.canonicalize()) {
        Ok(here) if folder.starts_with(&here) => here,
        _ => folder,
    }
}

/// A path without `.` and, where that is possible without looking, without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut kept = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(kept.components().next_back(), Some(Component::Normal(_))) =>
            {
                kept.pop();
            }
            part => kept.push(part),
        }
    }
    kept
}

/// `a.b` of the manifest is `module.a.module.b`.
fn module_path(key: &str) -> String {
    key.split('.')
        .map(|name| format!("module.{name}"))
        .collect::<Vec<_>>()
        .join(".")
}

/// The module that calls this one, and the name of the call.
fn parent(path: &str) -> (&str, &str) {
    match path.rsplit_once(".module.") {
        Some(found) => found,
        None => ("", path.strip_prefix("module.").unwrap_or(path)),
    }
}

/// An address without instance keys: the module's path, and the resource in it.
fn split(plain: &str) -> (&str, &str) {
    let mut end = 0;
    let mut rest = plain;
    while let Some(after) = rest.strip_prefix("module.") {
        let Some((_, inner)) = after.split_once('.') else {
            break;
        };
        rest = inner;
        end = plain.len() - rest.len();
    }
    let module = plain.get(..end.saturating_sub(1)).unwrap_or_default();
    (module, rest)
}

#[cfg(test)]
mod tests;
