//! Histories of schemas as migrations, of which every prefix, every suffix and ten random ranges become one: the schema is
//! the same, and so are the rows, on an empty database and on one with rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use dbmigrate_core::ddl::render::create_trigger;
use dbmigrate_core::engine::populate::populate;
use dbmigrate_core::engine::squash::{How, Job, Part, SquashError, squash};
use dbmigrate_core::engine::value::Value;
use dbmigrate_core::engine::{Connection, introspect};
use dbmigrate_core::folder::Script;
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use crate::parallel::parallel;
use crate::project::{answered, load};
use crate::support::Change;
use crate::support::data::real_histories;
use crate::support::history::{State, histories};

/// A migration of a history.
struct Migration {
    name: String,
    sql: String,
    before: Schema,
    after: Schema,
    is_generated: bool,
}

/// How the ranges of a history went.
#[derive(Default)]
struct Report {
    ways: BTreeMap<&'static str, usize>,
    /// The statements before and after.
    statements: (usize, usize),
    refused: BTreeMap<String, usize>,
    /// How many were also run here, both ways, and with how many rows in the end.
    compared: (usize, usize),
    failed: Vec<String>,
}

/// Its states as migrations. Every third one of every other history also has a statement of a person, which keeps it from
/// being planned anew.
fn migrations(history: &str, states: &[State]) -> Result<Vec<Migration>, String> {
    let is_all_generated = history.bytes().fold(0_u8, u8::wrapping_add).is_multiple_of(2);
    let mut all: Vec<Migration> = Vec::new();
    let mut before = Schema::default();
    for (at, state) in states.iter().enumerate() {
        let after = load(&state.sql)?.schema;
        let (current, desired, renames) = (before.clone(), after.clone(), state.renames.clone());
        let renames = if at == 0 { dbmigrate_core::diff::Renames::default() } else { renames };
        let change = answered(Change { current, desired, renames, ..Change::default() })?;
        let plan = change.generate()?;
        let name = format!("{:04}_{}", at + 1, "step");
        let mut sql = plan.to_sql(&name);
        let is_generated = is_all_generated || at % 3 != 2;
        if let (false, Some(table)) = (is_generated, after.tables.iter().next()) {
            let column = table.columns.iter().find(|column| column.generated.is_none());
            if let Some(column) = column {
                let column = column.name.sql();
                let _ = writeln!(sql, "UPDATE {} SET {column} = {column};", table.name.sql());
            }
        }
        all.push(Migration { name, sql, before: std::mem::replace(&mut before, after.clone()), after, is_generated });
    }
    Ok(all)
}

/// Every prefix, every suffix, and ten others.
fn ranges(count: usize, seed: u64) -> Vec<(usize, usize)> {
    let mut all: Vec<(usize, usize)> = (2..=count).map(|end| (0, end)).collect();
    all.extend((1..count.saturating_sub(1)).map(|start| (start, count)));
    let mut state = seed | 1;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("it is small") % below
    };
    for _ in 0..if count > 3 { 10 } else { 0 } {
        let start = next(count - 1);
        all.push((start, start + 2 + next(count - start - 1)));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Runs both ways on the same rows and compares everything, without anything of what `squash` compares by. Returns how many
/// rows there were in the end; `None` if the rows that were made are none for these migrations.
fn compare(
    first: &Migration,
    earlier: &[&str],
    (parts, squash): (&[Part<'_>], &Script<'_>),
) -> Result<Option<usize>, String> {
    let statements = |script: &Script<'_>| script.statements.iter().map(|one| one.text.to_owned()).collect::<Vec<_>>();
    let one_by_one: Vec<String> = parts.iter().flat_map(|part| statements(part.script)).collect();
    let Ok(before) = block_on(run_on_rows(first, earlier, &one_by_one)) else { return Ok(None) };
    let after = block_on(run_on_rows(first, earlier, &statements(squash)))
        .map_err(|error| format!("the squash fails where they do not: {error}"))?;
    let differing = before.iter().zip(&after).find(|(one, other)| one != other);
    match differing {
        // what fills rows by chance leads to other ones each time
        Some(_) if block_on(run_on_rows(first, earlier, &one_by_one)).is_ok_and(|again| again != before) => Ok(None),
        Some((one, other)) => Err(format!("one by one: {one:?}\nas one: {other:?}")),
        None if before.len() != after.len() => Err("one has tables that the other has not".to_owned()),
        None => Ok(Some(before.iter().map(|(_, rows)| rows.len()).sum())),
    }
}

/// What the catalog says, and every row of every table with its rowid, in the order of the rows.
async fn run_on_rows(
    first: &Migration,
    earlier: &[&str],
    statements: &[String],
) -> Result<Vec<(String, Vec<String>)>, dbmigrate_core::engine::EngineError> {
    let connection = Connection::in_memory().await?;
    connection.run("PRAGMA foreign_keys = OFF").await?;
    for statement in earlier {
        connection.run(statement).await?;
    }
    // no trigger fires on what is made
    for trigger in &first.before.triggers {
        connection.run(&format!("DROP TRIGGER {}", trigger.name.sql())).await?;
    }
    populate(&connection, &first.before).await?;
    for trigger in &first.before.triggers {
        connection.run(&create_trigger(trigger)).await?;
    }
    for statement in statements {
        connection.run(statement).await?;
    }
    let catalog = "SELECT type, name, tbl_name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2";
    let shown = |row: &Vec<Value>| row.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join("|");
    let mut found = vec![(catalog.to_owned(), connection.rows(catalog).await?.iter().map(shown).collect())];
    let tables = introspect(&connection).await?.schema.tables;
    for table in &tables {
        let rowid = table.free_rowid_name().map_or(String::new(), |name| format!("{}, ", name.sql()));
        let columns: Vec<String> = table.columns.iter().map(|column| column.name.sql().into_owned()).collect();
        let (name, columns) = (table.name.sql(), columns.join(", "));
        for query in [
            format!("SELECT {rowid}{columns} FROM {name} ORDER BY {rowid}{columns}"),
            format!("SELECT * FROM pragma_table_xinfo({})", quoted(table.name.as_str())),
            format!("SELECT * FROM pragma_foreign_key_list({}) ORDER BY 3, 4, 5", quoted(table.name.as_str())),
        ] {
            let rows = connection.rows(&query).await?.iter().map(shown).collect();
            found.push((query, rows));
        }
    }
    Ok(found)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn squash_all_of(history: &str, states: &[State]) -> Report {
    let mut report = Report::default();
    let all = match migrations(history, states) {
        Ok(all) => all,
        Err(error) => {
            report.failed.push(format!("{history}: {error}"));
            return report;
        }
    };
    let scripts: Vec<Script<'_>> =
        all.iter().map(|one| Script::parse(&one.sql, Path::new("migration.sql")).expect("it was planned")).collect();
    let part = |at: usize| Part {
        name: &all[at].name,
        script: &scripts[at],
        before: &all[at].before,
        after: &all[at].after,
        is_generated: all[at].is_generated,
    };
    let seed = history.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31) + u64::from(byte));
    for (start, end) in ranges(all.len(), seed) {
        let earlier: Vec<&str> =
            scripts[..start].iter().flat_map(|script| script.statements.iter().map(|one| one.text)).collect();
        let parts: Vec<Part<'_>> = (start..end).map(part).collect();
        let job = Job { name: "9999_squash", earlier: &earlier, parts: &parts, without_undo: false };
        let shown = format!("{history} {}..{end}", start + 1);
        match block_on(squash(&job)) {
            Ok(squashed) => {
                let way = match squashed.how {
                    How::Created => "created",
                    How::Planned => "planned",
                    How::Joined => "joined",
                };
                *report.ways.entry(way).or_default() += 1;
                report.statements.0 += parts.iter().map(|part| part.script.statements.len()).sum::<usize>();
                report.statements.1 += squashed.statements;
                let again = Script::parse(&squashed.sql, Path::new("migration.sql"));
                let compared = again.map_err(|error| error.to_string()).and_then(|again| {
                    // a part of them: the squash itself has done so for each
                    if (start + end) % 3 != 0 {
                        return Ok(None);
                    }
                    compare(&all[start], &earlier, (&parts, &again))
                });
                match compared {
                    Ok(None) => {}
                    Ok(Some(rows)) => {
                        report.compared.0 += 1;
                        report.compared.1 += rows;
                    }
                    Err(error) => report.failed.push(format!("{shown}: {error}\n{}", squashed.sql)),
                }
            }
            Err(SquashError::Refused(refusals)) => {
                for refusal in refusals.iter().take(1) {
                    let reason = refusal.why.split('`').step_by(2).collect::<String>();
                    *report.refused.entry(reason).or_default() += 1;
                }
            }
            Err(error) => report.failed.push(format!("{shown}: {error}")),
        }
    }
    report
}

fn squash_all(what: &str, mut histories: Vec<(String, Vec<State>)>) {
    histories.sort_by_key(|(_, states)| std::cmp::Reverse(states.len()));
    let reports = parallel(&histories, |_, (name, states)| squash_all_of(name, states));
    let (mut ways, mut refused, mut failed) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let (mut statements, mut compared) = ((0, 0), (0, 0));
    for report in reports {
        compared = (compared.0 + report.compared.0, compared.1 + report.compared.1);
        for (way, count) in report.ways {
            *ways.entry(way).or_insert(0) += count;
        }
        for (why, count) in report.refused {
            *refused.entry(why).or_insert(0) += count;
        }
        statements = (statements.0 + report.statements.0, statements.1 + report.statements.1);
        failed.extend(report.failed);
    }
    let (before, after) = statements;
    dbmigrate_test_support::say(&format!(
        "{what} squashed: {ways:?}, {before} statements became {after}; refused: {refused:?}; {} fail; {} run here both ways, with {} lines of \
         rows and definitions",
        failed.len(),
        compared.0,
        compared.1
    ));
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed.join("\n"));
    let done: usize = ways.values().sum();
    assert!(compared.0 > 0, "none was run here");
    assert!(done > refused.values().sum::<usize>(), "most ranges can be squashed");
    assert_eq!(ways.len(), 3, "all ways are taken: {ways:?}");
}

#[test]
fn every_prefix_and_suffix_and_ten_ranges_of_our_histories_are_squashed() {
    squash_all("our histories", histories());
}

#[test]
fn every_prefix_and_suffix_and_ten_ranges_of_real_histories_are_squashed() {
    if let Some(histories) = real_histories() {
        squash_all("real histories", histories);
    }
}
