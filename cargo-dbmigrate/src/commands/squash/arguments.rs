//! What can be typed after `squash`.

use clap::Args;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::shell::shell_flag;

use crate::error::{CommandError, Result};
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate squash ..12       All up to number 12
  cargo dbmigrate squash 3..7       3, 4, 5, 6 and 7
  cargo dbmigrate squash 0003_posts.. --name posts --dry-run

Both ways are run in memory, on an empty database and on generated rows, and
must give the same schema and the same rows. Databases that have all of the
migrations have the new one; a database that has only some of them must get the
others first: `migrate` exits with 5 there, and says how.")]
pub(crate) struct Squash {
    /// Migrations, from the first to the last, by name or number
    #[arg(value_name = "FIRST..LAST")]
    pub range: String,

    /// Name of the new migration [default: named after the numbers]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Print the migration without writing it
    #[arg(long)]
    pub dry_run: bool,

    /// Leave out the ways back (`undo`) that migrations have
    #[arg(long)]
    pub without_undo: bool,

    /// Do not ask servers which migrations they have
    #[arg(long)]
    pub offline: bool,

    /// Which databases.
    #[command(flatten)]
    pub connect: Connect,
}

impl Squash {
    /// The same command for other migrations.
    pub(super) fn command(&self, range: &str) -> String {
        let name = self.name.iter().map(|name| format!(" {}", shell_flag("--name", name)));
        let undo = self.without_undo.then(|| " --without-undo".to_owned());
        let dry_run = self.dry_run.then(|| " --dry-run".to_owned());
        let flags: String = name.chain(undo).chain(dry_run).collect();
        format!("cargo dbmigrate squash {range}{flags}")
    }

    /// The places of the first and the last migration.
    ///
    /// # Errors
    /// Exit code 2 for what there is not.
    pub(super) fn places(&self, folder: &Folder) -> Result<(usize, usize)> {
        let text = self.range.trim();
        let Some(head) = folder.head() else {
            let message = format!("no migrations in `{}`", folder.path().display());
            return Err(CommandError::usage(message).help("write one from your structs: `cargo dbmigrate generate`"));
        };
        let Some((first, last)) = text.split_once("..") else {
            return Err(CommandError::usage(format!("`{text}` is no range of migrations"))
                .help(format!("from one to another: `{}`", self.command("2..5")))
                .help(format!("all up to one: `{}`", self.command(&format!("..{}", head.name.sequence())))));
        };
        let find = |name: &str| {
            folder.find(name).map(|found| found.index).ok_or_else(|| {
                let error = CommandError::usage(format!("no migration named `{name}`"));
                let squash = folder.replacement(name).map(|squash| format!("`{}` replaces it", squash.name));
                squash.into_iter().fold(error, CommandError::note).help("list them: `cargo dbmigrate log`")
            })
        };
        let first = if first.is_empty() { 0 } else { find(first)? };
        let last = if last.is_empty() { head.index } else { find(last)? };
        if first > last {
            let name = |at: usize| &folder.migrations()[at].name;
            return Err(CommandError::usage(format!("`{}` comes behind `{}`", name(first), name(last)))
                .help(format!("the other way round: `{}`", self.command(&range(folder, last, first)))));
        }
        if first == last {
            let name = &folder.migrations()[first].name;
            return Err(CommandError::usage(format!(
                "`{text}` is one migration, `{name}`: there is nothing to squash"
            )));
        }
        Ok((first, last))
    }
}

/// A range as it is typed: by numbers, where only one migration has each.
pub(super) fn range(folder: &Folder, first: usize, last: usize) -> String {
    let shown = |at: usize| {
        let name = &folder.migrations()[at].name;
        let number = name.sequence().to_string();
        if folder.find(&number).is_some() { number } else { name.to_string() }
    };
    format!("{}..{}", shown(first), shown(last))
}
