//! From an expression to the resources that it names: through variables, module outputs, local values and `for_each`.
//!
//! What belongs here: names. What does not: values; a plan tells of an expression only which names stand in it.

use std::collections::HashSet;

use super::config::{Configuration, is_leaf, join, without_keys};
use super::scan::{Fault, Json};

/// What the files of the configuration tell and a plan does not.
pub trait Written: Send + Sync {
    /// The names in the expression of a local value (`aws_s3_bucket.b.id`), or of the part of it that `rest` leads to,
    /// in a module (`module.a`, empty for the root); `None` where that cannot be told.
    fn local(&self, module: &str, name: &str, rest: &[&str]) -> Option<Vec<String>>;

    /// The block types that `dynamic` blocks make in a resource (`aws_s3_bucket.b`) of a module; `None` where that
    /// cannot be told.
    fn dynamic(&self, module: &str, resource: &str) -> Option<Vec<String>>;
}

/// A resource that an expression names, or what could not be followed to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) address: String,
    pub(super) attribute: String,
    /// Whether it is a resource.
    pub(super) sure: bool,
}

/// So many steps lead from one name to the next; Terraform allows no circle, a broken file may.
const DEEPEST: u32 = 64;
/// So many names are followed for one expression; what stands behind more is not told.
const MOST: usize = 1024;

/// Where an expression stands.
#[derive(Clone, Debug)]
pub(super) struct Place<'c> {
    /// The module, with its instance keys where they are known.
    pub(super) module: &'c str,
    /// The instance key of the block, as it stands in its address: `"eu"` or `0`.
    pub(super) key: Option<&'c str>,
    /// The `for_each` of the block.
    pub(super) for_each: Option<&'c Json<'c>>,
}

/// Follows names through one plan.
pub(super) struct Follow<'p> {
    pub(super) configuration: &'p Configuration<'p>,
    pub(super) written: Option<&'p dyn Written>,
    /// The addresses in the plan.
    pub(super) instances: HashSet<&'p str>,
}

/// What was found for one expression.
struct Trail {
    found: Vec<Named>,
    left: usize,
}

impl Trail {
    fn push(&mut self, named: Named) {
        if !self.found.contains(&named) {
            self.found.push(named);
        }
    }

    fn unsure(&mut self, module: &str, name: &str) {
        self.push(Named {
            address: join(module, name),
            attribute: String::new(),
            sure: false,
        });
    }
}

impl Follow<'_> {
    /// The resources that an expression names.
    pub(super) fn expression(
        &self,
        expression: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Vec<Named>, Fault> {
        let mut trail = Trail {
            found: Vec::new(),
            left: MOST,
        };
        self.leaf(expression, place, &[], DEEPEST, &mut trail)?;
        Ok(trail.found)
    }

    /// All names of an expression; `rest` is what is read of its value.
    fn leaf(
        &self,
        expression: &Json<'_>,
        place: &Place<'_>,
        rest: &[&str],
        depth: u32,
        trail: &mut Trail,
    ) -> Result<(), Fault> {
        if !is_leaf(expression) {
            return Ok(());
        }
        let Some(Json::List(names)) = expression.get("references") else {
            return Ok(());
        };
        let names: Vec<&str> = names.iter().filter_map(Json::as_text).collect();
        self.names(&names, place, rest, depth, trail)
    }

    fn names(
        &self,
        names: &[&str],
        place: &Place<'_>,
        rest: &[&str],
        depth: u32,
        trail: &mut Trail,
    ) -> Result<(), Fault> {
        let keyed = names.contains(&"each.key") || names.contains(&"count.index");
        for name in names {
            // Terraform writes `a.b.id` and then `a.b` for one expression: the longest says it all.
            if names.iter().any(|other| goes_on(other, name)) {
                continue;
            }
            if depth == 0 || trail.left == 0 {
                trail.unsure(place.module, name);
                continue;
            }
            trail.left -= 1;
            self.name(name, place, keyed, rest, depth - 1, trail)?;
        }
        Ok(())
    }

    fn name(
        &self,
        name: &str,
        place: &Place<'_>,
        keyed: bool,
        rest: &[&str],
        depth: u32,
        trail: &mut Trail,
    ) -> Result<(), Fault> {
        let parts = parts(name);
        match parts.as_slice() {
            ["each", "value", below @ ..] => {
                let Some(Json::List(sources)) =
                    place.for_each.and_then(|leaf| leaf.get("references"))
                else {
                    return Ok(());
                };
                let sources: Vec<&str> = sources.iter().filter_map(Json::as_text).collect();
                let around = Place {
                    for_each: None,
                    ..place.clone()
                };
                let key = place.key.map(|key| format!("[{key}]"));
                let path: Vec<&str> = key
                    .iter()
                    .map(String::as_str)
                    .chain(below.iter().chain(rest).copied())
                    .collect();
                self.names(&sources, &around, &path, depth, trail)
            }
            ["each" | "count" | "path" | "terraform" | "self", ..] => Ok(()),
            ["var", variable, below @ ..] => {
                let Some((parent, key)) = parent(place.module) else {
                    // A variable of the root module holds a plain value.
                    return Ok(());
                };
                let path = without_keys(place.module);
                let for_each = self.configuration.for_each(&path)?;
                let around = Place {
                    module: parent,
                    key,
                    for_each: for_each.as_ref(),
                };
                let below: Vec<&str> = below.iter().chain(rest).copied().collect();
                match self.configuration.argument(&path, variable)? {
                    Some(expression) => self.leaf(&expression, &around, &below, depth, trail),
                    None => Ok(()),
                }
            }
            ["local", local, below @ ..] => {
                let below: Vec<&str> = below.iter().chain(rest).copied().collect();
                let found = self
                    .written
                    .and_then(|written| written.local(&without_keys(place.module), local, &below));
                match found {
                    // What is read of the value is read of the part that was found.
                    Some(found) => {
                        let found: Vec<&str> = found.iter().map(String::as_str).collect();
                        let around = Place {
                            key: None,
                            for_each: None,
                            ..place.clone()
                        };
                        self.names(&found, &around, &[], depth, trail)
                    }
                    None => {
                        trail.unsure(place.module, &format!("local.{local}"));
                        Ok(())
                    }
                }
            }
            ["module", call, below @ ..] => {
                let below: Vec<&str> = below.iter().chain(rest).copied().collect();
                self.module(call, &below, place, keyed, depth, trail)
            }
            ["data", kind, name, below @ ..] => {
                let below: Vec<&str> = below.iter().chain(rest).copied().collect();
                self.resource(&format!("data.{kind}.{name}"), &below, place, keyed, trail);
                Ok(())
            }
            [kind, name, below @ ..] => {
                let below: Vec<&str> = below.iter().chain(rest).copied().collect();
                self.resource(&format!("{kind}.{name}"), &below, place, keyed, trail);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `below` is what follows the name of the call: a key, an output, what is read of it.
    fn module(
        &self,
        call: &str,
        below: &[&str],
        place: &Place<'_>,
        keyed: bool,
        depth: u32,
        trail: &mut Trail,
    ) -> Result<(), Fault> {
        let plain = join(place.module, &format!("module.{call}"));
        let (key, below) = match below {
            [key, below @ ..] if key.starts_with('[') => ((*key).to_owned(), below),
            below if keyed => {
                let key = place.key.map(|key| format!("[{key}]"));
                (key.unwrap_or_default(), below)
            }
            below => (String::new(), below),
        };
        let path = without_keys(&plain);
        let instance = format!("{plain}{key}");
        let inside = Place {
            module: &instance,
            key: None,
            for_each: None,
        };
        let outputs = match below {
            [output, ..] if !output.starts_with('[') => vec![*output],
            // The whole module, or an instance of it that is not told.
            _ => self.configuration.outputs(&path),
        };
        let rest = below.get(1..).unwrap_or_default();
        if outputs.is_empty() {
            trail.unsure(place.module, &format!("module.{call}"));
        }
        for output in outputs {
            match self.configuration.output(&path, output)? {
                Some(expression) => self.leaf(&expression, &inside, rest, depth, trail)?,
                None => trail.unsure(place.module, &format!("module.{call}.{output}")),
            }
        }
        Ok(())
    }

    /// `below` is what follows the resource's name: a key, an attribute.
    fn resource(
        &self,
        name: &str,
        below: &[&str],
        place: &Place<'_>,
        keyed: bool,
        trail: &mut Trail,
    ) {
        let plain = join(place.module, name);
        // `a.b[each.key].id` is written as `a.b` and `each.key`.
        let own = place
            .key
            .filter(|_| keyed && below.is_empty())
            .map(|key| format!("[{key}]"));
        let (key, below) = match below {
            [key, below @ ..] if key.starts_with('[') => (Some((*key).to_owned()), below),
            below => (own, below),
        };
        let instance = key
            .map(|key| format!("{plain}{key}"))
            // A key that was taken from a map of another kind names no instance: then it may be any.
            .filter(|instance| self.instances.contains(instance.as_str()));
        let attribute = below.iter().fold(String::new(), |mut attribute, part| {
            if !attribute.is_empty() && !part.starts_with('[') {
                attribute.push('.');
            }
            attribute.push_str(part);
            attribute
        });
        trail.push(Named {
            address: instance.unwrap_or(plain),
            attribute,
            sure: true,
        });
    }
}

/// Whether `longer` is `name` and more of the same path.
fn goes_on(longer: &str, name: &str) -> bool {
    longer
        .strip_prefix(name)
        .is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// The parts of a name: `a.b["c.d"].e` is `a`, `b`, `["c.d"]`, `e`.
pub(crate) fn parts(name: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut inside, mut quoted, mut escaped) = (0, false, false, false);
    let mut end = |start: usize, at: usize| {
        if let Some(part) = name.get(start..at).filter(|part| !part.is_empty()) {
            parts.push(part);
        }
    };
    for (at, character) in name.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if inside => quoted = !quoted,
            '[' if !inside => {
                end(start, at);
                (start, inside) = (at, true);
            }
            ']' if inside && !quoted => {
                end(start, at + 1);
                (start, inside) = (at + 1, false);
            }
            '.' if !inside => {
                end(start, at);
                start = at + 1;
            }
            _ => {}
        }
    }
    end(start, name.len());
    parts
}

/// The module around a module, and the instance key of the inner one.
fn parent(module: &str) -> Option<(&str, Option<&str>)> {
    let inner = parts(module);
    let (key, named) = match inner.split_last()? {
        (key, before) if key.starts_with('[') => (Some(*key), before.len()),
        _ => (None, inner.len()),
    };
    let call = *inner.get(named.checked_sub(1)?)?;
    let written = key.map_or(0, str::len) + call.len() + "module.".len();
    let around = module.get(..module.len().checked_sub(written)?)?;
    let key = key.and_then(|key| key.strip_prefix('[')?.strip_suffix(']'));
    Some((around.strip_suffix('.').unwrap_or(around), key))
}

/// The instance key at the end of an address: `"eu"` or `0`.
pub(super) fn own_key(address: &str) -> Option<&str> {
    parts(address).last()?.strip_prefix('[')?.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_parts() {
        assert_eq!(
            parts("module.m[\"a.]\\\"\"].x[0].y"),
            ["module", "m", "[\"a.]\\\"\"]", "x", "[0]", "y"]
        );
        assert_eq!(parts("var.x"), ["var", "x"]);
        assert_eq!(own_key("module.m[0].a.b[\"k\"]"), Some("\"k\""));
        assert_eq!(own_key("module.m[0].a.b"), None);
    }

    #[test]
    fn modules_have_parents() {
        assert_eq!(parent(""), None);
        assert_eq!(parent("module.m"), Some(("", None)));
        assert_eq!(
            parent("module.a[\"x.y\"].module.b[0]"),
            Some(("module.a[\"x.y\"]", Some("0")))
        );
    }

    #[test]
    fn only_what_goes_on_covers_a_name() {
        assert!(goes_on("a.b.id", "a.b") && goes_on("a.b[0]", "a.b"));
        assert!(!goes_on("a.bc.id", "a.b") && !goes_on("a.b", "a.b"));
    }
}
