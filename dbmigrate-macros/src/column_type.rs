//! Expands `#[derive(ColumnType)]`.

use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::declare::column_type::{ColumnTypeItem, Shape};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::rows;
use crate::rustc::Rustc;

pub(crate) fn expand(input: &syn::DeriveInput) -> Result<TokenStream, Vec<DeclareError>> {
    let item = ColumnTypeItem::parse(input)?;
    item.lower(&Rustc).map_err(|error| vec![error])?;
    let facade = crate::facade(item.crate_path.as_ref());
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let ident = &item.ident;
    let own_type = item.decl_type.as_ref().map(|ty| ty.value.as_str().to_owned());
    let own_check = item.check().map(|check| check.as_str().to_owned());
    let none = quote!(::core::option::Option::None);
    let check = own_check.as_ref().map_or(none, |check| quote!(::core::option::Option::Some(#check)));
    let consts = match (&item.shape, own_type) {
        (Shape::Newtype { inner, .. }, None) => {
            let inner = quote_spanned!(inner.span()=> <#inner as #facade::ColumnType>);
            let check = if own_check.is_some() { check } else { quote!(#inner::CHECK) };
            quote! {
                const SQL_TYPE: &'static str = #inner::SQL_TYPE;
                const NULLABLE: bool = #inner::NULLABLE;
                const CHECK: ::core::option::Option<&'static str> = #check;
            }
        }
        (shape, own_type) => {
            let by_shape = if matches!(shape, Shape::Enum { integer: true, .. }) { "INTEGER" } else { "TEXT" };
            let sql = own_type.unwrap_or_else(|| by_shape.to_owned());
            quote! {
                const SQL_TYPE: &'static str = #sql;
                const CHECK: ::core::option::Option<&'static str> = #check;
            }
        }
    };
    let values = rows::column_type(&item, input, &facade);
    Ok(quote! {
        #[automatically_derived]
        impl #generics #facade::ColumnType for #ident #arguments #bounds {
            #consts
        }
        #values
    })
}

/// What stands for the expansion of a type whose attributes have errors.
pub(crate) fn stub(input: &syn::DeriveInput) -> TokenStream {
    let facade = crate::facade(None);
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let ident = &input.ident;
    let values = rows::column_type_stub(input, &facade);
    quote! {
        #[automatically_derived]
        impl #generics #facade::ColumnType for #ident #arguments #bounds {
            const SQL_TYPE: &'static str = "";
            const HASHES: (u64, u64) = #facade::__private::UNKNOWN;
        }
        #values
    }
}
