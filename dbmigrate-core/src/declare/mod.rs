//! Annotated structs to schema objects: attributes are parsed into a typed AST once, and lowered by the one function
//! that the derives and the subcommand share.
//!
//! What a struct says about other items (the type of a field, the target of `references`, a const in an attribute) is
//! asked of a [`Resolve`]: the subcommand looks the item up in the source, the derives leave it to rustc.

use proc_macro2::Span;

use crate::schema::{Table, Trigger, View, VirtualTable, validate::Place};
use crate::sql::{DeclType, Expr, Name};

/// What a struct declares.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The table, virtual table or view.
    pub object: Object,
    /// The triggers declared on it.
    pub triggers: Vec<Trigger>,
    /// `renamed_from` of the table.
    pub renamed_from: Option<Name>,
    /// `renamed_from` of columns: the old name and the new one.
    pub renamed_columns: Vec<(Name, Name)>,
    /// Where each part was declared, for problems that only the whole schema shows.
    pub places: Vec<(Place, Span)>,
}

/// The object that a struct declares.
#[derive(Debug, Clone)]
pub enum Object {
    /// `#[derive(Table)]`.
    Table(Table),
    /// `#[derive(Table)]` with `#[table(using = …)]`.
    VirtualTable(VirtualTable),
    /// `#[derive(View)]`, with the columns that its fields expect the query to have.
    View(View, Vec<Name>),
}

/// An error in a declaration, at a token.
#[derive(Debug, Clone)]
pub struct DeclareError {
    /// The token.
    pub span: Span,
    /// One line: what is wrong.
    pub message: String,
    /// What would be accepted, or the next command to type.
    pub help: Option<String>,
}

/// What is known of a field's type.
#[derive(Debug, Clone)]
pub struct ColumnType {
    /// The declared type.
    pub decl_type: DeclType,
    /// Whether the type is an `Option`.
    pub nullable: bool,
    /// A condition on the column that the type brings along (an enum's values), in which the column is written `{}`.
    pub check: Option<Expr>,
}

/// Looks up what a struct refers to.
pub trait Resolve {
    /// The column type of a Rust type. `Ok(None)`: somebody else (rustc) will judge.
    ///
    /// # Errors
    /// One line that says what cannot be resolved, and a help line.
    fn column_type(&self, ty: &syn::Type) -> Result<Option<ColumnType>, DeclareError>;

    /// The table and column that a path such as `User::id` refers to. `Ok(None)`: somebody else will judge.
    ///
    /// # Errors
    /// As for [`Resolve::column_type`].
    fn reference(&self, path: &syn::Path) -> Result<Option<(Name, Name)>, DeclareError>;

    /// The literal that a const stands for. `Ok(None)`: somebody else will judge.
    ///
    /// # Errors
    /// As for [`Resolve::column_type`].
    fn constant(&self, path: &syn::Path) -> Result<Option<syn::Lit>, DeclareError>;
}
