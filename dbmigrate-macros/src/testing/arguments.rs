//! What can stand in the parentheses of `#[dbmigrate::test(…)]`.

use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::declare::errors::suggest;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;

/// The keys.
const KEYS: [&str; 2] = ["migrations", "crate"];

/// The arguments of the attribute.
#[derive(Default)]
pub(super) struct Arguments {
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
    pub(super) fn read(tokens: proc_macro2::TokenStream) -> Result<Self, DeclareError> {
        let parse =
            |input: ParseStream<'_>| Self::parse(input).map_err(|error| syn::Error::new(error.span, Shown(error)));
        parse.parse2(tokens).map_err(|error| {
            let text = error.to_string();
            match text.split_once("\nhelp: ") {
                Some((message, help)) => DeclareError::new(error.span(), message).help(help),
                None => DeclareError::new(error.span(), text),
            }
        })
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
            let is_new = if name == "crate" {
                let path = input.call(syn::Path::parse_mod_style).map_err(of_syn)?;
                arguments.crate_path.replace(path).is_none()
            } else {
                let migrations = match input.parse::<syn::Expr>().map_err(of_syn)? {
                    syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(folder), .. }) => Migrations::Folder(folder),
                    value => Migrations::Value(Box::new(value)),
                };
                arguments.migrations.replace(migrations).is_none()
            };
            if !is_new {
                return Err(DeclareError::new(key.span(), format!("`{name}` is there twice")));
            }
            if !input.is_empty() {
                input.parse::<syn::Token![,]>().map_err(of_syn)?;
            }
        }
        Ok(arguments)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` has")]
fn of_syn(error: syn::Error) -> DeclareError {
    DeclareError::new(error.span(), error.to_string())
}

/// An error on its way through the parser, which has no help lines.
struct Shown(DeclareError);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)?;
        self.0.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }
}

impl Migrations {
    /// Where it is named.
    pub(super) fn span(&self) -> proc_macro2::Span {
        match self {
            Self::Folder(folder) => folder.span(),
            Self::Value(value) => value.span(),
        }
    }
}
