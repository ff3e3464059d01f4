//! What is found in scripts, without a database.

use super::*;
use crate::ddl::read::schema_of;
use crate::sql::split;

/// The queries that are sure to fail where the script does, and those that may.
fn queries(schema: &str, script: &str) -> (Vec<String>, Vec<String>) {
    let schema = schema_of(schema);
    let found = evaluations(&schema, &split(script));
    let (certain, others): (Vec<Evaluation>, Vec<Evaluation>) = found.into_iter().partition(|one| one.is_certain);
    let query = |found: Vec<Evaluation>| found.iter().map(Evaluation::query).collect();
    (query(certain), query(others))
}

fn certain(schema: &str, script: &str) -> Vec<String> {
    queries(schema, script).0
}

const T: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT, n INTEGER)";

#[test]
fn what_cannot_fail_is_not_looked_at() {
    for script in [
        "CREATE INDEX i ON t (d)",
        "CREATE INDEX i ON t (lower(d)) WHERE n > 0",
        "ALTER TABLE t ADD COLUMN k TEXT DEFAULT ''",
        "ALTER TABLE t ADD COLUMN k TEXT AS (lower(d))",
        "UPDATE t SET d = trim(d) WHERE n IN (1, 2)",
        "CREATE TABLE h (id INTEGER PRIMARY KEY, d TEXT CHECK (length(d) < 9)); INSERT INTO h (id, d) SELECT id, d FROM t",
        "CREATE INDEX i ON t (libsql_vector_idx(d))",
        "CREATE TABLE other (d TEXT, k TEXT AS (json(d))); CREATE INDEX o ON other (json(d))",
    ] {
        assert_eq!(queries(T, script), (vec![], vec![]), "{script}");
    }
}

#[test]
fn what_an_index_leaves_out_is_not_evaluated() {
    assert_eq!(
        certain(T, "CREATE INDEX i ON t (json(d), n) WHERE json_valid(d)"),
        ["SELECT count(CASE WHEN (json_valid(d)) THEN (json(d)) END) FROM t"]
    );
    assert_eq!(
        certain(T, "CREATE INDEX i ON t (n) WHERE json_valid(d) AND d -> 'a'"),
        ["SELECT count(CASE WHEN (json_valid(d) AND d -> 'a') THEN 1 END) FROM t"]
    );
}

#[test]
fn a_script_is_followed_to_the_tables_as_they_were() {
    let renamed = "ALTER TABLE t RENAME COLUMN d TO e; ALTER TABLE t RENAME TO u; CREATE INDEX i ON u (json(u.e))";
    assert_eq!(
        certain(T, renamed),
        ["SELECT count((json(u.e))) FROM (SELECT rowid AS rowid, id AS id, e AS e, n AS n FROM \
          (SELECT rowid AS rowid, id AS id, d AS e, n AS n FROM t) AS t) AS u"]
    );
    let rebuilt = "CREATE TABLE h (id INTEGER PRIMARY KEY, d TEXT, m ANY, g TEXT AS (json(d)));
                   INSERT INTO h (id, d, m) SELECT id, d, abs(n) FROM t;
                   DROP TABLE t; ALTER TABLE h RENAME TO t; CREATE INDEX i ON t (json(d)); CREATE INDEX j ON t (json(m))";
    let (sure, others) = queries(T, rebuilt);
    assert_eq!(sure.len(), 3, "{sure:?}");
    assert_eq!(sure[0], "SELECT count((abs(n))) FROM t");
    // what is stored of a converted value only the engine knows
    assert_eq!(others.len(), 1, "{others:?}");
}

#[test]
fn rows_that_the_script_mends_or_takes_away_are_not_held_against_it() {
    for script in [
        "UPDATE t SET d = '{}' WHERE NOT json_valid(d); CREATE INDEX i ON t (json(d))",
        "DELETE FROM t; CREATE INDEX i ON t (json(d))",
        "INSERT OR REPLACE INTO t VALUES (1, '{}', 1); CREATE INDEX i ON t (json(d))",
        "WITH x AS (SELECT 1) DELETE FROM t WHERE 1; CREATE INDEX i ON t (json(d))",
        "UPDATE t SET d = x.d FROM x; CREATE INDEX i ON t (json(d))",
        "ALTER TABLE t ALTER COLUMN d TO d BLOB; CREATE INDEX i ON t (json(d))",
        "UPDATE main.t SET d = '{}'; CREATE INDEX i ON t (json(d))",
        "DELETE FROM main.t; CREATE INDEX i ON t (json(d))",
        "INSERT INTO t SELECT id, '{}', n FROM t WHERE true ON CONFLICT (id) DO UPDATE SET d = '{}'; CREATE INDEX i ON t (json(d))",
        "ALTER TABLE main.t RENAME TO u; CREATE TABLE t (d); CREATE INDEX i ON t (json(d))",
        "CREATE TABLE h AS SELECT * FROM t; CREATE INDEX i ON t (json(d))",
        "CREATE TABLE h (d TEXT); INSERT INTO h SELECT max(d) FROM t; CREATE INDEX i ON h (json(d))",
        "CREATE TABLE h (d TEXT); INSERT INTO h SELECT d FROM t LIMIT 1; CREATE INDEX i ON h (json(d))",
    ] {
        assert_eq!(certain(T, script), Vec::<String>::new(), "{script}");
    }
    let left = certain(T, "DELETE FROM t WHERE NOT json_valid(d); CREATE INDEX i ON t (json(d))");
    assert!(left[0].contains("(NOT json_valid(d)) IS NOT TRUE"), "{left:?}");
    let fires =
        format!("{T}; CREATE TABLE a (x); CREATE TRIGGER r AFTER INSERT ON a BEGIN UPDATE t SET d = '{{}}'; END");
    assert_eq!(certain(&fires, "INSERT INTO a VALUES (1); CREATE INDEX i ON t (json(d))"), Vec::<String>::new());
}

#[test]
fn a_copy_with_a_row_for_each_row_is_followed() {
    for (value, is_one) in [
        ("abs(n)", true),
        ("(SELECT count(*) FROM json_each(d))", true),
        ("max(abs(n), 0)", true),
        ("max(abs(n))", false),
        ("coalesce(sum(n), 0)", false),
        ("max(min(n, abs(n)))", false),
    ] {
        let found = certain(T, &format!("CREATE TABLE h (x ANY); INSERT INTO h (x) SELECT {value} FROM t"));
        assert_eq!(found.len(), usize::from(is_one), "{value}: {found:?}");
    }
}

#[test]
fn a_script_that_is_long_ends_soon() {
    let updates = "UPDATE t SET d = trim(d);".repeat(20_000);
    assert_eq!(certain(T, &format!("{updates} CREATE INDEX i ON t (json(d))")), Vec::<String>::new());
    let rebuild = "CREATE TABLE h_ (x ANY); INSERT INTO h_ (x) SELECT json(d) FROM t; ALTER TABLE h_ RENAME TO g_;";
    let rebuilds: Vec<String> = (0..2_000).map(|at| rebuild.replace('_', &at.to_string())).collect();
    let rebuilds = rebuilds.concat();
    assert_eq!(certain(T, &rebuilds).len(), 2_000);
}

#[test]
fn a_column_that_is_computed_fails_where_it_is_read() {
    let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT, g TEXT AS (json(d)), h TEXT AS (g || 'x'))";
    for (script, count) in [
        ("CREATE INDEX i ON t (g)", 1),
        ("CREATE INDEX i ON t (h)", 1),
        ("CREATE INDEX i ON t (d)", 0),
        ("UPDATE t SET id = id + 1", 1),
        ("CREATE TABLE o (x); UPDATE o SET x = (SELECT g FROM t)", 0),
    ] {
        assert_eq!(certain(table, script).len(), count, "{script}");
    }
}
