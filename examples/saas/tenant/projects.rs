//! What an organization works on.

use dbmigrate::{ColumnType, Table, View};

use crate::schema::types::UnixTime;

/// The id of a [`Project`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct ProjectId(pub i64);

/// Something that is done in the end.
#[derive(Table)]
#[table(name = "projects", strict)]
pub struct Project {
    #[column(primary_key)]
    pub id: ProjectId,
    #[column(unique, collate = nocase)]
    pub name: String,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
    pub archived_at: Option<UnixTime>,
}

/// How far each project is.
#[derive(View)]
#[view(
    name = "project_progress",
    query = "SELECT projects.id, projects.name,
                    count(*) FILTER (WHERE tasks.state = 'done') AS done,
                    count(tasks.id) AS tasks
             FROM projects LEFT JOIN tasks ON tasks.project_id = projects.id
             WHERE projects.archived_at IS NULL
             GROUP BY projects.id"
)]
pub struct ProjectProgress {
    pub id: ProjectId,
    pub name: String,
    pub done: i64,
    pub tasks: i64,
}
