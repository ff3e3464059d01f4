//! Whether what was measured is within what the migrations promise, and what is configured.

use dbmigrate_core::folder::Script;

use crate::database::Run;
use crate::error::Result;
use crate::messages::{Exceeded, LimitName, Rehearsal};

/// The limits that do not hold, in the order of the migrations.
///
/// # Errors
/// If a migration cannot be read.
pub(super) fn judge(plan: &Run<'_>, report: &Rehearsal) -> Result<Vec<Exceeded>> {
    let mut exceeded = Vec::new();
    for measured in &report.migrations {
        let Some(migration) = plan.folder.find(&measured.name) else { continue };
        let text = plan.folder.sql(migration)?;
        let limits = Script::parse(&text, &plan.folder.sql_path(migration))?.limits;
        let mut add = |limit, line, allowed: u64, found: u64| {
            let migration = measured.name.clone();
            exceeded.extend((found > allowed).then_some(Exceeded { limit, migration, line, allowed, found }));
        };
        if let Some((line, time)) = limits.time {
            add(LimitName::Time, Some(line), milliseconds(time), measured.estimate_milliseconds);
        }
        if let Some((line, rows)) = limits.rewrites {
            add(LimitName::Rewrites, Some(line), rows, measured.rows_rewritten);
        }
    }
    if let Some(allowed) = plan.url.max_write_lock() {
        let longest = report.migrations.iter().max_by_key(|one| one.write_lock_milliseconds);
        let (found, allowed) = (report.write_lock_milliseconds, milliseconds(allowed));
        exceeded.extend(longest.filter(|_| found > allowed).map(|longest| Exceeded {
            limit: LimitName::WriteLock,
            migration: longest.name.clone(),
            line: None,
            allowed,
            found,
        }));
    }
    Ok(exceeded)
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
