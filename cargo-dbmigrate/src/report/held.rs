//! Warnings that are held back until something else is said: what a warning would say may turn out to be an error, and
//! is then said once.

use super::{Printer, lock};
use crate::diagnostic::Diagnostic;
use crate::error::CommandError;

impl Printer {
    /// Warnings about what a later part of the command may refuse. They are shown before anything else is.
    pub(crate) fn hold(&self, diagnostics: &[Diagnostic]) {
        if !diagnostics.is_empty() {
            lock(&self.held).extend(self.render(diagnostics));
        }
    }

    /// Shows what was held back.
    pub(super) fn release(&self) {
        let held = std::mem::take(&mut *lock(&self.held));
        for diagnostic in held {
            self.diagnostic(&diagnostic);
        }
    }

    /// Forgets what an error says as well.
    pub(super) fn forget(&self, error: &CommandError) {
        let is_said = |message: &str| error.rendered().iter().any(|said| said.message.message == message);
        lock(&self.held).retain(|diagnostic| !is_said(&diagnostic.message.message));
    }
}
