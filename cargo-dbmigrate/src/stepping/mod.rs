//! Steps in Rust: which migrations have one, and the program of the application that runs them.
//!
//! The program is built by cargo and speaks over its standard input and output ([`dbmigrate_core::engine::step::wire`]).
//! It has neither the database nor its token: each statement of a step is run here.

mod arguments;
mod build;
mod channel;
mod environment;
mod found;
mod program;
mod tried;

pub(crate) use arguments::With;
pub(crate) use found::with_step;
pub(crate) use tried::try_steps;
