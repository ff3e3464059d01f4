//! Databases on a server: Hrana over HTTP (github.com/tursodatabase/libsql, `docs/HRANA_3_SPEC.md`).
//!
//! Everything here blocks, so it wants a thread of its own. A [`Client`] is made without any I/O and keeps one
//! connection; a [`Stream`] is a connection to the database at the other end, with at most one transaction; a
//! [`Batch`] is a list of statements that the server runs in one go, each if its [`Condition`] holds.
//!
//! Whatever fails is told apart by what may have happened: [`ErrorKind::Unreachable`](super::error::ErrorKind) and
//! refusals change nothing, [`ErrorKind::Lost`](super::error::ErrorKind) leaves it open and is never retried here.

mod answer;
mod batch;
mod client;
mod connections;
mod failure;
mod flat;
mod helper;
mod http;
pub mod platform;
mod protobuf;
mod refusal;
mod request;
mod stream;
#[cfg(test)]
mod tests;
mod token;
mod url;
mod value;

pub use batch::{Batch, Condition, Outcome, StepRows, and, error, is_autocommit, not, ok, or};
pub use client::{Client, Observer, OnPressure, Options, Pressure};
pub use connections::Connections;
pub use flat::{Flat, FlatRows, Span};
pub use refusal::{Refusal, refusals};
pub use stream::{Arrived, Described, Patience, Sent, Stream, Then};
pub use token::{Claims, Token, TokenError};
pub use url::{RemoteUrl, UrlError};
