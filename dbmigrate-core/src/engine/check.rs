//! Checks of a database that has a schema: that every view and trigger compiles, and which rows violate foreign keys.

use std::collections::BTreeMap;

use super::connection::{Connection, Row, display, text};
use super::error::EngineError;
use crate::schema::Schema;
use crate::sql::Name;
use crate::sql::name::sql_list;

/// A view or trigger that does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// `view`, `trigger` or `table`.
    pub kind: &'static str,
    /// Its name.
    pub name: Name,
    /// SQLite's message.
    pub message: String,
}

/// Compiles every view and the writes that fire every trigger of `schema`, and returns what does not compile. What is
/// declared to be unchecked is left out, and with it the triggers of tables that have one: they fire together.
///
/// SQLite creates both without looking at what they refer to. With foreign keys on, the writes also show parents
/// without a key ("foreign key mismatch").
///
/// # Errors
/// If the database cannot be asked.
pub async fn broken_objects(connection: &Connection, schema: &Schema) -> Result<Vec<Broken>, EngineError> {
    Ok(compile(connection, schema).await?.broken)
}

/// What compiling every view and trigger has shown.
pub(super) struct Compiled {
    pub(super) broken: Vec<Broken>,
    /// The statements that compile.
    pub(super) compiling: Vec<String>,
}

/// The same, and the statements that it takes.
pub(super) async fn compile(connection: &Connection, schema: &Schema) -> Result<Compiled, EngineError> {
    let views: Vec<Name> = schema.views.iter().map(|view| view.name.clone()).collect();
    let queries: Vec<String> = views.iter().map(|view| format!("SELECT * FROM {} LIMIT 0", view.sql())).collect();
    let answers = connection.describe_all(&queries).await?;
    let mut compiled = Compiled { broken: Vec::new(), compiling: Vec::new() };
    let mut columns: BTreeMap<&Name, Vec<Name>> = BTreeMap::new();
    for ((view, query), answer) in views.iter().zip(queries).zip(answers) {
        match answer {
            Ok(names) => {
                columns.insert(view, names.into_iter().map(Name::from).collect());
                compiled.compiling.push(query);
            }
            Err(_) if schema.views.get(view).is_some_and(|view| view.unchecked) => {}
            Err(error) => compiled.broken.push(Broken { kind: "view", name: view.clone(), message: error.message }),
        }
    }
    let writes = writes(schema, &columns);
    let statements: Vec<&String> = writes.iter().map(|(_, statement)| statement).collect();
    let answers = connection.describe_all(&statements).await?;
    for ((trigger, statement), answer) in writes.into_iter().zip(answers) {
        match answer {
            Ok(_) => compiled.compiling.push(statement),
            Err(error) => {
                compiled.broken.push(Broken { kind: "trigger", name: trigger.clone(), message: error.message });
            }
        }
    }
    Ok(compiled)
}

/// The triggers, each with a statement that fires it.
fn writes<'s>(schema: &'s Schema, views: &BTreeMap<&Name, Vec<Name>>) -> Vec<(&'s Name, String)> {
    let has_unchecked = |on: &Name| schema.triggers.iter().any(|trigger| trigger.unchecked && trigger.on == *on);
    let mut writes = Vec::new();
    for trigger in schema.triggers.iter().filter(|trigger| !has_unchecked(&trigger.on)) {
        let on = trigger.on.sql();
        let columns: Vec<Name> = match schema.table(&trigger.on) {
            Some(table) => {
                let stored = table.columns.iter().filter(|column| column.generated.is_none());
                stored.map(|column| column.name.clone()).collect()
            }
            None => views.get(&trigger.on).cloned().unwrap_or_default(),
        };
        if columns.is_empty() {
            continue;
        }
        // one statement of the trigger's own kind: others may be fine without what this one needs
        let statement = match &trigger.event {
            crate::schema::TriggerEvent::Insert => {
                let values = vec!["NULL"; columns.len()].join(", ");
                format!("EXPLAIN INSERT INTO {on} ({}) VALUES ({values})", sql_list(&columns))
            }
            crate::schema::TriggerEvent::Delete => format!("EXPLAIN DELETE FROM {on}"),
            crate::schema::TriggerEvent::Update(_) => {
                let assignments: Vec<String> =
                    columns.iter().map(|column| format!("{0} = {0}", column.sql())).collect();
                format!("EXPLAIN UPDATE {on} SET {}", assignments.join(", "))
            }
        };
        writes.push((&trigger.name, statement));
    }
    writes
}

/// Rows that violate foreign keys: how many, by table, rowid and parent.
pub type Violations = BTreeMap<(String, String, String), usize>;

/// What stands in the place of the rowid for a key that cannot be checked, because its parent has no key that fits.
pub const MISMATCH: &str = "foreign key mismatch";

/// All rows that violate a foreign key (sqlite.org/pragma.html#pragma_foreign_key_check). A table with a key that
/// cannot be checked counts as one row, at [`MISMATCH`].
///
/// # Errors
/// If the engine fails.
pub async fn foreign_key_violations(connection: &Connection) -> Result<Violations, EngineError> {
    let mut violations = Violations::new();
    let (rows, mismatched) = foreign_key_check(connection).await?;
    let found = rows.iter().map(|row| (text(&row[0]).to_owned(), display(&row[1]), text(&row[2]).to_owned()));
    let mismatched = mismatched.into_iter().map(|(table, parent)| (table, MISMATCH.to_owned(), parent));
    for (table, rowid, parent) in found.chain(mismatched) {
        *violations.entry((table.to_ascii_lowercase(), rowid, parent.to_ascii_lowercase())).or_default() += 1;
    }
    Ok(violations)
}

/// A table with a key that cannot be checked, and the parent that has none that fits.
type Mismatched = (String, String);

/// What the check says of each row, and the tables that it fails on, which keep SQLite from looking at the others too.
pub(super) async fn foreign_key_check(connection: &Connection) -> Result<(Vec<Row>, Vec<Mismatched>), EngineError> {
    match connection.rows("PRAGMA foreign_key_check").await {
        Err(error) if error.message.starts_with(MISMATCH) => {}
        all_at_once => return Ok((all_at_once?, Vec::new())),
    }
    let (mut all, mut mismatched) = (Vec::new(), Vec::new());
    let tables = connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0").await?;
    let tables: Vec<&str> = tables.iter().map(|row| text(&row[0])).collect();
    let check = |table: &&str| format!("PRAGMA foreign_key_check({})", Name::from(*table).sql());
    let queries: Vec<String> = tables.iter().map(check).collect();
    for (table, answer) in tables.iter().zip(connection.ask_all(&queries).await?) {
        match answer {
            Ok(rows) => all.extend(rows),
            Err(error) if error.message.starts_with(MISMATCH) => {
                // foreign key mismatch - "child" referencing "parent"
                let parent = error.message.rsplit(" referencing ").next().unwrap_or_default().trim_matches('"');
                mismatched.push(((*table).to_owned(), parent.to_owned()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok((all, mismatched))
}
