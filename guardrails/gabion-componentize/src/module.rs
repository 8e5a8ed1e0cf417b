//! Core modules, byte by byte.

use crate::Error;

const HEADER: [u8; 8] = [0, b'a', b's', b'm', 1, 0, 0, 0];

/// Leaves out the custom sections that a component does not need (names, producers, debugging), so that the
/// bytes depend on the source alone. What describes the component's type stays.
///
/// # Errors
/// Where the bytes are no core module.
pub fn strip(module: &[u8]) -> Result<Vec<u8>, Error> {
    let broken = || Error::new("the compiler's output is not a core module");
    let mut rest = module.strip_prefix(&HEADER).ok_or_else(broken)?;
    let mut kept = HEADER.to_vec();
    while let Some((id, after_id)) = rest.split_first() {
        let (size, body) = leb128(after_id).ok_or_else(broken)?;
        let end = rest.len() - body.len() + size;
        let section = rest.get(..end).ok_or_else(broken)?;
        let named = leb128(body)
            .and_then(|(length, name)| name.get(..length))
            .unwrap_or_default();
        if *id != 0 || named.starts_with(b"component-type") {
            kept.extend_from_slice(section);
        }
        rest = rest.get(end..).ok_or_else(broken)?;
    }
    Ok(kept)
}

/// The functions that a core module imports: from which module, and which. What is odd ends the list.
#[cfg(feature = "encode")]
pub(crate) fn imported_functions(module: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = module.strip_prefix(&HEADER).unwrap_or_default();
    while let Some((id, after_id)) = rest.split_first() {
        let Some((size, body)) = leb128(after_id) else {
            break;
        };
        if *id == 2 {
            let Some((count, mut at)) = leb128(body) else {
                break;
            };
            for _ in 0..count {
                let Some((from, function, next)) = imported_function(at) else {
                    break;
                };
                found.push((from, function));
                at = next;
            }
        }
        rest = body.get(size..).unwrap_or_default();
    }
    found
}

#[cfg(feature = "encode")]
fn imported_function(at: &[u8]) -> Option<(String, String, &[u8])> {
    let (from, at) = name(at)?;
    let (function, at) = name(at)?;
    let (_, after) = leb128(at.strip_prefix(&[0])?)?;
    Some((from, function, after))
}

#[cfg(feature = "encode")]
fn name(at: &[u8]) -> Option<(String, &[u8])> {
    let (length, at) = leb128(at)?;
    let (name, at) = at.split_at_checked(length)?;
    Some((String::from_utf8_lossy(name).into_owned(), at))
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (position, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(position + 1..)?));
        }
    }
    None
}
