//! Something that comes back from a hidden table, and under which names.

use dbmigrate_core::kept::KeptTable;
use dbmigrate_core::schema::Table;
use dbmigrate_core::sql::Name;

/// What comes back of one hidden table.
pub(super) struct Returning {
    /// The migration that has kept it.
    pub(super) migration: String,
    /// What the migration says of it.
    pub(super) table: KeptTable,
    /// The hidden table, as it is in a database.
    pub(super) hidden: Table,
    /// The table that it comes back to, by its name in the target.
    pub(super) to: Name,
    /// The key: as it is called in the hidden table, and in the target.
    pub(super) key: Vec<(Name, Name)>,
    /// The columns of the target, and those of the hidden table: before, and behind the migration if it has converted
    /// them.
    pub(super) columns: Vec<(Name, Name, Option<Name>)>,
    /// The same before the revert, as long as the rows are there.
    pub(super) now: Now,
}

/// What the table of kept columns is called before the revert, with its key and the columns that were converted.
pub(super) struct Now {
    pub(super) table: Name,
    pub(super) key: Vec<(Name, Name)>,
    pub(super) converted: Vec<Option<Name>>,
}

impl Now {
    /// Nothing but its name.
    pub(super) fn of(table: &Name) -> Self {
        Self { table: table.clone(), key: Vec::new(), converted: Vec::new() }
    }
}
