//! What there is to do.

use dbmigrate::{ColumnType, Table};

use super::projects::{Project, ProjectId};
use crate::schema::types::UnixTime;
use crate::schema::users::UserId;

/// The id of a [`Task`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct TaskId(pub i64);

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check)]
pub enum TaskState {
    Open,
    Doing,
    Done,
}

/// A part of a project that somebody does.
#[derive(Table)]
#[table(name = "tasks", strict, index(project_id, state))]
pub struct Task {
    #[column(primary_key)]
    pub id: TaskId,
    #[column(references = Project::id, on_delete = cascade)]
    pub project_id: ProjectId,
    pub title: String,
    #[column(default = "open")]
    pub state: TaskState,
    /// Who does it: a user of the default database, which no foreign key can lead to.
    #[column(index(where = "assignee_id IS NOT NULL"))]
    pub assignee_id: Option<UserId>,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
    pub due_at: Option<UnixTime>,
}

/// What somebody says about a task.
#[derive(Table)]
#[table(name = "task_comments", strict)]
pub struct TaskComment {
    #[column(primary_key)]
    pub id: i64,
    #[column(references = Task::id, on_delete = cascade, index)]
    pub task_id: TaskId,
    /// A user of the default database.
    pub author_id: UserId,
    pub text: String,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
}
