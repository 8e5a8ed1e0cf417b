//! The graph of a plan: what the expressions of a resource refer to.

use std::sync::Arc;

use gabion_model::{Change, Graph, Path, Reference, Step};

use super::config::{is_leaf, join, without_keys};
use super::file::{Plan, PlanError};
use super::scan::Json;
use super::tree::Names;

impl Plan<'_> {
    /// All changes with their references, for whole-plan rules.
    ///
    /// # Errors
    /// Where a part of the file is no JSON.
    pub fn graph(&self) -> Result<Graph, PlanError> {
        let mut names = Names::default();
        let mut graph = Graph {
            complete: self.complete && self.configuration.is_present(),
            ..Graph::default()
        };
        for planned in &self.changes {
            let change: Change = self.change(planned, &mut names)?;
            let module = without_keys(&planned.module_address);
            let mut references = Vec::new();
            if let Some(expressions) = self.configuration.expressions(&planned.config_key())? {
                collect(&expressions, &Path::root(), &module, &mut references);
            }
            if !references.is_empty() {
                graph.references.insert(graph.changes.len(), references);
            }
            graph.changes.push(Arc::new(change));
        }
        Ok(graph)
    }
}

fn collect(expression: &Json<'_>, path: &Path, module: &str, references: &mut Vec<Reference>) {
    match expression {
        leaf if is_leaf(leaf) => {
            if let Some(Json::List(names)) = leaf.get("references") {
                let names: Vec<&str> = names.iter().filter_map(Json::as_text).collect();
                for name in &names {
                    // Terraform writes `a.b.id` and then `a.b` for one expression: the longest says it all.
                    let covered = names
                        .iter()
                        .any(|other| other.len() > name.len() && other.starts_with(*name));
                    if !covered && let Some((address, attribute)) = resource_part(name) {
                        references.push(Reference {
                            path: path.clone(),
                            address: join(module, &address),
                            attribute,
                        });
                    }
                }
            }
        }
        Json::Object(items) => {
            for (name, item) in items {
                collect(
                    item,
                    &path.child(Step::Name(name.as_ref().into())),
                    module,
                    references,
                );
            }
        }
        Json::List(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(
                    item,
                    &path.child(Step::Index(u32::try_from(index).unwrap_or(u32::MAX))),
                    module,
                    references,
                );
            }
        }
        _ => {}
    }
}

/// The resource that a reference names and the attribute it reads; `None` for variables, locals, modules and the like.
fn resource_part(reference: &str) -> Option<(String, String)> {
    let plain = without_keys(reference);
    let mut parts = plain.split('.');
    let first = parts.next()?;
    let (prefix, kind) = if first == "data" {
        ("data.", parts.next()?)
    } else {
        ("", first)
    };
    if matches!(
        first,
        "var" | "local" | "module" | "each" | "count" | "path" | "terraform" | "self"
    ) {
        return None;
    }
    let name = parts.next()?;
    Some((
        format!("{prefix}{kind}.{name}"),
        parts.collect::<Vec<_>>().join("."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_resources() {
        assert_eq!(
            resource_part("aws_s3_bucket.b[0].id"),
            Some(("aws_s3_bucket.b".into(), "id".into()))
        );
        assert_eq!(
            resource_part("data.aws_iam_policy_document.d.json"),
            Some(("data.aws_iam_policy_document.d".into(), "json".into()))
        );
        assert_eq!(
            resource_part("aws_s3_bucket.b"),
            Some(("aws_s3_bucket.b".into(), String::new()))
        );
        assert_eq!(resource_part("var.x"), None);
        assert_eq!(resource_part("module.m.bucket"), None);
    }
}
