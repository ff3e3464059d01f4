//! A schema as rows, and the statements by which those of one schema become those of another.

use crate::ddl::render;
use crate::schema::{KeyPart, Schema, Table, Trigger, TriggerEvent, TriggerTiming, View, VirtualTable};
use crate::sql::name::quote_string;
use crate::sql::path::path;
use crate::sql::{Expr, Name};

/// The tables of the catalogue, as `docs/lints.md` has them. Names are compared as SQL compares them.
pub const TABLES: [&str; 8] = [
    "CREATE TABLE tables (
  name TEXT COLLATE NOCASE,
  path TEXT,                  -- the object to return
  is_strict INTEGER,          -- 1 or 0, as all that begins with `is_`
  is_without_rowid INTEGER,
  module TEXT,                -- of a virtual table
  sql TEXT
)",
    "CREATE TABLE columns (
  table_name TEXT COLLATE NOCASE,
  name TEXT COLLATE NOCASE,
  path TEXT,
  position INTEGER,           -- from 1
  type TEXT COLLATE NOCASE,   -- '' if it has none
  is_not_null INTEGER,
  default_value TEXT,
  collation TEXT COLLATE NOCASE,
  generated TEXT,             -- the expression
  primary_key INTEGER         -- the place in the primary key, 0 if it is not in it
)",
    "CREATE TABLE indexes (
  table_name TEXT COLLATE NOCASE,
  name TEXT COLLATE NOCASE,
  path TEXT,
  is_unique INTEGER,
  predicate TEXT,             -- behind WHERE
  sql TEXT
)",
    "CREATE TABLE index_columns (
  table_name TEXT COLLATE NOCASE,
  index_name TEXT COLLATE NOCASE,
  position INTEGER,           -- from 1
  column_name TEXT COLLATE NOCASE, -- NULL for an expression
  expression TEXT,
  collation TEXT COLLATE NOCASE,
  is_descending INTEGER
)",
    "CREATE TABLE constraints (
  table_name TEXT COLLATE NOCASE,
  name TEXT COLLATE NOCASE,   -- NULL if it has none
  kind TEXT,                  -- 'PRIMARY KEY', 'UNIQUE' or 'CHECK'
  columns TEXT,               -- with ', ' between them
  expression TEXT             -- of a CHECK
)",
    "CREATE TABLE foreign_keys (
  table_name TEXT COLLATE NOCASE,
  id INTEGER,                 -- of the keys of a table, from 1; a row for each column
  position INTEGER,           -- of the column in the key, from 1
  path TEXT,
  name TEXT COLLATE NOCASE,   -- NULL if it has none
  column_name TEXT COLLATE NOCASE,
  parent_table TEXT COLLATE NOCASE,
  parent_column TEXT COLLATE NOCASE,
  on_delete TEXT,             -- 'NO ACTION', 'CASCADE' …
  on_update TEXT
)",
    "CREATE TABLE views (name TEXT COLLATE NOCASE, path TEXT, sql TEXT)",
    "CREATE TABLE triggers (
  name TEXT COLLATE NOCASE,
  path TEXT,
  table_name TEXT COLLATE NOCASE,  -- or the view
  timing TEXT,                -- 'BEFORE', 'AFTER' or 'INSTEAD OF'
  event TEXT,                 -- 'INSERT', 'UPDATE' or 'DELETE'
  sql TEXT
)",
];

/// The tables that have a column `table_name`, which rows of a table go by.
const OF_A_TABLE: [&str; 5] = ["columns", "indexes", "index_columns", "constraints", "foreign_keys"];

/// The statements by which a catalogue of one schema becomes that of another.
pub(super) fn moved(old: &Schema, new: &Schema) -> Vec<String> {
    let mut statements = Vec::new();
    let mut rows = Rows::default();
    let gone = |statements: &mut Vec<String>, table: &str, column: &str, name: &Name| {
        statements.push(format!("DELETE FROM {table} WHERE {column} = {}", quote_string(name.as_str())));
    };
    for (before, after) in old.tables.unshared(&new.tables) {
        if let Some(before) = before {
            gone(&mut statements, "tables", "name", &before.name);
            for table in OF_A_TABLE {
                gone(&mut statements, table, "table_name", &before.name);
            }
        }
        if let Some(after) = after {
            rows.table(new, after);
        }
    }
    // those that refer to the primary key of one of these, whatever that is
    let unshared = old.tables.unshared(&new.tables);
    let is_moved = |name: &Name| unshared.iter().any(|both| both.1.or(both.0).is_some_and(|table| table.name == *name));
    let refers =
        |table: &Table| table.foreign_keys.iter().any(|key| key.parent_columns.is_empty() && is_moved(&key.parent));
    for table in new.tables.iter().filter(|table| !unshared.is_empty() && refers(table) && !is_moved(&table.name)) {
        gone(&mut statements, "foreign_keys", "table_name", &table.name);
        rows.foreign_keys(new, table, &text(table.name.as_str()));
    }
    for (before, after) in old.virtual_tables.unshared(&new.virtual_tables) {
        if let Some(before) = before {
            gone(&mut statements, "tables", "name", &before.name);
        }
        if let Some(after) = after {
            rows.virtual_table(after);
        }
    }
    for (before, after) in old.views.unshared(&new.views) {
        if let Some(before) = before {
            gone(&mut statements, "views", "name", &before.name);
        }
        if let Some(after) = after {
            rows.view(after);
        }
    }
    for (before, after) in old.triggers.unshared(&new.triggers) {
        if let Some(before) = before {
            gone(&mut statements, "triggers", "name", &before.name);
        }
        if let Some(after) = after {
            rows.trigger(after);
        }
    }
    statements.extend(rows.statements());
    statements
}

/// Rows to insert, by the table that they are of.
#[derive(Default)]
struct Rows(Vec<(&'static str, String)>);

/// A value in SQL.
fn text(value: &str) -> String {
    // a text ends at its first NUL, which no name or type can have in a database either
    quote_string(&value.replace('\0', ""))
}

fn maybe(value: Option<&str>) -> String {
    value.map_or_else(|| "NULL".to_owned(), text)
}

fn flag(is_set: bool) -> String {
    i32::from(is_set).to_string()
}

impl Rows {
    fn add(&mut self, table: &'static str, values: &[String]) {
        self.0.push((table, format!("({})", values.join(", "))));
    }

    /// Several rows in each statement.
    fn statements(mut self) -> Vec<String> {
        self.0.sort_by_key(|(table, _)| *table);
        let groups = self.0.chunk_by(|(one, _), (other, _)| one == other);
        let statements = groups.flat_map(|group| group.chunks(200)).map(|rows| {
            let values = rows.iter().map(|(_, row)| row.as_str()).collect::<Vec<_>>().join(", ");
            format!("INSERT INTO {} VALUES {values}", rows[0].0)
        });
        statements.collect()
    }

    fn table(&mut self, schema: &Schema, table: &Table) {
        let name = text(table.name.as_str());
        let (strict, without) = (flag(table.strict), flag(table.without_rowid));
        let sql = text(&render::create_table(table));
        self.add("tables", &[name.clone(), text(&path([&table.name])), strict, without, maybe(None), sql]);
        let key = table.primary_key.iter().flat_map(|key| &key.parts).collect::<Vec<_>>();
        for (at, column) in table.columns.iter().enumerate() {
            let in_key = key.iter().position(|part| part.column == column.name).map_or(0, |at| at + 1);
            self.add(
                "columns",
                &[
                    name.clone(),
                    text(column.name.as_str()),
                    text(&path([&table.name, &column.name])),
                    (at + 1).to_string(),
                    text(column.decl_type.as_str()),
                    flag(table.rejects_null(column)),
                    maybe(column.default.as_ref().map(Expr::as_str)),
                    maybe(column.collate.as_ref().map(Name::as_str)),
                    maybe(column.generated.as_ref().map(|generated| generated.expr.as_str())),
                    in_key.to_string(),
                ],
            );
        }
        for index in &table.indexes {
            let index_name = text(index.name.as_str());
            let (index_path, sql) = (path([&table.name, &index.name]), render::create_index(&table.name, index));
            let predicate = maybe(index.predicate.as_ref().map(Expr::as_str));
            self.add(
                "indexes",
                &[name.clone(), index_name.clone(), text(&index_path), flag(index.unique), predicate, text(&sql)],
            );
            for (at, part) in index.parts.iter().enumerate() {
                let column = part.expr.as_column();
                let expression = if column.is_none() { Some(part.expr.as_str()) } else { None };
                self.add(
                    "index_columns",
                    &[
                        name.clone(),
                        index_name.clone(),
                        (at + 1).to_string(),
                        maybe(column.as_ref().map(Name::as_str)),
                        maybe(expression),
                        maybe(part.collate.as_ref().map(Name::as_str)),
                        flag(part.descending),
                    ],
                );
            }
        }
        self.constraints(table, &name);
        self.foreign_keys(schema, table, &name);
    }

    fn constraints(&mut self, table: &Table, name: &str) {
        let listed =
            |parts: &[KeyPart]| text(&parts.iter().map(|part| part.column.as_str()).collect::<Vec<_>>().join(", "));
        let mut add = |constraint: Option<&Name>, kind: &str, columns: String, expression: String| {
            self.add(
                "constraints",
                &[name.to_owned(), maybe(constraint.map(Name::as_str)), text(kind), columns, expression],
            );
        };
        if let Some(key) = &table.primary_key {
            add(key.name.as_ref(), "PRIMARY KEY", listed(&key.parts), maybe(None));
        }
        for unique in &table.uniques {
            add(unique.name.as_ref(), "UNIQUE", listed(&unique.parts), maybe(None));
        }
        for check in &table.checks {
            add(check.name.as_ref(), "CHECK", maybe(None), text(check.expr.as_str()));
        }
    }

    fn foreign_keys(&mut self, schema: &Schema, table: &Table, name: &str) {
        for (id, key) in table.foreign_keys.iter().enumerate() {
            let parents = schema.referenced_columns(key).unwrap_or_default();
            for (at, column) in key.columns.iter().enumerate() {
                self.add(
                    "foreign_keys",
                    &[
                        name.to_owned(),
                        (id + 1).to_string(),
                        (at + 1).to_string(),
                        text(&path([&table.name, column])),
                        maybe(key.name.as_ref().map(Name::as_str)),
                        text(column.as_str()),
                        text(key.parent.as_str()),
                        maybe(parents.get(at).map(Name::as_str)),
                        text(key.on_delete.sql()),
                        text(key.on_update.sql()),
                    ],
                );
            }
        }
    }

    fn virtual_table(&mut self, table: &VirtualTable) {
        let (name, module) = (text(table.name.as_str()), text(table.module.as_str()));
        let sql = text(&render::create_virtual_table(table));
        self.add("tables", &[name, text(&path([&table.name])), flag(false), flag(false), module, sql]);
    }

    fn view(&mut self, view: &View) {
        let values = [text(view.name.as_str()), text(&path([&view.name])), text(&render::create_view(view))];
        self.add("views", &values);
    }

    fn trigger(&mut self, trigger: &Trigger) {
        let timing = match trigger.timing {
            TriggerTiming::Before => "BEFORE",
            TriggerTiming::After => "AFTER",
            TriggerTiming::InsteadOf => "INSTEAD OF",
        };
        let event = match trigger.event {
            TriggerEvent::Insert => "INSERT",
            TriggerEvent::Delete => "DELETE",
            TriggerEvent::Update(_) => "UPDATE",
        };
        let sql = text(&render::create_trigger(trigger));
        let (name, on) = (text(trigger.name.as_str()), text(trigger.on.as_str()));
        self.add("triggers", &[name, text(&path([&trigger.name])), on, text(timing), text(event), sql]);
    }
}
