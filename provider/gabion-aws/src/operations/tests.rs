//! The table agrees with the code that calls.

use super::*;

/// All source files of the crate but this one, as text.
fn sources() -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("operations.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text
                    .split("#[cfg(test)]\nmod tests")
                    .next()
                    .unwrap()
                    .to_owned();
                out.push((path.display().to_string(), code));
            }
        }
    }
    out
}

#[test]
fn sorted_and_unique() {
    for pair in OPERATIONS.windows(2) {
        let key = |op: &Operation| (op.service, op.name);
        assert!(
            key(&pair[0]) < key(&pair[1]),
            "{:?} before {:?}",
            pair[0],
            pair[1]
        );
    }
}

#[test]
fn every_entry_is_used_and_every_call_has_an_entry() {
    let sources = sources();
    for name in NAMES {
        let uses = format!("operations::{name}");
        assert!(
            sources.iter().any(|(_, text)| text.contains(&uses)),
            "no call uses {uses}"
        );
    }
    // Each request is sent inside `call(`, which takes the entry.
    for (path, text) in &sources {
        let sends = text.matches(".send()").count();
        let calls = text.matches(".call(").count();
        assert_eq!(
            sends, calls,
            "{path}: {sends} requests, {calls} through `call`"
        );
    }
}

#[test]
fn reads_are_named_as_reads() {
    for op in OPERATIONS {
        let reads = ["Get", "List", "Describe", "Lookup", "Assume"]
            .iter()
            .any(|prefix| op.name.starts_with(prefix));
        assert_eq!(reads, op.access == Access::Read, "{op:?}");
        assert!(op.iam.iter().all(|action| action.contains(':')));
    }
}

#[test]
fn iam_actions_of_a_create() {
    let actions = iam_actions("kms", &["CreateKey", "NoSuchCall"]);
    assert_eq!(
        actions.into_iter().collect::<Vec<_>>(),
        ["kms:CreateKey", "kms:TagResource"]
    );
}
