//! Every way in which a pack can be unworthy of trust, and that each is told apart.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use insta::assert_snapshot;
use serde_json::json;

use super::{PublicKey, repository, verify};
use crate::store::{Digest, Signature};

const PLACE: &str = "oci://registry.example.com/acme/guardrails:1.2.0";
const NAME: &str = "registry.example.com/acme/guardrails";

pub(crate) struct Signer {
    pair: EcdsaKeyPair,
    public: PublicKey,
    pub(crate) pem: String,
}

pub(crate) fn signer(name: &str) -> Signer {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", der.as_ref()));
    Signer {
        public: PublicKey::from_pem(pem.as_bytes(), name).unwrap(),
        pair,
        pem,
    }
}

pub(crate) fn manifest(component: &Digest) -> Vec<u8> {
    json!({ "layers": [{ "digest": component.to_string() }] })
        .to_string()
        .into_bytes()
}

impl Signer {
    pub(crate) fn signs(&self, name: &str, manifest: &[u8]) -> Signature {
        let payload = json!({ "critical": {
            "identity": { "docker-reference": name },
            "image": { "docker-manifest-digest": Digest::of(manifest).to_string() },
            "type": "cosign container image signature",
        }, "optional": null })
        .to_string()
        .into_bytes();
        let signature = self.pair.sign(&SystemRandom::new(), &payload).unwrap();
        Signature {
            manifest: manifest.to_vec(),
            payload,
            signature: signature.as_ref().to_vec(),
        }
    }
}

fn told(keys: &[PublicKey], threshold: usize, signatures: &[Signature]) -> String {
    verify(
        PLACE,
        &Digest::of(b"component"),
        keys,
        threshold,
        signatures,
    )
    .unwrap_err()
    .to_string()
}

#[test]
fn a_signed_pack_is_trusted_here_and_in_a_mirror() {
    let component = Digest::of(b"component");
    let acme = signer("acme.pub");
    let signatures = [acme.signs(NAME, &manifest(&component))];
    let keys = [acme.public.clone()];
    let trusted = verify(PLACE, &component, &keys, 1, &signatures).unwrap();
    assert_eq!(trusted, [&acme.public]);
    let mirror = "oci://127.0.0.1:5000/acme/guardrails";
    assert!(verify(mirror, &component, &keys, 1, &signatures).is_ok());
    // Nonsense beside a good signature does no harm.
    let mut more = signatures.to_vec();
    more.push(Signature {
        manifest: b"x".to_vec(),
        payload: b"y".to_vec(),
        signature: b"z".to_vec(),
    });
    assert!(verify(PLACE, &component, &keys, 1, &more).is_ok());
}

#[test]
fn each_refusal_has_its_reason() {
    let component = Digest::of(b"component");
    let manifest_of = manifest(&component);
    let (acme, audit, other) = (signer("acme.pub"), signer("audit.pub"), signer("other.pub"));
    let keys = [acme.public.clone(), audit.public.clone()];
    assert_snapshot!(told(&keys, 1, &[]), @"`oci://registry.example.com/acme/guardrails:1.2.0` is not signed, and `signers` asks for 1 signature(s); ask its publisher to sign it with `gabion sign`, then run `gabion pull`");
    assert_snapshot!(told(&keys, 1, &[other.signs(NAME, &manifest_of)]), @"none of the 1 signature(s) of `oci://registry.example.com/acme/guardrails:1.2.0` was made by a key in `signers`, or they were altered; ask its publisher for the right key");
    // One key twice is one.
    let twice = [
        acme.signs(NAME, &manifest_of),
        acme.signs(NAME, &manifest_of),
    ];
    assert_snapshot!(told(&keys, 2, &twice), @"`oci://registry.example.com/acme/guardrails:1.2.0` is signed by 1 of the keys in `signers` (`acme.pub`), and `threshold` asks for 2");
    let replayed = acme.signs("registry.example.com/acme/other", &manifest_of);
    assert_snapshot!(told(&keys, 1, &[replayed]), @"the signature of `oci://registry.example.com/acme/guardrails:1.2.0` by `acme.pub` was made for `registry.example.com/acme/other`: a signature holds for its own repository, so that one pack cannot be passed off as another; ask its publisher to sign it there");
    let twin = [acme.public.clone(), acme.public.clone()];
    assert_snapshot!(told(&twin, 2, &twice), @"`threshold` asks for 2 signatures, and `signers` names 1 different key(s)");
}

#[test]
fn what_was_altered_is_refused() {
    let component = Digest::of(b"component");
    let manifest_of = manifest(&component);
    let acme = signer("acme.pub");
    let keys = [acme.public.clone()];
    let good = acme.signs(NAME, &manifest_of);

    // Another component under the same manifest, and another manifest under the same signature.
    let of_other = acme.signs(NAME, &manifest(&Digest::of(b"other")));
    assert_snapshot!(told(&keys, 1, std::slice::from_ref(&of_other)), @"the signature of `oci://registry.example.com/acme/guardrails:1.2.0` by `acme.pub` is for other content: it does not hold for sha256:6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa, so one of the two was replaced; tell its publisher");
    let swapped = Signature {
        manifest: manifest_of.clone(),
        ..of_other
    };
    assert!(told(&keys, 1, &[swapped]).contains("is for other content"));

    let mut payload = good.clone();
    payload.payload = String::from_utf8(payload.payload)
        .unwrap()
        .replace("acme", "evil")
        .into_bytes();
    assert_snapshot!(told(&keys, 1, &[payload]), @"none of the 1 signature(s) of `oci://registry.example.com/acme/guardrails:1.2.0` was made by a key in `signers`, or they were altered; ask its publisher for the right key");
    let mut cut = good.clone();
    cut.signature.pop();
    assert!(told(&keys, 1, &[cut]).contains("or they were altered"));

    // Well signed, and no statement about a manifest at all.
    let text = b"{}".to_vec();
    let signature = acme.pair.sign(&SystemRandom::new(), &text).unwrap();
    let odd = Signature {
        manifest: manifest_of,
        payload: text,
        signature: signature.as_ref().to_vec(),
    };
    assert!(told(&keys, 1, &[odd]).contains("is for other content"));
}

#[test]
fn keys_are_public_ones_on_the_right_curve() {
    let told = |text: &str| {
        PublicKey::from_pem(text.as_bytes(), "acme.pub")
            .unwrap_err()
            .to_string()
    };
    assert_snapshot!(told("hello"), @"`acme.pub` is no public key that signatures can be checked with: it is not PEM; it must be an ECDSA key on the curve P-256 in PEM, as `cosign generate-key-pair` makes them");
    let wrap = |tag: &str, bytes: &[u8]| pem::encode(&pem::Pem::new(tag, bytes));
    assert_snapshot!(told(&wrap("ENCRYPTED SIGSTORE PRIVATE KEY", b"x")), @"`acme.pub` is a private key: keep it away from here, and name its public half, such as `cosign.pub`");
    assert_snapshot!(told(&wrap("PUBLIC KEY", &[0; 91])), @"`acme.pub` is no public key that signatures can be checked with: it is of another kind; it must be an ECDSA key on the curve P-256 in PEM, as `cosign generate-key-pair` makes them");
    let missing = PublicKey::read(std::path::Path::new("no/such.pub"), "no/such.pub");
    assert_snapshot!(missing.unwrap_err().to_string(), @"cannot read the public key `no/such.pub`: there is no such file");
}

#[test]
fn the_path_of_a_repository() {
    for (reference, path) in [
        (
            "oci://registry.example.com/acme/guardrails:1.2.0",
            "acme/guardrails",
        ),
        ("oci://127.0.0.1:5000/acme", "acme"),
        ("localhost/acme@sha256:00", "acme"),
        ("index.docker.io/acme/x", "acme/x"),
        ("acme/guardrails:1", "acme/guardrails"),
        ("registry.example.com/a:1@sha256:00", "a"),
    ] {
        assert_eq!(repository(reference), path, "{reference}");
    }
}
