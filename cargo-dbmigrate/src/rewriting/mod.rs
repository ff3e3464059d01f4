//! Structs changed so that they declare another schema: where that is mechanical, and nowhere else.

mod edit;
mod edits;
mod fit;
mod item;

pub(crate) use edit::Edit;
pub(crate) use edits::{Sources, of_table};
pub(crate) use fit::{LACKING, fit, say, say_left, say_missing};
