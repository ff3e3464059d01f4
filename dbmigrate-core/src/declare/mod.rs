//! Annotated structs to schema objects: attributes are parsed into a typed AST once, and lowered by the one function
//! that the derives and the subcommand share.
//!
//! [`ast`] is what the attributes say (`parse_*` fills it, [`errors`] collects what is wrong with them),
//! [`rust_types`] which SQL type a Rust type has, [`mod@lower`] makes the model of both. What a struct says about other
//! items (the type of a field, the target of `references`, a const in an attribute) is asked of a [`Resolve`]: the
//! subcommand looks the item up in the source, the derives leave it to rustc.

pub mod ast;
pub mod column_type;
mod docs;
pub mod errors;
mod literal;
pub mod lower;
mod lower_table;
pub mod naming;
mod parse_clause;
mod parse_column;
mod parse_table;
pub mod rust_keyword;
pub mod rust_types;
#[cfg(test)]
mod tests;
mod tokens;

use proc_macro2::Span;

use crate::schema::{Comments, Table, Trigger, View, VirtualTable, validate::Place};
use crate::sql::{DeclType, Expr, Name};

pub use column_type::lower_column_type;
pub use lower::{lower, lower_foreign_keys, lower_item};

/// Which derive a struct is declared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derive {
    /// `#[derive(Table)]`.
    Table,
    /// `#[derive(View)]`.
    View,
}

/// What a struct declares.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The table, virtual table or view.
    pub object: Object,
    /// The triggers declared on it.
    pub triggers: Vec<Trigger>,
    /// What the doc comments of the struct and its fields say.
    pub docs: Comments,
    /// `renamed_from` of the table.
    pub renamed_from: Option<Name>,
    /// `renamed_from` of columns: the old name and the new one.
    pub renamed_columns: Vec<(Name, Name)>,
    /// Where each part was declared, for problems that only the whole schema shows.
    pub places: Vec<(Place, Span)>,
    /// The foreign keys whose parents are named in quotes, so that nobody but the database knows them.
    pub by_name: Vec<Place>,
    /// What the [`Resolve`] left to somebody else, so that the model is silent about it.
    pub deferred: Vec<Deferred>,
}

/// A part of a declaration that was left to rustc, because a [`Resolve`] answered `Ok(None)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deferred {
    /// The type of a column: its declared type is empty, and it counts as nullable only if an `Option` is written.
    Type(Name),
    /// The default of a column: there is none in the model.
    Default(Name),
    /// A foreign key of these columns: it is not in the model.
    ForeignKey(Vec<Name>),
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

impl DeclareError {
    /// An error without help.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    /// The same error with a help line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
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
    /// The kind of literal that a default of this type is. `None`: any.
    pub literal: Option<LiteralKind>,
    /// The values that the type can have, as they are stored: an enum's. `None`: not limited, or not known.
    pub values: Option<Vec<String>>,
}

impl ColumnType {
    /// A type that is not nullable and says nothing else.
    pub fn new(decl_type: impl AsRef<str>, literal: Option<LiteralKind>) -> Self {
        Self { decl_type: DeclType::new(decl_type), nullable: false, check: None, literal, values: None }
    }
}

/// Kinds of literals, as far as a default has to agree with the Rust type of its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiteralKind {
    /// `1`, `-1`.
    Integer,
    /// `true`, `false`.
    Bool,
    /// `1.5`; integers are taken too.
    Float,
    /// `"text"`.
    Text,
    /// `'c'`, or a text of one character.
    Char,
    /// `b"bytes"`.
    Bytes,
}

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
