//! Files of a set, read: every value knows its place, for messages.

pub(crate) mod node;
