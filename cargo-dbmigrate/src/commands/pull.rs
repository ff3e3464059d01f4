//! `pull`: a database as annotated structs.

use std::path::PathBuf;

use clap::Args;
use dbmigrate_core::engine::check::{Broken, broken_objects};
use dbmigrate_core::engine::introspect::{StoredObject, Unreadable};
use dbmigrate_core::engine::{Connection, Introspected, ViewColumns, introspect_without, view_columns};
use dbmigrate_core::plan::decide::shell_quoted;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use super::open::open;
use super::place;
use super::replay::engine_error;
use super::subject::Subject;
use super::{pull_baseline, pull_drizzle, pull_files};
use crate::cli::Connect;
use crate::codegen::{self, Inexpressible};
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::report::counted;
use crate::tables::{self, Outside, TablePattern};
use crate::url::DatabaseUrl;

/// How many reasons are shown.
const SHOWN: usize = 20;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Without `--out` the structs go to the standard output. A file that says something else is only
overwritten with `--overwrite`; without it the exit code is 3 and nothing is written.")]
pub struct Pull {
    /// File to write, or a folder for one file per table and a `mod.rs`
    #[arg(long, value_name = "FILE.rs|DIR/")]
    pub out: Option<PathBuf>,

    /// Overwrite files that are there
    #[arg(long, requires = "out")]
    pub overwrite: bool,

    /// Only tables and views of such a name, without them behind a `!`: `*` and `?` stand for characters
    #[arg(long, value_name = "[!]GLOB")]
    pub tables: Vec<TablePattern>,

    /// Enums for columns whose CHECK lists the texts that they hold
    #[arg(long)]
    pub enums: bool,

    /// Also write the first migration, and record it in the database as applied
    #[arg(long, conflicts_with = "tables")]
    pub baseline: bool,

    /// Take over the history of a database that drizzle-kit has managed, from its migrations folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["tables", "baseline"])]
    pub from_drizzle: Option<PathBuf>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}

impl Pull {
    /// The flags that say what goes where, as they were typed.
    pub(super) fn again(&self) -> String {
        let flag = |flag: &str, value: String| format!(" {flag} {}", shell_quoted(&value));
        let tables = self.tables.iter().map(|pattern| flag("--tables", pattern.to_string()));
        let out = self.out.iter().map(|out| flag("--out", out.display().to_string()));
        let enums = self.enums.then(|| " --enums".to_owned());
        tables.chain(out).chain(enums).collect()
    }
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(context: &Context, arguments: &Pull) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    match &arguments.from_drizzle {
        Some(folder) => return pull_drizzle::run(context, arguments, folder, &url),
        None if arguments.baseline => return pull_baseline::run(context, arguments, &url),
        None => {}
    }
    let pulled = read(context, arguments, &url)?;
    if pulled.found.schema.is_empty() && pulled.found.unreadable.is_empty() {
        context.printer.warning(&format!("`{url}` has no tables, so there is nothing to write"), &[]);
        return Ok(exit::DONE);
    }
    let mut next = write_structs(context, arguments, &url.to_string(), &pulled)?;
    let has_no_history = || context.folder().is_ok_and(|folder| folder.migrations().is_empty());
    if arguments.out.is_some() && arguments.tables.is_empty() && has_no_history() {
        let command = format!("cargo dbmigrate pull --baseline{}", arguments.again());
        next.push(format!("begin the migrations with what the database has: `{command}`"));
    }
    context.printer.next(&next);
    Ok(exit::DONE)
}

/// What is pulled of a database.
pub(super) struct Pulled {
    /// The schema, in which what does not compile is marked as unchecked.
    pub(super) found: Introspected,
    pub(super) view_columns: ViewColumns,
    /// The views and triggers that do not compile.
    broken: Vec<Broken>,
    /// What is used but not pulled.
    outside: Vec<Outside>,
}

/// Reads the database.
///
/// # Errors
/// If there is none, or it cannot be read.
pub(super) fn read(context: &Context, arguments: &Pull, url: &DatabaseUrl) -> Result<Pulled> {
    if !place::exists(url)? {
        return Err(CommandError::failed(format!("there is no database `{url}`"))
            .note(format!("its name is from {}", url.source()))
            .help("name the one to pull from: `cargo dbmigrate pull --url PATH`"));
    }
    let connection = open(context, url, false)?.into_connection();
    read_from(context, arguments, &connection, url.into())
}

/// Reads the database behind a connection.
///
/// # Errors
/// If it cannot be read.
pub(super) fn read_from(
    context: &Context,
    arguments: &Pull,
    connection: &Connection,
    database: Subject<'_>,
) -> Result<Pulled> {
    let engine = |error| engine_error("cannot read the schema", &error, database).note("nothing was written");
    let mut found = block_on(introspect_without(connection, &context.config.ignore)).map_err(engine)?;
    // of all of it: a view may read another one that is not pulled
    let view_columns = block_on(view_columns(connection, &found.schema)).map_err(engine)?;
    let outside = tables::select(&mut found, &arguments.tables)?;
    set_aside_triggers(&mut found);
    let mut broken = block_on(broken_objects(connection, &found.schema)).map_err(engine)?;
    // a parent without a key is nothing that a trigger is to blame for
    broken.retain(|object| !object.message.starts_with("foreign key mismatch"));
    for Broken { name, .. } in &broken {
        if let Some(view) = found.schema.views.get_mut(name) {
            view.unchecked = true;
        }
        if let Some(trigger) = found.schema.triggers.get_mut(name) {
            trigger.unchecked = true;
        }
    }
    Ok(Pulled { found, view_columns, broken, outside })
}

/// A trigger is written on the struct of its table; where that has none, neither has the trigger.
fn set_aside_triggers(found: &mut Introspected) {
    let unreadable: Vec<&Name> =
        found.unreadable.iter().filter(|one| one.object.kind != "index").map(|one| &one.object.name).collect();
    let triggers = found.schema.triggers.iter().filter(|trigger| unreadable.contains(&&trigger.on));
    let lost: Vec<Name> = triggers.map(|trigger| trigger.name.clone()).collect();
    for name in lost {
        found.schema.triggers.remove(&name);
        let is_it = |object: &&StoredObject| object.kind == "trigger" && object.name == name;
        let reason = "what it is on has no struct".to_owned();
        let object = found.statements.iter().find(is_it).cloned();
        found.unreadable.extend(object.map(|object| Unreadable { object, reason }));
    }
}

/// Writes the structs to where they are to go, and returns what is left to be done by hand.
///
/// # Errors
/// If something cannot be said in structs, or not be written.
pub(super) fn write_structs(context: &Context, arguments: &Pull, from: &str, pulled: &Pulled) -> Result<Vec<String>> {
    let rendered = codegen::structs(&codegen::Request {
        schema: &pulled.found.schema,
        view_columns: &pulled.view_columns,
        comments: &pulled.found.comments(),
        unreadable: &pulled.found.unreadable,
        enums: arguments.enums,
    });
    refuse_inexpressible(pulled, &rendered.inexpressible)?;
    let next = pull_files::write(context, arguments, from, &rendered)?;
    warn(context, pulled);
    Ok(next)
}

/// What is in the structs differently from what a reader would expect.
fn warn(context: &Context, pulled: &Pulled) {
    let printer = &context.printer;
    for Broken { kind, name, message } in &pulled.broken {
        let text = format!("the {kind} `{name}` does not compile here, so that its struct says `unchecked`: {message}");
        printer.warning(&text, &[]);
    }
    for Unreadable { object, reason } in &pulled.found.unreadable {
        let text = format!("the {} `{}` has no struct, it is kept as a comment: {reason}", object.kind, object.name);
        printer.warning(&text, &[]);
    }
    for Outside { kind, name, uses } in &pulled.outside {
        let flags: Vec<String> = uses.iter().map(|one| format!("--tables {}", shell_quoted(one.as_str()))).collect();
        let (it, is) = if uses.len() == 1 { ("it", "is") } else { ("them", "are") };
        let names = uses.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
        let help = format!("pull {it} as well: `{}`", flags.join(" "));
        printer.warning(&format!("the {kind} `{name}` uses {names}, which {is} not pulled"), &[help]);
    }
}

fn refuse_inexpressible(pulled: &Pulled, inexpressible: &[Inexpressible]) -> Result<()> {
    let Some(first) = inexpressible.first() else { return Ok(()) };
    let message = match inexpressible {
        [only] => only.to_string(),
        several => format!("{} cannot be written as structs", counted(several.len(), "object")),
    };
    let mut error = CommandError::failed(message);
    if inexpressible.len() > 1 {
        error = inexpressible.iter().take(SHOWN).fold(error, |error, one| error.note(one.to_string()));
        if let Some(more) = inexpressible.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            error = error.note(format!("and {}", counted(more, "more object")));
        }
    }
    let trigger = pulled.found.schema.triggers.get(&Name::from(first.name.as_str()));
    let name = trigger.map_or(first.name.as_str(), |trigger| trigger.on.as_str());
    let pattern = shell_quoted(&format!("!{name}"));
    Err(error
        .note("nothing was written")
        .help(format!("pull the rest without it: `cargo dbmigrate pull --tables {pattern}`")))
}
