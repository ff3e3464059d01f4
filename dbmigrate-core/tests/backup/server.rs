//! Of servers.

use dbmigrate_core::engine::backup;
use dbmigrate_core::engine::remote::{Client, Options, RemoteUrl};
use dbmigrate_test_support::hand::{Hand, text};
use dbmigrate_test_support::proxy::Proxy;
use dbmigrate_test_support::sqld::{self, Server};

use super::*;

fn client(url: &str) -> Client {
    let (url, _) = RemoteUrl::parse(url).expect("a URL");
    Client::new(url, None, Options::default())
}

fn copy_of_server(url: &str, to: &Path) -> Result<Contents, BackupError> {
    copy_to(Source::Server(&client(url)), to, &())
}

fn lines(hand: &Hand, sql: &str) -> Vec<String> {
    hand.rows(sql).iter().map(|row| text(&row[0])).collect()
}

#[test]
fn rows_come_as_protobuf_and_from_a_server_without_it_as_json() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    hand.run(ZOO);
    hand.run(&[
        "CREATE TABLE reals (id INTEGER PRIMARY KEY, a)",
        "INSERT INTO reals (a) VALUES (9e999), (-9e999), (1e308), (-0.0), (0.1), (9223372036854775807), (x''), ('')",
        "CREATE TABLE highest (a INTEGER PRIMARY KEY, b)",
        "INSERT INTO highest VALUES (-9223372036854775808, 1), (9223372036854775806, 2), (9223372036854775807, 3)",
        // as many as the first page has
        "CREATE TABLE fully (b, a INTEGER PRIMARY KEY)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO fully (b) SELECT i FROM n",
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let copies = [false, true].map(|has_json_only| {
        let proxy = Proxy::before(server.port());
        if has_json_only {
            proxy.without_protobuf();
        }
        let copy = folder.path().join(format!("{has_json_only}.db"));
        let contents = copy_of_server(&proxy.url(), &copy).expect("a copy");
        let lines: Vec<String> = proxy.traffic().requests.into_iter().map(|one| one.line).collect();
        let is_protobuf = |line: &&String| line.starts_with("POST /v3-protobuf/pipeline ");
        // whoever closes the stream need not know
        let others = lines.len() - lines.iter().filter(is_protobuf).count();
        assert!(if has_json_only { others == lines.len() } else { others <= 1 }, "{lines:?}");
        let found = texts(&open(&copy), &everything(false));
        assert_sound(&copy);
        (contents.tables, found)
    });
    let [protobuf, json] = copies;
    assert_eq!(protobuf, json);
    assert_eq!(protobuf.1, lines(&hand, &everything(false)));
    let sizes: Vec<(&str, u64)> = protobuf.0.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    for wanted in [("fully", 500), ("highest", 3), ("reals", 8)] {
        assert!(sizes.contains(&wanted), "{sizes:?}");
    }
}

#[test]
fn everything_on_a_server_comes_along() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    hand.run(ZOO);
    for more in [None, Some(NO_TEXT)] {
        hand.run(more.as_slice());
        let folder = tempfile::tempdir().expect("a folder");
        let copy = folder.path().join("copy.db");
        copy_of_server(&server.url(), &copy).expect("a copy");
        let local = open(&copy);
        assert_eq!(lines(&hand, &everything(false)), texts(&local, &everything(false)));
        // another version of SQLite prints other digits
        let reals = "SELECT a FROM auto WHERE typeof(a) = 'real' ORDER BY id";
        let ours: Vec<f64> =
            rows(&local, reals).iter().map(|row| row[0].as_real().copied().expect("a number")).collect();
        let theirs: Vec<f64> = hand.rows(reals).iter().map(|row| row[0]["value"].as_f64().expect("a number")).collect();
        assert_eq!(ours, theirs);
        assert_eq!(lines(&hand, STATEMENTS), texts(&local, STATEMENTS));
        assert_eq!(rows(&local, "PRAGMA user_version"), [[Value::Integer(5)]]);
        drop(local);
        assert_sound(&copy);
        assert_eq!(names(folder.path()), [PathBuf::from("copy.db")]);
    }
}

#[test]
fn many_rows_and_large_ones_come_in_pages() {
    let Some(server) = sqld::Options::default().start() else { return };
    let hand = Hand::new(server.url());
    hand.run(&[
        "CREATE TABLE many (a)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO many (rowid, a) SELECT i * 7 - 100000, i FROM n",
        "CREATE TABLE large (id INTEGER PRIMARY KEY, a BLOB)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) INSERT INTO large SELECT i, randomblob(10) FROM n",
        "INSERT INTO large VALUES (601, randomblob(4000000)), (602, randomblob(4000000)), (603, randomblob(4000000)), (604, NULL)",
        // rowids that lie close together, with holes, far from each other and close again, as far as there are any
        "CREATE TABLE uneven (a, id INTEGER PRIMARY KEY)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO uneven SELECT i, i FROM n WHERE i % 3 > 0 OR i < 5000",
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO uneven SELECT i, i * 1000 FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) INSERT INTO uneven SELECT i, 9223372036854775807 - i * 2 FROM n",
        "INSERT INTO uneven VALUES (0, 9223372036854775807)",
        // small rows and then large ones, more of which lie close together than fit into an answer
        "CREATE TABLE growing (a)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO growing SELECT i FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO growing SELECT zeroblob(60000 + i) FROM n",
        "CREATE TABLE keyed (a TEXT, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO keyed SELECT 'key ' || (i % 90), i FROM n",
        "CREATE TABLE nocase (a TEXT COLLATE NOCASE, b REAL, PRIMARY KEY (a COLLATE BINARY, b)) WITHOUT ROWID",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO nocase SELECT char(65 + i % 2 * 32), i / 2 FROM n",
        "CREATE TABLE backwards (a TEXT COLLATE NOCASE, b INTEGER, c REAL, PRIMARY KEY (a DESC, c, b DESC)) WITHOUT ROWID",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7000) INSERT INTO backwards SELECT char(65 + i % 3 * 33), i, i / 1000 + 0.5 FROM n",
        "CREATE TABLE infinite (a REAL PRIMARY KEY) WITHOUT ROWID",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 499) INSERT INTO infinite SELECT -i FROM n",
        "INSERT INTO infinite VALUES (9e999), (-9e999), (1), (2)",
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    let contents = copy_of_server(&server.url(), &copy).expect("a copy");
    let counts: Vec<(String, u64)> =
        contents.tables.iter().map(|table| (table.name.as_str().to_owned(), table.rows)).collect();
    let wanted = [
        ("backwards", 7000),
        ("growing", 3200),
        ("infinite", 503),
        ("keyed", 9000),
        ("large", 604),
        ("many", 30000),
        ("nocase", 3000),
        ("uneven", 7666 + 3991 + 6001),
    ];
    assert_eq!(counts, wanted.map(|(name, rows)| (name.to_owned(), rows)));
    let local = open(&copy);
    for (table, query) in [
        ("many", "SELECT sum(rowid * 31 + a) || '' FROM many"),
        ("uneven", "SELECT sum(id % 1000003 * (a + 1)) || ' ' || max(id) FROM uneven"),
        ("growing", "SELECT sum(rowid * length(a)) || '' FROM growing"),
        ("keyed", "SELECT count(DISTINCT a || ' ' || b) || '' FROM keyed"),
        ("backwards", "SELECT count(DISTINCT a || ' ' || b) || ' ' || sum(b * c) FROM backwards"),
        ("nocase", "SELECT count(DISTINCT hex(a) || ' ' || b) || '' FROM nocase"),
        ("infinite", "SELECT min(a) || ' ' || max(a) FROM infinite"),
    ] {
        assert_eq!(lines(&hand, query), texts(&local, query), "{table}");
    }
    for id in [601, 602, 603] {
        // in two halves: a value may take 5 MB on a server
        for from in [1, 2_000_001] {
            let half = format!("SELECT hex(substr(a, {from}, 2000000)) FROM large WHERE id = {id}");
            assert!(lines(&hand, &half) == texts(&local, &half), "{id}");
        }
    }
}

#[test]
fn a_server_is_copied_as_of_one_moment_while_others_write() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    hand.run(&[
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO a (x) SELECT randomblob(100) FROM n",
        "CREATE TABLE b AS SELECT * FROM a",
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::Relaxed) {
                count += 1;
                hand.run(&[
                    "BEGIN IMMEDIATE",
                    "INSERT INTO a (x) VALUES (1)",
                    "INSERT INTO b (x) VALUES (1)",
                    "DELETE FROM a WHERE id = (SELECT min(id) FROM a)",
                    "DELETE FROM b WHERE id = (SELECT min(id) FROM b)",
                    "INSERT INTO a (x) VALUES (2)",
                    "INSERT INTO b (x) VALUES (2)",
                    "COMMIT",
                ]);
            }
            count
        });
        let _end = AtEnd(&done);
        for number in 0..3 {
            let copy = folder.path().join(format!("{number}.db"));
            let contents = copy_of_server(&server.url(), &copy).expect("a copy");
            let [a, b] = [0, 1].map(|at| contents.tables[at].rows);
            assert_eq!(a, b);
        }
        done.store(true, Ordering::Relaxed);
        assert!(writer.join().expect("a writer") > 3);
    });
}

#[test]
fn rows_that_do_not_meet_not_null_are_copied_from_a_server() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    hand.run(&[
        "CREATE TABLE holes (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b AS (a || 'x') STORED)",
        "INSERT INTO holes (id, a) VALUES (1, NULL), (2, 'a')",
        "ALTER TABLE holes ALTER COLUMN a TO a TEXT UNIQUE NOT NULL",
        "CREATE TABLE keyed (k TEXT PRIMARY KEY, a /* here */ INTEGER, CHECK (k IS NOT NULL)) WITHOUT ROWID",
        "INSERT INTO keyed VALUES ('x', NULL), ('y', 1)",
        "ALTER TABLE keyed ALTER COLUMN a TO a INTEGER NOT NULL ON CONFLICT IGNORE",
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    copy_of_server(&server.url(), &copy).expect("a copy");
    let local = open(&copy);
    for query in [
        "SELECT group_concat(id || ' ' || quote(a) || quote(b), ', ') FROM holes",
        "SELECT group_concat(k || ' ' || quote(a), ', ') FROM keyed",
        STATEMENTS,
    ] {
        assert_eq!(lines(&hand, query), texts(&local, query));
    }
    assert_eq!(rows(&local, "SELECT count(*) FROM holes WHERE typeof(a) = 'null'"), [[Value::Integer(1)]]);
    assert!(texts(&local, "PRAGMA integrity_check").iter().all(|line| line.starts_with("NULL value in ")));
}

/// Numbers of all sizes with all digits that there are, the same wherever they are computed.
const REAL: &str = "((id * id * id * 7919 + id * 104729) & 9007199254740991) / 3.0 / (1 << (id % 60))";

#[test]
fn real_numbers_come_with_all_digits() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    hand.run(&[
        "CREATE TABLE reals (id INTEGER PRIMARY KEY, a REAL, b)",
        &format!(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 5000) \
             INSERT INTO reals SELECT id, {REAL}, 1.0 / id FROM n"
        ),
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    copy_of_server(&server.url(), &copy).expect("a copy");
    let others = format!("SELECT count(*) FROM reals WHERE a IS NOT {REAL} OR b IS NOT 1.0 / id");
    assert_eq!(rows(&open(&copy), &others), [[Value::Integer(0)]]);
}

#[test]
fn real_numbers_are_restored_with_all_digits() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("source.db");
    let connection = open(&path);
    run(&connection, "CREATE TABLE reals (id INTEGER PRIMARY KEY, a REAL, b)");
    run(
        &connection,
        &format!(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 5000) \
             INSERT INTO reals SELECT id, {REAL}, 1.0 / id FROM n"
        ),
    );
    drop(connection);
    let contents = backup::contents(&path, Duration::from_secs(2), &()).expect("it is sound");
    backup::fill(&client(&server.url()), &path, &contents, &()).expect("it is filled");
    let others = format!("SELECT count(*) FROM reals WHERE a IS NOT {REAL} OR b IS NOT 1.0 / id");
    let hand = Hand::new(server.url());
    assert_eq!(text(&hand.rows(&others)[0][0]), "0");
}
