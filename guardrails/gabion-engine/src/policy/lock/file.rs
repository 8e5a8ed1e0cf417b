//! The lock file as it is written and read.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use hcl_edit::structure::Structure;
use semver::Version;

use crate::policy::error::{Location, Problem};
use crate::policy::syntax::{Fields, Source, Spanned};
use crate::policy::waiver::quote;
use crate::store::Digest;

const HEADER: &str = "\
# Written by `gabion lock`: the packs that the policy file beside it may use, and which bytes of them.
# Commit it; change it with `gabion lock --upgrade` only.
";

/// One pack of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPack {
    /// The name of its block in the policy file.
    pub name: String,
    /// `source` of that block; `None` for the pack inside the binary.
    pub source: Option<String>,
    /// The component's own version.
    pub version: Version,
    /// What the block asked for when it was locked.
    pub constraints: Option<String>,
    /// The component's digest; `None` for a baseline that is built from source, whose bytes differ by toolchain.
    pub digest: Option<Digest>,
    /// The version of `gabion:guardrail` that it was made for.
    pub wit: String,
    /// What it imports, sorted.
    pub imports: Vec<String>,
    /// Whose signatures were on it, sorted; as the [`Resolver`](super::Resolver) names them.
    pub signers: Vec<String>,
}

/// A lock file that was read.
#[derive(Clone, Debug)]
pub(crate) struct LockFile {
    /// As messages call it.
    pub(crate) name: String,
    pub(crate) packs: Vec<(Location, LockedPack)>,
}

/// Where the lock of a policy file is: `.gabion.lock.hcl` beside `gabion.hcl`, `.floor.lock.hcl` beside `floor.hcl`.
pub fn lock_path(policy: &Path) -> PathBuf {
    let name = policy
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    policy.with_file_name(format!(".{name}.lock.hcl"))
}

impl LockFile {
    /// Reads a lock; every problem in it is added to `problems`.
    pub(crate) fn read(name: &str, text: String, problems: &mut Vec<Problem>) -> Self {
        let source = Source::new(name, text);
        let mut lock = Self {
            name: name.to_owned(),
            packs: Vec::new(),
        };
        let body = match source.parse() {
            Ok(body) => body,
            Err(problem) => {
                problems.push(advise(problem));
                return lock;
            }
        };
        let mut found = Vec::new();
        for structure in &body {
            match structure {
                Structure::Block(block) if block.ident.as_str() == "pack" => {
                    let at = source.at(&block.ident);
                    match block.labels.as_slice() {
                        [label] => lock.pack(&source, label.as_str(), &at, &block.body, &mut found),
                        _ => found.push(Problem::at(&at, "a `pack` block needs one name")),
                    }
                }
                Structure::Block(block) => found.push(Problem::at(
                    &source.at(&block.ident),
                    format!(
                        "unknown block `{}`; a lock has `pack` blocks only",
                        block.ident.as_str()
                    ),
                )),
                Structure::Attribute(attribute) => found.push(Problem::at(
                    &source.at(&attribute.key),
                    format!(
                        "unknown attribute `{}`; a lock has `pack` blocks only",
                        attribute.key.as_str()
                    ),
                )),
            }
        }
        problems.extend(found.into_iter().map(advise));
        lock
    }

    fn pack(
        &mut self,
        source: &Source,
        name: &str,
        at: &Location,
        body: &hcl_edit::structure::Body,
        problems: &mut Vec<Problem>,
    ) {
        let mut fields =
            Fields::of_block(source, format!("pack `{name}`"), at.clone(), body, problems);
        let from = fields.text("source", problems).map(|text| text.value);
        let version = fields.required("version", "the version that is locked", problems);
        let constraints = fields.text("constraints", problems).map(|text| text.value);
        let digest = fields.text("digest", problems);
        let wit = fields.required("wit", "the version of `gabion:guardrail`", problems);
        let mut list = |name| -> Vec<String> {
            let mut texts: Vec<String> = fields
                .texts(name, problems)
                .unwrap_or_default()
                .into_iter()
                .map(|text| text.value)
                .collect();
            texts.sort();
            texts
        };
        let (imports, signers) = (list("imports"), list("signers"));
        fields.finish(problems);
        if let Some((first, _)) = self.packs.iter().find(|(_, pack)| pack.name == name) {
            problems.push(Problem::at(
                at,
                format!("pack `{name}` is locked twice; the first is at {first}"),
            ));
        }
        let version = version.and_then(|text| {
            read(
                text,
                |text| {
                    Version::parse(text)
                        .map_err(|_| format!("`{text}` is no version, as `1.2.3` is"))
                },
                problems,
            )
        });
        let mut broken = false;
        let digest = digest.and_then(|text| {
            let digest = read(text, |text| text.parse::<Digest>(), problems);
            broken = digest.is_none();
            digest
        });
        // Without a digest a lock would hold nothing; only a baseline that is built from source has none.
        if digest.is_none() && from.is_some() && !broken {
            problems.push(Problem::at(
                at,
                format!("pack `{name}` has no `digest`, and nothing else would pin its bytes"),
            ));
        }
        if let (Some(version), Some(wit)) = (version, wit) {
            let pack = LockedPack {
                name: name.to_owned(),
                source: from,
                version,
                constraints,
                digest,
                wit: wit.value,
                imports,
                signers,
            };
            self.packs.push((at.clone(), pack));
        }
    }

    /// What the lock says of a pack.
    pub(crate) fn get(&self, name: &str) -> Option<&(Location, LockedPack)> {
        self.packs.iter().find(|(_, pack)| pack.name == name)
    }
}

fn read<T>(
    text: Spanned<String>,
    parse: impl Fn(&str) -> Result<T, String>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    match parse(&text.value) {
        Ok(value) => Some(value),
        Err(message) => {
            problems.push(Problem::at(&text.at, message));
            None
        }
    }
}

/// Nobody writes a lock by hand, so the remedy is always the same.
fn advise(mut problem: Problem) -> Problem {
    problem.message.push_str(
        "; the lock file was changed by hand or by a merge: restore it, or delete it and run `gabion lock`",
    );
    problem
}

/// The lock as text: one order, whoever writes it.
pub(super) fn text(packs: &[LockedPack]) -> String {
    let mut packs: Vec<&LockedPack> = packs.iter().collect();
    packs.sort_by(|left, right| left.name.cmp(&right.name));
    let mut text = HEADER.to_owned();
    for pack in packs {
        let _ = writeln!(text, "\npack {} {{", quote(&pack.name));
        let fields = [
            ("source", pack.source.clone()),
            ("version", Some(pack.version.to_string())),
            ("constraints", pack.constraints.clone()),
            ("digest", pack.digest.map(|digest| digest.to_string())),
            ("wit", Some(pack.wit.clone())),
        ];
        let given = || fields.iter().filter(|(_, value)| value.is_some());
        let width = given().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in given() {
            let value = value.as_deref().unwrap_or_default();
            let _ = writeln!(text, "  {name:width$} = {}", quote(value));
        }
        for (name, list) in [("imports", &pack.imports), ("signers", &pack.signers)] {
            if !list.is_empty() {
                let mut list = list.clone();
                list.sort();
                let _ = writeln!(text, "  {name} = [");
                for item in list {
                    let _ = writeln!(text, "    {},", quote(&item));
                }
                let _ = writeln!(text, "  ]");
            }
        }
        text.push_str("}\n");
    }
    text
}

/// Writes a file as a whole: whoever reads sees the old one or the new one. It is as open to others as the one
/// before, or as any new file.
pub(crate) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".gabion-new-")
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = std::fs::metadata(path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
