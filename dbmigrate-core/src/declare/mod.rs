//! Annotated structs to schema objects: attributes are parsed into a typed AST once, and lowered by the one function
//! that the derives and the subcommand share.
//!
//! [`ast`] is what the attributes say (`parse_*` fills it, [`errors`] collects what is wrong with them),
//! [`rust_types`] which SQL type a Rust type has, [`mod@lower`] makes the model of both. What a struct says about other
//! items (the type of a field, the target of `references`, a const in an attribute) is asked of a [`Resolve`]: the
//! subcommand looks the item up in the source, the derives leave it to rustc.

pub mod ast;
pub mod column_type;
mod declaration;
mod docs;
mod error;
pub mod errors;
mod keys;
mod known_type;
mod literal;
pub mod lower;
mod lower_table;
mod lowering;
pub mod naming;
mod parse;
mod parse_clause;
mod parse_column;
mod parse_table;
mod read_types;
mod resolve;
pub mod rust_keyword;
pub mod rust_types;
#[cfg(test)]
mod tests;
mod tokens;

pub use column_type::lower_column_type;
pub use declaration::{Declaration, Deferred, Derive, Object};
pub use error::DeclareError;
pub use known_type::{ColumnType, LiteralKind};
pub use lower::{lower, lower_foreign_keys, lower_item};
pub use parse::parse;
pub use resolve::Resolve;
