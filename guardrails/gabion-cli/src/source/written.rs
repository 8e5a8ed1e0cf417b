//! What the files of a configuration tell and a plan does not: the names in local values, and `dynamic` blocks.
//!
//! What belongs here: names in expressions. What does not: their values, and where they stand.

use std::collections::HashMap;
use std::sync::Arc;

use hcl_edit::expr::{Expression, ForExpr, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::{Block, Body};
use hcl_edit::visit::Visit;

use super::{Module, Sources};
use crate::plan::Written;

/// So deep may one local value be an object in another's object.
const DEEPEST: usize = 32;

impl Written for Sources {
    fn local(&self, module: &str, name: &str, rest: &[&str]) -> Option<Vec<String>> {
        let module = self.module(module)?;
        let expression = local(&module, name)?;
        let mut found = Vec::new();
        narrow(expression, rest, &mut found, DEEPEST);
        Some(found)
    }

    fn dynamic(&self, module: &str, resource: &str) -> Option<Vec<String>> {
        let known = self.dynamics(module)?;
        Some(known.get(resource).cloned().unwrap_or_default())
    }
}

/// By resource: the types of the blocks that `dynamic` blocks in it make. `None` where a file cannot be read.
pub(super) fn dynamics(module: &Module) -> Option<HashMap<String, Vec<String>>> {
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    for file in module.files() {
        for block in file.body()?.blocks() {
            if let ("resource", [kind, name]) = (block.ident.as_str(), block.labels.as_slice()) {
                let key = format!("{}.{}", kind.as_str(), name.as_str());
                collect(block, all.entry(key).or_default());
            }
        }
    }
    Some(all)
}

fn collect(block: &Block, found: &mut Vec<String>) {
    for inner in block.body.blocks() {
        if inner.ident.as_str() == "dynamic" {
            found.extend(inner.labels.first().map(|label| label.as_str().to_owned()));
        }
        collect(inner, found);
    }
}

/// The expression of a local value; that of an override, where there is one. `None` where a file cannot be read, as it
/// may be there.
fn local<'m>(module: &'m Arc<Module>, name: &str) -> Option<&'m Expression> {
    let mut found = None;
    for file in module.files() {
        let body: &Body = file.body()?;
        for locals in body.get_blocks("locals") {
            if let Some(attribute) = locals.body.get_attribute(name) {
                found = Some(&attribute.value);
            }
        }
    }
    found
}

/// The names in the part of an expression that `rest` leads to: into objects, and on from a plain name.
fn narrow(expression: &Expression, rest: &[&str], found: &mut Vec<String>, depth: usize) {
    match (expression, rest) {
        (Expression::Parenthesis(inner), _) if depth > 0 => {
            narrow(inner.inner(), rest, found, depth - 1);
        }
        (Expression::Object(object), [step, below @ ..]) if depth > 0 => {
            let wanted = key(step);
            let entries: Vec<_> = object
                .iter()
                .map(|(name, value)| (literal(name), value.expr()))
                .collect();
            if entries.iter().all(|(name, _)| name.is_some()) {
                let entry = entries
                    .iter()
                    .find(|(name, _)| name.as_deref() == Some(wanted));
                if let Some((_, value)) = entry {
                    narrow(value, below, found, depth - 1);
                }
                return;
            }
            names(expression, found);
        }
        (Expression::Traversal(traversal), _) => {
            if let Some(name) = plain(traversal) {
                let name = rest.iter().fold(name, |mut name, step| {
                    if !step.starts_with('[') {
                        name.push('.');
                    }
                    name.push_str(step);
                    name
                });
                found.push(name);
            } else {
                names(expression, found);
            }
        }
        _ => names(expression, found),
    }
}

/// `["a"]` and `a` are the key `a`.
fn key(step: &str) -> &str {
    step.strip_prefix('[')
        .and_then(|step| step.strip_suffix(']'))
        .map_or(step, |step| step.trim_matches('"'))
}

fn literal(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str().to_owned()),
        ObjectKey::Expression(Expression::String(text)) => Some(text.as_str().to_owned()),
        ObjectKey::Expression(Expression::Variable(name)) => Some(name.as_str().to_owned()),
        ObjectKey::Expression(_) => None,
    }
}

/// All names in an expression, as a plan writes them.
fn names(expression: &Expression, found: &mut Vec<String>) {
    let mut names = Names {
        found,
        bound: Vec::new(),
    };
    names.visit_expr(expression);
}

struct Names<'f> {
    found: &'f mut Vec<String>,
    /// The variables of the `for` expressions around: they name nothing outside.
    bound: Vec<String>,
}

impl Visit for Names<'_> {
    fn visit_traversal(&mut self, traversal: &Traversal) {
        match &traversal.expr {
            Expression::Variable(name) if self.bound.iter().any(|bound| bound == name.as_str()) => {
            }
            Expression::Variable(_) => self.found.push(start(traversal)),
            inner => self.visit_expr(inner),
        }
        for operator in &traversal.operators {
            if let TraversalOperator::Index(index) = operator.value() {
                self.visit_expr(index);
            }
        }
    }

    fn visit_for_expr(&mut self, expression: &ForExpr) {
        self.visit_expr(&expression.intro.collection_expr);
        let outer = self.bound.len();
        let variables = [
            expression.intro.key_var.as_ref(),
            Some(&expression.intro.value_var),
        ];
        let variables = variables.into_iter().flatten();
        (self.bound).extend(variables.map(|name| name.as_str().to_owned()));
        if let Some(key) = &expression.key_expr {
            self.visit_expr(key);
        }
        self.visit_expr(&expression.value_expr);
        if let Some(condition) = &expression.cond {
            self.visit_expr(&condition.expr);
        }
        self.bound.truncate(outer);
    }
}

/// A name up to the first step that is not told.
fn start(traversal: &Traversal) -> String {
    let mut name = match &traversal.expr {
        Expression::Variable(name) => name.as_str().to_owned(),
        _ => String::new(),
    };
    for operator in &traversal.operators {
        match step(operator.value()) {
            Some(step) => name.push_str(&step),
            None => break,
        }
    }
    name
}

/// A traversal whose steps are all told.
fn plain(traversal: &Traversal) -> Option<String> {
    let told = (traversal.operators.iter()).all(|operator| step(operator.value()).is_some());
    (told && matches!(traversal.expr, Expression::Variable(_))).then(|| start(traversal))
}

fn step(operator: &TraversalOperator) -> Option<String> {
    match operator {
        TraversalOperator::GetAttr(name) => Some(format!(".{}", name.as_str())),
        TraversalOperator::Index(Expression::String(text)) => {
            Some(format!("[\"{}\"]", text.as_str()))
        }
        TraversalOperator::Index(Expression::Number(number)) => {
            Some(format!("[{}]", number.value()))
        }
        TraversalOperator::LegacyIndex(index) => Some(format!("[{}]", index.value())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> (tempfile::TempDir, Sources) {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"
locals {
  id      = aws_s3_bucket.b.id
  whole   = aws_s3_bucket.b
  buckets = { one = aws_s3_bucket.one, "two" = { id = aws_s3_bucket.two[0].id } }
  mixed   = coalesce(var.name, aws_s3_bucket.all["x"].id, [for b in aws_s3_bucket.each : b.id]...)
  indexed = aws_s3_bucket.each[local.key].id
  plain   = "text"
}
resource "aws_security_group" "g" {
  dynamic "ingress" {
    for_each = []
    content {}
  }
}
"#;
        std::fs::write(folder.path().join("main.tf"), text).unwrap();
        let sources = Sources::open(folder.path()).unwrap();
        (folder, sources)
    }

    #[test]
    fn local_values_lead_to_names() {
        let (_folder, sources) = sources();
        let local = |name: &str, rest: &[&str]| sources.local("", name, rest).unwrap();
        assert_eq!(local("id", &[]), ["aws_s3_bucket.b.id"]);
        assert_eq!(local("whole", &["id"]), ["aws_s3_bucket.b.id"]);
        assert_eq!(
            local("buckets", &["[\"one\"]", "id"]),
            ["aws_s3_bucket.one.id"]
        );
        assert_eq!(
            local("buckets", &["two", "id"]),
            ["aws_s3_bucket.two[0].id"]
        );
        assert_eq!(local("buckets", &["three"]), [""; 0]);
        assert_eq!(
            local("mixed", &[]),
            [
                "var.name",
                "aws_s3_bucket.all[\"x\"].id",
                "aws_s3_bucket.each"
            ]
        );
        assert_eq!(local("indexed", &[]), ["aws_s3_bucket.each", "local.key"]);
        assert!(local("plain", &[]).is_empty());
        assert_eq!(sources.local("", "absent", &[]), None);
        assert_eq!(sources.local("module.x", "id", &[]), None);
    }

    #[test]
    fn dynamic_blocks_are_told() {
        let (_folder, sources) = sources();
        assert_eq!(
            sources.dynamic("", "aws_security_group.g"),
            Some(vec!["ingress".to_owned()])
        );
        assert_eq!(sources.dynamic("", "aws_kms_key.k"), Some(Vec::new()));
        assert_eq!(sources.dynamic("module.x", "aws_kms_key.k"), None);
    }
}
