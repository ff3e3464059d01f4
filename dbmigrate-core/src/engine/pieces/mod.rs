//! Work on a large table in pieces: ranges of it in the order of a key, each a transaction of its own, as large as takes
//! about as long as is wanted.
//!
//! [`Key`] orders the rows of a table, [`Range`] is a part of them, and [`Pace`] says how large the next one is and how
//! long to wait before it. What a piece does is one [`Piece`](crate::engine::connection::piece::Piece), behind the
//! position that [`Progress`](super::progress::Progress) has.

mod key;
mod mark;
mod pace;

pub use key::{Key, KeyPart, NoKey};
pub use mark::{Mark, Part, read as read_mark, written as written_mark};
pub use pace::{Limits, Pace, Times};

use super::value::Value;
use crate::sql::Name;

/// The rows behind one key, up to another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Range {
    /// The key of the last row before it; `None` if it begins with the first row.
    pub low: Option<Mark>,
    /// The key of its last row; `None` if it ends with the last one.
    pub high: Option<Mark>,
}

/// A condition, or a whole statement, with the values of its parameters from `?1` on.
pub type Bound = (String, Vec<Value>);

/// The lowest and the highest rowid of a table, each an expression. The engine finds one end by a search; both of them in one
/// `SELECT` it finds by reading the whole table.
pub(in crate::engine) fn rowid_ends(table: &Name, rowid: &Name) -> [String; 2] {
    ["min", "max"].map(|end| format!("(SELECT {end}({}) FROM {})", rowid.sql(), table.sql()))
}
