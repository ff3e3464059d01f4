//! What `pull --from` says of a database that does not fit, and what is left to do.

use dbmigrate_core::engine::introspect::HISTORY_TABLE;
use dbmigrate_core::folder::{Folder, Migration};
use dbmigrate_core::shell::shell_flag;

use crate::error::CommandError;
use crate::exit;
use crate::project::config::{Config, FILE_NAME};
use crate::project::url::DatabaseUrl;
use crate::report::counted;
use crate::tools::argument::typed;
use crate::tools::found::Found;
use crate::tools::{Tool, ToolFolder};

/// What to do with the other tool.
pub(super) fn stop_using(other: &Found, from: Option<&str>) -> String {
    let about = other.tool.about();
    let left: Vec<String> = match (from, other.record()) {
        (Some(folder), Some(table)) if folder == table => {
            vec![format!("the folder `{folder}`"), format!("the table `{table}`")]
        }
        (folder, table) => folder.into_iter().chain(table).map(|name| format!("`{name}`")).collect(),
    };
    let delete = format!("delete {} once every database has moved", left.join(" and "));
    format!("{}; {delete}", about.stop())
}

pub(super) fn other_migrations(config: &Config, folder: &Folder, read: &ToolFolder) -> CommandError {
    let message = format!("the migrations in `{}` are not those of `{}`", folder.path().display(), read.path.display());
    CommandError::new(exit::INCONSISTENT, message)
        .note("nothing was changed")
        .help(format!("set another folder in `{FILE_NAME}`: {}", config.setting("migrations = \"db\"")))
        .help("if the database has the schema of one of them: `cargo dbmigrate baseline`")
}

/// The database has the schema of several migrations, and only somebody who knows its rows can tell which one it is.
pub(super) fn undecided(fitting: &[usize], folder: &Folder, url: &DatabaseUrl) -> CommandError {
    let names = fitting.iter().filter_map(|count| folder.migrations().get(count.checked_sub(1)?));
    let names: Vec<&Migration> = names.collect();
    let shown = names.iter().map(|migration| format!("`{}`", migration.name)).collect::<Vec<_>>().join(" and of ");
    let message = format!("`{url}` has the schema of {shown}, and records no number: which one is its last?");
    let error = CommandError::new(exit::DECISION, message)
        .note("they differ in rows only")
        .note("the migrations were written, nothing was recorded");
    names.iter().fold(error, |error, migration| {
        error.help(format!("if it is `{0}`: `cargo dbmigrate baseline {0}`", migration.name))
    })
}

/// The database has tables, but the tool does not say where they are from.
pub(super) fn unrecorded(other: &Found, has_table: bool, shown: &str) -> CommandError {
    let about = other.tool.about();
    let what = match other.record() {
        Some(table) if has_table => format!("its table `{table}` is empty"),
        Some(table) => format!("no `{table}`"),
        None => "no record of migrations".to_owned(),
    };
    let message = format!("`{shown}` has tables, but {what}: its history is unknown");
    let error = CommandError::new(exit::INCONSISTENT, message);
    let error = match about.unrecorded {
        Some(command) => error.note(format!("`{command}` records nothing")),
        None => error,
    };
    let error = error
        .note("nothing was changed")
        .help("adopt it as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`")
        .help("if it is another database, name it: `cargo dbmigrate pull --url PATH`");
    if has_table {
        return error;
    }
    let folder = other.folder.as_ref().map(|folder| folder.display().to_string());
    let from = shell_flag("--from", &typed(about, folder.as_deref()));
    error.help(format!("if its table has another name: `cargo dbmigrate pull {from} --history-table NAME`"))
}

pub(super) fn went_on(tool: &dyn Tool, more: usize, shown: &str) -> CommandError {
    let (more, title) = (counted(more, "more migration"), tool.about().title());
    let message = format!("{title} applied {more} to `{shown}` after its history was imported");
    CommandError::new(exit::INCONSISTENT, message)
        .note("nothing was changed")
        .help(format!("to import it again, drop its table `{HISTORY_TABLE}`, then run this again"))
        .help(format!("after that, {}", tool.about().stop()))
}
