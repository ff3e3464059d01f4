//! What the configuration of another tool says otherwise than usual: where its migrations are, and what its table is called.

use std::path::{Path, PathBuf};

use dbmigrate_core::config::is_blank;

use crate::project::url::DotEnv;

/// What it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The folder with the migrations, from the package.
    pub folder: Option<PathBuf>,
    /// The table in which applied migrations are recorded.
    pub table: Option<String>,
    /// The characters that count in no checksum.
    pub ignored: Vec<char>,
}

impl Settings {
    /// The settings in a file of the package, if there is one that can be read. `of` returns the folder and the table.
    pub(super) fn read(root: &Path, file: &str, of: impl FnOnce(&toml::Table) -> [Option<String>; 2]) -> Self {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        let Ok(settings) = text.parse::<toml::Table>() else { return Self::default() };
        let [folder, table] = of(&settings);
        Self { folder: folder.map(PathBuf::from), table, ..Self::default() }
    }

    /// The settings in two variables, of the environment or else of the nearest `.env`: the folder and the table.
    pub(super) fn of_variables(root: &Path, [folder, table]: [&str; 2]) -> Self {
        // what is wrong with the file is said by whoever needs something of it
        let file = DotEnv::near(root).ok().flatten();
        let value = |name: &str| {
            let in_file = || file.as_ref()?.get(name).ok()?.map(str::to_owned);
            std::env::var(name).ok().or_else(in_file).filter(|value| !is_blank(value))
        };
        Self { folder: value(folder).map(PathBuf::from), table: value(table), ..Self::default() }
    }

    /// The settings in the first of these files that the package has. `of` returns the folder and the table.
    pub(super) fn of_first(root: &Path, files: &[&str], of: impl FnOnce(&str) -> [Option<String>; 2]) -> Self {
        let text = files.iter().find_map(|file| std::fs::read_to_string(root.join(file)).ok()).unwrap_or_default();
        let [folder, table] = of(&text);
        Self { folder: folder.map(PathBuf::from), table, ..Self::default() }
    }
}

/// A text in a table.
pub(super) fn text(table: &toml::Table, key: &str) -> Option<String> {
    table.get(key)?.as_str().map(str::to_owned)
}
