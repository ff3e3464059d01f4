//! Rows that a set does not have, of a table that is to have no others: counted with all that goes with them, before one
//! of them is deleted.

use dbmigrate_core::engine::connection::{integer, text};
use dbmigrate_core::schema::Table;
use dbmigrate_core::schema::table::ReferentialAction;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::name::{quote_blob, quote_string, sql_list};
use pollster::block_on;

use super::job::{Deletion, Job};
use crate::error::Result;
use crate::seeding::rows::Value;
use crate::seeding::there::{Identity, identity};

/// How many rows a statement is about.
const AT_ONCE: usize = 500;

/// How far the rows are followed that go with others.
const DEEPEST: usize = 8;

/// Counts them.
pub(super) fn count(job: &Job<'_>, surplus: &[(usize, Vec<Identity>)]) -> Result<Vec<Deletion>> {
    let mut deletions = Vec::new();
    for (table, rows) in surplus {
        let known = &job.seed.tables[*table].table;
        let mut queries: Vec<(Name, ReferentialAction, String)> = Vec::new();
        for part in rows.chunks(AT_ONCE) {
            follow(job, known, &condition(known, part), 0, &mut queries);
        }
        let asked: Vec<String> = queries.iter().map(|(_, _, sql)| sql.clone()).collect();
        let answers = block_on(job.connection.ask_all(&asked));
        let answers = answers.map_err(|error| job.engine("cannot count rows", &error))?;
        let mut others: Vec<(Name, u64, ReferentialAction)> = Vec::new();
        for ((name, action, _), answer) in queries.into_iter().zip(answers) {
            let answer = answer.map_err(|error| job.engine("cannot count rows", &error))?;
            let count = answer.first().and_then(|row| u64::try_from(integer(row.first()?)).ok()).unwrap_or_default();
            if count == 0 {
                continue;
            }
            match others.iter_mut().find(|(known, _, what)| *known == name && *what == action) {
                Some((_, known, _)) => *known += count,
                None => others.push((name, count, action)),
            }
        }
        deletions.push(Deletion {
            table: known.name.clone(),
            rows: u64::try_from(rows.len()).unwrap_or(u64::MAX),
            others,
        });
    }
    Ok(deletions)
}

/// The statements that delete them, children before parents.
pub(super) fn statements(job: &Job<'_>, surplus: &[(usize, Vec<Identity>)]) -> Vec<(String, Vec<Value>)> {
    let mut all: Vec<&(usize, Vec<Identity>)> = surplus.iter().collect();
    // the order of writing backwards
    let position = |table: usize| {
        job.units
            .iter()
            .position(|unit| matches!(unit, crate::seeding::order::Unit::Rows { table: of, .. } if *of == table))
    };
    all.sort_by_key(|(table, _)| std::cmp::Reverse(position(*table)));
    let mut statements = Vec::new();
    for (table, rows) in all {
        let known = &job.seed.tables[*table].table;
        for part in rows.chunks(AT_ONCE) {
            let sql = format!("DELETE FROM {} AS t WHERE {}", known.name.sql(), condition(known, part));
            statements.push((sql, Vec::new()));
        }
    }
    statements
}

/// That a row `t` of a table is one of these.
fn condition(table: &Table, rows: &[Identity]) -> String {
    let columns = identity(table);
    let values: Vec<String> = rows
        .iter()
        .map(|row| {
            let values: Vec<String> = row.iter().map(literal).collect();
            if columns.len() == 1 { values.join(", ") } else { format!("({})", values.join(", ")) }
        })
        .collect();
    match columns.len() {
        1 => format!("{} IN ({})", columns[0], values.join(", ")),
        _ => format!("({}) IN (VALUES {})", columns.join(", "), values.join(", ")),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => format!("{real:?}"),
        Value::Text(_) => quote_string(text(value)),
        Value::Blob(bytes) => quote_blob(bytes),
    }
}

/// Queries that count the rows that refer to rows `t` of a table with this condition, and those that refer to them.
fn follow(
    job: &Job<'_>,
    table: &Table,
    condition: &str,
    depth: usize,
    queries: &mut Vec<(Name, ReferentialAction, String)>,
) {
    if depth >= DEEPEST {
        return;
    }
    for child in &job.schema.tables {
        for key in child.foreign_keys.iter().filter(|key| key.parent == table.name) {
            // those of the table itself are among the rows, or refer to them
            if child.name == table.name || matches!(key.on_delete, ReferentialAction::NoAction) {
                continue;
            }
            let Some(parents) = job.schema.referenced_columns(key) else { continue };
            let own: Vec<String> = key.columns.iter().map(|column| format!("t.{}", column.sql())).collect();
            let own = if own.len() == 1 { own[0].clone() } else { format!("({})", own.join(", ")) };
            let inner = format!("SELECT {} FROM {} AS t WHERE {condition}", sql_list(&parents), table.name.sql());
            let condition = format!("{own} IN ({inner})");
            let sql = format!("SELECT count(*) FROM {} AS t WHERE {condition}", child.name.sql());
            queries.push((child.name.clone(), key.on_delete, sql));
            if key.on_delete == ReferentialAction::Cascade {
                follow(job, child, &condition, depth + 1, queries);
            }
        }
    }
}
