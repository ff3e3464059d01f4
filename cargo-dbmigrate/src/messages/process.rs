//! Messages about the program itself.

use serde::Serialize;

/// The help that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Help {
    /// The text.
    pub(crate) text: String,
}

/// The script of `completions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Completions {
    /// The script.
    pub(crate) script: String,
}

/// The page of `serve` can be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Serving {
    /// Its address: for this machine alone, and another one each time. Whoever knows it can see the schema.
    pub(crate) url: String,
}

/// The version that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Version {
    /// The version of the program.
    pub(crate) version: String,
    /// The version of the messages, as in `finished`.
    pub(crate) messages: u32,
}
