//! A place in the configuration.

use std::fmt;
use std::path::PathBuf;

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as one names it in the working directory.
    pub file: PathBuf,
    /// The file from the top of the repository, with `/`; `None` for what lies outside of it.
    pub portable: Option<String>,
    /// The first line, counted from 1.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
    /// The block around it: `resource "aws_kms_key" "k"`.
    pub block: String,
    /// The module that holds it, with instance keys; `None` for the root module.
    pub module: Option<String>,
    /// Whether the file was downloaded with its module, so that nobody edits it here.
    pub downloaded: bool,
    /// The call that brought a downloaded module in.
    pub call: Option<Box<Place>>,
}

impl Place {
    /// The place that a reader of this repository can edit: itself, or the call of a downloaded module.
    pub fn editable(&self) -> Option<&Self> {
        if self.downloaded {
            self.call.as_deref()
        } else {
            Some(self)
        }
    }

    /// `main.tf:12`.
    pub fn short(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }
}

/// As Terraform writes it: `on main.tf line 12, in resource "aws_kms_key" "k"`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "on {} line {}, in {}",
            self.file.display(),
            self.line,
            self.block
        )?;
        if let Some(call) = self.editable().filter(|_| self.downloaded) {
            write!(f, ", called on {} line {}", call.file.display(), call.line)?;
        }
        Ok(())
    }
}
