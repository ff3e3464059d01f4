//! Files of a set, read: every value knows its place, for messages.

pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod node;
pub(crate) mod text;
pub(crate) mod toml;
