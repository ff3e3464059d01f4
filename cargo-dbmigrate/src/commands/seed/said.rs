//! What a seed has done, said.

use crate::messages::{self, SeededScript, SeededTable};
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::report::counted;
use crate::seeding::model::Seed;
use crate::seeding::write::{Count, Report};
use crate::seeding::{Ready, Unit};

/// Says it.
pub(super) fn report(context: &Context, Ready { seed, units, .. }: &Ready, report: &Report, url: &DatabaseUrl) {
    let printer = &context.printer;
    let mut tables = Vec::new();
    let mut sum = Count::default();
    for table in order(seed, units) {
        let (seeded, count) = (&seed.tables[table], &report.tables[table]);
        let Count { inserted, updated, deleted, unchanged } = *count;
        if inserted + updated + deleted > 0 {
            printer.status("Seeded", format!("{}: {}", seeded.table.name, shown(count, true)));
        } else if unchanged > 0 {
            printer.detail("Unchanged", format!("{}: {}", seeded.table.name, rows(unchanged)));
        }
        sum.inserted += inserted;
        sum.updated += updated;
        sum.deleted += deleted;
        sum.unchanged += unchanged;
        let table = seeded.table.name.to_string();
        tables.push(SeededTable { table, inserted, updated, deleted, unchanged });
    }
    let mut scripts = Vec::new();
    for (script, changes) in seed.scripts.iter().zip(&report.scripts) {
        let file = crate::project::path::for_display(&seed.files[script.file]);
        if *changes > 0 {
            printer.status("Seeded", format!("{}: {} changed", file.display(), rows(*changes)));
        }
        scripts.push(SeededScript { file: file.display().to_string(), changes: *changes });
    }
    printer.message(|| messages::Seeded { on: url.into(), set: seed.name.clone(), tables, scripts });
    let changes: u64 = report.scripts.iter().sum();
    if report.is_nothing() {
        let there = if sum.unchanged > 0 { format!(", {} there", rows(sum.unchanged)) } else { String::new() };
        printer.status("Unchanged", format!("{url}: nothing to do for `{}`{there}", seed.name));
    } else {
        let of_tables = Some(shown(&sum, false)).filter(|text| !text.is_empty());
        let of_scripts = (changes > 0).then(|| format!("{} changed by statements", rows(changes)));
        let parts: Vec<String> = of_tables.into_iter().chain(of_scripts).collect();
        printer.status("Finished", format!("{url}: `{}` is written, {}", seed.name, parts.join(", ")));
    }
}

/// The tables in the order in which they are written.
fn order(seed: &Seed, units: &[Unit]) -> Vec<usize> {
    let place = |table: usize| {
        units.iter().position(|unit| match unit {
            Unit::Rows { table: of, .. } => *of == table,
            Unit::Made(at) => seed.made[*at].table == table,
            Unit::Script(_) => false,
        })
    };
    let mut tables: Vec<usize> = (0..seed.tables.len()).collect();
    tables.sort_by_key(|table| place(*table).unwrap_or(usize::MAX));
    tables
}

fn rows(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "row")
}

/// `3 rows inserted, 1 updated`.
fn shown(count: &Count, with_unchanged: bool) -> String {
    let parts = [
        (count.inserted, "inserted"),
        (count.updated, "updated"),
        (count.deleted, "deleted"),
        (if with_unchanged { count.unchanged } else { 0 }, "unchanged"),
    ];
    let mut shown: Vec<String> = Vec::new();
    for (number, what) in parts.into_iter().filter(|(number, _)| *number > 0) {
        shown.push(match shown.is_empty() {
            true => format!("{} {what}", rows(number)),
            false => format!("{number} {what}"),
        });
    }
    shown.join(", ")
}
