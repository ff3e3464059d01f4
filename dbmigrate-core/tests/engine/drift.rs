//! Drift, with other connections at work and with histories that earlier versions have written.

use std::path::{Path, PathBuf};

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::apply::{
    Applied, ApplyError, Database, Drifted, Failure, Loss, Observer, Options, Outcome, Standing, apply_pending_with,
    inspect,
};
use dbmigrate_core::engine::connection::display;
use dbmigrate_core::folder::{Folder, Slug};
use pollster::block_on;

/// A database with rows that has the first of two migrations, the second of which rebuilds its table.
struct Case {
    scratch: tempfile::TempDir,
    folder: Folder,
}

const FIRST: &str =
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\nCREATE TABLE posts (id INTEGER PRIMARY KEY);\n";
const SECOND: &str = "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n\
    INSERT INTO new_users (id, name) SELECT id, name FROM users;\n\
    DROP TABLE users;\nALTER TABLE new_users RENAME TO users;\n";

impl Case {
    fn new() -> Self {
        let scratch = crate::support::scratch_folder().expect("a folder");
        let folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
        let mut case = Self { scratch, folder };
        case.add("first", FIRST, FIRST);
        crate::support::apply(&mut case.open(), &case.folder).expect("it applies");
        case.sql("INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')");
        case
    }

    fn with_rebuild() -> Self {
        let mut case = Self::new();
        case.add("second", SECOND, &FIRST.replace("name TEXT", "name TEXT NOT NULL"));
        case
    }

    fn add(&mut self, name: &str, sql: &str, leads_to: &str) {
        let schema = crate::support::schema_of(leads_to).expect("the schema is right");
        self.folder.add(&Slug::sanitize(name).expect("a name"), sql, &schema.into()).expect("it is written");
    }

    fn file(&self) -> PathBuf {
        self.scratch.path().join("test.db")
    }

    fn open(&self) -> Database {
        crate::support::open(&self.file()).expect("a database")
    }

    fn sql(&self, script: &str) {
        run(&self.file(), script);
    }

    fn query(&self, sql: &str) -> Vec<String> {
        let connection = block_on(Connection::open(&self.file(), false)).expect("a database");
        let rows = block_on(connection.rows(sql)).unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.iter().map(display).collect::<Vec<_>>().join("|")).collect()
    }

    /// Migrates while somebody runs these statements each time that a migration is about to begin.
    fn migrate(&self, accept_drift: bool, meanwhile: &[&'static str]) -> (Result<Outcome, ApplyError>, Vec<String>) {
        let mut somebody = Somebody { file: self.file(), meanwhile: meanwhile.to_vec(), drift: Vec::new() };
        let options = Options { accept_drift, ..Options::default() };
        let result = block_on(apply_pending_with(&mut self.open(), &self.folder, options, &mut somebody));
        (result, somebody.drift)
    }

    /// What has changed since the last migration, if anything has.
    fn drift(&self) -> Vec<String> {
        match block_on(inspect(&mut self.open(), &self.folder)).expect("the database is readable").1 {
            Standing::AsRecorded => Vec::new(),
            Standing::Drifted(drifted) => drifted.lines(),
            Standing::NotEmpty(objects) => panic!("{objects:?}"),
        }
    }
}

fn run(file: &Path, script: &str) {
    let connection = block_on(Connection::open(file, false)).expect("a database");
    block_on(crate::support::run_script(&connection, script)).expect("it runs");
}

struct Somebody {
    file: PathBuf,
    meanwhile: Vec<&'static str>,
    drift: Vec<String>,
}

impl Observer for Somebody {
    fn begin(&mut self, _: &str, _: usize, _: usize) {
        if !self.meanwhile.is_empty() {
            run(&self.file, self.meanwhile.remove(0));
        }
    }
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
    fn drifted(&mut self, drifted: &Drifted) {
        self.drift = drifted.lines();
    }
}

const ADD_PHONE: &str = "ALTER TABLE users ADD COLUMN phone TEXT; UPDATE users SET phone = '1' || id";

#[test]
fn a_column_that_is_added_before_the_lock_is_held_is_not_rebuilt_away() {
    let case = Case::with_rebuild();
    let (result, _) = case.migrate(false, &[ADD_PHONE]);
    let Err(ApplyError::Drift { migration, differences }) = result else { panic!("{result:?}") };
    assert_eq!((migration.as_str(), &differences[..]), ("0001_first", &["+ column users.phone TEXT".to_owned()][..]));
    assert_eq!(case.query("SELECT * FROM users"), ["1|Ada|11", "2|Grace|12"]);
    assert_eq!(case.query("SELECT count(*) FROM _dbmigrate_history"), ["1"]);
}

#[test]
fn nor_is_it_beside_a_drift_that_was_accepted() {
    let case = Case::with_rebuild();
    case.sql("CREATE TABLE scratch (x)");
    let (result, drift) = case.migrate(true, &[ADD_PHONE]);
    let Err(ApplyError::Migration { failure, .. }) = result else { panic!("{result:?}") };
    let Failure::TouchesDrift { objects } = *failure else { panic!("{failure:?}") };
    assert_eq!(objects.iter().map(ToString::to_string).collect::<Vec<_>>(), ["table `users`"]);
    assert_eq!(drift, ["+ table scratch (x)", "+ column users.phone TEXT"]);
    assert_eq!(case.query("SELECT * FROM users"), ["1|Ada|11", "2|Grace|12"]);
}

#[test]
fn what_does_not_concern_the_migration_can_change_before_the_lock_is_held() {
    let case = Case::with_rebuild();
    case.sql("CREATE TABLE scratch (x)");
    let (result, drift) = case.migrate(true, &["CREATE INDEX i ON posts (id)", "ANALYZE", "CREATE VIEW v AS SELECT 1"]);
    assert_eq!(result.expect("it applies").applied.len(), 1);
    assert_eq!(drift, ["+ index i ON posts (id)", "+ table scratch (x)", "+ view v"]);
    assert_eq!(case.query("SELECT * FROM users"), ["1|Ada", "2|Grace"]);
    assert_eq!(case.drift(), drift);
}

#[test]
fn another_runner_that_is_faster_is_no_drift() {
    let case = Case::with_rebuild();
    let record = "INSERT INTO _dbmigrate_history SELECT 2, '0002_second', 'SUM', 'x', 'x', 0, 'x', 'migration', NULL";
    let record = record.replace("SUM", &case.folder.migrations()[1].sql.to_hex());
    let script = format!("BEGIN; {SECOND} {record}; COMMIT");
    let (result, _) = case.migrate(false, &[Box::leak(script.into_boxed_str())]);
    assert_eq!(result.expect("it is done").applied.len(), 0);
    assert!(case.drift().is_empty());
}

#[test]
fn what_changes_between_two_migrations_of_a_run_is_seen_with_the_lock_held() {
    let two = |more: &str| {
        let mut case = Case::new();
        let third = format!("{FIRST}ALTER TABLE posts ADD COLUMN title TEXT;\n");
        case.add("title", "ALTER TABLE posts ADD COLUMN title TEXT;\n", &third);
        case.add("second", SECOND, &third.replace("name TEXT)", "name TEXT NOT NULL)"));
        let (result, _) = case.migrate(false, &["SELECT 1", Box::leak(more.to_owned().into_boxed_str())]);
        (case, result)
    };
    let (case, result) = two(ADD_PHONE);
    let Err(ApplyError::Drift { migration, .. }) = result else { panic!("{result:?}") };
    assert_eq!(migration, "0002_title");
    assert_eq!(case.query("SELECT * FROM users"), ["1|Ada|11", "2|Grace|12"]);
    // rows alone are not in the way
    let (case, result) = two("INSERT INTO users VALUES (3, 'Edsger')");
    assert_eq!(result.expect("it applies").applied.len(), 2);
    assert_eq!(case.query("SELECT count(*) FROM users"), ["3"]);
    let (case, result) = two("DELETE FROM _dbmigrate_history WHERE position = 2");
    assert!(result.is_err(), "{result:?}");
    assert_eq!(case.query("SELECT count(*) FROM _dbmigrate_history"), ["1"]);
}

#[test]
fn a_schema_that_nobody_has_changed_is_not_compared_when_nothing_is_pending() {
    let case = Case::new();
    let version = case.query("PRAGMA schema_version");
    assert_eq!(case.query("SELECT schema_version FROM _dbmigrate_history"), version);
    case.sql("CREATE TABLE scratch (x)");
    assert_eq!(case.drift(), ["+ table scratch (x)"]);
    assert!(matches!(case.migrate(false, &[]).0, Err(ApplyError::Drift { .. })));
    assert_eq!(case.migrate(true, &[]).1, ["+ table scratch (x)"]);
    // only SQLite itself sets the counter back; this shows that it is what is looked at
    case.sql(&format!("PRAGMA schema_version = {}", version[0]));
    assert!(case.drift().is_empty());
    // rewriting the file counts as well, so that everything is compared
    case.sql("VACUUM");
    assert_eq!(case.drift(), ["+ table scratch (x)"]);
    case.sql("DROP TABLE scratch; VACUUM");
    assert!(case.drift().is_empty());
}

#[test]
fn a_pending_migration_is_never_applied_on_trust() {
    let case = Case::with_rebuild();
    let version = case.query("PRAGMA schema_version");
    case.sql(ADD_PHONE);
    case.sql(&format!("PRAGMA schema_version = {}", version[0]));
    assert!(matches!(case.migrate(false, &[]).0, Err(ApplyError::Drift { .. })));
}

#[test]
fn beside_a_drift_nothing_is_taken_on_trust_later() {
    let mut case = Case::new();
    case.sql("CREATE TABLE scratch (x); INSERT INTO scratch VALUES (1)");
    case.add(
        "more",
        "ALTER TABLE posts ADD COLUMN title TEXT;\n",
        &FIRST.replace("posts (id", "posts (title TEXT, id"),
    );
    assert_eq!(case.migrate(true, &[]).0.expect("it applies").applied.len(), 1);
    assert_eq!(case.query("SELECT schema_version IS NULL FROM _dbmigrate_history ORDER BY position"), ["0", "1"]);
    assert_eq!(case.drift(), ["+ table scratch (x)"]);
    assert_eq!(case.query("SELECT * FROM scratch"), ["1"]);
    case.sql("DROP TABLE scratch");
    assert!(case.drift().is_empty());
    case.add(
        "again",
        "CREATE TABLE last (x);\n",
        &format!("{} CREATE TABLE last (x);", FIRST.replace("posts (id", "posts (title TEXT, id")),
    );
    assert_eq!(case.migrate(true, &[]).0.expect("it applies").applied.len(), 1);
    assert_eq!(case.query("SELECT schema_version IS NULL FROM _dbmigrate_history ORDER BY position"), ["0", "1", "0"]);
}

#[test]
fn a_history_without_the_counter_is_compared_and_completed() {
    let case = Case::with_rebuild();
    case.sql("ALTER TABLE _dbmigrate_history DROP COLUMN schema_version");
    assert!(case.drift().is_empty());
    case.sql("CREATE TABLE scratch (x)");
    assert_eq!(case.drift(), ["+ table scratch (x)"]);
    case.sql("DROP TABLE scratch");
    assert_eq!(case.migrate(false, &[]).0.expect("it applies").applied.len(), 1);
    assert_eq!(case.query("SELECT schema_version IS NULL FROM _dbmigrate_history ORDER BY position"), ["1", "0"]);
    assert_eq!(
        case.query("SELECT schema_version FROM _dbmigrate_history WHERE position = 2"),
        case.query("PRAGMA schema_version")
    );
    assert!(case.drift().is_empty());
}

#[test]
fn a_migration_of_rows_alone_goes_on_beside_a_drift_and_a_wrong_one_does_not() {
    let mut case = Case::new();
    case.sql("CREATE VIEW names AS SELECT name FROM users; CREATE VIEW broken AS SELECT * FROM nowhere");
    case.add("rows", "UPDATE users SET name = upper(name);\n", FIRST);
    assert_eq!(case.migrate(true, &[]).0.expect("it applies").applied.len(), 1);
    assert_eq!(case.query("SELECT * FROM names"), ["ADA", "GRACE"]);
    // leads elsewhere than its snapshot says
    case.add(
        "wrong",
        "ALTER TABLE posts ADD COLUMN a;\nALTER TABLE posts ADD COLUMN b;\n",
        &FIRST.replace("posts (id", "posts (a, id"),
    );
    let (result, _) = case.migrate(true, &[]);
    let Err(ApplyError::Migration { failure, differences, .. }) = result else { panic!("{result:?}") };
    assert!(matches!(*failure, Failure::Structure { .. }), "{failure:?}");
    assert_eq!(differences, ["drop column posts.b"]);
    assert_eq!(case.query("SELECT count(*) FROM pragma_table_info('posts')"), ["1"]);
}

#[test]
fn what_goes_with_a_table_is_not_lost_with_it() {
    let trigger = "CREATE TRIGGER log AFTER INSERT ON users BEGIN INSERT INTO posts VALUES (NULL); END";
    let case = Case::with_rebuild();
    case.sql(trigger);
    let (result, drift) = case.migrate(true, &[]);
    assert_eq!(drift, ["+ trigger log on users"]);
    let Err(ApplyError::Migration { failure, .. }) = result else { panic!("{result:?}") };
    assert_eq!(failure.to_string(), "it changes trigger `log`, which was changed by hand");
    assert_eq!(case.query("SELECT sql FROM sqlite_schema WHERE type = 'trigger'"), [trigger]);
    case.sql("INSERT INTO users VALUES (3, 'Joan')");
    assert_eq!(case.query("SELECT count(*) FROM posts"), ["1"]);
}
