//! What is wrong with a declaration.

use proc_macro2::Span;

/// An error in a declaration, at a token.
#[derive(Debug, Clone)]
pub struct DeclareError {
    /// The token.
    pub span: Span,
    /// One line: what is wrong.
    pub message: String,
    /// What would be accepted, or the next command to type.
    pub help: Option<String>,
}

impl DeclareError {
    /// An error without help.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    /// The same error with a help line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
