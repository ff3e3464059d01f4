//! `log`: the migrations as a picture: what each did, what it replaces, and where databases stand.

use clap::Args;
use dbmigrate_core::engine::apply::Target as _;
use dbmigrate_core::engine::apply::history::{HistoryError, common, compare};
use dbmigrate_core::folder::heads::shared;
use dbmigrate_core::folder::{Folder, FolderError, Migration, Script, Verify};
use dbmigrate_core::plan::{Cost, Told};
use dbmigrate_core::shell::shell_flag;
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::database::{file, open};
use crate::drafting::{kind, told};
use crate::error::Result;
use crate::exit;
use crate::messages::{self, LogKind};
use crate::project::Context;
use crate::project::url::{Connect, DatabaseUrl};

/// How much of what a migration did is said on its line.
const MOST_SAID: usize = 2;

/// How many characters are shown of each.
const LONGEST: usize = 40;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate log
  cargo dbmigrate log --target all     With where each configured database stands

No database is asked unless one is named.")]
pub(crate) struct Log {
    /// Which databases.
    #[command(flatten)]
    pub connect: Connect,
}

/// Where a database stands.
struct Stands {
    name: String,
    /// How many migrations it has.
    applied: usize,
    /// The migration that it ends at, if another one replaces that and more.
    within: Option<String>,
    /// Why it has others.
    wrong: Option<String>,
    /// The flag that names it.
    flag: String,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Log) -> Result<u8> {
    if let Err(error @ FolderError::Branched { .. }) = Folder::open(&context.folder_path) {
        branches(context, &Folder::branches(&context.folder_path)?);
        return Err(error.into());
    }
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let mut stands = Vec::new();
    if arguments.connect.names_one() {
        for url in context.databases(&arguments.connect)?.urls() {
            stands.push(look(context, &folder, url)?);
        }
    }
    let entries = folder.migrations().iter().map(|one| entry(&folder, one, &stands)).collect::<Result<Vec<_>>>()?;
    let width = width(folder.migrations());
    for stand in stands.iter().filter(|stand| stand.applied == 0 && stand.within.is_none()) {
        context.printer.result(format!("o {:width$}  <- {}", "(empty)", stand.name));
    }
    for (entry, migration) in entries.into_iter().zip(folder.migrations()) {
        context.printer.result(line(&entry, width));
        replaced(context, &migration.replaces, &stands, 0);
        context.printer.message(|| entry);
    }
    for (stand, wrong) in stands.iter().filter_map(|stand| Some((stand, stand.wrong.as_ref()?))) {
        let help = format!("see what it has: `cargo dbmigrate status {}`", stand.flag);
        context.printer.warning(&format!("`{}`: {wrong}", stand.name), &[help]);
    }
    Ok(if stands.iter().any(|stand| stand.wrong.is_some()) { exit::INCONSISTENT } else { exit::DONE })
}

/// Several heads: what they have in common, then what each branch has added, the first one straight on.
fn branches(context: &Context, folders: &[Folder]) {
    let Some((first, others)) = folders.split_first() else { return };
    let width = folders.iter().map(|folder| width(folder.migrations())).max().unwrap_or_default();
    let since = |other: &Folder| shared(first.migrations(), other.migrations());
    let common = others.iter().map(|other| since(other).0).min().unwrap_or_default();
    let draw = |folder: &Folder, from: usize, to: usize, margin: &str| {
        for migration in &folder.migrations()[from..to] {
            // the file may be that of another branch which has given it the same name
            let entry = entry(folder, migration, &[]).ok();
            let shown = entry.as_ref().map_or_else(|| format!("* {}", migration.name), |entry| line(entry, width));
            context.printer.result(format!("{margin}{shown}"));
            if let Some(entry) = entry {
                context.printer.message(|| entry);
            }
        }
    };
    draw(first, 0, common, "");
    // what others have in common with the first one is drawn with it, from where each has left it
    let mut at = common;
    let mut others: Vec<(usize, usize, &Folder)> = others
        .iter()
        .map(|other| {
            let (here, there) = since(other);
            (here, there, other)
        })
        .collect();
    others.sort_by_key(|(here, ..)| *here);
    for (here, there, other) in others {
        draw(first, at, here, "");
        at = here;
        context.printer.result("|\\");
        draw(other, there, other.migrations().len(), "| ");
        context.printer.result("|");
    }
    draw(first, at, first.migrations().len(), "");
}

fn width(migrations: &[Migration]) -> usize {
    migrations.iter().map(|migration| migration.name.as_str().len()).max().unwrap_or_default()
}

fn look(context: &Context, folder: &Folder, url: &DatabaseUrl) -> Result<Stands> {
    let name = url.target().map_or_else(|| url.to_string(), |target| target.name.clone());
    let flag = shell_flag(if url.target().is_some() { "--target" } else { "--url" }, &name);
    if !file::exists(url)? {
        return Ok(Stands { name, applied: 0, within: None, wrong: None, flag });
    }
    let mut database = open(context, url, false)?;
    let history =
        block_on(database.history()).map_err(|error| engine_error("cannot read the history", &error, url.into()))?;
    let error = compare(&history, folder.migrations()).err();
    let within = match &error {
        Some(HistoryError::Partly { last, .. }) => Some(last.clone()),
        _ => None,
    };
    let applied = common(&history, folder.migrations()).migrations();
    Ok(Stands { name, applied, within, wrong: error.map(|error| error.to_string()), flag })
}

/// What there is to say of a migration.
fn entry(folder: &Folder, migration: &Migration, stands: &[Stands]) -> Result<messages::LogEntry> {
    let text = folder.sql(migration)?;
    let script = Script::parse(&text, &folder.sql_path(migration))?;
    let told = told(migration.name.as_str(), &text, &script);
    let here = stands.iter().filter(|stand| stand.applied == migration.index + 1 && stand.within.is_none());
    Ok(messages::LogEntry {
        name: migration.name.to_string(),
        kind: kind(migration, &text, &script),
        changes: told.iter().map(|one| one.title.clone()).collect(),
        cost: cost(&told).map(|cost| cost.word().to_owned()),
        replaces: migration.with_replaced().iter().skip(1).map(|one| one.name.to_string()).collect(),
        databases: here.map(|stand| stand.name.clone()).collect(),
    })
}

fn cost(told: &[Told]) -> Option<Cost> {
    told.iter().map(|one| one.cost).max()
}

/// A migration on one line.
fn line(entry: &messages::LogEntry, width: usize) -> String {
    let mark = match entry.kind {
        LogKind::Generated => "",
        LogKind::Custom => "custom: ",
        LogKind::Revert => "revert: ",
        LogKind::Capture => "captured: ",
        LogKind::Squash => "squash: ",
    };
    let said = entry.changes.iter().take(MOST_SAID).map(|change| short(change)).collect::<Vec<_>>().join(", ");
    let more = match entry.changes.len().saturating_sub(MOST_SAID) {
        0 if entry.changes.is_empty() => "no statements".to_owned(),
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let cost = entry.cost.as_ref().map(|cost| format!(" ({cost})")).unwrap_or_default();
    let here = if entry.databases.is_empty() { String::new() } else { format!("  <- {}", entry.databases.join(", ")) };
    format!("* {:width$}  {mark}{said}{more}{cost}{here}", entry.name)
}

/// What is said of a change: its beginning, if it is long.
fn short(change: &str) -> String {
    match change.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", change[..end].trim_end_matches([' ', ',', ':'])),
        None => change.to_owned(),
    }
}

/// What a migration replaces, as a branch that ends in it.
fn replaced(context: &Context, migrations: &[Migration], stands: &[Stands], depth: usize) {
    if migrations.is_empty() {
        return;
    }
    let margin = "| ".repeat(depth);
    context.printer.result(format!("{margin}|\\"));
    for migration in migrations {
        let is_here = |stand: &&Stands| stand.within.as_deref() == Some(migration.name.as_str());
        let here: Vec<&str> = stands.iter().filter(is_here).map(|stand| stand.name.as_str()).collect();
        let here = if here.is_empty() { String::new() } else { format!("  <- {}", here.join(", ")) };
        context.printer.result(format!("{margin}| * {}{here}", migration.name));
        replaced(context, &migration.replaces, stands, depth + 1);
    }
    context.printer.result(format!("{margin}|/"));
}
