//! Checks of a database that has a schema: that every view and trigger compiles, and which rows violate foreign keys.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::{Connection, Row, display, text};
use super::engines::Engine;
use super::error::EngineError;
use super::orphaned::orphaned_rows;
use crate::schema::{Schema, Trigger, View, VirtualTable};
use crate::sql::name::sql_list;
use crate::sql::{Name, tokenize};

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

/// The same for the views and triggers that may compile otherwise than before because of what was `touched`: objects by
/// name, and the tables that they belong to. Also returns which those are.
pub(super) async fn broken_among(
    connection: &Connection,
    schema: &Schema,
    touched: BTreeSet<Name>,
) -> Result<(Vec<Broken>, BTreeSet<Name>), EngineError> {
    let reached = reached_from(schema, touched);
    let is_reached = |name: &Name| reached.contains(name);
    let broken = compile_some(connection, schema, &is_reached).await?.broken;
    Ok((broken, reached))
}

/// The names with those of all views and triggers that use what is called so, or what uses it. A trigger reaches what it
/// is on, because writing there fires it.
pub(super) fn reached_from(schema: &Schema, mut names: BTreeSet<Name>) -> BTreeSet<Name> {
    let view = |view: &View| (view.name.clone(), None, names_used(view.query.as_str()).collect());
    let virtual_table = |table: &VirtualTable| {
        let used = table.arguments.iter().flat_map(|argument| names_used(argument.as_str())).collect();
        (table.name.clone(), None, used)
    };
    let trigger = |trigger: &Trigger| {
        let mut used: Vec<Name> = names_used(trigger.body.as_str()).collect();
        used.extend(trigger.when.iter().flat_map(|when| names_used(when.as_str())));
        used.push(trigger.on.clone());
        (trigger.name.clone(), Some(trigger.on.clone()), used)
    };
    let others = schema.views.iter().map(view).chain(schema.virtual_tables.iter().map(virtual_table));
    let mut left: Vec<(Name, Option<Name>, Vec<Name>)> = others.chain(schema.triggers.iter().map(trigger)).collect();
    loop {
        let before = left.len();
        left.retain(|(name, on, used)| {
            let is_reached = names.contains(name) || used.iter().any(|used| names.contains(used));
            if is_reached {
                names.insert(name.clone());
                names.extend(on.clone());
            }
            !is_reached
        });
        if left.len() == before {
            return names;
        }
    }
}

/// Everything in a text that may be the name of an object, however it is quoted.
pub(super) fn names_used(text: &str) -> impl Iterator<Item = Name> {
    tokenize(text).filter_map(|token| token.identifier()).map(Name::from)
}

/// What compiling every view and trigger has shown.
pub(super) struct Compiled {
    pub(super) broken: Vec<Broken>,
    /// The statements that compile.
    pub(super) compiling: Vec<String>,
}

/// The same, and the statements that it takes.
pub(super) async fn compile(connection: &Connection, schema: &Schema) -> Result<Compiled, EngineError> {
    compile_some(connection, schema, &|_| true).await
}

/// The same for the views and triggers with these names.
async fn compile_some(
    connection: &Connection,
    schema: &Schema,
    is_wanted: &dyn Fn(&Name) -> bool,
) -> Result<Compiled, EngineError> {
    let views: Vec<Name> = schema.views.iter().map(|view| view.name.clone()).filter(|name| is_wanted(name)).collect();
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
    let mut writes = writes(schema, &columns);
    writes.retain(|(trigger, _)| is_wanted(trigger));
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
    Ok(violations(foreign_key_check(connection).await?))
}

fn violations((rows, mismatched): (Vec<Row>, Vec<Mismatched>)) -> Violations {
    let mut violations = Violations::new();
    let found = rows.iter().map(|row| (text(&row[0]).to_owned(), display(&row[1]), text(&row[2]).to_owned()));
    let mismatched = mismatched.into_iter().map(|(table, parent)| (table, MISMATCH.to_owned(), parent));
    for (table, rowid, parent) in found.chain(mismatched) {
        *violations.entry((table.to_ascii_lowercase(), rowid, parent.to_ascii_lowercase())).or_default() += 1;
    }
    violations
}

/// The same for some of the tables alone.
///
/// # Errors
/// If the engine fails.
pub(super) async fn foreign_key_violations_of(
    connection: &Connection,
    tables: &[&Name],
) -> Result<Violations, EngineError> {
    let tables: Vec<&str> = tables.iter().map(|table| table.as_str()).collect();
    Ok(violations(foreign_key_check_each(connection, &tables).await?))
}

/// A table with a key that cannot be checked, and the parent that has none that fits.
pub(super) type Mismatched = (String, String);

/// All rows that violate a foreign key, each as its table, its rowid, the parent and the number of the key.
///
/// # Errors
/// If the engine fails.
pub async fn violating_rows(connection: &Connection) -> Result<Vec<Row>, EngineError> {
    Ok(foreign_key_check(connection).await?.0)
}

/// What the check says of each row, and the tables that it fails on, which keep SQLite from looking at the others too.
pub(super) async fn foreign_key_check(connection: &Connection) -> Result<(Vec<Row>, Vec<Mismatched>), EngineError> {
    if connection.engine().await? == Engine::Turso {
        return orphaned_rows(connection, None).await;
    }
    match connection.rows("PRAGMA foreign_key_check").await {
        Err(error) if error.message.starts_with(MISMATCH) => {}
        all_at_once => return Ok((all_at_once?, Vec::new())),
    }
    let tables = connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0").await?;
    let tables: Vec<&str> = tables.iter().map(|row| text(&row[0])).collect();
    foreign_key_check_each(connection, &tables).await
}

/// The same, table by table.
async fn foreign_key_check_each(
    connection: &Connection,
    tables: &[&str],
) -> Result<(Vec<Row>, Vec<Mismatched>), EngineError> {
    if connection.engine().await? == Engine::Turso {
        return orphaned_rows(connection, Some(tables)).await;
    }
    let (mut all, mut mismatched) = (Vec::new(), Vec::new());
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
