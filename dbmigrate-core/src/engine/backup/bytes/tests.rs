//! What is read as bytes is what the engine reads, and an index that is not that of its rows is noticed.

mod unmoved;

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::engine::backup::build::Build;
use crate::engine::backup::fingerprint::TableContent;
use crate::engine::backup::local::is_text;
use crate::engine::backup::page::Page;
use crate::engine::backup::verify::sound_copy;
use crate::engine::connection::Value;
use crate::engine::remote::{Flat, FlatRows};

fn open(path: &Path) -> Local {
    Local::open(path, true, Duration::ZERO).expect("a database")
}

fn run(local: &Local, sql: &str) {
    local.rows(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Compares what both ways of reading say, and that no table was left to the engine. Returns what was not checked.
#[track_caller]
fn assert_same(path: &Path) -> Vec<String> {
    let local = open(path);
    local.begin_reading().expect("a transaction");
    let file = still::of_nobody_else(path).expect("a file without a log");
    let inventory = local.inventory().expect("an inventory");
    let pager = pager::Pager::of(&file).expect("pages");
    let mut scan = scan::Scan::of(&local, &inventory, &pager, true, None).expect("a scan");
    scan.run(2, || Ok(())).expect("rows");
    while scan.has_more().expect("defaults") {
        scan.run(2, || Ok(())).expect("rows");
    }
    for (table, found) in inventory.tables.iter().zip(scan.tables()) {
        let said = local.table(table).expect("rows");
        assert_eq!(found.as_ref(), Some(&said), "{}", table.name);
    }
    let checked = local.rows("PRAGMA integrity_check").expect("a check");
    assert_eq!(checked, [[Value::Text("ok".to_owned())]]);
    scan.unchecked()
}

/// A value in SQL.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("NULL".to_owned()),
        any::<i64>().prop_map(|integer| if integer == i64::MIN { "0".to_owned() } else { integer.to_string() }),
        (-40_000_i64..40_000).prop_map(|integer| integer.to_string()),
        prop::sample::select(vec![
            "0",
            "1",
            "-0.0",
            "9e999",
            "-9e999",
            "5e-324",
            "1e308",
            "3.0",
            "0.1",
            "140737488355328"
        ])
        .prop_map(str::to_owned),
        any::<f64>().prop_filter("a number", |real| real.is_finite()).prop_map(|real| format!("{real:e}")),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| format!("x'{}'", hex(&bytes))),
        // whatever that is as text
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| format!("CAST(x'{}' AS TEXT)", hex(&bytes))),
        "[a-cA-C ]{0,6}".prop_map(|text| format!("'{text}'")),
        (0_usize..4000).prop_map(|length| format!("zeroblob({length})")),
        (0_usize..4000).prop_map(|length| format!("printf('%.*c', {length}, 'x')")),
    ]
}

fn hex(bytes: &[u8]) -> String {
    crate::engine::backup::fingerprint::hex(bytes)
}

const TABLES: [&str; 6] = [
    "CREATE TABLE t0 (a, b TEXT COLLATE NOCASE, c REAL, d INTEGER, e BLOB)",
    "CREATE TABLE t1 (a INTEGER PRIMARY KEY, b NUMERIC, c FLOAT, d VARCHAR(3) COLLATE RTRIM, e)",
    "CREATE TABLE t2 (a TEXT, b, c REAL, d, e, PRIMARY KEY (c DESC, a COLLATE NOCASE, b)) WITHOUT ROWID",
    "CREATE TABLE t3 (a, b, v AS (a) VIRTUAL, s AS (b) STORED, c REAL, d DOUBLE, e, w AS (c) STORED)",
    "CREATE TABLE t4 (a INT, b INTEGER, c REAL, d ANY, e TEXT, PRIMARY KEY (a, b))",
    "CREATE TABLE t5 (d, a PRIMARY KEY, c REAL UNIQUE, b, e) WITHOUT ROWID",
];

const INDEXES: [&str; 8] = [
    "CREATE INDEX i0 ON t0 (b, c DESC)",
    "CREATE INDEX i1 ON t0 (a COLLATE RTRIM, d)",
    "CREATE UNIQUE INDEX i2 ON t1 (c, a)",
    "CREATE INDEX i3 ON t1 (d DESC, e)",
    "CREATE INDEX i4 ON t2 (d, e)",
    "CREATE INDEX i5 ON t3 (s, w DESC, c)",
    "CREATE INDEX i6 ON t4 (c, d)",
    "CREATE INDEX i7 ON t5 (b COLLATE NOCASE DESC, c)",
];

/// What comes when there are rows: theirs are short then.
const LATER: [&str; 5] = [
    "ALTER TABLE t0 ADD COLUMN f TEXT NOT NULL DEFAULT 'later'",
    "ALTER TABLE t1 ADD COLUMN f REAL DEFAULT 7",
    "ALTER TABLE t4 ADD COLUMN f BLOB DEFAULT x'00ff'",
    "ALTER TABLE t0 ADD COLUMN g INTEGER DEFAULT '12'",
    "CREATE INDEX i8 ON t0 (f, g)",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_say_what_the_engine_says(
        page_size in prop::sample::select(vec![512, 1024, 4096, 65_536]),
        encoding in prop::sample::select(vec!["UTF-8", "UTF-8", "UTF-16le", "UTF-16be"]),
        auto_vacuum in 0..3,
        rows in prop::collection::vec((0_usize..6, prop::collection::vec(value(), 5)), 0..150),
        gone in prop::collection::vec(1..150, 0..20),
        more in prop::collection::vec((0_usize..6, prop::collection::vec(value(), 5)), 0..30),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let local = open(&path);
        run(&local, &format!("PRAGMA page_size = {page_size}"));
        run(&local, &format!("PRAGMA auto_vacuum = {auto_vacuum}"));
        run(&local, &format!("PRAGMA encoding = '{encoding}'"));
        for sql in TABLES.iter().chain(&INDEXES) {
            run(&local, sql);
        }
        let insert = |(table, values): &(usize, Vec<String>)| {
            // keys that are there already, and other values that a table does not take
            let _ = local.rows(&format!("INSERT OR REPLACE INTO t{table} (a, b, c, d, e) VALUES ({})", values.join(", ")));
        };
        run(&local, "BEGIN");
        rows.iter().for_each(insert);
        for rowid in gone {
            run(&local, &format!("DELETE FROM t0 WHERE rowid = {rowid}"));
        }
        for sql in LATER {
            run(&local, sql);
        }
        more.iter().for_each(insert);
        run(&local, "COMMIT");
        drop(local);
        let unchecked = assert_same(&path);
        if encoding == "UTF-8" {
            prop_assert_eq!(unchecked, Vec::<String>::new());
        }
        if encoding != "UTF-8" {
            // no server has that
            return Ok(());
        }
        let copy = folder.path().join("copy.db");
        let (written, followed) = rebuilt(&path, &copy);
        let contents = sound_copy(&copy, followed).expect("it is sound");
        prop_assert_eq!(&written, &contents.tables);
        prop_assert_eq!(&written, &open(&path).tables().expect("rows"));
        let checked = open(&copy).rows("PRAGMA integrity_check").expect("a check");
        prop_assert_eq!(checked, [[Value::Text("ok".to_owned())]]);
    }
}

/// Makes a copy as it is made of what comes from a server, of which each page has a few rows.
fn rebuilt(source: &Path, copy: &Path) -> (Vec<TableContent>, Option<Followed>) {
    let local = open(source);
    local.begin_reading().expect("a transaction");
    let inventory = local.inventory().expect("an inventory");
    let mut build = Build::begin(copy, &inventory).expect("a new file");
    for number in build.order(&[]) {
        let table = &inventory.tables[number];
        let offset = usize::from(table.rowid.is_some());
        let mut rows = Vec::new();
        let mut texts = Vec::new();
        local
            .each_row(table, 0, |row, masks| {
                texts.extend((0..row.len()).map(|at| at >= offset && is_text(masks, at - offset)));
                rows.push(row.clone());
                true
            })
            .expect("rows");
        let mut texts = texts.into_iter();
        let rows = FlatRows::of(rows).each(|_, row| {
            for value in row {
                if let (Flat::Blob(span), Some(true)) = (*value, texts.next()) {
                    *value = Flat::Text(span);
                }
            }
        });
        build.write(number, table, Page { rows }).expect("it is written");
    }
    build.finish(&inventory).expect("it is finished")
}

/// A database with many rows, in trees of several levels.
fn deep(folder: &Path) -> PathBuf {
    let path = folder.join("deep.db");
    let local = open(&path);
    for sql in [
        "PRAGMA page_size = 512",
        "CREATE TABLE big (id INTEGER PRIMARY KEY, name TEXT NOT NULL, score REAL, other)",
        "CREATE TABLE keyed (a TEXT, b INTEGER, c, PRIMARY KEY (b, a)) WITHOUT ROWID",
        "CREATE INDEX by_name ON big (name DESC)",
        "CREATE UNIQUE INDEX by_score ON big (score, id)",
        "CREATE INDEX by_other ON keyed (c)",
        "BEGIN",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
         INSERT INTO big SELECT i * 3, 'name ' || (i * 7919 % 20000), i % 7, iif(i % 5000 = 0, zeroblob(9000), i) FROM n",
        "INSERT INTO keyed SELECT name, id, other FROM big",
        "DELETE FROM big WHERE id % 9 = 0",
        "COMMIT",
    ] {
        run(&local, sql);
    }
    path
}

#[test]
fn deep_trees_are_read_in_parts_and_written_with_their_indexes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = deep(folder.path());
    assert_eq!(assert_same(&path), Vec::<String>::new());
    let copy = folder.path().join("copy.db");
    let (written, followed) = rebuilt(&path, &copy);
    let contents = sound_copy(&copy, followed.clone()).expect("it is sound");
    assert_eq!((&written, &written), (&contents.tables, &open(&path).tables().expect("rows")));
    assert_eq!(assert_same(&copy), Vec::<String>::new());
    // the table that is written as pages was read while it was written, and is not read again
    let local = open(&copy);
    let file = still::of_nobody_else(&copy).expect("a file without a log");
    let (inventory, pager) = (local.inventory().expect("an inventory"), pager::Pager::of(&file).expect("pages"));
    let mut scan = scan::Scan::of(&local, &inventory, &pager, true, followed).expect("a scan");
    assert_eq!(scan.followed(), 1);
    scan.run(2, || Ok(())).expect("indexes");
    assert!(!scan.has_more().expect("nothing has changed"));
    assert_eq!((scan.tables()[0].as_ref(), scan.unchecked()), (Some(&written[0]), Vec::new()));
}

/// What was read while it was written is not believed of pages that have changed since, were it by another writer.
#[test]
fn rows_that_change_after_they_were_read_are_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, copy) = (deep(folder.path()), folder.path().join("copy.db"));
    for change in [
        "UPDATE big SET score = score + 1, name = 'other' WHERE id = 12",
        "DELETE FROM big WHERE id = 60000",
        "INSERT INTO big VALUES (9, 'new', 1.5, NULL)",
        "UPDATE big SET other = zeroblob(9001) WHERE id = 15000",
        "DELETE FROM big",
        "DROP TABLE big",
    ] {
        let _ = std::fs::remove_file(&copy);
        let (written, followed) = rebuilt(&path, &copy);
        let local = open(&copy);
        run(&local, change);
        let wanted = local.tables().expect("rows");
        drop(local);
        let contents = sound_copy(&copy, followed).expect("it is sound");
        assert_eq!(contents.tables, wanted, "{change}");
        assert_ne!(contents.tables, written, "{change}");
    }
}

/// Each copy with one bit that is not what it was: no other file is the same in every byte, and whatever is taken for sound
/// and for the same is that for the engine too.
#[test]
fn a_flipped_bit_that_matters_is_found_wherever_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("source.db");
    let local = open(&path);
    for sql in [
        "PRAGMA page_size = 512",
        "CREATE TABLE big (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, score REAL, other)",
        "CREATE INDEX by_score ON big (score DESC, name COLLATE NOCASE)",
        "CREATE TABLE keyed (a TEXT, b INTEGER, PRIMARY KEY (b, a)) WITHOUT ROWID",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) \
         INSERT INTO big SELECT i * 3, 'name ' || i, i % 7, iif(i % 50 = 0, zeroblob(900), i) FROM n",
        "INSERT INTO keyed SELECT name, id FROM big",
    ] {
        run(&local, sql);
    }
    drop(local);
    let copy = folder.path().join("copy.db");
    let (written, followed) = rebuilt(&path, &copy);
    let sound = std::fs::read(&copy).expect("a file");
    let (mut refused, mut unimportant) = (0, 0);
    let whole = std::fs::File::open(&copy).expect("a file");
    let original = folder.path().join("original.db");
    whole::Whole::of(&whole).expect("pages").write(&original).expect("a copy");
    let original = std::fs::File::open(&original).expect("a file");
    let whole = whole::Whole::of(&original).expect("pages");
    let damaged = folder.path().join("damaged.db");
    for at in (0..sound.len()).step_by(23) {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&damaged, &bytes).expect("a file");
        assert!(!whole.is_same(&std::fs::File::open(&damaged).expect("a file")), "byte {at}");
        // as it is verified when it was just written, and at any other time
        let followed = followed.clone().filter(|_| at % 2 == 0);
        match sound_copy(&damaged, followed) {
            Ok(contents) if contents.tables == written => {
                unimportant += 1;
                let local = open(&damaged);
                assert_eq!(local.tables().expect("rows"), written, "byte {at}");
                let checked = local.rows("PRAGMA integrity_check").expect("a check");
                assert_eq!(checked, [[Value::Text("ok".to_owned())]], "byte {at}");
            }
            _ => refused += 1,
        }
    }
    assert!(refused > 500, "{refused} were refused, and {unimportant} are in space that is free");
}

#[test]
fn what_is_in_free_pages_is_not_copied_and_much_of_it_is_left_to_the_engine() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("source.db");
    let local = open(&path);
    for sql in [
        "CREATE TABLE kept (a TEXT)",
        "CREATE TABLE gone (a TEXT)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO kept SELECT 'here ' || i FROM n",
        "INSERT INTO gone SELECT replace(a, 'here', 'secret') FROM kept LIMIT 600",
        "DROP TABLE gone",
    ] {
        run(&local, sql);
    }
    let found = |path: &Path| {
        let bytes = std::fs::read(path).expect("a file");
        bytes.windows(6).filter(|bytes| bytes == b"secret").count()
    };
    let file = std::fs::File::open(&path).expect("a file");
    let copy = folder.path().join("copy.db");
    let whole = whole::Whole::of(&file).expect("few pages are free");
    whole.write(&copy).expect("a copy");
    assert!(found(&path) > 400);
    assert_eq!(found(&copy), 0);
    sound_copy(&copy, None).expect("it is sound");
    run(&local, "DELETE FROM kept WHERE rowid > 300");
    assert!(whole::Whole::of(&file).is_none(), "most pages are free");
}

#[test]
fn what_the_engine_has_to_check_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.db");
    let local = open(&path);
    for sql in [
        "CREATE TABLE plain (a UNIQUE, b)",
        "CREATE TABLE part (a, b)",
        "CREATE INDEX part_a ON part (a) WHERE b > 1",
        "CREATE TABLE computed (a, b AS (a + 1))",
        "CREATE INDEX computed_b ON computed (b)",
        "CREATE TABLE expression (a)",
        "CREATE INDEX expression_a ON expression (lower(a))",
        "CREATE VIRTUAL TABLE words USING fts5(body)",
        "INSERT INTO words VALUES ('hello world')",
    ] {
        run(&local, sql);
    }
    assert_eq!(assert_same(&path), ["computed", "expression", "part"]);
}

#[test]
fn an_index_that_is_not_that_of_its_rows_is_damage() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, change) in [
        // it is of another column than it was made of
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX by_name ON big (other)' WHERE name = 'by_name'",
        // the other way round
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX by_name ON big (name)' WHERE name = 'by_name'",
        // with regard to other letters
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE keyed (a TEXT, b INTEGER, c, PRIMARY KEY (b DESC, a)) WITHOUT ROWID' \
         WHERE name = 'keyed'",
        "UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX by_score ON big (score DESC, id)' WHERE name = 'by_score'",
    ]
    .into_iter()
    .enumerate()
    {
        let own = folder.path().join(number.to_string());
        std::fs::create_dir(&own).expect("a folder");
        let path = deep(&own);
        sound_copy(&path, None).expect("it is sound");
        let local = open(&path);
        run(&local, "PRAGMA writable_schema = ON");
        run(&local, change);
        drop(local);
        match sound_copy(&path, None) {
            Err(crate::engine::backup::BackupError::Damaged { problems }) => assert!(!problems.is_empty()),
            other => panic!("{change}: {other:?}"),
        }
    }
}
