//! What a struct says about other items, looked up by whoever can.

use super::error::DeclareError;
use super::known_type::ColumnType;
use super::rust_types;
use crate::schema::Reads;
use crate::sql::Name;

/// Looks up what a struct refers to.
pub trait Resolve {
    /// The column type of a Rust type. `Ok(None)`: somebody else (rustc) will judge.
    ///
    /// # Errors
    /// One line that says what cannot be resolved, and a help line.
    fn column_type(&self, ty: &syn::Type) -> Result<Option<ColumnType>, DeclareError>;

    /// Whether a type is an `Option`. Asked where `#[column(type = "…")]` makes the rest of the type irrelevant.
    fn is_option(&self, ty: &syn::Type) -> bool {
        rust_types::is_spelled_option(ty)
    }

    /// What a type reads of a column. Asked where `#[column(type = "…")]` makes the rest of the type irrelevant.
    fn reads(&self, _: &syn::Type) -> Option<Reads> {
        None
    }

    /// The table and column that a path such as `User::id` refers to. `Ok(None)`: somebody else will judge.
    /// `Self` has been replaced by the struct's own name.
    ///
    /// # Errors
    /// As for [`Resolve::column_type`].
    fn reference(&self, path: &syn::Path) -> Result<Option<(Name, Name)>, DeclareError>;

    /// The literal that a const stands for; a negative number is a literal with its sign (`syn::LitInt::new("-1", …)`).
    /// `Ok(None)`: somebody else will judge.
    ///
    /// # Errors
    /// As for [`Resolve::column_type`].
    fn constant(&self, path: &syn::Path) -> Result<Option<syn::Lit>, DeclareError>;
}
