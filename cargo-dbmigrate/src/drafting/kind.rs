//! How a migration came to be, as its first lines say it.

use dbmigrate_core::folder::{Migration, Script};
use dbmigrate_core::plan::WRITTEN_BY;

use super::is_told_by_header;
use crate::messages::LogKind;

/// How a migration with that text came to be.
pub(crate) fn kind(migration: &Migration, text: &str, script: &Script<'_>) -> LogKind {
    let by = text.lines().nth(1).and_then(|line| line.strip_prefix(WRITTEN_BY)).unwrap_or_default();
    if !migration.replaces.is_empty() {
        LogKind::Squash
    } else if by.contains("dbmigrate revert") {
        LogKind::Revert
    } else if by.contains("dbmigrate capture") {
        LogKind::Capture
    } else if is_told_by_header(migration.name.as_str(), text, script) {
        LogKind::Generated
    } else {
        LogKind::Custom
    }
}
