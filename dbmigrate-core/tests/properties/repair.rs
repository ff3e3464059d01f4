//! Makes a model one that libSQL accepts: what cannot be is taken out, or changed to the nearest thing that can.

use dbmigrate_core::schema::validate::STRICT_TYPES;

use crate::generate::parent_keys;
use crate::model::{Id, KeyModel, Model, TableModel};

impl Model {
    /// Repairs every part of the model.
    pub(crate) fn repair(&mut self) {
        for table in &mut self.tables {
            table.repair();
        }
        self.repair_foreign_keys();
        let ids: Vec<Id> = self.tables.iter().map(|table| table.id).collect();
        for table in ids {
            let Some(known) = self.table(table).map(TableModel::all) else { continue };
            for view in self.views.iter_mut().filter(|view| view.from == table) {
                view.columns.retain(|column| known.contains(column));
                if view.columns.is_empty() {
                    view.columns.extend(known.first());
                }
            }
        }
        loop {
            let known: Vec<Id> =
                self.tables.iter().map(|table| table.id).chain(self.views.iter().map(|view| view.id)).collect();
            let before = self.views.len();
            self.views.retain(|view| known.contains(&view.from));
            if self.views.len() == before {
                break;
            }
        }
        let mut triggers = std::mem::take(&mut self.triggers);
        triggers.retain(|trigger| {
            let on = self.table(trigger.on).is_some() || self.view(trigger.on).is_some();
            let target = self.table(trigger.target);
            let stored = target.map(TableModel::stored).unwrap_or_default();
            on && target.is_some() && trigger.body.columns.iter().all(|column| stored.contains(column))
        });
        self.triggers = triggers;
    }

    /// A foreign key needs columns to refer from, and a key of the parent to refer to.
    fn repair_foreign_keys(&mut self) {
        let keys: Vec<(Id, Vec<Vec<Id>>, Vec<Id>)> = self
            .tables
            .iter()
            .map(|table| {
                let primary = table.primary_key.iter().flat_map(|key| &key.parts).map(|(column, _, _)| *column);
                (table.id, parent_keys(table), primary.collect())
            })
            .collect();
        for table in &mut self.tables {
            let stored = table.stored();
            table.foreign_keys.retain_mut(|key| {
                let Some((_, parent_keys, primary)) = keys.iter().find(|(id, _, _)| *id == key.parent) else {
                    return false;
                };
                let wanted = if key.parent_columns.is_empty() { primary } else { &key.parent_columns };
                let same =
                    |one: &Vec<Id>| one.len() == wanted.len() && one.iter().all(|column| wanted.contains(column));
                key.columns.len() == wanted.len()
                    && key.columns.iter().all(|column| stored.contains(column))
                    && parent_keys.iter().any(same)
            });
        }
    }
}

impl TableModel {
    fn repair(&mut self) {
        self.repair_columns();
        let stored = self.stored();
        let all = self.all();
        let usable = |key: &mut KeyModel, columns: &[Id]| {
            key.parts.retain(|(column, _, _)| columns.contains(column));
            !key.parts.is_empty()
        };
        if !self.primary_key.as_mut().is_some_and(|key| usable(key, &stored)) {
            self.primary_key = None;
        }
        self.uniques.retain_mut(|unique| usable(unique, &all));
        self.repair_primary_key();
        // two keys over the same columns may not disagree about conflicts
        let sorted = |key: &KeyModel| {
            let mut columns: Vec<Id> = key.parts.iter().map(|(column, _, _)| *column).collect();
            columns.sort_unstable();
            columns
        };
        let mut seen: Vec<Vec<Id>> = self.primary_key.iter().map(sorted).collect();
        self.uniques.retain(|unique| {
            let columns = sorted(unique);
            let new = !seen.contains(&columns);
            seen.push(columns);
            new
        });
        let known = |columns: &[Id]| columns.iter().all(|column| all.contains(column));
        self.checks.retain(|(_, template)| known(&template.columns));
        self.indexes.retain_mut(|index| {
            index.parts.retain(|(template, _, _)| known(&template.columns));
            if index.predicate.as_ref().is_some_and(|predicate| !known(&predicate.columns)) {
                index.predicate = None;
            }
            !index.parts.is_empty()
        });
    }

    fn repair_columns(&mut self) {
        let strict = self.strict;
        let stored = self.stored();
        for column in &mut self.columns {
            let sources_stay =
                |columns: &[Id]| columns.iter().all(|source| *source != column.id && stored.contains(source));
            if column.generated.as_ref().is_some_and(|(template, _)| !sources_stay(&template.columns)) {
                column.generated = None;
            }
            if column.generated.is_some() {
                column.default = None;
            }
            if strict && !STRICT_TYPES.iter().any(|accepted| accepted.eq_ignore_ascii_case(column.decl_type)) {
                column.decl_type = "ANY";
            }
            if strict && column.generated.is_some() {
                column.decl_type = "ANY";
            }
            if strict && column.decl_type != "ANY" {
                // a literal of another type would never be accepted
                column.default = column.default.filter(|default| match column.decl_type {
                    "TEXT" => default.starts_with('\'') || *default == "NULL",
                    "BLOB" => default.starts_with("x'") || *default == "NULL",
                    "REAL" => matches!(*default, "NULL" | "1.5" | "2.0" | "0" | "-1"),
                    _ => matches!(*default, "NULL" | "0" | "-1" | "1 + 2" | "unixepoch()" | "abs(-3)"),
                });
            }
        }
        let all_generated = self.columns.iter().all(|column| column.generated.is_some());
        if let Some(first) = self.columns.first_mut().filter(|_| all_generated) {
            first.generated = None;
        }
    }

    fn repair_primary_key(&mut self) {
        let Some(key) = &mut self.primary_key else {
            self.without_rowid = false;
            self.autoincrement = false;
            return;
        };
        let mut is_alias = false;
        if let [part] = &mut key.parts[..] {
            let column = self.columns.iter().find(|column| column.id == part.0);
            let is_integer = column.is_some_and(|column| column.decl_type.eq_ignore_ascii_case("integer"));
            if is_integer {
                part.1 = None;
            }
            is_alias = is_integer && !part.2;
        }
        if self.without_rowid || !is_alias {
            self.autoincrement = false;
        }
        if self.without_rowid || self.autoincrement {
            self.random_rowid = false;
        }
    }
}
