//! What is said of a migration before it is applied, or would be.

use dbmigrate_core::engine::apply::{Announcement, Drifted};
use serde_json::json;

use crate::report::Printer;

/// Says what has drifted, and was accepted.
pub(super) fn say_drift(printer: &Printer, drifted: &Drifted, database: &str) {
    let (migration, lines) = (&drifted.migration, drifted.lines());
    printer.warning(&format!("`{database}` does not match its last migration `{migration}`, as accepted"), &[]);
    printer.status("Drifted", lines.join("\n"));
    printer.json("drift", &json!({ "database": database, "migration": migration, "differences": lines }));
}

/// Says what is worth knowing before a migration begins.
pub(super) fn announce(printer: &Printer, name: &str, announcement: &Announcement) {
    let (what, text, object) = match announcement {
        Announcement::LongRebuild { table, rows } => (
            "long_rebuild",
            format!(
                "{name} copies the {rows} rows of `{table}`; if that takes over 5 seconds while another client \
                 writes, it is rolled back and retried"
            ),
            json!({ "table": table.to_string(), "rows": rows }),
        ),
        Announcement::Large { bytes } => (
            "large",
            format!("{name} has {} MB of statements, sent in several requests", bytes.div_ceil(1024 * 1024)),
            json!({ "bytes": bytes }),
        ),
        _ => return,
    };
    printer.status("Large", text);
    printer.json("announcement", &json!({ "migration": name, "what": what, "details": object }));
}
