//! Statements that a person wrote, where a name in them is another thing than where they were written: what has that
//! name would be changed in the place of what was meant, and no statement would fail.

use dbmigrate_core::diff::Renames;
use dbmigrate_core::folder::Script;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::token::significant;
use dbmigrate_core::sql::{Name, Statement};

/// A name that is another thing now.
pub(super) struct Mentioned {
    /// The line of the statement.
    pub(super) line: usize,
    /// What is wrong, as a sentence without a subject.
    pub(super) said: String,
}

/// What tables and columns that a statement names by their old names are called now, as sentences.
pub(super) fn renamed(statement: &Statement<'_>, across: &Renames) -> Vec<String> {
    let tokens = significant(statement.text);
    let is_named =
        |name: &Name| tokens.iter().any(|token| token.identifier().is_some_and(|text| Name::from(text) == *name));
    let tables = across.tables.iter().filter(|(old, _)| is_named(old));
    let tables = tables.map(|(old, new)| format!("`{old}` is called `{new}` there"));
    let is_about = |table: &Name| is_named(table) || is_named(across.old_table(table));
    let columns = across.columns.iter().filter(|(table, old, _)| is_about(table) && is_named(old));
    tables.chain(columns.map(|(table, old, new)| format!("`{table}.{old}` is called `{new}` there"))).collect()
}

/// The first such name. `across` is what was renamed since the statements were written, `head` is the schema now.
pub(super) fn mentioned(script: &Script<'_>, head: &Schema, across: &Renames) -> Option<Mentioned> {
    let tables = across.tables.iter().filter(|(old, _)| head.object_names().any(|name| name == old));
    let tables: Vec<(Vec<&Name>, String)> = tables
        .map(|(old, new)| (vec![old], format!("names `{old}`, which is `{new}` now while another is `{old}`")))
        .collect();
    let columns = across
        .columns
        .iter()
        .filter(|(table, old, _)| head.table(table).is_some_and(|table| table.column(old).is_some()));
    let columns = columns.map(|(table, old, new)| {
        let said = format!("names `{table}.{old}`, which is `{table}.{new}` now while another is `{table}.{old}`");
        (vec![across.old_table(table), old], said)
    });
    let all: Vec<(Vec<&Name>, String)> = tables.into_iter().chain(columns).collect();
    script.statements.iter().find_map(|statement| {
        let tokens = significant(statement.text);
        let is_named =
            |name: &Name| tokens.iter().any(|token| token.identifier().is_some_and(|text| Name::from(text) == *name));
        let (_, said) = all.iter().find(|(names, _)| names.iter().all(|name| is_named(name)))?;
        Some(Mentioned { line: statement.line, said: said.clone() })
    })
}
