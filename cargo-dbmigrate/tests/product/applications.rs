//! Histories in the shapes that public applications have, adopted and carried on: transactions inside of a migration of
//! sqlx, reversible files beside plain ones, a runner of one's own with a table of its own, statements that may find
//! everything done.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha384};

use crate::project::Project;

/// A migration: its file and its SQL, and rows that the application writes after it.
pub(crate) type Step<'a> = (&'a str, &'a str, &'a str);

/// A project with the folder, and a database in which sqlx has executed it.
pub(crate) fn by_sqlx(steps: &[Step<'_>]) -> Project {
    let project = Project::new("");
    project.sql(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT
         NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)",
    );
    for (file, sql, rows) in steps {
        project.write(&format!("migrations/{file}"), sql);
        if file.ends_with(".down.sql") {
            continue;
        }
        project.sql(&format!("BEGIN;\n{sql}\n;COMMIT;\n{rows}"));
        let (version, rest) = file.split_once('_').expect("a version");
        let description = rest.trim_end_matches(".sql").trim_end_matches(".up").replace('_', " ");
        let mut checksum = String::new();
        for byte in Sha384::digest(sql.as_bytes()) {
            write!(checksum, "{byte:02x}").expect("it is a string");
        }
        project.sql(&format!(
            "INSERT INTO _sqlx_migrations VALUES ({version}, '{description}', CURRENT_TIMESTAMP, TRUE, x'{checksum}', 1)"
        ));
    }
    project
}

/// Adopts it, changes a struct so that its table is rebuilt, migrates, and compares the rows of all tables.
fn goes_on(project: &Project, from: &str, (field, edited): (&str, &str), tables: &[&str]) {
    let rows = || -> Vec<Vec<String>> {
        let one = |table: &&str| project.query(&format!("SELECT * FROM {table} ORDER BY rowid"));
        tables.iter().map(one).collect()
    };
    fs_err::remove_file(project.path("src/lib.rs")).expect("it is there");
    project.runs(&format!("pull --from {from} --out src/lib.rs"));
    project.runs("check");
    project.runs("status");
    project.runs("diff --from database --to structs");
    let before = rows();
    let structs = project.read("src/lib.rs");
    assert!(structs.contains(field), "no `{field}` in\n{structs}");
    project.structs(&structs.replacen(field, &format!("{edited}\n    {field}"), 1));
    project.runs("generate --name edit");
    project.runs("migrate --dry-run");
    project.runs("migrate");
    project.runs("diff --from database --to structs");
    assert_eq!(rows(), before);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn transactions_inside_of_a_migration_of_sqlx_are_taken_over() {
    let project = by_sqlx(&[
        (
            "20250101000000_init.sql",
            "PRAGMA foreign_keys = ON;
CREATE TABLE shops (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL,
    folder     TEXT NOT NULL DEFAULT '' UNIQUE,
    created_at TEXT NOT NULL DEFAULT (datetime('now', 'subsec'))
);
CREATE TABLE orders (
    id      BLOB PRIMARY KEY,
    shop_id BLOB NOT NULL REFERENCES shops(id) ON DELETE CASCADE,
    state   TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','closed')),
    agent   TEXT
);
CREATE INDEX idx_orders_open ON orders(shop_id, state) WHERE state = 'open';
",
            "INSERT INTO shops (id, name, folder) VALUES (x'01', 'one', '/a'), (x'02', 'two', '/b');
             INSERT INTO orders (id, shop_id, agent) VALUES (x'11', x'01', 'A:1'), (x'12', x'02', NULL);",
        ),
        (
            "20250202000000_places.sql",
            "CREATE TABLE places (id BLOB PRIMARY KEY, path TEXT NOT NULL UNIQUE);
INSERT INTO places (id, path) SELECT randomblob(16), folder FROM shops WHERE folder != '';
ALTER TABLE orders ADD COLUMN place_id BLOB REFERENCES places(id);
UPDATE orders SET place_id = (SELECT p.id FROM places p JOIN shops s ON s.folder = p.path WHERE s.id = orders.shop_id);

-- what sqlx has begun ends here
COMMIT;

PRAGMA foreign_keys = OFF;

BEGIN TRANSACTION;

CREATE TABLE shops_new (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (datetime('now', 'subsec'))
);
INSERT INTO shops_new (id, name, created_at) SELECT id, name, created_at FROM shops;
DROP TABLE shops;
ALTER TABLE shops_new RENAME TO shops;

PRAGMA foreign_key_check;

COMMIT;

PRAGMA foreign_keys = ON;

-- and here is one for sqlx to end
BEGIN TRANSACTION;
",
            "",
        ),
        (
            "20250303000000_purchases.sql",
            "PRAGMA foreign_keys = OFF;
ALTER TABLE orders RENAME TO purchases;
DROP INDEX idx_orders_open;
CREATE INDEX idx_purchases_open ON purchases(shop_id, state) WHERE state = 'open';
UPDATE purchases SET agent = substr(agent, 1, instr(agent, ':') - 1) WHERE agent LIKE '%:%';
PRAGMA foreign_keys = ON;
",
            "",
        ),
    ]);
    assert_eq!(project.query("SELECT agent FROM purchases WHERE agent IS NOT NULL"), ["A"]);
    let edit = ("pub name: String", "#[column(check = \"length(name) > 0\")]");
    goes_on(&project, "sqlx", edit, &["shops", "purchases", "places"]);
}

#[test]
fn reversible_files_beside_plain_ones_and_dashes_in_names_are_taken_over() {
    let project = by_sqlx(&[
        (
            "0001_first-tables.up.sql",
            "CREATE TABLE IF NOT EXISTS people (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    email VARCHAR(150) NOT NULL COLLATE NOCASE,
    token STRING NOT NULL,
    made  TIMESTAMP DEFAULT (DATETIME('now')),

    CONSTRAINT `idx_email` UNIQUE (`email`)
    CONSTRAINT `idx_token` UNIQUE (`token`)
);
CREATE TABLE lists (
    person TEXT NOT NULL,
    id TEXT NOT NULL,
    zone TEXT,
    PRIMARY KEY (person, id)
);
CREATE TABLE items (
    person TEXT NOT NULL,
    list_id TEXT NOT NULL,
    id TEXT NOT NULL,
    changed DATETIME DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (person, list_id, id),
    FOREIGN KEY (person, list_id)
    REFERENCES lists (person, id) ON DELETE CASCADE
)",
            "INSERT INTO people (email, token) VALUES ('a@x', 't1'), ('b@x', 't2');
             INSERT INTO lists VALUES ('ada', 'home', 'UTC'), ('bob', 'work', NULL);
             INSERT INTO items (person, list_id, id) VALUES ('ada', 'home', '1'), ('bob', 'work', '2');",
        ),
        ("0001_first-tables.down.sql", "DROP TABLE items;\nDROP TABLE lists;\nDROP TABLE people;\n", ""),
        ("0005_no-zones.up.sql", "-- the zone is known\nALTER TABLE lists DROP COLUMN zone;\n", ""),
        ("0005_no-zones.down.sql", "ALTER TABLE lists ADD COLUMN zone TEXT;\n", ""),
        (
            "0006_uids.sql",
            "ALTER TABLE items RENAME TO items_old;

CREATE TABLE items (
    person TEXT NOT NULL,
    list_id TEXT NOT NULL,
    id TEXT NOT NULL, -- the file
    \"uid\" TEXT NOT NULL,  -- the same everywhere
    changed DATETIME DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT pk_item PRIMARY KEY (person, list_id, id),
    CONSTRAINT uq_item UNIQUE (person, list_id, \"uid\"),
    CONSTRAINT fk_item FOREIGN KEY (person, list_id)
    REFERENCES lists (person, id) ON DELETE CASCADE
);

CREATE INDEX idx_items_uid ON items (person, list_id, \"uid\");
INSERT INTO items (person, list_id, id, \"uid\", changed) SELECT person, list_id, id, id AS \"uid\", changed FROM items_old;
DROP TABLE items_old;
",
            "",
        ),
    ]);
    let edit = ("pub token: ", "#[column(check = \"length(token) > 0\")]");
    let structs = project.path("src/lib.rs");
    goes_on(&project, "sqlx", edit, &["people", "lists", "items"]);
    assert!(fs_err::read_to_string(structs).expect("it was written").contains("uq_item"));
    assert!(project.read("db/migrations/0002_no_zones/migration.sql").contains("-- dbmigrate: undo"));
}

#[test]
fn a_runner_of_ones_own_with_a_table_of_its_own_is_taken_over() {
    let project = Project::new("");
    let files = [
        ("1_own_table.sql", "INSERT INTO migrations (name) SELECT name FROM older_migrations WHERE 0;\n"),
        ("20240101_init.sql", "CREATE TABLE coins (id TEXT PRIMARY KEY, amount INTEGER NOT NULL);\n"),
        (
            "20240202_spent.sql",
            "CREATE TABLE coins_new (id TEXT PRIMARY KEY, amount INTEGER NOT NULL, spent BOOL NOT NULL DEFAULT 0);\n\
             INSERT INTO coins_new SELECT id, amount, 0 FROM coins;\nDROP TABLE coins;\nALTER TABLE coins_new RENAME TO coins;\n",
        ),
    ];
    project.sql(
        "CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
         CREATE TABLE older_migrations (name TEXT);",
    );
    for (file, sql) in files {
        project.write(&format!("migrations/{file}"), sql);
        project.sql(&format!("{sql}; INSERT INTO migrations (name) VALUES ('{file}');"));
    }
    project.sql("DROP TABLE older_migrations; INSERT INTO coins VALUES ('a', 5, 0), ('b', 6, 1);");
    let run = project.ends(1, "pull --from sql=migrations --out src/lib.rs");
    let help = "records them in `migrations`: `cargo dbmigrate pull --from sql --history-table migrations`";
    assert!(run.err.contains(help), "{}", run.err);
    project.runs("pull --from sql --history-table migrations --out src/lib.rs --overwrite");
    let first = project.read("db/migrations/0001_own_table/migration.sql");
    assert!(
        first.contains("because what was applied is recorded elsewhere now:\n--   INSERT INTO migrations"),
        "{first}"
    );
    let edit = ("pub amount: i64", "#[column(check = \"amount > 0\")]");
    goes_on(&project, "sql --history-table migrations", edit, &["coins", "migrations"]);
}

#[test]
fn statements_that_may_find_everything_done_are_taken_over_by_their_number() {
    let project = Project::new("");
    let files = [
        "CREATE TABLE IF NOT EXISTS notes (\n  id TEXT PRIMARY KEY,\n  body TEXT NOT NULL\n)",
        "ALTER TABLE notes ADD COLUMN memo TEXT DEFAULT NULL",
        "CREATE TABLE IF NOT EXISTS dirty (\n  kind TEXT NOT NULL,\n  row_id TEXT NOT NULL,\n  times INTEGER NOT NULL DEFAULT 1,\n  PRIMARY KEY (kind, row_id)\n) WITHOUT ROWID",
        "CREATE TRIGGER IF NOT EXISTS notes_dirty AFTER UPDATE ON notes\nBEGIN\n  INSERT INTO dirty (kind, row_id)\n  SELECT 'notes', NEW.id WHERE true\n  ON CONFLICT (kind, row_id) DO UPDATE SET times = dirty.times + 1;\nEND;",
    ];
    for (at, sql) in files.iter().enumerate() {
        project.write(&format!("migrations/{:03}_step.sql", at + 1), sql);
        project.sql(sql);
    }
    project.sql("INSERT INTO notes (id, body) VALUES ('a', 'x'); UPDATE notes SET memo = 'm'; PRAGMA user_version = 4");
    let edit = ("pub body: String", "#[column(check = \"length(body) < 99\")]");
    goes_on(&project, "user_version", edit, &["notes"]);
    assert_eq!(project.query("SELECT kind, row_id, times FROM dirty"), ["notes|a|1"]);
}

#[test]
fn numbers_with_gaps_merged_tables_and_ways_back_that_are_none_are_taken_over() {
    let project = by_sqlx(&[
        (
            "0001_users.up.sql",
            "CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email VARCHAR(150) NOT NULL COLLATE NOCASE,
    secret VARCHAR(128) NOT NULL,
    CONSTRAINT `idx_email` UNIQUE (`email`)
);
CREATE TABLE hub (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, token TEXT);
CREATE TABLE hub_repos(
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    hub_id INTEGER NOT NULL,
    active BOOLEAN NOT NULL DEFAULT FALSE,
    FOREIGN KEY (hub_id) REFERENCES hub(id) ON DELETE CASCADE
);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER INTEGER NOT NULL, code BLOB, doc BLOB,
    FOREIGN KEY(user_id) REFERENCES users(id));",
            "INSERT INTO users (email, secret) VALUES ('A@x', ''), ('b@x', 's');
             INSERT INTO hub (label, token) VALUES ('one', 'T'), ('two', NULL);
             INSERT INTO hub_repos (hub_id, active) VALUES (1, 1), (1, 0), (2, 1);
             INSERT INTO messages (user_id, code, doc) VALUES (1, '[1]', NULL), (2, NULL, '[]');",
        ),
        (
            "0002_nullable.up.sql",
            "ALTER TABLE users ADD COLUMN secret_nullable VARCHAR(128);
UPDATE users SET secret_nullable = CASE WHEN LENGTH(secret) = 0 THEN NULL ELSE secret END;
ALTER TABLE users DROP COLUMN secret;
ALTER TABLE users RENAME secret_nullable TO secret;
",
            "",
        ),
        // of the rows only
        ("0002_nullable.down.sql", "UPDATE users SET secret = '' WHERE secret IS NULL;\n", ""),
        (
            "0005_merged.up.sql",
            "CREATE TABLE integrations(id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, token TEXT NOT NULL);
CREATE TABLE repos(
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    integration_id INTEGER NOT NULL,
    active BOOLEAN NOT NULL DEFAULT FALSE,
    FOREIGN KEY (integration_id) REFERENCES integrations(id) ON DELETE CASCADE
);
INSERT INTO integrations(kind, token) SELECT 'hub', token FROM hub WHERE token IS NOT NULL;
INSERT INTO repos(integration_id, active)
    SELECT integrations.id, active FROM hub_repos
    JOIN hub ON hub_id = hub.id
    JOIN integrations ON kind = 'hub' AND hub.token = integrations.token;
DROP TABLE hub_repos;
DROP TABLE hub;
",
            "",
        ),
        ("0005_merged.down.sql", "DROP TABLE integrations;\nDROP TABLE repos;\n", ""),
        (
            "0009_attachment.up.sql",
            "ALTER TABLE messages ADD attachment BLOB NOT NULL DEFAULT '{}';
UPDATE messages SET attachment = JSON_SET(attachment, '$.code', JSON(code)) WHERE code IS NOT NULL;
UPDATE messages SET attachment = JSON_SET(attachment, '$.doc', JSON(doc)) WHERE doc IS NOT NULL;",
            "",
        ),
        ("0009_attachment.down.sql", "ALTER TABLE messages DROP files;", ""),
        ("0010_columns.up.sql", "ALTER TABLE messages DROP COLUMN code;\nALTER TABLE messages DROP COLUMN doc;", ""),
        ("0010_columns.down.sql", "-- Add down migration script here\n", ""),
    ]);
    let rows = project.query("SELECT id, user_id, attachment FROM messages");
    assert_eq!(rows, ["1|1|{\"code\":[1]}", "2|2|{\"doc\":[]}"]);
    let (field, more) = ("pub user_id: i64,", "#[column(default = 0, check = \"stars >= 0\")]\n    pub stars: i64,");
    fs_err::remove_file(project.path("src/lib.rs")).expect("it is there");
    fs_err::copy(project.path("dev.db"), project.path("other.db")).expect("it is there");
    let run = project.runs("pull --from sqlx --out src/lib.rs");
    for (file, why) in [
        ("0005_merged", "it does not produce the schema before it"),
        ("0009_attachment", "it fails: no such column: \"files\""),
    ] {
        let said = format!("`migrations/{file}.down.sql` was left out of `{file}`: {why}");
        assert!(run.err.contains(&said), "{}", run.err);
    }
    // what was said of the migrations is not said again for each database
    let other = project.runs("pull --from sqlx migrations --url other.db");
    assert!(!other.err.contains("left out") && other.err.contains("Adopted other.db"), "{}", other.err);
    let twice = project.ends(2, "pull --from sqlx=migrations db --url other.db");
    assert!(twice.err.contains("two folders are named: `migrations` and `db`"), "{}", twice.err);
    let structs = project.read("src/lib.rs").replacen(field, &format!("{field}\n    {more}"), 1);
    project.structs(&structs.replacen("pub email", "#[column(renamed_from = \"email\")]\n    pub address", 1));
    project.runs("generate --name edit");
    project.runs("migrate");
    assert_eq!(project.query("SELECT id, user_id, attachment FROM messages"), rows);
    assert_eq!(project.query("SELECT id, address, secret IS NULL FROM users"), ["1|A@x|1", "2|b@x|0"]);
    assert_eq!(project.query("SELECT integration_id, active FROM repos"), ["1|1", "1|0"]);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    project.runs("check");
    project.runs("migrate --url new.db");
}

#[test]
fn a_column_without_a_default_for_an_empty_table_and_a_parent_that_nobody_makes_are_taken_over() {
    let project = Project::new("");
    let files = [
        "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, title TEXT NOT NULL,
  made TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')))",
        "CREATE TABLE IF NOT EXISTS groups (id TEXT PRIMARY KEY)",
        "CREATE TABLE IF NOT EXISTS mappings (
  id TEXT PRIMARY KEY,
  extension_id TEXT NOT NULL,
  session_id TEXT DEFAULT NULL UNIQUE,
  FOREIGN KEY (extension_id) REFERENCES extensions(id),
  FOREIGN KEY (session_id) REFERENCES sessions(id) ON DELETE
  SET
    NULL
)",
        "ALTER TABLE\n  groups\nADD\n  COLUMN session_id TEXT NOT NULL REFERENCES sessions(id)",
        "-- the first ones\n\nINSERT OR IGNORE INTO sessions (id, title)\nVALUES \n('a', '📝 one; two'), ('b', '⚖️ it''s')",
    ];
    for (at, sql) in files.iter().enumerate() {
        project.write(&format!("src/sql/{:03}_step.sql", at + 1), sql);
        project.sql(&format!("PRAGMA foreign_keys = OFF; {sql}; PRAGMA user_version = {}", at + 1));
    }
    project.sql("INSERT INTO groups VALUES ('g', 'a')");
    let edit = ("pub title: String", "#[column(check = \"length(title) > 0\")]");
    goes_on(&project, "sql=src/sql", edit, &["sessions", "groups", "mappings"]);
    let run = project.runs("check");
    assert!(run.err.contains("references table `extensions`, which does not exist"), "{}", run.err);
    project.runs("migrate --url new.db");
}
