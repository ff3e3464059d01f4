//! What is known of the type of a field.

use crate::schema::Reads;
use crate::sql::{DeclType, Expr};

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
    /// What is read of the column. `None`: not known.
    pub reads: Option<Reads>,
}

impl ColumnType {
    /// A type that is not nullable and says nothing else.
    pub fn new(decl_type: impl AsRef<str>, literal: Option<LiteralKind>) -> Self {
        Self { decl_type: DeclType::new(decl_type), nullable: false, check: None, literal, values: None, reads: None }
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
