//! What can stand in the parentheses of `#[dbmigrate::test(…)]`.

use std::fmt;

use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::declare::errors::suggest;
use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;

/// The keys.
const KEYS: [&str; 4] = ["seed", "database", "migrations", "crate"];

/// The arguments of the attribute.
#[derive(Default)]
pub(super) struct Arguments {
    /// The set of rows.
    pub(super) seed: Option<syn::LitStr>,
    /// The database of the package, if it is not the default one.
    pub(super) database: Option<syn::LitStr>,
    /// Where the migrations are, if not where `dbmigrate.toml` says.
    pub(super) migrations: Option<Migrations>,
    /// Where the facade crate is.
    pub(super) crate_path: Option<syn::Path>,
}

/// Migrations that are named.
pub(super) enum Migrations {
    /// A folder, relative to the package.
    Folder(syn::LitStr),
    /// The value of `embed_migrations!()`.
    Value(Box<syn::Expr>),
}

impl Arguments {
    /// Reads them.
    pub(super) fn read(tokens: TokenStream) -> Result<Self, DeclareError> {
        with_help(Self::parse, tokens)
    }

    fn parse(input: ParseStream<'_>) -> Result<Self, DeclareError> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let key = input.call(syn::Ident::parse_any).map_err(of_syn)?;
            let name = key.to_string();
            if !KEYS.contains(&name.as_str()) {
                let error = DeclareError::new(key.span(), format!("unknown key `{name}` in `#[dbmigrate::test(…)]`"));
                return Err(error.help(suggest(&name, &KEYS)));
            }
            input.parse::<syn::Token![=]>().map_err(of_syn)?;
            let is_new = match name.as_str() {
                "crate" => {
                    arguments.crate_path.replace(input.call(syn::Path::parse_mod_style).map_err(of_syn)?).is_none()
                }
                "database" => arguments.database.replace(input.parse().map_err(of_syn)?).is_none(),
                "seed" => arguments.seed.replace(input.parse().map_err(of_syn)?).is_none(),
                _ => arguments.migrations.replace(input.parse().map_err(of_syn)?).is_none(),
            };
            if !is_new {
                return Err(DeclareError::new(key.span(), format!("`{name}` is there twice")));
            }
            if !input.is_empty() {
                input.parse::<syn::Token![,]>().map_err(of_syn)?;
            }
        }
        refuse_two_places(arguments.database.as_ref(), arguments.migrations.as_ref())?;
        Ok(arguments)
    }
}

/// Refuses a database of the package with the folder of another one.
pub(super) fn refuse_two_places(
    database: Option<&syn::LitStr>,
    migrations: Option<&Migrations>,
) -> Result<(), DeclareError> {
    match (database, migrations) {
        (Some(_), Some(Migrations::Folder(folder))) => {
            let error = DeclareError::new(folder.span(), "`database` says where the migrations are");
            Err(error.help("leave `migrations` out, or name the value of an `embed_migrations!`"))
        }
        _ => Ok(()),
    }
}

impl Parse for Migrations {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(match input.parse::<syn::Expr>()? {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(folder), .. }) => Self::Folder(folder),
            value => Self::Value(Box::new(value)),
        })
    }
}

impl Migrations {
    /// Where it is named.
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Folder(folder) => folder.span(),
            Self::Value(value) => value.span(),
        }
    }
}

/// Parses with errors that have help lines, which those of the parser have not.
pub(super) fn with_help<T>(
    parse: impl FnOnce(ParseStream<'_>) -> Result<T, DeclareError>,
    tokens: TokenStream,
) -> Result<T, DeclareError> {
    let parse = |input: ParseStream<'_>| parse(input).map_err(|error| syn::Error::new(error.span, Shown(error)));
    parse.parse2(tokens).map_err(|error| {
        let text = error.to_string();
        match text.split_once("\nhelp: ") {
            Some((message, help)) => DeclareError::new(error.span(), message).help(help),
            None => DeclareError::new(error.span(), text),
        }
    })
}

/// An error of the parser as one of ours.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` has")]
pub(super) fn of_syn(error: syn::Error) -> DeclareError {
    DeclareError::new(error.span(), error.to_string())
}

/// An error on its way through the parser.
struct Shown(DeclareError);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        self.0.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }
}
