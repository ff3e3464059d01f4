//! What a workflow of GitHub reads besides: annotations at the lines that are wrong, as workflow commands
//! (docs.github.com/actions/reference/workflow-commands), and the file that the job summary is appended to.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::{env, fs, io};

use crate::messages::{Diagnostic, Level, Location};

/// The variable that names the file of the job summary.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";
/// The variable that names the file that outputs of a step are appended to.
const OUTPUT: &str = "GITHUB_OUTPUT";
/// The variable that names the root of the repository.
const WORKSPACE: &str = "GITHUB_WORKSPACE";

/// An annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Annotation {
    pub(super) level: Level,
    pub(super) title: String,
    pub(super) message: String,
    pub(super) place: Option<Location>,
}

impl Annotation {
    /// The line of the workflow command. Paths are relative to `root`.
    pub(super) fn line(&self, root: &Path) -> String {
        let word = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let mut properties = Vec::new();
        let mut property = |name: &str, value: &str| properties.push(format!("{name}={}", escaped_property(value)));
        if let Some(place) = &self.place {
            property("file", &within(&place.file, root));
            for (name, number) in [("line", place.line), ("endLine", place.end_line)] {
                if number > 0 {
                    property(name, &number.to_string());
                }
            }
            // columns mean something on one line only
            let is_on_one_line = place.column > 0 && place.line == place.end_line;
            for (name, number) in [("col", place.column), ("endColumn", place.end_column)] {
                if is_on_one_line {
                    property(name, &number.to_string());
                }
            }
        }
        property("title", &self.title);
        format!("::{word} {}::{}\n", properties.join(","), escaped(&self.message))
    }

    /// That of a diagnostic, its help below the message.
    pub(super) fn of(diagnostic: &Diagnostic, title: &str) -> Self {
        let title = diagnostic.code.clone().unwrap_or_else(|| title.to_owned());
        let message = with_lines(&diagnostic.message, "note", &diagnostic.notes);
        let message = with_lines(&message, "help", &diagnostic.help);
        Annotation { level: diagnostic.level, title, message, place: diagnostic.place.clone() }
    }
}

/// A message with further lines.
pub(super) fn with_lines(message: &str, word: &str, lines: &[String]) -> String {
    lines.iter().fold(message.to_owned(), |text, line| format!("{text}\n{word}: {line}"))
}

/// A place that is written as `file`, `file:line` or `file:line:column`.
pub(super) fn location(place: &str) -> Location {
    let number = |text: &str| text.rsplit_once(':').and_then(|(rest, end)| Some((rest.to_owned(), end.parse().ok()?)));
    let (file, line, column) = match number(place) {
        Some((rest, last)) => match number(&rest) {
            Some((file, line)) => (file, line, last),
            None => (rest, last, 0),
        },
        None => (place.to_owned(), 0, 0),
    };
    Location { file, line, column, end_line: line, end_column: column, label: String::new() }
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

/// The root of the repository: the workspace of the job, else the folder above that git knows, else this one.
pub(super) fn root() -> PathBuf {
    let here = env::current_dir().unwrap_or_default();
    let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
    if let Some(workspace) = env::var_os(WORKSPACE).filter(|value| !value.is_empty()) {
        return real(workspace.into());
    }
    let above = here.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
    real(above.unwrap_or(here))
}

/// A file of the working directory as a path from the root, with slashes.
fn within(file: &str, root: &Path) -> String {
    let absolute = env::current_dir().unwrap_or_default().join(file);
    let real = absolute.canonicalize().unwrap_or_else(|_| plain(&absolute));
    let Ok(inside) = real.strip_prefix(root) else { return file.to_owned() };
    let parts: Vec<Cow<'_, str>> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// The path without `.` and `..`, of a file that is not there.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// A text that is a result, which the runner must not read for commands: whatever a database or a file has in it.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    let plain = anstream::adapter::strip_str(text).to_string();
    let is_command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    if !plain.lines().any(is_command) {
        return text.into();
    }
    let token = format!("dbmigrate-{:016x}", RandomState::new().build_hasher().finish());
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("::stop-commands::{token}\n{text}{end}::{token}::\n").into()
}

/// Appends to the job summary, if there is one.
///
/// # Errors
/// If the file cannot be written: which one, and why.
pub(super) fn summarize(text: &str) -> Result<(), (PathBuf, io::Error)> {
    append(SUMMARY, text)
}

/// Sets an output of the step, if there is one: a text of one line.
///
/// # Errors
/// If the file cannot be written: which one, and why.
pub(super) fn set_output(name: &str, value: &str) -> Result<(), (PathBuf, io::Error)> {
    append(OUTPUT, &format!("{name}={value}\n"))
}

fn append(variable: &str, text: &str) -> Result<(), (PathBuf, io::Error)> {
    let Some(path) = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from) else { return Ok(()) };
    let file = fs::OpenOptions::new().append(true).create(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| (path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_workflow_command_would_misread_is_escaped() {
        let place = Location { file: "a,b:c.rs".into(), end_line: 3, end_column: 9, ..location("x:3:7") };
        let annotation = Annotation {
            level: Level::Error,
            title: "a: b, 100%".to_owned(),
            message: "100% of\r\n`a:b,c`".to_owned(),
            place: Some(place),
        };
        assert_eq!(
            annotation.line(Path::new("/nowhere")),
            "::error file=a%2Cb%3Ac.rs,line=3,endLine=3,col=7,endColumn=9,title=a%3A b%2C 100%25::100%25 of%0D%0A`a:b,c`\n"
        );
        let bare = Annotation { level: Level::Note, title: "t".to_owned(), message: "m".to_owned(), place: None };
        assert_eq!(bare.line(Path::new("/")), "::notice title=t::m\n");
    }

    #[test]
    fn a_place_has_what_is_known_of_it() {
        let found = |place: &str| {
            let Location { file, line, column, .. } = location(place);
            (file, line, column)
        };
        assert_eq!(found("a.rs:3:7"), ("a.rs".to_owned(), 3, 7));
        assert_eq!(found("m/migration.sql:3"), ("m/migration.sql".to_owned(), 3, 0));
        assert_eq!(found("C:\\a.rs"), ("C:\\a.rs".to_owned(), 0, 0));
    }

    #[test]
    fn results_are_no_commands() {
        assert_eq!(guarded("SELECT 1;\n"), "SELECT 1;\n");
        for text in ["a\n  ::set-env name=A::b\n", "x ##[add-path]/tmp", "\u{1b}[1m::error::x\u{1b}[0m"] {
            let guarded = guarded(text);
            let lines: Vec<&str> = guarded.lines().collect();
            let token = lines[0].strip_prefix("::stop-commands::").expect("it stops them");
            assert_eq!(lines.last(), Some(&format!("::{token}::").as_str()));
        }
    }
}
