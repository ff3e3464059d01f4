//! The namespaces of a libSQL server on this machine, as its data folder has them.

use std::path::Path;

use super::entry::{Entries, of_names};
use crate::error::{CommandError, Result};
use crate::project::path;

/// Where a server keeps a folder for each namespace.
const NAMESPACES: &str = "dbs";

/// The namespace that every server has, wanted or not.
const DEFAULT: &str = "default";

/// The namespaces. What only the running server knows is not asked: it has no call that lists them.
///
/// # Errors
/// Exit code 2 if it is no data folder, 1 if it cannot be read.
pub(super) fn entries(root: &Path, folder: &Path) -> Result<Entries> {
    let shown = path::for_display(&root.join(folder)).display().to_string();
    let namespaces = root.join(folder).join(NAMESPACES);
    if !namespaces.is_dir() {
        return Err(CommandError::usage(format!("`{shown}` is not the data folder of a libSQL server"))
            .note(format!("it has no folder `{NAMESPACES}`"))
            .help("name the folder that the server was started with: `sqld --db-path data.sqld`"));
    }
    let read = std::fs::read_dir(&namespaces).map_err(|error| CommandError::io("read", &namespaces, &error))?;
    let mut names = Vec::new();
    for entry in read {
        let entry = entry.map_err(|error| CommandError::io("read", &namespaces, &error))?;
        if entry.path().is_dir() {
            names.extend(entry.file_name().into_string().ok().filter(|name| name != DEFAULT));
        }
    }
    let (base, named_in) = (root.to_owned(), None);
    let (place, nothing) = ((format!("a namespace in `{shown}`"), false), format!("`{shown}` has no namespace"));
    Ok(Entries { all: of_names(names), base, place, named_in, nothing })
}
