//! What is kept of a signature, so that it can be verified later without the network.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A signature on a component, with all that its verification needs besides the public key. Unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The registry's manifest, which names the component by its digest. What is signed is the manifest's digest.
    pub manifest: Vec<u8>,
    /// What was signed: a simple signing document, which names the manifest's digest and the reference.
    pub payload: Vec<u8>,
    /// The signature on the payload, as bytes (DER).
    pub signature: Vec<u8>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    manifest: String,
    payload: String,
    signature: String,
}

/// The list as a file holds it.
pub(super) fn write(signatures: &[Signature]) -> String {
    let written: Vec<Written> = signatures
        .iter()
        .map(|signature| Written {
            manifest: STANDARD.encode(&signature.manifest),
            payload: STANDARD.encode(&signature.payload),
            signature: STANDARD.encode(&signature.signature),
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
    text.push('\n');
    text
}

/// The list that a file holds; `None` where it is none.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<Signature>> {
    let written: Vec<Written> = serde_json::from_slice(bytes).ok()?;
    written
        .into_iter()
        .map(|written| {
            Some(Signature {
                manifest: STANDARD.decode(written.manifest).ok()?,
                payload: STANDARD.decode(written.payload).ok()?,
                signature: STANDARD.decode(written.signature).ok()?,
            })
        })
        .collect()
}
