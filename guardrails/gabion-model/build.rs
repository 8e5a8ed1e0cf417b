//! Turns the rule set of the secret detector into tables, so that nothing is parsed when a plan is judged.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

const RULES: &str = "rules/gitleaks.toml";

/// The file. A field that is not known here may change what a rule means, so it stops the build.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "minVersion")]
    _min_version: String,
    allowlist: Allowlist,
    rules: Vec<Rule>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    id: String,
    description: String,
    regex: Option<String>,
    /// Rules of files by name: a text of a plan has none.
    path: Option<String>,
    #[serde(default)]
    secret_group: usize,
    #[serde(default)]
    entropy: f64,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    allowlists: Vec<Allowlist>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Allowlist {
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default)]
    condition: String,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    regex_target: String,
    #[serde(default)]
    regexes: Vec<String>,
    #[serde(default)]
    stopwords: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={RULES}");
    println!("cargo::rerun-if-changed=build.rs");
    let file = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(RULES);
    let file: File = toml::from_str(&fs::read_to_string(file)?)?;
    let mut code = format!(
        "pub(super) static EVERYWHERE: Allowlist = {};\n",
        allowlist(&file.allowlist)
    );
    let mut rules = String::new();
    let mut count = 0;
    for rule in &file.rules {
        let (Some(regex), None) = (&rule.regex, &rule.path) else {
            continue;
        };
        let keywords: Vec<String> = rule.keywords.iter().map(|k| k.to_lowercase()).collect();
        let allowlists: Vec<String> = rule
            .allowlists
            .iter()
            // One that speaks of paths too, and asks for all of its conditions, never holds here.
            .filter(|list| list.paths.is_empty() || list.condition != "AND")
            .filter(|list| !list.regexes.is_empty() || !list.stopwords.is_empty())
            .map(allowlist)
            .collect();
        writeln!(
            code,
            "static LISTS_{count}: [Allowlist; {}] = [{}];",
            allowlists.len(),
            allowlists.join(", ")
        )?;
        writeln!(
            rules,
            "    Rule {{ kind: {:?}, description: {:?}, keywords: &{keywords:?}, regex: Lazy::new({:?}), group: {}, entropy: {:?}, allowlists: &LISTS_{count} }},",
            rule.id,
            rule.description,
            rust(regex),
            rule.secret_group,
            rule.entropy,
        )?;
        count += 1;
    }
    writeln!(
        code,
        "pub(super) static RULES: [Rule; {count}] = [\n{rules}];"
    )?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("rules.rs"), code)?;
    Ok(())
}

fn allowlist(list: &Allowlist) -> String {
    let regexes: Vec<String> = list
        .regexes
        .iter()
        .map(|regex| format!("(?:{})", rust(regex)))
        .collect();
    let target = match list.regex_target.as_str() {
        "match" => "Match",
        "line" => "Line",
        _ => "Secret",
    };
    let mut words: Vec<String> = list.stopwords.iter().map(|w| w.to_lowercase()).collect();
    words.sort();
    words.dedup();
    format!(
        "Allowlist {{ all: {}, target: Target::{target}, regexes: Lazy::new({:?}), words: Words::new(&{words:?}) }}",
        list.condition == "AND",
        regexes.join("|"),
    )
}

/// An expression of Go's syntax in that of the `regex` crate: Go takes a `{` that begins no repetition, and a `[`
/// inside of a class, as they are.
fn rust(regex: &str) -> String {
    let characters: Vec<char> = regex.chars().collect();
    let mut out = String::new();
    let (mut class, mut first, mut at) = (false, false, 0);
    while let Some(&character) = characters.get(at) {
        at += 1;
        let begins = std::mem::replace(&mut first, false);
        match character {
            '\\' => {
                out.push('\\');
                out.extend(characters.get(at));
                at += 1;
                continue;
            }
            '[' if !class => {
                class = true;
                first = true;
            }
            '^' if class && begins => first = true,
            ']' if class && !begins => class = false,
            '[' | '&' | '~' if class => out.push('\\'),
            '{' if !class && !repeats(characters.get(at..).unwrap_or_default()) => out.push('\\'),
            _ => {}
        }
        out.push(character);
    }
    out
}

/// Whether what follows a `{` makes it a repetition: `3}`, `3,}` or `3,5}`.
fn repeats(rest: &[char]) -> bool {
    let inside: String = rest.iter().take_while(|c| **c != '}').collect();
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    inside.len() < rest.len()
        && match inside.split_once(',') {
            None => number(&inside),
            Some((least, most)) => number(least) && (most.is_empty() || number(most)),
        }
}
