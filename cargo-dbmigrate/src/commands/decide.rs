//! The decisions of `generate`: from flags, from attributes, and from questions at a terminal.

use dbmigrate_core::diff::{Diff, RenameError, Renames, diff};
use dbmigrate_core::folder::Snapshot;
use dbmigrate_core::plan::decide::{answerable, as_renames, questions};
use dbmigrate_core::plan::{Accepted, Decisions, Lint, Question};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::sql::{Expr, Name};
use dialoguer::{Confirm, Input, Select};

use super::generate::Generate;
use crate::context::Context;
use crate::diagnostic::Diagnostic;
use crate::error::{CommandError, Result, did_you_mean};
use crate::exit;
use crate::source::Declared;
use crate::structs;

/// The decisions and the difference under them.
pub(super) struct Decided {
    pub(super) decisions: Decisions,
    pub(super) diff: Diff,
}

/// Collects all decisions.
///
/// # Errors
/// Exit code 2 for flags that do not fit, 3 for decisions that are missing and cannot be asked for.
pub(super) fn decide(context: &Context, arguments: &Generate, declared: &Declared, head: &Snapshot) -> Result<Decided> {
    let (old, new) = (&head.schema, &declared.schema);
    let mut decisions = Decisions { renames: structs::pending_renames(declared, head), ..Decisions::default() };
    let mut flags = Renames::default();
    for text in &arguments.rename {
        add_rename(&mut flags, text, old, new)?;
    }
    override_with(&mut decisions.renames, flags);
    for text in &arguments.accept {
        accept(&mut decisions.accepted, text)?;
    }
    for text in &arguments.backfill {
        let (target, expr) = text.split_once('=').ok_or_else(|| backfill_error(text))?;
        let (table, column) = target.split_once('.').ok_or_else(|| backfill_error(text))?;
        if expr.trim().is_empty() {
            return Err(backfill_error(text));
        }
        decisions.backfills.insert((table.trim().into(), column.trim().into()), Expr::new(expr));
    }
    loop {
        let difference = diff(old, new, &decisions.renames).map_err(|error| rename_error(context, declared, &error))?;
        let open = answerable(questions(&difference, old, new, &decisions));
        if open.is_empty() {
            check_backfills(&decisions, &difference, new)?;
            warn_of_unused(context, arguments, &difference, old, new, &decisions);
            return Ok(Decided { decisions, diff: difference });
        }
        if arguments.check {
            // there is something to generate, which is all that is asked
            return Ok(Decided { decisions, diff: difference });
        }
        if !context.printer.can_ask() {
            return Err(missing(context, arguments, declared, &open));
        }
        ask(&mut decisions, &open[0])?;
    }
}

/// `users=people`, `users.nick=handle` or `users.nick=users.handle`.
fn add_rename(renames: &mut Renames, text: &str, old: &Schema, new: &Schema) -> Result<()> {
    let usage = || {
        CommandError::usage(format!("`--rename {text}` is not a rename"))
            .help("a table: `--rename users=people`")
            .help("a column: `--rename users.nick=handle`")
    };
    let (from, to) = text.split_once('=').ok_or_else(usage)?;
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() || to.is_empty() {
        return Err(usage());
    }
    // names may contain dots: a whole name that is a table wins
    let is_table = |schema: &Schema, name: &str| {
        let name = Name::from(name);
        schema.tables.contains(&name) || schema.virtual_tables.contains(&name)
    };
    if !from.contains('.') || (is_table(old, from) && is_table(new, to)) {
        if to.contains('.') && !is_table(new, to) {
            return Err(usage());
        }
        renames.tables.push((from.into(), to.into()));
        return Ok(());
    }
    let (table, column) = from.split_once('.').ok_or_else(usage)?;
    let to_column = match to.split_once('.') {
        // `users.nick=users.handle`; a column that is called `a.b` is taken as it stands
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(table) => rest,
        Some((prefix, _)) if is_table(new, prefix) => {
            return Err(CommandError::usage(format!("`--rename {text}` moves a column to another table"))
                .help("moving values takes a migration of your own: `cargo dbmigrate generate --custom`"));
        }
        _ => to,
    };
    renames.columns.push((table.into(), column.into(), to_column.into()));
    Ok(())
}

/// A flag overrides an attribute about the same names. Flags that contradict each other are left for the diff to find.
fn override_with(renames: &mut Renames, flags: Renames) {
    renames.tables.retain(|(from, to)| !flags.tables.iter().any(|(one, two)| one == from || two == to));
    renames.columns.retain(|(table, from, to)| {
        !flags.columns.iter().any(|(on, one, two)| on == table && (one == from || two == to))
    });
    renames.tables.extend(flags.tables);
    renames.columns.extend(flags.columns);
}

fn rename_error(context: &Context, declared: &Declared, error: &RenameError) -> CommandError {
    if let Some(error) = structs::rename_error(context, declared, error) {
        return error;
    }
    CommandError::usage(error.to_string())
        .help("a table: `--rename old_table=new_table`; a column: `--rename table.old=new`, the table by its new name")
}

fn accept(accepted: &mut Accepted, text: &str) -> Result<()> {
    if text == "all" {
        accepted.all = true;
        return Ok(());
    }
    let names = || Lint::ALL.iter().map(|lint| lint.name());
    let Some((lint, object)) = text.split_once(':') else {
        return Err(CommandError::usage(format!("`--accept {text}` does not say what is accepted"))
            .help("name the lint and the object: `--accept drop_column:users.legacy`")
            .help("or everything: `--accept all`"));
    };
    let lint: Lint = lint.parse().map_err(|_| {
        let error = CommandError::usage(format!("there is no lint `{lint}`"));
        match did_you_mean(lint, names()) {
            Some(name) => error.help(format!("did you mean `{name}`?")),
            None => error.help(format!("there are `{}`", names().collect::<Vec<_>>().join("`, `"))),
        }
    })?;
    accepted.add(lint, object);
    Ok(())
}

fn backfill_error(text: &str) -> CommandError {
    CommandError::usage(format!("`--backfill {text}` does not say what rows get")).help(
        "name the column and an SQL expression: `--backfill users.age=0`, `--backfill \"users.key=lower(email)\"`",
    )
}

/// A backfill must have something to fill, else it was meant for something else.
fn check_backfills(decisions: &Decisions, diff: &Diff, new: &Schema) -> Result<()> {
    for (table, column) in decisions.backfills.keys() {
        let error = |message: String| Err(CommandError::usage(message));
        let Some(declared) = new.table(table) else {
            return error(format!("`--backfill {table}.{column}`: no struct declares a table `{table}`"));
        };
        if declared.column(column).is_none_or(|column| column.generated.is_some()) {
            return error(format!("`--backfill {table}.{column}`: `{table}` has no column `{column}` to fill"));
        }
        let changed = diff.tables.iter().find(|changed| changed.name == *table);
        let is_added = changed.is_some_and(|changed| changed.added.contains(column));
        let tightened = changed
            .is_some_and(|changed| changed.changed.iter().any(|change| change.name == *column && change.nullability));
        if !is_added && !tightened {
            return error(format!(
                "`--backfill {table}.{column}`: the column is neither new nor newly NOT NULL, so nothing is filled"
            ));
        }
    }
    Ok(())
}

/// Accepting something that does not happen is no harm, but probably a mistake.
fn warn_of_unused(
    context: &Context,
    arguments: &Generate,
    diff: &Diff,
    old: &Schema,
    new: &Schema,
    decisions: &Decisions,
) {
    let strict = Decisions { accepted: Accepted::default(), ..decisions.clone() };
    let needed: Vec<(Lint, String)> = questions(diff, old, new, &strict).iter().map(Question::lint).collect();
    for text in arguments.accept.iter().filter(|text| *text != "all") {
        let Some((lint, object)) = text.split_once(':') else { continue };
        let is_used = needed.iter().any(|(one, two)| one.name() == lint && two.eq_ignore_ascii_case(object));
        if !is_used && lint != Lint::LossyConversion.name() {
            context.printer.warning(&format!("`--accept {text}`: nothing of that kind happens"), &[]);
        }
    }
}

/// Exit code 3, with every answer as a command.
fn missing(context: &Context, arguments: &Generate, declared: &Declared, open: &[Question]) -> CommandError {
    let command = arguments.command_line();
    let diagnostics: Vec<Diagnostic> = open
        .iter()
        .map(|question| {
            let (lint, _) = question.lint();
            let mut diagnostic = Diagnostic::error(question.message());
            diagnostic.code = Some(lint.name().to_owned());
            for (when, flag) in question.answers() {
                diagnostic = diagnostic.help(format!("{when}: `{command} {flag}`"));
            }
            let (place, text) = match question {
                Question::TableGone { candidates, .. } => match candidates.first() {
                    Some(candidate) => (Place::Table(candidate.clone()), "new"),
                    None => return diagnostic,
                },
                Question::ColumnGone { table, candidates, .. } => match candidates.first() {
                    Some(candidate) => (Place::Column(table.clone(), candidate.clone()), "new"),
                    None => (Place::Table(table.clone()), ""),
                },
                Question::BecomesGenerated { table, column } | Question::Backfill { table, column, .. } => {
                    (Place::Column(table.clone(), column.clone()), "")
                }
            };
            declared.point(diagnostic, &place, text)
        })
        .collect();
    let count = open.len();
    let message = match count {
        1 => "a decision is needed, nothing was written".to_owned(),
        _ => format!("{count} decisions are needed, nothing was written"),
    };
    let error = CommandError::new(exit::DECISION, message).diagnostics(context.printer.render(&diagnostics));
    match as_renames(open) {
        _ if count == 1 => error,
        Some(flags) => error.help(format!("if all are renamed: `{command} {}`", flags.join(" "))),
        None => error.help("give all answers in one command, one flag each"),
    }
}

/// Asks one question at the terminal. Nothing that loses data is preselected.
fn ask(decisions: &mut Decisions, question: &Question) -> Result<()> {
    let failed = |error: dialoguer::Error| CommandError::failed(format!("no answer: {error}"));
    let (lint, object) = question.lint();
    match question {
        Question::TableGone { candidates, .. } | Question::ColumnGone { candidates, .. } if !candidates.is_empty() => {
            let mut items: Vec<String> = candidates.iter().map(|name| format!("renamed to `{name}`")).collect();
            items.push(format!("dropped: everything in `{object}` is lost"));
            let choice = Select::new()
                .with_prompt(question.message().trim_end_matches('?'))
                .items(&items)
                .interact()
                .map_err(failed)?;
            match (candidates.get(choice), question) {
                (Some(to), Question::TableGone { table, .. }) => {
                    decisions.renames.tables.push((table.clone(), to.clone()));
                }
                (Some(to), Question::ColumnGone { table, column, .. }) => {
                    decisions.renames.columns.push((table.clone(), column.clone(), to.clone()));
                }
                _ => decisions.accepted.add(lint, &object),
            }
        }
        Question::Backfill { table, column, example } => {
            let answer: String = Input::new()
                .with_prompt(format!("{} (SQL, such as {example})", question.message().trim_end_matches('?')))
                .interact_text()
                .map_err(failed)?;
            decisions.backfills.insert((table.clone(), column.clone()), Expr::new(answer));
        }
        _ => {
            let prompt = format!("{}. Go on?", question.message());
            let yes = Confirm::new().with_prompt(prompt).default(false).interact().map_err(failed)?;
            if !yes {
                return Err(CommandError::new(exit::DECISION, "nothing was written"));
            }
            decisions.accepted.add(lint, &object);
        }
    }
    Ok(())
}
