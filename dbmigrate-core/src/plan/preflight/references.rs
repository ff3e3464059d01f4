//! References to rows that are not there.

use super::probe::Probe;
use super::{KEYS_SHOWN, Preflight, Sought};
use crate::schema::canonical::canonical_primary_key;
use crate::schema::{ForeignKey, Table};
use crate::sql::Name;
use crate::sql::path::path;

/// What is true of a row of `child` that refers to no row of `parent`, by its columns and those that they refer to.
pub(crate) fn orphan(child: &Name, parent: &Name, pairs: &[(Name, Name)]) -> String {
    let alias = if *child == *"p" { "q" } else { "p" };
    let child = child.sql();
    let mut conditions: Vec<String> =
        pairs.iter().map(|(column, _)| format!("{child}.{} IS NOT NULL", column.sql())).collect();
    // the parent's side stands first: its affinity and collation decide (sqlite.org/foreignkeys.html#fk_indexes)
    let equal: Vec<String> = pairs
        .iter()
        .map(|(column, referenced)| format!("{alias}.{} = {child}.{}", referenced.sql(), column.sql()))
        .collect();
    conditions.push(format!("NOT EXISTS (SELECT 1 FROM {} AS {alias} WHERE {})", parent.sql(), equal.join(" AND ")));
    conditions.join(" AND ")
}

impl Probe<'_> {
    /// Rows that refer to nothing through a foreign key.
    pub(super) fn orphans(&self, key: &ForeignKey) -> Option<Preflight> {
        let renames = &self.input.diff.renames;
        let Some(parent) = renames.table_before(&key.parent).and_then(|name| self.input.old.table(name)) else {
            return self.references_to_new_table(key);
        };
        let parent_columns = self.input.new.referenced_columns(key)?;
        let mut pairs = Vec::new();
        for (column, parent_column) in key.columns.iter().zip(&parent_columns) {
            if !self.is_foreseen(column) || self.changes_in(&key.parent, parent_column) {
                return None;
            }
            let referenced = renames.column_before(&key.parent, parent_column)?;
            parent.column(referenced)?;
            pairs.push((self.old_name(column), referenced.clone()));
        }
        let condition = orphan(&self.old.name, &parent.name, &pairs);
        let columns: Vec<Name> = pairs.into_iter().map(|(column, _)| column).collect();
        let preflight = self.references_to_nothing(&columns, &parent.name, &condition);
        Some(match (&key.columns[..], &parent_columns[..]) {
            ([column], [referenced]) => self.with_way_out(preflight, column, &key.parent, referenced),
            _ => preflight,
        })
    }

    /// Whether rows followed the key already: it was there, between the same columns, and all that is new is what becomes
    /// of a row whose parent goes, or when that is looked at.
    pub(super) fn was_followed(&self, key: &ForeignKey) -> bool {
        let referenced = self.input.new.referenced_columns(key);
        let primary =
            |table: Option<&Table>| table.and_then(|table| table.primary_key.as_ref()).map(canonical_primary_key);
        // one that names no columns follows the primary key
        let stays = |before: &ForeignKey| {
            let renamed = self.input.diff.renamed.table(&key.parent);
            !before.parent_columns.is_empty() || primary(renamed) == primary(self.input.new.table(&key.parent))
        };
        let is_same = |before: &ForeignKey| {
            before.parent == key.parent
                && before.columns == key.columns
                && self.input.new.referenced_columns(before) == referenced
                && stays(before)
        };
        referenced.is_some() && self.diff.dropped_foreign_keys.iter().any(is_same)
    }

    /// Whether a column that is referred to is converted, so that what it will be is not what it is.
    fn changes_in(&self, parent: &Name, column: &Name) -> bool {
        self.input.decisions.conversion(parent, column).is_some()
    }

    /// A reference that may be NULL is, where it leads nowhere.
    fn with_way_out(&self, preflight: Preflight, column: &Name, parent: &Name, referenced: &Name) -> Preflight {
        let is_nullable = self.after.column(column).is_some_and(|column| !self.after.rejects_null(column));
        if !is_nullable || self.is_converted(column) {
            return preflight;
        }
        let (name, parent, referenced) = (column.sql(), parent.sql(), referenced.sql());
        let value = format!(
            "{}=CASE WHEN {name} IN (SELECT {referenced} FROM {parent}) THEN {name} END",
            path([&self.after.name, column])
        );
        preflight.answer("to convert them (any SQL expression)", "convert", &value)
    }

    /// A table that is yet to be created has no rows that others could refer to.
    fn references_to_new_table(&self, key: &ForeignKey) -> Option<Preflight> {
        let is_new = self.input.diff.created_tables.contains(&key.parent);
        if !is_new || !key.columns.iter().all(|column| self.is_foreseen(column)) {
            return None;
        }
        let columns: Vec<Name> = key.columns.iter().map(|column| self.old_name(column)).collect();
        let conditions: Vec<String> = columns.iter().map(|column| format!("{} IS NOT NULL", column.sql())).collect();
        Some(self.references_to_nothing(&columns, &key.parent, &conditions.join(" AND ")))
    }

    /// The rows of the old table for which `condition` holds, with the keys that they refer to.
    fn references_to_nothing(&self, columns: &[Name], parent: &Name, condition: &str) -> Preflight {
        let child = self.old.name.sql();
        let key: Vec<String> = columns.iter().map(|column| format!("quote({child}.{})", column.sql())).collect();
        let key = key.join(" || ', ' || ");
        let columns = columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
        let message =
            format!("{{}} rows of `{}` reference missing rows of `{parent}` through `{columns}`", self.old.name);
        let mut preflight = self.count(&message, condition, &key).seeks(Sought::Orphans);
        preflight.message.push_str(": {}");
        let from = self.rows_with(condition);
        preflight.keys = format!("SELECT DISTINCT {key} FROM {from} WHERE {condition} LIMIT {}", KEYS_SHOWN + 1);
        preflight
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::looks_for;

    /// Whether rows are asked for their parents before this becomes that.
    fn is_asked(before: &str, after: &str) -> bool {
        let parents =
            "CREATE TABLE p (id INTEGER PRIMARY KEY, k TEXT UNIQUE); CREATE TABLE q (id INTEGER PRIMARY KEY);";
        let script = |key: &str| format!("{parents} CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT{key})");
        looks_for("missing rows", &script(before), &script(after))
    }

    #[test]
    fn what_becomes_of_rows_without_a_parent_asks_for_none() {
        let key = ", FOREIGN KEY (a) REFERENCES p (id)";
        let with = |rest: &str| format!("{key} {rest}");
        for rest in ["ON DELETE CASCADE", "ON UPDATE SET NULL", "DEFERRABLE INITIALLY DEFERRED"] {
            assert!(!is_asked(key, &with(rest)), "{rest}");
            assert!(!is_asked(&with(rest), key), "{rest}");
        }
        assert!(!is_asked(", FOREIGN KEY (a) REFERENCES p", &with("ON DELETE CASCADE")));
        assert!(is_asked("", key));
        for other in ["(a) REFERENCES q (id)", "(b) REFERENCES p (k)"] {
            assert!(is_asked(key, &format!(", FOREIGN KEY {other} ON DELETE CASCADE")), "{other}");
        }
        assert!(is_asked(key, &format!("{key}, FOREIGN KEY (b) REFERENCES p (k)")));
    }
}
