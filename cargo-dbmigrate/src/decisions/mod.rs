//! Decisions that only a person can make: from flags, from attributes, from questions at a terminal.

pub(crate) mod answers;
pub(crate) mod ask;
mod expression;
pub(crate) mod keeping;
mod terminal;
