//! All lints over a thousand migrations on 500 tables, without a database: what they cost beside reading the files.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::time::Duration;

use dbmigrate_core::diff::diff;
use dbmigrate_core::folder::{Folder, Script, Slug, Verify};
use dbmigrate_core::lint::{Level, Levels, Migration, Prepared, RULES, Target, lint};
use dbmigrate_core::plan::{Decisions, plan};
use dbmigrate_core::schema::{Column, Referring, Schema};
use dbmigrate_core::sql::{DeclType, Name};

use crate::contest::milliseconds;
use crate::history::table;
use crate::project::Project;

const TABLES: usize = 500;
const COUNT: usize = 1000;

pub(crate) fn run() {
    println!("lints, {COUNT} migrations on {TABLES} tables, all rules, CPU of one thread");
    let project = Project::new(0);
    let folder = written(&project, TABLES, COUNT);
    let mut levels = Levels::default();
    assert!(RULES.iter().all(|rule| levels.set(rule.name, Level::Warn)), "each rule is known");
    for _ in 0..3 {
        let start = cpu();
        folder.verify(Verify::All).expect("it is as it was written");
        let read = cpu().saturating_sub(start);
        let (mut schemas, mut parsing, mut linting, mut count) = (folder.schemas(), Duration::ZERO, Duration::ZERO, 0);
        let (mut old, mut referring) = (Schema::default(), Referring::default());
        for migration in folder.migrations() {
            let start = cpu();
            let new = schemas.at(migration).expect("a snapshot");
            let sql = folder.sql(migration).expect("a migration");
            let at_hand = cpu();
            let script = Script::parse(&sql, std::path::Path::new("migration.sql")).expect("a script");
            let prepared = Prepared::following((&old, &new), &script, &mut referring);
            let target = Target::default();
            count += lint(&Migration::new(&old, &new, &prepared, &script, &target), &levels, Vec::new()).findings.len();
            linting += cpu().saturating_sub(at_hand);
            parsing += at_hand.saturating_sub(start);
            old = new;
        }
        println!(
            "  reading all files {:.0} ms; schemas and scripts beside that {:.0} ms, lints {:.0} ms ({count} findings)",
            milliseconds(read),
            milliseconds(parsing.saturating_sub(read)),
            milliseconds(linting)
        );
    }
}

/// The migrations of a project: so many tables, then changes to them.
pub(crate) fn written(project: &Project, tables: usize, count: usize) -> Folder {
    let mut folder = Folder::open(project.migrations()).expect("an empty folder");
    let mut schema = Schema::default();
    for number in 0..count {
        let (next, decisions) = step(number, tables, &schema);
        let found = diff(&schema, &next, &decisions.renames).expect("the renames fit");
        let plan = plan(&schema, &next, &found, &decisions).expect("a plan");
        let slug = Slug::sanitize(&format!("step_{number}")).expect("a name");
        folder.add(&slug, &plan.to_sql("step"), &next.clone().into()).expect("it can be written");
        schema = next;
    }
    folder
}

/// The CPU time of this thread, as Linux counts it; elsewhere nothing. It is asked thousands of times, so the file stays open.
fn cpu() -> Duration {
    thread_local! {
        static COUNTED: Option<File> = File::open("/proc/thread-self/schedstat").ok();
    }
    let mut bytes = [0_u8; 64];
    let mut read = |mut file: &File| file.rewind().and_then(|()| file.read(&mut bytes));
    let length = COUNTED.with(|file| file.as_ref().map_or(0, |file| read(file).unwrap_or(0)));
    let text = std::str::from_utf8(&bytes[..length]).unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// The schema behind a migration: tables, then columns added, renamed, dropped and rebuilt in turn.
fn step(at: usize, tables: usize, schema: &Schema) -> (Schema, Decisions) {
    let (mut next, mut decisions) = (schema.clone(), Decisions::default());
    let Some(later) = at.checked_sub(tables) else {
        next.tables.insert(table(at));
        return (next, decisions);
    };
    let name = Name::from(format!("table_{}", later * 7 % tables));
    let changed = next.tables.get_mut(&name).expect("it was created");
    // one that nothing was done with
    let column = changed.columns.iter().map(|has| &has.name).find(|name| name.as_str().starts_with("value_")).cloned();
    match (later % 4, column) {
        (0, _) | (_, None) => changed.columns.push(Column::new(format!("added_{later}"), "TEXT")),
        (1, Some(column)) => {
            let to = Name::from(format!("renamed_{later}"));
            changed.columns.iter_mut().filter(|has| has.name == column).for_each(|has| has.name = to.clone());
            decisions.renames.columns.push((name, column, to));
        }
        (2, Some(column)) => changed.columns.retain(|has| has.name != column),
        (_, Some(column)) => {
            let has = changed.columns.iter_mut().filter(|has| has.name == column);
            has.for_each(|has| has.decl_type = DeclType::new("REAL"));
        }
    }
    (next, decisions)
}
