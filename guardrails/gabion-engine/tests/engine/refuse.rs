//! What is refused before a rule is asked, each with a message of its own.

use gabion_engine::{CacheOptions, Engine, EngineError, EngineOptions};
use insta::assert_snapshot;

use crate::guest::{Guest, componentize};
use crate::support::engine;

fn refused(bytes: &[u8]) -> EngineError {
    engine(CacheOptions::off())
        .load(bytes, "acme.wasm")
        .unwrap_err()
}

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn junk() {
    assert_snapshot!(refused(b"#!/bin/sh\necho hello"), @"the pack `acme.wasm` is not WebAssembly: it does not begin as a component does; name the file that `wasm-tools component new` wrote");
    assert_snapshot!(refused(b""), @"the pack `acme.wasm` is not WebAssembly: it does not begin as a component does; name the file that `wasm-tools component new` wrote");
}

#[test]
fn a_core_module() {
    assert_snapshot!(refused(&component("(module)")), @"the pack `acme.wasm` is a core WebAssembly module, not a component: turn it into one with `wasm-tools component new`");
}

#[test]
fn a_component_that_is_cut_off() {
    let bytes = Guest::new().build();
    assert_snapshot!(refused(&bytes[..bytes.len() / 2]), @"the pack `acme.wasm` is no valid component: unexpected end-of-file at byte 4995");
}

#[test]
fn more_functions_than_any_pack() {
    // A component with a module whose code section says that it has 600,000.
    let module = b"\0asm\x01\0\0\0\x03\x03\xc0\xcf\x24\x0a\x03\xc0\xcf\x24";
    let mut bytes = b"\0asm\x0d\0\x01\0\x01".to_vec();
    bytes.push(u8::try_from(module.len()).unwrap());
    bytes.extend_from_slice(module);
    assert_snapshot!(refused(&bytes), @"the pack `acme.wasm` has more than 500000 functions, which no pack needs: take out the dependencies that it does not use, or ask its publisher");
}

#[test]
fn a_compilation_that_does_not_end() {
    let mut options = EngineOptions::default();
    options.cache = CacheOptions::off();
    options.compile = Some(std::time::Duration::ZERO);
    let engine = Engine::new(options).unwrap();
    let error = engine.load(&Guest::new().build(), "acme.wasm").unwrap_err();
    assert_snapshot!(error, @r#"the pack `acme.wasm` is not compiled after 0 s, more than any pack needs: it may be made to keep a machine busy; ask its publisher, or on a slow machine fill the cache elsewhere (`gabion cache warm`)"#);
}

#[test]
fn an_unknown_binary_version() {
    assert_snapshot!(refused(b"\0asm\x63\0\x01\0"), @"the pack `acme.wasm` is no valid component: unknown binary version:    0x10063 at byte 4");
}

#[test]
fn wasi() {
    let text = r#"(component
        (import "wasi:cli/environment@0.2.0" (instance (export "get-arguments" (func (result (list string))))))
    )"#;
    assert_snapshot!(refused(&component(text)), @"the pack `acme.wasm` imports `wasi:cli/environment@0.2.0`: a guardrail may import `gabion:guardrail/values`, `gabion:guardrail/plan` and `gabion:guardrail/log` only; build it without access to files, clocks, network or randomness");
}

#[test]
fn a_function_of_no_interface() {
    assert_snapshot!(refused(&component(r#"(component (import "now" (func (result u64))))"#)), @"the pack `acme.wasm` imports `now`: a guardrail may import `gabion:guardrail/values`, `gabion:guardrail/plan` and `gabion:guardrail/log` only; build it without access to files, clocks, network or randomness");
}

#[test]
fn an_interface_of_ours_that_does_not_exist() {
    let text = r#"(component (import "gabion:guardrail/clock@1.0.0" (instance)))"#;
    assert_snapshot!(refused(&component(text)), @"the pack `acme.wasm` imports `gabion:guardrail/clock@1.0.0`: a guardrail may import `gabion:guardrail/values`, `gabion:guardrail/plan` and `gabion:guardrail/log` only; build it without access to files, clocks, network or randomness");
}

#[test]
fn no_rules() {
    assert_snapshot!(refused(&component("(component)")), @"the pack `acme.wasm` does not export `gabion:guardrail/rules`: it is a component, but no guardrail");
}

#[test]
fn another_major_of_the_contract() {
    let wit = include_str!("../../../../wit/guardrail/package.wit");
    let later = wit.replace(
        "package gabion:guardrail@1.0.0",
        "package gabion:guardrail@2.0.0",
    );
    let guest = Guest {
        wit: Some(later),
        ..Guest::new()
    };
    assert_snapshot!(refused(&guest.build()), @"the pack `acme.wasm` is made for `gabion:guardrail` 2.0.0, and this gabion speaks 1.0.0: update gabion, or take an older version of the pack");
    let earlier = wit.replace(
        "package gabion:guardrail@1.0.0",
        "package gabion:guardrail@0.9.0",
    );
    let guest = Guest {
        wit: Some(earlier),
        ..Guest::new()
    };
    assert_snapshot!(refused(&guest.build()), @"the pack `acme.wasm` is made for `gabion:guardrail` 0.9.0, and this gabion speaks 1.0.0: look for a newer version of the pack");
}

#[test]
fn a_later_minor_of_the_contract() {
    let wit = include_str!("../../../../wit/guardrail/package.wit");
    let later = wit.replace(
        "package gabion:guardrail@1.0.0",
        "package gabion:guardrail@1.1.0",
    );
    let guest = Guest {
        wit: Some(later),
        ..Guest::new()
    };
    assert_snapshot!(refused(&guest.build()), @"the pack `acme.wasm` is made for `gabion:guardrail` 1.1.0, and this gabion speaks 1.0.0: update gabion, or take an older version of the pack");
}

#[test]
fn a_later_patch_of_the_contract_is_taken() {
    let wit = include_str!("../../../../wit/guardrail/package.wit");
    let later = wit.replace(
        "package gabion:guardrail@1.0.0",
        "package gabion:guardrail@1.0.7",
    );
    let guest = Guest {
        wit: Some(later),
        ..Guest::new()
    };
    engine(CacheOptions::off())
        .load(&guest.build(), "acme.wasm")
        .unwrap();
}

#[test]
fn a_function_of_another_shape() {
    let wit = "package gabion:guardrail@1.0.0;
        interface rules { describe: func() -> string; }
        world guardrail { export rules; }";
    let text = r#"(module
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
        (func (export "gabion:guardrail/rules@1.0.0#describe") (result i32) (i32.const 0)))"#;
    let said = refused(&componentize(text, wit)).to_string();
    assert!(
        said.starts_with("the pack `acme.wasm` is no valid component: it does not fit"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_not_there_or_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(CacheOptions::off());
    let said = engine
        .load_file(&folder.path().join("none.wasm"))
        .unwrap_err()
        .to_string();
    assert!(
        said.ends_with("none.wasm`: there is no such file"),
        "{said}"
    );
    let said = engine.load_file(folder.path()).unwrap_err().to_string();
    assert!(said.ends_with("it is a folder"), "{said}");
}

#[test]
fn a_file_that_is_larger_than_any_pack() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.wasm");
    // A sparse file: nothing is written.
    std::fs::File::create(&path)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let said = engine(CacheOptions::off())
        .load_file(&path)
        .unwrap_err()
        .to_string();
    assert!(
        said.ends_with("has 1073741824 bytes, more than the 268435456 that a pack may have"),
        "{said}"
    );
}
