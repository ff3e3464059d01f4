//! `pull --from`: databases that other tools have migrated, each with a folder and a table written by hand in the tool's
//! exact format. The sources of the formats are named in `src/tools`.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use sha2::{Digest as _, Sha256, Sha384};

use crate::drizzle::content;
use crate::project::{Database, Project};

/// What the three migrations do, and what undoes them. The last one is a rebuild as people write it by hand.
const UPS: [&str; 3] = [
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE TABLE posts (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  title TEXT NOT NULL
);
",
    "ALTER TABLE users ADD COLUMN name TEXT;
CREATE INDEX posts_by_user ON posts(user_id);
UPDATE users SET name = email
",
    "PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '');
INSERT INTO new_users SELECT id, email, ifnull(name, '') FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
COMMIT;
PRAGMA foreign_keys = ON;
VACUUM;
",
];
const DOWNS: [&str; 3] = [
    "DROP TABLE posts;\nDROP TABLE users;\n",
    "DROP INDEX posts_by_user;\nALTER TABLE users DROP COLUMN name;\n",
    // fails, and is left out
    "ALTER TABLE users DROP COLUMN nick;\n",
];
const TITLES: [&str; 3] = ["create_users", "users_name", "name_not_null"];

/// How a tool writes things.
pub(crate) struct Shape {
    /// What `--from` takes.
    pub(crate) tool: &'static str,
    /// Its folder.
    pub(crate) folder: &'static str,
    /// The files of a migration, counted from 0.
    pub(crate) files: fn(usize) -> Vec<(String, String)>,
    /// Its table.
    pub(crate) table: &'static str,
    /// What it records of a migration, counted from 0.
    record: fn(usize) -> String,
    has_downs: bool,
}

fn pair(at: usize, up: String, down: String) -> Vec<(String, String)> {
    vec![(up, UPS[at].to_owned()), (down, DOWNS[at].to_owned())]
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("it is a string");
        hex
    })
}

fn sqlx_record(at: usize) -> String {
    let checksum = hex(&Sha384::digest(UPS[at].as_bytes()));
    let description = TITLES[at].replace('_', " ");
    format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES ({}, '{description}', TRUE, x'{checksum}', 12345)",
        20_240_101_000_000_u64 + at as u64
    )
}

const SQLX_TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);";

pub(crate) static SHAPES: [Shape; 13] = [
    Shape {
        tool: "sqlx",
        folder: "migrations",
        files: |at| vec![(format!("{}_{}.sql", 20_240_101_000_000_u64 + at as u64, TITLES[at]), UPS[at].to_owned())],
        table: SQLX_TABLE,
        record: sqlx_record,
        has_downs: false,
    },
    Shape {
        tool: "sqlx",
        folder: "crates/db/migrations",
        files: |at| {
            let stem = format!("{}_{}", 20_240_101_000_000_u64 + at as u64, TITLES[at]);
            pair(at, format!("{stem}.up.sql"), format!("{stem}.down.sql"))
        },
        table: SQLX_TABLE,
        record: sqlx_record,
        has_downs: true,
    },
    Shape {
        tool: "diesel",
        folder: "migrations",
        files: |at| {
            let folder = format!("2024-01-0{}-120000_{}", at + 1, TITLES[at]);
            let mut files = pair(at, format!("{folder}/up.sql"), format!("{folder}/down.sql"));
            files.push((format!("{folder}/metadata.toml"), "run_in_transaction = false\n".to_owned()));
            files
        },
        table: "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);",
        record: |at| format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('2024010{}120000')", at + 1),
        has_downs: true,
    },
    Shape {
        tool: "refinery",
        folder: "migrations",
        files: |at| vec![(format!("V{}__{}.sql", at + 1, TITLES[at]), UPS[at].to_owned())],
        table: "CREATE TABLE IF NOT EXISTS refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));",
        record: |at| {
            let version = i32::try_from(at + 1).expect("it is small");
            let mut hasher = DefaultHasher::new();
            (TITLES[at], version, UPS[at]).hash(&mut hasher);
            format!(
                "INSERT INTO refinery_schema_history VALUES ({version}, '{}', '2024-01-01T00:00:00Z', '{}')",
                TITLES[at],
                hasher.finish()
            )
        },
        has_downs: false,
    },
    Shape {
        tool: "rusqlite_migration",
        folder: "migrations",
        files: |at| {
            let folder = format!("0{}-{}", at + 1, TITLES[at]);
            pair(at, format!("{folder}/up.sql"), format!("{folder}/down.sql"))
        },
        table: "",
        record: |at| format!("PRAGMA user_version = {}", at + 1),
        has_downs: true,
    },
    Shape {
        tool: "geni",
        folder: "migrations",
        files: |at| {
            let stem = format!("{}_{}", 1_709_395_165 + at, TITLES[at]);
            pair(at, format!("{stem}.up.sql"), format!("{stem}.down.sql"))
        },
        table: "CREATE TABLE IF NOT EXISTS schema_migrations (id VARCHAR(255) NOT NULL PRIMARY KEY);",
        record: |at| format!("INSERT INTO schema_migrations VALUES ('{}')", 1_709_395_165 + at),
        has_downs: true,
    },
    Shape {
        tool: "dbmate",
        folder: "db/migrations",
        files: |at| {
            let text = format!("-- migrate:up transaction:false\n{}\n-- migrate:down\n{}", UPS[at], DOWNS[at]);
            vec![(format!("2024010112000{at}_{}.sql", TITLES[at]), text)]
        },
        table: "CREATE TABLE IF NOT EXISTS \"schema_migrations\" (version varchar(128) primary key);",
        record: |at| format!("INSERT INTO schema_migrations VALUES ('2024010112000{at}')"),
        has_downs: true,
    },
    Shape {
        tool: "golang-migrate",
        folder: "migrations",
        files: |at| {
            let stem = format!("00000{}_{}", at + 1, TITLES[at]);
            pair(at, format!("{stem}.up.sql"), format!("{stem}.down.sql"))
        },
        table: "CREATE TABLE IF NOT EXISTS schema_migrations (version uint64,dirty bool);
            CREATE UNIQUE INDEX IF NOT EXISTS version_unique ON schema_migrations (version);",
        record: |at| format!("DELETE FROM schema_migrations; INSERT INTO schema_migrations VALUES ({}, false)", at + 1),
        has_downs: true,
    },
    Shape {
        tool: "prisma",
        folder: "prisma/migrations",
        files: |at| {
            let lock = "# Please do not edit this file manually\nprovider = \"sqlite\"\n".to_owned();
            vec![
                (format!("2024010112000{at}_{}/migration.sql", TITLES[at]), UPS[at].to_owned()),
                ("migration_lock.toml".to_owned(), lock),
            ]
        },
        table: "CREATE TABLE \"_prisma_migrations\" (
    \"id\"                    TEXT PRIMARY KEY NOT NULL,
    \"checksum\"              TEXT NOT NULL,
    \"finished_at\"           DATETIME,
    \"migration_name\"        TEXT NOT NULL,
    \"logs\"                  TEXT,
    \"rolled_back_at\"        DATETIME,
    \"started_at\"            DATETIME NOT NULL DEFAULT current_timestamp,
    \"applied_steps_count\"   INTEGER UNSIGNED NOT NULL DEFAULT 0
);",
        record: |at| {
            let name = format!("2024010112000{at}_{}", TITLES[at]);
            let checksum = hex(&Sha256::digest(UPS[at].as_bytes()));
            // the first one failed once, and was rolled back
            let failed = format!(
                "INSERT INTO _prisma_migrations (id, checksum, migration_name, rolled_back_at)
                 VALUES ('f{at}', 'other', '{name}', 1704110400001);"
            );
            format!(
                "{}INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
                 VALUES ('{at}', '{checksum}', 1704110400000, '{name}', 1)",
                if at == 0 { failed.as_str() } else { "" }
            )
        },
        has_downs: false,
    },
    Shape {
        tool: "wrangler",
        folder: "migrations",
        files: |at| vec![(format!("000{}_{}.sql", at + 1, TITLES[at]), UPS[at].to_owned())],
        table: "CREATE TABLE IF NOT EXISTS d1_migrations(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);",
        record: |at| format!("INSERT INTO d1_migrations (name) VALUES ('000{}_{}.sql')", at + 1, TITLES[at]),
        has_downs: false,
    },
    Shape {
        tool: "sql",
        folder: "migrations",
        files: |at| vec![(format!("{}.{}.sql", at + 9, TITLES[at]), UPS[at].to_owned())],
        table: "",
        record: |at| format!("PRAGMA user_version = {}", at + 1),
        has_downs: false,
    },
    Shape {
        tool: "sql",
        folder: "src/migrations",
        files: |at| {
            let stem = format!("0{}_{}", at + 1, TITLES[at]);
            pair(at, format!("{stem}/up.sql"), format!("{stem}/down.sql"))
        },
        table: "",
        // nothing: the schema tells
        record: |_| "SELECT 1".to_owned(),
        has_downs: true,
    },
    Shape {
        tool: "sql",
        folder: "migrations",
        files: |at| vec![(format!("2024-01-0{}-{}.sql", at + 1, TITLES[at]), UPS[at].to_owned())],
        table: "",
        record: |_| "SELECT 1".to_owned(),
        has_downs: false,
    },
];

impl Shape {
    /// A package with the folder, and `dev.db` with all three migrations.
    pub(crate) fn project(&self) -> Project {
        let project = Project::new("");
        project.write("src/lib.rs", "mod schema;\n");
        for at in 0..UPS.len() {
            for (name, text) in (self.files)(at) {
                let path = format!("{}/{name}", self.folder);
                fs_err::create_dir_all(project.path(&path).parent().expect("it has one")).expect("it can be made");
                project.write(&path, text);
            }
        }
        self.fill(&project.database("dev.db"), UPS.len());
        project
    }

    /// Applies the first migrations as the tool does, with rows.
    pub(crate) fn fill(&self, database: &Database, count: usize) {
        database.run(self.table);
        for (at, up) in UPS.iter().enumerate().take(count) {
            database.run(up);
            database.run(&(self.record)(at));
            if at == 0 {
                database.run(
                    "INSERT INTO users (id, email) VALUES (1, 'ada@b.c'), (2, 'bob@b.c'), (7, 'eve@b.c');
                     INSERT INTO posts VALUES (1, 1, 'one'), (2, 1, 'two'), (3, 7, 'three')",
                );
            }
        }
        database.run("PRAGMA foreign_keys = ON");
    }

    /// The flag that names it.
    pub(crate) fn from(&self) -> String {
        format!("--from {}={}", self.tool, self.folder)
    }
}

const USERS: &str = "SELECT id, email, name FROM users ORDER BY id";

#[track_caller]
fn is_whole(database: &Database) {
    assert_eq!(database.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(database.query("PRAGMA foreign_key_check"), [""; 0]);
    assert_eq!(database.query("SELECT * FROM posts"), ["1|1|one", "2|1|two", "3|7|three"]);
}

#[test]
fn a_database_of_any_tool_goes_on_with_nothing_executed() {
    for shape in &SHAPES {
        let project = shape.project();
        let before = content(&project.database("dev.db"));
        let version = project.query("PRAGMA user_version");
        let pull = format!("pull {} --out src/schema.rs", shape.from());
        let run = project.runs(&pull);
        assert_eq!(content(&project.database("dev.db")), before, "{}: something was executed", shape.tool);
        assert_eq!(project.query("PRAGMA user_version"), version);
        let kinds = format!("3|{0}|{0}", shape.tool);
        assert_eq!(project.query("SELECT count(*), min(kind), max(kind) FROM _dbmigrate_history"), [kinds]);
        assert_eq!(run.err.contains("it fails: "), shape.has_downs, "{}", run.err);
        // its table is nowhere to be seen
        let structs = project.read("src/schema.rs");
        assert_eq!(structs.matches("Table)]").count(), 2, "{structs}");
        for command in ["status", "check", "generate", "migrate", "diff", "push --dry-run --accept history"] {
            project.refuses(0, command);
        }
        project.refuses(0, &pull);
        project.refuses(0, &format!("pull {}", shape.from()));

        // it goes on: a change of a table with rows, under a table that refers to it
        project.replace("src/schema.rs", "pub name: String", "pub full_name: String");
        project.runs("generate --rename users.name=full_name");
        project.runs("migrate");
        assert_eq!(
            project.query("SELECT id, email, full_name FROM users ORDER BY id"),
            ["1|ada@b.c|ada@b.c", "2|bob@b.c|bob@b.c", "7|eve@b.c|eve@b.c"],
            "{}",
            shape.tool
        );
        is_whole(&project.database("dev.db"));
        project.refuses(0, "check");

        // a new database comes to the same
        project.runs("migrate --url new.db");
        let columns = "SELECT name, type, \"notnull\" FROM pragma_table_info('users')";
        assert_eq!(project.database("new.db").query(columns), project.query(columns));
    }
}

#[test]
fn a_database_that_is_behind_gets_the_rest_by_migrate() {
    for shape in &SHAPES {
        for count in [1, 2] {
            let project = shape.project();
            project.runs(&format!("pull {} --out src/schema.rs", shape.from()));
            let behind = project.database("behind.db");
            shape.fill(&behind, count);
            let before = content(&behind);
            project.runs(&format!("pull {} --url behind.db", shape.from()));
            assert_eq!(content(&behind), before, "{}: something was executed", shape.tool);
            assert_eq!(behind.query("SELECT count(*) FROM _dbmigrate_history"), [count.to_string()]);
            project.runs("migrate --url behind.db");
            assert_eq!(behind.query(USERS), project.query(USERS), "{}", shape.tool);
            is_whole(&behind);
            project.refuses(0, "check --url behind.db");
        }
    }
}

#[test]
fn the_tool_is_found_out() {
    for shape in &SHAPES {
        let project = shape.project();
        // what only the package tells
        if shape.table.is_empty() {
            let run = project.runs(&format!("pull --from {} --out src/schema.rs -v", shape.folder));
            assert!(run.err.contains(&format!("Found {} in {}", shape.tool, shape.folder)), "{}", run.err);
        } else {
            let named = if shape.folder.starts_with("crates") { shape.folder } else { "" };
            let run = project.runs(&format!("pull --out src/schema.rs -v --from {named}"));
            assert!(run.err.contains(&format!("Found {} in {}", shape.tool, shape.folder)), "{}", run.err);
        }
        assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["3"], "{}", shape.tool);
    }
}

#[test]
fn down_files_become_the_way_back() {
    for shape in SHAPES.iter().filter(|shape| shape.has_downs) {
        let project = shape.project();
        project.runs(&format!("pull {} --out src/schema.rs", shape.from()));
        let files = project.file_names();
        let sql = |number: &str| {
            let file = files.lines().find(|name| name.contains(number) && name.ends_with("/migration.sql"));
            project.read(file.expect("it is there"))
        };
        assert!(sql("0002_users_name").contains("-- dbmigrate: undo\n"), "{}", sql("0002_users_name"));
        assert!(sql("0002_users_name").contains("DROP INDEX posts_by_user;"), "{}", shape.tool);
        assert!(!sql("0003_name_not_null").contains("undo"), "{}", sql("0003_name_not_null"));
    }
}
