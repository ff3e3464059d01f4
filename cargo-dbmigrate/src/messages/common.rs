//! What messages of several families have in them.

use serde::Serialize;

/// The version of what is printed. It grows when something that was promised has to change, and with nothing else.
pub(crate) const VERSION: u32 = 1;

/// The database that a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct On {
    /// The database as it can be shown: a path, or a URL without credentials.
    pub(crate) database: String,
    /// The name of its target, if one was meant.
    pub(crate) target: Option<String>,
}
