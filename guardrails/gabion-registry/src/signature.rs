//! Signatures as cosign keeps them: a manifest under the tag `sha256-DIGEST.sig` of the same repository, one layer a
//! signature, each layer the signed payload ("simple signing") and the signature an annotation of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::artifact::{IMAGE_MANIFEST, descriptor};
use crate::digest::sha256;

/// One signature of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The bytes that are signed: which manifest, under which name.
    pub payload: Vec<u8>,
    /// The signature in DER.
    pub signature: Vec<u8>,
}

/// The media type of a payload.
pub(crate) const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const ANNOTATION: &str = "dev.cosignproject.cosign/signature";
/// More signatures of one pack than this are none.
pub(crate) const MOST: usize = 100;
/// A payload has a few hundred bytes.
pub(crate) const LARGEST_PAYLOAD: u64 = 64 << 10;

/// The bytes to sign for this manifest under this name (host and repository).
pub fn payload(name: &str, manifest_digest: &str) -> Vec<u8> {
    json!({
        "critical": {
            "identity": { "docker-reference": name },
            "image": { "docker-manifest-digest": manifest_digest },
            "type": "cosign container image signature",
        },
        "optional": null,
    })
    .to_string()
    .into_bytes()
}

/// The tag that the signatures of a manifest lie under.
pub(crate) fn tag(manifest_digest: &str) -> String {
    format!("{}.sig", manifest_digest.replacen(':', "-", 1))
}

/// The manifest and the configuration that hold these signatures, as cosign writes them.
pub(crate) fn manifest(signatures: &[Signature]) -> (Vec<u8>, Vec<u8>) {
    let config = config(signatures.iter().map(|s| sha256(&s.payload)).collect());
    let layers: Vec<Value> = signatures.iter().map(layer).collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "config": descriptor(CONFIG, &config),
        "layers": layers,
    });
    (manifest.to_string().into_bytes(), config)
}

fn config(digests: Vec<String>) -> Vec<u8> {
    let history: Vec<Value> = digests
        .iter()
        .map(|_| json!({ "created": "0001-01-01T00:00:00Z" }))
        .collect();
    json!({
        "architecture": "",
        "created": "0001-01-01T00:00:00Z",
        "history": history,
        "os": "",
        "rootfs": { "type": "layers", "diff_ids": digests },
        "config": {},
    })
    .to_string()
    .into_bytes()
}

fn layer(signature: &Signature) -> Value {
    let mut layer = descriptor(SIMPLE_SIGNING, &signature.payload);
    if let Some(layer) = layer.as_object_mut() {
        let text = STANDARD.encode(&signature.signature);
        layer.insert("annotations".to_owned(), json!({ ANNOTATION: text }));
    }
    layer
}

/// A manifest of signatures with one more, and its configuration. All that is there stays as it is, as other tools
/// keep other things there. `None` where there is no room.
pub(crate) fn with(there: Option<&Value>, signature: &Signature) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut layers = there
        .and_then(|manifest| manifest.get("layers")?.as_array().cloned())
        .unwrap_or_default();
    if layers.len() >= MOST {
        return None;
    }
    layers.push(layer(signature));
    let config = config(
        layers
            .iter()
            .filter_map(|layer| layer.get("digest")?.as_str().map(str::to_owned))
            .collect(),
    );
    let mut manifest = there
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    manifest.insert("schemaVersion".to_owned(), json!(2));
    manifest.insert("mediaType".to_owned(), json!(IMAGE_MANIFEST));
    manifest.insert("config".to_owned(), descriptor(CONFIG, &config));
    manifest.insert("layers".to_owned(), Value::Array(layers));
    Some((Value::Object(manifest).to_string().into_bytes(), config))
}

/// The payloads that a manifest of signatures names: digest, size, signature. What is of another kind is left out:
/// other tools keep other things there, and what is no signature counts as none.
pub(crate) fn layers(manifest: &Value) -> Vec<(String, u64, Vec<u8>)> {
    manifest
        .get("layers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(MOST)
        .filter_map(|layer| {
            let digest = layer.get("digest")?.as_str()?.to_owned();
            let size = layer.get("size")?.as_u64()?;
            let text = layer.get("annotations")?.get(ANNOTATION)?.as_str()?;
            let fits = layer.get("mediaType")?.as_str()? == SIMPLE_SIGNING
                && size <= LARGEST_PAYLOAD
                && crate::digest::is_sha256(&digest);
            fits.then_some((digest, size, STANDARD.decode(text).ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_keep_there_stays() {
        let keyless = json!({
            "mediaType": SIMPLE_SIGNING, "size": 3, "digest": sha256(b"abc"),
            "annotations": { ANNOTATION: "AQID", "dev.sigstore.cosign/certificate": "CERT", "dev.sigstore.cosign/bundle": "{}" },
        });
        let there = json!({
            "schemaVersion": 2, "mediaType": IMAGE_MANIFEST, "layers": [keyless], "annotations": { "of": "the manifest" },
            "config": { "mediaType": CONFIG, "size": 1, "digest": sha256(b"") },
        });
        let ours = Signature {
            payload: payload("h/r", "sha256:0"),
            signature: vec![7],
        };
        let (manifest, config) = with(Some(&there), &ours).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["layers"][0], keyless);
        assert_eq!(manifest["annotations"]["of"], "the manifest");
        assert_eq!(manifest["config"]["digest"], sha256(&config).as_str());
        let config: Value = serde_json::from_slice(&config).unwrap();
        assert_eq!(
            config["rootfs"]["diff_ids"],
            json!([sha256(b"abc"), sha256(&ours.payload)])
        );
        assert_eq!(layers(&manifest).len(), 2);
        // The first one is as it would be made from nothing.
        assert_eq!(
            with(None, &ours).unwrap().0,
            super::manifest(std::slice::from_ref(&ours)).0
        );
        let full = json!({ "layers": vec![keyless; MOST] });
        assert_eq!(with(Some(&full), &ours), None);
    }

    #[test]
    fn what_is_written_is_read() {
        let digest = sha256(b"manifest");
        let signature = Signature {
            payload: payload("registry.example.com/acme", &digest),
            signature: vec![1, 2, 3],
        };
        let (bytes, config) = manifest(std::slice::from_ref(&signature));
        assert_eq!(manifest(std::slice::from_ref(&signature)).0, bytes);
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["config"]["digest"], sha256(&config).as_str());
        assert_eq!(
            layers(&value),
            [(
                sha256(&signature.payload),
                signature.payload.len() as u64,
                vec![1, 2, 3]
            )]
        );
        assert_eq!(tag(&digest), format!("sha256-{}.sig", &digest[7..]));
        insta::assert_snapshot!(String::from_utf8(payload("h/r", "sha256:0")).unwrap(), @r#"{"critical":{"identity":{"docker-reference":"h/r"},"image":{"docker-manifest-digest":"sha256:0"},"type":"cosign container image signature"},"optional":null}"#);
    }
}
