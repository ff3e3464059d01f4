//! The library behind the `cargo-dbmigrate` binary.

pub mod diagnostic;
pub mod source;
