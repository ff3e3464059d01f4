//! What the reverted migrations have kept: how it comes back.

use dbmigrate_core::folder::Snapshot;
use dbmigrate_core::kept::{Kept, KeptColumns, KeptTable, Restore, shape};
use dbmigrate_core::plan::{Cost, Decisions, Plan, Preflight, Step, Trace};
use dbmigrate_core::schema::{Column, ReferentialAction, Schema, Table};
use dbmigrate_core::sql::name::quote_string;
use dbmigrate_core::sql::{Expr, Name};

use super::counts;
use super::history::{Entry, combined};
use super::returning::{Now, Returning};

/// All that comes back.
#[derive(Default)]
pub(super) struct AllReturning(Vec<Returning>);

/// Whether everything that the last of the entries have kept has a place in the schema before the first.
pub(super) fn has_a_place(entries: &[Entry]) -> bool {
    entries.iter().enumerate().all(|(at, entry)| {
        entry.kept.iter().all(|table| Names { entries, at, to_target: None }.returning(entry, table).is_some())
    })
}

/// How the names around a migration are told in the target.
struct Names<'a> {
    entries: &'a [Entry],
    at: usize,
    /// From the end to the target, where only the first of the entries is reverted.
    to_target: Option<&'a Trace>,
}

impl Names<'_> {
    fn entry(&self) -> &Entry {
        &self.entries[self.at]
    }

    /// The table of the target that one before the migration is.
    fn table_before(&self, table: &Name) -> Option<Name> {
        if self.at == 0 {
            // what a migration alone has dropped comes back under its name
            let now = self.to_target.and_then(|to_target| {
                let behind = combined(self.entries).table(table).cloned()?;
                to_target.table(&behind).cloned()
            });
            return Some(now.unwrap_or_else(|| table.clone()));
        }
        combined(&self.entries[..self.at]).inverse().table(table).cloned()
    }

    /// The column of the target that one before the migration is.
    fn column_before(&self, table: &Name, column: &Name) -> Option<(Name, Name)> {
        if self.at == 0 {
            let now = self.to_target.and_then(|to_target| {
                let (on, behind) = combined(self.entries).column(table, column).cloned()?;
                to_target.column(&on, &behind).cloned()
            });
            return Some(now.unwrap_or((self.table_before(table)?, column.clone())));
        }
        combined(&self.entries[..self.at]).inverse().column(table, column).cloned()
    }

    /// The column before the revert that one behind the migration is.
    fn column_now(&self, table: &Name, column: &Name) -> Option<(Name, Name)> {
        match &self.entries[self.at + 1..] {
            [] => Some((table.clone(), column.clone())),
            later => combined(later).column(table, column).cloned(),
        }
    }

    /// The column of the target that one behind the migration is.
    fn column_behind(&self, table: &Name, column: &Name) -> Option<(Name, Name)> {
        let (table, column) = self.column_now(table, column)?;
        match self.to_target {
            Some(to_target) => to_target.column(&table, &column).cloned(),
            None => combined(self.entries).inverse().column(&table, &column).cloned(),
        }
    }

    fn returning(&self, entry: &Entry, table: &KeptTable) -> Option<Returning> {
        let migration = entry.name().to_owned();
        match &table.kept {
            Kept::Whole => {
                let before = entry.before.schema.table(&table.of)?;
                let hidden = shape::moved(before, &table.name);
                let to = self.table_before(&table.of)?;
                let columns = before.columns.iter().map(|column| {
                    let (_, name) = self.column_before(&table.of, &column.name)?;
                    Some((name, column.name.clone(), None))
                });
                let columns = columns.collect::<Option<_>>()?;
                let now = Now::of(&table.of);
                Some(Returning { migration, table: table.clone(), hidden, to, key: Vec::new(), columns, now })
            }
            Kept::Columns(kept) => {
                let hidden = hidden(&table.name, kept);
                let was = self.entry().trace.inverse().table(&table.of).cloned()?;
                let to = self.table_before(&was)?;
                let key = kept.key.iter().map(|column| {
                    let (_, name) = self.column_behind(&table.of, &column.name)?;
                    Some((column.name.clone(), name))
                });
                let key = key.collect::<Option<_>>()?;
                let columns = kept.values.iter().map(|value| {
                    let before = match &value.after {
                        Some(_) => entry.trace.inverse().column(&table.of, &value.column).cloned()?.1,
                        None => value.column.clone(),
                    };
                    let (_, name) = self.column_before(&was, &before)?;
                    Some((name, value.original.clone(), value.after.clone()))
                });
                let columns = columns.collect::<Option<_>>()?;
                let now = self.now(table, kept)?;
                Some(Returning { migration, table: table.clone(), hidden, to, key, columns, now })
            }
        }
    }
}

impl Names<'_> {
    fn now(&self, table: &KeptTable, kept: &KeptColumns) -> Option<Now> {
        let mut now = Now::of(&table.of);
        for column in &kept.key {
            let (on, name) = self.column_now(&table.of, &column.name)?;
            now.table = on;
            now.key.push((column.name.clone(), name));
        }
        for value in &kept.values {
            let column = value.after.as_ref().and_then(|_| self.column_now(&table.of, &value.column));
            now.converted.push(column.map(|(_, name)| name));
        }
        Some(now)
    }
}

/// The hidden table of kept columns, as it is in a database.
fn hidden(name: &Name, kept: &KeptColumns) -> Table {
    match dbmigrate_core::ddl::read(&kept.create(name)) {
        Ok(dbmigrate_core::ddl::Object::Table(table)) => table,
        // what is written is read
        _ => Table::new(name.clone()),
    }
}

impl AllReturning {
    /// What the entries have kept; with `to_target`, the first of them.
    pub(super) fn of(entries: &[Entry], to_target: Option<&Trace>) -> Self {
        let count = if to_target.is_some() { 1 } else { entries.len() };
        let all = entries.iter().enumerate().take(count).flat_map(|(at, entry)| {
            let names = Names { entries, at, to_target };
            entry.kept.iter().filter_map(move |table| names.returning(entry, table))
        });
        Self(all.collect())
    }

    /// Whether nothing comes back.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of it.
    pub(super) fn all(&self) -> impl Iterator<Item = &Returning> {
        self.0.iter()
    }

    /// The schemas with the hidden tables in them: a moved one before, others before and behind.
    pub(super) fn beside(&self, head: &Snapshot, target: &Schema) -> (Snapshot, Schema) {
        let (mut head, mut target) = (head.clone(), target.clone());
        for one in &self.0 {
            head.schema.tables.insert(one.hidden.clone());
            if let Kept::Columns(_) = one.table.kept {
                target.tables.insert(one.hidden.clone());
            }
        }
        (head, target)
    }

    /// The renames by which moved tables come back.
    pub(super) fn rename(&self, decisions: &mut Decisions) {
        for one in self.0.iter().filter(|one| matches!(one.table.kept, Kept::Whole)) {
            decisions.renames.tables.push((one.hidden.name.clone(), one.to.clone()));
            for (to, was, _) in one.columns.iter().filter(|(to, was, _)| !to.same_spelling(was)) {
                decisions.renames.columns.push((one.to.clone(), was.clone(), to.clone()));
            }
        }
    }

    /// The values of a column of the target that are converted back from what was kept.
    pub(super) fn has_original(&self, table: &Name, column: &Name) -> bool {
        self.columns().any(|(one, (name, _, after))| one.to == *table && name == column && after.is_some())
    }

    fn columns(&self) -> impl Iterator<Item = (&Returning, &(Name, Name, Option<Name>))> {
        let kept = self.0.iter().filter(|one| matches!(one.table.kept, Kept::Columns(_)));
        kept.flat_map(|one| one.columns.iter().map(move |column| (one, column)))
    }

    /// Fills columns from what was kept, row by row, and with what was decided for rows that nothing was kept of.
    /// Returns how all of it is counted.
    pub(super) fn fill(&self, decisions: &mut Decisions, target: &Schema) -> Vec<Restore> {
        let mut restores = counts::of_tables(&self.0, target);
        for (one, (name, original, after)) in self.columns() {
            let place = (one.to.clone(), name.clone());
            let Some(column) = target.table(&one.to).and_then(|table| table.column(name)) else { continue };
            let is_row = one.is_row();
            let kept = one.hidden.name.sql().into_owned();
            let value = format!("SELECT {kept}.{} FROM {kept} WHERE {is_row}", original.sql());
            let given = match after {
                None => decisions.backfills.get(&place).map(ToString::to_string).or_else(|| Some(default_of(column))),
                Some(_) => decisions.conversions.get(&place).map(ToString::to_string),
            };
            restores.push(counts::of_column(one, name, given));
            match after {
                None => {
                    let otherwise = decisions
                        .backfills
                        .get(&place)
                        .map_or_else(|| default_of(column), |given| format!("({given})"));
                    let expr = format!(
                        "CASE WHEN EXISTS (SELECT 1 FROM {kept} WHERE {is_row}) THEN ({value}) ELSE {otherwise} END"
                    );
                    decisions.backfills.insert(place, Expr::new(expr));
                }
                Some(after) => {
                    let now = format!("{}.{}", one.to.sql(), name.sql());
                    let otherwise =
                        decisions.conversions.get(&place).map_or_else(|| now.clone(), |given| format!("({given})"));
                    let after = format!("{kept}.{}", after.sql());
                    let is_untouched = format!("{is_row} AND {after} IS {now} AND typeof({after}) = typeof({now})");
                    let expr = format!(
                        "CASE WHEN EXISTS (SELECT 1 FROM {kept} WHERE {is_untouched}) THEN ({value}) ELSE {otherwise} END"
                    );
                    decisions.conversions.insert(place, Expr::new(expr));
                }
            }
        }
        restores
    }

    /// Adds to a plan what is about the hidden tables: whether they are there, rows whose parents are gone, and their end.
    pub(super) fn complete(&self, plan: &mut Plan, target: &Schema) {
        let mut preflights: Vec<Preflight> = self.0.iter().map(Returning::is_missing).collect();
        preflights.append(&mut plan.preflights);
        let (mut first, mut orphans, mut last) = (Vec::new(), Vec::new(), Vec::new());
        // a row that does not come back takes along those that refer to it
        for one in counts::parents_first(&self.0, target) {
            let Some(table) = target.table(&one.to) else { continue };
            for key in &table.foreign_keys {
                let Some((statement, parent)) = one.without_parent(key, target) else { continue };
                let columns = key.columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
                let what = format!("reference missing rows of `{parent}` through `{columns}`");
                preflights.retain(|one| !(one.message.contains(&what)));
                orphans.push(statement);
            }
        }
        for one in self.0.iter().filter(|one| matches!(one.table.kept, Kept::Columns(_))) {
            first.extend(one.table.drop_triggers());
            last.extend(one.table.drop_tables());
        }
        plan.preflights = preflights;
        if !orphans.is_empty() {
            // tables have their names by then, and their keys not yet
            let is_named = |step: &Step| ["rename ", "create table "].iter().any(|start| step.title.starts_with(start));
            let at = plan.steps.iter().rposition(is_named).map_or(0, |at| at + 1);
            let title = "leave out rows whose parents were deleted since".to_owned();
            plan.steps.insert(at, Step { title, cost: Cost::Scan, statements: orphans, rebuilds: None });
        }
        if !first.is_empty() {
            let title = "stop following rows whose values were kept".to_owned();
            plan.steps.insert(0, Step { title, cost: Cost::Instant, statements: first, rebuilds: None });
        }
        if !last.is_empty() {
            let names = self.0.iter().filter(|one| matches!(one.table.kept, Kept::Columns(_)));
            let names = names.map(|one| one.hidden.name.to_string()).collect::<Vec<_>>().join(", ");
            plan.steps.push(Step {
                title: format!("drop {names}"),
                cost: Cost::Instant,
                statements: last,
                rebuilds: None,
            });
        }
    }

    /// Whether it is what was kept of a table or a column of the target: by which migration, and where.
    pub(super) fn source(&self, table: &Name, column: Option<&Name>) -> Option<(&str, &Name)> {
        let found = self.0.iter().find(|one| {
            one.to == *table
                && match column {
                    None => matches!(one.table.kept, Kept::Whole),
                    Some(column) => {
                        matches!(one.table.kept, Kept::Columns(_))
                            && one.columns.iter().any(|(name, _, _)| name == column)
                    }
                }
        });
        found.map(|one| (one.migration.as_str(), &one.hidden.name))
    }
}

impl Returning {
    /// The condition for the hidden row of a row: the hidden column first, whose collation is that of the key.
    fn is_row(&self) -> String {
        let (kept, table) = (self.hidden.name.sql(), self.to.sql());
        let equal = self.key.iter().map(|(hidden, name)| format!("{kept}.{} = {table}.{}", hidden.sql(), name.sql()));
        equal.collect::<Vec<_>>().join(" AND ")
    }

    /// Fails where the hidden table is not there.
    fn is_missing(&self) -> Preflight {
        let name = &self.hidden.name;
        let objects: Vec<String> = self.table.keeps().iter().map(|keep| format!("`{}`", keep.object())).collect();
        let message = format!("`{name}` is gone, and with it what `{}` kept of {}", self.migration, objects.join(", "));
        let query = format!(
            "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = {} COLLATE NOCASE)",
            quote_string(name.as_str())
        );
        Preflight::of_query(name, message, query, ("to revert without it".to_owned(), "--without-kept".to_owned()))
    }

    /// What a foreign key would have done to rows whose parents were deleted meanwhile, and the parent.
    fn without_parent(&self, key: &dbmigrate_core::schema::ForeignKey, target: &Schema) -> Option<(String, Name)> {
        let columns = target.referenced_columns(key)?;
        let (kept, own) = (self.to.sql(), &key.columns);
        let parent = key.parent.sql();
        let set: Vec<String> = own.iter().map(|column| format!("{kept}.{} IS NOT NULL", column.sql())).collect();
        let equal: Vec<String> = own
            .iter()
            .zip(&columns)
            .map(|(column, referenced)| format!("p.{} = {kept}.{}", referenced.sql(), column.sql()))
            .collect();
        let condition =
            format!("{} AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE {})", set.join(" AND "), equal.join(" AND "));
        let statement = match key.on_delete {
            ReferentialAction::Cascade => format!("DELETE FROM {kept} WHERE {condition}"),
            ReferentialAction::SetNull => {
                let set: Vec<String> = own.iter().map(|column| format!("{} = NULL", column.sql())).collect();
                format!("UPDATE {kept} SET {} WHERE {condition}", set.join(", "))
            }
            _ => return None,
        };
        Some((statement, key.parent.clone()))
    }
}

/// What a row gets that nothing was kept of.
fn default_of(column: &Column) -> String {
    column.effective_default().map_or_else(|| "NULL".to_owned(), dbmigrate_core::ddl::render::default_value)
}
