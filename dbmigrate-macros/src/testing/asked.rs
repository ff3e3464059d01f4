//! What a test asks for, as an expression: the migrations, and what the test is called.

use std::path::PathBuf;
use std::sync::Arc;

use dbmigrate_core::declare::DeclareError;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::arguments::Migrations;
use super::source::Source;
use crate::project::{Project, ProjectError, literal};

/// What the tests of a macro ask for.
pub(super) struct Asked<'a> {
    facade: &'a syn::Path,
    schema: TokenStream,
    root: String,
    /// The migrations, unless they are only known to the program.
    pub(super) source: Option<Arc<Source>>,
    /// What makes cargo notice their changes.
    pub(super) tracked: TokenStream,
}

impl<'a> Asked<'a> {
    /// Reads the migrations.
    ///
    /// # Errors
    /// What is wrong with them, where they are named.
    pub(super) fn new(migrations: Option<&Migrations>, facade: &'a syn::Path) -> Result<Self, Vec<DeclareError>> {
        let span = migrations.map_or_else(Span::call_site, Migrations::span);
        Self::read(migrations, facade).map_err(|error| vec![error.at(span)])
    }

    fn read(migrations: Option<&Migrations>, facade: &'a syn::Path) -> Result<Self, ProjectError> {
        let root = literal(&Project::known()?.root)?.to_owned();
        let named = match migrations {
            Some(Migrations::Value(value)) => {
                let value = quote_spanned!(value.span()=> || ::core::clone::Clone::clone(&#value));
                let schema = quote!(#facade::testing::__private::Schema::Program(#value));
                return Ok(Self { facade, schema, root, source: None, tracked: TokenStream::new() });
            }
            Some(Migrations::Folder(folder)) => Some(PathBuf::from(folder.value())),
            None => None,
        };
        let source = Source::find(named.as_deref())?;
        let Source { folder, checksum, ignore, .. } = &*source;
        let schema = quote!(#facade::testing::__private::Schema::Folder(#folder, #checksum, &[#(#ignore),*]));
        let tracked = source.tracked()?;
        Ok(Self { facade, schema, root, source: Some(source), tracked })
    }

    /// The static of a test with what it asks for.
    pub(super) fn request(
        &self,
        name: &syn::Ident,
        until: &TokenStream,
        seed: Option<&syn::LitStr>,
        should_panic: bool,
    ) -> TokenStream {
        let Self { facade, schema, root, .. } = self;
        let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
        let name = name.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        let seed = seed.map_or_else(|| quote!(None), |seed| quote!(Some(#seed)));
        quote! {
            static __REQUEST: #facade::testing::__private::Request = #facade::testing::__private::Request {
                schema: #schema,
                until: #until,
                seed: ::core::option::Option::#seed,
                package: (#package, #root),
                test: (::core::module_path!(), #name),
                should_panic: #should_panic,
            };
        }
    }
}
