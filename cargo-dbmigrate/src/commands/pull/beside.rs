//! What `dbmigrate.toml` has to say so that this tool and the other one do not meet: where migrations go if the other tool's
//! are in the folder that they would go to, and that its table is nobody's, if that is not called as usual.

use std::path::{Path, PathBuf};

use dbmigrate_core::ignore::Ignore;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::glob::Glob;

use crate::error::{CommandError, Result};
use crate::messages::FileAction;
use crate::project::Context;
use crate::project::config::{self, Config, FILE_NAME};
use crate::project::path;
use crate::project::write::{self, Wanted};
use crate::tools::found::{Found, is_same};

/// Where migrations go then: the first one that does not exist.
const OTHERS: [&str; 2] = ["db/migrations", "dbmigrate/migrations"];

/// What is configured beside another tool.
pub(super) struct Beside {
    /// The context, with that configuration.
    pub(super) context: Context,
    /// The configuration, if it is yet to be written.
    config: Option<Wanted>,
    /// What of it is new.
    said: Vec<String>,
}

impl Beside {
    /// The configuration beside a tool that is found. Nothing is written yet.
    ///
    /// # Errors
    /// If the configuration names that very folder, hides others and not the table, or cannot be read.
    pub(super) fn of(context: &Context, found: &Found) -> Result<Self> {
        let mut beside = Self { context: context.clone(), config: None, said: Vec::new() };
        let folder = found.folder.as_deref().filter(|folder| is_same(&context.folder_path, folder));
        let hides = |table: &&String| context.config.ignore.hides(&Name::from(table.as_str()));
        let table = found.table.as_ref().filter(|table| !hides(table));
        if folder.is_none() && table.is_none() {
            return Ok(beside);
        }
        let file = context.package.root.join(FILE_NAME);
        let mut text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(CommandError::io("read", &file, &error)),
        };
        if let Some(table) = table {
            text = beside.hide(&text, table, found)?;
        }
        if let Some(folder) = folder {
            text = beside.step_aside(&text, &file, folder, found)?;
        }
        beside.config = Some(Wanted { path: file, text });
        Ok(beside)
    }

    /// The text of the configuration with the table hidden.
    fn hide(&mut self, text: &str, table: &str, found: &Found) -> Result<String> {
        let (name, title) = (Name::from(table), found.tool.about().title());
        let line = config::ignore_setting(&self.context.config, &name);
        let Some(text) = with(&line, text, &self.context.config) else {
            return Err(CommandError::usage(format!(
                "`{table}`, the table of {title}, would be taken for one of yours"
            ))
            .note("nothing was changed")
            .help(config::hiding(&self.context.config, &name)));
        };
        let patterns = self.context.config.ignore.patterns().cloned().chain(Glob::of(&name).parse::<Glob>());
        let ignore = Ignore::new(patterns);
        self.context.config = Config { ignore, ..self.context.config.clone() };
        self.said.push(format!("`{table}`, the table of {title}, is ignored"));
        Ok(text)
    }

    /// The text of the configuration with another folder than theirs.
    fn step_aside(&mut self, text: &str, file: &Path, theirs: &Path, found: &Found) -> Result<String> {
        let root = &self.context.package.root;
        let title = found.tool.about().title();
        let is_free = |folder: &&str| !root.join(folder).exists();
        let free = OTHERS.iter().copied().find(is_free);
        let other = free.unwrap_or("new-migrations");
        let line = format!("migrations = \"{other}\"");
        let (Some(folder), Some(text)) = (free, with(&line, text, &self.context.config)) else {
            let shown = path::for_display(file);
            let message =
                format!("`{}` is the folder of {title}, and migrations would be written there", theirs.display());
            return Err(CommandError::usage(message).note("nothing was changed").help(format!(
                "set another folder in `{}`: {}",
                shown.display(),
                self.context.config.setting(&line)
            )));
        };
        let folder_path = path::for_display(&root.join(folder));
        self.said.push(format!("migrations go to {}, beside those of {title}", folder_path.display()));
        self.context.config = Config { migrations: PathBuf::from(folder), ..self.context.config.clone() };
        self.context.folder_path = folder_path;
        Ok(text)
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
        let printer = &self.context.printer;
        for said in &self.said {
            printer.status(verb, format!("{}: {said}", shown.display()));
        }
        printer.wrote(&shown, done);
        Ok(())
    }
}

/// A configuration with one line more that is about a database. `None` if its key is set already, or if it is not known
/// where the line goes.
fn with(line: &str, text: &str, config: &Config) -> Option<String> {
    let key = line.split_once(' ')?.0;
    let has_it = |table: &toml::Table| table.contains_key(key);
    let table = text.parse::<toml::Table>().ok()?;
    let is_set = match config.database_name() {
        None => has_it(&table),
        Some(name) => table.get("databases").and_then(|all| all.get(name)?.as_table()).is_some_and(has_it),
    };
    let place = place_of_line(text, config).filter(|_| !is_set)?;
    let (before, after) = text.split_at(place);
    Some(format!("{before}{line}\n{after}"))
}

/// The byte at which a line about a database is put: the start of the file, or that of its table, if it begins with a line
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
