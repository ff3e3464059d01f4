//! Progress on a terminal: a bar below everything else that is said.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap_cargo::style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{Printer, lock, status_line};

/// How often the clock of a progress bar moves.
const TICK: Duration = Duration::from_millis(250);
impl Printer {
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
        let template = format!("{} [{{bar:12}}] {{pos}}/{{len}}{{msg}}{{within}} ({{elapsed}})", prefix.trim_end());
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
}

/// A progress bar. It disappears when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Where the printer keeps it.
    shown: Arc<Mutex<Option<ProgressBar>>>,
}

impl Progress {
    /// Sets how many steps there are, where that is known only on the way.
    pub(crate) fn of(&self, total: u64) {
        if !self.bar.is_hidden() {
            self.bar.set_length(total);
        }
    }

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
