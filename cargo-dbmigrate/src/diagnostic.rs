//! What is wrong, where, and what to type next: shown as rustc would show it, or as a message.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::messages;
pub use crate::messages::Level;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level as Title, Patch, Renderer, Snippet};

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The file.
    pub file: PathBuf,
    /// The place, in bytes from the start of the file.
    pub span: Range<usize>,
    /// What is there; may be empty.
    pub text: String,
}

/// A message for the user. The first label is where it is; the others say what it has to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// The name of the lint, if it is one.
    pub code: Option<String>,
    /// What it is about, if it is a decision: the object of the lint.
    pub object: Option<Box<str>>,
    /// One line: what is wrong.
    pub message: String,
    /// Where.
    pub labels: Vec<Label>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// What to do, as commands and attributes that work as written.
    pub help: Vec<String>,
    /// A change of files that would do.
    pub(crate) suggestion: Option<Box<Suggestion>>,
    /// What the rows of a database say about it, if they decide.
    pub(crate) asked: Option<Box<messages::Asked>>,
}

/// A change of files, shown as rustc shows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suggestion {
    /// What it does, as an imperative.
    pub(crate) says: String,
    /// The bytes of files that go, and what comes in their place.
    pub(crate) edits: Vec<(PathBuf, Range<usize>, String)>,
}

impl Diagnostic {
    /// An error.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Level::Error, message)
    }

    /// A warning.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Level::Warning, message)
    }

    fn new(level: Level, message: impl Into<String>) -> Self {
        Self {
            level,
            code: None,
            object: None,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            suggestion: None,
            asked: None,
        }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, file: impl Into<PathBuf>, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label { file: file.into(), span, text: text.into() });
        self
    }

    /// Adds a line of background.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a help line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Whether the command fails because of it.
    pub fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}

/// How diagnostics are shown.
#[derive(Debug, Clone)]
pub struct Look {
    /// With ANSI colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// The directory that paths are shown relative to: the current one.
    pub base: PathBuf,
}

/// The diagnostics as rustc would show them, an empty line between two.
pub fn render(diagnostics: &[Diagnostic], look: &Look) -> String {
    let mut sources = Sources::default();
    let shown: Vec<String> = diagnostics.iter().map(|diagnostic| rendered(diagnostic, look, &mut sources)).collect();
    shown.join("\n")
}

/// A diagnostic as rustc would show it.
pub(crate) fn rendered(diagnostic: &Diagnostic, look: &Look, sources: &mut Sources) -> String {
    let renderer = if look.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(look.width);
    renderer.render(&report(diagnostic, look, sources)) + "\n"
}

/// The diagnostic as a message for programs, its paths relative to `base`.
pub(crate) fn message(diagnostic: &Diagnostic, base: &Path, sources: &mut Sources) -> messages::Diagnostic {
    let mut places: Vec<messages::Location> =
        diagnostic.labels.iter().map(|label| location(label, base, sources)).collect();
    let related = if places.is_empty() { Vec::new() } else { places.split_off(1) };
    messages::Diagnostic {
        target: None,
        level: diagnostic.level,
        code: diagnostic.code.clone(),
        object: diagnostic.object.as_deref().map(str::to_owned),
        message: diagnostic.message.clone(),
        place: places.pop(),
        related,
        notes: diagnostic.notes.clone(),
        help: diagnostic.help.iter().chain(diagnostic.suggestion.iter().map(|one| &one.says)).cloned().collect(),
        asked: diagnostic.asked.as_deref().cloned(),
    }
}

/// The same as JSON, an object per line.
pub fn render_json(diagnostics: &[Diagnostic], base: &Path) -> String {
    let mut sources = Sources::default();
    let mut line = |diagnostic| messages::Message::from(message(diagnostic, base, &mut sources)).line() + "\n";
    diagnostics.iter().map(&mut line).collect()
}

/// `path` as it is shown: relative to `base` where it is below it.
pub fn shown_path(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).display().to_string()
}

fn report<'a>(diagnostic: &'a Diagnostic, look: &Look, sources: &mut Sources) -> Vec<Group<'a>> {
    let level = match diagnostic.level {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
        Level::Note => Title::NOTE,
    };
    let mut title = level.primary_title(diagnostic.message.as_str());
    if let Some(code) = &diagnostic.code {
        title = title.id(code.as_str());
    }
    let mut group = Group::with_title(title);
    let mut shown: Vec<&Path> = Vec::new();
    for label in &diagnostic.labels {
        if shown.contains(&label.file.as_path()) {
            continue;
        }
        shown.push(&label.file);
        let here = || diagnostic.labels.iter().enumerate().filter(|(_, other)| other.file == label.file);
        let part = sources.of(&label.file).part(here().map(|(_, label)| &label.span));
        let mut snippet = part.snippet(&label.file, look);
        for (at, label) in here() {
            let kind = if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let text = (!label.text.is_empty()).then_some(label.text.as_str());
            snippet = snippet.annotation(kind.span(part.within(&label.span)).label(text));
        }
        group = group.element(snippet);
    }
    for note in &diagnostic.notes {
        group = group.element(Title::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.help {
        group = group.element(Title::HELP.message(help.as_str()));
    }
    let mut groups = vec![group];
    groups.extend(diagnostic.suggestion.as_deref().map(|suggestion| suggested(suggestion, look, sources)));
    groups
}

/// A suggestion: the lines of each file as they would be.
fn suggested<'a>(suggestion: &'a Suggestion, look: &Look, sources: &mut Sources) -> Group<'a> {
    let mut group = Group::with_title(Title::HELP.secondary_title(suggestion.says.as_str()));
    let mut shown: Vec<&Path> = Vec::new();
    for (file, ..) in &suggestion.edits {
        if shown.contains(&file.as_path()) {
            continue;
        }
        shown.push(file);
        let of_file = || suggestion.edits.iter().filter(|(other, ..)| other == file);
        let part = sources.of(file).part(of_file().map(|(_, range, _)| range));
        let patches: Vec<Patch<'a>> =
            of_file().map(|(_, range, new)| Patch::new(part.within(range), new.as_str())).collect();
        group = group.element(part.snippet(file, look).patches(patches));
    }
    group
}

/// The files that are quoted, each read once.
#[derive(Default)]
pub(crate) struct Sources(HashMap<PathBuf, Source>);

impl Sources {
    /// The file; empty when it is gone by now, so that the message itself is still shown.
    fn of(&mut self, file: &Path) -> &Source {
        self.0.entry(file.to_owned()).or_insert_with(|| Source::new(fs_err::read_to_string(file).unwrap_or_default()))
    }
}

/// A text and where its lines start.
struct Source {
    text: String,
    lines: Vec<usize>,
}

/// The lines of a text that are quoted. A report copies what it quotes and looks through all of it: with whole files, many
/// findings in one large migration would take the square of its length.
struct Part<'a> {
    source: &'a Source,
    /// The bytes of the lines.
    range: Range<usize>,
    /// The number of the first of them, from 1.
    line: usize,
}

impl Source {
    fn new(text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, lines }
    }

    /// The index of the line that a byte is in.
    fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// The lines from the first to the last of `spans`, with one on each side, so that an end of these lines is one of the
    /// text only where it is.
    fn part<'s>(&self, spans: impl Iterator<Item = &'s Range<usize>>) -> Part<'_> {
        let clamped = spans.map(|span| clamp(&self.text, span));
        let all = clamped.reduce(|all, one| all.start.min(one.start)..all.end.max(one.end)).unwrap_or(0..0);
        let first = self.line_of(all.start).saturating_sub(1);
        let end = self.lines.get(self.line_of(all.end) + 2).copied().unwrap_or(self.text.len());
        Part { source: self, range: self.lines[first]..end, line: first + 1 }
    }

    /// The line and column, both from 1, of a byte.
    fn line_and_column(&self, at: usize) -> (usize, usize) {
        let line = self.line_of(at);
        let (_, column) = line_and_column(&self.text[self.lines[line]..], at - self.lines[line]);
        (line + 1, column)
    }
}

impl Part<'_> {
    /// What is quoted of `file`, without marks.
    fn snippet<'a, T: Clone>(&self, file: &Path, look: &Look) -> Snippet<'a, T> {
        Snippet::source(self.source.text[self.range.clone()].to_owned())
            .line_start(self.line)
            .path(Cow::<str>::Owned(shown_path(file, &look.base)))
    }

    /// A span of the text as one of these lines.
    fn within(&self, span: &Range<usize>) -> Range<usize> {
        let span = clamp(&self.source.text, span);
        span.start - self.range.start..span.end - self.range.start
    }
}

/// The span within `text`, on character boundaries, whatever happened to the file since it was read.
fn clamp(text: &str, span: &Range<usize>) -> Range<usize> {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

fn location(label: &Label, base: &Path, sources: &mut Sources) -> messages::Location {
    let source = sources.of(&label.file);
    let span = clamp(&source.text, &label.span);
    let (line, column) = source.line_and_column(span.start);
    let (end_line, end_column) = source.line_and_column(span.end);
    let (file, label) = (shown_path(&label.file, base), label.text.clone());
    messages::Location { file, line, column, end_line, end_column, label }
}

/// The line and column, both from 1, of a byte of `text`.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    // a byte order mark is no character of the line
    let line = before[line_start..].trim_start_matches('\u{feff}');
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(base: &Path) -> Look {
        Look { color: false, width: 100, base: base.to_owned() }
    }

    #[test]
    fn an_error_is_shown_as_rustc_would_show_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("user.rs");
        std::fs::write(&file, "// é\r\nstruct User {\r\n    näme: Blob,\r\n}\r\n").unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let at = text.find("Blob").unwrap();
        let diagnostic = Diagnostic::error("type `Blob` cannot be resolved")
            .at(&file, at..at + 4, "not found")
            .help("say what it is stored as: `#[column(type = \"BLOB\")]`");
        let shown = render(std::slice::from_ref(&diagnostic), &look(dir.path()));
        let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "error: type `Blob` cannot be resolved",
                " --> user.rs:3:11",
                "  |",
                "3 |     näme: Blob,",
                "  |           ^^^^ not found",
                "  |",
                "  = help: say what it is stored as: `#[column(type = \"BLOB\")]`",
            ]
        );
        let json = serde_json::to_value(message(&diagnostic, dir.path(), &mut Sources::default())).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "target": null, "code": null, "object": null, "related": [], "notes": [], "asked": null, "level": "error", "message": "type `Blob` cannot be resolved", "file": "user.rs", "line": 3, "column": 11,
                "end_line": 3, "end_column": 15, "label": "not found",
                "help": ["say what it is stored as: `#[column(type = \"BLOB\")]`"]
            })
        );
    }

    #[test]
    fn a_file_that_is_gone_still_gives_the_message() {
        let diagnostic = Diagnostic::warning("gone").at("/nonexistent/a.rs", 10..20, "");
        assert!(render(std::slice::from_ref(&diagnostic), &look(Path::new("/"))).starts_with("warning: gone"));
        assert_eq!(
            message(&diagnostic, Path::new("/"), &mut Sources::default()).place.map(|place| place.line),
            Some(1)
        );
    }

    #[test]
    fn a_place_far_down_in_a_file_is_shown_as_one_at_its_start() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.sql");
        let above = "-- é\r\n".repeat(1234);
        for (below, column) in [("\r\n);\r\n", 3), ("", 3)] {
            std::fs::write(&file, format!("{above}  näme TEXT,\r\n  b INT{below}")).unwrap();
            let (first, second) = (above.len() + 2, above.len() + "  näme TEXT,\r\n  ".len());
            let diagnostic =
                Diagnostic::error("two").at(&file, second..second + 1, "here").at(&file, first..first + 5, "");
            let shown = render(std::slice::from_ref(&diagnostic), &look(dir.path()));
            let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
            assert_eq!(
                lines,
                [
                    "error: two",
                    "    --> a.sql:1236:3",
                    "     |",
                    "1235 |   näme TEXT,",
                    "     |   ----",
                    "1236 |   b INT",
                    "     |   ^ here",
                ]
            );
            let place = message(&diagnostic, dir.path(), &mut Sources::default()).place.unwrap();
            assert_eq!((place.line, place.column, place.end_line, place.end_column), (1236, column, 1236, column + 1));
        }
    }

    #[test]
    fn a_second_place_in_another_file_is_quoted_too() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.rs"), dir.path().join("b.rs"));
        std::fs::write(&a, "struct A;\n").unwrap();
        std::fs::write(&b, "struct B;\n").unwrap();
        let diagnostic = Diagnostic::error("two").at(&a, 7..8, "first").at(&b, 7..8, "second");
        let shown = render(&[diagnostic], &look(dir.path()));
        assert!(shown.contains("a.rs:1:8") && shown.contains("b.rs:1:8"), "{shown}");
        assert!(shown.contains("^ first") && shown.contains("- second"), "{shown}");
    }
}
