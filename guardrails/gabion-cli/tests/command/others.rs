//! The other commands.

use crate::support::Desk;

#[test]
fn explain_shows_a_rules_page() {
    let desk = Desk::new().write("gabion.hcl", "rule \"DT08\" { level = \"advisory\" }\n");
    let ended = desk.run(&["explain", "DT08"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.starts_with("DT08 key-without-rotation: a key without rotation\nLevel advisory (gabion.hcl:1:6), pack baseline "), "{}", ended.out);
    assert!(ended.out.contains("## Why it matters"));
    assert_eq!(desk.run(&["explain", "DT99"]).code, 3);
}

#[test]
fn inspect_says_what_a_pack_is() {
    let desk = Desk::new().write("text.wasm", "no component");
    let ended = desk.run(&["inspect", "text.wasm"]);
    assert_eq!((ended.code, ended.out.as_str()), (4, ""));
    assert!(ended.err.contains("is not WebAssembly"), "{}", ended.err);
    let desk = desk.write("pack.wasm", gabion_engine::baseline::COMPONENT);
    let ended = desk.run(&["inspect", "pack.wasm"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(
        ended.out.starts_with("baseline ")
            && ended.out.contains("\nsha256:")
            && ended
                .out
                .contains("\nDT08  mandatory  a key without rotation"),
        "{}",
        ended.out
    );
}

#[test]
fn the_cache_is_warmed_and_cleared() {
    let desk = Desk::new();
    let run = |args: &[&str]| {
        let output = desk
            .command(args)
            .env("XDG_CACHE_HOME", desk.folder.path().join("cache"))
            .env("XDG_DATA_HOME", desk.folder.path().join("data"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let path = desk.folder.path().join("cache/gabion/packs");
    assert_eq!(run(&["cache", "path"]).trim(), path.display().to_string());
    assert!(run(&["cache", "warm"]).starts_with("baseline "));
    std::fs::write(path.join("mine.txt"), "kept").unwrap();
    assert!(run(&["cache", "clear"]).starts_with("deleted "));
    assert!(path.join("mine.txt").exists());
    assert_eq!(
        run(&["cache", "clear"]),
        format!("deleted 0 files in {}\n", path.display())
    );
}
