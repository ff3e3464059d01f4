//! Writes a set: into a file in one transaction, to a server in as few requests as there can be.

mod job;
mod local;
mod server;
mod surplus;

pub(crate) use job::{Count, Deletion, Job, Report};

use crate::error::Result;

/// Writes a set.
///
/// # Errors
/// What made it impossible, and in what state the database is.
pub(crate) fn write(job: &Job<'_>) -> Result<Report> {
    if job.connection.is_local() { local::write(job) } else { server::write(job) }
}
