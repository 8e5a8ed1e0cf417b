//! `docs/rules/` is made of the comments above the rules. `cargo xtask gen` sets `GABION_GEN`,
//! and this test writes the pages in place of comparing them.

use std::collections::BTreeMap;

use anyhow::Result;
use gabion_tests::workspace;

#[test]
fn the_pages_of_the_rules_are_up_to_date() -> Result<()> {
    let folder = workspace::root().join("docs/rules");
    let wanted: BTreeMap<String, String> = gabion_baseline::pages::pages().into_iter().collect();
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).into_iter().flatten() {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.insert(name, std::fs::read_to_string(entry.path())?);
    }
    if std::env::var_os("GABION_GEN").is_some() {
        std::fs::create_dir_all(&folder)?;
        for name in found.keys().filter(|name| !wanted.contains_key(*name)) {
            std::fs::remove_file(folder.join(name))?;
        }
        for (name, page) in &wanted {
            std::fs::write(folder.join(name), page)?;
        }
        return Ok(());
    }
    let mut names: Vec<&String> = wanted.keys().chain(found.keys()).collect();
    names.sort();
    names.dedup();
    let stale: Vec<_> = names
        .into_iter()
        .filter(|name| wanted.get(*name) != found.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "run `cargo xtask gen`, in docs/rules these would change: {stale:?}"
    );
    Ok(())
}
