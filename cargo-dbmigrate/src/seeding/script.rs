//! A file of SQL that is no part of a set: rows for a new database, as a dump has them.

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::connection::integer;
use dbmigrate_core::sql::{StatementKind, split};
use pollster::block_on;

use crate::database::Subject;
use crate::database::failure::{engine_error, statement_error};
use crate::error::{CommandError, Result};
use crate::report::{Printer, counted};

/// The statements of a file.
pub(crate) struct Script<'a> {
    file: &'a Path,
    text: String,
}

impl<'a> Script<'a> {
    /// Reads it, before anything is done.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(file: &'a Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).map_err(|error| CommandError::io("read", file, &error))?;
        Ok(Self { file, text: text.trim_start_matches('\u{feff}').to_owned() })
    }

    /// Runs the statements, in one transaction unless they have their own. Rows may come before those that they refer to.
    ///
    /// # Errors
    /// If one fails, or changes the schema, which is for migrations.
    pub(crate) fn apply(&self, database: &Database, subject: Subject<'_>, printer: &Printer) -> Result<()> {
        let connection = database.connection();
        let engine = |error: EngineError| engine_error("cannot insert rows into the new file", &error, subject);
        let version = || -> Result<i64> {
            let row = block_on(connection.first_row("PRAGMA schema_version")).map_err(engine)?;
            Ok(row.map(|row| integer(&row[0])).unwrap_or_default())
        };
        let before = version()?;
        let statements = split(&self.text);
        let has_own = statements.iter().any(|statement| statement.kind == StatementKind::Transaction);
        if !has_own {
            for statement in ["BEGIN", "PRAGMA defer_foreign_keys = ON"] {
                block_on(connection.run(statement)).map_err(engine)?;
            }
        }
        for (at, statement) in statements.iter().enumerate() {
            block_on(connection.run(statement.text))
                .map_err(|error| statement_error(self.file, statement.line, at + 1, &error))?;
        }
        let shown = self.file.display();
        if !has_own {
            block_on(connection.run("COMMIT")).map_err(|error| {
                CommandError::failed(format!("`{shown}` leaves references to missing rows: {error}"))
            })?;
        }
        if has_own {
            if block_on(connection.run("BEGIN")).is_err() {
                return Err(CommandError::failed(format!("`{shown}` leaves a transaction open"))
                    .help("end it with `COMMIT`, or remove `BEGIN`: without it, the file is one transaction"));
            }
            block_on(connection.roll_back());
        }
        if version()? != before {
            return Err(CommandError::failed(format!("`{shown}` changes the schema, which only migrations do"))
                .help("remove what creates, alters and drops: the file is for rows only"));
        }
        printer.status("Seeded", format!("{} of {shown}", counted(statements.len(), "statement")));
        Ok(())
    }
}
