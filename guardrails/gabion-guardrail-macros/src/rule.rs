//! `#[rule(...)]` on a function.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{
    Error, Expr, FnArg, Ident, ItemFn, LitStr, Result, ReturnType, Token, Type, parenthesized,
};

use crate::words::{doc, unknown};

const ARGUMENTS: [&str; 7] = [
    "code", "name", "title", "level", "since", "targets", "controls",
];
const LEVELS: [&str; 3] = ["mandatory", "advisory", "off"];
const CONTROLS: [&str; 5] = [
    "own",
    "cis_v5",
    "cis_v7",
    "security_hub",
    "security_hub_unconfirmed",
];

/// What the rule is asked about.
#[derive(Clone, Copy)]
enum Subject {
    Change,
    Graph,
}

/// What stands between the parentheses.
#[derive(Default)]
struct Arguments {
    code: Option<LitStr>,
    name: Option<LitStr>,
    title: Option<LitStr>,
    level: Option<Ident>,
    since: Option<LitStr>,
    targets: Option<Vec<TokenStream>>,
    controls: Option<Vec<TokenStream>>,
}

pub(crate) fn expand(arguments: TokenStream, item: &TokenStream) -> Result<TokenStream> {
    let function: ItemFn = syn::parse2(item.clone()).map_err(|error| {
        Error::new(
            error.span(),
            "a rule is a function, `fn no_owner(change: &Change) -> Outcome`",
        )
    })?;
    let subject = subject(&function)?;
    let Some(page) = doc(&function.attrs) else {
        return Err(Error::new(
            function.sig.ident.span(),
            "the doc comment of a rule is its page: say what it finds, why that matters and how to mend it",
        ));
    };
    let arguments = Arguments::parse.parse2(arguments)?;
    let missing = |what: &str| {
        Error::new(
            Span::call_site(),
            format!("the rule has no `{what}`: `#[rule({what} = \"...\")]`"),
        )
    };
    let code = arguments.code.ok_or_else(|| missing("code"))?;
    let title = arguments.title.ok_or_else(|| missing("title"))?;
    let since = arguments.since.ok_or_else(|| missing("since"))?;
    let level = arguments.level.ok_or_else(|| {
        Error::new(
            Span::call_site(),
            "the rule has no `level`: `level = mandatory`, `advisory` or `off`",
        )
    })?;
    let targets = arguments.targets.ok_or_else(|| {
        Error::new(
            Span::call_site(),
            "the rule has no `targets`: `targets(aws_s3_bucket(provider = \"hashicorp/aws\", versions = \">= 5.0\"))`, \
             or `targets(any)` for every resource type",
        )
    })?;
    let controls = arguments.controls.unwrap_or_default();
    let ident = &function.sig.ident;
    let name = match arguments.name {
        Some(name) => name.value(),
        None => ident.unraw().to_string().replace('_', "-"),
    };
    let level = Ident::new(&capital(&level.to_string()), level.span());
    let (scope, method) = match subject {
        Subject::Change => (quote!(Change), quote!(check)),
        Subject::Graph => (quote!(Plan), quote!(check_plan)),
    };
    let argument = match subject {
        Subject::Change => quote!(&::gabion_guardrail::Change),
        Subject::Graph => quote!(&::gabion_guardrail::Graph),
    };
    let answer = match &function.sig.output {
        ReturnType::Type(_, answer) => answer.span(),
        ReturnType::Default => ident.span(),
    };
    let call = quote_spanned!(answer=> #ident(subject));
    let visibility = &function.vis;
    Ok(quote! {
        #function

        // A type of the function's name, in the namespace that functions leave free: `pack!` finds the rule by it.
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_docs, missing_debug_implementations, unreachable_pub)]
        #visibility enum #ident {}

        impl ::gabion_guardrail::Rule for #ident {
            const METADATA: ::gabion_guardrail::Metadata = ::gabion_guardrail::Metadata {
                code: #code,
                name: #name,
                title: #title,
                doc: #page,
                level: ::gabion_guardrail::Level::#level,
                scope: ::gabion_guardrail::Scope::#scope,
                targets: &[#(#targets),*],
                controls: &[#(#controls),*],
                since: #since,
            };

            fn #method(subject: #argument) -> ::gabion_guardrail::Outcome {
                #call
            }
        }
    })
}

/// What the function is asked about, from its one argument.
fn subject(function: &ItemFn) -> Result<Subject> {
    let signature = &function.sig;
    let wanted = "a rule takes one argument: `change: &Change` for one change, `graph: &Graph` for the whole plan";
    if let Some(word) = &signature.asyncness {
        return Err(Error::new(
            word.span(),
            "a rule cannot wait: leave out `async`",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(
            signature.generics.span(),
            "a rule has no type parameters",
        ));
    }
    if let ReturnType::Default = signature.output {
        return Err(Error::new(
            signature.ident.span(),
            "a rule answers: `-> Outcome`",
        ));
    }
    let mut inputs = signature.inputs.iter();
    let (Some(FnArg::Typed(input)), None) = (inputs.next(), inputs.next()) else {
        return Err(Error::new(signature.paren_token.span.join(), wanted));
    };
    let Type::Reference(reference) = input.ty.as_ref() else {
        return Err(Error::new(input.ty.span(), wanted));
    };
    let last = match reference.elem.as_ref() {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    match last.map(|segment| segment.ident.to_string()).as_deref() {
        Some("Change") => Ok(Subject::Change),
        Some("Graph") => Ok(Subject::Graph),
        _ => Err(Error::new(input.ty.span(), wanted)),
    }
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut all = Self::default();
        while !input.is_empty() {
            let word = input.call(Ident::parse_any)?;
            let name = word.to_string();
            match name.as_str() {
                "code" => once(&mut all.code, &word, |_| text(input, check_code))?,
                "name" => once(&mut all.name, &word, |_| text(input, check_name))?,
                "title" => once(&mut all.title, &word, |_| text(input, check_title))?,
                "since" => once(&mut all.since, &word, |_| text(input, check_since))?,
                "level" => once(&mut all.level, &word, |_| level(input))?,
                "targets" => once(&mut all.targets, &word, |_| targets(input))?,
                "controls" => once(&mut all.controls, &word, |_| controls(input))?,
                _ => return Err(unknown(word.span(), "argument", &name, &ARGUMENTS)),
            }
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        Ok(all)
    }
}

fn once<T>(
    place: &mut Option<T>,
    word: &Ident,
    read: impl FnOnce(&Ident) -> Result<T>,
) -> Result<()> {
    if place.is_some() {
        return Err(Error::new(word.span(), format!("`{word}` stands twice")));
    }
    *place = Some(read(word)?);
    Ok(())
}

/// `= "text"`.
fn text(input: ParseStream<'_>, check: fn(&str) -> Option<&'static str>) -> Result<LitStr> {
    input.parse::<Token![=]>()?;
    let text: LitStr = input
        .parse()
        .map_err(|error| Error::new(error.span(), "a text in quotes belongs here"))?;
    match check(&text.value()) {
        Some(wrong) => Err(Error::new(text.span(), wrong)),
        None => Ok(text),
    }
}

fn check_code(code: &str) -> Option<&'static str> {
    let good = code.starts_with(|c: char| c.is_ascii_uppercase())
        && code.len() <= 32
        && code.bytes().all(|byte| {
            byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-_".contains(&byte)
        });
    (!good).then_some(
        "a code is upper-case letters and digits, as `AC01` is, at most 32, and stays for ever",
    )
}

fn check_name(name: &str) -> Option<&'static str> {
    let good = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (!good).then_some("a name is lower-case letters, digits and `-`, as `bucket-without-owner` is")
}

fn check_title(title: &str) -> Option<&'static str> {
    let good = !title.trim().is_empty() && !title.contains('\n') && !title.ends_with('.');
    (!good).then_some(
        "a title is one line without a final full stop, as `a bucket without an owner` is",
    )
}

fn check_since(version: &str) -> Option<&'static str> {
    let mut parts = version.split('.');
    let number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u64>().is_ok());
    let good = number(parts.next())
        && number(parts.next())
        && number(parts.next())
        && parts.next().is_none();
    (!good).then_some("the pack version that brought the rule, as `1.0.0`")
}

/// `= mandatory`.
fn level(input: ParseStream<'_>) -> Result<Ident> {
    input.parse::<Token![=]>()?;
    let level: Ident = input.parse().map_err(|error| {
        Error::new(
            error.span(),
            "a level belongs here: `mandatory`, `advisory` or `off`",
        )
    })?;
    let name = level.to_string();
    if LEVELS.contains(&name.as_str()) {
        Ok(level)
    } else {
        Err(unknown(level.span(), "level", &name, &LEVELS))
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

/// Which provider, and in which versions the rule was tested with it.
#[derive(Default)]
struct Provider {
    provider: Option<LitStr>,
    versions: Option<LitStr>,
}

impl Provider {
    /// Reads `provider = "..."` or `versions = "..."`.
    fn argument(&mut self, input: ParseStream<'_>) -> Result<()> {
        let word: Ident = input.parse()?;
        match word.to_string().as_str() {
            "provider" => once(&mut self.provider, &word, |_| text(input, check_provider)),
            "versions" => once(&mut self.versions, &word, |_| text(input, check_versions)),
            other => Err(unknown(
                word.span(),
                "argument of a target",
                other,
                &["provider", "versions"],
            )),
        }
    }
}

fn check_provider(provider: &str) -> Option<&'static str> {
    let good = provider.split_once('/').is_some_and(|(namespace, name)| {
        !namespace.is_empty() && !name.is_empty() && !name.contains('/')
    });
    (!good).then_some("a provider is written without its host, as `hashicorp/aws` is")
}

fn check_versions(versions: &str) -> Option<&'static str> {
    let good = versions.split(',').all(|part| {
        let part = part
            .trim()
            .trim_start_matches(['=', '!', '<', '>', '~'])
            .trim();
        part.starts_with(|c: char| c.is_ascii_digit())
    });
    (!good).then_some("versions are written as Terraform writes them, as `>= 5.0, < 7.0`")
}

enum Target {
    Of(Ident, Provider),
    Made(Expr),
}

/// `(aws_s3_bucket(provider = "...", versions = "..."))`, `(provider = "...", versions = "...", aws_s3_bucket, ...)`,
/// `(any)`, or expressions of type `Target`.
fn targets(input: ParseStream<'_>) -> Result<Vec<TokenStream>> {
    let inner;
    let parentheses = parenthesized!(inner in input);
    let mut shared = Provider::default();
    let mut found = Vec::new();
    let mut any = None;
    while !inner.is_empty() {
        if inner.peek(Ident) && inner.peek2(Token![=]) {
            shared.argument(&inner)?;
        } else if inner.peek(Ident) && (inner.peek2(Token![,]) || is_last(&inner)) {
            let word: Ident = inner.parse()?;
            if word == "any" {
                any = Some(word);
            } else {
                found.push(Target::Of(word, Provider::default()));
            }
        } else if let Some((word, own)) = structured(&inner)? {
            found.push(Target::Of(word, own));
        } else {
            found.push(Target::Made(inner.parse()?));
        }
        if inner.is_empty() {
            break;
        }
        inner.parse::<Token![,]>()?;
    }
    match any {
        Some(word) if !found.is_empty() => {
            return Err(Error::new(
                word.span(),
                "`any` stands alone: it means every resource type",
            ));
        }
        None if found.is_empty() => {
            return Err(Error::new(
                parentheses.span.join(),
                "name the resource types that the rule judges, or `any` for all",
            ));
        }
        _ => {}
    }
    found
        .into_iter()
        .map(|target| match target {
            Target::Made(made) => Ok(quote!(#made)),
            Target::Of(word, own) => {
                let provider = own
                    .provider
                    .or_else(|| shared.provider.clone())
                    .ok_or_else(|| {
                        Error::new(
                            word.span(),
                            format!(
                                "`{word}` has no provider: `{word}(provider = \"hashicorp/aws\")`"
                            ),
                        )
                    })?;
                // Without a constraint: any version.
                let versions = match own.versions.or_else(|| shared.versions.clone()) {
                    Some(versions) => quote!(#versions),
                    None => quote!(""),
                };
                let name = word.unraw().to_string();
                Ok(quote!(::gabion_guardrail::Target::new(#name, #provider, #versions)))
            }
        })
        .collect()
}

fn is_last(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.parse::<Ident>().is_ok() && fork.is_empty()
}

/// `aws_s3_bucket(provider = ...)`; `None` where it is something else, such as a call.
fn structured(input: ParseStream<'_>) -> Result<Option<(Ident, Provider)>> {
    if !(input.peek(Ident) && input.peek2(syn::token::Paren)) {
        return Ok(None);
    }
    let fork = input.fork();
    fork.parse::<Ident>()?;
    let looked;
    parenthesized!(looked in fork);
    if !(looked.peek(Ident) && looked.peek2(Token![=])) {
        return Ok(None);
    }
    let word: Ident = input.parse()?;
    let inner;
    parenthesized!(inner in input);
    let mut own = Provider::default();
    while !inner.is_empty() {
        own.argument(&inner)?;
        if inner.is_empty() {
            break;
        }
        inner.parse::<Token![,]>()?;
    }
    Ok(Some((word, own)))
}

/// `(own("AC01"), security_hub("S3.8"))`, or expressions of type `Control`.
fn controls(input: ParseStream<'_>) -> Result<Vec<TokenStream>> {
    let inner;
    parenthesized!(inner in input);
    Punctuated::<Expr, Token![,]>::parse_terminated(&inner)?
        .into_iter()
        .map(|control| {
            let Expr::Call(call) = &control else {
                return Ok(quote!(#control));
            };
            let Expr::Path(path) = call.func.as_ref() else {
                return Ok(quote!(#control));
            };
            let Some(word) = path.path.get_ident() else {
                return Ok(quote!(#control));
            };
            let name = word.to_string();
            if CONTROLS.contains(&name.as_str()) {
                Ok(quote!(::gabion_guardrail::Control::#control))
            } else {
                let mut error = unknown(word.span(), "framework", &name, &CONTROLS);
                error.combine(Error::new(
                    word.span(),
                    "another framework is written `Control::new(\"framework\", \"id\", true)`",
                ));
                Err(error)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the author is told, each error in a line.
    fn told(arguments: &str, function: &str) -> String {
        let arguments = arguments.parse().unwrap();
        match expand(arguments, &function.parse().unwrap()) {
            Ok(_) => "nothing".to_owned(),
            Err(error) => {
                let all: Vec<_> = error.into_iter().map(|error| error.to_string()).collect();
                all.join("\n")
            }
        }
    }

    const GOOD: &str =
        r#"code = "AC01", title = "a bad thing", level = mandatory, since = "1.0.0""#;
    const FUNCTION: &str = "/// Its page.\nfn bad_thing(change: &Change) -> Outcome { PASS }";

    fn with(arguments: &str) -> String {
        told(&format!("{GOOD}, {arguments}"), FUNCTION)
    }

    #[test]
    fn what_is_right_says_nothing() {
        for targets in [
            "targets(any)",
            r#"targets(a_b(provider = "x/y", versions = ">= 1.0, < 2"))"#,
            r#"targets(provider = "x/y", a_b, c_d(versions = "~> 2.0"),)"#,
            r#"targets(aws("a_b"), crate::OTHER)"#,
            r#"targets(any), controls(own("AC01"), Control::new("pci-dss", "3.4", true), MINE)"#,
        ] {
            assert_eq!(with(targets), "nothing", "{targets}");
        }
        let graph = "/// Its page.\npub(crate) fn whole(graph: &gabion_guardrail::Graph) -> Outcome { PASS }";
        assert_eq!(told(&format!("{GOOD}, targets(any)"), graph), "nothing");
    }

    #[test]
    fn the_name_is_that_of_the_function() {
        let arguments = format!("{GOOD}, targets(any)").parse().unwrap();
        let made = expand(arguments, &FUNCTION.parse().unwrap())
            .unwrap()
            .to_string();
        assert!(
            made.contains("\"bad-thing\"") && made.contains(" Its page."),
            "{made}"
        );
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (arguments, wanted) in [
            (
                r#"targets(any), titel = "x""#,
                "there is no argument `titel`; did you mean `title`? known are `code`, `name`, `title`, `level`, `since`, `targets`, `controls`",
            ),
            (r#"targets(any), title = "x""#, "`title` stands twice"),
            (
                "targets()",
                "name the resource types that the rule judges, or `any` for all",
            ),
            (
                "targets(aws_s3_bucket)",
                "`aws_s3_bucket` has no provider: `aws_s3_bucket(provider = \"hashicorp/aws\")`",
            ),
            (
                r#"targets(any, aws("x"))"#,
                "`any` stands alone: it means every resource type",
            ),
            (
                r#"targets(a(provider = "aws"))"#,
                "a provider is written without its host, as `hashicorp/aws` is",
            ),
            (
                r#"targets(a(provider = "x/y", version = "1"))"#,
                "there is no argument of a target `version`; did you mean `versions`? known are `provider`, `versions`",
            ),
            (
                r#"targets(a(provider = "x/y", versions = "new"))"#,
                "versions are written as Terraform writes them, as `>= 5.0, < 7.0`",
            ),
            (
                r#"targets(any), controls(cis("1"))"#,
                "there is no framework `cis`; known are `own`, `cis_v5`, `cis_v7`, `security_hub`, `security_hub_unconfirmed`\nanother framework is written `Control::new(\"framework\", \"id\", true)`",
            ),
        ] {
            assert_eq!(with(arguments), wanted, "{arguments}");
        }
        let say = |from, to| told(&format!("{GOOD}, targets(any)").replace(from, to), FUNCTION);
        assert_eq!(
            say("mandatory", "mandatry"),
            "there is no level `mandatry`; did you mean `mandatory`? known are `mandatory`, `advisory`, `off`"
        );
        assert_eq!(
            say("AC01", "ac01"),
            "a code is upper-case letters and digits, as `AC01` is, at most 32, and stays for ever"
        );
        assert_eq!(
            say("thing", "thing."),
            "a title is one line without a final full stop, as `a bucket without an owner` is"
        );
        assert_eq!(
            say("1.0.0", "1.0"),
            "the pack version that brought the rule, as `1.0.0`"
        );
        assert_eq!(
            say("code = \"AC01\",", ""),
            "the rule has no `code`: `#[rule(code = \"...\")]`"
        );
        assert!(say(", targets(any)", "").starts_with("the rule has no `targets`"));
    }

    #[test]
    fn wrong_functions_are_named() {
        let say = |function| told(&format!("{GOOD}, targets(any)"), function);
        let wanted = "a rule takes one argument: `change: &Change` for one change, `graph: &Graph` for the whole plan";
        for function in [
            "/// P\nfn a() -> Outcome { PASS }",
            "/// P\nfn a(change: Change) -> Outcome { PASS }",
            "/// P\nfn a(change: &Value) -> Outcome { PASS }",
            "/// P\nfn a(change: &Change, graph: &Graph) -> Outcome { PASS }",
        ] {
            assert_eq!(say(function), wanted, "{function}");
        }
        assert!(
            say("fn a(change: &Change) -> Outcome { PASS }")
                .starts_with("the doc comment of a rule is its page")
        );
        assert_eq!(
            say("/// P\nfn a(change: &Change) { PASS }"),
            "a rule answers: `-> Outcome`"
        );
        assert_eq!(
            say("/// P\nasync fn a(change: &Change) -> Outcome { PASS }"),
            "a rule cannot wait: leave out `async`"
        );
        assert!(say("/// P\nstruct A;").starts_with("a rule is a function"));
    }
}
