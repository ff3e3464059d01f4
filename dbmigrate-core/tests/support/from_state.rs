//! A file migrated from a state that was seen before, as the members of a fleet are, beside one migrated as ever.

use std::path::Path;

use dbmigrate_core::engine::apply::States;
use dbmigrate_core::engine::{Connection, content, introspect};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use super::{apply, open};

/// Migrates a file with these bytes from a state, and compares it with a database that was migrated as ever.
pub(super) fn ends_alike(path: &Path, bytes: &[u8], folder: &Folder, wanted: &Connection) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| error.to_string())?;
    let states = States::of(folder);
    let mut known = open(path)?;
    let inspected = block_on(states.inspect(&mut known, folder)).map_err(|error| format!("{error:?}"))?;
    let base = inspected.seen.and_then(|seen| states.base(seen)).ok_or("it is no state to begin at")?;
    let mut known = known.beginning_at(base);
    apply(&mut known, folder).map_err(|error| format!("from a state: {error:?}"))?;
    let [found, wanted] = [known.connection(), wanted].map(|connection| {
        let schema = block_on(introspect(connection)).map_err(|error| error.to_string())?.schema;
        let rows = block_on(content::everything(connection, &schema)).map_err(|error| error.to_string())?;
        let stored = block_on(
            connection.rows("SELECT type, CAST(name AS BLOB), CAST(sql AS BLOB) FROM sqlite_schema ORDER BY rowid"),
        );
        let history =
            block_on(connection.rows("SELECT position, name, checksum, schema_hash, kind FROM _dbmigrate_history"));
        Ok::<_, String>((rows, format!("{stored:?} {history:?}")))
    });
    match found? == wanted? {
        true => Ok(()),
        false => Err("what began at a state ended otherwise".to_owned()),
    }
}
