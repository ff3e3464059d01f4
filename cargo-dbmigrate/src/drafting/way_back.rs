//! The way back that a migration has of its own, tried where nothing can be lost.

use std::path::Path;

use dbmigrate_core::engine::prove::{Back, BackError, differences, try_back};
use dbmigrate_core::folder::{Script, Undo};
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use crate::database::failure::statement_error;
use crate::error::{CommandError, Result};
use crate::project::{Context, path};

/// A migration with a way back.
pub(crate) struct WayBack<'a> {
    /// The migration's name.
    pub name: &'a str,
    /// Its file.
    pub file: &'a Path,
    /// The schemas before and behind it.
    pub schemas: (&'a Schema, &'a Schema),
    /// Its SQL.
    pub script: &'a Script<'a>,
    /// Its way back.
    pub undo: &'a Undo,
    /// What is said if it does not work: that nothing was written, and what to do.
    pub otherwise: (&'a str, &'a str),
}

impl WayBack<'_> {
    /// Goes there and back with generated rows. Whether it leads to the schema before by itself; otherwise it leaves the
    /// schema as it is.
    ///
    /// # Errors
    /// If it fails, or leads elsewhere.
    pub(crate) fn try_out(&self, context: &Context) -> Result<bool> {
        let Self { name, file, schemas: (before, after), script, undo, otherwise: (untouched, help) } = *self;
        let back = block_on(try_back(before, &script.statements, &undo.statements()))
            .map_err(|error| failed(file, undo, error, untouched))?;
        said(context, name, &back, script.rust.is_some());
        let left = differences(&back.schema, before);
        if left.is_empty() {
            return Ok(true);
        }
        if differences(&back.schema, after).is_empty() {
            return Ok(false);
        }
        let message = format!("the way back of `{name}` does not produce the schema before it");
        let error = CommandError::failed(message).at(place(file, undo.line));
        let error = left.iter().fold(error, |error, line| error.note(format!("missing: {line}")));
        Err(error.note(untouched).help(help))
    }
}

/// Says that it works.
pub(crate) fn said(context: &Context, name: &str, back: &Back, has_step: bool) {
    let rows = match (has_step, back.are_rows_the_same) {
        (true, _) => ", without its step in Rust",
        (false, true) => ", every row is as it was",
        (false, false) => "",
    };
    context.printer.detail("Proved", format!("the way back of {name} on {} generated rows{rows}", back.rows));
}

/// That it does not.
pub(crate) fn failed(file: &Path, undo: &Undo, error: BackError, untouched: &str) -> CommandError {
    let shown = match error {
        BackError::Statement(line, number, error) => statement_error(file, line, number, &error),
        BackError::ForeignKeys(table) => {
            let message = format!("the way back violates foreign keys of `{table}`");
            CommandError::failed(message).at(place(file, undo.line))
        }
        BackError::Engine(error) => CommandError::failed(error.to_string()),
        _ => CommandError::failed("the way back fails"),
    };
    shown.note(untouched)
}

fn place(file: &Path, line: usize) -> String {
    format!("{}:{line}", path::for_display(file).display())
}
