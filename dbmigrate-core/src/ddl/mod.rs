//! Schema objects as SQL text: [`read()`] takes the `CREATE` statements that SQLite stores apart, [`render`] writes them.
//!
//! The reader is our own because it has to see what no PRAGMA shows, keep every expression as its author wrote it, and
//! accept whatever the engine accepted. Published parsers for SQLite's grammar re-serialize expressions, reject text
//! that libSQL takes (`1_000`, `RAISE(expr)`, `RANDOM ROWID`), and build a parser generator written in C, which the
//! derives must not. What the reader makes of a table is compared with `PRAGMA table_xinfo` wherever a database is at
//! hand, so that the two cannot disagree silently.

pub mod comments;
pub mod read;
pub mod render;

mod cursor;
mod document;
mod error;
mod phrase;
mod read_table;

pub use comments::{comments, plain};
pub use error::ReadError;
pub use read::{Object, read};

pub use crate::schema::Comments;
