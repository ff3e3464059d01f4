//! Migrations of one branch put behind those of another: which is which, where their files are, and what they become.

mod sides;
mod sources;
mod unlisted;

pub(crate) use sides::Sides;
