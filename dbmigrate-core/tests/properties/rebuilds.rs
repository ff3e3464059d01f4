//! What is spared, beside all of it: a rebuild that keeps indexes leads where its statements lead, and of foreign keys
//! that are not looked at none is broken.

use std::path::Path;
use std::time::Duration;

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::engine::apply::{ApplyError, Database, Failure, apply_pending};
use dbmigrate_core::engine::check::{Violations, foreign_key_violations};
use dbmigrate_core::engine::connection::{Row, text};
use dbmigrate_core::engine::{Connection, content, introspect};
use dbmigrate_core::folder::{Folder, Script};
use dbmigrate_core::plan::{Accepted, Decisions, Plan, plan};
use dbmigrate_core::schema::{Index, IndexPart, Schema};
use dbmigrate_core::sql::{Expr, Name};
use pollster::block_on;

use crate::case::{change_of, describe};
use crate::gene::{self, CaseGenes, Choices};
use crate::runner::{Counts, count, run_cases, run_cases_twofold, share};
use crate::support::{self, Change, Silent};

const CASES: u32 = 300;

#[test]
fn a_rebuild_that_keeps_indexes_leads_where_its_statements_lead() {
    let counts = run_cases_twofold(CASES, gene::edits, keeps);
    assert!(share(&counts, "kept") >= 5, "hardly ever: {counts:?}");
}

#[test]
#[ignore = "takes minutes: `PROPTEST_CASES=30000 cargo test --test properties -- --ignored`"]
fn many_rebuilds_that_keep_indexes_lead_where_their_statements_lead() {
    run_cases_twofold(20_000, gene::edits, keeps);
}

#[test]
fn no_foreign_key_is_broken_that_is_not_looked_at() {
    let counts = run_cases(CASES, &gene::edits(), references);
    let broken = share(&counts, "broken by it");
    assert!(broken >= 1, "hardly ever one that is broken: {counts:?}");
}

fn planned(change: &Change) -> Option<Plan> {
    let decisions = Decisions {
        renames: change.renames.clone(),
        accepted: Accepted { all: true, ..Accepted::default() },
        backfills: change.backfills.clone(),
        ..Decisions::default()
    };
    let difference = diff(&change.current, &change.desired, &change.renames).ok()?;
    plan(&change.current, &change.desired, &difference, &decisions).ok().filter(|plan| !plan.is_empty())
}

/// Indexes on columns of both schemas, so that there is something to keep.
fn with_indexes(change: &mut Change, genes: &CaseGenes) {
    let mut number = 0;
    for table in &change.current.tables.clone() {
        let Some(after) = change.desired.table(&table.name).filter(|_| change.renames == Renames::default()) else {
            continue;
        };
        let is_in_both = |name: &&Name| after.column(name).is_some();
        let names: Vec<Name> =
            table.columns.iter().map(|column| &column.name).filter(is_in_both).take(3).cloned().collect();
        for (at, name) in names.iter().enumerate() {
            number += 1;
            let gene = genes.answers.get(at).copied().unwrap_or_default();
            let part =
                |name: &Name| IndexPart { expr: Expr::new(name.sql()), collate: None, descending: gene % 3 == 1 };
            let more = names.get(at + 1).filter(|_| gene % 2 == 1);
            let index = Index {
                name: Name::from(format!("kept_{number}")),
                unique: false,
                parts: std::iter::once(name).chain(more).map(part).collect(),
                predicate: (gene % 5 == 4).then(|| Expr::new(format!("{} IS NOT NULL", name.sql()))),
            };
            for schema in [&mut change.current, &mut change.desired] {
                if let Some(table) = schema.tables.get_mut(&table.name) {
                    table.indexes.insert(index.clone());
                }
            }
        }
    }
}

/// A folder with both migrations, and a file with rows that has the first one.
fn prepared(change: &Change, plan: &Plan, folder: &Path) -> Result<Option<(Folder, Vec<u8>)>, String> {
    let mut migrations = Folder::open(folder.join("migrations")).map_err(|error| error.to_string())?;
    let create = Change { desired: change.current.clone(), ..Change::default() };
    let Some(first) = planned(&create) else { return Ok(None) };
    support::add(&mut migrations, "before", &first, &change.current)?;
    let file = folder.join("test.db");
    let mut database = support::open(&file)?;
    if support::apply(&mut database, &migrations).is_err() {
        return Ok(None);
    }
    change.put_rows(database.connection())?;
    drop(database);
    support::add(&mut migrations, "after", plan, &change.desired)?;
    let bytes = std::fs::read(&file).map_err(|error| error.to_string())?;
    Ok(Some((migrations, bytes)))
}

/// Everything in a file, and how applying what is pending went.
#[derive(Debug, Clone, PartialEq)]
struct End {
    outcome: String,
    schema: Vec<String>,
    rows: String,
    integrity: String,
}

/// Applies what is pending to a file with these bytes.
fn end(bytes: &[u8], file: &Path, folder: &Folder, least_rows: u64) -> Result<(End, Connection), String> {
    let text_of = |error: dbmigrate_core::engine::EngineError| error.to_string();
    std::fs::write(file, bytes).map_err(|error| error.to_string())?;
    let database = block_on(Database::open(file, false, Duration::from_secs(5))).map_err(|error| error.to_string())?;
    block_on(database.connection().run("PRAGMA synchronous = OFF")).map_err(text_of)?;
    let mut database = database.sparing_from(least_rows);
    let outcome = block_on(apply_pending(&mut database, folder, None, &mut Silent));
    let outcome = outcome.map(|outcome| outcome.applied.len()).map_err(|error| error.to_string());
    drop(database);
    let connection = block_on(Connection::open(file, false)).map_err(text_of)?;
    let schema = block_on(introspect(&connection)).map_err(text_of)?.schema;
    let rows = block_on(content::everything(&connection, &schema)).map_err(text_of)?;
    let marks = block_on(connection.rows("SELECT name, seq FROM sqlite_sequence ORDER BY 1")).unwrap_or_default();
    // an index that stays has its table's name as a rename has written it
    let stored = "SELECT type || '|' || name || '|' || tbl_name || '|' || \
                  iif(type = 'index', replace(ifnull(sql, ''), '\"', ''), sql) FROM sqlite_schema \
                  WHERE name NOT LIKE '\\_dbmigrate\\_%' ESCAPE '\\' ORDER BY 1";
    let stored = block_on(connection.rows(stored)).map_err(text_of)?;
    let integrity = block_on(connection.rows("PRAGMA integrity_check")).map_err(text_of)?;
    let line = |row: &Row| text(&row[0]).to_owned();
    let end = End {
        outcome: format!("{outcome:?}"),
        schema: stored.iter().map(line).collect(),
        rows: format!("{rows:?} {marks:?}"),
        integrity: integrity.iter().map(line).collect(),
    };
    Ok((end, connection))
}

fn rowids(connection: &Connection) -> Vec<Row> {
    let query = "SELECT rowid, rootpage, name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'kept%'";
    block_on(connection.rows(query)).unwrap_or_default()
}

fn keeps(genes: &CaseGenes, counts: &Counts) -> Result<(), String> {
    let Some(mut change) = change_of(genes)? else { return Ok(()) };
    with_indexes(&mut change, genes);
    let Some(plan) = planned(&change) else { return Ok(()) };
    let scratch = support::scratch_folder()?;
    let wrong = |error: String| describe(&error, &change);
    let Some((folder, bytes)) = prepared(&change, &plan, scratch.path()).map_err(wrong)? else { return Ok(()) };
    let last = folder.migrations().last().ok_or("a migration")?;
    let sql = folder.sql(last).map_err(|error| error.to_string())?;
    let script = Script::parse(&sql, Path::new("migration.sql")).map_err(|error| error.to_string())?;
    // what is another value each time is no difference
    let is_other_each_time = |word: &&str| sql.to_ascii_lowercase().contains(*word);
    if script.rebuilds.is_empty() || ["random", "now", "current_", "unixepoch"].iter().any(is_other_each_time) {
        return Ok(());
    }
    let (file, other) = (scratch.path().join("test.db"), scratch.path().join("other.db"));
    let before = rowids(&block_on(Connection::open(&file, false)).map_err(|error| error.to_string())?);
    let (plain, _) = end(&bytes, &other, &folder, u64::MAX).map_err(wrong)?;
    let (kept, connection) = end(&bytes, &file, &folder, 0).map_err(wrong)?;
    let after = rowids(&connection);
    let is_kept = before.iter().any(|row| after.contains(row)) && plain.outcome.starts_with("Ok");
    count(counts, if is_kept { "kept" } else { "not kept" });
    // of several things that are wrong with the rows, each way names the one that it meets first
    let are_refused = [&plain, &kept].iter().all(|end| end.outcome.starts_with("Err"));
    let said = if are_refused { &plain.outcome } else { &kept.outcome };
    if plain == (End { outcome: said.clone(), ..kept.clone() }) {
        return Ok(());
    }
    Err(wrong(format!("as written: {plain:#?}\nkeeping: {kept:#?}\n{sql}")))
}

/// A statement more, behind which rows may refer to nothing.
fn harm(schema: &Schema, genes: &CaseGenes) -> Option<String> {
    let mut choices = Choices::of(genes.rows.first()?);
    let tables: Vec<_> = schema.tables.iter().collect();
    let table = choices.pick(&tables)?;
    let name = table.name.sql();
    let stored: Vec<_> = table.columns.iter().filter(|column| column.generated.is_none()).collect();
    let column = choices.pick(&stored)?.name.sql();
    match choices.below(5) {
        0 => Some(format!("DELETE FROM {name} WHERE {column} IS NOT NULL;")),
        1 => Some(format!("UPDATE OR IGNORE {name} SET {column} = 77;")),
        _ => None,
    }
}

fn references(genes: &CaseGenes, counts: &Counts) -> Result<(), String> {
    let Some(change) = change_of(genes)? else { return Ok(()) };
    let Some(plan) = planned(&change).filter(|_| change.renames == Renames::default()) else { return Ok(()) };
    let scratch = support::scratch_folder()?;
    let wrong = |error: String| describe(&error, &change);
    let text_of = |error: dbmigrate_core::engine::EngineError| error.to_string();
    let empty = change.desired.tables.iter().all(|table| table.foreign_keys.is_empty());
    if empty {
        return Ok(());
    }
    let mut migrations = Folder::open(scratch.path().join("migrations")).map_err(|error| error.to_string())?;
    let Some(first) = planned(&Change { desired: change.current.clone(), ..Change::default() }) else { return Ok(()) };
    support::add(&mut migrations, "before", &first, &change.current)?;
    let file = scratch.path().join("test.db");
    let mut database = support::open(&file)?.sparing_from(0);
    if support::apply(&mut database, &migrations).is_err() {
        return Ok(());
    }
    block_on(database.connection().run("PRAGMA foreign_keys = OFF")).map_err(text_of)?;
    for statement in &change.tries {
        let _ = block_on(database.connection().run(statement));
    }
    // the same rows: rowids may be random
    let copy = scratch.path().join("twin.db");
    std::fs::copy(&file, &copy).map_err(|error| error.to_string())?;
    let twin = block_on(Connection::open(&copy, false)).map_err(text_of)?;
    block_on(twin.run("PRAGMA foreign_keys = OFF")).map_err(text_of)?;
    let more = harm(&change.desired, genes);
    let mut sql = plan.to_sql("after");
    sql.push_str(&more.clone().unwrap_or_default());
    let slug = dbmigrate_core::folder::Slug::sanitize("after").ok_or("a name")?;
    migrations.add(&slug, &sql, &change.desired.clone().into()).map_err(|error| error.to_string())?;
    let violations = |connection: &Connection| block_on(foreign_key_violations(connection)).map_err(text_of);
    let before: Violations = violations(&twin)?;
    let script = Script::parse(&sql, Path::new("migration.sql")).map_err(|error| error.to_string())?;
    if block_on(twin.run_each(script.statements.iter().map(|one| one.text))).is_err() {
        return Ok(());
    }
    let after = violations(&twin)?;
    // a row of a table that loses or gets rowids, or other ones (`INT PRIMARY KEY` becomes `INTEGER PRIMARY KEY`), is the same
    // one under another number
    let is_renumbered = |table: &str| {
        let numbers = |schema: &Schema| {
            let table = schema.table(&table.into())?;
            Some((table.without_rowid, table.rowid_alias().map(|column| column.name.clone())))
        };
        numbers(&change.current) != numbers(&change.desired)
    };
    let counted = |all: &Violations| {
        let mut counted = Violations::new();
        for ((table, rowid, parent), count) in all {
            let rowid = if is_renumbered(table) { "any" } else { rowid };
            *counted.entry((table.clone(), rowid.to_owned(), parent.clone())).or_default() += count;
        }
        counted
    };
    let (before, after) = (counted(&before), counted(&after));
    let is_broken = after.iter().any(|(key, number)| before.get(key).is_none_or(|was| was < number));
    let result = support::apply(&mut database, &migrations);
    let is_refused = match &result {
        Ok(_) => false,
        Err(ApplyError::Migration { failure, .. }) => match &**failure {
            Failure::ForeignKeys { .. } | Failure::Broken { kind: "table", .. } => true,
            _ => {
                count(counts, "refused for something else");
                return Ok(());
            }
        },
        Err(error) => return Err(wrong(error.to_string())),
    };
    let ending = match (is_broken, before.is_empty()) {
        (true, _) => "broken by it",
        (false, false) => "broken before",
        (false, true) => "sound",
    };
    count(counts, ending);
    if is_broken == is_refused {
        return Ok(());
    }
    Err(wrong(format!("{result:?}, and all of the keys say before {before:?}, after {after:?}\n{sql}")))
}
