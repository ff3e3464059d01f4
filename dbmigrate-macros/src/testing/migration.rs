//! Expands `migration_test!`: rows, a migration, and what is expected of it, in this order.

use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::declare::errors::{list, suggest};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;

use super::arguments::{Migrations, of_syn, refuse_two_places, with_help};
use super::asked::Asked;

/// The words that lines begin with.
const WORDS: [&str; 9] = ["at", "rows", "apply", "expect", "loses", "refused", "database", "migrations", "crate"];

/// What is in the braces.
struct Test {
    attributes: Vec<syn::Attribute>,
    name: syn::Ident,
    at: Option<syn::LitStr>,
    apply: syn::LitStr,
    before: Vec<syn::Expr>,
    after: Vec<(syn::Expr, Option<syn::Expr>)>,
    loses: Vec<(syn::LitStr, Option<syn::Expr>)>,
    refused: Option<syn::Expr>,
    database: Option<syn::LitStr>,
    migrations: Option<Migrations>,
    crate_path: Option<syn::Path>,
}

/// The test, or what is wrong.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let expanded = with_help(Test::parse, tokens).map_err(|error| vec![error]).and_then(|test| test.expanded());
    expanded.unwrap_or_else(|errors| crate::compile_errors(&errors))
}

impl Test {
    fn parse(input: ParseStream<'_>) -> Result<Self, DeclareError> {
        let attributes = input.call(syn::Attribute::parse_outer).map_err(of_syn)?;
        input.parse::<syn::Token![fn]>().map_err(|error| {
            DeclareError::new(error.span(), "expected the name of the test").help("begin with it: `fn NAME;`")
        })?;
        let name: syn::Ident = input.parse().map_err(of_syn)?;
        ended(input)?;
        let (mut at, mut apply, mut refused) = (None, None, None);
        let (mut database, mut migrations, mut crate_path) = (None, None, None);
        let (mut before, mut after, mut loses) = (Vec::new(), Vec::new(), Vec::new());
        while !input.is_empty() {
            let word = input.call(syn::Ident::parse_any).map_err(of_syn)?;
            let text = word.to_string();
            let is_new = match text.as_str() {
                "at" => at.replace(input.parse().map_err(of_syn)?).is_none(),
                "rows" => {
                    before.push(input.parse().map_err(of_syn)?);
                    true
                }
                "apply" => apply.replace(input.parse().map_err(of_syn)?).is_none(),
                "expect" => {
                    after.push((input.parse().map_err(of_syn)?, behind_arrow(input)?));
                    true
                }
                "loses" => {
                    loses.push((input.parse().map_err(of_syn)?, behind_arrow(input)?));
                    true
                }
                "refused" => refused.replace(input.parse().map_err(of_syn)?).is_none(),
                "database" => database.replace(input.parse().map_err(of_syn)?).is_none(),
                "migrations" => migrations.replace(input.parse().map_err(of_syn)?).is_none(),
                "crate" => crate_path.replace(input.call(syn::Path::parse_mod_style).map_err(of_syn)?).is_none(),
                _ => {
                    let error = DeclareError::new(word.span(), format!("unknown word `{text}` in `migration_test!`"));
                    return Err(error.help(suggest(&text, &WORDS)));
                }
            };
            if !is_new {
                return Err(DeclareError::new(word.span(), format!("`{text}` is there twice")));
            }
            ended(input)?;
        }
        refuse_two_places(database.as_ref(), migrations.as_ref())?;
        let Some(apply) = apply else {
            let error = DeclareError::new(name.span(), "the test applies no migration");
            return Err(error.help("name the one that it is about: `apply \"0007_…\";`"));
        };
        Ok(Self { attributes, name, at, apply, before, after, loses, refused, database, migrations, crate_path })
    }

    fn expanded(&self) -> Result<TokenStream, Vec<DeclareError>> {
        let facade = crate::facade(self.crate_path.as_ref());
        let private = quote!(#facade::testing::__private);
        let asked = Asked::new(self.database.as_ref(), self.migrations.as_ref(), &facade)?;
        let (at, apply) = self.names(&asked)?;
        let until =
            if let Some(at) = at { quote!(#private::Until::At(#at)) } else { quote!(#private::Until::Before(#apply)) };
        let should_panic = self.attributes.iter().any(|attribute| attribute.path().is_ident("should_panic"));
        let request = asked.request(&self.name, &until, None, should_panic);
        let before = self.before.iter().map(|rows| match rows {
            syn::Expr::Closure(work) => quote_spanned!(work.span()=> __test.__with(#work);),
            sql => quote_spanned!(sql.span()=> __test.run(#sql);),
        });
        let applied = if let Some(why) = &self.refused {
            quote_spanned!(why.span()=> __test.__refused(#why);)
        } else {
            let loses = self.loses.iter().map(|(table, keys)| {
                let keys = keys.as_ref().map(as_list);
                let keys = keys.map_or_else(|| quote!(None), |keys| quote!(Some(&#keys)));
                quote!((#table, ::core::option::Option::#keys))
            });
            let loses: Vec<TokenStream> = loses.collect();
            quote_spanned!(self.apply.span()=> __test.__apply(&[#(#loses),*]);)
        };
        let after = self.after.iter().map(|expected| match expected {
            (syn::Expr::Closure(work), None) => quote_spanned!(work.span()=> __test.__with(#work);),
            (sql, rows) => {
                let rows = rows.as_ref().map_or_else(|| quote!([]), as_list);
                quote_spanned!(sql.span()=> __test.__expect(#sql, &#rows);)
            }
        });
        let Self { attributes, name, .. } = self;
        let tracked = &asked.tracked;
        Ok(quote! {
            #tracked
            #[::core::prelude::v1::test]
            #(#attributes)*
            fn #name() {
                #request
                let mut __test = #facade::testing::MigrationTest::__new(&__REQUEST, #apply);
                #(#before)*
                #applied
                #(#after)*
            }
        })
    }

    /// The migrations that it begins at, if it says so, and applies, as they are called.
    fn names(&self, asked: &Asked<'_>) -> Result<(Option<String>, String), Vec<DeclareError>> {
        let Some(source) = &asked.source else {
            return Ok((self.at.as_ref().map(syn::LitStr::value), self.apply.value()));
        };
        let named = |name: &syn::LitStr| source.named(&name.value()).map_err(|error| error.at(name.span()));
        let mut errors = Vec::new();
        let mut found = |name: &syn::LitStr| named(name).map_err(|error| errors.push(error)).ok().map(str::to_owned);
        let (at, apply) = (self.at.as_ref().and_then(&mut found), found(&self.apply));
        if let (Some(first), Some(at), Some(apply)) = (&self.at, &at, &apply) {
            let place = |wanted: &str| source.names.iter().position(|name| name == wanted);
            if place(at) >= place(apply) {
                let error = DeclareError::new(first.span(), format!("`{at}` does not come before `{apply}`"));
                errors.push(error.help("name one that does, or leave `at` out: the rows are then those before it"));
            }
        }
        match apply {
            Some(apply) if errors.is_empty() => Ok((at, apply)),
            _ => Err(errors),
        }
    }
}

/// The `;` behind a line.
fn ended(input: ParseStream<'_>) -> Result<(), DeclareError> {
    if input.is_empty() {
        return Ok(());
    }
    input.parse::<syn::Token![;]>().map(drop).map_err(|error| {
        let help = format!("each line ends with one, and begins with {}", list(&WORDS));
        DeclareError::new(error.span(), "expected `;`").help(help)
    })
}

fn behind_arrow(input: ParseStream<'_>) -> Result<Option<syn::Expr>, DeclareError> {
    if !input.peek(syn::Token![=>]) {
        return Ok(None);
    }
    input.parse::<syn::Token![=>]>().and_then(|_| input.parse()).map(Some).map_err(of_syn)
}

/// A list of texts, of which one needs no brackets.
fn as_list(expr: &syn::Expr) -> TokenStream {
    match expr {
        syn::Expr::Array(array) => quote!(#array),
        one => quote!([#one]),
    }
}
