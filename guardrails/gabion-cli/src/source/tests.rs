use std::path::Path;

use super::*;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn at(folder: &tempfile::TempDir, address: &str, attribute: &str) -> String {
    let sources = Sources::open(folder.path()).unwrap();
    let attribute = Attribute::parse(attribute).unwrap();
    match sources.place(address, &attribute) {
        Some(place) => {
            let root = format!("{}/", folder.path().display());
            format!(
                "{}-{} {}",
                place.to_string().replace(&root, ""),
                place.end_line,
                place.portable.as_deref().unwrap_or("outside")
            )
        }
        None => "nowhere".to_owned(),
    }
}

const MAIN: &str = r#"
resource "aws_kms_key" "k" {
  count               = 2
  enable_key_rotation = false
  tags = {
    Name  = "k"
    "a.b" = "c"
  }
}

data "aws_iam_policy_document" "d" {
  statement {
    actions = [
      "s3:*",
      "kms:*",
    ]
  }
}

resource "aws_security_group" "many" {
  ingress { from_port = 1 }
  ingress { from_port = 2 }
  dynamic "egress" {
    for_each = [1]
    content {
      from_port = egress.value
    }
  }
}
"#;

#[test]
fn attributes_are_followed_as_deep_as_they_can_be() {
    let folder = folder(&[("main.tf", MAIN)]);
    for (address, attribute, wanted) in [
        (
            "aws_kms_key.k[1]",
            "",
            "on main.tf line 2, in resource \"aws_kms_key\" \"k\"-9 main.tf",
        ),
        (
            "aws_kms_key.k",
            "enable_key_rotation",
            "on main.tf line 4, in resource \"aws_kms_key\" \"k\"-4 main.tf",
        ),
        (
            "aws_kms_key.k",
            "tags.Name",
            "on main.tf line 6, in resource \"aws_kms_key\" \"k\"-6 main.tf",
        ),
        (
            "aws_kms_key.k",
            "tags[\"a.b\"]",
            "on main.tf line 7, in resource \"aws_kms_key\" \"k\"-7 main.tf",
        ),
        (
            "aws_kms_key.k",
            "tags.missing",
            "on main.tf line 5, in resource \"aws_kms_key\" \"k\"-8 main.tf",
        ),
        (
            "aws_kms_key.k",
            "policy",
            "on main.tf line 2, in resource \"aws_kms_key\" \"k\"-9 main.tf",
        ),
        (
            "data.aws_iam_policy_document.d",
            "statement[0].actions[1]",
            "on main.tf line 15, in data \"aws_iam_policy_document\" \"d\"-15 main.tf",
        ),
        (
            "aws_security_group.many",
            "ingress[1].from_port",
            "on main.tf line 20, in resource \"aws_security_group\" \"many\"-29 main.tf",
        ),
        (
            "aws_security_group.many",
            "egress[3].from_port",
            "on main.tf line 26, in resource \"aws_security_group\" \"many\"-26 main.tf",
        ),
        ("aws_kms_key.other", "", "nowhere"),
        ("module.m.aws_kms_key.k", "", "nowhere"),
    ] {
        assert_eq!(
            at(&folder, address, attribute),
            wanted,
            "{address} {attribute}"
        );
    }
}

#[test]
fn modules_are_found_by_the_manifest_and_by_a_local_source() {
    let manifest = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},
        {"Key":"far","Source":"registry.terraform.io/a/b/c","Version":"1.0.0","Dir":".terraform/modules/far"},
        {"Key":"far.inner","Source":"./inner","Dir":".terraform/modules/far/inner"}]}"#;
    let key = "resource \"aws_kms_key\" \"k\" {}\n";
    let folder = folder(&[
        (
            "main.tf",
            "\n\nmodule \"far\" {\n  source = \"a/b/c\"\n}\nmodule \"near\" {\n  source = \"./near\"\n}\n",
        ),
        (
            "near/main.tf",
            "module \"deep\" {\n  source = \"../deep\"\n}\n",
        ),
        ("deep/keys.tf", key),
        (".terraform/modules/modules.json", manifest),
        (".terraform/modules/far/inner/main.tf", key),
    ]);
    assert_eq!(
        at(
            &folder,
            "module.near[\"x.y\"].module.deep.aws_kms_key.k[0]",
            ""
        ),
        "on deep/keys.tf line 1, in resource \"aws_kms_key\" \"k\"-1 deep/keys.tf"
    );
    assert_eq!(
        at(&folder, "module.far.module.inner.aws_kms_key.k", ""),
        "on .terraform/modules/far/inner/main.tf line 1, in resource \"aws_kms_key\" \"k\", called on main.tf line 3-1 \
         .terraform/modules/far/inner/main.tf"
    );
    let sources = Sources::open(folder.path()).unwrap();
    let place = sources
        .place(
            "module.near[\"x.y\"].module.deep.aws_kms_key.k[0]",
            &Attribute::root(),
        )
        .unwrap();
    assert_eq!(
        place.module.as_deref(),
        Some("module.near[\"x.y\"].module.deep")
    );
}

#[test]
fn json_overrides_and_files_that_cannot_be_parsed() {
    let json = r#"{
  "resource": {
    "aws_kms_key": {
      "j": [
        {
          "description": "a \"quoted\" ${var.x} text",
          "enable_key_rotation": false
        }
      ]
    }
  }
}
"#;
    let folder = folder(&[
        ("main.tf", MAIN),
        (
            "k_override.tf",
            "resource \"aws_kms_key\" \"k\" {\n  policy = \"x\"\n}\n",
        ),
        ("keys.tf.json", json),
        (
            "broken.tf",
            "\u{feff}# a comment\r\nresource \"aws_kms_key\" \"b\" {\r\n  x = = 1\r\n}\r\n",
        ),
    ]);
    assert_eq!(
        at(&folder, "aws_kms_key.k", "policy"),
        "on k_override.tf line 2, in resource \"aws_kms_key\" \"k\"-2 k_override.tf"
    );
    assert_eq!(
        at(&folder, "aws_kms_key.k", "enable_key_rotation"),
        "on main.tf line 4, in resource \"aws_kms_key\" \"k\"-4 main.tf"
    );
    assert_eq!(
        at(&folder, "aws_kms_key.k", "other"),
        "on main.tf line 2, in resource \"aws_kms_key\" \"k\"-9 main.tf"
    );
    assert_eq!(
        at(&folder, "aws_kms_key.j", "enable_key_rotation"),
        "on keys.tf.json line 7, in resource.aws_kms_key.j-7 keys.tf.json"
    );
    assert_eq!(
        at(&folder, "aws_kms_key.j", ""),
        "on keys.tf.json line 4, in resource.aws_kms_key.j-9 keys.tf.json"
    );
    assert_eq!(
        at(&folder, "aws_kms_key.b", "x"),
        "on broken.tf line 2, in resource \"aws_kms_key\" \"b\"-2 broken.tf"
    );
}

#[test]
fn a_repository_is_the_base_of_portable_paths() {
    let folder = folder(&[
        (".git/HEAD", ""),
        ("infra/prod/main.tf", MAIN),
        ("infra/prod/sub/x", ""),
    ]);
    let sources = Sources::open(&folder.path().join("infra/prod/sub/..")).unwrap();
    let place = sources.place("aws_kms_key.k", &Attribute::root()).unwrap();
    assert_eq!(place.portable.as_deref(), Some("infra/prod/main.tf"));
    assert!(Sources::open(&folder.path().join("infra")).is_none());
    assert!(Sources::open(Path::new("/no/such/folder")).is_none());
}
