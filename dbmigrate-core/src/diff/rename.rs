//! Renames of tables and columns: what was asked for, whether it fits, and what a schema looks like after it.

use std::fmt;

use crate::schema::named::Changed;
use crate::schema::{NamedMap, Referring, Schema, Table, Trigger, TriggerEvent};
use crate::sql::Name;

/// Renames of tables and columns that a diff is told about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames {
    /// Tables: old name, new name.
    pub tables: Vec<(Name, Name)>,
    /// Columns: the table's new name, the column's old name, its new name.
    pub columns: Vec<(Name, Name, Name)>,
}

/// A rename that does not fit the schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenameError {
    /// The old name, with its table for a column.
    pub from: String,
    /// The new name.
    pub to: String,
    /// Why not.
    pub reason: String,
}

impl fmt::Display for RenameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, reason } = self;
        write!(f, "cannot rename `{from}` to `{to}`: {reason}")
    }
}

impl std::error::Error for RenameError {}

impl Renames {
    /// The renames that `renamed_from` attributes ask for and that have not been made in `old` yet: of tables (the old
    /// name, the new one) and of columns (the table by its new name, the old name, the new one). `recorded` are those
    /// that were made by a migration already, as a snapshot records them.
    pub fn pending(old: &Schema, recorded: &[String], tables: &[(Name, Name)], columns: &[(Name, Name, Name)]) -> Self {
        let known = |text: String| recorded.contains(&text);
        let has_table = |name: &Name| old.tables.contains(name) || old.virtual_tables.contains(name);
        let mut renames = Self::default();
        for (from, to) in tables {
            // made long ago, before its record was dropped, or never needed because there was nothing to rename
            let is_done = !has_table(from) && (has_table(to) || old.is_empty());
            if !known(format!("{to}<{from}")) && !is_done {
                renames.tables.push((from.clone(), to.clone()));
            }
        }
        for (table, from, to) in columns {
            // a new table has nothing to rename
            let Some(before) = old.table(renames.old_table(table)) else { continue };
            let is_done = before.column(from).is_none() && before.column(to).is_some();
            if !known(format!("{table}.{to}<{from}")) && !is_done {
                renames.columns.push((table.clone(), from.clone(), to.clone()));
            }
        }
        renames
    }

    /// Whether nothing is renamed.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty()
    }

    /// The name that the table with the new name `new` had before.
    pub fn old_table<'n>(&'n self, new: &'n Name) -> &'n Name {
        self.tables.iter().find(|(_, to)| to == new).map_or(new, |(from, _)| from)
    }

    /// The name that a column had before, given its table's new name and its new name.
    pub fn old_column<'n>(&'n self, table: &Name, new: &'n Name) -> &'n Name {
        self.columns.iter().find(|(on, _, to)| on == table && to == new).map_or(new, |(_, from, _)| from)
    }

    /// The table, by its old name, that the table with the new name `new` was, if it was there: a name that a renamed
    /// table has left is free for a new one.
    pub fn table_before<'n>(&'n self, new: &'n Name) -> Option<&'n Name> {
        let renamed = self.tables.iter().find(|(_, to)| to == new).map(|(from, _)| from);
        renamed.or_else(|| (!self.renames_table(new)).then_some(new))
    }

    /// The column, by its old name, that a column was, given its table's new name and its new name; see
    /// [`Renames::table_before`].
    pub fn column_before<'n>(&'n self, table: &Name, new: &'n Name) -> Option<&'n Name> {
        let renamed = self.columns.iter().find(|(on, _, to)| on == table && to == new).map(|(_, from, _)| from);
        let has_left = || self.columns.iter().any(|(on, from, _)| on == table && from == new);
        renamed.or_else(|| (!has_left()).then_some(new))
    }

    /// Whether the table, by its new name, or one of its columns is renamed.
    pub fn touch(&self, table: &Name) -> bool {
        self.tables.iter().any(|(_, to)| to == table) || self.columns.iter().any(|(on, _, _)| on == table)
    }

    /// Whether the table, by its old name, is renamed.
    pub fn renames_table(&self, old: &Name) -> bool {
        self.tables.iter().any(|(from, _)| from == old)
    }

    /// Whether another table takes over the name of the table `old`.
    pub fn displaces_table(&self, old: &Name) -> bool {
        self.tables.iter().any(|(from, to)| to == old && from != old)
    }

    /// Whether every rename names something that exists and leads to something that is wanted, once.
    pub(super) fn check(&self, old: &Schema, new: &Schema) -> Result<(), RenameError> {
        let has = |schema: &Schema, name: &Name| schema.tables.contains(name) || schema.virtual_tables.contains(name);
        let names =
            |schema: &Schema| schema.tables.iter().map(|table| table.name.to_string()).collect::<Vec<_>>().join(", ");
        for (at, (from, to)) in self.tables.iter().enumerate() {
            let error = |reason| Err(RenameError { from: from.to_string(), to: to.to_string(), reason });
            if !has(old, from) {
                return error(format!("the old schema has no table `{from}` (it has: {})", names(old)));
            }
            if !has(new, to) {
                return error(format!("the new schema has no table `{to}` (it has: {})", names(new)));
            }
            if self.tables[..at].iter().any(|(one, two)| one == from || two == to) {
                return error("one of them is renamed twice".to_owned());
            }
            if old.virtual_tables.contains(from) != new.virtual_tables.contains(to) {
                return error("one is a virtual table, the other is not".to_owned());
            }
            let taken = has(old, to) && has(new, from) && from != to;
            if taken && !self.tables.iter().any(|(one, _)| one == to) && !self.tables.iter().any(|(_, two)| two == from)
            {
                return error(format!("both `{from}` and `{to}` exist before and after"));
            }
        }
        for (at, (table, from, to)) in self.columns.iter().enumerate() {
            let error = |reason| Err(RenameError { from: format!("{table}.{from}"), to: to.to_string(), reason });
            let Some(before) = old.table(self.old_table(table)) else {
                return error(format!("the old schema has no table `{}`", self.old_table(table)));
            };
            let Some(after) = new.table(table) else {
                return error(match self.tables.iter().find(|(old_name, _)| old_name == table) {
                    Some((_, renamed)) => format!("`{table}` is renamed too: write `{renamed}.{from}={to}`"),
                    None => format!("the new schema has no table `{table}`"),
                });
            };
            if before.column(from).is_none() {
                return error(format!("`{}` has no column `{from}` ({})", before.name, column_list(before)));
            }
            if after.column(to).is_none() {
                return error(format!("the new `{table}` has no column `{to}` ({})", column_list(after)));
            }
            if self.columns[..at].iter().any(|(on, one, two)| on == table && (one == from || two == to)) {
                return error("one of them is renamed twice".to_owned());
            }
        }
        Ok(())
    }

    /// The schema as SQLite leaves it after `ALTER TABLE … RENAME`: references in keys, indexes and expressions of the
    /// table and in foreign keys of others follow. Views and triggers are left as they are: their text is ambiguous,
    /// so a plan drops and recreates those that mention something renamed.
    pub fn apply(&self, old: &Schema) -> Schema {
        self.apply_among(old, None)
    }

    /// The same where it may be known which tables of the schema refer to which.
    pub(super) fn apply_among(&self, old: &Schema, referring: Option<&Referring>) -> Schema {
        let mut schema = old.clone();
        if self.is_empty() {
            return schema;
        }
        let stays = |name: &Name| self.renames_table(name) || !self.displaces_table(name);
        let own = || {
            let of_columns = self.columns.iter().map(|(table, ..)| self.old_table(table));
            self.tables.iter().flat_map(|(from, to)| [from, to]).chain(of_columns)
        };
        let names: Vec<&Name> = match referring {
            Some(referring) => own().chain(own().flat_map(|name| referring.to(name))).collect(),
            None => {
                let concerned = old.tables.iter().filter(|table| !stays(&table.name) || self.concern(table));
                concerned.map(|table| &table.name).collect()
            }
        };
        schema.tables = old.tables.changed(names, |table| match stays(&table.name) {
            false => Changed::Goes,
            true if self.concern(table) => Changed::Becomes(self.renamed_table(table)),
            true => Changed::Stays,
        });
        schema.virtual_tables = NamedMap::default();
        for table in old.virtual_tables.iter().filter(|table| stays(&table.name)) {
            let mut table = table.clone();
            table.name = self.new_table(&table.name).clone();
            schema.virtual_tables.insert(table);
        }
        schema
    }

    fn new_table<'n>(&'n self, old: &'n Name) -> &'n Name {
        self.tables.iter().find(|(from, _)| from == old).map_or(old, |(_, to)| to)
    }

    fn new_column(&self, table: &Name, old: &Name) -> Name {
        let renamed = self.columns.iter().find(|(on, from, _)| on == table && from == old);
        if let Some((_, _, to)) = renamed {
            return to.clone();
        }
        // a column whose name is taken over by a renamed one is on its way out
        if self.columns.iter().any(|(on, _, to)| on == table && to == old) { displaced(old) } else { old.clone() }
    }

    /// Whether something is renamed that a table has or refers to.
    fn concern(&self, old: &Table) -> bool {
        let is_other = |name: &Name| self.renames_table(name) || self.touch(self.new_table(name));
        is_other(&old.name) || old.foreign_keys.iter().any(|key| is_other(&key.parent))
    }

    fn renamed_table(&self, old: &Table) -> Table {
        let mut table = old.clone();
        table.name = self.new_table(&old.name).clone();
        let name = table.name.clone();
        for key in &mut table.foreign_keys {
            let parent = self.new_table(&key.parent).clone();
            for column in &mut key.parent_columns {
                *column = self.new_column(&parent, column);
            }
            key.parent = parent;
        }
        let old_names: Vec<Name> = old.columns.iter().map(|column| column.name.clone()).collect();
        let moves: Vec<(Name, Name)> = old_names
            .iter()
            .map(|column| (column.clone(), self.new_column(&name, column)))
            .filter(|(from, to)| !from.same_spelling(to))
            .collect();
        for (from, to) in rename_order(&moves, &old_names) {
            rename_column(&mut table, &old.name, &from, &to);
        }
        if name != old.name {
            for check in &mut table.checks {
                check.expr = check.expr.with_qualifier_renamed(&old.name, &name);
            }
            for generated in table.columns.iter_mut().filter_map(|column| column.generated.as_mut()) {
                generated.expr = generated.expr.with_qualifier_renamed(&old.name, &name);
            }
            for index in table.indexes.iter_mut() {
                for part in &mut index.parts {
                    part.expr = part.expr.with_qualifier_renamed(&old.name, &name);
                }
                if let Some(predicate) = &mut index.predicate {
                    *predicate = predicate.with_qualifier_renamed(&old.name, &name);
                }
            }
        }
        table
    }
}

fn column_list(table: &Table) -> String {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    format!("columns: {}", columns.join(", "))
}

/// The name that a column gets while another takes its name over.
pub fn displaced(column: &Name) -> Name {
    Name::from(format!("_dbmigrate_old_{column}"))
}

/// Single renames, in an order in which no target is taken when its turn comes, through a name in between where they
/// form a cycle. `taken` are the names that exist before. Of several that go to one name, or to one that stays, which no
/// schema has and a [`diff`](super::diff()) refuses, all but one never have their turn, and come last.
pub fn rename_order(moves: &[(Name, Name)], taken: &[Name]) -> Vec<(Name, Name)> {
    let mut waiting: Vec<(Name, Name)> = moves.to_vec();
    let mut existing: Vec<Name> = taken.to_vec();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let free = waiting.iter().position(|(_, to)| !existing.contains(to));
        // only what another one waits for makes way: that one has its turn next
        let is_waited_for = |(from, _): &(Name, Name)| waiting.iter().any(|(_, to)| to == from);
        let in_the_way = waiting.iter().position(is_waited_for);
        let (from, to) = if let Some(at) = free {
            waiting.remove(at)
        } else {
            let Some(first) = in_the_way else {
                order.append(&mut waiting);
                break;
            };
            let (from, to) = waiting[first].clone();
            let between = unused(&format!("_dbmigrate_tmp_{from}"), |name| {
                existing.contains(name) || waiting.iter().any(|(_, target)| target == name)
            });
            waiting[first] = (between.clone(), to);
            (from, between)
        };
        existing.retain(|name| *name != from);
        existing.push(to.clone());
        order.push((from, to));
    }
    order
}

/// `base`, or `base` with a number behind it, whichever is not taken.
pub fn unused(base: &str, taken: impl Fn(&Name) -> bool) -> Name {
    let numbered = (2_u32..).map(|number| Name::from(format!("{base}_{number}")));
    std::iter::once(Name::from(base)).chain(numbered).find(|name| !taken(name)).unwrap_or_else(|| Name::from(base))
}

fn rename_column(table: &mut Table, qualifier: &Name, from: &Name, to: &Name) {
    let replace = |name: &mut Name| {
        if name == from {
            *name = to.clone();
        }
    };
    for column in &mut table.columns {
        replace(&mut column.name);
        if let Some(generated) = &mut column.generated {
            generated.expr = generated.expr.with_column_renamed(qualifier, from, to);
        }
    }
    let keys = table.primary_key.iter_mut().flat_map(|key| &mut key.parts);
    for part in keys.chain(table.uniques.iter_mut().flat_map(|unique| &mut unique.parts)) {
        replace(&mut part.column);
    }
    for key in &mut table.foreign_keys {
        key.columns.iter_mut().for_each(replace);
    }
    for check in &mut table.checks {
        check.expr = check.expr.with_column_renamed(qualifier, from, to);
    }
    for index in table.indexes.iter_mut() {
        for part in &mut index.parts {
            part.expr = part.expr.with_column_renamed(qualifier, from, to);
        }
        if let Some(predicate) = &mut index.predicate {
            *predicate = predicate.with_column_renamed(qualifier, from, to);
        }
    }
}

impl Trigger {
    /// Whether it names one of the columns in `UPDATE OF`.
    pub fn watches(&self, column: &Name) -> bool {
        matches!(&self.event, TriggerEvent::Update(columns) if columns.contains(column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<Name> {
        list.iter().map(|name| Name::from(*name)).collect()
    }

    fn order(moves: &[(&str, &str)], taken: &[&str]) -> Vec<String> {
        let moves: Vec<(Name, Name)> = moves.iter().map(|(from, to)| ((*from).into(), (*to).into())).collect();
        rename_order(&moves, &names(taken)).into_iter().map(|(from, to)| format!("{from}>{to}")).collect()
    }

    #[test]
    fn a_shift_starts_at_its_free_end() {
        assert_eq!(order(&[("a", "b"), ("b", "c")], &["a", "b"]), ["b>c", "a>b"]);
    }

    #[test]
    fn a_swap_goes_through_a_name_in_between() {
        assert_eq!(order(&[("a", "b"), ("b", "a")], &["a", "b"]), ["a>_dbmigrate_tmp_a", "b>a", "_dbmigrate_tmp_a>b"]);
    }

    #[test]
    fn a_change_of_case_goes_through_a_name_in_between() {
        assert_eq!(
            order(&[("Users", "users")], &["Users"]),
            ["Users>_dbmigrate_tmp_Users", "_dbmigrate_tmp_Users>users"]
        );
    }

    #[test]
    fn names_that_are_wanted_twice_come_to_an_end() {
        assert_eq!(order(&[("a", "x"), ("b", "x")], &["a", "b"]), ["a>x", "b>x"]);
        assert_eq!(order(&[("a", "c"), ("b", "c")], &["a", "b", "c"]), ["a>c", "b>c"]);
        // one of them in a cycle, and before a cycle
        for moves in [[("a", "b"), ("b", "a"), ("c", "a")], [("a", "b"), ("b", "c"), ("c", "b")]] {
            let order = order(&moves, &["a", "b", "c"]);
            assert!(order.len() <= 2 * moves.len(), "{order:?}");
        }
        let table = crate::ddl::read::schema_of("CREATE TABLE t (a, b, c AS (a + b))");
        let columns = [("a", "x"), ("b", "x")].map(|(from, to)| ("t".into(), from.into(), to.into()));
        let renames = Renames { columns: columns.to_vec(), ..Renames::default() };
        assert_eq!(renames.apply(&table).tables.iter().count(), 1);
    }
}
