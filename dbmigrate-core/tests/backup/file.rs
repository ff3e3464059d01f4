//! Of files.

use super::*;

fn zoo(folder: &Path, first: &[&str]) -> PathBuf {
    let path = folder.join("source.db");
    let connection = open(&path);
    for sql in first.iter().chain(ZOO) {
        run(&connection, sql);
    }
    run(&connection, NO_TEXT);
    run(&connection, "PRAGMA application_id = 77");
    run(&connection, "ANALYZE");
    path
}

fn assert_same(source: &Path, copy: &Path) {
    let (source, copy) = (open(source), open(copy));
    assert_eq!(texts(&source, &everything(true)), texts(&copy, &everything(true)));
    assert_eq!(texts(&source, STATEMENTS), texts(&copy, STATEMENTS));
    for pragma in ["page_size", "encoding", "auto_vacuum", "user_version", "application_id"] {
        let pragma = format!("PRAGMA {pragma}");
        assert_eq!(rows(&source, &pragma), rows(&copy, &pragma), "{pragma}");
    }
    let statistics = "SELECT tbl || ' ' || ifnull(idx, '-') || ' ' || stat FROM sqlite_stat1 ORDER BY 1";
    assert_eq!(texts(&source, statistics), texts(&copy, statistics));
}

#[test]
fn everything_in_a_file_comes_along() {
    for first in [
        &["PRAGMA page_size = 8192", "PRAGMA auto_vacuum = 2", "PRAGMA journal_mode = WAL"][..],
        &["PRAGMA page_size = 1024"],
        &["PRAGMA encoding = 'UTF-16le'"],
        &["PRAGMA encoding = 'UTF-16be'", "PRAGMA auto_vacuum = 1"],
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let source = zoo(folder.path(), first);
        let copy = folder.path().join("it's a copy.db");
        let contents = copy_of_file(&source, &copy).unwrap_or_else(|error| panic!("{first:?}: {error}"));
        assert_same(&source, &copy);
        assert_eq!(contents.tables.iter().find(|table| table.name == *"plain").map(|table| table.rows), Some(6));
        assert_sound(&copy);
        assert_eq!(names(folder.path()).iter().filter(|name| name.to_string_lossy().contains("part")).count(), 0);
    }
}

#[test]
fn a_file_that_is_there_is_never_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = zoo(folder.path(), &[]);
    let copy = folder.path().join("copy.db");
    std::fs::write(&copy, "precious").expect("a file");
    assert!(matches!(copy_of_file(&source, &copy), Err(BackupError::Exists { .. })));
    assert_eq!(std::fs::read_to_string(&copy).expect("it is there"), "precious");
}

#[test]
fn a_database_with_rows_that_break_its_rules_is_copied_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = zoo(folder.path(), &[]);
    let connection = open(&source);
    run(&connection, "PRAGMA foreign_keys = OFF");
    run(&connection, "INSERT INTO child VALUES (3, 12345)");
    run(&connection, "PRAGMA ignore_check_constraints = ON");
    run(&connection, "INSERT INTO child VALUES (-1, 3)");
    let copy = folder.path().join("copy.db");
    let contents = copy_of_file(&source, &copy).expect("a copy");
    assert_eq!(contents.foreign_key_violations, Some(1));
    assert_same(&source, &copy);
}

#[test]
fn a_damaged_file_has_no_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("source.db");
    let connection = open(&path);
    for sql in [
        "PRAGMA page_size = 512",
        "CREATE TABLE t (a TEXT)",
        "CREATE INDEX i ON t (a)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT 'value ' || i FROM n",
    ] {
        run(&connection, sql);
    }
    drop(connection);
    let sound = std::fs::read(&path).expect("a file");
    let mut refused = 0;
    // whatever page is hit
    for page in 1..sound.len() / 512 {
        let mut bytes = sound.clone();
        for byte in &mut bytes[page * 512..page * 512 + 40] {
            *byte ^= 0x5a;
        }
        std::fs::write(&path, &bytes).expect("a file");
        let copy = folder.path().join("copy.db");
        match copy_of_file(&path, &copy) {
            // the free space of a page, and pages that nothing refers to, may be anything
            Ok(_) => {
                assert_eq!(
                    rows(&open(&copy), "SELECT count(*), count(DISTINCT a) FROM t"),
                    [[Value::Integer(500), Value::Integer(500)]]
                );
                std::fs::remove_file(&copy).expect("it is there");
            }
            Err(error) => {
                refused += 1;
                assert!(matches!(error, BackupError::Damaged { .. }), "{error}");
            }
        }
        assert_eq!(names(folder.path()), [PathBuf::from("source.db")]);
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn a_copy_is_of_one_moment_while_others_write() {
    for mode in ["WAL", "DELETE"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("source.db");
        let connection = open(&path);
        run(&connection, &format!("PRAGMA journal_mode = {mode}"));
        run(&connection, "CREATE TABLE a (id INTEGER PRIMARY KEY, x)");
        run(&connection, "CREATE TABLE b (id INTEGER PRIMARY KEY, x)");
        let (done, written) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let connection = open(&path);
                connection.busy_timeout(Duration::from_secs(20)).expect("a timeout");
                while !done.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                    run(&connection, "BEGIN IMMEDIATE");
                    for table in ["a", "b"] {
                        run(&connection, &format!("INSERT INTO {table} (x) VALUES (randomblob(200))"));
                    }
                    run(&connection, "COMMIT");
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
            let _end = AtEnd(&done);
            // the writer gets its turn between copies, as often as the machine lets it
            let mut number = 0;
            while number < 20 || written.load(Ordering::Relaxed) < 20 {
                number += 1;
                assert!(number < 2000, "{mode}: the writer has no turn");
                let copy = folder.path().join(format!("{number}.db"));
                let source = Source::File { path: &path, busy_timeout: Duration::from_secs(20) };
                let contents = copy_to(source, &copy, &()).unwrap_or_else(|error| panic!("{mode}: {error}"));
                let [a, b] = [0, 1].map(|at| contents.tables[at].rows);
                assert_eq!(a, b);
                assert_eq!(rows(&open(&copy), "SELECT count(*) FROM a"), rows(&open(&copy), "SELECT count(*) FROM b"));
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}

/// As one does whose commits are synced slowly: readers get in for a moment between two of them.
#[test]
fn a_writer_that_leaves_moments_only_does_not_keep_a_copy_from_being_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("source.db");
    run(&open(&path), "CREATE TABLE a (id INTEGER PRIMARY KEY, x)");
    run(&open(&path), "INSERT INTO a (x) VALUES (1), (2)");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let connection = open(&path);
            connection.busy_timeout(Duration::from_secs(20)).expect("a timeout");
            while !done.load(Ordering::Relaxed) {
                run(&connection, "BEGIN EXCLUSIVE");
                std::thread::sleep(Duration::from_millis(120));
                run(&connection, "COMMIT");
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let _end = AtEnd(&done);
        for number in 0..5 {
            let copy = folder.path().join(format!("{number}.db"));
            let source = Source::File { path: &path, busy_timeout: Duration::from_secs(20) };
            let contents = copy_to(source, &copy, &()).expect("a copy");
            assert_eq!(contents.tables[0].rows, 2);
        }
    });
}

#[test]
fn a_writer_that_keeps_the_lock_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = zoo(folder.path(), &[]);
    let writer = open(&source);
    run(&writer, "BEGIN IMMEDIATE");
    let copy = folder.path().join("copy.db");
    let source = Source::File { path: &source, busy_timeout: Duration::from_millis(50) };
    match copy_to(source, &copy, &()) {
        Err(BackupError::Source(error)) => assert_eq!(error.kind, dbmigrate_core::engine::error::ErrorKind::Locked),
        other => panic!("{other:?}"),
    }
    assert!(!copy.exists());
}

#[test]
fn text_where_numbers_are_declared_has_its_own_hash() {
    let folder = tempfile::tempdir().expect("a folder");
    let hash = |name: &str, third: &str| {
        let path = folder.path().join(name);
        let connection = open(&path);
        run(&connection, "CREATE TABLE t (n INTEGER, r REAL, a TEXT)");
        run(
            &connection,
            &format!("INSERT INTO t VALUES (1, 1.5, 'a'), (2, 'x', 5), ({third}, 2, NULL), ('y', 3, 'b')"),
        );
        drop(connection);
        let copy = folder.path().join(format!("copy of {name}"));
        let copied = copy_of_file(&path, &copy).expect("a copy");
        assert_eq!(rows(&open(&path), "SELECT * FROM t"), rows(&open(&copy), "SELECT * FROM t"));
        copied.tables[0].hash.clone()
    };
    let hashes = ["'ab'", "x'6162'", "'ac'", "7", "NULL"].map(|third| hash(&format!("{third}.db"), third));
    let different: std::collections::BTreeSet<_> = hashes.iter().collect();
    assert_eq!(different.len(), hashes.len(), "{hashes:?}");
}
