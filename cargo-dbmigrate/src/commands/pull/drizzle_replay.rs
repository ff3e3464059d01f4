//! drizzle-kit's migrations executed in memory: what each of them leads to, and what is odd about it.

use std::collections::BTreeSet;

use dbmigrate_core::engine::check::broken_objects;
use dbmigrate_core::engine::{Connection, EngineError, introspect_without};
use dbmigrate_core::folder::{Script, Slug, Snapshot};
use dbmigrate_core::sql::{Statement, StatementKind, TokenKind, tokenize};
use pollster::block_on;

use super::take_over::Step;
use crate::database::failure::statement_error;
use crate::drizzle::{DrizzleFolder, Entry, Warning, convert};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;

/// drizzle-kit's migrations, executed one after the other on an empty database.
pub(super) struct Replayed {
    pub(super) steps: Vec<Step>,
    /// The database that they lead to.
    pub(super) connection: Connection,
    pub(super) warnings: Vec<Warning>,
    /// Statements that write a quoted name as text, with their entry.
    texts: Vec<(usize, CommandError)>,
}

/// Executes them.
///
/// # Errors
/// At the first statement that fails, or that leads to what cannot be represented.
pub(super) fn replay(context: &Context, drizzle: &DrizzleFolder) -> Result<Replayed> {
    let failed = |error: EngineError| CommandError::failed(error.to_string());
    let connection = block_on(Connection::in_memory()).map_err(failed)?;
    block_on(connection.run("PRAGMA foreign_keys = OFF")).map_err(failed)?;
    let progress = context.printer.progress("Replaying", drizzle.entries.len() as u64);
    let mut replayed = Replayed { steps: Vec::new(), connection, warnings: Vec::new(), texts: Vec::new() };
    let mut known = BTreeSet::new();
    for (at, entry) in drizzle.entries.iter().enumerate() {
        progress.step(at as u64, &entry.tag);
        let mut texts = Vec::new();
        let step = replay_entry(context, entry, at, &replayed.connection, &mut texts)?;
        replayed.texts.extend(texts.into_iter().map(|error| (at, error)));
        if let Some(outline) = &entry.outline {
            let found = outline.discrepancies(&step.snapshot.schema);
            // what was odd before is not said again
            let new: Vec<String> = found.difference(&known).cloned().collect();
            if !new.is_empty() {
                replayed.warnings.push(discrepancy(entry, &new));
            }
            known = found;
        }
        replayed.steps.push(step);
    }
    Ok(replayed)
}

/// What counts is what the SQL does: that is what databases have.
fn discrepancy(entry: &Entry, found: &[String]) -> Warning {
    let message =
        format!("the SQL of `{}` does not match drizzle-kit's snapshot of it: {}", entry.tag, found.join("; "));
    let help = "the structs will match the SQL; to change that, edit them and run `cargo dbmigrate generate`";
    Warning { message, help: vec![help.to_owned()] }
}

/// Executes one migration, in a transaction as the runner will, and reads what it has led to.
fn replay_entry(
    context: &Context,
    entry: &Entry,
    at: usize,
    connection: &Connection,
    texts: &mut Vec<CommandError>,
) -> Result<Step> {
    let failed = |error: EngineError| CommandError::failed(error.to_string());
    let give_up = |error: CommandError| {
        error
            .note(format!("`{}` cannot be imported; nothing was changed", entry.tag))
            .help("if no database has it, fix the file")
            .help("otherwise adopt the database as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`")
    };
    let slug = Slug::sanitize(entry.title()).or_else(|| Slug::sanitize("drizzle"));
    let slug = slug.ok_or_else(|| CommandError::failed("cannot name the migration"))?;
    let converted = convert::convert(entry, &Step::name(&slug, at));
    let script = Script::parse(&converted.sql, &entry.file).map_err(|mut error| {
        error.line = error.line.saturating_sub(converted.header_lines);
        give_up(error.into())
    })?;
    block_on(connection.run("BEGIN")).map_err(failed)?;
    for (number, statement) in script.statements.iter().enumerate() {
        let line = statement.line.saturating_sub(converted.header_lines);
        let text = text_for_name(connection, statement);
        block_on(connection.run(statement.text))
            .map_err(|error| give_up(statement_error(&entry.file, line, number + 1, &error)))?;
        if let Some(error) = text {
            let message = format!("statement {} would store a column name as text: {error}", number + 1);
            let error = CommandError::new(exit::INCONSISTENT, message)
                .at(format!("{}:{line}", entry.file.display()))
                .note("SQLite reads a double-quoted name as text if no column has that name")
                .note(format!("drizzle-kit has not applied `{}` to this database yet; nothing was changed", entry.tag))
                .help("name an existing column, or put text in single quotes, then run this again");
            texts.push(error);
        }
    }
    block_on(connection.run("COMMIT")).map_err(failed)?;
    let found = block_on(introspect_without(connection, &context.config.ignore)).map_err(failed)?;
    if let Some(one) = found.unreadable.first() {
        let message = format!("{} `{}` cannot be represented: {}", one.object.kind, one.object.name, one.reason);
        return Err(give_up(CommandError::failed(message).at(entry.file.display())));
    }
    if let Some(broken) = block_on(broken_objects(connection, &found.schema)).map_err(failed)?.first() {
        let message = format!("{} `{}` does not compile: {}", broken.kind, broken.name, broken.message);
        return Err(give_up(CommandError::failed(message).at(entry.file.display())));
    }
    Ok(Step { slug, sql: converted.sql, snapshot: Snapshot { schema: found.schema, renamed_from: Vec::new() } })
}

/// Why a statement does not mean what it says: it writes rows, and a name in double quotes in it is no column, so that
/// SQLite takes it for text (sqlite.org/quirks.html#dblquote). drizzle-kit writes such statements when a table is made
/// anew and gets a column at the same time. In other quotes a name is nothing but a name.
fn text_for_name(connection: &Connection, statement: &Statement<'_>) -> Option<EngineError> {
    if statement.kind != StatementKind::Write || !statement.text.contains('"') {
        return None;
    }
    let mut names = String::with_capacity(statement.text.len());
    for token in tokenize(statement.text) {
        match token.identifier() {
            Some(name) if token.kind == TokenKind::QuotedName && token.text.starts_with('"') => {
                names.push('`');
                names.push_str(&name.replace('`', "``"));
                names.push('`');
            }
            _ => names.push_str(token.text),
        }
    }
    block_on(connection.column_names(statement.text)).ok()?;
    block_on(connection.column_names(&names)).err()
}

impl Replayed {
    /// Among the migrations that are still to be applied, none may write names as text. What the others have written
    /// is in the database already.
    pub(super) fn refuse_text_for_names(&mut self, applied: usize) -> Result<()> {
        match self.texts.iter().position(|(at, _)| *at >= applied) {
            Some(at) => Err(self.texts.swap_remove(at).1),
            None => Ok(()),
        }
    }
}
