//! Which segments of this project's provider are connected, and whether that joins environments.

use gabion_guardrail::prelude::*;

/// Adds a finding for each segment that connects to one of another environment, and what keeps that from being told.
pub(super) fn connections(graph: &Graph, segments: &[Change], review: &mut Review) {
    for near in segments {
        review.look(|| {
            let Some(from) = environment(near)? else {
                return Ok(None);
            };
            let (far, elsewhere) = connected(graph, near, segments)?;
            for other in far {
                if let Some(to) = environment(other)?
                    && to != from
                {
                    let message = ["a connection leads from ", &from, " to ", &to].concat();
                    let observed = [&from, " to ", &to].concat();
                    let finding = Finding::new("connects_to", message).observed(observed);
                    return Ok(Some(finding.on(near.address())));
                }
            }
            // The segment refuses one of another environment itself, unless its arguments let it.
            if let Some(other) = elsewhere
                && allows_others(near, &from)?
            {
                let why = ["the segment `", &other, "` is in another configuration"].concat();
                return Err(Stop::Undetermined(why));
            }
            Ok(None)
        });
    }
}

fn environment(segment: &Change) -> Result<Option<String>, Stop> {
    let text = segment.after().get("environment").filled()?;
    Ok(text.map(|text| text.trim().to_ascii_lowercase()))
}

fn allows_others(segment: &Change, own: &str) -> Result<bool, Stop> {
    for one in segment.after().get("allowed_environments").elements()? {
        if one
            .text()?
            .is_some_and(|name| !name.trim().eq_ignore_ascii_case(own))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The segments of this plan that one is connected to, by reference on a first create, else by id; and one that is in
/// no plan.
fn connected<'s>(
    graph: &Graph,
    near: &Change,
    segments: &'s [Change],
) -> Result<(Vec<&'s Change>, Option<String>), Stop> {
    let mut found: Vec<&Change> = Vec::new();
    let (mut elsewhere, mut told) = (None, 0_usize);
    for reference in graph.references(near) {
        let rest = reference.path.strip_prefix("connects_to");
        if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.'])) {
            continue;
        }
        let is = |other: &&Change, whole: bool| {
            other.address().is_some_and(|address| {
                address == reference.address
                    || !whole && without_keys(&address) == without_keys(&reference.address)
            })
        };
        told += 1;
        let named = segments.iter().find(|other| is(other, true));
        match named {
            Some(other) => found.push(other),
            None => found.extend(segments.iter().filter(|other| is(other, false))),
        }
    }
    let at = near.after().get("connects_to");
    // What references tell need not be read: an id that is not known yet says nothing.
    if told > 0 && at.size()? as usize == told {
        return Ok((found, elsewhere));
    }
    for one in at.elements()? {
        let Some(text) = one.text()? else {
            continue;
        };
        let id = text.rsplit('/').next().unwrap_or_default();
        let mut known = None;
        for other in segments {
            let own = other.after().get("id");
            if matches!(own.kind(), Kind::Text) && own.text()?.as_deref() == Some(id) {
                known = Some(other);
            }
        }
        match known {
            Some(other) => found.push(other),
            None => elsewhere = Some(text),
        }
    }
    Ok((found, elsewhere))
}

/// An address without the keys of instances.
fn without_keys(address: &str) -> String {
    let (mut text, mut depth) = (String::new(), 0_u32);
    for letter in address.chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(letter),
            _ => {}
        }
    }
    text
}
