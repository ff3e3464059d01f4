//! The JSON files of drizzle-kit: the dialects that they can be of, and how they are read.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{CommandError, Result};
use crate::exit;

/// The dialects whose SQL is that of SQLite. drizzle-kit writes `sqlite` for databases of Turso as well.
pub(super) const DIALECTS: [&str; 2] = ["sqlite", "turso"];

/// Reads a JSON file of drizzle-kit.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(|error| CommandError::io("read", path, &error))?;
    serde_json::from_str(&text).map_err(|error| {
        let place = format!("{}:{}:{}", path.display(), error.line(), error.column());
        let message = error.to_string();
        // the place is said already
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        CommandError::new(exit::INCONSISTENT, format!("not a file written by drizzle-kit: {message}")).at(place)
    })
}
