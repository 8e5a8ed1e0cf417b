//! The macros of `gabion-guardrail`, the Rust SDK for Gabion guardrails: `#[rule]` and `#[derive(Settings)]`.
//!
//! What they mean, with examples, stands in the documentation of `gabion-guardrail`, which re-exports them. Here is
//! the reading of what an author wrote, and what to say where it is wrong: each error points at the wrong word.

mod rule;
mod settings;
mod words;

use proc_macro::TokenStream;

/// Makes a rule of a function: its doc comment is the rule's page, the attribute its metadata.
///
/// A function of `&Change` judges one change, a function of `&Graph` the whole plan.
#[proc_macro_attribute]
pub fn rule(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    rule::expand(arguments.into(), &item)
        .unwrap_or_else(|error| {
            // The function stays, so that one wrong word is one error.
            let error = error.into_compile_error();
            quote::quote!(#error #item)
        })
        .into()
}

/// Makes the settings of a pack of a struct: its JSON Schema, and how to read them.
#[proc_macro_derive(Settings, attributes(setting))]
pub fn settings(item: TokenStream) -> TokenStream {
    settings::expand(item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
