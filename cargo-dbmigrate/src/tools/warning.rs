//! What does not stop an import, but should be known.

use crate::report::Printer;

/// Something that does not stop the import, but should be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// What.
    pub message: String,
    /// What to do about it.
    pub help: Vec<String>,
}

impl Warning {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: Vec::new() }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Shows it.
    pub(crate) fn show(&self, printer: &Printer) {
        printer.warning(&self.message, &self.help);
    }
}
