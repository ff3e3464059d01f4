//! What the columns of a view hold, as far as its query says.
//!
//! `parse` reads the query into the small tree of `ast`; `infer` follows tables, joins, subqueries and other views, and
//! `functions` knows what functions return. A [`Kind`] is a set of storage classes, so whatever is not understood is
//! anything, and never something else than what the engine returns. A test executes queries to hold it to that.

mod ast;
mod functions;
mod infer;
mod kind;
mod operators;
mod parse;
#[cfg(test)]
mod soup;
#[cfg(test)]
mod tests;

pub(super) use infer::columns_of;
pub(super) use kind::Kind;
