//! The same requests and answers as protobuf (github.com/tursodatabase/libsql, `libsql-hrana/src/proto.rs`): rows take a
//! third of the bytes that they take as JSON, a server writes them faster, and they are hardly read at all here.
//!
//! Only what is needed for many rows is here: batches. Numbers behind the names below are those of fields.

mod answer;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(super) use answer::{Answer, Head, error_text};
pub(super) use write::pipeline;
