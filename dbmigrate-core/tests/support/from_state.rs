//! A file migrated from a state that was seen before, as the members of a fleet are, beside one migrated as ever.

use std::path::Path;

use dbmigrate_core::engine::apply::States;
use dbmigrate_core::engine::{Connection, content, introspect};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use super::{apply, open};

/// How often both are migrated again, one behind the other: a value of `CURRENT_TIMESTAMP` differs where a second ends between
/// them.
const AGAIN: usize = 4;

/// Migrates a file with these bytes from a state, and compares it with a database that was migrated as ever.
pub(super) fn ends_alike(path: &Path, bytes: &[u8], folder: &Folder, wanted: &Connection) -> Result<(), String> {
    if from_a_state(path, bytes, folder)? == everything(wanted)? {
        return Ok(());
    }
    for _ in 0..AGAIN {
        std::fs::write(path, bytes).map_err(|error| error.to_string())?;
        let mut ever = open(path)?;
        apply(&mut ever, folder).map_err(|error| format!("as ever: {error:?}"))?;
        let wanted = everything(ever.connection())?;
        drop(ever);
        if from_a_state(path, bytes, folder)? == wanted {
            return Ok(());
        }
    }
    Err("what began at a state ended otherwise".to_owned())
}

fn from_a_state(path: &Path, bytes: &[u8], folder: &Folder) -> Result<String, String> {
    std::fs::write(path, bytes).map_err(|error| error.to_string())?;
    let states = States::of(folder);
    let mut known = open(path)?;
    let inspected = block_on(states.inspect(&mut known, folder)).map_err(|error| format!("{error:?}"))?;
    let base = inspected.seen.and_then(|seen| states.base(seen)).ok_or("it is no state to begin at")?;
    let mut known = known.beginning_at(base);
    apply(&mut known, folder).map_err(|error| format!("from a state: {error:?}"))?;
    everything(known.connection())
}

/// The rows, the definitions and the history.
fn everything(connection: &Connection) -> Result<String, String> {
    let schema = block_on(introspect(connection)).map_err(|error| error.to_string())?.schema;
    let rows = block_on(content::everything(connection, &schema)).map_err(|error| error.to_string())?;
    let stored = block_on(
        connection.rows("SELECT type, CAST(name AS BLOB), CAST(sql AS BLOB) FROM sqlite_schema ORDER BY rowid"),
    );
    let history =
        block_on(connection.rows("SELECT position, name, checksum, schema_hash, kind FROM _dbmigrate_history"));
    Ok(format!("{rows:?} {stored:?} {history:?}"))
}
