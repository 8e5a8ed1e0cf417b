//! The pages of the rules, `docs/rules/`: made of their doc comments and metadata.

use gabion_guardrail::{Control, Level, Metadata, RuleEntry, Scope};

/// What every page says, in this order.
pub const HEADINGS: [&str; 5] = [
    "What it does",
    "Why it matters",
    "Example",
    "Fix",
    "References",
];

/// The first line of every page, for who would edit it.
const MADE: &str =
    "<!-- Made by `cargo xtask gen` from guardrails/gabion-baseline. Do not edit. -->\n\n";

/// All pages: file name and content.
pub fn pages() -> Vec<(String, String)> {
    let mut pages = vec![("index.md".to_owned(), index())];
    pages.extend(
        crate::PACK
            .rules
            .iter()
            .map(|entry| (format!("{}.md", entry.metadata.code), page(entry))),
    );
    pages
}

/// What is wrong with a rule's page; `None` where nothing is.
pub fn fault(entry: &RuleEntry) -> Option<String> {
    let page = entry.page();
    let headings: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    if headings != HEADINGS {
        return Some(format!(
            "has the headings {headings:?}, and should have {HEADINGS:?}"
        ));
    }
    for section in page.split("## ").skip(1) {
        let (heading, body) = section.split_once('\n').unwrap_or_default();
        let body = body.trim();
        if body.is_empty() {
            return Some(format!("says nothing under `{heading}`"));
        }
        if matches!(heading, "Example" | "Fix") && !body.contains("```hcl") {
            return Some(format!("shows no configuration under `{heading}`"));
        }
        if heading == "References" && !body.contains("](https://") {
            return Some("has no link under `References`".to_owned());
        }
    }
    None
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Off => "off",
        Level::Advisory => "advisory",
        Level::Mandatory => "mandatory",
    }
}

fn controls(of: &Metadata) -> String {
    let control = |control: &Control| {
        let framework = match control.framework {
            "cis-aws-v5" => "CIS v5",
            "cis-aws-v7" => "CIS v7",
            "security-hub" => "Security Hub",
            "own" => return "own".to_owned(),
            other => other,
        };
        let mark = if control.confirmed { "" } else { "\\*" };
        format!("{framework} {}{mark}", control.id)
    };
    of.controls
        .iter()
        .map(control)
        .collect::<Vec<_>>()
        .join(", ")
}

fn page(entry: &RuleEntry) -> String {
    let of = &entry.metadata;
    let mut page = format!(
        "{MADE}# {}: {}\n\n| | |\n|---|---|\n| name | `{}` |\n| level | {} |\n| controls | {} |\n| since | {} |\n\
         | decided | {} |\n",
        of.code,
        of.title,
        of.name,
        level(of.level),
        controls(of),
        of.since,
        match of.scope {
            Scope::Change =>
                "at plan; at apply, before the change is made, where a value was not known",
            Scope::Plan => "on a whole plan, by `gabion check`",
        },
    );
    for target in of.targets {
        page.push_str(&format!(
            "| judges | `{}` of {} `{}` |\n",
            target.resource_type, target.provider, target.versions
        ));
    }
    if of.controls.iter().any(|control| !control.confirmed) {
        page.push_str("\n\\* not confirmed as part of AWS Foundational Security Best Practices\n");
    }
    page.push('\n');
    page.push_str(&entry.page());
    page
}

fn index() -> String {
    let mut index = format!(
        "{MADE}# The baseline pack\n\nThe rules that ship with Gabion, pack `{}` version {}. Each judges the resource that \
         carries the setting, in `gabion_*` resources and in hashicorp/aws. A rule says pass, violation, or \
         undetermined where a value is not known yet; that is decided at apply, before the change is made.\n\n\
         A code that ends in `A`, for absent, is a rule on whole plans: that a companion is missing, such as a bucket \
         without its public access block, no single resource shows. `gabion check` asks it.\n\n\
         | code | what it finds | level | controls |\n|---|---|---|---|\n",
        crate::PACK.name,
        crate::PACK.version,
    );
    for entry in crate::PACK.rules {
        let of = &entry.metadata;
        index.push_str(&format!(
            "| [{}]({}.md) | {} | {} | {} |\n",
            of.code,
            of.code,
            of.title,
            level(of.level),
            controls(of)
        ));
    }
    index.push_str(
        "\n\\* not confirmed as part of AWS Foundational Security Best Practices. CIS is the CIS AWS Foundations \
         Benchmark. Ids of NIST 800-53, SOC 2, HIPAA and GDPR are not in this table: such mappings are made by third \
         parties, and are no part of a control's own text.\n",
    );
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_whole_page() {
        for entry in crate::PACK.rules {
            if let Some(fault) = fault(entry) {
                panic!("the page of {} {fault}", entry.metadata.code);
            }
        }
    }

    #[test]
    fn a_page_without_headings_is_refused() {
        let mut entry = crate::PACK.rules[0];
        entry.metadata.doc = " ## What it does\n Something.\n";
        assert!(fault(&entry).unwrap().contains("headings"));
    }

    #[test]
    fn the_registry_is_in_order() {
        let codes: Vec<_> = crate::PACK
            .rules
            .iter()
            .map(|entry| entry.metadata.code)
            .collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
        for entry in crate::PACK.rules {
            let name = entry.metadata.name;
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{name}"
            );
            assert!(
                !entry.metadata.controls.is_empty()
                    && (!entry.metadata.targets.is_empty() || entry.metadata.scope == Scope::Plan),
                "{name}"
            );
        }
    }

    /// `docs/rules/` is made here: `GABION_UPDATE=1` writes it, else it is compared.
    #[test]
    fn the_pages_on_disk_are_these() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules");
        let update = std::env::var_os("GABION_UPDATE").is_some();
        let pages = pages();
        for (name, page) in &pages {
            let file = format!("{directory}/{name}");
            if update {
                std::fs::write(&file, page).unwrap();
            }
            let on_disk = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(
                on_disk == *page,
                "docs/rules/{name} is stale: run `cargo xtask gen`"
            );
        }
        for entry in std::fs::read_dir(directory).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(
                pages.iter().any(|(known, _)| *known == name),
                "docs/rules/{name} belongs to no rule"
            );
        }
    }
}
