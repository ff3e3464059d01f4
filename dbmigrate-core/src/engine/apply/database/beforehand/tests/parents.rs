//! What becomes of the parents of rows between the question and the lock.

use super::{Stand, run};

/// A parent with a key of its own, children that refer to it later, and how both are declared then.
fn stand(parent: &str, child: &str) -> Stand {
    let before = format!("CREATE TABLE p ({parent}); CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, {child});");
    let after = before.replace("b INTEGER", "b INTEGER REFERENCES p (k)");
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) \
                INSERT INTO p (k, u) SELECT i, 'u' || i FROM n; \
                INSERT INTO t (a, b) SELECT 'a', k FROM p WHERE k < 200;";
    Stand::new(&before, &after, rows)
}

const ORPHANS: &str = "SELECT count(*) FROM t WHERE b IS NOT NULL AND NOT EXISTS (SELECT 1 FROM p WHERE p.k = t.b)";

/// What happens meanwhile, and how it looks then where rows are found by an index, and where they are not.
const MEANWHILE: [(&str, &str, &str); 15] = [
    ("SELECT 1", "holds", "holds"),
    ("DELETE FROM p WHERE k = 5", "contradicted", "grown"),
    ("DELETE FROM p WHERE k = 250", "holds", "grown"),
    ("DELETE FROM p WHERE k = 5; INSERT INTO p (k, u) VALUES (5, 'again')", "holds", "holds"),
    ("DELETE FROM p WHERE k = 5; DELETE FROM t WHERE b = 5", "holds", "grown"),
    ("UPDATE p SET k = 2000 WHERE k = 5", "contradicted", "grown"),
    ("UPDATE p SET u = 'other' WHERE k = 5", "holds", "holds"),
    ("REPLACE INTO p (k, u) VALUES (2000, 'u5')", "contradicted", "grown"),
    ("REPLACE INTO p (k, u) VALUES (5, 'other')", "holds", "holds"),
    ("UPDATE OR REPLACE p SET u = 'u5' WHERE k = 6", "contradicted", "grown"),
    ("INSERT INTO p (k, u) VALUES (5, 'z') ON CONFLICT (k) DO UPDATE SET k = 2000", "contradicted", "grown"),
    ("INSERT INTO t (a, b) VALUES ('x', 2000)", "contradicted", "contradicted"),
    ("UPDATE t SET b = 2000 WHERE id = 3", "contradicted", "contradicted"),
    ("INSERT INTO p (k, u) VALUES (2000, 'n'); INSERT INTO t (a, b) VALUES ('x', 2000)", "holds", "holds"),
    ("CREATE TRIGGER e AFTER INSERT ON p BEGIN SELECT RAISE(IGNORE); END", "moved", "moved"),
];

#[test]
fn parents_that_go_between_the_question_and_the_lock_are_missed() {
    for (parent, child) in [
        ("k INTEGER PRIMARY KEY, u TEXT UNIQUE", "b INTEGER UNIQUE"),
        ("k INTEGER PRIMARY KEY, u TEXT UNIQUE", "b INTEGER"),
        ("u TEXT COLLATE NOCASE PRIMARY KEY, k INTEGER UNIQUE", "b INTEGER"),
        ("u TEXT PRIMARY KEY, k INTEGER NOT NULL UNIQUE) WITHOUT ROWID; CREATE TABLE o (a", "b INTEGER UNIQUE"),
    ] {
        for (meanwhile, indexed, scanned) in MEANWHILE {
            let wanted = if child.ends_with("UNIQUE") { indexed } else { scanned };
            let mut stand = stand(parent, child);
            let what = format!("{parent}; {child}; {meanwhile}");
            assert_eq!(stand.settled(meanwhile), wanted, "{what}");
            if wanted == "moved" {
                continue;
            }
            let orphans = stand.value(ORPHANS);
            assert!(orphans == 0 || wanted != "holds", "{what}");
            if orphans > 0 {
                assert!(stand.apply().is_err(), "{what}");
                run(&stand.other, "INSERT INTO p (k, u) SELECT b, 'new' || b FROM t WHERE b NOT IN (SELECT k FROM p)");
            }
            stand.apply().unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!((stand.left(), stand.value("SELECT count(*) FROM pragma_foreign_key_check")), (0, 0), "{what}");
            assert_eq!(stand.value("SELECT count(*) FROM pragma_foreign_key_list('t')"), 1, "{what}");
        }
    }
}

#[test]
fn a_table_may_be_its_own_parent() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);";
    let after = before.replace("b INTEGER", "b INTEGER REFERENCES t");
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) \
                INSERT INTO t SELECT i, 'a', i / 2 + 1 FROM n;";
    for (meanwhile, wanted) in [
        ("DELETE FROM t WHERE id = 300", "grown"),
        ("DELETE FROM t WHERE id = 5", "grown"),
        ("UPDATE t SET id = 1000 WHERE id = 5", "grown"),
        ("INSERT INTO t VALUES (1000, 'a', 1001)", "contradicted"),
    ] {
        let mut stand = Stand::new(before, &after, rows);
        assert_eq!(stand.settled(meanwhile), wanted, "{meanwhile}");
        let orphans = stand.value("SELECT count(*) FROM t WHERE b NOT IN (SELECT id FROM t)");
        assert_eq!(stand.apply().is_err(), orphans > 0, "{meanwhile}");
    }
}

#[test]
fn parents_that_cannot_be_followed_are_looked_for_with_the_lock() {
    for parent in [
        "k TEXT PRIMARY KEY, u TEXT",
        "k INTEGER PRIMARY KEY, u TEXT); CREATE UNIQUE INDEX e ON p (lower(u)",
        "k INTEGER PRIMARY KEY, u TEXT); CREATE TRIGGER e AFTER UPDATE ON p BEGIN SELECT RAISE(IGNORE); END; SELECT (1",
    ] {
        let mut stand = stand(parent, "b INTEGER");
        assert_eq!(stand.settled("SELECT 1"), "nothing", "{parent}");
        // whether as a number or as text, it is less than 200
        run(&stand.other, "DELETE FROM p WHERE k = 15");
        assert!(stand.apply().is_err(), "{parent}");
        run(&stand.other, "DELETE FROM t WHERE b = 15");
        stand.apply().unwrap_or_else(|error| panic!("{parent}: {error}"));
    }
}
