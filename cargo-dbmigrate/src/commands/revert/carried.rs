//! Columns that the second half of a change in two has dropped: what they had is in the columns that it kept, as the
//! triggers between the halves have carried it over.

use dbmigrate_core::plan::phased::carried_back;
use dbmigrate_core::plan::{Decisions, Trace};
use dbmigrate_core::schema::Schema;

use super::history::Entry;

/// Fills what comes back of such columns. `to_target` leads from the names of `head` to those of `target`.
pub(super) fn fill(run: &[Entry], (head, target): (&Schema, &Schema), to_target: &Trace, decisions: &mut Decisions) {
    for entry in run {
        for ((table, column), expr) in carried_back(&entry.before.schema) {
            let has = |schema: &Schema, table| schema.table(table).is_some_and(|table| table.column(&column).is_some());
            if has(&entry.after.schema, &table) || has(head, &table) {
                continue;
            }
            let Some(table) = to_target.table(&table).filter(|table| has(target, table)) else { continue };
            decisions.backfills.insert((table.clone(), column), expr);
        }
    }
}
