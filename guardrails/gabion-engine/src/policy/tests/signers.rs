//! Signatures that a policy file asks for: checked at every load, from the store, before the pack is used.

use insta::assert_snapshot;

use super::fake::Desk;
use crate::policy::{GuardOptions, needed};
use crate::store::Digest;
use crate::trust::tests::{manifest, signer};

const POLICY: &str = "pack \"acme\" {\n  source  = \"oci://registry.example.com/acme/guardrails\"\n  signers = { keys = [\"acme.pub\", \"audit.pub\"], threshold = 2 }\n}\n";
const OLDER: &str = "the lock is older";
const NAME: &str = "registry.example.com/acme/guardrails";

/// A desk whose store and lock have version 2.1.0 of a pack.
fn desk(policy: &str, signers: &str) -> (Desk, Digest) {
    let desk = Desk::new(Some(policy));
    let digest = desk.store().put(b"2.1.0").unwrap();
    desk.write(
        ".gabion.lock.hcl",
        &format!(
            "pack \"acme\" {{\n  source = \"oci://{NAME}\"\n  version = \"2.1.0\"\n  digest = \"{digest}\"\n  wit = \"1.0.0\"\n{signers}}}\npack \"baseline\" {{\n  version = \"1.2.0\"\n  wit = \"1.0.0\"\n}}\n"
        ),
    );
    (desk, digest)
}

#[test]
fn enough_signatures_are_asked_for_offline() {
    let (desk, digest) = desk(POLICY, "");
    assert_snapshot!(desk.error(), @"gabion.hcl:3:23: cannot read the public key `DIR/acme.pub`: there is no such file");
    let (acme, audit, other) = (signer("a"), signer("b"), signer("c"));
    desk.write("acme.pub", &acme.pem);
    desk.write("audit.pub", &audit.pem);
    assert_snapshot!(desk.error(), @"gabion.hcl:3:13: pack `acme` is not loaded: `oci://registry.example.com/acme/guardrails:2.1.0` is not signed, and `signers` asks for 2 signature(s); ask its publisher to sign it with `gabion sign`, then run `gabion pull`");
    let store = desk.store();
    let of = manifest(&digest);
    let put = |signature| store.put_signature(&digest, &signature).unwrap();
    put(other.signs(NAME, &of));
    assert_snapshot!(desk.error(), @"gabion.hcl:3:13: pack `acme` is not loaded: none of the 1 signature(s) of `oci://registry.example.com/acme/guardrails:2.1.0` was made by a key in `signers`, or they were altered; ask its publisher for the right key");
    put(acme.signs(NAME, &of));
    put(acme.signs(NAME, &of));
    assert_snapshot!(desk.error(), @"gabion.hcl:3:13: pack `acme` is not loaded: `oci://registry.example.com/acme/guardrails:2.1.0` is signed by 1 of the keys in `signers` (`DIR/acme.pub`), and `threshold` asks for 2");
    put(audit.signs("registry.example.com/acme/other", &of));
    assert!(desk.error().contains("is signed by 1 of the keys"));
    // Another host is a mirror.
    put(audit.signs("mirror.example.com/acme/guardrails", &of));
    // The lock is older than the signers: it says less than it seems to.
    assert_snapshot!(desk.error(), @r#"gabion.hcl:3:13: pack `acme`: the lock is older than `signers` and records none (the lock is at .gabion.lock.hcl:1:1); run `gabion lock`, which verifies and records them"#);
    let made = desk.lock();
    assert!(made.differs);
    let lock = desk.text(".gabion.lock.hcl");
    assert_eq!(lock.matches("    \"sha256:").count(), 2, "{lock}");
    assert_eq!(desk.guard().rules().len(), 6);
    assert!(!desk.lock().differs);

    desk.write("audit.pub", &acme.pem);
    assert_snapshot!(desk.error(), @"gabion.hcl:3:13: pack `acme` is not loaded: `threshold` asks for 2 signatures, and `signers` names 1 different key(s)");
    std::fs::write(
        store
            .folder()
            .join(format!("sha256-{}.signatures.json", digest.hex())),
        "[",
    )
    .unwrap();
    assert!(desk.error().contains("holds no signatures"));
}

#[test]
fn a_lock_says_whose_signatures_hold() {
    let (desk, digest) = desk(&POLICY.replace("threshold = 2", "threshold = 1"), "");
    let (acme, audit, other) = (signer("a"), signer("b"), signer("c"));
    desk.write("acme.pub", &acme.pem);
    desk.write("audit.pub", &audit.pem);
    // Nothing is recorded that was not verified.
    assert_snapshot!(desk.stale(), @r#"gabion.hcl:3:13: pack `acme`: the lock is older than `signers` and records none, and `oci://registry.example.com/acme/guardrails:2.1.0` is not signed, and `signers` asks for 1 signature(s); ask its publisher to sign it with `gabion sign`, then run `gabion pull`"#);
    let store = desk.store();
    let put = |signature| store.put_signature(&digest, &signature).unwrap();
    put(acme.signs(NAME, &manifest(&digest)));
    assert!(desk.error().contains(OLDER), "{}", desk.error());
    desk.lock();
    desk.guard();
    // One more signature is asked for.
    desk.write("gabion.hcl", POLICY);
    put(audit.signs(NAME, &manifest(&digest)));
    assert_snapshot!(desk.error(), @r#"gabion.hcl:3:13: pack `acme`: the lock records 1 signature(s), and `threshold` asks for 2 (the lock is at .gabion.lock.hcl:4:1); run `gabion lock`, which verifies and records them"#);
    desk.lock();
    desk.guard();
    // A key is exchanged for another under the same name.
    put(other.signs(NAME, &manifest(&digest)));
    desk.write("audit.pub", &other.pem);
    let error = desk.error();
    let (said, _) = error.split_once("sha256:").unwrap();
    assert_snapshot!(said, @r#"gabion.hcl:3:13: pack `acme`: the lock records a signature by the key `"#);
    desk.lock();
    desk.guard();
    // Nobody is asked any more.
    desk.write(
        "gabion.hcl",
        &format!("pack \"acme\" {{ source = \"oci://{NAME}\" }}\n"),
    );
    assert_snapshot!(desk.stale(), @r#"gabion.hcl:1:24: pack `acme` was locked with signatures (`signers` in the lock), and none are asked for here any more; put `signers` back, or run `gabion lock --upgrade acme`"#);
}

#[test]
fn signers_belong_to_packs_of_registries() {
    let desk = Desk::new(Some(
        "pack \"baseline\" {\n  signers = { keys = [\"acme.pub\"] }\n}\n",
    ));
    assert_snapshot!(desk.error(), @"gabion.hcl:2:13: pack `baseline` asks for signatures (`signers`), which lie in a registry beside the pack, and it comes from elsewhere; name a registry as its source (`oci://...`), or take `signers` out");
}

#[test]
fn signatures_are_not_dropped_in_silence() {
    let policy = "pack \"acme\" {\n  source = \"oci://registry.example.com/acme/guardrails\"\n}\n";
    let (desk, _) = desk(policy, "  signers = [\"sha256:00\"]\n");
    assert_snapshot!(desk.error(), @"gabion.hcl:2:12: pack `acme` was locked with signatures (`signers` at .gabion.lock.hcl:1:1), and none are asked for here any more; put `signers` back, or run `gabion lock --upgrade acme`");
}

#[test]
fn what_is_to_be_pulled() {
    let (desk, digest) = desk(POLICY, "");
    let all = |options: &GuardOptions| needed(options).unwrap();
    let found = all(&desk.options);
    let [one] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(one.locked.digest, Some(digest));
    let asked = one.signers.as_ref().unwrap();
    assert_eq!((asked.keys.len(), asked.threshold), (2, 2));
    desk.write(
        "gabion.hcl",
        &POLICY.replace("acme/guardrails", "acme/others"),
    );
    assert_snapshot!(needed(&desk.options).unwrap_err(), @"gabion.hcl:2:13: pack `acme` is not locked as it is written here, so nothing says which bytes; run `gabion lock`, which pulls it as well");
    desk.write("gabion.hcl", "");
    assert_eq!(all(&desk.options), []);
}
