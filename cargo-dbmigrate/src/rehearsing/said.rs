//! What is said of a rehearsal.

use crate::database::Run;
use crate::messages::{HowCopied, Rehearsal, RehearsedMigration, RehearsedTable};
use crate::report::duration::Elapsed;
use crate::report::restored::words;
use crate::report::rows::grouped;
use crate::report::size::Bytes;
use crate::report::{Printer, counted};

/// `1 row`, `10,000 rows`.
pub(super) fn rows(count: u64) -> String {
    format!("{} {}", grouped(count), if count == 1 { "row" } else { "rows" })
}

/// Says what a migration did.
pub(super) fn migration(printer: &Printer, one: &RehearsedMigration) {
    let mut said = vec![format!("{} rewritten", rows(one.rows_rewritten))];
    said.extend(one.bytes_written.map(|bytes| format!("{} written", Bytes(bytes))));
    let (before, after) = (Bytes(one.bytes_before), Bytes(one.bytes_after));
    said.push(match one.bytes_before == one.bytes_after {
        true => format!("size {after}"),
        false => format!("size {before} before, {after} after"),
    });
    let way = if one.in_place { ", in place" } else { "" };
    let mut lines = vec![format!("{} ({}{way}): {}", one.name, Elapsed(one.milliseconds), said.join(", "))];
    lines.extend(one.tables.iter().map(table));
    lines.extend(one.restored.iter().map(|one| format!("restored {}", words(one))));
    if one.tables_unchanged > 0 && printer.is_verbose() {
        lines.push(format!("{} unchanged", counted(one.tables_unchanged, "other table")));
    }
    printer.status("Rehearsed", lines.join("\n"));
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
pub(super) fn conclude(plan: &Run<'_>, report: &Rehearsal) {
    let locked = match report.copied {
        HowCopied::Empty => String::new(),
        _ => format!(", other writers wait up to {}", Elapsed(report.write_lock_milliseconds)),
    };
    let text = format!("{}: {}{locked}", plan.url, Elapsed(report.estimate_milliseconds));
    plan.context.printer.status("Expected", text);
}
