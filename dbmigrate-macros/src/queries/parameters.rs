//! The values of the parameters of `query!`: each parameter has one, each value is used, and rustc checks that it is
//! stored as what the parameter is compared with or written to.

use dbmigrate_core::query::{Mistake, Parameter, Typed};
use dbmigrate_core::sql::TokenKind;
use dbmigrate_core::sql::expr::Affinity;
use dbmigrate_core::sql::token::significant;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use super::arguments::{Arguments, Given, span_of};
use super::mistakes::mistake;

/// The values in the order of the parameters.
pub(super) struct Values {
    /// The expressions.
    pub(super) expressions: Vec<TokenStream>,
    /// For each, where it stands and as what it must be stored, if that is known.
    pub(super) classes: Vec<(Span, Option<&'static str>)>,
    /// Values that nothing takes.
    pub(super) surplus: TokenStream,
}

/// Gives each parameter its value.
pub(super) fn values(arguments: &Arguments, parameters: &[Parameter]) -> Result<Values, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut values = Values { expressions: Vec::new(), classes: Vec::new(), surplus: TokenStream::new() };
    let mut positional = arguments.values.iter().filter(|given| given.name.is_none());
    let mut used: Vec<String> = Vec::new();
    let mut next = 1;
    for parameter in parameters {
        while next < parameter.index {
            mistakes.push(mistake(
                &parameter.span,
                format!("parameter {next} is not used, but parameter {} is", parameter.index),
                Some(format!("number them from 1: `?{next}`")),
            ));
            next += 1;
        }
        next = parameter.index + 1;
        let name = parameter.name.as_deref().filter(|name| !name.starts_with('?')).map(|name| &name[1..]);
        let (expression, span) = match name {
            None => {
                let Some(given) = positional.next() else {
                    mistakes.push(mistake(
                        &parameter.span,
                        format!("no value for parameter {}", parameter.index),
                        Some("values stand behind the statement: `query!(\"…\", value)`".to_owned()),
                    ));
                    continue;
                };
                (given.value.to_token_stream(), span_of(&given.value))
            }
            Some(name) => {
                used.push(name.to_owned());
                let is_given = |given: &&Given| given.name.as_ref().is_some_and(|ident| is(ident, name));
                if let Some(given) = arguments.values.iter().find(is_given) {
                    (given.value.to_token_stream(), span_of(&given.value))
                } else if let Some(ident) = identifier(name, arguments.text.span_of(&parameter.span)) {
                    (ident.to_token_stream(), ident.span())
                } else {
                    mistakes.push(mistake(
                        &parameter.span,
                        format!("no value for parameter `{name}`, which is no name in Rust"),
                        None,
                    ));
                    continue;
                }
            }
        };
        values.expressions.push(expression);
        values.classes.push((span, parameter.ty.as_ref().and_then(class)));
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let named = arguments
        .values
        .iter()
        .filter(|given| given.name.as_ref().is_some_and(|ident| !used.iter().any(|name| is(ident, name))));
    values.surplus = positional.chain(named).map(|given| surplus(given, values.expressions.len())).collect();
    Ok(values)
}

fn surplus(given: &Given, count: usize) -> TokenStream {
    let parameters = if count == 1 { "parameter" } else { "parameters" };
    let (span, message) = match &given.name {
        Some(name) => (name.span(), format!("the statement has no parameter `:{name}`")),
        None => (span_of(&given.value), format!("the statement has {count} {parameters}: this value is one too many")),
    };
    quote_spanned!(span=> ::core::compile_error!(#message);)
}

/// The values that a statement has, which may be none: those that are given, and the variables that its parameters name.
pub(super) fn mentioned(arguments: &Arguments) -> Vec<TokenStream> {
    let mut values: Vec<TokenStream> = arguments.values.iter().map(|given| given.value.to_token_stream()).collect();
    for token in significant(&arguments.text.sql) {
        let name = token.text.get(1..).filter(|_| token.kind == TokenKind::Variable).unwrap_or_default();
        let is_given = arguments.values.iter().any(|given| given.name.as_ref().is_some_and(|ident| is(ident, name)));
        let variable = identifier(name, arguments.text.span_of(&(token.start..token.end()))).filter(|_| !is_given);
        values.extend(variable.map(|variable| variable.to_token_stream()));
    }
    values
}

fn is(ident: &Ident, name: &str) -> bool {
    let ident = ident.to_string();
    ident.strip_prefix("r#").unwrap_or(&ident) == name
}

/// A name as an identifier, if it can be one.
pub(super) fn identifier(name: &str, span: Span) -> Option<Ident> {
    let written = dbmigrate_core::declare::rust_keyword::identifier(name)?;
    let mut ident: Ident = syn::parse_str(&written).ok()?;
    ident.set_span(span);
    Some(ident)
}

/// As what a value is stored, if it is known well enough to refuse another one.
pub(super) fn class(ty: &Typed) -> Option<&'static str> {
    match ty.affinity? {
        Affinity::Text => Some("TEXT"),
        Affinity::Integer => Some("INTEGER"),
        Affinity::Real => Some("REAL"),
        // a column without a type has it too, and takes anything
        Affinity::Blob => {
            let declared = ty.declared.as_ref().is_some_and(|declared| !declared.is_empty());
            declared.then_some("BLOB")
        }
        Affinity::Numeric => None,
    }
}

/// The checks, for the body of a function: the values are in `given`.
pub(super) fn checks(values: &Values, facade: &syn::Path) -> TokenStream {
    let checks = values.classes.iter().enumerate().filter_map(|(at, (span, class))| {
        let method = Ident::new(&(*class)?.to_lowercase(), *span);
        let at = syn::Index::from(at);
        Some(quote_spanned!(*span=> p::Given(given.#at).#method();))
    });
    let checks: TokenStream = checks.collect();
    if checks.is_empty() {
        return checks;
    }
    quote! {
        {
            #[allow(unused_imports)]
            use #facade::__private::{self as p, AnyClass as _};
            #checks
        }
    }
}
