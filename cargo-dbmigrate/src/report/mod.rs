//! Everything that is said to the user goes through here: cargo's look on the standard error, results on the standard
//! output, JSON if asked for, progress on a terminal only.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use clap_cargo::style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::Serialize;

pub(crate) mod again;
pub(crate) mod difference;
pub(crate) mod duration;
pub(crate) mod loss;
pub(crate) mod output;
pub(crate) mod prompt;
pub(crate) mod rows;
mod verb;

use crate::diagnostic::{Diagnostic, Look, render, render_json};
use crate::error::{CommandError, Rendered};
use again::Again;
use output::{Color, MessageFormat, Output};

/// Columns of the verb that starts a status line, as in cargo.
const VERB_WIDTH: usize = 12;
/// How often the clock of a progress bar moves.
const TICK: Duration = Duration::from_millis(250);
/// Columns that diagnostics are laid out for: wide enough for a line of code.
const TERMINAL_WIDTH: usize = 140;

/// `1 migration`, `2 migrations`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// What a line of a comparison is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something new.
    Added,
    /// Something that is gone, or that cannot be compared.
    Gone,
    /// Something in both that differs.
    Changed,
}

impl Tone {
    fn style(self) -> Style {
        use anstyle::AnsiColor::{Green, Red, Yellow};
        let color = match self {
            Self::Added => Green,
            Self::Gone => Red,
            Self::Changed => Yellow,
        };
        Style::new().fg_color(Some(color.into()))
    }
}

/// Speaks to the user. Cheap to clone.
///
/// That somebody has closed the pipe is no error: there is nobody left to tell.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    color: ColorChoice,
    quiet: bool,
    verbose: bool,
    json: bool,
    again: Again,
    /// The target, if there are several.
    label: Option<String>,
    /// The progress bar that is shown, which has to make room for everything else.
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Printer {
    /// A printer for what was chosen on the command line. Commands that it shows get the flags of `again`.
    pub(crate) fn new(output: &Output, again: Again) -> Self {
        let color = match output.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let json = output.message_format == MessageFormat::Json;
        Self { color, quiet: output.quiet, verbose: output.verbose, json, again, label: None, bar: Arc::default() }
    }

    /// The same for one of several targets: it is in every object, and in every command that is shown.
    pub(crate) fn on_target(&self, name: &str) -> Self {
        Self { again: self.again.on_target(name), label: Some(name.to_owned()), ..self.clone() }
    }

    /// The name of the target, if it is one of several: a result has to say which one it is of.
    pub(crate) fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// A line with the commands in it as they have to be typed for the same package and database.
    pub(crate) fn typed(&self, line: &str) -> String {
        self.again.completed(line)
    }

    /// Whether `-v` was given.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Whether questions can be asked: somebody sits at a terminal and reads text.
    pub(crate) fn can_ask(&self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
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
        for (index, step) in steps.iter().enumerate().filter(|_| !self.quiet) {
            let verb = if index == 0 { "Next" } else { "" };
            self.to_stderr(&status_line(verb, style::NOTE, &self.typed(step)));
        }
    }

    /// A warning, with lines that say what to do about it.
    pub(crate) fn warning(&self, message: &str, help: &[String]) {
        let help = self.all_typed(help);
        if self.json {
            self.json("warning", &serde_json::json!({ "message": message, "help": help }));
        } else {
            self.to_stderr(&report(("warning", style::WARN), message, None, &[], &help));
        }
    }

    /// Diagnostics that point into files, for an error that is shown later.
    pub(crate) fn render(&self, diagnostics: &[Diagnostic]) -> Vec<Rendered> {
        let base = std::env::current_dir().unwrap_or_default();
        let look = Look { color: true, width: TERMINAL_WIDTH, base: base.clone() };
        let diagnostics: Vec<Diagnostic> = diagnostics
            .iter()
            .map(|diagnostic| Diagnostic { help: self.all_typed(&diagnostic.help), ..diagnostic.clone() })
            .collect();
        let json = |diagnostic| serde_json::from_str(render_json(std::slice::from_ref(diagnostic), &base).trim());
        let rendered = diagnostics.iter().map(|diagnostic| Rendered {
            text: render(std::slice::from_ref(diagnostic), &look),
            json: json(diagnostic).unwrap_or_default(),
        });
        rendered.collect()
    }

    /// Diagnostics that are shown now: warnings.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        for diagnostic in self.render(diagnostics) {
            if self.json {
                self.json("diagnostic", &diagnostic.json);
            } else {
                self.to_stderr(&format!("{}\n\n", diagnostic.text.trim_end()));
            }
        }
    }

    /// An error, with the diagnostics that belong to it.
    pub(crate) fn error(&self, error: &CommandError) {
        let help = self.all_typed(error.help_lines());
        if self.json {
            for diagnostic in error.rendered() {
                self.json("diagnostic", &diagnostic.json);
            }
            let object = serde_json::json!({
                "exit_code": error.exit_code(),
                "message": error.message(),
                "place": error.place(),
                "notes": error.notes(),
                "help": help,
            });
            self.json("error", &object);
            return;
        }
        for diagnostic in error.rendered() {
            self.to_stderr(&format!("{}\n\n", diagnostic.text.trim_end()));
        }
        let kind = ("error", style::ERROR);
        self.to_stderr(&report(kind, error.message(), error.place(), error.notes(), &help));
    }

    /// Something that was asked for, such as SQL or a table of migrations: on the standard output, also with `-q`,
    /// but not where JSON is wanted. It can have ANSI styles in it.
    pub(crate) fn result(&self, text: impl fmt::Display) {
        if !self.json {
            self.to_stdout(AutoStream::new(io::stdout(), self.color), &format!("{text}\n"));
        }
    }

    /// A line of a comparison, as [`Printer::result`]; `note` stands behind it and says what to look out for.
    pub(crate) fn difference(&self, tone: Tone, line: &str, note: Option<&str>) {
        let style = tone.style();
        let note = note.map(|note| format!("  {0}! {note}{0:#}", style::ERROR)).unwrap_or_default();
        self.result(format!("{style}{line}{style:#}{note}"));
    }

    /// The same for programs: an object on a line of its own, where JSON is wanted. `object` is a struct or map;
    /// `reason` says which.
    pub(crate) fn json(&self, reason: &str, object: &impl Serialize) {
        if !self.json {
            return;
        }
        let mut fields = serde_json::Map::new();
        fields.insert("reason".to_owned(), reason.into());
        if let Some(target) = &self.again.target {
            fields.insert("target".to_owned(), target.as_str().into());
        }
        match serde_json::to_value(object) {
            Ok(serde_json::Value::Object(object)) => fields.extend(object),
            Ok(other) => drop(fields.insert("value".to_owned(), other)),
            Err(error) => drop(fields.insert("error".to_owned(), error.to_string().into())),
        }
        self.to_stdout(io::stdout(), &format!("{}\n", serde_json::Value::Object(fields)));
    }

    /// Whether progress is seen: on a terminal only.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && !self.json && io::stderr().is_terminal()
    }

    /// A progress bar of `total` steps, if progress is seen.
    pub(crate) fn progress(&self, verb: &str, total: u64) -> Progress {
        self.progress_within(verb, total, String::new)
    }

    /// The same with what is said of the progress within a step, asked for whenever it is drawn.
    pub(crate) fn progress_within(
        &self,
        verb: &str,
        total: u64,
        within: impl Fn() -> String + Clone + Send + Sync + 'static,
    ) -> Progress {
        if !self.shows_progress() {
            return Progress { bar: ProgressBar::hidden(), shown: Arc::default() };
        }
        let prefix = status_line(verb, style::TRANSIENT, "");
        let prefix = if self.is_colored() { prefix } else { anstream::adapter::strip_str(&prefix).to_string() };
        let template = format!("{} [{{bar:25}}] {{pos}}/{{len}}{{msg}}{{within}} ({{elapsed}})", prefix.trim_end());
        let look = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let look = look.with_key("within", move |_: &ProgressState, text: &mut dyn fmt::Write| {
            let _ = text.write_str(&within());
        });
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let bar = bar.with_style(look.progress_chars("=> "));
        // one step may take minutes: the clock has to show that something goes on
        bar.enable_steady_tick(TICK);
        *lock(&self.bar) = Some(bar.clone());
        Progress { bar, shown: Arc::clone(&self.bar) }
    }

    fn all_typed(&self, lines: &[String]) -> Vec<String> {
        lines.iter().map(|line| self.typed(line)).collect()
    }

    fn to_stdout(&self, stream: impl Write, text: &str) {
        self.beside_the_bar(|| Self::say(stream, text));
    }

    fn to_stderr(&self, text: &str) {
        self.beside_the_bar(|| Self::say(AutoStream::new(io::stderr(), self.color), text));
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

/// A progress bar. It disappears when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Where the printer keeps it.
    shown: Arc<Mutex<Option<ProgressBar>>>,
}

impl Progress {
    /// Goes on to a step: what is being done, and how many steps are done.
    pub(crate) fn step(&self, done: u64, what: impl fmt::Display) {
        if !self.bar.is_hidden() {
            self.bar.set_message(format!(": {what}"));
            self.bar.set_position(done);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        *lock(&self.shown) = None;
        self.bar.finish_and_clear();
    }
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
