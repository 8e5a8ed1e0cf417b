//! `#[derive(Settings)]` on a struct with named fields, or on an enum of plain words.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{
    Data, DataEnum, DataStruct, DeriveInput, Error, Expr, ExprLit, Field, Fields, Ident, Lit,
    LitInt, LitStr, Result, Token,
};

use crate::words::{doc, unknown};

const WORDS: [&str; 5] = ["default", "min", "max", "min_items", "one_of"];

/// What `#[setting(...)]` says of a field.
#[derive(Default)]
struct Setting {
    default: Option<TokenStream>,
    least: Option<TokenStream>,
    most: Option<TokenStream>,
    least_items: Option<LitInt>,
    one_of: Option<Vec<LitStr>>,
}

pub(crate) fn expand(item: TokenStream) -> Result<TokenStream> {
    let item: DeriveInput = syn::parse2(item)?;
    if !item.generics.params.is_empty() {
        return Err(Error::new(
            item.generics.span(),
            "settings have no type parameters",
        ));
    }
    match &item.data {
        Data::Struct(data) => of_struct(&item, data),
        Data::Enum(data) => of_enum(&item, data),
        Data::Union(_) => Err(Error::new(
            item.ident.span(),
            "settings are a struct with named fields, or an enum of plain words",
        )),
    }
}

fn of_struct(item: &DeriveInput, data: &DataStruct) -> Result<TokenStream> {
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new(
            item.ident.span(),
            "settings are a struct with named fields, one a setting",
        ));
    };
    let name = &item.ident;
    let mut names = Vec::new();
    let mut idents = Vec::new();
    let mut schemas = Vec::new();
    let mut reads = Vec::new();
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let key = ident.unraw().to_string();
        let Some(doc) = doc(&field.attrs) else {
            return Err(Error::new(
                ident.span(),
                format!("say what `{key}` is for: its doc comment is shown to those who set it"),
            ));
        };
        let setting = attributes(field)?;
        let kind = &field.ty;
        let default = match &setting.default {
            Some(value) => quote!(::core::option::Option::Some(|| -> #kind { #value })),
            None => quote!(::core::option::Option::None),
        };
        let limits = limits(&setting);
        // A function, so that the default is made where it is needed only.
        schemas.push(quote!(of.field::<#kind>(#key, #doc, #default, &#limits);));
        reads.push(quote!(from.field::<#kind>(#key, #default, &#limits)));
        names.push(key);
        idents.push(ident);
    }
    let made: Vec<Ident> = idents
        .iter()
        .map(|ident| quote::format_ident!("__{}", ident.unraw()))
        .collect();
    Ok(quote! {
        impl ::gabion_guardrail::settings::Setting for #name {
            fn schema() -> ::gabion_guardrail::json::Json {
                #[allow(unused_mut)]
                let mut of = ::gabion_guardrail::settings::SchemaOf::new();
                #(#schemas)*
                of.finish()
            }

            fn read(
                value: &::gabion_guardrail::json::Json,
                at: &str,
                problems: &mut ::std::vec::Vec<::gabion_guardrail::SettingsProblem>,
            ) -> ::core::option::Option<Self> {
                #[allow(unused_mut)]
                let mut from = ::gabion_guardrail::settings::Fields::new(value, at, &[#(#names),*], problems)?;
                #(let #made = #reads;)*
                ::core::option::Option::Some(Self { #(#idents: #made?),* })
            }

            fn write(&self) -> ::gabion_guardrail::json::Json {
                ::gabion_guardrail::json::Json::Map(::std::vec![
                    #((#names.to_owned(), ::gabion_guardrail::settings::Setting::write(&self.#idents))),*
                ])
            }
        }

        impl ::gabion_guardrail::Settings for #name {}
    })
}

fn of_enum(item: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let name = &item.ident;
    let mut words = Vec::new();
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(
                variant.span(),
                "a setting of several words has plain variants, without fields",
            ));
        }
        words.push(snake(&variant.ident.unraw().to_string()));
        variants.push(&variant.ident);
    }
    if words.is_empty() {
        return Err(Error::new(
            name.span(),
            "an enum without words can hold none",
        ));
    }
    Ok(quote! {
        impl ::gabion_guardrail::settings::Setting for #name {
            fn schema() -> ::gabion_guardrail::json::Json {
                ::gabion_guardrail::settings::words(&[#(#words),*])
            }

            fn read(
                value: &::gabion_guardrail::json::Json,
                at: &str,
                problems: &mut ::std::vec::Vec<::gabion_guardrail::SettingsProblem>,
            ) -> ::core::option::Option<Self> {
                match ::gabion_guardrail::settings::word(value, at, &[#(#words),*], problems)? {
                    #(#words => ::core::option::Option::Some(Self::#variants),)*
                    _ => ::core::option::Option::None,
                }
            }

            fn write(&self) -> ::gabion_guardrail::json::Json {
                ::gabion_guardrail::json::Json::from(match self {
                    #(Self::#variants => #words,)*
                })
            }
        }
    })
}

fn limits(setting: &Setting) -> TokenStream {
    let option = |value: Option<TokenStream>| match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    };
    let least = option(setting.least.clone());
    let most = option(setting.most.clone());
    let least_items = option(setting.least_items.as_ref().map(|value| quote!(#value)));
    let one_of = setting.one_of.as_deref().unwrap_or_default();
    quote!(::gabion_guardrail::settings::Limits {
        least: #least,
        most: #most,
        least_items: #least_items,
        one_of: &[#(#one_of),*],
    })
}

fn attributes(field: &Field) -> Result<Setting> {
    let mut setting = Setting::default();
    for attribute in &field.attrs {
        if !attribute.path().is_ident("setting") {
            continue;
        }
        attribute.parse_nested_meta(|meta| {
            let word = meta
                .path
                .get_ident()
                .map(ToString::to_string)
                .unwrap_or_default();
            match word.as_str() {
                "default" => {
                    setting.default = Some(if meta.input.peek(Token![=]) {
                        default(&meta.value()?.parse()?)
                    } else {
                        quote!(::core::default::Default::default())
                    });
                }
                "min" => {
                    let value: Expr = meta.value()?.parse()?;
                    setting.least = Some(quote!(#value));
                }
                "max" => {
                    let value: Expr = meta.value()?.parse()?;
                    setting.most = Some(quote!(#value));
                }
                "min_items" => setting.least_items = Some(meta.value()?.parse()?),
                "one_of" => {
                    let list: Expr = meta.value()?.parse()?;
                    setting.one_of = Some(texts(&list)?);
                }
                _ => return Err(unknown(meta.path.span(), "argument", &word, &WORDS)),
            }
            Ok(())
        })?;
    }
    Ok(setting)
}

/// A default as written: texts become `String`, lists `Vec`, everything else stays.
fn default(value: &Expr) -> TokenStream {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => quote!(::std::string::String::from(#text)),
        Expr::Array(array) => {
            let elements = array.elems.iter().map(default);
            quote!(::std::vec![#(#elements),*])
        }
        other => quote!(#other),
    }
}

fn texts(list: &Expr) -> Result<Vec<LitStr>> {
    let wrong = |span| {
        Error::new(
            span,
            "a list of texts belongs here, `one_of = [\"a\", \"b\"]`",
        )
    };
    let Expr::Array(array) = list else {
        return Err(wrong(list.span()));
    };
    array
        .elems
        .iter()
        .map(|element| match element {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Ok(text.clone()),
            other => Err(wrong(other.span())),
        })
        .collect()
}

/// `VeryStrict` as `very_strict`.
fn snake(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_settings_are_named() {
        let told = |item: &str| match expand(item.parse().unwrap()) {
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(
            told("struct S { /// D\n #[setting(default = 1, min = 0)] a: i64 }"),
            "nothing"
        );
        assert_eq!(
            told("struct S { a: i64 }"),
            "say what `a` is for: its doc comment is shown to those who set it"
        );
        assert_eq!(
            told("struct S { /// D\n #[setting(defualt = 1)] a: i64 }"),
            "there is no argument `defualt`; did you mean `default`? known are `default`, `min`, `max`, `min_items`, `one_of`"
        );
        assert_eq!(
            told("struct S { /// D\n #[setting(one_of = \"a\")] a: String }"),
            "a list of texts belongs here, `one_of = [\"a\", \"b\"]`"
        );
        assert_eq!(
            told("struct S(i64);"),
            "settings are a struct with named fields, one a setting"
        );
        assert_eq!(
            told("enum E { A(i64) }"),
            "a setting of several words has plain variants, without fields"
        );
        assert_eq!(told("enum E {}"), "an enum without words can hold none");
    }

    #[test]
    fn variants_are_words() {
        assert_eq!(snake("VeryStrict"), "very_strict");
        assert_eq!(snake("Off"), "off");
    }
}
