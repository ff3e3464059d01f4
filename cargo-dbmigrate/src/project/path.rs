//! Paths as they are shown.

use std::path::{Path, PathBuf};

/// The path as it is shown: relative to the working directory if it is inside.
pub(crate) fn for_display(path: &Path) -> PathBuf {
    let inside = std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    match inside {
        Some(relative) if relative.as_os_str().is_empty() => PathBuf::from("."),
        Some(relative) => relative,
        None => path.to_owned(),
    }
}
