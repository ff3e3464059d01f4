//! The backup that is made before migrations are applied, and what is said of it when one of them fails.

use std::path::{Path, PathBuf};

use dbmigrate_core::config::BackupFirst;
use dbmigrate_core::engine::apply::{Database, Options, Standing, Status, inspect, waiting};
use dbmigrate_core::folder::{Folder, Migration, Script};
use dbmigrate_core::plan::HELPER_PREFIX;
use dbmigrate_core::shell::{shell_flag, shell_word};
use dbmigrate_core::sql::StatementKind;
use pollster::block_on;

use super::consent::Opened;
use crate::backups;
use crate::database::state::failure;
use crate::database::{file, open};
use crate::error::Result;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, path};

/// The flags.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Flags {
    /// Back the database up first, into DIR [default: `backups` of
    /// dbmigrate.toml, else backups]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "a folder that is not named is another thing than no backup")]
    pub backup: Option<Option<PathBuf>>,

    /// Make no backup, whatever dbmigrate.toml says
    #[arg(long, conflicts_with = "backup")]
    pub no_backup: bool,
}

impl Flags {
    /// The flags as they were typed.
    pub(super) fn typed(&self) -> String {
        let backup = match &self.backup {
            None => String::new(),
            Some(None) => " --backup".to_owned(),
            Some(Some(folder)) => format!(" --backup={}", shell_word(folder)),
        };
        format!("{backup}{}", if self.no_backup { " --no-backup" } else { "" })
    }
}

/// Makes a backup, if one is asked for, or the configuration says so and something is pending that is worth one.
/// Returns the database if it was opened.
///
/// # Errors
/// If there should be a backup and there is none: then nothing is applied.
pub(super) fn first(
    context: &Context,
    flags: &Flags,
    (folder, options): (&Folder, Options<'_>),
    url: &DatabaseUrl,
    (opened, is_branched): (Opened, bool),
) -> Result<(Option<Database>, Option<PathBuf>)> {
    let is_protected = url.target().is_some_and(|target| target.is_protected);
    let is_asked = flags.backup.is_some();
    let when = if is_asked { BackupFirst::Always } else { context.config.backup };
    let is_wanted = match when {
        BackupFirst::Always => true,
        // a branch that was verified is a way back already
        BackupFirst::Auto => is_protected && !is_branched,
        BackupFirst::Never => false,
    };
    if !is_wanted || flags.no_backup || !file::exists(url)? {
        return Ok((opened.database, None));
    }
    // a database whose migrations are all harmless need not be asked which of them it has
    let is_risky = |migration: &Migration| risk(folder, migration).is_some();
    if when == BackupFirst::Auto && !folder.migrations().iter().rev().any(is_risky) {
        return Ok((opened.database, None));
    }
    let failed = |error| failure(error, url.into());
    let mut database = match opened.database {
        Some(database) => database,
        None => open(context, url, false)?,
    };
    let applied = if let Some(applied) = opened.applied {
        applied
    } else {
        let (Status { applied, .. }, standing) = block_on(inspect(&mut database, folder)).map_err(failed)?;
        let is_refused = match standing {
            Standing::AsRecorded => false,
            Standing::Drifted(_) => !options.accept_drift,
            Standing::NotEmpty(_) => true,
        };
        if is_refused {
            return Ok((Some(database), None));
        }
        applied
    };
    let waiting = waiting(folder, applied, options).map_err(failed)?;
    let why = match when {
        BackupFirst::Auto => waiting.iter().find_map(|migration| risk(folder, migration)),
        _ if waiting.is_empty() => None,
        _ => Some(String::new()),
    };
    let Some(why) = why else { return Ok((Some(database), None)) };
    if !why.is_empty() {
        context.printer.detail("Backup", format!("first, because {why}; without one: `--no-backup`"));
    }
    let place = match &flags.backup {
        Some(Some(place)) => place.clone(),
        _ => backups::folder(context, url),
    };
    let made = backups::make_in(context, url, &place).map_err(|error| error.note("no migration was applied"))?;
    Ok((Some(database), Some(made)))
}

/// Why a migration is worth a backup, if it is: rows or values are lost, or a table is written anew.
pub(super) fn risk(folder: &Folder, migration: &Migration) -> Option<String> {
    // what cannot be read is said when it is applied
    let text = folder.sql(migration).ok()?;
    let script = Script::parse(&text, &folder.sql_path(migration)).ok()?;
    let name = &migration.name;
    if let Some(allow) = script.allows.iter().find(|allow| allow.accepts().is_some()) {
        return Some(format!("`{name}` has `allow({}) {}`", allow.lint, allow.object));
    }
    let first_word = |text: &str| text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    script.statements.iter().find_map(|statement| match statement.kind {
        _ if statement.text.contains(HELPER_PREFIX) => Some(format!("`{name}` rebuilds a table")),
        StatementKind::DropTable => Some(format!("`{name}` drops a table")),
        StatementKind::AlterTable if drops_a_column(statement.text) => Some(format!("`{name}` drops a column")),
        StatementKind::Write if first_word(statement.text) != "INSERT" => Some(format!("`{name}` changes rows")),
        _ => None,
    })
}

fn drops_a_column(sql: &str) -> bool {
    sql.split_whitespace().any(|word| word.eq_ignore_ascii_case("drop"))
}

/// How to go back to what was backed up, when a migration has failed.
pub(super) fn ways_back(made: &Path, url: &DatabaseUrl) -> Vec<String> {
    let backup = path::for_display(made);
    let command = format!("cargo dbmigrate restore {}", shell_word(&backup));
    if url.file().is_none() {
        // what a server has is not replaced
        return vec![
            format!("to go back to the backup, into an empty database: `{command} --url URL`"),
            format!("or to have it as a file: `{command} --url restored.db`"),
        ];
    }
    let target = url.target().filter(|target| target.is_chosen);
    let consent = url.target().filter(|target| target.is_protected);
    let consent = consent.map(|target| format!(" {}", shell_flag("--yes", &target.name))).unwrap_or_default();
    let database = target.map(|target| format!(" {}", shell_flag("-t", &target.name))).unwrap_or_default();
    vec![format!("to go back to before this run: `{command}{database}{consent}`")]
}
