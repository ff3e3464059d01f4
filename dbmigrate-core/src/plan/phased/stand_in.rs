//! A table by its old name, as a view of the table that it is now, with triggers that write to that.
//!
//! What a view cannot do stays a limit of the release that runs: `ON CONFLICT … DO` and `REPLACE` on it, the rowid of an
//! `INSERT`, and what `RETURNING` says of columns that the statement does not give.

use super::carry::list;
use super::{Input, PhasedError};
use crate::diff::{Renames, rename::unused};
use crate::schema::{Column, Schema, Table, Trigger, TriggerEvent, TriggerTiming, View};
use crate::sql::path::path;
use crate::sql::{Expr, Name};

/// A table that can be used by its old name.
#[derive(Debug, Clone)]
pub struct StandIn {
    /// The old name: a view.
    pub view: Name,
    /// The table.
    pub table: Name,
}

/// Adds the views for the tables that are renamed.
pub(super) fn add(schema: &mut Schema, input: &Input<'_>, renames: &Renames) -> Result<Vec<StandIn>, PhasedError> {
    let mut all = Vec::new();
    for (from, to) in &renames.tables {
        if input.old.virtual_tables.contains(from) {
            return Err(PhasedError::cannot(
                format!("the virtual table `{from}` is renamed"),
                "and no view stands in for one",
            ));
        }
        let (Some(before), Some(table)) = (input.old.table(from), schema.table(to).cloned()) else { continue };
        let refuse = |why: &str| {
            let what = format!("the table `{}` is renamed to `{to}`", path([from]));
            Err(PhasedError::cannot(what, why))
        };
        let Some(key) = key_of(&table) else {
            return refuse("and has no primary key, by which a view could name its rows");
        };
        // an `INSERT` into a view that does not give a column is one that gives NULL
        let unclear = |column: &&Column| !column.not_null && column.effective_default().is_some();
        if let Some(column) = before.columns.iter().find(unclear) {
            return refuse(&format!(
                "and `{}` can be NULL although it has a default: through a view it is unknown who wrote NULL",
                column.name
            ));
        }
        let columns: Vec<&Name> = before.columns.iter().map(|column| &column.name).collect();
        let query = format!("SELECT {} FROM {}", list(columns.iter().copied()), to.sql());
        schema.views.insert(View {
            name: from.clone(),
            columns: Vec::new(),
            query: Expr::script(query),
            unchecked: false,
        });
        triggers(schema, (from, to), before, &key, input.number);
        all.push(StandIn { view: from.clone(), table: to.clone() });
    }
    Ok(all)
}

/// The columns that name a row.
fn key_of(table: &Table) -> Option<Vec<Name>> {
    let key = table.primary_key.as_ref()?;
    let parts: Vec<Name> = key.parts.iter().map(|part| part.column.clone()).collect();
    let is_sure = |name: &Name| table.column(name).is_some_and(|column| table.rejects_null(column));
    parts.iter().all(is_sure).then_some(parts)
}

fn triggers(schema: &mut Schema, (view, table): (&Name, &Name), before: &Table, key: &[Name], number: u32) {
    let written: Vec<&Column> = before.columns.iter().filter(|column| column.generated.is_none()).collect();
    let names = list(written.iter().map(|column| &column.name));
    let value = |column: &&Column| {
        let new = format!("NEW.{}", column.name.sql());
        match column.effective_default() {
            Some(default) => format!("coalesce({new}, {default})"),
            None => new,
        }
    };
    let values = written.iter().map(value).collect::<Vec<_>>().join(", ");
    let set = written.iter().map(|column| format!("{0} = NEW.{0}", column.name.sql())).collect::<Vec<_>>().join(", ");
    let row = key.iter().map(|name| format!("{0} = OLD.{0}", name.sql())).collect::<Vec<_>>().join(" AND ");
    let table = table.sql();
    let all = [
        ("insert", TriggerEvent::Insert, format!("INSERT INTO {table} ({names})\nVALUES ({values})")),
        ("update", TriggerEvent::Update(Vec::new()), format!("UPDATE {table} SET {set}\nWHERE {row}")),
        ("delete", TriggerEvent::Delete, format!("DELETE FROM {table} WHERE {row}")),
    ];
    for (what, event, body) in all {
        let base = format!("{view}_phase_{number:04}_{what}");
        let name = unused(&base, |name| schema.object_names().any(|other| other == name));
        schema.triggers.insert(Trigger {
            name,
            on: view.clone(),
            timing: TriggerTiming::InsteadOf,
            event,
            when: None,
            body: Expr::script(body),
            unchecked: false,
        });
    }
}
