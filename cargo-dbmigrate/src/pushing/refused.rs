//! Why a push was refused, as the user sees it.

use std::collections::BTreeSet;

use dbmigrate_core::diff::{Diff, Renames};
use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::{FailingRows, Failure, Finding};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::introspect::StoredObject;
use dbmigrate_core::engine::prove::differences;
use dbmigrate_core::plan::besides::Wanted;
use dbmigrate_core::plan::{Plan, Preflight};
use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::shell::shell_quoted;
use dbmigrate_core::sql::path::path;
use dbmigrate_core::sql::{Expr, Name};

use super::run::{Decided, Live, Run};
use crate::database::failure::{engine_error, to_see};
use crate::diagnostic::Diagnostic;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::report::counted;
use crate::structs::Ambiguous;

const UNCHANGED: &str = "nothing was changed";

/// A database that migrations are applied to.
pub(super) fn history(run: &Run<'_>, count: usize) -> CommandError {
    let (url, command) = (run.url, run.asker.command_line());
    let message = format!("`{url}` has a migration history ({})", counted(count, "migration"));
    CommandError::new(exit::DECISION, message)
        .note("a push is not recorded there: `migrate` would report it as drift")
        .note(UNCHANGED)
        .help("write a migration instead: `cargo dbmigrate generate`, then `cargo dbmigrate migrate`")
        .help(format!("push anyway: `{command} --accept history`"))
}

/// Names that the structs declare and that something has which cannot be read.
pub(super) fn unreadable_names(run: &Run<'_>, live: &Live) -> Result<()> {
    let declared: BTreeSet<&Name> = run.declared.schema.object_names().collect();
    let diagnostics: Vec<Diagnostic> = live
        .found
        .unreadable
        .iter()
        .filter(|unreadable| {
            let StoredObject { name, table, .. } = &unreadable.object;
            declared.contains(name) || declared.contains(table)
        })
        .map(|unreadable| {
            let StoredObject { kind, name, table, .. } = &unreadable.object;
            let message = format!("{kind} `{name}` of `{}` cannot be read: {}", run.url, unreadable.reason);
            let owner = if declared.contains(table) { table } else { name };
            run.declared.point(Diagnostic::error(message), &Place::Table(owner.clone()), "declared here")
        })
        .collect();
    if let (true, Some(unreadable)) = (run.taking.is_some(), live.found.unreadable.first()) {
        let message = format!("an object of `{}` cannot be read: {unreadable}", run.url);
        return Err(CommandError::failed(message)
            .note(UNCHANGED)
            .help("drop it by hand, or recreate the database: `cargo dbmigrate reset`"));
    }
    if diagnostics.is_empty() {
        return Ok(());
    }
    Err(CommandError::failed("some objects with declared names cannot be read, nothing was changed")
        .diagnostics(run.context.printer.render(&diagnostics))
        .help("rewrite them by hand, or rename the structs' tables"))
}

/// Views whose names tables are to have, and triggers on what is left alone whose names other triggers are to have.
pub(super) fn names_in_the_way(run: &Run<'_>, wanted: &Wanted) -> Result<()> {
    let besides = &wanted.besides;
    let mut diagnostics: Vec<Diagnostic> = besides
        .views_in_the_way
        .iter()
        .map(|name| {
            let message = format!("`{name}` is a view in `{}`, and a struct declares a table of that name", run.url);
            let flag = format!("--accept drop_view:{}", shell_quoted(&path([name])));
            let help = format!("if the view is not needed: `{} {flag}`", run.asker.command_line());
            run.declared.point(Diagnostic::error(message).help(help), &Place::Table(name.clone()), "declared here")
        })
        .collect();
    diagnostics.extend(besides.triggers_in_the_way.iter().map(|name| {
        let message =
            format!("trigger `{name}` of `{}` has a declared name, but no struct declares its table", run.url);
        let help = format!("rename the declared one, or drop the other by hand: `DROP TRIGGER {}`", name.sql());
        run.declared.point(Diagnostic::error(message).help(help), &Place::Trigger(name.clone()), "declared here")
    }));
    if diagnostics.is_empty() {
        return Ok(());
    }
    Err(CommandError::new(exit::DECISION, format!("a decision is needed, {UNCHANGED}"))
        .diagnostics(run.context.printer.render(&diagnostics)))
}

/// `renamed_from` attributes of which the database does not tell whether they were followed. Where everything is as it
/// is declared without another rename, they were; but two names that are swapped look the same before and after.
pub(super) fn ambiguous_renames(
    run: &Run<'_>,
    ambiguous: &[Ambiguous],
    renames: &Renames,
    difference: &Diff,
) -> Result<()> {
    let is_answered = |one: &Ambiguous| match &one.place {
        Place::Table(to) => renames.tables.iter().any(|(from, other)| other == to || from == to),
        Place::Column(table, to) => {
            renames.columns.iter().any(|(on, from, other)| on == table && (other == to || from == to))
        }
        _ => false,
    };
    let is_settled = |one: &Ambiguous| {
        let (Place::Table(table) | Place::Column(table, _)) = &one.place else { return true };
        let differs = |name: &Name| difference.tables.iter().any(|table| table.name == *name);
        let from = Name::from(one.from.as_str());
        !differs(table) && !differs(&from) && !is_in_circle(one, ambiguous)
    };
    let open: Vec<&Ambiguous> = ambiguous.iter().filter(|one| !is_answered(one) && !is_settled(one)).collect();
    if open.is_empty() {
        return Ok(());
    }
    let flags: Vec<String> = open.iter().map(|one| format!("--rename {}", shell_quoted(&one.as_typed()))).collect();
    let diagnostics: Vec<Diagnostic> = open
        .iter()
        .map(|one| {
            let Ambiguous { place, from, to } = one;
            let message = format!("was `{from}` already renamed to `{to}`? both names exist before and after");
            run.declared.point(Diagnostic::error(message), place, "")
        })
        .collect();
    Err(CommandError::new(exit::DECISION, format!("a database has no record of renames, {UNCHANGED}"))
        .diagnostics(run.context.printer.render(&diagnostics))
        .help("if it was: remove `renamed_from`")
        .help(format!("if not: `{} {}`, then remove `renamed_from`", run.asker.command_line(), flags.join(" "))))
}

/// Whether the renames lead from a name back to it.
fn is_in_circle(start: &Ambiguous, all: &[Ambiguous]) -> bool {
    let full = |one: &Ambiguous| match &one.place {
        Place::Column(table, column) => Name::from(format!("{table}.{column}")),
        _ => Name::from(one.to.as_str()),
    };
    let mut name = Name::from(start.from.as_str());
    for _ in all {
        if name == full(start) {
            return true;
        }
        match all.iter().find(|one| full(one) == name) {
            Some(before) => name = Name::from(before.from.as_str()),
            None => return false,
        }
    }
    name == full(start)
}

/// What hangs on something that changes, and cannot be taken along.
pub(super) fn in_the_way(run: &Run<'_>, live: &Live, plan: &Plan) -> Result<()> {
    let hangs_on = |object: &StoredObject| {
        let sql = Expr::new(&object.sql);
        plan.moving.iter().find(|name| object.table == **name || sql.mentions(name)).cloned()
    };
    let unreadable: Vec<Diagnostic> = live
        .found
        .unreadable
        .iter()
        .filter_map(|one| {
            let moving = hangs_on(&one.object)?;
            let (kind, name) = (&one.object.kind, &one.object.name);
            let message =
                format!("{kind} `{name}` depends on `{moving}`, which changes, but cannot be read: {}", one.reason);
            let diagnostic = Diagnostic::error(message);
            Some(diagnostic.help(match kind.as_str() {
                "table" => format!("rewrite `{name}` by hand, keeping its rows"),
                _ => format!("drop the {kind} by hand, push, then create it again to fit the new schema"),
            }))
        })
        .collect();
    if !unreadable.is_empty() {
        return Err(CommandError::failed("objects that cannot be read would not survive the push")
            .diagnostics(run.context.printer.render(&unreadable))
            .note(UNCHANGED));
    }
    // SQLite compiles all views and triggers for these, and fails on one that is broken
    let compiles_all = |statement: &str| statement.starts_with("ALTER TABLE") && !statement.contains(" ADD COLUMN ");
    if live.broken.is_empty() || !plan.statements().any(compiles_all) {
        return Ok(());
    }
    let is_dropped = |kind: &str, name: &Name| {
        let statement = format!("DROP {} {}", kind.to_ascii_uppercase(), name.sql());
        plan.statements().any(|one| one == statement)
    };
    let broken: Vec<Diagnostic> = live
        .broken
        .iter()
        .filter(|object| !is_dropped(object.kind, &object.name))
        .map(|object| {
            let (kind, name) = (object.kind, &object.name);
            let diagnostic = Diagnostic::error(format!("{kind} `{name}` does not compile: {}", object.message));
            diagnostic.help(drop_broken(run, kind, name))
        })
        .collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(CommandError::new(exit::DECISION, "SQLite cannot alter tables while a view or trigger does not compile")
        .diagnostics(run.context.printer.render(&broken))
        .note(UNCHANGED))
}

/// What can be done about a view or trigger that does not compile, or would not.
pub(super) fn drop_broken(run: &Run<'_>, kind: &str, name: &Name) -> String {
    if kind == "view" {
        let flag = format!("--accept drop_view:{}", shell_quoted(&path([name])));
        format!("if it is not needed: `{} {flag}`", run.asker.command_line())
    } else {
        format!("drop it by hand, push, then create it again to fit the new schema: `DROP TRIGGER {}`", name.sql())
    }
}

/// What the rows have against the change, each at what it is about.
pub(super) fn contradicted(run: &Run<'_>, found: &[Finding], preflights: &[Preflight]) -> Vec<Diagnostic> {
    let diagnostic = |finding: &Finding| {
        let mut diagnostic = Diagnostic::error(&finding.message);
        let Some(preflight) = preflights.get(finding.preflight) else { return diagnostic };
        for (when, flag) in &preflight.answers {
            diagnostic = diagnostic.help(format!("{when}: `{} {flag}`", run.asker.command_line()));
        }
        if !preflight.rows.is_empty() {
            diagnostic = diagnostic.help(format!("to see them: `{}`", preflight.rows));
        }
        match &preflight.place {
            Some(place) => run.declared.point(diagnostic, place, ""),
            None => diagnostic,
        }
    };
    found.iter().map(diagnostic).collect()
}

/// Expressions that fail on rows.
pub(super) fn failing(run: &Run<'_>, found: &[FailingRows]) -> Vec<Diagnostic> {
    let diagnostic = |one: &FailingRows| {
        let diagnostic = Diagnostic::error(one.to_string());
        let helps = to_see(std::slice::from_ref(one));
        let diagnostic = helps.into_iter().fold(diagnostic, Diagnostic::help);
        diagnostic.help(format!("fix the rows or change the expression, then run `{}`", run.asker.command_line()))
    };
    found.iter().map(diagnostic).collect()
}

/// A database that cannot be asked.
pub(super) fn no_answers(run: &Run<'_>, error: &EngineError) -> CommandError {
    engine_error("cannot read the rows", error, run.url.into()).note(UNCHANGED)
}

/// A preflight that does not run.
pub(super) fn preflight(run: &Run<'_>, query: &str, error: &EngineError) -> CommandError {
    engine_error("cannot read the rows", error, run.url.into()).note(format!("the query: {query}")).note(UNCHANGED)
}

/// A change that failed, and was undone.
pub(super) fn failure(run: &Run<'_>, failure: &Failure, decided: &Decided, plan: &Plan) -> CommandError {
    let shown = run.url.to_string();
    match failure {
        Failure::Contradicted { found } => run.asker.missing(&[], &contradicted(run, found, &plan.preflights)),
        Failure::PreflightExpressions { found, .. } => run.asker.missing(&[], &failing(run, found)),
        Failure::Statement { number: 0, statement, error, .. } if error.kind != ErrorKind::Constraint => {
            preflight(run, statement, error)
        }
        Failure::Statement { statement, error, .. } => {
            let shown =
                engine_error("a statement failed", error, run.url.into()).note(format!("the statement: {statement}"));
            match error.kind {
                ErrorKind::Constraint => shown
                    .with_exit_code(exit::DECISION)
                    .note(UNCHANGED)
                    .help("fix the rows that violate the constraint, then push again"),
                _ => shown.note(UNCHANGED),
            }
        }
        Failure::ForeignKeys { .. } => {
            CommandError::new(exit::DECISION, failure.to_string().replace("the migration", "the change"))
                .note(UNCHANGED)
                .help("fix the rows, then push again")
        }
        Failure::Structure { found, unreadable } => {
            let error = CommandError::failed(format!("the change does not produce the wanted schema of `{shown}`"));
            let left = differences(found, &decided.wanted.schema);
            let error = left.iter().fold(error, |error, line| error.note(format!("missing: {line}")));
            let error = unreadable.iter().fold(error, |error, object| error.note(format!("cannot be read: {object}")));
            error.note(UNCHANGED)
        }
        Failure::Broken { kind, name, message } => {
            let text = format!("{kind} `{name}` would not compile after the change: {message}");
            let error = CommandError::new(exit::DECISION, text).note(UNCHANGED);
            error.help(drop_broken(run, kind, &Name::from(name.as_str())))
        }
        Failure::Lost { error, is_known: true } => CommandError::failed(format!("the connection was lost: {error}"))
            .note(UNCHANGED)
            .help(format!("push again: `{}`", run.asker.command_line())),
        Failure::Lost { error, .. } => CommandError::failed(format!("the connection was lost: {error}"))
            .note("it is unknown whether the change was made: the server stopped answering")
            .help("check what is left once the server answers: `cargo dbmigrate diff`"),
        Failure::Engine { error, .. } if error.kind == ErrorKind::Stolen => {
            engine_error("the push failed", error, run.url.into()).note(UNCHANGED)
        }
        Failure::Engine { action, error } => engine_error(action, error, run.url.into()).note(UNCHANGED),
        _ => CommandError::failed(failure.to_string()).note(UNCHANGED),
    }
}
