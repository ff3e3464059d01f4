//! The database of a command: opened, and what is said when it fails.

pub(crate) mod cascades;
pub(crate) mod changed;
pub(crate) mod contradicted;
pub(crate) mod copying;
pub(crate) mod failure;
pub(crate) mod file;
pub(crate) mod history;
mod open;
pub(crate) mod pressure;
pub(crate) mod rehearsal;
mod run;
pub(crate) mod scratch;
mod server_error;
#[cfg(unix)]
pub(crate) mod signals;
pub(crate) mod state;
mod subject;
pub(crate) mod swap;

pub(crate) use open::{client, open, owned, remove_if_empty, to_ask, watched};
pub(crate) use run::Run;
pub(crate) use subject::Subject;
