//! What comes back by a revert and from where, and what does not.

use std::collections::BTreeMap;

use dbmigrate_core::diff::Diff;
use dbmigrate_core::plan::Decisions;
use dbmigrate_core::schema::{Column, Schema};
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::path::path;

use super::history::Entry;
use super::kept::AllReturning;
use crate::messages::{Returned, Returns};

/// The migrations that a revert takes back, and what the head is called in its schema.
pub(super) struct Causes<'a> {
    /// In their order.
    pub(super) entries: &'a [Entry],
    /// Whether it takes back the first of them only.
    pub(super) is_only_the_first: bool,
}

impl Causes<'_> {
    /// The migration that has dropped what was there before the first of them.
    fn dropped(&self, table: &Name, column: Option<&Name>) -> Option<&Entry> {
        if self.is_only_the_first {
            return self.entries.first();
        }
        let (mut table, mut column) = (table.clone(), column.cloned());
        for entry in self.entries {
            let next = match &column {
                Some(name) => entry.trace.column(&table, name).map(|(on, to)| (on.clone(), Some(to.clone()))),
                None => entry.trace.table(&table).map(|to| (to.clone(), None)),
            };
            match next {
                Some(next) => (table, column) = next,
                None => return Some(entry),
            }
        }
        None
    }

    /// The migration that has added what is there in the end.
    fn added(&self, table: &Name, column: Option<&Name>) -> Option<&Entry> {
        if self.is_only_the_first {
            return self.entries.first();
        }
        let (mut table, mut column) = (table.clone(), column.cloned());
        for entry in self.entries.iter().rev() {
            let back = entry.trace.inverse();
            let before = match &column {
                Some(name) => back.column(&table, name).map(|(on, to)| (on.clone(), Some(to.clone()))),
                None => back.table(&table).map(|to| (to.clone(), None)),
            };
            match before {
                Some(before) => (table, column) = before,
                None => return Some(entry),
            }
        }
        None
    }
}

impl Causes<'_> {
    /// What they have added of a schema, tables and columns by their paths.
    pub(super) fn added_by_path(&self, schema: &Schema) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut add = |path: String, entry: Option<&Entry>| {
            found.extend(entry.map(|entry| (path, entry.name().to_owned())));
        };
        for table in &schema.tables {
            add(path([&table.name]), self.added(&table.name, None));
            for column in &table.columns {
                add(path([&table.name, &column.name]), self.added(&table.name, Some(&column.name)));
            }
        }
        found
    }
}

/// What rows get in a column that has no values for them.
fn filling(decisions: &Decisions, table: &Name, column: &Column) -> String {
    if column.generated.is_some() {
        return "it is computed".to_owned();
    }
    if let Some(expr) = decisions.backfills.get(&(table.clone(), column.name.clone())) {
        return format!("existing rows get {expr}");
    }
    match column.effective_default() {
        Some(default) => format!("existing rows get its default, {default}"),
        None => "existing rows get NULL".to_owned(),
    }
}

/// What a difference brings back, and what it does not.
pub(super) fn returns(
    diff: &Diff,
    new: &Schema,
    decisions: &Decisions,
    causes: &Causes<'_>,
    returning: &AllReturning,
) -> Vec<Returned> {
    let mut all = Vec::new();
    let mut push = |returns: Returns, object: String, migration: Option<&Entry>, text: String| {
        let migration = migration.map(|entry| entry.name().to_owned());
        all.push(Returned { object, returns, migration, text });
    };
    let by = |entry: Option<&Entry>| {
        entry.map_or_else(|| "an earlier migration".to_owned(), |entry| entry.name().to_owned())
    };
    for (from, to) in &diff.renames.tables {
        if let Some((migration, hidden)) = returning.source(to, None) {
            let cause = causes.entries.iter().find(|entry| entry.name() == migration);
            push(Returns::Restored, path([to]), cause, format!("`{to}`: rows kept by {migration} in `{hidden}`"));
            continue;
        }
        push(Returns::Renamed, path([to]), None, format!("table `{from}` back to `{to}`, with its rows"));
    }
    for (table, from, to) in &diff.renames.columns {
        push(
            Returns::Renamed,
            path([table, to]),
            None,
            format!("column `{table}.{from}` back to `{to}`, with its values"),
        );
    }
    for name in &diff.created_tables {
        let cause = causes.dropped(name, None);
        push(Returns::WithoutRows, path([name]), cause, format!("`{name}`: dropped in {}, rows not kept", by(cause)));
    }
    for name in &diff.dropped_tables {
        let cause = causes.added(name, None);
        push(
            Returns::Dropped,
            path([name]),
            cause,
            format!("table `{name}`: created in {}, dropped with its rows", by(cause)),
        );
    }
    for table in &diff.tables {
        let (Some(before), Some(after)) = (diff.renamed.table(&table.name), new.table(&table.name)) else { continue };
        for column in table.added.iter().filter_map(|name| after.column(name)) {
            let name = &column.name;
            let cause = causes.dropped(&table.name, Some(name));
            if column.generated.is_some() {
                continue;
            }
            if let Some((migration, hidden)) = returning.source(&table.name, Some(name)) {
                let filling =
                    filling(decisions, &table.name, column).replace("existing rows get", "rows added since get");
                let text = format!("`{}.{name}`: values kept by {migration} in `{hidden}`; {filling}", table.name);
                let cause = causes.entries.iter().find(|entry| entry.name() == migration);
                push(Returns::Restored, path([&table.name, name]), cause, text);
                continue;
            }
            let text = format!(
                "`{}.{name}`: dropped in {}, values not kept; {}",
                table.name,
                by(cause),
                filling(decisions, &table.name, column)
            );
            push(Returns::WithoutValues, path([&table.name, name]), cause, text);
        }
        for name in table.dropped.iter().filter(|name| before.column(name).is_some_and(|one| one.generated.is_none())) {
            let was = diff.renames.old_table(&table.name);
            let shown = before.column(name).map_or(name, |column| &column.name);
            let cause = causes.added(was, Some(name));
            push(
                Returns::Dropped,
                path([&table.name, shown]),
                cause,
                format!("column `{}.{shown}`: added in {}, dropped with its values", table.name, by(cause)),
            );
        }
        for change in table.changed.iter().filter(|change| change.decl_type) {
            let key = (table.name.clone(), change.name.clone());
            let how = decisions.conversions.get(&key).map(|expr| format!(", by `{expr}`")).unwrap_or_default();
            let types = (before.column(&change.name), after.column(&change.name));
            let (Some(from), Some(to)) = types else { continue };
            let shown = |column: &Column| {
                if column.decl_type.is_empty() { "no type".to_owned() } else { column.decl_type.to_string() }
            };
            let how = match returning.source(&table.name, Some(&change.name)) {
                Some((migration, hidden)) => {
                    format!(": values kept by {migration} in `{hidden}` where they are still what it made of them{how}")
                }
                None => how,
            };
            let text = format!("`{}.{}` back from {} to {}{how}", table.name, change.name, shown(from), shown(to));
            push(Returns::Converted, path([&table.name, &change.name]), None, text);
        }
    }
    all
}
