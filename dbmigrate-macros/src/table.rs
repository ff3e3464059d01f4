//! Expands `#[derive(Table)]` and `#[derive(View)]`.
//!
//! The expansion is an `impl` of consts, and a function that is never called for what only rustc can judge: that
//! `references = User::id` is a field of the same type, and that a const in an attribute exists.
//!
//! The statements among the consts are in [`crate::statements`], what reads and writes rows is in [`crate::rows`], and the
//! comparison with the last migration is in [`crate::check`].

use dbmigrate_core::config::DEFAULT_DATABASE;
use dbmigrate_core::declare::ast::{DefaultClause, Field, Item, Reference};
use dbmigrate_core::declare::rust_types::first_span;
use dbmigrate_core::declare::{DeclareError, Derive, lower_item, naming};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::check::database::ACROSS;
use crate::rustc::Rustc;
use crate::{check, rows, statements};

pub(crate) fn expand(input: &syn::DeriveInput, derive: Derive) -> Result<TokenStream, Vec<DeclareError>> {
    let (item, errors) = dbmigrate_core::declare::parse(input, derive);
    let declaration = lower_item(&item, errors, &Rustc)?;
    let own = check::database::of(&item);
    let others = own.as_ref().ok().filter(|own| own.is_one_of_several).map(|own| own.name.as_deref());
    let facade = crate::facade(item.crate_path.as_ref());
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let ident = &derived(&item.ident);
    let name = item.name().value;
    let name = name.as_str();
    let word = trait_of(derive);
    let columns = item.fields.iter().map(|field| column(field, &item, &facade));
    let checks: Vec<TokenStream> = item.fields.iter().flat_map(|field| field_checks(field, others, &facade)).collect();
    let checks: Vec<TokenStream> = checks.into_iter().chain(key_checks(&item, others, &facade)).collect();
    let elided = has_references(&item).then(|| quote!(#[allow(elided_lifetimes_in_paths)]));
    // neither unused nor used once, which are lints
    let lifetimes_used =
        (!input.generics.params.is_empty()).then(|| quote!(_: &#ident #arguments, _: &#ident #arguments));
    let checks = (!checks.is_empty()).then(|| {
        quote! {
            const _: () = {
                #elided
                fn check #generics (#lifetimes_used) #bounds {
                    #(#checks)*
                }
                let _ = check;
            };
        }
    });
    let names = names(&item, &facade);
    let statements = statements::expand(&item, &declaration, &facade);
    let rows = rows::expand(&item, input, &facade);
    let lifetimes = input.generics.lifetimes().map(|_| quote!('static));
    let database = match (derive, others.flatten()) {
        (Derive::Table, Some(database)) => Some(quote!(const DATABASE: &'static str = #database;)),
        _ => None,
    };
    let comparison = check::expansion(&item, own, &declaration, &quote!(#ident<#(#lifetimes),*>), &facade);
    Ok(quote! {
        #[automatically_derived]
        impl #generics #facade::#word for #ident #arguments #bounds {
            const NAME: &'static str = #name;
            #database
            const COLUMNS: &'static [#facade::Column] = &[#(#columns),*];
            #names
            #statements
        }
        #rows
        #checks
        #comparison
    })
}

/// What stands for the expansion of a declaration that has errors.
pub(crate) fn stub(input: &syn::DeriveInput, derive: Derive) -> TokenStream {
    let (item, _) = dbmigrate_core::declare::parse(input, derive);
    let facade = crate::facade(item.crate_path.as_ref());
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let ident = &derived(&item.ident);
    let word = trait_of(derive);
    let name = item.name().value;
    let (name, names) = (name.as_str(), names(&item, &facade));
    let rows = rows::stub(ident, input, derive, &facade);
    let declared = check::only_declared(&item, &facade);
    let statements = match derive {
        Derive::Table => &["SELECT", "INSERT", "UPSERT"][..],
        Derive::View => &["SELECT"],
    };
    let statements = statements.iter().map(|name| format_ident!("{name}"));
    quote! {
        #[automatically_derived]
        impl #generics #facade::#word for #ident #arguments #bounds {
            const NAME: &'static str = #name;
            const COLUMNS: &'static [#facade::Column] = &[];
            #(const #statements: &'static str = "";)*
            #names
        }
        #rows
        #declared
    }
}

fn trait_of(derive: Derive) -> Ident {
    match derive {
        Derive::Table => format_ident!("Table"),
        Derive::View => format_ident!("View"),
    }
}

/// The name of a struct as a derive says it: whoever declares a deprecated struct does not use it.
fn derived(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(Span::call_site().located_at(ident.span()));
    ident
}

/// The names that other structs cannot tell from this one's identifiers.
fn names(item: &Item, facade: &syn::Path) -> TokenStream {
    let option = |name: Option<&str>| {
        name.map_or_else(|| quote!(::core::option::Option::None), |name| quote!(::core::option::Option::Some(#name)))
    };
    let columns: Vec<TokenStream> = item
        .fields
        .iter()
        .filter(|field| field.renamed_from.is_some() || naming::unraw(&field.ident) != field.name().value.as_str())
        .map(|field| {
            let (ident, name) = (naming::unraw(&field.ident), field.name().value);
            let (name, former) = (name.as_str(), option(field.renamed_from.as_ref().map(|at| at.value.as_str())));
            quote!((#ident, #name, #former))
        })
        .collect();
    if columns.is_empty() && item.renamed_from.is_none() {
        return TokenStream::new();
    }
    let former = option(item.renamed_from.as_ref().map(|at| at.value.as_str()));
    quote! {
        const NAMES: #facade::__private::Names = #facade::__private::Names { former: #former, columns: &[#(#columns),*] };
    }
}

/// The column as an expression that rustc evaluates, so that aliases and newtypes are judged by what they are.
fn column(field: &Field, item: &Item, facade: &syn::Path) -> TokenStream {
    let column = plain_column(field, item, facade);
    if field.generated.is_some() { quote!(#column.generated()) } else { column }
}

fn plain_column(field: &Field, item: &Item, facade: &syn::Path) -> TokenStream {
    let name = field.name().value;
    let name = name.as_str();
    let ty = &field.ty;
    if let Some(decl_type) = &field.decl_type {
        let sql = decl_type.value.as_str();
        // an alias may be one
        let nullable = quote_spanned!(first_span(ty)=> {
            use #facade::__private::NotNullable as _;
            // an `Option` has no use for the trait
            const _: bool = #facade::__private::Nullable::<()>::IS;
            #facade::__private::Nullable::<#ty>::IS
        });
        return quote!(#facade::Column::declared(#name, #sql, #nullable));
    }
    if item.module.is_some() {
        // a module decides what its columns hold; they have no declared type
        return quote!(#facade::Column::declared(#name, "", true));
    }
    quote_spanned!(first_span(ty)=> #facade::Column::of::<#ty>(#name))
}

/// Whether the struct refers to fields of structs, whose lifetimes nobody writes there. Where nothing has to be allowed,
/// nothing is: a crate may forbid it.
fn has_references(item: &Item) -> bool {
    let of_fields = item.fields.iter().filter_map(|field| field.reference.as_ref());
    let all = of_fields.chain(item.foreign_keys.iter().map(|clause| &clause.reference));
    all.into_iter().any(|reference| matches!(reference.value, Reference::Fields(_)))
}

/// The database of a struct whose package has several; `None` in it is the default one.
type OneOfSeveral<'a> = Option<Option<&'a str>>;

/// What rustc has to check for one field: its reference and the const of its default.
fn field_checks(field: &Field, own: OneOfSeveral<'_>, facade: &syn::Path) -> Vec<TokenStream> {
    let mut checks = Vec::new();
    if let Some(reference) = &field.reference
        && let Reference::Fields(paths) = &reference.value
    {
        checks.extend(paths.iter().map(|path| same_type(&field.ty, path, facade)));
        checks.extend(own.zip(paths.first()).map(|(own, path)| same_database(own, path, facade)));
    }
    if let Some(default) = &field.default
        && let DefaultClause::Constant(path) = &default.value
    {
        checks.push(quote_spanned!(path.span()=> let _ = #path;));
    }
    checks
}

/// The same for the pairs of each `foreign_key(…)`.
fn key_checks(item: &Item, own: OneOfSeveral<'_>, facade: &syn::Path) -> Vec<TokenStream> {
    use dbmigrate_core::declare::ast::ColumnWord;
    let mut checks = Vec::new();
    for clause in &item.foreign_keys {
        let Reference::Fields(paths) = &clause.reference.value else { continue };
        checks.extend(own.zip(paths.first()).map(|(own, path)| same_database(own, path, facade)));
        for (word, path) in clause.columns.iter().zip(paths) {
            let (ColumnWord::Word(text) | ColumnWord::Text(text)) = &word.value;
            let by_field = item.fields.iter().find(|field| field.ident == text || field.ident == format!("r#{text}"));
            let field = by_field.or_else(|| item.fields.iter().find(|field| field.name().value == **text));
            checks.extend(field.map(|field| same_type(&field.ty, path, facade)));
        }
    }
    checks
}

/// `User::id` as code: the field exists, and its type is that of the referring field.
fn same_type(ty: &syn::Type, path: &syn::Path, facade: &syn::Path) -> TokenStream {
    let Some((parent, field)) = owner_and_field(path) else { return TokenStream::new() };
    let column = quote_spanned!(field.span()=> &parent.#field);
    // the type's own tokens would pull the error to the field's type; the path is what is wrong
    let ty = located_at(quote!(#ty), field.span());
    let check = quote_spanned!(field.span()=> #facade::__private::refers_to);
    quote!(let _ = |parent: &#parent| #check::<#ty, _>(#column);)
}

/// That the struct of `User::id` belongs to the same database.
fn same_database(own: Option<&str>, path: &syn::Path, facade: &syn::Path) -> TokenStream {
    let Some((parent, field)) = owner_and_field(path) else { return TokenStream::new() };
    let message = format!(
        "`{}` is not in the database `{}`: {ACROSS}\nhelp: remove `references`, or name one database for both structs: \
         `#[table(database = \"…\")]`",
        parent.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        own.unwrap_or(DEFAULT_DATABASE),
    );
    let own = own.unwrap_or_default();
    // the path of the crate stands nowhere
    let check = located_at(quote!(#facade::__private::require_same_database::<#parent>(#own, #message)), field.span());
    quote!(const _: () = #check;)
}

/// `User` and `id` of `User::id`.
pub(crate) fn owner_and_field(path: &syn::Path) -> Option<(syn::Path, Ident)> {
    let mut owner = path.clone();
    let field = owner.segments.pop()?.ident;
    owner.segments.pop_punct();
    Some((owner, field))
}

/// The same tokens, meaning what they mean where they are written, but reported at `span`.
pub(crate) fn located_at(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = &token {
                token = TokenTree::Group(Group::new(group.delimiter(), located_at(group.stream(), span)));
            }
            token.set_span(span.resolved_at(token.span()));
            token
        })
        .collect()
}
