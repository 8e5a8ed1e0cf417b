//! What a floor forbids, and what its `allow` block opens.

use gabion_model::Level;
use insta::assert_snapshot;

use super::fake::Desk;

fn error(floor: &str, near: &str) -> String {
    Desk::new(Some(near)).floor("floor.hcl", floor).error()
}

fn level(floor: &str, near: &str, code: &str) -> Level {
    let guard = Desk::new(Some(near)).floor("floor.hcl", floor).guard();
    guard
        .rules()
        .into_iter()
        .find(|rule| rule.code == code)
        .unwrap()
        .level
}

#[test]
fn levels_go_upwards_only() {
    assert_eq!(
        level("", "rule \"DT09\" { level = \"mandatory\" }\n", "DT09"),
        Level::Mandatory
    );
    assert_eq!(
        level("rule \"DT08\" { level = \"advisory\" }\n", "", "DT08"),
        Level::Advisory
    );
    assert_eq!(
        level(
            "rule \"DT08\" { level = \"advisory\" }\n",
            "rule \"DT08\" { level = \"mandatory\" }\n",
            "DT08"
        ),
        Level::Mandatory
    );
    assert_snapshot!(error("", "rule \"DT08\" {\n  level = \"advisory\"\n}\n"), @r#"gabion.hcl:2:11: rule `DT08` is loosened to `advisory`; the floor at floor.hcl:1:1 holds it at `mandatory` and does not allow that (its `allow` block would name it under `rules`)"#);
    assert_snapshot!(error("rule \"DT09\" { level = \"mandatory\" }\n", "rule \"DT09\" {\n  level = \"off\"\n}\n"), @r#"gabion.hcl:2:11: rule `DT09` is loosened to `off`; the floor at floor.hcl:1:6 holds it at `mandatory` and does not allow that (its `allow` block would name it under `rules`)"#);
    assert_snapshot!(
        error(
            "rule \"DT09\" {\n  level = \"mandatory\"\n  when  = { workspace = \"prod\" }\n}\n",
            "rule \"DT09\" {\n  level = \"advisory\"\n}\n"
        ),
        @r#"gabion.hcl:2:11: rule `DT09` is loosened to `advisory`; the floor at floor.hcl:1:6 holds it at `mandatory` and does not allow that (its `allow` block would name it under `rules`)"#
    );
}

#[test]
fn a_rule_of_the_floor_takes_nothing_but_a_level() {
    for field in [
        "when = { workspace = \"dev\" }",
        "on_unknown = \"warn\"",
        "scope = \"all\"",
    ] {
        let text = error(
            "rule \"DT08\" { level = \"mandatory\" }\n",
            &format!("rule \"DT08\" {{\n  {field}\n}}\n"),
        );
        assert!(
            text.contains("gabion.hcl:1:6") && text.contains("floor.hcl:1:6"),
            "{text}"
        );
    }
    assert_snapshot!(error("rule \"DT08\" {}\n", "rule \"DT08\" {\n  scope = \"all\"\n}\n"), @r#"gabion.hcl:1:6: rule `DT08` is set by the floor at floor.hcl:1:6 and cannot be declared again with `scope`; only a stricter `level` may be said here"#);
}

#[test]
fn what_is_allowed_may_be_loosened() {
    let floor = "rule \"DT08\" { level = \"mandatory\" }\nallow { rules = [\"DT08\"] }\n";
    assert_eq!(
        level(floor, "rule \"DT08\" { level = \"off\" }\n", "DT08"),
        Level::Off
    );
    // Two floors: both must allow it.
    let desk = Desk::new(Some("rule \"DT08\" { level = \"off\" }\n"))
        .floor("one.hcl", floor)
        .floor("two.hcl", "");
    assert!(desk.error().contains("does not allow"), "{}", desk.error());
}

#[test]
fn packs_of_the_floor_stand() {
    let floor = "pack \"acme\" {\n  source = \"./acme.wasm\"\n}\n";
    assert_snapshot!(error(floor, "pack \"acme\" {\n  source = \"./mine.wasm\"\n}\n"), @r#"gabion.hcl:1:6: pack `acme` is declared by the floor at floor.hcl:1:6 and cannot be declared again; take this block out"#);
    assert_snapshot!(error("", "pack \"baseline\" {\n  source = \"./mine.wasm\"\n}\n"), @r#"gabion.hcl:1:6: pack `baseline` is in force under the floor at floor.hcl:1:1, which does not say how; only `version` may be said of it here"#);
    // A nearer pack of its own is the nearer file's to set.
    let near =
        "pack \"acme\" {\n  source = \"./acme.wasm\"\n}\nrule \"AC01\" { level = \"off\" }\n";
    assert_eq!(level("", near, "AC01"), Level::Off);
    assert_eq!(
        level("", "pack \"baseline\" { version = \"~> 1.0\" }\n", "DT08"),
        Level::Mandatory
    );
}

#[test]
fn what_a_floor_names_must_be_as_safe_as_the_floor() {
    use std::os::unix::fs::PermissionsExt;
    let floor = "pack \"acme\" {\n  source = \"./acme.wasm\"\n}\n";
    let desk = Desk::new(None).floor("floor.hcl", floor);
    desk.guard();
    let pack = desk.folder.path().join("acme.wasm");
    let mode = |mode| {
        std::fs::set_permissions(&pack, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o664);
    assert_snapshot!(desk.error(), @r#"floor.hcl:2:12: pack `acme` of the floor can be written by others than its owner (mode 0664); take that away with `chmod go-w`"#);
    // With a lock too: what is looked at does not depend on how it is pinned.
    let mut locked = desk.options.clone();
    locked.config = Some("floor.hcl".into());
    let desk = Desk {
        options: locked,
        ..desk
    };
    desk.lock();
    assert!(desk.error().contains("mode 0664"), "{}", desk.error());
    // What belongs to the nearer file is its own.
    mode(0o666);
    Desk {
        options: {
            let mut options = desk.options.clone();
            options.floors.clear();
            options
        },
        ..desk
    }
    .guard();
    let missing = Desk::new(None).floor("floor.hcl", &floor.replace("acme.wasm", "none.wasm"));
    assert_snapshot!(missing.error(), @r#"floor.hcl:2:12: pack `acme` of the floor cannot be read: there is no such file"#);
}

#[test]
fn a_silent_floor_leaves_the_baselines_version_open_and_its_lock_does_not() {
    let near = "pack \"baseline\" { version = \"< 1.2\" }\n";
    let mut desk = Desk::new(Some(near)).floor("floor.hcl", "");
    let has = |desk: &Desk, code: &str| desk.guard().rules().iter().any(|rule| rule.code == code);
    assert!(!has(&desk, "NW02"));
    desk.options.config = Some("floor.hcl".into());
    desk.lock();
    desk.options.config = None;
    assert_snapshot!(desk.error(), @r#"gabion.hcl:1:29: pack `baseline` is version 1.2.0, which does not meet `< 1.2`; the lock at .floor.lock.hcl:4:1 holds it there, run `gabion lock --upgrade baseline`"#);
    // A nearer lock does not come before the floor's.
    desk.write("gabion.hcl", "");
    desk.write(
        ".gabion.lock.hcl",
        "pack \"baseline\" {\n  version = \"1.1.0\"\n  wit = \"1.0.0\"\n}\n",
    );
    assert!(has(&desk, "NW02"));
}

const WAIVER: &str = "waiver \"w\" {\n  rule = \"DT08\"\n  resource = \"aws_kms_key\"\n  reason = \"x\"\n  where = { name = \"x\" }\n  expires = \"2026-12-31T00:00:00Z\"\n}\n";

#[test]
fn waivers_need_permission() {
    assert_snapshot!(error("", WAIVER), @r#"gabion.hcl:1:8: waiver `w`: the floor at floor.hcl:1:1 does not allow waivers of `DT08` here; ask its owners"#);
    assert_snapshot!(error("allow {\n  waivers = [\"DT09\"]\n}\n", WAIVER), @r#"gabion.hcl:1:8: waiver `w`: the floor at floor.hcl:1:1 does not allow waivers of `DT08` here; ask its owners"#);
    assert_snapshot!(error("allow {\n  waivers  = \"all\"\n  max_days = 30\n}\n", WAIVER), @r#"gabion.hcl:6:13: waiver `w` ends more than 30 days from now, the most that the floor at floor.hcl:1:1 allows"#);
    Desk::new(Some(WAIVER))
        .floor("floor.hcl", "allow { waivers = [\"DT08\"] }\n")
        .guard();
    // The floor itself may waive.
    Desk::new(None).floor("floor.hcl", WAIVER).guard();
}

#[test]
fn exceptions_need_permission() {
    assert_snapshot!(error("", "exceptions { accept = \"until_expiry\" }\n"), @r#"gabion.hcl:1:1: exceptions are accepted here for `DT01`; the floor at floor.hcl:1:1 does not accept them and does not allow that"#);
    assert_snapshot!(error("exceptions { accept = [\"DT09\"] }\n", "exceptions {\n  accept = [\"DT08\"]\n}\n"), @r#"gabion.hcl:1:1: exceptions are accepted here for `DT08`; the floor at floor.hcl:1:1 does not accept them and does not allow that"#);
    for (floor, near) in [
        ("", "exceptions { accept = \"none\" }\n"),
        (
            "exceptions { accept = [\"DT08\"] }\n",
            "exceptions { accept = [\"DT08\"] }\n",
        ),
        (
            "allow { exceptions = [\"DT08\"] }\n",
            "exceptions { accept = [\"DT08\"] }\n",
        ),
    ] {
        Desk::new(Some(near)).floor("floor.hcl", floor).guard();
    }
}

#[test]
fn overrides_need_permission() {
    let near = "override {\n  rule    = \"DT08\"\n  lineage = \"abc\"\n  serial  = 3\n  expires = \"2026-12-31T00:00:00Z\"\n}\n";
    assert_snapshot!(error("", near), @r#"gabion.hcl:1:1: the floor at floor.hcl:1:1 does not allow an override of `DT08` here"#);
    Desk::new(Some(near))
        .floor("floor.hcl", "allow { override = [\"DT08\"] }\n")
        .guard();
}

#[test]
fn a_floor_must_be_there_and_out_of_reach() {
    use std::os::unix::fs::PermissionsExt;
    let mut desk = Desk::new(None);
    desk.options.floors.push("missing.hcl".into());
    assert_snapshot!(desk.error(), @r#"the floor `missing.hcl` cannot be read: there is no such file; a floor that is named must be there"#);
    let desk = Desk::new(None).floor("floor.hcl", "");
    std::fs::set_permissions(
        desk.folder.path().join("floor.hcl"),
        std::fs::Permissions::from_mode(0o664),
    )
    .unwrap();
    assert_snapshot!(desk.error(), @r#"the floor `floor.hcl` can be written by others than its owner (mode 0664); take that away with `chmod go-w`"#);
    // A folder that others can write, with a link to a file that is safe itself: the link is theirs to turn.
    let desk = Desk::new(None).floor("empty.hcl", "");
    let open = desk.folder.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::os::unix::fs::symlink("../empty.hcl", open.join("floor.hcl")).unwrap();
    let mut desk = desk;
    desk.options.floors = vec!["open/floor.hcl".into()];
    desk.guard();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert_snapshot!(desk.error(), @r#"the floor `open/floor.hcl` is not safe: `DIR/open` above the file can be written by others, who could put another file in its place; take that away with `chmod go-w`"#);
    let mut desk = Desk::new(None);
    desk.options.floors.push(".".into());
    assert_snapshot!(desk.error(), @r#"the floor `.` is no regular file"#);
    let desk = Desk::new(None).floor("floor.hcl", "rule \"DT08\" {\n  levl = 1\n}\n");
    assert_snapshot!(desk.error(), @r#"floor.hcl:2:3: unknown attribute `levl` in rule `DT08`; did you mean `level`?"#);
}

#[test]
fn a_floor_that_is_the_nearest_file_is_read_once() {
    let text = "rule \"DT08\" { level = \"advisory\" }\n";
    let desk = Desk::new(None).floor("gabion.hcl", text);
    assert_eq!(
        desk.guard()
            .rules()
            .iter()
            .find(|rule| rule.code == "DT08")
            .unwrap()
            .level,
        Level::Advisory
    );
}

#[test]
fn a_rule_that_a_floor_speaks_of_is_the_floors_whoever_declares_its_pack() {
    let floor = "rule \"AC01\" { level = \"mandatory\" }\n";
    let pack = "pack \"acme\" { source = \"./acme.wasm\" }\n";
    assert_eq!(level(floor, pack, "AC01"), Level::Mandatory);
    assert_snapshot!(error(floor, &format!("{pack}rule \"AC01\" {{ level = \"off\" }}\n")), @r#"gabion.hcl:2:23: rule `AC01` is loosened to `off`; the floor at floor.hcl:1:6 holds it at `mandatory` and does not allow that (its `allow` block would name it under `rules`)"#);
    let waiver = "waiver \"w\" {\n  rule     = \"AC01\"\n  resource = \"aws_kms_key\"\n  where    = { name = \"k\" }\n  reason   = \"x\"\n  \
                  expires  = \"2026-07-01T00:00:00Z\"\n}\n";
    let text = error(floor, &format!("{pack}{waiver}"));
    assert!(text.contains("does not allow waivers of `AC01`"), "{text}");
    // A rule that no floor speaks of is that of the file which brought it.
    let own = format!("{pack}rule \"AC01\" {{ level = \"off\" }}\n{waiver}");
    assert_eq!(level("", &own, "AC01"), Level::Off);
}
