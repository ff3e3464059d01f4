//! Migrations of one branch put behind those of another: which is which, where their files are, and what they become.

mod chain;
mod commuting;
mod conflicts;
mod expanded;
mod mentioned;
mod moved;
mod placed;
mod recorded;
mod refused;
mod side;
mod sides;
mod sources;
mod there;
mod unlisted;

pub(crate) use commuting::commutes;
pub(crate) use conflicts::Deciding;
pub(crate) use placed::{Chain, How, Placed, Rebased};
pub(crate) use recorded::lost;
pub(crate) use sides::Sides;
