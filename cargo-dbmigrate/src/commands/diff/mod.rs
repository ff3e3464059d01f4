//! `diff`: how two of structs, snapshots and databases differ.

mod fleet;

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use dbmigrate_core::diff::{Action, Change, Detail, Diff as Difference, RenameError, Renames, diff};
use dbmigrate_core::engine::introspect::Unreadable;
use dbmigrate_core::engine::prove::prove;
use dbmigrate_core::plan::decide::questions;
use dbmigrate_core::plan::{Accepted, Decisions, Lint, Question, plan};
use dbmigrate_core::schema::canonical::SchemaHash;
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use crate::decisions::answers::Answers;
use crate::error::{CommandError, Result};
use crate::fleet::{Where, refuse_without_fleet};
use crate::messages;
use crate::pictures;
use crate::project::Context;
use crate::project::url::Connect;
use crate::report::counted;
use crate::report::difference;
use crate::report::lint::is_loss;
use crate::sides::{self, Loaded, Side};
use crate::{exit, structs};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Sides:
  structs              The schema of the structs
  head                 The snapshot of the last migration
  0003_users, 0003, 3  The snapshot of that migration
  empty, 0             The empty schema
  database             The database of --target or --url, or the default one
  production, demo …   The database of that target
  ./a.db, file:a.db    Another database: anything with `/`, `\\`, `.` or `:`

The default is from `database` to `structs`. If only one side is given, the
other is `structs`, or `database` if the given one is `structs`.

Examples:
  cargo dbmigrate diff    What the database lacks
  cargo dbmigrate diff --from head --to database
  cargo dbmigrate diff --from a.db --to b.db --sql

Of a fleet, shows what was changed by hand in members, those with the same
changes together.

Exits with 4 if there is a difference.")]
pub(crate) struct Diff {
    /// Side to compare
    #[arg(long, value_name = "SIDE")]
    pub from: Option<String>,

    /// Side to compare with
    #[arg(long, value_name = "SIDE")]
    pub to: Option<String>,

    /// Print the SQL that changes the one into the other
    #[arg(long)]
    pub sql: bool,

    /// How to show it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, conflicts_with = "sql")]
    pub format: Format,

    /// Rename a table (`users=people`) or column (`users.nick=handle`)
    #[arg(long, value_name = "OLD=NEW")]
    pub rename: Vec<String>,

    /// Which database `database` is.
    #[command(flatten)]
    pub connect: Connect,

    /// Which members of a fleet.
    #[command(flatten)]
    pub which: Where,
}

/// How a difference is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for each difference
    #[default]
    Text,
    /// A page that shows both schemas side by side
    Html,
}

impl Diff {
    /// The sides that were typed, and those that were not.
    fn sides(&self) -> (Side, Side) {
        let other = |given: &Side| if *given == Side::Structs { Side::Database } else { Side::Structs };
        let parse = |text: &Option<String>| text.as_deref().map(Side::parse);
        match (parse(&self.from), parse(&self.to)) {
            (Some(from), Some(to)) => (from, to),
            (Some(from), None) => {
                let to = other(&from);
                (from, to)
            }
            (None, Some(Side::Database)) => (Side::Structs, Side::Database),
            (None, Some(to)) => (Side::Database, to),
            (None, None) => (Side::Database, Side::Structs),
        }
    }

    /// What a fleet is compared with is fixed.
    fn refuse_sides(&self, fleet: &str) -> Result<()> {
        let flags = [
            ("--from", self.from.is_some()),
            ("--to", self.to.is_some()),
            ("--sql", self.sql),
            ("--format", self.format != Format::Text),
            ("--rename", !self.rename.is_empty()),
        ];
        match flags.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => Err(CommandError::usage(format!("`{flag}` is not for a fleet, and `{fleet}` is one"))
                .note("the members of a fleet are compared with what their last migration left")
                .help(format!("for one of them: `-t {fleet}/NAME`"))),
            None => Ok(()),
        }
    }

    /// The command as it was typed, so that a flag can be put behind it.
    fn command_line(&self) -> String {
        let mut text = "cargo dbmigrate diff".to_owned();
        let from = self.from.iter().map(|value| ("--from", value));
        let to = self.to.iter().map(|value| ("--to", value));
        let rename = self.rename.iter().map(|value| ("--rename", value));
        for (flag, value) in from.chain(to).chain(rename) {
            // writing to a string cannot fail
            let _ = write!(text, " {}", shell_flag(flag, value));
        }
        if self.sql {
            text.push_str(" --sql");
        }
        if self.format == Format::Html {
            text.push_str(" --format html");
        }
        text
    }
}

/// Two sides and how they differ.
struct Compared {
    from: Loaded,
    to: Loaded,
    renames: Renames,
    difference: Difference,
    /// Objects that cannot be compared, with the label of the database that has them.
    unreadable: Vec<(String, Unreadable)>,
    /// What a person would have to decide.
    questions: Vec<Question>,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Diff) -> Result<u8> {
    if let Some(fleet) = context.fleet(&arguments.connect)? {
        arguments.refuse_sides(fleet.name())?;
        return fleet::run(context, &fleet, &arguments.which);
    }
    refuse_without_fleet(&arguments.which)?;
    let (from, to) = arguments.sides();
    if arguments.connect.names_one() && from != Side::Database && to != Side::Database {
        let flag = arguments.connect.flag();
        return Err(CommandError::usage(format!("`{flag}` selects `database`, but neither side is `database`"))
            .help("to compare two databases: `--from a.db --to b.db`, `--from production --to demo`"));
    }
    let connect = &arguments.connect;
    let sides = (from, to);
    let (from, to) =
        (sides::load(context, &sides.0, "--from", connect)?, sides::load(context, &sides.1, "--to", connect)?);
    let next = next_step(context, &sides, &from, &to);
    let compared = compare(context, arguments, from, to)?;
    let printer = &context.printer;
    let (from, to) = (&compared.from.shown, &compared.to.shown);
    let details = compared.difference.details(&compared.from.schema, &compared.to.schema);
    let count = details.len() + compared.unreadable.len();
    let losses = compared.questions.iter().filter(|question| is_loss(question.lint().0)).count();
    if arguments.sql && count > 0 {
        let sql = sql(context, &compared)?;
        printer.result(sql.trim_end());
        printer.message(|| messages::Sql { sql });
    } else if arguments.format == Format::Html {
        let engine = &context.config.engine;
        let picture = pictures::compared(&compared.from.schema, &compared.to.schema, &compared.difference, engine);
        let lines: Vec<(Name, String)> =
            details.iter().map(|detail| (detail.table.clone(), detail.to_string())).collect();
        let page = pictures::beside::page(&picture, (from, to), &lines);
        printer.result(page.trim_end());
        printer.message(|| messages::Page { html: page });
    } else {
        for detail in &details {
            let lint = question_of(detail, &compared.questions).map(|question| question.lint().0);
            difference::show(&context.printer, "", detail, lint);
        }
        for (database, object) in &compared.unreadable {
            difference::show_unreadable(&context.printer, "", database, object);
        }
    }
    let (label_from, label_to) = (&compared.from.label, &compared.to.label);
    printer.message(|| messages::Diff {
        from: label_from.clone(),
        to: label_to.clone(),
        equal: count == 0,
        differences: count,
        losses,
    });
    if count == 0 {
        printer.status("Equal", format!("{from} and {to}"));
        return Ok(exit::DONE);
    }
    let losing = if losses == 0 { String::new() } else { format!(", {losses} would lose data") };
    printer.status("Different", format!("from {from} to {to}: {}{losing}", counted(count, "difference")));
    printer.next(&renamings(arguments, &compared.questions).into_iter().chain(next).collect::<Vec<_>>());
    Ok(exit::DIFFERENCE)
}

/// What the difference between two sides is usually followed by.
fn next_step(context: &Context, sides: &(Side, Side), from: &Loaded, to: &Loaded) -> Option<String> {
    // a folder that is not in order is no reason not to compare
    let is_head = || {
        let folder = context.folder().ok();
        folder.is_some_and(|folder| folder.head().is_some_and(|head| head.schema == SchemaHash::of(&to.schema).into()))
    };
    let step = match sides {
        (Side::Head, Side::Structs) => "write the migration: `cargo dbmigrate generate`",
        (Side::Database, Side::Structs) if from.has_history && is_head() => {
            "the last migration matches the structs; show pending migrations and drift: `cargo dbmigrate status`"
        }
        (Side::Database, Side::Structs) if from.has_history => "write the migration: `cargo dbmigrate generate`",
        (Side::Database, Side::Structs) => {
            "change the database: `cargo dbmigrate push`, or write a migration: `cargo dbmigrate generate`"
        }
        _ => return None,
    };
    Some(step.to_owned())
}

fn compare(context: &Context, arguments: &Diff, mut from: Loaded, mut to: Loaded) -> Result<Compared> {
    let is_in = |side: &Loaded, object: &Unreadable| {
        let mut others = side.unreadable.iter();
        others.any(|other| other.object == object.object)
    };
    // the same statement in both is the same object, whatever it means
    let only = |one: &Loaded, other: &Loaded| -> Vec<(String, Unreadable)> {
        let objects = one.unreadable.iter().filter(|object| !is_in(other, object));
        objects.map(|object| (one.label.clone(), object.clone())).collect()
    };
    let mut unreadable = only(&from, &to);
    unreadable.extend(only(&to, &from));
    // what cannot be read on one side can be compared on none
    for Unreadable { object, .. } in from.unreadable.iter().chain(&to.unreadable) {
        from.schema.remove(&object.kind, &object.name);
        to.schema.remove(&object.kind, &object.name);
    }

    let mut decisions = Decisions { renames: sides::renames(&from, &to), ..Decisions::default() };
    let answers = Answers { rename: arguments.rename.clone(), ..Answers::default() };
    answers.decide(&mut decisions, &[], (&from.schema, &to.schema))?;
    let difference = diff(&from.schema, &to.schema, &decisions.renames)
        .map_err(|error| rename_error(context, &error, &from, &to))?;
    let questions = questions(&difference, &from.schema, &to.schema, &decisions);
    Ok(Compared { from, to, renames: decisions.renames, difference, unreadable, questions })
}

fn rename_error(context: &Context, error: &RenameError, from: &Loaded, to: &Loaded) -> CommandError {
    let declared = to.declared.as_ref();
    let at_struct =
        declared.and_then(|declared| structs::rename_error(context, declared, error, "nothing was compared"));
    at_struct.unwrap_or_else(|| {
        CommandError::usage(error.to_string())
            .note(format!("use the old name from {} and the new name from {}", from.shown, to.shown))
            .help("a table: `--rename OLD=NEW`")
            .help("a column: `--rename TABLE.OLD=NEW`, with the table's new name")
    })
}

/// The question that a difference raises.
fn question_of<'q>(detail: &Detail, questions: &'q [Question]) -> Option<&'q Question> {
    let lints: &[Lint] = match (&detail.change, detail.action) {
        (Change::DropTable(_) | Change::Drop("virtual table", _), _) => &[Lint::DropTable],
        (Change::DropColumn(..), _) => &[Lint::DropColumn],
        (Change::AlterColumn(..), _) => &[Lint::DiscardValues],
        (Change::AddColumn(..), Action::Add) if detail.kind == "column" => &[Lint::NotNullWithoutDefault],
        _ => &[],
    };
    questions.iter().find(|question| {
        let (lint, object) = question.lint();
        lints.contains(&lint) && object.eq_ignore_ascii_case(&detail.object)
    })
}

/// Commands that say that something was renamed, for what may have been.
fn renamings(arguments: &Diff, questions: &[Question]) -> Vec<String> {
    let command = arguments.command_line();
    let flag = |question: &Question| match question {
        Question::TableGone { candidates, .. } | Question::ColumnGone { candidates, .. } if !candidates.is_empty() => {
            question.answers().into_iter().next()
        }
        _ => None,
    };
    let flags = questions.iter().filter_map(flag).take(3);
    flags.map(|(when, flag)| format!("{when}: `{command} {flag}`")).collect()
}

/// The statements that lead from one side to the other, with what is to be decided as comments.
fn sql(context: &Context, compared: &Compared) -> Result<String> {
    let Compared { from, to, renames, difference, .. } = compared;
    let accepted = Accepted { all: true, ..Accepted::default() };
    let decisions = Decisions { renames: renames.clone(), accepted, ..Decisions::default() };
    let mut plan = plan(&from.schema, &to.schema, difference, &decisions)
        .map_err(|error| CommandError::failed(format!("cannot express this difference in SQL: {error}")))?;
    if let Err(error) = block_on(prove(&from.schema, &to.schema, renames, &plan)) {
        let help = "try it on a copy of the database first".to_owned();
        context.printer.warning(&format!("the SQL failed its proof on generated rows: {error}"), &[help]);
    }
    // nobody has allowed anything
    plan.allowed.clear();
    let mut text = String::new();
    for question in &compared.questions {
        let word = if is_loss(question.lint().0) { "loss" } else { "open" };
        // writing to a string cannot fail
        let _ = writeln!(text, "-- {word}: {}", question.message(None));
    }
    for (database, Unreadable { object, reason }) in &compared.unreadable {
        let _ = writeln!(text, "-- skipped: {} {} of {database}: {reason}", object.kind, object.name);
    }
    if plan.statements().any(|statement| statement.starts_with("DROP TABLE")) {
        text.push_str("-- run this in one transaction, after PRAGMA foreign_keys = OFF\n");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&plan.to_sql(&format!("from {} to {}", from.shown, to.shown)));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(from: Option<&str>, to: Option<&str>) -> (Side, Side) {
        Diff { from: from.map(str::to_owned), to: to.map(str::to_owned), ..Diff::default() }.sides()
    }

    #[test]
    fn the_side_that_is_not_typed_is_never_the_one_that_is() {
        assert_eq!(sides(None, None), (Side::Database, Side::Structs));
        assert_eq!(sides(Some("structs"), None), (Side::Structs, Side::Database));
        assert_eq!(sides(Some("database"), None), (Side::Database, Side::Structs));
        assert_eq!(sides(Some("head"), None), (Side::Head, Side::Structs));
        assert_eq!(sides(None, Some("database")), (Side::Structs, Side::Database));
        assert_eq!(sides(None, Some("structs")), (Side::Database, Side::Structs));
        assert_eq!(sides(None, Some("head")), (Side::Database, Side::Head));
        assert_eq!(sides(Some("head"), Some("head")), (Side::Head, Side::Head));
    }
}
