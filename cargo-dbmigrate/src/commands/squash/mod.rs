//! `squash`: makes one migration of several, which databases that have all of them have already.

mod arguments;
mod there;

use std::path::PathBuf;

pub(crate) use arguments::Squash;
use arguments::range;
use dbmigrate_core::engine::squash::{How, Job, Part, Refusal, SquashError, Squashed, squash};
use dbmigrate_core::folder::{Folder, Migration, MigrationName, Script, Slug, Verify};
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use crate::drafting::is_generated;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{self, FileAction};
use crate::project::{Context, path};
use crate::report::counted;

/// How many reasons are given besides the first.
const MOST_SHOWN: usize = 4;

/// Runs it and returns the exit code.
///
/// # Errors
/// What cannot be squashed, and everything that is wrong with the folder.
pub(crate) fn run(context: &Context, arguments: &Squash) -> Result<u8> {
    let mut folder = context.existing_folder()?;
    folder.verify(Verify::All)?;
    let (first, last) = arguments.places(&folder)?;
    let meant = folder.migrations()[first..=last].to_vec();
    let slug = slug(arguments, &folder, &meant)?;
    let name = MigrationName::new(folder.migrations()[last].name.sequence(), &slug).to_string();
    there::warn_of_partly(context, arguments, &folder, (first, last))?;
    let (squashed, before) = made(arguments, &folder, (first, last), &name)?;
    let replaces: Vec<String> = meant.iter().map(|migration| migration.name.to_string()).collect();
    let message = |file: Option<String>| messages::Squashed {
        name: name.clone(),
        file,
        replaces: replaces.clone(),
        how: word(squashed.how).to_owned(),
        statements: squashed.statements,
        statements_before: before,
        rows: squashed.rows,
        sql: squashed.sql.clone(),
    };
    if arguments.dry_run {
        context.printer.result(squashed.sql.trim_end());
        context.printer.message(|| message(None));
        return Ok(exit::DONE);
    }
    folder.squash(first..last + 1, &slug, &squashed.sql)?;
    say(context, &squashed, (&name, &replaces), before);
    let file = folder.path().join(&name).join(dbmigrate_core::folder::SQL_FILE).display().to_string();
    context.printer.message(|| message(Some(file)));
    for replaced in &replaces {
        context.printer.wrote(&folder.path().join(replaced), FileAction::Removed);
    }
    context.wrote_migration(&folder, &name, FileAction::Created);
    context.printer.next(&["see what became of them: `cargo dbmigrate log`".to_owned()]);
    Ok(exit::DONE)
}

fn say(context: &Context, squashed: &Squashed, (name, replaces): (&str, &[String]), before: usize) {
    let (now, shown) = (counted(squashed.statements, "statement"), counted(replaces.len(), "migration"));
    let how = match squashed.how {
        How::Created => "creates the same schema",
        How::Planned => "planned again",
        How::Joined => "in their order",
    };
    context.printer.status("Squashed", format!("{shown} into {name} ({now} instead of {before}, {how})"));
    match squashed.rows {
        0 => context.printer.detail("Proved", "on an empty database"),
        rows => context.printer.detail("Proved", format!("on an empty database and {rows} generated rows")),
    }
    if squashed.checks_left_out > 0 {
        let checks = counted(squashed.checks_left_out, "check");
        let why = match squashed.how {
            How::Created => "it only runs on databases without rows",
            _ => "it has its own",
        };
        context.printer.status("Skipped", format!("{checks} of rows (`expect-none`): {why}"));
    }
}

/// How it does what they do, for programs.
fn word(how: How) -> &'static str {
    match how {
        How::Created => "created",
        How::Planned => "planned",
        How::Joined => "joined",
    }
}

/// The name without its number.
fn slug(arguments: &Squash, folder: &Folder, meant: &[Migration]) -> Result<Slug> {
    let number = |migration: Option<&&Migration>| migration.map_or(0, |migration| migration.name.sequence());
    let originals: Vec<&Migration> = meant.iter().flat_map(Migration::originals).collect();
    let (first, last) = (number(originals.first()), number(originals.last()));
    let text = arguments.name.clone().unwrap_or_else(|| format!("squash_of_{first}_to_{last}"));
    let slug = Slug::sanitize(&text).ok_or_else(|| {
        CommandError::usage(format!("`{text}` is no name for a migration"))
            .help("use letters or digits: `--name initial`")
    })?;
    let name = MigrationName::new(meant.last().map_or(0, |last| last.name.sequence()), &slug);
    if folder.migrations().iter().flat_map(Migration::with_replaced).any(|one| one.name == name) {
        return Err(CommandError::usage(format!("there is a migration `{name}` already"))
            .note("the histories of databases have it")
            .help("choose another name: `--name initial`"));
    }
    Ok(slug)
}

/// The one migration, and how many statements the others have.
fn made(arguments: &Squash, folder: &Folder, (first, last): (usize, usize), name: &str) -> Result<(Squashed, usize)> {
    let all = &folder.migrations()[..=last];
    let texts = all.iter().map(|migration| folder.sql(migration)).collect::<std::result::Result<Vec<_>, _>>()?;
    let files: Vec<PathBuf> = all.iter().map(|migration| folder.sql_path(migration)).collect();
    let scripts = texts
        .iter()
        .zip(&files)
        .map(|(text, file)| Script::parse(text, file))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let mut schemas: Vec<Schema> = vec![folder.schema_before(&all[first])?];
    let mut generated = Vec::new();
    for at in first..=last {
        schemas.push(folder.schema_at(&all[at])?);
        generated.push(is_generated(folder, &all[at], &texts[at])?.is_some());
    }
    let parts: Vec<Part<'_>> = (first..=last)
        .map(|at| Part {
            name: all[at].name.as_str(),
            script: &scripts[at],
            before: &schemas[at - first],
            after: &schemas[at - first + 1],
            is_generated: generated[at - first],
        })
        .collect();
    let earlier: Vec<&str> =
        scripts[..first].iter().flat_map(|script| script.statements.iter().map(|one| one.text)).collect();
    let job = Job { name, earlier: &earlier, parts: &parts, without_undo: arguments.without_undo };
    let before = parts.iter().map(|part| part.script.statements.len()).sum();
    match block_on(squash(&job)) {
        Ok(squashed) => Ok((squashed, before)),
        Err(error) => Err(refused(arguments, folder, (first, last), error).note("nothing was written")),
    }
}

fn refused(arguments: &Squash, folder: &Folder, (first, last): (usize, usize), error: SquashError) -> CommandError {
    let place = |name: &str, line: usize| {
        let file = folder.find(name).map(|migration| folder.sql_path(migration)).unwrap_or_default();
        format!("{}:{line}", path::for_display(&file).display())
    };
    match error {
        SquashError::Refused(refusals) => {
            let Some(Refusal { migration, line, why, .. }) = refusals.first() else {
                return CommandError::failed("there is nothing to squash");
            };
            let mut error =
                CommandError::failed(format!("cannot squash `{migration}`: {why}")).at(place(migration, *line));
            let mut others: Vec<&Refusal> = Vec::new();
            for more in &refusals[1..] {
                let is_said = |one: &Refusal| one.migration == more.migration && one.why == more.why;
                if !is_said(&refusals[0]) && !others.iter().any(|one| is_said(one)) {
                    others.push(more);
                }
            }
            for more in others.iter().take(MOST_SHOWN) {
                error = error.note(format!("`{}`: {}", more.migration, more.why));
            }
            if let Some(more) = others.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
                error = error.note(format!("and {more} more like these"));
            }
            if refusals.iter().any(|one| one.is_undo) {
                let command = Squash { without_undo: true, ..arguments.clone() }.command(&arguments.range);
                error = error.with_exit_code(exit::DECISION).help(format!("to leave the ways back out: `{command}`"));
            }
            let at = folder.find(migration).map_or(first, |migration| migration.index);
            if at >= first + 2 {
                error = error.help(format!("those before it: `{}`", arguments.command(&range(folder, first, at - 1))));
            }
            // a check that stands first stands where it stood
            let from = if why.starts_with("it checks") { at } else { at + 1 };
            if from > first && from < last {
                error = error.help(format!("the rest: `{}`", arguments.command(&range(folder, from, last))));
            }
            error
        }
        SquashError::Fails { migration, line, error } => {
            CommandError::failed(format!("`{migration}` cannot be tried in memory: {error}"))
                .at(place(&migration, line))
        }
        error => CommandError::failed(error.to_string()),
    }
}
