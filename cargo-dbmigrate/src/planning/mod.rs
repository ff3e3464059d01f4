//! Plans that somebody approves and something else applies: what would be done to a database, written down with the
//! state in which it may be done.

mod compare;
mod file;
mod made;

pub(crate) use compare::{hold, options};
pub(crate) use file::{read, text};
pub(crate) use made::make;
