//! What is put behind what, and where each migration has its place then.

use dbmigrate_core::folder::{Folder, MigrationName};
use dbmigrate_core::plan::Plan;
use tempfile::TempDir;

use super::conflicts::Deciding;
use super::moved::Moved;
use super::sides::Sides;
use crate::messages::RebasedHow;

/// How a migration was put behind others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Planned again, from what it was planned from.
    Planned,
    /// Kept as it is.
    Kept,
    /// Kept as somebody has edited it for its new place.
    Edited,
    /// Left out: the others do what it did.
    LeftOut,
}

/// A migration in its new place.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    /// As it was.
    pub(crate) moved: Moved,
    /// How it is called now; nothing if it was left out.
    pub(crate) name: Option<MigrationName>,
    /// What was done with it.
    pub(crate) how: How,
    /// Its SQL now.
    pub(crate) sql: String,
    /// Its plan, if it was planned.
    pub(crate) plan: Option<Plan>,
    /// What could not be carried over.
    pub(crate) left: Vec<String>,
    /// Which of the others it is, if it was left out for that.
    pub(crate) same: Option<MigrationName>,
}

impl Placed {
    /// One that is among the others already.
    pub(super) fn left_out(moved: Moved, same: Option<MigrationName>) -> Self {
        Self { moved, name: None, how: How::LeftOut, sql: String::new(), plan: None, left: Vec::new(), same }
    }
}

/// The history that comes of it.
pub(crate) struct Rebased {
    /// The folder that has it.
    pub(crate) folder: Folder,
    /// What was moved.
    pub(crate) placed: Vec<Placed>,
    /// Removed with this.
    pub(super) _scratch: TempDir,
}

impl From<How> for RebasedHow {
    fn from(how: How) -> Self {
        match how {
            How::Planned => Self::Planned,
            How::Kept => Self::Kept,
            How::Edited => Self::Edited,
            How::LeftOut => Self::LeftOut,
        }
    }
}

/// What is put behind what, and who decides.
pub(crate) struct Chain<'a> {
    /// The sides.
    pub(crate) sides: &'a Sides,
    /// Who decides.
    pub(crate) deciding: &'a Deciding<'a>,
}
