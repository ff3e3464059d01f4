//! Reading and writing rows: a struct literal, and a list of fields. This is left to macros of the facade, which expand
//! to nothing without the feature `rows`; only the facade knows whether it is on. For tables and views, the macro
//! gets the fields and makes the rest from them, which is faster than making it here.
//!
//! A bound for each type keeps a type that cannot be read from being an error before it is read. Rust refuses bounds
//! that it knows do not hold, unless they are for all lifetimes.

use dbmigrate_core::declare::Derive;
use dbmigrate_core::declare::ast::Item;
use dbmigrate_core::declare::column_type::{ColumnTypeItem, Shape};
use dbmigrate_core::declare::rust_types::first_span;
use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use quote::quote;

/// Whether some facade may have the feature. Not each has it: one of a build script may be compiled with others than
/// the application's, and the macros are the same for both.
const IS_WANTED: bool = cfg!(any(feature = "rows", test));

/// Of a table or view.
pub(crate) fn expand(item: &Item, input: &syn::DeriveInput, facade: &syn::Path) -> TokenStream {
    if !IS_WANTED {
        return TokenStream::new();
    }
    let ident = &item.ident;
    let (generics, arguments, own) = input.generics.split_for_impl();
    let own = own.map(|clause| &clause.predicates).into_iter().flatten();
    let mut seen = Vec::new();
    let types = item.fields.iter().map(|field| &field.ty).filter(|ty| is_new(ty, &mut seen)).map(|ty| {
        // at the type, which is where rustc says that a bound does not hold
        let span = first_span(ty);
        let (from, to) = (Ident::new("__FromValue", span), Ident::new("__ToValue", span));
        quote!(#ty, #from #to;)
    });
    let fields = item.fields.iter().enumerate().map(|(at, field)| {
        let (ident, at) = (&field.ident, Literal::usize_unsuffixed(at));
        quote!(#ident #at)
    });
    let written = (item.derive == Derive::Table).then(|| {
        let written = item.fields.iter().filter(|field| field.generated.is_none()).map(|field| &field.ident);
        quote!([#(#written)*])
    });
    quote! {
        #facade::__private::rows! { [#generics] [#ident #arguments] [#(#own,)*] [#(#types)*] [#(#fields)*] #written }
    }
}

/// Whether no field before had the same type. Of types that are more than a word each is taken for a new one, because
/// comparing them takes longer than a bound.
fn is_new<'a>(ty: &'a syn::Type, seen: &mut Vec<&'a Ident>) -> bool {
    let syn::Type::Path(path) = ty else { return true };
    let Some(word) = path.path.get_ident() else { return true };
    let is_new = !seen.contains(&word);
    seen.push(word);
    is_new
}

/// Of a table or view whose declaration has errors.
pub(crate) fn stub(ident: &syn::Ident, input: &syn::DeriveInput, derive: Derive, facade: &syn::Path) -> TokenStream {
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let p = quote!(#facade::__private);
    let writing = (derive == Derive::Table).then(|| {
        quote! {
            #[automatically_derived]
            impl #generics #p::ToParams for #ident #arguments #bounds {
                fn write(&self, _: &mut #p::Writer) -> ::core::result::Result<(), #facade::RowError> {
                    ::core::unreachable!()
                }
            }
        }
    });
    let items = quote! {
        #[automatically_derived]
        impl #generics #p::FromRow for #ident #arguments #bounds {
            fn read(_: &#p::Reader<'_>) -> ::core::result::Result<Self, #facade::RowError> {
                ::core::unreachable!()
            }
        }
        #writing
    };
    gated(&items, facade)
}

/// Of a type that is stored as one value. One of several parts says itself how it is read and written.
pub(crate) fn column_type(item: &ColumnTypeItem, input: &syn::DeriveInput, facade: &syn::Path) -> TokenStream {
    if !IS_WANTED {
        return TokenStream::new();
    }
    let p = quote!(#facade::__private);
    let value = quote!(#facade::Value);
    let result = |ty: TokenStream| quote!(::core::result::Result<#ty, #p::ValueError>);
    let (readable, writable) = (result(quote!(Self)), result(value.clone()));
    let (read, write, stored, inner) = match (&item.shape, &input.data) {
        (Shape::Newtype { inner, .. }, syn::Data::Struct(data)) => {
            let field = data.fields.members().next();
            (
                quote!(::core::result::Result::Ok(Self { #field: #p::FromValue::from_value(__value)? })),
                quote!(#p::ToValue::to_value(&self.#field)),
                quote!(<#inner as #p::Stored>::As),
                Some(inner),
            )
        }
        (Shape::Enum { values, integer, .. }, syn::Data::Enum(data)) => {
            let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
            let Some((last, others)) = variants.split_last() else { return TokenStream::new() };
            let places = (0..others.len()).map(Literal::usize_unsuffixed);
            let (values, of, at) = if *integer {
                let numbers = values.iter().filter_map(|value| value.parse().ok()).map(Literal::i64_unsuffixed);
                (numbers.map(|number| quote!(#number)).collect(), quote!(Integer), quote!(number_at))
            } else {
                let words: Vec<TokenStream> = values.iter().map(|word| quote!(#word)).collect();
                (words, quote!(Text), quote!(word_at))
            };
            let borrowed = integer.then(|| quote!(&));
            let found = quote!(#p::#at(&__value, &[#(#values),*]));
            let read = if others.is_empty() {
                quote!(#found.map(|_| Self::#last))
            } else {
                quote!(::core::result::Result::Ok(match #found? { #(#places => Self::#others,)* _ => Self::#last }))
            };
            (
                read,
                quote!(<#p::#of as #p::ToValue>::to_value(match self { #(Self::#variants => #borrowed #values),* })),
                quote!(<#p::#of as #p::Stored>::As),
                None,
            )
        }
        _ => return TokenStream::new(),
    };
    let ident = &item.ident;
    let (generics, arguments, own) = input.generics.split_for_impl();
    let own = own.map(|clause| &clause.predicates).into_iter().flatten();
    let own: Vec<_> = own.collect();
    let bound = |of: &TokenStream| inner.map(|ty| bound(ty, of));
    let (from, to) = (bound(&quote!(#p::FromValue)), bound(&quote!(#p::ToValue)));
    let known = bound(&quote!(#p::Stored));
    let items = quote! {
        #[automatically_derived]
        impl #generics #p::FromValue for #ident #arguments where #(#own,)* #from {
            fn from_value(__value: #value) -> #readable {
                #read
            }
        }
        #[automatically_derived]
        impl #generics #p::ToValue for #ident #arguments where #(#own,)* #to {
            fn to_value(&self) -> #writable {
                #write
            }
        }
        #[automatically_derived]
        impl #generics #p::Stored for #ident #arguments where #(#own,)* #known {
            type As = #stored;
        }
    };
    gated(&items, facade)
}

/// Of such a type whose attributes have errors.
pub(crate) fn column_type_stub(input: &syn::DeriveInput, facade: &syn::Path) -> TokenStream {
    let ident = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let p = quote!(#facade::__private);
    let items = quote! {
        #[automatically_derived]
        impl #generics #p::FromValue for #ident #arguments #bounds {
            fn from_value(_: #facade::Value) -> ::core::result::Result<Self, #p::ValueError> {
                ::core::unreachable!()
            }
        }
        #[automatically_derived]
        impl #generics #p::ToValue for #ident #arguments #bounds {
            fn to_value(&self) -> ::core::result::Result<#facade::Value, #p::ValueError> {
                ::core::unreachable!()
            }
        }
    };
    gated(&items, facade)
}

fn gated(items: &TokenStream, facade: &syn::Path) -> TokenStream {
    if !IS_WANTED {
        return TokenStream::new();
    }
    quote!(#facade::__private::with_rows! { #items })
}

/// With the trait at the type, which is where rustc says that it does not hold.
fn bound(ty: &syn::Type, of: &TokenStream) -> TokenStream {
    let at = |mut token: TokenTree| {
        token.set_span(first_span(ty));
        token
    };
    let of: TokenStream = of.clone().into_iter().map(at).collect();
    quote!(for<'__value> #ty: #of)
}
