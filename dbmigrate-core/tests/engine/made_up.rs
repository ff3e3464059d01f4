//! Changes whose expressions use columns: they are proven on rows that have a value for them, and applied to real ones.

use crate::support::{Change, Ending, schema_of};
use dbmigrate_core::engine::prove;
use dbmigrate_core::plan::{Decisions, Plan, plan};
use dbmigrate_core::sql::{Expr, Name};
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

fn filled(mut change: Change, column: &str, expr: &str) -> Change {
    let (table, column) = column.split_once('.').expect("a table and a column");
    change.backfills.insert((table.into(), column.into()), Expr::new(expr));
    change
}

#[track_caller]
fn ending(change: &Change) -> Ending {
    let folder = crate::support::scratch_folder().expect("a folder");
    change.run(folder.path()).unwrap_or_else(|error| panic!("{error}"))
}

/// Applied to the rows, after a proof that had rows of its own.
#[track_caller]
fn is_proven_and_applies(change: &Change) {
    let unproven = proof(change).unproven;
    assert!(unproven.is_empty(), "proven on the empty table only: {unproven:?}");
    match ending(change) {
        Ending::Applied(..) => {}
        Ending::RefusedByGenerate(reason) | Ending::RefusedByMigrate(reason) | Ending::NoStart(reason) => {
            panic!("{reason}")
        }
    }
}

fn planned(change: &Change) -> Plan {
    let difference =
        dbmigrate_core::diff::diff(&change.current, &change.desired, &change.renames).expect("a difference");
    let decisions =
        Decisions { renames: change.renames.clone(), backfills: change.backfills.clone(), ..Decisions::default() };
    plan(&change.current, &change.desired, &difference, &decisions).expect("a plan")
}

#[track_caller]
fn proof(change: &Change) -> prove::Proof {
    let plan = planned(change);
    block_on(prove::prove(&change.current, &change.desired, &change.renames, &plan))
        .unwrap_or_else(|error| panic!("{error}"))
}

const DOC: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT NOT NULL, w TEXT)";

#[test]
fn rows_are_made_for_the_expressions_that_use_a_column() {
    for (after, row) in [
        ("d TEXT NOT NULL, w TEXT, g TEXT AS (json_extract(d, '$.a.b')) STORED", "{\"a\":{\"b\":1}}"),
        ("d TEXT NOT NULL, w TEXT, g TEXT AS (d ->> 'kind') STORED NOT NULL", "{\"kind\":\"x\"}"),
        ("d TEXT NOT NULL, w TEXT, g INTEGER AS (json_array_length(d)) STORED NOT NULL", "[1]"),
        ("d TEXT NOT NULL CHECK (json_valid(d)), w TEXT", "[1]"),
        ("d TEXT NOT NULL, w TEXT, g BLOB AS (vector32(d)) STORED", "[1,2,3]"),
        (
            "d TEXT NOT NULL, w TEXT, g REAL AS (vector_distance_cos(vector32(d), vector32('[1,2,3,4]'))) STORED",
            "[1,2,3,4]",
        ),
        ("d TEXT NOT NULL, w TEXT, g INTEGER AS (CAST(strftime('%Y', d) AS INTEGER)) STORED NOT NULL", "2020-01-01"),
        ("d TEXT NOT NULL, w TEXT, g REAL AS (julianday(d)) STORED NOT NULL", "2020-01-01"),
        ("d TEXT NOT NULL, w TEXT, g BLOB AS (unhex(d)) STORED NOT NULL", "00ff"),
        (
            "d TEXT NOT NULL CHECK (length(d) = 36 AND d GLOB '[0-9a-f]*-[0-9a-f]*-*'), w TEXT",
            "00000001-0000-4000-8000-000000000001",
        ),
        ("d TEXT NOT NULL CHECK (d LIKE '%_@_%.__%'), w TEXT", "a@b.com"),
        ("d TEXT NOT NULL CHECK (d LIKE 'https://%'), w TEXT", "https://a.b"),
        ("d TEXT NOT NULL, w TEXT, g INTEGER AS (CAST(d AS INTEGER)) STORED NOT NULL CHECK (g > 0)", "12"),
    ] {
        let after = format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {after})");
        is_proven_and_applies(&change(DOC, &after, &format!("INSERT INTO t VALUES (1, '{row}', NULL)")));
    }
}

#[test]
fn rows_are_made_for_indexes_and_predicates() {
    for index in [
        "CREATE INDEX i ON t (json_extract(d, '$.id'))",
        "CREATE UNIQUE INDEX i ON t (json_extract(d, '$.id'))",
        "CREATE INDEX i ON t (w) WHERE json_extract(d, '$.on') = 1",
        "CREATE INDEX i ON t (d -> '$.a', w)",
    ] {
        let after = format!("{DOC}; {index}");
        let rows = "INSERT INTO t VALUES (1, '{\"id\":1}', 'x'), (2, '{\"id\":2}', NULL)";
        is_proven_and_applies(&change(DOC, &after, rows));
        // and for those that were there before the table is rebuilt
        let rebuilt = format!("{}; {index}", DOC.replace("w TEXT", "w TEXT CHECK (w <> '')"));
        is_proven_and_applies(&change(&after, &rebuilt, rows));
    }
}

#[test]
fn one_column_holds_json_and_another_a_date() {
    let after = DOC.replace(
        "w TEXT",
        "w TEXT, k TEXT AS (json_extract(d, '$.k')) STORED NOT NULL, y TEXT AS (strftime('%Y', w)) STORED",
    );
    let rows = "INSERT INTO t VALUES (1, '{\"k\":1}', '2020-01-01'), (2, '{\"k\":2}', NULL)";
    is_proven_and_applies(&change(DOC, &after, rows));
}

#[test]
fn rows_are_made_for_backfills() {
    for (expr, row) in [
        ("coalesce(json_extract(d, '$.kind'), 'none')", "{}"),
        ("d ->> '$.kind'", "{\"kind\":\"a\"}"),
        ("CAST(strftime('%Y', d) AS INTEGER)", "2020-02-02"),
        ("unhex(t.d)", "00"),
        ("(SELECT count(*) FROM json_each(d, '$.tags'))", "{\"tags\":[1]}"),
        ("(SELECT value FROM json_each(d) LIMIT 1)", "[1]"),
    ] {
        let after = DOC.replace("w TEXT", "w TEXT, k NOT NULL");
        let rows = format!("INSERT INTO t VALUES (1, '{row}', NULL)");
        is_proven_and_applies(&filled(change(DOC, &after, &rows), "t.k", expr));
    }
}

#[test]
fn views_and_triggers_say_what_a_column_holds() {
    let more = "CREATE TABLE l (v); CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO l SELECT value FROM json_each(NEW.d); END;
                CREATE VIEW v AS SELECT t.id, j.value FROM t, json_each(t.d) AS j";
    let after = format!("{}; {more}", DOC.replace("w TEXT", "w TEXT NOT NULL DEFAULT 'x'"));
    is_proven_and_applies(&change(&format!("{DOC}; {more}"), &after, "INSERT INTO t VALUES (1, '[1]', NULL)"));
}

#[test]
fn where_no_row_has_a_value_the_proof_says_that_it_had_none() {
    let after = DOC.replace("w TEXT", "w TEXT, k TEXT NOT NULL");
    let expr = "json_extract(d, '$.k') || json_extract('{' || d || w, '$.k')";
    let rows = "INSERT INTO t VALUES (1, '\"k\":1', '}')";
    let change = filled(change(DOC, &after, rows), "t.k", expr);
    let proof = proof(&change);
    assert!(proof.empty.contains(&Name::from("t")) && proof.unproven == [Name::from("t")], "{proof:?}");
}

#[test]
fn a_full_text_index_over_a_view_is_made_in_one_step_and_survives_changes() {
    let leaf = "CREATE TABLE leaf (id INTEGER PRIMARY KEY, words TEXT NOT NULL, n INT);";
    let view = "CREATE VIEW shown AS SELECT id, words FROM leaf;";
    let index = "CREATE VIRTUAL TABLE f USING fts5(words, content='shown', content_rowid='id');";
    let hits = "CREATE VIEW hits AS SELECT rowid AS id FROM f WHERE f MATCH 'one';";
    let all = format!("{leaf}{view}{index}{hits}");
    let rows = "INSERT INTO leaf VALUES (1, 'one', 2), (2, 'two', NULL)";
    let found = |ending: Ending| match ending {
        Ending::Applied(database, plan) => {
            let rows = block_on(database.connection().rows("SELECT id FROM hits")).expect("it can be read");
            (rows.len(), plan.to_sql(""))
        }
        Ending::RefusedByGenerate(reason) | Ending::RefusedByMigrate(reason) | Ending::NoStart(reason) => {
            panic!("{reason}")
        }
    };
    assert_eq!(found(ending(&change("", &all, ""))).0, 0);
    let (count, sql) = found(ending(&change(leaf, &all, rows)));
    assert_eq!(count, 1, "{sql}");
    let indexed = format!("{rows}; INSERT INTO f (f) VALUES ('rebuild')");
    // the table is rebuilt, the view changes, the index changes: what is found is what is there
    let rebuilt = all.replace("n INT", "n INT NOT NULL DEFAULT 1");
    assert_eq!(found(ending(&change(&all, &rebuilt, &indexed))).0, 1);
    let other_view = all.replace("SELECT id, words FROM leaf", "SELECT id, words || ' one' AS words FROM leaf");
    let (count, sql) = found(ending(&change(&all, &other_view, &indexed)));
    assert_eq!(count, 2, "{sql}");
    let other_index = all.replace("content_rowid='id'", "content_rowid='id', prefix=2");
    assert_eq!(found(ending(&change(&all, &other_index, &indexed))).0, 1);
    assert!(matches!(ending(&change(&all, leaf, &indexed)), Ending::Applied(..)));
}

/// What the refusal of a change to these rows says.
#[track_caller]
fn refusal(change: &Change) -> String {
    match ending(change) {
        Ending::RefusedByMigrate(reason) => reason,
        Ending::Applied(..) => panic!("applied"),
        Ending::RefusedByGenerate(reason) | Ending::NoStart(reason) => panic!("{reason}"),
    }
}

#[test]
fn a_real_row_that_an_expression_fails_on_is_named() {
    let rows = "INSERT INTO t VALUES (3, '{\"a\":1}', NULL), (70, 'not json', NULL), (500, 'nor this', NULL), (501, '[]', NULL)";
    for after in [
        format!("{DOC}; CREATE INDEX i ON t (json_extract(d, '$.a'))"),
        format!("{DOC}; CREATE UNIQUE INDEX i ON t (json_extract(d, '$.a'))"),
        DOC.replace("w TEXT", "w TEXT, g TEXT AS (json_extract(d, '$.a')) STORED"),
        DOC.replace("w TEXT", "w TEXT CHECK (json_extract(d, '$.a') IS NULL OR w IS NULL)"),
    ] {
        let reason = refusal(&change(DOC, &after, rows));
        assert!(reason.contains("fails on 2 rows of `t`, at rowid 70, 500: malformed JSON"), "{after}: {reason}");
    }
    let after = DOC.replace("w TEXT", "w TEXT, k TEXT");
    let reason = refusal(&filled(change(DOC, &after, rows), "t.k", "json_extract(d, '$.a')"));
    assert!(reason.contains("fails on 2 rows of `t`, at rowid 70, 500: malformed JSON"), "{reason}");
    let vector = DOC.replace("w TEXT", "w TEXT, v BLOB AS (vector32(d)) STORED");
    let reason = refusal(&change(DOC, &vector, "INSERT INTO t VALUES (1, '[1]', NULL), (9, 'x', NULL)"));
    assert!(reason.contains("fails on 1 row of `t`, at rowid 9: "), "{reason}");
}
