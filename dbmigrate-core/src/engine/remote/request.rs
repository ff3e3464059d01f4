//! What is asked of a stream, and how it is written.

use libsql_hrana::proto;
use serde::Serialize;

use super::client::Encoding;
use super::protobuf;
use crate::engine::error::{EngineError, ErrorKind};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Request<'a> {
    Batch { batch: Steps<'a> },
    Describe { sql: &'a str },
    Close {},
}

#[derive(Serialize)]
pub(super) struct Steps<'a> {
    pub(super) steps: &'a [proto::BatchStep],
}

#[derive(Serialize)]
struct Pipelined<'a> {
    baton: Option<&'a str>,
    requests: &'a [Request<'a>],
}

/// Requests for the stream of that baton, or for a new one.
pub(super) fn body(encoding: Encoding, baton: Option<&str>, requests: &[Request<'_>]) -> Result<Vec<u8>, EngineError> {
    match encoding {
        Encoding::Protobuf => Ok(protobuf::pipeline(baton, requests)),
        Encoding::Json => serde_json::to_vec(&Pipelined { baton, requests })
            .map_err(|error| EngineError { kind: ErrorKind::Statement, message: error.to_string() }),
    }
}
