//! Keeps secrets and databases out of git: the lines that a `.gitignore` lacks (git-scm.com/docs/gitignore).

use std::path::{Path, PathBuf};

use crate::error::{CommandError, Result};
use crate::git;
use crate::project::path::for_display;

/// The name of the file.
const FILE_NAME: &str = ".gitignore";

/// Where tokens are.
const DOT_ENV: &str = ".env";

/// What SQLite and libSQL put beside a database (sqlite.org/tempfiles.html).
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// What was added where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Added {
    /// The file, as it is shown.
    pub file: PathBuf,
    /// Whether it is new.
    pub is_new: bool,
    /// The lines.
    pub lines: Vec<String>,
}

/// Sees to it that git ignores `.env` and these database files with everything beside them, given absolutely. What is
/// ignored already, or is not on purpose, stays so. The lines go to the nearest `.gitignore` of the repository, or to a
/// new one in its root; outside of a repository only to one that the package has.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn see_to(package_root: &Path, databases: &[PathBuf]) -> Result<Option<Added>> {
    let repository = git::top_of(package_root);
    let top = repository.as_deref().unwrap_or(package_root);
    let mut files: Vec<Rules> = Vec::new();
    for directory in package_root.ancestors() {
        if let Some(rules) = Rules::read(directory)? {
            files.push(rules);
        }
        if directory == top {
            break;
        }
    }
    let is_open = |path: &Path| files.iter().find_map(|rules| rules.judge(path)).is_none();
    let mut lines = Vec::new();
    if is_open(&package_root.join(DOT_ENV)) {
        lines.push(DOT_ENV.to_owned());
    }
    for database in databases.iter().filter(|database| database.starts_with(top)) {
        let Some(name) = database.file_name().and_then(|name| name.to_str()) else { continue };
        let is_beside_open = || BESIDE.iter().any(|end| is_open(&database.with_file_name(format!("{name}{end}"))));
        let line = match (is_open(database), is_beside_open()) {
            (true, _) => format!("{}*", escaped(name)),
            (false, true) => format!("{}-*", escaped(name)),
            (false, false) => continue,
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() || (files.is_empty() && repository.is_none()) {
        return Ok(None);
    }
    let (path, mut text) = match files.into_iter().next() {
        Some(nearest) => (nearest.directory.join(FILE_NAME), nearest.text),
        None => (top.join(FILE_NAME), String::new()),
    };
    let is_new = text.is_empty() && !path.exists();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    for line in &lines {
        text.push_str(line);
        text.push_str(end);
    }
    let file = for_display(&path);
    std::fs::write(&path, text).map_err(|error| CommandError::io("write", &file, &error))?;
    Ok(Some(Added { file, is_new, lines }))
}

/// A name as a pattern that means just it.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for (at, char) in name.chars().enumerate() {
        if matches!(char, '*' | '?' | '[' | '\\') || (at == 0 && matches!(char, '!' | '#')) {
            text.push('\\');
        }
        text.push(char);
    }
    text
}

/// A `.gitignore`.
struct Rules {
    directory: PathBuf,
    text: String,
}

impl Rules {
    fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(FILE_NAME);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Self { directory: directory.to_owned(), text })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(CommandError::io("read", &for_display(&path), &error)),
        }
    }

    /// Whether a path below is ignored, or is not on purpose; `None` if no line is about it.
    fn judge(&self, path: &Path) -> Option<bool> {
        let inside = path.strip_prefix(&self.directory).ok()?;
        let parts: Vec<&str> = inside.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
        // nothing below a directory that is ignored comes back
        (1..=parts.len()).find_map(|length| {
            let judged = self.last_rule(&parts[..length], length < parts.len());
            judged.filter(|ignored| *ignored || length == parts.len())
        })
    }

    /// What the last line says that is about a path.
    fn last_rule(&self, parts: &[&str], is_directory: bool) -> Option<bool> {
        self.text.lines().rev().find_map(|line| {
            let line = line.trim_end_matches('\r').trim_end_matches(' ');
            let (line, ignored) = line.strip_prefix('!').map_or((line, true), |line| (line, false));
            let (line, only_directories) = line.strip_suffix('/').map_or((line, false), |line| (line, true));
            if line.is_empty() || line.starts_with('#') || (only_directories && !is_directory) {
                return None;
            }
            let is_anchored = line.contains('/');
            let pattern: Vec<&str> = line.strip_prefix('/').unwrap_or(line).split('/').collect();
            let is_it = match is_anchored {
                true => matches_parts(&pattern, parts),
                false => parts.last().is_some_and(|name| matches(line, name)),
            };
            is_it.then_some(ignored)
        })
    }
}

/// Whether a pattern with slashes means a path; `**` is any number of directories.
fn matches_parts(pattern: &[&str], parts: &[&str]) -> bool {
    match (pattern.split_first(), parts.split_first()) {
        (Some((&"**", rest)), _) => (0..=parts.len()).any(|skipped| matches_parts(rest, &parts[skipped..])),
        (Some((first, pattern)), Some((part, parts))) => matches(first, part) && matches_parts(pattern, parts),
        (None, None) => true,
        _ => false,
    }
}

/// Whether a pattern means a name: `*`, `?`, `[a-z]`, `\` before what means itself.
fn matches(pattern: &str, name: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return name.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    let after = |name: &str| name.chars().next().map(|char| (char, name[char.len_utf8()..].to_owned()));
    match first {
        '*' => {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter().any(|at| matches(rest, &name[at..]))
        }
        '?' => after(name).is_some_and(|(_, name)| matches(rest, &name)),
        '[' => {
            let Some((class, rest)) = rest.split_once(']') else { return false };
            let (class, negated) = class.strip_prefix(['!', '^']).map_or((class, false), |class| (class, true));
            after(name).is_some_and(|(char, name)| in_class(class, char) != negated && matches(rest, &name))
        }
        '\\' => rest.chars().next().is_some_and(|literal| {
            name.strip_prefix(literal).is_some_and(|name| matches(&rest[literal.len_utf8()..], name))
        }),
        literal => name.strip_prefix(literal).is_some_and(|name| matches(rest, name)),
    }
}

fn in_class(class: &str, wanted: char) -> bool {
    let chars: Vec<char> = class.chars().collect();
    let mut at = 0;
    while let Some(first) = chars.get(at) {
        if let (Some('-'), Some(last)) = (chars.get(at + 1), chars.get(at + 2)) {
            if (*first..=*last).contains(&wanted) {
                return true;
            }
            at += 3;
        } else if *first == wanted {
            return true;
        } else {
            at += 1;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str, path: &str) -> Option<bool> {
        Rules { directory: PathBuf::from("/r"), text: text.to_owned() }.judge(&Path::new("/r").join(path))
    }

    #[test]
    fn the_last_line_about_a_path_counts() {
        for (text, path, wanted) in [
            ("*.db\n", "dev.db", Some(true)),
            ("*.db\n", "a/b/dev.db", Some(true)),
            ("*.db\n", "dev.db-wal", None),
            ("*.db*\n", "dev.db-wal", Some(true)),
            ("/dev.db", "dev.db", Some(true)),
            ("/dev.db", "a/dev.db", None),
            ("a/*.db", "a/dev.db", Some(true)),
            ("a/*.db", "b/a/dev.db", None),
            ("**/dev.db", "a/b/dev.db", Some(true)),
            ("a/**", "a/b/dev.db", Some(true)),
            ("a/", "a/dev.db", Some(true)),
            ("dev.db/", "dev.db", None),
            ("*.db\n!dev.db\n", "dev.db", Some(false)),
            ("!dev.db\n*.db\n", "dev.db", Some(true)),
            ("a\n!a/dev.db", "a/dev.db", Some(true)),
            (".env*\n!.env.example", ".env", Some(true)),
            (".env*\r\n!.env.example\r\n", ".env", Some(true)),
            ("# .env\n\n", ".env", None),
            ("*.[ds]b", "dev.db", Some(true)),
            ("*.[!a-c]b", "dev.db", Some(true)),
            ("dev\\.db", "dev.db", Some(true)),
            ("dev.d?", "dev.db", Some(true)),
        ] {
            assert_eq!(judge(text, path), wanted, "{text:?} {path}");
        }
    }

    #[test]
    fn a_name_is_written_so_that_it_means_itself() {
        for name in ["dev.db", "#a.db", "!a.db", "a[1].db", "a*b.db", "a\\b.db"] {
            assert!(matches(&escaped(name), name) && !matches(&escaped(name), "x"), "{name}");
        }
    }
}
