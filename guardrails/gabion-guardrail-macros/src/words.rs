//! What both macros share: doc comments, and the nearest of the known words.

use proc_macro2::Span;
use quote::quote;
use syn::{Attribute, Error, Expr, ExprLit, Lit, Meta};

/// A doc comment as one expression: a literal, or `concat!` where a part is `include_str!`. `None` where there is none.
pub(crate) fn doc(attributes: &[Attribute]) -> Option<proc_macro2::TokenStream> {
    let mut lines = Vec::new();
    let mut text = Some(String::new());
    for attribute in attributes {
        let Meta::NameValue(meta) = &attribute.meta else {
            continue;
        };
        if !meta.path.is_ident("doc") {
            continue;
        }
        match &meta.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(line),
                ..
            }) => {
                if let Some(text) = &mut text {
                    text.push_str(&line.value());
                    text.push('\n');
                }
            }
            _ => text = None,
        }
        lines.push(&meta.value);
    }
    if lines.is_empty() {
        return None;
    }
    Some(match text {
        Some(text) if text.trim().is_empty() => return None,
        Some(text) => quote!(#text),
        None => quote!(::core::concat!(#(#lines, "\n"),*)),
    })
}

/// An error that names the known words, the nearest first where one is near.
pub(crate) fn unknown(span: Span, what: &str, given: &str, known: &[&str]) -> Error {
    let list = known
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let near = known
        .iter()
        .map(|word| (distance(given, word), word))
        .filter(|(distance, word)| *distance * 5 <= word.len() * 2)
        .min()
        .map(|(_, word)| format!("did you mean `{word}`? "))
        .unwrap_or_default();
    Error::new(
        span,
        format!("there is no {what} `{given}`; {near}known are {list}"),
    )
}

/// How many letters must change to make one word of the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut last = i + 1;
        let mut next = vec![last];
        for (r, above) in right.iter().zip(row.iter().skip(1)) {
            last = (diagonal + usize::from(l != *r))
                .min(last + 1)
                .min(above + 1);
            diagonal = *above;
            next.push(last);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word() {
        let say =
            |given| unknown(Span::call_site(), "level", given, &["mandatory", "off"]).to_string();
        assert_eq!(
            say("mandatry"),
            "there is no level `mandatry`; did you mean `mandatory`? known are `mandatory`, `off`"
        );
        assert_eq!(
            say("strict"),
            "there is no level `strict`; known are `mandatory`, `off`"
        );
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
