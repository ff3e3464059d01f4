//! The members of a fleet of files: those whose paths match a pattern.

use std::path::{Component, MAIN_SEPARATOR, Path, PathBuf};

use glob::{MatchOptions, Pattern, glob_with};

use super::entry::{Entries, Entry, EntryAt};
use crate::error::{CommandError, Result};
use crate::project::config::FILE_NAME;
use crate::project::path;

/// What SQLite and libSQL keep beside a database: `acme.db-wal`.
const BESIDE: [&str; 5] = ["-wal", "-shm", "-journal", "-info", "-client_wal_index"];

/// How patterns are matched: a star stays in its folder, and what is hidden is not meant.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The files that match. The name of each is its path behind the part of the pattern that is fixed, without the extension.
///
/// # Errors
/// Exit code 2 for what is no pattern, 1 for a folder that cannot be read.
pub(super) fn entries(root: &Path, pattern: &str, fleet: &str) -> Result<Entries> {
    let wrong = |message: String| {
        CommandError::usage(message).at(FILE_NAME).help(format!("in `[targets.{fleet}]`: `fleet = \"tenants/*.db\"`"))
    };
    let fixed = fixed(pattern);
    let base = root.join(&fixed);
    let rest = pattern[fixed.len()..].trim_start_matches(['/', MAIN_SEPARATOR]);
    let shown = base.to_str().ok_or_else(|| wrong(format!("the path of `{pattern}` is not UTF-8")))?;
    let whole = match rest {
        "" => Pattern::escape(shown),
        rest => format!("{}/{rest}", Pattern::escape(shown.trim_end_matches('/'))),
    };
    let found = glob_with(&whole, OPTIONS)
        .map_err(|error| wrong(format!("`{pattern}` is no pattern for files: {}", error.msg)))?;
    let mut all = Vec::new();
    for file in found {
        let file = file.map_err(|error| CommandError::io("read", error.path(), error.error()))?;
        if is_beside(&file) || file.is_dir() {
            continue;
        }
        let Some(name) = name(&file, &base) else {
            let shown = path::for_display(&file).display().to_string();
            return Err(CommandError::usage(format!("the name of `{shown}` is not UTF-8")).help("rename it"));
        };
        all.push(Entry { number: all.len() + 1, name: Some(name), at: EntryAt::File(file), ..Entry::default() });
    }
    let nothing = format!("no file matches `{pattern}`");
    let place = (format!("a file that matches `{pattern}`"), false);
    Ok(Entries { all, base: root.to_owned(), place, named_in: None, nothing })
}

/// The folders at the beginning of a pattern that stand for themselves: `data/tenants/` of `data/tenants/*.db`.
fn fixed(pattern: &str) -> String {
    let first = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    let end = pattern[..first].rfind(['/', MAIN_SEPARATOR]).map_or(0, |at| at + 1);
    pattern[..end].to_owned()
}

/// Whether a file belongs to another one, which is a database.
fn is_beside(file: &Path) -> bool {
    let Some(text) = file.to_str() else { return false };
    BESIDE.iter().any(|suffix| text.strip_suffix(suffix).is_some_and(|base| Path::new(base).is_file()))
}

/// The path from the base on, without the extension.
fn name(file: &Path, base: &Path) -> Option<String> {
    let clean: PathBuf = base.components().filter(|part| !matches!(part, Component::CurDir)).collect();
    let inside = file.strip_prefix(&clean).or_else(|_| file.strip_prefix(base)).unwrap_or(file).with_extension("");
    let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_what_the_pattern_leaves_open() {
        let named = |pattern: &str, file: &str| {
            let base = Path::new("/app").join(fixed(pattern));
            name(&Path::new("/app").join(file), &base).expect("UTF-8")
        };
        assert_eq!(named("tenants/*.db", "tenants/acme.db"), "acme");
        assert_eq!(named("data/**/*.db", "data/eu/acme.db"), "eu/acme");
        assert_eq!(named("./tenants/t-*.db", "tenants/t-1.db"), "t-1");
        assert_eq!(named("*.db", "acme.v2.db"), "acme.v2");
        assert_eq!(named("tenants/acme.db", "tenants/acme.db"), "acme");
    }
}
