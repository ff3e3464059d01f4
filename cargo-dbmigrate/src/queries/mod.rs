//! The SQL that the source of a package has, held against its migrations by the engine: what fails, what each statement
//! uses, and what becomes of the queries of another version.

pub(crate) mod against;
mod application;
pub(crate) mod checked;
mod early;
mod judged;
mod listed;
mod places;
mod schemas;
mod shown;
