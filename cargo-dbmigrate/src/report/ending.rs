//! The end of a run as programs see it: the last message, the job summary of a workflow, and what a panic says.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::github::{self, Annotation};
use super::output::MessageFormat;
use super::{Printer, lock, summary};
use crate::diagnostic::Diagnostic;
use crate::error::CommandError;
use crate::exit;
use crate::messages::Message;
use crate::url_text::redacted;

impl Printer {
    /// Runs a command, and says at the end how it ended, whatever happens to it. Returns the exit code.
    pub(crate) fn conclude(&self, command: Option<&str>, run: impl FnOnce(&Self) -> u8) -> u8 {
        if !self.records() {
            let code = run(self);
            self.release();
            return code;
        }
        let code = self.without_panic(|| run(self));
        self.release();
        self.finish(command, code);
        code
    }

    /// Runs something whose panic is an error like others, with an exit code of its own.
    fn without_panic(&self, run: impl FnOnce() -> u8) -> u8 {
        let said: Arc<Mutex<Option<CommandError>>> = Arc::default();
        let by_hook = Arc::clone(&said);
        let before = Arc::new(panic::take_hook());
        let (hook, is_json) = (Arc::clone(&before), self.is_json());
        panic::set_hook(Box::new(move |info| {
            lock(&by_hook).get_or_insert_with(|| panicked(info));
            if !is_json {
                hook(info);
            }
        }));
        let result = panic::catch_unwind(AssertUnwindSafe(run));
        panic::set_hook(Box::new(move |info| before(info)));
        result.unwrap_or_else(|_| {
            let error = lock(&said).take().unwrap_or_else(|| CommandError::new(exit::PANIC, "internal error"));
            self.error(&error);
            exit::PANIC
        })
    }

    /// Says how it ended.
    fn finish(&self, command: Option<&str>, code: u8) {
        match self.format {
            MessageFormat::Human => {}
            MessageFormat::Json => {
                let finished = lock(&self.outcome).at_the_end(command, code);
                self.to_stdout(io::stdout(), &format!("{}\n", Message::from(finished).line()));
            }
            MessageFormat::Github => {
                let text = summary::markdown(&lock(&self.outcome), command.unwrap_or_default(), code);
                if let Err((path, error)) = github::summarize(&text) {
                    self.warning(&format!("cannot write the job summary to `{}`: {error}", path.display()), &[]);
                }
            }
        }
    }

    /// Annotates the lines that diagnostics point to, for a workflow.
    pub(crate) fn annotate(&self, diagnostics: impl FnOnce() -> Vec<Diagnostic>) {
        if self.format == MessageFormat::Github {
            for diagnostic in self.render(&diagnostics()) {
                self.annotate_with(|title| Annotation::of(&diagnostic.message, &title));
            }
        }
    }

    /// Annotates something; `make` gets the title of what has none of its own.
    pub(super) fn annotate_with(&self, make: impl FnOnce(String) -> Annotation) {
        if self.format == MessageFormat::Github {
            let line = make(self.typed.title()).line(&github::root());
            self.to_stdout(io::stdout(), &line);
        }
    }
}

fn payload<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// What is said of a panic.
fn panicked(info: &PanicHookInfo<'_>) -> CommandError {
    let message: Vec<String> = payload(info).split_whitespace().map(redacted).collect();
    let error = CommandError::new(exit::PANIC, format!("internal error: {}", message.join(" ")));
    let error = match info.location() {
        Some(place) => {
            let (file, line, column) = (Path::new(place.file()).display(), place.line(), place.column());
            error.note(format!("it panicked at {file}:{line}:{column}"))
        }
        None => error,
    };
    let backtrace = Backtrace::capture();
    let error = match backtrace.status() {
        BacktraceStatus::Captured => error.note(backtrace.to_string()),
        _ => error,
    };
    error.help(format!("this is a bug in cargo-dbmigrate {}, please report it", env!("CARGO_PKG_VERSION")))
}
