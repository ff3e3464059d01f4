//! Rebuilds on a server in which no row is written: what is made so, what is not, and what others write meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;

const TABLE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT NOT NULL UNIQUE, a TEXT, n INTEGER NOT NULL DEFAULT 0);\n\
    CREATE INDEX ta ON t (a);\n\
    CREATE TABLE p (id INTEGER PRIMARY KEY, k TEXT UNIQUE);\n\
    CREATE TABLE s (id INTEGER PRIMARY KEY, t_id INTEGER NOT NULL REFERENCES t (id) ON DELETE CASCADE);\n";

/// A server with so many rows, and a migration that rebuilds `t` into this.
fn case(rows: u32, after: &str) -> Option<Case> {
    case_with(rows, after, "")
}

/// The same, with a directive.
fn case_with(rows: u32, after: &str, directive: &str) -> Option<Case> {
    let mut case = Case::new()?;
    case.add("first", TABLE, TABLE);
    case.migrate().expect("the tables are made");
    case.hand().run(&[
        format!(
            "WITH RECURSIVE c (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < {rows}) \
             INSERT INTO t (id, k, a, n) SELECT x * 2, 'k' || x, 'a' || x, x FROM c"
        ),
        "INSERT INTO s (t_id) SELECT id FROM t WHERE id % 100 = 0".to_owned(),
        "INSERT INTO p SELECT n, k FROM t".to_owned(),
    ]);
    rebuild(&mut case, after, directive);
    Some(case)
}

/// Adds a migration that rebuilds `t` into this.
fn rebuild(case: &mut Case, after: &str, directive: &str) {
    let (columns, rest) = after.split_once(";\n").expect("a table, and more");
    let columns = columns.strip_prefix("CREATE TABLE t ").expect("the table");
    let sql = format!(
        "{directive}-- dbmigrate: rebuild t\nCREATE TABLE _dbmigrate_new_t {columns};\n\
         INSERT INTO _dbmigrate_new_t (id, k, a, n) SELECT id, k, a, n FROM t;\nDROP TABLE t;\n\
         ALTER TABLE _dbmigrate_new_t RENAME TO t;\nCREATE INDEX ta ON t (a);\n"
    );
    case.add("second", &sql, &format!("CREATE TABLE t {columns};\n{rest}"));
}

/// Applies what is pending, asking beforehand what takes so long: whether it was in place.
fn in_place(case: &Case, from: Duration) -> Result<bool, ApplyError> {
    let mut target = database(&case.proxy.url()).sparing_from(1000).asking_beforehand_from(from);
    let outcome = block_on(apply_pending_with(&mut target, &case.folder, Options::default(), &mut Silent))?;
    Ok(outcome.applied.iter().all(|applied| applied.in_place))
}

const ALWAYS: Duration = Duration::ZERO;
const NEVER: Duration = Duration::MAX;

fn nothing_is_left(case: &Case) {
    let left = "SELECT name FROM sqlite_schema WHERE name GLOB '_dbmigrate_*'";
    assert_eq!(case.hand().query(left), ["_dbmigrate_history"]);
}

#[test]
fn what_all_rows_satisfy_is_changed_without_writing_one() {
    for (before, after, wanted) in [
        ("a TEXT", "a TEXT NOT NULL", true),
        ("n INTEGER NOT NULL DEFAULT 0", "n INTEGER DEFAULT 0", true),
        ("n INTEGER NOT NULL DEFAULT 0", "n BIGINT NOT NULL DEFAULT 0, CHECK (n >= 0)", true),
        ("n INTEGER NOT NULL DEFAULT 0", "n INTEGER NOT NULL DEFAULT 0 CHECK (n <> a)", true),
        ("k TEXT NOT NULL UNIQUE", "k TEXT UNIQUE CHECK (k <> a)", true),
        ("n INTEGER NOT NULL DEFAULT 0", "n INTEGER NOT NULL DEFAULT 0 REFERENCES p (id) ON DELETE SET NULL", true),
        // what the table is read in another form for
        ("n INTEGER NOT NULL DEFAULT 0", "n INTEGER NOT NULL DEFAULT 7", true),
        ("n INTEGER NOT NULL DEFAULT 0", "n BLOB NOT NULL DEFAULT 0, CHECK (n >= 0)", true),
        ("k TEXT NOT NULL UNIQUE", "k TEXT NOT NULL UNIQUE DEFAULT 'none'", true),
        ("n INTEGER NOT NULL DEFAULT 0", "n INTEGER NOT NULL DEFAULT 0 COLLATE NOCASE CHECK (n <> 'X')", true),
        // an index has the column, or there is no statement
        ("a TEXT", "a TEXT COLLATE NOCASE", false),
        ("n INTEGER NOT NULL DEFAULT 0);", "n INTEGER NOT NULL DEFAULT 0) STRICT;", false),
    ] {
        for from in [ALWAYS, NEVER] {
            let Some(case) = case(2000, &TABLE.replacen(before, after, 1)) else { return };
            let roots = "SELECT name || rootpage FROM sqlite_schema WHERE name IN ('t', 'ta') ORDER BY name";
            let (rows, before) = (case.hand().query("SELECT * FROM t ORDER BY id"), case.hand().query(roots));
            assert_eq!(in_place(&case, from).expect(after), wanted, "{after}");
            assert_eq!(case.hand().query(roots) == before, wanted, "{after}");
            assert_eq!(case.hand().query("SELECT * FROM t ORDER BY id"), rows, "{after}");
            assert_eq!(case.hand().query("SELECT count(*) FROM s"), ["40"]);
            nothing_is_left(&case);
            case.assert_sound();
        }
    }
}

#[test]
fn a_promise_that_no_row_is_rewritten_is_kept_or_the_migration_refused() {
    for (before, after, why) in [
        ("a TEXT", "a TEXT NOT NULL", None),
        ("n INTEGER NOT NULL DEFAULT 0", "n INTEGER NOT NULL DEFAULT 7", None),
        ("n INTEGER NOT NULL DEFAULT 0", "n TEXT NOT NULL DEFAULT 0", Some("stored in another way")),
        ("n INTEGER NOT NULL DEFAULT 0);", "n INTEGER NOT NULL DEFAULT 0) STRICT;", Some("has no statement for it")),
    ] {
        // fewer rows than anything else than the statements is tried for
        let promise = "-- dbmigrate: expect-rewrites 0\n";
        let Some(case) = case_with(40, &TABLE.replacen(before, after, 1), promise) else { return };
        match in_place(&case, NEVER) {
            Ok(is_done) => assert!(is_done && why.is_none(), "{after}"),
            Err(ApplyError::Migration { failure, .. }) => {
                let Failure::Rewrites { why: found, .. } = &*failure else { panic!("{failure:?}") };
                assert!(found.as_ref().zip(why).is_some_and(|(found, why)| found.contains(why)), "{found:?}");
            }
            Err(error) => panic!("{error}"),
        }
        assert_eq!(case.hand().query("SELECT count(*), sum(n) FROM t"), ["40|820"]);
        nothing_is_left(&case);
    }
}

#[test]
fn a_row_that_contradicts_is_found_wherever_it_is_asked() {
    for from in [ALWAYS, NEVER] {
        let Some(case) = case(2000, &TABLE.replacen("a TEXT", "a TEXT NOT NULL", 1)) else { return };
        case.hand().run(&["UPDATE t SET a = NULL WHERE id = 3000"]);
        assert!(in_place(&case, from).is_err());
        nothing_is_left(&case);
        assert_eq!(case.applied(), ["0001_first"]);
        case.hand().run(&["UPDATE t SET a = 'x' WHERE a IS NULL"]);
        assert!(in_place(&case, from).expect("it applies"));
        case.assert_sound();
    }
}

#[test]
fn a_row_that_is_older_than_its_column_keeps_what_it_reads() {
    for (others, is_done) in [("", true), (" WHERE id <> 3000", false)] {
        for from in [ALWAYS, NEVER] {
            let Some(mut case) = Case::new() else { return };
            let without = TABLE.replacen(", n INTEGER NOT NULL DEFAULT 0", "", 1);
            case.add("first", &without, &without);
            case.migrate().expect("the tables are made");
            case.hand().run(&["WITH RECURSIVE c (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < 2000) \
                               INSERT INTO t (id, k, a) SELECT x * 2, 'k' || x, 'a' || x FROM c"]);
            case.add("column", "ALTER TABLE t ADD COLUMN n INTEGER NOT NULL DEFAULT 0;\n", TABLE);
            case.migrate().expect("the column is added");
            // what is written has its value, and a value that is the default is one as well
            case.hand().run(&[format!("UPDATE t SET n = n{others}")]);
            rebuild(&mut case, &TABLE.replacen("DEFAULT 0", "DEFAULT 7", 1), "");
            let rows = case.hand().query("SELECT * FROM t ORDER BY id");
            assert_eq!(in_place(&case, from).expect("it applies"), is_done, "{others} {from:?}");
            assert_eq!(case.hand().query("SELECT * FROM t ORDER BY id"), rows);
            nothing_is_left(&case);
            case.assert_sound();
        }
    }
}

#[test]
fn a_row_without_a_parent_is_found_wherever_it_is_asked() {
    for from in [ALWAYS, NEVER] {
        let Some(case) = case(2000, &TABLE.replacen("DEFAULT 0", "DEFAULT 0 REFERENCES p (id)", 1)) else { return };
        case.hand().run(&["DELETE FROM p WHERE id = 700"]);
        assert!(in_place(&case, from).is_err());
        nothing_is_left(&case);
        case.hand().run(&["INSERT INTO p VALUES (700, 'again')"]);
        assert!(in_place(&case, from).expect("it applies"));
        assert!(case.hand().foreign_key_check().is_empty());
        case.assert_sound();
    }
}

#[test]
fn others_write_meanwhile_and_wait_for_nothing() {
    let after = TABLE.replacen("a TEXT", "a TEXT NOT NULL", 1).replacen("DEFAULT 0", "DEFAULT 7 REFERENCES p (id)", 1);
    let Some(case) = case(150_000, &after) else { return };
    let (is_done, url) = (AtomicBool::new(false), case.server.url());
    let (written, longest) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let hand = Hand::new(url.clone());
            let (mut written, mut longest) = (0_u32, Duration::ZERO);
            while !is_done.load(Ordering::Relaxed) {
                let since = Instant::now();
                written += 1;
                // a row with a parent of its own, and a parent that goes, with which other keys are given
                hand.run(&[
                    format!("INSERT INTO p VALUES ({0}, 'new {0}')", 1_000_000 + written),
                    format!("INSERT INTO t (k, a, n) VALUES ('new {written}', 'b', {})", 1_000_000 + written),
                    format!("REPLACE INTO p VALUES ({}, 'other')", 2_000_000 + written),
                ]);
                longest = longest.max(since.elapsed());
                std::thread::sleep(Duration::from_millis(3));
            }
            (written, longest)
        });
        assert!(in_place(&case, ALWAYS).expect("it applies"));
        is_done.store(true, Ordering::Relaxed);
        writer.join().expect("every write goes well")
    });
    assert_eq!(case.hand().query("SELECT count(*), count(a) FROM t"), [format!("{0}|{0}", 150_000 + written)]);
    assert!(longest < Duration::from_secs(5), "{written} writes, the longest took {longest:?}");
    assert!(case.hand().foreign_key_check().is_empty());
    nothing_is_left(&case);
    case.assert_sound();
}
