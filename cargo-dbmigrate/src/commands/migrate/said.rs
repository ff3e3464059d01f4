//! What is said of a migration before it is applied, or would be.

use dbmigrate_core::engine::apply::{Announcement, Drifted};

use crate::messages::{self, Announced};
use crate::project::url::DatabaseUrl;
use crate::report::Printer;

/// Says what has drifted, and was accepted.
pub(super) fn say_drift(printer: &Printer, drifted: &Drifted, database: &DatabaseUrl) {
    let (migration, lines) = (&drifted.migration, drifted.lines());
    printer.warning(&format!("`{database}` does not match its last migration `{migration}`, as accepted"), &[]);
    printer.status("Drifted", lines.join("\n"));
    let migration = migration.clone();
    printer.message(|| messages::Drift { on: database.into(), migration, differences: lines });
}

/// Says what is worth knowing before a migration begins.
pub(super) fn announce(printer: &Printer, name: &str, announcement: &Announcement) {
    let (text, what) = match announcement {
        Announcement::LongRebuild { table, rows } => (
            format!(
                "{name} copies the {rows} rows of `{table}`; if that takes over 5 seconds while another client \
                 writes, it is rolled back and retried"
            ),
            Announced::LongRebuild { table: table.to_string(), rows: *rows },
        ),
        Announcement::Large { bytes } => (
            format!("{name} has {} MB of statements, sent in several requests", bytes.div_ceil(1024 * 1024)),
            Announced::Large { bytes: *bytes as u64 },
        ),
        _ => return,
    };
    printer.status("Large", text);
    printer.message(|| messages::Announcement { target: None, migration: name.to_owned(), what });
}
