//! Where this tool's migrations go if the other tool's are in the folder that they would go to: into another one, which
//! `dbmigrate.toml` then names. The two cannot share one, because each takes the other's files for its own.

use std::path::{Path, PathBuf};

use crate::error::{CommandError, Result};
use crate::messages::FileAction;
use crate::project::Context;
use crate::project::config::{Config, FILE_NAME};
use crate::project::path;
use crate::project::write::{self, Wanted};
use crate::tools::about::About;
use crate::tools::found::is_same;

/// Where migrations go then: the first one that does not exist.
const OTHERS: [&str; 2] = ["db/migrations", "dbmigrate/migrations"];

/// The folder of this tool's migrations.
pub(super) struct OwnFolder {
    /// The context, with that folder.
    pub(super) context: Context,
    /// The configuration that names it, if it is yet to be written.
    config: Option<Wanted>,
    title: &'static str,
}

impl OwnFolder {
    /// The folder that is configured, or another one if that is `theirs`. Nothing is written yet.
    ///
    /// # Errors
    /// If the configuration names that very folder, or cannot be read.
    pub(super) fn beside(context: &Context, about: &About, theirs: &Path) -> Result<Self> {
        let title = about.title();
        let same = Self { context: context.clone(), config: None, title };
        if !is_same(&context.folder_path, theirs) {
            return Ok(same);
        }
        let root = &context.package.root;
        let file = root.join(FILE_NAME);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(CommandError::io("read", &file, &error)),
        };
        let is_free = |folder: &&str| !root.join(folder).exists();
        let free = OTHERS.iter().copied().find(is_free);
        let names_it = text.parse::<toml::Table>().is_ok_and(|table| names_folder(&table, &context.config));
        let place = place_of_line(&text, &context.config);
        let (Some(folder), false, Some(place)) = (free, names_it, place) else {
            let shown = path::for_display(&file);
            let other = free.unwrap_or("new-migrations");
            let message =
                format!("`{}` is the folder of {title}, and migrations would be written there", theirs.display());
            return Err(CommandError::usage(message).note("nothing was changed").help(format!(
                "set another folder in `{}`: {}",
                shown.display(),
                context.config.setting(&format!("migrations = \"{other}\""))
            )));
        };
        let (before, after) = text.split_at(place);
        let text = format!("{before}migrations = \"{folder}\"\n{after}");
        let mut context = context.clone();
        context.config = Config { migrations: PathBuf::from(folder), ..context.config };
        context.folder_path = path::for_display(&root.join(folder));
        Ok(Self { context, config: Some(Wanted { path: file, text }), title })
    }

    /// Writes the configuration, if that is left to do.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn settle(&self) -> Result<()> {
        let Some(wanted) = &self.config else { return Ok(()) };
        let is_new = !wanted.path.exists();
        write::write(wanted)?;
        let shown = path::for_display(&wanted.path);
        let (verb, done) = if is_new { ("Created", FileAction::Created) } else { ("Updated", FileAction::Updated) };
        let folder = self.context.folder_path.display();
        let text = format!("{}: migrations go to {folder}, beside those of {}", shown.display(), self.title);
        self.context.printer.status(verb, text);
        self.context.printer.wrote(&shown, done);
        Ok(())
    }
}

/// Whether the configuration names the folder of a database.
fn names_folder(table: &toml::Table, config: &Config) -> bool {
    let of = |table: &toml::Table| table.contains_key("migrations");
    match config.database_name() {
        None => of(table),
        Some(name) => table.get("databases").and_then(|all| all.get(name)?.as_table()).is_some_and(of),
    }
}

/// The byte at which the line that names it is put: the start of the file, or that of the table, if it begins with a line
/// of its own.
fn place_of_line(text: &str, config: &Config) -> Option<usize> {
    let Some(name) = config.database_name() else { return Some(0) };
    let header = format!("[databases.{name}]");
    let mut at = 0;
    text.split_inclusive('\n').find_map(|line| {
        at += line.len();
        (line.trim() == header && line.ends_with('\n')).then_some(at)
    })
}
