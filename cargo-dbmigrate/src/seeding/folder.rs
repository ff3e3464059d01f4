//! Where sets are: `seeds/<set>/` beside `Cargo.toml`, a file for each table.

use std::path::{Path, PathBuf};

use crate::error::{CommandError, Result, did_you_mean};
use crate::project::path;

/// The set that is meant if none is named.
pub(crate) const DEFAULT_SET: &str = "full";

/// The file of a set that says what is done with its tables.
pub(crate) const SETTINGS: &str = "_set.toml";

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Statements.
    Sql,
    /// TOML.
    Toml,
    /// JSON.
    Json,
    /// CSV.
    Csv,
}

/// What people also have rows in, and what to do about it.
const OTHER_FORMATS: [(&str, &str); 9] = [
    ("yaml", "write it as TOML or JSON"),
    ("yml", "write it as TOML or JSON"),
    ("json5", "write it as JSON"),
    ("jsonl", "write it as one list in a `.json` file"),
    ("ndjson", "write it as one list in a `.json` file"),
    ("tsv", "save it with commas as `.csv`"),
    ("xlsx", "save it as \"CSV UTF-8\""),
    ("xls", "save it as \"CSV UTF-8\""),
    ("ods", "save it as CSV in UTF-8"),
];

/// A file of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its name without the extension.
    pub stem: String,
    /// What it is written in.
    pub format: Format,
}

impl SetFile {
    /// The number in front of its name, and the rest: `01_users`.
    pub(crate) fn numbered(&self) -> Option<(u64, &str)> {
        let digits = self.stem.find(|char: char| !char.is_ascii_digit())?;
        let rest = self.stem[digits..].strip_prefix(['_', '-', '.', ' '])?;
        Some((self.stem[..digits].parse().ok()?, rest)).filter(|_| !rest.is_empty())
    }
}

/// A set as it lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it says of its tables, if it does.
    pub settings: Option<PathBuf>,
    /// Its files in the order of their names.
    pub files: Vec<SetFile>,
}

/// Finds a set in the folder of the sets.
///
/// # Errors
/// Exit code 2 if there is none of that name, or several and none is named.
pub(crate) fn find(seeds: &Path, name: Option<&str>) -> Result<Folder> {
    let shown = path::for_display(seeds).display().to_string();
    let sets = sets(seeds)?;
    let name = match name {
        Some(name) => sets.iter().find(|set| *set == name).ok_or_else(|| no_such_set(name, &sets, &shown))?,
        None => match &sets[..] {
            [] => return Err(no_set(seeds, &shown)),
            [only] => only,
            _ => sets.iter().find(|set| *set == DEFAULT_SET).ok_or_else(|| {
                let error = CommandError::usage(format!("`{shown}` has several sets, and none is called `full`"));
                error.helps(sets.iter().map(|set| format!("name one: `cargo dbmigrate seed {}`", word(set))))
            })?,
        },
    };
    Folder::read(name.clone(), seeds.join(name))
}

/// The names of the sets.
fn sets(seeds: &Path) -> Result<Vec<String>> {
    dbmigrate_core::seed_sets::sets(seeds).map_err(|error| CommandError::io("read", &path::for_display(seeds), &error))
}

fn word(set: &str) -> String {
    dbmigrate_core::shell::shell_word(Path::new(set))
}

fn no_such_set(name: &str, sets: &[String], shown: &str) -> CommandError {
    let error = CommandError::usage(format!("no set named `{name}` in `{shown}`"));
    let error = match did_you_mean(name, sets.iter().map(String::as_str)) {
        Some(meant) => error.help(format!("did you mean `{meant}`? `cargo dbmigrate seed {}`", word(meant))),
        None => error,
    };
    match sets {
        [] => error.help(format!("create it: `{shown}/{DEFAULT_SET}/TABLE.toml`")),
        sets => error.help(format!("sets: `{}`", sets.join("`, `"))),
    }
}

fn no_set(seeds: &Path, shown: &str) -> CommandError {
    let loose = std::fs::read_dir(seeds).into_iter().flatten().flatten();
    let loose = loose.map(|entry| entry.path()).find(|path| format_of(path).is_some());
    match loose.as_deref().and_then(Path::file_name) {
        Some(file) => CommandError::usage(format!("`{shown}` has files, but no set: a set is a folder in it"))
            .help(format!("move them: `{shown}/{DEFAULT_SET}/{}`", file.to_string_lossy())),
        None => CommandError::usage(format!("no set of rows in `{shown}`")).help(format!(
            "write a file for each table: `{shown}/{DEFAULT_SET}/TABLE.toml`, or `.csv`, `.json`, `.sql`"
        )),
    }
}

fn format_of(path: &Path) -> Option<Format> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "sql" => Format::Sql,
        "toml" => Format::Toml,
        "json" => Format::Json,
        "csv" => Format::Csv,
        _ => return None,
    })
}

impl Folder {
    /// Reads the names of the files of a set.
    ///
    /// # Errors
    /// If there are none, or one in a format that seeds do not have.
    fn read(name: String, folder: PathBuf) -> Result<Self> {
        let shown = path::for_display(&folder);
        let entries = std::fs::read_dir(&folder).map_err(|error| CommandError::io("read", &shown, &error))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry.map_err(|error| CommandError::io("read", &shown, &error))?.path());
        }
        paths.sort();
        let mut set = Self { name, path: folder, settings: None, files: Vec::new() };
        for path in paths.into_iter().filter(|path| path.is_file()) {
            let Some(file_name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if file_name == SETTINGS {
                set.settings = Some(path);
            } else if file_name.starts_with(['.', '_', '~', '#']) {
                // of editors, or put aside
            } else if let Some(format) = format_of(&path) {
                set.files.push(SetFile { path, stem, format });
            } else {
                refuse_other_format(&path)?;
            }
        }
        if set.files.is_empty() {
            let message = format!("the set `{}` has no files", set.name);
            let help =
                format!("write one for each table: `{}/TABLE.toml`, or `.csv`, `.json`, `.sql`", shown.display());
            return Err(CommandError::usage(message).help(help));
        }
        Ok(set)
    }
}

fn refuse_other_format(file: &Path) -> Result<()> {
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let other = OTHER_FORMATS.iter().find(|(other, _)| extension.as_deref() == Some(*other));
    let Some((other, help)) = other else { return Ok(()) };
    let message = format!("`{}`: rows cannot be read from `.{other}` files", path::for_display(file).display());
    Err(CommandError::usage(message).help(*help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_front_of_a_name_is_told_from_the_name() {
        let numbered = |stem: &str| {
            let file = SetFile { path: PathBuf::new(), stem: stem.to_owned(), format: Format::Csv };
            file.numbered().map(|(number, rest)| (number, rest.to_owned()))
        };
        assert_eq!(numbered("01_users"), Some((1, "users".to_owned())));
        assert_eq!(numbered("2-a_b"), Some((2, "a_b".to_owned())));
        assert_eq!(numbered("users"), None);
        assert_eq!(numbered("2024"), None);
        assert_eq!(numbered("01_"), None);
    }
}
