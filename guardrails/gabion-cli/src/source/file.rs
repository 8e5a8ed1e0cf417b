//! One file of a configuration.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use gabion_model::{Path as Attribute, Step};
use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body, Structure};

use super::json;

/// What is larger was not written by hand, and is not worth the time.
const LARGEST: u64 = 16 << 20;

/// A file, parsed.
#[derive(Debug)]
pub struct File {
    /// Relative to the folder of the configuration.
    path: PathBuf,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Hcl(Box<Body>, HashMap<String, usize>),
    /// `.tf.json`: nearly all JSON is an expression of HCL.
    Json(Box<Expression>),
    /// The parser could not read it: block headers are still told by their lines.
    Bare,
}

/// A block or attribute in a file.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) line: usize,
    pub(super) end_line: usize,
    /// `resource "aws_kms_key" "k"`.
    pub(super) header: String,
    /// How many steps of the attribute's path were followed.
    pub(super) depth: usize,
}

/// Whether Terraform or OpenTofu reads a file of this name.
pub(super) fn is_configuration(name: &str) -> bool {
    let hidden = name.starts_with(['.', '#']) || name.ends_with('~');
    !hidden
        && [".tf", ".tf.json", ".tofu", ".tofu.json"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Whether the file's blocks are merged into those of the others.
pub(super) fn is_override(name: &str) -> bool {
    let stem = name.split(".t").next().unwrap_or(name);
    stem == "override" || stem.ends_with("_override")
}

impl File {
    pub(super) fn read(root: &Path, path: PathBuf) -> Option<Self> {
        let whole = root.join(&path);
        if std::fs::metadata(&whole).ok()?.len() > LARGEST {
            return None;
        }
        let text = String::from_utf8(std::fs::read(&whole).ok()?).ok()?;
        Some(Self::new(path, text))
    }

    pub(super) fn new(path: PathBuf, text: String) -> Self {
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let json = path.extension().is_some_and(|end| end == "json");
        let content = if json {
            hcl_edit::parser::parse_expr(text.trim_end())
                .map_or(Content::Bare, |value| Content::Json(Box::new(value)))
        } else {
            hcl_edit::parser::parse_body(&text).map_or(Content::Bare, |body| {
                let index = index(&body);
                Content::Hcl(Box::new(body), index)
            })
        };
        let lines = std::iter::once(0)
            .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1))
            .collect();
        Self {
            path,
            text,
            lines,
            content,
        }
    }

    /// Relative to the folder of the configuration.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The blocks, where the file is HCL that can be read.
    pub fn body(&self) -> Option<&Body> {
        match &self.content {
            Content::Hcl(body, _) => Some(body),
            _ => None,
        }
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    fn lines_of(&self, span: &Range<usize>) -> (usize, usize) {
        let last = span.end.saturating_sub(1).max(span.start);
        // The span of a block may take its line's end with it.
        let text = self.text.get(span.start..=last).unwrap_or_default();
        let end = span.start + text.trim_end().len().saturating_sub(1);
        (self.line(span.start), self.line(end.max(span.start)))
    }

    /// Finds a block by its key (`aws_kms_key.k`, `data.aws_x.y`, `module.m`), and an attribute in it.
    pub(super) fn find(&self, block: &str, attribute: &Attribute) -> Option<Found> {
        let labels = labels(block);
        match &self.content {
            Content::Hcl(body, index) => {
                let block = body.get(*index.get(&labels.join("."))?)?.as_block()?;
                let mut span = block.span()?;
                let mut depth = 0;
                descend(&block.body, attribute.steps(), 1, &mut span, &mut depth);
                Some(self.found(&span, header(&labels), depth))
            }
            Content::Json(root) => {
                let mut found = json::find(root, &labels)?;
                let mut depth = 0;
                json::descend(&mut found, attribute.steps(), &mut depth);
                let span = self.with_key(&found.span);
                Some(self.found(&span, labels.join("."), depth))
            }
            Content::Bare => {
                let number = self.text.lines().position(|line| begins(line, &labels))?;
                Some(Found {
                    line: number + 1,
                    end_line: number + 1,
                    header: header(&labels),
                    depth: 0,
                })
            }
        }
    }

    /// An attribute of a block, where it is a plain text.
    pub(super) fn text_of(&self, block: &str, name: &str) -> Option<String> {
        let labels = labels(block);
        match &self.content {
            Content::Hcl(body, index) => {
                let block = body.get(*index.get(&labels.join("."))?)?.as_block()?;
                block
                    .body
                    .get_attribute(name)?
                    .value
                    .as_str()
                    .map(str::to_owned)
            }
            Content::Json(root) => {
                let mut found = json::find(root, &labels)?;
                let mut depth = 0;
                json::descend(&mut found, &[Step::from(name)], &mut depth);
                (depth == 1)
                    .then(|| found.value.as_str().map(str::to_owned))
                    .flatten()
            }
            Content::Bare => None,
        }
    }

    fn found(&self, span: &Range<usize>, header: String, depth: usize) -> Found {
        let (line, end_line) = self.lines_of(span);
        Found {
            line,
            end_line,
            header,
            depth,
        }
    }

    /// A value of JSON stands after its key, mostly on the same line: the line of its first character is the one.
    fn with_key(&self, span: &Range<usize>) -> Range<usize> {
        let spaces = self
            .text
            .get(span.clone())
            .map_or(0, |text| text.len() - text.trim_start().len());
        span.start + spaces..span.end
    }
}

/// The kind of block and its labels.
fn labels(key: &str) -> Vec<&str> {
    let parts: Vec<&str> = key.split('.').collect();
    match parts.as_slice() {
        ["data" | "module" | "ephemeral", ..] => parts,
        _ => std::iter::once("resource").chain(parts).collect(),
    }
}

fn header(labels: &[&str]) -> String {
    let mut parts = labels.iter();
    let mut text = parts.next().copied().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(&format!(" \"{part}\""));
    }
    text
}

/// Where each block stands among the others, by its kind and labels: `resource.aws_kms_key.k`.
fn index(body: &Body) -> HashMap<String, usize> {
    let mut index = HashMap::new();
    for (position, structure) in body.iter().enumerate() {
        if let Structure::Block(block) = structure {
            let mut key = block.ident.as_str().to_owned();
            for label in &block.labels {
                key.push('.');
                key.push_str(label.as_str());
            }
            index.entry(key).or_insert(position);
        }
    }
    index
}

/// Whether a line begins a block, in a file that the parser could not read.
fn begins(line: &str, labels: &[&str]) -> bool {
    let words = line.split_whitespace().map(|word| word.trim_matches('"'));
    let mut wanted = labels.iter().copied();
    let mut words = words.take(labels.len());
    wanted.all(|label| words.next() == Some(label))
}

/// Follows a path into a block; keeps the span of the deepest thing found.
fn descend(body: &Body, steps: &[Step], before: usize, span: &mut Range<usize>, depth: &mut usize) {
    let Some((Step::Name(name), rest)) = steps.split_first() else {
        return;
    };
    if let Some(attribute) = body.get_attribute(name) {
        if let Some(found) = attribute.span() {
            *span = found;
            *depth = before;
        }
        into_value(&attribute.value, rest, before + 1, span, depth);
        return;
    }
    let named: Vec<&Block> = body
        .blocks()
        .filter(|block| {
            block.has_ident(name)
                || (block.has_ident("dynamic")
                    && block
                        .labels
                        .first()
                        .is_some_and(|label| label.as_str() == name.as_ref()))
        })
        .collect();
    // Several blocks may be a set, whose order in a plan is not that of the file.
    let [block] = named.as_slice() else {
        return;
    };
    if let Some(found) = block.span() {
        *span = found;
        *depth = before;
    }
    let rest = match rest.split_first() {
        Some((Step::Index(_), rest)) => rest,
        _ => rest,
    };
    if block.has_ident("dynamic") {
        if let Some(content) = block.body.get_blocks("content").next() {
            descend(&content.body, rest, before + 1, span, depth);
        }
    } else {
        descend(&block.body, rest, before + 1, span, depth);
    }
}

fn into_value(
    value: &Expression,
    steps: &[Step],
    before: usize,
    span: &mut Range<usize>,
    depth: &mut usize,
) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    let next = match (value, step) {
        (Expression::Object(items), Step::Name(name)) => items
            .iter()
            .find(|(key, _)| json::key(key) == Some(name.as_ref()))
            .map(|(key, item)| (key.span(), item.expr())),
        (Expression::Array(items), Step::Index(index)) => usize::try_from(*index)
            .ok()
            .and_then(|index| items.get(index))
            .map(|item| (item.span(), item)),
        _ => None,
    };
    if let Some((Some(found), inner)) = next {
        let end = inner.span().map_or(found.end, |inner| inner.end);
        *span = found.start..end.max(found.end);
        *depth = before;
        into_value(inner, rest, before + 1, span, depth);
    }
}
