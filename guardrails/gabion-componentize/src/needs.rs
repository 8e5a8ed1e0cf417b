//! The programs that the engines for JavaScript and Python run in, and the versions that do.

use std::process::Command;

use crate::Error;

/// A program that must be there, in a version that does.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// As it is called.
    pub name: &'static str,
    /// Its name for a reader.
    title: &'static str,
    /// The versions that do, for a reader.
    pub wanted: &'static str,
    /// Where Debian and Ubuntu have it.
    package: &'static str,
    fits: fn((u32, u32)) -> bool,
}

/// What componentize-js and its bundler run in.
pub const NODE: Program = Program {
    name: "node",
    title: "Node.js",
    wanted: "20.19 or a later 20, 22.12 or a later 22, or 23 and newer",
    package: "nodejs npm",
    fits: |(major, minor)| match major {
        20 => minor >= 19,
        22 => minor >= 12,
        _ => major > 22,
    },
};

/// What fetches componentize-js: it must know the lock file's form.
pub const NPM: Program = Program {
    name: "npm",
    title: "npm",
    wanted: "7 or newer",
    package: "npm",
    fits: |(major, _)| major >= 7,
};

/// What componentize-py and the packs in Python run in.
pub const PYTHON: Program = Program {
    name: "python3",
    title: "Python",
    wanted: "3.11 or newer",
    package: "python3 python3-venv",
    fits: |version| version >= (3, 11),
};

impl Program {
    /// The version that is installed, if it does.
    ///
    /// # Errors
    /// Missing, broken or of a version that does not do; the text says what to install.
    pub fn check(&self) -> Result<String, Error> {
        let Self { name, wanted, .. } = self;
        let missing = || {
            Error::new(format!(
                "`{name}` is missing: install {} {wanted} (Debian and Ubuntu: `apt-get install {}`)",
                self.title, self.package
            ))
        };
        let output = Command::new(name)
            .arg("--version")
            .output()
            .map_err(|_| missing())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let text = text.trim();
        let version = version(text).ok_or_else(missing)?;
        if (self.fits)(version) {
            Ok(text.to_owned())
        } else {
            Err(Error::new(format!(
                "`{name}` is {}, which cannot be used here: install {} {wanted}",
                text.trim_start_matches(self.title).trim(),
                self.title
            )))
        }
    }
}

/// Major and minor of what a program says of itself: `v20.19.1`, `Python 3.11.7`, `11.2.0`.
fn version(text: &str) -> Option<(u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut parts = text.get(start..)?.split('.');
    let mut number = || {
        let part = parts.next()?;
        let end = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        part.get(..end)?.parse().ok()
    };
    Some((number()?, number().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        for (program, text, fits) in [
            (NODE, "v20.18.3", false),
            (NODE, "v20.19.0", true),
            (NODE, "v21.7.0", false),
            (NODE, "v22.11.0", false),
            (NODE, "v22.12.0", true),
            (NODE, "v24.0.0-nightly", true),
            (NPM, "6.14.18", false),
            (NPM, "10.8.2", true),
            (PYTHON, "Python 3.9.2", false),
            (PYTHON, "Python 3.11.7", true),
            (PYTHON, "Python 3.14.0rc1", true),
        ] {
            let read = version(text).unwrap();
            assert_eq!((program.fits)(read), fits, "{} {text}", program.name);
        }
        assert_eq!(version("unknown"), None);
        let none = Program {
            name: "rustc",
            fits: |_| false,
            ..NODE
        };
        let error = none.check().unwrap_err().to_string();
        assert!(
            error.contains("cannot be used here: install Node.js 20.19 or a later 20, 22.12 or a later 22, or 23 and newer"),
            "{error}"
        );
    }
}
