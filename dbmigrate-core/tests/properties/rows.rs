//! Random rows: what real databases hold and generated ones do not.

use dbmigrate_core::schema::{Column, Schema, Table};
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::name::sql_list;

use crate::gene::{Choices, Gene};

const VALUES: [&str; 36] = [
    "NULL",
    "1",
    "'a'",
    "2",
    "0",
    "''",
    "-1",
    "1.5",
    "2.0",
    "'A'",
    "'a '",
    "'007'",
    "'1e3'",
    "' 12 '",
    "'abc'",
    "'12abc'",
    "x''",
    "x'00ff'",
    "CAST(x'610062' AS TEXT)",
    "'é😀'",
    "'it''s; -- x'",
    "9223372036854775807",
    "-9223372036854775808",
    "9007199254740993",
    "1e300",
    "1e18",
    "3.0",
    "'0x10'",
    "'9223372036854775808'",
    "'1.0'",
    "'2'",
    "x'6162'",
    "42",
    "'forbidden'",
    "-0.5",
    "9e999",
];

/// The values that most columns of a type hold.
fn usual(column: &Column, number: usize) -> String {
    use dbmigrate_core::sql::expr::Affinity;
    match column.decl_type.affinity() {
        Affinity::Integer | Affinity::Numeric => format!("{}", number * 3),
        Affinity::Real => format!("{number}.25"),
        Affinity::Text => format!("'word {number}'"),
        Affinity::Blob => format!("x'0{}ff'", number % 10),
    }
}

/// Statements that fill the tables of a schema, and leave gaps. Each may fail by a constraint.
pub(crate) fn statements(schema: &Schema, genes: &[Gene]) -> Vec<String> {
    let tables: Vec<&Table> = schema.tables.iter().collect();
    let mut statements = Vec::new();
    for (number, gene) in genes.iter().enumerate() {
        let mut choices = Choices::of(gene);
        let Some(table) = choices.pick(&tables) else { continue };
        if choices.chance(15) {
            statements.extend(delete_last(table));
        } else {
            statements.push(insert(schema, table, number + 20, &mut choices));
        }
    }
    statements
}

fn insert(schema: &Schema, table: &Table, number: usize, choices: &mut Choices<'_>) -> String {
    let mut names: Vec<&Name> = Vec::new();
    let mut values = Vec::new();
    for column in table.columns.iter().filter(|column| column.generated.is_none()) {
        names.push(&column.name);
        values.push(value(schema, table, column, number, choices));
    }
    format!("INSERT INTO {} ({}) VALUES ({})", table.name.sql(), sql_list(names), values.join(", "))
}

fn value(schema: &Schema, table: &Table, column: &Column, number: usize, choices: &mut Choices<'_>) -> String {
    let key = table.foreign_keys.iter().find(|key| key.columns.contains(&column.name));
    if let Some(key) = key
        && let Some(at) = key.columns.iter().position(|name| *name == column.name)
        && let Some(parent) = schema.referenced_columns(key).and_then(|columns| columns.get(at).cloned())
        && choices.chance(80)
    {
        // the same row of the parent for all columns of the key
        return format!("(SELECT {} FROM {} LIMIT 1 OFFSET {})", parent.sql(), key.parent.sql(), number % 3);
    }
    if choices.chance(60) {
        return usual(column, number);
    }
    let odd = choices.one(&VALUES);
    if odd == "NULL" && table.rejects_null(column) { usual(column, number) } else { odd.to_owned() }
}

fn delete_last(table: &Table) -> Option<String> {
    let (name, rowid) = (table.name.sql(), table.free_rowid_name()?);
    Some(format!("DELETE FROM {name} WHERE {0} = (SELECT max({0}) FROM {name})", rowid.sql()))
}
