//! Earlier releases of the pack inside the binary, and packs that are loaded by their digest.

use gabion_engine::baseline::{self, RELEASED, Released};
use gabion_engine::policy::{Inside, PackFault, Packs};
use gabion_engine::store::Digest;
use gabion_engine::{CacheOptions, Engine, EngineError, EngineOptions};

use crate::guest::Guest;

fn component(version: &'static str) -> &'static [u8] {
    let guest = Guest {
        name: "baseline",
        version,
        ..Guest::new()
    };
    guest.build().leak()
}

fn engine(released: Vec<Released>) -> Engine {
    let mut options = EngineOptions::default();
    options.cache = CacheOptions::off();
    options.released = Some(released);
    Engine::new(options).unwrap()
}

#[test]
fn what_is_checked_in_is_named_by_its_own_version() {
    let engine = engine(RELEASED.to_vec());
    for release in RELEASED {
        let pack = engine.load(release.component, release.version).unwrap();
        assert_eq!(pack.info().version, release.version);
        assert_eq!(pack.info().name, "baseline");
    }
    // The one that is built from source is always there, under its own version or a release of it.
    let versions = Packs::baselines(&engine);
    assert!(
        versions
            .iter()
            .any(|inside| inside.version.to_string() == baseline::VERSION),
        "{versions:?}"
    );
}

#[test]
fn releases_are_chosen_by_version_and_have_one_digest() {
    let old = Released {
        version: "0.0.1",
        component: component("0.0.1"),
    };
    let engine = engine(vec![old]);
    let inside = |version: &str, released| Inside {
        version: version.parse().unwrap(),
        released,
    };
    assert_eq!(
        Packs::baselines(&engine),
        [inside("0.0.1", true), inside(baseline::VERSION, false)]
    );
    let digest = Digest::of(old.component);
    let version = "0.0.1".parse().unwrap();
    let pack = Packs::baseline(&engine, &version, Some(&digest)).unwrap();
    assert_eq!(pack.info().version, "0.0.1");
    assert_eq!(pack.digest(), digest.to_string());
    assert_eq!(pack.wit(), "1.0.0");
    let other = Digest::of(b"other bytes");
    let fault = Packs::baseline(&engine, &version, Some(&other))
        .err()
        .unwrap();
    assert_eq!(fault, PackFault::Digest(digest.to_string()));
    let missing = Packs::baseline(&engine, &"9.9.9".parse().unwrap(), None);
    assert!(matches!(missing.err(), Some(PackFault::Failed(_))));
    // A release of the binary's own version comes before what was built from source.
    let same = Released {
        version: baseline::VERSION,
        component: component(baseline::VERSION),
    };
    let engine = self::engine(vec![same]);
    let pack = engine.load_baseline_version(baseline::VERSION, None);
    let pack = pack.unwrap().unwrap();
    assert_eq!(pack.digest(), Digest::of(same.component).to_string());
}

#[test]
fn other_bytes_are_not_compiled() {
    let engine = engine(Vec::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.wasm");
    // No component at all: if it were compiled, the error would be another.
    std::fs::write(&path, b"\0asm no component").unwrap();
    let pin = Digest::of(b"a component").to_string();
    let error = engine.load_file_pinned(&path, Some(&pin)).unwrap_err();
    assert!(
        matches!(&error, EngineError::Digest { wanted, .. } if *wanted == pin),
        "{error}"
    );
    let bytes = component("1.2.3");
    std::fs::write(&path, bytes).unwrap();
    let pin = Digest::of(bytes).to_string();
    let pack = engine.load_file_pinned(&path, Some(&pin)).unwrap();
    assert_eq!(pack.digest(), pin);
    let imports = ["log", "plan", "values"].map(|name| format!("gabion:guardrail/{name}@1.0.0"));
    assert_eq!(pack.imports(), imports);
}
