//! What the rows are asked: once for all conditions, and of the table itself, because an index of it could be what is
//! wrong.

use super::super::connection::{Connection, text};
use super::super::error::EngineError;
use super::{Stopped, Stored, edit};
use crate::ddl::render;
use crate::folder::script::Rebuild;
use crate::plan::in_place::{Conditions, Reason};
use crate::schema::Table;
use crate::sql::{Expr, Name};

/// Whether the table has at least so many rows.
pub(super) async fn are_many(connection: &Connection, rebuild: &Rebuild, least: u64) -> Result<bool, EngineError> {
    if least == 0 {
        return Ok(true);
    }
    let query = format!("SELECT 1 FROM {} LIMIT 1 OFFSET {}", rebuild.table.sql(), least - 1);
    Ok(connection.first_row(&query).await?.is_some())
}

/// What rows are asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// What is true of a row that is not as the conditions say: one of these.
    pub(super) conditions: Vec<String>,
    /// The definition as which the table has to be read for that, if it is another one.
    pub(super) form: Option<String>,
    /// What is true of such a row, and of some others, of the table as it is read now.
    pub(super) instead: Option<Vec<String>>,
}

/// A table read in another form on a server, which does not let its schema be written.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct ByStatements {
    pub(in crate::engine) table: Name,
    /// The value that no row holds.
    pub(in crate::engine) sentinel: String,
    /// The statements that make it, and then one that fails if they have not.
    pub(in crate::engine) statements: Vec<String>,
}

/// What rows are asked for all conditions that are not told already; `None` if that is nothing.
pub(super) fn asked(
    rebuild: &Rebuild,
    stored: &Stored,
    conditions: &Conditions,
    sentinel: &str,
    is_told: impl Fn(&str) -> bool,
) -> Option<Asked> {
    let all = contradictions(conditions, sentinel, is_told);
    let is_formed = needs_form(conditions);
    let form = || render::create_table(&form(&stored.table, &rebuild.definition, conditions, sentinel));
    (!all.is_empty()).then(|| Asked {
        instead: is_formed.then(|| instead(&stored.table, conditions)).flatten(),
        form: is_formed.then(form),
        conditions: all,
    })
}

/// Whether the table has to be read in another form.
pub(super) fn needs_form(conditions: &Conditions) -> bool {
    conditions.reads_otherwise || !conditions.stored.is_empty()
}

/// What is asked in the place of whether a value is stored, without a form: a row in which it is not reads the default.
/// `None` if that does not tell.
fn instead(table: &Table, conditions: &Conditions) -> Option<Vec<String>> {
    // the class of a value is that of the value that is stored, however the table is read
    if conditions.reads_otherwise && !conditions.checks.is_empty() {
        return None;
    }
    let mut all = contradictions(&Conditions { stored: Vec::new(), ..conditions.clone() }, "", |_| false);
    for name in &conditions.stored {
        let column = name.sql();
        all.push(match table.column(name)?.effective_default() {
            // `IS NULL` is taken to be false of a column that is NOT NULL, and `typeof` takes half as long again
            None => format!("{column} IS CAST(NULL AS BLOB)"),
            Some(default) if default.is_literal() => format!("{column} = {default}"),
            // a row that is older than the column reads NULL
            Some(_) => return None,
        });
    }
    Some(all)
}

/// Whether all rows are as the conditions say. What is told need not be asked again.
pub(super) async fn satisfy(
    connection: &Connection,
    rebuild: &Rebuild,
    stored: &Stored,
    conditions: &Conditions,
    is_told: impl Fn(&str) -> bool,
) -> Result<(), Stopped> {
    let sentinel = sentinel(connection).await?;
    let Some(asked) = asked(rebuild, stored, conditions, &sentinel, is_told) else { return Ok(()) };
    if let Some(form) = &asked.form {
        edit::replace(connection, rebuild, form).await?;
    }
    let (table, any) = (rebuild.table.sql(), asked.conditions.join(" OR "));
    match connection.first_row(&format!("SELECT 1 FROM {table} NOT INDEXED WHERE {any} LIMIT 1")).await? {
        None => Ok(()),
        Some(_) => Err(Reason::new("a row is not as the new definition wants it, or is stored in another way").into()),
    }
}

/// A value that no row holds.
pub(in crate::engine) async fn sentinel(connection: &Connection) -> Result<String, EngineError> {
    let row = connection.first_row("SELECT 'x''' || hex(randomblob(24)) || ''''").await?;
    Ok(row.and_then(|row| row.first().map(|value| text(value).to_owned())).unwrap_or_default())
}

/// What is true of a row that is not as the conditions say.
pub(super) fn contradictions(conditions: &Conditions, sentinel: &str, is_told: impl Fn(&str) -> bool) -> Vec<String> {
    // what was asked of the table as it was read before says nothing of one that is read otherwise
    let is_told = |condition: &String| !conditions.reads_otherwise && is_told(condition);
    let nulls = conditions.not_null.iter().map(|column| format!("{} IS NULL", column.sql()));
    let classes = conditions.classes.iter().map(|(column, classes)| {
        let classes = classes.iter().map(|class| format!("'{class}'")).collect::<Vec<_>>().join(", ");
        format!("typeof({}) NOT IN ({classes})", column.sql())
    });
    let stored = conditions.stored.iter().map(|column| format!("{} IS {sentinel}", column.sql()));
    let checks = conditions.checks.iter().map(|check| format!("NOT ({check}\n)"));
    let asked = nulls.chain(checks).filter(|condition| !is_told(condition));
    asked.chain(classes).chain(stored).collect()
}

/// The table as it will be read, but for what would keep the engine from looking: it takes no row of a `NOT NULL` column
/// for one with NULL. A row in which a value is not stored reads the sentinel.
pub(super) fn form(before: &Table, after: &Table, conditions: &Conditions, sentinel: &str) -> Table {
    let mut form = Table { checks: Vec::new(), foreign_keys: Vec::new(), ..after.clone() };
    form.strict = before.strict && after.strict;
    for column in &mut form.columns {
        if conditions.not_null.contains(&column.name) {
            column.not_null = false;
            column.not_null_name = None;
            column.not_null_conflict = None;
        }
        if conditions.stored.contains(&column.name) {
            column.default = Some(Expr::new(sentinel));
        }
    }
    form
}
