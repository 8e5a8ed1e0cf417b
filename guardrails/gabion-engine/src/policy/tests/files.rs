//! Broken policy files: every one says where and quotes what it found.

use gabion_model::Level;
use insta::assert_snapshot;

use super::fake::Desk;

fn error(policy: &str) -> String {
    Desk::new(Some(policy)).error()
}

#[test]
fn without_a_file_the_baseline_holds() {
    let guard = Desk::new(None).guard();
    let rules = guard.rules();
    assert_eq!(rules.len(), 5);
    assert!(
        rules
            .iter()
            .all(|rule| rule.why == "default" && rule.pack == "baseline")
    );
}

#[test]
fn the_nearest_file_counts() {
    let mut desk = Desk::new(Some("rule \"DT08\" { level = \"advisory\" }\n"));
    let inner = desk.folder.path().join("live/dev");
    std::fs::create_dir_all(&inner).unwrap();
    desk.options.directory = inner.clone();
    assert_eq!(level(&desk, "DT08"), Level::Advisory);
    std::fs::write(
        inner.join("gabion.hcl"),
        "rule \"DT09\" { level = \"mandatory\" }\n",
    )
    .unwrap();
    assert_eq!(level(&desk, "DT08"), Level::Mandatory);
    assert_eq!(level(&desk, "DT09"), Level::Mandatory);
}

fn level(desk: &Desk, code: &str) -> Level {
    desk.guard()
        .rules()
        .into_iter()
        .find(|rule| rule.code == code)
        .unwrap()
        .level
}

#[test]
fn syntax() {
    assert_snapshot!(error("rule \"DT08\" {\n  level = \n}\n"), @r#"gabion.hcl:2:11: cannot be read as HCL at `level =`: invalid expression; expected `"`, `[`, `{`, `-`, `!`, `(`, `_`, `<`, letter or digit"#);
    assert_snapshot!(error("rule \"DT08\" {\n  level = \"off\"\n"), @r#"gabion.hcl:2:16: cannot be read as HCL at `level = "off"`: invalid block body; expected `}`, newline or identifier"#);
    assert_snapshot!(error("rule \"DT08\" {\n  level = var.level\n}\n"), @r#"gabion.hcl:2:11: `var.level` is not a literal value; a policy file has no variables, functions or templates, write the value itself"#);
    assert_snapshot!(error("contact = \"${var.x}\"\n"), @r#"gabion.hcl:1:11: `"${var.x}"` is not a literal value; a policy file has no variables, functions or templates, write the value itself"#);
}

#[test]
fn unknown_names() {
    assert_snapshot!(error("rul \"DT08\" {}\n"), @r#"gabion.hcl:1:1: unknown block `rul`; did you mean `rule`?"#);
    assert_snapshot!(error("something {}\n"), @r#"gabion.hcl:1:1: unknown block `something`; a policy file has `pack`, `rule`, `exceptions`, `waiver`, `allow`, `override`, `contact` and `baseline`"#);
    assert_snapshot!(error("contct = \"x\"\n"), @r#"gabion.hcl:1:1: unknown attribute `contct`; did you mean `contact`?"#);
    assert_snapshot!(error("exceptions = {}\n"), @r#"gabion.hcl:1:1: `exceptions` is a block: write `exceptions { ... }` without `=`"#);
    assert_snapshot!(error("rule \"DT08\" {\n  levle = \"off\"\n}\n"), @r#"gabion.hcl:2:3: unknown attribute `levle` in rule `DT08`; did you mean `level`?"#);
    assert_snapshot!(error("rule \"DT8\" {}\n"), @r#"gabion.hcl:1:6: unknown rule `DT8`: no pack in force has it; did you mean `DT08`?"#);
    assert_snapshot!(error("rule \"key-without-rotation\" {}\n"), @r#"gabion.hcl:1:6: unknown rule `key-without-rotation`: no pack in force has it; its code is `DT08`"#);
    assert_snapshot!(error("rule \"DT08\" {\n  when = { workspce = \"dev\" }\n}\n"), @r#"
    gabion.hcl:2:12: unknown attribute `workspce` in `when`; did you mean `workspace`?
    gabion.hcl:2:10: `when` names nothing; give it `workspace`, `account`, `region` or `path`, or leave it out
    "#);
    assert_snapshot!(error("pack \"baseline\" {\n  settings = { day = 3 }\n}\n"), @r#"gabion.hcl:2:16: unknown setting `day` of pack `baseline`; did you mean `days`?"#);
    assert_snapshot!(error("exceptions { accept = [\"DT99\"] }\n"), @r#"gabion.hcl:1:24: unknown rule `DT99`: no pack in force has it; did you mean `DT09`?"#);
}

#[test]
fn wrong_values() {
    assert_snapshot!(error("rule \"DT08\" {\n  level = \"mandtory\"\n}\n"), @r#"gabion.hcl:2:11: `level` is `mandtory`; it must be one of `off`, `advisory`, `mandatory`; did you mean `mandatory`?"#);
    assert_snapshot!(error("rule \"DT08\" {\n  level = 3\n}\n"), @r#"gabion.hcl:2:11: `level` must be a text in quotes, not a number (`3`)"#);
    assert_snapshot!(error("rule \"DT08\" {\n  when {\n    workspace = \"dev\"\n  }\n}\n"), @r#"gabion.hcl:2:3: unknown block `when` in rule `DT08`; if it is a field, write `when = { ... }`"#);
    assert_snapshot!(error("rule {}\n"), @r#"gabion.hcl:1:1: a `rule` block needs a name: write `rule "..." { ... }`"#);
    assert_snapshot!(error("rule \"DT08\" \"x\" {}\n"), @r#"gabion.hcl:1:13: a `rule` block takes one name, found `x` as well"#);
    assert_snapshot!(error("exceptions \"x\" {}\n"), @r#"gabion.hcl:1:12: the `exceptions` block takes no name, found `x`"#);
    assert_snapshot!(error("rule \"DT08\" {}\nrule \"DT08\" {}\n"), @r#"gabion.hcl:2:6: rule `DT08` is declared twice without `when`; the first is at gabion.hcl:1:6"#);
    assert_snapshot!(error("exceptions { accept = \"always\" }\n"), @r#"gabion.hcl:1:23: `accept` is `always`; it must be `until_expiry`, `none` or a list of rules"#);
    assert_snapshot!(error("exceptions {}\n"), @r#"gabion.hcl:1:1: the `exceptions` block needs `accept`: `"until_expiry"`, `"none"` or a list of rules"#);
    assert_snapshot!(error("contact = 3\n"), @r#"gabion.hcl:1:11: `contact` must be a text in quotes"#);
    assert_snapshot!(error("allow { rules = \"all\" }\n"), @r#"gabion.hcl:1:1: an `allow` block belongs into a floor (`--floor`, `GABION_FLOOR`), which says what nearer files may loosen; a file cannot allow itself anything, take the block out"#);
}

#[test]
fn packs() {
    assert_snapshot!(error("pack \"acme\" {}\n"), @r#"gabion.hcl:1:6: pack `acme` has no `source`: only `baseline` is inside the binary; name the path of a component (`./rules.wasm`) or a registry (`oci://registry.example.com/acme/guardrails`)"#);
    assert_snapshot!(error("pack \"acme\" {\n  source = \"oci://registry.example.com/acme\"\n}\n"), @r#"gabion.hcl:2:12: pack `acme` comes from a registry, `oci://registry.example.com/acme`, and nothing says which bytes: run `gabion lock`"#);
    assert_snapshot!(error("pack \"acme\" {\n  source = \"https://example.com/acme.wasm\"\n}\n"), @r#"gabion.hcl:2:12: `https://example.com/acme.wasm` is no source of a pack; name the path of a component (`./rules.wasm`) or a registry (`oci://...`)"#);
    assert_snapshot!(error("pack \"acme\" {\n  source = \"./missing.wasm\"\n}\n"), @r#"gabion.hcl:2:12: there is no such file"#);
    assert_snapshot!(error("pack \"acme\" {\n  source  = \"./acme.wasm\"\n  version = \"~> 3.0\"\n}\n"), @r#"gabion.hcl:3:13: pack `acme` is version 2.1.0, which does not meet `~> 3.0`"#);
    assert_snapshot!(error("pack \"acme\" {\n  source  = \"./acme.wasm\"\n  version = \"newest\"\n}\n"), @r#"gabion.hcl:3:13: `newest` is not a version constraint; write one such as `~> 1.2` or `>= 1.0, < 3.0`"#);
    assert_snapshot!(
        error("pack \"acme\" {\n  source  = \"./acme.wasm\"\n  signers = { keys = [\"acme.pub\"], threshold = 1 }\n}\n"),
        @"gabion.hcl:3:13: pack `acme` asks for signatures (`signers`), which lie in a registry beside the pack, and it comes from elsewhere; name a registry as its source (`oci://...`), or take `signers` out"
    );
    assert_snapshot!(error("pack \"baseline\" {\n  settings = { days = \"ten\" }\n}\n"), @r#"gabion.hcl:2:23: pack `baseline` does not take its setting `days`: `"ten"` is not a whole number of days"#);
    let desk = Desk::new(Some(
        "pack \"acme\" {\n  source  = \"./acme.wasm\"\n  version = \"~> 2.1\"\n}\nrule \"AC01\" { level = \"off\" }\n",
    ));
    assert_eq!(level(&desk, "AC01"), Level::Off);
}

#[test]
fn waivers() {
    assert_snapshot!(error("waiver \"w\" {}\n"), @r#"
    gabion.hcl:1:1: waiver `w` needs `rule`: the code of the rule it waives
    gabion.hcl:1:1: waiver `w` needs `resource`: the resource type it is for
    gabion.hcl:1:1: waiver `w` needs `reason`: why the risk is accepted
    gabion.hcl:1:1: waiver `w` needs `expires`: when it ends, such as `2026-12-31T00:00:00Z`
    gabion.hcl:1:8: waiver `w` needs `where`: attribute values of the one object it is for, such as `where = { tags = { Name = "bastion" } }`
    "#);
    assert_snapshot!(
        error("waiver \"w\" {\n  rule = \"DT08\"\n  resource = \"aws_kms_key\"\n  reason = \" \"\n  where = {}\n  expires = \"2026-12-31\"\n}\n"),
        @r#"
    gabion.hcl:4:12: `reason` is empty: why the risk is accepted
    gabion.hcl:5:11: `where` must be an object that names at least one attribute and its value
    gabion.hcl:6:13: `2026-12-31` is not a time in UTC; write one such as `2026-12-31T00:00:00Z`
    "#
    );
    assert_snapshot!(
        error("waiver \"w\" {\n  rule = \"DT8\"\n  resource = \"aws_kms_key\"\n  reason = \"x\"\n  where = { name = \"x\" }\n  expires = \"2026-12-31T00:00:00+02:00\"\n}\n"),
        @r#"gabion.hcl:6:13: `2026-12-31T00:00:00+02:00` is not a time in UTC; write one such as `2026-12-31T00:00:00Z`"#
    );
}

#[test]
fn a_waiver_must_be_for_what_its_rule_judges() {
    let waiver = |kind: &str| {
        error(&format!(
            "waiver \"w\" {{\n  rule = \"DT08\"\n  resource = \"{kind}\"\n  reason = \"x\"\n  where = {{ name = \"x\" }}\n  \
             expires = \"2026-12-31T00:00:00Z\"\n}}\n"
        ))
    };
    assert_snapshot!(waiver("aws_kms_kye"), @r#"gabion.hcl:3:14: waiver `w` is for `aws_kms_kye`, which rule `DT08` does not judge; did you mean `aws_kms_key`?"#);
    assert_snapshot!(waiver("aws_s3_bucket"), @r#"gabion.hcl:3:14: waiver `w` is for `aws_s3_bucket`, which rule `DT08` does not judge; it judges `aws_kms_key`, `gabion_kms_key`"#);
}

#[test]
fn overrides_are_told_and_hold_nothing() {
    let policy = "override {\n  rule    = \"DT08\"\n  lineage = \"abc\"\n  serial  = 3\n  expires = \"2026-12-31T00:00:00Z\"\n}\n";
    let guard = Desk::new(Some(policy)).guard();
    assert_snapshot!(guard.warnings().join("\n"), @r#"gabion.hcl:1:1: the override of `DT08` holds in `gabion run` only; it changes nothing here"#);
    assert_snapshot!(error("override { rule = \"DT08\" }\n"), @r#"
    gabion.hcl:1:1: the `override` block needs `lineage`: the lineage of the one state it is for
    gabion.hcl:1:1: the `override` block needs `serial`: the serial of the one state it is for, a whole number
    gabion.hcl:1:1: the `override` block needs `expires`: when it ends, such as `2026-12-31T00:00:00Z`
    "#);
}

#[test]
fn a_named_rule_must_exist() {
    let mut desk = Desk::new(None);
    desk.options.rules = vec!["DT8".into()];
    let error = desk.load().unwrap_err();
    assert!(error.selected_nothing);
    assert_snapshot!(error, @r#"no pack in force has a rule `DT8`; did you mean `DT08`?"#);
    desk.options.rules = vec!["DT08".into()];
    assert_eq!(desk.guard().rules().len(), 1);
}

#[test]
fn every_problem_is_told_at_once() {
    let text = error("rul \"x\" {}\nrule \"DT08\" {\n  level = \"no\"\n}\n");
    assert_eq!(text.lines().count(), 2, "{text}");
}
