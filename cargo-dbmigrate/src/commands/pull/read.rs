//! What is pulled of a database, and how it is written as structs.

use dbmigrate_core::engine::check::{Broken, broken_objects};
use dbmigrate_core::engine::introspect::{StoredObject, Unreadable};
use dbmigrate_core::engine::{Connection, Introspected, ViewColumns, introspect_without, view_columns};
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::glob::Glob;
use pollster::block_on;

use super::arguments::Pull;
use super::files;
use super::tables::{self, Outside};
use crate::codegen::{self, Inexpressible};
use crate::database::failure::engine_error;
use crate::database::file;
use crate::database::{Subject, open};
use crate::error::{CommandError, Result};
use crate::messages::On;
use crate::project::Context;
use crate::project::config::{self, Config};
use crate::project::url::DatabaseUrl;
use crate::report::counted;

/// How many reasons are shown.
const SHOWN: usize = 20;

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
    if !file::exists(url)? {
        return Err(CommandError::failed(format!("no database at `{url}`"))
            .note(format!("the URL comes from {}", url.source()))
            .help("name the database: `cargo dbmigrate pull --url PATH`"));
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
        let reason = "its table has no struct".to_owned();
        let object = found.statements.iter().find(is_it).cloned();
        found.unreadable.extend(object.map(|object| Unreadable { object, reason }));
    }
}

/// Writes the structs to where they are to go, and returns what is left to be done by hand.
///
/// # Errors
/// If something cannot be said in structs, or not be written.
pub(super) fn write_structs(context: &Context, arguments: &Pull, from: &On, pulled: &Pulled) -> Result<Vec<String>> {
    let rendered = codegen::structs(&codegen::Request {
        schema: &pulled.found.schema,
        view_columns: &pulled.view_columns,
        comments: &pulled.found.comments(),
        unreadable: &pulled.found.unreadable,
        enums: arguments.enums,
    });
    refuse_inexpressible(&context.config, arguments, pulled, &rendered.inexpressible)?;
    let next = files::write(context, arguments, from, &rendered)?;
    warn(context, pulled);
    Ok(next)
}

/// What is in the structs differently from what a reader would expect.
fn warn(context: &Context, pulled: &Pulled) {
    let printer = &context.printer;
    for Broken { kind, name, message } in &pulled.broken {
        let text = format!("the {kind} `{name}` does not compile here, so its struct has `unchecked`: {message}");
        printer.warning(&text, &[]);
    }
    for Unreadable { object, reason } in &pulled.found.unreadable {
        let text = format!("no struct for the {} `{}`, kept as a comment: {reason}", object.kind, object.name);
        printer.warning(&text, &[]);
    }
    for Outside { kind, name, uses } in &pulled.outside {
        let flags: Vec<String> = uses.iter().map(|one| shell_flag("--tables", &Glob::of(one))).collect();
        let (it, is) = if uses.len() == 1 { ("it", "is") } else { ("them", "are") };
        let names = uses.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
        let help = format!("pull {it} as well: `{}`", flags.join(" "));
        printer.warning(&format!("the {kind} `{name}` uses {names}, which {is} not selected"), &[help]);
    }
}

fn refuse_inexpressible(
    config: &Config,
    arguments: &Pull,
    pulled: &Pulled,
    inexpressible: &[Inexpressible],
) -> Result<()> {
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
    let name = trigger.map_or_else(|| Name::from(first.name.as_str()), |trigger| trigger.on.clone());
    let error = error.note("nothing was written");
    if !arguments.mode().is_empty() {
        return Err(error.help(config::hiding(config, &name)));
    }
    let pattern = shell_flag("--tables", &format!("!{}", Glob::of(&name)));
    Err(error.help(format!("pull the rest without it: `cargo dbmigrate pull{} {pattern}`", arguments.again())))
}
