//! Recording migrations as applied in a database that has their schema already.

use dbmigrate_core::engine::apply::adopt::{Equal, is_adopted};
use dbmigrate_core::engine::apply::{AdoptError, Adopted, Database, RecordKind, adopt};
use dbmigrate_core::folder::{Folder, Migration};
use dbmigrate_core::shell::shell_quoted;
use pollster::block_on;

use crate::database::history::before_squash;
use crate::database::state::failure;
use crate::database::{file, open};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{self, AdoptedState};
use crate::project::url::DatabaseUrl;
use crate::project::{Consent, Context, Intent};
use crate::report::counted;

/// How many differences are shown.
const SHOWN_DIFFERENCES: usize = 20;

/// How migrations are recorded.
pub(crate) struct Adoption<'a> {
    pub(crate) kind: RecordKind,
    /// A query that has to return no row.
    pub(crate) expect_none: Option<String>,
    /// Consent to write to a protected target, and the command that was typed.
    pub(crate) consent: Consent<'a>,
    pub(crate) command: &'a str,
}

/// Records the migrations up to `last` as applied, and says so.
///
/// # Errors
/// If there is no such database, or it is not what the migration leads to.
pub(crate) fn record(
    context: &Context,
    folder: &Folder,
    last: &Migration,
    url: &DatabaseUrl,
    adoption: Adoption<'_>,
) -> Result<Adopted> {
    let shown = url.to_string();
    let mut database = open_existing(context, url, "baseline")?;
    if url.target().is_some_and(|target| target.is_protected) {
        // where it is recorded already, nothing is written
        let adopted = block_on(is_adopted(&mut database, folder, last)).map_err(|error| refusal(error, last, url))?;
        if adopted.is_none() {
            let what = format!("record migrations up to `{}` as applied", last.name);
            let untouched = "nothing was recorded";
            let intent = Intent { what: &what, command: adoption.command, why: None, untouched };
            context.consent(url, adoption.consent, intent)?;
        }
    }
    let adopted = block_on(adopt(&mut database, folder, last, adoption.kind, adoption.expect_none))
        .map_err(|error| refusal(error, last, url))?;
    let (state, count) = match adopted {
        Adopted::Recorded(count) => (AdoptedState::Recorded, count),
        Adopted::Unchanged(count) => (AdoptedState::Unchanged, count),
    };
    context.printer.message(|| messages::Adopted {
        on: url.into(),
        migrations: count,
        last: last.name.to_string(),
        state,
    });
    let migrations = counted(count, "migration");
    match adopted {
        Adopted::Recorded(_) => {
            let text = format!("{shown}: {migrations} up to {} recorded as applied, none run", last.name);
            context.printer.status("Adopted", text);
        }
        Adopted::Unchanged(_) => {
            context.printer.status("Unchanged", format!("{shown}: already at {} ({migrations})", last.name));
        }
    }
    Ok(adopted)
}

/// Opens a database that has to be there; `command` is the one that is running.
///
/// # Errors
/// If it is not, or cannot be opened.
pub(crate) fn open_existing(context: &Context, url: &DatabaseUrl, command: &str) -> Result<Database> {
    if file::exists(url)? {
        return open(context, url, false);
    }
    Err(CommandError::failed(format!("no database at `{url}`"))
        .note("nothing was changed")
        .help(format!("name an existing database: `cargo dbmigrate {command} --url PATH`"))
        .help("or create one with all migrations: `cargo dbmigrate migrate`"))
}

pub(crate) fn refusal(error: AdoptError, last: &Migration, database: &DatabaseUrl) -> CommandError {
    match error {
        AdoptError::Apply(error) => failure(error, database.into()),
        AdoptError::Empty => CommandError::new(exit::DIFFERENCE, format!("`{database}` is empty: nothing to adopt"))
            .note("nothing was changed")
            .help("apply the migrations to it: `cargo dbmigrate migrate`"),
        AdoptError::HasHistory { applied, last: at } => {
            let message = format!("`{database}` already has a migration history, up to `{at}`");
            let error = CommandError::new(exit::INCONSISTENT, message).note("nothing was changed");
            if applied <= last.index {
                error.help(format!("apply the pending migrations: `cargo dbmigrate migrate --to {}`", last.name))
            } else {
                error.help("show what is applied: `cargo dbmigrate status`")
            }
        }
        AdoptError::Different { migration, differences, equal, replaced } => {
            let message = format!("`{database}` does not have the schema of `{migration}`");
            different(
                CommandError::new(exit::DIFFERENCE, message),
                &differences,
                &Equal { migrations: equal, replaced },
            )
        }
        AdoptError::ChangedMeanwhile => {
            CommandError::new(exit::INCONSISTENT, format!("another program changed `{database}` in the meantime"))
                .note("nothing was recorded")
                .help("run the command again")
        }
        _ => CommandError::failed(error.to_string()),
    }
}

fn different(error: CommandError, differences: &[String], equal: &Equal) -> CommandError {
    let error = with_differences(error, "to match it", differences).note("nothing was changed");
    said_equal(error, equal).unwrap_or_else(|error| {
        error
            .help("change the database by hand, then run `cargo dbmigrate baseline` again")
            .help("show its schema as structs: `cargo dbmigrate pull`")
    })
}

/// The error with how a database is adopted that has the schema of these migrations.
///
/// # Errors
/// The error as it was, if there are none.
pub(crate) fn said_equal(
    error: CommandError,
    Equal { migrations, replaced }: &Equal,
) -> std::result::Result<CommandError, CommandError> {
    match (&migrations[..], replaced) {
        ([], Some((one, squash))) => {
            let one_word = shell_quoted(one);
            let then = [
                format!("record what it has: `cargo dbmigrate baseline {one_word}`"),
                "apply the rest of them: `cargo dbmigrate migrate`".to_owned(),
            ];
            let error = error.note(format!("it has the schema of `{one}`, which `{squash}` replaces"));
            Ok(before_squash(error, one, &then))
        }
        ([], None) => Err(error),
        (names, _) => {
            let fitting = |name: &String| {
                format!("it has the schema of `{name}`: `cargo dbmigrate baseline {}`", shell_quoted(name))
            };
            Ok(error.helps(names.iter().map(fitting)))
        }
    }
}

/// The error with what has to change, up to a number of lines; `prefix` says where.
pub(crate) fn with_differences(mut error: CommandError, prefix: &str, differences: &[String]) -> CommandError {
    for difference in differences.iter().take(SHOWN_DIFFERENCES) {
        error = error.note(format!("{prefix}: {difference}"));
    }
    if differences.len() > SHOWN_DIFFERENCES {
        error = error.note(format!("and {} more differences", differences.len() - SHOWN_DIFFERENCES));
    }
    error
}
