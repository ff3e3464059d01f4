//! What the program keeps.

use dbmigrate::{ColumnType, Table};

/// Something that is to be done.
#[derive(Debug, Table)]
#[table(name = "jobs", strict, index(state, id))]
pub struct Job {
    #[column(primary_key, autoincrement)]
    pub id: i64,
    pub task: String,
    #[column(default = "waiting")]
    pub state: State,
    /// Who does it.
    pub worker: Option<String>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check)]
pub enum State {
    Waiting,
    Running,
    Done,
}
