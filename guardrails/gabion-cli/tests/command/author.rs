//! `gabion new`, and what `gabion build` says where there is nothing to build. Building itself is tested end to end.

use crate::support::Desk;

#[test]
fn new_says_what_it_wrote_and_what_comes_next() {
    let desk = Desk::new();
    let ended = desk.run(&["new", "acme", "--lang", "python"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    insta::assert_snapshot!(ended.out, @r"
    acme in acme, with the rule AC01
      .github/workflows/guardrails.yml
      .gitignore
      README.md
      cases/resource-without-owner.guardtest.hcl
      pyproject.toml
      src/rules/__init__.py
      src/rules/resource_without_owner.py
      vendor/ (the SDK and the contract)

    next:
      cd acme
      gabion build
      gabion test
    ");
    let folder = desk.folder.path().join("acme");
    let rule = std::fs::read_to_string(folder.join("src/rules/resource_without_owner.py")).unwrap();
    assert!(rule.contains("AC01"), "{rule}");
    assert!(
        folder
            .join("vendor/gabion-guardrail-py/gabion_guardrail/__init__.py")
            .is_file()
    );
}

#[test]
fn new_writes_over_nothing() {
    let desk = Desk::new().write("file", "mine");
    let refused = |args: &[&str]| {
        let ended = desk.run(args);
        assert_eq!((ended.code, ended.out.as_str()), (4, ""), "{}", ended.err);
        ended.err
    };
    assert_eq!(
        refused(&["new", "acme", "--lang", "rust", "--path", "."]),
        "error: the folder `.` is not empty: name another with `--path`\n"
    );
    assert_eq!(
        refused(&["new", "acme", "--lang", "rust", "--path", "file"]),
        "error: `file` is a file: name a folder with `--path`\n"
    );
    assert_eq!(
        refused(&["new", "Acme Corp", "--lang", "rust"]),
        "error: `Acme Corp` is no name for a pack: lower-case letters, digits and single `-` between them, at most 64, \
         as `acme-corp` is\n"
    );
    assert!(
        refused(&["new", "acme", "--lang", "go"])
            .contains("[possible values: rust, javascript, python]")
    );
    assert!(refused(&["new", "acme"]).contains("--lang <LANGUAGE>"));
    // An empty folder is as good as none.
    std::fs::create_dir(desk.folder.path().join("empty")).unwrap();
    let ended = desk.run(&["new", "acme", "--lang", "rust", "--path", "empty"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(
        std::fs::read_to_string(desk.folder.path().join("file")).unwrap(),
        "mine"
    );
}

#[test]
fn build_says_what_is_missing() {
    let desk = Desk::new();
    let refused = |args: &[&str]| {
        let output = desk
            .command(args)
            .env("PATH", "")
            .env("XDG_CACHE_HOME", desk.folder.path().join("no-engines"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(4));
        assert!(output.stdout.is_empty());
        let err = String::from_utf8(output.stderr).unwrap();
        err.lines()
            .find(|line| line.starts_with("error: "))
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        refused(&["build"]),
        "error: `.` holds no pack: there is no `Cargo.toml`, `package.json` or `pyproject.toml` in it; `gabion new` \
         makes one"
    );
    assert_eq!(
        refused(&["build", "none"]),
        "error: there is no folder `none`"
    );
    for (language, wanted) in [
        (
            "javascript",
            "error: `node` is missing: install Node.js 20.19 or a later 20, 22.12 or a later 22, or 23 and newer (Debian and Ubuntu: `apt-get install nodejs npm`)",
        ),
        (
            "python",
            "error: `python3` is missing: install Python 3.11 or newer (Debian and Ubuntu: `apt-get install python3 python3-venv`)",
        ),
    ] {
        assert_eq!(
            desk.run(&["new", "acme", "--lang", language, "--path", language])
                .code,
            0
        );
        assert_eq!(refused(&["build", language]), wanted);
    }
    let both = desk.folder.path().join("python/package.json");
    std::fs::write(both, "{}").unwrap();
    assert_eq!(
        refused(&["build", "python"]),
        "error: `python` holds both `package.json` and `pyproject.toml`: keep one pack in a folder"
    );
}
