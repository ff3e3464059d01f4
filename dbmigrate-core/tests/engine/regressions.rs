//! What random changes once got wrong, each in its smallest form.

use std::collections::BTreeMap;

use crate::support::{Change, Ending, schema_of};
use dbmigrate_core::ddl::{Object, read, render};
use dbmigrate_core::diff::Renames;
use dbmigrate_core::engine::apply::{ApplyError, Failure};
use dbmigrate_core::engine::prove;
use dbmigrate_core::folder::{Folder, Slug, Snapshot};
use dbmigrate_core::sql::Name;
use pollster::block_on;

fn change(before: &str, after: &str, rows: &str) -> Change {
    Change {
        current: schema_of(before).expect("a schema"),
        desired: schema_of(after).expect("a schema"),
        seed: rows.to_owned(),
        accept_all: true,
        ..Change::default()
    }
}

fn ending(change: &Change) -> Ending {
    let folder = crate::support::scratch_folder().expect("a folder");
    change.run(folder.path()).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn applies(change: &Change) {
    match ending(change) {
        Ending::Applied(..) => {}
        Ending::RefusedByGenerate(reason) | Ending::RefusedByMigrate(reason) | Ending::NoStart(reason) => {
            panic!("{reason}")
        }
    }
}

/// The rows are refused before anything is touched, for a reason that says so.
#[track_caller]
fn is_refused(change: &Change, words: &str) {
    match ending(change) {
        Ending::RefusedByMigrate(reason) => assert!(reason.contains(words), "{reason}"),
        Ending::Applied(..) => panic!("applied"),
        Ending::RefusedByGenerate(reason) | Ending::NoStart(reason) => panic!("{reason}"),
    }
}

fn populated(change: Change) -> Change {
    Change { populate: true, ..change }
}

#[test]
fn a_conflict_clause_that_rolls_back_does_not_undo_the_database_of_the_proof() {
    let before = "CREATE TABLE t (a INTEGER PRIMARY KEY ON CONFLICT ROLLBACK, CHECK (a IN (7, 8)))";
    applies(&change(before, &format!("{before} STRICT"), "INSERT INTO t VALUES (7)"));
}

#[test]
fn a_trigger_does_not_refill_a_table_that_the_proof_empties() {
    let trigger = "CREATE TRIGGER tr AFTER DELETE ON t BEGIN INSERT INTO t (a) VALUES (OLD.a); END";
    let before = format!("CREATE TABLE t (a); {trigger}");
    let after = format!("CREATE TABLE t (a, b INT NOT NULL); {trigger}");
    is_refused(&change(&before, &after, "INSERT INTO t VALUES (1)"), "no value for `b`");
}

#[test]
fn rows_arrive_even_if_all_their_columns_are_new() {
    let after = "CREATE TABLE t (b TEXT DEFAULT 'x', c INT, PRIMARY KEY (b)) WITHOUT ROWID";
    applies(&change("CREATE TABLE t (a)", after, "INSERT INTO t VALUES (1)"));
}

#[test]
fn a_new_integer_primary_key_takes_over_the_rowids() {
    let rows = "INSERT INTO t VALUES ('x'), ('y'), ('z'); DELETE FROM t WHERE a = 'y'";
    let Ending::Applied(database, _) =
        ending(&change("CREATE TABLE t (a)", "CREATE TABLE t (id INTEGER PRIMARY KEY, a)", rows))
    else {
        panic!("not applied")
    };
    let found = pollster::block_on(database.connection().rows("SELECT id, a FROM t")).expect("rows");
    assert_eq!(format!("{found:?}"), "[[Integer(1), Text(\"x\")], [Integer(3), Text(\"z\")]]");
}

#[test]
fn a_default_that_all_rows_would_share_is_refused_where_it_becomes_a_key() {
    let change = populated(change(
        "CREATE TABLE t (a TEXT)",
        "CREATE TABLE t (a TEXT, b NUMERIC DEFAULT -1 UNIQUE)",
        "INSERT INTO t VALUES (1), (2)",
    ));
    is_refused(&change, "in `t` (b), which becomes unique");
}

#[test]
fn a_default_that_refers_to_no_row_is_refused_by_the_rows_and_not_taken_for_a_bug() {
    let before = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a TEXT)";
    let after = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a TEXT, p INT DEFAULT 99 REFERENCES p)";
    is_refused(&populated(change(before, after, "")), "ForeignKeys");
}

#[test]
fn a_unique_column_that_changes_its_collation_is_tested_for_duplicates() {
    let change = change(
        "CREATE TABLE t (a TEXT UNIQUE)",
        "CREATE TABLE t (a TEXT COLLATE NOCASE UNIQUE)",
        "INSERT INTO t VALUES ('a'), ('A')",
    );
    is_refused(&change, "in `t` (a), which becomes unique");
}

#[test]
fn only_integers_become_rowids() {
    let (before, after) = ("CREATE TABLE t (a TEXT, b)", "CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
    let already = "CREATE TABLE t (a INTEGER, b)";
    is_refused(&change(already, after, "INSERT INTO t VALUES ('x', 1)"), "becomes the primary key");
    is_refused(&change(before, after, "INSERT INTO t VALUES ('x', 1)"), "conversion from TEXT to INTEGER");
    is_refused(&change(before, after, "INSERT INTO t VALUES (NULL, 1)"), "NULL in `t.a`");
    applies(&change(before, after, "INSERT INTO t VALUES ('12', 1)"));
}

#[test]
fn values_of_any_are_not_converted_when_a_table_stops_being_strict() {
    let (before, after) = ("CREATE TABLE t (a ANY) STRICT", "CREATE TABLE t (a ANY)");
    let change = change(before, after, "INSERT INTO t VALUES ('007')");
    is_refused(&Change { accept_all: false, ..change }, "no longer STRICT");
}

#[test]
fn text_that_is_not_utf_8_is_shown_in_a_refusal() {
    let change = change(
        "CREATE TABLE t (a TEXT)",
        "CREATE TABLE t (a TEXT UNIQUE)",
        "INSERT INTO t VALUES (CAST(x'61ff' AS TEXT)), (CAST(x'61ff' AS TEXT))",
    );
    is_refused(&change, "which becomes unique: 'a\u{fffd}'");
}

#[test]
fn a_null_that_a_new_key_fills_with_its_default_is_no_lost_row() {
    let before = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT DEFAULT 1.5, c) WITHOUT ROWID";
    let rows = "INSERT INTO t VALUES (1, NULL, 'x'), (2, 'two', NULL)";
    for key in ["b", "b, c", "c, b"] {
        let after =
            format!("CREATE TABLE t (a INTEGER, b TEXT DEFAULT 1.5, c DEFAULT 0, PRIMARY KEY ({key})) WITHOUT ROWID");
        applies(&change(before, &after, rows));
    }
}

#[test]
fn a_generated_column_that_would_be_null_is_refused_by_the_rows() {
    let after = "CREATE TABLE t (a, b NOT NULL AS (upper(a)))";
    is_refused(&populated(change("CREATE TABLE t (a)", after, "")), "would get NULL");
}

#[test]
fn a_preflight_survives_swapped_names_and_a_column_called_like_its_table() {
    let mut change = change(
        "CREATE TABLE a (a INT, b INT)",
        "CREATE TABLE a (b INT, a INT, CHECK (a.b <> 2 OR a > 5))",
        "INSERT INTO a (a, b) VALUES (1, 2)",
    );
    let name = |name: &str| Name::from(name);
    change.renames.columns = vec![(name("a"), name("a"), name("b")), (name("a"), name("b"), name("a"))];
    applies(&change);
    change.seed = "INSERT INTO a (a, b) VALUES (2, 1)".to_owned();
    is_refused(&change, "CHECK (a.b");
}

#[test]
fn a_foreign_key_to_a_new_column_under_an_old_name_does_not_look_at_the_old_one() {
    let before = "CREATE TABLE t (a TEXT REFERENCES t (b), b INT PRIMARY KEY)";
    let mut change = change(before, "CREATE TABLE t (b TEXT REFERENCES t (a), a INT PRIMARY KEY)", "");
    change.renames.columns = vec![("t".into(), "a".into(), "b".into())];
    is_refused(&populated(change), "ForeignKeys");
}

#[test]
fn a_new_generated_column_is_added_behind_the_new_columns_that_it_reads() {
    let after = "CREATE TABLE t (a, g AS (b || h), h AS (b || 1), b TEXT DEFAULT 'x')";
    applies(&populated(change("CREATE TABLE t (a)", after, "")));
}

#[test]
fn a_virtual_table_of_another_kind_is_left_to_its_author() {
    let change = change("CREATE VIRTUAL TABLE v USING fts5(x)", "CREATE VIRTUAL TABLE v USING rtree(id, a, b)", "");
    assert!(matches!(ending(&change), Ending::RefusedByGenerate(reason) if reason.contains("--custom")));
}

#[test]
fn a_key_that_sqlite_cannot_rename_is_refused_with_a_way_out() {
    let table = |key: &str| format!("CREATE TABLE t ({key} INTEGER PRIMARY KEY, x, UNIQUE ({key}, x)) WITHOUT ROWID");
    let mut change = change(&table("a"), &table("b"), "");
    change.renames = Renames { columns: vec![("t".into(), "a".into(), "b".into())], ..Renames::default() };
    assert!(matches!(ending(&change), Ending::RefusedByGenerate(reason) if reason.contains("SQLite cannot rename")));
}

#[test]
fn a_backfill_that_reads_a_new_table_is_not_evaluated_before_the_migration() {
    let mut change = populated(change(
        "CREATE TABLE t (a)",
        "CREATE TABLE n (id INTEGER PRIMARY KEY); CREATE TABLE t (a, b NOT NULL UNIQUE)",
        "",
    ));
    change.backfills = BTreeMap::from([(("t".into(), "b".into()), "(SELECT count(*) FROM n) + rowid".into())]);
    applies(&change);
}

#[test]
fn a_collation_behind_an_indexed_expression_is_that_of_the_whole() {
    for (written, rendered) in [
        ("(a) COLLATE NOCASE", "a COLLATE NOCASE"),
        ("lower(a) COLLATE NOCASE DESC", "(lower(a)) COLLATE NOCASE DESC"),
        ("a || b COLLATE NOCASE", "a || b COLLATE NOCASE"),
        ("(a || b) COLLATE NOCASE", "(a || b) COLLATE NOCASE"),
    ] {
        let table = Name::from("t");
        let Ok(Object::Index(_, index)) = read(&format!("CREATE INDEX i ON t ({written})")) else {
            panic!("{written}")
        };
        let text = render::create_index(&table, &index);
        let Ok(Object::Index(_, again)) = read(&text) else { panic!("{text}") };
        assert_eq!(again, index, "{text}");
        let Ok(Object::Index(_, other)) = read(&format!("CREATE INDEX i ON t ({rendered})")) else {
            panic!("{rendered}")
        };
        assert_eq!(other, index, "{written}");
    }
}

#[test]
fn orphans_are_looked_for_by_the_columns_that_the_parent_had() {
    let mut change = change(
        "CREATE TABLE p (a, b, UNIQUE (a, b)); CREATE TABLE c (x, y)",
        "CREATE TABLE p (a2, b, a DEFAULT 1, UNIQUE (a2, b), UNIQUE (a, a2));
         CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p (a, a2))",
        "INSERT INTO p VALUES (5, 6); INSERT INTO c VALUES (1, 5)",
    );
    change.renames = Renames { columns: vec![("p".into(), "a".into(), "a2".into())], ..Renames::default() };
    // a new column `a` has taken the name of the old one, whose values say nothing about it
    applies(&change);
}

#[test]
fn rows_that_refer_to_refused_rows_are_refused_in_their_turn() {
    let change = populated(change(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (x)",
        "CREATE TABLE p (id INTEGER PRIMARY KEY, n TEXT NOT NULL); CREATE TABLE c (x REFERENCES p (id))",
        "",
    ));
    // the proof has to go on without the rows of `p`, and so without those of `c`
    is_refused(&change, "no value for `n`");
}

#[test]
fn what_ran_outside_of_a_transaction_is_said_to_stay() {
    let folder = crate::support::scratch_folder().expect("a folder");
    let mut migrations = Folder::open(folder.path().join("migrations")).expect("a folder");
    let slug = Slug::sanitize("a").expect("a name");
    let sql = "-- dbmigrate: no-transaction\nCREATE TABLE not_in_the_snapshot (a);\n";
    migrations.add(&slug, sql, &Snapshot::default()).expect("it is written");
    let mut database = crate::support::open(&folder.path().join("test.db")).expect("a database");
    let failed = crate::support::apply(&mut database, &migrations);
    let Err(ApplyError::Migration { failure, differences, .. }) = failed else { panic!("{failed:?}") };
    assert!(matches!(*failure, Failure::NotUndone(_)), "{failure:?}");
    assert_eq!(differences, ["drop table not_in_the_snapshot"]);
}

#[test]
fn an_unnamed_column_of_a_view_is_the_same_however_its_lines_break() {
    let schema = schema_of("CREATE VIEW v AS SELECT 1 +\n    2").expect("a schema");
    let fields = |name: &str| [("v".into(), vec![name.into()])];
    let check = |name: &str| block_on(prove::check_declaration(&schema, &fields(name)));
    check("1 + 2").expect("it is the same column");
    let error = check("1 + 3").expect_err("it is another one").to_string();
    assert!(error.contains("but the query does not return it"), "{error}");
}

#[test]
fn an_indexed_expression_with_a_collation_gets_no_parentheses_that_it_does_not_need() {
    let written = |part: &str| {
        let sql = format!("CREATE TABLE t (a TEXT); CREATE INDEX i ON t ({part})");
        let schema = schema_of(&sql).expect("a schema");
        let index = schema.tables.iter().next().and_then(|table| table.indexes.iter().next());
        render::create_index(&"t".into(), index.expect("there is one"))
    };
    for part in
        ["lower(a) COLLATE NOCASE", "(lower(a)) COLLATE NOCASE", "(a || 'x') COLLATE NOCASE", "a COLLATE NOCASE"]
    {
        assert_eq!(written(part), format!("CREATE INDEX i ON t ({part})"));
    }
    assert_eq!(written("NOT (a) COLLATE NOCASE"), "CREATE INDEX i ON t (NOT (a) COLLATE NOCASE)");
}

#[test]
fn a_generated_column_of_a_strict_table_with_values_of_another_type_is_refused_by_the_rows() {
    let table =
        |column: &str, strict: &str| format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT{column}) {strict}");
    let rows = "INSERT INTO t (id, a) VALUES (1, '12'), (2, 'x'), (3, 'y')";
    for kind in ["VIRTUAL", "STORED"] {
        let number = format!(", n INTEGER AS (a) {kind}");
        for (before, after) in [
            (table("", "STRICT"), table(&number, "STRICT")),
            (table(&number, ""), table(&number, "STRICT")),
            (table(&format!(", n TEXT AS (a) {kind}"), "STRICT"), table(&number, "STRICT")),
            (table(&format!(", n INTEGER AS (length(a)) {kind}"), "STRICT"), table(&number, "STRICT")),
        ] {
            is_refused(&change(&before, &after, rows), "2 rows of `t` would get a value in `n` that is not INTEGER");
            applies(&change(&before, &after, "INSERT INTO t (id, a) VALUES (1, '12'), (2, NULL)"));
        }
    }
    // what a renamed and converted column computes
    let mut renamed = change(
        &table("", "STRICT"),
        "CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT, n REAL AS (b || '') VIRTUAL) STRICT",
        rows,
    );
    renamed.renames = Renames { columns: vec![("t".into(), "a".into(), "b".into())], ..Renames::default() };
    is_refused(&renamed, "2 rows of `t` would get a value in `n` that is not REAL");
    // whatever was there before stays
    applies(&change(&table(", n INTEGER AS (a) VIRTUAL", ""), &table(", n INTEGER AS (a) VIRTUAL, m ANY", ""), rows));
}
