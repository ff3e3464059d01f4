//! SQL as text: tokens, names, expressions and statements. Nothing here knows a schema or a database.

pub(crate) mod condition;
pub(crate) mod dedent;
pub(crate) mod distance;
mod double_quoted;
pub mod expr;
pub mod glob;
pub mod head;
pub mod line_ends;
pub mod literal;
pub mod name;
pub mod path;
pub mod raising;
pub mod split;
pub mod token;

pub use crate::keyword;
pub use expr::{DeclType, Expr};
pub use glob::Glob;
pub use head::{Head, Verb};
pub use literal::Literal;
pub use name::Name;
pub use split::{Statement, StatementKind, split};
pub use token::{Token, TokenKind, tokenize};
