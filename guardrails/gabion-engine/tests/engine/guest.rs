//! Builds small guests: the canonical ABI by hand, so that a guest can break it.

use std::fmt::Write as _;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where the data of a guest starts in its memory.
const BASE: usize = 1024;
/// Where a guest may write: after all data.
pub(crate) const SCRATCH: usize = 512;

/// A guest in the making.
pub(crate) struct Guest {
    pub(crate) data: Vec<u8>,
    /// What `describe` says.
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) schema: &'static str,
    pub(crate) rules: Vec<Rule>,
    /// Bodies of the functions, as WebAssembly text; each leaves the address of its answer.
    pub(crate) describe: Option<String>,
    pub(crate) configure: Option<String>,
    pub(crate) check: String,
    pub(crate) check_plan: String,
    /// Pages of memory.
    pub(crate) pages: usize,
    /// The WIT package instead of the real one, and more for the module.
    pub(crate) wit: Option<String>,
    pub(crate) more: String,
}

#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) since: &'static str,
    pub(crate) whole_plan: bool,
}

pub(crate) fn rule(code: &'static str, name: &'static str) -> Rule {
    Rule {
        code,
        name,
        since: "1.0.0",
        whole_plan: false,
    }
}

impl Guest {
    /// A guest with one rule, `T01`, that always passes.
    pub(crate) fn new() -> Self {
        let mut guest = Self {
            data: Vec::new(),
            name: "tiny",
            version: "1.2.3",
            schema: "{}",
            rules: vec![rule("T01", "tiny-thing")],
            describe: None,
            configure: None,
            check: String::new(),
            check_plan: String::new(),
            pages: 2,
            wit: None,
            more: String::new(),
        };
        let pass = guest.pass();
        guest.check = answer(pass);
        guest.check_plan = format!("(call $drop-graph (local.get $graph)) (i32.const {pass})");
        guest
    }

    /// A guest whose `check` is this.
    pub(crate) fn checking(body: impl Into<String>) -> Self {
        Self {
            check: body.into(),
            ..Self::new()
        }
    }

    fn align(&mut self) -> usize {
        while !self.data.len().is_multiple_of(4) {
            self.data.push(0);
        }
        BASE + self.data.len()
    }

    /// Puts words into the memory; gives where.
    pub(crate) fn words(&mut self, words: &[usize]) -> usize {
        let at = self.align();
        for word in words {
            self.data
                .extend_from_slice(&u32::try_from(*word).unwrap().to_le_bytes());
        }
        at
    }

    /// Puts a text into the memory; gives where, and its length.
    pub(crate) fn text(&mut self, text: &str) -> [usize; 2] {
        let at = BASE + self.data.len();
        self.data.extend_from_slice(text.as_bytes());
        [at, text.len()]
    }

    pub(crate) fn pass(&mut self) -> usize {
        self.words(&[0, 1, 0, 0])
    }

    pub(crate) fn undetermined(&mut self, what: &str) -> usize {
        let [at, length] = self.text(what);
        self.words(&[0, 3, at, length])
    }

    pub(crate) fn failed(&mut self, reason: &str) -> usize {
        let [at, length] = self.text(reason);
        self.words(&[1, at, length])
    }

    /// A finding; gives where. The message's address and length stand at 32 and 36 bytes from there.
    pub(crate) fn finding(
        &mut self,
        path: &str,
        observed: Option<&str>,
        message: &str,
        fix: Option<(&str, &str)>,
    ) -> usize {
        let path = self.text(path);
        let seen = self.text(observed.unwrap_or_default());
        let message = self.text(message);
        let patches = match fix {
            Some((path, value)) => {
                let path = self.text(path);
                let value = self.text(value);
                [self.words(&[path[0], path[1], value[0], value[1]]), 1]
            }
            None => [0, 0],
        };
        let some = usize::from(observed.is_some());
        self.words(&[
            0, 0, 0, path[0], path[1], some, seen[0], seen[1], message[0], message[1], patches[0],
            patches[1],
        ])
    }

    /// A violation with the findings at an address.
    pub(crate) fn violation(&mut self, findings: usize, count: usize) -> usize {
        self.words(&[0, 2, findings, count])
    }

    fn described(&mut self) -> usize {
        let mut words = Vec::new();
        for rule in self.rules.clone() {
            let code = self.text(rule.code);
            let name = self.text(rule.name);
            let title = self.text("a tiny thing");
            let since = self.text(rule.since);
            // The page is empty; the level is mandatory; the scope stands in the second byte.
            let marks = 2 + (usize::from(rule.whole_plan) << 8);
            words.extend([
                code[0], code[1], name[0], name[1], title[0], title[1], 0, 0, marks,
            ]);
            words.extend([0, 0, 0, 0, since[0], since[1]]);
        }
        let rules = self.words(&words);
        let count = self.rules.len();
        let (name, version, schema) = (self.name, self.version, self.schema);
        let (name, version, schema) = (self.text(name), self.text(version), self.text(schema));
        self.words(&[
            name[0], name[1], version[0], version[1], schema[0], schema[1], rules, count,
        ])
    }

    /// The core module as text.
    pub(crate) fn module(mut self) -> (String, String) {
        let described = self.described();
        let fine = self.words(&[0, 0, 0]);
        let describe = self
            .describe
            .clone()
            .unwrap_or_else(|| format!("(i32.const {described})"));
        let configure = self
            .configure
            .clone()
            .unwrap_or_else(|| format!("(i32.const {fine})"));
        let mut data = String::new();
        for byte in &self.data {
            write!(data, "\\{byte:02x}").unwrap();
        }
        let wit = self
            .wit
            .clone()
            .unwrap_or_else(|| include_str!("../../../../wit/guardrail/package.wit").to_owned());
        let version = wit
            .split_once("package gabion:guardrail@")
            .unwrap()
            .1
            .split_once(';')
            .unwrap()
            .0
            .to_owned();
        let heap = (BASE + self.data.len()).next_multiple_of(4096);
        let text = format!(
            r#"(module
  (import "gabion:guardrail/plan@{version}" "[method]change.after" (func $after (param i32) (result i32)))
  (import "gabion:guardrail/plan@{version}" "[method]change.configured" (func $configured (param i32 i32 i32 i32)))
  (import "gabion:guardrail/plan@{version}" "[resource-drop]change" (func $drop-change (param i32)))
  (import "gabion:guardrail/plan@{version}" "[resource-drop]graph" (func $drop-graph (param i32)))
  (import "gabion:guardrail/plan@{version}" "[method]graph.complete" (func $complete (param i32) (result i32)))
  (import "gabion:guardrail/plan@{version}" "[method]graph.changes" (func $changes (param i32 i32 i32 i32)))
  (import "gabion:guardrail/plan@{version}" "[method]graph.referrers" (func $referrers (param i32 i32 i32)))
  (import "gabion:guardrail/values@{version}" "[method]value.get" (func $get (param i32 i32 i32) (result i32)))
  (import "gabion:guardrail/values@{version}" "[method]value.find" (func $find (param i32 i32 i32 i32)))
  (import "gabion:guardrail/values@{version}" "[method]value.kind" (func $kind (param i32) (result i32)))
  (import "gabion:guardrail/values@{version}" "[method]value.text" (func $text (param i32 i32)))
  (import "gabion:guardrail/values@{version}" "[method]value.size" (func $size (param i32 i32)))
  (import "gabion:guardrail/values@{version}" "[method]value.equal-to" (func $equal-to (param i32 i32 i32)))
  (import "gabion:guardrail/values@{version}" "[method]value.document" (func $document (param i32 i32)))
  (import "gabion:guardrail/values@{version}" "[method]value.secrets" (func $secrets (param i32 i32)))
  (import "gabion:guardrail/values@{version}" "[resource-drop]value" (func $drop-value (param i32)))
  (import "gabion:guardrail/log@{version}" "write" (func $log (param i32 i32 i32)))
  (memory (export "memory") {pages})
  (global $next (mut i32) (i32.const {heap}))
  (global $kept (mut i32) (i32.const 0))
  (data (i32.const {BASE}) "{data}")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  {more}
  (func (export "gabion:guardrail/rules@{version}#describe") (result i32) {describe})
  (func (export "gabion:guardrail/rules@{version}#configure") (param i32 i32) (result i32) {configure})
  (func (export "gabion:guardrail/rules@{version}#check") (param $rule i32) (param $length i32) (param $change i32) (result i32)
    (local $a i32) (local $b i32)
    (global.set $next (i32.const {heap}))
    {check})
  (func (export "gabion:guardrail/rules@{version}#check-plan") (param $rule i32) (param $length i32) (param $graph i32) (result i32)
    (local $a i32) (local $b i32)
    (global.set $next (i32.const {heap}))
    {check_plan})
)"#,
            pages = self.pages,
            more = self.more,
            check = self.check,
            check_plan = self.check_plan,
        );
        (text, wit)
    }

    /// The component.
    pub(crate) fn build(self) -> Vec<u8> {
        let (text, wit) = self.module();
        componentize(&text, &wit)
    }
}

/// Drops the change and answers with what stands at an address.
pub(crate) fn answer(at: usize) -> String {
    format!("(call $drop-change (local.get $change)) (i32.const {at})")
}

/// A core module with the world `guardrail` of a WIT package, as a component.
pub(crate) fn componentize(text: &str, wit: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut resolve = Resolve::default();
    let package = resolve.push_str("package.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("guardrail")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap()
}
