//! What the configuration of another tool says otherwise than usual: where its migrations are, and what its table is called.

use std::path::{Path, PathBuf};

/// What it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The folder with the migrations, from the package.
    pub folder: Option<PathBuf>,
    /// The table in which applied migrations are recorded.
    pub table: Option<String>,
}

impl Settings {
    /// The settings in a file of the package, if there is one that can be read. `of` returns the folder and the table.
    pub(super) fn read(root: &Path, file: &str, of: impl Fn(&toml::Table) -> [Option<String>; 2]) -> Self {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        let Ok(settings) = text.parse::<toml::Table>() else { return Self::default() };
        let [folder, table] = of(&settings);
        Self { folder: folder.map(PathBuf::from), table }
    }
}

/// A text in a table.
pub(super) fn text(table: &toml::Table, key: &str) -> Option<String> {
    table.get(key)?.as_str().map(str::to_owned)
}
