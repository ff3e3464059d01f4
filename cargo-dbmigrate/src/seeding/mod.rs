//! Puts the rows of a set into a database: `seeds/<set>/` is read, checked against the schema and against itself, and
//! written so that a second run finds nothing to do.
//!
//! `read` turns files into a [`set`]; what is wrong with it is found before the first write.

pub(crate) mod generated;
pub(crate) mod read;
pub(crate) mod rows;
