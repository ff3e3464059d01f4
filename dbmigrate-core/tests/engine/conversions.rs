//! Changes of a column's type, and what becomes of values that the new type does not take or cannot read.

use std::collections::BTreeMap;

use crate::support::{Change, Ending, schema_of};
use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::plan::{Decisions, preflights};
use dbmigrate_core::schema::Reads;
use dbmigrate_core::sql::{Expr, Name};
use pollster::block_on;

const I64: Reads = Reads::Integer("i64", i64::MIN, i64::MAX);

fn change(before: &str, after: &str, rows: &str) -> Change {
    let (current, desired) = (schema_of(before).expect("a schema"), schema_of(after).expect("a schema"));
    Change { current, desired, seed: rows.to_owned(), ..Change::default() }
}

/// One column of a table `t`, with values, that gets another type and is read as that.
fn retyped(from: &str, to: &str, reads: Option<Reads>, values: &[&str]) -> Change {
    let table = |ty: &str| format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a {ty})");
    let rows: Vec<String> = values.iter().map(|value| format!("INSERT INTO t (a) VALUES ({value})")).collect();
    let mut change = change(&table(from), &table(to), &rows.join(";"));
    change.desired.reads.extend(reads.map(|reads| (("t".into(), "a".into()), reads)));
    change
}

fn convert(change: Change, column: &str, expr: &str) -> Change {
    let (table, column) = column.split_once('.').expect("a column");
    let conversions = BTreeMap::from([((Name::from(table), Name::from(column)), Expr::new(expr))]);
    Change { conversions, ..change }
}

fn ending(change: &Change) -> Ending {
    let folder = crate::support::scratch_folder().expect("a folder");
    change.run(folder.path()).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn applied(change: &Change) -> Database {
    match ending(change) {
        Ending::Applied(database, _) => database,
        Ending::RefusedByGenerate(reason) | Ending::RefusedByMigrate(reason) | Ending::NoStart(reason) => {
            panic!("{reason}")
        }
    }
}

#[track_caller]
fn is_refused(change: &Change, words: &[&str]) {
    match ending(change) {
        Ending::RefusedByMigrate(reason) => {
            for word in words {
                assert!(reason.contains(word), "{word}: {reason}");
            }
        }
        Ending::Applied(..) => panic!("applied"),
        Ending::RefusedByGenerate(reason) | Ending::NoStart(reason) => panic!("{reason}"),
    }
}

fn rows(database: &Database, query: &str) -> String {
    let rows = block_on(database.connection().rows(query)).expect("rows");
    format!("{rows:?}").replace("Integer", "").replace("Text", "")
}

#[test]
fn what_the_new_rust_type_cannot_read_is_counted_with_the_key_of_the_first() {
    let change = retyped("TEXT", "BOOLEAN", Some(Reads::Bool), &["'1'", "'true'", "'yes'", "'0'", "NULL"]);
    is_refused(&change, &["2 values of `t.a`", "could not be read as `bool`", "first at rowid 2: 'true'"]);
    applied(&retyped("TEXT", "BOOLEAN", Some(Reads::Bool), &["'1'", "'0'", "NULL"]));
}

#[test]
fn each_type_is_asked_for_what_it_reads() {
    let words = Reads::Words(vec!["on".to_owned(), "o'ff".to_owned()]);
    let small = Reads::Integer("u8", 0, 255);
    for (from, to, reads, good, bad) in [
        ("TEXT", "INTEGER", Some(I64), &["'12'", "'-3'"][..], &["'abc'", "''", "'1.5'", "x'31'"][..]),
        ("TEXT", "REAL", Some(Reads::Real("f64")), &["'1.5'", "'12'"], &["'abc'", "x'31'"]),
        ("TEXT", "INTEGER", Some(small), &["'0'", "'255'"], &["'256'", "'-1'", "'x'"]),
        ("REAL", "INTEGER", Some(I64), &["1.0", "-7.0"], &["1.5", "1e300"]),
        ("INTEGER", "BOOLEAN", Some(Reads::Bool), &["0", "1"], &["2", "'no'"]),
        ("INTEGER", "INT", Some(Reads::Bool), &["0", "1"], &["2", "-1"]),
        ("BLOB", "TEXT", Some(Reads::Text), &["'abc'", "12"], &["x'ff'"]),
        ("TEXT", "BLOB", Some(Reads::Bytes), &["x'00ff'"], &["'abc'", "''"]),
        ("TEXT", "JSON", Some(Reads::Json), &["'{}'", "'[1,2]'", "'1'"], &["'{'", "''", "x'7b7d'"]),
        ("INTEGER", "TEXT", Some(Reads::DateTime), &["NULL"], &["1700000000"]),
        (
            "VARCHAR",
            "TEXT",
            Some(Reads::DateTime),
            &["'2024-02-29 10:11:12'", "'2024-02-29T10:11Z'"],
            &["'today'", "'2024-02-29'"],
        ),
        ("VARCHAR", "TEXT", Some(Reads::Date), &["'2024-02-29'"], &["'2023-02-29'", "'29.02.2024'", "''"]),
        ("VARCHAR", "TEXT", Some(Reads::Time), &["'10:11'", "'10:11:12.5'"], &["'25:00'", "'noon'", "'2024-02-29'"]),
        ("VARCHAR", "TEXT", Some(Reads::Uuid), &["'67e55044-10b1-426f-9247-bb680e5fe0c8'"], &["'67e5'", "''"]),
        ("VARCHAR", "TEXT", Some(Reads::Decimal), &["'1.50'", "'12'"], &["'1,5'", "''"]),
        ("VARCHAR", "TEXT", Some(Reads::Char), &["'a'", "'ä'"], &["'ab'", "''"]),
        ("VARCHAR", "TEXT", Some(words), &["'on'", "'o''ff'"], &["'off'", "x'6f6e'"]),
        ("TEXT", "INTEGER", Some(Reads::Numbers(vec!["1".to_owned(), "5".to_owned()])), &["'5'"], &["'2'", "'x'"]),
        ("TEXT", "DATETIME", Some(Reads::Text), &["'2024-02-29 10:11:12'"], &["'2024'", "x'00'"]),
        // nothing is said of the Rust type: the declared type stands for it
        ("TEXT", "BOOLEAN", None, &["'1'"], &["'true'"]),
        ("TEXT", "BIGINT", None, &["'1'"], &["'abc'"]),
        ("TEXT", "DOUBLE", None, &["'1.5'"], &["'abc'"]),
        ("TEXT", "DECIMAL(10,2)", None, &["'1.5'"], &["'abc'"]),
        ("BLOB", "VARCHAR(5)", None, &["'abc'"], &["x'00'"]),
        // no type at all holds anything
        ("TEXT", "", Some(Reads::Bytes), &["'abc'", "x'00'"], &[]),
    ] {
        let all_good = retyped(from, to, reads.clone(), good);
        if let Ending::RefusedByMigrate(reason) = ending(&all_good) {
            panic!("{from} → {to}, {reads:?}: {good:?}: {reason}");
        }
        for value in bad {
            let mixed: Vec<&str> = good.iter().chain([value]).copied().collect();
            let place = format!("first at rowid {}", mixed.len());
            match ending(&retyped(from, to, reads.clone(), &mixed)) {
                Ending::RefusedByMigrate(reason) => {
                    assert!(reason.contains("1 value of `t.a`") && reason.contains(&place), "{value}: {reason}");
                }
                _ => panic!("{from} → {to}, {reads:?}: {value} is not refused"),
            }
        }
    }
}

#[test]
fn an_accepted_loss_is_applied_and_the_text_stays() {
    let change = retyped("TEXT", "BOOLEAN", Some(Reads::Bool), &["'true'", "'1'"]);
    let change = Change { accept: vec!["lossy_conversion:t.a".to_owned()], ..change };
    assert_eq!(rows(&applied(&change), "SELECT a FROM t"), "[[(\"true\")], [(1)]]");
}

#[test]
fn a_conversion_changes_the_values_of_a_column_that_gets_another_type() {
    let change = retyped("TEXT", "BOOLEAN", Some(Reads::Bool), &["'true'", "'yes'", "'1'", "'0'", "NULL"]);
    let change = convert(change, "t.a", "lower(a) IN ('1', 'true', 'yes')");
    assert_eq!(rows(&applied(&change), "SELECT a FROM t"), "[[(1)], [(1)], [(1)], [(0)], [Null]]");
    let plan = change.generate().expect("a plan");
    let sql = plan.to_sql("name");
    assert!(sql.contains("convert a with lower(a) IN ('1', 'true', 'yes')"), "{sql}");
    assert!(sql.contains("-- dbmigrate: allow(lossy_conversion) t.a\n"), "{sql}");
}

#[test]
fn the_preflights_judge_the_converted_values() {
    let values = &["'12'", "'abc'", "'7'"];
    let to_integer = retyped("TEXT", "INTEGER", Some(I64), values);
    let words = ["1 value of `t.a`", "after their conversion", "first at rowid 2: 'x-abc'"];
    let expr = "CASE WHEN a GLOB '[0-9]*' THEN a ELSE 'x-' || a END";
    is_refused(&convert(to_integer.clone(), "t.a", expr), &words);
    let not_null = change(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL)",
        "INSERT INTO t (a) VALUES ('12'), (NULL), ('abc')",
    );
    let expr = "CASE WHEN a GLOB '[0-9]*' THEN CAST(a AS INTEGER) END";
    is_refused(&convert(not_null.clone(), "t.a", expr), &["2 rows would get NULL in `t.a`", "first at rowid 2"]);
    let filled = convert(not_null, "t.a", "coalesce(CASE WHEN a GLOB '[0-9]*' THEN CAST(a AS INTEGER) END, 0)");
    assert_eq!(rows(&applied(&filled), "SELECT a FROM t"), "[[(12)], [(0)], [(0)]]");
    let unique = change(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER UNIQUE)",
        "INSERT INTO t (a) VALUES ('1'), ('01'), ('2')",
    );
    is_refused(&convert(unique.clone(), "t.a", "CAST(a AS INTEGER)"), &["1 duplicate in `t` (a)", ": 1"]);
    assert_eq!(rows(&applied(&convert(unique, "t.a", "id * 10")), "SELECT a FROM t"), "[[(10)], [(20)], [(30)]]");
}

#[test]
fn a_conversion_reads_renamed_dropped_and_swapped_columns_of_the_old_row() {
    let mut change = change(
        "CREATE TABLE old (id INTEGER PRIMARY KEY, b TEXT, gone INTEGER)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)",
        "INSERT INTO old (b, gone) VALUES ('5', 1), ('x', 2)",
    );
    change.renames.tables.push(("old".into(), "t".into()));
    change.renames.columns.push(("t".into(), "b".into(), "a".into()));
    change.accept_all = true;
    let change = convert(change, "t.a", "CASE WHEN t.a GLOB '[0-9]*' THEN CAST(a AS INTEGER) ELSE gone END");
    assert_eq!(rows(&applied(&change), "SELECT id, a FROM t"), "[[(1), (5)], [(2), (2)]]");
}

#[test]
fn removed_enum_values_are_named_with_counts_and_converted() {
    let table = |list: &str| format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL CHECK (a IN ({list})))");
    let rows_before = "INSERT INTO t (a) VALUES ('new'), ('old'), ('older'), ('old'), ('open')";
    let change = change(&table("'new', 'open', 'old', 'older'"), &table("'new', 'open'"), rows_before);
    is_refused(&change, &["3 rows of `t` violate CHECK", "first at rowid 2", "'old' (2), 'older' (1)"]);
    let plan = change.generate().expect("a plan");
    let answers = &plan.preflights.iter().find(|one| one.message.contains("CHECK")).expect("a preflight").answers;
    let wanted = "--convert \"t.a=CASE WHEN a IN ('new', 'open') THEN a ELSE 'new' END\"";
    assert!(answers.iter().any(|(_, flag)| flag == wanted), "{answers:?}");
    let half = convert(change.clone(), "t.a", "CASE a WHEN 'old' THEN 'open' ELSE a END");
    is_refused(&half, &["1 row of `t` violates CHECK", "'older' (1)"]);
    let all = convert(change, "t.a", "CASE WHEN a LIKE 'old%' THEN 'open' ELSE a END");
    let found = rows(&applied(&all), "SELECT group_concat(a, ' ') FROM t");
    assert_eq!(found, "[[(\"new open open open open\")]]");
}

#[test]
fn a_new_check_a_foreign_key_and_strict_take_a_conversion() {
    let check = change(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER CHECK (a > 0))",
        "INSERT INTO t (a) VALUES (1), (-5), (NULL)",
    );
    is_refused(&check, &["1 row of `t` violates CHECK (a > 0)", "rowid 2"]);
    assert_eq!(rows(&applied(&convert(check, "t.a", "abs(a)")), "SELECT a FROM t"), "[[(1)], [(5)], [Null]]");
    let parent = "CREATE TABLE p (id INTEGER PRIMARY KEY)";
    let key = change(
        &format!("{parent}; CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER)"),
        &format!("{parent}; CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id))"),
        "INSERT INTO p VALUES (1), (2); INSERT INTO t (p) VALUES (1), (9), (2)",
    );
    is_refused(&key, &["1 row of `t` references missing rows of `p` through `p`"]);
    is_refused(&convert(key.clone(), "t.p", "p + 7"), &["3 rows of `t` reference missing rows of `p` through `p`"]);
    let nulled = convert(key, "t.p", "CASE WHEN p IN (SELECT id FROM p) THEN p END");
    assert_eq!(rows(&applied(&nulled), "SELECT p FROM t"), "[[(1)], [Null], [(2)]]");
    let strict = change(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER) STRICT",
        "INSERT INTO t (a) VALUES (1), ('abc')",
    );
    is_refused(&strict, &["1 value of `t.a` is not INTEGER"]);
    assert_eq!(rows(&applied(&convert(strict, "t.a", "length(a)")), "SELECT a FROM t"), "[[(1)], [(3)]]");
}

#[test]
fn examples_of_conversions_work_as_they_stand() {
    for (from, to, reads, values) in [
        ("TEXT", "INTEGER", I64, &["'12'", "'abc'", "x'31'"][..]),
        ("TEXT", "INTEGER", Reads::Integer("u8", 0, 255), &["'300'", "'-5'", "'x'"]),
        ("TEXT", "BOOLEAN", Reads::Bool, &["'true'", "'no'"]),
        ("INTEGER", "BOOLEAN", Reads::Bool, &["7", "0"]),
        ("TEXT", "REAL", Reads::Real("f64"), &["'x'", "'1.5'"]),
        ("BLOB", "TEXT", Reads::Text, &["x'6162'"]),
        ("TEXT", "BLOB", Reads::Bytes, &["'abc'"]),
        ("TEXT", "JSON", Reads::Json, &["'{'", "'{}'", "x'7b'"]),
        ("INTEGER", "TEXT", Reads::DateTime, &["1700000000"]),
        ("VARCHAR", "TEXT", Reads::Date, &["'2024-02-29 10:11'", "'nonsense'"]),
        ("VARCHAR", "TEXT", Reads::Char, &["'abc'"]),
        ("VARCHAR", "TEXT", Reads::Words(vec!["on".to_owned(), "o'ff".to_owned()]), &["'?'", "'on'"]),
        ("TEXT", "INTEGER", Reads::Numbers(vec!["1".to_owned(), "5".to_owned()]), &["'7'", "'5'"]),
    ] {
        let change = retyped(from, to, Some(reads.clone()), values);
        let plan = change.generate().expect("a plan");
        let answers: Vec<&(String, String)> = plan.preflights.iter().flat_map(|one| &one.answers).collect();
        let (_, flag) = answers.iter().find(|(_, flag)| flag.starts_with("--convert")).expect("an example");
        let word = flag.strip_prefix("--convert ").expect("a flag");
        // as a shell takes the quotes off
        let word = if let Some(inner) = word.strip_prefix('"') {
            inner.trim_end_matches('"').to_owned()
        } else {
            word.replace("'\\''", "\u{0}").replace('\'', "").replace('\u{0}', "'")
        };
        let (column, expr) = word.split_once('=').expect("an expression");
        applied(&convert(change, column, expr));
    }
}

#[test]
fn a_check_that_allows_more_than_the_one_before_asks_nothing_of_the_rows() {
    let table = |check: &str| format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT, CHECK ({check}))");
    let asked = |old: &str, new: &str| {
        let (old, new) = (schema_of(&table(old)).expect("a schema"), schema_of(&table(new)).expect("a schema"));
        let found = diff(&old, &new, &Renames::default()).expect("a difference");
        preflights(&old, &new, &found, &Decisions::default()).len()
    };
    let (narrow, wide) = ("a IN ('x', 'y')", "a IN ('x', 'y', 'z')");
    assert_eq!((asked(narrow, wide), asked(wide, narrow)), (0, 1));
    assert_eq!(
        (asked("b < 10 AND a IN ('x')", "b < 20 AND a IN ('x', 'y')"), asked("a NOT IN ('x')", "a NOT IN ('x', 'y')")),
        (0, 1)
    );
    applied(&change(&table(narrow), &table(wide), "INSERT INTO t (a) VALUES ('x'), ('y'), (NULL)"));
    is_refused(&change(&table(wide), &table(narrow), "INSERT INTO t (a) VALUES ('x'), ('z')"), &["CHECK (a IN", "'z'"]);
    // a row that the old one did not allow either is not lost, and stops the migration
    let smuggled = "PRAGMA ignore_check_constraints = ON; INSERT INTO t (a) VALUES ('x'), ('q'); \
                    PRAGMA ignore_check_constraints = OFF";
    is_refused(&change(&table(narrow), &table(wide), smuggled), &["CHECK"]);
}
