//! Every output of `gabion check`, of one plan beside its configuration.

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::support::{Desk, fixture_text};

const MAIN: &str = r#"# The configuration of keys.json.
resource "aws_kms_key" "bad" {
  description         = "x"
  enable_key_rotation = false
}

resource "aws_kms_key" "old" {
  enable_key_rotation = false
}

module "keys" {
  source   = "terraform-aws-modules/kms/aws"
  for_each = toset(["a.b"])
}
"#;

const MANIFEST: &str = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},
  {"Key":"keys","Source":"registry.terraform.io/terraform-aws-modules/kms/aws","Version":"2.0.0","Dir":".terraform/modules/keys"}]}"#;

const WAIVER: &str = r#"waiver "old one" {
  rule     = "DT08"
  resource = "aws_kms_key"
  where    = { tags = { Name = "bad" } }
  reason   = "retired, see <SEC-1>"
  expires  = "2199-01-01T00:00:00Z"
}
"#;

/// A repository with the configuration in `infra`, where the command runs, and its plan.
fn desk() -> Desk {
    let desk = Desk::with_plan(fixture_text("keys.json"))
        .write("main.tf", MAIN)
        .write(".terraform/modules/modules.json", MANIFEST)
        .write(
            ".terraform/modules/keys/main.tf",
            "resource \"aws_kms_key\" \"this\" {\n  count = 1\n\n  enable_key_rotation = false\n}\n",
        );
    desk.write(".git/HEAD", "")
}

/// Without what differs from version to version.
fn plain(text: &str) -> String {
    text.replace(gabion_engine::baseline::VERSION, "VERSION")
}

fn file(desk: &Desk, name: &str) -> String {
    std::fs::read_to_string(desk.folder.path().join(name)).unwrap()
}

#[test]
fn all_at_once() {
    let desk = desk();
    let ended = desk.run(&[
        "check",
        "plan.json",
        "-o",
        "text",
        "-o",
        "github",
        "-o",
        "json=a.json",
        "-o",
        "sarif=a.sarif",
        "-o",
        "junit=a.xml",
    ]);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    assert!(ended.out.starts_with("aws_kms_key.bad (create)\n"));
    assert!(
        ended
            .out
            .contains("\n::error file=main.tf,line=4,endLine=4,title=DT08 key-without-rotation::")
    );
    let report: Json = serde_json::from_str(&file(&desk, "a.json")).unwrap();
    assert_eq!(
        report["findings"][0]["source"],
        serde_json::json!({ "file": "main.tf", "line": 4, "end_line": 4 })
    );
    let sarif: Json = serde_json::from_str(&file(&desk, "a.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 4);
    assert!(file(&desk, "a.xml").starts_with("<?xml"));
}

#[test]
fn a_reader_sees_lines() {
    let out = desk().run(&["check", "plan.json"]).out;
    let lines: Vec<&str> = out
        .lines()
        .filter(|line| line.contains(" on ") || line.contains("(main.tf"))
        .collect();
    assert_snapshot!(lines.join("\n"), @r#"
      on main.tf line 4, in resource "aws_kms_key" "bad":
      on .terraform/modules/keys/main.tf line 4, in resource "aws_kms_key" "this", called on main.tf line 11:
    DT08 key-without-rotation: aws_kms_key.old (main.tf:8)
    "#);
}

#[test]
fn github() {
    let out = desk().run(&["check", "plan.json", "-o", "github"]).out;
    let short: Vec<&str> = out
        .lines()
        .map(|line| line.split("%0ATo ask").next().unwrap())
        .collect();
    assert_snapshot!(plain(&short.join("\n")), @r#"
    ::error file=main.tf,line=4,endLine=4,title=DT08 key-without-rotation::enable_key_rotation of aws_kms_key.bad: the key is not rotated.%0AObserved: false%0AFix:%0A    enable_key_rotation = true%0AWhy: DT08 is a key without rotation (mandatory, default); read docs/rules/DT08.%0APack baseline VERSION.
    ::error file=main.tf,line=11,endLine=14,title=DT08 key-without-rotation::enable_key_rotation of module.keys["a.b"].aws_kms_key.this[0]: the key is not rotated.%0AIt belongs to module.keys["a.b"]: the change may have to be made there, or in the module's inputs.%0AObserved: false%0AThe module comes from `terraform-aws-modules/kms/aws`: you may not be able to edit it here.%0AFix:%0A    enable_key_rotation = true%0AWhy: DT08 is a key without rotation (mandatory, default); read docs/rules/DT08.%0APack baseline VERSION.
    ::notice file=main.tf,line=8,endLine=8,title=DT08 key-without-rotation%2C old%2C not refused::aws_kms_key.old: the key is not rotated
    ::notice title=DT08 key-without-rotation%2C not decided::aws_kms_key.later: whether this is a key without rotation cannot be told: `enable_key_rotation` is known after apply; a saved plan does not tell; it is decided at apply where the provider is guarded
    2 refused, 1 old, 1 not decided. 6 of 7 changes judged by 50 rules of baseline VERSION.
    "#);
}

#[test]
fn junit() {
    let desk = desk().write("gabion.hcl", WAIVER);
    let run = |args: &[&str]| {
        let mut all = vec!["check", "plan.json", "-o", "junit", "--rule", "DT08"];
        all.extend(args);
        let out = plain(&desk.run(&all).out);
        match out.split_once("expires  = &quot;") {
            Some((before, after)) => {
                let after = after.split_once("&quot;").unwrap().1;
                format!("{before}expires  = DAY{after}")
            }
            None => out,
        }
    };
    assert_snapshot!(run(&[]), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="gabion check" tests="6" failures="1" errors="0" skipped="1">
      <testsuite name="DT08 key-without-rotation" tests="6" failures="1" errors="0" skipped="1">
        <testcase classname="DT08 key-without-rotation" name="aws_kms_key.bad" file="main.tf" line="4">
          <system-out>Accepted for DT08 key-without-rotation: aws_kms_key: the key is not rotated</system-out>
        </testcase>
        <testcase classname="DT08 key-without-rotation" name="aws_kms_key.good"/>
        <testcase classname="DT08 key-without-rotation" name="aws_kms_key.old" file="main.tf" line="8">
          <system-out>Old violations of DT08 key-without-rotation, not refused: the key is not rotated</system-out>
        </testcase>
        <testcase classname="DT08 key-without-rotation" name="aws_kms_key.gone"/>
        <testcase classname="DT08 key-without-rotation" name="aws_kms_key.later">
          <skipped message="whether this is a key without rotation cannot be told: `enable_key_rotation` is known after apply; a saved plan does not tell; it is decided at apply where the provider is guarded"/>
        </testcase>
        <testcase classname="DT08 key-without-rotation" name="module.keys[&quot;a.b&quot;].aws_kms_key.this[0]" file="main.tf" line="11">
          <failure type="refused" message="the key is not rotated">enable_key_rotation of module.keys[&quot;a.b&quot;].aws_kms_key.this[0]: the key is not rotated.
    It belongs to module.keys[&quot;a.b&quot;]: the change may have to be made there, or in the module's inputs.
    Observed: false
    The module comes from `terraform-aws-modules/kms/aws`: you may not be able to edit it here.
    Fix:
        enable_key_rotation = true
    Why: DT08 is a key without rotation (mandatory, default); read docs/rules/DT08.
    Pack baseline VERSION.
    To ask for a waiver, propose this for gabion.hcl:
        waiver &quot;dt08&quot; {
          rule     = &quot;DT08&quot;
          resource = &quot;aws_kms_key&quot;
          where    = { ATTRIBUTE = &quot;VALUE&quot; }
          reason   = &quot;&quot;
          ticket   = &quot;&quot;
          approver = &quot;&quot;
          expires  = DAY
        }</failure>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
    assert!(run(&["--strict"]).contains("<failure type=\"not decided\""));
}

#[test]
fn sarif() {
    let desk = desk().write("gabion.hcl", WAIVER);
    let run = || {
        desk.run(&["check", "plan.json", "-o", "sarif", "--rule", "DT08"])
            .out
    };
    let out = run();
    assert_eq!(out, run(), "the same in every run");
    let mut sarif: Json = serde_json::from_str(&plain(&out)).unwrap();
    let run = &mut sarif["runs"][0];
    run["tool"]["extensions"][0]["properties"]["digest"] = "sha256:...".into();
    let page = run["tool"]["driver"]["rules"][0]["help"]["markdown"].take();
    assert!(page.as_str().unwrap().contains("## Why it matters"));
    assert_snapshot!(serde_json::to_string_pretty(&sarif).unwrap(), @r#"
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "version": "2.1.0",
      "runs": [
        {
          "tool": {
            "driver": {
              "name": "gabion",
              "version": "0.1.0",
              "semanticVersion": "0.1.0",
              "informationUri": "https://github.com/gabion/gabion",
              "rules": [
                {
                  "id": "DT08",
                  "name": "key-without-rotation",
                  "shortDescription": {
                    "text": "a key without rotation"
                  },
                  "fullDescription": {
                    "text": "DT08: a key without rotation, a rule of pack baseline VERSION"
                  },
                  "help": {
                    "text": "DT08 is a key without rotation. `gabion explain DT08` says why it matters and how to mend it.",
                    "markdown": null
                  },
                  "defaultConfiguration": {
                    "enabled": true,
                    "level": "error"
                  },
                  "properties": {
                    "tags": [
                      "terraform",
                      "cis-aws-v5/3.6",
                      "cis-aws-v7/4.6",
                      "security-hub/KMS.4"
                    ],
                    "pack": "baseline",
                    "packVersion": "VERSION"
                  }
                }
              ]
            },
            "extensions": [
              {
                "name": "baseline",
                "version": "VERSION",
                "properties": {
                  "digest": "sha256:..."
                }
              }
            ]
          },
          "invocations": [
            {
              "executionSuccessful": true,
              "exitCode": 1,
              "toolExecutionNotifications": [
                {
                  "level": "note",
                  "message": {
                    "text": "gabion.hcl:6:14: waiver `old one` ends more than a year from now, at 2199-01-01T00:00:00Z: nobody will look at it again before; give it a nearer end"
                  }
                }
              ]
            }
          ],
          "originalUriBaseIds": {
            "SRCROOT": {
              "description": {
                "text": "the top of the repository, or the folder of the check where there is none"
              }
            }
          },
          "columnKind": "unicodeCodePoints",
          "results": [
            {
              "ruleId": "DT08",
              "ruleIndex": 0,
              "kind": "fail",
              "level": "error",
              "message": {
                "text": "enable_key_rotation of aws_kms_key.bad: the key is not rotated. Observed: false.\nFix:\nenable_key_rotation = true"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "main.tf",
                      "uriBaseId": "SRCROOT"
                    },
                    "region": {
                      "startLine": 4,
                      "endLine": 4
                    }
                  },
                  "logicalLocations": [
                    {
                      "name": "aws_kms_key.bad",
                      "fullyQualifiedName": "aws_kms_key.bad.enable_key_rotation",
                      "kind": "resource"
                    }
                  ]
                }
              ],
              "partialFingerprints": {
                "gabionFinding/v1": "8acaefff5a8c639797b58fd7f6e9be422cc5a60385c1c8a1a96a271edbd02390",
                "primaryLocationLineHash": "8acaefff5a8c6397:1"
              },
              "suppressions": [
                {
                  "kind": "external",
                  "status": "accepted",
                  "justification": "waiver `old one` (gabion.hcl:1:8) until 2199-01-01T00:00:00Z: retired, see <SEC-1>"
                }
              ],
              "properties": {
                "id": "DT08-c8c33c11",
                "disposition": "accepted",
                "operation": "create",
                "address": "aws_kms_key.bad",
                "path": "enable_key_rotation",
                "observed": "false",
                "pack": "baseline",
                "levelFrom": "default"
              }
            },
            {
              "ruleId": "DT08",
              "ruleIndex": 0,
              "kind": "fail",
              "level": "note",
              "message": {
                "text": "enable_key_rotation of aws_kms_key.old: the key is not rotated. Observed: false.\nFix:\nenable_key_rotation = true"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "main.tf",
                      "uriBaseId": "SRCROOT"
                    },
                    "region": {
                      "startLine": 8,
                      "endLine": 8
                    }
                  },
                  "logicalLocations": [
                    {
                      "name": "aws_kms_key.old",
                      "fullyQualifiedName": "aws_kms_key.old.enable_key_rotation",
                      "kind": "resource"
                    }
                  ]
                }
              ],
              "partialFingerprints": {
                "gabionFinding/v1": "b9160432c21975ccfb463a54dace30ae5b426fbe85bf9e1c161529b57dc7618a",
                "primaryLocationLineHash": "b9160432c21975cc:1"
              },
              "properties": {
                "id": "DT08-55957599",
                "disposition": "debt",
                "operation": "update",
                "address": "aws_kms_key.old",
                "path": "enable_key_rotation",
                "observed": "false",
                "pack": "baseline",
                "levelFrom": "default"
              }
            },
            {
              "ruleId": "DT08",
              "ruleIndex": 0,
              "kind": "open",
              "level": "none",
              "message": {
                "text": "enable_key_rotation of aws_kms_key.later: whether this is a key without rotation cannot be told: `enable_key_rotation` is known after apply; a saved plan does not tell; it is decided at apply where the provider is guarded."
              },
              "locations": [
                {
                  "logicalLocations": [
                    {
                      "name": "aws_kms_key.later",
                      "fullyQualifiedName": "aws_kms_key.later.enable_key_rotation",
                      "kind": "resource"
                    }
                  ]
                }
              ],
              "partialFingerprints": {
                "gabionFinding/v1": "42989f4eb1ce8eecae35a2356ae336edba10bbbcb38bf1bbdb3a4df3632ce794",
                "primaryLocationLineHash": "42989f4eb1ce8eec:1"
              },
              "properties": {
                "id": "DT08-de2a0e42",
                "disposition": "note",
                "operation": "create",
                "address": "aws_kms_key.later",
                "path": "enable_key_rotation",
                "observed": null,
                "pack": "baseline",
                "levelFrom": "default"
              }
            },
            {
              "ruleId": "DT08",
              "ruleIndex": 0,
              "kind": "fail",
              "level": "error",
              "message": {
                "text": "enable_key_rotation of module.keys[\"a.b\"].aws_kms_key.this[0]: the key is not rotated. Observed: false. The module comes from `terraform-aws-modules/kms/aws`: you may not be able to edit it here.\nFix:\nenable_key_rotation = true"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "main.tf",
                      "uriBaseId": "SRCROOT"
                    },
                    "region": {
                      "startLine": 11,
                      "endLine": 14
                    }
                  },
                  "logicalLocations": [
                    {
                      "name": "module.keys[\"a.b\"].aws_kms_key.this[0]",
                      "fullyQualifiedName": "module.keys[\"a.b\"].aws_kms_key.this[0].enable_key_rotation",
                      "kind": "resource"
                    }
                  ]
                }
              ],
              "relatedLocations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": ".terraform/modules/keys/main.tf",
                      "uriBaseId": "SRCROOT"
                    },
                    "region": {
                      "startLine": 4,
                      "endLine": 4
                    }
                  },
                  "message": {
                    "text": "the resource in the module that was downloaded"
                  }
                }
              ],
              "partialFingerprints": {
                "gabionFinding/v1": "32e9b6c3909621a0b3d546fe82a26a3817d8e2fa7b2dbc51ebbb4b752cb481c6",
                "primaryLocationLineHash": "32e9b6c3909621a0:1"
              },
              "properties": {
                "id": "DT08-65be63e6",
                "disposition": "refuse",
                "operation": "create",
                "address": "module.keys[\"a.b\"].aws_kms_key.this[0]",
                "path": "enable_key_rotation",
                "observed": "false",
                "pack": "baseline",
                "levelFrom": "default"
              }
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn without_a_configuration_the_address_is_the_place() {
    let desk = Desk::with_plan(fixture_text("keys.json"));
    let out = desk.run(&["check", "plan.json", "-o", "sarif"]).out;
    let sarif: Json = serde_json::from_str(&out).unwrap();
    assert_eq!(
        sarif["runs"][0]["results"][0]["locations"],
        serde_json::json!([{ "logicalLocations": [{
            "name": "aws_kms_key.bad", "fullyQualifiedName": "aws_kms_key.bad.enable_key_rotation", "kind": "resource",
        }] }])
    );
    assert!(!desk.run(&["check", "plan.json"]).out.contains(" line "));
    let github = desk.run(&["check", "plan.json", "-o", "github"]).out;
    assert!(
        github.starts_with("::error title=DT08 key-without-rotation::"),
        "{github}"
    );
}

#[test]
fn the_configuration_may_be_elsewhere() {
    let desk = Desk::with_plan(fixture_text("keys.json"))
        .write("infra/prod/main.tf", MAIN)
        .write("infra/prod/plan.json", fixture_text("keys.json"))
        .write("infra/notes.txt", "")
        .write(".git/HEAD", "");
    let line = |args: &[&str]| {
        let mut all = vec!["check", "-o", "github"];
        all.extend(args);
        let ended = desk.run(&all);
        let first = ended.out.lines().next().unwrap_or_default().to_owned();
        format!(
            "{} {}{}",
            ended.code,
            first.split("::").nth(1).unwrap_or_default(),
            ended.err
        )
    };
    assert_snapshot!(line(&["plan.json"]), @"1 error title=DT08 key-without-rotation");
    assert_snapshot!(line(&["infra/prod/plan.json"]), @"1 error file=infra/prod/main.tf,line=4,endLine=4,title=DT08 key-without-rotation");
    assert_snapshot!(line(&["plan.json", "--source", "infra/prod"]), @"1 error file=infra/prod/main.tf,line=4,endLine=4,title=DT08 key-without-rotation");
    assert_snapshot!(line(&["plan.json", "--source", "infra"]), @"3 error: the folder `infra` holds no `.tf` file; `--source` names the folder of the configuration");
    assert_snapshot!(line(&["plan.json", "--source", "missing"]), @"3 error: there is no folder `missing`; `--source` names the folder of the configuration");
}

#[test]
fn no_line_of_the_configuration_is_shown() {
    let desk = desk().write(
        "main.tf",
        MAIN.replace(
            "description         = \"x\"",
            "description         = \"hunter3\"",
        ),
    );
    for format in ["text", "json", "sarif", "junit", "github"] {
        let out = desk.run(&["check", "plan.json", "-o", format]).out;
        assert!(
            !out.contains("hunter3") && !out.contains("hunter2"),
            "{format}"
        );
    }
}

#[test]
fn two_outputs_that_do_not_go_together() {
    let desk = desk();
    let error = |args: &[&str]| {
        let mut all = vec!["check", "plan.json"];
        all.extend(args);
        let ended = desk.run(&all);
        assert_eq!((ended.code, ended.out.as_str()), (4, ""));
        ended.err
    };
    assert_snapshot!(error(&["-o", "text", "-o", "sarif"]), @"error: two outputs for the screen; send one of them to a file with `-o json=FILE`");
    assert_snapshot!(error(&["-o", "github", "-o", "github"]), @"error: two outputs for the screen; send one of them to a file with `-o json=FILE`");
    assert_snapshot!(error(&["-o", "json=x", "-o", "sarif=x"]), @"error: two outputs for the file `x`; give each its own");
    assert_snapshot!(error(&["-o", "sarif="]), @"
    error: invalid value 'sarif=' for '--output <FORMAT[=FILE]>': `sarif=` names no file after `=`

    For more information, try '--help'.
    ");
    assert_snapshot!(error(&["-o", "sarif=no/such/folder/x"]), @"error: cannot write `no/such/folder/x`: No such file or directory (os error 2)");
    assert_eq!(
        desk.run(&["check", "plan.json", "-o", "json=-"])
            .out
            .chars()
            .next(),
        Some('{')
    );
}

#[test]
fn many_findings_fit_a_screen() {
    let mut plan: Json = serde_json::from_str(&fixture_text("keys.json")).unwrap();
    let bad = plan["resource_changes"][0].clone();
    let many: Vec<Json> = (0..500)
        .map(|index| {
            let mut change = bad.clone();
            change["address"] = format!("aws_kms_key.bad[{index}]").into();
            change
        })
        .collect();
    plan["resource_changes"] = many.into();
    let desk = Desk::with_plan(plan.to_string());
    let out = desk.run(&["check", "plan.json"]).out;
    assert!(out.lines().count() < 250, "{} lines", out.lines().count());
    assert!(out.contains("... and 450 more resources; `-o json` lists them all."));
    assert!(out.contains("500 refused."));
    let github = desk.run(&["check", "plan.json", "-o", "github"]).out;
    assert_eq!(github.lines().count(), 52);
    assert!(
        github.contains("::error title=gabion::450 more of these"),
        "{github}"
    );
}

/// A value that a finding shows may be a secret that nobody marked.
#[test]
fn no_output_shows_a_token() {
    let token = format!("{}{}", "ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let plan = serde_json::json!({
        "format_version": "1.2", "complete": true, "errored": false, "planned_values": {"root_module": {}},
        "resource_changes": [{
            "address": "aws_s3_bucket_versioning.v", "mode": "managed", "type": "aws_s3_bucket_versioning", "name": "v",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null, "after_unknown": {}, "after_sensitive": {},
                "after": {"bucket": "logs", "versioning_configuration": [{"status": token, "mfa_delete": null}]}}
        }]
    });
    let desk = Desk::with_plan(plan.to_string());
    for format in ["text", "json", "sarif", "junit", "github"] {
        let ended = desk.run(&["check", "plan.json", "--rule", "DT03", "-o", format]);
        assert_eq!(ended.code, 1, "{}", ended.err);
        assert!(
            ended.out.contains("[redacted: github-pat]"),
            "{}",
            ended.out
        );
        assert!(!ended.out.contains("a1B2c3D4"), "{}", ended.out);
    }
    let args = [
        "fixture",
        "from-plan",
        "plan.json",
        "aws_s3_bucket_versioning.v",
        "--rule",
        "DT03",
        "-o",
        "v.guardtest.hcl",
    ];
    let ended = desk.run(&args);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let ended = desk.run(&[
        "test",
        "v.guardtest.hcl",
        "--pack",
        "baseline",
        "-o",
        "json",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    assert!(!ended.out.contains("a1B2c3D4"), "{}", ended.out);
}
