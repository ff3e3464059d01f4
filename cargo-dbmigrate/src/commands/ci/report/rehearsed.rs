//! What a rehearsal found, as Markdown below its database.

use std::fmt::Write as _;

use crate::messages::Rehearsal;
use crate::rehearsing::{table, words};
use crate::report::duration::Elapsed;
use crate::report::markdown::code;
use crate::report::restored;
use crate::report::rows::grouped;
use crate::report::size::Bytes;

/// Tables of a migration that are listed.
const MOST: usize = 20;

/// Keys of rows that are listed: the log has more.
const MOST_KEYS: usize = 5;

/// The lines of a list.
pub(super) fn section(rehearsal: &Rehearsal) -> String {
    let mut text = String::new();
    // writing to a string cannot fail
    let _ = writeln!(
        text,
        "  - rehearsed on a copy ({}): {}; expected to take {}, other writers wait up to {}",
        Bytes(rehearsal.bytes),
        if rehearsal.passed { "went well" } else { "**refused**" },
        Elapsed(rehearsal.estimate_milliseconds),
        Elapsed(rehearsal.write_lock_milliseconds),
    );
    for one in &rehearsal.migrations {
        let written = one.bytes_written.map(|bytes| format!(", {} written", Bytes(bytes))).unwrap_or_default();
        let (name, time, rows) = (code(&one.name), Elapsed(one.milliseconds), grouped(one.rows_rewritten));
        let _ = writeln!(text, "    - {name}: {time}, {rows} rows rewritten{written}");
        for line in one.tables.iter().take(MOST).map(table) {
            let _ = writeln!(text, "      - {}", code(&line));
        }
        if one.tables.len() > MOST {
            let _ = writeln!(text, "      - and {} more tables", one.tables.len() - MOST);
        }
        for one in &one.restored {
            let _ = writeln!(text, "      - {}", code(&format!("restored {}", restored::words(one))));
        }
    }
    if let Some(name) = &rehearsal.failed {
        let _ = writeln!(text, "    - **{} fails**", code(name));
    }
    for violation in &rehearsal.violations {
        let keys: Vec<String> = violation.keys.iter().take(MOST_KEYS).map(|key| code(&key.join(", "))).collect();
        let more = if violation.more || violation.keys.len() > MOST_KEYS { " and others" } else { "" };
        let rows = if keys.is_empty() { String::new() } else { format!("; rows: {}{more}", keys.join(", ")) };
        let _ = writeln!(text, "    - {}{rows}", code(&violation.message));
    }
    for exceeded in &rehearsal.exceeded {
        let _ = writeln!(text, "    - {}: **{}**", code(&exceeded.migration), words(exceeded));
    }
    text
}
