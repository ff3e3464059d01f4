//! What is said of a rehearsal.

use super::Plan;
use crate::messages::{HowCopied, Rehearsal, RehearsedMigration, RehearsedTable};
use crate::report::Printer;
use crate::report::duration::Elapsed;
use crate::report::rows::grouped;
use crate::report::size::Bytes;

/// `1 row`, `10,000 rows`.
pub(super) fn rows(count: u64) -> String {
    format!("{} {}", grouped(count), if count == 1 { "row" } else { "rows" })
}

/// Says what a migration did.
pub(super) fn migration(printer: &Printer, one: &RehearsedMigration) {
    let mut text = format!("{} ({}): {} rewritten", one.name, Elapsed(one.milliseconds), rows(one.rows_rewritten));
    if let Some(bytes) = one.bytes_written {
        text.push_str(&format!(", {} written", Bytes(bytes)));
    }
    text.push_str(&match one.bytes_before == one.bytes_after {
        true => format!(", size {}", Bytes(one.bytes_after)),
        false => format!(", size {} before, {} after", Bytes(one.bytes_before), Bytes(one.bytes_after)),
    });
    let lines = one.tables.iter().map(table);
    text.extend(lines.map(|line| format!("\n{line}")));
    if one.tables_unchanged > 0 && printer.is_verbose() {
        let tables = if one.tables_unchanged == 1 { "table" } else { "tables" };
        text.push_str(&format!("\n{} other {tables} unchanged", one.tables_unchanged));
    }
    printer.status("Rehearsed", text);
}

/// What became of the rows of a table.
pub(crate) fn table(one: &RehearsedTable) -> String {
    let RehearsedTable { table, renamed_from, rows_before, rows_after, rows_rewritten } = one;
    let name = match renamed_from {
        Some(before) => format!("`{table}`, before `{before}`"),
        None => format!("`{table}`"),
    };
    match (rows_before, rows_after) {
        (None, after) => format!("{name}: new, {}", rows(after.unwrap_or_default())),
        (Some(before), None) => format!("{name}: dropped with {}", rows(*before)),
        (Some(before), Some(after)) if before == after => match rows_rewritten {
            0 => format!("{name}: {} kept", rows(*before)),
            some if some == before => format!("{name}: {} kept, all rewritten", rows(*before)),
            some => format!("{name}: {} kept, {} rewritten", rows(*before), grouped(*some)),
        },
        (Some(before), Some(after)) if after > before => {
            format!("{name}: {} before, {} more after", rows(*before), grouped(after - before))
        }
        (Some(before), Some(after)) => {
            format!("{name}: {} before, {} fewer after", rows(*before), grouped(before - after))
        }
    }
}

/// Says what is expected of the database itself.
pub(super) fn conclude(plan: &Plan<'_>, report: &Rehearsal) {
    let locked = match report.copied {
        HowCopied::Empty => String::new(),
        _ => format!(", other writers wait up to {}", Elapsed(report.write_lock_milliseconds)),
    };
    let text = format!("{}: {}{locked}", plan.url, Elapsed(report.estimate_milliseconds));
    plan.context.printer.status("Expected", text);
}
