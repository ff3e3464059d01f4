//! `low_value_boolean_index`.

use crate::lint::words::is_boolean;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Schema, Table};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "low_value_boolean_index",
    group: Group::Performance,
    level: Level::Warn,
    summary: "an index on nothing but a boolean finds half of the rows at a time",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(schema: &Schema, table: &Table, found: &mut Vec<Finding>) {
    for index in table.indexes.iter().filter(|index| !index.unique && index.predicate.is_none()) {
        let [part] = &index.parts[..] else { continue };
        let Some(column) = part.expr.as_column().and_then(|name| table.column(&name)) else { continue };
        // who refers to rows by a boolean has other reasons
        if !is_boolean(schema, table, column) || table.foreign_keys.iter().any(|key| key.columns.contains(&column.name)) {
            continue;
        }
        let object = path([&table.name, &index.name]);
        let (on, name) = (table.name.sql(), column.name.sql());
        let message = format!("the index `{object}` is on nothing but the boolean `{}`", column.name);
        let finding = Finding::new(&RULE, &object, message)
            .at(Place::Index(table.name.clone(), index.name.clone()))
            .note("a value that many rows have is found faster by reading the table")
            .help(format!(
                "index the rows that are looked for, by what sorts them: `CREATE INDEX {} ON {on} (…) WHERE {name}`",
                index.name.sql()
            ));
        found.push(finding);
    }
}
