//! A `plan` block: a few resources and what their expressions refer to, for whole-plan rules.

use std::sync::Arc;

use gabion_engine::policy::{Location, Problem};
use gabion_model::{Change, Graph, Mode, Path, Reference, Scope, Stage};
use hcl_edit::structure::Block;

use super::expect;
use super::fields::{Fields, hint, texts};
use super::file::{Case, Defaults, Subject, label, rule, settings, stage};
use super::resource::{self, Frame};
use super::value::{Spanned, Value};

/// One resource of a plan before its references are looked up.
struct Member {
    at: Location,
    change: Change,
    references: Vec<(Path, Spanned<String>)>,
}

/// Reads a `plan` block.
pub(super) fn plan(
    defaults: &Defaults<'_>,
    block: &Block,
    problems: &mut Vec<Problem>,
) -> Option<Case> {
    let source = defaults.source;
    let told = problems.len();
    let name = label(source, block, problems)?;
    let at = source.at(&block.ident);
    let mut fields = Fields::new(source, format!("plan `{name}`"), at.clone(), &block.body);
    let rule = rule(&mut fields, defaults.info, Scope::Plan, problems);
    let settings = settings(&mut fields, problems).unwrap_or_else(|| defaults.settings.clone());
    let strict = fields
        .boolean("strict", problems)
        .unwrap_or(defaults.strict);
    let complete = fields.boolean("complete", problems).unwrap_or(true);
    let stage = stage(&mut fields, Stage::Check, problems);
    let mut members = Vec::new();
    for (word, mode) in [("resource", Mode::Managed), ("data", Mode::Data)] {
        let frame = Frame {
            info: defaults.info,
            stage,
            strict,
            schemas: defaults.schemas.as_deref(),
            mode: Some(mode),
        };
        for block in fields.blocks(word) {
            members.extend(member(defaults, frame, block, problems));
        }
    }
    let expect = expect::read(source, &mut fields, true, problems);
    fields.finish(problems);
    let graph = graph(members, complete, problems);
    if problems.len() > told {
        return None;
    }
    let address = |address: &str| {
        graph
            .changes
            .iter()
            .any(|change| change.address.as_deref() == Some(address))
    };
    for wanted in expect.iter().filter_map(|expect| expect.address.as_deref()) {
        if !address(wanted) {
            let known: Vec<&str> = graph
                .changes
                .iter()
                .filter_map(|change| change.address.as_deref())
                .collect();
            problems.push(Problem::at(
                &at,
                format!(
                    "plan `{name}` expects a finding of `{wanted}`, which it does not have{}",
                    hint(wanted, &known)
                ),
            ));
            return None;
        }
    }
    Some(Case {
        at,
        name,
        rule: rule?.code.clone(),
        settings,
        subject: Subject::Plan(Arc::new(graph)),
        expect,
    })
}

fn member(
    defaults: &Defaults<'_>,
    frame: Frame<'_>,
    block: &Block,
    problems: &mut Vec<Problem>,
) -> Option<Member> {
    let source = defaults.source;
    let word = block.ident.as_str();
    let at = source.at(&block.ident);
    let [kind, name] = block.labels.as_slice() else {
        problems.push(Problem::at(
            &at,
            format!("a `{word}` has two labels: write `{word} \"TYPE\" \"NAME\" {{ ... }}`"),
        ));
        return None;
    };
    let (kind, name) = (kind.as_str(), name.as_str());
    let prefix = if frame.mode == Some(Mode::Data) {
        "data."
    } else {
        ""
    };
    let own = format!("{prefix}{kind}.{name}");
    let mut fields = Fields::new(source, format!("{word} `{own}`"), at.clone(), &block.body);
    let module = fields
        .text("module", problems)
        .map(|module| module.value)
        .unwrap_or_default();
    let references = references(&mut fields, problems);
    let change = resource::change(&mut fields, frame, kind, problems);
    fields.finish(problems);
    let address = if module.is_empty() {
        own
    } else {
        format!("{module}.{own}")
    };
    let change = Change {
        address: Some(address),
        module_address: Some(module),
        ..change?
    };
    Some(Member {
        at,
        change,
        references,
    })
}

/// `{ "rule.bucket" = "aws_s3_bucket.logs.id" }`: attribute paths and what their expressions name.
fn references(
    fields: &mut Fields<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<(Path, Spanned<String>)> {
    let Some(node) = fields.object("references", problems) else {
        return Vec::new();
    };
    let (Value::Object(items) | Value::Map(items)) = node.value else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (path, value) in items {
        match Path::parse(&path.value) {
            Ok(parsed) => found.extend(
                texts("references", value, problems)
                    .into_iter()
                    .map(|text| (parsed.clone(), text)),
            ),
            Err(why) => problems.push(Problem::at(&path.at, why)),
        }
    }
    found
}

fn graph(members: Vec<Member>, complete: bool, problems: &mut Vec<Problem>) -> Graph {
    let addresses: Vec<String> = members
        .iter()
        .filter_map(|member| member.change.address.clone())
        .collect();
    let mut graph = Graph {
        complete,
        ..Graph::default()
    };
    for (position, member) in members.into_iter().enumerate() {
        let module = member.change.module_address.clone().unwrap_or_default();
        let mut references = Vec::new();
        for (path, text) in member.references {
            match reference(&text.value, &module, &addresses) {
                Some((address, attribute)) => references.push(Reference {
                    path,
                    address,
                    attribute,
                }),
                // A data source that was read while planning is not among the changes.
                None if text.value.starts_with("data.") => {
                    let (address, attribute) = split(&text.value, 3);
                    references.push(Reference {
                        path,
                        address,
                        attribute,
                    });
                }
                None => problems.push(nobody(&text.at, &text.value, &addresses)),
            }
        }
        if !references.is_empty() {
            graph.references.insert(position, references);
        }
        if graph
            .changes
            .iter()
            .any(|known: &Arc<Change>| known.address == member.change.address)
        {
            let address = member.change.address.unwrap_or_default();
            problems.push(Problem::at(
                &member.at,
                format!("two resources of this plan are called `{address}`"),
            ));
            continue;
        }
        graph.changes.push(Arc::new(member.change));
    }
    graph
}

fn nobody(at: &Location, written: &str, addresses: &[String]) -> Problem {
    let known: Vec<&str> = addresses.iter().map(String::as_str).collect();
    Problem::at(
        at,
        format!(
            "`{written}` names no resource of this plan{}",
            hint(&split(written, 2).0, &known)
        ),
    )
}

/// The longest address of the plan that a reference begins with, and the attribute after it. Instance keys may be
/// left out, as an expression leaves them out for all instances.
fn reference(written: &str, module: &str, addresses: &[String]) -> Option<(String, String)> {
    let inside = format!("{module}.{written}");
    let candidates = [written, if module.is_empty() { written } else { &inside }];
    let mut best: Option<(String, String)> = None;
    for candidate in candidates {
        for address in addresses {
            for name in [
                address.as_str(),
                address
                    .split_once('[')
                    .map_or(address.as_str(), |(bare, _)| bare),
            ] {
                let Some(rest) = candidate.strip_prefix(name) else {
                    continue;
                };
                let attribute = match rest.strip_prefix('.') {
                    Some(attribute) => attribute,
                    None if rest.is_empty() => rest,
                    None => continue,
                };
                if best
                    .as_ref()
                    .is_none_or(|(known, _)| known.len() < name.len())
                {
                    best = Some((name.to_owned(), attribute.to_owned()));
                }
            }
        }
    }
    best
}

/// The first so many parts of a reference, and the rest.
fn split(written: &str, parts: usize) -> (String, String) {
    let mut ends = written.match_indices('.').map(|(at, _)| at);
    match ends.nth(parts - 1) {
        Some(at) => (
            written.get(..at).unwrap_or_default().to_owned(),
            written.get(at + 1..).unwrap_or_default().to_owned(),
        ),
        None => (written.to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_find_the_longest_address() {
        let addresses: Vec<String> = [
            "aws_s3_bucket.a",
            "aws_s3_bucket.a2",
            "module.m.aws_s3_bucket.a",
            "aws_s3_bucket.many[\"x\"]",
        ]
        .map(str::to_owned)
        .into();
        let find = |text: &str, module: &str| reference(text, module, &addresses);
        let found =
            |address: &str, attribute: &str| Some((address.to_owned(), attribute.to_owned()));
        assert_eq!(
            find("aws_s3_bucket.a.id", ""),
            found("aws_s3_bucket.a", "id")
        );
        assert_eq!(
            find("aws_s3_bucket.a2.versioning[0].x", ""),
            found("aws_s3_bucket.a2", "versioning[0].x")
        );
        assert_eq!(
            find("aws_s3_bucket.a.id", "module.m"),
            found("module.m.aws_s3_bucket.a", "id")
        );
        assert_eq!(
            find("aws_s3_bucket.many.id", ""),
            found("aws_s3_bucket.many", "id")
        );
        assert_eq!(
            find("aws_s3_bucket.many[\"x\"].id", ""),
            found("aws_s3_bucket.many[\"x\"]", "id")
        );
        assert_eq!(find("aws_s3_bucket", ""), None);
    }
}
