//! What a runner leaves behind that executes only the first statement of a file, as `execute` of libsql does without a
//! word: found out by doing the same in memory.

use dbmigrate_core::engine::{Connection, Ignore, introspect_without};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::SchemaHash;
use dbmigrate_core::sql::split;
use pollster::block_on;

use crate::error::CommandError;
use crate::tools::Entry;

/// How many statements are listed.
const MOST_SHOWN: usize = 5;

/// Whether a database has what the first statements of these migrations produce, and not what all do. Then the places of
/// the others.
pub(super) fn left_out(entries: &[Entry], found: &Schema, ignore: &Ignore) -> Option<Vec<String>> {
    let connection = block_on(Connection::in_memory()).ok()?;
    block_on(connection.run("PRAGMA foreign_keys = OFF")).ok()?;
    let mut others = Vec::new();
    for entry in entries {
        for (at, statement) in split(&entry.sql).iter().enumerate() {
            if at == 0 {
                block_on(connection.run(statement.text)).ok()?;
            } else {
                others.push(format!("{}:{}", entry.file.display(), statement.line));
            }
        }
    }
    let made = block_on(introspect_without(&connection, ignore)).ok()?;
    let is_it = made.unreadable.is_empty() && SchemaHash::of(&made.schema) == SchemaHash::of(found);
    (is_it && !others.is_empty()).then_some(others)
}

/// The error with what the database lacks.
pub(super) fn said(error: CommandError, others: &[String]) -> CommandError {
    let shown = others.iter().take(MOST_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = if others.len() > MOST_SHOWN { ", …" } else { "" };
    error
        .note("it has only the first statement of each file: `execute` of libsql runs no other")
        .note(format!("not executed: {shown}{more}"))
        .note("nothing was changed")
        .help("execute those on it by hand, then run this again")
        .help("or adopt it as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`")
}
