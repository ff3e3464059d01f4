//! The copy of a database that is on a server: read in one read transaction, and verified.

use std::path::Path;

use super::job::Plan;
use crate::backups;
use crate::error::Result;

/// Reads all of it into a file.
///
/// # Errors
/// If it cannot be read, or the file cannot be written.
pub(super) fn copy(plan: &Plan<'_>, copy: &Path) -> Result<()> {
    backups::copy(plan.context, plan.url, copy).map(drop)
}
