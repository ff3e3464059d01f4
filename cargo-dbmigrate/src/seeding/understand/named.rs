//! The names of rows, and the references to them that are still to be resolved.

use std::collections::HashMap;

use dbmigrate_core::sql::Name;

use crate::seeding::model::Place;

/// The names of rows.
#[derive(Default)]
pub(super) struct Names {
    /// The row of a table and a name, and where the name stands.
    pub(super) rows: HashMap<(Name, String), (usize, Place)>,
    /// What is to be found, in the order of the files.
    pub(super) pending: Vec<Pending>,
}

/// A reference that is to be resolved.
pub(super) struct Pending {
    /// The row that has it.
    pub(super) row: usize,
    /// The column, by its place in the table.
    pub(super) column: usize,
    /// The table that it refers to.
    pub(super) table: Name,
    /// The name of the row there.
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: Place,
}
