//! Plans as they come: of every format, saved ones, with company.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use gabion_cli::plan::{Names, Plan, PlanError, decode};
use gabion_model::{Data, Operation};
use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::support::{Desk, fixture, fixture_text};

/// Rule, what happens and address of every finding.
fn findings(out: &str) -> Vec<String> {
    let report: Json = serde_json::from_str(out).unwrap();
    let findings = report.get("findings").and_then(Json::as_array).unwrap();
    findings
        .iter()
        .map(|finding| {
            let text = |name: &str| finding.get(name).and_then(Json::as_str).unwrap().to_owned();
            format!(
                "{} {} {} {}",
                text("rule"),
                text("disposition"),
                text("operation"),
                text("address")
            )
        })
        .collect()
}

#[test]
fn every_format_gives_the_same_verdicts() {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(fixture("formats")).unwrap() {
        let path = entry.unwrap().path();
        let ended = Desk::new().run(&[
            "check",
            path.to_str().unwrap(),
            "--rule",
            "DT08",
            "-o",
            "json",
        ]);
        assert_eq!((ended.code, ended.err.as_str()), (1, ""), "{path:?}");
        assert_eq!(
            findings(&ended.out),
            [
                "DT08 refuse create aws_kms_key.new",
                "DT08 debt update aws_kms_key.old",
                "DT08 note create aws_kms_key.later",
                "DT08 refuse replace module.keys.aws_kms_key.this[0]",
            ],
            "{path:?}"
        );
        seen.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
    }
    seen.sort();
    assert_snapshot!(seen.join("\n"), @"
    0.1-terraform-0.12
    0.1-terraform-0.14
    0.2-terraform-1.0
    1.0-terraform-1.1
    1.1-terraform-1.2
    1.2-opentofu-1.8
    1.2-terraform-1.9
    ");
}

#[test]
fn plans_of_anybody_end_in_a_verdict_or_an_error() {
    // Point GABION_PLANS at a folder of plans to try them all.
    let folder = std::env::var_os("GABION_PLANS").map_or_else(|| fixture(""), Into::into);
    let mut files = Vec::new();
    collect(&folder, &mut files);
    assert!(!files.is_empty());
    let desk = Desk::new();
    let mut counts = [0_usize; 5];
    let mut changes = 0;
    for path in &files {
        changes += read_whole(path);
        let ended = desk.run(&["check", path.to_str().unwrap(), "--all", "-o", "json"]);
        let code = usize::try_from(ended.code).unwrap();
        assert!(code <= 4, "{path:?} ended with {code}: {}", ended.err);
        counts[code] += 1;
        if code < 2 {
            assert!(serde_json::from_str::<Json>(&ended.out).is_ok(), "{path:?}");
        } else {
            assert!(
                ended.err.starts_with("error: ") && !ended.err.contains("panicked"),
                "{path:?}: {}",
                ended.err
            );
        }
    }
    assert_eq!(counts.iter().sum::<usize>(), files.len());
    println!(
        "{} files with {changes} changes; by exit code: {counts:?}",
        files.len()
    );
}

/// Reads every change of a plan and its graph, those that no rule speaks of as well.
fn read_whole(path: &Path) -> usize {
    let Ok(text) = decode(std::fs::read(path).unwrap()) else {
        return 0;
    };
    let Ok(plan) = Plan::read(&text) else {
        return 0;
    };
    let mut names = Names::default();
    for planned in &plan.changes {
        let change = plan.change(planned, &mut names);
        if matches!(change, Err(PlanError::Hollow { .. })) {
            continue;
        }
        let change = change.unwrap();
        assert!(
            !change
                .after
                .to_display_json(change.after.root())
                .to_string()
                .is_empty()
        );
        // Nothing that exists is taken away: what is created has no state before, what goes has none after.
        let before = matches!(change.before.data(change.before.root()), Data::Null);
        let after = matches!(change.after.data(change.after.root()), Data::Null);
        match change.operation {
            Operation::Create => assert!(!after, "{path:?} {}", planned.address),
            Operation::Delete | Operation::Forget => {
                assert!(after && !before, "{path:?} {}", planned.address)
            }
            _ => {}
        }
    }
    match plan.graph() {
        Ok(graph) => assert_eq!(graph.changes.len(), plan.changes.len()),
        Err(error) => assert!(
            matches!(error, PlanError::Hollow { .. }),
            "{path:?}: {error}"
        ),
    }
    plan.changes.len()
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// A program that stands in for Terraform: it shows the plan that lies beside it, and says where it was called.
fn stand_in(desk: Desk, name: &str, script: &str) -> Desk {
    let desk = desk.write(name, format!("#!/bin/sh\n{script}\n"));
    let path = desk.folder.path().join(name);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    desk
}

fn saved() -> Desk {
    let desk = Desk::new()
        .write("infra/tfplan", b"PK\x03\x04...")
        .write("infra/main.tf", "resource \"aws_kms_key\" \"bad\" {\n}\n")
        .write("infra/shown.json", fixture_text("keys.json"));
    stand_in(
        desk,
        "bin/terraform",
        "test \"$1 $2\" = \"show -json\" || exit 9\ntest -f \"$4\" || exit 8\necho 'Warning: on stderr' >&2\ncat shown.json",
    )
}

#[test]
fn a_saved_plan_is_shown_by_terraform_in_its_folder() {
    let desk = saved();
    let ended = desk.run(&["check", "infra/tfplan", "--terraform", "bin/terraform"]);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    assert!(
        ended
            .out
            .contains("on infra/main.tf line 1, in resource \"aws_kms_key\" \"bad\":"),
        "{}",
        ended.out
    );

    let bin = desk.folder.path().join("bin");
    let by_path = desk
        .command(&["check", "infra/tfplan"])
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .output()
        .unwrap();
    assert_eq!(by_path.status.code(), Some(1));
    let by_variable = desk
        .command(&["check", "infra/tfplan"])
        .env("GABION_TERRAFORM", "bin/terraform")
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    assert_eq!(by_variable.status.code(), Some(1));

    // A plan that is kept at HCP Terraform is a bookmark.
    let desk = desk.write(
        "infra/remote",
        r#"{"remote_plan_format":1,"run_id":"run-1","hostname":"app.terraform.io"}"#,
    );
    assert_eq!(
        desk.run(&["check", "infra/remote", "--terraform", "bin/terraform"])
            .code,
        1
    );
}

#[test]
fn the_program_that_made_the_lock_file_is_asked_first() {
    let desk = stand_in(saved(), "bin/tofu", "cat shown.json").write(
        "infra/.terraform.lock.hcl",
        "provider \"registry.opentofu.org/hashicorp/aws\" {}\n",
    );
    let desk = stand_in(desk, "bin/terraform", "exit 7");
    let bin = desk.folder.path().join("bin");
    let output = desk
        .command(&["check", "infra/tfplan"])
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_saved_plan_that_cannot_be_shown() {
    let desk = saved();
    let error = |args: &[&str]| {
        let mut all = vec!["check", "infra/tfplan"];
        all.extend(args);
        let output = desk.command(&all).env("PATH", "/nowhere").output().unwrap();
        assert_eq!(output.status.code(), Some(4));
        String::from_utf8(output.stderr).unwrap()
    };
    assert_snapshot!(error(&[]), @"error: `infra/tfplan` is a saved plan, and there is no `terraform` or `tofu` on PATH to read it; install one, name it with `--terraform PATH`, or write the plan's JSON elsewhere with `terraform show -json infra/tfplan > plan.json`");
    assert_snapshot!(error(&["--terraform", "no-such-terraform"]), @"error: `infra/tfplan` is a saved plan, and `no-such-terraform` cannot be started to read it: No such file or directory (os error 2); name one with `--terraform PATH`");
    let desk = stand_in(
        desk,
        "bin/old",
        "echo >&2\nprintf '\\033[31mError: plan was made by 1.7.3\\033[0m\\n' >&2\nexit 1",
    );
    let ended = desk.run(&["check", "infra/tfplan", "--terraform", "bin/old"]);
    assert_eq!(ended.code, 4);
    let name = desk
        .folder
        .path()
        .canonicalize()
        .unwrap()
        .join("bin/old")
        .display()
        .to_string();
    assert_snapshot!(ended.err.replace(&name, "DIR/bin/old"), @"
    error: `infra/tfplan` is a saved plan, and `DIR/bin/old show -json` in `infra` ended with code 1; it reads a plan only in the folder where it was made, after `init`, with the same version: name the folder with `--source DIR`, the program with `--terraform PATH`
           It says:
             [31mError: plan was made by 1.7.3[0m
    ");
    let piped = desk.pipe(&["check", "-"], b"PK\x03\x04...");
    assert_eq!(piped.code, 4);
    assert_snapshot!(piped.err, @"error: the standard input is a saved plan, which Terraform reads from files only; name its file, or pipe its JSON with `terraform show -json PLAN | gabion check -`");
}

#[test]
fn what_a_wrapper_writes_around_the_plan_is_no_harm() {
    let plan: Json = serde_json::from_str(&fixture_text("keys.json")).unwrap();
    let text = format!(
        "[command]/usr/local/bin/terraform show -json tfplan\n{plan}\n::debug::Terraform exited with code 0.\n"
    );
    let ended = Desk::with_plan(text).run(&["check", "plan.json"]);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
}

#[test]
fn plans_that_only_look_whole() {
    let error = |plan: &str| {
        let ended = Desk::with_plan(plan).run(&["check", "plan.json"]);
        assert_eq!((ended.code, ended.out.as_str()), (4, ""));
        ended.err
    };
    assert_snapshot!(error(r#"{"format_version":"0.2","planned_values":{"root_module":{"resources":[{"address":"a.b"}]}}}"#), @"error: cannot read the plan from `plan.json`: it plans resources and has no `resource_changes`: it was cut down, or made by another tool; write it with `terraform show -json PLAN`");
    assert_snapshot!(error(r#"{"plan_format_version":"1.1","resource_changes":[]}"#), @"error: cannot read the plan from `plan.json`: it is the redacted form of a plan, which is made for showing; get the plan's whole JSON (`json-output` of the run, or `terraform show -json PLAN`)");
    let hollow = r#"{"format_version":"1.2","resource_changes":[{"address":"aws_kms_key.k","type":"aws_kms_key","change":{"actions":["create"],"before":null,"after":null,"after_unknown":{"id":true}}}]}"#;
    assert_snapshot!(error(hollow), @"error: cannot read the plan from `plan.json`: its change of `aws_kms_key.k` does not say what the resource will be (`after` is missing): it was cut down; write it with `terraform show -json PLAN`");
    let gone = hollow.replace("\"create\"", "\"no-op\"");
    let ended = Desk::with_plan(gone).run(&["check", "plan.json", "--all"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let none = r#"{"format_version":"1.2","planned_values":{"root_module":{}},"configuration":{}}"#;
    assert_eq!(Desk::with_plan(none).run(&["check", "plan.json"]).code, 0);
    let deferred = r#"{"format_version":"1.2","resource_changes":[],"deferred_changes":[{"reason":"instance_count_unknown","resource_change":{"address":"a.b"}}]}"#;
    let out = Desk::with_plan(deferred).run(&["check", "plan.json"]).out;
    assert!(
        out.contains("Note: Terraform put some changes off to a later plan"),
        "{out}"
    );
}

#[test]
fn one_pack_alone() {
    let desk = Desk::with_plan(fixture_text("keys.json"))
        .write("packs/same.wasm", gabion_engine::baseline::COMPONENT);
    let run = |args: &[&str]| {
        let mut all = vec!["check", "plan.json", "-o", "json"];
        all.extend(args);
        desk.run(&all)
    };
    assert_eq!(run(&["--pack", "baseline"]).code, 1);
    assert_eq!(run(&["--pack", "packs/same.wasm"]).code, 1);
    let ended = run(&["--pack", "basline"]);
    assert_eq!(ended.code, 3);
    assert_snapshot!(ended.err, @"error: the policy has no pack `basline`; did you mean `baseline`?");
    let ended = run(&["--pack", "packs/none.wasm"]);
    assert_eq!(ended.code, 3);
    assert_snapshot!(ended.err, @"error: there is no pack `packs/none.wasm`");
}

#[test]
fn a_folder_is_no_plan() {
    let desk = Desk::new().write("infra/main.tf", "");
    let ended = desk.run(&["check", "infra"]);
    assert_eq!(ended.code, 4);
    assert_snapshot!(ended.err, @"error: `infra` is a folder, not a plan; save a plan in it with `terraform plan -out=tfplan` and name that file");
}

#[test]
fn nothing_is_said_of_progress_where_nobody_looks() {
    let filler = "x".repeat(40 << 20);
    let plan = format!(
        "{{\"format_version\":\"1.2\",\"variables\":{{\"v\":{{\"value\":\"{filler}\"}}}},\"resource_changes\":[]}}"
    );
    let ended = Desk::with_plan(plan).run(&["check", "plan.json"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
}
