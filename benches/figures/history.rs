//! Histories that change what is there: columns added, renamed and dropped, and tables rebuilt, a thousand migrations each,
//! against the same transactions on bare libSQL; and `generate` at the end of a history.

use std::fmt::Write as _;
use std::path::PathBuf;

use dbmigrate_core::diff::diff;
use dbmigrate_core::folder::{Folder, Slug, Snapshot};
use dbmigrate_core::plan::{Decisions, plan};
use dbmigrate_core::schema::{Column, ForeignKey, Index, IndexPart, KeyPart, PrimaryKey, ReferentialAction};
use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::{Expr, Name};

use crate::bare;
use crate::contest::{Contest, cost_of};
use crate::project::{Project, tool};

const TABLES: usize = 200;
const COUNT: usize = 1000;

/// What the migrations behind the first 200 do, which each create a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Adds,
    Renames,
    Drops,
    Rebuilds,
}

const KINDS: [Kind; 4] = [Kind::Adds, Kind::Renames, Kind::Drops, Kind::Rebuilds];

pub(crate) fn run() {
    // one of them alone, and more often: `HISTORY=Adds HISTORY_ROUNDS=9`
    let only = std::env::var("HISTORY").ok();
    for kind in KINDS.into_iter().filter(|kind| only.as_ref().is_none_or(|only| *only == format!("{kind:?}"))) {
        apply(kind);
    }
    if only.is_none() {
        generate();
    }
}

/// How often they take turns.
fn rounds() -> usize {
    std::env::var("HISTORY_ROUNDS").map_or(3, |rounds| rounds.parse().expect("`HISTORY_ROUNDS` is a number"))
}

/// A thousand migrations into a fresh file.
fn apply(kind: Kind) {
    let (project, script) = history(kind);
    let database = project.path().join("dev.db");
    let fresh = || {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let _ = std::fs::remove_file(project.path().join(format!("dev.db{suffix}")));
        }
    };
    println!("migrate, {COUNT} migrations: {TABLES} tables, then {kind:?}, a transaction each, fresh file");
    let mut contest = Contest::default();
    contest.add("bare libSQL", || {
        fresh();
        bare::command("migrate", [&database, &script])
    });
    contest.add("cargo dbmigrate migrate", || {
        fresh();
        let mut command = tool();
        command.args(["migrate", "--quiet", "--url", "dev.db"]).current_dir(project.path());
        command
    });
    contest.show(rounds());
}

/// `generate` behind 500 migrations: the cost of one more column.
fn generate() {
    println!("generate, one column added behind 500 migrations, {TABLES} tables");
    let project = Project::new(TABLES);
    cost_of(&mut project.generate());
    let mut folder = Folder::open(project.migrations()).expect("a folder");
    let snapshot = folder.head_snapshot().expect("a snapshot");
    for number in 2..=500 {
        let slug = Slug::sanitize(&format!("step_{number}")).expect("a name");
        folder.add(&slug, "SELECT 1;\n", &snapshot).expect("it can be written");
    }
    let unchanged = Project::copy_of(&project);
    project.add_column();
    let mut contest = Contest::default();
    contest.add("nothing to do", || unchanged.generate());
    contest.add("one column", || {
        let mut command = project.generate();
        command.arg("--dry-run");
        command
    });
    contest.show(5);
}

/// A folder with such a history, and the same as statements, one a line.
fn history(kind: Kind) -> (Project, PathBuf) {
    let project = Project::new(0);
    let mut folder = Folder::open(project.migrations()).expect("an empty folder");
    let mut script = format!("PRAGMA foreign_keys = OFF;\n{};\n", bare::HISTORY);
    let mut schema = Schema::default();
    for number in 1..=COUNT {
        let (next, decisions) = step(kind, number - 1, &schema);
        let renames = &decisions.renames;
        let diff = diff(&schema, &next, renames).expect("the renames fit");
        let plan = plan(&schema, &next, &diff, &decisions).expect("a plan");
        let slug = Slug::sanitize(&format!("step_{number}")).expect("a name");
        let sql = plan.to_sql(&folder.next_name(&slug).to_string());
        script.push_str("BEGIN IMMEDIATE;\n");
        for statement in plan.statements() {
            let _ = writeln!(script, "{};", statement.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        let _ = writeln!(script, "{};\nCOMMIT;", bare::record(number));
        let snapshot = Snapshot { schema: next.clone(), renamed_from: Vec::new() };
        folder.add(&slug, &sql, &snapshot).expect("it can be written");
        schema = next;
    }
    let path = project.path().join("all.sql");
    std::fs::write(&path, script).expect("a file");
    (project, path)
}

/// The schema behind migration `at`, counted from 0, and what is decided for it.
fn step(kind: Kind, at: usize, schema: &Schema) -> (Schema, Decisions) {
    let mut next = schema.clone();
    let mut decisions = Decisions::default();
    let Some(later) = at.checked_sub(TABLES) else {
        next.tables.insert(table(at));
        return (next, decisions);
    };
    let (round, name) = (later / TABLES, Name::from(format!("table_{}", later % TABLES)));
    let changed = next.tables.get_mut(&name).expect("it was created");
    let column = Name::from(format!("value_{round}"));
    match kind {
        Kind::Adds => changed.columns.push(Column::new(format!("added_{round}"), "TEXT")),
        Kind::Renames => {
            let to = Name::from(format!("renamed_{round}"));
            changed.columns.iter_mut().filter(|has| has.name == column).for_each(|has| has.name = to.clone());
            decisions.renames.columns.push((name, column, to));
        }
        Kind::Drops => changed.columns.retain(|has| has.name != column),
        Kind::Rebuilds => {
            let has = changed.columns.iter_mut().filter(|has| has.name == column);
            has.for_each(|has| has.decl_type = dbmigrate_core::sql::DeclType::new("REAL"));
        }
    }
    (next, decisions)
}

/// Nine columns, an index, and a reference to the table before.
pub(crate) fn table(number: usize) -> Table {
    let mut table = Table::new(format!("table_{number}"));
    table.columns = vec![Column::new("id", "INTEGER"), Column::new("parent_id", "INTEGER")];
    table.columns.push(Column { not_null: true, ..Column::new("name", "TEXT") });
    table.columns.extend((0..COUNT / TABLES).map(|at| Column::new(format!("value_{at}"), "INTEGER")));
    table.columns.push(Column::new("note", "TEXT"));
    let key = PrimaryKey { name: None, parts: vec![KeyPart::new("id")], autoincrement: false, conflict: None };
    table.primary_key = Some(key);
    table.foreign_keys.push(ForeignKey {
        name: None,
        columns: vec![Name::from("parent_id")],
        parent: Name::from(format!("table_{}", number.saturating_sub(1))),
        parent_columns: vec![Name::from("id")],
        on_delete: ReferentialAction::Cascade,
        on_update: ReferentialAction::NoAction,
        match_name: None,
        deferrable: None,
    });
    table.indexes.insert(Index {
        name: Name::from(format!("table_{number}_name_idx")),
        unique: false,
        parts: vec![IndexPart { expr: Expr::new("name"), collate: None, descending: false }],
        predicate: None,
    });
    table
}
