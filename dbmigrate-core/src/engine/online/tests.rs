//! That a rebuild online leads to what the plain one leads to, whatever is written meanwhile.

use super::chunk::{At, at_query};
use super::swap::Swap;
use super::{Copy, Stage, copy, swap};
use crate::engine::connection::{Connection, integer, text};
use crate::engine::introspect::introspect;
use crate::engine::written::write_schema;
use crate::folder::script::Rebuild;
use crate::sql::split;

async fn at(connection: &Connection) -> At {
    let row = connection.first_row(&at_query()).await.expect("a query").expect("a row");
    At {
        migration: text(&row[0]).to_owned(),
        stage: Stage::of(text(&row[1])).expect("a stage"),
        chunk: integer(&row[2]).unsigned_abs(),
        done: integer(&row[3]).unsigned_abs(),
        is_first: integer(&row[4]) == 1,
        is_last: integer(&row[5]) == 1,
        logged: integer(&row[6]).unsigned_abs(),
    }
}

async fn all(connection: &Connection, statements: &[String]) {
    connection.begin().await.expect("a transaction");
    for statement in statements {
        connection.run(statement).await.unwrap_or_else(|error| panic!("{statement}\n{error}"));
    }
    connection.commit().await.expect("a commit");
}

/// Everything that a table has, and what there is besides.
async fn contents(connection: &Connection, table: &str) -> Vec<Vec<crate::engine::value::Value>> {
    connection.rows(&format!("SELECT * FROM {table} ORDER BY 1, 2")).await.expect("rows")
}

struct Case {
    /// What there is.
    setup: &'static str,
    /// The migration.
    script: &'static str,
    /// What an application does meanwhile, a statement at a time.
    writes: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        setup: "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT UNIQUE, boss INT REFERENCES users(id) ON DELETE CASCADE, name TEXT COLLATE NOCASE);
            CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT NOT NULL REFERENCES users (id) ON DELETE CASCADE);
            CREATE UNIQUE INDEX users_name ON users (lower(name)) WHERE name IS NOT NULL;
            CREATE INDEX users_boss ON users (boss);
            INSERT INTO users (email, name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT 'e' || i, 'N' || i FROM n;
            UPDATE users SET boss = id - 1 WHERE id % 3 = 0;
            INSERT INTO posts SELECT id, id FROM users WHERE id % 2;",
        script: "CREATE TABLE _new (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE DEFAULT 'none', boss INT REFERENCES users(id) ON DELETE CASCADE, name TEXT COLLATE NOCASE, more TEXT AS (upper(name)));
            INSERT INTO _new (id, email, boss, name) SELECT id, coalesce(email, 'none ' || id), boss, name FROM users;
            DELETE FROM sqlite_sequence WHERE name = '_new';
            INSERT INTO sqlite_sequence (name, seq) SELECT '_new', seq FROM sqlite_sequence WHERE name = 'users' COLLATE NOCASE;
            DROP TABLE users; ALTER TABLE _new RENAME TO users;
            CREATE UNIQUE INDEX users_name ON users (lower(name)) WHERE name IS NOT NULL; CREATE INDEX users_boss ON users (boss, name DESC); CREATE INDEX users_more ON users (more);",
        writes: &[
            "INSERT OR REPLACE INTO users (id, email, name) VALUES (3, 'e9', 'n50')",
            "UPDATE OR REPLACE users SET name = 'n77' WHERE id = 12",
            "UPDATE users SET id = id + 1000 WHERE id = 20",
            "DELETE FROM users WHERE id = 2",
            "INSERT INTO users (email) VALUES (NULL)",
            "INSERT OR IGNORE INTO users (email, name) VALUES ('e100', 'x')",
            "DELETE FROM users WHERE id > 190",
            "INSERT INTO users (email, name) VALUES ('e101', 'y') ON CONFLICT (email) DO UPDATE SET name = 'upserted'",
            "REPLACE INTO users (email, name) VALUES ('e150', 'N151')",
            "UPDATE users SET name = name || '!' WHERE id % 7 = 0",
            "DELETE FROM posts",
        ],
    },
    Case {
        setup: "CREATE TABLE pairs (a TEXT NOT NULL, b INT NOT NULL, v, u INT UNIQUE ON CONFLICT REPLACE, PRIMARY KEY (a, b)) WITHOUT ROWID;
            INSERT INTO pairs WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT 'a' || (i % 7), i, x'ff' || i, i FROM n;",
        script: "CREATE TABLE _new (a TEXT NOT NULL, b INT NOT NULL, v NOT NULL, u INT UNIQUE ON CONFLICT REPLACE, PRIMARY KEY (a, b)) WITHOUT ROWID;
            INSERT OR ABORT INTO _new (a, b, v, u) SELECT a, b, coalesce(v, 'x'), u FROM pairs;
            DROP TABLE pairs; ALTER TABLE _new RENAME TO pairs; CREATE INDEX pairs_v ON pairs (v);",
        writes: &[
            "INSERT INTO pairs VALUES ('a3', 1000, NULL, 5)",
            "UPDATE pairs SET u = 17 WHERE a = 'a1' AND b = 8",
            "UPDATE pairs SET a = 'a0' WHERE a = 'a6' AND b < 50",
            "DELETE FROM pairs WHERE b % 11 = 0",
            "REPLACE INTO pairs VALUES ('a3', 3, 'replaced', 100)",
        ],
    },
    Case {
        setup: "CREATE TABLE \"new\" (x TEXT, \"rowid\" TEXT, n INT);
            INSERT INTO \"new\" WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) SELECT 'x' || i, i % 3, i FROM n;
            CREATE UNIQUE INDEX one ON \"new\" (n); DELETE FROM \"new\" WHERE _rowid_ % 10 = 4;",
        script: "CREATE TABLE _new (x TEXT NOT NULL, \"rowid\" TEXT, n INT);
            INSERT INTO _new (_rowid_, x, \"rowid\", n) SELECT _rowid_, coalesce(x, ''), \"rowid\", n FROM \"new\";
            DROP TABLE \"new\"; ALTER TABLE _new RENAME TO \"new\"; CREATE UNIQUE INDEX one ON \"new\" (n);",
        writes: &[
            "UPDATE OR REPLACE \"new\" SET n = 30 WHERE n = 31",
            "UPDATE \"new\" SET _rowid_ = 5000 WHERE n = 1",
            "INSERT INTO \"new\" VALUES (NULL, 1, -7)",
            "DELETE FROM \"new\" WHERE n BETWEEN 60 AND 90",
        ],
    },
];

/// What both ways have to agree in.
async fn outcome(connection: &Connection, table: &str) -> Vec<String> {
    let mut all = vec![format!("{:?}", introspect(connection).await.expect("a schema").schema)];
    let schema = "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY 1, 2";
    let sequence = "SELECT * FROM sqlite_sequence ORDER BY 1";
    let rowids = format!("SELECT _rowid_, * FROM \"{table}\" ORDER BY 1, 2");
    for query in [schema, sequence, &rowids, "PRAGMA foreign_key_check", "PRAGMA integrity_check"] {
        all.push(format!("{query}: {:?}", connection.rows(query).await));
    }
    all
}

#[test]
fn it_leads_to_what_the_plain_rebuild_leads_to_whatever_is_written_meanwhile() {
    pollster::block_on(async {
        for case in CASES {
            for way in 0..2 {
                for offset in 0..4 {
                    run(case, way == 1, offset).await;
                }
            }
        }
    });
}

async fn run(case: &Case, as_on_server: bool, offset: usize) {
    let [plain, online] = [Connection::in_memory().await.expect("one"), Connection::in_memory().await.expect("one")];
    let statements = split(case.script);
    let rebuild = Rebuild::read(&statements, 0).expect("it is one");
    for connection in [&plain, &online] {
        connection.run("PRAGMA foreign_keys = ON").await.expect("keys");
        for statement in split(case.setup) {
            connection.run(statement.text).await.expect(statement.text);
        }
    }
    let schema = introspect(&online).await.expect("a schema").schema;
    let copy = Copy::of(&schema, &rebuild, &statements).expect("it can be done");
    online.run("PRAGMA foreign_keys = OFF").await.expect("keys");
    all(&online, &copy.prepare("0002_x", 40, !as_on_server)).await;
    let mut writes = case.writes.iter().cycle().skip(offset).take(case.writes.len());
    let mut pieces = 0;
    loop {
        let now = at(&online).await;
        if now.stage == Stage::Ready {
            break;
        }
        let compared = copy.compared(&now);
        assert_eq!(compared.is_empty(), now.stage == Stage::Copy);
        let piece = [compared, copy.piece(&now, 40)].concat();
        finds_rows_by_the_key(&online, &piece, &now).await;
        all(&online, &piece).await;
        pieces += 1;
        if let Some(write) = writes.next() {
            written(&plain, &online, write).await;
        }
    }
    assert!(pieces > 6, "{pieces}");
    for write in writes {
        written(&plain, &online, write).await;
    }
    let mut last = copy.catch_up(&at(&online).await, None);
    last.extend(copy::unfollow());
    if as_on_server {
        last.extend(copy.swap_on_server());
        all(&online, &last).await;
        for made in copy.indexes_to_make() {
            let drop = made.dropped.map(|name| format!("DROP INDEX IF EXISTS {}", name.sql()));
            let mut statements: Vec<String> = drop.into_iter().collect();
            statements.push(made.create);
            statements.extend(made.grown.map(|name| format!("DROP INDEX {}", name.sql())));
            all(&online, &statements).await;
        }
    } else {
        let Swap { renames, edits } = copy.swap_locally();
        last.extend(renames);
        online.begin().await.expect("a transaction");
        online.run_all(&last).await.expect("the tables change their names");
        write_schema(&online, &edits).await.expect("the schema is written");
        online.commit().await.expect("a commit");
        assert!(
            online.first_row("PRAGMA integrity_check").await.expect("one").is_some_and(|row| text(&row[0]) == "ok")
        );
    }
    let old = introspect_hidden(&online).await;
    if let Some(old) = old {
        let empty = swap::empty(&old, 30).expect("rows have names");
        for _ in 0..20 {
            online.run(&empty).await.expect(&empty);
        }
        assert!(contents(&online, super::OLD).await.is_empty(), "{empty}");
        all(&online, &[format!("DROP TABLE {}", super::OLD)]).await;
    }
    all(&online, &[format!("DROP TABLE {}", super::LOG), format!("DROP TABLE {}", super::AT)]).await;
    plain.run("PRAGMA foreign_keys = OFF").await.expect("keys");
    for statement in &statements {
        plain.run(statement.text).await.expect(statement.text);
    }
    let table = copy.table().as_str();
    let [plain, online] = [outcome(&plain, table).await, outcome(&online, table).await];
    for (plain, online) in plain.iter().zip(&online) {
        assert_eq!(plain, online, "offset {offset}, as on a server: {as_on_server}");
    }
}

#[test]
fn whoever_adds_rows_all_the_time_is_not_run_after() {
    pollster::block_on(async {
        let connection = Connection::in_memory().await.expect("one");
        let case = &CASES[2];
        for statement in split(case.setup) {
            connection.run(statement.text).await.expect(statement.text);
        }
        let statements = split(case.script);
        let rebuild = Rebuild::read(&statements, 0).expect("it is one");
        let schema = introspect(&connection).await.expect("a schema").schema;
        let copy = Copy::of(&schema, &rebuild, &statements).expect("it can be done");
        all(&connection, &copy.prepare("0002_x", 40, true)).await;
        let mut pieces = 0;
        while at(&connection).await.stage < Stage::Ready {
            let now = at(&connection).await;
            all(&connection, &copy.compared(&now)).await;
            // between what is compared and the rest of the piece as well
            connection.run("INSERT INTO \"new\" VALUES ('more', 1, NULL)").await.expect("it is taken");
            all(&connection, &copy.piece(&now, 40)).await;
            connection.run("INSERT INTO \"new\" VALUES ('more', 1, NULL)").await.expect("it is taken");
            pieces += 1;
            assert!(pieces < 12, "{now:?}");
        }
        all(&connection, &copy.catch_up(&at(&connection).await, None)).await;
        let counts = format!("SELECT (SELECT count(*) FROM \"new\") = (SELECT count(*) FROM {})", super::COPY);
        assert!(connection.first_row(&counts).await.expect("counts").is_some_and(|row| integer(&row[0]) == 1));
        // what nobody has logged is found: a value, a row too few, a row too many
        for (wrong, right) in [
            (
                "UPDATE _dbmigrate_online_copy SET \"rowid\" = 'other' WHERE n = 77",
                "UPDATE _dbmigrate_online_copy SET \"rowid\" = '2' WHERE n = 77",
            ),
            (
                "DELETE FROM _dbmigrate_online_copy WHERE n = 78",
                "INSERT INTO _dbmigrate_online_copy (_rowid_, x, \"rowid\", n) VALUES (78, 'x78', 0, 78)",
            ),
            (
                "INSERT INTO _dbmigrate_online_copy VALUES ('more', 1, -1)",
                "DELETE FROM _dbmigrate_online_copy WHERE n = -1",
            ),
        ] {
            for (sql, is_right) in [(wrong, false), (right, true)] {
                connection.run(sql).await.expect(sql);
                let now =
                    At { stage: Stage::Verify, is_first: true, is_last: true, logged: 0, ..at(&connection).await };
                let compared = copy.compared(&now);
                assert_eq!(connection.run(&compared[0]).await.is_ok(), is_right, "{sql}");
            }
        }
    });
}

/// A piece costs what its rows cost, and not what the table has.
async fn finds_rows_by_the_key(connection: &Connection, piece: &[String], at: &At) {
    for statement in piece {
        for row in connection.rows(&format!("EXPLAIN QUERY PLAN {statement}")).await.expect(statement) {
            let step = text(&row[3]);
            let is_ours = [super::LOG, super::AT, "CONSTANT ROW"].iter().any(|name| step.contains(name));
            // the first one begins at the beginning, as the next stage does behind the last one
            let is_end = at.is_first || at.is_last || step.contains("USING COVERING INDEX") && !step.contains("SCAN");
            assert!(!step.starts_with("SCAN") || is_ours || is_end, "{step}\n{statement}");
            assert!(!step.contains("(a>?"), "{step}\n{statement}");
            assert!(!step.contains("B-TREE"), "{step}\n{statement}");
        }
    }
}

/// Writes as an application does, with foreign keys on. What fails without a rebuild fails with one, and nothing else.
async fn written(plain: &Connection, online: &Connection, write: &str) {
    let mut results = Vec::new();
    for connection in [plain, online] {
        connection.run("PRAGMA foreign_keys = ON").await.expect("keys");
        results.push(connection.run(write).await.map_err(|error| error.message));
        connection.run("PRAGMA foreign_keys = OFF").await.expect("keys");
    }
    assert_eq!(results[0], results[1], "{write}");
}

async fn introspect_hidden(connection: &Connection) -> Option<crate::schema::Table> {
    let query = format!("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '{}'", super::OLD);
    let row = connection.first_row(&query).await.expect("a query")?;
    match crate::ddl::read(text(&row[0])) {
        Ok(crate::ddl::Object::Table(table)) => Some(table),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trigger_that_keeps_a_written_row_from_being_logged_is_refused() {
    let case = &CASES[2];
    let outcome = |trigger: &str| {
        pollster::block_on(async {
            let connection = Connection::in_memory().await.expect("one");
            for statement in split(case.setup).into_iter().map(|one| one.text).chain([trigger]) {
                connection.run(statement).await.expect(statement);
            }
            let schema = introspect(&connection).await.expect("a schema").schema;
            let statements = split(case.script);
            let rebuild = Rebuild::read(&statements, 0).expect("it is one");
            Copy::of(&schema, &rebuild, &statements).map(|_| ()).map_err(|why| why.0)
        })
    };
    let ignores = "BEGIN SELECT 1; SELECT raise /* it */ (IGNORE) WHERE NEW.n > 7; END";
    let why = "trigger `skip` may say `RAISE(IGNORE)` behind a write, and what was written is then not noticed";
    assert_eq!(outcome(&format!("CREATE TRIGGER skip AFTER INSERT ON \"new\" {ignores}")), Err(why.to_owned()));
    // a row is as it was, or another table's
    assert_eq!(outcome(&format!("CREATE TRIGGER skip BEFORE INSERT ON \"new\" {ignores}")), Ok(()));
    assert_eq!(outcome("CREATE TRIGGER skip AFTER INSERT ON \"new\" BEGIN SELECT 'RAISE(IGNORE)'; END"), Ok(()));
}

#[test]
fn a_small_rest_of_a_table_is_dropped_at_once() {
    pollster::block_on(async {
        let connection = Connection::in_memory().await.expect("one");
        connection.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a)").await.expect("a table");
        let fill = "INSERT INTO t (a) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
                    SELECT zeroblob(500) FROM n";
        connection.run(fill).await.expect("rows");
        let table = introspect(&connection).await.expect("a schema").schema.tables.iter().next().cloned().expect("it");
        let left = async || {
            let row = connection.first_row(&swap::left(&table)).await.expect("an answer");
            swap::Left::read(&row.expect("a row")).expect("it is one")
        };
        // each end is searched for; the whole table would be read again by every piece
        let plan = connection.rows(&format!("EXPLAIN QUERY PLAN {}", swap::left(&table))).await.expect("a plan");
        let searches = plan.iter().filter(|row| text(&row[3]).starts_with("SEARCH t")).count();
        assert_eq!(searches, 2, "{plan:?}");
        let before = left().await;
        assert_eq!(before.dropped_in(before), std::time::Duration::MAX, "nothing is known yet");
        connection.run(&swap::empty(&table, 5000).expect("it has rowids")).await.expect("some go");
        // eight rows to a page, and a few pages that lead to them
        let after = left().await;
        let pages = after.dropped_in(before).as_micros() / 15;
        assert!((1850..2100).contains(&pages) && !after.is_empty(), "{pages}");
        connection.run("DELETE FROM t").await.expect("all go");
        assert!(left().await.is_empty());
    });
}

#[test]
fn what_others_wait_for_on_a_server_grows_with_the_rows() {
    let waits = |case: &Case, rows: u64| {
        pollster::block_on(async {
            let connection = Connection::in_memory().await.expect("one");
            for statement in split(case.setup) {
                connection.run(statement.text).await.expect(statement.text);
            }
            let schema = introspect(&connection).await.expect("a schema").schema;
            let statements = split(case.script);
            let rebuild = Rebuild::read(&statements, 0).expect("it is one");
            let wait = Copy::of(&schema, &rebuild, &statements).expect("it can be done").longest_wait(rows);
            (wait.why, wait.time.as_millis())
        })
    };
    let index = "a server makes index `users_name` in one statement".to_owned();
    assert_eq!(waits(&CASES[0], 10_000_000), (index, 7500));
    let drop = "a server drops the old `users` in one statement, as other tables refer to it".to_owned();
    assert_eq!(waits(&CASES[0], 100_000), (drop, 15));
    assert_eq!(waits(&CASES[1], 0).1, 0);
}
