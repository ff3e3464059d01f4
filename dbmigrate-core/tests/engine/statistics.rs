//! What `ANALYZE` has gathered stays where a table is rebuilt or renamed.

use crate::support::{Change, Ending, schema_of};
use dbmigrate_core::engine::apply::Database;
use pollster::block_on;

const BEFORE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INTEGER, c INTEGER);\
    CREATE INDEX tb ON t (b); CREATE INDEX tbc ON t (b, c) WHERE c > 0; CREATE INDEX tc ON t (c);\
    CREATE TABLE w (k TEXT PRIMARY KEY, v INTEGER) WITHOUT ROWID; CREATE INDEX wv ON w (v);\
    CREATE TABLE other (x INTEGER); CREATE INDEX ox ON other (x)";

fn rows() -> String {
    let rows = (1..200).map(|n| {
        format!("INSERT INTO t VALUES ({n}, 'a{n}', {n} % 10, {n} % 3); INSERT INTO w VALUES ('k{n}', {n} % 7); INSERT INTO other VALUES ({n} % 5)")
    });
    format!("{}; ANALYZE", rows.collect::<Vec<_>>().join(";"))
}

fn applied(change: &Change) -> Database {
    let folder = crate::support::scratch_folder().expect("a folder");
    match change.run(folder.path()).unwrap_or_else(|error| panic!("{error}")) {
        Ending::Applied(database, _) => database,
        Ending::RefusedByGenerate(reason) | Ending::RefusedByMigrate(reason) | Ending::NoStart(reason) => {
            panic!("{reason}")
        }
    }
}

fn changed(after: &str) -> Change {
    let (current, desired) = (schema_of(BEFORE).expect("a schema"), schema_of(after).expect("a schema"));
    Change { current, desired, seed: rows(), ..Change::default() }
}

fn statistics(database: &Database) -> Vec<String> {
    let query = "SELECT tbl || ' ' || ifnull(idx, '-') || ': ' || stat FROM sqlite_stat1 WHERE tbl NOT GLOB '_dbmigrate*' ORDER BY 1";
    let rows = block_on(database.connection().rows(query)).expect("rows");
    rows.iter().map(|row| dbmigrate_core::engine::connection::text(&row[0]).to_owned()).collect()
}

#[test]
fn the_statistics_of_a_table_stay_when_it_is_rebuilt() {
    let after = BEFORE
        .replace("b INTEGER,", "b INTEGER NOT NULL DEFAULT 5, new TEXT,")
        .replace("v INTEGER", "v INTEGER NOT NULL DEFAULT 0");
    let database = applied(&changed(&after));
    let known = [
        "other ox: 199 40",
        "t sqlite_autoindex_t_1: 199 1",
        "t tb: 199 20",
        "t tbc: 133 14 7",
        "t tc: 199 67",
        "w w: 199 1",
        "w wv: 199 29",
    ];
    assert_eq!(statistics(&database), known);
    let fresh = applied(&Change { desired: schema_of(BEFORE).expect("a schema"), ..changed(BEFORE) });
    assert_eq!(statistics(&database), statistics(&fresh));
}

#[test]
fn the_statistics_follow_a_rename_with_and_without_a_rebuild() {
    for rebuilt in [false, true] {
        let after = BEFORE.replace("TABLE t ", "TABLE renamed ").replace(" ON t ", " ON renamed ");
        let after = if rebuilt { after.replace("b INTEGER,", "b INTEGER NOT NULL DEFAULT 5,") } else { after };
        let mut change = changed(&after);
        change.renames.tables.push(("t".into(), "renamed".into()));
        let fresh = statistics(&applied(&changed(BEFORE)));
        let mut wanted: Vec<String> = fresh
            .iter()
            .map(|line| match line.strip_prefix("t ") {
                Some(rest) => format!("renamed {}", rest.replace("autoindex_t_", "autoindex_renamed_")),
                None => line.clone(),
            })
            .collect();
        wanted.sort();
        assert_eq!(statistics(&applied(&change)), wanted);
    }
}

#[test]
fn the_statistics_of_an_index_that_changes_or_goes_do_not_stay() {
    let after = BEFORE
        .replace("b INTEGER,", "b INTEGER NOT NULL DEFAULT 5,")
        .replace("CREATE INDEX tc ON t (c);", "")
        .replace("INDEX tbc ON t (b, c)", "INDEX tbc ON t (c, b)")
        .replace("a TEXT UNIQUE", "a TEXT");
    let found = statistics(&applied(&changed(&after)));
    let tables: Vec<&str> = found.iter().filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
    assert_eq!(tables, ["other ox", "t tb", "w w", "w wv"], "{found:?}");
}
