//! `ci report`: which migrations a branch adds, what they do and cost and lose, and where they are pending.

mod databases;
mod diagram;
mod markdown;
mod queries;
mod rehearsed;
mod since;

use dbmigrate_core::config::{ALL_TARGETS, DEFAULT_DATABASE};
use dbmigrate_core::folder::{Folder, Migration, Script, Verify};
use dbmigrate_core::plan::Cost;

use super::arguments::Report;
use crate::drafting::told;
use crate::error::Result;
use crate::exit;
use crate::messages::{self, AcceptedLoss, FileAction, NewMigration, Operation};
use crate::project::Context;
use crate::project::path;
use crate::project::targets::worse;
use crate::project::write::{self, Wanted};
use crate::report::counted;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Report) -> Result<u8> {
    let databases = context.with_migrations();
    let (mut reports, mut codes) = (Vec::new(), Vec::new());
    for context in &databases {
        let (said, code) = of_database(context, &of_it(arguments, context, &databases))?;
        reports.push(said);
        codes.push(code);
    }
    let name = |context: &Context| context.config.database_name().unwrap_or(DEFAULT_DATABASE).to_owned();
    let names: Vec<String> = databases.iter().map(name).collect();
    let several: Vec<_> = names.iter().map(String::as_str).zip(&reports).collect();
    let text = match &reports[..] {
        [only] => markdown::written(only),
        _ => markdown::of_several(&several),
    };
    match &arguments.out {
        Some(file) => {
            let wanted = Wanted { path: file.clone(), text };
            write::write(&wanted)?;
            context.printer.wrote(&path::for_display(file), FileAction::Created);
            let count = counted(reports.iter().map(|said| said.new.len()).sum(), "new migration");
            context.printer.status("Created", format!("{} ({count})", path::for_display(file).display()));
        }
        None => context.printer.result(text.trim_end()),
    }
    for (context, said) in databases.iter().zip(reports) {
        context.printer.message(|| said);
    }
    // the report is written in any case: whoever reads it sees the rest
    codes.into_iter().try_fold(exit::DONE, |worst, code| Ok(worse(worst, code?)))
}

/// The arguments as they are for one of several databases of the package: with its targets.
fn of_it(arguments: &Report, context: &Context, all: &[Context]) -> Report {
    let mut own = arguments.clone();
    let (Some(first), true) = (all.first(), all.len() > 1) else { return own };
    let is_first = first.config.database_name() == context.config.database_name();
    own.connect.target.retain(|name| match name.trim() {
        ALL_TARGETS => is_first || !context.config.targets.is_empty(),
        // what is of none of them, the first one says
        name => {
            context.config.target(name).is_some()
                || (is_first && all.iter().all(|other| other.config.target(name).is_none()))
        }
    });
    own.connect.url = own.connect.url.filter(|_| is_first);
    own
}

/// The report on one database of the package, and what became of the databases that were asked.
fn of_database(context: &Context, arguments: &Report) -> Result<(messages::Report, Result<u8>)> {
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let since = since::find(context, arguments.base.as_deref())?;
    let at_base = |migration: &Migration| since.lock.migrations().iter().find(|one| one.name == migration.name);
    let migrations = folder.migrations();
    let new = migrations.iter().filter(|one| at_base(one).is_none());
    let edited = migrations.iter().filter(|one| at_base(one).is_some_and(|before| before.sql != one.sql));
    let is_gone = |one: &&Migration| migrations.iter().all(|now| now.name != one.name);
    let (databases, code) = databases::ask(context, arguments, &folder)?;
    let new: Vec<NewMigration> = new.map(|one| read(&folder, one)).collect::<Result<_>>()?;
    let breaks = if new.is_empty() { Vec::new() } else { queries::broken(context, &folder, &since.commit) };
    let diagram = match new.first() {
        Some(first) => diagram::of(context, &folder, &first.name)?,
        None => None,
    };
    let said = messages::Report {
        package: context.package.name.clone(),
        base: since.commit.clone(),
        new,
        breaks,
        diagram,
        edited: edited.map(|one| one.name.to_string()).collect(),
        removed: since.lock.migrations().iter().filter(is_gone).map(|one| one.name.to_string()).collect(),
        databases,
    };
    Ok((said, code))
}

/// What a migration says of itself.
fn read(folder: &Folder, migration: &Migration) -> Result<NewMigration> {
    let file = folder.sql_path(migration);
    let sql = folder.sql(migration)?;
    let script = Script::parse(&sql, &file)?;
    let told = told(migration.name.as_str(), &sql, &script);
    let losses = script.allows.iter().filter(|allow| allow.accepts().is_some());
    Ok(NewMigration {
        name: migration.name.to_string(),
        file: file.display().to_string(),
        cost: told.iter().map(|one| one.cost).max().unwrap_or(Cost::Instant).word(),
        operations: told.into_iter().map(|one| Operation { title: one.title, cost: one.cost.word() }).collect(),
        losses: losses.map(|allow| AcceptedLoss { lint: allow.lint.clone(), object: allow.object.clone() }).collect(),
        checks: script.preflights.iter().filter_map(|one| one.message.as_deref().map(checked)).collect(),
        no_transaction: script.no_transaction,
        sql,
    })
}

/// The message of a check without the places for what it finds.
fn checked(message: &str) -> String {
    let before = message.split(", first at ").next().unwrap_or(message);
    before.trim_start_matches("{} ").replace("{}", "…")
}
