//! `steps { "0007_hash_tokens" => hash_tokens }`: the functions of the steps in Rust, checked against the migrations that
//! have one.

use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::declare::errors::closest;
use dbmigrate_core::folder::Folder;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};

/// What is registered.
pub(super) struct Registered(Vec<(syn::LitStr, syn::Expr)>);

impl Registered {
    /// Whether the tokens ahead are one.
    pub(super) fn is_next(input: ParseStream<'_>) -> bool {
        input.fork().parse::<syn::Ident>().is_ok_and(|word| word == "steps")
    }
}

impl Parse for Registered {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<syn::Ident>()?;
        let inside;
        syn::braced!(inside in input);
        let mut steps = Vec::new();
        while !inside.is_empty() {
            let name = inside.parse::<syn::LitStr>().map_err(|error| {
                syn::Error::new(error.span(), "expected the name of a migration: `\"0007_name\" => function`")
            })?;
            inside.parse::<syn::Token![=>]>()?;
            steps.push((name, inside.parse()?));
            if inside.is_empty() {
                break;
            }
            inside.parse::<syn::Token![,]>()?;
        }
        Ok(Self(steps))
    }
}

/// What is put behind the migrations: a function for each of those that have a step, and nothing else.
///
/// # Errors
/// Every step without a function, at `span`, and every function without a step, at its name.
pub(super) fn checked(
    registered: Option<&Registered>,
    folder: &Folder,
    with_step: &[String],
    span: Span,
) -> Result<TokenStream, Vec<DeclareError>> {
    let registered = registered.map_or(&[][..], |registered| &registered.0);
    let is_registered = |name: &str| registered.iter().any(|(other, _)| other.value() == name);
    let missing: Vec<&str> = with_step.iter().map(String::as_str).filter(|name| !is_registered(name)).collect();
    let mut errors: Vec<DeclareError> = Vec::new();
    let mut suggested: Vec<&str> = Vec::new();
    for (at, (name, _)) in registered.iter().enumerate() {
        let text = name.value();
        if registered[..at].iter().any(|(other, _)| other.value() == text) {
            let error = DeclareError::new(name.span(), format!("the step of `{text}` is there twice"));
            errors.push(error.help("remove one of them"));
        } else if !with_step.contains(&text) {
            let meant = meant(&text, &missing);
            suggested.extend(meant);
            errors.push(left_over(folder, name, meant));
        }
    }
    for name in missing.iter().filter(|name| !suggested.contains(name)) {
        let message = format!("migration `{name}` has a step in Rust, and no function is named for it");
        let function = name.split_once('_').map_or(*name, |(_, slug)| slug);
        let help = format!("name it: `embed_migrations!(steps {{ \"{name}\" => {function} }})`");
        errors.push(DeclareError::new(span, message).help(help));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if registered.is_empty() {
        return Ok(TokenStream::new());
    }
    let steps = registered.iter().map(|(name, function)| quote!((#name, #function)));
    Ok(quote!(.__steps(const { &[#(#steps),*] })))
}

/// A function for which there is no step.
fn left_over(folder: &Folder, name: &syn::LitStr, meant: Option<&str>) -> DeclareError {
    let text = name.value();
    let is_there = folder.migrations().iter().any(|migration| migration.name.as_str() == text);
    let (message, help) = if is_there {
        let help = "remove the function, or mark where it runs in the migration's SQL: `-- dbmigrate: rust`";
        (format!("migration `{text}` has no step in Rust"), help.to_owned())
    } else {
        let help = "remove the function: the step of a migration is named as its folder is".to_owned();
        (format!("no migration `{text}`"), help)
    };
    let help = meant.map_or(help, |meant| format!("did you mean `{meant}`?"));
    DeclareError::new(name.span(), message).help(help)
}

/// The step without a function that a name was meant for: `rebase` gives a migration another number and leaves the rest.
fn meant<'n>(name: &str, missing: &[&'n str]) -> Option<&'n str> {
    let slug = |name: &str| name.split_once('_').map(|(_, slug)| slug.to_owned());
    let same = missing.iter().copied().find(|other| slug(other).is_some() && slug(other) == slug(name));
    same.or_else(|| closest(name, missing.iter().copied()))
}
