//! What a test asks for, as an expression: the migrations, and what the test is called.

use std::path::PathBuf;
use std::sync::Arc;

use dbmigrate_core::config::DEFAULT_DATABASE;
use dbmigrate_core::declare::DeclareError;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::arguments::Migrations;
use super::source::{Seeds, Source};
use crate::project::{Project, ProjectError, literal};

/// The name of the database, if it is not the default one.
fn named(database: Option<&syn::LitStr>) -> Result<Option<String>, DeclareError> {
    let Some(database) = database else { return Ok(None) };
    let name = Some(database.value()).filter(|name| name != DEFAULT_DATABASE);
    let known = Project::known().and_then(|project| project.of(name.as_deref()));
    known.map(|_| name).map_err(|error| error.at(database.span()))
}

/// What the tests of a macro ask for.
pub(super) struct Asked<'a> {
    facade: &'a syn::Path,
    schema: TokenStream,
    root: String,
    /// The folder of the sets of rows, and the flag's value that chooses the database.
    pub(super) seeds: Seeds,
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
    pub(super) fn new(
        database: Option<&syn::LitStr>,
        migrations: Option<&Migrations>,
        facade: &'a syn::Path,
    ) -> Result<Self, Vec<DeclareError>> {
        let of_database = || database.map(syn::LitStr::span);
        let span = migrations.map(Migrations::span).or_else(of_database).unwrap_or_else(Span::call_site);
        let database = named(database).map_err(|error| vec![error])?;
        Self::read(database, migrations, facade).map_err(|error| vec![error.at(span)])
    }

    fn read(
        database: Option<String>,
        migrations: Option<&Migrations>,
        facade: &'a syn::Path,
    ) -> Result<Self, ProjectError> {
        let root = literal(&Project::known()?.root)?.to_owned();
        let named = match migrations {
            Some(Migrations::Value(value)) => {
                let value = quote_spanned!(value.span()=> || ::core::clone::Clone::clone(&#value));
                let schema = quote!(#facade::testing::__private::Schema::Program(#value));
                let seeds = Seeds::of(&Project::known()?.of(database.as_deref())?);
                return Ok(Self { facade, schema, root, seeds, source: None, tracked: TokenStream::new() });
            }
            Some(Migrations::Folder(folder)) => Some(PathBuf::from(folder.value())),
            None => database.map(PathBuf::from),
        };
        let source = Source::find(named.as_deref())?;
        let Source { folder, checksum, ignore, .. } = &*source;
        let schema = quote!(#facade::testing::__private::Schema::Folder(#folder, #checksum, &[#(#ignore),*]));
        let (tracked, seeds) = (source.tracked()?, source.seeds.clone());
        Ok(Self { facade, schema, root, seeds, source: Some(source), tracked })
    }

    /// The static of a test with what it asks for.
    pub(super) fn request(
        &self,
        name: &syn::Ident,
        until: &TokenStream,
        seed: Option<&syn::LitStr>,
        should_panic: bool,
    ) -> TokenStream {
        let Self { facade, schema, root, seeds: Seeds { folder, database }, .. } = self;
        let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
        let name = name.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        let seed = seed.map_or_else(|| quote!(None), |seed| quote!(Some(#seed)));
        quote! {
            static __REQUEST: #facade::testing::__private::Request = #facade::testing::__private::Request {
                schema: #schema,
                until: #until,
                seed: ::core::option::Option::#seed,
                seeds: (#folder, #database),
                package: (#package, #root),
                test: (::core::module_path!(), #name),
                should_panic: #should_panic,
            };
        }
    }
}
