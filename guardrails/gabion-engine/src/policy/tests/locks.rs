//! Locks: what they hold, what they refuse, and making them.

use std::cell::RefCell;
use std::sync::Arc;

use gabion_model::Level;
use insta::assert_snapshot;
use semver::Version;

use super::fake::{Desk, FakePacks};
use crate::policy::{
    LockError, LockOptions, LockedPack, Locking, Relock, Request, Resolved, Resolver, Upgrade,
    lock_path,
};
use crate::store::{Digest, Store};

const ACME: &str = "pack \"acme\" {\n  source  = \"./acme.wasm\"\n  version = \"~> 2.1\"\n}\n";
const REGISTRY: &str = "pack \"acme\" {\n  source  = \"oci://registry.example.com/acme/guardrails\"\n  version = \"~> 2.1\"\n}\n";

/// A registry with versions, each a component whose text is given.
#[derive(Default)]
struct Registry {
    has: Vec<(&'static str, &'static [u8])>,
    asked: RefCell<Vec<String>>,
}

impl Resolver for Registry {
    fn resolve(&self, request: &Request<'_>) -> Result<Resolved, String> {
        self.asked.borrow_mut().push(request.source.to_owned());
        let newest = self
            .has
            .iter()
            .map(|(version, bytes)| (Version::parse(version).unwrap(), bytes))
            .filter(|(version, _)| request.constraint.matches(version))
            .max_by(|left, right| left.0.cmp_precedence(&right.0))
            .ok_or("no version meets the constraint")?;
        let digest = request
            .store
            .put(newest.1)
            .map_err(|error| error.to_string())?;
        Ok(Resolved {
            version: newest.0,
            digest,
            signers: Vec::new(),
        })
    }

    fn renew(&self, request: &Request<'_>, _: &LockedPack) -> Result<Vec<String>, String> {
        self.asked.borrow_mut().push(request.source.to_owned());
        Err("the registry has no signatures".to_owned())
    }
}

impl Desk {
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub(super) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub(super) fn store(&self) -> Store {
        self.options.store.clone().unwrap()
    }

    pub(super) fn make(
        &self,
        upgrade: Upgrade,
        resolver: Option<&dyn Resolver>,
    ) -> Result<Relock, LockError> {
        Locking::make(&LockOptions {
            directory: self.folder.path().to_path_buf(),
            config: self.options.config.clone(),
            upgrade,
            packs: Arc::new(FakePacks),
            store: self.options.store.clone(),
            resolver,
        })
    }

    pub(super) fn lock(&self) -> Relock {
        let made = self.make(Upgrade::Nothing, None).unwrap();
        made.write().unwrap();
        made
    }

    pub(super) fn stale(&self) -> String {
        match self.make(Upgrade::Nothing, None) {
            Err(LockError::Stale(error)) => error.to_string(),
            other => panic!("not stale: {other:?}"),
        }
    }

    fn no_lock(&self, upgrade: Upgrade) -> String {
        match self.make(upgrade, None) {
            Err(LockError::Policy(error)) => error
                .to_string()
                .replace(&self.folder.path().display().to_string(), "DIR"),
            other => panic!("made: {other:?}"),
        }
    }
}

#[test]
fn a_lock_is_written_in_one_way() {
    let desk = Desk::new(Some(ACME));
    desk.write("acme.wasm", "2.1.0");
    let made = desk.lock();
    assert!(made.differs);
    assert_eq!(made.shown, ".gabion.lock.hcl");
    assert_snapshot!(desk.text(".gabion.lock.hcl"), @r#"
    # Written by `gabion lock`: the packs that the policy file beside it may use, and which bytes of them.
    # Commit it; change it with `gabion lock --upgrade` only.

    pack "acme" {
      source      = "./acme.wasm"
      version     = "2.1.0"
      constraints = "~> 2.1"
      digest      = "sha256:8248f7772687aff0b103b36898908deb82126337f933e49a5ac04829093c58ff"
      wit         = "1.0.0"
    }

    pack "baseline" {
      version = "1.2.0"
      wit     = "1.0.0"
    }
    "#);
    assert!(!desk.lock().differs);
    assert_eq!(desk.guard().rules().len(), 6);
}

#[test]
fn other_bytes_are_refused() {
    let desk = Desk::new(Some(ACME));
    desk.write("acme.wasm", "2.1.0");
    desk.lock();
    desk.write("acme.wasm", "2.1.0 and more");
    assert_snapshot!(desk.error(), @r#"gabion.hcl:2:13: pack `acme` is not what the lock at .gabion.lock.hcl:4:1 holds: it has the digest `sha256:88eb761ba5c48d69822abb7e0b06bcd1c497ebc79ba4ab27902dbc7505f27bf7`, and `sha256:8248f7772687aff0b103b36898908deb82126337f933e49a5ac04829093c58ff` is locked; if the change is wanted, run `gabion lock --upgrade acme`"#);
    assert_snapshot!(desk.stale(), @r#"gabion.hcl:2:13: pack `acme` has the digest `sha256:88eb761ba5c48d69822abb7e0b06bcd1c497ebc79ba4ab27902dbc7505f27bf7`, and `sha256:8248f7772687aff0b103b36898908deb82126337f933e49a5ac04829093c58ff` is locked; if that is wanted, run `gabion lock --upgrade acme`"#);
    let made = desk.make(Upgrade::Some(vec!["acme".into()]), None).unwrap();
    made.write().unwrap();
    let digests: Vec<_> = made.changes[0]
        .before
        .iter()
        .chain(&made.changes[0].after)
        .map(|pack| pack.digest)
        .collect();
    assert_ne!(digests[0], digests[1]);
    desk.guard();
}

#[test]
fn a_lock_is_complete_or_an_error() {
    let desk = Desk::new(Some("contact = \"#x\"\n"));
    desk.lock();
    desk.write("gabion.hcl", ACME);
    assert_snapshot!(desk.error(), @r#"gabion.hcl:2:13: pack `acme` is not locked: `.gabion.lock.hcl` does not have it; run `gabion lock`"#);
    desk.lock();
    desk.guard();
    desk.write("gabion.hcl", "pack \"acne\" { source = \"./acme.wasm\" }\n");
    assert_snapshot!(desk.error(), @r#"
    .gabion.lock.hcl:4:1: pack `acme` is locked, and gabion.hcl does not have it; did you mean `acne`?; run `gabion lock` if it was taken out
    gabion.hcl:1:24: pack `acne` is not locked: `.gabion.lock.hcl` does not have it; run `gabion lock`
    "#);
    desk.write("gabion.hcl", "");
    assert_snapshot!(desk.error(), @r#".gabion.lock.hcl:4:1: pack `acme` is locked, and gabion.hcl does not have it; run `gabion lock` if it was taken out"#);
    let made = desk.lock();
    assert_eq!(made.changes[0].after, None);
    desk.guard();
    desk.write(".gabion.lock.hcl", "");
    assert_snapshot!(desk.error(), @r#"pack `baseline` is not locked: `.gabion.lock.hcl` does not have it; run `gabion lock`"#);
}

#[test]
fn what_the_file_says_must_fit_what_is_locked() {
    let desk = Desk::new(Some(ACME));
    desk.lock();
    desk.write(
        "gabion.hcl",
        &ACME.replace("./acme.wasm", "./packs/acme.wasm"),
    );
    assert_snapshot!(desk.error(), @r#"gabion.hcl:2:13: pack `acme` comes from `./packs/acme.wasm` here, and the lock at .gabion.lock.hcl:4:1 has it from `./acme.wasm`; if that is wanted, run `gabion lock --upgrade acme`"#);
    assert_snapshot!(desk.stale(), @r#"gabion.hcl:2:13: pack `acme` comes from `./packs/acme.wasm` here, and is locked from `./acme.wasm`; if that is wanted, run `gabion lock --upgrade acme`"#);
    desk.write("gabion.hcl", &ACME.replace("~> 2.1", "~> 3.0"));
    assert_snapshot!(desk.error(), @r#"gabion.hcl:3:13: pack `acme` is version 2.1.0, which does not meet `~> 3.0`; the lock at .gabion.lock.hcl:4:1 holds it there, run `gabion lock --upgrade acme`"#);
    assert_snapshot!(desk.stale(), @r#"gabion.hcl:3:13: pack `acme` is locked in version 2.1.0, which does not meet `~> 3.0`; if that is wanted, run `gabion lock --upgrade acme`"#);
    assert_snapshot!(desk.no_lock(Upgrade::All), @r#"gabion.hcl:3:13: pack `acme` is version 2.1.0, which does not meet `~> 3.0`"#);
    assert_snapshot!(desk.no_lock(Upgrade::Some(vec!["acne".into()])), @r#"gabion.hcl has no pack `acne`; did you mean `acme`?"#);
}

#[test]
fn a_lock_that_was_changed_by_hand() {
    let desk = Desk::new(Some(ACME));
    desk.lock();
    let good = desk.text(".gabion.lock.hcl");
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{good}");
        desk.write(".gabion.lock.hcl", &good.replacen(from, to, 1));
        desk.error()
    };
    assert_snapshot!(with("2.1.0", "2.2.0"), @r#"gabion.hcl:2:13: the lock at .gabion.lock.hcl:4:1 says version 2.2.0, and the component is 2.1.0: it was changed by hand; run `gabion lock --upgrade acme`"#);
    assert_snapshot!(with("1.0.0", "1.1.0"), @r#"gabion.hcl:2:13: the lock at .gabion.lock.hcl:4:1 says `gabion:guardrail` 1.1.0, and the component is made for 1.0.0: it was changed by hand; run `gabion lock --upgrade acme`"#);
    assert_snapshot!(with("sha256:", "sha257:"), @r#".gabion.lock.hcl:8:17: `sha257:8248f7772687aff0b103b36898908deb82126337f933e49a5ac04829093c58ff` is no digest; one is `sha256:` and 64 hexadecimal digits in lower case; the lock file was changed by hand or by a merge: restore it, or delete it and run `gabion lock`"#);
    assert_snapshot!(with("  digest ", "  dgest  "), @r#"
    .gabion.lock.hcl:8:3: unknown attribute `dgest` in pack `acme`; did you mean `digest`?; the lock file was changed by hand or by a merge: restore it, or delete it and run `gabion lock`
    .gabion.lock.hcl:4:1: pack `acme` has no `digest`, and nothing else would pin its bytes; the lock file was changed by hand or by a merge: restore it, or delete it and run `gabion lock`
    "#);
    assert_snapshot!(with("}", "}\nx = 1"), @r#".gabion.lock.hcl:11:1: unknown attribute `x`; a lock has `pack` blocks only; the lock file was changed by hand or by a merge: restore it, or delete it and run `gabion lock`"#);
    assert_snapshot!(with("pack \"baseline\"", "<<<<<<<\npack \"baseline\""), @r#".gabion.lock.hcl:12:1: cannot be read as HCL at `<<<<<<<`: unexpected token; the lock file was changed by hand or by a merge: restore it, or delete it and run `gabion lock`"#);
    assert_snapshot!(with("pack \"baseline\"", "pack \"acme\""), @r#".gabion.lock.hcl:12:1: pack `acme` is locked twice; the first is at .gabion.lock.hcl:4:1; the lock file was changed by hand or by a merge: restore it, or delete it and run `gabion lock`"#);
}

#[test]
fn the_pack_inside_by_version() {
    let desk = Desk::new(Some("pack \"baseline\" { version = \"~> 1.0, < 1.2\" }\n"));
    let has = |desk: &Desk, code: &str| desk.guard().rules().iter().any(|rule| rule.code == code);
    assert!(!has(&desk, "NW02"));
    desk.lock();
    assert!(
        desk.text(".gabion.lock.hcl").contains("digest"),
        "a release has one digest everywhere"
    );
    // What is locked stays, whatever else the constraint would allow.
    desk.write("gabion.hcl", "pack \"baseline\" { version = \"~> 1.0\" }\n");
    assert!(!has(&desk, "NW02"));
    desk.make(Upgrade::All, None).unwrap().write().unwrap();
    assert!(has(&desk, "NW02"));
    assert!(
        !desk.text(".gabion.lock.hcl").contains("digest"),
        "built from source: by version only"
    );
    desk.write(
        ".gabion.lock.hcl",
        &desk.text(".gabion.lock.hcl").replace("1.2.0", "1.3.0"),
    );
    assert_snapshot!(desk.error(), @r#"gabion.hcl:1:6: pack `baseline` is locked at .gabion.lock.hcl:4:1 in version 1.3.0, and this gabion has it in versions 1.1.0, 1.2.0; use a gabion that has it, or run `gabion lock --upgrade baseline`"#);
    desk.write("gabion.hcl", "pack \"baseline\" { version = \"~> 2.0\" }\n");
    std::fs::remove_file(desk.folder.path().join(".gabion.lock.hcl")).unwrap();
    assert_snapshot!(desk.error(), @r#"gabion.hcl:1:6: this gabion has pack `baseline` in versions 1.1.0, 1.2.0, which does not meet `~> 2.0`; change the constraint, or use another gabion"#);
}

#[test]
fn a_rule_that_is_new_in_a_minor_is_advisory() {
    let level = |component: &str, more: &str| {
        let desk = Desk::new(Some(&format!(
            "pack \"acme\" {{ source = \"./acme.wasm\" }}\n{more}"
        )));
        desk.write("acme.wasm", component);
        let rules = desk.guard().rules();
        let rule = rules.into_iter().find(|rule| rule.code == "AC01").unwrap();
        (rule.level, rule.why)
    };
    let new = |why: &str| (Level::Advisory, why.to_owned());
    assert_eq!(
        level("2.1.0 since=2.1.0", ""),
        new("new in 2.1.0, advisory until 3.0.0")
    );
    assert_eq!(
        level("3.0.0 since=2.1.0", ""),
        (Level::Mandatory, "default".to_owned())
    );
    let rule = "rule \"AC01\" { level = \"mandatory\" }\n";
    assert_eq!(
        level("2.1.0 since=2.1.0", rule),
        (Level::Mandatory, "gabion.hcl:2:6".to_owned())
    );
    // A block that says something else than the level leaves it.
    let rule = "rule \"AC01\" { on_unknown = \"warn\" }\n";
    assert_eq!(level("2.1.0 since=2.1.0", rule).0, Level::Advisory);
}

#[test]
fn two_packs_with_one_code() {
    let desk = Desk::new(Some(
        "pack \"acme\" { source = \"./acme.wasm\" }\npack \"other\" { source = \"./other.wasm\" }\n",
    ));
    desk.write("other.wasm", "1.0.0");
    assert_snapshot!(desk.error(), @r#"gabion.hcl:2:6: the packs `acme` and `other` both have a rule `AC01`; codes are the names that a policy file speaks of, so only one of the two packs can be used"#);
}

#[test]
fn a_registrys_pack_comes_from_the_store() {
    let desk = Desk::new(Some(REGISTRY));
    assert_snapshot!(desk.error(), @r#"gabion.hcl:2:13: pack `acme` comes from a registry, `oci://registry.example.com/acme/guardrails`, and nothing says which bytes: run `gabion lock`"#);
    assert_snapshot!(desk.no_lock(Upgrade::Nothing), @r#"gabion.hcl:2:13: pack `acme` is not locked yet, and registries are not asked here; run `gabion lock`"#);
    let registry = Registry {
        has: vec![
            ("2.1.0", b"2.1.0"),
            ("2.2.0", b"2.2.0"),
            ("3.0.0", b"3.0.0"),
        ],
        ..Registry::default()
    };
    desk.make(Upgrade::Nothing, Some(&registry))
        .unwrap()
        .write()
        .unwrap();
    assert_eq!(
        *registry.asked.borrow(),
        ["oci://registry.example.com/acme/guardrails"]
    );
    assert_snapshot!(desk.text(".gabion.lock.hcl"), @r#"
    # Written by `gabion lock`: the packs that the policy file beside it may use, and which bytes of them.
    # Commit it; change it with `gabion lock --upgrade` only.

    pack "acme" {
      source      = "oci://registry.example.com/acme/guardrails"
      version     = "2.2.0"
      constraints = "~> 2.1"
      digest      = "sha256:edc8e395a5182e3b231816e191b303407d511f70c1d9cb6d532927cc559c507c"
      wit         = "1.0.0"
    }

    pack "baseline" {
      version = "1.2.0"
      wit     = "1.0.0"
    }
    "#);
    assert_eq!(desk.guard().rules().len(), 6);
    // What is locked is not asked for again.
    assert!(
        !desk
            .make(Upgrade::Nothing, Some(&registry))
            .unwrap()
            .differs
    );
    assert_eq!(registry.asked.borrow().len(), 1);
    let digest = Digest::of(b"2.2.0");
    std::fs::write(desk.store().path(&digest), "2.2.0 or not").unwrap();
    assert_snapshot!(desk.error(), @r#"gabion.hcl:2:13: pack `acme` is not what the lock at .gabion.lock.hcl:4:1 holds: its file in the store of packs `DIR/store` has the digest `sha256:080cdc8d022fceb02710a25bd10a2e57942a9c98469147462e4aed05f9fcb2fd`, and `sha256:edc8e395a5182e3b231816e191b303407d511f70c1d9cb6d532927cc559c507c` is locked; the file was changed or cut off: run `gabion pull`"#);
    std::fs::remove_file(desk.store().path(&digest)).unwrap();
    assert_snapshot!(desk.error(), @r#"gabion.hcl:2:13: pack `acme` is locked at .gabion.lock.hcl:4:1 as `sha256:edc8e395a5182e3b231816e191b303407d511f70c1d9cb6d532927cc559c507c`, which is not in the store of packs `DIR/store`; run `gabion pull`, which alone uses the network"#);
}

#[test]
fn a_registry_that_calls_a_pack_by_another_version() {
    let desk = Desk::new(Some(REGISTRY));
    let registry = Registry {
        has: vec![("2.3.0", b"2.2.0")],
        ..Registry::default()
    };
    let Err(LockError::Policy(error)) = desk.make(Upgrade::Nothing, Some(&registry)) else {
        panic!("it is refused");
    };
    assert_snapshot!(error, @r#"gabion.hcl:2:13: pack `acme`: the registry calls it 2.3.0, and the component says that it is 2.2.0; ask its publisher"#);
}

#[test]
fn a_floor_is_locked_beside_it() {
    let mut desk = Desk::new(Some("")).floor("floor.hcl", ACME);
    desk.options.config = Some("floor.hcl".into());
    let made = desk.lock();
    assert_eq!(made.path, lock_path(&desk.folder.path().join("floor.hcl")));
    assert_eq!(made.shown, ".floor.lock.hcl");
    desk.options.config = None;
    desk.guard();
    desk.write("acme.wasm", "2.1.0 changed");
    assert_snapshot!(desk.error(), @r#"floor.hcl:2:13: pack `acme` is not what the lock at .floor.lock.hcl:4:1 holds: it has the digest `sha256:306bbf84e29e7f6830b79ad6a9f44df758969ba4280775336ad3157ae2af4d2d`, and `sha256:8248f7772687aff0b103b36898908deb82126337f933e49a5ac04829093c58ff` is locked; if the change is wanted, run `gabion lock --config floor.hcl --upgrade acme`"#);
    // A lock that others can write holds nobody.
    use std::os::unix::fs::PermissionsExt;
    let open = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(&made.path, open).unwrap();
    assert_snapshot!(desk.error(), @r#"the lock file `.floor.lock.hcl` can be written by others than its owner (mode 0666); take that away with `chmod go-w`"#);
}
