//! The standard form of a component in a registry: one layer `application/wasm`, and a configuration that says what
//! it imports and exports. Equal bytes make an equal manifest: nothing in it tells when or where it was made.

use serde_json::{Value, json};

use crate::digest::{is_sha256, sha256};
use crate::error::RegistryError;

pub(crate) const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
/// The largest component that is pushed or pulled, in bytes: what the engine loads at most.
pub const LARGEST: u64 = 256 << 20;
/// The largest manifest, as registries have it.
pub(crate) const LARGEST_MANIFEST: u64 = 4 << 20;
/// The form wants a time; the same for all, so that equal bytes stay equal.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// What a component says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The pack's name.
    pub name: String,
    /// The pack's version.
    pub version: String,
    /// The interfaces that it imports.
    pub imports: Vec<String>,
    /// The interfaces that it exports.
    pub exports: Vec<String>,
}

/// A component as it lies in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The manifest, byte for byte.
    pub manifest: Vec<u8>,
    /// The configuration, byte for byte.
    pub config: Vec<u8>,
    /// The component.
    pub component: Vec<u8>,
}

impl Artifact {
    /// Wraps a component.
    pub fn new(component: Vec<u8>, description: &Description) -> Self {
        let config = json!({
            "created": CREATED,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [sha256(&component)],
            "component": {
                "exports": description.exports,
                "imports": description.imports,
            },
        })
        .to_string()
        .into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "config": descriptor(CONFIG, &config),
            "layers": [descriptor(LAYER, &component)],
            "annotations": {
                "org.opencontainers.image.title": description.name,
                "org.opencontainers.image.version": description.version,
            },
        })
        .to_string()
        .into_bytes();
        Self {
            manifest,
            config,
            component,
        }
    }

    /// The digest of the manifest: what a reference by digest and a signature name.
    pub fn digest(&self) -> String {
        sha256(&self.manifest)
    }

    /// The digest of the component: what a lock names.
    pub fn component_digest(&self) -> String {
        sha256(&self.component)
    }
}

/// Media type, digest and size of a part.
pub(crate) fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}

/// A part that a manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) digest: String,
    pub(crate) size: u64,
}

/// The configuration and the component that a manifest names; `what` is what messages call it.
pub(crate) fn parts(manifest: &[u8], what: &str) -> Result<(Part, Part), RegistryError> {
    let odd = |reason: String| RegistryError::NoPack {
        what: what.to_owned(),
        reason,
    };
    let value: Value =
        serde_json::from_slice(manifest).map_err(|_| odd("its manifest is not JSON".to_owned()))?;
    if value.get("manifests").is_some() {
        return Err(odd(
            "it is an index of several; a pack is one component for all platforms".to_owned(),
        ));
    }
    let layers = value.get("layers").and_then(Value::as_array);
    let [layer] = layers.map_or(&[][..], Vec::as_slice) else {
        return Err(odd(format!(
            "it has {} layers; a component has one",
            layers.map_or(0, Vec::len)
        )));
    };
    let kind = layer
        .get("mediaType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if kind != LAYER {
        return Err(odd(format!(
            "its layer is `{kind}`, not `{LAYER}`; push it with `gabion push`"
        )));
    }
    let part = |value: Option<&Value>, most: u64| {
        let digest = value?.get("digest")?.as_str()?.to_owned();
        let size = value?.get("size")?.as_u64()?;
        (is_sha256(&digest) && size <= most).then_some(Part { digest, size })
    };
    let broken = || odd("its manifest names a part without a digest and a fitting size".to_owned());
    let config = part(value.get("config"), LARGEST_MANIFEST).ok_or_else(broken)?;
    let layer = part(Some(layer), LARGEST).ok_or_else(broken)?;
    Ok((config, layer))
}

/// The version that a manifest says its component has, where it does.
pub(crate) fn version(manifest: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(manifest).ok()?;
    let version = value
        .get("annotations")?
        .get("org.opencontainers.image.version")?;
    version.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Artifact {
        Artifact::new(
            b"\0asm".to_vec(),
            &Description {
                name: "acme".into(),
                version: "1.2.0".into(),
                imports: vec!["gabion:guardrail/values@1.0.0".into()],
                exports: vec!["gabion:guardrail/rules@1.0.0".into()],
            },
        )
    }

    #[test]
    fn equal_bytes_make_an_equal_manifest() {
        let artifact = made();
        assert_eq!(artifact, made());
        // A digest that changes here breaks every lock and signature of what was pushed before.
        insta::assert_snapshot!(String::from_utf8(artifact.manifest.clone()).unwrap(), @r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.wasm.config.v0+json","digest":"sha256:bc70ade6f50157a35d5160537bbd0681cd9a3262ecd291c222b242e2d2f15095","size":262},"layers":[{"mediaType":"application/wasm","digest":"sha256:cd5d4935a48c0672cb06407bb443bc0087aff947c6b864bac886982c73b3027f","size":4}],"annotations":{"org.opencontainers.image.title":"acme","org.opencontainers.image.version":"1.2.0"}}"#);
        insta::assert_snapshot!(String::from_utf8(artifact.config.clone()).unwrap(), @r#"{"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip2","layerDigests":["sha256:cd5d4935a48c0672cb06407bb443bc0087aff947c6b864bac886982c73b3027f"],"component":{"exports":["gabion:guardrail/rules@1.0.0"],"imports":["gabion:guardrail/values@1.0.0"]}}"#);
        let (config, layer) = parts(&artifact.manifest, "x").unwrap();
        assert_eq!(
            (config.digest, layer.digest),
            (sha256(&artifact.config), artifact.component_digest())
        );
        assert_eq!(version(&artifact.manifest).as_deref(), Some("1.2.0"));
    }

    #[test]
    fn what_is_no_pack_is_told() {
        let told = |manifest: &str| {
            parts(manifest.as_bytes(), "oci://h.example/acme:1")
                .unwrap_err()
                .to_string()
        };
        insta::assert_snapshot!(told("[]"), @"`oci://h.example/acme:1` is no guardrail pack: it has 0 layers; a component has one");
        insta::assert_snapshot!(told(r#"{"manifests":[]}"#), @"`oci://h.example/acme:1` is no guardrail pack: it is an index of several; a pack is one component for all platforms");
        insta::assert_snapshot!(told(r#"{"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip"}]}"#), @"`oci://h.example/acme:1` is no guardrail pack: its layer is `application/vnd.oci.image.layer.v1.tar+gzip`, not `application/wasm`; push it with `gabion push`");
        insta::assert_snapshot!(told(r#"{"layers":[{"mediaType":"application/wasm","digest":"sha256:../..","size":1}]}"#), @"`oci://h.example/acme:1` is no guardrail pack: its manifest names a part without a digest and a fitting size");
    }
}
