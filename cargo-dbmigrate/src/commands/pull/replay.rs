//! Another tool's migrations executed in memory: what each of them leads to, and what is odd about it.

use std::collections::BTreeSet;
use std::path::Path;

use dbmigrate_core::engine::check::broken_objects;
use dbmigrate_core::engine::{Connection, EngineError, introspect_without};
use dbmigrate_core::folder::script::Undo;
use dbmigrate_core::folder::{Script, Slug, Snapshot};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::SchemaHash;
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::{Head, Statement, StatementKind, Token, TokenKind, split, tokenize};
use pollster::block_on;

use super::cascading::{turns_keys_off, written_out};
use super::take_over::Step;
use crate::database::failure::statement_error;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::report::missing::help_in;
use crate::tools::argument::typed;
use crate::tools::convert::{self, Converted};
use crate::tools::found::Found;
use crate::tools::{Down, Entry, ToolFolder, Warning};

/// The migrations, executed one after the other on an empty database.
pub(super) struct Replayed {
    pub(super) steps: Vec<Step>,
    /// The database that they lead to.
    pub(super) connection: Connection,
    /// What is odd about a migration, with its place.
    pub(super) warnings: Vec<(usize, Warning)>,
    /// Statements that write a quoted name as text, with their entry.
    texts: Vec<(usize, CommandError)>,
}

/// Executes them.
///
/// # Errors
/// At the first statement that fails, or that leads to what cannot be represented.
pub(super) fn replay(context: &Context, other: &Found, folder: &ToolFolder) -> Result<Replayed> {
    let failed = |error: EngineError| CommandError::failed(error.to_string());
    let connection = block_on(Connection::in_memory()).map_err(failed)?;
    block_on(connection.run("PRAGMA foreign_keys = OFF")).map_err(failed)?;
    let progress = context.printer.progress("Replaying", folder.entries.len() as u64);
    let mut replayed = Replayed { steps: Vec::new(), connection, warnings: Vec::new(), texts: Vec::new() };
    let mut known = BTreeSet::new();
    for (at, entry) in folder.entries.iter().enumerate() {
        progress.step(at as u64, &entry.tag);
        let one = One { context, other, folder, entry, at };
        one.replay(&mut replayed)?;
        let Some(step) = replayed.steps.last() else { continue };
        if let Some(outline) = &entry.outline {
            let found = outline.discrepancies(&step.snapshot.schema);
            // what was odd before is not said again
            let new: Vec<String> = found.difference(&known).cloned().collect();
            if !new.is_empty() {
                replayed.warnings.push((at, discrepancy(entry, &new)));
            }
            known = found;
        }
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

/// One of the migrations.
struct One<'a> {
    context: &'a Context,
    other: &'a Found,
    folder: &'a ToolFolder,
    entry: &'a Entry,
    at: usize,
}

impl One<'_> {
    /// Executes it, in a transaction as the runner will, and reads what it has led to.
    fn replay(&self, replayed: &mut Replayed) -> Result<()> {
        let (entry, about) = (self.entry, self.other.tool.about());
        let failed = |error: EngineError| CommandError::failed(error.to_string());
        let slug = Slug::sanitize(&entry.title).or_else(|| Slug::sanitize(about.name));
        let slug = slug.ok_or_else(|| CommandError::failed("cannot name the migration"))?;
        let converted = self.converted(&slug, entry.down.as_ref());
        let connection = &replayed.connection;
        let script = self.script(&converted)?;
        block_on(connection.run("BEGIN")).map_err(failed)?;
        for (number, statement) in script.statements.iter().enumerate() {
            let line = statement.line.saturating_sub(converted.header_lines);
            let text = text_for_name(connection, statement);
            if let Some(error) = opens_another(statement, &entry.file, line) {
                return Err(self.give_up(error));
            }
            block_on(connection.run(statement.text)).map_err(|error| {
                let brings = help_in(&error.to_string(), std::slice::from_ref(&entry.sql));
                let shown = self.give_up(statement_error(&entry.file, line, number + 1, &error).helps(brings));
                match self.made_by_none(&error) {
                    Some(table) if about.table.is_some() => shown.help(format!(
                        "if the program that runs the migrations creates `{table}`, take what uses it out of the file"
                    )),
                    Some(table) => shown.help(format!(
                        "if the program that runs the migrations records them in `{table}`: `cargo dbmigrate pull {} {}`",
                        shell_flag("--from", &typed(about, Some(&self.folder.path.display().to_string()))),
                        shell_flag("--history-table", table)
                    )),
                    None => shown,
                }
            })?;
            if let Some(error) = text {
                let message = format!("statement {} would store a column name as text: {error}", number + 1);
                let error = CommandError::new(exit::INCONSISTENT, message)
                    .at(format!("{}:{line}", entry.file.display()))
                    .note("SQLite reads a double-quoted name as text if no column has that name")
                    .note(format!(
                        "{} has not applied `{}` to this database yet; nothing was changed",
                        about.title(),
                        entry.tag
                    ))
                    .help("name an existing column, or put text in single quotes, then run this again");
                replayed.texts.push((self.at, error));
            }
        }
        block_on(connection.run("COMMIT")).map_err(failed)?;
        let schema = self.schema(connection)?;
        let mut sql = converted.sql.clone();
        let nothing = Schema::default();
        let before = replayed.steps.last().map_or(&nothing, |step| &step.snapshot.schema);
        if let (Some(down), Some(undo)) = (&entry.down, &script.undo)
            && let Some(why) = self.try_back(connection, undo, [before, &schema])?
        {
            sql = self.converted(&slug, None).sql;
            replayed.warnings.push((self.at, no_way_back(entry, down, &why)));
        }
        if about.has_foreign_keys_on() && !turns_keys_off(&split(&entry.sql)) {
            let script = Script::parse(&sql, &entry.file).map_err(|error| self.give_up(error.into()))?;
            if let Some(written) = written_out(about.title(), &sql, &script, before) {
                sql = written;
                replayed
                    .warnings
                    .push((self.at, deletes_more(entry, about.title(), Step::name(&slug, self.at).as_str())));
            }
        }
        replayed.steps.push(Step { slug, sql, snapshot: Snapshot { schema, renamed_from: Vec::new() } });
        Ok(())
    }

    fn converted(&self, slug: &Slug, down: Option<&Down>) -> Converted {
        let name = Step::name(slug, self.at);
        convert::convert(self.entry, down, &name, self.other, &self.folder.path)
    }

    fn script<'t>(&self, converted: &'t Converted) -> Result<Script<'t>> {
        Script::parse(&converted.sql, &self.entry.file).map_err(|mut error| {
            error.line = error.line.saturating_sub(converted.header_lines);
            self.give_up(error.into())
        })
    }

    /// The schema that the database in memory has now.
    fn schema(&self, connection: &Connection) -> Result<Schema> {
        let failed = |error: EngineError| CommandError::failed(error.to_string());
        let file = self.entry.file.display();
        let found = block_on(introspect_without(connection, &self.context.config.ignore)).map_err(failed)?;
        if let Some(one) = found.unreadable.first() {
            let message = format!("{} `{}` cannot be represented: {}", one.object.kind, one.object.name, one.reason);
            return Err(self.give_up(CommandError::failed(message).at(file)));
        }
        if let Some(broken) = block_on(broken_objects(connection, &found.schema)).map_err(failed)?.first() {
            let message = format!("{} `{}` does not compile: {}", broken.kind, broken.name, broken.message);
            return Err(self.give_up(CommandError::failed(message).at(file)));
        }
        Ok(found.schema)
    }

    /// Why what undoes the migration is no way back, if it is none: it fails, or leads to another schema than the one
    /// before or the one that is there. The database stays as it is.
    fn try_back(&self, connection: &Connection, undo: &Undo, schemas: [&Schema; 2]) -> Result<Option<String>> {
        let failed = |error: EngineError| CommandError::failed(error.to_string());
        block_on(connection.run("BEGIN")).map_err(failed)?;
        let run = undo.statements().iter().try_for_each(|statement| block_on(connection.run(statement.text)));
        let found = block_on(introspect_without(connection, &self.context.config.ignore));
        block_on(connection.roll_back());
        if let Err(error) = run {
            return Ok(Some(format!("it fails: {error}")));
        }
        let found = found.map_err(failed)?;
        let is_one = found.unreadable.is_empty()
            && schemas.iter().any(|schema| SchemaHash::of(&found.schema) == SchemaHash::of(schema));
        Ok((!is_one).then(|| "it does not produce the schema before it".to_owned()))
    }

    /// The table that is missing, if no migration creates one of that name.
    fn made_by_none<'e>(&self, error: &'e EngineError) -> Option<&'e str> {
        let name = error.message.strip_prefix("no such table: ")?;
        let name = name.strip_prefix("main.").unwrap_or(name);
        let creates = |statement: &Statement<'_>| match Head::of(statement) {
            Some(Head::CreateTable(made) | Head::RenameTable(_, made)) => made == *name,
            _ => false,
        };
        let is_made = self.folder.entries.iter().any(|entry| split(&entry.sql).iter().any(creates));
        (!is_made).then_some(name)
    }

    /// What is said of a migration that cannot be imported.
    fn give_up(&self, error: CommandError) -> CommandError {
        error
            .note(format!("`{}` cannot be imported; nothing was changed", self.entry.tag))
            .help("if no database has it, fix the file")
            .help("otherwise adopt the database as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`")
    }
}

/// That a migration gets no way back.
fn no_way_back(entry: &Entry, down: &Down, why: &str) -> Warning {
    let message = format!("`{}` was left out of `{}`: {why}", down.file.display(), entry.tag);
    Warning::new(message).help("`cargo dbmigrate revert` plans the way back by itself")
}

/// That a migration deletes rows which others refer to, as it did where foreign keys are on.
fn deletes_more(entry: &Entry, tool: &str, name: &str) -> Warning {
    let message =
        format!("`{}` deletes rows that others refer to: what `ON DELETE` does under {tool} is written out", entry.tag);
    Warning::new(message).help(format!("`migrate` runs with foreign keys off; review `{name}`"))
}

/// That a statement opens another database, which no transaction can.
fn opens_another(statement: &Statement<'_>, file: &Path, line: usize) -> Option<CommandError> {
    let first = tokenize(statement.text).find(Token::is_significant)?;
    let word = ["attach", "detach"].into_iter().find(|word| first.is_word(word))?;
    let message = format!("`{}` needs another database, and a migration has only one", word.to_uppercase());
    Some(CommandError::failed(message).at(format!("{}:{line}", file.display())))
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
