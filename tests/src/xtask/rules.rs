//! `docs/rules/`: a page for each rule of the baseline, from the comment above it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// What one rule's source file says.
#[derive(Debug, PartialEq, Eq)]
struct Rule {
    code: String,
    name: String,
    title: String,
    level: String,
    since: String,
    targets: Vec<String>,
    controls: Vec<String>,
    page: String,
}

/// The pages by file name, the index included.
pub(super) fn pages(root: &Path) -> Result<BTreeMap<String, String>> {
    let mut rules = BTreeMap::new();
    for section in sorted(&root.join("guardrails/gabion-baseline/src"))? {
        if !section.is_dir() {
            continue;
        }
        for file in sorted(&section)? {
            let text = std::fs::read_to_string(&file)?;
            if let Some(rule) = parse(&text) {
                let rule = rule.with_context(|| format!("`{}`", file.display()))?;
                rules.insert(rule.code.clone(), rule);
            }
        }
    }
    ensure!(!rules.is_empty(), "no rule was found in the baseline");
    let mut pages: BTreeMap<String, String> = rules
        .values()
        .map(|rule| Ok((format!("{}.md", rule.code), rule.render()?)))
        .collect::<Result<_>>()?;
    let mut index = format!(
        "{MADE}\n# Rules of the baseline\n\n| code | finds | default | since |\n|---|---|---|---|\n"
    );
    for Rule {
        code,
        title,
        level,
        since,
        ..
    } in rules.values()
    {
        writeln!(
            index,
            "| [{code}]({code}.md) | {title} | {level} | {since} |"
        )?;
    }
    pages.insert("README.md".to_owned(), index);
    Ok(pages)
}

const MADE: &str =
    "<!-- Made by `cargo xtask gen` from guardrails/gabion-baseline. Do not edit. -->\n";

fn sorted(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| format!("no `{}`", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    found.sort();
    Ok(found)
}

impl Rule {
    fn render(&self) -> Result<String> {
        let mut page = format!("{MADE}\n# {}: {}\n\n", self.code, self.title);
        writeln!(page, "| | |\n|---|---|")?;
        writeln!(page, "| name | `{}` |", self.name)?;
        writeln!(page, "| default level | {} |", self.level)?;
        writeln!(page, "| since | {} |", self.since)?;
        writeln!(page, "| judges | {} |", self.targets.join(", "))?;
        writeln!(page, "| controls | {} |", self.controls.join(", "))?;
        write!(page, "\n{}", self.page)?;
        Ok(page)
    }
}

/// The rule of a file; `None` where the file holds none.
fn parse(text: &str) -> Option<Result<Rule>> {
    let (_, body) = text.split_once("rule! {")?;
    Some(read(body))
}

fn read(body: &str) -> Result<Rule> {
    let mut page = String::new();
    let mut rest = String::new();
    let mut lines = body.lines();
    for line in lines.by_ref() {
        let line = line.trim();
        if let Some(doc) = line.strip_prefix("///") {
            page.push_str(doc.strip_prefix(' ').unwrap_or(doc));
            page.push('\n');
        } else if line.starts_with("pub struct") || line.starts_with("pub(crate) struct") {
            break;
        }
    }
    ensure!(!page.is_empty(), "the rule has no comment above its struct");
    for line in lines {
        if line.trim() == "}" {
            break;
        }
        rest.push_str(line.trim());
        rest.push(' ');
    }
    let text = |key: &str| -> Result<String> {
        let (_, after) = rest
            .split_once(&format!("{key}: "))
            .with_context(|| format!("no `{key}`"))?;
        Ok(after
            .split(',')
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches('"')
            .to_owned())
    };
    let quoted = |key: &str| -> Result<String> {
        let (_, after) = rest
            .split_once(&format!("{key}: \""))
            .with_context(|| format!("no `{key}`"))?;
        Ok(after.split('"').next().unwrap_or_default().to_owned())
    };
    let list = |key: &str| -> Result<Vec<String>> {
        let (_, after) = rest
            .split_once(&format!("{key}: ["))
            .with_context(|| format!("no `{key}`"))?;
        let inner = after.split(']').next().unwrap_or_default();
        Ok(inner
            .split("),")
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect())
    };
    Ok(Rule {
        code: quoted("code")?,
        name: quoted("name")?,
        title: quoted("title")?,
        level: text("level")?.to_lowercase(),
        since: quoted("since")?,
        targets: list("targets")?.iter().map(|item| target(item)).collect(),
        controls: list("controls")?.iter().map(|item| control(item)).collect(),
        page,
    })
}

fn argument(item: &str) -> &str {
    item.split('"').nth(1).unwrap_or(item)
}

/// `aws("aws_kms_key")` in the words of a page.
fn target(item: &str) -> String {
    format!("`{}`", argument(item))
}

/// `Control::cis_v5("3.6")` in the words of a page.
fn control(item: &str) -> String {
    let id = argument(item);
    if item.contains("cis_v5") {
        format!("CIS AWS Foundations v5 {id}")
    } else if item.contains("cis_v7") {
        format!("CIS AWS Foundations v7 {id}")
    } else if item.contains("unconfirmed") {
        format!("Security Hub {id} (not confirmed as part of FSBP)")
    } else if item.contains("security_hub") {
        format!("Security Hub {id}")
    } else {
        id.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_from_its_file() {
        let text = "use x;\nrule! {\n    /// ## What it does\n    ///\n    /// Finds.\n    pub struct A {\n        code: \"DT08\",\n        name: \"a-b\",\n        title: \"a key, and more\",\n        level: Mandatory,\n        since: \"1.0.0\",\n        targets: [aws(\"aws_kms_key\"), gabion(\"gabion_kms_key\")],\n        controls: [Control::cis_v5(\"3.6\"), Control::security_hub_unconfirmed(\"KMS.4\")],\n    }\n    fn check(change) {}\n}\n";
        let rule = parse(text).unwrap().unwrap();
        assert_eq!(rule.title, "a key, and more");
        assert_eq!(rule.level, "mandatory");
        assert_eq!(rule.targets, ["`aws_kms_key`", "`gabion_kms_key`"]);
        assert_eq!(rule.controls[0], "CIS AWS Foundations v5 3.6");
        assert_eq!(rule.page, "## What it does\n\nFinds.\n");
        assert!(parse("fn main() {}").is_none());
    }
}
