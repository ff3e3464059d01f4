//! What the fuzz targets check (`docs/testing.md`), on their seeds, on simple mutations of them, and on long texts.

#![allow(unreachable_pub, reason = "the fuzz targets include the same files")]

use std::time::Duration;

#[path = "../../../fuzz/src/lock.rs"]
mod lock;
#[path = "../../../fuzz/src/seeds.rs"]
mod seeds;
#[path = "../../../fuzz/src/snapshot.rs"]
mod snapshot;
#[path = "../../../fuzz/src/split.rs"]
mod split;
#[path = "../../../fuzz/src/sql.rs"]
mod sql;

#[test]
fn seeds_of_the_sql_reader() {
    assert!(seeds::run("sql", 1000, sql::check) > 1000);
}

#[test]
fn seeds_of_the_splitter() {
    assert!(seeds::run("split", 1000, split::check) > 1000);
}

#[test]
fn seeds_of_the_snapshot_reader() {
    assert!(seeds::run("snapshot", 1000, |text| snapshot::check(text.as_bytes())) > 1000);
}

#[test]
fn seeds_of_the_lock_reader() {
    assert!(seeds::run("lock", 1000, lock::check) > 1000);
}

/// `check` is done with `text` in a time in which it could not look back at everything with every token.
#[track_caller]
fn is_linear(check: impl Fn(&str), text: &str) {
    let took = dbmigrate_test_support::work_of(|| check(text));
    assert!(took < Duration::from_secs(8), "{took:?} for {} bytes: {}…", text.len(), &text[..60]);
}

/// What opens or separates something.
const PIECES: [&str; 6] = ["(", "'',", "a,", "end ", "/**/", "-- a\n"];

#[test]
fn long_statements_are_read_in_linear_time() {
    for piece in PIECES {
        let text = piece.repeat(50_000 / piece.len());
        is_linear(sql::check, &text);
        is_linear(sql::check, &format!("CREATE TABLE t(a INT CHECK ({text}))"));
        is_linear(sql::check, &format!("CREATE INDEX i ON t({text}) WHERE {text}"));
        is_linear(sql::check, &format!("CREATE TRIGGER t AFTER INSERT ON t BEGIN {text} END"));
    }
    let nested = format!("{}a{}", "(".repeat(50_000), ")".repeat(50_000));
    is_linear(sql::check, &nested);
    is_linear(sql::check, &format!("CREATE TABLE t(a DEFAULT {nested}, b AS {nested}, CHECK ({nested}))"));
}

#[test]
fn long_scripts_are_split_in_linear_time() {
    for piece in PIECES {
        let text = piece.repeat(200_000 / piece.len());
        is_linear(split::check, &text);
        is_linear(split::check, &format!("CREATE TRIGGER t AFTER INSERT ON t BEGIN {text}"));
        is_linear(split::check, &format!("WITH x AS (SELECT 1) {text}"));
    }
    is_linear(split::check, &"-- no directive, and none to go on with\n".repeat(25_000));
    is_linear(split::check, &format!("/*{}*/ SELECT 1", "*".repeat(1_000_000)));
    is_linear(split::check, &"INSERT INTO t VALUES ('a;b', \"c\");\n".repeat(10_000));
}

#[test]
fn long_files_are_read_in_linear_time() {
    for piece in ["[", "{\"format\":", "0001_a b c\n", "<<<<<<<\n", "\u{feff}", "\n"] {
        let text = piece.repeat(200_000 / piece.len());
        is_linear(|text| snapshot::check(text.as_bytes()), &text);
        is_linear(lock::check, &text);
    }
}

#[test]
fn a_table_of_two_thousand_columns_with_everything_is_read() {
    let column = |at: usize| {
        format!("c{at} TEXT UNIQUE CHECK (c{at} <> '') REFERENCES t(c{}) DEFAULT (lower('{at}'))", (at + 1) % 2000)
    };
    let columns: Vec<String> = (0..2000).map(column).collect();
    is_linear(sql::check, &format!("CREATE TABLE t (\n  {}\n)", columns.join(",\n  ")));
}
