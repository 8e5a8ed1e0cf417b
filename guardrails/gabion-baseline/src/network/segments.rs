//! Which segments of this project's provider are connected, and whether that joins environments.

use gabion_guardrail::prelude::*;

/// Adds a finding for each segment that connects to one of another environment, and what keeps that from being told.
pub(super) fn connections(graph: &Graph, segments: &[Change], review: &mut Review) {
    for near in segments {
        review.look(|| {
            let Some(from) = environment(near)? else {
                return Ok(None);
            };
            let connected = connected(graph, near, segments)?;
            for other in connected.far {
                if let Some(to) = environment(other)?
                    && to != from
                {
                    let message = ["a connection leads from ", &from, " to ", &to].concat();
                    let observed = [&from, " to ", &to].concat();
                    let finding = Finding::new("connects_to", message).observed(observed);
                    return Ok(Some(finding.on(near.address())));
                }
            }
            if let Some(stop) = connected.unclear {
                return Err(stop);
            }
            // The segment refuses one of another environment itself, unless its arguments let it.
            if let Some(other) = connected.elsewhere
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

/// What one segment is connected to.
#[derive(Default)]
struct Connected<'s> {
    /// Segments of this plan.
    far: Vec<&'s Change>,
    /// One that is in no plan.
    elsewhere: Option<String>,
    /// Why there may be more.
    unclear: Option<Stop>,
}

/// By their ids, where those are known; on a first create by the references. Whether an element is known is not asked of
/// the element: a look at one that is not makes the verdict undetermined.
fn connected<'s>(
    graph: &Graph,
    near: &Change,
    segments: &'s [Change],
) -> Result<Connected<'s>, Stop> {
    let mut found = Connected::default();
    let id_of = |other: &Change| {
        let own = other.after().get("id");
        matches!(own.kind(), Kind::Text).then_some(own)
    };
    let mut told: Vec<(String, Vec<&Change>)> = Vec::new();
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
        let named = match segments.iter().find(|other| is(other, true)) {
            Some(other) => vec![other],
            None => segments.iter().filter(|other| is(other, false)).collect(),
        };
        told.push((reference.address, named));
    }
    let at = near.after().get("connects_to");
    let new = told
        .iter()
        .flat_map(|(_, named)| named)
        .any(|other| id_of(other).is_none());
    if new && at.size()? as usize == told.len() {
        for (address, named) in told {
            // Without a key it is one of the instances.
            let mut names = Vec::new();
            for other in named.iter().filter(|_| named.len() > 1) {
                names.push(environment(other)?);
            }
            names.dedup();
            if names.len() < 2 {
                found.far.extend(named);
            } else {
                let which = ["which instance of `", &address, "` it is, is not told"];
                found.unclear = Some(Stop::Undetermined(which.concat()));
            }
        }
        return Ok(found);
    }
    for one in at.elements()? {
        let Some(text) = one.text()? else {
            continue;
        };
        let id = text.rsplit('/').next().unwrap_or_default();
        let mut known = None;
        for other in segments {
            if let Some(own) = id_of(other)
                && own.text()?.as_deref() == Some(id)
            {
                known = Some(other);
            }
        }
        match known {
            Some(other) => found.far.push(other),
            None => found.elsewhere = Some(text),
        }
    }
    Ok(found)
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
