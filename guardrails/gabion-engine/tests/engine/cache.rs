//! The cache: used, and never trusted further than its code goes.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use gabion_engine::cache::Store;
use gabion_engine::{CacheOptions, Pack};
use gabion_model::Verdict;

use crate::guest::Guest;
use crate::support::{check, engine};

fn load(options: &CacheOptions) -> Pack {
    let pack = engine(options.clone())
        .load(&Guest::new().build(), "tiny.wasm")
        .unwrap();
    // Whatever the cache held, the rule runs.
    let mut session = pack.session(&serde_json::json!({})).unwrap();
    assert_eq!(check(&mut session).verdict, Verdict::Pass);
    pack
}

/// The one file with compiled code.
fn code(options: &CacheOptions) -> PathBuf {
    let mut found: Vec<PathBuf> = files(options.directory.as_ref().unwrap())
        .into_iter()
        .filter(|path| path.extension().is_none() && name(path).starts_with("code-"))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map_or_else(
        |_| Vec::new(),
        |entries| entries.map(|entry| entry.unwrap().path()).collect(),
    )
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// What a new file differs in, even where it gets the old one's number.
fn inode(path: &Path) -> (u64, i64, i64) {
    let metadata = fs::symlink_metadata(path).unwrap();
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

struct Place {
    _folder: tempfile::TempDir,
    options: CacheOptions,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place {
        options: CacheOptions::within(folder.path()),
        _folder: folder,
    }
}

#[test]
fn compiled_once_and_private() {
    let place = place();
    load(&place.options);
    let path = code(&place.options);
    let first = inode(&path);
    load(&place.options);
    assert_eq!(
        inode(&code(&place.options)),
        first,
        "it was not compiled again"
    );
    assert_eq!(mode(place.options.directory.as_ref().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(place.options.key.as_ref().unwrap()), 0o600);
}

#[test]
fn a_changed_byte_is_noticed() {
    let place = place();
    load(&place.options);
    let path = code(&place.options);
    let mut bytes = fs::read(&path).unwrap();
    let first = inode(&path);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    load(&place.options);
    let path = code(&place.options);
    assert_ne!(inode(&path), first, "it was thrown away and made again");
    bytes[middle] ^= 1;
    let now = fs::read(&path).unwrap();
    assert_eq!(
        now[..now.len() - 48],
        bytes[..bytes.len() - 48],
        "the content is what it was"
    );
}

#[test]
fn a_file_that_is_cut_off_is_noticed() {
    for length in [0_u64, 10, 4096] {
        let place = place();
        load(&place.options);
        let path = code(&place.options);
        let first = inode(&path);
        fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(length)
            .unwrap();
        load(&place.options);
        assert_ne!(inode(&code(&place.options)), first);
    }
}

#[test]
fn a_file_of_another_key_is_noticed() {
    let place = place();
    load(&place.options);
    let first = inode(&code(&place.options));
    let key = place.options.key.clone().unwrap();
    fs::remove_file(&key).unwrap();
    load(&place.options);
    assert_ne!(inode(&code(&place.options)), first);
    assert!(key.exists(), "a new key was made");
}

#[test]
fn code_under_the_name_of_other_code_is_noticed() {
    let place = place();
    load(&place.options);
    let path = code(&place.options);
    let genuine = fs::read(&path).unwrap();
    let other = CacheOptions::within(place.options.directory.as_ref().unwrap().parent().unwrap());
    // Another component, compiled by the same user under the same key, copied over the first.
    let guest = Guest {
        version: "9.9.9",
        ..Guest::new()
    };
    engine(other.clone())
        .load(&guest.build(), "tiny.wasm")
        .unwrap();
    let second = files(other.directory.as_ref().unwrap())
        .into_iter()
        .find(|file| file.extension().is_none() && *file != path && name(file).starts_with("code-"))
        .unwrap();
    fs::copy(&second, &path).unwrap();
    let pack = load(&place.options);
    assert_eq!(pack.info().version, "1.2.3");
    let now = fs::read(&path).unwrap();
    assert_eq!(now[..now.len() - 48], genuine[..genuine.len() - 48]);
}

#[test]
fn a_remembered_check_of_other_bytes_is_not_believed() {
    let place = place();
    load(&place.options);
    let path = code(&place.options);
    let seen = path.with_extension("seen");
    assert!(seen.exists());
    // The record is whole, but the file is another: its inode and times differ.
    let bytes = fs::read(&path).unwrap();
    let copy = path.with_extension("copy");
    fs::write(&copy, &bytes[..bytes.len() - 60]).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&copy, &path).unwrap();
    load(&place.options);
    assert_eq!(fs::metadata(&path).unwrap().len() as usize, bytes.len());
    // Without a record the file is checked and remembered anew.
    fs::remove_file(&seen).unwrap();
    let first = inode(&path);
    load(&place.options);
    assert_eq!(inode(&path), first);
    assert!(seen.exists());
}

#[test]
fn a_file_that_others_can_write_is_not_used() {
    let place = place();
    load(&place.options);
    let path = code(&place.options);
    let first = inode(&path);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    load(&place.options);
    assert_ne!(inode(&path), first);
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_link_is_not_followed() {
    let place = place();
    load(&place.options);
    let path = code(&place.options);
    let elsewhere = place
        .options
        .directory
        .as_ref()
        .unwrap()
        .parent()
        .unwrap()
        .join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    load(&place.options);
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
}

#[test]
fn a_folder_that_others_can_enter_is_not_used() {
    let place = place();
    let folder = place.options.directory.clone().unwrap();
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    load(&place.options);
    assert!(files(&folder).is_empty());
    let said = Store::open(&place.options).unwrap_err();
    assert!(said.contains("open to others"), "{said}");
}

#[test]
fn a_key_that_cannot_be_trusted_means_no_cache() {
    for (content, mode, word) in [
        (&[7_u8; 32][..], 0o644, "chmod 600"),
        (&[7; 31], 0o600, "does not hold 32 bytes"),
        (&[7; 33], 0o600, "32 bytes"),
    ] {
        let place = place();
        let key = place.options.key.clone().unwrap();
        fs::create_dir_all(key.parent().unwrap()).unwrap();
        fs::write(&key, content).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        load(&place.options);
        assert!(files(place.options.directory.as_ref().unwrap()).is_empty());
        let said = Store::open(&place.options).unwrap_err();
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_key_that_is_a_link_means_no_cache() {
    let place = place();
    let key = place.options.key.clone().unwrap();
    fs::create_dir_all(key.parent().unwrap()).unwrap();
    let real = key.with_extension("real");
    fs::write(&real, [7; 32]).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink(&real, &key).unwrap();
    load(&place.options);
    assert!(Store::open(&place.options).is_err());
}

#[test]
fn another_owner_is_not_trusted() {
    // Only root can give a file away.
    let place = place();
    load(&place.options);
    let key = place.options.key.clone().unwrap();
    if std::os::unix::fs::chown(&key, Some(65534), None).is_err() {
        return;
    }
    load(&place.options);
    let said = Store::open(&place.options).unwrap_err();
    assert!(said.contains("belongs to another user"), "{said}");
}

#[test]
fn a_place_that_cannot_be_made_is_done_without() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    load(&CacheOptions::within(&file));
}

#[test]
fn a_pack_file_is_remembered_until_it_changes() {
    let place = place();
    let path = place
        .options
        .directory
        .as_ref()
        .unwrap()
        .with_file_name("pack.wasm");
    fs::write(&path, Guest::new().build()).unwrap();
    let first = engine(place.options.clone()).load_file(&path).unwrap();
    let again = engine(place.options.clone()).load_file(&path).unwrap();
    assert_eq!(first.digest(), again.digest());
    let guest = Guest {
        version: "2.0.0",
        ..Guest::new()
    };
    fs::write(&path, guest.build()).unwrap();
    let changed = engine(place.options.clone()).load_file(&path).unwrap();
    assert_eq!(changed.info().version, "2.0.0");
    assert_ne!(changed.digest(), first.digest());
}

/// A system cache in a folder, in which the code of version 9.9.9 lies under the name of version 1.2.3: whoever
/// believes it says so.
fn planted(folder: &Path) -> CacheOptions {
    let place = CacheOptions::within(folder);
    let guest = Guest {
        version: "9.9.9",
        ..Guest::new()
    };
    engine(place.clone())
        .load(&guest.build(), "tiny.wasm")
        .unwrap();
    let other = code(&place);
    let away = folder.join("other");
    fs::rename(&other, &away).unwrap();
    load(&place);
    fs::rename(&away, code(&place)).unwrap();
    let mut options = CacheOptions::off();
    options.system = place.directory;
    options
}

#[test]
fn a_system_cache_that_others_could_write_is_not_believed() {
    // The temporary folder stands below one that everybody can write.
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    assert_eq!(load(&planted(folder.path())).info().version, "1.2.3");
}

#[test]
fn a_system_cache_of_roots_needs_no_key() {
    let base = fs::canonicalize(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let of_root = base.ancestors().all(|part| {
        let metadata = fs::symlink_metadata(part).unwrap();
        metadata.uid() == 0 && metadata.mode() & 0o022 == 0
    });
    if !of_root {
        // Only root can make one.
        return;
    }
    let folder = tempfile::tempdir_in(base).unwrap();
    assert_eq!(load(&planted(folder.path())).info().version, "9.9.9");
}

#[test]
fn a_store_keeps_and_forgets() {
    let place = place();
    let store = Store::open(&place.options).unwrap();
    assert_eq!(store.read("schema", "aws 6.0.0", None), None);
    store.write("schema", "aws 6.0.0", b"content").unwrap();
    assert_eq!(
        store.read("schema", "aws 6.0.0", None).as_deref(),
        Some(&b"content"[..])
    );
    assert_eq!(store.read("schema", "aws 6.0.1", None), None);
    assert_eq!(
        store.read("answer", "aws 6.0.0", None),
        None,
        "another kind is another file"
    );
    let day = std::time::Duration::from_secs(86_400);
    assert!(store.read("schema", "aws 6.0.0", Some(day)).is_some());
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(
        store.read(
            "schema",
            "aws 6.0.0",
            Some(std::time::Duration::from_secs(1))
        ),
        None,
        "too old"
    );
    assert_eq!(store.read("schema", "aws 6.0.0", None), None, "and gone");
}
