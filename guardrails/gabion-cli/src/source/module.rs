//! One module: the files of its folder.

use std::path::{Path, PathBuf};

use gabion_model::Path as Attribute;

use super::file::{self, File, Found};

/// The files of a module's folder.
#[derive(Debug)]
pub struct Module {
    /// Overrides come last, as Terraform merges them.
    files: Vec<File>,
}

impl Module {
    /// Reads all files of a folder; what cannot be read is left out.
    pub(super) fn read(root: &Path, folder: &Path) -> Self {
        let mut names: Vec<PathBuf> = std::fs::read_dir(root.join(folder).join("."))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| PathBuf::from(entry.file_name()))
            .filter(|name| file::is_configuration(&name.to_string_lossy()))
            .collect();
        names.sort_by_key(|name| (file::is_override(&name.to_string_lossy()), name.clone()));
        Self {
            files: names
                .iter()
                .filter_map(|name| File::read(root, folder.join(name)))
                .collect(),
        }
    }

    /// The files, sorted by name, overrides last.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The block of a resource, data source or module call (`aws_kms_key.k`, `data.aws_x.y`, `module.m`), and in it the
    /// attribute as deep as it can be followed. An override that sets the attribute comes before the block itself.
    pub(super) fn find(&self, block: &str, attribute: &Attribute) -> Option<(&File, Found)> {
        let mut first: Option<(&File, Found)> = None;
        for file in &self.files {
            let Some(found) = file.find(block, attribute) else {
                continue;
            };
            match &first {
                Some((_, deepest)) if found.depth <= deepest.depth => {}
                _ => first = Some((file, found)),
            }
        }
        first
    }

    /// The source of a module call, where it is a folder.
    pub(super) fn local_source(&self, call: &str) -> Option<PathBuf> {
        self.files
            .iter()
            .filter_map(|file| file.text_of(&format!("module.{call}"), "source"))
            .find(|source| source.starts_with("./") || source.starts_with("../"))
            .map(PathBuf::from)
    }
}
