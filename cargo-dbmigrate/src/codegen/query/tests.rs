//! Queries over rows of all kinds: what the engine returns has to be what was inferred.

use dbmigrate_core::engine::connection::text;
use dbmigrate_core::engine::{Connection, introspect};
use dbmigrate_core::sql::split;
use pollster::block_on;

use super::{columns_of, parse};

const TABLES: &str = "
CREATE TABLE a (id INTEGER PRIMARY KEY, n INT, m INT NOT NULL, r REAL, s TEXT, t TEXT NOT NULL, b BLOB, d DECIMAL(10,2),
  dn NUMERIC NOT NULL, at DATETIME, flag BOOLEAN NOT NULL, x, j TEXT CHECK (json_valid(j)));
INSERT INTO a VALUES
  (1, NULL, 0, NULL, NULL, '', NULL, NULL, 1, NULL, 0, NULL, NULL),
  (2, 5, -3, 1.5, 'abc', 'x', x'00ff', 9.99, 2.5, '2024-01-01', 1, 7, '{\"k\": [1, 2.5, null, \"x\"], \"n\": 1}'),
  (3, -7, 9, -2.0, '12', '3.5', x'', 10, 3, '2024-02-29 12:00:00', 1, 'text', '[]'),
  (4, 9007199254740993, 1, 1e300, 'é', ' ', x'31', -1, 0, 'no date', 0, x'01', '5'),
  (5, 0, 2, 0.0, '', '0', x'4142', 0.1, -0.5, '', 1, 2.5, 'null');
CREATE TABLE p (id INTEGER PRIMARY KEY, a INT REFERENCES a, title TEXT NOT NULL, amount NUMERIC NOT NULL);
INSERT INTO p VALUES (1, 2, 'one', 5), (2, 2, 'two', 2.5), (3, NULL, 'three', 0);
CREATE TABLE empty (n INT NOT NULL, t TEXT NOT NULL) STRICT;
CREATE TABLE keyed (k TEXT PRIMARY KEY, v ANY) STRICT, WITHOUT ROWID;
INSERT INTO keyed VALUES ('a', 1), ('b', 'x'), ('c', 2.5), ('d', x'00');
CREATE VIRTUAL TABLE search USING fts5(title, body);
INSERT INTO search VALUES ('t', 'b');
";

/// Expressions over `a`.
const EXPRESSIONS: &[&str] = &[
    "n",
    "a.n",
    "main.a.n",
    "id",
    "rowid",
    "a.oid",
    "r",
    "s",
    "t",
    "b",
    "d",
    "dn",
    "at",
    "flag",
    "x",
    "j",
    "\"n\"",
    "\"no column\"",
    "[s]",
    "`t`",
    "1",
    "0x1F",
    "9223372036854775808",
    "1e3",
    ".5",
    "0.0",
    "'x'",
    "x'00'",
    "NULL",
    "true",
    "FALSE",
    "current_timestamp",
    "n + 1",
    "m + 1",
    "m - dn",
    "m * r",
    "s + 1",
    "b + 0",
    "x + 1",
    "-n",
    "-s",
    "- x",
    "+s",
    "~m",
    "~s",
    "m & 3",
    "m | n",
    "m << 2",
    "r >> 1",
    "m / 2",
    "m / n",
    "m / 2.0",
    "dn / m",
    "m % 2",
    "r % 2",
    "m / 0",
    "m / 0.0",
    "s / 2",
    "1 / NULL",
    "t || 'x'",
    "s || n",
    "b || b",
    "1 || 2",
    "t || r",
    "n -> '$'",
    "j -> 'k'",
    "j ->> 'k'",
    "j ->> '$.n'",
    "m = 1",
    "n = 1",
    "m <> n",
    "m == 1",
    "m != 1",
    "m < 1 AND flag",
    "n > 1 OR flag",
    "NOT flag",
    "NOT n",
    "not m = 1 and flag",
    "n IS NULL",
    "n ISNULL",
    "n NOTNULL",
    "n NOT NULL",
    "n IS NOT NULL",
    "n IS 5",
    "n IS NOT DISTINCT FROM m",
    "m BETWEEN 0 AND 5",
    "m NOT BETWEEN n AND 5",
    "m IN (1, 2)",
    "m IN (1, NULL)",
    "n IN (1)",
    "m NOT IN ()",
    "m IN (SELECT m FROM a)",
    "m IN (SELECT n FROM a)",
    "t LIKE 'x%'",
    "s LIKE 'a' ESCAPE '\\'",
    "s NOT LIKE 'x'",
    "t GLOB '*'",
    "t COLLATE NOCASE",
    "t = 'x' COLLATE nocase",
    "EXISTS (SELECT 1 FROM p)",
    "NOT EXISTS (SELECT 1 FROM p)",
    "NOT (EXISTS (SELECT 1))",
    "CASE WHEN n THEN 1 ELSE 0 END",
    "CASE n WHEN 5 THEN 'five' END",
    "CASE WHEN flag THEN n ELSE t END",
    "CASE WHEN flag THEN m WHEN n THEN 2.5 ELSE 1 END",
    "CASE m WHEN 0 THEN NULL ELSE t END",
    "CAST(s AS INTEGER)",
    "CAST(s AS VARCHAR(3))",
    "CAST(n AS REAL)",
    "CAST(s AS DECIMAL(10, 2))",
    "CAST(t AS BLOB)",
    "CAST(m AS TEXT)",
    "CAST(x AS NUMERIC)",
    "CAST(at AS DATE)",
    "CAST(x AS \"my blob\")",
    "length(t)",
    "length(s)",
    "length(b)",
    "instr(t, 'x')",
    "unicode(t)",
    "unicode(s)",
    "lower(t)",
    "upper(n)",
    "trim(s)",
    "ltrim(t, 'x')",
    "replace(t, 'x', 'y')",
    "substr(t, 1)",
    "substr(b, 1, 1)",
    "substr(s, n)",
    "substr(x, 1)",
    "substring(m, 1)",
    "hex(s)",
    "quote(n)",
    "typeof(x)",
    "char(65, 66)",
    "printf('%d', n)",
    "format('%s', t)",
    "format(NULL)",
    "coalesce(n, 0)",
    "coalesce(n, m)",
    "coalesce(n, d)",
    "coalesce(s, n)",
    "ifnull(d, 0)",
    "ifnull(s, t)",
    "ifnull(n, NULL)",
    "nullif(m, 0)",
    "nullif(t, '')",
    "iif(flag, 1, 2)",
    "iif(n, t, s)",
    "abs(n)",
    "abs(r)",
    "abs(s)",
    "abs(dn)",
    "round(n)",
    "round(r, 1)",
    "round(s)",
    "sign(n)",
    "sign(s)",
    "max(m, 1)",
    "max(n, 1)",
    "min(m, t)",
    "min(r, m)",
    "max(s, t)",
    "date()",
    "date('now')",
    "date(at)",
    "datetime(at)",
    "time(at)",
    "strftime('%Y', at)",
    "julianday(at)",
    "julianday()",
    "unixepoch(at)",
    "unixepoch()",
    "json(j)",
    "json_extract(j, '$.k')",
    "json_extract(j, '$.n', '$.k')",
    "json_array(n, s)",
    "json_object('a', n)",
    "json_quote(s)",
    "json_quote(1)",
    "json_type(j)",
    "json_type(j, '$.k')",
    "json_valid(s)",
    "json_valid(t)",
    "json_array_length(j)",
    "json_array_length(j, '$.k')",
    "json_set(j, '$.z', 1)",
    "json_remove(j, '$')",
    "json_patch(j, '{}')",
    "json_group_array(n) OVER ()",
    "likely(n)",
    "unlikely(flag)",
    "random()",
    "randomblob(4)",
    "zeroblob(2)",
    "unhex('00')",
    "unhex('zz')",
    "last_insert_rowid()",
    "changes()",
    "concat(n, s)",
    "concat_ws(',', n)",
    "concat_ws(s, n)",
    "octet_length(t)",
    "soundex(s)",
    "sqlite_version()",
    "timediff(at, at)",
    "vector32('[1,2]')",
    "vector_extract(vector32('[1,2]'))",
    "vector_distance_cos(vector32('[1,2]'), vector32('[1,3]'))",
    "(SELECT max(amount) FROM p WHERE p.a = a.id)",
    "(SELECT count(*) FROM p WHERE p.a = a.id)",
    "(SELECT title FROM p WHERE p.a = a.id LIMIT 1)",
    "(SELECT total(amount) FROM p WHERE p.a = a.id LIMIT 0)",
    "(SELECT sum(amount) FROM p WHERE p.a = a.id)",
    "(SELECT count(*) FROM p GROUP BY a HAVING 0)",
    "(VALUES (1))",
    "(SELECT count(*) FROM p HAVING count(*) > 99)",
    "(SELECT m)",
    "(SELECT a.t || title FROM p LIMIT 1)",
    "row_number() OVER (ORDER BY id)",
    "rank() OVER w",
    "percent_rank() OVER w",
    "ntile(2) OVER w",
    "lag(m) OVER w",
    "lag(m, 1, 0) OVER w",
    "lead(t, 1, 2.5) OVER w",
    "first_value(m) OVER w",
    "sum(m) OVER w",
    "sum(m) OVER (ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING)",
    "count(*) OVER ()",
    "avg(m) OVER w",
    "max(t) OVER (PARTITION BY flag)",
    "sum(m) FILTER (WHERE m > 100) OVER w",
    "(m)",
    "((t))",
    "(n, m) = (1, 2)",
    "m + n * 2 || 'x' = t",
    "1 + 2 IN (3)",
    "- m || 'x'",
];

/// Whole queries.
const QUERIES: &[&str] = &[
    "SELECT * FROM a",
    "SELECT a.*, p.* FROM a JOIN p ON p.a = a.id",
    "SELECT a.*, p.* FROM a LEFT JOIN p ON p.a = a.id",
    "SELECT * FROM a LEFT OUTER JOIN p ON p.a = a.id WHERE 1",
    "SELECT * FROM p RIGHT JOIN a ON p.a = a.id",
    "SELECT a.m, p.title FROM a FULL JOIN p ON p.a = a.id",
    "SELECT * FROM p NATURAL JOIN a",
    "SELECT * FROM p JOIN a USING (id)",
    "SELECT id, title, m FROM p FULL JOIN a USING (id)",
    "SELECT id, p.id, a.id FROM p LEFT JOIN a USING (id)",
    "SELECT * FROM p FULL JOIN a USING (id)",
    "SELECT * FROM a, p",
    "SELECT * FROM a CROSS JOIN p",
    "SELECT * FROM (a JOIN p ON p.a = a.id) LEFT JOIN empty",
    "SELECT e.n, a.m FROM a LEFT JOIN (empty e JOIN p) ON 1",
    "SELECT count(*), count(n), sum(m), sum(dn), sum(r), sum(s), sum(x), total(m), avg(m), min(m), max(t), group_concat(t), json_group_array(n) FROM a",
    "SELECT count(*), sum(n), total(n), avg(n), min(n), max(t), group_concat(t), json_group_array(n), n, t, n + 1, count(*) + n FROM empty",
    "SELECT flag, count(*), sum(m), sum(n), avg(m), min(t), max(n), group_concat(t, ','), sum(dn), sum(d) FROM a GROUP BY flag",
    "SELECT flag, sum(m) FILTER (WHERE m > 100), count(DISTINCT n) FROM a GROUP BY 1",
    "SELECT n, t, count(*) FROM empty GROUP BY n",
    "SELECT n FROM empty GROUP BY n ORDER BY count(*)",
    "SELECT max(n), t FROM empty",
    "SELECT sum(1) AS one, coalesce(sum(n), 0) FROM empty",
    "SELECT m FROM a UNION SELECT t FROM a",
    "SELECT m FROM a UNION ALL SELECT n FROM a",
    "SELECT m, 'x' FROM a UNION ALL SELECT dn, NULL FROM a",
    "SELECT n FROM a EXCEPT SELECT m FROM a",
    "SELECT t FROM a INTERSECT SELECT s FROM a",
    "VALUES (1, 'a'), (2.5, NULL)",
    "SELECT column1, column2 FROM (VALUES (1, 'a'), (2, x'00'))",
    "SELECT 1 AS one, 'x' two, 3 \"three\" LIMIT 1",
    "WITH c AS (SELECT m, n FROM a) SELECT * FROM c",
    "WITH c(x, y) AS (SELECT m, n FROM a), e AS (SELECT x FROM c) SELECT e.x, c.y FROM e JOIN c ON 1",
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 5) SELECT i, i * 2.5 FROM c",
    "WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT nullif(i + 0.5, 3.0) FROM c WHERE i < 5) SELECT i FROM c",
    "WITH RECURSIVE c(i, s) AS (SELECT 1, 'a' UNION ALL SELECT i + 1, s || i FROM c WHERE i < 3) SELECT * FROM c ORDER BY i LIMIT 5",
    "WITH c AS NOT MATERIALIZED (SELECT 1 AS one) SELECT one FROM c",
    "SELECT k, v, v + 1, typeof(v) FROM keyed",
    "SELECT s.m, q.c FROM a AS s JOIN (SELECT a, count(*) AS c FROM p GROUP BY a) q ON q.a = s.id",
    "SELECT q.c FROM a LEFT JOIN (SELECT a, count(*) c FROM p GROUP BY a) q ON q.a = a.id",
    "SELECT title, body, rank, highlight(search, 0, '<', '>') FROM search WHERE search MATCH 't' UNION ALL SELECT title, body, 1.0, title FROM search",
    "SELECT e.key, e.value, e.type, e.atom, e.id, e.parent, e.fullkey, e.path FROM a, json_tree(a.j) AS e",
    "SELECT value FROM json_each('[1, \"x\", null]')",
    "SELECT m FROM a NOT INDEXED",
    "SELECT m, sum(m) OVER w FROM a WINDOW w AS (ORDER BY id)",
    "SELECT group_concat(t, ',' ORDER BY id) FROM a",
    "SELECT a.id, (SELECT n FROM empty), (SELECT count(*) FROM empty WHERE n = a.id) FROM a",
    "SELECT n, sum(m) OVER (ORDER BY max(n)) FROM a GROUP BY n",
    "SELECT sum(n) OVER () FROM (SELECT max(n) AS n FROM empty)",
];

#[test]
fn what_a_query_returns_is_what_was_inferred_of_it() {
    let connection = block_on(Connection::in_memory()).expect("a database");
    for statement in split(TABLES) {
        block_on(connection.run(statement.text)).expect("the tables can be made");
    }
    let over_a = EXPRESSIONS.iter().map(|expr| format!("SELECT {expr} AS e FROM a WINDOW w AS (ORDER BY id)"));
    let mut unknown = Vec::new();
    let (mut made, mut wrong) = (0, Vec::new());
    for query in over_a.chain(QUERIES.iter().map(ToString::to_string)) {
        if let Err(error) = block_on(connection.run(&format!("CREATE VIEW v AS {query}"))) {
            wrong.push(format!("{query}: {error}"));
            continue;
        }
        let schema = block_on(introspect(&connection)).expect("it can be read").schema;
        let inferred = columns_of(&schema, schema.views.iter().next().expect("a view"));
        let names = block_on(connection.rows("PRAGMA table_info(v)"));
        let names = match names {
            Ok(names) => names,
            Err(error) => {
                block_on(connection.run("DROP VIEW v")).expect("it is dropped");
                wrong.push(format!("{query}: {error}"));
                continue;
            }
        };
        let columns: Vec<String> =
            names.iter().map(|row| format!("typeof(\"{}\")", text(&row[1]).replace('"', "\"\""))).collect();
        let rows = block_on(connection.rows(&format!("SELECT {} FROM v", columns.join(", "))));
        block_on(connection.run("DROP VIEW v")).expect("it is dropped");
        let Some(inferred) = inferred else {
            unknown.push(query);
            continue;
        };
        match rows {
            Ok(rows) => {
                made += 1;
                if inferred.len() != columns.len() {
                    wrong.push(format!("{query}: {} columns of {}", inferred.len(), columns.len()));
                    continue;
                }
                for row in rows {
                    for (at, (kind, found)) in inferred.iter().zip(&row).enumerate() {
                        let found = text(found);
                        if !kind.has(found) {
                            wrong.push(format!("{query}: column {at} is {found}, not {kind:?}"));
                        }
                    }
                }
            }
            Err(error) => wrong.push(format!("{query}: {error}")),
        }
    }
    assert_eq!(made, EXPRESSIONS.len() + QUERIES.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unknown.is_empty(), "not understood:\n{}", unknown.join("\n"));
}

/// The Rust types of the columns of a query.
fn types(query: &str) -> String {
    let connection = block_on(Connection::in_memory()).expect("a database");
    for statement in split(TABLES).iter().map(|statement| statement.text).chain([&*format!("CREATE VIEW v AS {query}")])
    {
        block_on(connection.run(statement)).expect("it can be made");
    }
    let schema = block_on(introspect(&connection)).expect("it can be read").schema;
    let kinds = columns_of(&schema, schema.views.iter().next().expect("a view")).expect("it is understood");
    let types = kinds.iter().map(|kind| match kind.rust_type() {
        Some(ty) if kind.nullable => format!("Option<{}>", ty.text),
        Some(ty) => ty.text,
        None => "Value".to_owned(),
    });
    types.collect::<Vec<_>>().join(", ")
}

#[test]
fn types_are_those_that_a_reader_would_expect() {
    for (query, wanted) in [
        (
            "SELECT id, m, n, r, s, t, b, d, dn, at, flag, x, j FROM a",
            "i64, i64, Option<i64>, Option<f64>, Option<String>, String, Option<Vec<u8>>, Option<f64>, f64, Option<String>, bool, Value, Option<Json<serde_json::Value>>",
        ),
        (
            "SELECT count(*), sum(m), sum(dn), total(n), avg(m), min(at), max(flag), max(x) FROM a",
            "i64, Option<i64>, Option<f64>, f64, Option<f64>, Option<String>, Option<bool>, Value",
        ),
        ("SELECT flag, sum(m), sum(n), max(t), max(flag) FROM a GROUP BY flag", "bool, i64, Option<i64>, String, bool"),
        (
            "SELECT n + 1, m + 1, m * dn, m / 2, m / n, t || s, m > 1, n > 1, -m FROM a",
            "Option<i64>, i64, f64, i64, Option<i64>, Option<String>, bool, Option<bool>, i64",
        ),
        (
            "SELECT EXISTS (SELECT 1), n IS NULL, n IN (1), m IN (1, 2), coalesce(n, 0), iif(flag, t, 1) FROM a",
            "bool, bool, Option<bool>, bool, i64, Value",
        ),
        (
            "SELECT CASE WHEN flag THEN 'a' ELSE t END, CASE n WHEN 1 THEN 2 END, CAST(s AS INTEGER), length(t) FROM a",
            "String, Option<i64>, Option<i64>, i64",
        ),
        ("SELECT a.t, p.title, p.amount FROM a LEFT JOIN p ON p.a = a.id", "String, Option<String>, Option<f64>"),
        ("SELECT m FROM a UNION SELECT dn FROM a", "f64"),
        (
            "SELECT (SELECT count(*) FROM p), (SELECT title FROM p), row_number() OVER (ORDER BY id) FROM a",
            "i64, Option<String>, i64",
        ),
        ("SELECT m FROM a UNION SELECT t FROM a", "Value"),
    ] {
        assert_eq!(types(query), wanted, "{query}");
    }
}

#[test]
fn what_is_not_understood_is_not_guessed() {
    for query in [
        "SELECT",
        "SELECT 1 FROM",
        "no query",
        "SELECT (((",
        "SELECT a b c d",
        &format!("SELECT {}1", "-".repeat(100_000).replace("--", "- -")),
    ] {
        assert!(parse::query(query).is_none(), "{query}");
    }
}
