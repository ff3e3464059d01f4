//! A history that is replayed in parts: never found good where the replay in one database finds a fault.

use std::fmt::Write as _;

use crate::support::history::histories;
use crate::support::{Change, schema_of};
use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::apply::{Database, apply_pending};
use dbmigrate_core::engine::replay::replay_in_parts;
use dbmigrate_core::folder::{Folder, Slug};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::split;
use pollster::block_on;

/// A migration: its SQL, and the schema that it says it leads to.
type Step = (String, Schema);

fn folder_of(steps: &[Step]) -> (tempfile::TempDir, Folder) {
    let scratch = crate::support::scratch_folder().expect("a folder");
    let mut folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
    for (sql, schema) in steps {
        folder.add(&Slug::sanitize("step").expect("a name"), sql, &schema.clone().into()).expect("it is written");
    }
    (scratch, folder)
}

/// Whether the replay in one database finds no fault.
fn is_good(folder: &Folder) -> bool {
    let connection = block_on(Connection::in_memory()).expect("a database");
    let mut database = Database::from_connection(connection);
    block_on(apply_pending(&mut database, folder, None, &mut crate::support::Silent)).is_ok()
}

/// Whether the replay in parts finds none. With one object each there are as many parts as there can be.
fn is_good_in_parts(folder: &Folder, schema: &Schema) -> bool {
    match block_on(replay_in_parts(folder, 1)) {
        Some(replayed) => block_on(replayed.check(schema, &[])).is_ok(),
        None => false,
    }
}

/// The histories of this repository as migrations.
fn all_steps() -> Vec<(String, Vec<Step>)> {
    let mut all = Vec::new();
    for (name, states) in histories() {
        let (mut current, mut steps) = (Schema::default(), Vec::new());
        for state in states {
            let desired = schema_of(&state.sql).expect("it loads");
            let mut change = Change {
                current,
                desired: desired.clone(),
                renames: state.renames,
                accept_all: true,
                ..Change::default()
            };
            change.backfills = crate::support::example_backfills(&change).expect("they are found");
            let plan = change.generate().unwrap_or_else(|error| panic!("{name}/{}: {error}", state.name));
            steps.push((plan.to_sql(&state.name), desired.clone()));
            current = desired;
        }
        all.push((name, steps));
    }
    all
}

#[test]
fn a_good_history_is_good_in_parts() {
    let (mut histories, mut good) = (0, 0);
    for (name, steps) in all_steps() {
        for length in 1..=steps.len() {
            let (_scratch, folder) = folder_of(&steps[..length]);
            assert!(is_good(&folder), "{name}, {length} steps");
            histories += 1;
            good += usize::from(is_good_in_parts(&folder, &steps[length - 1].1));
        }
    }
    dbmigrate_test_support::say(&format!("{good} of {histories} histories have parts"));
    // those with virtual tables have none, and those in which all hangs together
    assert!(good >= 20, "only {good} of {histories} histories have parts");
}

#[test]
fn a_history_with_a_fault_is_not_good_in_parts() {
    let (mut faults, mut harmless) = (0, 0);
    for (name, steps) in all_steps() {
        for at in 0..steps.len() {
            let (_scratch, folder) = folder_of(&steps[..=at]);
            if !is_good_in_parts(&folder, &steps[at].1) {
                // where there are no parts, there is nothing to find
                continue;
            }
            for (what, sql) in spoiled(&steps[at].0) {
                // a fault may show with what comes next
                let mut steps = steps[..steps.len().min(at + 2)].to_vec();
                steps[at].0 = sql;
                let (_scratch, folder) = folder_of(&steps);
                if is_good(&folder) {
                    harmless += 1;
                    continue;
                }
                faults += 1;
                let last = &steps.last().expect("a step").1;
                assert!(!is_good_in_parts(&folder, last), "{name}, step {}: {what}:\n{}", at + 1, steps[at].0);
            }
        }
    }
    dbmigrate_test_support::say(&format!("{faults} faults, {harmless} changes that are none"));
    assert!(faults > 200, "only {faults} faults were made");
}

/// A migration with something else done in the place of one of its statements.
fn spoiled(sql: &str) -> Vec<(String, String)> {
    let statements = split(sql);
    let mut spoiled = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let range = statement.start..statement.start + statement.text.len();
        let mut instead = |what: &str, text: String| {
            let mut sql = sql.to_owned();
            sql.replace_range(range.clone(), &text);
            spoiled.push((what.to_owned(), sql));
        };
        instead("left out", "SELECT 1".to_owned());
        instead("done twice", format!("{0};\n{0}", statement.text));
        instead("another object besides", format!("CREATE TABLE besides (x);\n{}", statement.text));
        for (word, other) in
            [(" TEXT", " BLOB"), (" NOT NULL", ""), (" UNIQUE", ""), (" DESC", ""), (" REFERENCES ", " REFERENCES no_")]
        {
            if statement.text.contains(word) {
                instead(word, statement.text.replacen(word, other, 1));
            }
        }
        // the name of what was created before
        if let Some(other) = at.checked_sub(1).map(|before| statements[before]) {
            let name = |text: &str| {
                let mut words = text.split_whitespace().skip_while(|word| !["TABLE", "INDEX", "VIEW"].contains(word));
                words.nth(1).map(str::to_owned)
            };
            if let (Some(own), Some(other)) = (name(statement.text), name(other.text)) {
                instead("named like another", statement.text.replacen(&own, &other, 1));
            }
        }
    }
    spoiled
}

/// `count` tables, each of which refers to the one before, has an index, and in every tenth place a view and a trigger.
fn large(count: usize) -> String {
    let mut sql = String::new();
    for number in 0..count {
        let parent = number.saturating_sub(1);
        let _ = writeln!(
            sql,
            "CREATE TABLE t{number} (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES t{parent} (id), n TEXT);\n\
             CREATE INDEX t{number}_n ON t{number} (n);"
        );
        if number % 10 == 9 {
            let _ = writeln!(
                sql,
                "CREATE VIEW v{number} AS SELECT a.id, b.n FROM t{number} AS a JOIN t{parent} AS b ON b.id = a.parent_id;\n\
                 CREATE TRIGGER g{number} AFTER INSERT ON t{number} BEGIN UPDATE t{parent} SET n = new.n; END;"
            );
        }
    }
    sql
}

#[test]
fn a_large_history_has_parts_and_they_find_what_is_wrong() {
    let sql = large(200);
    let first = schema_of(&sql).expect("it loads");
    let altered =
        format!("{sql}ALTER TABLE t150 ADD COLUMN more TEXT; ALTER TABLE t20 RENAME COLUMN n TO m; DROP VIEW v9;");
    let second = schema_of(&altered).expect("it loads");
    let steps = [(sql.clone(), first), (altered[sql.len()..].to_owned(), second.clone())];
    let good = |steps: &[Step]| {
        let (_scratch, folder) = folder_of(steps);
        let is_good = is_good(&folder);
        let in_parts = block_on(replay_in_parts(&folder, 96)).is_some();
        assert_eq!(is_good, in_parts, "{}", steps[1].0);
        is_good
    };
    assert!(good(&steps));
    for (from, to) in [
        ("ADD COLUMN more TEXT", "ADD COLUMN more BLOB"),
        ("RENAME COLUMN n TO m", "RENAME COLUMN n TO k"),
        ("DROP VIEW v9", "DROP VIEW v19"),
        ("DROP VIEW v9", "DROP TABLE t9"),
        ("DROP VIEW v9", "DROP VIEW v9; CREATE INDEX t5_n ON t190 (n)"),
        ("DROP VIEW v9", "DROP VIEW v9; INSERT INTO t30 (id, parent_id) VALUES (1, 9)"),
    ] {
        let mut steps = steps.clone();
        steps[1].0 = steps[1].0.replace(from, to);
        assert!(!good(&steps), "{to}");
    }
}
