//! Whether a database has a migration that would move: then it is history there, and stays.

use dbmigrate_core::engine::apply::Target as _;
use dbmigrate_core::folder::Migration;
use dbmigrate_core::shell::shell_flag;
use pollster::block_on;

use super::arguments::Rebase;
use crate::database::failure::engine_error;
use crate::database::{open, to_ask};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::git::operation::Operation;
use crate::project::Context;
use crate::project::url::{Connect, DatabaseUrl, Place};
use crate::rebasing::Sides;

/// Looks at every database that is named anywhere, and at the default one. A local file that is no target is a
/// development database: of that it is only said how to continue with it, and whether there is one that has to.
///
/// # Errors
/// Exit code 5 if one of them has a migration that would move, 2 for a target that there is not.
pub(super) fn refuse(context: &Context, arguments: &Rebase, sides: &Sides) -> Result<bool> {
    let mut is_behind = false;
    let Some(first) = sides.moved().next() else { return Ok(is_behind) };
    for (flag, names) in [("--applied-on", &arguments.applied_on), ("--moved-on", &arguments.moved_on)] {
        if let Some(name) = names.iter().find(|name| !context.is_target(name)) {
            return Err(CommandError::usage(format!("`{flag} {name}`: no such target"))
                .help("targets are in `dbmigrate.toml`: `[targets.NAME]`"));
        }
    }
    if let Some(name) = arguments.applied_on.iter().find(|name| !arguments.moved_on.contains(name)) {
        let there = (&*format!("the target `{name}`"), Some(name.as_str()));
        return Err(refused((sides, arguments), first.name.as_str(), there));
    }
    let mut databases: Vec<DatabaseUrl> = match arguments.connect.names_one() {
        true => context.databases(&arguments.connect)?.urls().cloned().collect(),
        false => Vec::new(),
    };
    let others = Connect { timeout: arguments.connect.timeout, ..Connect::default() };
    for url in context.every_database(&others, arguments.offline)? {
        if databases.iter().all(|known| known.to_string() != url.to_string()) {
            databases.push(url);
        }
    }
    for url in to_ask(context, databases, arguments.offline)? {
        let is_server = matches!(url.place(), Place::Server(_));
        match has(context, sides, &url) {
            Ok(None) => {}
            Ok(Some(name)) if is_server || url.target().is_some() => {
                let target = url.target().map(|target| target.name.as_str());
                if !target.is_some_and(|target| moves_on(context, arguments, target, &name)) {
                    return Err(refused((sides, arguments), &name, (&format!("`{url}`"), target)));
                }
            }
            Ok(Some(name)) => {
                let message = format!("`{url}` has `{name}`, which gets another place");
                let way = other_way(sides, arguments.onto.is_some());
                let help = [
                    "afterwards, keep its rows and switch to the new migrations: `cargo dbmigrate reset --keep-data`"
                        .to_owned(),
                    format!("if it is no development database, put the others behind instead: `{way}`"),
                ];
                context.printer.warning(&message, &help);
                is_behind = true;
            }
            Err(error) => {
                let name = url.target().map_or_else(|| url.to_string(), |target| target.name.clone());
                let message = format!("cannot ask `{name}` for `{}`: {}", first.name, error.message());
                let help = match url.target() {
                    Some(target) => vec![format!(
                        "if it has it, it must not move: `cargo dbmigrate rebase --applied-on {}` says what to do",
                        target.name
                    )],
                    None => Vec::new(),
                };
                context.printer.warning(&message, &help);
            }
        }
    }
    Ok(is_behind)
}

/// The first migration of a database that would move.
pub(super) fn has(context: &Context, sides: &Sides, url: &DatabaseUrl) -> Result<Option<String>> {
    let mut database = open(context, url, false)?;
    let history =
        block_on(database.history()).map_err(|error| engine_error("cannot read the history", &error, url.into()))?;
    let is_there = |migration: &&Migration| {
        let sql = migration.sql.to_hex();
        history.iter().any(|record| record.name == migration.name.as_str() && record.checksum == sql)
    };
    // what a squash replaces is gone with it
    let all = sides.moved().flat_map(Migration::with_replaced);
    Ok(all.into_iter().find(is_there).map(|migration| migration.name.to_string()))
}

/// Whether somebody has said that migrations move although a target has them, which is said to be left to do.
pub(super) fn moves_on(context: &Context, arguments: &Rebase, target: &str, migration: &str) -> bool {
    let is_said = arguments.moved_on.iter().any(|name| name == target);
    if is_said {
        let message = format!("`{target}` has `{migration}`, which gets another place");
        let flag = shell_flag("--target", target);
        let help = format!("once it is merged, bring it along: `cargo dbmigrate rebase --deployed {flag}`");
        context.printer.warning(&message, &[help]);
    }
    is_said
}

/// That a migration is history somewhere, and the ways that are left.
pub(super) fn refused(
    (sides, arguments): (&Sides, &Rebase),
    name: &str,
    (place, target): (&str, Option<&str>),
) -> CommandError {
    let message = format!("`{name}` is applied to {place} and cannot be moved");
    let error = CommandError::new(exit::INCONSISTENT, message)
        .note(format!("the migrations of `{}` would come before it there", sides.onto.label))
        .note("nothing was written")
        .help(format!("put the others behind it instead: `{}`", other_way(sides, arguments.onto.is_some())));
    let Some(target) = target else { return error };
    let (flag, command) = (shell_flag("--moved-on", target), arguments.command_line());
    error.help(format!("or move it, and bring `{target}` along afterwards, with its rows: `{command} {flag}`"))
}

/// The command that puts the others behind this branch's.
fn other_way(sides: &Sides, is_typed: bool) -> String {
    match (&sides.operation, sides.ours.first()) {
        // that is what was typed
        (Operation::Merge(_) | Operation::SquashMerge | Operation::Replay { .. }, _) if is_typed => {
            "cargo dbmigrate rebase".to_owned()
        }
        (Operation::Merge(_) | Operation::SquashMerge, _) => "cargo dbmigrate rebase --onto HEAD".to_owned(),
        (Operation::Replay { commit, .. }, _) => {
            format!("cargo dbmigrate rebase --onto {}", &commit[..commit.len().min(12)])
        }
        (_, Some(ours)) => {
            let head = ours.side.migrations.last().map_or("NAME", |last| last.name.as_str());
            format!("cargo dbmigrate rebase --onto {head}")
        }
        (_, None) => "cargo dbmigrate rebase --onto NAME".to_owned(),
    }
}
