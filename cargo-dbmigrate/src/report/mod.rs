//! Everything that is said to the user goes through here: cargo's look on the standard error, results on the standard
//! output, progress on a terminal only. With `--message-format json`, messages on the standard output and nothing else.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use clap_cargo::style;
use indicatif::ProgressBar;

pub(crate) mod again;
pub(crate) mod difference;
pub(crate) mod duration;
mod ending;
mod github;
mod held;
pub(crate) mod lint;
pub(crate) mod loss;
pub(crate) mod markdown;
pub(crate) mod member;
pub(crate) mod missing;
mod outcome;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod prompt;
pub(crate) mod restored;
pub(crate) mod rows;
pub(crate) mod size;
pub(crate) mod suggested;
mod summary;
mod tone;
pub(crate) mod under_way;
mod verb;

use std::path::Path;

use crate::diagnostic::{self, Diagnostic, Look};
use crate::error::{CommandError, Rendered};
use crate::messages::{self, FileAction, Message, On};
use again::Again;
use github::Annotation;
use outcome::Outcome;
use output::{Color, MessageFormat, Output};
use suggested::Typed;
pub(crate) use tone::Tone;

/// Columns of the verb that starts a status line, as in cargo.
const VERB_WIDTH: usize = 12;
/// Columns that diagnostics are laid out for: wide enough for a line of code.
const TERMINAL_WIDTH: usize = 140;

/// `1 migration`, `2 migrations`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Speaks to the user. Cheap to clone.
///
/// That somebody has closed the pipe is no error: there is nobody left to tell.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    color: ColorChoice,
    quiet: bool,
    verbose: bool,
    format: MessageFormat,
    again: Again,
    /// What was typed, for answers to be compared with.
    typed: Arc<Typed>,
    /// What was done so far, for the formats that say so at the end.
    outcome: Arc<Mutex<Outcome>>,
    /// The target, if there are several.
    label: Option<String>,
    /// The package, if the run is for several.
    package: Option<String>,
    /// The database of the package, if that has several.
    database: Option<String>,
    /// Whether the run is for several of them.
    has_several_databases: bool,
    /// Whether it is one of many, so that nobody is asked.
    is_of_many: bool,
    /// Warnings that are not shown yet.
    held: Arc<Mutex<Vec<Rendered>>>,
    /// The progress bar that is shown, which has to make room for everything else.
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Printer {
    /// A printer for what was chosen on the command line, which is `typed`. Commands that it shows get the flags of
    /// `again`.
    pub(crate) fn new(output: &Output, again: Again, typed: Typed) -> Self {
        let color = match output.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let (quiet, verbose, format) = (output.quiet, output.verbose, output.message_format);
        let (typed, outcome) = (Arc::new(typed), Arc::default());
        let (held, bar) = (Arc::default(), Arc::default());
        Self {
            color,
            quiet,
            verbose,
            format,
            again,
            typed,
            outcome,
            label: None,
            is_of_many: false,
            package: None,
            database: None,
            has_several_databases: false,
            held,
            bar,
        }
    }

    /// The same for one of several targets: it is in every object, and in every command that is shown.
    pub(crate) fn on_target(&self, name: &str) -> Self {
        Self { again: self.again.on_target(name), label: Some(name.to_owned()), ..self.clone() }
    }

    /// The same for one of the packages of the workspace: it is in every command that is shown.
    pub(crate) fn on_package(&self, name: &str) -> Self {
        Self { again: self.again.on_package(name), package: Some(name.to_owned()), ..self.clone() }
    }

    /// The same for one of the databases of the package: it is in every command that is shown, and so is the file for its
    /// structs, where it has one of its own.
    pub(crate) fn on_database(&self, name: &str, structs: Option<&Path>) -> Self {
        Self { again: self.again.on_database(name, structs), database: Some(name.to_owned()), ..self.clone() }
    }

    /// The same for one of several that a run is for.
    pub(crate) fn of_several_databases(&self) -> Self {
        Self { has_several_databases: true, ..self.clone() }
    }

    /// What a result is of, if it is one of several: `target` or `database`, and its name.
    pub(crate) fn label(&self) -> Option<(&'static str, &str)> {
        let database = self.database.as_deref().filter(|_| self.has_several_databases);
        self.label.as_deref().map(|name| ("target", name)).or_else(|| database.map(|name| ("database", name)))
    }

    /// A line with the commands in it as they have to be typed for the same package and database.
    pub(crate) fn typed(&self, line: &str) -> String {
        self.again.completed(line)
    }

    /// Whether `-q` was given.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether `-v` was given.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Whether programs read what is said, and nobody else.
    pub(crate) fn is_json(&self) -> bool {
        self.format == MessageFormat::Json
    }

    /// Whether people read what is said, and nothing else does.
    pub(crate) fn is_human(&self) -> bool {
        self.format == MessageFormat::Human
    }

    /// Whether what happens is written down for the end.
    fn records(&self) -> bool {
        self.format != MessageFormat::Human
    }

    /// Writes something down for the end.
    fn record(&self, note: impl FnOnce(&mut Outcome)) {
        if self.records() {
            note(&mut lock(&self.outcome));
        }
    }

    /// Whether questions can be asked: somebody sits at a terminal and reads text.
    pub(crate) fn can_ask(&self) -> bool {
        !self.is_json() && !self.is_of_many && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// A line about what was done: `Applied 0007_users_add_bio (0.02s)`. Its colour says what
    /// the verb means ([`verb`]). Silent with `-q`.
    pub(crate) fn status(&self, verb: &str, text: impl fmt::Display) {
        if !self.quiet {
            self.to_stderr(&status_line(verb, verb::style(verb), &self.typed(&text.to_string())));
        }
    }

    /// A status line that is shown with `-v` only.
    pub(crate) fn detail(&self, verb: &str, text: impl fmt::Display) {
        if self.verbose {
            self.to_stderr(&status_line(verb, style::TRANSIENT, &text.to_string()));
        }
    }

    /// What to do next: commands and the like, one per line, below a status line. Silent with `-q`.
    pub(crate) fn next(&self, steps: &[String]) {
        self.record(|outcome| outcome.next(steps.iter().map(|step| self.typed(step))));
        for (index, step) in steps.iter().enumerate().filter(|_| !self.quiet) {
            let verb = if index == 0 { "Next" } else { "" };
            self.to_stderr(&status_line(verb, style::NOTE, &self.typed(step)));
        }
    }

    /// A warning, with lines that say what to do about it.
    pub(crate) fn warning(&self, message: &str, help: &[String]) {
        let help = [self.all_typed(help), missing::help_with(message, help)].concat();
        self.to_stderr(&report(("warning", style::WARN), message, None, &[], &help));
        self.annotate_with(|title| Annotation {
            level: messages::Level::Warning,
            title,
            message: github::with_lines(message, "help", &help),
            place: None,
        });
        self.message(|| messages::Warning { target: None, message: message.to_owned(), help });
    }

    /// Diagnostics that point into files, for an error that is shown later.
    pub(crate) fn render(&self, diagnostics: &[Diagnostic]) -> Vec<Rendered> {
        let look = Look { color: true, width: TERMINAL_WIDTH, base: std::env::current_dir().unwrap_or_default() };
        let diagnostics: Vec<Diagnostic> = diagnostics
            .iter()
            .map(|diagnostic| Diagnostic {
                notes: self.all_typed(&diagnostic.notes),
                help: [self.all_typed(&diagnostic.help), missing::help_for(diagnostic)].concat(),
                ..diagnostic.clone()
            })
            .collect();
        let mut sources = diagnostic::Sources::default();
        let mut rendered = |diagnostic| Rendered {
            text: diagnostic::rendered(diagnostic, &look, &mut sources),
            message: diagnostic::message(diagnostic, &look.base, &mut sources),
        };
        diagnostics.iter().map(&mut rendered).collect()
    }

    /// Diagnostics that are shown now: warnings.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        for diagnostic in self.render(diagnostics) {
            self.diagnostic(&diagnostic);
        }
    }

    fn diagnostic(&self, diagnostic: &Rendered) {
        self.to_stderr(&format!("{}\n\n", diagnostic.text.trim_end()));
        self.annotate_with(|title| Annotation::of(&diagnostic.message, &title));
        self.message(|| diagnostic.message.clone());
    }

    /// An error, with the diagnostics that belong to it.
    pub(crate) fn error(&self, error: &CommandError) {
        let error = &*missing::helped(error);
        let help = self.all_typed(error.help_lines());
        self.forget(error);
        for diagnostic in error.rendered() {
            self.diagnostic(diagnostic);
        }
        let kind = ("error", style::ERROR);
        self.to_stderr(&report(kind, error.message(), error.place(), error.notes(), &help));
        self.error_for_programs(error);
    }

    /// An error that people were shown already.
    pub(crate) fn error_for_programs(&self, error: &CommandError) {
        let error = &*missing::helped(error);
        let help = self.all_typed(error.help_lines());
        self.annotate_with(|title| {
            let message = github::with_lines(error.message(), "note", error.notes());
            Annotation {
                level: messages::Level::Error,
                title,
                message: github::with_lines(&message, "help", &help),
                place: error.place().map(github::location),
            }
        });
        self.record(|outcome| outcome.failed(error, &help, (&self.typed, self.again.target.as_deref())));
        self.message(|| messages::Error {
            target: None,
            exit_code: error.exit_code(),
            message: error.message().to_owned(),
            place: error.place().map(str::to_owned),
            notes: error.notes().to_vec(),
            help,
        });
    }

    /// Something that was asked for, such as SQL or a table of migrations: on the standard output, also with `-q`,
    /// but not where JSON is wanted. It can have ANSI styles in it.
    pub(crate) fn result(&self, text: impl fmt::Display) {
        if !self.is_json() {
            let text = format!("{text}\n");
            let text = if self.format == MessageFormat::Github { github::guarded(&text) } else { text.into() };
            self.to_stdout(AutoStream::new(io::stdout(), self.color), &text);
        }
    }

    /// A line of a comparison, as [`Printer::result`]; `note` stands behind it and says what to look out for.
    pub(crate) fn difference(&self, tone: Tone, line: &str, note: Option<&str>) {
        let style = tone.style();
        let note = note.map(|note| format!("  {0}! {note}{0:#}", style::ERROR)).unwrap_or_default();
        self.result(format!("{style}{line}{style:#}{note}"));
    }

    /// Sets an output of the step, for a workflow of GitHub.
    pub(crate) fn output<M: Into<Message>>(&self, name: &str, value: impl FnOnce() -> M) {
        if self.format != MessageFormat::Github {
            return;
        }
        if let Err((path, error)) = github::set_output(name, &value().into().line()) {
            self.warning(&format!("cannot write `{}`: {error}", path.display()), &[]);
        }
    }

    /// The same for programs: a line of JSON, where that is wanted. `make` is called only where somebody wants to know.
    pub(crate) fn message<M: Into<Message>>(&self, make: impl FnOnce() -> M) {
        if !self.records() {
            return;
        }
        let mut message = make().into();
        message.about(self.again.target.as_deref());
        self.record(|outcome| outcome.note(&message));
        if self.is_json() {
            self.to_stdout(
                io::stdout(),
                &format!("{}\n", message.line_of(self.package.as_deref(), self.database.as_deref())),
            );
        }
    }

    /// A file that was written or removed; what is said of it is said by the caller.
    pub(crate) fn wrote(&self, file: &Path, done: FileAction) {
        let path = file.display().to_string();
        self.record(|outcome| outcome.file(messages::File { path, done }));
    }

    /// The database that is used, and from where its address was taken.
    pub(crate) fn uses(&self, on: impl FnOnce() -> On, source: impl fmt::Display) {
        self.record(|outcome| outcome.database(&on(), Some(source.to_string())));
    }

    /// Migrations that a database lacks, where no message says so.
    pub(crate) fn lacks(&self, on: impl FnOnce() -> On, names: &[String]) {
        self.record(|outcome| outcome.pending(&on(), names));
    }

    /// Decisions that are open where the command does not need them.
    pub(crate) fn open_decisions(&self, diagnostics: impl FnOnce() -> Vec<Diagnostic>) {
        if self.records() {
            let messages: Vec<_> = self.render(&diagnostics()).into_iter().map(|one| one.message).collect();
            self.record(|outcome| outcome.open(&messages, (&self.typed, self.again.target.as_deref())));
        }
    }

    /// Whether progress is seen: on a terminal only.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && !self.is_json() && io::stderr().is_terminal()
    }

    fn all_typed(&self, lines: &[String]) -> Vec<String> {
        lines.iter().map(|line| self.typed(line)).collect()
    }

    fn to_stdout(&self, stream: impl Write, text: &str) {
        self.release();
        self.beside_the_bar(|| Self::say(stream, text));
    }

    fn to_stderr(&self, text: &str) {
        self.release();
        if self.is_json() {
            return;
        }
        let text = if self.format == MessageFormat::Github { github::guarded(text) } else { text.into() };
        self.beside_the_bar(|| Self::say(AutoStream::new(io::stderr(), self.color), &text));
    }

    fn beside_the_bar(&self, say: impl FnOnce()) {
        match &*lock(&self.bar) {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    fn say(mut stream: impl Write, text: &str) {
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    }
}

/// What is said is said also if a thread has panicked while it spoke.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `   Generated 0007_a`, further lines below the text.
fn status_line(verb: &str, style: Style, text: &str) -> String {
    let (on, off) = (style.render(), style.render_reset());
    let text = text.replace('\n', &format!("\n{:VERB_WIDTH$} ", ""));
    format!("{on}{verb:>VERB_WIDTH$}{off} {text}\n")
}

/// An error or a warning as rustc shows it.
fn report(kind: (&str, Style), message: &str, place: Option<&str>, notes: &[String], help: &[String]) -> String {
    let (word, style) = kind;
    let bold = Style::new().bold();
    let (frame, note, tip) = (style::CONTEXT, style::NOTE, style::TRANSIENT);
    let mut text = String::new();
    // writing to a string cannot fail
    let _ = writeln!(text, "{style}{word}{style:#}{bold}: {message}{bold:#}");
    if let Some(place) = place {
        let _ = writeln!(text, " {frame}-->{frame:#} {place}");
    }
    let notes = notes.iter().map(|line| ("note", note, line));
    for (word, style, line) in notes.chain(help.iter().map(|line| ("help", tip, line))) {
        // further lines below the first
        let line = line.replace('\n', &format!("\n{:width$}", "", width = word.len() + 6));
        let _ = writeln!(text, "  {frame}={frame:#} {style}{word}{style:#}: {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn the_verb_is_right_aligned_in_twelve_columns() {
        assert_eq!(plain(&status_line("Applied", style::GOOD, "0001_a (0.02s)")), "     Applied 0001_a (0.02s)\n");
        assert_eq!(plain(&status_line("Next", style::GOOD, "a\nb")), "        Next a\n             b\n");
    }

    #[test]
    fn an_error_looks_like_one_of_rustc() {
        let help = ["run\nthis".to_owned()];
        let text = report(("error", style::ERROR), "no", Some("a.rs:1:2"), &["unchanged".to_owned()], &help);
        assert_eq!(plain(&text), "error: no\n --> a.rs:1:2\n  = note: unchanged\n  = help: run\n          this\n");
    }
}
